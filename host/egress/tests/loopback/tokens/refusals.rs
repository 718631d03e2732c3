//! Answers that are a no, and those that are neither.

use std::net::TcpListener;

use wharf_egress::tokens::{TokenHint, callback};

use super::*;

fn error(code: &str, description: &str) -> String {
    json!({"error": code, "error_description": description}).to_string()
}

#[test]
fn a_refusal_is_told_with_the_providers_code_its_words_and_what_mends_it() {
    let refused = refused(refreshed(400, JSON, &error("invalid_grant", "Token has been expired or revoked.")));
    assert_eq!((refused.code.as_str(), refused.status), ("invalid_grant", 400));
    let words = refused.words;
    assert!(words.starts_with("http://127.0.0.1:"), "{words}");
    assert!(
        words.contains(
            " refused the refresh token with `invalid_grant` (status 400: “Token has been expired or revoked.”): "
        ),
        "{words}"
    );
    assert!(words.contains("the consent was withdrawn") && words.ends_with("connect again"), "{words}");
}

#[test]
fn each_code_has_its_most_likely_mend() {
    for (code, expected) in [
        ("invalid_client", "(they are sent in the body)"),
        ("invalid_grant", "the consent was withdrawn"),
        ("unauthorized_client", "does not let this client"),
        ("invalid_scope", "look at `scopes`"),
        ("redirect_uri_mismatch", "register it there, letter by letter"),
        ("unsupported_grant_type", "choose another one of the manifest's grants"),
        ("access_denied", "say yes"),
        ("invalid_request", "look at the connection's fields"),
        ("temporarily_unavailable", "try again later"),
        ("server_error", "try again later"),
        ("something_else", "look there for what it wants"),
    ] {
        let words = refused(refreshed(400, JSON, &error(code, "no"))).words;
        assert!(words.contains(expected) && words.contains(&format!("`{code}`")), "{code}: {words}");
    }
    let by = |by: &str| json!({"client": {"id": "client-id", "secret": "client-secret", "by": by}});
    let words = refused(refreshed_by(&by("basic"), 401, JSON, &error("invalid_client", ""))).words;
    assert!(words.contains("by the header Authorization)"), "{words}");
    let words = refused(refreshed_by(&by("none"), 401, JSON, &error("invalid_client", ""))).words;
    assert!(words.contains("expects a secret, and none is sent"), "{words}");

    let server = server(400, JSON, &error("invalid_grant", "no"));
    let connection = builder(&server.url()).build().unwrap();
    let code = Secret::new(CODE);
    let redirect = "http://127.0.0.1/";
    let words =
        refused(spend(&client(&json!({})), &connection, Spend::Code { code: &code, verifier: None, redirect })).words;
    assert!(words.contains("the authorization code") && words.contains("redirect address differs"), "{words}");
    let words = refused(spend(&client(&json!({})), &connection, Spend::Assertion)).words;
    assert!(words.contains("this machine's clock, at the private key"), "{words}");
}

#[test]
fn an_error_with_status_200_is_one_and_an_empty_one_is_none() {
    for (body, code) in [
        (json!({"ok": false, "error": "invalid_refresh_token"}), "invalid_refresh_token"),
        (json!({"ok": false, "access_token": ACCESS}), "none"),
        (json!({"error": "invalid_grant", "access_token": ACCESS}), "invalid_grant"),
        (json!({"error": {"message": "no", "type": "OAuthException", "code": 190}}), "OAuthException"),
        (json!({"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "no"}}), "UNAUTHENTICATED"),
        (json!({"error": 7}), "7"),
    ] {
        let refused = refused(refreshed(200, JSON, &body.to_string()));
        assert_eq!((refused.code.as_str(), refused.status), (code, 200));
    }
    let form = "error=bad_refresh_token&error_description=The+refresh+token+is+incorrect";
    let refused_form = refused(refreshed(200, "Content-Type: text/plain\r\n", form));
    assert!(refused_form.words.contains("“The refresh token is incorrect”"), "{}", refused_form.words);
    for none in [json!(null), json!(""), json!(false), json!(0)] {
        let body = json!({"access_token": ACCESS, "error": none}).to_string();
        refreshed(200, JSON, &body).unwrap();
    }
    let own = json!({"answer": {"error": "/meta/code", "error-description": "/meta/text"}});
    let body = json!({"meta": {"code": "E17", "text": "nope"}}).to_string();
    let refused = refused(refreshed_by(&own, 400, JSON, &body));
    assert!(refused.code == "E17" && refused.words.contains("“nope”"), "{}", refused.words);
}

#[test]
fn what_is_final_is_told_from_what_may_go_well_another_time() {
    let of = |status, body: &str| refreshed(status, JSON, body).unwrap_err();
    for (status, code) in
        [(400, "invalid_grant"), (401, "invalid_grant"), (500, "invalid_grant"), (429, "invalid_grant")]
    {
        let error = of(status, &error(code, "no"));
        assert!(error.is_final() && !error.may_have_been_spent(), "{error:?}");
    }
    for code in
        ["invalid_client", "unauthorized_client", "temporarily_unavailable", "slow_down", "authorization_pending"]
    {
        let error = of(400, &error(code, "no"));
        assert!(!error.is_final() && !error.may_have_been_spent(), "{error:?}");
    }
}

#[test]
fn a_device_that_nobody_has_said_yes_to_waits() {
    let polled = |code: &str| {
        let server = server(400, JSON, &error(code, ""));
        let connection = builder(&server.url()).build().unwrap();
        spend(&client(&json!({})), &connection, Spend::Device(&Secret::new(CODE))).unwrap_err()
    };
    assert_eq!(polled("authorization_pending"), TokenError::Pending);
    assert_eq!(polled("slow_down"), TokenError::SlowDown);
    assert!(polled("expired_token").is_final() && polled("expired_token").to_string().contains("in time"));
    assert!(polled("access_denied").is_final() && polled("access_denied").to_string().contains("say yes"));
}

#[test]
fn a_server_that_cannot_answer_now_says_when_and_whether_it_may_have_acted() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let busy = error("temporarily_unavailable", "try later");
    for (status, headers, body, sent, wait) in [
        (429, "Retry-After: 30\r\n", "", false, seconds(30)),
        (429, "", "slow down", false, None),
        (503, "Retry-After: 5\r\n", &*busy, false, seconds(5)),
        (503, "Retry-After: 99999999\r\n", "", false, seconds(24 * 3600)),
        (503, "", &*busy, true, None),
        (500, "Content-Type: text/html\r\n", "<h1>Oops</h1>", true, None),
        (502, "", "", true, None),
    ] {
        let error = refreshed(status, headers, body).unwrap_err();
        let TokenError::NoAnswer { words, sent: was_sent, retry_after } = &error else { panic!("{error:?}") };
        assert_eq!((*was_sent, *retry_after), (sent, wait), "{status} {headers}");
        assert!(words.contains(&format!("status {status}")) && words.ends_with("try again later"), "{words}");
        assert_eq!((error.may_have_been_spent(), error.retry_after()), (sent, wait));
    }
    let date = |seconds| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
    // By the server's own clock.
    let headers = format!("Date: {}\r\nRetry-After: {}\r\n", date(5000), date(5090));
    let wait = refreshed(429, &headers, "").unwrap_err().retry_after().unwrap();
    assert!((89..=91).contains(&wait.as_secs()), "{wait:?}");
}

#[test]
fn an_answer_that_is_none_is_told_by_its_status() {
    let html = "Content-Type: text/html; charset=utf-8\r\n";
    for (status, headers, body, expected) in [
        (404, html, "<html>Not found</html>", "a page of HTML"),
        (403, "Content-Type: text/plain\r\n", "forbidden", "`text/plain`"),
        (400, "", "\u{0}\u{1}", "`application/octet-stream`"),
        (200, html, "<html>Please log in</html>", "no text at `/access_token`"),
        (200, JSON, "{\"access_token\":", "no text at `/access_token`"),
        (204, "", "", "no text at `/access_token`"),
        (200, JSON, "[]", "no text at `/access_token`"),
    ] {
        let error = refreshed(status, headers, body).unwrap_err();
        let words = error.to_string();
        assert!(matches!(error, TokenError::Unreadable { status: Some(s), .. } if s == status), "{error:?}");
        assert!(words.contains(expected) && words.contains(&format!("status {status}")), "{words}");
        assert_eq!(error.may_have_been_spent(), status < 300);
    }
    let none = refused(refreshed(401, JSON, "{}"));
    assert!(none.code == "none" && none.words.contains("client id or the client secret"), "{}", none.words);
    let hubspot = json!({"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}).to_string();
    assert!(refused(refreshed(400, JSON, &hubspot)).words.contains("“missing or invalid refresh token”"));
}

#[test]
fn a_server_that_is_not_there_or_breaks_off_is_told_from_one_that_refuses() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let connection = builder(&format!("http://{closed}")).build().unwrap();
    let refresh = Secret::new(REFRESH);
    let error = spend(&client(&json!({})), &connection, Spend::Refresh(&refresh)).unwrap_err();
    assert!(matches!(error, TokenError::NoAnswer { sent: false, .. }), "{error:?}");

    let breaks = |answer: &'static str| {
        // It says how long it is, and is shorter: the server goes away.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut head = [0; 4096];
            let _ = std::io::Read::read(&mut socket, &mut head);
            socket.write_all(answer.as_bytes()).unwrap();
        });
        let connection = builder(&format!("http://{address}")).build().unwrap();
        spend(&client(&json!({})), &connection, Spend::Refresh(&refresh)).unwrap_err()
    };
    for answer in
        ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":", "HTTP/1.1 200 OK\r\nContent-Len"]
    {
        let error = breaks(answer);
        assert!(error.may_have_been_spent() && !error.is_final(), "{error:?}");
        assert!(!error.to_string().contains(REFRESH), "{error}");
    }
}

#[test]
fn a_time_that_is_over_says_whether_the_request_was_sent() {
    let server = Server::answering(|_, _| std::thread::park());
    let connection = builder(&server.url()).build().unwrap();
    let allowance = Allowance::new(Deadline::within(Duration::from_millis(300)), 64 << 10, 1 << 20);
    let token = client(&json!({})).token(&connection, Spend::Refresh(&Secret::new(REFRESH)), &[], allowance, None);
    let error = token.unwrap_err();
    assert!(matches!(error, TokenError::NoAnswer { sent: true, .. }), "{error:?}");
    assert!(error.to_string().contains("gave no token"), "{error}");
}

#[test]
fn a_wrong_clock_is_named_with_its_direction() {
    let words = |seconds: i64, headers: &str| {
        let now = SystemTime::now();
        let by = Duration::from_secs(seconds.unsigned_abs());
        let date = httpdate::fmt_http_date(if seconds < 0 { now - by } else { now + by });
        let refused = refused(refreshed(400, &format!("{headers}Date: {date}\r\n"), &error("invalid_grant", "no")));
        assert!((refused.clock.unwrap() - seconds).abs() < 60);
        refused.words
    };
    let behind = words(3690, JSON);
    assert!(behind.contains("this machine's clock is 61 minutes behind the server's: set it"), "{behind}");
    let ahead = words(-300, JSON);
    assert!(ahead.contains("seconds ahead of the server's: set it"), "{ahead}");
    assert!(!words(5, JSON).contains("clock"));
}

#[test]
fn no_secret_of_the_request_or_the_connection_is_in_the_words() {
    let weak = "ada1";
    let body =
        error(&format!("bad {REFRESH}"), &format!("you sent {REFRESH} and {CLIENT_SECRET}, {ACCESS}: <\u{1b}[2J>"));
    let refused = refused(refreshed(400, JSON, &body));
    assert!(!refused.words.contains(REFRESH) && !refused.words.contains(CLIENT_SECRET), "{}", refused.words);
    assert!(refused.words.contains("you sent ••• and •••") && refused.words.contains("\\u{1b}"), "{}", refused.words);
    assert_eq!(refused.code, "bad •••");

    let long = error("invalid_grant", &format!("{}{REFRESH}", "x".repeat(5000)));
    let refused_long = super::refused(refreshed(400, JSON, &long));
    assert!(
        refused_long.words.chars().count() < 700 && !refused_long.words.contains("refresh-"),
        "{}",
        refused_long.words
    );

    let server = server(400, JSON, &error("invalid_grant", &format!("the pin {weak} is wrong")));
    let connection = builder(&server.url()).secret("pin", Secret::new(weak)).allow_weak(["pin"]).build().unwrap();
    let words = super::refused(spend(&client(&json!({})), &connection, Spend::Refresh(&Secret::new(REFRESH)))).words;
    assert!(!words.contains(weak) && words.contains("“•••”"), "{words}");
}

#[test]
fn what_a_browser_comes_back_with_is_judged() {
    let connection = builder("https://login.example").build().unwrap();
    let client = client(&json!({"issuer": "https://login.example"}));
    let code = |query: &str| client.code(&connection, &callback(query).unwrap());
    assert_eq!(code("code=abc&state=s&iss=https://login.example").unwrap(), Secret::new("abc"));
    assert!(code("code=abc&state=s").unwrap_err().to_string().contains("does not say which it is (`iss`)"));

    let error = code("code=abcdefghij&state=k7RmX2vQp9&iss=https://evil.example").unwrap_err();
    let words = error.to_string();
    assert!(words.contains("`https://evil.example`") && words.contains("`https://login.example`"), "{words}");
    assert!(!words.contains("abcdefghij"), "{words}");

    let error = code("error=access_denied&error_description=The+user+said+no&state=k7RmX2vQp9").unwrap_err();
    assert!(error.is_final() && error.to_string().contains("`access_denied` (“The user said no”)"), "{error}");
    let error = code("error=redirect_uri_mismatch").unwrap_err();
    assert!(error.to_string().contains("letter by letter"), "{error}");
    let error = code("state=s&iss=https://login.example").unwrap_err();
    assert!(error.to_string().contains("with neither a code nor an error"), "{error}");
    let error = code(&format!("error=x&error_description=state-{CODE}&state={CODE}")).unwrap_err();
    assert!(!error.to_string().contains(CODE), "{error}");
}

#[test]
fn a_token_that_was_none_any_more_is_given_up() {
    let revoked = |status, body: &str| {
        let server = server(status, JSON, body);
        let connection = builder(&server.url()).build().unwrap();
        client(&json!({})).revoke(&connection, &Secret::new(REFRESH), TokenHint::Refresh, allowance(), None)
    };
    assert_eq!(revoked(400, &error("invalid_token", "Token expired or revoked")), Ok(()));
    assert_eq!(revoked(200, "not even JSON"), Ok(()));
    let refused = revoked(400, &error("unsupported_token_type", "no")).unwrap_err();
    assert!(refused.to_string().contains("take the consent back there"), "{refused}");
}
