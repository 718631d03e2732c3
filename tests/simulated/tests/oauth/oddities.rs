//! Answers out of the ordinary.

use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, json};
use wharf_simulated::oauth::{
    CLIENT_ID, CLIENT_SECRET, ErrorForm, ExpiresIn, Odd, Options, ScopeForm, Shape, TokenServer,
};

use crate::client::{Reply, basic, form, form_of, refresh, send, try_form};

fn shaped(shape: Shape) -> TokenServer {
    TokenServer::start(Options { shape, ..Options::default() }).unwrap()
}

fn credentials(server: &TokenServer) -> Reply {
    form(server, "/token", &[("grant_type", "client_credentials")])
}

#[test]
fn an_answer_that_is_lost_has_been_carried_out() {
    let server = TokenServer::start(Options::default()).unwrap();
    let (_, token) = server.grant("ada");
    let members = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    server.next(Odd::HangUpBefore);
    assert!(try_form(&server, "/token", &members).is_none());
    assert!(server.active(&token));
    server.next(Odd::HangUp);
    assert!(try_form(&server, "/token", &members).is_none());
    assert!(!server.active(&token));
    assert_eq!((server.refreshes(), server.reuses()), (1, 0));
    let statuses: Vec<u16> = server.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [0, 0]);
}

#[test]
fn an_odd_answer_comes_once_and_to_its_path_and_does_nothing() {
    let server = TokenServer::start(Options::default()).unwrap();
    let (_, token) = server.grant("ada");
    server.next_at("/revoke", Odd::HtmlBadRequest);
    let odd = [
        (Odd::HtmlBadGateway, 502, "<!DOCTYPE html>"),
        (Odd::Empty, 200, ""),
        (Odd::OkFalse { error: "token_expired".into() }, 200, r#"{"ok":false,"error":"token_expired"}"#),
        (Odd::ErrorWith200 { error: "bad_refresh_token".into() }, 200, r#"{"error":"bad_refresh_token""#),
        (Odd::Redirect { to: "https://attacker.example/".into() }, 302, ""),
        (Odd::EchoSecrets, 401, r#"{"error":"invalid_client""#),
    ];
    for (odd, status, start) in odd {
        server.next(odd);
        let answer = refresh(&server, &token);
        assert_eq!(answer.status, status);
        assert!(answer.text.starts_with(start), "{}", answer.text);
        let echoes = answer.text.contains(CLIENT_SECRET) && answer.text.contains(&token);
        assert_eq!(echoes, status == 401);
    }
    assert_eq!(refresh(&server, &token).status, 200);
    assert_eq!(form(&server, "/revoke", &[("token", &token)]).status, 400);
}

#[test]
fn an_odd_answer_can_come_after_the_work_is_done() {
    let server = TokenServer::start(Options::default()).unwrap();
    let (_, token) = server.grant("ada");
    server.next_after("/token", Odd::HtmlBadGateway);
    assert_eq!(refresh(&server, &token).status, 502);
    assert!(!server.active(&token));
    server.next(Odd::Huge { bytes: 1024 * 1024 });
    assert!(credentials(&server).text.len() > 1024 * 1024);
    server.next(Odd::Date { hours: -3 });
    let date = credentials(&server).headers["date"].to_str().unwrap().to_owned();
    let behind = SystemTime::now().duration_since(httpdate::parse_http_date(&date).unwrap());
    assert!((3 * 3600 - 1..3 * 3600 + 60).contains(&behind.unwrap().as_secs()));
}

#[test]
fn an_answer_is_held_until_its_release() {
    let server = TokenServer::start(Options::default()).unwrap();
    let (_, token) = server.grant("ada");
    server.next(Odd::Hold);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| refresh(&server, &token).status);
        assert!(server.wait_for_held(1) && server.wait_for("/token", 1));
        // Others are served meanwhile.
        assert_eq!(credentials(&server).status, 200);
        server.release();
        assert_eq!(waiting.join().unwrap(), 200);
    });
    assert_eq!(server.figures().held, 0);
}

#[test]
fn answers_of_the_token_endpoint_take_their_time() {
    let delay = Duration::from_millis(40);
    let server = TokenServer::start(Options { delay_ms: 40, ..Options::default() }).unwrap();
    let start = Instant::now();
    credentials(&server);
    assert!(start.elapsed() >= delay);
    server.change(|options| options.delay_ms = 0);
    server.next(Odd::Delay { ms: 40 });
    let start = Instant::now();
    credentials(&server);
    assert!(start.elapsed() >= delay);
}

#[test]
fn tokens_come_in_many_forms() {
    let server = shaped(Shape { is_form: true, scope: ScopeForm::Commas, ..Shape::default() });
    let answer = credentials(&server);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/x-www-form-urlencoded"));
    assert!(answer.text.starts_with("access_token=at-") && answer.text.ends_with("scope=read%2Cwrite"));

    let extra = Map::from_iter([("instance_url".to_owned(), json!("https://my.example"))]);
    let below = "/data/authed_user".to_owned();
    let slack = Shape { below, has_ok: true, extra, token_type: Some("mac".into()), ..Shape::default() };
    let answer = credentials(&shaped(slack)).json();
    assert_eq!((&answer["ok"], &answer["instance_url"]), (&json!(true), &json!("https://my.example")));
    let user = &answer["data"]["authed_user"];
    assert!(user["access_token"].as_str().unwrap().len() >= 40);
    assert_eq!(user["token_type"], "mac");

    let expectations =
        [(ExpiresIn::Text, json!("3600")), (ExpiresIn::Zero, json!(0)), (ExpiresIn::Absent, json!(null))];
    let server = TokenServer::start(Options::default()).unwrap();
    for (expires_in, expected) in expectations {
        let token_type = Some(String::new());
        let shape = Shape { expires_in, token_type, scope: ScopeForm::Array, has_id_token: true, ..Shape::default() };
        server.next(Odd::Shaped { shape: Box::new(shape) });
        let answer = credentials(&server).json();
        assert_eq!(answer["expires_in"], expected);
        assert_eq!((&answer["scope"], answer.get("token_type")), (&json!(["read", "write"]), None));
        assert_eq!(answer["id_token"].as_str().unwrap().split('.').count(), 3);
    }
    assert_eq!(credentials(&server).json()["expires_in"], 3600);
}

#[test]
fn errors_come_in_many_forms_and_bodies_may_have_to_be_json() {
    let server = shaped(Shape { errors: ErrorForm::OkFalse, ..Shape::default() });
    let answer = refresh(&server, "unknown");
    assert_eq!((answer.status, answer.text), (200, r#"{"ok":false,"error":"invalid_grant"}"#.into()));
    let server = shaped(Shape { errors: ErrorForm::Status200, is_form: true, ..Shape::default() });
    let answer = refresh(&server, "unknown");
    assert!(answer.status == 200 && answer.text.starts_with("error=invalid_grant&"), "{}", answer.text);

    let server = shaped(Shape { wants_json: true, ..Shape::default() });
    assert_eq!(credentials(&server).error(), (400, "invalid_request".into()));
    let authorization = basic(CLIENT_ID, CLIENT_SECRET);
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = r#"{"grant_type":"client_credentials"}"#;
    assert_eq!(send("POST", &(server.url() + "/token"), &headers, body).unwrap().status, 200);

    let server = TokenServer::start(Options::default()).unwrap();
    let twice = [("grant_type", "client_credentials"), ("grant_type", "refresh_token")];
    assert_eq!(form_of(&server, "/token", &[], &twice).unwrap().error(), (400, "invalid_request".into()));
}
