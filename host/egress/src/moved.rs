//! Where a redirect leads (RFC 9110, section 15.4), for the operator. It is never followed: an answer cannot choose where
//! credentials go.

use url::{Position, Url};

use crate::asked::printable;
use crate::connection::Connection;
use crate::outgoing::Outgoing;
use crate::send::Answer;

/// Names, in a path or query, of pages where people log in.
const LOGINS: [&str; 7] = ["login", "logon", "signin", "sign_in", "sign-in", "oauth", "saml"];

/// What an answer says of another place, in words that hold no strong secret; none for an answer that is no redirect. A query is
/// never repeated, and of a path no more than is in a base URL where the request had something in it that is masked.
pub fn moved(connection: &Connection, outgoing: &Outgoing, answer: &Answer) -> Option<String> {
    if answer.status == 304 {
        return Some("it says that nothing has changed, which was not asked: look at what stands before it".to_owned());
    }
    if !(300..400).contains(&answer.status) {
        return None;
    }
    let mut headers = answer.headers.iter();
    let Some((_, location)) = headers.find(|(name, _)| name == "location") else {
        return Some("it redirects, and does not say where to: look at base_url".to_owned());
    };
    let asked = Url::parse(outgoing.url.real()).ok()?;
    let Some(goal) = asked.join(location).ok().filter(|goal| matches!(goal.scheme(), "https" | "http")) else {
        return Some(format!("it redirects to `{}`, which is no address: look at base_url", printable(location)));
    };
    let base = Url::parse(connection.base_url()).ok()?;
    let words = match moved_base(&base, &asked, &goal) {
        Some(new) if new.trim_end_matches('/') == connection.base_url() => {
            "it redirects to where it was asked".to_owned()
        }
        Some(new) if base.scheme() == "https" && goal.scheme() == "http" => {
            format!("it redirects to {new}, which has no TLS: look at base_url")
        }
        Some(new) => format!("moved to {new}: set base_url to it if you trust it"),
        None => {
            let place = if outgoing.url.is_masked() { goal.origin().ascii_serialization() } else { place(&goal) };
            let advice = if is_login(&goal) { ", a login: look at the credentials and at" } else { ": look at" };
            format!("it redirects to {place}{advice} base_url")
        }
    };
    Some(connection.strong().mask_text(outgoing.strong.mask_text(words + "; redirects are not followed")))
}

/// The base URL from which the same request would have gone to this goal: what stands before the path of the request.
fn moved_base(base: &Url, asked: &Url, goal: &Url) -> Option<String> {
    let before = base.path().trim_end_matches('/');
    let request = asked.path().strip_prefix(before)?;
    let prefix = match request {
        // The base URL is all that there is: the file in it has to be the same.
        "" | "/" => {
            let file = before.rsplit('/').next().unwrap_or_default();
            let path = goal.path().trim_end_matches('/');
            (path.rsplit('/').next() == Some(file)).then_some(path)?
        }
        request => goal.path().strip_suffix(request)?,
    };
    Some(format!("{}{prefix}", goal.origin().ascii_serialization()))
}

fn is_login(goal: &Url) -> bool {
    let after_host = goal[Position::BeforePath..Position::AfterQuery].to_ascii_lowercase();
    LOGINS.iter().any(|name| after_host.contains(name))
}

/// Without a user name, a password, a query or a fragment.
fn place(goal: &Url) -> String {
    const LONGEST: usize = 500;
    let path = Some(goal.path()).filter(|path| path.len() <= LONGEST).unwrap_or("/…");
    format!("{}{path}", goal.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(base: &str, path: &str, goal: &str) -> Option<String> {
        let parse = |text: &str| Url::parse(text).unwrap();
        let asked = parse(&format!("{base}{path}"));
        moved_base(&parse(base), &asked, &asked.join(goal).unwrap())
    }

    #[test]
    fn the_base_url_that_would_have_led_there_is_worked_out() {
        let new = |goal: &str| base("http://crm.example/api/v1", "/users/7", goal);
        for (goal, expected) in [
            ("https://crm.example/api/v1/users/7", "https://crm.example/api/v1"),
            ("https://crm.example:443/api/v1/users/7?x=1", "https://crm.example/api/v1"),
            ("https://u:p@new.example:8443/v2/users/7#x", "https://new.example:8443/v2"),
            ("/v2/users/7", "http://crm.example/v2"),
            ("//new.example/users/7", "http://new.example"),
            ("7?seen=1", "http://crm.example/api/v1"),
        ] {
            assert_eq!(new(goal).as_deref(), Some(expected), "{goal}");
        }
        for goal in ["https://crm.example/", "/api/v1/users/7/", "/api/v1/users/8", "/login"] {
            assert_eq!(new(goal), None, "{goal}");
        }
    }

    #[test]
    fn a_base_url_that_is_an_endpoint_itself_moves_with_its_file() {
        let new = |goal: &str| base("https://crm.example/crm/webservice.php", "", goal);
        assert_eq!(new("https://www.crm.example/webservice.php").unwrap(), "https://www.crm.example/webservice.php");
        assert_eq!(new("/index.php?module=Users&action=Login"), None);
        assert_eq!(base("http://rpc.example", "", "https://rpc.example/").unwrap(), "https://rpc.example");
        assert_eq!(base("http://rpc.example", "", "https://rpc.example/welcome"), None);
    }
}
