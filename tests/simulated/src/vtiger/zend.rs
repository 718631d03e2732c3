//! JSON as the server's own coder reads and writes it (Zend_Json).

use serde_json::Value;

/// Undoes `\uXXXX` everywhere in the text before it looks at anything else, so that `\\u006e` becomes a line break, and each half of a
/// surrogate pair by itself. Other control characters than those are passed over.
pub(super) fn decode(text: &str) -> Option<Value> {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        let code =
            rest.strip_prefix('\\').and_then(|rest| rest.strip_prefix(['u', 'U'])).and_then(|rest| rest.get(..4));
        let code = code.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                plain.push(char::from_u32(code).unwrap_or('?'));
                rest = rest.get(6..).unwrap_or_default();
            }
            None => {
                plain.extend(Some(c).filter(|c| *c >= ' '));
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    // What stands between quotes is taken as it is, whatever it is.
    let escaped = plain.chars().map(|c| if c < ' ' { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() });
    serde_json::from_str(&escaped.collect::<String>()).ok()
}

/// Leaves control characters in texts as they are, but for those with a letter of their own.
pub(super) fn encode(value: &Value) -> String {
    let json = value.to_string();
    let (mut written, mut rest) = (String::new(), json.as_str());
    while let Some((before, after)) = rest.split_once('\\') {
        written.push_str(before);
        let code = after.strip_prefix('u').and_then(|after| u32::from_str_radix(after.get(..4)?, 16).ok());
        rest = match code.and_then(char::from_u32) {
            Some(control) => {
                written.push(control);
                after.get(5..).unwrap_or_default()
            }
            None => {
                written.push('\\');
                written.extend(after.chars().next());
                after.get(1..).unwrap_or_default()
            }
        };
    }
    written + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn escapes_are_undone_before_backslashes() {
        assert_eq!(decode(r#"{"a":"C:\\u006eew"}"#), Some(json!({ "a": "C:\new" })));
        assert_eq!(decode(r#"{"a":"C:\\\u0075006eew"}"#), Some(json!({ "a": r"C:\u006eew" })));
        assert_eq!(decode(r#"["\ud83d\ude00","😀","\u0001"]"#), Some(json!(["??", "😀", "\u{1}"])));
        assert_eq!(decode(r#"{"a":"x\u0022,\u0022b\u0022:\u0022y"}"#), Some(json!({ "a": "x", "b": "y" })));
        assert_eq!(decode("{\n\"a\":\t1}"), Some(json!({ "a": 1 })));
        assert_eq!(decode("{not json"), None);
    }

    #[test]
    fn control_characters_are_left_as_they_are() {
        let text = encode(&json!(["\u{1}\u{b}\n\t\"", r"\u0001"]));
        assert_eq!(text, "[\"\u{1}\u{b}\\n\\t\\\"\",\"\\\\u0001\"]");
    }
}
