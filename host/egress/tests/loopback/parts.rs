//! A part of a file comes where one was asked for, and only then.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use wharf_egress::Deadline;
use wharf_egress::guard::{Item, prepare};
use wharf_egress::send::{Allowance, Answer, SendError, send};

use crate::{LONG, Server, asked, builder, declared, work};

fn answer(range: Option<&str>, said: &'static str) -> (Result<Answer, SendError>, String) {
    let server = Server::answering(move |_, socket| socket.write_all(said.as_bytes()).unwrap_or(()));
    let headers = json!([{"name": "Range", "source": {"input": "name"}, "lists": "repeated"}]);
    let declared = declared(&json!({"answer": "blob", "headers": headers}));
    let mut input = Map::from_iter([("id".to_owned(), json!("7"))]);
    input.extend(range.map(|range| ("name".to_owned(), Value::from(range))));
    let item = Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let connection = builder(&server.url()).build().unwrap();
    let outgoing = prepare(&declared, &asked(), item, &connection, &work()).unwrap();
    let answer = send(&connection, &outgoing, Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20), None);
    (answer, server.arrived().join("").to_ascii_lowercase())
}

const PART: &str = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/10\r\nContent-Length: 4\r\n\r\npart";
const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";

#[test]
fn a_part_comes_where_it_was_asked_for_and_only_then() {
    let (part, arrived) = answer(Some("bytes=0-3"), PART);
    let part = part.unwrap();
    assert_eq!((part.status, &part.body.in_memory().unwrap()[..]), (206, &b"part"[..]));
    assert!(arrived.contains("range: bytes=0-3\r\n") && arrived.contains("accept-encoding: identity\r\n"), "{arrived}");
    assert!(!arrived.contains("gzip"), "{arrived}");
    assert_eq!(answer(None, WHOLE).0.unwrap().status, 200);
    for (range, said) in [
        (None, PART),
        (Some("bytes=0-3"), WHOLE),
        (Some("bytes=4-7"), PART),
        (Some("bytes=0-3"), "HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\npart"),
        (
            Some("bytes=0-3"),
            "HTTP/1.1 206 x\r\nContent-Range: bytes 0-3/10\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\npart",
        ),
    ] {
        let (answer, _) = answer(range, said);
        assert!(matches!(answer, Err(SendError::Unreadable { .. })), "{range:?}: {answer:?}");
    }
    let (refused, _) = answer(
        Some("bytes=20-"),
        "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(refused.unwrap().status, 416);
}
