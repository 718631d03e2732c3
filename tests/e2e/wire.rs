//! What servers do on the wire, as a caller of the binary sees it.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::world::World;

const KEY: &str = "k7RmX2vQp9LzT4wBq3N8";

/// A server that does with each socket, by its number, what it is told to; and the first lines that arrived.
struct Raw {
    url: String,
    arrived: Arc<Mutex<Vec<String>>>,
}

/// A socket of the server.
struct Peer {
    socket: TcpStream,
    arrived: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    fn start(script: impl Fn(&mut Peer, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (arrived, script) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(script));
        let server = Self { url, arrived: Arc::clone(&arrived) };
        thread::spawn(move || {
            for (number, socket) in listener.incoming().map_while(Result::ok).enumerate() {
                let (mut peer, script) = (Peer { socket, arrived: Arc::clone(&arrived) }, Arc::clone(&script));
                thread::spawn(move || script(&mut peer, number));
            }
        });
        server
    }

    /// Answers everything with these bytes.
    fn saying(bytes: String) -> Self {
        Self::start(move |peer, _| {
            while peer.request().is_some() {
                peer.say(&bytes);
            }
        })
    }

    fn arrived(&self) -> Vec<String> {
        self.arrived.lock().unwrap().clone()
    }

    /// A world with connections of Chatwoot and Appwrite to it, and more in the configuration.
    fn world(&self, more: &str) -> World {
        let world = World::new();
        let connection = |provider: &str, fields: &str| {
            let url = &self.url;
            format!(
                "[connections.{provider}]\nprovider = \"{provider}\"\nbase_url = \"{url}\"\n[connections.{provider}.fields]\n{fields}\n"
            )
        };
        let appwrite = connection("appwrite", &format!("project_id = \"p\"\napi_key = \"{KEY}\""));
        let chatwoot = connection("chatwoot", &format!("user_token = \"{KEY}\""));
        world.configure(&format!("{more}\n{appwrite}{chatwoot}"));
        world
    }
}

impl Peer {
    /// The first line of the next request, without its body; none at the end.
    fn head(&mut self) -> Option<(String, usize)> {
        let (mut request, mut one) = (Vec::new(), [0]);
        while !request.ends_with(b"\r\n\r\n") {
            if self.socket.read(&mut one).unwrap_or(0) == 0 {
                return None;
            }
            request.push(one[0]);
        }
        let head = String::from_utf8(request).unwrap();
        let line = head.lines().next().unwrap().to_owned();
        self.arrived.lock().unwrap().push(line.clone());
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        Some((line, length.unwrap_or(0)))
    }

    /// The same, and reads the body.
    fn request(&mut self) -> Option<String> {
        let (line, length) = self.head()?;
        self.socket.read_exact(&mut vec![0; length]).ok()?;
        Some(line)
    }

    fn say(&mut self, bytes: &str) {
        self.socket.write_all(bytes.as_bytes()).unwrap_or(());
    }
}

fn json(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Users from one number on.
fn users(from: usize, count: usize) -> String {
    let mut users = String::new();
    for number in from..from + count {
        write!(users, "{}{{\"$id\":\"u{number}\"}}", if number > from { "," } else { "" }).unwrap();
    }
    json("200 OK", &format!("{{\"total\":150,\"users\":[{users}]}}"))
}

/// Gives two pages, and closes its first socket as the second page is asked for.
fn closing_between_pages() -> Raw {
    Raw::start(|peer, number| {
        if number == 0 {
            peer.request();
            peer.say(&users(0, 100));
            peer.request();
            return;
        }
        peer.request();
        peer.say(&users(100, 50));
        while peer.request().is_some() {
            peer.say(&users(150, 0));
        }
    })
}

#[test]
fn a_page_whose_socket_the_server_had_closed_is_asked_for_once_more_and_that_is_recorded() {
    let server = closing_between_pages();
    let world = server.world("");
    let run = world.call("appwrite users.list maxItems=150");
    assert_eq!((run.code, run.json()["users"].as_array().unwrap().len()), (0, 150), "{run:?}");
    let arrived = server.arrived();
    assert_eq!((arrived.len(), &arrived[1]), (3, &arrived[2]), "the same request goes out again");
    let audit = world.wharf(&["audit", "show", "--json"]).json();
    let kinds: Vec<&str> = audit.as_array().unwrap().iter().filter_map(|record| record["event"].as_str()).collect();
    assert_eq!(kinds, ["intent", "outcome", "intent", "outcome", "intent", "outcome"], "{audit}");
}

#[test]
fn a_request_that_goes_out_once_more_counts_once_more() {
    let server = closing_between_pages();
    let run = server.world("[limits]\nrequests = 2").call("appwrite users.list maxItems=150");
    run.fails(5, &["`requests`", "the request had to be sent once more", "raise"]);
    assert_eq!(server.arrived().len(), 2);
}

#[test]
fn a_post_whose_socket_the_server_had_closed_is_not_sent_again() {
    let server = Raw::start(|peer, _| {
        peer.request();
        peer.say(&json("200 OK", "{\"id\":1}"));
        peer.request();
    });
    let items = r#"[{"account_id":1,"inbox_id":1,"name":"one"},{"account_id":1,"inbox_id":1,"name":"two"}]"#;
    let run = server.world("").wharf(&["call", "chatwoot", "contacts.create", "--input", items, "--retries", "3"]);
    run.fails(4, &["item 2 of 2", "unavailable: sent to http", "before an answer came", "may have been done"]);
    assert_eq!(server.arrived().len(), 2, "{:?}", server.arrived());
}

#[test]
fn a_change_that_was_sent_and_has_no_answer_may_have_been_done_and_one_that_was_not_sent_was_not() {
    let post = ["call", "chatwoot", "contacts.create", "account_id=1", "inbox_id=1", "name=one"];
    let silent = Raw::start(|peer, _| drop(peer.request()));
    let world = silent.world("");
    world.wharf(&post).fails(4, &["unavailable: sent to", "no answer: the connection was", "may have been done"]);
    let records = world.wharf(&["audit", "show"]).out;
    assert!(records.contains("sent to") && records.contains("may have been done"), "{records}");

    let slow = Raw::start(|peer, _| {
        peer.request();
        peer.request();
    });
    let mut in_time = post.to_vec();
    in_time.extend(["--timeout", "500ms"]);
    slow.world("").wharf(&in_time).fails(5, &["`timeout`", "the request was sent", "may have been done"]);
    // What only reads was not done, whatever became of it.
    let run = slow.world("").call("appwrite users.list --timeout 500ms");
    run.fails(5, &["`timeout`", "the request was sent"]);
    assert!(!run.err.contains("may have been done"), "{run:?}");

    let large = Raw::saying(json("200 OK", &format!("{{\"a\":\"{}\"}}", "a".repeat(2000))));
    large.world("[limits]\nanswer = 1000").wharf(&post).fails(5, &["`answer`", "may have been done"]);
    let garbled = Raw::saying("HTTP/1.1 banana\r\n\r\n".to_owned());
    garbled.world("").wharf(&post).fails(4, &["cannot be read", "may have been done"]);

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = Raw { url: format!("http://{nobody}"), arrived: Arc::default() };
    let run = gone.world("").wharf(&post);
    run.fails(4, &["unavailable: nothing listens at"]);
    assert!(!run.err.contains("may have been done") && !run.err.contains("sent to"), "{run:?}");
}

#[test]
fn what_an_earlier_attempt_may_have_done_is_told_with_the_last_one() {
    let post =
        ["call", "chatwoot", "conversations.toggle-status", "account_id=1", "conversation_id=1", "status=resolved"];
    let mut again = post.to_vec();
    again.extend(["--retries", "1"]);
    let missing = "{\"error\":\"Resource could not be found\"}";
    let server = Raw::start(move |peer, number| {
        peer.request();
        if number > 0 {
            peer.say(&json("404 Not Found", missing));
        }
    });
    let world = server.world("");
    world.wharf(&again).fails(4, &["not found", "an earlier attempt was sent", "may have been done"]);
    assert_eq!(server.arrived().len(), 2);
}

#[test]
fn a_change_that_was_answered_and_failed_here_may_have_been_done() {
    let post = ["call", "chatwoot", "contacts.create", "account_id=1", "inbox_id=1", "name=one"];
    let large = Raw::saying(json("200 OK", &format!("{{\"a\":\"{}\"}}", "a".repeat(2000))));
    large.world("[limits]\noutput = 1000").wharf(&post).fails(5, &["`output`", "may have been done"]);
    for (status, body) in
        [("200 OK", "<html>"), ("201 Created", "{\"a\""), ("504 Gateway Timeout", ""), ("502 Bad Gateway", "<html>")]
    {
        Raw::saying(json(status, body)).world("").wharf(&post).fails(4, &["may have been done"]);
    }
    for (status, body) in
        [("503 Service Unavailable", ""), ("422 Unprocessable Entity", "{\"message\":\"no\"}"), ("500 Oops", "")]
    {
        let run = Raw::saying(json(status, body)).world("").wharf(&post);
        assert!(run.code != 0 && !run.err.contains("may have been done"), "{run:?}");
    }
    let run = Raw::saying(json("200 OK", "<html>")).world("").call("appwrite users.list");
    assert!(run.code == 4 && !run.err.contains("may have been done"), "{run:?}");
}

#[test]
fn a_large_head_is_a_limit_with_a_key_of_its_own() {
    let policy = "a".repeat(70 << 10);
    let body = "{\"id\":1}";
    let server = Raw::saying(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Security-Policy: {policy}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    server.world("").call("chatwoot profile.get").fails(5, &["`answer_head`", "64.0 KiB", "raise `answer_head`"]);
    let run = server.world("[limits]\nanswer_head = \"128KiB\"").call("chatwoot profile.get");
    assert_eq!((run.code, &run.json()["id"]), (0, &1.into()), "{run:?}");
}

#[test]
fn a_warning_of_php_among_the_headers_is_told_to_who_asks_and_harms_nobody() {
    let warning = "PHP Warning:  Undefined variable $a in /srv/www/api.php on line 3";
    let body = "{\"id\":1}";
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\n{warning}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let world = Raw::saying(answer).world("");
    let run = world.call("chatwoot profile.get");
    assert!(run.code == 0 && !run.err.contains("passed over"), "{run:?}");
    let run = world.call("chatwoot profile.get --verbose");
    assert!(
        run.err.contains(&format!("passed over a part of the answer: a line that is no header: `{warning}`")),
        "{run:?}"
    );
}

#[test]
fn a_head_that_could_be_read_in_two_ways_is_the_providers_failure() {
    let answer =
        "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"id\":1}\r\n0\r\n\r\n";
    let server = Raw::saying(answer.to_owned());
    let run = server.world("").wharf(&["call", "chatwoot", "profile.get", "--retries", "3"]);
    run.fails(4, &["cannot be read", "both a content-length and a transfer-encoding"]);
    assert_eq!(server.arrived().len(), 1, "it is not tried again");
}

#[test]
fn a_server_that_refuses_an_upload_before_it_has_read_it_is_heard() {
    let server = Raw::start(|peer, _| {
        peer.head();
        peer.say(&json("413 Content Too Large", "{\"error\":\"files have 10 MB at most\"}"));
    });
    let world = server.world("");
    let file = world.write("large.bin", vec![b'x'; 20 << 20]);
    let attach = format!("attachments=@{}", file.display());
    let words = [
        "call",
        "chatwoot",
        "messages.create",
        "account_id=1",
        "conversation_id=1",
        "content=hi",
        "--attach",
        &attach,
        "--retries",
        "3",
    ];
    let run = world.wharf(&words);
    run.fails(4, &["files have 10 MB at most", "status 413"]);
    assert!(!run.err.contains("unavailable"), "{}", run.err);
    assert_eq!(server.arrived().len(), 1);
}

#[test]
fn an_error_whose_body_cannot_be_decoded_is_told_by_its_status_and_its_encoding() {
    let answer = "HTTP/1.1 401 Unauthorized\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc";
    let run = Raw::saying(answer.to_owned()).world("").call("appwrite users.list");
    run.fails(4, &["unauthorized", "an answer whose body cannot be read (content-encoding `br`)", "status 401"]);
}
