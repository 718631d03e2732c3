use wharf_plugin::{Failure, Response, json, read};

/// A good answer may be an object, a bare text or nothing. Errors have `message`, or else `error`.
pub(crate) fn read(response: &Response) -> Result<String, Failure> {
    if !response.is_success() {
        return read::rest(response);
    }
    if response.is_empty() {
        return Ok(json!({"success": true}).to_string());
    }
    if response.text()?.trim_start().starts_with('<') {
        // A web page is what a path that does not exist may be answered with.
        return Err(response.makes_no_sense("one of WibiClick"));
    }
    read::json(response).or_else(|_| Ok(json!({"success": true, "message": response.text()?.trim()}).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_not_json_is_no_failure() {
        let good = |body: &str| read(&Response::new(200, &[], body)).unwrap();
        assert_eq!(good(r#"{"success":true,"message":"Done"}"#), r#"{"success":true,"message":"Done"}"#);
        assert_eq!(good(""), r#"{"success":true}"#);
        assert_eq!(good("updated\n"), r#"{"success":true,"message":"updated"}"#);
    }

    #[test]
    fn a_web_page_is_no_success() {
        let page = Response::new(200, &[], "<!doctype html><title>WibiClick</title>");
        assert!(matches!(read(&page), Err(Failure::Provider(d)) if d.message.contains("<!doctype html>")));
    }

    #[test]
    fn an_error_speaks_by_message_then_by_error_then_by_its_status() {
        let words = |body: &str| match read(&Response::new(404, &[], body)) {
            Err(Failure::NotFound(detail)) => detail.message,
            other => panic!("{other:?}"),
        };
        assert_eq!(words(r#"{"message": "User not found", "error": "x"}"#), "User not found");
        assert_eq!(words(r#"{"error": "Website not found"}"#), "Website not found");
        assert_eq!(words(""), "an answer without a body");
        assert!(matches!(read(&Response::new(401, &[], "")), Err(Failure::Unauthorized(_))));
    }
}
