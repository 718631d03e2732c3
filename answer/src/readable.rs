//! What servers write that is nearly JSON.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// A body whose strings have no control characters in them, which JSON does not allow and old encoders leave as they are: each is
/// written as an escape. A body that is not JSON then either stays as it came.
pub(crate) fn readable(body: Vec<u8>) -> Vec<u8> {
    if body.iter().all(|byte| *byte >= b' ') {
        return body;
    }
    match str::from_utf8(&body).map(with_escaped_controls) {
        Ok(Cow::Owned(text)) if serde_json::from_str::<IgnoredAny>(&text).is_ok() => text.into_bytes(),
        _ => body,
    }
}

/// Only those between quotes. One after a backslash is no escape that there is, and stays an error.
fn with_escaped_controls(text: &str) -> Cow<'_, str> {
    let (mut written, mut copied) = (String::new(), 0);
    let (mut inside, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        if byte < b' ' && inside && !escaped {
            written.push_str(text.get(copied..at).unwrap_or_default());
            written.push_str(&format!("\\u{byte:04x}"));
            copied = at + 1;
        }
        inside ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && inside && !escaped;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    written.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> String {
        String::from_utf8(readable(body.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn a_control_character_in_a_string_is_an_escape() {
        let body = "{\n\t\"a\u{1}\":\"\u{b}\\\\\u{1f}\\\"\n\",\r\n \"b\":[\"x\"]}";
        let expected = "{\n\t\"a\\u0001\":\"\\u000b\\\\\\u001f\\\"\\u000a\",\r\n \"b\":[\"x\"]}";
        assert_eq!(read(body), expected);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&read(body)).unwrap()["a\u{1}"], "\u{b}\\\u{1f}\"\n");
        let every: String = (0..0x20).map(|code| char::from(code as u8)).collect();
        assert_eq!(serde_json::from_str::<String>(&read(&format!("\"{every}\""))).unwrap(), every);
    }

    #[test]
    fn what_is_no_json_either_way_stays_as_it_came() {
        for body in
            ["{\"a\":\u{1}1}", "\"a\u{1}", "\"a\\\u{1}\"", "said \"a\nb\"", "updated\n", "{\n}", "[\"\\u0001\"]"]
        {
            assert_eq!(read(body), body);
        }
        assert_eq!(readable(b"\"\x01\xff\"".to_vec()), b"\"\x01\xff\"");
    }
}
