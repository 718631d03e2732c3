//! JSON as text, which some servers read in a way of their own.

/// JSON text as the host writes it where there is only text, such as in a field of a form: for a value that a function puts there
/// itself. It is the same JSON for every right reader, and for those that undo `\uXXXX` before `\\` as well: strings have no escapes
/// but those that must be, and a `u` behind a backslash of the text is one where it would begin another.
pub fn plain_json(json: &str) -> String {
    let (mut plain, mut rest) = (String::new(), json);
    while let Some((before, after)) = rest.split_once('"') {
        let (inside, behind) = after.split_at(length_of_string(after));
        let escapes = inside.contains('\\').then(|| serde_json::from_str::<String>(&format!("\"{inside}\"")));
        let said = escapes.and_then(Result::ok).map(|said| serde_json::Value::from(said).to_string());
        let inside = said.as_deref().and_then(|said| said.get(1..said.len() - 1)).unwrap_or(inside);
        plain.extend([before, "\"", &without_false_escapes(inside), "\""]);
        rest = behind.get(1..).unwrap_or_default();
    }
    plain + rest
}

/// How long the inside of a string is that a text begins with.
fn length_of_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

/// The inside of a string in which no `\\` has a `u` and four digits behind it, in either case.
fn without_false_escapes(inside: &str) -> String {
    let mut parts = inside.split(r"\\");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_false = part.as_bytes().get(1..5).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let letter = match part.as_bytes().first() {
            Some(b'u') if is_false => r"\u0075",
            Some(b'U') if is_false => r"\u0055",
            _ => "",
        };
        text.extend([r"\\", letter, part.get(usize::from(!letter.is_empty())..).unwrap_or_default()]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_a_text_has_no_escapes_that_are_read_in_two_ways() {
        for (json, plain) in [
            (r#"{"a":"C:\\u006eew"}"#, r#"{"a":"C:\\\u0075006eew"}"#),
            (r#"["\\\\U00e9 \\u00e", {"\\u0041": 1.10}]"#, r#"["\\\\\u005500e9 \\u00e", {"\\\u00750041": 1.10}]"#),
            (r#""\\\u0041\u00e9\ud83d\ude00\u0022\u005c\/\u0001""#, r#""\\Aé😀\"\\/\u0001""#),
            (r#"["\ud83d \\u0041", -0, "\u005cu0041"]"#, r#"["\ud83d \\\u00750041", -0, "\\\u00750041"]"#),
            ("[1e400,\"\",\"x\",{}]", "[1e400,\"\",\"x\",{}]"),
        ] {
            assert_eq!(plain_json(json), plain);
            let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            assert_eq!(parsed(plain), parsed(json), "the same JSON");
        }
    }
}
