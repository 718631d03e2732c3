//! Codes, refreshes, clients and devices.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wharf_simulated::oauth::{
    Authorize, CLIENT_ID, CLIENT_SECRET, ClientAuth, Device, DeviceStep, Options, TokenServer,
};

use crate::client::{
    REDIRECT, VERIFIER, basic, code, consent, consent_address, exchange, form, form_of, get, of, refresh, send,
};

fn start(options: Options) -> TokenServer {
    TokenServer::start(options).unwrap()
}

#[test]
fn a_code_is_exchanged_once_and_opens_the_protected_part() {
    let server = start(Options::default());
    let back = consent(&server, &[("scope", "read")]);
    assert_eq!((of(&back, "state"), of(&back, "iss")), (Some("a state"), None));
    let code = of(&back, "code").unwrap();

    let answer = exchange(&server, code, VERIFIER);

    assert_eq!((answer.status, answer.text("token_type"), answer.text("scope")), (200, "Bearer".into(), "read".into()));
    assert_eq!(answer.json()["expires_in"], 3600);
    let access = answer.text("access_token");
    let me = get(&(server.url() + "/api/me"), &access).json();
    assert_eq!(me, serde_json::json!({ "id": "ada", "email": "ada@example.com", "scopes": ["read"] }));
    // A second time it takes along what it gave.
    assert_eq!(exchange(&server, code, VERIFIER).error(), (400, "invalid_grant".into()));
    assert!(!server.active(&access));
    assert_eq!(get(&(server.url() + "/api/me"), &access).status, 401);
}

#[test]
fn a_code_needs_its_verifier_and_its_redirect_address() {
    let server = start(Options::default());
    let code = code(&server);
    let another = "another-verifier-that-is-long-enough-for-the-standard-01234";
    assert_eq!(exchange(&server, &code, another).error(), (400, "invalid_grant".into()));
    assert_eq!(exchange(&server, &code, "").error(), (400, "invalid_request".into()));
    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", "http://127.0.0.1:1/"),
    ];
    assert_eq!(form(&server, "/token", &elsewhere).error(), (400, "invalid_grant".into()));
    assert_eq!(exchange(&server, &code, VERIFIER).status, 200);

    let back = consent(&server, &[("code_challenge_method", "plain")]);
    assert_eq!(of(&back, "error"), Some("invalid_request"));
    let stranger = consent_address(&server, &[("redirect_uri", "https://attacker.example/")]);
    assert_eq!(server.visit(&stranger), None);
    assert_eq!(send("GET", &stranger, &[], "").unwrap().status, 400);
}

#[test]
fn consent_can_be_refused_and_come_back_wrong() {
    let server = start(Options::default());
    let denied = Authorize { error: Some("access_denied".into()), ..Authorize::default() };
    server.change(|options| options.authorize = denied);
    let back = consent(&server, &[]);
    assert_eq!((of(&back, "error"), of(&back, "code")), (Some("access_denied"), None));

    let realm = vec![("realmId".to_owned(), "4620816365".to_owned())];
    let odd = Authorize { state: Some("theirs".into()), tells_iss: true, extra: realm, ..Authorize::default() };
    server.change(|options| options.authorize = odd);
    let back = consent(&server, &[]);
    assert_eq!((of(&back, "state"), of(&back, "realmId")), (Some("theirs"), Some("4620816365")));
    assert_eq!(of(&back, "iss"), Some(server.url().as_str()));

    server.change(|options| options.authorize.iss = Some("https://other.example".into()));
    assert_eq!(of(&consent(&server, &[]), "iss"), Some("https://other.example"));
}

#[test]
fn a_spent_refresh_token_takes_its_family_along_and_no_other() {
    let server = start(Options::default());
    let (_, other) = server.grant("grace");
    let (_, first) = server.grant("ada");
    let second = refresh(&server, &first).text("refresh_token");
    let answer = refresh(&server, &second);
    let (access, third) = (answer.text("access_token"), answer.text("refresh_token"));
    assert!(server.active(&access) && server.active(&third) && !server.active(&second));

    assert_eq!(refresh(&server, &first).error(), (400, "invalid_grant".into()));

    assert!(!server.active(&access) && !server.active(&third) && server.active(&other));
    assert_eq!(refresh(&server, &third).error(), (400, "invalid_grant".into()));
    assert_eq!((server.refreshes(), server.reuses(), server.families_revoked()), (2, 1, 1));
    // Of a family that is gone already, the reuse counts and the revocation does not.
    refresh(&server, &second);
    assert_eq!((server.reuses(), server.families_revoked()), (2, 1));
    assert_eq!(refresh(&server, &other).status, 200);
}

#[test]
fn within_the_grace_a_spent_refresh_token_gives_another() {
    let server = start(Options { grace_ms: 3_600_000, ..Options::default() });
    let (_, token) = server.grant("ada");
    let answers = [refresh(&server, &token), refresh(&server, &token)];
    let tokens = answers.map(|answer| answer.text("refresh_token"));
    assert_ne!(tokens[0], tokens[1]);
    assert!(tokens.iter().all(|token| server.active(token)));
    assert_eq!((server.refreshes(), server.reuses()), (2, 0));
}

#[test]
fn without_rotation_a_refresh_token_stays() {
    let server = start(Options { rotates: false, ..Options::default() });
    let (_, token) = server.grant("ada");
    for _ in 0..2 {
        let answer = refresh(&server, &token);
        assert_eq!((answer.status, answer.json().get("refresh_token")), (200, None));
    }
    assert!(server.active(&token));
    let wider = [("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", "read admin")];
    assert_eq!(form(&server, "/token", &wider).error(), (400, "invalid_scope".into()));
}

#[test]
fn tokens_end_when_it_is_said() {
    let server = start(Options::default());
    let (access, token) = server.grant("ada");
    server.expire_all();
    assert!(!server.active(&access) && server.active(&token));
    let access = refresh(&server, &token).text("access_token");
    server.revoke_all();
    assert!(!server.active(&access));

    let (access, token) = server.grant("ada");
    assert_eq!(form(&server, "/revoke", &[("token", &token)]).status, 200);
    assert_eq!(form(&server, "/revoke", &[("token", "unknown")]).status, 200);
    assert!(!server.active(&access) && !server.active(&token));
    assert_eq!((server.figures().revocations, server.families_revoked()), (1, 0));

    server.change(|options| options.access_life = 0);
    assert!(!server.active(&server.grant("ada").0));
}

#[test]
fn a_client_proves_itself_in_one_way_that_is_allowed() {
    let server = start(Options::default());
    let grant = ("grant_type", "client_credentials");
    let (id, secret) = (("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET));
    let by_body = |members: &[(&str, &str)]| form_of(&server, "/token", &[], members).unwrap();
    let by_basic = |value: &str| form_of(&server, "/token", &[("authorization", value)], &[grant]).unwrap();

    let answer = by_body(&[grant, id, secret]);
    assert_eq!((answer.status, answer.json().get("refresh_token")), (200, None));
    assert_eq!(by_body(&[grant, id, ("client_secret", "wrong")]).error(), (401, "invalid_client".into()));
    assert_eq!(by_body(&[grant, id]).error(), (401, "invalid_client".into()));
    assert_eq!(by_basic(&basic(CLIENT_ID, CLIENT_SECRET)).status, 200);
    let wrong = by_basic(&basic(CLIENT_ID, "wrong"));
    assert_eq!((wrong.error().0, wrong.headers.contains_key("www-authenticate")), (401, true));
    // As it stands, its characters are those that a form escapes.
    let raw = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    let raw = format!("Basic {raw}");
    assert_eq!(by_basic(&raw).status, 401);
    server.change(|options| options.basic_is_raw = true);
    assert_eq!(by_basic(&raw).status, 200);
    assert_eq!(form(&server, "/token", &[grant, id, secret]).error(), (400, "invalid_request".into()));
}

#[test]
fn a_public_client_has_no_secret_and_no_credentials() {
    let server = start(Options { client_auth: vec![ClientAuth::None], ..Options::default() });
    let id = ("client_id", CLIENT_ID);
    let public = |members: &[(&str, &str)]| form_of(&server, "/token", &[], members).unwrap();
    assert_eq!(public(&[("grant_type", "client_credentials"), id]).error(), (400, "unauthorized_client".into()));
    let code = code(&server);
    let grant = [("grant_type", "authorization_code"), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
    assert_eq!(public(&[&grant[..], &[("code", &code), id]].concat()).status, 200);
}

#[test]
fn a_device_asks_until_there_is_consent() {
    let steps = vec![DeviceStep::Pending, DeviceStep::SlowDown, DeviceStep::Wait];
    let server = start(Options { device: Device { steps, ..Device::default() }, ..Options::default() });
    let begun = form(&server, "/device", &[("scope", "read")]);
    let device = begun.text("device_code");
    let ask = || {
        let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        form(&server, "/token", &[grant, ("device_code", &device)])
    };
    let answers = [ask(), ask(), ask(), ask()].map(|answer| answer.text("error"));
    assert_eq!(answers, ["authorization_pending", "slow_down", "authorization_pending", "authorization_pending"]);

    assert_eq!(send("GET", &begun.text("verification_uri_complete"), &[], "").unwrap().status, 200);

    assert_eq!(ask().text("scope"), "read");
    assert_eq!(ask().error(), (400, "invalid_grant".into()));
}
