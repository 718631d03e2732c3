use wharf_plugin::{Failure, Response, Value, read};

/// Errors come in several shapes: `error` (a text or an object), `errors` (texts or objects), `message`, plain text, and
/// nothing at all. A missing right is answered with 401, like a wrong token.
pub(crate) fn read(response: &Response) -> Result<String, Failure> {
    if response.is_success() {
        return read::json(response);
    }
    let body = response.json();
    let words = body.as_ref().and_then(words).or_else(|| plain_text(response));
    let mut detail = response.detail(words.as_deref());
    if words.is_none() && matches!(response.status, 400 | 401) {
        // Chatwoot itself has words for it.
        detail.message += OF_A_GATEWAY;
    }
    Err(match response.status {
        401 if is_about_rights(&detail.message) => Failure::Forbidden(detail),
        422 => Failure::InvalidInput(body.as_ref().and_then(first_attribute), detail.message),
        _ => Failure::of_status(response, detail),
    })
}

/// What an operator can try where something before the server refuses a request without a word.
const OF_A_GATEWAY: &str = "; if a gateway in between refuses the name of a header, set token_header of the connection to \
                            `api-access-token` or to `api_access_token`";

fn words(body: &Value) -> Option<String> {
    let found = ["error", "errors", "message", "description"]
        .iter()
        .find_map(|name| body.get(name).filter(|value| says_something(value)))?;
    Some(one_line(found))
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn one_line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(one_line).collect::<Vec<_>>().join("; "),
        Value::Object(members) => match members.get("message") {
            Some(Value::String(message)) => match members.get("field").and_then(Value::as_str) {
                Some(field) => format!("{field}: {message}"),
                None => message.clone(),
            },
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// Throttles answer with plain text. A page of HTML is no message, and is quoted for what it is.
fn plain_text(response: &Response) -> Option<String> {
    let text = response.text().ok()?;
    let is_words = !text.trim().is_empty() && !text.trim_start().starts_with(['<', '{', '[']);
    is_words.then(|| text.to_owned())
}

fn is_about_rights(message: &str) -> bool {
    message == "Non permissible resource" || message.contains("not authorized") || message.contains("suspended")
}

fn first_attribute(body: &Value) -> Option<String> {
    let attribute = body.pointer("/attributes/0").or_else(|| body.pointer("/errors/0/field"));
    Some(attribute?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str) -> Failure {
        read(&Response::new(status, &[], body)).unwrap_err()
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
        for (status, body) in [(400, ""), (401, ""), (400, "<html><h1>400 Bad Request</h1></html>"), (400, "{}")] {
            let (Failure::Provider(detail) | Failure::Unauthorized(detail)) = failure(status, body) else { panic!() };
            assert!(detail.message.contains("token_header"), "{status} {body}: {}", detail.message);
        }
        for (status, body) in [(400, r#"{"error":"Bad"}"#), (401, r#"{"errors":["Invalid"]}"#), (404, "")] {
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
    fn an_empty_error_does_not_hide_the_message() {
        let body = r#"{"error": {}, "message": "undefined method"}"#;
        assert!(matches!(failure(500, body), Failure::Provider(d) if d.message == "undefined method"));
    }

    #[test]
    fn a_throttle_is_plain_text() {
        assert!(matches!(failure(429, "Retry later\n"), Failure::RateLimited(d) if d.message == "Retry later"));
    }
}
