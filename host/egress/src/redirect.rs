//! A file that is elsewhere: the answer to a declared request leads to another origin, and the host fetches it there.
//!
//! It is the one redirect that is followed: to an origin that the manifest names, by a GET that has nothing of the request, of the
//! plugin or of the connection in it but the address of the answer. That address is often a key by itself, so that nothing of it
//! but the origin is kept or shown.

use bytes::Bytes;
use url::Url;

use crate::address::literal;
use crate::connection::Connection;
use crate::content::Content;
use crate::declaration::{AnswerForm, Method};
use crate::encode::percent_encode;
use crate::outgoing::Outgoing;
use crate::rules::{LONGEST_URL, Rule, too_long};
use crate::secret::{MASK, Text};
use crate::send::{Answer, SendError};

/// How often one place may lead to the next.
const MOST: usize = 3;

/// What is handed on of the answer from elsewhere, besides its body.
const KEPT: [&str; 6] = ["content-disposition", "content-length", "content-type", "date", "etag", "last-modified"];

/// An origin that a manifest names: `https://cdn.example.com`, or `https://*.example.com` for all hosts below a name.
struct Origin {
    scheme: String,
    host: String,
    /// Whether it is any host below that one.
    below: bool,
    port: Option<u16>,
}

impl Origin {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("is not an origin such as `https://files.example.com`")?;
        let (below, rest) = rest.strip_prefix("*.").map_or((false, rest), |rest| (true, rest));
        let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| "is not an origin")?;
        if url.origin().ascii_serialization() != format!("{scheme}://{rest}") {
            return Err("is more than a scheme, a host and a port in lower case");
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let is_here = !below && (host == "localhost" || literal(&host).is_some_and(|address| address.is_loopback()));
        if host.contains('*') {
            return Err("has a `*` that does not stand alone before the first dot");
        }
        match scheme {
            "http" if is_here => {}
            "https" if literal(&host).is_some() || !host.contains('.') || host.ends_with('.') => {
                return Err("has no name of a host that everybody can look up");
            }
            "https" => {}
            _ => return Err("does not begin with `https://`"),
        }
        Ok(Self { scheme: scheme.to_owned(), host, below, port: url.port() })
    }

    fn has(&self, goal: &Url) -> bool {
        let host = goal.host_str().unwrap_or_default();
        let is_host = match self.below {
            true => host
                .strip_suffix(&self.host)
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|first| !first.is_empty()),
            false => host == self.host,
        };
        is_host && goal.scheme() == self.scheme && goal.port() == self.port
    }
}

/// What is wrong with an origin that a manifest names.
pub(crate) fn problem(origin: &str) -> Option<String> {
    Some(format!("the origin `{origin}` {}", Origin::parse(origin).err()?))
}

/// Fetches the file that an answer leads to; the answer itself where it leads nowhere that is declared. `fetch` sends a request to
/// a place on a new socket, and records it. It may end the whole.
///
/// # Errors
/// That of `fetch`; what went wrong elsewhere is in the result.
pub fn follow<E>(
    connection: &Connection,
    outgoing: &Outgoing,
    answer: Answer,
    mut fetch: impl FnMut(&Connection, &Outgoing) -> Result<Result<Answer, SendError>, E>,
) -> Result<Result<Answer, SendError>, E> {
    if !leads(&answer) || outgoing.answer != AnswerForm::Blob || outgoing.redirects_to.is_empty() {
        return Ok(Ok(answer));
    }
    let status = answer.status;
    let Some(mut goal) = Url::parse(outgoing.url.real()).ok().and_then(|asked| goal(outgoing, &asked, &answer)) else {
        return Ok(Ok(without_place(outgoing, answer)));
    };
    for _ in 0..MOST {
        let there = match elsewhere(connection, outgoing, &goal, status) {
            Ok(there) => there,
            Err(error) => return Ok(Err(error)),
        };
        let mut file = match fetch(&there, &request(connection, outgoing, &goal))? {
            Ok(file) => file,
            Err(error) => return Ok(Err(after(outgoing, status, error))),
        };
        if leads(&file)
            && let Some(next) = self::goal(outgoing, &goal, &file)
        {
            goal = next;
            continue;
        }
        let origin = goal.origin().ascii_serialization();
        if !(200..300).contains(&file.status) {
            let problem =
                format!("the answer leads to {origin}, which answered with status {} and not with a file", file.status);
            return Ok(Err(SendError::Unreadable { status: Some(file.status), problem }));
        }
        file.headers.retain(|(name, _)| KEPT.contains(&name.as_str()));
        file.passed_over.push(format!(
            "its status {status}, as it led to {origin}, where the file was fetched without credentials"
        ));
        return Ok(Ok(file));
    }
    let problem = format!("the answer leads from place to place, more than {MOST} times");
    Ok(Err(SendError::Unreadable { status: Some(status), problem }))
}

/// The connection as it leads to a place, if one may go there.
fn elsewhere(connection: &Connection, outgoing: &Outgoing, goal: &Url, status: u16) -> Result<Connection, SendError> {
    let denied = |denial| SendError::AnswerDenied { status, denial };
    if goal.as_str().len() > LONGEST_URL {
        return Err(denied(too_long()));
    }
    let origin = goal.origin().ascii_serialization();
    // A strong secret in it is masked by now.
    let is_masked = goal.as_str().contains(&*percent_encode(MASK));
    if is_masked || has_strong(connection, outgoing, goal.as_str()) {
        let message = format!("the answer leads to {origin} with a credential of the connection in its address");
        return Err(denied(Rule::Credential.denies(message)));
    }
    let there = connection.elsewhere(&origin);
    there.map_err(|error| SendError::NoAnswer(format!("{origin}, to which the answer leads: {error}")))
}

/// Whether a strong secret is in a text, or what was made of one. Weak ones are not asked for: a plugin could guess them by that.
fn has_strong(connection: &Connection, outgoing: &Outgoing, text: &str) -> bool {
    connection.strong().mask_text(outgoing.strong.mask_text(text.to_owned())) != text
}

fn leads(answer: &Answer) -> bool {
    matches!(answer.status, 301 | 302 | 303 | 307 | 308)
}

/// Where an answer leads, if that is declared.
fn goal(outgoing: &Outgoing, asked: &Url, answer: &Answer) -> Option<Url> {
    let mut locations = answer.headers.iter().filter(|(name, _)| name == "location");
    let (_, location) = locations.next().filter(|_| locations.next().is_none())?;
    let mut goal = asked.join(location).ok()?;
    // It is for the reader of a page, and never sent.
    goal.set_fragment(None);
    let is_plain = goal.username().is_empty() && goal.password().is_none();
    (is_plain && is_declared(outgoing, &goal)).then_some(goal)
}

/// Whether a place is at an origin that the manifest names.
pub(crate) fn is_declared(outgoing: &Outgoing, goal: &Url) -> bool {
    outgoing.redirects_to.iter().any(|origin| Origin::parse(origin).is_ok_and(|origin| origin.has(goal)))
}

/// A request that has nothing in it but where it goes.
fn request(connection: &Connection, outgoing: &Outgoing, goal: &Url) -> Outgoing {
    let (mut strong, mut weak) = (connection.strong().clone(), connection.weak().clone());
    strong.extend(&outgoing.strong);
    weak.extend(&outgoing.weak);
    let shown = format!("{}/{MASK}", goal.origin().ascii_serialization());
    let url = Text::masked(goal.as_str()).but_shown_as(shown);
    Outgoing { url, strong, weak, method: Method::Get, ..Outgoing::get(&outgoing.name, "") }
}

/// An answer that leads where nobody goes, without more of it than an origin: pages that people are led by repeat the address.
fn without_place(outgoing: &Outgoing, mut answer: Answer) -> Answer {
    let asked = Url::parse(outgoing.url.real()).ok();
    for (_, value) in answer.headers.iter_mut().filter(|(name, _)| name == "location" || name == "content-location") {
        let goal = asked.as_ref().and_then(|asked| asked.join(value).ok());
        *value = goal.map(|goal| goal.origin().ascii_serialization()).unwrap_or_default();
    }
    answer.headers.retain(|(name, _)| name != "refresh" && name != "link");
    answer.body.content = Content::Memory(Bytes::new());
    answer
}

/// What went wrong elsewhere, after the request itself was answered.
fn after(outgoing: &Outgoing, status: u16, error: SendError) -> SendError {
    match error {
        SendError::Denied(denial) | SendError::AnswerDenied { denial, .. } => {
            SendError::AnswerDenied { status, denial }
        }
        SendError::Timeout { .. } => SendError::Timeout { sent: true },
        SendError::Unavailable(words) | SendError::Closed(words) => {
            SendError::NoAnswer(format!("the answer leads elsewhere: {words}{}", outgoing.afterwards()))
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn has(origin: &str, goal: &str) -> bool {
        Origin::parse(origin).is_ok_and(|origin| origin.has(&Url::parse(goal).unwrap()))
    }

    #[test]
    fn an_origin_is_a_host_or_all_below_one_and_never_another() {
        for (origin, goal) in [
            ("https://files.example.com", "https://files.example.com/a?b"),
            ("https://files.example.com", "https://FILES.example.com:443/"),
            ("https://files.example.com:8443", "https://files.example.com:8443/"),
            ("https://*.example.com", "https://a.example.com/"),
            ("https://*.example.com", "https://a.b.example.com/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/x"),
        ] {
            assert!(has(origin, goal), "{origin} {goal}");
        }
        for (origin, goal) in [
            ("https://files.example.com", "http://files.example.com/"),
            ("https://files.example.com", "https://files.example.com:444/"),
            ("https://files.example.com", "https://files.example.com./"),
            ("https://files.example.com", "https://files.example.com.evil.test/"),
            ("https://files.example.com", "https://evil.test/files.example.com"),
            ("https://*.example.com", "https://example.com/"),
            ("https://*.example.com", "https://evilexample.com/"),
            ("https://*.example.com", "https://a.example.com.evil.test/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8081/"),
        ] {
            assert!(!has(origin, goal), "{origin} {goal}");
        }
    }

    #[test]
    fn what_is_no_origin_that_everybody_finds_is_told() {
        for (origin, problem) in [
            ("files.example.com", "is not an origin such as"),
            ("http://files.example.com", "does not begin with `https://`"),
            ("http://*.localhost", "does not begin with"),
            ("ftp://files.example.com", "does not begin with"),
            ("https://files.example.com/", "more than a scheme"),
            ("https://files.example.com/a", "more than a scheme"),
            ("https://Files.example.com", "more than a scheme"),
            ("https://files.example.com:443", "more than a scheme"),
            ("https://u:p@files.example.com", "more than a scheme"),
            ("https://*.com", "has no name of a host"),
            ("https://*", "has a `*`"),
            ("https://*.*.example.com", "has a `*`"),
            ("https://a.*.example.com", "has a `*`"),
            ("https://*.10.0.0.1", "has no name of a host"),
            ("https://169.254.169.254", "has no name of a host"),
            ("https://[::1]", "has no name of a host"),
            ("https://localhost", "has no name of a host"),
            ("https://files.example.com.", "has no name of a host"),
        ] {
            let told = super::problem(origin).unwrap_or_default();
            assert!(told.contains(problem), "{origin}: {told}");
        }
        for origin in ["https://files.example.com", "https://*.s3.amazonaws.com", "http://localhost:8080"] {
            assert_eq!(problem(origin), None, "{origin}");
        }
    }

    proptest! {
        #[test]
        fn a_goal_that_is_taken_is_at_a_declared_host(location in "(https?:)?[/\\\\]{0,3}([a-z@:.%*#?\\[\\]0-9-]{0,12}|files\\.example\\.com|\\.example\\.com){0,4}") {
            let asked = Url::parse("https://api.example.net/a/b").unwrap();
            let outgoing = Outgoing {
                redirects_to: vec!["https://files.example.com".to_owned(), "https://*.cdn.test".to_owned()],
                ..Outgoing::get("a", "")
            };
            let headers = vec![("location".to_owned(), location)];
            let answer = Answer { status: 302, headers, body: crate::Blob::new("", "a/b", None), passed_over: Vec::new() };
            if let Some(goal) = goal(&outgoing, &asked, &answer) {
                let host = goal.host_str().unwrap();
                prop_assert!(host == "files.example.com" || host.ends_with(".cdn.test"), "{goal}");
                prop_assert!(goal.scheme() == "https" && goal.port().is_none() && goal.username().is_empty());
            }
        }
    }
}
