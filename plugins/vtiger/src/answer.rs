use wharf_plugin::{Failure, Members, Response, items, words};

/// Status 200 says nothing: `success` does. An answer without it is none, whatever its status. Of equal members the last counts,
/// as for most readers, but one `success` that is false is enough.
pub(crate) fn read(response: &Response) -> Result<String, Failure> {
    let envelope = response.object();
    let said: Vec<&str> = envelope.iter().flat_map(|envelope| envelope.all("success")).collect();
    match envelope {
        Some(envelope) if !said.is_empty() && said.iter().all(|said| *said == "true") => {
            Ok(envelope.get("result").unwrap_or("null").to_owned())
        }
        Some(envelope) if said.contains(&"false") => Err(failure(response, &envelope)),
        _ => Err(no_envelope(response)),
    }
}

fn no_envelope(response: &Response) -> Failure {
    match Failure::of_status(response, response.detail(None)) {
        Failure::Provider(_) | Failure::NotFound(_) | Failure::Conflict(_) => {
            response.makes_no_sense("Vtiger's envelope")
        }
        // A proxy in front of it: 502, 429, ….
        failure => failure,
    }
}

/// An error is an object, or a text at times, or a list with either; what it does not say may stand beside it. Its code is a text, but
/// a number in the errors of the Mobile module.
fn failure(response: &Response, envelope: &Members<'_>) -> Failure {
    let error = envelope.get("error").unwrap_or("null");
    let listed = items(error).and_then(|errors| errors.into_iter().find(|error| Members::of(error).is_some()));
    let error = listed.unwrap_or(error);
    let members = Members::of(error);
    let both = || members.iter().chain([envelope]);
    let member = |name: &str| both().find_map(|members| said(members.get(name)?));
    let code = member("code").unwrap_or_default();
    let message = if members.is_some() { None } else { said(error) }.or_else(|| member("message"));
    let says_more = || {
        let others = both().flat_map(Members::iter).filter(|(name, _)| name != "error");
        others.filter_map(|(_, value)| said(value)).any(|said| said != code)
    };
    let message = message.or_else(|| match code.as_str() {
        _ if says_more() => None,
        "" => Some("Vtiger says only that it did not succeed".to_owned()),
        _ => Some("Vtiger gives a code and no words".to_owned()),
    });
    let mut detail = response.detail(message.as_deref());
    detail.code = Some(code.clone()).filter(|code| !code.is_empty());
    match code.as_str() {
        "INVALID_SESSIONID"
        | "SESSION_EXPIRED"
        | "SESSION_LEFT_IDLE"
        | "AUTHENTICATION_REQUIRED"
        | "AUTHENTICATION_FAILURE"
        | "INVALID_USER_CREDENTIALS"
        | "INVALID_AUTH_TOKEN"
        | "ACCESSKEY_UNDEFINED" => Failure::Unauthorized(detail),
        // Also what is said of a record or a user that does not exist.
        "ACCESS_DENIED" => Failure::Forbidden(detail),
        // An installation can be without an operation that others have.
        // 1401 is that of an alert, in the Mobile module.
        "RECORD_NOT_FOUND" | "UNKNOWN_OPERATION" | "1401" => Failure::NotFound(detail),
        "LEAD_ALREADY_CONVERTED" | "POTENTIAL_ALREADY_CONVERTED" | "CURRENCY_INACTIVE" => Failure::Conflict(detail),
        // Their spelling.
        "INVALID_ID_ATTRIBUTE"
        | "REFERENCE_INVALID"
        | "MANDATORY_FIELDS_MISSING"
        | "UNKOWN_ENTITY"
        | "QUERY_SYNTAX_ERROR"
        | "INVALID_POTENTIAL_FOR_CONVERTLEAD"
        | "INVALID_OLD_PASSWORD"
        | "NEW_PASSWORD_MISMATCH"
        | "PASSWORD_NOT_STRONG" => Failure::InvalidInput(None, format!("{} ({code})", detail.message)),
        _ => Failure::of_body(response, detail),
    }
}

/// What a value says, in words or as it is written; nothing where there is nothing in it.
fn said(json: &str) -> Option<String> {
    let json = json.trim();
    let is_nothing = matches!(json, "null" | "false" | "true" | "0")
        || items(json).is_some_and(|items| items.is_empty())
        || Members::of(json).is_some_and(|members| members.iter().next().is_none());
    let said = words(json).unwrap_or_else(|| json.to_owned());
    Some(said.trim().to_owned()).filter(|said| !is_nothing && !said.is_empty())
}

/// Whether a failure says that the session is over, so that a new one may help.
pub(crate) fn session_is_over(failure: &Failure) -> bool {
    let over = ["INVALID_SESSIONID", "SESSION_EXPIRED", "SESSION_LEFT_IDLE", "AUTHENTICATION_REQUIRED"];
    matches!(failure, Failure::Unauthorized(detail) if detail.code.as_deref().is_some_and(|code| over.contains(&code)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!((message.as_str(), code.as_deref()), ("Vtiger gives a code and no words", Some("ACCESS_DENIED")));
        assert_eq!(told(r#","error":{"message":{"lastname":"is missing"}}"#).0, r#"{"lastname":"is missing"}"#);
        assert_eq!(told(r#","error":["first"]"#).0, r#"["first"]"#);
        for error in ["null", "false", "[]", "{}", r#"{"code":null}"#] {
            let beside = format!(r#","error":{error},"message":"Try later","code":"ACCESS_DENIED""#);
            assert_eq!(told(&beside), ("Try later".to_owned(), Some("ACCESS_DENIED".to_owned())), "{error}");
        }
        assert_eq!(told(r#","message":"Words""#), ("Words".to_owned(), None));
        assert_eq!(told(r#","error":"First","message":"Second""#).0, "First");
        let listed = r#","error":[{"code":"ACCESS_DENIED","message":"x"},{"code":"b","message":"y"}]"#;
        assert_eq!(told(listed), ("x".to_owned(), Some("ACCESS_DENIED".to_owned())));
        let other = r#","error":{"reason":"none"}"#;
        assert_eq!(told(other).0, format!(r#"{{"success":false{other}}}"#), "what is not known is quoted");
    }

    #[test]
    fn an_error_keeps_its_meaning_whatever_stands_in_it() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for beside in [r#""\ud83d""#, "1e400", &deep] {
            let body = format!(
                r#"{{"success":false,"error":{{"code":"INVALID_SESSIONID","trace":{beside},"message":"bad \ud83d"}}}}"#
            );
            let failure = read(&Response::new(200, &[], body)).unwrap_err();
            assert!(session_is_over(&failure), "{failure:?}");
            assert!(matches!(failure, Failure::Unauthorized(d) if d.message == "bad \u{fffd}"));
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
    fn names_and_equal_members_of_an_envelope_do_not_matter() {
        let result = |body: &str| read(&Response::new(200, &[], body)).unwrap();
        assert_eq!(result(r#"{"\ud83d":1,"success":true,"result":{"a":1.10}}"#), r#"{"a":1.10}"#);
        assert_eq!(result(r#"{"success":true,"result":1,"result":2}"#), "2", "the last one counts");
        for body in [r#"{"success":false,"success":true}"#, r#"{"success":true,"success":false}"#] {
            assert!(read(&Response::new(200, &[], body)).is_err(), "{body}");
        }
    }

    #[test]
    fn a_session_that_is_over_is_told_from_a_login_that_fails() {
        for code in ["INVALID_SESSIONID", "SESSION_EXPIRED", "SESSION_LEFT_IDLE", "AUTHENTICATION_REQUIRED"] {
            assert!(session_is_over(&error(code)), "{code}");
        }
        for code in ["AUTHENTICATION_FAILURE", "INVALID_USER_CREDENTIALS", "ACCESS_DENIED"] {
            assert!(!session_is_over(&error(code)), "{code}");
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
