//! `wharf calls`: what was asked of a server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{Running, World, answer};

/// A server of a world, and where it listens.
fn serve(world: &World) -> (Running, String) {
    let mut command = world.command(&[], &["serve", "--listen", "127.0.0.1:0", "--json"]);
    let mut server = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    (server, told["listen"].as_str().unwrap().to_owned())
}

/// The status of a call of an operation without an input.
fn call(address: &str, token: &str, operation: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    let body = r#"{"input":{}}"#;
    let head = format!(
        "POST /v1/plugins/appwrite/operations/{operation} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn where_no_server_ran_there_are_no_calls_and_nothing_is_made() {
    let world = World::new();
    let list = world.wharf(&["calls"]);
    assert!(list.code == 0 && list.out.is_empty() && list.err.contains("No call was made yet"), "{list:?}");
    assert_eq!(world.wharf(&["calls", "--json"]).json(), json!([]));
    let narrowed = world.wharf(&["calls", "--state", "failed", "--since", "1h", "--tenant", "", "--limit", "3"]);
    assert!(narrowed.code == 0 && narrowed.err.contains("There is no such call"), "{narrowed:?}");
    world.wharf(&["calls", "show", "nothing"]).fails(2, &["there is no call `nothing`", "`wharf calls` lists"]);
    world
        .wharf(&["calls", "--state", "over"])
        .fails(2, &["it is one of waiting, accepted, running, succeeded, failed, unknown"]);
    assert!(!world.path().join(".wharf/server.db").exists());
}

#[test]
fn calls_over_a_server_are_told_with_their_requests_and_what_is_kept_of_them() {
    let world = World::new();
    world.configure(&format!("{}\n[server.history]\ncontents = true\n", world.connections()));
    let token = world.wharf(&["tokens", "create", "shop", "--role", "call"]).out;
    let token = token.trim_end();
    let (server, address) = serve(&world);
    world.wharf(&["serve", "--listen", "127.0.0.1:0"]).fails(2, &["another server runs with", "stop it first"]);

    assert_eq!(call(&address, token, "users.list"), 200);
    world.simulation.appwrite.answer_next(answer(
        404,
        "application/json",
        r#"{"message": "nobody\u001b[2J", "code": 404, "type": "user_not_found"}"#,
    ));
    assert_eq!(call(&address, token, "users.list"), 404);

    // How a call ended is written a moment after it is told.
    while world.wharf(&["calls", "--state", "running", "--json"]).json() != json!([]) {}
    let calls = world.wharf(&["calls", "--json"]).json();
    let states: Vec<_> = calls.as_array().unwrap().iter().map(|one| (&one["state"], &one["problem"])).collect();
    assert_eq!(
        states,
        [(&json!("failed"), &json!("not-found")), (&json!("succeeded"), &json!(null))],
        "the newest first"
    );
    let failed = world.wharf(&["calls", "--state", "failed", "--principal", "shop", "--plugin", "appwrite"]);
    assert_eq!(failed.out.lines().count(), 1, "{failed:?}");
    assert!(failed.out.contains("failed    appwrite users.list with appwrite for shop"), "{failed:?}");
    assert!(world.wharf(&["calls", "--tenant", "acme"]).out.is_empty());

    let id = calls[1]["call"].as_str().unwrap();
    let shown = world.wharf(&["calls", "show", id]);
    for words in
        ["succeeded", "principal  shop", "GET http://127.0.0.1:", "/users", ": 200, ", "answered\n", "\"output\""]
    {
        assert!(shown.out.contains(words), "{words}: {shown:?}");
    }
    let json = world.wharf(&["calls", "show", id, "--json"]).json();
    assert!(json["answer"]["output"].is_object() && json["requests"][0]["status"] == 200, "{json}");
    let failed = calls[0]["call"].as_str().unwrap();
    assert!(!world.wharf(&["calls", "show", failed]).out.contains('\u{1b}'));

    // What the command line does holds for a server that runs.
    assert_eq!(world.wharf(&["tokens", "remove", "shop"]).code, 0);
    assert_eq!(call(&address, token, "users.list"), 401);
    drop(server);
    assert_eq!(world.wharf(&["calls", "--json"]).json().as_array().unwrap().len(), 2, "they stay when it is killed");
}
