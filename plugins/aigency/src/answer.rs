use wharf_plugin::Rules;
use wharf_plugin::build::{at, reads, status, success};
use wharf_plugin::rules::{Failing, FailureKind, Output, Rule, Value};

/// Status 200 says nothing: an `error` is a failure, and its absence a success. A method that returns nothing has no `result`; to
/// a read there is one. A null is a result as well, but no error.
pub(crate) fn rules() -> Rules {
    let is_no_rpc = || at(["/jsonrpc"]).none_of(["2.0"]);
    let web = |kind: FailureKind| Failing::of(kind).message(["/message"]);
    let error = || at(["/error"]).none_of([Value::Null]);
    let is_error = || at(["/error"]).exists(true);
    let code = |code: i64| at(["/error/code"]).one_of([code]);
    let says = |words: &'static str| at(["/error/message"]).one_of([words]);
    let told = |kind: FailureKind| Failing::of(kind).message(["/error/message", "/error"]).code(["/error/code"]);
    let of_500 = |words: &'static [&'static str], kind: FailureKind| {
        Rule::failure([code(500), at(["/error/message"]).one_of(words.iter().copied())], told(kind))
    };
    Rules {
        named: Vec::new(),
        first: vec![
            Rule::unreadable([is_no_rpc(), success()], "a JSON-RPC 2.0 object"),
            // The endpoint itself was not reached: the words are those of the web server.
            Rule::failure([is_no_rpc(), status([404, 410])], web(FailureKind::Provider).note(ENDPOINT)),
            Rule::failure([is_no_rpc()], web(FailureKind::ByStatus)),
            Rule::failure(
                [code(-32602)],
                Failing::of(FailureKind::InvalidInput)
                    .message(["/error/data/validationErrors/0/message", "/error/message"])
                    .field(["/error/data/validationErrors/0/path/0"]),
            ),
            Rule::failure([code(401)], told(FailureKind::Unauthorized)),
            // Nearly everything has the code 500; only the message tells.
            of_500(&["Forbidden resource"], FailureKind::Unauthorized),
            of_500(&["User not found", "Capability not found"], FailureKind::NotFound),
            of_500(&["User is not logged in", "Capability is disabled"], FailureKind::Conflict),
            Rule::failure(
                [code(500), says("Only Near AI capabilities are callable")],
                Failing::of(FailureKind::InvalidInput).message(["/error/message"]).field_called("id"),
            ),
            Rule::failure([is_error(), error()], told(FailureKind::ByCode)),
        ],
        output: vec![
            Rule::output([at(["/result"]).exists(true)], Output::At("/result".into())),
            Rule::unreadable([reads(true)], "an object with `result`"),
            Rule::output([], Output::Value(r#"{"success":true}"#.into())),
        ],
        errors: Vec::new(),
    }
}

const ENDPOINT: &str = "the base URL must be the JSON-RPC endpoint itself";

#[cfg(test)]
mod tests {
    use wharf_plugin::{Failure, Read, Response};

    use super::*;

    fn read(response: &Response) -> Result<String, Failure> {
        Read::Rules(rules).read(response)
    }

    fn answer(body: &str) -> Result<String, Failure> {
        read(&Response::new(200, &[], body))
    }

    #[test]
    fn a_method_that_returns_nothing_needs_no_result() {
        assert_eq!(answer(r#"{"jsonrpc":"2.0","id":"wharf"}"#).unwrap(), r#"{"success":true}"#);
        assert_eq!(answer(r#"{"jsonrpc":"2.0","id":"wharf","result":false}"#).unwrap(), "false");
        assert_eq!(answer(r#"{"jsonrpc":"2.0","id":"wharf","result":null}"#).unwrap(), "null");
    }

    #[test]
    fn a_read_is_not_answered_without_a_result() {
        let read = |body: &str| read(&Response::new(200, &[], body).to_a_read());
        for body in [r#"{"jsonrpc":"2.0","id":1}"#, r#"{"jsonrpc":"2.0","id":1,"error":null}"#] {
            let failed = read(body).unwrap_err();
            assert!(
                matches!(failed, Failure::Provider(d) if d.message.contains("not an object with `result`")),
                "{body}"
            );
        }
        for result in ["false", "null", "[]"] {
            assert_eq!(read(&format!(r#"{{"jsonrpc":"2.0","result":{result}}}"#)).unwrap(), result);
        }
    }

    #[test]
    fn an_error_with_status_200_is_a_failure() {
        let error = |code: i64, message: &str| {
            answer(&format!(r#"{{"jsonrpc":"2.0","id":"wharf","error":{{"code":{code},"message":"{message}"}}}}"#))
                .unwrap_err()
        };
        assert!(matches!(error(500, "Forbidden resource"), Failure::Unauthorized(_)));
        assert!(matches!(error(401, "Invalid API key"), Failure::Unauthorized(_)));
        assert!(matches!(error(500, "User not found"), Failure::NotFound(_)));
        assert!(matches!(error(500, "Capability not found"), Failure::NotFound(_)));
        assert!(matches!(error(500, "User is not logged in"), Failure::Conflict(_)), "the credentials are good");
        assert!(matches!(error(500, "Capability is disabled"), Failure::Conflict(_)));
        let of_another_kind = error(500, "Only Near AI capabilities are callable");
        assert!(matches!(of_another_kind, Failure::InvalidInput(Some(input), _) if input == "id"));
        assert!(matches!(error(500, "Not implemented"), Failure::Provider(_)));
        let Failure::Provider(detail) = error(500, "Internal server error") else { panic!() };
        assert_eq!((detail.message.as_str(), detail.code.as_deref()), ("Internal server error", Some("500")));
        assert!(matches!(error(404, "Method not found: x"), Failure::Provider(_)), "no record is missing");
    }

    #[test]
    fn an_error_with_a_status_that_passes_is_no_failure_for_good() {
        let body = r#"{"jsonrpc":"2.0","id":"wharf","error":{"code":429,"message":"Too many requests"}}"#;
        let failure = read(&Response::new(429, &[("Retry-After", "30")], body)).unwrap_err();
        assert!(matches!(failure, Failure::RateLimited(d) if d.retry_after == Some(30)));
        for header in ["Retry-After", "X-RateLimit-Reset"] {
            let failure = read(&Response::new(200, &[(header, "30")], body)).unwrap_err();
            assert!(matches!(failure, Failure::RateLimited(d) if d.retry_after == Some(30)), "{header}");
        }
    }

    #[test]
    fn an_error_keeps_its_meaning_whatever_stands_in_it() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for data in [r#""\ud83d""#, r#"{"x":1e400}"#, &deep] {
            for code in ["500", "\"500\"", "500.0", "5e2"] {
                let error = format!(r#"{{"code":{code},"message":"User not found","data":{data}}}"#);
                let failure = answer(&format!(r#"{{"jsonrpc":"2.0","error":{error}}}"#)).unwrap_err();
                assert!(matches!(failure, Failure::NotFound(d) if d.code.as_deref() == Some("500")), "{error}");
            }
        }
        for (error, message) in [
            (r#"{"code":1e400,"message":"User \ud83d"}"#, "User \u{fffd}"),
            (r#""User \ud83d""#, "User \u{fffd}"),
            ("{}", r#"{"jsonrpc":"2.0","error":{}}"#),
            ("false", r#"{"jsonrpc":"2.0","error":false}"#),
        ] {
            let failure = answer(&format!(r#"{{"jsonrpc":"2.0","error":{error}}}"#)).unwrap_err();
            assert!(matches!(failure, Failure::Provider(d) if d.message == message), "{error}");
        }
        let data = r#"{"validationErrors":[{"path":["limit"],"message":"Bad \ud83d","received":1e400}]}"#;
        let body = format!(r#"{{"jsonrpc":"2.0","error":{{"code":-32602,"message":"Invalid Params","data":{data}}}}}"#);
        assert_eq!(answer(&body), Err(Failure::InvalidInput(Some("limit".into()), "Bad \u{fffd}".into())));
    }

    #[test]
    fn names_and_equal_members_of_an_envelope_do_not_matter() {
        assert_eq!(answer(r#"{"jsonrpc":"2.0","\udc00":1,"result":[1.10]}"#).unwrap(), "[1.10]");
        assert!(answer(r#"{"jsonrpc":"2.0","result":1,"result":2}"#).is_err(), "readers differ in which one they take");
        assert_eq!(answer(r#"{"jsonrpc":"2.0","result":1,"error":null}"#).unwrap(), "1");
        assert!(answer(r#"{"jsonrpc":"2.0","error":{"code":500,"message":"No"},"error":null,"result":1}"#).is_err());
    }

    #[test]
    fn a_parameter_that_the_server_refuses_is_named() {
        let body = r#"{"jsonrpc":"2.0","id":"wharf","error":{"code":-32602,"message":"Invalid Params","data":
            {"validationErrors":[{"code":"invalid_type","path":["limit"],"message":"Required"}]}}}"#;
        assert_eq!(answer(body), Err(Failure::InvalidInput(Some("limit".into()), "Required".into())));
    }

    #[test]
    fn what_is_not_json_rpc_is_no_success() {
        assert!(matches!(answer(""), Err(Failure::Provider(_))));
        assert!(matches!(answer(r#"{"ok":true}"#), Err(Failure::Provider(_))));
        assert!(matches!(answer("<html>"), Err(Failure::Provider(_))));
        let body = r#"{"message":"Cannot POST /","error":"Not Found","statusCode":404}"#;
        let Err(Failure::Provider(detail)) = read(&Response::new(404, &[], body)) else { panic!() };
        assert!(detail.message.contains("endpoint itself"), "{}", detail.message);
    }
}
