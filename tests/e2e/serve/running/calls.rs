//! One call of a request.

use serde_json::{Value, json};
use wharf_artifacts::HOSTILE;
use wharf_simulated::Canned;

use super::held::Held;
use super::server::Serving;
use crate::world::{World, answer};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn a_call_is_answered_with_its_output_its_id_and_who_answered() {
    let serving = Serving::new();
    let answer = serving.client().call("appwrite users.list", json!({"input": {"search": "ada"}}));
    let json = answer.json();
    assert_eq!((&json["output"]["total"], &json["retries"], &json["files"]), (&json!(1), &json!(0), &json!([])));
    assert_eq!(answer.header("wharf-call"), json["call"].as_str());
    assert_eq!(answer.header("wharf-plugin-version"), json["plugin"]["version"].as_str());
    assert_eq!(answer.header("wharf-plugin-digest"), json["plugin"]["digest"].as_str());
    assert_eq!(
        (json["plugin"]["name"].as_str(), answer.header("x-content-type-options")),
        (Some("appwrite"), Some("nosniff"))
    );
    for part in ["queueMicros", "hostMicros", "sandboxMicros", "networkMicros", "waitingMicros"] {
        // Appwrite's operations need no code.
        assert!(json["timing"][part].is_u64() || part == "sandboxMicros", "{part}: {json}");
    }

    let path = format!("/v1/calls/{}", json["call"].as_str().unwrap());
    let known = serving.client().get(&path).json();
    assert_eq!(
        (known["plugin"].as_str(), known["operation"].as_str()),
        (Some("appwrite"), Some("users.list")),
        "{known}"
    );
    assert_eq!(
        (known["principal"].as_str(), known["connection"].as_str()),
        (Some("shop"), Some("appwrite")),
        "{known}"
    );
    let shown = serving.world.wharf(&["calls", "show", json["call"].as_str().unwrap()]);
    assert!(shown.code == 0 && shown.out.contains("users.list"), "{shown:?}");
    let audited = serving.client().get(&format!("/v1/audit?call={}", json["call"].as_str().unwrap())).json();
    let records = audited["items"].as_array().unwrap();
    assert_eq!(records.len(), 2, "an intent and an outcome: {audited}");
    assert!(records.iter().all(|record| record["principal"] == "shop"), "{audited}");
    let of = |name: &str| serving.client().get(&format!("/v1/audit?principal={name}")).json()["items"].clone();
    assert_eq!((of("shop"), of("nobody")), (audited["items"].clone(), serde_json::json!([])));
    let shown = serving.world.wharf(&["audit", "show", "--call", json["call"].as_str().unwrap()]);
    assert!(shown.out.lines().all(|line| line.ends_with(" for shop")), "{shown:?}");
}

#[test]
fn digits_are_kept_in_and_out() {
    let serving = Serving::new();
    let body = r#"{"total":12345678901234567890123,"users":[]}"#;
    serving.world.simulation.appwrite.answer_next(answer(200, "application/json", body));
    let answer = serving.client().call("appwrite users.list", "{}");
    answer.json();
    assert!(answer.text().contains(r#""total":12345678901234567890123"#), "{}", answer.text());

    let held = Held::open();
    let serving = held.serving("");
    let body = r#"{"input": {"rules": {"n": 100000000000000000000000.10}, "tags": ["a"]}}"#;
    serving.client().call("obedient good.tell", body).json();
    assert!(held.arrived(1)[0].contains("100000000000000000000000.10"), "{:?}", held.arrived(1));
}

#[test]
fn a_trace_goes_on_through_the_server_to_a_provider_that_is_told_of_it() {
    let held = Held::open();
    let serving = held.serving_with("", "trace = true");
    let given = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let answer = serving.client().call_with("obedient good.echo", &[("traceparent", &given)], "{}");
    answer.json();
    let told = answer.header("traceparent").unwrap();
    assert!(told.starts_with(&format!("00-{TRACE}-")) && told != given, "{told}");
    let arrived = held.arrived(1);
    assert!(arrived[0].contains(&format!("traceparent: 00-{TRACE}-")), "{arrived:?}");
    let known = serving.client().get(&format!("/v1/calls/{}", answer.header("wharf-call").unwrap())).json();
    assert_eq!(known["trace"], TRACE);

    let begun = serving.client().call_with("obedient good.echo", &[("traceparent", "00-nonsense")], "{}");
    assert!(begun.header("traceparent").is_some_and(|begun| begun.len() == 55 && !begun.contains(TRACE)), "{begun:?}");
}

#[test]
fn what_a_caller_did_wrong_is_told_in_the_words_of_the_command_line() {
    let serving = Serving::new();
    let client = serving.client();
    let call = |input: Value| client.call("appwrite users.delete-session", json!({ "input": input }));
    let missing = call(json!({"userId": "ada"}));
    let problem = missing.fails(422, "invalid-input", &["`sessionId`: it is missing", "text of 1 to 36 characters"]);
    assert_eq!((problem["field"].as_str(), problem["kind"].as_str()), (Some("sessionId"), Some("input")), "{problem}");
    call(json!({"userid": "ada"})).fails(422, "invalid-input", &["`userId`: it is missing"]);
    call(json!({"userId": "ada", "sessionId": 7})).fails(422, "invalid-input", &["7 is not of type"]);
    call(json!([1])).fails(422, "invalid-input", &["not a JSON object"]);
    assert!(serving.world.simulation.appwrite.requests().is_empty());

    let lost = json!({"input": {"userId": "nobody", "sessionId": "x"}});
    let problem = client.call("appwrite users.delete-session", lost).fails(404, "not-found", &[]);
    let run = serving.world.call("appwrite users.delete-session userId=nobody sessionId=x");
    run.fails(4, &[problem["detail"].as_str().unwrap()]);
    assert_eq!(problem["providerStatus"], 404);

    client.call("appwrite users.list", "{\"inputs\": {}}").fails(400, "bad-request", &["did you mean `input`?"]);
    client.call("appwrite users.list", "{\"input\": {}").fails(400, "bad-request", &["not JSON"]);
    client.call("appwrite users.list", "7").fails(400, "bad-request", &["a JSON object"]);
    client.call("appwrite users.lists", "{}").fails(404, "unknown", &["did you mean `users.list`?"]);
    client.call("apwrite users.list", "{}").fails(404, "unknown", &["did you mean `appwrite`?"]);
    let other = json!({"connection": "apwrite"});
    client.call("appwrite users.list", other).fails(404, "unknown", &["did you mean `appwrite`?"]);
    let text = client.call_with("appwrite users.list", &[("Content-Type", "text/plain")], "{}");
    text.fails(415, "unsupported-media-type", &[]);
    client.get("/v1/plugin").fails(404, "no-such-path", &["/openapi.json"]);
    client.open("DELETE /v1/whoami", &[], b"").answer().fails(405, "method-not-allowed", &["DELETE"]);
}

#[test]
fn a_dry_run_sends_nothing_and_is_no_call() {
    let serving = Serving::new();
    let answer = serving.client().call("appwrite users.list", json!({"input": {"search": "ada"}, "dryRun": true}));
    let json = answer.json();
    let request = &json["requests"][0];
    assert_eq!(request["method"], "GET", "{json}");
    assert!(request["url"].as_str().unwrap().ends_with("/v1/users?search=ada"), "{json}");
    assert!(json.get("output").is_none() && !answer.text().contains(wharf_simulated::appwrite::API_KEY), "{json}");
    assert!(serving.world.simulation.appwrite.requests().is_empty());
    assert_eq!(serving.client().get("/v1/calls").json()["items"], json!([]));
}

#[test]
fn a_call_that_takes_too_long_ends() {
    let held = Held::start();
    let serving = held.serving("");
    let answer = serving.client().call("obedient good.echo", json!({"timeoutMs": 200}));
    let problem = answer.fails(504, "limit", &["`timeout` of 200ms"]);
    assert!(problem["call"].is_string(), "{problem}");
    assert!(answer.header("wharf-call").is_some());
    held.let_all_go();
    serving.client().call("obedient good.echo", json!({"timeoutMs": 60_000})).json();
}

#[test]
fn what_passes_by_itself_is_tried_again_as_often_as_asked_for() {
    let serving = Serving::new();
    let provider = &serving.world.simulation.appwrite;
    for _ in 0..2 {
        provider.answer_next(answer(503, "text/html", "<h1>Service Unavailable</h1>"));
    }
    let json = serving.client().call("appwrite users.list", json!({"input": {"search": "ada"}, "retries": 2})).json();
    assert_eq!((&json["retries"], &json["output"]["total"]), (&json!(2), &json!(1)));
    assert_eq!(provider.requests().len(), 3);
    let known = serving.client().get(&format!("/v1/calls/{}", json["call"].as_str().unwrap())).json();
    assert_eq!(known["requests"].as_array().unwrap().len(), 3, "{known}");

    provider.answer_next(answer(503, "text/html", "<h1>Service Unavailable</h1>"));
    serving.client().call("appwrite users.list", "{}").fails(503, "unavailable", &[]);
    assert_eq!(provider.requests().len(), 4);
}

#[test]
fn what_a_provider_says_is_a_problem_of_its_kind_and_no_answer_of_this_server() {
    let serving = Serving::new();
    let provider = &serving.world.simulation.appwrite;
    let body = r#"{"message":"Words of the provider","code":1,"type":"its_code"}"#;
    for (status, expected, name) in [
        (401, 502, "unauthorized"),
        (403, 502, "forbidden"),
        (404, 404, "not-found"),
        (409, 409, "conflict"),
        (500, 502, "provider"),
        (418, 502, "provider"),
        (503, 503, "unavailable"),
        (504, 504, "timeout"),
    ] {
        provider.answer_next(answer(status, "application/json", body));
        let problem =
            serving.client().call("appwrite users.list", "{}").fails(expected, name, &["Words of the provider"]);
        assert_eq!(problem["providerStatus"], status, "{problem}");
        assert_eq!(
            (problem["kind"].as_str(), problem["plugin"]["name"].as_str()),
            (Some("provider"), Some("appwrite")),
            "{problem}"
        );
        let known = serving.client().get(&format!("/v1/calls/{}", problem["call"].as_str().unwrap())).json();
        assert_eq!(
            (&known["state"], &known["problem"]["type"]),
            (&json!("failed"), &json!(format!("urn:wharf:problem:{name}")))
        );
    }
    provider.answer_next(answer(200, "text/html", "<h1>no JSON</h1>"));
    serving.client().call("appwrite users.list", "{}").fails(502, "provider", &[]);
    let headers = vec![("Retry-After".to_owned(), "7".to_owned())];
    provider.answer_next(Canned { headers, ..answer(429, "application/json", body) });
    let limited = serving.client().call("appwrite users.list", "{}");
    let problem = limited.fails(429, "rate-limited", &["try again after 7 s"]);
    assert_eq!((limited.header("retry-after"), &problem["retryAfter"]), (Some("7"), &json!(7)));
}

#[test]
fn a_provider_that_cannot_be_reached_is_told_as_what_it_is() {
    let serving = {
        let world = World::new();
        // Nobody listens there any more.
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        world.configure(&world.connections().replace(&world.simulation.wibiclick.url(), &format!("http://{gone}")));
        Serving::start(world)
    };
    let operation = "wibiclick websites.list";
    let answer = serving.client().call(operation, "{}");
    answer.fails(503, "unavailable", &[]);
}

#[test]
fn a_hostile_plugin_is_denied_and_the_rule_is_told() {
    let world = World::new();
    let provider = wharf_simulated::Server::recorder(|_| json!([])).unwrap();
    world.write("hostile.wasm", HOSTILE.bytes);
    let key = world.write("hostile.key", "a-secret-k7RmX2vQp9LzT4wB");
    world.configure(&format!(
        "plugins = [\"hostile.wasm\"]\n[connections.h]\nprovider = \"hostile\"\nbase_url = \"{}\"\nfields = {{ api_key = {{ file = \"{}\" }} }}\n",
        provider.url(),
        key.display()
    ));
    let serving = Serving::start(world);
    for (operation, rule) in
        [("other-origin", "undeclared-request"), ("other-path", "path-value"), ("other-header", "bound-value")]
    {
        let operation = format!("users.{operation}");
        let answer = serving.client().call(&format!("hostile {operation}"), "{}");
        let problem = answer.fails(403, "denied", &[]);
        assert_eq!(problem["rule"], rule, "{problem}");
        let run = serving.world.wharf(&["call", "hostile", &operation]);
        assert!(run.err.contains(problem["detail"].as_str().unwrap()), "{problem}\n{}", run.err);
    }
    assert!(provider.requests().is_empty());
    let read = serving.client().call("hostile users.read-secret", "{}").json();
    assert_eq!(read["output"], json!({ "api_key": null }));
}
