//! What an operator gives for a connection, and what came along with it unseen: by an editor, or by copying it.

use std::fmt;

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::refusal::ConnectionError;

/// A value that a connection is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Where its requests go.
    BaseUrl,
    /// The proxy on the way.
    Proxy,
    /// A field by its name, secret or not.
    Field(String),
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BaseUrl => f.write_str("the base URL"),
            Self::Proxy => f.write_str("the proxy's URL"),
            Self::Field(name) => write!(f, "the value of `{name}`"),
        }
    }
}

/// Refuses a value with a blank, a line break or something that does not show at an end of it, and one with a line break,
/// another control character or a byte order mark in it. It would be hashed and sent with the rest, and a provider says of it no
/// more than that the credentials are wrong.
pub(crate) fn check(value: &str, given: impl FnOnce() -> Given) -> Result<(), ConnectionError> {
    let ends = value.chars().next().into_iter().chain(value.chars().next_back());
    let problem = match (ends.into_iter().find(|c| is_unseen(*c)), value.chars().find(|c| breaks(*c))) {
        (Some(character), _) => ("begins or ends with a space, a line break or the like", character),
        (None, Some(character)) => {
            ("has a line break, another control character or a byte order mark in it", character)
        }
        (None, None) => return Ok(()),
    };
    Err(ConnectionError::Stray { given: given(), problem: problem.0, character: name(problem.1) })
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace() || matches!(get_general_category(c), GeneralCategory::Control | GeneralCategory::Format)
}

fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn name(c: char) -> String {
    let known = match c {
        ' ' => "a space",
        '\t' => "a tab",
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => "a line break",
        '\u{a0}' => "a no-break space",
        '\u{200b}' => "a zero-width space",
        '\u{feff}' => "a byte order mark",
        _ => "a character that does not show",
    };
    format!("{known}, U+{:04X}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(value: &str) -> Option<String> {
        check(value, || Given::Field("key".to_owned())).err().map(|error| error.to_string())
    }

    #[test]
    fn what_does_not_show_at_an_end_is_named_and_the_value_is_not() {
        for (unseen, name) in [
            (" ", "a space, U+0020"),
            ("\t", "a tab, U+0009"),
            ("\n", "a line break, U+000A"),
            ("\r\n", "a line break, U+00"),
            ("\u{a0}", "a no-break space, U+00A0"),
            ("\u{3000}", "U+3000"),
            ("\u{200b}", "a zero-width space, U+200B"),
            ("\u{2060}", "U+2060"),
            ("\u{200e}", "U+200E"),
            ("\u{feff}", "a byte order mark, U+FEFF"),
        ] {
            for value in [format!("geheim{unseen}"), format!("{unseen}geheim"), unseen.to_owned()] {
                let problem = problem(&value).unwrap();
                assert!(
                    problem.contains("`key` begins or ends with") && problem.contains(name),
                    "{value:?}: {problem}"
                );
                assert!(!problem.contains("geheim"), "{problem}");
            }
        }
    }

    #[test]
    fn a_line_break_a_control_character_or_a_mark_is_refused_anywhere() {
        for value in ["a\nb", "a\r\nb", "a\tb", "a\0b", "a\u{85}b", "a\u{2028}b", "a\u{feff}b"] {
            assert!(problem(value).unwrap().contains("`key` has a line break"), "{value:?}");
        }
    }

    #[test]
    fn what_people_choose_is_left_alone() {
        for value in [
            "",
            "k7RmX2vQp9LzT4wB",
            "correct horse battery",
            "Grüße, „Zitat“",
            "שלום",
            "日本語",
            "👩\u{200d}🚀❤\u{fe0f}",
        ] {
            assert_eq!(problem(value), None, "{value:?}");
        }
    }
}
