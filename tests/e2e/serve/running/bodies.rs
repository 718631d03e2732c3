//! Bodies that no caller sends who means well.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{Answer, Client};
use super::server::Serving;

const LINE: &str = "POST /v1/plugins/appwrite/operations/users.list";
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn post(client: &Client, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut all = vec![JSON];
    all.extend(headers);
    client.open(LINE, &all, body).answer()
}

fn nothing_was_sent(serving: &Serving) {
    assert!(serving.world.simulation.appwrite.requests().is_empty());
    serving.client().call("appwrite users.list", "{}").json();
}

#[test]
fn a_body_that_drips_or_stops_ends_with_the_time_for_it() {
    let serving = Serving::with("[server]\npatience = \"1s\"");
    let client = serving.client();
    let opened = || {
        let mut open = client.socket();
        open.send(client.head(LINE, &[JSON, ("Content-Length", "100000")]).as_bytes());
        open
    };
    let (mut stops, mut drips, began) = (opened(), opened(), Instant::now());
    stops.send(b"{");
    while drips.sends(b" ") && began.elapsed() < Duration::from_secs(5) {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    for open in [stops, drips] {
        open.answer().fails(408, "too-slow", &["`patience` under [server]"]);
    }
    let mut ends = opened();
    ends.send(b"{}");
    drop(ends);
    nothing_was_sent(&serving);
}

#[test]
fn a_body_that_is_packed_or_too_large_is_refused_before_it_is_read() {
    let serving = Serving::with("[server]\nbody = \"64KiB\"");
    let client = serving.client();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &vec![b' '; 60 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    for coding in ["gzip", "deflate", "br", "identity, gzip", "GZIP"] {
        post(&client, &[("Content-Encoding", coding)], &bomb).fails(415, "unsupported-media-type", &["packed"]);
    }
    post(&client, &[("Content-Encoding", "identity")], b"{}").json();
    serving.world.simulation.appwrite.clear_requests();

    let large = vec![b' '; 65_537];
    post(&client, &[], &large).fails(413, "body-too-large", &["65536 bytes", "`body` under [server]"]);
    // A length that is only said.
    let mut said = client.socket();
    said.send(client.head(LINE, &[JSON, ("Content-Length", "18446744073709551615")]).as_bytes());
    let status = said.status();
    assert!(matches!(status, 400 | 413 | 431), "{status}");
    // One that has no length beforehand.
    let mut chunked = client.socket();
    chunked.send(client.head(LINE, &[JSON, ("Transfer-Encoding", "chunked")]).as_bytes());
    for _ in 0..20 {
        chunked.sends(format!("1000\r\n{}\r\n", " ".repeat(4096)).as_bytes());
    }
    chunked.answer().fails(413, "body-too-large", &[]);
    nothing_was_sent(&serving);
}

#[test]
fn json_that_is_nested_without_an_end_is_refused_or_taken_as_what_it_is() {
    let serving = Serving::new();
    let client = serving.client();
    let deep = |begin: &str, end: &str| format!("{}{}", begin.repeat(1_000_000), end.repeat(1_000_000));
    post(&client, &[], deep("[", "]").as_bytes()).fails(413, "body-too-large", &["2000000 values"]);
    post(&client, &[], "[".repeat(1_000_000).as_bytes()).fails(400, "bad-request", &["not JSON"]);
    for value in [deep("[", "]"), format!("{}1{}", "{\"a\":".repeat(1_000_000), "}".repeat(1_000_000))] {
        for member in ["input", "connection", "timeoutMs", "unknown"] {
            let body = format!("{{\"{member}\": {value}}}");
            let answer = post(&client, &[("Idempotency-Key", "k")], body.as_bytes());
            assert!(matches!(answer.status, 400 | 413 | 422), "{member}: {} {}", answer.status, answer.text());
            assert!(answer.body.len() < 5000, "{member}: {}", answer.body.len());
        }
        let answer = post(&client, &[], format!("{{\"input\": {{\"queries\": {value}}}}}").as_bytes());
        assert!(matches!(answer.status, 400 | 413 | 422), "{} {}", answer.status, answer.text());
    }
    nothing_was_sent(&serving);
}

#[test]
fn a_bomb_of_items_or_members_is_counted_before_it_is_copied() {
    let serving = Serving::new();
    let client = serving.client();
    let items = |count| format!("{{\"items\":[{}0]}}", "0,".repeat(count));
    post(&client, &[], items(8_000_000).as_bytes()).fails(413, "body-too-large", &["`body` under [server]"]);
    post(&client, &[], items(2_000_000).as_bytes()).fails(413, "body-too-large", &["values"]);
    post(&client, &[], items(100_000).as_bytes()).fails(400, "bad-request", &["100001 inputs", "the most is 10000"]);
    let members = |count| format!("{{{}\"a\":0}}", "\"a\":0,".repeat(count));
    post(&client, &[], members(100_000).as_bytes()).fails(400, "bad-request", &["more members than there are"]);
    let input = format!("{{\"input\":{{{}\"a\":0}}}}", "\"a\":0,".repeat(2_000_000));
    let answer = post(&client, &[], input.as_bytes());
    assert!(matches!(answer.status, 400 | 413 | 422), "{} {}", answer.status, answer.text());
    let text = json!({"connection": "x".repeat(3 << 20)}).to_string();
    let answer = post(&client, &[], text.as_bytes());
    answer.fails(404, "unknown", &[]);
    assert!(answer.body.len() < 5000, "{}", answer.body.len());
    for text in [&b"\xff\xfe"[..], b"\xef\xbb\xbf{}", b"{\"input\": {\"search\": \"\\ud800\"}}", b"nul", b""] {
        let answer = post(&client, &[], text);
        assert!(matches!(answer.status, 400 | 422), "{text:?}: {} {}", answer.status, answer.text());
    }
    nothing_was_sent(&serving);
}
