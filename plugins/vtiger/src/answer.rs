use std::borrow::Cow;

use wharf_plugin::Rules;
use wharf_plugin::build::{at, status};
use wharf_plugin::rules::{Condition, Failing, FailureKind, Kind, Output, Place, Rule, Value};

/// Status 200 says nothing: `success` does. An answer without it is none, whatever its status. Where it stands several times, one
/// that is false is enough.
pub(crate) fn rules() -> Rules {
    let success = || at(["/success"]);
    Rules {
        first: vec![uses([success().one_of([false])], "refused"), uses([success().none_of([true])], "no-envelope")],
        output: vec![
            Rule::output([at(["/result"]).exists(true)], Output::At("/result".into())),
            Rule::output([], Output::Value("null".into())),
        ],
        errors: Vec::new(),
        named: vec![
            ("no-envelope", no_envelope()),
            ("refused", refused()),
            ("by-code", by_code(in_object)),
            ("by-code-of-text", by_code(in_text)),
        ],
    }
}

fn uses(conditions: impl Into<Vec<Condition>>, name: &'static str) -> Rule {
    Rule { conditions: conditions.into().into(), ..Rule::uses(name) }
}

fn no_envelope() -> Vec<Rule> {
    // Of a proxy in front of it, for instance.
    let of_others = status([401, 403, 408, 429, 502, 503, 504]);
    vec![Rule::failure([of_others], Failing::default()), Rule::unreadable([], "Vtiger's envelope")]
}

/// An error is an object, or a text at times, or a list with either; what it does not say may stand beside it.
fn refused() -> Vec<Rule> {
    let error = || at(["/error"]);
    let is_text = [
        error().is([Kind::Text, Kind::Number, Kind::List]),
        error().is([Kind::Something]),
        at(["/error/0"]).is([Kind::Object]).negated(),
    ];
    let says_nothing = at(["/error/*", "/*"]).is([Kind::Something]).except(&["success", "error"]).negated();
    let nothing = Cow::Owned(vec![Place::Words("Vtiger says only that it did not succeed".into())]);
    vec![
        uses(is_text, "by-code-of-text"),
        Rule::failure([says_nothing], Failing { message: nothing, ..Failing::of(FailureKind::ByCode) }),
        uses([], "by-code"),
    ]
}

/// Where a code stands: a text, but a number in the errors of the Mobile module.
const CODE: [&str; 3] = ["/error/code", "/error/0/code", "/code"];

fn in_object(kind: FailureKind) -> Failing {
    let failing = Failing::of(kind).message(["/error/message", "/error/0/message", "/message"]).code(CODE);
    failing.hint("Vtiger gives no words for it")
}

fn in_text(kind: FailureKind) -> Failing {
    Failing::of(kind).message(["/error"]).code(CODE)
}

fn by_code(told: fn(FailureKind) -> Failing) -> Vec<Rule> {
    let kind =
        |codes: &[&'static str], kind: FailureKind| Rule::failure([at(CODE).one_of(codes.iter().copied())], told(kind));
    vec![
        kind(UNAUTHORIZED, FailureKind::Unauthorized),
        // Also what is said of a record or a user that does not exist.
        kind(&["ACCESS_DENIED"], FailureKind::Forbidden),
        // An installation can be without an operation that others have.
        kind(&["RECORD_NOT_FOUND", "UNKNOWN_OPERATION"], FailureKind::NotFound),
        Rule::failure([at(CODE).one_of([NO_ALERT])], told(FailureKind::NotFound)),
        kind(&["LEAD_ALREADY_CONVERTED", "POTENTIAL_ALREADY_CONVERTED", "CURRENCY_INACTIVE"], FailureKind::Conflict),
        kind(INVALID, FailureKind::InvalidInput),
        Rule::failure([], told(FailureKind::ByCode)),
    ]
}

/// That of an alert, in the Mobile module.
const NO_ALERT: Value = Value::Number(Cow::Borrowed("1401"));

const UNAUTHORIZED: &[&str] = &[
    "INVALID_SESSIONID",
    "SESSION_EXPIRED",
    "SESSION_LEFT_IDLE",
    "AUTHENTICATION_REQUIRED",
    "AUTHENTICATION_FAILURE",
    "INVALID_USER_CREDENTIALS",
    "INVALID_AUTH_TOKEN",
    "ACCESSKEY_UNDEFINED",
];

/// `UNKOWN_ENTITY` is their spelling.
const INVALID: &[&str] = &[
    "INVALID_ID_ATTRIBUTE",
    "REFERENCE_INVALID",
    "MANDATORY_FIELDS_MISSING",
    "UNKOWN_ENTITY",
    "QUERY_SYNTAX_ERROR",
    "INVALID_POTENTIAL_FOR_CONVERTLEAD",
    "INVALID_OLD_PASSWORD",
    "NEW_PASSWORD_MISMATCH",
    "PASSWORD_NOT_STRONG",
];

#[cfg(test)]
mod tests {
    use wharf_plugin::{Failure, Read, Response};

    use super::*;

    fn read(response: &Response) -> Result<String, Failure> {
        Read::Rules(rules).read(response)
    }

    fn error(code: &str) -> Failure {
        let body = format!(r#"{{"success":false,"error":{{"message":"Words of the server","code":"{code}"}}}}"#);
        read(&Response::new(200, &[], body)).unwrap_err()
    }

    #[test]
    fn an_error_with_status_200_is_a_failure() {
        assert!(matches!(error("INVALID_SESSIONID"), Failure::Unauthorized(d) if d.message == "Words of the server"));
        assert!(matches!(error("ACCESS_DENIED"), Failure::Forbidden(_)));
        assert!(matches!(error("OPERATION_NOT_SUPPORTED"), Failure::Provider(_)));
        assert!(matches!(error("QUERY_SYNTAX_ERROR"), Failure::InvalidInput(..)));
    }

    #[test]
    fn the_callers_mistakes_are_told_from_the_servers() {
        for code in [
            "INVALID_ID_ATTRIBUTE",
            "REFERENCE_INVALID",
            "MANDATORY_FIELDS_MISSING",
            "UNKOWN_ENTITY",
            "INVALID_POTENTIAL_FOR_CONVERTLEAD",
            "INVALID_OLD_PASSWORD",
            "NEW_PASSWORD_MISMATCH",
            "PASSWORD_NOT_STRONG",
        ] {
            let Failure::InvalidInput(None, message) = error(code) else { panic!("{code}") };
            assert_eq!(message, format!("Words of the server ({code})"));
        }
        for code in ["RECORD_NOT_FOUND", "UNKNOWN_OPERATION"] {
            assert!(matches!(error(code), Failure::NotFound(_)), "{code}");
        }
        for code in ["LEAD_ALREADY_CONVERTED", "POTENTIAL_ALREADY_CONVERTED", "CURRENCY_INACTIVE"] {
            assert!(matches!(error(code), Failure::Conflict(_)), "{code}");
        }
        for code in [
            "FAILED_TO_CREATE",
            "FAILED_TO_UPDATE",
            "DATABASE_QUERY_ERROR",
            "INTERNAL_SERVER_ERROR",
            "CHANGE_PASSWORD_FAILURE",
            "LEAD_RELATEDLIST_UPDATE_FAILED",
            "WSAPP04",
        ] {
            let Failure::Provider(detail) = error(code) else { panic!("{code}") };
            assert_eq!((detail.code.as_deref(), detail.status), (Some(code), Some(200)));
        }
    }

    #[test]
    fn a_code_can_be_a_number() {
        let body = r#"{"success":false,"error":{"message":"Mistached module information.","code":1001}}"#;
        let Err(Failure::Provider(detail)) = read(&Response::new(200, &[], body)) else { panic!() };
        assert_eq!((detail.code.as_deref(), detail.message.as_str()), (Some("1001"), "Mistached module information."));
    }

    #[test]
    fn an_alert_that_is_not_there_is_not_found() {
        for code in ["1401", "\"1401\""] {
            let body = format!(r#"{{"success":false,"error":{{"message":"Alert not found","code":{code}}}}}"#);
            let Err(Failure::NotFound(detail)) = read(&Response::new(200, &[], body)) else { panic!("{code}") };
            assert_eq!((detail.code.as_deref(), detail.message.as_str()), (Some("1401"), "Alert not found"));
        }
    }

    #[test]
    fn an_error_without_words_is_told_in_words() {
        let told = |error: &str| match read(&Response::new(200, &[], format!(r#"{{"success":false{error}}}"#))) {
            Err(Failure::Provider(detail) | Failure::Forbidden(detail)) => (detail.message, detail.code),
            other => panic!("{other:?}"),
        };
        for error in [
            "null",
            "false",
            "{}",
            "{ }",
            "[]",
            r#""""#,
            r#"" ""#,
            r#"{"code":"","message":""}"#,
            r#"{"message":null}"#,
        ] {
            let (message, code) = told(&format!(r#","error":{error}"#));
            assert_eq!((message.as_str(), code), ("Vtiger says only that it did not succeed", None), "{error}");
        }
        assert_eq!(told("").0, "Vtiger says only that it did not succeed");
        let (message, code) = told(r#","error":{"code":"ACCESS_DENIED","message":""}"#);
        assert!(
            message.ends_with("; Vtiger gives no words for it") && code.as_deref() == Some("ACCESS_DENIED"),
            "{message}"
        );
        assert_eq!(told(r#","error":{"message":{"lastname":"is missing"}}"#).0, r#"{"lastname":"is missing"}"#);
        assert_eq!(told(r#","error":["first","second"]"#).0, "first; second");
        for error in ["null", "false", "[]", "{}", r#"{"code":null}"#] {
            let beside = format!(r#","error":{error},"message":"Try later","code":"ACCESS_DENIED""#);
            assert_eq!(told(&beside), ("Try later".to_owned(), Some("ACCESS_DENIED".to_owned())), "{error}");
        }
        assert_eq!(told(r#","message":"Words""#), ("Words".to_owned(), None));
        assert_eq!(told(r#","error":"First","message":"Second""#).0, "First");
        let listed = r#","error":[{"code":"ACCESS_DENIED","message":"x"},{"code":"b","message":"y"}]"#;
        assert_eq!(told(listed), ("x".to_owned(), Some("ACCESS_DENIED".to_owned())));
        let other = r#","error":{"reason":"none"}"#;
        assert!(told(other).0.starts_with(&format!(r#"{{"success":false{other}}};"#)), "what is not known is quoted");
    }

    #[test]
    fn an_error_keeps_its_meaning_whatever_stands_in_it() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for beside in [r#""\ud83d""#, "1e400", &deep] {
            let body = format!(
                r#"{{"success":false,"error":{{"code":"INVALID_SESSIONID","trace":{beside},"message":"bad \ud83d"}}}}"#
            );
            let failure = read(&Response::new(200, &[], body)).unwrap_err();
            assert!(matches!(failure, Failure::Unauthorized(d) if d.message == "bad \u{fffd}"), "{beside}");
        }
        let failure = |error: &str| {
            let body = format!(r#"{{"success":false,"error":{error}}}"#);
            match read(&Response::new(200, &[], body)).unwrap_err() {
                Failure::Provider(detail) | Failure::Forbidden(detail) => (detail.code, detail.message),
                other => panic!("{other:?}"),
            }
        };
        let code = |code: &str| Some(code.to_owned());
        assert_eq!(
            failure(r#"{"code":123456789012345678901,"message":"No"}"#),
            (code("123456789012345678901"), "No".into())
        );
        assert_eq!(failure(r#"{"code":1e400,"message":"No"}"#), (code("1e400"), "No".into()));
        assert_eq!(failure(r#""Permission denied""#), (None, "Permission denied".into()));
        assert_eq!(failure(r#"{"code":"ACCESS_DENIED","message":null}"#).0, code("ACCESS_DENIED"));
    }

    #[test]
    fn of_equal_members_none_is_guessed_and_a_no_counts() {
        let result = |body: &str| read(&Response::new(200, &[], body)).unwrap();
        assert_eq!(result(r#"{"\ud83d":1,"success":true,"result":{"a":1.10}}"#), r#"{"a":1.10}"#);
        for body in [
            r#"{"success":false,"success":true}"#,
            r#"{"success":true,"success":false}"#,
            r#"{"success":true,"result":1,"result":2}"#,
        ] {
            assert!(read(&Response::new(200, &[], body)).is_err(), "{body}");
        }
    }

    #[test]
    fn an_envelope_of_a_status_that_passes_is_no_failure_for_good() {
        let body = r#"{"success":false,"error":{"code":"INTERNAL_SERVER_ERROR","message":"Busy"}}"#;
        let failure = read(&Response::new(503, &[("Retry-After", "30")], body)).unwrap_err();
        assert!(matches!(failure, Failure::Unavailable(d) if d.message == "Busy" && d.retry_after == Some(30)));
        assert!(matches!(read(&Response::new(429, &[], body)), Err(Failure::RateLimited(_))));
        assert!(matches!(read(&Response::new(500, &[], body)), Err(Failure::Provider(_))));
    }

    #[test]
    fn a_null_result_is_a_success() {
        assert_eq!(read(&Response::new(200, &[], r#"{"success":true,"result":null}"#)).unwrap(), "null");
        assert_eq!(read(&Response::new(200, &[], r#"{"success":true,"result":{"a": 1}}"#)).unwrap(), r#"{"a": 1}"#);
    }

    #[test]
    fn an_empty_500_is_no_success() {
        let Err(Failure::Provider(detail)) = read(&Response::new(500, &[], "")) else { panic!() };
        assert_eq!(detail.message, "the answer is not Vtiger's envelope: an answer without a body");
        assert_eq!(detail.status, Some(500));
    }

    #[test]
    fn a_line_of_html_with_status_200_is_no_success() {
        let failure = read(&Response::new(200, &[], "Sorry! Attempt to access restricted file.")).unwrap_err();
        assert!(matches!(failure, Failure::Provider(d) if d.message.contains("restricted file")));
        assert!(matches!(read(&Response::new(200, &[], r#"{"success":"yes"}"#)), Err(Failure::Provider(_))));
    }
}
