//! Where the host's own traces and logs are sent: a collector that the operator named. Like what it [tells](crate::notify) others this is no
//! request of a plugin, and leaves like one: over [`send_one`], with the rules for addresses and TLS that hold for every connection.
//! No redirect is followed.

use std::time::Duration;

use bytes::Bytes;
use ipnet::IpNet;
use url::Url;

use crate::connection::{Connection, ConnectionBuilder};
use crate::content::Content;
use crate::deadline::Deadline;
use crate::declaration::{AnswerForm, Method};
use crate::download;
use crate::notify::in_words;
use crate::outgoing::{Body, Outgoing};
use crate::secret::{Secret, Text};
use crate::send::{Allowance, send_one};

/// The most that an answer may have, in bytes: its head, and its body, which only says what was not taken.
const MOST_HEAD: u64 = 64 << 10;
const MOST_BODY: u64 = 1 << 20;

/// What the host itself says of a request.
const OWN: [&str; 6] = ["host", "content-type", "content-length", "transfer-encoding", "connection", "accept-encoding"];

/// Somebody who collects traces and logs.
#[derive(Debug)]
pub struct Collector {
    endpoint: Url,
    connection: Connection,
    headers: Vec<(String, Secret)>,
    /// The table of the configuration.
    table: String,
}

/// What a collector answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// HTTP status of the answer.
    pub status: u16,
    /// The value of `Retry-After`, where there is one.
    pub retry_after: Option<String>,
    /// What it says: of what it did not take, for example.
    pub body: Bytes,
}

impl Collector {
    /// A collector at a URL, headers that each request has, and internal addresses that its host may resolve to. The table of the
    /// configuration is for messages.
    ///
    /// # Errors
    /// The key of the table that is wrong, and what is wrong with it. No value is repeated: it may be a secret.
    pub fn new(
        endpoint: &str,
        headers: impl IntoIterator<Item = (String, Secret)>,
        allowed: impl IntoIterator<Item = IpNet>,
        table: &str,
    ) -> Result<Self, String> {
        let wrong = |key: &str, problem: &str| format!("`{table}.{key}`: {problem}");
        let endpoint = download::parse(endpoint).map_err(|error| wrong("endpoint", &error.to_string()))?;
        if endpoint.query().is_some() {
            return Err(wrong("endpoint", "it has a query, which has no place before the path of what is sent"));
        }
        let connection = builder(&endpoint).allow_addresses(allowed).build();
        let headers = headers.into_iter().map(|(name, value)| header(name, value)).collect::<Result<_, _>>();
        Ok(Self {
            connection: connection.map_err(|error| wrong("endpoint", &error.to_string()))?,
            headers: headers.map_err(|problem: String| wrong("headers", &problem))?,
            endpoint,
            table: table.to_owned(),
        })
    }

    /// Posts bytes of a media type to a path below its URL.
    ///
    /// # Errors
    /// Why there is no answer, in words without the path of the URL.
    pub fn post(&self, path: &str, media_type: &str, bytes: Bytes, within: Duration) -> Result<Collected, String> {
        let base = self.endpoint.as_str().trim_end_matches('/');
        let header = |(name, value): &(String, Secret)| (name.clone(), Text::masked(value.reveal()));
        let outgoing = Outgoing {
            method: Method::Post,
            headers: self.headers.iter().map(header).collect(),
            body: Some(Body { media_type: media_type.to_owned(), content: vec![Content::Memory(bytes)], shown: None }),
            reads: false,
            for_host: true,
            // No file: also an answer without a body is one.
            answer: AnswerForm::Bytes,
            ..Outgoing::get("telemetry", &format!("{base}{path}"))
        };
        let allowance = Allowance::new(Deadline::within(within), MOST_HEAD, MOST_BODY);
        // On a socket that had another request nobody could tell whether this one has come.
        let allowance = Allowance { new_socket: true, ..allowance };
        let answer =
            send_one(&self.connection, &outgoing, allowance, None).map_err(|error| in_words(error, &self.table))?;
        let retry_after = answer.headers.iter().find(|(name, _)| name == "retry-after");
        Ok(Collected {
            status: answer.status,
            retry_after: retry_after.map(|(_, value)| value.trim().to_owned()),
            body: answer.body.in_memory().cloned().unwrap_or_default(),
        })
    }
}

fn builder(endpoint: &Url) -> ConnectionBuilder {
    Connection::builder("wharf", "telemetry", &endpoint.origin().ascii_serialization()).not_configured()
}

/// A header that can be sent as it is, and is not one of the host's own.
fn header(name: String, value: Secret) -> Result<(String, Secret), String> {
    let lower = name.to_ascii_lowercase();
    let is_name = !lower.is_empty() && lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !is_name {
        return Err(
            "a name in it is none of a header; write headers = { authorization = { env = \"NAME\" } }".to_owned()
        );
    }
    if OWN.contains(&lower.as_str()) {
        return Err(format!("`{lower}` is set by Wharf itself; leave it out"));
    }
    if !value.reveal().bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(format!("the value of `{lower}` has a character that no header can have, such as a line break"));
    }
    Ok((lower, value))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn wrong(endpoint: &str, headers: &[(&str, &str)]) -> String {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
        Collector::new(endpoint, headers, [], "server.telemetry").unwrap_err()
    }

    #[test]
    fn what_cannot_be_used_is_told_by_its_key_and_never_by_its_value() {
        const GOOD: &str = "https://collector.example:4318";
        assert!(Collector::new(GOOD, [("X-Team".to_owned(), Secret::new("a b"))], [], "t").is_ok());
        for (endpoint, headers, words) in [
            ("https://c.example/?key=geheim", &[][..], "`server.telemetry.endpoint`: it has a query"),
            ("geheim", &[], "`server.telemetry.endpoint`: "),
            (GOOD, &[("a b", "geheim")], "`server.telemetry.headers`: a name in it"),
            (GOOD, &[("Host", "geheim")], "`host` is set by Wharf itself"),
            (GOOD, &[("authorization", "geheim\r\nx: y")], "`authorization` has a character"),
        ] {
            let told = wrong(endpoint, headers);
            assert!(told.contains(words) && !told.contains("geheim"), "{told}");
        }
    }

    #[test]
    fn a_name_that_leads_inside_is_refused_with_the_key_that_would_allow_it() {
        let inside = |_: &str, port| Ok(vec![SocketAddr::from(([10, 0, 0, 7], port))]);
        let collector = Collector::new("http://collector.example", [], [], "server.telemetry").unwrap();
        let connection = builder(&collector.endpoint).lookup(inside).build().unwrap();
        let collector = Collector { connection, ..collector };
        let told = collector.post("/v1/traces", "text/plain", Bytes::new(), Duration::from_secs(60)).unwrap_err();
        assert!(told.contains("10.0.0.7"), "{told}");
        assert!(told.contains("if it is meant, write it into `allow_addresses` of [server.telemetry]"), "{told}");
    }
}
