//! What an operator gives for a connection, and what came along with it unseen: by an editor, or by copying it.

use std::fmt;

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::refusal::ConnectionError;
use crate::text::{is_shown_as_nothing, selects_a_variation};

/// Symbols that look like a space or like nothing, whatever their properties: the place of an object that is not in a text, the
/// pattern of Braille without dots, the filler of Khitan, and the head of a note that has none.
const BLANKS: [char; 4] = ['\u{2800}', '\u{fffc}', '\u{16fe4}', '\u{1d159}'];

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
    let first = value.chars().next().filter(|c| is_unseen(*c));
    let problem = match (first.or_else(|| unseen_at_the_end(value)), value.chars().find(|c| breaks(*c))) {
        (Some(character), _) => ("begins or ends with a space, a line break or the like", character),
        (None, Some(character)) => {
            ("has a line break, another control character or a byte order mark in it", character)
        }
        (None, None) => return Ok(()),
    };
    Err(ConnectionError::Stray { given: given(), problem: problem.0, character: name(problem.1) })
}

/// The same for a secret. A private key in PEM form has lines, and its place is in what is signed: where a header would have it, it is
/// refused there.
pub(crate) fn check_secret(value: &str, given: impl FnOnce() -> Given) -> Result<(), ConnectionError> {
    if is_pem(value) { Ok(()) } else { check(value, given) }
}

/// Whether a text consists of blocks of PEM (RFC 7468, section 3), and of line breaks: nothing in it is unseen.
fn is_pem(text: &str) -> bool {
    let label = |line: &str, begin: &str| {
        let label = line.strip_prefix(begin)?.strip_suffix("-----")?;
        label
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ')
            .then(|| label.to_owned())
    };
    let is_of_base64 = |line: &str| line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    let (mut inside, mut blocks) = (None, 0);
    for line in text.split(['\n', '\r']) {
        inside = match (inside, label(line, "-----BEGIN "), label(line, "-----END ")) {
            (None, Some(begun), _) => Some(begun),
            (None, None, _) if line.is_empty() => None,
            (Some(begun), _, Some(ended)) if begun == ended => {
                blocks += 1;
                None
            }
            (Some(begun), None, None) if is_of_base64(line) => Some(begun),
            _ => return false,
        };
    }
    blocks > 0 && inside.is_none()
}

fn unseen_at_the_end(value: &str) -> Option<char> {
    let mut from_the_end = value.chars().rev();
    let last = from_the_end.next().filter(|c| is_unseen(*c))?;
    // An emoji may end in one, which shows in how it looks.
    let is_of_what_shows = selects_a_variation(last) && from_the_end.next().is_some_and(has_variations);
    (!is_of_what_shows).then_some(last)
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || is_shown_as_nothing(c)
        || BLANKS.contains(&c)
        || matches!(get_general_category(c), GeneralCategory::Control | GeneralCategory::Format)
}

/// Whether a character is of a kind that is shown in several forms: symbols, ideographs and Mongolian letters. Letters and digits
/// of keys are none.
fn has_variations(c: char) -> bool {
    use GeneralCategory::{MathSymbol, OtherLetter, OtherPunctuation, OtherSymbol};
    let kind = get_general_category(c);
    !c.is_ascii() && !is_unseen(c) && matches!(kind, MathSymbol | OtherLetter | OtherPunctuation | OtherSymbol)
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
            ("\u{3164}", "a character that does not show, U+3164"),
            ("\u{fe0f}", "a character that does not show, U+FE0F"),
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
    fn a_private_key_in_pem_form_is_a_secret_with_lines_and_nothing_else_is() {
        let problem = |value: &str| check_secret(value, || Given::Field("key".to_owned())).err();
        let key = "-----BEGIN PRIVATE KEY-----\nMIGH+/==\nAgEA\n-----END PRIVATE KEY-----";
        for value in [key.to_owned(), format!("{key}\n"), key.replace('\n', "\r\n"), format!("{key}\n\n{key}\n")] {
            assert_eq!(problem(&value), None, "{value:?}");
            assert!(check(&value, || Given::Field("key".to_owned())).is_err(), "no other field has lines");
        }
        for value in [
            format!(" {key}"),
            format!("{key} "),
            format!("{key}\nsecret"),
            format!("\u{feff}{key}"),
            key.replace("AgEA", "Ag EA"),
            key.replace("AgEA", "Ag\0EA"),
            key.replace("END PRIVATE", "END"),
            key.replace("-----END PRIVATE KEY-----", ""),
            "\n".to_owned(),
            "secret\n".to_owned(),
        ] {
            assert!(problem(&value).is_some(), "{value:?}");
        }
        assert_eq!(problem("k7RmX2vQp9LzT4wB"), None);
        assert_eq!(problem("-----BEGIN PRIVATE KEY-----\\nMIGH\\n-----END PRIVATE KEY-----"), None, "in one line");
    }

    #[test]
    fn whatever_unicode_shows_as_nothing_is_refused_at_both_ends_and_nothing_else() {
        // Default_Ignorable_Code_Point of DerivedCoreProperties.txt, Unicode 16.
        const IGNORABLE: [(u32, u32); 17] = [
            (0xad, 0xad),
            (0x34f, 0x34f),
            (0x61c, 0x61c),
            (0x115f, 0x1160),
            (0x17b4, 0x17b5),
            (0x180b, 0x180f),
            (0x200b, 0x200f),
            (0x202a, 0x202e),
            (0x2060, 0x206f),
            (0x3164, 0x3164),
            (0xfe00, 0xfe0f),
            (0xfeff, 0xfeff),
            (0xffa0, 0xffa0),
            (0xfff0, 0xfff8),
            (0x1bca0, 0x1bca3),
            (0x1d173, 0x1d17a),
            (0xe0000, 0xe0fff),
        ];
        let is_ignorable = |c: char| IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)));
        for c in '\0'..=char::MAX {
            let is_a_space = c.is_whitespace() || "\u{2800}\u{fffc}\u{16fe4}\u{1d159}".contains(c);
            let is_a_mark = matches!(get_general_category(c), GeneralCategory::Control | GeneralCategory::Format);
            let unseen = is_ignorable(c) || is_a_space || is_a_mark;
            for value in [format!("k7RmX2vQ{c}"), format!("{c}k7RmX2vQ"), c.to_string()] {
                assert_eq!(problem(&value).is_some(), unseen, "{value:?}");
            }
        }
    }

    #[test]
    fn a_selector_belongs_to_what_shows_before_it_and_to_no_letter_of_a_key() {
        for value in ["❤\u{fe0f}", "a☎\u{fe0e}", "‼\u{fe0f}", "葛\u{e0100}", "ᠠ\u{180b}"] {
            assert_eq!(problem(value), None, "{value:?}");
        }
        for value in ["k7\u{fe0f}", "kR\u{e0100}", "#\u{fe0f}", "é\u{fe0f}", "❤\u{fe0f}\u{fe0f}", "\u{3164}\u{fe0f}"]
        {
            assert!(problem(value).is_some(), "{value:?}");
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
