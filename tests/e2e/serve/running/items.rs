//! Several calls of one request.

use serde_json::{Value, json};

use super::held::Held;
use super::server::Serving;
use crate::world::answer;

fn indexes(lines: &[Value]) -> Vec<u64> {
    lines.iter().filter_map(|line| line["index"].as_u64()).collect()
}

#[test]
fn the_first_line_arrives_before_the_last_call_is_begun() {
    let held = Held::start();
    let serving = held.serving("");
    let mut open = serving.client().open_call("obedient good.echo", &[], json!({"items": [{}, {}, {}]}));
    held.arrived(1);
    held.let_go(1);
    let first = open.line().unwrap();
    assert_eq!((&first["index"], &first["output"]), (&json!(0), &json!({"held": 1})));
    assert!(held.count() <= 2, "the third is not begun");
    held.let_all_go();
    let rest = open.lines();
    assert_eq!(indexes(&rest), [1, 2]);
    assert_eq!(rest.last().unwrap(), &json!({"done": true, "succeeded": 3, "failed": 0, "notRun": 0}));
    let calls = serving.client().get("/v1/calls").json();
    assert_eq!(calls["items"].as_array().unwrap().len(), 3);
}

#[test]
fn it_ends_with_the_first_failure_or_goes_on_where_that_is_asked_for() {
    let serving = Serving::new();
    let items = json!([{"search": "ada"}, {"seerch": "x"}, {"search": "grace"}]);
    let call = |body: Value| serving.client().open_call("appwrite users.list", &[], body).lines();
    let lines = call(json!({ "items": items }));
    assert_eq!(indexes(&lines), [0, 1]);
    assert_eq!(lines[1]["problem"]["type"], "urn:wharf:problem:invalid-input");
    assert_eq!(lines[2], json!({"done": true, "succeeded": 1, "failed": 1, "notRun": 1}));

    let lines = call(json!({ "items": items, "continueOnFail": true }));
    assert_eq!(indexes(&lines), [0, 1, 2]);
    assert!(lines[2]["output"]["total"] == 1 && lines[1]["problem"]["detail"].as_str().unwrap().contains("`search`"));
    assert_eq!(lines[3], json!({"done": true, "succeeded": 2, "failed": 1, "notRun": 0}));

    serving.world.simulation.appwrite.answer_next(answer(500, "text/plain", "broken"));
    let lines = call(json!({"items": [{}, {}], "continueOnFail": true}));
    assert_eq!(lines[0]["problem"]["type"], "urn:wharf:problem:provider");
    assert!(lines[0]["call"].is_string() && lines[1]["output"].is_object(), "{lines:?}");
}

#[test]
fn whoever_hangs_up_has_no_more_of_them_begun() {
    let held = Held::start();
    let serving = held.serving("");
    let mut open = serving.client().open_call("obedient good.echo", &[], json!({"items": vec![json!({}); 100]}));
    held.arrived(1);
    held.let_go(1);
    open.line().unwrap();
    drop(open);
    held.let_all_go();
    // The server goes on for as long as it does not know: some lines fit the buffers.
    let stopped = serving.stop();
    assert!(held.count() < 100, "{}", held.count());
    drop(stopped);
}

#[test]
fn what_is_no_list_of_inputs_is_refused_before_anything_is_sent() {
    let serving = Serving::new();
    let call = |body: Value| serving.client().call("appwrite users.list", body);
    call(json!({"items": []})).fails(400, "bad-request", &["`items` is empty"]);
    call(json!({"items": {}})).fails(400, "bad-request", &["a list of inputs"]);
    call(json!({"items": [{}], "input": {}})).fails(400, "bad-request", &["both `input` and `items`"]);
    call(json!({"items": vec![json!({}); 10_001]})).fails(400, "bad-request", &["the most is 10000"]);
    call(json!({"continueOnFail": true})).fails(400, "bad-request", &["`continueOnFail` is for `items`"]);
    assert!(serving.world.simulation.appwrite.requests().is_empty());
}
