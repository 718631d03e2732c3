//! The body of a good answer.

use serde::de::IgnoredAny;

use crate::answer::Answer;
use crate::failure::Failure;

/// The body of a good answer as JSON text; null where there is none. An operation that reads was not answered without a body, unless
/// the status says that there is nothing (RFC 9110, sections 15.3.5 and 15.3.6).
///
/// # Errors
/// A provider failure where the body is not JSON.
pub fn json(answer: &Answer) -> Result<String, Failure> {
    if answer.is_empty() {
        let is_missing = answer.is_to_a_read() && !matches!(answer.status, 204 | 205);
        return if is_missing { Err(answer.makes_no_sense("JSON")) } else { Ok("null".to_owned()) };
    }
    if is_json(answer) { Ok(answer.text()?.to_owned()) } else { Err(answer.makes_no_sense("JSON")) }
}

/// Whether the body is one JSON document: numbers of any size, halves of pairs and any depth are.
pub(crate) fn is_json(answer: &Answer) -> bool {
    *answer.is_json.get_or_init(|| serde_json::from_slice::<IgnoredAny>(answer.bytes()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Found, judge};

    /// Without rules the status decides.
    fn rest(answer: &Answer) -> Result<String, Failure> {
        match judge(answer, &[], &())? {
            Found::Json(json) => Ok(json),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_passes_through_as_it_is_written() {
        let deep = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
        for body in [r#"{"n":[1.10,-0,1e400,123456789012345678901],"n":"\ud83d"}"#, &deep] {
            assert_eq!(rest(&Answer::new(200, &[], body)).unwrap(), body);
            assert_eq!(rest(&Answer::new(200, &[], format!("\u{feff}{body}"))).unwrap(), body);
        }
        assert_eq!(rest(&Answer::new(200, &[], "\u{feff}")).unwrap(), "null");
    }

    #[test]
    fn an_operation_that_reads_is_not_answered_without_a_body() {
        for body in ["", " \r\n", "\u{feff}"] {
            let empty = |status: u16| Answer::new(status, &[], body);
            let failed = rest(&empty(200).to_a_read()).unwrap_err();
            let words = "the answer is not JSON: an answer without a body";
            assert!(matches!(failed, Failure::Provider(d) if d.message == words), "{body:?}");
            assert_eq!((rest(&empty(204).to_a_read()), rest(&empty(200))), (Ok("null".into()), Ok("null".into())));
        }
    }

    #[test]
    fn an_empty_message_does_not_hide_the_error() {
        let failed = rest(&Answer::new(404, &[], r#"{"message":" ","error":"No"}"#));
        assert!(matches!(failed, Err(Failure::NotFound(d)) if d.message == "No"));
        for body in [r#"{"error":""}"#, r#"{"message":null}"#, "{}", "[]", r#""""#] {
            let failed = rest(&Answer::new(404, &[], body));
            assert!(matches!(failed, Err(Failure::NotFound(d)) if d.message == body), "{body} is quoted");
        }
    }

    #[test]
    fn an_error_speaks_whatever_stands_beside_its_words() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        for beside in ["1e400", r#""\ud83d""#, &deep] {
            let response = Answer::new(404, &[], format!(r#"{{"trace":{beside},"message":"No \ud83d","\udc00":1}}"#));
            assert!(matches!(rest(&response), Err(Failure::NotFound(d)) if d.message == "No \u{fffd}"), "{beside}");
        }
    }

    #[test]
    fn a_control_character_in_a_text_of_an_answer_is_read() {
        let response = Answer::new(200, &[], "[\n\"a\u{1}\u{b}b\"\n]");
        assert_eq!(rest(&response).unwrap(), "[\n\"a\\u0001\\u000bb\"\n]");
        let failed = rest(&Answer::new(404, &[], "{\"message\":\"No\u{1f}!\"}"));
        assert!(matches!(failed, Err(Failure::NotFound(d)) if d.message == "No\u{1f}!"));
        assert!(rest(&Answer::new(200, &[], "[\u{1}1]")).is_err(), "outside of texts it is no JSON");
    }

    #[test]
    fn what_cannot_be_parsed_is_no_success() {
        for body in ["\u{feff}\u{feff}{}", "Notice: Undefined index\n{\"success\":true}", "<html>", "{} {}", "{\"a\":"]
        {
            assert!(matches!(rest(&Answer::new(200, &[], body)), Err(Failure::Provider(_))), "{body}");
        }
    }
}
