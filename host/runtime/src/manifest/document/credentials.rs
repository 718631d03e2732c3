//! Credentials that the host obtains itself: by OAuth 2, or by requests that log in.

use wharf_egress::declaration::{
    Algorithm, Assertion, Client, ClientAuthentication, Credential, CredentialKind, Endpoint, GrantType, Key, Oauth2,
    Parameter, ParameterValue, Path, TokenAnswer, Told, ToldBy,
};

use super::at::At;
use super::plugin::Servers;
use crate::manifest::ConnectionTest;

mod sessions;

pub(super) const GRANTS: [(&str, GrantType); 4] = [
    ("authorization-code", GrantType::AuthorizationCode),
    ("device-code", GrantType::DeviceCode),
    ("client-credentials", GrantType::ClientCredentials),
    ("jwt-bearer", GrantType::JwtBearer),
];

pub(super) const WAYS: [(&str, ClientAuthentication); 4] = [
    ("basic", ClientAuthentication::Basic),
    ("body", ClientAuthentication::Body),
    ("none", ClientAuthentication::None),
    ("jwt", ClientAuthentication::Jwt),
];

pub(super) const ALGORITHMS: [(&str, Algorithm); 2] = [("RS256", Algorithm::Rs256), ("ES256", Algorithm::Es256)];

/// What stands between two scopes where the document does not say.
pub(super) const SEPARATOR: &str = " ";

/// How long an assertion holds where the document does not say, in seconds.
pub(super) const ASSERTION_LASTS: u32 = 3600;

/// Those of a manifest, by their names; none where there is no such member.
pub(super) fn credentials(root: &At<'_>, servers: &Servers<'_>) -> Vec<Credential> {
    root.members_of("credentials", |name, at| credential(name, at, servers)).into_iter().flatten().collect()
}

/// How a connection is tested.
pub(super) fn test(at: At<'_>) -> ConnectionTest {
    let what = "the test of a connection";
    let at = at.of_form(what, "{operation: NAME}", &["operation", "identity"]);
    ConnectionTest { operation: at.text_needed(what, "operation"), identity: at.texts_of("identity") }
}

fn credential(name: &str, at: At<'_>, servers: &Servers<'_>) -> Option<Credential> {
    let what = "a credential";
    let at = at.of_members(what, &["summary", "oauth2", "session"]);
    let summary = at.text_needed(what, "summary");
    let kind = at.only_one(what, &["oauth2", "session"])?;
    Some(Credential {
        name: name.to_owned(),
        summary,
        kind: match kind.name() {
            "oauth2" => CredentialKind::Oauth2(Box::new(oauth2(kind, servers)?)),
            _ => CredentialKind::Session(Box::new(sessions::session(kind, servers))),
        },
    })
}

fn oauth2(at: At<'_>, servers: &Servers<'_>) -> Option<Oauth2> {
    const MEMBERS: &[&str] = &[
        "grants",
        "authorize",
        "device",
        "token",
        "revoke",
        "client",
        "scopes",
        "scope-separator",
        "pkce",
        "issuer",
        "assertion",
        "answer",
        "lasts",
        "over",
        "fields",
        "servers",
    ];
    let what = "a credential by OAuth 2";
    let at = at.of_members(what, MEMBERS);
    let endpoint_of = |name| at.find(name).map(|at| endpoint(at, servers));
    let (_, token) = (at.require(what, "grants"), at.require(what, "token"));
    let client = at.require(what, "client").map(client);
    Some(Oauth2 {
        grants: at.entries_of("grants", |grant| grant.one_of(&GRANTS)).into_iter().flatten().collect(),
        authorize: endpoint_of("authorize"),
        device: endpoint_of("device"),
        scopes: at.texts_of("scopes"),
        scope_separator: at.text_of("scope-separator").unwrap_or_else(|| SEPARATOR.to_owned()),
        pkce: at.find("pkce").is_none_or(|flag| flag.flag()),
        issuer: at.text_of("issuer"),
        assertion: at.find("assertion").and_then(assertion),
        answer: at.find("answer").map(answer).unwrap_or_default(),
        lasts: at.number_of("lasts"),
        over: sessions::signs(&at, "over"),
        fields: told(&at, "fields"),
        servers: told(&at, "servers"),
        revoke: endpoint_of("revoke"),
        token: token.map(|at| endpoint(at, servers))?,
        client: client?,
    })
}

fn endpoint(at: At<'_>, servers: &Servers<'_>) -> Endpoint {
    let at = at.of_members("an endpoint", &["server", "path", "parameters", "json"]);
    Endpoint {
        server: servers.of_member(&at),
        path: path(&at),
        parameters: at.members_of("parameters", parameter),
        json: at.flag_of("json"),
    }
}

/// The member `path`, which is empty where it is not there.
pub(super) fn path(at: &At<'_>) -> Path {
    let read = |found: At<'_>| Path::parse(&found.text()).map_err(|error| found.wrong(error)).ok();
    at.find("path").and_then(read).unwrap_or_default()
}

/// A text, or the field of the connection that it is.
fn parameter(name: &str, at: At<'_>) -> Parameter {
    let value = match at.as_text() {
        Some(text) => ParameterValue::Text(text.to_owned()),
        None => {
            let what = "a parameter that is no text";
            ParameterValue::Field(at.of_members(what, &["field"]).text_needed(what, "field"))
        }
    };
    Parameter { name: name.to_owned(), value }
}

fn client(at: At<'_>) -> Client {
    let what = "the client";
    let at = at.of_members(what, &["id", "secret", "by", "key"]);
    let secret = at.text_of("secret");
    Client {
        id: at.text_needed(what, "id"),
        by: at.word_of("by", &WAYS).unwrap_or_else(|| usual_way(secret.as_deref())),
        key: at.find("key").and_then(key),
        secret,
    }
}

/// How a client shows who it is where the document does not say.
pub(super) fn usual_way(secret: Option<&str>) -> ClientAuthentication {
    secret.map_or(ClientAuthentication::None, |_| ClientAuthentication::Basic)
}

fn key(at: At<'_>) -> Option<Key> {
    let what = "a key";
    let at = at.of_members(what, &["field", "algorithm", "id"]);
    let (field, id) = (at.text_needed(what, "field"), at.text_of("id"));
    Some(Key { field, algorithm: at.require(what, "algorithm")?.one_of(&ALGORITHMS)?, id })
}

fn assertion(at: At<'_>) -> Option<Assertion> {
    let what = "an assertion";
    let at = at.of_members(what, &["key", "issuer", "subject", "audience", "scope-claim", "lasts"]);
    let key = at.require(what, "key").and_then(key);
    Some(Assertion {
        issuer: at.text_needed(what, "issuer"),
        subject: at.text_of("subject"),
        audience: at.text_of("audience"),
        scope_claim: at.flag_of("scope-claim"),
        lasts: at.number_of("lasts").unwrap_or(ASSERTION_LASTS),
        key: key?,
    })
}

fn answer(at: At<'_>) -> TokenAnswer {
    let members = ["access-token", "refresh-token", "expires-in", "scope", "error", "error-description"];
    let at = at.of_members("the answer", &members);
    let mut answer = TokenAnswer::default();
    for (name, place) in [
        ("access-token", &mut answer.access_token),
        ("refresh-token", &mut answer.refresh_token),
        ("expires-in", &mut answer.expires_in),
        ("scope", &mut answer.scope),
        ("error", &mut answer.error),
        ("error-description", &mut answer.error_description),
    ] {
        if let Some(pointer) = at.text_of(name) {
            *place = pointer;
        }
    }
    answer
}

/// Fields or servers by their names, and where each is told.
fn told(at: &At<'_>, member: &str) -> Vec<Told> {
    let one = |name: &str, at: At<'_>| {
        let what = "what is told";
        let at = at.of_members(what, &["answer", "callback"]);
        let place = at.only_one(what, &["answer", "callback"])?;
        let by = match place.name() {
            "answer" => ToldBy::Answer(place.text()),
            _ => ToldBy::Callback(place.text()),
        };
        Some(Told { name: name.to_owned(), by })
    };
    at.members_of(member, one).into_iter().flatten().collect()
}
