//! What the server reads as JSON out of a text.

use wharf_plugin::{Members, items, plain_json};

/// The text of a value for it. A text that is itself a list or an object is one that the caller has written out.
pub(crate) fn encoded(json: &str) -> String {
    match serde_json::from_str::<String>(json) {
        Ok(text) if Members::of(&text).is_some() || items(&text).is_some() => plain_json(&text),
        Ok(text) => text,
        Err(_) => plain_json(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> String {
        serde_json::Value::from(text).to_string()
    }

    #[test]
    fn json_that_is_written_out_is_written_as_the_server_reads_it() {
        let (given, expected) = (r#"{"a":"C:\\u006eew","n":1.10}"#, r#"{"a":"C:\\\u0075006eew","n":1.10}"#);
        assert_eq!((encoded(given), encoded(&quoted(given))), (expected.to_owned(), expected.to_owned()));
        assert_eq!(encoded(&quoted(r#" ["C:\\u006eew"]"#)), r#" ["C:\\\u0075006eew"]"#);
    }

    #[test]
    fn a_text_that_is_no_list_and_no_object_goes_as_it_is() {
        for text in [r"C:\u006eew", r#""C:\\u006eew""#, r#"{"a":"C:\\u006eew""#, "", "1.10"] {
            assert_eq!(encoded(&quoted(text)), text);
        }
    }
}
