//! What does not belong to one operation.

use indexmap::IndexMap;
use wharf_egress::declaration::{
    AwsV4, Choice, Function, Location, MAIN_SERVER, NamedTemplate, Placement, Scheme, Sign, Template,
};

use super::node::At;
use super::{CONTRACT, Problem, answers, credentials, operations, schema, template};
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

pub(super) fn manifest(root: At<'_>) -> Result<Manifest, Problem> {
    let what = "a manifest";
    let root = root.of_members(what, MEMBERS)?;
    let contract = root.require(what, "contract")?;
    if contract.text()? != CONTRACT {
        return Err(contract.wrong(format!("this host reads manifests of `{CONTRACT}` and of no other contract")));
    }
    let further = match root.find("servers") {
        Some(servers) => servers.members()?.map(|(name, at)| further(name, at)).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let servers = Servers::of(&further);
    let about = About {
        name: root.text_needed(what, "name")?,
        title: root.text_needed(what, "title")?,
        version: root.text_needed(what, "version")?,
        summary: root.text_needed(what, "summary")?,
        base_url: server(root.require(what, "server")?)?,
        servers: further.clone(),
        fields: match root.find("fields") {
            Some(fields) => fields.members()?.map(|(name, at)| field(name, at)).collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
        credentials: credentials::credentials(root.find("credentials"), &servers)?,
        test: root.find("test").map(credentials::test).transpose()?,
        rate: root.find("rate").map(rate).transpose()?,
        schemes: match root.find("schemes") {
            Some(schemes) => {
                schemes.members()?.map(|(name, at)| scheme(name, at, &servers)).collect::<Result<_, _>>()?
            }
            None => Vec::new(),
        },
        answer: root.find("answer").map_or_else(|| Ok(Vec::new()), answers::rules)?,
        answers: match root.find("answers") {
            Some(named) => {
                let rules = named.members()?.map(|(name, at)| Ok((name.to_owned(), answers::rules(at)?)));
                rules.collect::<Result<_, Problem>>()?
            }
            None => IndexMap::new(),
        },
    };
    let usual = operations::Usual { scheme: root.text_of("scheme")?, servers };
    let operations = root.require(what, "operations")?;
    let operations = operations.members()?.map(|(name, at)| operations::operation(name, at, &usual));
    let definitions = match root.find("$defs") {
        Some(shared) => {
            let schemas = shared.members()?.map(|(name, at)| Ok((name.to_owned(), schema(at)?)));
            schemas.collect::<Result<_, Problem>>()?
        }
        None => IndexMap::new(),
    };
    Ok(Manifest { about, definitions, operations: operations.collect::<Result<_, _>>()? })
}

fn rate(at: At<'_>) -> Result<Rate, Problem> {
    let at = at.of_members("a rate", &["requests", "per-seconds", "concurrent"])?;
    let number = |name| at.find(name).map(|at| at.number()).transpose();
    Ok(Rate { requests: number("requests")?, per_seconds: number("per-seconds")?, concurrent: number("concurrent")? })
}

fn server(at: At<'_>) -> Result<BaseUrl, Problem> {
    let at = at.of_members("a server", &["summary", "default", "suffix", "environment", "client-certificate"])?;
    Ok(BaseUrl {
        summary: at.text_needed("a server", "summary")?,
        default: at.text_of("default")?,
        suffix: at.text_of("suffix")?,
        environment: at.text_of("environment")?,
        client_certificate: at.find("client-certificate").map(client_certificate).transpose()?,
    })
}

fn client_certificate(at: At<'_>) -> Result<ClientCertificate, Problem> {
    let what = "a client's certificate";
    let at = at.of_members(what, &["certificate", "key"])?;
    Ok(ClientCertificate { certificate: at.text_needed(what, "certificate")?, key: at.text_needed(what, "key")? })
}

fn further(name: &str, at: At<'_>) -> Result<Server, Problem> {
    if name == MAIN_SERVER {
        return Err(at.wrong("`main` is the one that `server` tells of; call this one something else"));
    }
    Ok(Server { name: name.to_owned(), rule: server(at)? })
}

/// The names by which a document speaks of servers: of the main one first.
#[derive(Clone)]
pub(super) struct Servers<'a>(Vec<(&'a str, Option<&'a str>)>);

impl<'a> Servers<'a> {
    fn of(further: &'a [Server]) -> Self {
        let further = further.iter().map(|server| (server.name.as_str(), Some(server.name.as_str())));
        Self(std::iter::once((MAIN_SERVER, None)).chain(further).collect())
    }

    /// The server that is named here, by the name of a further one.
    pub(super) fn named(&self, at: At<'_>) -> Result<Option<&'a str>, Problem> {
        at.one_of(&self.0)
    }
}

/// The servers that credentials are for; nothing where that is the main one alone.
fn servers_of(at: At<'_>, servers: &Servers<'_>) -> Result<Vec<String>, Problem> {
    let mut named: Vec<String> = Vec::new();
    for entry in at.entries()? {
        let name = servers.named(entry)?.unwrap_or(MAIN_SERVER);
        if named.iter().any(|known| known == name) {
            return Err(entry.wrong(format!("`{name}` stands twice; write it once")));
        }
        named.push(name.to_owned());
    }
    match named.as_slice() {
        [] => Err(at.wrong("name the servers that the credentials are for; without `servers` it is `main` alone")),
        [only] if only == MAIN_SERVER => Ok(Vec::new()),
        _ => Ok(named),
    }
}

fn field(name: &str, at: At<'_>) -> Result<ConnectionField, Problem> {
    let what = "a field";
    let members = ["title", "summary", "secret", "required", "default", "choices", "environment"];
    let at = at.of_members(what, &members)?;
    Ok(ConnectionField {
        name: name.to_owned(),
        title: at.text_needed(what, "title")?,
        summary: at.text_needed(what, "summary")?,
        secret: at.flag_of("secret")?,
        required: at.flag_of("required")?,
        default: at.text_of("default")?,
        choices: at.texts_of("choices")?,
        environment: at.text_of("environment")?,
    })
}

fn scheme(name: &str, at: At<'_>, servers: &Servers<'_>) -> Result<Scheme, Problem> {
    let what = "a scheme";
    if name == operations::NO_SCHEME {
        return Err(at.wrong("`none` says that a request has no scheme; call it something else"));
    }
    let at = at.of_members(what, &["summary", "servers", "values", "placements", "sign"])?;
    let value = |(name, at): (&str, At<'_>)| {
        let at = at.of_members("a value", &["template", "functions"])?;
        Ok(NamedTemplate { name: name.to_owned(), template: template_of(&at)? })
    };
    let values = match at.find("values") {
        Some(values) => values.members()?.map(value).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let sign = at.find("sign").map(signature).transpose()?;
    let placements = match (at.find("placements"), &sign) {
        (None, Some(_)) => Vec::new(),
        _ => {
            let placements = at.require(what, "placements")?;
            let all = placements.entries()?.map(placement).collect::<Result<Vec<_>, _>>()?;
            // That a scheme which does not sign places something is for the check to say.
            if all.is_empty() && sign.is_some() {
                return Err(placements.wrong("a scheme that only signs has no `placements`; leave it out"));
            }
            all
        }
    };
    Ok(Scheme {
        name: name.to_owned(),
        summary: at.text_needed(what, "summary")?,
        servers: at.find("servers").map_or_else(|| Ok(Vec::new()), |at| servers_of(at, servers))?,
        values,
        placements,
        sign,
    })
}

fn signature(at: At<'_>) -> Result<Sign, Problem> {
    let (what, known) = ("a signature", ["aws-v4"]);
    let at = at.of_members(what, &known)?;
    let inside = at.only_one(what, &known)?;
    let inside = inside.of_members(what, &["access-key", "secret-key", "session-token", "region", "service"])?;
    Ok(Sign::AwsV4(AwsV4 {
        access_key: inside.text_needed(what, "access-key")?,
        secret_key: inside.text_needed(what, "secret-key")?,
        session_token: inside.text_of("session-token")?,
        region: inside.text_needed(what, "region")?,
        service: inside.text_needed(what, "service")?,
    }))
}

const LOCATIONS: [(&str, Location); 4] =
    [("header", Location::Header), ("query", Location::Query), ("body", Location::Body), ("path", Location::Path)];

fn placement(at: At<'_>) -> Result<Placement, Problem> {
    let what = "a placement";
    let at = at.of_members(what, &["header", "query", "body", "path", "template", "functions", "unless"])?;
    let found = at.only_one(what, &LOCATIONS.map(|(word, _)| word))?;
    let location = LOCATIONS.iter().find(|(word, _)| *word == found.name()).map(|(_, location)| *location);
    Ok(Placement {
        location: location.unwrap_or(Location::Header),
        name: found.text()?,
        template: template_of(&at)?,
        unless: at.find("unless").map(choice).transpose()?,
    })
}

fn choice(at: At<'_>) -> Result<Choice, Problem> {
    let mut members = at.members()?;
    match (members.next(), members.next()) {
        (Some((field, value)), None) => Ok(Choice { field: field.to_owned(), value: value.text()? }),
        _ => Err(at.wrong("write one field and its choice: `{token_header: other}`")),
    }
}

fn template_of(at: &At<'_>) -> Result<Template, Problem> {
    let text = at.require("it", "template")?;
    let functions = match at.find("functions") {
        Some(functions) => functions.entries()?.map(function).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(Template { parts: template::parse(&text.text()?).map_err(|problem| text.wrong(problem))?, functions })
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
fn function(at: At<'_>) -> Result<Function, Problem> {
    if !at.is_object() {
        let words: Vec<(&str, usize)> = FUNCTIONS.iter().enumerate().map(|(place, (word, _))| (*word, place)).collect();
        if at.as_text().is_some_and(|text| KEYED.contains(&text)) {
            return Err(at.wrong("it needs a key: write `{hmac-sha256-hex: FIELD}` with a field of the connection"));
        }
        let place = at.one_of(&words)?;
        return FUNCTIONS.get(place).map(|(_, function)| function.clone()).ok_or_else(|| at.wrong("it is not known"));
    }
    let at = at.of_members("a function with a key", &KEYED)?;
    let key = at.only_one("a function with a key", &KEYED)?;
    let field = key.text()?;
    Ok(if key.name() == "hmac-sha256-hex" { Function::HmacSha256Hex(field) } else { Function::HmacSha256Base64(field) })
}
