//! What the host itself tells others: a signed message (Standard Webhooks) to a receiver that the operator named. It is no request of a plugin, but it leaves like
//! one: over [`send_one`], with the rules for addresses and TLS that hold for every connection. No redirect is followed.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use ipnet::IpNet;
use url::Url;

use crate::connection::Connection;
use crate::content::Content;
use crate::deadline::Deadline;
use crate::declaration::{AnswerForm, Method};
use crate::download;
use crate::outgoing::{Body, Outgoing};
use crate::rules::Rule;
use crate::secret::{Secret, Text};
use crate::send::{Allowance, SendError, send_one};

mod sign;

use sign::Signer;

/// The most that an answer may have, in bytes: its head, and its body, which nobody reads.
const MOST_HEAD: u64 = 64 << 10;
const MOST_BODY: u64 = 1 << 20;

/// The longest that a receiver can have the host wait.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Somebody who is told.
#[derive(Debug)]
pub struct Receiver {
    url: Url,
    connection: Connection,
    signer: Signer,
    /// The table of the configuration.
    table: String,
}

/// What a receiver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// HTTP status of the answer.
    pub status: u16,
    /// How long to wait before the next attempt, where the receiver says so; a day at most.
    pub retry_after: Option<Duration>,
}

impl Receiver {
    /// A receiver at a URL, what it knows messages by (`whsec_` and base64), and internal addresses that its host may resolve to. The
    /// table of the configuration is for messages.
    ///
    /// # Errors
    /// The key of the table that is wrong, and what is wrong with it. The URL is not repeated: it may hold a secret.
    pub fn new(
        url: &str,
        secret: &Secret,
        allowed: impl IntoIterator<Item = IpNet>,
        table: &str,
    ) -> Result<Self, String> {
        let wrong = |key: &str, problem: &str| format!("`{table}.{key}`: {problem}");
        let url = download::parse(url).map_err(|error| wrong("url", &error.to_string()))?;
        let connection = Connection::builder("wharf", "webhook", &url.origin().ascii_serialization())
            .not_configured()
            .allow_addresses(allowed)
            .build();
        Ok(Self {
            connection: connection.map_err(|error| wrong("url", &error.to_string()))?,
            signer: Signer::new(secret).map_err(|problem| wrong("secret", &problem))?,
            url,
            table: table.to_owned(),
        })
    }

    /// Posts a message, as JSON. By its id the receiver knows one that comes twice; there is no full stop in it.
    ///
    /// # Errors
    /// Why there is no answer, in words without the path of the URL.
    pub fn post(&self, id: &str, json: &str, within: Duration) -> Result<Received, String> {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let headers = [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", time.to_string()),
            ("webhook-signature", self.signer.signatures(id, time, json)),
        ];
        let content = vec![Content::Memory(Bytes::copy_from_slice(json.as_bytes()))];
        let body = Body { media_type: "application/json".to_owned(), content, shown: None };
        let outgoing = Outgoing {
            method: Method::Post,
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), Text::open(value))).collect(),
            body: Some(body),
            reads: false,
            for_host: true,
            // No file: also an answer without a body is one.
            answer: AnswerForm::Bytes,
            ..Outgoing::get("webhook", self.url.as_str())
        };
        let allowance = Allowance::new(Deadline::within(within), MOST_HEAD, MOST_BODY);
        // On a socket that had another request nobody could tell whether this one has come.
        let allowance = Allowance { new_socket: true, ..allowance };
        let answer =
            send_one(&self.connection, &outgoing, allowance, None).map_err(|error| in_words(error, &self.table))?;
        let told = answer.headers.iter().find(|(name, _)| name == "retry-after");
        let seconds = told.and_then(|(_, value)| value.trim().parse().ok());
        let retry_after = seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
        Ok(Received { status: answer.status, retry_after })
    }
}

/// Why somebody whom the host itself writes to has not answered. The table of the configuration is for the remedy.
pub(crate) fn in_words(error: SendError, table: &str) -> String {
    match error {
        SendError::Denied(denial) if denial.rule == Rule::Address && denial.may_be_allowed() => {
            let remedy = format!("if it is meant, write it into `allow_addresses` of [{table}]");
            denial.with_remedy(remedy).to_string()
        }
        SendError::Timeout { .. } => "it did not answer in time".to_owned(),
        error => error.to_string(),
    }
}
