//! The parameters of a header value, such as `attachment; filename="a.txt"` (RFC 9110, section 5.6.6).

/// What stands before the parameters, and these: names in lower case, values without the quotes around them. A name that stands
/// there several times is listed each time.
///
/// It is lenient where servers are: the first piece may be a parameter, or have one behind it without a semicolon, space may stand
/// around the `=`, and a value that is not in quotes may be more than a token.
pub(crate) fn read(value: &str) -> (&str, Vec<(String, String)>) {
    let pieces = pieces(value);
    let first = pieces.first().map_or("", |piece| match parameter(piece) {
        Some((before, _, _)) => before,
        None => piece,
    });
    let parameters = pieces.iter().filter_map(|piece| {
        let (_, name, value) = parameter(piece)?;
        Some((name.to_ascii_lowercase(), unquoted(value.trim())))
    });
    (first.trim_matches(is_gap), parameters.collect())
}

/// What stands before a parameter, its name and its value. A semicolon may be missing: `attachment filename=a`.
fn parameter(piece: &str) -> Option<(&str, &str, &str)> {
    let (before, value) = piece.split_once('=')?;
    let before = before.trim_end();
    let (rest, name) = before.split_at(before.rfind(is_gap).map_or(0, |gap| before.ceil_char_boundary(gap + 1)));
    (!name.is_empty()).then_some((rest, name, value))
}

/// What stands where a semicolon should.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// The first value of a name.
pub(crate) fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Splits at the semicolons that stand in no quotes. A quote begins only where a value does.
fn pieces(value: &str) -> Vec<&str> {
    enum At {
        Name,
        Value,
        Token,
        Quoted,
        Escaped,
    }
    let mut at = At::Name;
    let ends = |c: char| {
        let is_end = c == ';' && !matches!(at, At::Quoted | At::Escaped);
        at = match (&at, c) {
            (At::Quoted, '\\') => At::Escaped,
            (At::Quoted, '"') => At::Token,
            (At::Quoted | At::Escaped, _) => At::Quoted,
            (_, ';') => At::Name,
            (At::Name, '=') => At::Value,
            (At::Name, _) => At::Name,
            (At::Value, '"') => At::Quoted,
            (At::Value, c) if c.is_whitespace() => At::Value,
            (At::Value | At::Token, _) => At::Token,
        };
        is_end
    };
    value.split(ends).collect()
}

/// A quoted string without its quotes and escapes (RFC 9110, section 5.6.4); another value as it is. Windows writes paths without
/// escapes, so in one that begins as such a path a backslash is itself.
fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"') else { return value.to_owned() };
    let is_path = inside.get(1..3) == Some(":\\") || inside.starts_with("\\\\");
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' if !is_path => text.extend(rest.next()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: &str, name: &str) -> Option<String> {
        super::value(&read(value).1, name).map(str::to_owned)
    }

    #[test]
    fn a_parameter_is_found_however_it_is_written() {
        for header in [
            "x;a=b",
            "x; A=b",
            "x ;\ta = b ",
            "x; a=\"b\"",
            "x; a=\"\\b\"",
            "a=b",
            "x a=b",
            "x, a=b",
            ";;a=b;",
            "x; a=b; a=c",
        ] {
            assert_eq!(of(header, "a").as_deref(), Some("b"), "{header}");
        }
    }

    #[test]
    fn a_parameter_without_a_semicolon_before_it_is_no_part_of_what_stands_there() {
        for header in ["x/y;a=b", "x/y", " x/y ; a=b", "x/y a=b", "x/y\ta = \"b\"", "x/y, a=b", "x/y,a=b;c=d", "x/y ,"]
        {
            assert_eq!(read(header).0, "x/y", "{header}");
        }
        for header in ["a=b", " a=b; c=d", "", "=b"] {
            assert_eq!(read(header).0.replace("=b", ""), "", "{header}");
        }
    }

    #[test]
    fn a_parameter_inside_of_a_quoted_value_is_none() {
        for header in ["x; c=\"; a=b\"", "x; c=\"\\\"; a=b\"", "x; c=\"a=b\"", "x; aa=b", "x", "", "x; a"] {
            assert_eq!(of(header, "a"), None, "{header}");
        }
    }

    #[test]
    fn quotes_and_escapes_are_undone_and_a_path_of_windows_is_left() {
        assert_eq!(of(r#"x; a="he said \"hi\"; \\o/""#, "a").unwrap(), r#"he said "hi"; \o/"#);
        assert_eq!(of(r#"x; a="C:\temp\new.txt"; b=c"#, "a").unwrap(), r"C:\temp\new.txt");
        assert_eq!(of(r#"x; a="\\server\new.txt""#, "a").unwrap(), r"\\server\new.txt");
        assert_eq!(of("x; a=it's 5\" wide; b=c", "a").unwrap(), "it's 5\" wide");
        assert_eq!(of("x; a=\"without an end; b=c", "a").unwrap(), "without an end; b=c");
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_as_it_was(value in "[ -~äß€👍]{0,20}", other in "[ -~]{0,20}") {
            let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            // What begins like a path of Windows is read as one.
            prop_assume!(value.get(1..2) != Some(":") && !value.starts_with('\\'));
            prop_assume!(other.get(1..2) != Some(":") && !other.starts_with('\\'));
            let header = format!("x; c=\"{}\"; a=\"{}\"", quote(&other), quote(&value));
            prop_assert_eq!(of(&header, "a"), Some(value));
            prop_assert_eq!(of(&header, "c"), Some(other));
        }

        #[test]
        fn whatever_comes_is_read(header in "[;=\" \\\\a*b'%]{0,30}|\\PC{0,30}") {
            let (first, parameters) = read(&header);
            prop_assert!(header.contains(first));
            prop_assert!(parameters.iter().all(|(name, _)| !name.contains(char::is_whitespace)));
        }
    }
}
