//! Ways to a secret, and to what others keep.

use serde_json::{Value, json};
use wharf::failure::CallError;
use wharf::{Call, Connection, Secret};
use wharf_simulated::{Recorded, Server};

use super::{Ended, GREETING, SECRET, attempt, connection, host};
use crate::world::answer;

/// A provider that sends back what it was sent, in every way that a text can be written.
fn echo() -> wharf_simulated::Canned {
    let mut echo = answer(200, "application/json", &json!({"you": "sent", "key": SECRET}).to_string());
    echo.headers.push(("X-Echo".to_owned(), format!("Bearer {SECRET}")));
    echo
}

#[test]
pub(super) fn asks_for_the_secret() {
    assert_eq!(attempt("credentials", "asks_for_the_secret").run().output(), Value::Null);
}

#[test]
pub(super) fn reads_the_secret_from_an_echo() {
    let ended = attempt("credentials", "reads_the_secret_from_an_echo").answered(echo()).run();
    assert_eq!(ended.server.requests()[0].header("x-key"), Some(SECRET), "the provider did get it");
    assert_eq!(ended.output(), json!(["Bearer •••", r#"{"you":"sent","key":"•••"}"#]));
}

#[test]
pub(super) fn logs_the_secret_from_an_echo() {
    let Ended { report, .. } = attempt("credentials", "logs_the_secret_from_an_echo").answered(echo()).run();
    let error = report.result.as_ref().unwrap_err();
    assert!(matches!(error, CallError::Failure(_)), "{error:?}");
    assert!(!format!("{report:?}{error}{}", error.to_json()).contains(SECRET), "{report:?}");
}

/// Every number of five digits in one call: the provider repeats them all, and no answer tells which one it was.
#[test]
pub(super) fn guesses_the_secret() {
    let body = |request: &Recorded| serde_json::from_slice::<Value>(&request.body).unwrap();
    let server = Server::recorder(move |request| body(request)["guesses"].clone()).unwrap();
    let connection = |secret: &str| {
        let builder = Connection::builder("rogue", "guessed", &server.url()).field("greeting", GREETING);
        builder.secret("key", Secret::new(secret))
    };
    let refused = connection("00004711").build().unwrap_err();
    assert!(refused.to_string().contains("the secret `key` can be guessed"), "{refused}");

    host().connect("rogue", connection("00004711").allow_weak(["key"]).build().unwrap());
    let report = host().run(Call::new("rogue", "credentials.guesses-the-secret").connection("guessed"));
    assert_eq!(body(&server.requests()[0])["key"], "00004711", "the provider did get it");
    assert_eq!(report.result.unwrap().json, json!({"repeated": 100_000, "changed": []}));
    let message = &report.log[0].message;
    assert!(message.contains("00004710•••00004712"), "people see it masked");
}

/// The guest looks at every byte of its memory after the host has placed the secret in a header, in a body and in a query,
/// and the provider has sent it back each time. It finds what it was given; it does not find the secret.
#[test]
pub(super) fn searches_its_memory() {
    let veil = |text: &str| -> String { text.bytes().map(|byte| char::from(byte ^ 1)).collect() };
    let attempt = attempt("credentials", "searches_its_memory")
        .input(json!({"veiled-greeting": veil(GREETING), "veiled-secret": veil(SECRET)}));
    let ended = attempt.answered(echo()).answered(echo()).answered(echo()).run();
    let arrived = ended.server.requests();
    assert_eq!(arrived[0].header("x-key"), Some(SECRET));
    assert!(String::from_utf8_lossy(&arrived[1].body).contains(SECRET) && arrived[2].target.contains(SECRET));
    assert_eq!(ended.output(), json!({"greeting": true, "secret": false, "read": GREETING}));
}

#[test]
pub(super) fn reads_what_another_connection_keeps() {
    let call = |name: &str| {
        host().connect("rogue", connection("rogue", name, "http://127.0.0.1:9"));
        let call = Call::new("rogue", "credentials.reads-what-another-connection-keeps").connection(name);
        host().call(call).unwrap().json
    };
    assert_eq!(call("keeper"), Value::Null);
    assert_eq!(call("keeper"), json!(GREETING), "its own");
    assert_eq!(call("thief"), Value::Null, "and not that of another");
}
