//! What the operator asks for by a URL, such as a component to install. It is no request of a plugin, but it leaves like one:
//! over [`send`](crate::send), with the rules for addresses, TLS and redirects that hold for every connection.

use std::time::Duration;

use url::Url;

use crate::address::{Reach, literal, reach};
use crate::connection::{Connection, ConnectionBuilder};
use crate::deadline::Deadline;
use crate::outgoing::Outgoing;
use crate::retry_after;
use crate::rules::Denial;
use crate::send::{Allowance, Answer, SendError, send};

/// The longest time that a download may be given.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The most that the head of the answer may have, in bytes.
const MOST_HEAD: u64 = 64 << 10;

/// Why there is nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// The URL cannot be used. It is not repeated, as it could hold a password.
    #[error("the URL cannot be used: {0}")]
    Unusable(String),
    /// The server names another address, which is for the operator to judge.
    #[error("{url} leads elsewhere (status {status}), and redirects are not followed; {}", goal(.location))]
    Redirected {
        /// What was asked for.
        url: String,
        /// HTTP status of the answer.
        status: u16,
        /// Where it leads.
        location: String,
    },
    /// The server has no such file, or does not give it away now.
    #[error("{url} was answered with status {status} and not with a file; {}", advice(.retry_after.as_deref()))]
    Status {
        /// What was asked for.
        url: String,
        /// HTTP status of the answer.
        status: u16,
        /// When to try again, where the server says so: `after 30 s`, or after a date.
        retry_after: Option<String>,
    },
    /// A rule refused the address, or the answer.
    #[error("{url}: {denial}")]
    Denied {
        /// What was asked for.
        url: String,
        /// Which rule, and why.
        denial: Denial,
    },
    /// There is more than was allowed.
    #[error("{url} is larger than {limit} bytes, which is the most that is downloaded")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// In bytes.
        limit: u64,
    },
    /// It took longer than was allowed.
    #[error("{url} did not arrive within {}", humantime::format_duration(*.within))]
    Timeout {
        /// What was asked for.
        url: String,
        /// The time that was allowed.
        within: Duration,
    },
    /// No connection, or it broke.
    #[error("{url}: {reason}")]
    Unavailable {
        /// What was asked for.
        url: String,
        /// Why.
        reason: String,
    },
}

/// Downloads what is at an `https://` or `http://` URL: `most_bytes` at most, after decoding, and within this time, of which a
/// day is the most. Nothing vouches for what came over `http://`: compare its digest with one that you trust.
///
/// A URL whose host resolves to an internal address is refused; one that names the address itself, or `localhost`, is meant.
/// Redirects are not followed.
///
/// # Errors
/// See [`DownloadError`]. Any status but 200 is one.
pub fn download(url: &str, most_bytes: u64, within: Duration) -> Result<Vec<u8>, DownloadError> {
    let url = parse(url)?;
    fetch(&url, connection(&url), most_bytes, within.min(LONGEST))
}

pub(crate) fn parse(text: &str) -> Result<Url, DownloadError> {
    let unusable = |problem: &str| DownloadError::Unusable(problem.to_owned());
    let mut url = Url::parse(text).map_err(|error| unusable(&error.to_string()))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(unusable("it begins neither with `https://` nor with `http://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unusable("it has a user name or a password in it, and nobody is logged in to for a download"));
    }
    // It is for the reader of a page, and never sent.
    url.set_fragment(None);
    Ok(url)
}

/// A connection to the origin of the URL, for this one request.
fn connection(url: &Url) -> ConnectionBuilder {
    Connection::builder("wharf", "download", &url.origin().ascii_serialization()).not_configured()
}

fn fetch(url: &Url, to: ConnectionBuilder, most_bytes: u64, within: Duration) -> Result<Vec<u8>, DownloadError> {
    let connection = to.build().map_err(|error| DownloadError::Unusable(error.to_string()))?;
    get(url, &connection, most_bytes, within)
}

/// Fetches a URL over a connection to its origin.
pub(crate) fn get(
    url: &Url,
    connection: &Connection,
    most_bytes: u64,
    within: Duration,
) -> Result<Vec<u8>, DownloadError> {
    let outgoing = Outgoing::get("download", url.as_str());
    let allowance = Allowance::new(Deadline::within(within), MOST_HEAD, most_bytes);
    let answer = send(connection, &outgoing, allowance, None).map_err(|error| failed(url, within, error))?;
    let (goal, retry_after) = (location(url, &answer), retry_after(&answer));
    let url = url.to_string();
    match (answer.status, goal) {
        (200, _) => Ok(answer.body.in_memory().cloned().unwrap_or_default().into()),
        (status @ 300..400, Some(location)) => Err(DownloadError::Redirected { url, status, location }),
        (status, _) => Err(DownloadError::Status { url, status, retry_after }),
    }
}

/// The time of an answer that says the file may come later.
fn retry_after(answer: &Answer) -> Option<String> {
    let mut values = answer.headers.iter().filter(|(name, _)| answer.status >= 400 && name == "retry-after");
    values.find_map(|(_, value)| retry_after::in_words(value))
}

/// What to do about a goal: a URL that cannot be downloaded is told alone.
fn goal(location: &str) -> String {
    let parsed = parse(location).ok();
    let address = parsed.as_ref().and_then(|url| literal(url.host_str()?));
    match parsed {
        Some(_) if address.map(reach) == Some(Reach::Never) => {
            format!("it is {location}, an address that is never reached")
        }
        Some(_) => format!("give {location} if you trust it"),
        None => format!("it is {location}, which cannot be downloaded"),
    }
}

fn advice(retry_after: Option<&str>) -> String {
    retry_after.map_or_else(|| "look at the address".to_owned(), |time| format!("try again {time}"))
}

fn failed(url: &Url, within: Duration, error: SendError) -> DownloadError {
    let url = url.to_string();
    match error {
        SendError::Denied(denial) | SendError::AnswerDenied { denial, .. } => DownloadError::Denied { url, denial },
        SendError::TooLarge { limit } | SendError::ItemTooLarge { limit } | SendError::FileTooLarge { limit } => {
            DownloadError::TooLarge { url, limit }
        }
        SendError::Timeout { .. } => DownloadError::Timeout { url, within },
        SendError::Unreadable { status: Some(status), .. } if status != 200 => {
            DownloadError::Status { url, status, retry_after: None }
        }
        error @ SendError::HeadTooLarge { .. } => DownloadError::Unavailable { url, reason: error.to_string() },
        SendError::Unavailable(reason)
        | SendError::NoAnswer(reason)
        | SendError::Closed(reason)
        | SendError::Unreadable { problem: reason, .. } => DownloadError::Unavailable { url, reason },
        SendError::Unrecorded(error) => DownloadError::Unavailable { url, reason: error.to_string() },
        SendError::Spool(error) => DownloadError::Unavailable { url, reason: error.to_string() },
    }
}

/// Where an answer leads, as a whole URL: that has nothing in it which a terminal would take for a command.
fn location(url: &Url, answer: &Answer) -> Option<String> {
    let (_, location) = answer.headers.iter().find(|(name, _)| name == "location")?;
    url.join(location).ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn what_cannot_be_used_is_told_without_its_password() {
        for (url, problem) in [
            ("acme.wasm", "relative URL"),
            ("ftp://acme.example/acme.wasm", "neither with `https://`"),
            ("https://u:geheim@acme.example/acme.wasm", "a user name or a password"),
            ("https://", "empty host"),
        ] {
            let error = download(url, 1, Duration::ZERO).unwrap_err();
            let words = error.to_string();
            assert!(matches!(error, DownloadError::Unusable(_)) && words.contains(problem), "{words}");
            assert!(!words.contains("geheim"), "{words}");
        }
    }

    #[test]
    fn a_name_that_resolves_to_an_internal_address_is_refused_and_the_configuration_cannot_allow_it() {
        let url = parse("https://acme.example/acme.wasm").unwrap();
        for address in ["127.0.0.1", "10.0.0.7", "169.254.169.254", "fe80::1"] {
            let address: SocketAddr = (address.parse::<std::net::IpAddr>().unwrap(), 443).into();
            let lookup = move |_: &str, _| Ok(vec![address]);
            let error = fetch(&url, connection(&url).lookup(lookup), 1, LONGEST).unwrap_err();
            let DownloadError::Denied { denial, .. } = error else { panic!("{error}") };
            assert_eq!(denial.rule.name(), "address");
            assert!(!denial.to_string().contains("allow_addresses"), "{denial}");
        }
    }
}
