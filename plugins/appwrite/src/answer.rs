use wharf_plugin::Rules;
use wharf_plugin::build::{at, status, success};
use wharf_plugin::rules::{Failing, FailureKind, Kind, Output, Rule};

/// Errors are `{"message", "code", "type"}`. The type tells what the status does not.
pub(crate) fn rules() -> Rules {
    let of = |types: &'static [&'static str], kind: FailureKind| {
        Rule::failure([at(["/type"]).one_of(types.iter().copied())], told(kind))
    };
    Rules {
        named: Vec::new(),
        first: Vec::new(),
        output: vec![Rule::output([success()], Output::Body)],
        errors: vec![
            of(FORBIDDEN, FailureKind::Forbidden),
            // 404, but nothing that the caller asked for is missing: the connection is wrong.
            of(&["project_not_found"], FailureKind::Unauthorized),
            of(OF_THE_PROVIDER, FailureKind::Provider),
            of(CONFLICTS, FailureKind::Conflict),
            of(INVALID, FailureKind::InvalidInput),
            // Every error of Appwrite has a type, so these are the words of something before it: a proxy, or another server.
            Rule::unreadable([at(["/type"]).exists(false), status([404, 409, 410, 412])], NO_ERROR),
            Rule::unreadable([at(["/type"]).is([Kind::Nothing]), status([404, 409, 410, 412])], NO_ERROR),
            Rule::failure([at(["/type"]).is([Kind::Nothing])], told(FailureKind::ByStatus)),
            Rule::failure([at(["/type"]).exists(true), status([400])], told(FailureKind::InvalidInput)),
            Rule::failure([], told(FailureKind::ByStatus)),
        ],
    }
}

fn told(kind: FailureKind) -> Failing {
    Failing::of(kind).message(["/message"]).code(["/type"])
}

const NO_ERROR: &str = "an error of Appwrite";

/// A key that is known and lacks a scope is answered with 401; so are others whose credentials are good.
const FORBIDDEN: &[&str] = &[
    "general_unauthorized_scope",
    "general_access_forbidden",
    "general_resource_blocked",
    "general_region_access_denied",
    "function_execute_permission_missing",
    "user_blocked",
];

/// 503, but it does not pass by itself; or the plugin's doing, not the caller's.
const OF_THE_PROVIDER: &[&str] = &[
    "general_route_not_found",
    "general_smtp_disabled",
    "general_phone_disabled",
    "storage_invalid_appwrite_id",
    "storage_invalid_content_range",
];

/// With the state of the data, whatever the status.
const CONFLICTS: &[&str] = &[
    "build_not_ready",
    "build_already_completed",
    "attribute_limit_exceeded",
    "execution_in_progress",
    "message_already_sent",
    "message_already_processing",
    "message_already_failed",
    "message_already_scheduled",
    "transaction_failed",
    "transaction_not_ready",
    "transaction_expired",
    "attribute_not_available",
    "user_deletion_prohibited",
    "document_delete_restricted",
];

/// Of wrong input, although the status is not 400.
const INVALID: &[&str] = &["storage_invalid_file", "function_runtime_unsupported", "function_entrypoint_missing"];

#[cfg(test)]
mod tests {
    use wharf_plugin::{Failure, Read, Response};

    use super::*;

    fn read(response: &Response) -> Result<String, Failure> {
        Read::Rules(rules).read(response)
    }

    fn failure(status: u16, kind: &str) -> Failure {
        let body =
            format!(r#"{{"message": "Words of the server.", "code": {status}, "type": "{kind}", "version": "1.8.1"}}"#);
        read(&Response::new(status, &[], body)).unwrap_err()
    }

    #[test]
    fn no_body_is_a_good_answer() {
        assert_eq!(read(&Response::new(204, &[], "")).unwrap(), "null");
    }

    #[test]
    fn a_missing_session_and_a_wrong_project_are_different_things() {
        assert!(
            matches!(failure(404, "user_session_not_found"), Failure::NotFound(d) if d.message == "Words of the server.")
        );
        assert!(matches!(failure(404, "user_not_found"), Failure::NotFound(_)));
        assert!(matches!(failure(404, "project_not_found"), Failure::Unauthorized(_)));
        assert!(matches!(failure(404, "general_route_not_found"), Failure::Provider(_)));
    }

    #[test]
    fn an_unknown_key_and_a_missing_scope_are_different_things() {
        assert!(matches!(failure(401, "user_unauthorized"), Failure::Unauthorized(_)));
        assert!(matches!(failure(401, "general_unauthorized_scope"), Failure::Forbidden(_)));
    }

    #[test]
    fn what_the_caller_gave_wrong_is_invalid_input_and_keeps_the_type() {
        for (status, kind) in [
            (400, "general_argument_invalid"),
            (400, "document_invalid_structure"),
            (404, "function_runtime_unsupported"),
        ] {
            let expected = format!("Words of the server. ({kind})");
            assert_eq!(failure(status, kind), Failure::InvalidInput(None, expected));
        }
        assert!(matches!(failure(400, "message_already_sent"), Failure::Conflict(_)));
        assert!(matches!(failure(409, "user_already_exists"), Failure::Conflict(_)));
    }

    #[test]
    fn a_service_that_is_switched_off_is_not_one_that_will_be_back() {
        assert!(matches!(failure(503, "general_smtp_disabled"), Failure::Provider(_)));
        assert!(matches!(failure(503, "general_service_disabled"), Failure::Unavailable(_)));
    }

    #[test]
    fn an_empty_type_is_none() {
        let failed = read(&Response::new(500, &[], r#"{"message":"","type":""}"#)).unwrap_err();
        let Failure::Provider(detail) = failed else { panic!("{failed:?}") };
        assert_eq!((detail.message.as_str(), detail.code), (r#"{"message":"","type":""}"#, None));
    }

    #[test]
    fn a_404_of_something_else_does_not_say_that_a_user_is_missing() {
        let Err(Failure::Provider(detail)) = read(&Response::new(404, &[], "<h1>Not Found</h1>")) else { panic!() };
        assert_eq!(detail.message, "the answer is not an error of Appwrite: <h1>Not Found</h1>");
        assert!(matches!(read(&Response::new(409, &[], "{}")), Err(Failure::Provider(_))));
    }

    #[test]
    fn an_error_keeps_its_meaning_whatever_stands_in_it() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for beside in [r#""\ud83d""#, "1e400", &deep] {
            let failure = |status: u16, kind: &str| {
                let body = format!(r#"{{"message":"Words \ud83d","trace":{beside},"code":{status},"type":"{kind}"}}"#);
                read(&Response::new(status, &[], body)).unwrap_err()
            };
            let Failure::NotFound(detail) = failure(404, "user_not_found") else { panic!("{beside}") };
            assert_eq!((detail.message.as_str(), detail.code.as_deref()), ("Words \u{fffd}", Some("user_not_found")));
            assert!(matches!(failure(401, "general_unauthorized_scope"), Failure::Forbidden(_)));
            assert!(
                matches!(failure(503, "general_smtp_disabled"), Failure::Provider(_)),
                "it does not pass by itself"
            );
        }
    }

    #[test]
    fn a_rate_limit_tells_when_it_ends() {
        // Appwrite tells so in seconds since 1970.
        let headers = [("X-RateLimit-Reset", "1795903260"), ("Date", "Sat, 28 Nov 2026 22:00:00 GMT")];
        let response = Response::new(429, &headers, "");
        assert!(matches!(read(&response), Err(Failure::RateLimited(d)) if d.retry_after == Some(60)));
    }

    #[test]
    fn a_proxy_in_between_is_quoted() {
        let Err(Failure::Unavailable(detail)) = read(&Response::new(502, &[], "<h1>Bad Gateway</h1>")) else {
            panic!()
        };
        assert!(detail.message.contains("Bad Gateway"), "{}", detail.message);
    }
}
