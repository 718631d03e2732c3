use super::*;
use crate::rules::List;

fn rules(json: serde_json::Value) -> Vec<Rule> {
    serde_json::from_value(json).unwrap()
}

fn judged(status: u16, body: &str, of: serde_json::Value) -> Result<String, Failure> {
    match judge(&Answer::new(status, &[], body), &rules(of), &())? {
        Found::Json(json) => Ok(json),
        Found::File(name) => Ok(format!("file {name}")),
    }
}

#[test]
fn without_rules_the_status_decides() {
    let answer = |status: u16, body: &str| judge(&Answer::new(status, &[], body), &[], &());
    assert_eq!(answer(200, r#"{"n":1.10}"#), Ok(Found::Json(r#"{"n":1.10}"#.to_owned())));
    assert_eq!(answer(204, ""), Ok(Found::Json("null".to_owned())));
    for (body, words) in [
        (r#"{"message":"No.","error":"x"}"#, "No."),
        (r#"{"error":{"message":"Gone."}}"#, "Gone."),
        (r#"{"errors":[{"field":"name","message":"is taken"},"x"]}"#, "name: is taken; x"),
        (r#"{"errors":[]}"#, r#"{"errors":[]}"#),
        ("no such thing", "no such thing"),
        ("<h1>Gone</h1>", "<h1>Gone</h1>"),
        ("", "an answer without a body"),
    ] {
        assert!(matches!(answer(404, body), Err(Failure::NotFound(detail)) if detail.message == words), "{body}");
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let of = serde_json::json!([
        { "if": [{ "at": ["/ok"], "none-of": [{ "boolean": true }] }], "failure": { "code": [{ "at": "/error" }] } },
        { "output": { "at": "/data" } },
    ]);
    assert_eq!(judged(200, r#"{"ok":true,"data":[1.0]}"#, of.clone()), Ok("[1.0]".to_owned()));
    let failed = judged(200, r#"{"ok":false,"error":"not_in_channel"}"#, of.clone()).unwrap_err();
    assert!(matches!(failed, Failure::Provider(detail) if detail.code.as_deref() == Some("not_in_channel")));
    let twice = judged(200, r#"{"ok":true,"ok":true,"data":1}"#, of.clone());
    assert!(matches!(twice, Err(Failure::Provider(detail)) if detail.message.contains("once")));
    assert!(judged(200, r#"{"ok":true,"ok":false,"data":1}"#, of.clone()).is_err(), "one no is enough");
    assert!(judged(200, r#"{"ok":true}"#, of).is_err(), "there is no data");
}

#[test]
fn numbers_are_equal_however_they_are_written() {
    let of = serde_json::json!([
        { "if": [{ "at": ["/code"], "one-of": [{ "number": "500" }] }], "failure": { "kind": "not-found" } },
        { "output": "body" },
    ]);
    for code in ["500", "500.0", "5e2", "\"500\""] {
        let failed = judged(200, &format!("{{\"code\":{code}}}"), of.clone());
        assert!(matches!(failed, Err(Failure::NotFound(_))), "{code}");
    }
    for code in ["501", "\"x\"", "null", "[500]"] {
        assert!(judged(200, &format!("{{\"code\":{code}}}"), of.clone()).is_ok(), "{code}");
    }
}

#[test]
fn a_rule_that_uses_itself_comes_to_an_end() {
    struct Again([Rule; 1]);
    impl Named for Again {
        fn rules(&self, _: &str) -> Option<&[Rule]> {
            Some(&self.0)
        }
    }
    let again = Again([Rule { conditions: List::Borrowed(&[]), then: Then::Use(Cow::Borrowed("again")) }]);
    assert!(judge(&Answer::new(200, &[], "1"), &again.0, &again).is_ok());
}
