//! The manifest of an API: each part is written by its own module, and joined here.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use url::Url;

use super::credentials::{Auth, Credentials, credentials};
use super::model::Api;
use super::operation::schemas::definitions;
use super::operation::{self, Around};
use super::report::Report;
use super::servers::{Servers, servers};
use super::settle::{Described, Operations, settle};
use super::{answers, names, pages, texts};

/// The version of a plugin that was never imported before.
const FIRST_VERSION: &str = "0.1.0";

/// Operations of so many bytes in all: the rest of a manifest has room beside them.
const LARGEST: usize = 14 << 20;

/// What is said of the whole plugin, and by whom.
pub(crate) struct Wanted<'a> {
    /// Name of the plugin.
    pub(crate) plugin: &'a str,
    pub(crate) auth: Option<&'a Auth>,
    /// Names that stay, by `METHOD /path`.
    pub(crate) pins: &'a IndexMap<String, String>,
}

/// A manifest that passes the check, and the names in it by `METHOD /path`.
pub(crate) struct Assembled {
    pub(crate) document: Map<String, Value>,
    pub(crate) names: IndexMap<String, String>,
}

/// Writes the manifest of an API.
pub(crate) fn assemble(api: &Api, wanted: &Wanted<'_>, report: &mut Report) -> Assembled {
    let servers = servers(api, wanted.plugin, report);
    let credentials = credentials(api, wanted.plugin, &servers, wanted.auth, report);
    let shared = answers::shared(api, report);
    let names = names::names(api, wanted.pins);
    let mut written = Map::new();
    let mut made = Operations::new();
    let (mut size, mut is_full) = (0_usize, false);
    for (number, (operation, name)) in api.operations.iter().zip(&names).enumerate() {
        if is_full {
            let text = "the manifest of a plugin has 16 MiB at most, and is full; choose by --include";
            report.of(Some(names::written(operation))).left_out(&operation.place, "size", text);
            continue;
        }
        if servers.beyond.contains(&number) {
            let text = "its server is one too many: a plugin has 16 besides the main one";
            report.of(Some(names::written(operation))).left_out(&operation.place, "servers", text);
            continue;
        }
        let Some(members) = member(api, number, name, &servers, &credentials, &shared, report) else { continue };
        size = size.saturating_add(serde_json::to_string(&members).map_or(0, |text| text.len()));
        if size > LARGEST {
            let text =
                "the manifest of a plugin has 16 MiB at most, and with it there would be more; choose by --include";
            report.of(Some(names::written(operation))).left_out(&operation.place, "size", text);
            is_full = true;
            continue;
        }
        made.insert(name.clone(), Described { key: names::written(operation), place: operation.place.clone() });
        written.insert(name.clone(), Value::Object(members));
    }
    let mut document = about(api, wanted);
    let mut others = servers.others;
    others.extend(credentials.servers);
    tell_of_elsewhere(&servers.main, &others, report);
    document.insert("server".to_owned(), Value::Object(servers.main));
    for (name, members) in [
        ("servers", others),
        ("fields", credentials.fields),
        ("credentials", credentials.credentials),
        ("schemes", credentials.schemes),
    ] {
        if !members.is_empty() {
            document.insert(name.to_owned(), Value::Object(members));
        }
    }
    if let Some(scheme) = credentials.scheme {
        document.insert("scheme".to_owned(), scheme.into());
    }
    let before_answers = document.len();
    if shared.answer.as_array().is_some_and(|rules| !rules.is_empty()) {
        document.insert("answer".to_owned(), shared.answer);
    }
    if !shared.answers.is_empty() {
        document.insert("answers".to_owned(), Value::Object(shared.answers));
    }
    let defs = definitions(api, &written);
    if !defs.is_empty() {
        document.insert("$defs".to_owned(), Value::Object(defs));
    }
    document.insert("operations".to_owned(), Value::Object(written));
    settle(&mut document, &made, report);
    let kept = document.get("operations").and_then(Value::as_object);
    let test = kept.and_then(connection_test);
    made.retain(|name, _| kept.is_some_and(|operations| operations.contains_key(name)));
    if let Some(test) = test {
        document.shift_insert(before_answers, "test".to_owned(), json!({ "operation": test }));
    }
    Assembled { document, names: made.into_iter().map(|(name, described)| (described.key, name)).collect() }
}

/// Tells of servers that are somewhere else than the main one: credentials may go there, too.
fn tell_of_elsewhere(main: &Map<String, Value>, others: &Map<String, Value>, report: &mut Report) {
    let domain = |rule: Option<&Value>| {
        let url = Url::parse(rule?.as_str()?).ok()?;
        let host = url.host_str()?.to_owned();
        let labels: Vec<&str> = host.rsplitn(3, '.').take(2).collect();
        Some((labels.into_iter().rev().collect::<Vec<_>>().join("."), host))
    };
    let main = domain(main.get("default"));
    for (name, rule) in others {
        let Some((other, host)) = domain(rule.get("default")) else { continue };
        if main.as_ref().is_none_or(|(main, _)| *main != other) {
            let text = format!(
                "the server `{name}` is {host}, of another domain; look whether it is the provider's before you approve it"
            );
            report.of(None).note("", "other-domain", texts::line(&text, 300));
        }
    }
}

fn about(api: &Api, wanted: &Wanted<'_>) -> Map<String, Value> {
    let title = Some(texts::line(&api.title, 60)).filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| wanted.plugin.to_owned());
    let summary = Some(texts::line(&api.summary, 200)).filter(|summary| !summary.is_empty());
    let summary = summary.unwrap_or_else(|| format!("The API of {title}."));
    let members = [
        ("contract", wharf::manifest::document::CONTRACT),
        ("name", wanted.plugin),
        ("title", &title),
        ("version", FIRST_VERSION),
        ("summary", &summary),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// One operation, with all that other modules say of it.
fn member(
    api: &Api,
    number: usize,
    name: &str,
    servers: &Servers,
    credentials: &Credentials,
    shared: &answers::Shared,
    report: &mut Report,
) -> Option<Map<String, Value>> {
    let of = credentials.of.get(number)?;
    let answers = answers::answers(api, number, shared, report);
    let accept = answers::accepted(api, number, answers.accept.clone());
    let around = Around {
        name,
        server: servers.of.get(number).and_then(Option::as_deref),
        scheme: of.scheme.as_deref(),
        credential: &of.parameters,
        accept: accept.as_deref(),
        is_file: !answers.files.is_empty() && answers.redirects_to.is_empty(),
    };
    let mut members = operation::write(api, number, &around, report)?;
    let scheme = of.scheme.as_ref().or(credentials.scheme.as_ref()).and_then(|name| credentials.schemes.get(name));
    leave_to_the_scheme(scheme, &mut members);
    if !answers.redirects_to.is_empty()
        && let Some(request) = members.get_mut("request").and_then(Value::as_object_mut)
    {
        request.insert("redirects-to".to_owned(), json!(answers.redirects_to));
    }
    if !answers.files.is_empty() {
        // The rule of its answer says so.
        members.get_mut("request").and_then(Value::as_object_mut).map(|request| request.shift_remove("as-file"));
        members.insert("files".to_owned(), json!(answers.files));
    }
    if let Some(answer) = answers.answer {
        members.insert("answer".to_owned(), answer);
    }
    if let Some(pages) = pages::pages(api, number, report) {
        members.insert("pages".to_owned(), pages);
    }
    if !of.scopes.is_empty() {
        members.insert("x-scopes".to_owned(), json!(of.scopes));
    }
    Some(members)
}

/// A variable of the path in which a credential stands is nobody's to give.
fn leave_to_the_scheme(scheme: Option<&Value>, members: &mut Map<String, Value>) {
    let placements = scheme.and_then(|scheme| scheme.get("placements")).and_then(Value::as_array).into_iter().flatten();
    for name in placements.filter_map(|placement| placement.get("path")?.as_str()) {
        if let Some(variables) = members.get_mut("request").and_then(|request| request.get_mut("variables")) {
            variables.as_object_mut().map(|variables| variables.shift_remove(name));
        }
        let Some(input) = members.get_mut("input").and_then(Value::as_object_mut) else { continue };
        input.get_mut("properties").and_then(Value::as_object_mut).map(|properties| properties.shift_remove(name));
        if let Some(required) = input.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|known| known != name);
        }
        let Some(sensitive) = members.get_mut("sensitive-inputs").and_then(Value::as_array_mut) else { continue };
        sensitive.retain(|known| known != name);
        if sensitive.is_empty() {
            members.shift_remove("sensitive-inputs");
        }
    }
}

/// The operation that tells whose a connection is: many APIs have one of these, and it needs nothing.
fn connection_test(operations: &Map<String, Value>) -> Option<String> {
    const PATHS: [&str; 8] =
        ["/user", "/me", "/users/me", "/account", "/v1/me", "/v1/account", "/v2/account", "/users/getMe"];
    let is_free = |members: &Value| {
        let required = members.pointer("/input/required").and_then(Value::as_array);
        let reads = members.pointer("/request/method").and_then(Value::as_str) == Some("GET");
        reads && required.is_none_or(Vec::is_empty) && members.get("effect").is_none() && members.get("files").is_none()
    };
    let at = |path: &str| {
        let found = operations.iter().find(|(_, members)| {
            members.pointer("/request/path").and_then(Value::as_str) == Some(path) && is_free(members)
        });
        found.map(|(name, _)| name.clone())
    };
    PATHS.iter().find_map(|path| at(path))
}
