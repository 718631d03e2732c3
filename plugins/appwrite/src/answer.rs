use std::time::{SystemTime, UNIX_EPOCH};

use wharf_plugin::{Failure, Response, read};

/// Errors are `{"message", "code", "type"}`. The type tells what the status does not.
pub(crate) fn read(response: &Response) -> Result<String, Failure> {
    if response.is_success() {
        return read::json(response);
    }
    let body = response.json().unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(|v| v.as_str());
    let mut detail = response.detail(text("message"));
    detail.code = text("type").map(str::to_owned);
    Err(match detail.code.as_deref() {
        // A key that is known and lacks a scope is answered with 401.
        Some("general_unauthorized_scope") => Failure::Forbidden(detail),
        // 404, but nothing that the caller asked for is missing: the connection is wrong.
        Some("project_not_found") => Failure::Unauthorized(detail),
        Some("general_route_not_found") => Failure::Provider(detail),
        Some("general_argument_invalid") => Failure::InvalidInput(None, detail.message),
        _ => match Failure::of_status(response, detail) {
            Failure::RateLimited(detail, None) => Failure::RateLimited(detail, seconds_until_reset(response)),
            failure => failure,
        },
    })
}

/// Appwrite tells when the limit ends, in seconds since 1970.
fn seconds_until_reset(response: &Response) -> Option<u32> {
    let reset: u64 = response.header("x-ratelimit-reset")?.trim().parse().ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    u32::try_from(reset.saturating_sub(now)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_rate_limit_tells_when_it_ends() {
        let soon = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 60;
        let response = Response::new(429, &[("X-RateLimit-Reset", &soon.to_string())], "");
        assert!(matches!(read(&response), Err(Failure::RateLimited(_, Some(55..=60)))));
        let response = Response::new(429, &[("Retry-After", "7")], "");
        assert!(matches!(read(&response), Err(Failure::RateLimited(_, Some(7)))));
    }

    #[test]
    fn a_proxy_in_between_is_quoted() {
        let Err(Failure::Unavailable(detail)) = read(&Response::new(502, &[], "<h1>Bad Gateway</h1>")) else {
            panic!()
        };
        assert!(detail.message.contains("Bad Gateway"), "{}", detail.message);
    }
}
