//! A plugin that sends guesses to a provider which repeats them, and looks at what comes back.
//!
//! What it can gain: with a weak secret nothing, as what it sees does not depend on the secret. With a strong one, at least 64
//! bits of it, n guesses are worth n · 2⁻⁶⁴. A thousand calls of 25 MiB have room for 2³² guesses of 6 bytes; one of them is
//! right with a probability of less than 2⁻³².

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use wharf_egress::guard::{Asked, AskedBody, Item, prepare};
use wharf_egress::send::{Allowance, Answer, SendError, send};
use wharf_egress::{Blob, Connection, ConnectionBuilder, Deadline, Secret};

use crate::{SECRET, Server, asked, builder, declared, declared_with, input, work};

const LARGE: usize = 25 << 20;

/// Answers each request with what was sent: in the body, in a header, in the name of one, and in the name of a file.
fn echo() -> Server {
    Server::answering(|request, socket| {
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let guess: String = body.chars().take(100).filter(char::is_ascii_alphanumeric).collect();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nX-Echo: {guess}\r\nX-{guess}: 1\r\nContent-Type: text/{guess}\r\n\
             Content-Disposition: attachment; filename=\"{guess}.txt\"\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(answer.as_bytes()).unwrap_or(());
    })
}

fn weak(server: &Server, pin: &str) -> Connection {
    let builder = Connection::builder("acme", "main", &server.url()).secret("key", Secret::new(pin));
    builder.allow_weak(["key"]).build().unwrap()
}

/// What the plugin gets to see for a body of its own.
fn seen(connection: &Connection, body: String) -> Result<Answer, SendError> {
    seen_with(&json!([]), connection, body)
}

/// The same where the secret goes through functions.
fn seen_with(functions: &Value, connection: &Connection, body: String) -> Result<Answer, SendError> {
    let declared = declared_with(
        functions,
        &json!({"method": "POST", "body": {"blob": {"source": {"free": "a test"}, "media-types": ["text/plain"]}}}),
    );
    let asked = Asked { body: Some(AskedBody::Blob(Blob::new(body, "text/plain", None))), ..asked() };
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = prepare(&declared, &asked, item, connection, &work()).unwrap();
    let allowance = Allowance::new(Deadline::within(Duration::from_secs(60)), 64 << 10, LARGE as u64 + 1);
    send(connection, &outgoing, allowance, None)
}

/// Numbers of eight digits, one after the other.
fn guesses(from: usize, many: usize) -> String {
    (from..from + many).map(|number| format!("{number:08}\n")).collect()
}

#[test]
fn a_thousand_calls_with_guesses_tell_nothing_of_a_weak_secret() {
    let server = echo();
    // Two operators with different secrets: if the plugin cannot tell them apart, it knows nothing of either.
    let (one, other) = (weak(&server, "00004711"), weak(&server, "99990815"));
    const CALLS: usize = 500;
    for call in 0..CALLS {
        let body = guesses(call * 10, 10);
        let (of_one, of_other) = (seen(&one, body.clone()).unwrap(), seen(&other, body.clone()).unwrap());
        assert_eq!(of_one.body, of_other.body, "call {call}");
        assert_eq!(of_one.headers, of_other.headers, "call {call}");
        assert_eq!(of_one.body.bytes().unwrap(), body);
    }
    assert!(guesses(0, CALLS * 10).contains("00004711"), "the right one was among them");
}

#[test]
fn a_call_of_25_mebibytes_of_guesses_tells_nothing_of_a_weak_secret() {
    let server = echo();
    let body = guesses(0, LARGE / 9);
    assert!(body.contains("00004711"));
    for pin in ["00004711", "99990815"] {
        let answer = seen(&weak(&server, pin), body.clone()).unwrap();
        assert!(answer.body.bytes().unwrap() == body, "the answer is another one with {pin}");
    }
}

/// Also where a scheme encodes it: what is made of weak secrets alone can be guessed as well as they can.
#[test]
fn what_a_scheme_makes_of_a_weak_secret_is_no_way_to_guess_it() {
    let server = echo();
    let of = |connection: &Connection, guess: &str| {
        seen_with(&json!(["base64"]), connection, guess.to_owned()).unwrap().body.bytes().unwrap()
    };
    // `00004711` in base 64, and the strong secret.
    let (of_weak, of_strong) = ("MDAwMDQ3MTE=", "azdSbVgydlFwOUx6VDR3Qg==");
    assert_eq!(of(&weak(&server, "00004711"), of_weak), of_weak);
    let strong = Connection::builder("acme", "main", &server.url()).secret("key", Secret::new("k7RmX2vQp9LzT4wB"));
    assert_eq!(of(&strong.build().unwrap(), of_strong), "•••");
}

/// People see neither: the plugin may know a weak secret from an answer, and write it wherever it may write.
#[test]
fn what_people_see_of_a_request_has_no_weak_secret_in_it_though_the_plugin_wrote_it() {
    let connection = weak(&Server::start(), "00004711");
    let declared = declared_with(
        &json!(["base64"]),
        &json!({"query": [{"name": "q", "source": {"free": "a test"}, "lists": "repeated"}]}),
    );
    for free in ["00004711", "MDAwMDQ3MTE="] {
        let asked = Asked { query: vec![("q".to_owned(), free.to_owned())], ..asked() };
        let item =
            Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
        let shown = prepare(&declared, &asked, item, &connection, &work()).unwrap().shown();
        assert!(shown.url.ends_with("?q=•••"), "{shown:?}");
    }
}

#[test]
fn a_strong_secret_is_masked_wherever_it_is_repeated_in_the_names_of_headers_too() {
    let key = "k7RmX2vQp9LzT4wB";
    let server = echo();
    let connection =
        Connection::builder("acme", "main", &server.url()).secret("key", Secret::new(key)).build().unwrap();
    let answer = seen(&connection, key.to_owned()).unwrap();
    let text = format!("{answer:?}").to_lowercase();
    assert!(!text.contains(&key.to_lowercase()), "{text}");
    assert!(answer.headers.contains(&("x-•••".to_owned(), "1".to_owned())), "{answer:?}");
    assert_eq!(answer.body.bytes().unwrap(), "•••");
    assert_eq!(answer.body.file_name.as_deref(), Some("•••.txt"));
}

/// Why there is no answer is told without the provider's words, or with those words masked.
#[test]
fn a_strong_secret_in_an_encoding_that_was_not_asked_for_is_masked() {
    let server = Server::answering(|_, socket| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {SECRET}\r\nContent-Length: 1\r\n\r\n?");
        socket.write_all(head.as_bytes()).unwrap_or(());
    });
    let refused = crate::get(&builder(&server.url()).build().unwrap()).unwrap_err();
    assert!(refused.to_string().contains("is encoded as `•••`"), "{refused}");
}

#[test]
fn no_part_of_a_strong_secret_is_told_where_a_message_ends_in_the_middle_of_it() {
    for before in (40..90).chain(200..250) {
        let server = Server::answering(move |_, socket| {
            let line = format!("HTTP/1.1 {}{SECRET}\r\n\r\n", "x".repeat(before));
            socket.write_all(line.as_bytes()).unwrap_or(());
        });
        let words = crate::get(&builder(&server.url()).build().unwrap()).unwrap_err().to_string();
        let told = words.contains(SECRET.get(..8).unwrap());
        assert!(words.contains("its status line is `HTTP") && !told, "{words}");
    }
}

#[test]
fn the_length_of_a_url_with_a_secret_in_it_is_not_told() {
    let placed_in = |secret: &str| -> ConnectionBuilder {
        Connection::builder("acme", "main", "http://127.0.0.1:9").secret("key", Secret::new(secret))
    };
    let mut input = input();
    input.insert("id".to_owned(), json!("x".repeat(17_000)));
    let denied = |connection: Connection| {
        let item = Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
        prepare(&declared(&json!({})), &asked(), item, &connection, &work()).unwrap_err().to_string()
    };
    let short = denied(placed_in("k7RmX2vQp9LzT4wB").build().unwrap());
    assert_eq!(short, denied(placed_in("tKz8Wq3VnJ5mRx7YbLc2PdHs").build().unwrap()));
}
