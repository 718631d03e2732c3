//! OAuth 2, as far as it differs from provider to provider. Names of fields are those of the connection.

use super::Sign;

/// How the host gets tokens from an authorization server (RFC 6749).
#[derive(Clone, Copy, Debug)]
pub struct Oauth2 {
    pub(crate) grants: &'static [Grant],
    pub(crate) authorize: Option<Endpoint>,
    pub(crate) device: Option<Endpoint>,
    pub(crate) token: Endpoint,
    pub(crate) revoke: Option<Endpoint>,
    pub(crate) client: Client,
    pub(crate) scopes: &'static [&'static str],
    pub(crate) scope_separator: Option<&'static str>,
    pub(crate) pkce: bool,
    pub(crate) issuer: Option<&'static str>,
    pub(crate) assertion: Option<Assertion>,
    pub(crate) answer: TokenAnswer,
    pub(crate) lasts: Option<u32>,
    pub(crate) over: &'static [Sign],
    pub(crate) fields: &'static [Told],
    pub(crate) servers: &'static [Told],
}

/// A way to a first token. A refresh token is used where one was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A person says yes in a browser.
    AuthorizationCode,
    /// A person says yes on another device (RFC 8628).
    DeviceCode,
    /// The client for itself.
    ClientCredentials,
    /// Whoever has a key, such as a service account (RFC 7523).
    JwtBearer,
}

impl Oauth2 {
    /// The ways to a token that the provider has, the usual one first; where tokens come from; and who asks.
    pub const fn new(grants: &'static [Grant], token: Endpoint, client: Client) -> Self {
        Self {
            grants,
            authorize: None,
            device: None,
            token,
            revoke: None,
            client,
            scopes: &[],
            scope_separator: None,
            pkce: true,
            issuer: None,
            assertion: None,
            answer: TokenAnswer::new(),
            lasts: None,
            over: &[],
            fields: &[],
            servers: &[],
        }
    }

    /// Where a person says yes, for an authorization code.
    pub const fn authorize(mut self, endpoint: Endpoint) -> Self {
        self.authorize = Some(endpoint);
        self
    }

    /// Where a device asks for a code.
    pub const fn device(mut self, endpoint: Endpoint) -> Self {
        self.device = Some(endpoint);
        self
    }

    /// Where tokens are given up (RFC 7009).
    pub const fn revoke(mut self, endpoint: Endpoint) -> Self {
        self.revoke = Some(endpoint);
        self
    }

    /// What is asked for where the operator asks for nothing else.
    pub const fn scopes(mut self, scopes: &'static [&'static str]) -> Self {
        self.scopes = scopes;
        self
    }

    /// What stands between two scopes, where that is no space.
    pub const fn scope_separator(mut self, separator: &'static str) -> Self {
        self.scope_separator = Some(separator);
        self
    }

    /// An authorization code is not bound to who asked for it (RFC 7636). Only where the provider refuses that.
    pub const fn without_pkce(mut self) -> Self {
        self.pkce = false;
        self
    }

    /// What the authorization server calls itself: a browser that comes back from another one is refused (RFC 9207).
    pub const fn issuer(mut self, url: &'static str) -> Self {
        self.issuer = Some(url);
        self
    }

    /// What is signed for [`Grant::JwtBearer`].
    pub const fn assertion(mut self, assertion: Assertion) -> Self {
        self.assertion = Some(assertion);
        self
    }

    /// Where things stand in an answer of the token endpoint, where that is not where RFC 6749 has them.
    pub const fn answer(mut self, answer: TokenAnswer) -> Self {
        self.answer = answer;
        self
    }

    /// How many seconds a token lasts where the answer does not say.
    pub const fn lasts(mut self, seconds: u32) -> Self {
        self.lasts = Some(seconds);
        self
    }

    /// The answers that say that a token is over, and that nothing was done. Status 401 says so too.
    pub const fn over(mut self, signs: &'static [Sign]) -> Self {
        self.over = signs;
        self
    }

    /// Plain fields of the connection that the provider tells when it is made.
    pub const fn fields(mut self, told: &'static [Told]) -> Self {
        self.fields = told;
        self
    }

    /// Base URLs that the provider tells when a connection is made, by the names of their servers, `main` among them. Each holds once
    /// the operator has said so.
    pub const fn servers(mut self, told: &'static [Told]) -> Self {
        self.servers = told;
        self
    }
}

/// An address of an authorization server.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    pub(crate) server: Option<&'static str>,
    pub(crate) path: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) json: bool,
}

impl Endpoint {
    /// On the main server. Variables of the path are plain fields of the connection: `/{tenant}/token`.
    pub const fn new(path: &'static str) -> Self {
        Self { server: None, path, parameters: &[], json: false }
    }

    /// It is on this one of the [further servers](crate::Provider::servers).
    pub const fn server(mut self, name: &'static str) -> Self {
        self.server = Some(name);
        self
    }

    /// What is sent besides what the protocol says, and replaces none of it.
    pub const fn parameters(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    /// Its body is JSON, and no form.
    pub const fn json(mut self) -> Self {
        self.json = true;
        self
    }
}

/// Something that is sent besides.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) value: ParameterValue,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum ParameterValue {
    Text(&'static str),
    Field(&'static str),
}

impl Parameter {
    /// Always this text.
    pub const fn text(name: &'static str, text: &'static str) -> Self {
        Self { name, value: ParameterValue::Text(text) }
    }

    /// A plain field of the connection; nothing where it has no value.
    pub const fn of_connection(name: &'static str, field: &'static str) -> Self {
        Self { name, value: ParameterValue::Field(field) }
    }
}

/// Who asks for tokens, and how that is shown (RFC 6749, section 2.3).
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub(crate) id: &'static str,
    pub(crate) secret: Option<&'static str>,
    pub(crate) by: Authentication,
    pub(crate) key: Option<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authentication {
    Basic,
    Body,
    None,
    Jwt,
}

impl Client {
    /// By the header `Authorization`: the plain field with its id, and the secret one with its secret.
    pub const fn basic(id: &'static str, secret: &'static str) -> Self {
        Self { id, secret: Some(secret), by: Authentication::Basic, key: None }
    }

    /// The same in the body.
    pub const fn in_body(id: &'static str, secret: &'static str) -> Self {
        Self { by: Authentication::Body, ..Self::basic(id, secret) }
    }

    /// By its id alone.
    pub const fn public(id: &'static str) -> Self {
        Self { id, secret: None, by: Authentication::None, key: None }
    }

    /// By something that it signs (`private_key_jwt`).
    pub const fn signed(id: &'static str, key: Key) -> Self {
        Self { id, secret: None, by: Authentication::Jwt, key: Some(key) }
    }
}

/// A private key, in PEM form (PKCS #8), that is a secret field of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub(crate) field: &'static str,
    pub(crate) algorithm: &'static str,
    pub(crate) id: Option<&'static str>,
}

impl Key {
    /// One of RSA, that signs by RS256.
    pub const fn rs256(field: &'static str) -> Self {
        Self { field, algorithm: "RS256", id: None }
    }

    /// One on the curve P-256, that signs by ES256.
    pub const fn es256(field: &'static str) -> Self {
        Self { field, algorithm: "ES256", id: None }
    }

    /// The plain field that names it to the provider (`kid`).
    pub const fn named_by(mut self, field: &'static str) -> Self {
        self.id = Some(field);
        self
    }
}

/// What is signed to ask for a token (RFC 7523, section 3).
#[derive(Clone, Copy, Debug)]
pub struct Assertion {
    pub(crate) key: Key,
    pub(crate) issuer: &'static str,
    pub(crate) subject: Option<&'static str>,
    pub(crate) audience: Option<&'static str>,
    pub(crate) scope_claim: bool,
    pub(crate) lasts: Option<u32>,
}

impl Assertion {
    /// What it is signed with, and the plain field that says who signs.
    pub const fn new(key: Key, issuer: &'static str) -> Self {
        Self { key, issuer, subject: None, audience: None, scope_claim: false, lasts: None }
    }

    /// The plain field that says for whom. Where it has no value, the issuer.
    pub const fn subject(mut self, field: &'static str) -> Self {
        self.subject = Some(field);
        self
    }

    /// For which server, where that is not the URL of the token endpoint.
    pub const fn audience(mut self, audience: &'static str) -> Self {
        self.audience = Some(audience);
        self
    }

    /// The scopes are a claim in it, and no parameter.
    pub const fn with_scopes(mut self) -> Self {
        self.scope_claim = true;
        self
    }

    /// How many seconds it holds: 10 to 3600, which is what it is without this.
    pub const fn lasts(mut self, seconds: u32) -> Self {
        assert!(10 <= seconds && seconds <= 3600, "an assertion holds for 10 to 3600 seconds");
        self.lasts = Some(seconds);
        self
    }
}

/// Where things stand in an answer of the token endpoint, by JSON Pointers.
#[derive(Clone, Copy, Debug)]
pub struct TokenAnswer {
    /// By the names that they have in a manifest.
    pub(crate) places: [(&'static str, Option<&'static str>); 6],
}

impl TokenAnswer {
    /// Where RFC 6749 has them.
    pub const fn new() -> Self {
        Self {
            places: [
                ("access-token", None),
                ("refresh-token", None),
                ("expires-in", None),
                ("scope", None),
                ("error", None),
                ("error-description", None),
            ],
        }
    }

    /// The token.
    pub const fn access_token(mut self, pointer: &'static str) -> Self {
        self.places[0].1 = Some(pointer);
        self
    }

    /// What it is renewed by.
    pub const fn refresh_token(mut self, pointer: &'static str) -> Self {
        self.places[1].1 = Some(pointer);
        self
    }

    /// How many seconds it lasts.
    pub const fn expires_in(mut self, pointer: &'static str) -> Self {
        self.places[2].1 = Some(pointer);
        self
    }

    /// What was granted.
    pub const fn scope(mut self, pointer: &'static str) -> Self {
        self.places[3].1 = Some(pointer);
        self
    }

    /// The code of an error.
    pub const fn error(mut self, pointer: &'static str) -> Self {
        self.places[4].1 = Some(pointer);
        self
    }

    /// The provider's words for it.
    pub const fn error_description(mut self, pointer: &'static str) -> Self {
        self.places[5].1 = Some(pointer);
        self
    }
}

impl Default for TokenAnswer {
    fn default() -> Self {
        Self::new()
    }
}

/// Something that the provider tells when a connection is made.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub(crate) name: &'static str,
    pub(crate) by: ToldBy,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum ToldBy {
    Answer(&'static str),
    Callback(&'static str),
}

impl Told {
    /// The name of the field or of the server, and where it stands in the answer of the token endpoint.
    pub const fn by_answer(name: &'static str, pointer: &'static str) -> Self {
        Self { name, by: ToldBy::Answer(pointer) }
    }

    /// The same, by a parameter of the address that the browser comes back to.
    pub const fn by_callback(name: &'static str, parameter: &'static str) -> Self {
        Self { name, by: ToldBy::Callback(parameter) }
    }
}
