//! A provider with several servers: each has the address that the operator wrote, and the credentials that are for it.

use serde_json::json;
use wharf_artifacts::SCATTERED;
use wharf_simulated::{Recorded, Server};

use crate::install::says;
use crate::world::World;

const KEY: &str = "k7RmX2vQp9LzT4wB";
const TICKET: &str = "t3NcV8sYh6JdF1gA";

/// A server that says again in its answer what it was sent.
fn echo() -> Server {
    Server::recorder(|request: &Recorded| json!(format!("{:?}", request.headers))).unwrap()
}

/// A world with the plugin, and a connection with these lines.
fn world(main: &Server, more: &str) -> World {
    let world = World::new();
    world.write("scattered.wasm", SCATTERED.bytes);
    connect(&world, main, more);
    world.wharf(&["install", "scattered.wasm"]);
    world.wharf(&["approve", "scattered"]);
    world
}

fn connect(world: &World, main: &Server, more: &str) {
    let secret =
        |name: &str, value: &str| format!("{name} = {{ file = \"{}\" }}\n", world.write(name, value).display());
    world.configure(&format!(
        "[connections.s]\nprovider = \"scattered\"\nbase_url = \"{}\"\n{more}\n[connections.s.fields]\n{}{}",
        main.url(),
        secret("key", KEY),
        secret("ticket", TICKET)
    ));
}

#[test]
fn each_request_goes_to_its_server_with_the_credentials_that_are_for_it_alone() {
    let (main, uploads) = (echo(), echo());
    let world = world(&main, &format!("servers = {{ uploads = \"{}\" }}", uploads.url()));

    let listed = world.call("scattered files.list").json();
    let [list] = main.requests().try_into().unwrap();
    assert_eq!((list.target.as_str(), list.header("X-Key"), list.header("X-Ticket")), ("/files", Some(KEY), None));
    assert!(uploads.requests().is_empty());

    let put = world.call("scattered files.put id=7").json();
    let looked = world.call("scattered files.look").json();
    let [put_at, looked_at] = uploads.requests().try_into().unwrap();
    assert_eq!(put_at.target, "/up-1/files/7");
    assert_eq!((put_at.header("X-Key"), put_at.header("X-Ticket")), (None, Some(TICKET)));
    assert_eq!(looked_at.target, "/up-1/public");
    assert_eq!((looked_at.header("X-Key"), looked_at.header("X-Ticket")), (None, None));
    assert_eq!(main.requests().len(), 1);
    for answer in [listed, put, looked] {
        let answer = answer.to_string();
        assert!(answer.contains("host") && !answer.contains(KEY) && !answer.contains(TICKET), "{answer}");
    }

    says(&world, &["check"], &[&format!("its server `uploads`; {}/up-1 can be reached", uploads.url())]);
    says(
        &world,
        &["call", "scattered", "files.put", "id=7", "--dry-run"],
        &["PUT http", "/up-1/files/7", "X-Ticket: •••"],
    );
    says(&world, &["describe", "scattered"], &["servers.uploads", "Where files go."]);
    says(&world, &["describe", "scattered", "files.put"], &["PUT {servers.uploads}/up-1/files/{id}"]);
}

#[test]
fn a_server_that_the_operator_did_not_write_is_told_with_what_to_write_and_nothing_is_sent() {
    let main = echo();
    let world = world(&main, "");
    let line = "connection `s` of `scattered` has no `servers.uploads`: write servers = { uploads = \"https://…\" } under \
                [connections.s] of wharf.toml, or set the environment variable SCATTERED_UPLOADS_URL";
    world.call("scattered files.put id=7").fails(2, &[line]);
    world.call("scattered files.look").fails(2, &[line]);
    assert!(main.requests().is_empty());
    assert_eq!(world.call("scattered files.list").code, 0, "it needs the main one alone");
    says(&world, &["check", "--offline"], &[line, "until then its requests fail"]);

    let uploads = echo();
    let url = uploads.url();
    let environment = [("SCATTERED_UPLOADS_URL", url.as_str())];
    assert_eq!(world.wharf_with(&environment, &["call", "scattered", "files.put", "id=7"]).code, 0);
    assert_eq!(uploads.requests().len(), 1);

    connect(&world, &main, "servers = { uplaods = \"https://a.example\" }");
    world.call("scattered files.list").fails(2, &["did you mean `uploads`?"]);
    connect(&world, &main, "servers = { uploads = \"http://169.254.169.254\" }");
    world.call("scattered files.put id=7").fails(3, &["169.254.169.254"]);
}

#[test]
fn a_release_whose_server_is_another_one_waits_for_an_approval() {
    let main = echo();
    let world = world(&main, "");
    world.write("next.wasm", SCATTERED.altered(&[("1.0.0", "1.0.1"), ("/up-1", "/up-2")]));
    let lines = [
        "scattered 1.0.1 waits",
        "- server uploads: addresses end in /up-1",
        "+ server uploads: addresses end in /up-2",
    ];
    says(&world, &["install", "next.wasm"], &lines);
    says(&world, &["plugins"], &["1.0.0"]);
}
