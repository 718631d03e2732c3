//! Tokens of OAuth 2: what is asked of an authorization server, and what its answers mean.
//!
//! A request for a token is made like one that a plugin declares, and leaves by [`send_one`]: every rule of egress holds for it, it is
//! recorded, and nothing of a secret is shown. Where the server redirects to is told, and nobody goes there. What it answers is a
//! stranger's: it is bounded, looked at, and quoted without secrets.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::Recorder;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::declaration::{ClientAuthentication, Endpoint, Oauth2, Told};
use crate::guard::Refusal;
use crate::rules::Rule;
use crate::secret::Secret;
use crate::send::{Allowance, send_one, there};

mod answer;
mod browser;
mod callback;
mod error;
mod issuer;
mod jwt;
mod keys;
mod pkce;
mod read;
mod request;
mod shown;
mod verify;
mod words;

pub use callback::{Callback, CallbackError, callback};
pub use error::{Refused, TokenError};
pub use issuer::{Issuer, IssuerError};
pub use keys::Keys;
pub use pkce::pkce;
pub use verify::{Claims, Expected, Jwt, NotVerified, SignedBy};

use answer::Said;
use request::Sent;
use words::{Ask, What};

/// No answer of an authorization server is larger, in bytes.
const MOST_ANSWER: u64 = 1 << 20;

/// The grants that have long names (RFC 7523, section 2.1; RFC 8628, section 3.4).
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The client of a credential by OAuth 2, as a manifest declares it.
#[derive(Clone, Debug)]
pub struct OauthClient {
    oauth2: Arc<Oauth2>,
}

/// What is given for a token.
#[derive(Clone, Copy, Debug)]
pub enum Spend<'a> {
    /// What a browser came back with (RFC 6749, section 4.1.3).
    Code {
        /// The authorization code.
        code: &'a Secret,
        /// What its challenge was made of: see [`pkce`].
        verifier: Option<&'a Secret>,
        /// The redirect address that it was asked for with.
        redirect: &'a str,
    },
    /// A refresh token (RFC 6749, section 6).
    Refresh(&'a Secret),
    /// Nothing: the client is known (RFC 6749, section 4.4).
    ClientCredentials,
    /// The code that a device got (RFC 8628, section 3.4).
    Device(&'a Secret),
    /// What the private key of the connection signs (RFC 7523, section 2.1).
    Assertion,
}

/// What an authorization server gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// For requests: visible ASCII, and no more than 16 KiB.
    pub access: Secret,
    /// For the next token, where there is one. The last one holds on where there is none.
    pub refresh: Option<Secret>,
    /// How long the access token holds; ten years at most. Until the server refuses it, where nobody says so.
    pub lasts: Option<Duration>,
    /// The scopes that were granted; those that were asked for, where nothing is told.
    pub scopes: Option<Vec<String>>,
    /// Fields and servers of the connection that the answer tells.
    pub told: Vec<(Told, String)>,
    /// How far this machine's clock is behind the server's, in seconds.
    pub clock: Option<i64>,
}

/// What a device got, to be shown to somebody.
#[derive(Clone, Debug)]
pub struct DeviceAsked {
    /// For [`Spend::Device`].
    pub code: Secret,
    /// What is typed in at the address.
    pub user_code: String,
    /// Where: a URL.
    pub address: String,
    /// The same with the code in it.
    pub complete: Option<String>,
    /// How long there is time for it.
    pub lasts: Duration,
    /// How long to wait between two requests.
    pub interval: Duration,
}

/// What kind of token is given up (RFC 7009, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TokenHint {
    Access,
    Refresh,
}

/// The one who asks, and what for.
#[derive(Clone, Copy)]
struct Errand<'a> {
    what: What,
    name: &'static str,
    endpoint: &'a Endpoint,
    connection: &'a Connection,
    allowance: Allowance<'a>,
    recorder: Option<Recorder<'a>>,
}

impl OauthClient {
    /// That of a credential.
    pub fn new(oauth2: &Oauth2) -> Self {
        Self { oauth2: Arc::new(oauth2.clone()) }
    }

    /// Whether a code is bound to who asked for it: see [`pkce`].
    pub fn uses_pkce(&self) -> bool {
        self.oauth2.pkce
    }

    /// Whether the provider takes tokens back.
    pub fn can_revoke(&self) -> bool {
        self.oauth2.revoke.is_some()
    }

    /// Asks for a token. Scopes are sent where the specification has a place for them: a code, of a browser or a device, has those that it
    /// was asked for with. A refresh without any is for those that were granted.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn token(
        &self,
        connection: &Connection,
        spend: Spend<'_>,
        scopes: &[String],
        allowance: Allowance<'_>,
        recorder: Option<Recorder<'_>>,
    ) -> Result<Tokens, TokenError> {
        let (endpoint, what) = (&self.oauth2.token, spend.what());
        let mut sent = self.spent(connection, spend, scopes, allowance.deadline)?;
        // What nobody spends has a name of its own at some, such as `account_credentials`.
        let is_spent = !matches!(spend, Spend::ClientCredentials | Spend::Assertion);
        sent.besides(&endpoint.parameters, connection, (!is_spent).then_some("grant_type"));
        let errand = Errand { what, name: "token", endpoint, connection, allowance, recorder };
        self.ask(errand, &mut sent, |ask, said| self.tokens(ask, said))
    }

    /// Asks for a code that somebody types in elsewhere.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn device(
        &self,
        connection: &Connection,
        scopes: &[String],
        allowance: Allowance<'_>,
        recorder: Option<Recorder<'_>>,
    ) -> Result<DeviceAsked, TokenError> {
        let endpoint = declared(self.oauth2.device.as_ref(), "where a device asks for a code")?;
        let mut sent = Sent::default();
        self.add_scopes(&mut sent, scopes);
        sent.besides(&endpoint.parameters, connection, None);
        let errand = Errand { what: What::DeviceCode, name: "device-code", endpoint, connection, allowance, recorder };
        self.ask(errand, &mut sent, read::device)
    }

    /// Gives a token up. That it was none any more is no error.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn revoke(
        &self,
        connection: &Connection,
        token: &Secret,
        hint: TokenHint,
        allowance: Allowance<'_>,
        recorder: Option<Recorder<'_>>,
    ) -> Result<(), TokenError> {
        let endpoint = declared(self.oauth2.revoke.as_ref(), "where tokens are given up")?;
        let mut sent = Sent::default();
        let hint = match hint {
            TokenHint::Access => "access_token",
            TokenHint::Refresh => "refresh_token",
        };
        sent.secret("token", token).open("token_type_hint", hint);
        sent.besides(&endpoint.parameters, connection, None);
        let errand = Errand { what: What::Revocation, name: "revoke", endpoint, connection, allowance, recorder };
        self.ask(errand, &mut sent, |_, _| Ok(()))
    }

    fn to_be_told(&self) -> impl Iterator<Item = &Told> {
        self.oauth2.fields.iter().chain(&self.oauth2.servers)
    }

    fn add_scopes(&self, sent: &mut Sent, scopes: &[String]) {
        if !scopes.is_empty() {
            sent.open("scope", &self.joined(scopes));
        }
    }

    fn joined(&self, scopes: &[String]) -> String {
        scopes.join(&self.oauth2.scope_separator)
    }

    /// What is given for a token, with its grant.
    fn spent(
        &self,
        connection: &Connection,
        spend: Spend<'_>,
        scopes: &[String],
        deadline: Deadline,
    ) -> Result<Sent, TokenError> {
        let mut sent = Sent::default();
        match spend {
            Spend::Code { code, verifier, redirect } => {
                sent.open("grant_type", "authorization_code").secret("code", code).open("redirect_uri", redirect);
                verifier.into_iter().for_each(|verifier| _ = sent.secret("code_verifier", verifier));
            }
            Spend::Refresh(token) => {
                sent.open("grant_type", "refresh_token").secret("refresh_token", token);
                self.add_scopes(&mut sent, scopes);
            }
            Spend::ClientCredentials => {
                sent.open("grant_type", "client_credentials");
                self.add_scopes(&mut sent, scopes);
            }
            Spend::Device(code) => {
                sent.open("grant_type", DEVICE_CODE).secret("device_code", code);
            }
            Spend::Assertion => {
                let assertion =
                    declared(self.oauth2.assertion.as_ref(), "what is signed").map_err(TokenError::Refusal)?;
                let signed = self.assertion(assertion, connection, scopes, deadline)?;
                sent.open("grant_type", JWT_BEARER).secret("assertion", &signed);
                if !assertion.scope_claim {
                    self.add_scopes(&mut sent, scopes);
                }
            }
        }
        Ok(sent)
    }

    /// Sends it, and reads the answer.
    fn ask<T>(
        &self,
        errand: Errand<'_>,
        sent: &mut Sent,
        read: impl FnOnce(&Ask<'_>, Said<'_>) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let Errand { what, name, endpoint, connection, allowance, recorder } = errand;
        let client = &self.oauth2.client;
        let is_shown = self.is_shown(what, connection);
        if is_shown && client.by == ClientAuthentication::Jwt {
            self.sign(sent, connection, allowance.deadline)?;
        }
        let scheme = is_shown.then(|| request::client(client, endpoint));
        let outgoing = request::post(name, endpoint, sent, scheme, connection, allowance.deadline)?;
        let connection_there = there(connection, &outgoing).map_err(TokenError::Ends)?;
        let ask = Ask { what, by: client.by, connection: connection_there, outgoing: &outgoing, sent };
        // On a socket that had another request nobody could tell whether this one has come.
        let answer_bytes = allowance.answer_bytes.min(MOST_ANSWER);
        let allowance = Allowance { new_socket: true, answer_bytes, ..allowance.without_room() };
        let answer = send_one(connection, &outgoing, allowance, recorder).map_err(|error| ask.failed(error))?;
        if let Some(moved) = ask.moved(&answer) {
            return Err(moved);
        }
        let said = Said::read(answer, &self.oauth2.answer);
        ask.judge(&said)?;
        read(&ask, said)
    }
}

impl Spend<'_> {
    fn what(self) -> What {
        match self {
            Self::Code { .. } => What::Code,
            Self::Refresh(_) => What::Refresh,
            Self::ClientCredentials => What::Client,
            Self::Device(_) => What::Device,
            Self::Assertion => What::Assertion,
        }
    }
}

/// What a manifest may leave out, and what is asked for.
fn declared<'a, T>(part: Option<&'a T>, what: &str) -> Result<&'a T, Refusal> {
    let missing = || Rule::UndeclaredRequest.denies(format!("the plugin's manifest does not say {what}"));
    part.ok_or_else(|| missing().into())
}
