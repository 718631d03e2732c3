//! Answers that say that a token, or a session, is over.

use wharf_egress::declaration::Over;
use wharf_egress::json::Kind;
use wharf_egress::send::Answer;
use wharf_egress::{Blob, Json};

/// The largest answer that is looked into, in bytes: one that says so is small.
const LARGEST: usize = 64 << 10;

/// Whether one of them says so of this answer.
pub(crate) fn says_so(conditions: &[Over], answer: &Answer) -> bool {
    let mut json = None;
    conditions.iter().any(|over| {
        over.status.is_none_or(|status| status == answer.status)
            && over.at.as_ref().is_none_or(|at| {
                let json = json.get_or_insert_with(|| small(&answer.body));
                json.as_ref()
                    .and_then(|json| text_at(json, at))
                    .is_some_and(|found| over.is.is_empty() || over.is.contains(&found))
            })
    })
}

fn small(body: &Blob) -> Option<Json> {
    body.in_memory().filter(|bytes| bytes.len() <= LARGEST).and_then(|bytes| Json::of_answer(bytes))
}

/// The text, number or word that a pointer leads to.
pub(crate) fn text_at(json: &Json, pointer: &str) -> Option<String> {
    let found = json.at(&[pointer.to_owned()]).into_iter().next()?;
    let mut tokens = found.tokens();
    let token = tokens.next().filter(|token| matches!(token.kind, Kind::Text | Kind::Number | Kind::Word))?;
    let text = if token.kind == Kind::Text { token.said().into_owned() } else { token.text.to_owned() };
    Some(text).filter(|text| text != "null")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: Blob::new(body.as_bytes(), "application/json", None),
            passed_over: Vec::new(),
        }
    }

    #[test]
    fn each_condition_of_one_has_to_hold() {
        let over = |status, at: Option<&str>, is: &[&str]| Over {
            status,
            at: at.map(str::to_owned),
            is: is.iter().map(|one| (*one).to_owned()).collect(),
        };
        let conditions = [over(Some(200), Some("/error/code"), &["EXPIRED", "7"]), over(Some(419), None, &[])];
        for (status, body, is_over) in [
            (200, r#"{"error":{"code":"EXPIRED"}}"#, true),
            (200, r#"{"error":{"code":7}}"#, true),
            (200, r#"{"error":{"code":"OTHER"}}"#, false),
            (500, r#"{"error":{"code":"EXPIRED"}}"#, false),
            (200, "{}", false),
            (200, "no json", false),
            (419, "", true),
        ] {
            assert_eq!(says_so(&conditions, &answer(status, body)), is_over, "{status} {body}");
        }
        let any = [over(None, Some("/error"), &[])];
        assert!(
            says_so(&any, &answer(400, r#"{"error": false}"#)) && !says_so(&any, &answer(400, r#"{"error": null}"#))
        );
    }
}
