//! Texts and names in other charsets are read before a secret is looked for in them.

use std::collections::HashSet;

use serde_json::json;
use wharf_egress::guard::{Item, prepare};
use wharf_egress::send::{Allowance, Answer, SendError, send};
use wharf_egress::{Connection, Deadline};

use crate::{LONG, SECRET, Server, asked, builder, declared, get, input, tls, work};

/// A server whose answers have these headers and this body.
fn answer(headers: &[u8], body: &[u8]) -> Vec<u8> {
    let length = format!("\r\nContent-Length: {}\r\n\r\n", body.len());
    [b"HTTP/1.1 200 OK\r\n", headers, length.as_bytes(), body].concat()
}

fn connections(headers: &[u8], body: &[u8]) -> [(Server, Connection); 2] {
    let (plain, over_tls) = (answer(headers, body), answer(headers, body));
    let plain = Server::answering(move |_, socket| socket.write_all(&plain).unwrap_or(()));
    let over_tls = tls::server_answering(move |_, socket| socket.write_all(&over_tls).unwrap_or(()));
    let to_plain = builder(&plain.url()).build().unwrap();
    let to_tls = builder(&tls::url(&over_tls, "127.0.0.1")).ca(tls::AUTHORITY).build().unwrap();
    [(plain, to_plain), (over_tls, to_tls)]
}

fn get_file(connection: &Connection) -> Result<Answer, SendError> {
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = prepare(&declared(&json!({"answer": "blob"})), &asked(), item, connection, &work()).unwrap();
    send(connection, &outgoing, Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20), None)
}

#[test]
fn a_secret_in_a_text_of_another_charset_is_masked() {
    let utf_16: Vec<u8> = format!("{{\"é\":\"{SECRET}\"}}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (_server, connection) in connections(b"Content-Type: application/json; charset=UTF-16; x=y", &utf_16) {
        let answer = get(&connection).unwrap();
        assert_eq!(answer.body.bytes().unwrap(), "{\"é\":\"•••\"}");
        let content_type = "application/json; charset=utf-8; x=\"y\"".to_owned();
        assert_eq!(answer.body.media_type, content_type);
        assert!(answer.headers.contains(&("content-type".to_owned(), content_type)), "{:?}", answer.headers);
        // As a file it is bytes.
        assert_eq!(get_file(&connection).unwrap().body.bytes().unwrap(), utf_16);
    }
}

#[test]
fn a_secret_in_a_name_is_masked_however_it_is_written() {
    let encoded: String = SECRET.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (start, end) = SECRET.split_at(9);
    for disposition in [
        format!("attachment; filename*=UTF-8''{encoded}.txt"),
        format!("attachment; filename=\"{SECRET}.txt\""),
        format!("attachment; filename=\"{start}\\{end}.txt\""),
        format!("attachment; filename=\"{}{SECRET}.txt\"", "x".repeat(240)),
    ] {
        for (_server, connection) in connections(format!("Content-Disposition: {disposition}").as_bytes(), b"a") {
            let name = get(&connection).unwrap().body.file_name.unwrap();
            assert!(name.ends_with(".txt") && !name.contains(start) && !name.contains(end), "{name}");
        }
    }
}

#[test]
fn a_header_that_is_not_utf_8_is_read_as_latin_1() {
    for (_server, connection) in connections(b"X-City: K\xf6ln\r\nX-Town: K\xc3\xb6ln\r\nContent-Type: text/\xff", b"a")
    {
        let answer = get(&connection).unwrap();
        for name in ["x-city", "x-town"] {
            assert!(answer.headers.contains(&(name.to_owned(), "Köln".to_owned())), "{:?}", answer.headers);
        }
        assert_eq!(answer.body.bytes().unwrap(), "a");
    }
}

#[test]
fn a_text_that_cannot_be_read_is_told_with_its_status() {
    for (_server, connection) in connections(format!("Content-Type: text/plain; charset={SECRET}").as_bytes(), b"a") {
        let Err(SendError::Unreadable { status: Some(200), problem }) = get(&connection) else { panic!("it was read") };
        assert!(problem.contains("cannot be read: it is in the charset `•••`, which is not known"), "{problem}");
        assert_eq!(get_file(&connection).unwrap().body.bytes().unwrap(), "a");
    }
}
