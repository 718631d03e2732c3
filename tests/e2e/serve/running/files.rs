//! Files in and out.

use std::fs;

use serde_json::json;

use super::client::{Answer, Client};
use super::held::Held;
use super::server::Serving;

const BOUNDARY: &str = "a-boundary";
const FORM: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=a-boundary");
const SHOUT: &str = "/v1/plugins/obedient/operations/good.shout";

/// A part of a form: the head's own words, and what is in it.
fn part(head: &str, content: &str) -> String {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
}

fn form(parts: &[String]) -> String {
    format!("{}--{BOUNDARY}--\r\n", parts.concat())
}

fn file(name: &str, content: &str) -> String {
    part(&format!("name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain"), content)
}

fn post(client: &Client, headers: &[(&str, &str)], form: &str) -> Answer {
    let mut all = vec![FORM];
    all.extend(headers);
    client.open(&format!("POST {SHOUT}"), &all, form.as_bytes()).answer()
}

fn is_spool_empty(serving: &Serving) -> bool {
    fs::read_dir(serving.world.path().join(".wharf/spool")).map_or(true, |mut files| files.next().is_none())
}

#[test]
fn files_come_as_parts_of_a_form_and_are_fetched_where_the_answer_says() {
    let held = Held::open();
    let serving = held.serving("");
    let client = serving.client();
    let request = part("name=\"request\"", r#"{"connection": "o", "input": {}}"#);
    let answer = post(&client, &[], &form(&[request, file("a.txt", "quiet"), file("../../b \u{e4}.txt", "calm")]));
    let json = answer.json();
    let files = json["files"].as_array().unwrap();
    assert_eq!(files.len(), 2, "{json}");
    assert_eq!(
        (&files[0]["name"], &files[0]["mediaType"], &files[0]["size"], &files[0]["fileName"]),
        (&json!("loud"), &json!("text/plain"), &json!(5), &json!("a.txt"))
    );
    assert_eq!(files[1]["fileName"], "b \u{e4}.txt", "folders are left out");
    for (file, content) in files.iter().zip(["QUIET", "CALM"]) {
        let fetched = client.get(file["url"].as_str().unwrap());
        assert_eq!((fetched.status, fetched.text()), (200, content));
        assert!(fetched.header("content-disposition").unwrap().starts_with("attachment; filename*=UTF-8''"));
        assert_eq!(fetched.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    }
    let url = files[0]["url"].as_str().unwrap();
    serving.client_with("other --role call").get(url).fails(404, "unknown", &[]);
    client.get(&url.replace("files/0", "files/9")).fails(410, "gone", &[]);
}

#[test]
fn a_file_is_the_answer_where_the_caller_wants_that() {
    let held = Held::open();
    let serving = held.serving("");
    let one = form(&[file("a.txt", "quiet")]);
    for accept in ["text/plain", "application/octet-stream", "text/*, application/json;q=0.5"] {
        let answer = post(&serving.client(), &[("Accept", accept)], &one);
        assert_eq!((answer.status, answer.text(), answer.header("content-type")), (200, "QUIET", Some("text/plain")));
        assert!(answer.header("wharf-call").is_some());
        assert_eq!(answer.header("content-disposition"), Some("attachment; filename*=UTF-8''a.txt"));
    }
    for accept in ["application/json", "*/*", "image/png"] {
        assert_eq!(post(&serving.client(), &[("Accept", accept)], &one).json()["files"][0]["size"], 5, "{accept}");
    }
}

#[test]
fn a_form_that_is_none_is_told_and_nothing_is_kept() {
    let held = Held::open();
    let serving = held.serving("");
    let client = serving.client();
    let twice = part("name=\"request\"", "{}");
    post(&client, &[], &form(&[twice.clone(), twice])).fails(400, "bad-request", &["`request` twice"]);
    post(&client, &[], &form(&[part("name=\"request\"", "{")])).fails(400, "bad-request", &["`request` is not JSON"]);
    post(&client, &[], &form(&[part("filename=\"a\"", "x")])).fails(400, "bad-request", &["has no name"]);
    post(&client, &[], &file("a", "x").to_string()).fails(400, "bad-request", &["the form cannot be read"]);
    let many: Vec<String> = (0..101).map(|_| file("a", "x")).collect();
    post(&client, &[], &form(&many)).fails(400, "bad-request", &["more than 100 parts"]);
    let other = part("name=\"flie\"; filename=\"a\"", "x");
    post(&client, &[], &form(&[other])).fails(422, "invalid-input", &["did you mean `file`?"]);
    let no_boundary = [("Content-Type", "multipart/form-data")];
    let answer = client.open(&format!("POST {SHOUT}"), &no_boundary, b"x").answer();
    answer.fails(400, "bad-request", &["the form cannot be read"]);
    let packed = post(&client, &[("Content-Encoding", "gzip")], &form(&[file("a", "x")]));
    packed.fails(415, "unsupported-media-type", &["packed"]);
    assert!(is_spool_empty(&serving));
}

#[test]
fn more_than_is_taken_is_refused_and_so_is_an_upload_that_stops() {
    let held = Held::open();
    let serving = held.serving("[server]\nfiles = \"2MiB\"\npatience = \"1s\"");
    let client = serving.client();
    let large = form(&[file("a", &"quiet ".repeat(1 << 20))]);
    post(&client, &[], &large).fails(413, "body-too-large", &["2097152 bytes", "`files` under [server]"]);
    let fits = form(&[file("a", &"quiet ".repeat(300_000))]);
    assert_eq!(post(&client, &[], &fits).json()["files"][0]["name"], "loud");

    let head = |length: usize| {
        let length = length.to_string();
        client.head(&format!("POST {SHOUT}"), &[FORM, ("Content-Length", &length)])
    };
    let mut stops = client.socket();
    stops.send(head(fits.len()).as_bytes());
    stops.send(&fits.as_bytes()[..fits.len() / 2]);
    stops.answer().fails(408, "too-slow", &["`patience` under [server]"]);
    let mut leaves = client.socket();
    leaves.send(head(fits.len()).as_bytes());
    leaves.send(&fits.as_bytes()[..fits.len() / 2]);
    drop(leaves);
    assert_eq!(post(&client, &[], &fits).json()["files"][0]["name"], "loud");
    assert!(is_spool_empty(&serving));
}

#[test]
fn files_of_a_key_count_by_what_is_in_them() {
    let held = Held::open();
    let serving = held.serving("");
    let post = |form: &str| post(&serving.client(), &[("Idempotency-Key", "k")], form);
    let first = post(&form(&[file("a.txt", "quiet")]));
    let call = first.json()["call"].clone();
    let again = post(&form(&[file("a.txt", "quiet")]));
    // Nothing is sent by this operation, and still it is one call.
    assert_eq!((again.header("idempotency-replayed"), &again.json()["call"]), (Some("true"), &call));
    assert_eq!(again.json()["files"][0]["size"], 5);
    post(&form(&[file("a.txt", "quieT")])).fails(409, "idempotency-conflict", &[]);
}
