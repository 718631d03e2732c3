//! Who gets in, and whose session it is.

use std::time::SystemTime;

use serde_json::{Value, json};
use wharf_simulated::oauth::{Options, RSA_KEY_ID, TokenServer};

use super::super::client::Client;
use super::super::server::Serving;
use super::agent::{Agent, message};

const METADATA: [&str; 2] = ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"];

#[test]
fn whoever_has_no_token_is_told_where_to_get_one() {
    let serving = Serving::with(
        "[server.oidc]\nissuer = \"https://login.example.com\"\naudience = \"wharf\"\n[server.oidc.principals.staff]\nroles = [\"call\"]\n",
    );
    let url = format!("http://{}", serving.address);
    let nobody = Client::new(serving.address, "wharf_0123456789");
    let refused = nobody.open("POST /mcp", &[("Content-Type", "application/json")], b"{}").answer();
    refused.fails(401, "unauthenticated", &[]);
    assert_eq!(
        refused.header("www-authenticate").unwrap(),
        format!("Bearer error=\"invalid_token\", resource_metadata=\"{url}{}\"", METADATA[1])
    );
    for path in METADATA {
        let metadata = nobody.get(path).json();
        assert_eq!(metadata["resource"], format!("{url}/mcp"));
        assert_eq!(metadata["authorization_servers"], json!(["https://login.example.com"]));
        assert_eq!(metadata["bearer_methods_supported"], json!(["header"]));
    }
    // Somebody who only looks is no caller.
    let reader = serving.client_with("reader --role read");
    let refused = reader.open("POST /mcp", &[("Content-Type", "application/json")], b"{}").answer();
    refused.fails(403, "not-allowed", &["`call`"]);
}

#[test]
fn a_token_of_the_issuer_is_taken_where_it_is_for_this_server() {
    let issuer = TokenServer::start(Options::default()).unwrap();
    let serving = Serving::with(&format!(
        "[server.oidc]\nissuer = \"{}\"\naudience = \"wharf\"\n[server.oidc.principals.staff]\nroles = [\"call\"]\n",
        issuer.url()
    ));
    let ends = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 600;
    let client = |audience: &str| {
        let claims = json!({"iss": issuer.url(), "aud": audience, "sub": "ada", "exp": ends});
        Client::new(serving.address, &issuer.signed(&json!({"alg": "RS256", "kid": RSA_KEY_ID}), &claims).unwrap())
    };
    assert_eq!(Agent::new(client("wharf")).names().len(), 5);
    for other in ["other", &format!("http://{}/mcp", serving.address)] {
        let refused = Agent::new(client(other)).send("tools/list", &json!({})).answer();
        refused.fails(401, "unauthenticated", &["audience"]);
    }
}

#[test]
fn a_session_is_its_principals_alone_and_ends_when_that_wants_it() {
    let serving = Serving::new();
    let agent = Agent::with_session(serving.client());
    let session = agent.session();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let headers = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("Mcp-Session-Id", session),
    ];
    let other = serving.client_with("other --role call --role read");
    for line in ["POST /mcp", "GET /mcp", "DELETE /mcp"] {
        other.open(line, &headers, body.as_bytes()).answer().fails(404, "unknown", &["no such session"]);
    }
    assert_eq!(agent.names().len(), 5);
    let own = serving.client();
    assert_eq!(own.open("DELETE /mcp", &headers, b"").answer().status, 202);
    assert_eq!(own.open("POST /mcp", &headers, body.as_bytes()).answer().status, 404);
    // A session that nobody began.
    own.open("POST /mcp", &[headers[0], headers[1], ("Mcp-Session-Id", "made-up")], body.as_bytes()).answer().fails(
        404,
        "unknown",
        &["initialize"],
    );
}

#[test]
fn a_token_that_is_removed_counts_from_the_next_request_on() {
    let serving = Serving::new();
    let agents = ["one", "two"].map(|name| serving.client_with(&format!("{name} --role call")));
    let [with, without] = agents;
    let (with, without) = (Agent::with_session(with), Agent::new(without));
    assert_eq!((with.names().len(), without.names().len()), (5, 5));
    for (name, agent) in [("one", with), ("two", without)] {
        assert_eq!(serving.world.wharf(&["tokens", "remove", name]).code, 0);
        agent.send("tools/list", &json!({})).answer().fails(401, "unauthenticated", &[]);
    }
}

#[test]
fn pages_of_other_origins_large_bodies_and_what_is_no_message_are_refused() {
    let serving = Serving::with("[server]\nbody = \"64KiB\"\n");
    let client = serving.client();
    let json = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
    let with = |origin: &str, body: &str| {
        let mut headers = json.to_vec();
        headers.extend([("Origin", origin)].iter().filter(|(_, origin)| !origin.is_empty()));
        client.open("POST /mcp", &headers, body.as_bytes()).answer()
    };
    let begin = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}},
    })
    .to_string();
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        with(origin, &begin).fails(403, "denied", &["another origin"]);
    }
    assert_eq!(with(&format!("http://{}", serving.address), &begin).status, 200);
    let large = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "x".repeat(70_000)}}).to_string();
    with("", &large).fails(413, "body-too-large", &["`body`"]);
    with("", "{").fails(400, "bad-request", &["not JSON"]);
    assert!(with("", "[]").status >= 400);
    assert!(with("", "{\"jsonrpc\": \"2.0\"}").status >= 400);
    let twice = r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "call", "arguments": {}, "arguments": {}}}"#;
    with("", twice).fails(400, "bad-request", &["`arguments` twice"]);
    let version = message(&with("", &begin))["result"]["protocolVersion"].clone();
    assert_eq!(version, "2025-06-18");
}

#[test]
fn an_operator_can_turn_it_off() {
    let serving = Serving::with("[server.mcp]\nenabled = false\n");
    let client = serving.client();
    let refused = client.open("POST /mcp", &[("Content-Type", "application/json")], b"{}").answer();
    refused.fails(404, "no-such-path", &["`enabled` under [server.mcp]"]);
    client.get(METADATA[0]).fails(404, "no-such-path", &[]);
}

#[test]
fn a_person_connects_by_a_link_that_the_client_opens_and_the_state_is_bound() {
    let serving = Serving::new();
    let client = serving.client_with("boss --role call --role manage");
    let arguments = json!({"plugin": "chatwoot", "connection": "mine"});
    let told = Agent::new(client.clone()).tool("connect", &arguments);
    assert_eq!((&told["state"], &told["connected"]), (&json!("waiting"), &json!(false)));
    assert!(told["url"].as_str().unwrap().contains("/connect/"), "{told}");
    let session = json!({"plugin": "chatwoot", "session": told["session"]});
    assert_eq!(Agent::new(client.clone()).tool("connect", &session)["state"], "waiting");

    let agent = Agent::that_opens_links(client.clone());
    let asked = agent.result("connect", &arguments);
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let question = &asked["inputRequests"]["connect"];
    assert_eq!((&question["method"], &question["params"]["mode"]), (&json!("elicitation/create"), &json!("url")));
    assert!(question["params"]["url"].as_str().unwrap().contains("/connect/"), "{asked}");
    let again = |agent: &Agent, state: &Value, arguments: &Value| {
        let params = json!({
            "name": "connect", "arguments": arguments, "requestState": state,
            "inputResponses": {"connect": {"action": "decline"}},
        });
        agent.ask("tools/call", &params)["result"].clone()
    };
    let state = &asked["requestState"];
    assert_eq!(again(&agent, state, &arguments)["structuredContent"]["state"], "declined");
    let other = Agent::that_opens_links(serving.client_with("other --role call --role manage"));
    for result in [
        again(&other, state, &arguments),
        again(&agent, state, &json!({"plugin": "chatwoot", "connection": "another"})),
        again(&agent, &json!(format!("{}x", state.as_str().unwrap())), &arguments),
    ] {
        assert_eq!(result["isError"], true, "{result}");
        assert!(result.to_string().contains("`requestState`"), "{result}");
    }
}
