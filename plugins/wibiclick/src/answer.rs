use wharf_plugin::{Failure, Members, Response, json, read};

/// A good answer may be JSON, a few bare words or nothing. Errors have `message`, or else `error`, and may come with status 200.
pub(crate) fn read(response: &Response) -> Result<String, Failure> {
    if !response.is_success() {
        return read::rest(response);
    }
    if response.is_empty() {
        return Ok(json!({"success": true}).to_string());
    }
    match read::json(response) {
        Ok(answer) if says_no(&answer) => Err(Failure::Provider(response.detail(words(&answer).as_deref()))),
        Ok(answer) => Ok(answer),
        Err(_) if is_bare(response) => Ok(json!({"success": true, "message": response.text()?.trim()}).to_string()),
        // A web page, for instance, which a path that does not exist may be answered with, or a notice of PHP before the JSON.
        Err(_) => Err(response.makes_no_sense("one of WibiClick")),
    }
}

/// Whether `success` is there and is not true.
fn says_no(answer: &str) -> bool {
    Members::of(answer).and_then(|answer| answer.get("success")).is_some_and(|success| {
        matches!(success.trim_matches('"').to_ascii_lowercase().as_str(), "false" | "0" | "no" | "null" | "")
    })
}

fn words(answer: &str) -> Option<String> {
    let answer = Members::of(answer)?;
    answer.text("message").or_else(|| answer.text("error"))
}

/// Whether the body is a line of words, of a server that does not say it were JSON.
fn is_bare(response: &Response) -> bool {
    const LONGEST: usize = 200;
    /// What PHP begins with where something is wrong.
    const WRONG: [&str; 6] = ["notice", "warning", "deprecated", "fatal error", "parse error", "php "];
    let Ok(text) = response.text() else { return false };
    let line = text.trim();
    let begins = line.to_ascii_lowercase();
    let is_json = response.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
    !is_json
        && line.len() <= LONGEST
        && !line.contains(['\n', '<', '{', '[', '"'])
        && !WRONG.iter().any(|wrong| begins.starts_with(wrong))
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
    fn a_mark_before_the_json_says_nothing() {
        let marked = Response::new(200, &[], "\u{feff}{\"success\":false,\"message\":\"No.\"}");
        assert!(matches!(read(&marked), Err(Failure::Provider(detail)) if detail.message == "No."));
        let marked = Response::new(200, &[], "\u{feff}{\"id\":1.10}");
        assert_eq!(read(&marked).unwrap(), r#"{"id":1.10}"#);
    }

    #[test]
    fn what_cannot_be_parsed_or_says_no_is_no_success() {
        for body in [
            "Notice: Undefined index: id in /srv/api.php on line 3\n{\"success\":false}",
            "Warning: mail() failed in /srv/api.php on line 3",
            "{\"success\":true",
            "\u{feff}\u{feff}{\"success\":true}",
            "<br />\n<b>Notice</b>",
            r#"{"success":false}"#,
            r#"{"success":"false","message":"No."}"#,
            r#"{"success":0}"#,
        ] {
            let read = read(&Response::new(200, &[], body));
            assert!(matches!(read, Err(Failure::Provider(_))), "{body}: {read:?}");
        }
        let json = Response::new(200, &[("content-type", "application/json; charset=utf-8")], "Bad gateway");
        assert!(read(&json).is_err(), "it says that it were JSON");
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
