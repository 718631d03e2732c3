use wharf_plugin::{Failure, Members, Response, items, words};

/// Status 200 says nothing: an `error` is a failure, and its absence a success. A method that returns nothing has no `result`; to
/// a read there is one. A null is a result as well, but no error. Of equal members the last counts, as for most readers, but one
/// error is enough.
pub(crate) fn read(response: &Response) -> Result<String, Failure> {
    let envelope = response.object();
    match envelope.filter(|envelope| envelope.text("jsonrpc").as_deref() == Some("2.0")) {
        None if response.is_success() => Err(response.makes_no_sense("a JSON-RPC 2.0 object")),
        // The endpoint itself was not reached: the words are those of the web server.
        None => {
            let words = response.object().and_then(|body| body.words("message"));
            Err(match Failure::of_status(response, response.detail(words.as_deref())) {
                Failure::NotFound(mut detail) => {
                    detail.message = format!("{}; the base URL must be the JSON-RPC endpoint itself", detail.message);
                    Failure::Provider(detail)
                }
                failure => failure,
            })
        }
        Some(envelope) => match envelope.all("error").filter(|error| *error != "null").last() {
            Some(error) => Err(failure(response, error)),
            None => match envelope.get("result") {
                Some(result) => Ok(result.to_owned()),
                None if response.is_to_a_read() => Err(response.makes_no_sense("an object with `result`")),
                None => Ok(r#"{"success":true}"#.to_owned()),
            },
        },
    }
}

/// Nearly everything has the code 500; only the message tells.
fn failure(response: &Response, error: &str) -> Failure {
    let members = Members::of(error);
    let member = |name: &str| members.as_ref().and_then(|members| members.get(name));
    let message = words(member("message").unwrap_or(error));
    let code = member("code").map(|code| words(code).unwrap_or_else(|| code.to_owned())).unwrap_or_default();
    let number = whole(&code);
    let mut detail = response.detail(message.as_deref());
    detail.code = number.map(|number| number.to_string()).or(Some(code).filter(|code| !code.is_empty()));
    match (number, message.unwrap_or_default().as_str()) {
        (Some(-32602), message) => {
            let first = member("data").and_then(first_of_validation);
            let path = first.as_ref().and_then(|first| words(items(first.get("path")?)?.first()?));
            let told = first.as_ref().and_then(|first| first.words("message"));
            Failure::InvalidInput(path, told.unwrap_or_else(|| message.to_owned()))
        }
        (Some(401), _) | (Some(500), "Forbidden resource") => Failure::Unauthorized(detail),
        (Some(500), "User not found" | "Capability not found") => Failure::NotFound(detail),
        (Some(500), "User is not logged in" | "Capability is disabled") => Failure::Conflict(detail),
        (Some(500), message @ "Only Near AI capabilities are callable") => {
            Failure::InvalidInput(Some("id".to_owned()), message.to_owned())
        }
        _ => Failure::of_body(response, detail),
    }
}

/// A code as a number, however it is written: `500.0` and `"500"` as well.
fn whole(code: &str) -> Option<i64> {
    let number: f64 = code.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small")]
    (number.fract() == 0.0 && number.abs() < 1e9).then_some(number as i64)
}

/// The first thing that the validation of the parameters found.
fn first_of_validation(data: &str) -> Option<Members<'_>> {
    Members::of(items(Members::of(data)?.get("validationErrors")?)?.first()?)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(answer(r#"{"jsonrpc":"2.0","result":1,"result":2}"#).unwrap(), "2", "the last one counts");
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
