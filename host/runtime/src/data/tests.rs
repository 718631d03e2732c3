mod lines;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use serde_json::{Value, json};
use wasmtime::component::Component;
use wharf_artifacts::OBEDIENT;
use wharf_egress::{Blob, Connection};
use wharf_simulated::{Canned, Server};

use crate::Host;
use crate::call::{Call, Report};
use crate::failure::{CallError, Detail, Failure, LimitReached, Refusal};
use crate::grant::Grant;
use crate::limits::Limits;
use crate::manifest::{self, document};

/// Every plugin has a component, and nothing of it runs here.
static HOST: LazyLock<(Host, Component)> = LazyLock::new(|| {
    let host = Host::builder().build().unwrap();
    let component = Component::from_binary(host.engine.inner(), OBEDIENT.bytes).unwrap();
    (host, component)
});

/// A plugin of certain operations, and the server that it talks to.
struct World {
    plugin: String,
    server: Server,
}

impl World {
    fn of(operations: &Value) -> Self {
        Self::within(Limits::default(), operations)
    }

    fn within(limits: Limits, operations: &Value) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (host, component) = &*HOST;
        let plugin = format!("acme-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let document = json!({
            "contract": "0.2.0-draft", "name": plugin, "title": "Acme", "version": "1.0.0", "summary": "Orders.",
            "server": {"summary": "Where it is."}, "operations": operations,
        });
        let manifest = document::read(&document.to_string()).unwrap_or_else(|problem| panic!("{problem}"));
        host.publish(Arc::new(host.loader.described(&host.engine, component, &manifest))).unwrap();
        let server = Server::recorder(|_| json!({"seen": true})).unwrap();
        let connection = Connection::builder(&plugin, "main", &server.url()).build().unwrap();
        host.connect(&plugin, Grant::from(connection).limits(limits));
        Self { plugin, server }
    }

    fn answers(&self, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let content_type = "application/json".to_owned();
        self.server.answer_next(Canned { status, headers, content_type, body: body.into(), ..Canned::default() });
    }

    fn of_call(&self, operation: &str, input: &Value) -> Call {
        Call::new(&self.plugin, operation).input(input.clone())
    }

    fn run(&self, operation: &str, input: &Value) -> Report {
        HOST.0.run(self.of_call(operation, input))
    }

    fn targets(&self) -> Vec<String> {
        self.server.requests().into_iter().map(|request| request.target).collect()
    }
}

fn output(report: &Report) -> &str {
    report.result.as_ref().unwrap_or_else(|error| panic!("{error}")).json.as_str()
}

fn partial(report: &Report) -> &str {
    report.partial.as_ref().map(|output| output.json.as_str()).unwrap_or_default()
}

fn get_order(answer: &Value) -> Value {
    json!({"orders.get": {
        "title": "Get", "summary": "Gets one.", "input": {"properties": {"id": {"type": "string"}}}, "answer": answer,
        "request": {"method": "GET", "path": "/orders/{id}"},
    }})
}

#[test]
fn an_operation_that_is_data_passes_its_answer_through_and_needs_no_sandbox() {
    let world = World::of(&get_order(&json!([])));
    let body = r#"{ "n": [1.10, 1e400, "\ud83d"], "n": -0 }"#;
    world.answers(200, &[], body);
    let report = world.run("orders.get", &json!({"id": "7"}));
    assert_eq!((output(&report), world.targets()), (body, vec!["/orders/7".to_owned()]));
    assert_eq!(report.timing.sandbox, None);
    assert!(report.timing.total() >= report.timing.network, "{:?}", report.timing);
    assert_eq!(report.exchanges.iter().map(|exchange| exchange.status).collect::<Vec<_>>(), [Some(200)]);

    world.answers(404, &[], r#"{"message": "No such order."}"#);
    let failed = world.run("orders.get", &json!({"id": "8"})).result.unwrap_err();
    let Failure::NotFound(detail) = told(failed) else { panic!("it is not found") };
    let expected =
        Detail { message: "No such order.".into(), status: Some(404), provider: "Acme".into(), ..Detail::default() };
    assert_eq!(detail, expected);
    let nothing = world.run("orders.get", &json!({}));
    assert!(matches!(nothing.result, Err(CallError::Refusal(_))), "{:?}", nothing.result);
}

fn told(error: CallError) -> Failure {
    match error {
        CallError::Failure(failure) => failure,
        other => panic!("{other}"),
    }
}

#[test]
fn a_dry_run_sends_nothing_and_shows_the_request() {
    let world = World::of(&get_order(&json!([])));
    let report = HOST.0.run(world.of_call("orders.get", &json!({"id": "7"})).dry_run());
    assert_eq!((output(&report), world.targets()), ("null", Vec::new()));
    assert!(report.exchanges.first().unwrap().request.url.ends_with("/orders/7"));
}

#[test]
fn what_the_guard_refuses_is_told_in_its_own_words() {
    let world = World::of(&get_order(&json!([])));
    let refused = world.run("orders.get", &json!({"id": ".."})).result.unwrap_err();
    assert!(matches!(refused, CallError::Refusal(Refusal::Denied(_))), "{refused:?}");
    assert!(!refused.to_string().contains("the plugin says"), "{refused}");
    assert!(world.targets().is_empty());
}

#[test]
fn what_passes_by_itself_is_tried_again() {
    let world = World::of(&get_order(&json!([])));
    world.answers(503, &[("Retry-After", "0")], "");
    world.answers(200, &[], "1");
    let report = HOST.0.run(world.of_call("orders.get", &json!({"id": "7"})).retries(1));
    assert_eq!((output(&report), report.retries, world.targets().len()), ("1", 1, 2));
}

#[test]
fn a_change_whose_success_makes_no_sense_may_have_been_done() {
    let world = World::of(&json!({"orders.add": {
        "title": "Add", "summary": "Adds one.", "request": {"method": "POST", "path": "/orders"},
        "answer": [{"if": {"at": "/ok", "equals": true}, "output": {"at": "/data"}}, {"unreadable": "one of Acme"}],
    }}));
    world.answers(200, &[], r#"{"ok": true, "data": {"id": 7}}"#);
    assert_eq!(output(&world.run("orders.add", &json!({}))), r#"{"id": 7}"#);
    for body in [r#"{"ok": true, "ok": true, "data": 1}"#, r#"{"ok": true}"#, "<html>", ""] {
        world.answers(200, &[], body);
        let failed = world.run("orders.add", &json!({})).result.unwrap_err().to_string();
        assert!(failed.contains("what it asks for may have been done"), "{body}: {failed}");
    }
}

#[test]
fn the_first_request_that_is_for_what_was_given_is_sent() {
    let request = |path: &str, when: Value| json!({"method": "GET", "path": path, "when-given": when});
    let mut last = request("/all", json!([]));
    last.as_object_mut().unwrap().remove("when-given");
    let world = World::of(&json!({"orders.find": {
        "title": "Find", "summary": "Finds some.",
        "input": {"properties": {"name": {"type": "string"}, "mail": {"type": "string"}}},
        "requests": {"by-name": request("/name/{name}", json!(["name"])), "by-mail": request("/mail/{mail}", json!(["mail"])), "all": last},
    }}));
    for input in [json!({"mail": "m", "name": "n"}), json!({"mail": "m"}), json!({})] {
        world.run("orders.find", &input).result.unwrap();
    }
    assert_eq!(world.targets(), ["/name/n", "/mail/m", "/all"]);
}

fn list_orders(pages: &Value) -> Value {
    json!({"orders.list": {
        "title": "List", "summary": "Lists all.", "input": {"properties": {"after": {"type": "string"}, "kind": {"type": "string"}}},
        "request": {"method": "GET", "path": "/orders", "query": ["after", "kind"]}, "pages": pages,
    }})
}

fn by_cursor() -> Value {
    list_orders(&json!({"list": "/items", "cursor": {"query": "after", "at": "/next"}}))
}

#[test]
fn pages_are_followed_as_far_as_the_caller_wants() {
    let world = World::of(&by_cursor());
    world.answers(200, &[], r#"{ "total": 1.10, "items": [1, {"a": 1, "a": 2}], "next": "b c" }"#);
    world.answers(200, &[], r#"{"items": [1e400], "next": 12345678901234567890123}"#);
    world.answers(200, &[], r#"{"items": [4, 5], "next": "d"}"#);
    let report = world.run("orders.list", &json!({"kind": "new", "maxItems": 4}));
    assert_eq!(output(&report), r#"{ "total": 1.10, "items": [1,{"a": 1, "a": 2},1e400,4], "next": "b c" }"#);
    let turned = ["/orders?kind=new", "/orders?kind=new&after=b%20c", "/orders?kind=new&after=12345678901234567890123"];
    assert_eq!(world.targets(), turned);
    world.server.clear_requests();
    world.answers(200, &[], r#"{"items": [1], "next": "b"}"#);
    assert_eq!(output(&world.run("orders.list", &json!({"after": "a"}))), r#"{"items": [1], "next": "b"}"#, "one page");
    assert_eq!(world.targets(), ["/orders?after=a"]);
    for most in [0, 10_001] {
        assert!(world.run("orders.list", &json!({"maxItems": most})).result.is_err(), "{most}");
    }
}

#[test]
fn what_came_before_a_page_that_fails_is_handed_on() {
    let world = World::of(&by_cursor());
    world.answers(200, &[], r#"{"items": [1, 2], "next": "b"}"#);
    world.answers(503, &[("Retry-After", "7")], r#"{"message": "Busy."}"#);
    let report = world.run("orders.list", &json!({"maxItems": 9}));
    assert_eq!(partial(&report), r#"{"items": [1,2], "next": "b"}"#);
    let Failure::Unavailable(detail) = told(report.result.unwrap_err()) else { panic!("it is not available") };
    assert_eq!((detail.message.as_str(), detail.retry_after), ("page 2 failed after 2 items: Busy.", Some(7)));
}

#[test]
fn what_came_before_a_limit_is_handed_on_as_well() {
    let world = World::within(Limits { requests: 2, ..Limits::default() }, &by_cursor());
    for page in 1..=2 {
        world.answers(200, &[], &format!(r#"{{"items": [{page}], "next": "{page}"}}"#));
    }
    let report = world.run("orders.list", &json!({"maxItems": 9}));
    assert_eq!(partial(&report), r#"{"items": [1,2], "next": "1"}"#);
    let limit =
        |error: &CallError| matches!(error, CallError::Refusal(Refusal::Limit(LimitReached { name: "requests", .. })));
    assert!(report.result.as_ref().is_err_and(limit), "{:?}", report.result);
    assert_eq!(world.targets().len(), 2);
}

#[test]
fn what_is_sensitive_of_the_pages_before_one_that_fails_is_in_no_cassette() {
    let mut declared = by_cursor();
    declared["orders.list"]["sensitive-outputs"] = json!(["/items/*/token"]);
    let world = World::of(&declared);
    world.answers(200, &[], r#"{"items": [{"token": "handed-out-7781"}], "next": "b"}"#);
    world.answers(500, &[], "");
    let (report, recorded) = HOST.0.record(world.of_call("orders.list", &json!({"maxItems": 9})));
    assert!(report.result.is_err() && partial(&report).contains("handed-out-7781"));
    let cassette = serde_json::to_string(&recorded.unwrap()).unwrap();
    assert!(!cassette.contains("handed-out-7781"), "{cassette}");
}

#[test]
fn the_address_of_the_next_page_is_read_and_never_called() {
    let world = World::of(&list_orders(&json!({"link": {"read": ["after"]}})));
    let elsewhere = Server::recorder(|_| json!([])).unwrap();
    let link = |rest: &str| format!(r#"<{}/other?after=x&kind=all&key=1>; rel="next"{rest}"#, elsewhere.url());
    world.answers(200, &[("Link", r#"<a?after=0>; rel="prev""#), ("Link", &link(""))], "[1]");
    world.answers(200, &[], "[2]");
    let report = world.run("orders.list", &json!({"kind": "new", "maxItems": 9}));
    assert_eq!(output(&report), "[1,2]");
    assert_eq!(world.targets(), ["/orders?kind=new", "/orders?kind=new&after=x"]);
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_page_that_is_no_list_is_a_failure() {
    let world = World::of(&by_cursor());
    world.answers(200, &[], r#"{"items": 7}"#);
    let failed = world.run("orders.list", &json!({"maxItems": 9})).result.unwrap_err().to_string();
    assert!(failed.contains("page 1: there is no list under `/items`"), "{failed}");
}

fn get_file() -> Value {
    json!({"files.get": {
        "title": "Get", "summary": "Gets one.", "files": ["file"], "request": {"method": "GET", "path": "/file"},
        "answer": [
            {"if": {"at": "/error", "present": true}, "failure": {"message": "/error"}},
            {"if": {"status": "2xx"}, "output": {"file": "file"}},
            {"failure": {}},
        ],
    }})
}

#[test]
fn a_file_passes_as_it_is_unless_it_is_an_error() {
    let world = World::of(&get_file());
    let answers = |content_type: &str, body: &[u8]| {
        let content_type = content_type.to_owned();
        world.server.answer_next(Canned { content_type, body: body.to_vec(), ..Canned::default() });
    };
    answers("image/png", b"\x89PNG\0\xff");
    let report = world.run("files.get", &json!({}));
    assert_eq!(output(&report), r#"{"success":true}"#);
    let expected = ("file".to_owned(), Blob::new(b"\x89PNG\0\xff".to_vec(), "image/png", None));
    assert_eq!(report.result.unwrap().attachments, [expected]);

    answers("application/json", br#"{"name": "a record"}"#);
    assert_eq!(world.run("files.get", &json!({})).result.unwrap().attachments.len(), 1);
    answers("image/png", br#"{"error": "No photo."}"#);
    let failed = world.run("files.get", &json!({})).result.unwrap_err().to_string();
    assert!(failed.contains("No photo."), "{failed}");
    world.answers(404, &[], r#"{"message": "Gone."}"#);
    assert!(matches!(told(world.run("files.get", &json!({})).result.unwrap_err()), Failure::NotFound(_)));
}

#[test]
fn a_file_counts_as_one() {
    let world = World::within(Limits { blobs: 10, ..Limits::default() }, &get_file());
    world.answers(200, &[], &"x".repeat(100));
    let failed = world.run("files.get", &json!({})).result.unwrap_err();
    let limit = matches!(&failed, CallError::Refusal(Refusal::Limit(LimitReached { name: "blobs", .. })));
    assert!(limit, "{failed:?}");
}

fn list_with(query: &Value, pages: &Value) -> Value {
    let mut operations = list_orders(pages);
    operations["orders.list"]["request"]["query"] = query.clone();
    operations
}

/// What is wrong with a manifest of these operations.
fn problems(operations: &Value) -> Vec<String> {
    let document = json!({
        "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders.",
        "server": {"summary": "Where it is."}, "operations": operations,
    });
    let manifest = document::read(&document.to_string()).unwrap_or_else(|problem| panic!("{problem}"));
    let found = manifest::check(&manifest).err().unwrap_or_default();
    found.into_iter().map(|problem| format!("{}: {}", problem.place, problem.problem)).collect()
}

/// The provider's link changed it.
#[test]
fn what_turns_the_page_is_no_constant() {
    let pages = json!({"list": "", "link": {"read": ["after", "state"]}});
    let query = |state: Value| json!([{"name": "after", "input": "after", "otherwise": "a"}, state]);
    let found = problems(&list_with(&query(json!({"name": "state", "text": "open"})), &pages));
    let expected =
        "/operations/orders.list/pages: `state` turns the page, so in the request it is bound to an input, or left out";
    assert_eq!(found, [expected]);

    let world = World::of(&list_with(&query(json!({"name": "other", "text": "open"})), &pages));
    world.answers(200, &[("Link", r#"<?after=b&other=closed>; rel="next""#)], "[1]");
    world.answers(200, &[], "[2]");
    world.run("orders.list", &json!({"maxItems": 9}));
    world.run("orders.list", &json!({}));
    assert_eq!(
        world.targets(),
        ["/orders?after=a&other=open", "/orders?other=open&after=b", "/orders?after=a&other=open"]
    );
}

#[test]
fn what_is_there_otherwise_is_where_a_counted_list_begins() {
    let query = json!([{"name": "page", "input": "kind", "otherwise": "3"}]);
    let world = World::of(&list_with(&query, &json!({"list": "", "page": {"query": "page"}})));
    for (input, targets) in [
        (json!({"maxItems": 9}), ["/orders?page=3", "/orders?page=4"]),
        (json!({"maxItems": 9, "kind": "7"}), ["/orders?page=7", "/orders?page=8"]),
    ] {
        world.server.clear_requests();
        world.answers(200, &[], "[1]");
        world.answers(200, &[], "[]");
        world.run("orders.list", &input);
        assert_eq!(world.targets(), targets);
    }
}

#[test]
fn a_sensitive_input_is_masked_on_each_page() {
    let query = json!([{"name": "cursor", "input": "after"}]);
    let mut operations = list_with(&query, &json!({"list": "/items", "cursor": {"query": "cursor", "at": "/next"}}));
    operations["orders.list"]["sensitive-inputs"] = json!(["after"]);
    let world = World::of(&operations);
    for input in [json!({"after": "hunter2hunter2"}), json!({"after": "hunter2hunter2", "maxItems": 9})] {
        world.answers(200, &[], r#"{"items": [1], "next": "hunter3hunter3"}"#);
        world.answers(200, &[], r#"{"items": []}"#);
        let report = world.run("orders.list", &input);
        for exchange in &report.exchanges {
            assert!(!exchange.request.url.contains("hunter"), "{input}: {}", exchange.request.url);
        }
    }
    let query = json!([{"name": "page", "input": "kind"}]);
    let mut operations = list_with(&query, &json!({"list": "", "page": {"query": "page"}}));
    operations["orders.list"]["sensitive-inputs"] = json!(["kind"]);
    let world = World::of(&operations);
    world.answers(200, &[], "[]");
    let report = world.run("orders.list", &json!({"kind": "4711", "maxItems": 9}));
    let url = &report.exchanges.first().unwrap().request.url;
    assert_eq!(world.targets(), ["/orders?page=4711"]);
    assert!(!url.contains("4711"), "{url}");
}

#[test]
fn where_a_list_begins_is_not_replaced_in_silence() {
    let query = json!([{"name": "offset", "input": "kind"}]);
    let world =
        World::of(&list_with(&query, &json!({"list": "", "offset": {"query": "offset", "limit": "limit", "most": 5}})));
    let failed = told(world.run("orders.list", &json!({"kind": "five", "maxItems": 9})).result.unwrap_err());
    assert!(matches!(failed, Failure::InvalidInput { field: Some(field), .. } if field == "kind"));
    assert!(world.targets().is_empty());
}

#[test]
fn a_place_that_meets_equal_members_is_no_success() {
    for body in [r#"{"items": [1], "next": "b", "next": null}"#, r#"{"items": [1, 2], "items": []}"#] {
        let world = World::of(&by_cursor());
        world.answers(200, &[], body);
        world.answers(200, &[], r#"{"items": [2]}"#);
        let report = world.run("orders.list", &json!({"maxItems": 9}));
        assert!(report.result.is_err(), "{body}: {}", output(&report));
    }
}

#[test]
fn a_link_of_which_nothing_is_read_is_not_the_last_page() {
    let world = World::of(&list_orders(&json!({"link": {"read": ["after"]}})));
    world.answers(200, &[("Link", r#"<https://a.example/orders?cursor=b>; rel="next""#)], "[1]");
    let report = world.run("orders.list", &json!({"maxItems": 9}));
    assert!(report.result.is_err(), "{}", output(&report));
}

#[test]
fn rules_are_read_within_the_time_of_the_call() {
    let except: Vec<String> = (0..4000).map(|n| format!("m{n}")).collect();
    let rules = json!([{"if": {"at": "/*", "equals": "no", "any-case": true, "except": except}, "unreadable": "x"}]);
    let limits = Limits { timeout: std::time::Duration::from_secs(1), ..Limits::default() };
    let world = World::within(limits, &get_order(&rules));
    let body = format!("{{{}\"z\":1}}", (0..99_000).map(|n| format!("\"n{n}\":1,")).collect::<String>());
    world.answers(200, &[], &body);
    let started = Instant::now();
    let report = world.run("orders.get", &json!({"id": "7"}));
    assert!(started.elapsed().as_secs() < 3, "{:?}, and it succeeded: {}", started.elapsed(), report.result.is_ok());
}

#[test]
fn a_text_that_a_parser_takes_for_a_document_is_no_way_around_the_schema() {
    let world = World::of(&json!({"orders.add": {
        "title": "Add", "summary": "Adds one.", "request": {"method": "POST", "path": "/orders", "body": {"json": ["role"]}},
        "input": {"properties": {"role": {"enum": ["viewer"]}}},
    }}));
    for text in [
        r#"{"role": {"$serde_json::private::RawValue": "\"viewer\""}}"#,
        r#"{"$serde_json::private::RawValue": "{\"role\":\"admin\",\"role\":\"viewer\"}"}"#,
    ] {
        let input = wharf_egress::Json::parse(text).unwrap();
        let report = HOST.0.run(Call::new(&world.plugin, "orders.add").input(input));
        assert!(matches!(report.result, Err(CallError::Refusal(Refusal::InvalidInput { .. }))), "{text}");
    }
    assert!(world.targets().is_empty());
}

#[test]
fn the_name_of_the_request_that_turns_the_page_is_taken() {
    let mut operations = get_order(&json!([]));
    operations["orders.next-page"] = operations["orders.get"].take();
    operations.as_object_mut().unwrap().remove("orders.get");
    let words = "`next-page` is the name of the request that turns the page; choose another one for this request, or for the \
                 action where it has the name of that";
    assert_eq!(problems(&operations), [format!("/operations/orders.next-page/request: {words}")]);
    let request = operations["orders.next-page"]["request"].take();
    operations = get_order(&json!([]));
    operations["orders.get"].as_object_mut().unwrap().remove("request");
    operations["orders.get"]["requests"] = json!({"next-page": request});
    assert_eq!(problems(&operations), [format!("/operations/orders.get/requests/next-page: {words}")]);
}
