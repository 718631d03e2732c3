//! Answers that come line by line, said piece by piece.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use wharf_egress::Secret;

use super::*;
use crate::call::Call;
use crate::failure::Fault;
use crate::host::Stream;
use crate::manifest;

const SECRET: &str = "a-secret-k7RmX2vQp9LzT4wB";

/// A plugin whose provider says what it is told.
struct Told {
    world: World,
    say: mpsc::Sender<String>,
    /// Tells when the other end has hung up.
    hung_up: mpsc::Receiver<()>,
}

/// The operation `answers.write`, with a rule for its answer.
fn operations(output: &Value) -> Value {
    with_rules(&json!([{"if": {"status": "2xx"}, "output": output}, {"failure": {}}]))
}

fn with_rules(rules: &Value) -> Value {
    json!({"answers.write": {
        "title": "Write", "summary": "Writes one.", "answer": rules,
        "request": {"method": "POST", "path": "/answers"},
    }})
}

impl Told {
    fn of(limits: Limits, output: &Value, head: &str) -> Self {
        Self::in_world(World::within(limits, &operations(output)), limits, head)
    }

    fn with(rules: &Value, head: &str) -> Self {
        Self::in_world(World::of(&with_rules(rules)), Limits::default(), head)
    }

    fn in_world(world: World, limits: Limits, head: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connection = Connection::builder(&world.plugin, "main", &url).secret("key", Secret::new(SECRET));
        HOST.0.connect(&world.plugin, Grant::from(connection.build().unwrap()).limits(limits));
        let (say, said) = mpsc::channel::<String>();
        let (gone, hung_up) = mpsc::channel();
        let head = format!("HTTP/1.1 200 OK\r\n{head}\r\nTransfer-Encoding: chunked\r\n\r\n");
        thread::spawn(move || {
            let mut socket = listener.accept().unwrap().0;
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut one = [0];
                assert_eq!(socket.read(&mut one).unwrap(), 1);
                asked.push(one[0]);
            }
            socket.write_all(head.as_bytes()).unwrap();
            for text in said {
                socket.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).unwrap_or(());
            }
            socket.shutdown(std::net::Shutdown::Write).unwrap_or(());
            // Its end, or a reset.
            let _ = socket.read(&mut [0]);
            gone.send(()).unwrap_or(());
        });
        Self { world, say, hung_up }
    }

    /// A stream of events.
    fn events(output: &Value) -> Self {
        Self::of(Limits::default(), output, "Content-Type: text/event-stream")
    }

    fn say(&self, text: &str) {
        self.say.send(text.to_owned()).unwrap();
    }

    /// It says this, and no more.
    fn run(self, said: &str) -> Report {
        self.say(said);
        // An empty chunk is the last one.
        self.say("");
        let Self { world, say, .. } = self;
        drop(say);
        world.run("answers.write", &json!({}))
    }

    /// It has nothing else to say, and sees that the other end is gone.
    fn ends_hung_up(self) {
        let Self { say, hung_up, .. } = self;
        drop(say);
        hung_up.recv_timeout(Duration::from_secs(20)).unwrap();
    }

    fn stream(&self) -> Stream<'static> {
        HOST.0.stream(Call::new(&self.world.plugin, "answers.write"))
    }
}

fn done() -> Value {
    json!({"events": {"end": {"text": "[DONE]"}}})
}

#[test]
fn events_are_a_list_up_to_what_ends_them() {
    let told = Told::events(&done());
    // The server has no end of its own: who waits for it waits for ever.
    told.say(": hello\n\nevent: token\nid: 7\ndata: {\"n\": 1.10}\n\ndata: 2\n\ndata: [DONE]\n\ndata: 3\n\n");
    let report = told.world.run("answers.write", &json!({}));
    assert_eq!(output(&report), r#"[{"data":{"n": 1.10},"event":"token","id":"7"},{"data":2,"id":"7"}]"#);
    assert_eq!(report.exchanges[0].status, Some(200));
    assert!(report.exchanges[0].answer_bytes.is_some_and(|bytes| bytes > 50) && report.timing.network > Duration::ZERO);
    told.ends_hung_up();
}

#[test]
fn each_kind_of_end_ends_an_answer() {
    let said = "data: {\"n\":1}\n\nevent: stop\ndata: {\"n\":2,\"done\":true}\n\ndata: {\"n\":3}\n\n";
    let of = |lines: Value| {
        let told = Told::events(&json!({ "events": lines }));
        told.say(said);
        let report = told.world.run("answers.write", &json!({}));
        let items: Vec<Value> = serde_json::from_str(output(&report)).unwrap();
        items.len()
    };
    assert_eq!(of(json!({"end": {"event": "stop"}})), 2);
    assert_eq!(of(json!({"end": {"at": "/done", "equals": true}})), 2);
    assert_eq!(of(json!({"most": 1})), 1);
    assert_eq!(of(json!({"seconds": 1})), 3);
    assert_eq!(of(json!({"data": "text", "end": {"text": "{\"n\":3}"}})), 2);
}

#[test]
fn lines_of_json_are_a_list_up_to_the_end_of_the_answer() {
    let told = Told::of(Limits::default(), &json!({"lines": {}}), "Content-Type: application/x-ndjson");
    assert_eq!(output(&told.run("{\"a\":1.10}\r\n\n[2]\n3")), r#"[{"a":1.10},[2],3]"#);
}

#[test]
fn what_ends_before_its_end_is_a_failure_beside_the_items_so_far() {
    let ended = |told: Told, said: &str| {
        let report = told.run(said);
        let failed = report.result.as_ref().unwrap_err().to_string();
        (failed, partial(&report).to_owned())
    };
    let (failed, so_far) = ended(Told::events(&done()), "data: 1\n\n");
    assert_eq!(so_far, r#"[{"data":1}]"#);
    assert!(failed.contains("the answer ended without `[DONE]`; what it asks for may have been done"), "{failed}");

    let (failed, so_far) = ended(Told::events(&json!({"events": {}})), "data: 1\n\ndata: 2\n");
    assert_eq!(so_far, r#"[{"data":1}]"#);
    assert!(failed.contains("the answer ended in the middle of an event"), "{failed}");

    let (failed, so_far) = ended(Told::events(&done()), "data: 1\n\ndata: {\n\ndata: [DONE]\n\n");
    assert_eq!(so_far, r#"[{"data":1}]"#);
    assert!(failed.contains("item 2 of the answer is not JSON"), "{failed}");

    let told = Told::events(&done());
    told.say("data: 1\n\n");
    let Told { world, say, .. } = told;
    drop(say);
    let report = world.run("answers.write", &json!({}));
    let failed = report.result.as_ref().unwrap_err();
    assert!(matches!(failed, CallError::Failure(Failure::Unavailable(_))), "{failed:?}");
    assert!(failed.to_string().contains("before the last chunk"), "{failed}");
    assert_eq!(partial(&report), r#"[{"data":1}]"#);
}

#[test]
fn a_last_event_without_its_blank_line_may_be_what_ends_an_answer() {
    assert_eq!(output(&Told::events(&done()).run("data: 1\n\ndata: [DONE]")), r#"[{"data":1}]"#);
}

#[test]
fn a_limit_ends_an_answer_beside_the_items_so_far() {
    let name = |report: &Report| match &report.result {
        Err(CallError::Refusal(Refusal::Limit(limit))) => limit.name,
        other => panic!("{other:?}"),
    };
    let within = |limits: Limits| Told::of(limits, &done(), "Content-Type: text/event-stream");
    let long = format!("data: 1\n\ndata: \"{}\"\n\n", "x".repeat(100));

    let report = within(Limits { output: 60, ..Limits::default() }).run(&long);
    assert_eq!((name(&report), partial(&report)), ("output", r#"[{"data":1}]"#), "one item is too large");
    let report = within(Limits { output: 120, ..Limits::default() }).run(&long);
    assert_eq!((name(&report), partial(&report)), ("output", r#"[{"data":1}]"#), "all together are");
    let report = within(Limits { answer: 50, ..Limits::default() }).run(&long);
    assert_eq!(name(&report), "answer");

    let told = within(Limits { timeout: Duration::from_millis(400), ..Limits::default() });
    told.say("data: 1\n\n");
    let report = told.world.run("answers.write", &json!({}));
    assert_eq!((name(&report), partial(&report)), ("timeout", r#"[{"data":1}]"#));
    assert!(report.result.unwrap_err().to_string().contains("the answer was still coming"));
}

#[test]
fn one_item_of_an_answer_that_is_read_whole_is_told_as_too_large_as_well() {
    let rules = json!([
        {"if": {"at": "/error", "present": true}, "failure": {}},
        {"if": {"status": "2xx"}, "output": {"lines": {}}},
    ]);
    let limits = Limits { output: 60, ..Limits::default() };
    let world = World::within(limits, &with_rules(&rules));
    let told = Told::in_world(world, limits, "Content-Type: application/json");
    let failed = told.run(&format!("1\n\"{}\"\n", "x".repeat(100))).result.unwrap_err().to_string();
    assert!(failed.contains("`output`") && failed.contains("one item of the answer is larger"), "{failed}");
}

#[test]
fn a_stream_gives_each_item_before_the_next_one_is_sent() {
    let told = Told::events(&done());
    let mut stream = told.stream();
    for n in [1, 2] {
        told.say(&format!("data: {n}\n\n"));
        assert_eq!(stream.next().unwrap().as_str(), format!("{{\"data\":{n}}}"));
    }
    told.say("data: [DONE]\n\n");
    assert!(stream.next().is_none() && stream.next().is_none());
    let report = stream.end();
    assert_eq!((output(&report), report.exchanges.len()), ("null", 1));
    assert_eq!(report.timing.sandbox, None);
    told.ends_hung_up();
}

#[test]
fn a_stream_that_fails_tells_it_at_its_end() {
    let told = Told::events(&done());
    let mut stream = told.stream();
    told.say("data: 1\n\n");
    assert!(stream.next().is_some());
    let Told { say, .. } = told;
    drop(say);
    assert!(stream.next().is_none());
    let failed = stream.end().result.unwrap_err();
    assert!(failed.to_string().contains("before the last chunk"), "{failed}");
}

#[test]
fn who_drops_a_stream_ends_its_call() {
    for by_its_end in [true, false] {
        let told = Told::events(&done());
        let mut stream = told.stream();
        told.say("data: 1\n\n");
        assert!(stream.next().is_some());
        if by_its_end {
            assert!(stream.end().result.is_ok(), "nothing went wrong");
        } else {
            drop(stream);
        }
        told.ends_hung_up();
    }
}

#[test]
fn a_stream_goes_on_from_thread_to_thread() {
    let told = Told::events(&done());
    let mut stream = told.stream();
    told.say("data: 1\n\n");
    assert!(stream.next().is_some());
    told.say("data: 2\n\ndata: [DONE]\n\n");
    let rest = thread::spawn(move || stream.by_ref().count() + usize::from(stream.end().result.is_err())).join();
    assert_eq!(rest.unwrap(), 1);
}

#[test]
fn a_secret_in_two_items_is_in_none() {
    let told = Told::events(&json!({"events": {"data": "text", "end": {"text": "[DONE]"}}}));
    let (first, second) = SECRET.split_at(10);
    let report = told.run(&format!("data: key {first}\n\ndata: {second}.\n\ndata: [DONE]\n\n"));
    assert_eq!(output(&report), r#"[{"data":"key •••"},{"data":"."}]"#);
}

#[test]
fn what_is_no_stream_is_read_whole_and_by_all_rules() {
    let page = Told::of(Limits::default(), &done(), "Content-Type: text/html");
    let failed = page.run("data: 1\n\ndata: [DONE]\n\n").result.unwrap_err().to_string();
    assert!(failed.contains("the answer is not a stream of events"), "{failed}");

    let world = World::of(&operations(&done()));
    world.answers(404, &[], r#"{"message": "No such order."}"#);
    let failed = told(world.run("answers.write", &json!({})).result.unwrap_err());
    assert!(matches!(failed, Failure::NotFound(_)), "{failed:?}");
    let mut stream = HOST.0.stream(world.of_call("answers.write", &json!({})).dry_run());
    assert!(stream.next().is_none());
    let report = stream.end();
    assert_eq!((output(&report), report.exchanges.len()), ("null", 1), "nothing is sent in a dry run");
}

#[test]
fn an_operation_without_lines_has_no_items_but_an_output() {
    let world = World::of(&get_order(&json!([])));
    world.answers(200, &[], "[1, 2]");
    let mut stream = HOST.0.stream(world.of_call("orders.get", &json!({"id": "7"})));
    assert!(stream.next().is_none());
    assert_eq!(output(&stream.end()), "[1, 2]");
    let failed = HOST.0.stream(Call::new("nobody", "a.b")).end().result.unwrap_err();
    assert!(!matches!(failed, CallError::Fault(Fault::Host(_))), "{failed:?}");
}

#[test]
fn lines_that_can_never_end_so_are_refused_with_their_place() {
    let refused = |output: &Value, words: &str| {
        let document = json!({
            "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders.",
            "server": {"summary": "Where it is."}, "operations": operations(output),
        });
        let told = match document::read(&document.to_string()) {
            Err(problem) => problem.to_string(),
            Ok(manifest) => format!("{:?}", manifest::check(&manifest)),
        };
        assert!(told.contains(words), "{words}: {told}");
    };
    refused(&json!({"events": {"most": 0}}), "`most` is a number of items from 1 to 1000000");
    refused(&json!({"lines": {"seconds": 9999}}), "`seconds` is a number from 1 to 3600");
    refused(&json!({"events": {"end": {"text": ""}}}), "the text that ends an answer has to be one");
    refused(&json!({"lines": {"end": {"event": "stop"}}}), "lines have no events");
    refused(&json!({"events": {"data": "text", "end": {"at": "/a", "equals": 1}}}), "there is no place to look at");
    refused(&json!({"events": {"end": {"at": "/a/*", "equals": 1}}}), "has to lead to one place");
    refused(&json!({"events": {"end": {"at": "/a"}}}), "equals");
    refused(&json!({"lines": {"data": "json"}}), "data");
    refused(&json!({"events": {"until": 1}}), "until");
}

/// What a cassette has of a call whose answer is this.
fn recorded(output: &Value, more: &Value, said: &str) -> (Report, String) {
    let world = World::of(&json!({"answers.write": {
        "title": "Write", "summary": "Writes one.", "sensitive-outputs": more,
        "answer": [{"if": {"status": "2xx"}, "output": output}, {"failure": {}}],
        "request": {"method": "POST", "path": "/answers"},
    }}));
    let connection = Connection::builder(&world.plugin, "main", &world.server.url()).secret("key", Secret::new(SECRET));
    HOST.0.connect(&world.plugin, Grant::from(connection.build().unwrap()));
    world.server.answer_next(Canned {
        status: 200,
        content_type: "text/event-stream".to_owned(),
        body: said.as_bytes().into(),
        ..Canned::default()
    });
    let (report, call) = HOST.0.record(world.of_call("answers.write", &json!({})));
    let call = call.unwrap_or_else(|error| panic!("{error}"));
    let bodies: Vec<String> = call
        .exchanges
        .iter()
        .map(|exchange| match &exchange.became {
            crate::cassette::Became::Answer(answer) => String::from_utf8_lossy(&answer.body.0).into_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    (report, bodies.concat())
}

#[test]
fn a_secret_in_two_items_is_in_no_cassette_and_in_none_of_a_call_that_is_recorded() {
    let (first, second) = SECRET.split_at(10);
    let said = format!("data: key {first}\n\ndata: {second}.\n\ndata: [DONE]\n\n");
    let (report, cassette) =
        recorded(&json!({"events": {"data": "text", "end": {"text": "[DONE]"}}}), &json!([]), &said);
    let seen = format!("{} {cassette}", output(&report));
    assert!(!seen.contains(second), "{seen}");
}

#[test]
fn what_is_sensitive_of_the_items_before_a_failure_is_in_no_cassette() {
    let said = "data: {\"token\":\"handed-out-7781\"}\n\n";
    let (report, cassette) = recorded(&done(), &json!(["/*/data/token"]), said);
    assert!(report.result.is_err() && partial(&report).contains("handed-out-7781"));
    assert!(!cassette.contains("handed-out-7781"), "{cassette}");
}

#[test]
fn an_answer_that_is_listened_to_for_so_long_is_recorded_as_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let host = Host::builder().audit(&file, true).build().unwrap();
    let component = Component::from_binary(host.engine.inner(), OBEDIENT.bytes).unwrap();
    let document = json!({
        "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders.",
        "server": {"summary": "Where it is."}, "operations": operations(&json!({"events": {"seconds": 1}})),
    });
    let manifest = document::read(&document.to_string()).unwrap_or_else(|problem| panic!("{problem}"));
    host.publish(Arc::new(host.loader.described(&host.engine, &component, &manifest))).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    host.connect("acme", Grant::from(Connection::builder("acme", "main", &url).build().unwrap()));
    thread::spawn(move || {
        let mut socket = listener.accept().unwrap().0;
        let _ = socket.read(&mut [0; 4096]);
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n").unwrap();
        let _ = socket.read(&mut [0; 4096]);
    });
    let report = host.run(Call::new("acme", "answers.write"));
    assert_eq!(output(&report), r#"[{"data":1}]"#);
    host.flush_audit().unwrap();
    let records = std::fs::read_to_string(&file).unwrap();
    let outcome: Value = serde_json::from_str(records.lines().last().unwrap()).unwrap();
    assert_eq!((&outcome["event"], &outcome["status"]), (&json!("outcome"), &json!(200)));
    assert_eq!(outcome["message"], json!(null));
}

#[test]
fn data_are_masked_as_they_came_and_texts_in_the_json_of_two_items_are_not_put_together() {
    let told = Told::events(&done());
    let (first, second) = SECRET.split_at(10);
    let said = format!("data: {{\"delta\":\"{first}\"}}\n\ndata: {{\"delta\":\"{second}\"}}\n\ndata: [DONE]\n\n");
    let found = format!(r#"[{{"data":{{"delta":"{first}"}}}},{{"data":{{"delta":"{second}"}}}}]"#);
    assert_eq!(output(&told.run(&said)), found);
}

#[test]
fn a_stream_of_many_small_items_is_not_told_as_one_that_is_too_large() {
    let limits = Limits { answer: 1000, output: 1000, ..Limits::default() };
    let told = Told::of(limits, &done(), "Content-Type: text/event-stream");
    let mut stream = told.stream();
    told.say(&"data: 1\n\n".repeat(200));
    while stream.next().is_some() {}
    let failed = stream.end().result.unwrap_err().to_string();
    assert!(failed.contains("`answer`"), "{failed}");
}

#[test]
fn a_file_elsewhere_counts_for_the_requests_of_its_call() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let files = format!("http://{}", listener.local_addr().unwrap());
    let place = files.clone();
    let page = "x".repeat(100_000);
    thread::spawn(move || {
        for (number, socket) in listener.incoming().map_while(Result::ok).enumerate() {
            let mut socket = socket;
            let _ = socket.read(&mut [0; 4096]);
            let answer = match number {
                0 | 1 => format!("HTTP/1.1 302 Found\r\nLocation: {place}/f\r\nContent-Length: 100000\r\n\r\n{page}"),
                _ => "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\nfile".to_owned(),
            };
            socket.write_all(answer.as_bytes()).unwrap();
        }
    });
    let limits = Limits { requests: 1, traffic: 150_000, ..Limits::default() };
    let world = World::within(
        limits,
        &json!({"orders.file": {
            "title": "File", "summary": "Gets one.", "files": ["file"],
            "answer": [{"if": {"status": "2xx"}, "output": {"file": "file"}}, {"failure": {}}],
            "request": {"method": "GET", "path": "/file", "as-file": true, "redirects-to": [files]},
        }}),
    );
    let connection = Connection::builder(&world.plugin, "main", &world.server.url())
        .allow_addresses(["127.0.0.1/32".parse().unwrap()]);
    HOST.0.connect(&world.plugin, Grant::from(connection.build().unwrap()).limits(limits));
    world.answers(302, &[("Location", &format!("{files}/f"))], &"x".repeat(100_000));
    let report = world.run("orders.file", &json!({}));
    let failed = report.result.unwrap_err().to_string();
    assert!(failed.contains("`requests`") && failed.contains("a file elsewhere"), "{failed}");

    let run = |limits: Limits| {
        let connection = Connection::builder(&world.plugin, "main", &world.server.url())
            .allow_addresses(["127.0.0.1/32".parse().unwrap()]);
        HOST.0.connect(&world.plugin, Grant::from(connection.build().unwrap()).limits(limits));
        world.answers(302, &[("Location", &format!("{files}/f"))], &"x".repeat(100_000));
        world.run("orders.file", &json!({}))
    };
    let report = run(Limits { requests: 4, ..Limits::default() });
    let statuses: Vec<_> = report.exchanges.iter().map(|exchange| exchange.status).collect();
    assert_eq!(statuses, [Some(302), Some(302), Some(302), Some(200)], "{:?}", report.result);
    assert!(report.exchanges[1].request.url.ends_with("/•••"), "{:?}", report.exchanges[1]);
    let failed = run(Limits { traffic: 50_000, ..Limits::default() }).result.unwrap_err().to_string();
    assert!(failed.contains("`traffic`"), "{failed}");
}

#[test]
fn a_call_whose_answer_ends_with_its_mark_can_be_recorded() {
    let told = Told::events(&done());
    told.say("data: 1\n\ndata: [DONE]\n\n");
    // The server has no end of its own, and a call that is run has one: the mark.
    let call = Call::new(&told.world.plugin, "answers.write").timeout(Duration::from_secs(2));
    let (report, recorded) = HOST.0.record(call);
    assert!(report.result.is_ok() && recorded.is_ok(), "{:?} {:?}", report.result, recorded.map(drop));
}

#[test]
fn a_call_is_recorded_whatever_ends_its_answer() {
    for output in [
        json!({"events": {"most": 2}}),
        json!({"events": {"seconds": 1}}),
        json!({"events": {"seconds": 1, "end": {"text": "[DONE]"}}}),
        json!({"events": {"end": {"event": "stop"}}}),
        json!({"events": {"data": "text", "end": {"event": "stop"}}}),
    ] {
        let told = Told::events(&output);
        told.say("event: a\nid: 7\ndata: 1\ndata:\n\nid\nevent: stop\ndata: 2\n\n");
        let (report, recorded) = HOST.0.record(Call::new(&told.world.plugin, "answers.write"));
        let recorded = recorded.unwrap_or_else(|error| panic!("{output}: {error}"));
        assert!(report.result.is_ok(), "{output}: {:?}", report.result);
        let text = serde_json::to_string(&recorded).unwrap();
        assert_eq!(text.contains("\"left\":true"), output["events"]["seconds"] == 1, "{text}");
    }
}

#[test]
fn an_answer_that_breaks_off_is_recorded_as_one() {
    let told = Told::events(&done());
    told.say("data: 1\n\n");
    let Told { world, say, .. } = told;
    drop(say);
    let (report, recorded) = HOST.0.record(Call::new(&world.plugin, "answers.write"));
    assert!(report.result.is_err() && recorded.is_ok(), "{:?} {:?}", report.result, recorded.map(drop));
}

#[test]
fn a_call_that_is_recorded_reads_its_answer_like_one_that_is_run() {
    let of = |record: bool| {
        let told = Told::of(
            Limits::default(),
            &json!({"events": {"data": "text"}}),
            "Content-Type: text/event-stream; charset=iso-8859-1",
        );
        told.say("data: x\n\n");
        told.say("");
        let Told { world, say, .. } = told;
        drop(say);
        let call = Call::new(&world.plugin, "answers.write");
        let report = if record { HOST.0.record(call).0 } else { HOST.0.run(call) };
        // Each has a server of its own.
        let failed = report.result.unwrap_err().to_string();
        failed.split_once("cannot be read").unwrap().1.to_owned()
    };
    assert_eq!(of(true), of(false));
}

#[test]
fn who_listens_to_a_stream_on_the_thread_of_another_one_has_its_own() {
    let (one, other) = (Told::events(&done()), Told::events(&done()));
    let (mut first, mut second) = (one.stream(), other.stream());
    for n in 0..3 {
        one.say(&format!("data: {n}\n\n"));
        other.say(&format!("data: {}\n\n", n + 10));
        assert_eq!(second.next().unwrap().as_str(), format!("{{\"data\":{}}}", n + 10));
        assert_eq!(first.next().unwrap().as_str(), format!("{{\"data\":{n}}}"));
    }
    drop(first);
    other.say("data: [DONE]\n\n");
    assert!(second.next().is_none() && second.end().result.is_ok());
    one.ends_hung_up();
}

#[test]
fn an_error_that_a_rule_before_the_lines_tells_of_is_no_success() {
    let of = |record: bool, content_type: &str| {
        let world = World::of(&json!({"answers.write": {
            "title": "Write", "summary": "Writes one.",
            "answer": [
                {"if": [{"status": "2xx"}, {"at": "/error", "present": true}], "failure": {"message": "/error"}},
                {"if": {"status": "2xx"}, "output": {"lines": {}}},
                {"failure": {}},
            ],
            "request": {"method": "GET", "path": "/answers"},
        }}));
        world.server.answer_next(Canned {
            status: 200,
            content_type: content_type.to_owned(),
            body: br#"{"error":"the quota is used up"}"#[..].into(),
            ..Canned::default()
        });
        let call = world.of_call("answers.write", &json!({}));
        let report = if record { HOST.0.record(call).0 } else { HOST.0.run(call) };
        report.result.map(|output| output.json.as_str().to_owned()).map_err(|error| error.to_string())
    };
    for content_type in ["application/json", "application/problem+json; a=b", "application/x-ndjson", "text/plain"] {
        let failed = of(false, content_type).unwrap_err();
        assert!(failed.contains("the quota is used up"), "{content_type}: {failed}");
        assert_eq!(of(true, content_type), Err(failed), "run and recorded: {content_type}");
    }
}

#[test]
fn what_rules_before_the_lines_look_for_is_looked_for_in_the_first_item() {
    let rules = json!([
        {"if": [{"status": "2xx"}, {"at": "/error", "present": true}], "failure": {"message": "/error"}},
        {"if": {"status": "2xx"}, "output": {"events": {"end": {"text": "[DONE]"}}}},
        {"if": {"at": "/done", "present": true}, "failure": {}},
    ]);
    let of = |said: &str| {
        let told = Told::with(&rules, "Content-Type: text/event-stream");
        told.say(said);
        let report = told.world.run("answers.write", &json!({}));
        told.ends_hung_up();
        report
    };
    let failed = of("data: {\"error\":\"Busy.\"}\n\n").result.unwrap_err().to_string();
    assert!(failed.contains("Busy."), "{failed}");
    let report = of("data: {\"done\":1}\n\ndata: {\"error\":\"Busy.\"}\n\ndata: [DONE]\n\n");
    assert_eq!(output(&report), r#"[{"data":{"done":1}},{"data":{"error":"Busy."}}]"#, "later ones are for the caller");
}
