//! A file that is elsewhere: the host fetches it where the manifest says, with nothing of the request.

use std::collections::HashSet;
use std::io::Write;

use serde_json::{Value, json};
use wharf_egress::audit::{Audit, Recorder, Who};
use wharf_egress::guard::{Item, prepare};
use wharf_egress::outgoing::Outgoing;
use wharf_egress::send::{Allowance, Answer, SendError, send};
use wharf_egress::{Connection, ConnectionBuilder, Deadline, moved};

use crate::{LONG, SECRET, Server, answers, asked, builder, declared, input, work};

const FILE: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nX-Trace: /f\r\nSet-Cookie: a=b\r\nContent-Length: 4\r\n\r\nfile";

/// A server that says the same to everybody.
fn saying(answer: String) -> Server {
    Server::answering(move |_, socket: &mut dyn Write| socket.write_all(answer.as_bytes()).unwrap_or(()))
}

/// One that leads everybody to a place, and repeats the address on a page.
fn leading(status: u16, location: &str) -> Server {
    let page = format!("<a href=\"{location}\">");
    let length = page.len();
    saying(format!(
        "HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nSet-Cookie: session=1\r\nContent-Length: {length}\r\n\r\n{page}"
    ))
}

fn here(server: &Server) -> ConnectionBuilder {
    builder(&server.url()).allow_addresses(["127.0.0.1/32".parse().unwrap()])
}

fn asking(connection: &Connection, origins: &Value) -> Outgoing {
    let headers = json!([{"name": "X-Name", "source": {"input": "name"}, "lists": "repeated"}]);
    let declared = declared(&json!({"answer": "blob", "headers": headers, "redirects-to": origins}));
    let input = input();
    let item = Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    prepare(&declared, &asked(), item, connection, &work()).unwrap()
}

fn fetched(connection: &Connection, origins: &Value, recorder: Option<Recorder<'_>>) -> Result<Answer, SendError> {
    let allowance = Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20);
    send(connection, &asking(connection, origins), allowance, recorder)
}

#[test]
fn a_file_elsewhere_is_fetched_without_anything_of_the_request() {
    for status in [301, 302, 303, 307, 308] {
        let files = saying(FILE.to_owned());
        let provider = leading(status, &format!("{}/f/1?signature=geheim#there", files.url()));
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::new(folder.path().join("audit.jsonl"), "p", true);
        let who =
            Who { call: "c", principal: None, plugin: "acme", digest: "d", operation: "things.do", connection: "main" };
        let connection = here(&provider).build().unwrap();
        let answer = fetched(&connection, &json!([files.url()]), Some(Recorder { audit: &audit, who })).unwrap();
        assert_eq!(
            (answer.status, &answer.body.in_memory().unwrap()[..], &*answer.body.media_type),
            (200, &b"file"[..], "image/png")
        );
        assert!(
            answer.headers.iter().all(|(name, _)| name != "x-trace" && name != "set-cookie"),
            "{:?}",
            answer.headers
        );

        let arrived = files.arrived().join("");
        assert!(arrived.starts_with("GET /f/1?signature=geheim HTTP/1.1\r\n"), "{arrived}");
        let names: Vec<String> =
            arrived.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase())).collect();
        assert!(
            names.iter().all(|name| ["host", "accept", "accept-encoding", "user-agent"].contains(&&**name)),
            "{names:?}"
        );

        audit.flush().unwrap();
        let records = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
        assert_eq!(records.lines().count(), 4, "two exchanges, each with an intent and an outcome");
        assert!(records.contains(&format!("\"url\":\"{}/•••\"", files.url())), "{records}");
        let told = format!("{records}{:?}{:?}", answer.headers, answer.passed_over);
        assert!(!told.contains("geheim") && !told.contains("/f/1"), "{told}");
        assert!(answer.passed_over.join("").contains("was fetched without credentials"), "{:?}", answer.passed_over);
    }
}

#[test]
fn a_file_is_not_fetched_from_an_address_that_is_not_allowed() {
    let files = saying(FILE.to_owned());
    let provider = leading(302, &format!("{}/?key=geheim", files.url()));
    // The operator has named an address for the provider alone.
    let connection = builder(&provider.url()).build().unwrap();
    let refused = fetched(&connection, &json!([files.url()]), None).unwrap_err();
    let SendError::AnswerDenied { status: 302, denial } = refused else { panic!("{refused:?}") };
    assert_eq!(denial.rule.name(), "address");
    assert!(denial.remedy.contains("allow_addresses = [\"127.0.0.1\"]"), "{denial}");
    assert!(!denial.to_string().contains("geheim"), "{denial}");

    for address in ["10.0.0.7", "127.0.0.1", "169.254.169.254", "93.184.216.34 10.0.0.7"] {
        let provider = leading(302, "https://files.example.test/?key=geheim");
        let connection = builder(&provider.url()).lookup(answers(&[address])).build().unwrap();
        let refused = fetched(&connection, &json!(["https://*.example.test"]), None).unwrap_err();
        let SendError::AnswerDenied { denial, .. } = refused else { panic!("{address}: {refused:?}") };
        assert_eq!(denial.rule.name(), "address", "{address}");
    }
    assert!(files.arrived().is_empty());
}

#[test]
fn an_answer_that_leads_where_nothing_is_declared_is_handed_on_without_its_address() {
    let files = saying(FILE.to_owned());
    let (declared, geheim) = (json!(["https://files.example.test"]), "f?key=geheim");
    for (location, told) in [
        (format!("{}/{geheim}", files.url()), files.url()),
        (format!("https://files.example.test.evil.test/{geheim}"), "https://files.example.test.evil.test".to_owned()),
        (format!("https://u:p@files.example.test/{geheim}"), "https://files.example.test".to_owned()),
        (format!("https://files.example.test:444/{geheim}"), "https://files.example.test:444".to_owned()),
        (format!("http://files.example.test/{geheim}"), "http://files.example.test".to_owned()),
        ("https://[".to_owned(), String::new()),
    ] {
        let provider = leading(302, &location);
        let answer = fetched(&here(&provider).build().unwrap(), &declared, None).unwrap();
        assert_eq!((answer.status, answer.body.len()), (302, 0), "{location}");
        let locations: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "location").collect();
        assert!(locations.iter().all(|(_, value)| *value == told), "{locations:?}");
    }
    assert!(files.arrived().is_empty());
}

#[test]
fn what_goes_wrong_elsewhere_is_told_of_it_and_without_the_address() {
    let refusing = saying("HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nkey=geheim".to_owned());
    let provider = leading(302, &format!("{}/?key=geheim", refusing.url()));
    let error = fetched(&here(&provider).build().unwrap(), &json!([refusing.url()]), None).unwrap_err();
    assert!(matches!(error, SendError::Unreadable { status: Some(403), .. }), "{error:?}");
    assert!(error.to_string().contains(&refusing.url()) && !format!("{error:?}").contains("geheim"), "{error}");

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let provider = leading(302, &format!("http://{nobody}/?key=geheim"));
    let error = fetched(&here(&provider).build().unwrap(), &json!([format!("http://{nobody}")]), None).unwrap_err();
    assert!(matches!(error, SendError::NoAnswer(_)), "{error:?}");
    assert!(error.to_string().contains("nothing listens at") && !error.to_string().contains("geheim"), "{error}");

    let files = saying(FILE.to_owned());
    let provider = leading(302, &format!("{}/?key={SECRET}", files.url()));
    let error = fetched(&here(&provider).build().unwrap(), &json!([files.url()]), None).unwrap_err();
    let SendError::AnswerDenied { denial, .. } = error else { panic!("{error:?}") };
    assert!(denial.rule.name() == "credential" && !denial.to_string().contains(SECRET), "{denial}");
    assert!(files.arrived().is_empty());
}

#[test]
fn one_place_leads_to_the_next_only_where_that_is_declared_and_not_for_ever() {
    let files = saying(FILE.to_owned());
    let between = leading(302, &format!("{}/?key=geheim", files.url()));
    let provider = leading(302, &format!("{}/?key=geheim", between.url()));
    let connection = here(&provider).build().unwrap();
    assert_eq!(fetched(&connection, &json!([between.url(), files.url()]), None).unwrap().status, 200);
    let error = fetched(&connection, &json!([between.url()]), None).unwrap_err();
    assert!(error.to_string().contains("answered with status 302 and not with a file"), "{error}");
    assert!(!format!("{error:?}").contains("geheim"), "{error}");
    assert_eq!(files.arrived().len(), 1);

    let circle = leading(302, "/again?key=geheim");
    let provider = leading(302, &format!("{}/", circle.url()));
    let error = fetched(&here(&provider).build().unwrap(), &json!([circle.url()]), None).unwrap_err();
    assert!(error.to_string().contains("from place to place"), "{error}");
    assert_eq!(circle.arrived().len(), 3);
}

#[test]
fn an_answer_that_leads_nowhere_is_the_answer() {
    let provider = saying(FILE.to_owned());
    assert_eq!(fetched(&here(&provider).build().unwrap(), &json!([provider.url()]), None).unwrap().status, 200);
    let silent = saying("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_owned());
    assert_eq!(fetched(&here(&silent).build().unwrap(), &json!([silent.url()]), None).unwrap().status, 302);
}

#[test]
fn who_is_led_to_an_origin_that_is_not_declared_is_told_which_are() {
    let provider = leading(302, "https://other.example.test/f?key=geheim");
    let connection = here(&provider).build().unwrap();
    let declared = json!(["https://files.example.test", "https://*.cdn.example.test"]);
    let answer = fetched(&connection, &declared, None).unwrap();
    let told = moved(&connection, &asking(&connection, &declared), &answer).unwrap();
    let words = "it redirects to https://other.example.test, which is not among the origins that the manifest names for the file \
                 (https://files.example.test, https://*.cdn.example.test)";
    assert!(told.starts_with(words), "{told}");
}

/// A provider that names the file in the address it leads to, as one does that signs `response-content-disposition`.
fn naming(files: &Server) -> Server {
    let files = files.url();
    Server::answering(move |request, socket: &mut dyn Write| {
        let name = request.lines().find_map(|line| line.strip_prefix("X-Name: ").or(line.strip_prefix("x-name: ")));
        let answer = format!(
            "HTTP/1.1 302 Found\r\nLocation: {files}/f?signature=1&filename={}\r\nContent-Length: 0\r\n\r\n",
            name.unwrap_or_default()
        );
        socket.write_all(answer.as_bytes()).unwrap_or(());
    })
}

#[test]
fn a_guess_of_a_weak_secret_in_a_place_elsewhere_is_like_any_other() {
    let files = saying(FILE.to_owned());
    let provider = naming(&files);
    let seen = |pin: &str| {
        let builder =
            Connection::builder("acme", "main", &provider.url()).secret("key", wharf_egress::Secret::new(pin));
        let connection =
            builder.allow_weak(["key"]).allow_addresses(["127.0.0.1/32".parse().unwrap()]).build().unwrap();
        let headers = json!([{"name": "X-Name", "source": {"free": "a name"}, "lists": "repeated"}]);
        let declared = declared(&json!({"answer": "blob", "headers": headers, "redirects-to": [files.url()]}));
        let asked =
            wharf_egress::guard::Asked { headers: vec![("X-Name".to_owned(), "20261129".to_owned())], ..asked() };
        let input = input();
        let item = Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
        let outgoing = prepare(&declared, &asked, item, &connection, &work()).unwrap();
        let answer = send(&connection, &outgoing, Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20), None);
        answer.map(|answer| answer.status).map_err(|error| error.to_string())
    };
    assert_eq!(
        seen("20261129"),
        seen("20261128"),
        "the plugin can tell a right guess of a weak secret from a wrong one"
    );
}

#[test]
fn this_machine_is_not_reached_by_its_name_through_a_proxy_because_a_manifest_names_it() {
    let proxy = Server::answering(|request, socket| {
        let answer = if request.starts_with("CONNECT ") {
            "HTTP/1.1 200 Connected\r\n\r\n".to_owned()
        } else if request.starts_with("GET /things") {
            "HTTP/1.1 302 Found\r\nLocation: http://localhost:8500/v1/kv\r\nContent-Length: 0\r\n\r\n".to_owned()
        } else {
            FILE.to_owned()
        };
        socket.write_all(answer.as_bytes()).unwrap_or(());
    });
    let through = |origin: &str| {
        let url = wharf_egress::Secret::new(format!("http://{}", proxy.address));
        let connection = builder("http://provider.test").proxy(url).build().unwrap();
        fetched(&connection, &json!([origin]), None).map(|answer| answer.status).map_err(|error| error.to_string())
    };
    let seen = through("http://localhost:8500");
    assert!(seen.is_err(), "{seen:?} {:?}", proxy.arrived());
}
