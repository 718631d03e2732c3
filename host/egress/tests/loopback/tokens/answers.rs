//! Answers that are a yes.

use super::*;

#[track_caller]
fn tokens(more: &Value, headers: &str, body: &str) -> Tokens {
    refreshed_by(more, 200, headers, body).unwrap()
}

#[test]
fn what_a_usual_answer_says_is_read() {
    let body = json!({"access_token": ACCESS, "refresh_token": "next-qN5wYtR8mKc3VxJ7", "token_type": "bearer",
        "expires_in": 3599, "scope": "a b"});
    let tokens = tokens(&json!({}), JSON, &body.to_string());
    assert_eq!((tokens.access, tokens.refresh), (Secret::new(ACCESS), Some(Secret::new("next-qN5wYtR8mKc3VxJ7"))));
    assert_eq!(tokens.lasts, Some(Duration::from_secs(3599)));
    assert_eq!(tokens.scopes.unwrap(), ["a", "b"]);
    assert_eq!((tokens.told.len(), tokens.clock), (0, None));
}

#[test]
fn a_token_that_the_connection_knows_already_comes_as_it_is() {
    let body = json!({"access_token": ACCESS, "refresh_token": REFRESH}).to_string();
    let server = server(200, JSON, &body);
    let connection = builder(&server.url()).build().unwrap();
    let connection = connection.with([("google", vec![("access", Secret::new(ACCESS))])]);
    let tokens = spend(&client(&json!({})), &connection, Spend::Refresh(&Secret::new(REFRESH))).unwrap();
    assert_eq!((tokens.access, tokens.refresh), (Secret::new(ACCESS), Some(Secret::new(REFRESH))));
}

#[test]
fn a_form_is_read_also_where_it_is_called_another_text() {
    let body = "access_token=a%2Bb%2Fc&scope=a%2Cb&expires_in=60&token_type=bearer";
    for kind in ["application/x-www-form-urlencoded", "text/plain", "text/html; charset=utf-8"] {
        let tokens = tokens(&json!({}), &format!("Content-Type: {kind}\r\n"), body);
        assert_eq!(tokens.access, Secret::new("a+b/c"), "{kind}");
        assert_eq!((tokens.scopes.unwrap().join(" "), tokens.lasts), ("a b".to_owned(), Some(Duration::from_secs(60))));
    }
}

#[test]
fn a_life_is_read_however_it_is_told_and_bounded() {
    const YEARS: u64 = 10 * 365 * 24 * 3600;
    for (told, expected) in [
        (json!(3600), Some(3600)),
        (json!("3600"), Some(3600)),
        (json!(" 3600.9 "), Some(3600)),
        (json!(59.99), Some(59)),
        (json!(1e300), Some(YEARS)),
        (json!(u64::MAX), Some(YEARS)),
        (json!("99999999999999999999999"), Some(YEARS)),
        (json!("inf"), Some(YEARS)),
        // Nothing that has run out would be given.
        (json!(0), None),
        (json!("0"), None),
        (json!(-5), None),
        (json!("soon"), None),
        (json!("nan"), None),
        (json!(null), None),
        (json!([1]), None),
    ] {
        let body = json!({"access_token": ACCESS, "expires_in": told}).to_string();
        assert_eq!(tokens(&json!({}), JSON, &body).lasts, expected.map(Duration::from_secs), "{told}");
        let lasts = tokens(&json!({"lasts": 7200}), JSON, &body).lasts;
        assert_eq!(lasts, Some(Duration::from_secs(expected.unwrap_or(7200))), "{told}");
    }
    assert_eq!(tokens(&json!({}), JSON, &json!({"access_token": ACCESS}).to_string()).lasts, None);
}

#[test]
fn scopes_are_read_however_they_are_told() {
    for (told, separator, expected) in [
        (json!("a b"), " ", Some("a|b")),
        (json!("a,b"), " ", Some("a|b")),
        (json!("a;b"), ";", Some("a|b")),
        (json!(["a", "b", 1, "c\u{1b}"]), " ", Some("a|b")),
        (json!(""), " ", Some("")),
        (json!(7), " ", None),
        (json!(null), " ", None),
    ] {
        let body = json!({"access_token": ACCESS, "scope": told}).to_string();
        let scopes = tokens(&json!({"scope-separator": separator}), JSON, &body).scopes;
        assert_eq!(scopes.map(|scopes| scopes.join("|")).as_deref(), expected, "{told}");
    }
}

#[test]
fn things_stand_where_the_manifest_says_and_nowhere_else() {
    let more = json!({"answer": {"access-token": "/authed_user/access_token", "expires-in": "/data/0/ttl"}});
    let body = json!({"ok": true, "error": null, "access_token": "of-the-bot", "token_type": "bot",
        "authed_user": {"access_token": ACCESS}, "data": [{"ttl": "60"}]});
    let read = tokens(&more, JSON, &body.to_string());
    assert_eq!((read.access, read.lasts), (Secret::new(ACCESS), Some(Duration::from_secs(60))));
    let error = refreshed_by(&more, 200, JSON, &good()).unwrap_err();
    assert!(error.to_string().contains("no text at `/authed_user/access_token`"), "{error}");
    assert!(error.may_have_been_spent() && !error.is_final());
}

#[test]
fn fields_and_servers_are_told_by_the_answer_and_by_the_callback() {
    let more = json!({
        "fields": [{"name": "org", "answer": "/id/org"}, {"name": "realm", "callback": "realmId"}, {"name": "n", "answer": "/n"},
            {"name": "ugly", "answer": "/ugly"}, {"name": "gone", "answer": "/gone"}, {"name": "list", "answer": "/list"}],
        "servers": [{"name": "main", "answer": "/instance_url"}],
    });
    let body = json!({"access_token": ACCESS, "id": {"org": "acme"}, "n": 12, "ugly": "a\nb", "list": [1],
        "instance_url": "https://na1.example"});
    let told = tokens(&more, JSON, &body.to_string()).told;
    let told: Vec<(&str, &str)> = told.iter().map(|(told, value)| (told.name.as_str(), value.as_str())).collect();
    assert_eq!(told, [("org", "acme"), ("n", "12"), ("main", "https://na1.example")]);
    let callback = wharf_egress::tokens::callback("code=a&state=b&realmId=42").unwrap();
    let told = client(&more).told(&callback);
    assert_eq!(
        told.iter().map(|(told, value)| (told.name.as_str(), value.as_str())).collect::<Vec<_>>(),
        [("realm", "42")]
    );
}

#[test]
fn the_clock_is_compared_with_the_servers() {
    let ago = |seconds: u64| httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(seconds));
    let headers = format!("{JSON}Date: {}\r\n", ago(600));
    let clock = tokens(&json!({}), &headers, &good()).clock.unwrap();
    assert!((-700..=-600).contains(&clock), "this machine's clock is ahead: {clock}");
    assert_eq!(tokens(&json!({}), &format!("{JSON}Date: yesterday\r\n"), &good()).clock, None);
}

#[test]
fn a_token_that_could_not_be_sent_is_none() {
    for (body, expected) in [
        (json!({"access_token": "a\nb"}), "visible ASCII"),
        (json!({"access_token": "a b"}), "visible ASCII"),
        (json!({"access_token": "schlüssel"}), "visible ASCII"),
        (json!({"access_token": "x".repeat((16 << 10) + 1)}), "more than 16 KiB"),
        (json!({"access_token": ACCESS, "refresh_token": "a\u{0}b"}), "`/refresh_token` has a character"),
        (json!({"access_token": 12}), "is no text"),
        (json!({"access_token": ""}), "no text at `/access_token`"),
        (json!({"access_token": ACCESS, "token_type": "mac"}), "only bearer tokens"),
        (json!({"access_token": ACCESS, "token_type": "DPoP"}), "of the type `DPoP`"),
        (json!({}), "no text at `/access_token`"),
    ] {
        let error = refreshed(200, JSON, &body.to_string()).unwrap_err();
        let words = error.to_string();
        assert!(matches!(error, TokenError::Unreadable { status: Some(200), .. }), "{error:?}");
        assert!(words.contains(expected) && !words.contains(ACCESS), "{words}");
    }
    let longest = json!({"access_token": "x".repeat(16 << 10), "refresh_token": ""}).to_string();
    let longest = tokens(&json!({}), JSON, &longest);
    assert_eq!((longest.access.len(), longest.refresh), (16 << 10, None));
}
