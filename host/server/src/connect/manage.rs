//! Connections: looking at them, making, changing and ending them. No secret can be read back.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wharf::declaration::GrantType;
use wharf::{ConnectionInfo, CredentialInfo, Secret, State};
use wharf_egress::Kept;

use crate::auth::principal::Role;
use crate::connect::Connecting;
use crate::connect::reach::{Known, Reach, check_server};
use crate::connect::wish::{Wish, plan};
use crate::problem::{self, Problem};

/// How many a list has at most, and where nobody says so.
const MOST: usize = 200;
const USUAL: usize = 50;

/// `GET /v1/connections`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) plugin: Option<String>,
    /// `PLUGIN/NAME`, as `next` says it.
    pub(crate) after: Option<String>,
    pub(crate) limit: Option<usize>,
}

/// `POST /v1/connections`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    plugin: String,
    name: String,
    from: Option<String>,
    #[serde(default)]
    servers: BTreeMap<String, String>,
    #[serde(default)]
    fields: BTreeMap<String, Kept>,
    credential: Option<String>,
    grant: Option<GrantType>,
    scopes: Option<Vec<String>>,
}

/// `PATCH /v1/connections/{plugin}/{name}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    #[serde(default)]
    servers: BTreeMap<String, String>,
    #[serde(default)]
    fields: BTreeMap<String, Kept>,
}

/// A body in JSON. What it says is not repeated where it may be secret.
pub(crate) fn body<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| {
        let words = error.to_string();
        let is_of_names = ["unknown field", "missing field", "duplicate field", "unknown variant"];
        let words = match is_of_names.iter().any(|start| words.starts_with(start)) {
            true => words,
            false => format!("it is not what is taken here, at line {} column {}", error.line(), error.column()),
        };
        let words = format!("the body cannot be read: {words}; `/openapi.json` says what it consists of");
        Problem::new(problem::BAD_REQUEST, words)
    })
}

pub(crate) fn list(reach: &Reach<'_>, wanted: &Wanted) -> Result<Value, Problem> {
    let most = wanted.limit.unwrap_or(USUAL).clamp(1, MOST);
    let (after_plugin, after_name) = match wanted.after.as_deref().map(|after| after.split_once('/')) {
        None => (None, None),
        Some(Some((plugin, name))) => (Some(plugin), Some(name)),
        Some(None) => {
            let words = "`after` is what `next` of the list before says; leave it out to begin with the first one";
            return Err(Problem::new(problem::BAD_REQUEST, words));
        }
    };
    let plugins = match &wanted.plugin {
        Some(plugin) => vec![reach.plugin(plugin)?.about.name.clone()],
        None => reach.plugins().into_keys().collect(),
    };
    let mut found = Vec::new();
    for plugin in plugins.iter().filter(|plugin| after_plugin.is_none_or(|after| plugin.as_str() >= after)) {
        let after = after_name.filter(|_| after_plugin == Some(plugin));
        // One more than wanted tells whether there are more.
        found.extend(reach.list(plugin, after, most + 1 - found.len())?);
        if found.len() > most {
            break;
        }
    }
    let is_more = found.len() > most;
    found.truncate(most);
    let last = found.last().map(|known| format!("{}/{}", known.plugin, known.own));
    let items: Vec<Value> = found.iter().map(|known| view(reach, known)).collect();
    Ok(json!({ "items": items, "next": last.filter(|_| is_more) }))
}

pub(crate) fn get(reach: &Reach<'_>, plugin: &str, name: &str) -> Result<Value, Problem> {
    Ok(view(reach, &reach.known(plugin, name)?))
}

/// Makes one to which nobody has to agree in a browser.
pub(crate) fn make(reach: &Reach<'_>, connecting: &Connecting, text: &str) -> Result<Value, Problem> {
    let New { plugin, name, from, servers, fields, credential, grant, scopes } = body(text)?;
    let wish = Wish { plugin, name, from, servers, credential, grant, scopes };
    let made = plan(reach, &wish, secrets(fields))?;
    let _held = connecting.changing.hold(&wish.plugin, &made.connect.name)?;
    // Somebody else may have made it since.
    if made.info.is_some() || reach.host.info(&wish.plugin, &made.connect.name)?.is_some() || made.is_configured {
        let words = format!(
            "`{}` has a connection `{}` already; change it with PATCH, or connect it anew with a connect session",
            wish.plugin, wish.name
        );
        return Err(Problem::new(problem::CONNECTION, words));
    }
    let usual = wish.grant.or(made.grants(reach)?.first().copied());
    if usual.is_some_and(|grant| !grant.is_unattended()) {
        let words = format!(
            "somebody has to agree to a connection of `{}` in a browser: `POST /v1/connect-sessions` gives a link for it",
            wish.plugin
        );
        return Err(Problem::new(problem::CONNECTION, words));
    }
    made.check_whole(reach)?;
    reach.host.connect_unattended(made.connect)?;
    get(reach, &wish.plugin, &wish.name)
}

/// Gives fields and servers other values. What it lives by is obtained anew with them, so that they are known to be right.
pub(crate) fn change(
    reach: &Reach<'_>,
    connecting: &Connecting,
    plugin: &str,
    name: &str,
    text: &str,
) -> Result<Value, Problem> {
    let known = made_one(reach, plugin, name, "changed")?;
    let Change { servers, fields } = body(text)?;
    let _held = connecting.changing.hold(plugin, &known.host)?;
    let wish = Wish { plugin: plugin.to_owned(), name: name.to_owned(), servers, ..Wish::default() };
    let changed = plan(reach, &wish, secrets(fields))?;
    changed.check_whole(reach)?;
    reach.host.connect_unattended(changed.connect)?;
    get(reach, plugin, name)
}

/// Whether it works, and whose it is.
pub(crate) fn test(reach: &Reach<'_>, plugin: &str, name: &str) -> Result<Value, Problem> {
    let known = reach.known(plugin, name)?;
    let release = reach.plugin(plugin)?;
    let Some(test) = &release.about.test else {
        let words =
            format!("`{plugin}` names no operation that tests a connection; call one of its operations that read");
        return Err(Problem::new(problem::CONNECTION, words));
    };
    let operation = release.operation(&test.operation)?;
    if !reach.principal.sees(plugin, &test.operation, operation.declared.effect) {
        let words = format!("the operation that tests a connection of `{plugin}` is none that you may use");
        return Err(Problem::new(problem::UNKNOWN, words));
    }
    let tested = reach.host.test_connection(plugin, &known.host)?;
    Ok(json!({ "operation": tested.operation, "account": tested.account, "scopes": tested.scopes }))
}

/// Obtains what it lives by anew.
pub(crate) fn refresh(reach: &Reach<'_>, plugin: &str, name: &str) -> Result<Value, Problem> {
    let known = reach.known(plugin, name)?;
    if reach.plugin(plugin)?.about.credentials.is_empty() {
        let words = format!("`{plugin}/{name}` has nothing that is renewed: its credentials are its fields");
        return Err(Problem::new(problem::CONNECTION, words));
    }
    reach.host.refresh(plugin, &known.host)?;
    get(reach, plugin, name)
}

/// Gives its tokens back to the provider, and forgets them.
pub(crate) fn revoke(reach: &Reach<'_>, plugin: &str, name: &str) -> Result<Value, Problem> {
    let known = reach.known(plugin, name)?;
    if known.info.is_none() {
        let words =
            format!("`{plugin}/{name}` stands in the operator's configuration, and nothing was obtained for it yet");
        return Err(Problem::new(problem::CONNECTION, words));
    }
    let is_told = reach.host.revoke(plugin, &known.host)?;
    Ok(json!({ "plugin": plugin, "name": name, "providerTold": is_told }))
}

/// Lets requests go to the servers that the provider told of.
pub(crate) fn accept(reach: &Reach<'_>, connecting: &Connecting, plugin: &str, name: &str) -> Result<Value, Problem> {
    let known = reach.known(plugin, name)?;
    let _held = connecting.changing.hold(plugin, &known.host)?;
    let info = known.info.as_ref();
    let proposed = info.map(|info| &info.proposed).filter(|proposed| !proposed.is_empty());
    let Some(proposed) = proposed else {
        let words = format!("`{plugin}/{name}` has no server that waits to be accepted");
        return Err(Problem::new(problem::CONNECTION, words));
    };
    // A provider is told by way of the browser, so it may be the browser's owner who says where an application's secret goes.
    let is_shared =
        info.and_then(|info| info.from.as_deref()).is_some_and(|from| reach.principal.own_name(from).is_none());
    if is_shared || known.is_configured {
        let words = format!(
            "what `{plugin}/{name}` was made from is the operator's, who accepts its servers: `wharf connections accept \
             {plugin}/{}`",
            known.host
        );
        return Err(Problem::new(problem::DENIED, words));
    }
    for (server, url) in proposed {
        check_server(server, url)?;
    }
    let accepted = reach.host.accept(plugin, &known.host)?;
    Ok(json!({ "plugin": plugin, "name": name, "accepted": accepted }))
}

/// Forgets it; with `gives_back` its tokens are given back to the provider first.
pub(crate) fn remove(
    reach: &Reach<'_>,
    connecting: &Connecting,
    plugin: &str,
    name: &str,
    gives_back: bool,
) -> Result<Value, Problem> {
    let known = made_one(reach, plugin, name, "removed")?;
    let _held = connecting.changing.hold(plugin, &known.host)?;
    let is_told = gives_back && reach.host.revoke(plugin, &known.host)?;
    reach.host.forget(plugin, &known.host)?;
    Ok(json!({ "plugin": plugin, "name": name, "providerTold": is_told }))
}

/// One that does not stand in the configuration.
fn made_one(reach: &Reach<'_>, plugin: &str, name: &str, what: &str) -> Result<Known, Problem> {
    let known = reach.known(plugin, name)?;
    if known.is_configured {
        let words = format!("`{plugin}/{name}` stands in the operator's configuration, and is {what} there");
        return Err(Problem::new(problem::CONNECTION, words));
    }
    Ok(known)
}

fn secrets(fields: BTreeMap<String, Kept>) -> BTreeMap<String, Secret> {
    fields.into_iter().map(|(name, kept)| (name, kept.0)).collect()
}

/// What a principal is told of a connection: whoever only calls has its name.
fn view(reach: &Reach<'_>, known: &Known) -> Value {
    let Known { plugin, own, is_configured, info, .. } = known;
    let kind = if *is_configured { "configured" } else { "made" };
    let mut view = json!({ "plugin": plugin, "name": own, "kind": kind });
    let Some(members) = view.as_object_mut() else { return view };
    if !reach.principal.is(Role::Read) && !reach.principal.is(Role::Manage) {
        return view;
    }
    match info {
        Some(info) => members.extend(details(reach, info)),
        // Nothing was obtained for it yet.
        None => drop(members.insert("state".to_owned(), Value::Null)),
    }
    view
}

fn details(reach: &Reach<'_>, info: &ConnectionInfo) -> serde_json::Map<String, Value> {
    let fields: BTreeMap<&str, String> =
        info.fields.iter().map(|(name, given)| (name.as_str(), time(*given))).collect();
    let credentials: Vec<Value> = info.credentials.iter().map(credential).collect();
    let details = json!({
        "state": info.state(),
        "from": info.from.as_deref().map(|from| reach.called(from)),
        "madeAt": info.made.map(time),
        "account": info.account,
        "testedAt": info.tested.map(time),
        "servers": info.servers,
        "proposed": info.proposed,
        "fields": fields,
        "credentials": credentials,
    });
    match details {
        Value::Object(details) => details,
        _ => serde_json::Map::new(),
    }
}

fn credential(one: &CredentialInfo) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // What was given up lasts no longer.
    let left = one.left.filter(|_| one.state != State::Revoked);
    json!({
        "name": one.name,
        "state": one.state,
        "reason": one.reason,
        "obtainedAt": one.age.map(|age| time(now.saturating_sub(age))),
        "expiresAt": left.map(|left| time(now.saturating_add(left))),
        "hasRefreshToken": one.has_refresh_token,
        "scopes": one.scopes,
        "generation": one.generation,
        "lost": one.lost,
    })
}

/// In words of RFC 3339, of seconds since 1970.
fn time(seconds: u64) -> String {
    // The library writes years of four digits.
    const LAST: u64 = 253_402_300_799;
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds.min(LAST))).to_string()
}

#[cfg(test)]
mod tests;
