//! Credentials that the host obtains itself: by OAuth 2, or by requests that log in.

use wharf_egress::declaration::{
    Algorithm, Assertion, Client, ClientAuthentication, Credential, CredentialKind, Endpoint, GrantType, Key, Oauth2,
    Parameter, ParameterValue, Path, TokenAnswer, Told, ToldBy,
};

use super::Problem;
use super::node::At;
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
pub(super) fn credentials(at: Option<At<'_>>, servers: &Servers<'_>) -> Result<Vec<Credential>, Problem> {
    match at {
        Some(at) => at.members()?.map(|(name, at)| credential(name, at, servers)).collect(),
        None => Ok(Vec::new()),
    }
}

/// How a connection is tested.
pub(super) fn test(at: At<'_>) -> Result<ConnectionTest, Problem> {
    let what = "the test of a connection";
    let at = at.of_members(what, &["operation", "identity"])?;
    Ok(ConnectionTest { operation: at.text_needed(what, "operation")?, identity: at.texts_of("identity")? })
}

fn credential(name: &str, at: At<'_>, servers: &Servers<'_>) -> Result<Credential, Problem> {
    let what = "a credential";
    let at = at.of_members(what, &["summary", "oauth2", "session"])?;
    let kind = at.only_one(what, &["oauth2", "session"])?;
    Ok(Credential {
        name: name.to_owned(),
        summary: at.text_needed(what, "summary")?,
        kind: match kind.name() {
            "oauth2" => CredentialKind::Oauth2(Box::new(oauth2(kind, servers)?)),
            _ => CredentialKind::Session(Box::new(sessions::session(kind, servers)?)),
        },
    })
}

fn oauth2(at: At<'_>, servers: &Servers<'_>) -> Result<Oauth2, Problem> {
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
    let at = at.of_members(what, MEMBERS)?;
    let endpoint_of = |name| at.find(name).map(|at| endpoint(at, servers)).transpose();
    let grants = at.require(what, "grants")?;
    Ok(Oauth2 {
        grants: grants.entries()?.map(|grant| grant.one_of(&GRANTS)).collect::<Result<_, _>>()?,
        authorize: endpoint_of("authorize")?,
        device: endpoint_of("device")?,
        token: endpoint(at.require(what, "token")?, servers)?,
        revoke: endpoint_of("revoke")?,
        client: client(at.require(what, "client")?)?,
        scopes: at.texts_of("scopes")?,
        scope_separator: at.text_of("scope-separator")?.unwrap_or_else(|| SEPARATOR.to_owned()),
        pkce: at.find("pkce").map_or(Ok(true), |flag| flag.flag())?,
        issuer: at.text_of("issuer")?,
        assertion: at.find("assertion").map(assertion).transpose()?,
        answer: at.find("answer").map_or_else(|| Ok(TokenAnswer::default()), answer)?,
        lasts: seconds(&at)?,
        over: sessions::signs(at.find("over"))?,
        fields: told(at.find("fields"))?,
        servers: told(at.find("servers"))?,
    })
}

/// The member `lasts`.
fn seconds(at: &At<'_>) -> Result<Option<u32>, Problem> {
    at.find("lasts").map(|lasts| lasts.number()).transpose()
}

fn endpoint(at: At<'_>, servers: &Servers<'_>) -> Result<Endpoint, Problem> {
    let at = at.of_members("an endpoint", &["server", "path", "parameters", "json"])?;
    let path = at.find("path");
    let text = path.map_or_else(|| Ok(String::new()), |path| path.text())?;
    let server = at.find("server").map(|server| servers.named(server)).transpose()?.flatten();
    Ok(Endpoint {
        server: server.map(str::to_owned),
        path: Path::parse(&text).map_err(|error| path.unwrap_or(at).wrong(error))?,
        parameters: match at.find("parameters") {
            Some(all) => all.members()?.map(|(name, at)| parameter(name, at)).collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
        json: at.flag_of("json")?,
    })
}

/// A text, or the field of the connection that it is.
fn parameter(name: &str, at: At<'_>) -> Result<Parameter, Problem> {
    let value = match at.as_text() {
        Some(text) => ParameterValue::Text(text.to_owned()),
        None => {
            let what = "a parameter that is no text";
            ParameterValue::Field(at.of_members(what, &["field"])?.text_needed(what, "field")?)
        }
    };
    Ok(Parameter { name: name.to_owned(), value })
}

fn client(at: At<'_>) -> Result<Client, Problem> {
    let what = "the client";
    let at = at.of_members(what, &["id", "secret", "by", "key"])?;
    let secret = at.text_of("secret")?;
    let usual = usual_way(secret.as_deref());
    Ok(Client {
        id: at.text_needed(what, "id")?,
        by: at.find("by").map_or(Ok(usual), |way| way.one_of(&WAYS))?,
        key: at.find("key").map(key).transpose()?,
        secret,
    })
}

/// How a client shows who it is where the document does not say.
pub(super) fn usual_way(secret: Option<&str>) -> ClientAuthentication {
    secret.map_or(ClientAuthentication::None, |_| ClientAuthentication::Basic)
}

fn key(at: At<'_>) -> Result<Key, Problem> {
    let what = "a key";
    let at = at.of_members(what, &["field", "algorithm", "id"])?;
    Ok(Key {
        field: at.text_needed(what, "field")?,
        algorithm: at.require(what, "algorithm")?.one_of(&ALGORITHMS)?,
        id: at.text_of("id")?,
    })
}

fn assertion(at: At<'_>) -> Result<Assertion, Problem> {
    let what = "an assertion";
    let at = at.of_members(what, &["key", "issuer", "subject", "audience", "scope-claim", "lasts"])?;
    Ok(Assertion {
        key: key(at.require(what, "key")?)?,
        issuer: at.text_needed(what, "issuer")?,
        subject: at.text_of("subject")?,
        audience: at.text_of("audience")?,
        scope_claim: at.flag_of("scope-claim")?,
        lasts: seconds(&at)?.unwrap_or(ASSERTION_LASTS),
    })
}

fn answer(at: At<'_>) -> Result<TokenAnswer, Problem> {
    let members = ["access-token", "refresh-token", "expires-in", "scope", "error", "error-description"];
    let at = at.of_members("the answer", &members)?;
    let mut answer = TokenAnswer::default();
    for (name, place) in [
        ("access-token", &mut answer.access_token),
        ("refresh-token", &mut answer.refresh_token),
        ("expires-in", &mut answer.expires_in),
        ("scope", &mut answer.scope),
        ("error", &mut answer.error),
        ("error-description", &mut answer.error_description),
    ] {
        if let Some(pointer) = at.text_of(name)? {
            *place = pointer;
        }
    }
    Ok(answer)
}

/// Fields or servers by their names, and where each is told.
fn told(at: Option<At<'_>>) -> Result<Vec<Told>, Problem> {
    let one = |(name, at): (&str, At<'_>)| {
        let what = "what is told";
        let at = at.of_members(what, &["answer", "callback"])?;
        let place = at.only_one(what, &["answer", "callback"])?;
        let by = match place.name() {
            "answer" => ToldBy::Answer(place.text()?),
            _ => ToldBy::Callback(place.text()?),
        };
        Ok(Told { name: name.to_owned(), by })
    };
    match at {
        Some(at) => at.members()?.map(one).collect(),
        None => Ok(Vec::new()),
    }
}
