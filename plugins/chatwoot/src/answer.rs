use wharf_plugin::Rules;
use wharf_plugin::build::{at, body, status, success};
use wharf_plugin::rules::{Failing, FailureKind, Output, Rule};

/// Errors come in several shapes: `error` (a text or an object), `errors` (texts or objects), `message`, plain text, and
/// nothing at all. A missing right is answered with 401, like a wrong token.
pub(crate) fn rules() -> Rules {
    const RIGHTS: [&str; 3] = ["Non permissible resource", "not authorized", "suspended"];
    Rules {
        named: Vec::new(),
        first: Vec::new(),
        output: vec![Rule::output([success()], Output::Body)],
        errors: vec![
            Rule::failure([status([401]), at(SAID).contains(RIGHTS)], told(FailureKind::Forbidden)),
            Rule::failure([status([401]), body().contains(RIGHTS)], told(FailureKind::Forbidden)),
            Rule::failure([status([422])], told(FailureKind::InvalidInput).field(["/attributes/0", "/errors/0/field"])),
            Rule::failure([status([400, 401, 403])], told(FailureKind::ByStatus).hint(OF_A_GATEWAY)),
            Rule::failure([], told(FailureKind::ByStatus)),
        ],
    }
}

/// Where its words stand.
const SAID: [&str; 4] = ["/error", "/errors", "/message", "/description"];

/// Throttles answer with plain text.
fn told(kind: FailureKind) -> Failing {
    Failing::of(kind).message_or_body(SAID)
}

/// What an operator can try where something before the server refuses a request without a word.
const OF_A_GATEWAY: &str = "if a gateway in between refuses the name of a header, set token_header of the connection to \
                            `api-access-token` or to `api_access_token`";

#[cfg(test)]
mod tests {
    use wharf_plugin::{Failure, Read, Response};

    use super::*;

    fn read(response: &Response) -> Result<String, Failure> {
        Read::Rules(rules).read(response)
    }

    fn failure(status: u16, body: &str) -> Failure {
        let failure = read(&Response::new(status, &[], body)).unwrap_err();
        assert_eq!(read(&Response::new(status, &[], body).to_a_read()), Err(failure.clone()), "to a read as well");
        failure
    }

    #[test]
    fn a_wrong_token_is_unauthorized_in_each_of_its_shapes() {
        for (body, words) in [
            (r#"{"error": "Invalid access_token"}"#, "Invalid access_token"),
            (r#"{"error": "Invalid Access Token"}"#, "Invalid Access Token"),
            (r#"{"errors": ["You need to sign in or sign up before continuing."]}"#, "You need to sign in"),
        ] {
            assert!(matches!(failure(401, body), Failure::Unauthorized(d) if d.message.starts_with(words)), "{body}");
        }
    }

    #[test]
    fn a_refusal_without_words_says_what_to_try() {
        for (status, body) in [
            (400, ""),
            (401, ""),
            (403, ""),
            (400, "\r\n"),
            (400, "<html><h1>400 Bad Request</h1></html>"),
            (400, "{}"),
            (400, "null"),
            (400, "Bad Request"),
            (400, "\"Bad Request\""),
            (400, r#"{"message":"Bad Request"}"#),
            (401, r#"{"error":"401 Unauthorized."}"#),
            (403, "Forbidden\n"),
        ] {
            let (Failure::Provider(detail) | Failure::Unauthorized(detail) | Failure::Forbidden(detail)) =
                failure(status, body)
            else {
                panic!()
            };
            assert!(detail.message.contains("token_header"), "{status} {body}: {}", detail.message);
        }
        for (status, body) in
            [(400, r#"{"error":"Bad"}"#), (401, r#"{"errors":["Invalid"]}"#), (404, ""), (404, "Not Found")]
        {
            assert!(!format!("{:?}", failure(status, body)).contains("token_header"), "{status} {body}");
        }
    }

    #[test]
    fn a_missing_right_is_forbidden_although_the_status_is_401() {
        for body in [
            r#"{"error": "Non permissible resource"}"#,
            r#"{"error": "You are not authorized to do this action"}"#,
            r#"{"error": "Access to this endpoint is not authorized for bots"}"#,
            r#"{"error": "Bot is not authorized to access this account"}"#,
            r#"{"error": "Account is suspended"}"#,
        ] {
            assert!(matches!(failure(401, body), Failure::Forbidden(_)), "{body}");
        }
    }

    #[test]
    fn a_bare_404_is_not_found() {
        let Failure::NotFound(detail) = failure(404, "") else { panic!() };
        assert_eq!(detail.message, "an answer without a body");
    }

    #[test]
    fn validation_names_the_attribute() {
        let body = r#"{"message": "Email has already been taken", "attributes": ["email"]}"#;
        assert_eq!(
            failure(422, body),
            Failure::InvalidInput(Some("email".into()), "Email has already been taken".into())
        );
        let body = r#"{"error": {"name": ["is too long"]}}"#;
        assert!(matches!(failure(422, body), Failure::InvalidInput(None, m) if m.contains("is too long")));
        let body = r#"{"description": "d", "errors": [{"field": "name", "message": "is missing", "code": "x"}]}"#;
        assert_eq!(failure(422, body), Failure::InvalidInput(Some("name".into()), "name: is missing".into()));
    }

    #[test]
    fn an_error_keeps_its_words_and_digits_whatever_stands_in_it() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for beside in [r#""\ud83d""#, "1e400", &deep] {
            let body = format!(r#"{{"x":{beside},"error":"You are not authorized \ud83d"}}"#);
            let Failure::Forbidden(detail) = failure(401, &body) else { panic!("{beside}") };
            assert_eq!(detail.message, "You are not authorized \u{fffd}");
        }
        let message = |body: &str| match failure(400, body) {
            Failure::Provider(detail) => detail.message,
            other => panic!("{other:?}"),
        };
        let limits = r#"{"limit":123456789012345678901,"x":1.10}"#;
        assert_eq!(message(&format!(r#"{{"error":{limits}}}"#)), limits);
        assert_eq!(message(&format!(r#"{{"errors":["a",{limits},-0]}}"#)), format!("a; {limits}; -0"));
        assert_eq!(message(&format!(r#"{{"error":[{deep}]}}"#)), deep);
        assert_eq!(
            message(r#"{"error":{ },"errors":[ ],"message":""}"#),
            r#"{"error":{ },"errors":[ ],"message":""}"#.to_owned() + "; " + OF_A_GATEWAY
        );
    }

    #[test]
    fn an_empty_error_does_not_hide_the_message() {
        let body = r#"{"error": {}, "message": "undefined method"}"#;
        assert!(matches!(failure(500, body), Failure::Provider(d) if d.message == "undefined method"));
    }

    #[test]
    fn a_throttle_is_plain_text() {
        assert!(matches!(failure(429, "Retry later\n"), Failure::RateLimited(d) if d.message == "Retry later"));
    }
}
