use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;
use wharf_simulated::vtiger::{ACCESS_KEY, SESSION_NAME};

use crate::world::{World, answer};

fn bodies(world: &World) -> Vec<String> {
    world.simulation.vtiger.requests().iter().map(|r| String::from_utf8(r.body.clone()).unwrap()).collect()
}

#[test]
fn a_session_is_ended_once() {
    let world = World::new();
    let output = world.call(&format!("vtiger session.logout sessionName={SESSION_NAME}")).json();
    assert_eq!(output, json!({"success": true, "result": {"message": "successfull"}}));

    let requests = world.simulation.vtiger.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("POST", "/webservice.php"));
    assert_eq!(requests[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(bodies(&world)[0], format!("operation=logout&sessionName={SESSION_NAME}"));

    let again = world.call(&format!("vtiger session.logout sessionName={SESSION_NAME}"));
    again.fails(4, &["unauthorized", "INVALID_SESSIONID"]);
}

#[test]
fn a_login_answers_the_challenge_without_showing_the_key_to_the_plugin() {
    let world = World::new();
    let output = world.call("vtiger session.login").json();
    assert_eq!(output["userId"], "19x1");
    assert_ne!(output["sessionName"], SESSION_NAME);

    let requests = world.simulation.vtiger.requests();
    assert_eq!(requests[0].target, "/webservice.php?operation=getchallenge&username=admin");
    let body = &bodies(&world)[1];
    let (start, digest) = body.rsplit_once('=').unwrap();
    assert_eq!(start, "operation=login&username=admin&accessKey");
    assert!(digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{digest}");
    assert!(!body.contains(ACCESS_KEY));
}

#[test]
fn a_wrong_key_and_an_unknown_user_are_told_apart() {
    let world = World::new();
    world.write("vtiger.access_key", "not-the-access-key");
    world.call("vtiger session.login").fails(4, &["unauthorized", "INVALID_USER_CREDENTIALS"]);
    world.write("vtiger.username", "nobody");
    world.call("vtiger session.login").fails(4, &["forbidden", "ACCESS_DENIED"]);
}

#[test]
fn ending_a_session_needs_no_credentials() {
    let world = World::new();
    let url = world.simulation.vtiger.url();
    world.configure(&format!("[connections.crm]\nprovider = \"vtiger\"\nbase_url = \"{url}\"\n"));
    assert!(
        world.call(&format!("vtiger session.logout sessionName={SESSION_NAME}")).json()["success"].as_bool().unwrap()
    );
    world.call("vtiger session.login").fails(2, &["`crm`", "`username`", "VTIGER_USERNAME"]);
}

#[test]
fn a_kept_session_is_used_again_and_begun_anew_when_it_has_ended() {
    let world = World::new();
    let types = world.call("vtiger metadata.list-types").json();
    assert!(types["types"].as_array().unwrap().len() > 10);
    assert_eq!(world.simulation.vtiger.requests().len(), 3, "challenge, login, list");

    assert!(world.call("vtiger metadata.list-types").json()["types"].is_array());
    assert_eq!(world.simulation.vtiger.requests().len(), 4, "the session was kept");

    let over = r#"{"success":false,"error":{"code":"SESSION_LEFT_IDLE","message":"Session has been left idle"}}"#;
    world.simulation.vtiger.answer_next(answer(200, "application/json", over));
    assert!(world.call("vtiger metadata.list-types").json()["types"].is_array());
    assert_eq!(world.simulation.vtiger.requests().len(), 8, "list, challenge, login, list");
}

#[test]
fn a_session_that_the_caller_names_is_not_replaced_by_another() {
    let world = World::new();
    let types = world.wharf(&[
        "call",
        "vtiger",
        "metadata.list-types",
        &format!("sessionName={SESSION_NAME}"),
        r#"fieldTypeList=["email"]"#,
    ]);
    assert!(types.json()["types"].as_array().unwrap().len() < 10);
    let target =
        format!("/webservice.php?operation=listtypes&fieldTypeList=%5B%22email%22%5D&sessionName={SESSION_NAME}");
    assert_eq!(world.simulation.vtiger.requests()[0].target, target);

    world.call("vtiger metadata.list-types sessionName=deadbeef").fails(4, &["INVALID_SESSIONID"]);
    assert_eq!(world.simulation.vtiger.requests().len(), 2);
}

fn ask_for_challenge(world: &World) -> String {
    let url = world.simulation.vtiger.url();
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let request =
        "GET /webservice.php?operation=getchallenge&username=admin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn another_user_or_key_does_not_get_the_kept_session() {
    let world = World::new();
    assert_eq!(world.call("vtiger metadata.list-types").code, 0);
    world.write("vtiger.access_key", "not-the-access-key");
    world.call("vtiger metadata.list-types").fails(4, &["unauthorized", "INVALID_USER_CREDENTIALS"]);
}

#[test]
fn the_word_null_is_no_session() {
    let world = World::new();
    world.call("vtiger session.logout sessionName=null").fails(4, &["unauthorized", "AUTHENTICATION_REQUIRED"]);
}

#[test]
fn a_collision_with_another_client_is_tried_again_from_the_challenge() {
    let world = World::new();
    // What the plugin is told, before another client asks for a challenge of its own and makes it void.
    let first = ask_for_challenge(&world);
    ask_for_challenge(&world);
    world.simulation.vtiger.answer_next(answer(200, "application/json", &first));
    world.simulation.vtiger.clear_requests();
    assert_eq!(world.call("vtiger session.login").json()["userId"], "19x1");
    assert_eq!(world.simulation.vtiger.requests().len(), 4, "challenge, login, challenge, login");
}

#[test]
fn what_is_not_the_envelope_is_no_success() {
    let world = World::new();
    world.simulation.vtiger.answer_next(answer(500, "text/html", ""));
    world
        .call(&format!("vtiger session.logout sessionName={SESSION_NAME}"))
        .fails(4, &["session.logout", "not Vtiger's envelope", "status 500"]);
    world.simulation.vtiger.answer_next(answer(200, "text/html", "Attempt to access restricted file."));
    world
        .call(&format!("vtiger session.logout sessionName={SESSION_NAME}"))
        .fails(4, &["restricted file", "status 200"]);
    let output = world.call(&format!("vtiger session.logout sessionName={SESSION_NAME}")).json();
    assert_eq!(output["success"], true, "the session went on living");
}
