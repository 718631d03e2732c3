//! An issuer of tokens, as OpenID Connect describes it: where its keys are, and the keys themselves.

use std::time::Duration;

use ipnet::IpNet;
use serde_json::Value;
use url::Url;

use super::keys::Keys;
use crate::address::literal;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::download::{self, DownloadError};
use crate::rules::Rule;
use crate::text::{in_one_line, shortened};

/// Neither what an issuer says of itself nor its keys are larger, in bytes.
const MOST_BYTES: u64 = 256 << 10;

/// Why there are no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// The issuer cannot be used: what is wrong with it.
    #[error("the issuer cannot be used: {0}")]
    Unusable(String),
    /// Nothing came, or a rule refused it.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// What came cannot be used.
    #[error("{url} {problem}")]
    Unfit {
        /// What was asked for.
        url: String,
        /// The end of the sentence.
        problem: String,
    },
}

/// An issuer that an operator named.
#[derive(Debug)]
pub struct Issuer {
    /// As it stands in its tokens.
    name: String,
    described_at: Url,
    connection: Connection,
    /// The table of the configuration.
    table: String,
}

impl Issuer {
    /// An issuer, and internal addresses that its hosts may resolve to. The table of the configuration is for messages.
    ///
    /// # Errors
    /// [`IssuerError::Unusable`]. An issuer over `http://` is one of this machine, written as `localhost` or an address.
    pub fn new(name: &str, allowed: impl IntoIterator<Item = IpNet>, table: &str) -> Result<Self, IssuerError> {
        let url = download::parse(name)?;
        let unusable = |problem: &str| IssuerError::Unusable(problem.to_owned());
        if url.query().is_some() || name.contains('#') {
            return Err(unusable("it has a query or a fragment, which the URL of an issuer has not"));
        }
        if url.scheme() != "https" && !is_here(&url) {
            return Err(unusable("whoever sits between could give other keys; write `https://`"));
        }
        let described_at = format!("{}/.well-known/openid-configuration", name.trim_end_matches('/'));
        let described_at = download::parse(&described_at)?;
        let connection = Connection::builder("wharf", "issuer", &url.origin().ascii_serialization())
            .not_configured()
            .allow_addresses(allowed)
            .build()
            .map_err(|error| IssuerError::Unusable(error.to_string()))?;
        Ok(Self { name: name.to_owned(), described_at, connection, table: table.to_owned() })
    }

    /// Its keys as they are now: two requests, which take no longer than this. No redirect is followed.
    ///
    /// # Errors
    /// See [`IssuerError`].
    pub fn keys(&self, within: Duration) -> Result<Keys, IssuerError> {
        let deadline = Deadline::within(within);
        let described = self.get(&self.described_at, &self.connection, deadline)?;
        let at = self.keys_at(&described).map_err(|problem| unfit(&self.described_at, problem))?;
        let origin = at.origin();
        let keys = if origin == self.described_at.origin() {
            self.get(&at, &self.connection, deadline)?
        } else {
            // It is the issuer who names that host, and not the operator.
            let elsewhere = self.connection.elsewhere(&origin.ascii_serialization());
            self.get(&at, &elsewhere.map_err(|error| unfit(&self.described_at, error.to_string()))?, deadline)?
        };
        Keys::read(&keys).map_err(|problem| unfit(&at, problem))
    }

    /// Where its keys are, as it says itself.
    fn keys_at(&self, described: &[u8]) -> Result<Url, String> {
        let described: Value = serde_json::from_slice(described).map_err(|_| "is no JSON".to_owned())?;
        let text = |name: &str| described.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("issuer") != self.name {
            let other = in_one_line(&shortened(text("issuer"), 200)).replace('`', "'");
            return Err(format!("is of the issuer `{other}`: write `issuer` of [{}] as it stands there", self.table));
        }
        let at = download::parse(text("jwks_uri")).map_err(|error| format!("has no `jwks_uri`: {error}"))?;
        if at.scheme() != "https" && at.origin() != self.described_at.origin() {
            return Err("has a `jwks_uri` that is neither its own host's nor begins with `https://`".to_owned());
        }
        Ok(at)
    }

    fn get(&self, url: &Url, connection: &Connection, deadline: Deadline) -> Result<Vec<u8>, IssuerError> {
        let got = download::get(url, connection, MOST_BYTES, deadline.left());
        got.map_err(|error| self.with_remedy(error).into())
    }

    /// An address that was refused, and where the operator can allow it.
    fn with_remedy(&self, error: DownloadError) -> DownloadError {
        match error {
            DownloadError::Denied { url, denial } if denial.rule == Rule::Address && denial.may_be_allowed() => {
                let remedy = format!("if it is meant, write it into `allow_addresses` of [{}]", self.table);
                DownloadError::Denied { url, denial: denial.with_remedy(remedy) }
            }
            error => error,
        }
    }
}

/// Whether it is written so that it can only be on this machine.
fn is_here(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host == "localhost" || literal(host).is_some_and(|address| address.is_loopback()))
}

fn unfit(url: &Url, problem: String) -> IssuerError {
    IssuerError::Unfit { url: url.to_string(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str) -> Result<Issuer, String> {
        Issuer::new(name, [], "server.oidc").map_err(|error| error.to_string())
    }

    #[test]
    fn an_issuer_is_reached_safely_or_is_this_machine() {
        for good in [
            "https://login.example",
            "https://login.example/realms/a",
            "http://127.0.0.1:9",
            "http://[::1]:9",
            "http://localhost:9/",
        ] {
            made(good).unwrap();
        }
        for (wrong, problem) in [
            ("http://login.example", "write `https://`"),
            ("http://10.0.0.7", "write `https://`"),
            ("http://localhost.example", "write `https://`"),
            ("https://u:geheim@login.example", "a user name or a password"),
            ("https://login.example/?a=b", "a query"),
            ("https://login.example/#", "a fragment"),
            ("login.example", "relative URL"),
        ] {
            let told = made(wrong).unwrap_err();
            assert!(told.contains(problem) && !told.contains("geheim"), "{wrong}: {told}");
        }
    }

    #[test]
    fn what_an_issuer_says_of_itself_has_to_be_its_own() {
        let issuer = made("https://login.example/a").unwrap();
        let at = |issuer_of: &str, jwks: &str| {
            let described = serde_json::json!({"issuer": issuer_of, "jwks_uri": jwks}).to_string();
            issuer.keys_at(described.as_bytes()).map(|url| url.to_string())
        };
        let own = "https://login.example/a";
        assert_eq!(issuer.described_at.as_str(), "https://login.example/a/.well-known/openid-configuration");
        assert_eq!(at(own, "https://login.example/keys").unwrap(), "https://login.example/keys");
        assert_eq!(at(own, "https://keys.example/").unwrap(), "https://keys.example/");
        for (of, jwks) in [
            ("https://login.example/b", "https://login.example/keys"),
            ("https://login.example/a/", "https://login.example/keys"),
            ("", "https://login.example/keys"),
            (own, ""),
            (own, "/keys"),
            (own, "http://login.example/keys"),
            (own, "http://keys.example/"),
            (own, "file:///etc/passwd"),
            (own, "https://u:p@keys.example/"),
        ] {
            at(of, jwks).unwrap_err();
        }
        issuer.keys_at(b"[1").unwrap_err();
    }
}
