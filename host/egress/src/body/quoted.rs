//! Names in the head of a part, which stand in quotes.

use std::fmt::Write as _;

/// What begins a parameter for those who look for it without regard to quotes.
const NAMES: [&str; 2] = ["name", "filename"];

/// A text for between the quotes of a `name` or `filename` (RFC 7578, section 4.2).
///
/// It is escaped as browsers do (WHATWG, multipart/form-data): `"`, CR and LF become `%22`, `%0D` and `%0A`, and a `%` stays. What
/// some servers would read as more than a name is escaped besides, and nothing else:
///
/// - `\`, as it takes the closing quote with it (PHP, Python, Rack), or cuts off what could be a path (PHP, Go);
/// - other controls, and characters at which Python ends a line;
/// - `;` before `name=` or `filename=`, which Rack looks for with an expression that knows no quotes;
/// - `=` before `?`, as in an encoded word (RFC 2047), which libraries of mail undo.
pub(super) fn quoted(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (place, c) in text.char_indices() {
        let rest = || text.get(place + c.len_utf8()..).unwrap_or_default();
        let is_escaped = match c {
            '"' | '\\' | '\u{2028}' | '\u{2029}' => true,
            ';' => begins_parameter(rest()),
            '=' => rest().starts_with('?'),
            c => c.is_control(),
        };
        if is_escaped {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a String does not fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Whether a name with a meaning stands here, perhaps with the star of an encoded or a continued one (RFC 8187, RFC 2231).
fn begins_parameter(rest: &str) -> bool {
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let after = after.trim_start_matches(|c: char| c == '*' || c.is_ascii_digit() || c.is_whitespace());
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)) && after.starts_with('=')
}

#[cfg(test)]
#[path = "parsers.rs"]
mod parsers;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parsers::{Seen, go, php, python, rack, werkzeug};
    use super::*;

    type Parser = (&'static str, fn(&str) -> Seen);

    const PARSERS: [Parser; 5] = [("php", php), ("rack", rack), ("python", python), ("werkzeug", werkzeug), ("go", go)];

    fn head(name: &str, file_name: &str) -> String {
        format!("form-data; name=\"{}\"; filename=\"{}\"", quoted(name), quoted(file_name))
    }

    #[test]
    fn every_server_sees_an_ordinary_name_as_it_is() {
        for name in [
            "plain.txt",
            "a;b.txt",
            "a; b=c.txt",
            "k=v&w=1.txt",
            "100% wool.txt",
            "50%.pdf",
            "Grüße (1).txt",
            "日本語.txt",
            "👍🏽.png",
            "it's.txt",
            "a, b: <c> [d] {e}?.txt",
            "name=x.txt",
            "; x=filename.txt",
            "a\u{a0}b.txt",
            "#1 @home!.txt",
            "~$^`|.txt",
        ] {
            assert_eq!(quoted(name), name);
            for (server, parse) in PARSERS {
                let seen = parse(&head("file", name));
                assert_eq!((seen.name.as_deref(), seen.file_name.as_deref()), (Some("file"), Some(name)), "{server}");
            }
        }
    }

    #[test]
    fn what_is_escaped_is_what_browsers_escape_and_what_servers_would_read_as_more() {
        for (name, sent) in [
            ("a\"b", "a%22b"),
            ("a\r\nb", "a%0D%0Ab"),
            ("a%22b", "a%22b"),
            ("a\\", "a%5C"),
            ("a\0\t\u{7f}b", "a%00%09%7Fb"),
            ("a\u{85}\u{2028}b", "a%C2%85%E2%80%A8b"),
            ("a; name=b", "a%3B name=b"),
            ("a;\u{a0}FileName*0*=b", "a%3B\u{a0}FileName*0*=b"),
            ("a; filename =b", "a%3B filename =b"),
            ("a; names=b; name", "a; names=b; name"),
            ("=?utf-8?q?evil?=", "%3D?utf-8?q?evil?="),
        ] {
            assert_eq!(quoted(name), sent);
        }
    }

    /// What the parsers are for: without escapes each of these names breaks out of at least one of them.
    #[test]
    fn a_hostile_name_breaks_out_where_it_is_not_escaped() {
        for name in ["a\"; name=\"b", "a\\", "a; name=b", "a\r\nContent-Type: x", "a\"; filename*=utf-8''b; x=\""] {
            let raw = format!("form-data; name=\"file\"; filename=\"{name}\"; x=\"y\"");
            let is_broken = |(_, parse): &Parser| {
                let seen = parse(&raw);
                seen.name.as_deref() != Some("file") || seen.file_name.as_deref() != Some(name) || seen.others != ["x"]
            };
            assert!(PARSERS.iter().any(is_broken), "{name:?}");
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[\"\\\\;= \r\n\t*'%?a]{1,4}",
            Just("name=".to_owned()),
            Just("; filename=\"".to_owned()),
            Just(";filename*=UTF-8''x".to_owned()),
            Just("; filename*0=x".to_owned()),
            Just("%22; name=%22".to_owned()),
            Just("=?utf-8?q?x=22?=".to_owned()),
            Just("\r\nContent-Disposition: form-data; name=role".to_owned()),
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn no_server_sees_another_field_another_file_or_more(name in hostile(), file_name in hostile()) {
            prop_assume!(!name.is_empty());
            let head = head(&name, &file_name);
            prop_assert!(!head.contains(|c: char| c.is_control()), "{head}");
            for (server, parse) in PARSERS {
                let seen = parse(&head);
                prop_assert!(seen.others.is_empty(), "{server} sees {seen:?} in {head}");
                let name_is = seen.name.as_deref();
                prop_assert!(name_is.is_some_and(|seen| is_of(seen, &name)), "{server} sees {seen:?} in {head}");
                let file_is = seen.file_name.as_deref();
                prop_assert!(file_is.is_some_and(|seen| is_of(seen, &file_name)), "{server} sees {seen:?} in {head}");
            }
        }
    }

    /// Whether it is a name as it was sent, or with escapes undone: nothing before it, behind it or in the place of it.
    fn is_of(seen: &str, name: &str) -> bool {
        let sent = quoted(name);
        // Werkzeug undoes one escape alone, and Rack those and then the backslashes.
        let undone = percent_encoding::percent_decode_str(&sent).decode_utf8_lossy().into_owned();
        let bare = regex::Regex::new(r"\\(.)").unwrap().replace_all(&undone, "$1").into_owned();
        // PHP takes a path off.
        let last = sent.rsplit('/').next().unwrap();
        [&sent, name, &sent.replace("%22", "\""), &undone, &bare, last].contains(&seen)
    }
}
