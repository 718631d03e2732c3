use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use wharf_plugin::{Failure, Response, Value};

#[derive(Deserialize)]
struct Envelope<'a> {
    jsonrpc: String,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    error: Option<Error>,
}

/// A null is a result as well.
fn present<'a, D: Deserializer<'a>>(result: D) -> Result<Option<&'a RawValue>, D::Error> {
    Deserialize::deserialize(result).map(Some)
}

#[derive(Deserialize)]
struct Error {
    code: i64,
    message: String,
    #[serde(default)]
    data: Value,
}

/// Status 200 says nothing: an `error` is a failure, and its absence a success, with or without a `result`.
pub(crate) fn read(response: &Response) -> Result<String, Failure> {
    let envelope: Option<Envelope<'_>> = serde_json::from_slice(response.bytes()).ok();
    match envelope.filter(|envelope| envelope.jsonrpc == "2.0") {
        None if response.is_success() => Err(response.makes_no_sense("a JSON-RPC 2.0 object")),
        // The endpoint itself was not reached: the words are those of the web server.
        None => {
            let body = response.json();
            let words = body.as_ref().and_then(|b| b.get("message")).and_then(Value::as_str);
            Err(match Failure::of_status(response, response.detail(words)) {
                Failure::NotFound(mut detail) => {
                    detail.message = format!("{}; the base URL must be the JSON-RPC endpoint itself", detail.message);
                    Failure::Provider(detail)
                }
                failure => failure,
            })
        }
        Some(Envelope { error: Some(error), .. }) => Err(failure(response, error)),
        Some(Envelope { result: Some(result), .. }) => Ok(result.get().to_owned()),
        Some(_) => Ok(r#"{"success":true}"#.to_owned()),
    }
}

/// Nearly everything has the code 500; only the message tells.
fn failure(response: &Response, error: Error) -> Failure {
    let detail = response.detail(Some(&error.message)).code(error.code.to_string());
    match (error.code, error.message.as_str()) {
        (-32602, _) => {
            let first = error.data.pointer("/validationErrors/0");
            let path = first.and_then(|e| e.pointer("/path/0")).and_then(Value::as_str).map(str::to_owned);
            let words = first.and_then(|e| e.get("message")).and_then(Value::as_str).unwrap_or(&error.message);
            Failure::InvalidInput(path, words.to_owned())
        }
        (401, _) | (500, "Forbidden resource") => Failure::Unauthorized(detail),
        (500, "User not found" | "Capability not found") => Failure::NotFound(detail),
        (500, "User is not logged in" | "Capability is disabled") => Failure::Conflict(detail),
        (500, "Only Near AI capabilities are callable") => Failure::InvalidInput(Some("id".to_owned()), error.message),
        _ => Failure::of_body(response, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Result<String, Failure> {
        read(&Response::new(200, &[], body))
    }

    #[test]
    fn success_needs_no_result() {
        assert_eq!(answer(r#"{"jsonrpc":"2.0","id":"wharf"}"#).unwrap(), r#"{"success":true}"#);
        assert_eq!(answer(r#"{"jsonrpc":"2.0","id":"wharf","result":false}"#).unwrap(), "false");
        assert_eq!(answer(r#"{"jsonrpc":"2.0","id":"wharf","result":null}"#).unwrap(), "null");
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
