//! Who may do what.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::held::Held;
use super::server::{LONG, Serving};
use crate::world::World;

#[test]
fn nobody_is_let_in_without_a_token_of_this_server() {
    let serving = Serving::new();
    let address = serving.address;
    let asked = |line: &str, fields: &[&str]| {
        let mut socket = serving.client().socket();
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        socket.send(format!("{line} HTTP/1.1\r\nHost: {address}\r\n{fields}Content-Length: 0\r\n\r\n").as_bytes());
        socket.answer()
    };
    let good = format!("Authorization: Bearer {}", serving.token("ada --role call"));
    let near = format!("{}x", &good[..good.len() - 1]);
    let lines = [
        "GET /v1/whoami",
        "GET /v1/calls",
        "GET /v1/calls/x",
        "GET /v1/calls/x/files/0",
        "GET /v1/audit",
        "GET /v1/events",
        "GET /v1/connections",
        "POST /v1/connections",
        "DELETE /v1/connections/appwrite/appwrite",
        "POST /v1/connect-sessions",
        "POST /v1/plugins/appwrite/operations/users.list",
        "POST /v1/plugins/nowhere/operations/users.list",
    ];
    for line in lines {
        for fields in [
            &[][..],
            &["Authorization: Bearer"],
            &["Authorization: Bearer "],
            &["Authorization: Basic YTpi"],
            &["Authorization: Bearer wharf_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
            &["Authorization: Bearer wharf_"],
            &["Authorization: Bearer eyJhbGciOiJub25lIn0.e30."],
            &[&near],
            &[&good, &good],
            &[&good, "Authorization: Bearer x"],
        ] {
            let answer = asked(line, fields);
            answer.fails(401, "unauthenticated", &[]);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{line} {fields:?}");
        }
    }
    asked("GET /v1/whoami", &[&good]).json();
    asked("GET /v1/whoami", &[&good.replace("Bearer", "bEARER")]).json();
    assert_eq!(asked("GET /healthz", &[]).json(), json!({"status": "ok"}));
    asked("GET /readyz", &[]).json();
    assert!(serving.world.simulation.appwrite.requests().is_empty());
}

#[test]
fn a_token_does_what_its_roles_say() {
    let serving = Serving::new();
    let who = |words: &str| serving.client_with(words);
    let (calls, reads) = (who("calls --role call"), who("reads --role read"));
    let call = |client: &Client| client.call("appwrite users.list", "{}");
    let made = call(&calls).json()["call"].as_str().unwrap().to_owned();
    call(&reads).fails(403, "not-allowed", &["`reads` has not the role `call`"]);
    calls.get("/v1/audit").fails(403, "not-allowed", &["`calls` has not the role `read`"]);
    reads.get("/v1/audit").json();
    let manages = who("manages --role manage");
    for path in ["/v1/calls", "/v1/audit", &format!("/v1/calls/{made}")] {
        manages.get(path).fails(403, "not-allowed", &[]);
    }
    let seen = |client: &Client| client.get("/v1/calls").json()["items"].as_array().unwrap().len();
    let others = who("others --role call");
    assert_eq!((seen(&calls), seen(&reads), seen(&others)), (1, 1, 0));
    others.get(&format!("/v1/calls/{made}")).fails(404, "unknown", &[]);
    reads.get(&format!("/v1/calls/{made}")).json();
    let known = calls.get("/v1/whoami").json();
    assert_eq!((&known["name"], &known["roles"]), (&json!("calls"), &json!(["call"])));
    assert!(!known.to_string().contains("wharf_"));
}

/// The body of an answer with a name in it taken out.
fn without(answer: &Answer, name: &str) -> (u16, Vec<String>, String) {
    let names = answer.headers.iter().filter(|(name, _)| name != "date" && name != "content-length");
    let headers =
        names.map(|(name, value)| if name == "traceparent" { name.clone() } else { format!("{name}: {value}") });
    // What is asked for stands last.
    let text = answer.text();
    let text = match text.rsplit_once(&format!("`{name}`")) {
        Some((before, after)) => format!("{before}`NAME`{after}"),
        None => text.to_owned(),
    };
    (answer.status, headers.collect(), text)
}

#[test]
fn what_a_token_may_not_use_and_what_there_is_not_are_answered_alike() {
    let world = World::new();
    let mut more = String::new();
    for name in ["shop-eu", "shop-us", "private"] {
        let url = world.simulation.appwrite.url();
        more += &format!("[connections.{name}]\nprovider = \"appwrite\"\nbase_url = \"{url}/v1\"\n");
        more += "fields = { project_id = \"p\", api_key = { env = \"ABSENT\" } }\n";
    }
    world.configure(&format!("{}{more}", world.connections()));
    let serving = Serving::start(world);
    let words =
        "narrow --role call --role read --plugin appwrite --connection shop-* --operation users.* --effect read";
    let narrow = serving.client_with(words);
    let call = |operation: &str, body: Value| narrow.call(operation, body);
    let alike = |there: Answer, name: &str, not_there: Answer, other: &str| {
        there.fails(404, "unknown", &[]);
        assert_eq!(without(&there, name), without(&not_there, other), "{name} and {other}");
    };
    // Plugins that are there, but not for it.
    for plugin in ["chatwoot", "vtiger", "aigency"] {
        alike(call(&format!("{plugin} users.list"), json!({})), plugin, call("zzzzzz users.list", json!({})), "zzzzzz");
    }
    // Operations, by name and by effect: whatever it writes, and whatever else the request says.
    for (there, other) in [
        ("teams.list", "zeams.list"),
        ("users.delete", "users.celete"),
        ("users.create", "users.zreate"),
        ("databases.list", "zatabases.list"),
    ] {
        let other_answer = call(&format!("appwrite {other}"), json!({"connection": "shop-eu"}));
        alike(call(&format!("appwrite {there}"), json!({"connection": "shop-eu"})), there, other_answer, other);
    }
    // Connections, also those whose credential is absent.
    for name in ["private", "appwrite"] {
        let there = call("appwrite users.list", json!({ "connection": name }));
        alike(there, name, call("appwrite users.list", json!({"connection": "zzzzzz"})), "zzzzzz");
    }
    let named = call("appwrite users.list", json!({"connection": ":shop-eu"}));
    named.fails(404, "unknown", &[]);
    let several = call("appwrite users.list", json!({})).fails(409, "connection", &["several", "`shop-eu`"]);
    assert!(!several.to_string().contains("private"), "{several}");
    // Only what it may use is suggested.
    call("appwrite users.lists", json!({})).fails(404, "unknown", &["did you mean `users.list`?"]);
    call("appwrite users.list", json!({"connection": "shop-e"})).fails(404, "unknown", &["did you mean `shop-eu`?"]);
    assert!(serving.world.simulation.appwrite.requests().is_empty());
}

#[test]
fn a_token_that_is_removed_or_runs_out_is_refused_at_once() {
    let serving = Serving::new();
    let removed = serving.client_with("removed --role call");
    removed.get("/v1/whoami").json();
    let mut socket = removed.socket();
    let request = removed.head("GET /v1/whoami", &[]);
    socket.send(request.as_bytes());
    socket.next_answer().json();
    assert_eq!(serving.world.wharf(&["tokens", "remove", "removed"]).code, 0);
    removed.get("/v1/whoami").fails(401, "unauthenticated", &["not good any more"]);
    socket.send(request.as_bytes());
    socket.next_answer().fails(401, "unauthenticated", &[]);

    let short = serving.client_with("short --role call --expires 1s");
    let deadline = wharf::Deadline::within(LONG);
    while short.get("/v1/whoami").status == 200 {
        assert!(!deadline.left().is_zero(), "it runs out");
    }
    short.get("/v1/whoami").fails(401, "unauthenticated", &[]);
}

#[test]
fn no_token_asks_for_more_than_it_may() {
    let held = Held::start();
    let serving = held.serving("[server.principal]\nin_flight = 2");
    let (client, other) = (serving.client(), serving.client_with("other --role call"));
    let running: Vec<_> = (0..2).map(|_| client.open_call("obedient good.echo", &[], "{}")).collect();
    held.arrived(2);
    let refused = client.get("/v1/whoami");
    refused.fails(429, "too-many-requests", &["`in_flight` under [server.principal]"]);
    assert_eq!(refused.header("retry-after"), Some("1"));
    other.get("/v1/whoami").json();
    held.let_all_go();
    running.into_iter().for_each(|one| drop(one.answer().json()));
    client.get("/v1/whoami").json();

    let serving = Serving::with("[server.principal]\nrate = 5");
    let client = serving.client();
    let deadline = wharf::Deadline::within(LONG);
    let refused = loop {
        let answer = client.get("/v1/whoami");
        if answer.status != 200 {
            break answer;
        }
        assert!(!deadline.left().is_zero(), "there is an end to it");
    };
    refused.fails(429, "too-many-requests", &["`rate` under [server.principal]"]);
    serving.client_with("other --role call").get("/v1/whoami").json();
}

#[test]
fn where_others_can_reach_it_a_server_without_tokens_does_not_start() {
    let world = World::new();
    let serve = |address: &str| world.wharf(&["serve", "--listen", address]);
    for address in ["0.0.0.0:0", "[::]:0"] {
        serve(address).fails(
            2,
            &[
                "where others than this machine can reach it, and nobody has a token",
                "`wharf tokens create NAME --role call`",
                "127.0.0.1",
            ],
        );
    }
    world.configure(&format!("[server]\nmanagement = \"0.0.0.0:0\"\n{}", world.connections()));
    serve("127.0.0.1:0").fails(2, &["nobody has a token"]);
    world.configure(&world.connections());
    let serving = Serving::start_at(world, "0.0.0.0:0");
    serving.client().get("/v1/whoami").json();
    serving.stop();
}
