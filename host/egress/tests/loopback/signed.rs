//! Requests that are signed, judged by a server that makes the signatures itself, of the bytes that arrived.

use std::time::UNIX_EPOCH;

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use wharf_egress::audit::{Audit, Recorder, Who};
use wharf_egress::guard::{AskedBody, Refusal};
use wharf_egress::outgoing::Outgoing;
use wharf_egress::{Blob, IN_MEMORY, Spool};

use super::*;

/// 2026-01-31, half past twelve.
const TIME: u64 = 1_769_862_600;

const KEY_ID: &str = "AKIDEXAMPLE";
const TOKEN: &str = "a-session-Zq7RmX2vQp9LzT4wB";

/// What came over the wire.
struct Arrived {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Arrived {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let first: Vec<&str> = lines.next().unwrap().split(' ').collect();
        let (path, query) = first[1].split_once('?').unwrap_or((first[1], ""));
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Self {
            method: first[0].to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: lines.filter_map(header).collect(),
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The signature that it should have, of what it says that it has signed.
    fn aws_signature(&self) -> String {
        let authorization = self.header("authorization");
        let part = |name: &str| authorization.split(name).nth(1).unwrap().split(',').next().unwrap().trim();
        let (names, scope) = (part("SignedHeaders="), part("Credential=").split_once('/').unwrap().1);
        let lines: String = names.split(';').map(|name| format!("{name}:{}\n", self.header(name))).collect();
        let mut pairs: Vec<&str> = self.query.split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_unstable();
        let (path, query, content) = (self.path.replace('%', "%25"), pairs.join("&"), sha256(&self.body));
        let canonical = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{content}", self.method);
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", self.header("x-amz-date"), sha256(&canonical));
        let start = format!("AWS4{SECRET}").into_bytes();
        let key = scope.split('/').fold(start, |key, step| hmac(&key, step));
        hex(&hmac(&key, &text))
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// A request with a scheme, and both as JSON; a plugin may add to query and body.
fn with_scheme(scheme: &Value, more: &Value) -> Result<Vec<Declaration>, String> {
    let mut request = json!({
        "name": "main", "method": "POST", "path": "/things/{id}", "variables": [], "query": [], "open-query": "it filters",
        "headers": [{"name": "X-Own", "source": {"text": "of the request"}, "lists": "repeated"}], "body": "none",
        "scheme": "key", "answer": "bytes", "read-only": false, "sensitive-answer": [],
    });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut whole = json!({"name": "key", "summary": "", "values": [], "placements": []});
    whole.as_object_mut().unwrap().extend(scheme.as_object().unwrap().clone());
    let (requests, scheme): ([Request; 1], Scheme) =
        ([serde_json::from_value(request).unwrap()], serde_json::from_value(whole).unwrap());
    let (inputs, attachments) = (["id", "name"], ["file"]);
    let operation = Operation {
        name: "things.do",
        effect: Effect::Delete,
        inputs: &inputs,
        attachments: &attachments,
        requests: &requests,
    };
    compile(&["key", "id_of_key", "region", "token"], &[scheme], &[operation])
        .map(|mut declared| declared.remove(0))
        .map_err(|problems| problems.iter().map(|problem| format!("{problem}\n")).collect())
}

fn request(part: &str) -> Value {
    json!({"request": part})
}

/// `METHOD\nTARGET\nTIME\nBODY`, and the same with the digest of the body in place of the body.
fn by_hmac(of_body: &str) -> Value {
    let line = || json!({"literal": "\n"});
    let signed = [request("method"), line(), request("target"), line(), request("time"), line(), request(of_body)];
    json!({"placements": [
        {"location": "header", "name": "X-Time", "template": {"parts": [request("time")], "functions": []}},
        {"location": "header", "name": "X-Signature", "template": {
            "parts": signed, "functions": [{"hmac-sha256-hex": "key"}],
        }},
    ]})
}

fn by_aws() -> Value {
    json!({"sign": {"aws-v4": {
        "access-key": "id_of_key", "secret-key": "key", "session-token": "token", "region": "region", "service": "things",
    }}})
}

fn with_body() -> Value {
    json!({"body": {"json": {"fields": [{"name": "name", "source": {"input": "name"}, "lists": "repeated"}], "open": null}}})
}

fn a_file() -> Value {
    json!({"body": {"blob": {"source": {"free": "a file"}, "media-types": ["image/png"]}}})
}

fn connection(server: &Server) -> Connection {
    let fields = builder(&server.url()).field("id_of_key", KEY_ID).field("region", "eu-central-1");
    fields.secret("token", Secret::new(TOKEN)).build().unwrap()
}

fn at_noon() -> Work {
    work().at(Some(UNIX_EPOCH + Duration::from_secs(TIME)))
}

fn prepared(declared: &[Declaration], asked: &Asked, connection: &Connection) -> Result<Outgoing, Refusal> {
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    prepare(declared, asked, item, connection, &at_noon())
}

/// What arrives of a request.
fn sent(server: &Server, declared: &[Declaration], asked: &Asked) -> Arrived {
    let connection = connection(server);
    let outgoing = prepared(declared, asked, &connection).unwrap();
    let shown = format!("{:?} {outgoing:?}", outgoing.shown());
    assert!(!shown.contains(SECRET) && !shown.contains(TOKEN), "{shown}");
    send(&connection, &outgoing, Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20), None).unwrap();
    Arrived::of(server.arrived().last().unwrap())
}

fn with_query() -> Asked {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Asked { query: vec![pair("z", "é +/"), pair("a", "2"), pair("a", "1")], ..asked() }
}

#[test]
fn an_hmac_is_that_of_the_bytes_that_arrive() {
    let server = Server::start();
    for (of_body, more) in
        [("body", with_body()), ("body-sha256", with_body()), ("body", json!({})), ("body-sha256", json!({}))]
    {
        let arrived = sent(&server, &with_scheme(&by_hmac(of_body), &more).unwrap(), &with_query());
        assert_eq!(arrived.query, "z=%C3%A9%20%2B%2F&a=2&a=1");
        let body = if of_body == "body" { arrived.body.clone() } else { sha256(&arrived.body) };
        let text = format!("POST\n/things/7?{}\n{TIME}\n{body}", arrived.query);
        assert_eq!(arrived.header("x-signature"), hex(&hmac(SECRET.as_bytes(), &text)), "{of_body} {more}");
        assert_eq!(arrived.header("x-time"), TIME.to_string(), "one time in all of a request");
    }
}

#[test]
fn each_part_of_a_request_is_as_it_is_sent() {
    let server = Server::start();
    let parts = [
        "method",
        "host",
        "path",
        "query",
        "sorted-query",
        "target",
        "body",
        "body-sha256",
        "time",
        "time-millis",
        "time-iso",
        "time-basic",
        "time-http",
    ];
    for part in parts {
        let scheme = json!({"placements": [{"location": "header", "name": "X-Part", "template": {
            "parts": [request(part)], "functions": ["sha256-hex"],
        }}]});
        let arrived = sent(&server, &with_scheme(&scheme, &with_body()).unwrap(), &with_query());
        let expected = match part {
            "method" => "POST".to_owned(),
            "host" => arrived.header("host").to_owned(),
            "path" => arrived.path.clone(),
            "query" => arrived.query.clone(),
            "sorted-query" => "a=1&a=2&z=%C3%A9%20%2B%2F".to_owned(),
            "target" => format!("{}?{}", arrived.path, arrived.query),
            "body" => arrived.body.clone(),
            "body-sha256" => sha256(&arrived.body),
            "time" => TIME.to_string(),
            "time-millis" => format!("{TIME}000"),
            "time-iso" => "2026-01-31T12:30:00Z".to_owned(),
            "time-basic" => "20260131T123000Z".to_owned(),
            _ => "Sat, 31 Jan 2026 12:30:00 GMT".to_owned(),
        };
        assert_eq!(arrived.header("x-part"), sha256(&expected), "{part}: {expected}");
    }
}

#[test]
fn a_signature_of_version_4_is_that_of_what_arrives() {
    let server = Server::start();
    for (more, asked) in [(with_body(), with_query()), (json!({}), asked()), (json!({"method": "GET"}), with_query())] {
        let arrived = sent(&server, &with_scheme(&by_aws(), &more).unwrap(), &asked);
        let authorization = arrived.header("authorization");
        assert!(authorization.ends_with(&format!("Signature={}", arrived.aws_signature())), "{authorization}");
        assert!(
            authorization
                .starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/eu-central-1/things/aws4_request, ")
        );
        assert_eq!(arrived.header("x-amz-content-sha256"), sha256(&arrived.body));
        assert_eq!(arrived.header("x-amz-security-token"), TOKEN);
        let signed = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-own,";
        assert!(authorization.contains(signed), "{authorization}");
    }
}

#[test]
fn a_session_that_there_is_not_is_left_out_and_a_key_that_there_is_not_is_named() {
    let declared = with_scheme(&by_aws(), &json!({})).unwrap();
    let server = Server::start();
    let fields = builder(&server.url()).field("id_of_key", KEY_ID);
    let without = fields.clone().field("region", "us-east-1").absent("token", "set it").build().unwrap();
    let shown = prepared(&declared, &asked(), &without).unwrap().shown();
    let names: Vec<&str> = shown.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["X-Own", "X-Amz-Date", "X-Amz-Content-Sha256", "Authorization"]);
    assert!(shown.headers[3].1.ends_with(", Signature=•••"), "{shown:?}");
    let nowhere = fields.absent("region", "set ACME_REGION").build().unwrap();
    let missing = prepared(&declared, &asked(), &nowhere).unwrap_err().to_string();
    assert!(missing.contains("`region`") && missing.contains("set ACME_REGION"), "{missing}");
}

#[test]
fn a_file_on_disk_is_signed_by_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = "0123456789abcdef".repeat(IN_MEMORY as usize / 8);
    let file = Spool::in_folder(folder.path()).keep(Blob::new(text.clone(), "image/png", None)).unwrap();
    assert!(file.in_memory().is_none());
    let asked = Asked { body: Some(AskedBody::Blob(file)), ..asked() };
    let server = Server::start();
    let (whole, by_digest) = (by_hmac("body"), [by_hmac("body-sha256"), by_aws()]);
    let refused = prepared(&with_scheme(&whole, &a_file()).unwrap(), &asked, &connection(&server)).unwrap_err();
    assert!(refused.to_string().contains("`{request.body-sha256}`"), "{refused}");
    for scheme in by_digest {
        let declared = with_scheme(&scheme, &a_file()).unwrap();
        let arrived = sent(&server, &declared, &asked);
        assert!(arrived.body == text);
        let signed = [arrived.header("x-amz-content-sha256"), arrived.header("x-signature")].concat();
        let text = format!("POST\n/things/7\n{TIME}\n{}", sha256(&text));
        assert!([sha256(&arrived.body), hex(&hmac(SECRET.as_bytes(), &text))].contains(&signed), "{signed}");
        // It is read while the call has time for it.
        let item =
            Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
        let over = Work::until(Deadline::within(Duration::ZERO));
        let late = prepare(&declared, &asked, item, &connection(&server), &over).unwrap_err();
        assert!(matches!(late, Refusal::OutOfTime(_)), "{late}");
    }
}

#[test]
fn what_is_sensitive_shows_in_no_part_of_the_request() {
    let plain = |part: &str| {
        json!({"location": "header", "name": format!("X-{part}"), "template": {
            "parts": [request(part)], "functions": if part == "body-sha256" { json!([]) } else { json!(["sha256-hex"]) },
        }})
    };
    let placements = ["path", "body-sha256", "time"].map(plain).to_vec();
    let scheme = json!({ "placements": placements });
    let declared = with_scheme(&scheme, &with_body()).unwrap();
    let server = Server::start();
    let (connection, input) = (connection(&server), input());
    for (sensitive, hidden) in [("id", "X-path"), ("name", "X-body-sha256")] {
        let sensitive = HashSet::from([sensitive.to_owned()]);
        let item = Item { input: &input, attachments: &[], sensitive: &sensitive, written: None, call: "a-call" };
        let shown = prepare(&declared, &asked(), item, &connection, &at_noon()).unwrap().shown();
        for (name, value) in shown.headers.iter().filter(|(name, _)| name != "X-Own") {
            assert_eq!(value == "•••", name == hidden, "{name}: {value}");
        }
    }
}

#[test]
fn nothing_of_a_key_is_in_the_audit_nor_what_was_made_of_it() {
    let server = Server::answering(|text, socket| {
        let answer = text.replace("\r\n", " ");
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
        socket.write_all(answer.as_bytes()).unwrap_or(());
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let audit = Audit::new(&file, "p", true);
    let connection = connection(&server);
    for scheme in [by_aws(), by_hmac("body")] {
        let outgoing = prepared(&with_scheme(&scheme, &with_body()).unwrap(), &asked(), &connection).unwrap();
        let who =
            Who { call: "c", principal: None, plugin: "acme", digest: "d", operation: "things.do", connection: "main" };
        let allowance = Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20);
        let answer = send(&connection, &outgoing, allowance, Some(Recorder { audit: &audit, who })).unwrap();
        audit.flush().unwrap();
        let arrived = Arrived::of(server.arrived().last().unwrap());
        let signature =
            [arrived.header("x-signature"), arrived.header("authorization").rsplit('=').next().unwrap()].concat();
        let said = String::from_utf8(answer.body.in_memory().unwrap().to_vec()).unwrap();
        let kept = std::fs::read_to_string(&file).unwrap();
        for secret in [SECRET, TOKEN, &signature] {
            assert!(!said.contains(secret), "the answer repeats it, and the plugin reads that: {said}");
            assert!(!kept.contains(secret), "{kept}");
        }
    }
}

#[test]
fn a_body_that_is_no_text_is_signed_by_its_digest_alone() {
    let file =
        |text: &[u8]| Asked { body: Some(AskedBody::Blob(Blob::new(text.to_vec(), "image/png", None))), ..asked() };
    let more = a_file();
    let server = Server::start();
    let refused = prepared(&with_scheme(&by_hmac("body"), &more).unwrap(), &file(&[0xff, 0]), &connection(&server));
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("`{request.body-sha256}`"), "{refused}");
    let arrived = sent(&server, &with_scheme(&by_hmac("body-sha256"), &more).unwrap(), &file(&[b'a', 0, b'b']));
    let text = format!("POST\n/things/7\n{TIME}\n{}", sha256(&arrived.body));
    assert_eq!(arrived.header("x-signature"), hex(&hmac(SECRET.as_bytes(), &text)));
}

#[test]
fn a_body_that_is_longer_than_any_credential_is_signed_all_the_same() {
    let mut asked = asked();
    asked.body = Some(AskedBody::Json(json!({"open": "x".repeat(200_000)}).to_string()));
    let more = json!({"body": {"json": {"fields": [], "open": "it is long"}}});
    let server = Server::start();
    let arrived = sent(&server, &with_scheme(&by_hmac("body"), &more).unwrap(), &asked);
    let text = format!("POST\n/things/7\n{TIME}\n{}", arrived.body);
    assert!(text.len() > 200_000);
    assert_eq!(arrived.header("x-signature"), hex(&hmac(SECRET.as_bytes(), &text)));
}

#[test]
fn a_scheme_that_cannot_sign_is_refused_before_it_is_used() {
    let in_query = json!({"placements": [
        {"location": "query", "name": "s", "template": {"parts": [request("time")], "functions": []}},
    ]});
    let undigested = json!({"placements": [
        {"location": "header", "name": "X-S", "template": {"parts": [request("query")], "functions": ["base64"]}},
    ]});
    let mut unknown = by_aws();
    unknown["sign"]["aws-v4"]["region"] = json!("area");
    let mut spaced = by_aws();
    spaced["sign"]["aws-v4"]["service"] = json!("a/b");
    let own = json!({"headers": [{"name": "x-amz-date", "source": {"text": "now"}, "lists": "repeated"}]});
    for (scheme, more, words) in [
        (in_query, json!({}), "place all of it in headers"),
        (undigested, json!({}), "no digest or HMAC"),
        (unknown, json!({}), "the connection field `area` as `region`"),
        (spaced, json!({}), "`a/b` is no service"),
        (by_aws(), own, "the place of a credential"),
    ] {
        let problems = with_scheme(&scheme, &more).unwrap_err();
        assert!(problems.contains(words), "{problems}");
    }
}
