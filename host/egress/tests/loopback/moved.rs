//! Where a redirect leads is told, and nobody goes there.

use serde_json::json;
use wharf_egress::guard::{Item, prepare};
use wharf_egress::send::{Allowance, send};
use wharf_egress::{Deadline, moved};

use crate::{LONG, Server, asked, builder, declared, input, work};

/// What is said of an answer with this status line and these headers, to a request `/api/things/7`, after it was seen that no
/// other request was sent.
fn said(method: &str, status: &str, headers: &str) -> Option<String> {
    let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n");
    let server = Server::answering(move |_, socket| socket.write_all(answer.as_bytes()).unwrap_or(()));
    let connection = builder(&format!("{}/api", server.url())).build().unwrap();
    let item = Item {
        input: &input(),
        attachments: &[],
        sensitive: &["none".to_owned()].into(),
        written: None,
        call: "a-call",
    };
    let outgoing = prepare(&declared(&json!({"method": method})), &asked(), item, &connection, &work()).unwrap();
    let allowance = Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20);
    let answer = send(&connection, &outgoing, allowance, None).unwrap();
    assert_eq!(server.arrived().len(), 1, "it was followed");
    moved(&connection, &outgoing, &answer).map(|words| words.replace(&server.url(), "http://here"))
}

#[test]
fn a_redirect_says_which_base_url_would_be_right_whatever_the_method() {
    for method in ["GET", "POST", "PUT", "DELETE"] {
        for status in ["300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other", "307 x", "308 x"]
        {
            let words = said(method, status, "Location: https://new.test/v2/things/7?key=1\r\n").unwrap();
            assert!(words.starts_with("moved to https://new.test/v2: set base_url to it if you trust it"), "{words}");
            assert!(words.ends_with("redirects are not followed"), "{words}");
        }
    }
    let words = said("GET", "301 x", "Location: /v2/things/7\r\n").unwrap();
    assert!(words.starts_with("moved to http://here/v2: "), "{words}");
}

#[test]
fn a_place_that_is_no_other_base_url_is_named_without_what_could_be_secret_in_it() {
    for (location, expected) in [
        (
            "https://u:geheim@new.test/start?token=geheim#geheim",
            "it redirects to https://new.test/start: look at base_url",
        ),
        (
            "/users/sign_in?next=geheim",
            "it redirects to http://here/users/sign_in, a login: look at the credentials and at base_url",
        ),
        ("/index.php?action=Login&token=geheim", "it redirects to http://here/index.php, a login:"),
        ("ftp://new.test/api/things/7", "it redirects to `ftp://new.test/api/things/7`, which is no address"),
        ("javascript:alert(1)", "it redirects to `javascript:alert(1)`, which is no address"),
        ("https://[2J/", "it redirects to `https://[2J/`, which is no address"),
        ("https://new.test/\u{202e}a", "it redirects to https://new.test/%"),
        ("?again=1", "it redirects to where it was asked"),
    ] {
        let words = said("GET", "302 Found", &format!("Location: {location}\r\n")).unwrap();
        assert!(words.contains(expected) && !words.contains("geheim"), "{location}: {words}");
        assert!(words.ends_with("; redirects are not followed"), "{words}");
        assert!(!words.contains(wharf_egress::text::deceives), "{words}");
    }
    let secret = said("GET", "302 Found", &format!("Location: https://new.test/{}/x\r\n", crate::SECRET)).unwrap();
    assert!(!secret.contains(crate::SECRET), "{secret}");
    let long = said("GET", "302 Found", &format!("Location: https://new.test/{}\r\n", "x".repeat(4000))).unwrap();
    assert!(long.len() < 200, "{long}");
}

#[test]
fn a_base_url_is_told_with_what_its_address_would_need_and_none_that_is_never_reached() {
    for (origin, expected) in [
        (
            "http://169.254.169.254",
            "it redirects to http://169.254.169.254/api/things/7, an address that is never reached: ",
        ),
        (
            "http://0xa9fea9fe",
            "it redirects to http://169.254.169.254/api/things/7, an address that is never reached: ",
        ),
        ("http://[fd00:ec2::254]", "an address that is never reached: look at base_url"),
        ("http://[::ffff:169.254.169.254]", "an address that is never reached: look at base_url"),
        ("http://10.0.0.7", "moved to http://10.0.0.7/api, an internal address: set base_url to it if you trust it"),
        ("http://localhost", "moved to http://localhost/api, an internal address: set base_url"),
        (
            "https://crm.internal",
            "https://crm.internal/api, a name inside of a network, which needs allow_addresses: set",
        ),
        ("https://crm", "https://crm/api, a name inside of a network, which needs allow_addresses: set"),
        (
            "https://a.localhost.",
            "https://a.localhost./api, a name inside of a network, which needs allow_addresses: set",
        ),
        ("https://93.184.216.34", "moved to https://93.184.216.34/api: set base_url to it"),
    ] {
        let words = said("GET", "301 x", &format!("Location: {origin}/api/things/7\r\n")).unwrap();
        assert!(words.contains(expected), "{origin}: {words}");
        assert!(!words.contains("never reached") || !words.contains("set base_url"), "{words}");
    }
}

#[test]
fn an_answer_of_3xx_that_leads_nowhere_is_told_from_one_that_does() {
    for (status, expected) in [("302 Found", "does not say where to"), ("304 Not Modified", "nothing has changed")] {
        let words = said("GET", status, "").unwrap();
        assert!(words.contains(expected) && words.ends_with("; redirects are not followed"), "{words}");
    }
    assert_eq!(said("GET", "200 OK", "Location: https://new.test/\r\n"), None);
    assert_eq!(said("GET", "404 Not Found", "Location: https://new.test/\r\n"), None);
}
