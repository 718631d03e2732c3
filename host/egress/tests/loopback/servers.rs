//! Several servers of one provider: each is held to every rule by itself, and gets no credentials that are not for it.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_egress::audit::{Audit, Recorder, Who};
use wharf_egress::declaration::{AnswerForm, Declaration, Effect, Operation, Request, Scheme, compile};
use wharf_egress::guard::{Item, Refusal, prepare};
use wharf_egress::lines::LineForm;
use wharf_egress::open::{Opened, Sender, Wanted, open};
use wharf_egress::send::{Allowance, Answer, SendError, send};
use wharf_egress::{Connection, ConnectionError, Deadline, moved};

use crate::{LONG, SECRET, Server, answers, asked, builder, denied, input, work};

/// A request to a server, with the secret in this placement, for these servers.
fn declared(server: &Value, scheme: &Value, placement: (&str, &str), servers: &Value) -> Vec<Declaration> {
    let path = if placement.0 == "path" { format!("/bot{{{}}}/things", placement.1) } else { "/things".to_owned() };
    compiled(request(server, scheme, &path), placement, servers)
}

fn request(server: &Value, scheme: &Value, path: &str) -> Request {
    serde_json::from_value(json!({
        "name": "main", "method": "GET", "server": server, "path": path, "variables": [], "query": [], "headers": [],
        "body": "none", "scheme": scheme, "answer": "bytes", "read-only": false, "sensitive-answer": [],
    }))
    .unwrap()
}

fn compiled(request: Request, placement: (&str, &str), servers: &Value) -> Vec<Declaration> {
    let scheme: Scheme = serde_json::from_value(json!({
        "name": "key", "summary": "", "values": [], "servers": servers, "placements": [{
            "location": placement.0, "name": placement.1, "template": {"parts": [{"field": "key"}], "functions": []},
        }],
    }))
    .unwrap();
    let requests = [request];
    let operation =
        Operation { name: "things.do", effect: Effect::Read, inputs: &[], attachments: &[], requests: &requests };
    compile(&["key"], &[scheme], &[operation]).unwrap().remove(0)
}

fn to_uploads() -> Vec<Declaration> {
    declared(&json!("uploads"), &json!("key"), ("header", "X-Key"), &json!(["uploads"]))
}

fn get(connection: &Connection, declared: &[Declaration]) -> Result<Answer, SendError> {
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = prepare(declared, &asked(), item, connection, &work()).unwrap();
    send(connection, &outgoing, Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20), None)
}

/// Asks for an answer that is read line by line.
fn open_lines(connection: &Connection, declared: &[Declaration]) -> Result<String, SendError> {
    struct Us<'a>(&'a Connection);
    impl Sender for Us<'_> {
        fn connection(&self) -> &Connection {
            self.0
        }

        fn recorder(&self) -> Option<Recorder<'_>> {
            None
        }
    }
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = Arc::new(prepare(declared, &asked(), item, connection, &work()).unwrap());
    let allowance = Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20);
    let wanted = |_, _: &[(String, String)]| Some(Wanted { form: LineForm::Json, item_bytes: 1 << 10 });
    let Opened::Lines(mut lines) = open(Us(connection), outgoing, allowance, None, wanted)? else {
        panic!("it is wanted")
    };
    let mut all = String::new();
    while let Some(line) = lines.next_line()? {
        all += &line.data;
    }
    Ok(all)
}

fn echo() -> Server {
    Server::answering(|head, socket| {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}", head.len());
        socket.write_all(answer.as_bytes()).unwrap_or(());
    })
}

#[test]
fn a_request_goes_to_its_own_server_and_the_secrets_are_masked_in_the_answers_of_all() {
    let (main, uploads) = (echo(), echo());
    let connection = builder(&main.url()).server("uploads", &format!("{}/", uploads.url()), "/v2").build().unwrap();
    let answer = get(&connection, &to_uploads()).unwrap();
    assert!(main.arrived().is_empty() && main.sockets() == 0);
    let arrived = &uploads.arrived()[0];
    assert!(arrived.starts_with("GET /v2/things HTTP/1.1") && arrived.contains(SECRET), "{arrived}");
    assert!(!String::from_utf8_lossy(answer.body.in_memory().unwrap()).contains(SECRET), "{answer:?}");

    get(&connection, &declared(&Value::Null, &json!("key"), ("header", "X-Key"), &json!([]))).unwrap();
    assert!(main.arrived()[0].starts_with("GET /things HTTP/1.1"));
    let without = declared(&json!("uploads"), &Value::Null, ("header", "X-Key"), &json!([]));
    get(&connection, &without).unwrap();
    assert!(!uploads.arrived()[1].contains(SECRET), "credentials are not for it");
}

#[test]
fn addresses_are_judged_for_each_server_by_what_the_operator_wrote_for_it() {
    let (main, uploads) = (Server::start(), Server::start());
    let by_name = uploads.url_by_name("uploads.test");
    let built = || builder(&main.url()).server("uploads", &by_name, "").lookup(answers(&["127.0.0.1"]));
    // The main one is an address, which is meant; that allows nothing for the other one.
    let denial = denied(get(&built().build().unwrap(), &to_uploads()));
    assert_eq!(denial.rule.name(), "address");
    assert_eq!((uploads.sockets(), main.sockets()), (0, 0));
    let lines = open_lines(&built().build().unwrap(), &to_uploads());
    assert_eq!(denied(lines.map(|all| panic!("{all}"))).rule.name(), "address");
    assert_eq!((uploads.sockets(), main.sockets()), (0, 0));
    let allowed = built().allow_addresses(["127.0.0.1/32".parse().unwrap()]).build().unwrap();
    assert_eq!(get(&allowed, &to_uploads()).unwrap().status, 200);
    assert_eq!(open_lines(&allowed, &to_uploads()).unwrap(), "ok");
    let never = builder(&main.url()).server("uploads", "http://169.254.169.254", "").build().unwrap();
    assert_eq!(denied(get(&never, &to_uploads())).rule.name(), "address");
}

#[test]
fn a_server_that_nobody_has_named_is_told_and_nothing_goes_to_another_one() {
    let main = Server::start();
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let connection = builder(&main.url()).absent_server("uploads", "write servers").build().unwrap();
    match prepare(&to_uploads(), &asked(), item, &connection, &work()) {
        Err(Refusal::MissingCredential(missing)) => {
            assert_eq!(missing.to_string(), "connection `main` of `acme` has no `servers.uploads`: write servers");
        }
        other => panic!("{other:?}"),
    }
    // Made for a connection that has it, and sent by one that has not.
    let there = builder(&main.url()).server("uploads", "http://127.0.0.1:9", "").build().unwrap();
    let outgoing = prepare(&to_uploads(), &asked(), item, &there, &work()).unwrap();
    let allowance = Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20);
    assert!(matches!(send(&connection, &outgoing, allowance, None), Err(SendError::Unavailable(_))));
    assert_eq!(main.sockets(), 0);
}

#[test]
fn another_server_makes_another_connection_and_a_wrong_one_is_named() {
    let of = |url: &str| builder("https://acme.example").server("uploads", url, "").build();
    assert_ne!(of("https://a.example").unwrap().identity(), of("https://b.example").unwrap().identity());
    match of("https://u:geheim@a.example") {
        Err(ConnectionError::Server { server, problem }) => {
            assert_eq!((server.as_str(), *problem), ("uploads", ConnectionError::UserInfo));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_redirect_of_a_further_server_says_which_key_would_be_right() {
    let uploads = Server::answering(|_, socket| {
        let answer = "HTTP/1.1 301 x\r\nLocation: https://new.test/v3/things\r\nContent-Length: 0\r\n\r\n";
        socket.write_all(answer.as_bytes()).unwrap_or(());
    });
    let connection = builder("https://acme.example").server("uploads", &uploads.url(), "").build().unwrap();
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = prepare(&to_uploads(), &asked(), item, &connection, &work()).unwrap();
    let allowance = Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20);
    let answer = send(&connection, &outgoing, allowance, None).unwrap();
    let words = moved(&connection, &outgoing, &answer).unwrap();
    assert!(words.starts_with("moved to https://new.test/v3: set servers.uploads to it"), "{words}");
}

#[test]
fn a_file_that_a_further_server_leads_to_is_fetched_without_its_credentials() {
    let files = echo();
    let goal = files.url();
    let leads = move |_: &str, socket: &mut dyn Write| {
        let answer = format!("HTTP/1.1 302 x\r\nLocation: {goal}/f\r\nContent-Length: 0\r\n\r\n");
        socket.write_all(answer.as_bytes()).unwrap_or(());
    };
    let (main, uploads) = (Server::start(), Server::answering(leads));
    let connection = builder(&main.url()).server("uploads", &uploads.url(), "");
    let connection = connection.allow_addresses(["127.0.0.1/32".parse().unwrap()]).build().unwrap();
    let mut request = request(&json!("uploads"), &json!("key"), "/things");
    (request.answer, request.redirects_to) = (AnswerForm::Blob, vec![files.url()]);
    let declared = compiled(request, ("header", "X-Key"), &json!(["uploads"]));
    assert_eq!(get(&connection, &declared).unwrap().status, 200);
    assert!(uploads.arrived()[0].contains(SECRET) && !files.arrived()[0].contains(SECRET));
    assert_eq!(main.sockets(), 0);
}

#[test]
fn a_secret_in_the_path_arrives_and_is_in_nothing_that_anybody_reads() {
    // As it stands in a URL, and as an error page repeats it.
    let server = Server::answering(|head, socket| {
        let plain = head.replace("%2B", "+");
        let answer = format!("HTTP/1.1 404 x\r\nX-Path: {SECRET}\r\nContent-Length: {}\r\n\r\n{plain}", plain.len());
        socket.write_all(answer.as_bytes()).unwrap_or(());
    });
    let connection = builder(&server.url()).build().unwrap();
    let declared = declared(&Value::Null, &json!("key"), ("path", "token"), &json!([]));
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = prepare(&declared, &asked(), item, &connection, &work()).unwrap();
    let folder = TempDir::new().unwrap();
    let (file, allowance) =
        (folder.path().join("audit.jsonl"), Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20));
    let audit = Audit::new(&file, "p", true);
    let who =
        Who { call: "p-1", principal: None, plugin: "acme", digest: "d", operation: "things.do", connection: "main" };
    let answer = send(&connection, &outgoing, allowance, Some(Recorder { audit: &audit, who })).unwrap();
    assert!(server.arrived()[0].starts_with(&format!("GET /bot{SECRET}/things HTTP/1.1")));
    let shown = outgoing.shown();
    assert!(shown.url.ends_with("/bot•••/things"), "{shown:?}");
    let audit = fs::read_to_string(&file).unwrap();
    assert!(audit.contains("/bot•••/things"), "{audit}");
    let nothing = builder("http://127.0.0.1:1").build().unwrap();
    let outgoing = prepare(&declared, &asked(), item, &nothing, &work()).unwrap();
    let error = send(&nothing, &outgoing, Allowance::new(Deadline::within(Duration::from_secs(5)), 1 << 10, 1), None);
    for text in [format!("{answer:?}"), format!("{shown:?}"), format!("{outgoing:?}"), audit, format!("{error:?}")] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(!String::from_utf8_lossy(answer.body.in_memory().unwrap()).contains(SECRET));
}
