//! What strangers wrote, made fit to be read: on a terminal, in a message, in a log.

use unicode_general_category::{GeneralCategory, get_general_category};

/// Whether a character could move a cursor, hide, change how others are shown, or stand for what nobody knows.
///
/// By general category these are Cc, Cf, Zl, Zp, Co and Cn of Unicode 16: controls, marks of direction, joiners, tags, separators
/// of lines and paragraphs, private use and what is not assigned. So are the letters and marks that are shown as nothing at all.
/// An emoji that is joined of several is taken apart by this.
pub fn deceives(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(
        get_general_category(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    ) || is_shown_as_nothing(c)
}

/// What has the property `Default_Ignorable_Code_Point` and is no control or mark of format: the grapheme joiner, fillers of
/// Hangul, vowels of Khmer that are inherent, selectors of variations, and what is kept free for more of them.
pub(crate) fn is_shown_as_nothing(c: char) -> bool {
    selects_a_variation(c)
        || matches!(
            c,
            '\u{34f}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180e}'
                | '\u{2065}'
                | '\u{3164}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fff8}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether a character says in which form the one before it is shown.
pub(crate) fn selects_a_variation(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// The mark of the byte order, which some programs write before a text in UTF-8. A reader may pass over it (RFC 8259, section 8.1).
pub const MARK: &[u8] = "\u{feff}".as_bytes();

/// A text without one such mark before it.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A text of several lines, without what its end is padded with. Line breaks and tabs stay; what [deceives] is written
/// as an escape, such as `\u{1b}`.
pub fn visible(text: &str) -> String {
    escaped(text.trim_end(), |c| matches!(c, '\n' | '\t'))
}

/// A text that stays in its line: line breaks and tabs are escapes too.
pub fn in_one_line(text: &str) -> String {
    escaped(text, |_| false)
}

/// Whether a text is made of words, as names and paths are, and as what a provider makes is not. What an operator put in a wrong
/// place, as a secret where its name should stand, is repeated only where it is.
pub fn is_of_words(text: &str) -> bool {
    /// Longer ones are rare, and random letters are more often than not.
    const LONGEST: usize = 16;
    let words: Vec<&str> = text.split(['_', '-', '.', '/', ' ', '*']).filter(|word| !word.is_empty()).collect();
    words.iter().all(|word| {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let rest = letters.get(1..).unwrap_or_default();
        let is_one_case =
            letters.chars().all(|c| c.is_ascii_uppercase()) || !rest.contains(|c: char| c.is_ascii_uppercase());
        let has_few_digits = word.len() - letters.len() <= if words.len() > 1 { 4 } else { 0 };
        word.len() <= LONGEST && letters.chars().all(|c| c.is_ascii_alphabetic()) && is_one_case && has_few_digits
    })
}

/// What an operator wrote, in backticks, where it is made of words; else these words in its place.
pub fn named(text: &str, otherwise: &str) -> String {
    if is_of_words(text) { format!("`{text}`") } else { otherwise.to_owned() }
}

/// The beginning of a text, so many characters of it. What is masked in a text has to be masked before: half a secret is not found.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if stays(c) || !deceives(c) => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            c => shown.extend(c.escape_unicode()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whatever_moves_a_cursor_hides_or_turns_others_around_is_an_escape() {
        for c in "\u{0}\u{7}\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{34f}\u{61c}\u{115f}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\
                  \u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2064}\u{2066}\u{2069}\u{206f}\u{3164}\u{e000}\u{fe0f}\u{feff}\
                  \u{ffa0}\u{fff9}\u{fffe}\u{1d173}\u{e0001}\u{e0041}\u{e0100}\u{f0000}\u{10ffff}\u{378}"
            .chars()
        {
            assert!(deceives(c), "{c:?}");
            let shown = in_one_line(&format!("a{c}b"));
            assert!(shown.starts_with("a\\u{") && shown.ends_with("}b") && shown.is_ascii(), "{shown}");
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        let text = "Grüße, „Zitat“ – 12 €, naïve co\u{301}te, שלום, مرحبا, हिन्दी, 日本語, 한국어, 👍 ✓ → …";
        assert_eq!(visible(text), text);
        assert_eq!(in_one_line(text), text);
    }

    #[test]
    fn lines_stay_where_a_text_may_have_some_and_nowhere_else() {
        assert_eq!(visible("a\u{1b}[2J\u{202e}b\n\tc\r\n"), "a\\u{1b}[2J\\u{202e}b\n\tc");
        assert_eq!(in_one_line("a\u{1b}[2J\n\tc\r\n"), "a\\u{1b}[2J\\n\\tc\\u{d}\\n");
    }

    #[test]
    fn what_looks_like_a_secret_is_not_made_of_words() {
        for name in [
            "KEY",
            "SHOP_APPWRITE_KEY",
            "OAUTH2_TOKEN",
            "users.list",
            "users.*",
            "Users.List",
            "api_key",
            "project-id2",
            "/run/secrets/api_key",
            "secrets/chatwoot",
            "api.example.com/v1",
            "read",
            "*",
            "",
        ] {
            assert!(is_of_words(name), "{name}");
        }
        for secret in [
            "Sup3rS3cret",
            "hunter2",
            "JBSWY3DPEHPK3PXP",
            "AKIAIOSFODNN7EXAMPLE",
            "k7RmX2vQp9LzT4wB",
            "deadbeefdeadbeefdead",
            "9f86d081884c7d65",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
            "sk-live-Zq8TnYx3",
            "dGVzdA==",
            "pa$$word",
            "gr\u{fc}n",
        ] {
            assert!(!is_of_words(secret), "{secret}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_deceives_gets_through(text in any::<String>()) {
            let line = in_one_line(&text);
            prop_assert!(!line.contains(deceives), "{line:?}");
            prop_assert_eq!(in_one_line(&line), line);
            let lines = visible(&text);
            prop_assert!(!lines.contains(|c| !matches!(c, '\n' | '\t') && deceives(c)), "{lines:?}");
        }
    }
}
