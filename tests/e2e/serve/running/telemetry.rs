//! What a collector gets of a server, and what it never gets.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use prost::Message as _;
use serde_json::{Value, json};
use wharf_simulated::Server;

use super::held::Held;
use super::server::{LONG, Serving};
use crate::world::World;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const ABOVE: &str = "00f067aa0ba902b7";

/// A collector that speaks OTLP over HTTP.
struct Collector {
    url: String,
    shared: Arc<(Mutex<Got>, Condvar)>,
}

#[derive(Clone, Default)]
struct Got {
    /// Heads and bodies, as they came.
    raw: Vec<u8>,
    requests: usize,
    spans: Vec<Span>,
    records: Vec<Record>,
}

#[derive(Clone, Debug)]
struct Span {
    trace: String,
    id: String,
    above: String,
    name: String,
    kind: i32,
    begins: u64,
    ends: u64,
    is_error: bool,
    known: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Record {
    service: String,
    trace: String,
    severity: String,
    body: String,
    known: BTreeMap<String, String>,
}

const TAKEN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

impl Collector {
    fn start() -> Self {
        Self::answering(|socket| drop(socket.write_all(TAKEN)))
    }

    /// One that has its own way to answer.
    fn answering(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::<(Mutex<Got>, Condvar)>::default();
        let (of_all, answer) = (Arc::clone(&shared), Arc::new(answer));
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (shared, answer) = (Arc::clone(&of_all), Arc::clone(&answer));
                thread::spawn(move || collect(socket, &shared, &*answer));
            }
        });
        Self { url, shared }
    }

    /// The table of a configuration that names it.
    fn table(&self, more: &str) -> String {
        format!("[server.telemetry]\nendpoint = \"{}\"\n{more}\n", self.url)
    }

    /// Waits until it has what is wanted.
    fn has(&self, wanted: impl Fn(&Got) -> bool) -> Got {
        let (got, changed) = &*self.shared;
        let (got, waited) = changed.wait_timeout_while(got.lock().unwrap(), LONG, |got| !wanted(got)).unwrap();
        assert!(!waited.timed_out(), "{:#?}\n{:#?}", got.spans, got.records);
        got.clone()
    }
}

fn collect(mut socket: TcpStream, (got, changed): &(Mutex<Got>, Condvar), answer: &dyn Fn(&mut TcpStream)) {
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let text = String::from_utf8(head.clone()).unwrap().to_lowercase();
    let length: usize = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut got = got.lock().unwrap();
    got.requests += 1;
    got.raw.extend(head.iter().chain(&body));
    match text.split(' ').nth(1).unwrap() {
        "/v1/traces" => got.spans.extend(spans(&body)),
        "/v1/logs" => got.records.extend(records(&body)),
        other => panic!("nothing is sent to {other}"),
    }
    drop(got);
    changed.notify_all();
    answer(&mut socket);
}

fn spans(body: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans).map(|span| Span {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        above: hex(&span.parent_span_id),
        name: span.name,
        kind: span.kind,
        begins: span.start_time_unix_nano,
        ends: span.end_time_unix_nano,
        is_error: span.status.is_some_and(|status| status.code == 2),
        known: known(span.attributes),
    });
    spans.collect()
}

fn records(body: &[u8]) -> Vec<Record> {
    let request = ExportLogsServiceRequest::decode(body).unwrap();
    let mut all = Vec::new();
    for resource in request.resource_logs {
        let service = known(resource.resource.unwrap_or_default().attributes).remove("service.name").unwrap();
        all.extend(resource.scope_logs.into_iter().flat_map(|scope| scope.log_records).map(|record| Record {
            service: service.clone(),
            trace: hex(&record.trace_id),
            severity: record.severity_text,
            body: text(record.body),
            known: known(record.attributes),
        }));
    }
    all
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn known(all: Vec<KeyValue>) -> BTreeMap<String, String> {
    all.into_iter().map(|one| (one.key, text(one.value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn find<'g>(got: &'g Got, name: &str) -> &'g Span {
    got.spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {:#?}", got.spans))
}

const ROUTE: &str = "POST /v1/plugins/{plugin}/operations/{operation}";

#[test]
fn a_call_and_its_request_are_one_trace_below_the_callers() {
    let (collector, held) = (Collector::start(), Held::open());
    let serving = held.serving_with(&collector.table("service_name = \"desk\""), "trace = true");
    let given = format!("00-{TRACE}-{ABOVE}-01");
    let answer = serving.client().call_with("obedient good.echo", &[("traceparent", &given)], "{}");
    answer.json();
    let got = collector.has(|got| got.spans.len() == 3);

    let (server, call, request) = (find(&got, ROUTE), find(&got, "obedient good.echo"), find(&got, "GET echo"));
    assert!(got.spans.iter().all(|span| span.trace == TRACE && !span.is_error), "{:#?}", got.spans);
    assert_eq!((server.above.as_str(), server.kind), (ABOVE, 2));
    assert_eq!((&call.above, call.kind), (&server.id, 1));
    assert_eq!((&request.above, request.kind), (&call.id, 3));
    assert!(server.begins <= call.begins && call.begins <= request.begins, "{:#?}", got.spans);
    assert!(request.begins < request.ends && request.ends <= call.ends && call.ends <= server.ends, "{:#?}", got.spans);

    let of = |span: &Span, name: &str| span.known.get(name).cloned().unwrap_or_default();
    assert_eq!(answer.header("traceparent"), Some(format!("00-{TRACE}-{}-01", server.id).as_str()));
    assert!(
        held.arrived(1)[0].contains(&format!("traceparent: 00-{TRACE}-{}-01", request.id)),
        "{:?}",
        held.arrived(1)
    );
    assert_eq!((of(server, "http.response.status_code"), of(server, "wharf.principal")), ("200".into(), "shop".into()));
    assert_eq!(Some(of(call, "wharf.call").as_str()), answer.header("wharf-call"));
    assert_eq!((of(call, "wharf.outcome"), of(call, "wharf.retries")), ("ok".into(), "0".into()));
    assert_eq!((of(request, "wharf.request"), of(request, "url.full")), ("echo".into(), format!("{}/echo", held.url)));
    assert_eq!(
        (of(request, "server.port"), of(request, "http.response.body.size")),
        (held.port.to_string(), "11".into())
    );
    assert!(
        collector.has(|got| got.records.iter().any(|record| record.body == "serving")).records[0].service == "desk"
    );
}

#[test]
fn whoever_begins_a_trace_says_whether_it_is_kept() {
    let (collector, held) = (Collector::start(), Held::open());
    let serving = held.serving_with(&collector.table("sample = 0"), "trace = true");
    let call = |trace: &str| serving.client().call_with("obedient good.echo", &[("traceparent", trace)], "{}").json();
    call(&format!("00-{TRACE}-{ABOVE}-00"));
    // It begins here, and none is kept that does.
    call("nonsense");
    call(&format!("00-{}-{ABOVE}-01", TRACE.replace('4', "5")));
    let arrived = held.arrived(3);
    let flags: Vec<bool> = arrived
        .iter()
        .map(|head| head.lines().any(|line| line.starts_with("traceparent: ") && line.ends_with("-01")))
        .collect();
    assert_eq!(flags, [false, false, true], "{arrived:?}");
    serving.stop();
    let got = collector.has(|got| got.spans.len() >= 3);
    assert!(
        got.spans.len() == 3 && got.spans.iter().all(|span| span.trace == TRACE.replace('4', "5")),
        "{:#?}",
        got.spans
    );
}

#[test]
fn no_secret_reaches_the_collector_but_its_own() {
    const KEY: &str = "k7RmX2vQp9LzT4wB";
    const TICKET: &str = "ticket-Hq3Zt8Yw";
    const NOTE: &str = "note-Vb6Nm1Xc";
    let collector = Collector::start();
    let provider = Server::recorder(|_| json!({ "ticket": TICKET })).unwrap();
    let world = World::new();
    world.write("obedient.wasm", wharf_artifacts::OBEDIENT.bytes);
    world.write("key", KEY);
    world.write("collector.token", "Bearer of-the-collector");
    let telemetry = collector.table("audit = true\nheaders = { authorization = { file = \"collector.token\" } }");
    world.configure(&format!(
        "plugins = [\"obedient.wasm\"]\n{telemetry}[server.log]\nlevel = \"debug\"\nrequests = true\nform = \"json\"\n{}[connections.o]\n\
         provider = \"obedient\"\nbase_url = \"{}\"\ntrace = true\nfields = {{ key = {{ file = \"key\" }} }}\n",
        world.connections(),
        provider.url()
    ));
    let serving = Serving::start(world);
    let (client, token) = (serving.client(), serving.token("other --role call"));
    client.call("obedient good.enter", "{}").json();
    client.call("obedient good.tell", json!({"input": {"rules": {}, "tags": ["a"], "note": NOTE}})).json();
    client.call("obedient good.delete-session", json!({"input": {"userId": "ada", "sessionId": "s1"}})).json();
    client.call("appwrite users.list", json!({"input": {"search": "ada"}})).json();
    client.call("obedient good.tell", json!({"input": {"rules": {}, "tags": [], "note": NOTE}})).fails(
        403,
        "denied",
        &[],
    );
    let stopped = serving.stop();
    let audit = stopped.world.path().join(".wharf/audit.jsonl");

    let sent: String = provider.requests().iter().map(|request| format!("{request:?}")).collect();
    assert!(sent.contains(KEY) && sent.contains(TICKET) && sent.contains(NOTE), "{sent}");
    let got = collector.has(|got| got.records.iter().any(|record| record.body == "stopped"));
    let raw = String::from_utf8_lossy(&got.raw);
    assert!(raw.to_lowercase().contains("authorization: bearer of-the-collector\r\n"));
    let appwrite = wharf_simulated::appwrite::API_KEY;
    for secret in [KEY, TICKET, NOTE, appwrite, &token] {
        assert!(!raw.contains(secret), "{secret} is in {raw}");
    }
    assert_eq!(raw.matches("of-the-collector").count(), got.requests, "once in each head, and nowhere else");

    let names: Vec<&str> = got.spans.iter().map(|span| span.name.as_str()).collect();
    assert!(names.contains(&"obedient good.enter") && names.contains(&"appwrite users.list"), "{names:?}");
    let enter = got.spans.iter().find(|span| span.name == "GET enter").unwrap();
    assert_eq!(enter.known["url.full"], format!("{}/enter?note=REDACTED", provider.url()));
    let logged = got.records.iter().find(|record| record.body.starts_with("the ticket is")).unwrap();
    assert_eq!((logged.body.as_str(), logged.known["plugin"].as_str()), ("the ticket is •••", "obedient"));
    let refused = got.records.iter().find(|record| record.body.starts_with("refused")).unwrap();
    assert_eq!((refused.severity.as_str(), refused.known["rule"].as_str()), ("WARN", "list-value"));
    let call = got.spans.iter().find(|span| span.trace == refused.trace && span.kind == 1).unwrap();
    assert!(call.is_error && call.known["wharf.outcome"] == "denied", "{call:#?}");
    let request = got.records.iter().find(|record| record.body == "request").unwrap();
    let server = got.spans.iter().find(|span| span.trace == request.trace && span.kind == 2).unwrap();
    assert_eq!((request.severity.as_str(), &request.known["route"]), ("INFO", &server.known["http.route"]));

    // Each record of the audit came, as it stands there.
    let audit = fs::read_to_string(audit).unwrap();
    assert!(audit.lines().count() >= 8, "{audit}");
    for line in audit.lines() {
        assert!(got.records.iter().any(|record| record.body == line), "{line} is not in {:#?}", got.records);
    }
}

#[test]
fn a_collector_that_fails_costs_no_call_anything_and_is_told_of_once() {
    let elsewhere = Collector::start();
    let moved = format!(
        "HTTP/1.1 307 x\r\nLocation: {}/v1/traces\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        elsewhere.url
    );
    let large = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 10 << 20);
    let words = |text: &str| text.to_owned();
    let failing: [(Collector, String); 4] = [
        (
            Collector::answering(|socket| drop(socket.write_all(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"))),
            words("it answered with status 500"),
        ),
        (
            Collector::answering(move |socket| drop(socket.write_all(moved.as_bytes()))),
            words("it answered with status 307, and redirects are not followed"),
        ),
        (
            Collector::answering(move |socket| {
                drop(socket.write_all(large.as_bytes()).and_then(|()| socket.write_all(&vec![b'x'; 10 << 20])));
            }),
            words("1048576"),
        ),
        // It hangs up.
        (Collector::answering(|_| ()), words("are lost")),
    ];
    for (collector, words) in &failing {
        let held = Held::open();
        let serving = held.serving(&collector.table(""));
        (0..3).for_each(|_| drop(serving.client().call("obedient good.echo", "{}").json()));
        serving.says(words);
        serving.client().call("obedient good.echo", "{}").json();
        serving.stop();
    }
    assert_eq!(elsewhere.has(|_| true).requests, 0);
}

#[test]
fn a_collector_that_never_answers_holds_up_neither_calls_nor_the_end() {
    let (never, held) = (Arc::new((Mutex::new(false), Condvar::new())), Held::open());
    let (waits, asked) = (Arc::clone(&never), Instant::now());
    let collector = Collector::answering(move |_| {
        let (over, changed) = &*waits;
        drop(changed.wait_while(over.lock().unwrap(), |over| !*over));
    });
    let serving = held.serving(&collector.table(""));
    serving.client().call("obedient good.echo", "{}").json();
    collector.has(|got| got.requests > 0);
    serving.client().call("obedient good.echo", "{}").json();
    serving.stop();
    assert!(asked.elapsed() < LONG / 2, "{:?}", asked.elapsed());
    *never.0.lock().unwrap() = true;
    never.1.notify_all();
}

#[test]
fn what_cannot_be_used_is_told_before_it_serves() {
    let world = World::new();
    for (table, words) in [
        ("endpoint = \"collector:4318\"", "it has no `endpoint`; write endpoint = \"https://"),
        ("endpoint = \"https://c.example\"\nsample = 2", "`server.telemetry.sample` is a number from 0 to 1"),
        (
            "endpoint = \"https://c.example\"\nheaders = { authorization = \"geheim\" }",
            "`server.telemetry.headers`: the value of a header is",
        ),
        (
            "endpoint = \"https://c.example\"\nheaders = { host = { file = \"wharf.toml\" } }",
            "`server.telemetry.headers`: ",
        ),
        ("endpoint = \"https://c.example\"\nheaders = { x = { env = \"NOT_THERE\" } }", "NOT_THERE"),
    ] {
        world.configure(&format!("[server.telemetry]\n{table}\n"));
        let run = world.wharf(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(run.code != 0 && run.err.contains(words) && !run.err.contains("geheim"), "{run:?}");
    }
}

#[test]
fn the_log_is_an_object_for_each_line_whatever_is_in_it() {
    let held = Held::open();
    let serving = held.serving("[server.log]\nform = \"json\"\nrequests = true");
    let given = [("traceparent", &*format!("00-{TRACE}-{ABOVE}-01"))];
    serving.client().call_with("obedient good.echo", &given, "{}").json();
    // Whoever asks writes nothing into it.
    let forged = "GET /v1/calls/%0A%7B%22level%22%3A%22error%22%7D";
    serving.client().open(forged, &[("traceparent", "\t{\"level\": \"error\"}")], b"").answer();
    let lines = serving.stop_and_tell();
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["level"] != "error" && line["time"].is_string()), "{lines:#?}");
    let route = |line: &&Value| line["fields"]["route"].as_str().map(str::to_owned);
    let routes: Vec<String> = lines.iter().filter_map(|line| route(&line)).collect();
    assert_eq!(routes, ["/v1/plugins/{plugin}/operations/{operation}", "/v1/calls/{call}"]);
    assert_eq!(lines.iter().find(|line| route(line).is_some()).unwrap()["fields"]["trace_id"], TRACE);
    assert_eq!(lines.last().unwrap()["message"], "stopped");
}
