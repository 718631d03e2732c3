//! The tokens of a server: who may do what over HTTP.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde_json::{Value, json};
use wharf::operation::nearest;
use wharf_server::{Meta, Principal, Role};

use crate::args::{Args, CreateToken, Tokens};
use crate::exit::Usage;
use crate::print::{self, BAD, BOLD, DIM, NAME, Text, styled, text};
use crate::setup;
use crate::setup::server;

pub(crate) fn run(args: &Args, command: &Tokens) -> Result<ExitCode> {
    let config = setup::configuration(args.config.as_deref())?;
    match command {
        Tokens::Create(options) => create(&config, options),
        Tokens::List { json } => list(&config, *json),
        Tokens::Remove { name } => remove(&config, name),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn create(config: &wharf::config::Config, options: &CreateToken) -> Result<()> {
    let principal = Principal {
        name: options.name.clone(),
        tenant: options.tenant.clone(),
        roles: options.roles.iter().copied().collect(),
        policy: options.narrowed.policy(),
    };
    let created = now();
    let expires = options.expires.map(|time| created.saturating_add(millis(time)));
    let token = server::open(config)?.add_principal(&principal, expires)?;
    if options.json {
        let mut json = in_json(&principal, Meta { created, expires, last_used: None });
        if let Some(members) = json.as_object_mut() {
            members.insert("token".to_owned(), json!(*token));
        }
        return Ok(print::json(&json)?);
    }
    print::out(token.to_string())?;
    let until = expires.map(|time| format!(" until {}", moment(time))).unwrap_or_default();
    print::note(format!(
        "✓ `{}` may {}{until}; its token is shown this once: `Authorization: Bearer wharf_…` is what a server wants of it",
        principal.name,
        what(&principal)
    ));
    Ok(())
}

fn list(config: &wharf::config::Config, as_json: bool) -> Result<()> {
    let principals = server::open_if_there(config, &server::file(config)?)?
        .map(|store| store.principals())
        .transpose()?
        .unwrap_or_default();
    if as_json {
        let all: Vec<Value> = principals.iter().map(|(principal, meta)| in_json(principal, *meta)).collect();
        return Ok(print::json(&json!(all))?);
    }
    if principals.is_empty() {
        print::note(styled(DIM, "There is no token yet; `wharf tokens create NAME --role call` makes one."));
        return Ok(());
    }
    let head = format!("{:<24} {:<16} {:<12} {:<20}  may", "name", "tenant", "used", "ends");
    let mut lines = text![styled(BOLD, head), "\n"];
    for (principal, meta) in &principals {
        lines.add(text![line(principal, *meta), "\n"]);
    }
    Ok(print::out(lines)?)
}

fn line(principal: &Principal, meta: Meta) -> Text {
    let tenant = principal.tenant.as_deref().unwrap_or("-");
    let used = meta.last_used.map_or_else(|| "never".to_owned(), ago);
    let is_over = meta.expires.is_some_and(|end| end <= now());
    let ends = match meta.expires {
        Some(_) if is_over => "is over".to_owned(),
        Some(end) => moment(end),
        None => "-".to_owned(),
    };
    let ends = format!("{ends:<20}");
    text![
        styled(NAME, format!("{:<24}", principal.name)),
        format!(" {tenant:<16} {used:<12} "),
        if is_over { styled(BAD, ends) } else { Text::from(ends) },
        format!("  {}", what(principal)),
    ]
}

fn remove(config: &wharf::config::Config, name: &str) -> Result<()> {
    let store = server::open_if_there(config, &server::file(config)?)?;
    if let Some(store) = &store
        && store.remove_principal(name)?
    {
        return Ok(print::out(format!("✓ the token `{name}` is removed; servers refuse it from now on"))?);
    }
    let principals = store.map(|store| store.principals()).transpose()?.unwrap_or_default();
    let near = nearest(name, principals.iter().map(|(principal, _)| principal.name.as_str()));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(Usage(format!("there is no token `{name}`{near}")).into())
}

/// What somebody may do, in words: `call users.* of shop with main`.
fn what(principal: &Principal) -> String {
    let roles: Vec<&str> = principal.roles.iter().copied().map(Role::as_str).collect();
    let policy = &principal.policy;
    let narrowed = |before: &str, names: Option<Vec<String>>| match names {
        Some(names) => format!("; {before} {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") }),
        None => String::new(),
    };
    let names = |names: &Option<Vec<wharf_server::Names>>| {
        names.as_ref().map(|names| names.iter().map(ToString::to_string).collect())
    };
    let effects = policy.effects.as_ref().map(|all| all.iter().map(|one| one.as_str().to_owned()).collect());
    let approved = policy.approve_effects.iter().map(|one| one.as_str().to_owned());
    let approved: Vec<String> = approved.chain(policy.approve_operations.iter().map(ToString::to_string)).collect();
    [
        roles.join(", "),
        narrowed("plugins", names(&policy.plugins)),
        narrowed("connections", names(&policy.connections)),
        narrowed("operations", names(&policy.operations)),
        narrowed("effects", effects),
        narrowed("needs a person for", Some(approved).filter(|approved| !approved.is_empty())),
    ]
    .concat()
}

/// As the server's API has it.
fn in_json(principal: &Principal, meta: Meta) -> Value {
    let mut json = json!(principal);
    if let Some(members) = json.as_object_mut() {
        members.insert("created".to_owned(), json!(moment(meta.created)));
        members.insert("expires".to_owned(), json!(meta.expires.map(moment)));
        members.insert("lastUsed".to_owned(), json!(meta.last_used.map(moment)));
    }
    json
}

/// A time in milliseconds since 1970, as text.
pub(super) fn moment(millis: u64) -> String {
    let latest = Duration::from_secs(253_402_300_799);
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(millis).min(latest)).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_seconds(time).to_string()
}

/// How long ago a time was, in its largest unit.
fn ago(time: u64) -> String {
    let seconds = Duration::from_secs(now().saturating_sub(time) / 1000);
    let text = humantime::format_duration(seconds).to_string();
    format!("{} ago", text.split(' ').next().unwrap_or_default())
}

pub(super) fn now() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
