//! What ends a call, and that it ends that call alone.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::json;
use wharf::failure::{CallError, Fault, Kind, Refusal};
use wharf::{Blob, Call, Connection, Host, Level, Limits, Report, Secret};
use wharf_artifacts::UNRULY;

/// Far more than a call needs, and far less than a test may take.
const SHORT: Duration = Duration::from_millis(300);

/// One host for all of these tests: what one call breaks must not harm another.
fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| {
        let limits = Limits { memory: 64 << 20, output: 1 << 20, request: 1 << 20, ..Limits::default() };
        let host = Host::builder().limits(limits).build().unwrap();
        host.load_bytes(UNRULY.bytes).unwrap();
        let connection = Connection::builder("unruly", "main", "http://127.0.0.1:9")
            .field("greeting", "hello")
            .secret("key", Secret::new("very-secret-indeed"));
        host.connect("unruly", connection.build().unwrap());
        host
    })
}

fn call(operation: &str) -> Call {
    Call::new("unruly", operation).connection("main")
}

fn run(operation: &str) -> Report {
    let report = host().run(call(operation));
    let after = host().call(call("good.greet")).unwrap();
    assert_eq!(after.json, json!("hello"), "the next call works");
    report
}

fn limit(report: Report) -> &'static str {
    match report.result {
        Err(CallError::Refusal(Refusal::Limit(limit))) => limit.name,
        other => panic!("no limit was reached: {other:?}"),
    }
}

fn fault(report: Report) -> String {
    match report.result {
        Err(CallError::Fault(Fault::Plugin { message, .. })) => message,
        other => panic!("no fault of the plugin: {other:?}"),
    }
}

#[test]
fn a_guest_that_loops_or_sleeps_ends_with_its_deadline() {
    for operation in ["bad.loop", "bad.sleep"] {
        let started = Instant::now();
        let report = host().run(call(operation).timeout(SHORT));
        assert_eq!(limit(report), "timeout", "{operation}");
        assert!(started.elapsed() < SHORT * 10, "{operation} took {:?}", started.elapsed());
    }
}

#[test]
fn a_provider_that_does_not_answer_ends_with_the_deadline() {
    let server = wharf_simulated::appwrite::start().unwrap();
    let mut slow = crate::world::answer(200, "application/json", "1");
    slow.delay = Some(Duration::from_secs(60));
    server.answer_next(slow);
    let connection =
        Connection::builder("unruly", "slow", &server.url()).secret("key", Secret::new("very-secret-indeed"));
    host().connect("unruly", connection.build().unwrap());
    let started = Instant::now();
    let report = host().run(Call::new("unruly", "good.echo").connection("slow").timeout(SHORT));
    assert_eq!(limit(report), "timeout");
    assert!(started.elapsed() < SHORT * 10, "{:?}", started.elapsed());
}

#[test]
fn memory_output_and_requests_have_their_limits() {
    assert_eq!(limit(run("bad.hoard")), "memory");
    assert_eq!(limit(run("bad.long-output")), "output");
    assert_eq!(limit(run("bad.flood")), "request");
    assert_eq!(limit(run("bad.collect")), "resources");
    let server = wharf_simulated::appwrite::start().unwrap();
    let connection =
        Connection::builder("unruly", "many", &server.url()).secret("key", Secret::new("very-secret-indeed"));
    host().connect("unruly", connection.build().unwrap());
    assert_eq!(limit(host().run(Call::new("unruly", "bad.hammer").connection("many"))), "requests");
    assert_eq!(server.requests().len(), 100);
}

#[test]
fn a_broken_plugin_is_told_apart_from_a_failing_provider() {
    assert_eq!(fault(run("bad.panic")), "it stopped itself (a panic or an abort)");
    assert_eq!(limit(run("bad.recurse")), "stack");
    assert!(fault(run("bad.no-json")).contains("its output is not JSON"));
    assert!(fault(run("bad.stowaway")).contains("a file `undeclared`, which the operation does not declare"));
    assert!(fault(run("bad.cry-wolf")).contains("which did not happen"));
    assert_eq!(run("bad.panic").result.unwrap_err().kind(), Kind::Plugin);
}

#[test]
fn nothing_of_the_system_is_granted() {
    let seen = run("bad.look-around").result.unwrap().json;
    assert_eq!(seen, json!({"environment": 0, "arguments": 0, "file": false, "socket": false, "secret": null}));
}

#[test]
fn a_log_is_cut_and_cannot_move_the_cursor() {
    let log = run("bad.chatter").log;
    assert_eq!(log[0].level, Level::Info);
    assert_eq!(log[0].message, "\\u{1b}[2J\\u{1b}[31mwiped");
    assert_eq!(log.len(), 3, "one long message, and a note that there were more");
    assert!(log[2].message.contains("dropped"));
}

#[test]
fn empty_messages_are_not_free() {
    let log = run("bad.whisper").log;
    assert!(log.len() <= 1 + (64 << 10) / 64, "{}", log.len());
}

#[test]
fn files_pass_through_and_stay_whole() {
    let files = call("good.shout")
        .attach("file", Blob::new("one", "text/plain", Some("one.txt".to_owned())))
        .attach("file", Blob::new("two", "text/plain", None));
    let output = host().call(files).unwrap();
    let files: Vec<_> = output.attachments.iter().map(|(name, blob)| (name.as_str(), &blob.bytes[..])).collect();
    assert_eq!(files, [("loud", &b"ONE"[..]), ("loud", b"TWO")]);
    assert_eq!(output.attachments[0].1.file_name.as_deref(), Some("one.txt"));

    let missing = host().call(call("good.shout")).unwrap_err();
    assert!(missing.to_string().contains("`file`"), "{missing}");
}

#[test]
fn each_call_is_fresh_and_only_state_outlives_it() {
    let first = host().call(call("good.count")).unwrap().json;
    let second = host().call(call("good.count")).unwrap().json;
    assert_eq!((first, second), (json!(1), json!(2)));
}

#[test]
fn calls_on_many_threads_do_not_disturb_each_other() {
    std::thread::scope(|scope| {
        for operation in ["bad.panic", "bad.hoard", "good.greet", "good.greet"] {
            scope.spawn(move || {
                for _ in 0..20 {
                    let result = host().call(call(operation).timeout(Duration::from_secs(20)));
                    assert_eq!(result.is_ok(), operation == "good.greet", "{operation}: {result:?}");
                }
            });
        }
    });
}
