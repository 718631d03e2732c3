//! Where a redirect leads (RFC 9110, section 15.4), for the operator. It is never followed: an answer cannot choose where
//! credentials go.

use url::{Position, Url};

use crate::address::Reach;
use crate::asked::printable;
use crate::connection::Connection;
use crate::outgoing::Outgoing;
use crate::redirect;
use crate::send::Answer;

/// Names, in a path or query, of pages where people log in.
const LOGINS: [&str; 7] = ["login", "logon", "signin", "sign_in", "sign-in", "oauth", "saml"];

/// Ends of names that are used inside of a network.
const INSIDE: [&str; 8] = [".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".home.arpa"];

/// What an answer says of another place, in words that hold no strong secret; none for an answer that is no redirect. A query is
/// never repeated, and of a path no more than is in a base URL where the request had something in it that is masked.
pub fn moved(connection: &Connection, outgoing: &Outgoing, answer: &Answer) -> Option<String> {
    if !(300..400).contains(&answer.status) {
        return None;
    }
    let connection = connection.server(outgoing.server()).ok()?;
    let words = lead(connection, outgoing, answer)? + "; redirects are not followed";
    Some(connection.strong().mask_text(outgoing.strong.mask_text(words)))
}

fn lead(connection: &Connection, outgoing: &Outgoing, answer: &Answer) -> Option<String> {
    if answer.status == 304 {
        return Some("it says that nothing has changed, which was not asked: look at what stands before it".to_owned());
    }
    let key = connection.key();
    let mut headers = answer.headers.iter();
    let Some((_, location)) = headers.find(|(name, _)| name == "location") else {
        return Some(format!("it redirects, and does not say where to: look at {key}"));
    };
    let asked = Url::parse(outgoing.url.real()).ok()?;
    let Some(goal) = asked.join(location).ok().filter(|goal| matches!(goal.scheme(), "https" | "http")) else {
        return Some(format!("it redirects to `{}`, which is no address: look at {key}", printable(location)));
    };
    let place = || if outgoing.url.is_masked() { goal.origin().ascii_serialization() } else { place(&goal) };
    let beyond = Beyond::of(connection, &asked, &goal);
    if beyond == Beyond::Never {
        return Some(format!("it redirects to {}, an address that is never reached: look at {key}", place()));
    }
    if !outgoing.redirects_to.is_empty() && !redirect::is_declared(outgoing, &goal) {
        let (origin, named) = (goal.origin().ascii_serialization(), outgoing.redirects_to.join(", "));
        return Some(format!(
            "it redirects to {origin}, which is not among the origins that the manifest names for the file ({named}): look at {key}"
        ));
    }
    Some(match moved_base(connection, &asked, &goal) {
        Some(new) if new == connection.base_url() => "it redirects to where it was asked".to_owned(),
        Some(new) if asked.scheme() == "https" && goal.scheme() == "http" => {
            format!("it redirects to {new}, which has no TLS: look at {key}")
        }
        Some(new) => format!("moved to {new}{}: set {key} to it if you trust it", beyond.in_words()),
        None => {
            let advice = if is_login(&goal) { ", a login: look at the credentials and at" } else { ": look at" };
            format!("it redirects to {}{advice} {key}", place())
        }
    })
}

/// What stands between the connection and the host of a goal. It is not resolved: who redirects could choose what is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beyond {
    Nothing,
    /// It names an internal address, which whoever writes it into a base URL allows.
    Internal,
    /// It is a name of a kind that has internal addresses, which have to be allowed.
    InternalName,
    Never,
}

impl Beyond {
    fn of(connection: &Connection, asked: &Url, goal: &Url) -> Self {
        let host = goal.host_str().unwrap_or_default();
        if goal.host() == asked.host() {
            return Self::Nothing;
        }
        let name = host.trim_end_matches('.');
        match connection.reach(host) {
            Some(Reach::Never) => Self::Never,
            Some(Reach::Internal) => Self::Internal,
            None if host == "localhost" => Self::Internal,
            Some(Reach::Public) => Self::Nothing,
            // Then it is the proxy that resolves it.
            None if connection.has_proxy() => Self::Nothing,
            None if !name.contains('.') || INSIDE.iter().any(|end| name.ends_with(end)) => Self::InternalName,
            None => Self::Nothing,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Nothing | Self::Never => "",
            Self::Internal => ", an internal address",
            Self::InternalName => ", a name inside of a network, which needs allow_addresses",
        }
    }
}

/// The base URL from which the same request would have gone to this goal: what stands before the path of the request. None where
/// the connection would make something else of it, as of one without its suffix.
fn moved_base(connection: &Connection, asked: &Url, goal: &Url) -> Option<String> {
    let base = Url::parse(connection.base_url()).ok()?;
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
    let new = connection.normalised(&format!("{}{prefix}", goal.origin().ascii_serialization()))?;
    let leads_to = Url::parse(&format!("{new}{request}")).ok()?;
    (leads_to.origin() == goal.origin() && leads_to.path() == goal.path()).then_some(new)
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
        with_suffix("", base, path, goal)
    }

    fn with_suffix(suffix: &str, base: &str, path: &str, goal: &str) -> Option<String> {
        let connection = Connection::builder("acme", "main", base).suffix(suffix).build().unwrap();
        let asked = Url::parse(&format!("{}{path}", connection.base_url())).unwrap();
        moved_base(&connection, &asked, &asked.join(goal).unwrap())
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

    #[test]
    fn no_base_url_is_told_that_the_connection_would_make_another_one_of() {
        let new = |goal: &str| with_suffix("/v1", "https://cloud.example", "/users/a", goal);
        for (goal, expected) in [
            ("https://new.example/v1/users/a", Some("https://new.example/v1")),
            ("https://new.example/app/v1/users/a", Some("https://new.example/app/v1")),
            ("https://new.example/users/a", None),
            ("https://new.example/v2/users/a", None),
            ("https://new.example/v1//users/a", None),
        ] {
            assert_eq!(new(goal).as_deref(), expected, "{goal}");
        }
        let new = |goal: &str| with_suffix("/webservice.php", "https://crm.example", "", goal);
        assert_eq!(new("https://new.example/webservice.php").unwrap(), "https://new.example/webservice.php");
        assert_eq!(new("https://new.example/webservice.php/"), None);
        assert_eq!(
            base("https://rpc.example/rpc", "", "https://rpc.example/rpc/"),
            None,
            "the slash would be taken away"
        );
    }
}
