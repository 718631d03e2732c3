//! What a receiver is told, also where the server was killed before it was taken.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::{Value, json};
use wharf_simulated::oauth::{Odd, Options, TokenServer};

use crate::world::{Running, World};

fn answer(status: u16) -> Odd {
    Odd::Answer { status, content_type: String::new(), headers: Vec::new(), body: String::new() }
}

/// A server of a world, and where it listens.
fn serve(world: &World) -> (Running, String) {
    let mut command = world.command(&[], &["serve", "--listen", "127.0.0.1:0", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses: Value = serde_json::from_str(&line).unwrap();
    (Running(child), addresses["listen"].as_str().unwrap().to_owned())
}

/// The status of an answer to a call.
fn call(address: &str, token: &str) -> String {
    let body = json!({"input": {}}).to_string();
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /v1/plugins/appwrite/operations/users.list HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_message_that_was_not_taken_is_sent_again_after_the_server_was_killed() {
    let (world, receiver) = (World::new(), TokenServer::start(Options::default()).unwrap());
    world.write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let hook = format!(
        "[server.webhooks.product]\nurl = \"{}/hook\"\nsecret = {{ file = \"secret\" }}\nevents = [\"call.*\"]\n",
        receiver.url()
    );
    world.configure(&(world.connections() + &hook));
    let made = world.wharf(&["tokens", "create", "product", "--role", "call"]);
    assert_eq!(made.code, 0, "{made:?}");
    receiver.next_at("/hook", answer(503));
    receiver.next_at("/hook", answer(204));

    let (server, address) = serve(&world);
    assert_eq!(call(&address, made.out.trim()), "HTTP/1.1 200 OK");
    assert!(receiver.wait_for("/hook", 1));
    drop(server);
    let (_server, _) = serve(&world);
    assert!(receiver.wait_for("/hook", 2));

    let told = receiver.requests_of("/hook");
    let id = |number: usize| told[number].header("webhook-id").unwrap().to_owned();
    assert_eq!((id(0), &told[0].body), (id(1), &told[1].body), "it is the same message");
    let body: Value = serde_json::from_str(&told[1].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["state"]), (&json!("call.ended"), &json!("succeeded")));
    assert_eq!(body["data"]["operation"], "users.list");
    assert!(told[1].header("webhook-signature").unwrap().starts_with("v1,"));
}
