use proptest::prelude::*;

use super::*;
use crate::deadline::Deadline;
use crate::declaration::{Oauth2, TokenAnswer};
use crate::tokens::{OauthClient, request};
use crate::{Blob, Connection, Secret};

const SECRET: &str = "Wq3VnJ5mRx7YbLc2PdHs";
const REFRESH: &str = "1//refresh-k7RmX2vQp9LzT4wB";

fn connection() -> Connection {
    Connection::builder("acme", "main", "https://login.example")
        .field("id", "wharf")
        .secret("secret", Secret::new(SECRET))
        .build()
        .unwrap()
}

fn oauth2() -> Oauth2 {
    serde_json::from_value(serde_json::json!({
        "grants": ["authorization-code"], "token": {"path": "/token"},
        "client": {"id": "id", "secret": "secret", "by": "basic"},
        "scopes": [], "scope-separator": " ", "pkce": true, "answer": {},
    }))
    .unwrap()
}

/// What a client makes of an answer to a refresh token: a token, or words.
fn read(status: u16, media_type: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Secret, TokenError> {
    let (oauth2, connection, mut sent) = (oauth2(), connection(), Sent::default());
    sent.secret("refresh_token", &Secret::new(REFRESH));
    let scheme = request::client(&oauth2.client, &oauth2.token);
    let deadline = Deadline::within(std::time::Duration::from_secs(60));
    let outgoing = request::post("token", &oauth2.token, &sent, Some(scheme), &connection, deadline).unwrap();
    let ask =
        Ask { what: What::Refresh, by: oauth2.client.by, connection: &connection, outgoing: &outgoing, sent: &sent };
    let answer = Answer {
        status,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: Blob::new(body.to_vec(), media_type, None),
        passed_over: Vec::new(),
    };
    let at = TokenAnswer::default();
    let said = Said::read(answer, &at);
    ask.judge(&said)?;
    OauthClient::new(&oauth2).tokens(&ask, said).map(|tokens| tokens.access)
}

#[test]
fn a_clock_is_wrong_from_a_minute_on() {
    for right in [0, 60, -60] {
        assert_eq!(clock(right), None);
    }
    for (behind, expected) in [
        (61, "61 seconds behind the server's"),
        (-90, "90 seconds ahead of the server's"),
        (7200, "120 minutes behind"),
        (-3 * 86400, "3 days ahead of"),
        (i64::MIN, "days ahead of"),
    ] {
        assert!(clock(behind).unwrap().contains(expected), "{behind}");
    }
}

/// Bodies that are nearly what servers say, with secrets where they do not belong.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(format!("\"{REFRESH}\"")),
        Just(format!("\"x {SECRET} y\"")),
        Just("\"invalid_grant\"".to_owned()),
        Just("\"Bearer\"".to_owned()),
        Just("null".to_owned()),
        Just("-1e400".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("[{}]".to_owned()),
        Just(format!("{{\"message\": \"{SECRET}\", \"code\": \"{REFRESH}\"}}")),
        "\"[ -!#-\\[\\]-~]{0,12}\"",
    ];
    let name = prop_oneof![
        Just("access_token"),
        Just("refresh_token"),
        Just("error"),
        Just("error_description"),
        Just("expires_in"),
        Just("scope"),
        Just("token_type"),
        Just("ok"),
        Just("message"),
    ];
    let object = proptest::collection::vec((name, word), 0..6).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        format!("{{{}}}", members.join(", ")).into_bytes()
    });
    let form = "(access_token|error|error_description)=[a-zA-Z0-9%+&=/_-]{0,40}".prop_map(String::into_bytes);
    let echo = Just(format!("<html>{REFRESH} {SECRET}</html>").into_bytes());
    prop_oneof![object, form, echo, any::<Vec<u8>>()]
}

proptest! {
    #[test]
    fn whatever_is_answered_is_a_token_or_words_without_a_secret(
        status in prop_oneof![Just(200_u16), Just(400), Just(401), Just(429), Just(500), Just(503), 100_u16..=999],
        media_type in prop_oneof![Just("application/json"), Just("text/html"), Just("application/x-www-form-urlencoded"), Just("text/plain"), Just("")],
        retry_after in "[0-9]{0,30}|[ -~]{0,30}",
        body in body(),
    ) {
        prop_assume!(!(300..400).contains(&status));
        let header = [("retry-after", retry_after.as_str()), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
        match read(status, media_type, &header, &body) {
            Ok(access) => prop_assert!((1..=16 << 10).contains(&access.len())),
            Err(error) => {
                let words = format!("{error} {error:?}");
                prop_assert!(!words.contains(REFRESH) && !words.contains(SECRET), "{words}");
                prop_assert!(!error.to_string().contains(crate::text::deceives), "{words}");
                prop_assert!(words.len() < 6000, "{words}");
            }
        }
    }
}
