//! The rules of time, which the tests over HTTP cannot wait for.

use super::session::digest;
use super::*;

const START: u64 = 1_800_000_000;

fn get(parameters: &str) -> Recorded {
    Recorded { method: "GET".to_owned(), target: format!("/webservice.php?{parameters}"), ..Recorded::default() }
}

fn post(form: &str) -> Recorded {
    let content_type = "application/x-www-form-urlencoded".to_owned();
    Recorded {
        method: "POST".to_owned(),
        target: "/webservice.php".to_owned(),
        headers: vec![("content-type".to_owned(), content_type)],
        body: form.into(),
    }
}

/// The error code of the answer, or an empty text for success.
fn code(state: &mut State, request: &Recorded, now: u64) -> String {
    let envelope: Value = serde_json::from_slice(&state.answer(request, now).body).unwrap();
    assert_eq!(envelope["success"].as_bool(), Some(envelope.get("error").is_none()));
    envelope["error"]["code"].as_str().unwrap_or_default().to_owned()
}

fn list_types() -> Recorded {
    get(&format!("operation=listtypes&sessionName={SESSION_NAME}"))
}

#[test]
fn a_session_idles_after_half_an_hour_without_a_call() {
    let mut state = State::seeded(START);
    assert_eq!(code(&mut state, &list_types(), START + 1800), "");
    assert_eq!(code(&mut state, &list_types(), START + 3601), "SESSION_LEFT_IDLE");
    assert_eq!(code(&mut state, &list_types(), START + 3602), "INVALID_SESSIONID");
}

#[test]
fn a_session_expires_after_a_day_however_busy() {
    let mut state = State::seeded(START);
    let day = 24 * 60 * 60;
    for now in (START..=START + day).step_by(1800) {
        assert_eq!(code(&mut state, &list_types(), now), "");
    }
    assert_eq!(code(&mut state, &list_types(), START + day + 1), "SESSION_EXPIRED");
}

#[test]
fn extending_keeps_a_session_from_idling() {
    let mut state = State::seeded(START);
    let extend = post(&format!("operation=extendsession&sessionName={SESSION_NAME}"));
    assert_eq!(code(&mut state, &extend, START + 1000), "");
    assert_eq!(code(&mut state, &list_types(), START + 2800), "");
}

#[test]
fn a_token_is_good_for_five_minutes_and_until_the_next_one() {
    let mut state = State::seeded(START);
    let challenge = get("operation=getchallenge&username=admin");
    let log_in = |state: &State| {
        let digest = digest(&state.sessions.token.as_ref().unwrap().value);
        post(&format!("operation=login&username=admin&accessKey={digest}"))
    };

    assert_eq!(code(&mut state, &challenge, START), "");
    let first = log_in(&state);
    assert_eq!(code(&mut state, &first, START + 300), "");
    assert_eq!(code(&mut state, &first, START + 301), "INVALID_AUTH_TOKEN");

    assert_eq!(code(&mut state, &challenge, START + 400), "");
    assert_eq!(code(&mut state, &first, START + 400), "INVALID_USER_CREDENTIALS");
    let second = log_in(&state);
    assert_eq!(code(&mut state, &second, START + 400), "");
}

#[test]
fn a_browser_session_is_extended_by_its_cookie() {
    let mut state = State::seeded(START);
    let mut extend = post("operation=extendsession");
    assert_eq!(code(&mut state, &extend, START), "AUTHENTICATION_FAILURE");
    extend.headers.push(("cookie".to_owned(), format!("a=b; PHPSESSID={SESSION_NAME}")));
    assert_eq!(code(&mut state, &extend, START), "");
}
