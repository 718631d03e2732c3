//! What tokens and sessions open.

use md5::{Digest, Md5};
use serde_json::json;
use wharf_simulated::oauth::{Options, Over, Proof, Session, SessionOver, TokenServer};

use crate::client::{Reply, get, send};

fn post(url: &str, bearer: &str) -> Reply {
    send("POST", url, &[("authorization", &format!("Bearer {bearer}"))], r#"{"name":"anchor"}"#).unwrap()
}

#[test]
fn things_are_made_and_removed_by_who_has_a_good_token_only() {
    let server = TokenServer::start(Options::default()).unwrap();
    let things = server.api_url() + "/api/things";
    let (access, _) = server.grant("ada");
    let made = post(&things, &access);
    assert_eq!((made.status, made.json()["body"]["name"].as_str()), (201, Some("anchor")));
    assert_eq!(get(&things, &access).json()["things"].as_array().map(Vec::len), Some(1));

    server.expire_all();
    let refused = post(&things, &access);
    assert_eq!(refused.status, 401);
    assert_eq!(refused.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
    assert_eq!((server.figures().executed, server.figures().turned_away), (1, 1));

    let (access, _) = server.grant("ada");
    let authorization = format!("Bearer {access}");
    let removed = send("DELETE", &(things + "/1"), &[("authorization", &authorization)], "").unwrap();
    assert_eq!((removed.status, server.figures().executed), (200, 2));
}

#[test]
fn a_token_that_is_over_is_told_in_many_ways() {
    let server = TokenServer::start(Options::default()).unwrap();
    let things = server.api_url() + "/api/things";
    let ways = [(Over::Bare, 401, 0), (Over::Status200, 200, 0), (Over::Forbidden, 403, 0), (Over::AfterAll, 401, 1)];
    for (over, status, executed) in ways {
        server.change(|options| {
            options.api.over = over;
            options.api.echoes = true;
        });
        let answer = post(&things, "at-of-nobody");
        assert_eq!((answer.status, server.figures().executed), (status, executed));
        assert_eq!(answer.headers.contains_key("www-authenticate"), over == Over::AfterAll);
        assert_eq!(answer.text("authorization"), "Bearer at-of-nobody");
    }
}

#[test]
fn the_protected_part_can_be_at_an_origin_of_its_own() {
    let server = TokenServer::start(Options { api_apart: true, ..Options::default() }).unwrap();
    let (access, _) = server.grant("ada");
    assert_ne!(server.url(), server.api_url());
    assert_eq!(get(&(server.api_url() + "/api/me"), &access).status, 200);
    assert_eq!(get(&(server.url() + "/api/me"), &access).status, 404);
    assert_eq!(post(&(server.api_url() + "/token"), &access).status, 404);
}

fn challenge(server: &TokenServer) -> String {
    let url = server.url() + "/session/challenge?username=admin";
    let answer = send("GET", &url, &[], "").unwrap().json();
    answer["result"]["token"].as_str().unwrap().to_owned()
}

fn log_in(server: &TokenServer, proof: &str) -> Reply {
    let body = json!({ "username": "admin", "accessKey": proof }).to_string();
    send("POST", &(server.url() + "/session/login"), &[("content-type", "application/json")], &body).unwrap()
}

fn me(server: &TokenServer, session: &str) -> Reply {
    send("GET", &(server.url() + "/session/me"), &[("x-session", session)], "").unwrap()
}

#[test]
fn a_session_begins_with_the_latest_challenge_and_ends_after_its_uses() {
    let session = Session { uses: Some(2), ..Session::default() };
    let key = session.key.clone();
    let server = TokenServer::start(Options { session, ..Options::default() }).unwrap();
    let digest = |challenge: &str| format!("{:x}", Md5::digest(format!("{challenge}{key}")));
    let (first, second) = (challenge(&server), challenge(&server));
    assert_eq!(log_in(&server, &digest(&first)).status, 401);
    let begun = log_in(&server, &digest(&second)).json();
    let name = begun["result"]["sessionName"].as_str().unwrap();
    assert!(name.starts_with("sid-") && name.len() >= 40 && server.active(name));
    assert_eq!([me(&server, name).status, me(&server, name).status, me(&server, name).status], [200, 200, 401]);
    assert_eq!(server.figures().logins, 1);

    server.change(|options| {
        options.session.proof = Proof::Key;
        options.session.over = SessionOver::SuccessFalse;
    });
    let begun = log_in(&server, &key).json();
    let name = begun["result"]["sessionName"].as_str().unwrap();
    server.end_sessions();
    let over = me(&server, name);
    assert_eq!((over.status, over.json()["error"]["code"].as_str()), (200, Some("SESSION_EXPIRED")));
}
