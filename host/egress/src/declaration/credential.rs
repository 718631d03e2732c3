//! Credentials that the host obtains itself and renews: how, and from where. Where they are placed in requests is said by
//! [schemes](super::Scheme), whose templates name them.

use serde::{Deserialize, Serialize};

use super::{Path, Request};

/// A credential that lives: it is obtained, runs out and is renewed, and no plugin sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Kebab case, unique in the manifest.
    pub name: String,
    /// One line.
    pub summary: String,
    /// How it is obtained.
    #[serde(flatten)]
    pub kind: CredentialKind,
}

/// How a credential is obtained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// From an authorization server (RFC 6749). It has one value, [`ACCESS`].
    Oauth2(Box<Oauth2>),
    /// By requests that log in. It has the values that these take out of the answers.
    Session(Box<Session>),
}

/// The value of a credential by OAuth 2: the access token.
pub const ACCESS: &str = "access";

impl Credential {
    /// The names of its values.
    pub fn values(&self) -> Vec<&str> {
        match &self.kind {
            CredentialKind::Oauth2(_) => vec![ACCESS],
            CredentialKind::Session(session) => session.values().collect(),
        }
    }

    /// The answers that say that it is over, and that nothing was done.
    pub fn over(&self) -> &[Over] {
        match &self.kind {
            CredentialKind::Oauth2(oauth2) => &oauth2.over,
            CredentialKind::Session(session) => &session.over,
        }
    }

    /// Whether the host can obtain it from the fields of a connection alone, with nobody there.
    pub fn is_unattended(&self) -> bool {
        match &self.kind {
            CredentialKind::Oauth2(oauth2) => oauth2.grants.iter().any(|grant| grant.is_unattended()),
            CredentialKind::Session(_) => true,
        }
    }
}

/// OAuth 2, as far as it differs from provider to provider. Names of fields are those of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Oauth2 {
    /// The ways to a first token that the provider has; the first one is the usual one. A refresh token is used where one was given.
    pub grants: Vec<GrantType>,
    /// Where a person says yes (RFC 6749, section 3.1), for an authorization code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorize: Option<Endpoint>,
    /// Where a device asks for a code that is typed elsewhere (RFC 8628, section 3.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Endpoint>,
    /// Where tokens come from (RFC 6749, section 3.2).
    pub token: Endpoint,
    /// Where tokens are given up (RFC 7009).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Endpoint>,
    /// Who asks.
    pub client: Client,
    /// What is asked for where the operator asks for nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What stands between two scopes; a space by RFC 6749, section 3.3.
    pub scope_separator: String,
    /// Whether an authorization code is bound to who asked for it (RFC 7636, method S256).
    pub pkce: bool,
    /// What the authorization server calls itself: an answer that names another one is refused (RFC 9207).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What is signed for the grant `jwt-bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assertion: Option<Assertion>,
    /// Where things stand in an answer of the token endpoint.
    pub answer: TokenAnswer,
    /// How long a token lasts where the answer does not say, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<u32>,
    /// The answers that say that a token is over, and that nothing was done. Status 401 says so too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<Over>,
    /// Fields of the connection that are told when it is made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Told>,
    /// Base URLs of servers that are told when it is made: each holds once the operator says so. The name is that of the server,
    /// [`MAIN_SERVER`](super::MAIN_SERVER) among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Told>,
}

/// A way to a first token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantType {
    /// A person says yes in a browser (RFC 6749, section 4.1).
    AuthorizationCode,
    /// A person says yes on another device (RFC 8628).
    DeviceCode,
    /// The client for itself (RFC 6749, section 4.4).
    ClientCredentials,
    /// Whoever has a key, such as a service account (RFC 7523, section 2.1).
    JwtBearer,
}

impl GrantType {
    /// As it stands in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization-code",
            Self::DeviceCode => "device-code",
            Self::ClientCredentials => "client-credentials",
            Self::JwtBearer => "jwt-bearer",
        }
    }

    /// Whether nobody has to be there.
    pub fn is_unattended(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::JwtBearer)
    }
}

/// An address of an authorization server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Endpoint {
    /// The further server that it is on; the main one where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Appended to the path of the server's base URL. Its variables are fields of the connection that are no secrets.
    pub path: Path,
    /// What is sent besides, in the order given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// Whether the body is JSON, and no form.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub json: bool,
}

/// Something that is sent besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: ParameterValue,
}

/// What a parameter says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterValue {
    /// Always this text.
    Text(String),
    /// The field of the connection of this name, which is no secret. Nothing is sent where it has no value.
    Field(String),
}

/// Who asks for tokens, and how that is shown (RFC 6749, section 2.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Client {
    /// The field with the client's id.
    pub id: String,
    /// The field with its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// How it is shown.
    pub by: ClientAuthentication,
    /// What it signs with, where that is [`ClientAuthentication::Jwt`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
}

/// How a client shows who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuthentication {
    /// By the header `Authorization` (RFC 6749, section 2.3.1).
    Basic,
    /// By `client_id` and `client_secret` in the body.
    Body,
    /// Not at all: only `client_id` is sent.
    None,
    /// By something signed with its key (RFC 7523, section 2.2): `private_key_jwt`.
    Jwt,
}

/// A private key, in PEM form (PKCS #8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Key {
    /// The secret field with it.
    pub field: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The field that names it to the provider (`kid`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// How something is signed (RFC 7518, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub enum Algorithm {
    Rs256,
    Es256,
}

/// What is signed to ask for a token with the grant `jwt-bearer` (RFC 7523, section 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Assertion {
    /// What it is signed with.
    pub key: Key,
    /// The field that says who signs.
    pub issuer: String,
    /// The field that says for whom; the issuer where it is left out, or has no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// For which server; the URL of the token endpoint where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Whether the scopes are a claim (`scope`) in place of a parameter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scope_claim: bool,
    /// How long it holds, in seconds.
    pub lasts: u32,
}

/// Where things stand in an answer of the token endpoint, as JSON Pointers (RFC 6901). Of a form-encoded answer the members are
/// read as those of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[expect(missing_docs, reason = "the names are those of RFC 6749, sections 5.1 and 5.2")]
pub struct TokenAnswer {
    pub access_token: String,
    pub refresh_token: String,
    pub expires_in: String,
    pub scope: String,
    pub error: String,
    pub error_description: String,
}

impl TokenAnswer {
    /// All of them, by the names that they have in a manifest.
    pub fn places(&self) -> [(&'static str, &str); 6] {
        [
            ("access-token", &self.access_token),
            ("refresh-token", &self.refresh_token),
            ("expires-in", &self.expires_in),
            ("scope", &self.scope),
            ("error", &self.error),
            ("error-description", &self.error_description),
        ]
    }
}

impl Default for TokenAnswer {
    fn default() -> Self {
        let at = str::to_owned;
        Self {
            access_token: at("/access_token"),
            refresh_token: at("/refresh_token"),
            expires_in: at("/expires_in"),
            scope: at("/scope"),
            error: at("/error"),
            error_description: at("/error_description"),
        }
    }
}

/// Something that is told when a connection is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Told {
    /// Name of the field, or of the server.
    pub name: String,
    /// By what.
    #[serde(flatten)]
    pub by: ToldBy,
}

/// Where something is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToldBy {
    /// A member of the token endpoint's answer, by a JSON Pointer.
    Answer(String),
    /// A parameter of the address that the browser comes back to.
    Callback(String),
}

/// A session: requests that log in, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Session {
    /// In order. A free value of one is what an earlier one took, of the same name.
    pub login: Vec<LoginStep>,
    /// How long it is used after the login, in seconds; until the server says that it is over where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<u32>,
    /// The answers that say that it is over, and that nothing was done. Status 401 says so too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<Over>,
    /// How often a login is begun anew where it is refused with one of these, as others can be in its way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Over>,
}

impl Session {
    /// The names of what the login takes out of answers.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.login.iter().flat_map(|step| step.takes.iter().map(|taken| taken.name.as_str()))
    }
}

/// One request of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LoginStep {
    /// The request. Its values are constants, fields of the connection, or free.
    pub request: Request,
    /// What is taken out of its answer. All of it has to be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<Taken>,
}

/// A text, or a number, that is taken out of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Taken {
    /// Letters, digits, `-` and `_`, unique in the login: later requests have it in fields and variables of this name.
    pub name: String,
    /// Where it is.
    #[serde(flatten)]
    pub from: TakenFrom,
}

/// Where something is in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TakenFrom {
    /// In its JSON, by a JSON Pointer.
    Answer(String),
    /// In the header of this name.
    Header(String),
    /// In the cookie of this name, which the answer sets.
    Cookie(String),
}

/// An answer that says something of a session: each of the conditions that there are has to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Over {
    /// The status; any where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// A member of the JSON, by a JSON Pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What that member is, one of these; that it is there where this is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<String>,
}
