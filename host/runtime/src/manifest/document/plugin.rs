//! What does not belong to one operation.

use wharf_egress::declaration::{
    AwsV4, Choice, Function, Location, MAIN_SERVER, NamedTemplate, Placement, Scheme, Sign, Template,
};

use super::at::At;
use super::{CONTRACT, answers, credentials, operations, schema, template};
use crate::manifest::{About, BaseUrl, ClientCertificate, ConnectionField, Manifest, Rate, Server};

const MEMBERS: &[&str] = &[
    "contract",
    "name",
    "title",
    "version",
    "summary",
    "server",
    "servers",
    "fields",
    "credentials",
    "test",
    "rate",
    "schemes",
    "scheme",
    "answer",
    "answers",
    "$defs",
    "operations",
];

pub(super) fn manifest(root: At<'_>) -> Manifest {
    let what = "a manifest";
    let root = root.of_members(what, MEMBERS);
    if let Some(contract) = root.require(what, "contract") {
        match contract.as_text() {
            None => contract.expected(&format!("`{CONTRACT}`")),
            Some(CONTRACT) => {}
            Some(_) => {
                contract
                    .wrong(format!("this host reads manifests of `{CONTRACT}` and of no other contract; write that"));
            }
        }
    }
    let further: Vec<Server> = root.members_of("servers", further);
    let servers = Servers::of(&further);
    let about = About {
        name: root.text_needed(what, "name"),
        title: root.text_needed(what, "title"),
        version: root.require(what, "version").map(version).unwrap_or_default(),
        summary: root.text_needed(what, "summary"),
        base_url: root.require(what, "server").map(server).unwrap_or_default(),
        servers: further.clone(),
        fields: root.members_of("fields", field),
        credentials: credentials::credentials(&root, &servers),
        test: root.find("test").map(credentials::test),
        rate: root.find("rate").map(rate),
        schemes: root.members_of("schemes", |name, at| scheme(name, at, &servers)),
        answer: root.find("answer").map(answers::rules).unwrap_or_default(),
        answers: root.members_of("answers", |name, at| (name.to_owned(), answers::rules(at))).into_iter().collect(),
    };
    let usual = operations::Usual { scheme: root.text_of("scheme"), servers };
    root.require(what, "operations");
    let operations = root.members_of("operations", |name, at| operations::operation(name, at, &usual));
    let definitions = root.members_of("$defs", |name, at| (name.to_owned(), schema(at)));
    Manifest { about, definitions: definitions.into_iter().collect(), operations }
}

/// Two numbers without quotes are a number.
fn version(at: At<'_>) -> String {
    match at.as_text() {
        Some(version) => version.to_owned(),
        None => {
            at.expected("three numbers, such as `0.1.0`");
            String::new()
        }
    }
}

fn rate(at: At<'_>) -> Rate {
    let at = at.of_members("a rate", &["requests", "per-seconds", "concurrent"]);
    Rate {
        requests: at.number_of("requests"),
        per_seconds: at.number_of("per-seconds"),
        concurrent: at.number_of("concurrent"),
    }
}

fn server(at: At<'_>) -> BaseUrl {
    let at = at.of_members("a server", &["summary", "default", "suffix", "environment", "client-certificate"]);
    BaseUrl {
        summary: at.text_needed("a server", "summary"),
        default: at.text_of("default"),
        suffix: at.text_of("suffix"),
        environment: at.text_of("environment"),
        client_certificate: at.find("client-certificate").map(client_certificate),
    }
}

fn client_certificate(at: At<'_>) -> ClientCertificate {
    let what = "a client's certificate";
    let at = at.of_members(what, &["certificate", "key"]);
    ClientCertificate { certificate: at.text_needed(what, "certificate"), key: at.text_needed(what, "key") }
}

fn further(name: &str, at: At<'_>) -> Server {
    if name == MAIN_SERVER {
        at.wrong("`main` is the one that `server` tells of; call this one something else");
    }
    Server { name: name.to_owned(), rule: server(at) }
}

/// The names by which a document speaks of servers: of the main one first.
#[derive(Clone)]
pub(super) struct Servers<'a>(Vec<(&'a str, Option<&'a str>)>);

impl<'a> Servers<'a> {
    fn of(further: &'a [Server]) -> Self {
        let further = further.iter().map(|server| (server.name.as_str(), Some(server.name.as_str())));
        Self(std::iter::once((MAIN_SERVER, None)).chain(further).collect())
    }

    /// The further server that a member `server` names; none for the main one.
    pub(super) fn of_member(&self, at: &At<'_>) -> Option<String> {
        at.word_of("server", &self.0).flatten().map(str::to_owned)
    }
}

/// The servers that credentials are for; nothing where that is the main one alone.
fn servers_of(at: At<'_>, servers: &Servers<'_>) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for entry in at.entries() {
        let Some(name) = entry.one_of(&servers.0).map(|further| further.unwrap_or(MAIN_SERVER)) else { continue };
        if named.iter().any(|known| known == name) {
            entry.wrong(format!("`{name}` stands twice; write it once"));
        }
        named.push(name.to_owned());
    }
    if at.is_list() && at.entries().len() == 0 {
        at.wrong("name the servers that the credentials are for; without `servers` it is `main` alone");
    }
    if named == [MAIN_SERVER] { Vec::new() } else { named }
}

fn field(name: &str, at: At<'_>) -> ConnectionField {
    let what = "a field";
    let members = ["title", "summary", "secret", "required", "default", "choices", "environment"];
    let at = at.of_members(what, &members);
    ConnectionField {
        name: name.to_owned(),
        title: at.text_needed(what, "title"),
        summary: at.text_needed(what, "summary"),
        secret: at.flag_of("secret"),
        required: at.flag_of("required"),
        default: at.text_of("default"),
        choices: at.texts_of("choices"),
        environment: at.text_of("environment"),
    }
}

fn scheme(name: &str, at: At<'_>, servers: &Servers<'_>) -> Scheme {
    let what = "a scheme";
    if name == operations::NO_SCHEME {
        at.wrong("`none` says that a request has no scheme; call it something else");
    }
    let at = at.of_members(what, &["summary", "servers", "values", "placements", "sign"]);
    let value = |name: &str, at: At<'_>| {
        let at = at.of_members("a value", &["template", "functions"]);
        NamedTemplate { name: name.to_owned(), template: template_of(&at) }
    };
    let sign = at.find("sign").map(signature);
    let placements = if sign.is_some() { at.find("placements") } else { at.require(what, "placements") };
    // That a scheme which does not sign places something is for the check to say.
    if let Some(placements) = placements.filter(|all| sign.is_some() && all.is_list() && all.entries().len() == 0) {
        placements.wrong("a scheme that only signs has no `placements`; leave it out");
    }
    Scheme {
        name: name.to_owned(),
        summary: at.text_needed(what, "summary"),
        servers: at.find("servers").map(|at| servers_of(at, servers)).unwrap_or_default(),
        values: at.members_of("values", value),
        placements: at.entries_of("placements", placement).into_iter().flatten().collect(),
        sign: sign.flatten(),
    }
}

fn signature(at: At<'_>) -> Option<Sign> {
    let (what, known) = ("a signature", ["aws-v4"]);
    let at = at.of_members(what, &known);
    let inside = at.only_one(what, &known)?;
    let inside = inside.of_members(what, &["access-key", "secret-key", "session-token", "region", "service"]);
    Some(Sign::AwsV4(AwsV4 {
        access_key: inside.text_needed(what, "access-key"),
        secret_key: inside.text_needed(what, "secret-key"),
        session_token: inside.text_of("session-token"),
        region: inside.text_needed(what, "region"),
        service: inside.text_needed(what, "service"),
    }))
}

const LOCATIONS: [(&str, Location); 4] =
    [("header", Location::Header), ("query", Location::Query), ("body", Location::Body), ("path", Location::Path)];

fn placement(at: At<'_>) -> Option<Placement> {
    let what = "a placement";
    let at = at.of_members(what, &["header", "query", "body", "path", "template", "functions", "unless"]);
    let (template, unless) = (template_of(&at), at.find("unless").and_then(choice));
    let found = at.only_one(what, &LOCATIONS.map(|(word, _)| word))?;
    let location = LOCATIONS.iter().find(|(word, _)| *word == found.name()).map(|(_, location)| *location)?;
    Some(Placement { location, name: found.text(), template, unless })
}

fn choice(at: At<'_>) -> Option<Choice> {
    let mut members = at.members();
    match (members.next(), members.next()) {
        (Some((field, value)), None) => return Some(Choice { field: field.to_owned(), value: value.text() }),
        _ if at.is_object() => at.wrong("write one field and its choice: `{token_header: other}`"),
        _ => {}
    }
    None
}

fn template_of(at: &At<'_>) -> Template {
    let parts = at.require("it", "template").map(|text| {
        template::parse(&text.text()).unwrap_or_else(|problem| {
            text.wrong(problem);
            Vec::new()
        })
    });
    let functions = at.entries_of("functions", function).into_iter().flatten().collect();
    Template { parts: parts.unwrap_or_default(), functions }
}

/// Functions by their names.
pub(super) const FUNCTIONS: [(&str, Function); 7] = [
    ("base64", Function::Base64),
    ("base64-url", Function::Base64Url),
    ("percent-encode", Function::PercentEncode),
    ("form-encode", Function::FormEncode),
    ("json-escape", Function::JsonEscape),
    ("md5-hex", Function::Md5Hex),
    ("sha256-hex", Function::Sha256Hex),
];

/// Those that have a key.
const KEYED: [&str; 2] = ["hmac-sha256-hex", "hmac-sha256-base64"];

/// A name, or `{hmac-sha256-hex: field}`.
fn function(at: At<'_>) -> Option<Function> {
    if !at.is_object() {
        if at.as_text().is_some_and(|text| KEYED.contains(&text)) {
            at.wrong("it needs a key: write `{hmac-sha256-hex: FIELD}` with a field of the connection");
            return None;
        }
        let words: Vec<(&str, usize)> = FUNCTIONS.iter().enumerate().map(|(place, (word, _))| (*word, place)).collect();
        return FUNCTIONS.get(at.one_of(&words)?).map(|(_, function)| function.clone());
    }
    let at = at.of_members("a function with a key", &KEYED);
    let key = at.only_one("a function with a key", &KEYED)?;
    let field = key.text();
    Some(if key.name() == "hmac-sha256-hex" {
        Function::HmacSha256Hex(field)
    } else {
        Function::HmacSha256Base64(field)
    })
}
