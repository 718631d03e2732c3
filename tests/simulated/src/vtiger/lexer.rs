//! The words and signs of the query language.

use super::refusal::Refusal;

/// A word or sign as it is written, and its kind.
#[derive(Debug)]
pub(super) struct Token {
    kind: &'static str,
    text: String,
}

/// What is still to be read of a statement.
pub(super) struct Tokens {
    tokens: std::vec::IntoIter<Token>,
    last: String,
}

const WORDS: [(&str, &str); 11] = [
    ("select", "SELECT"),
    ("from", "FROM"),
    ("where", "WHERE"),
    ("and", "AND"),
    ("or", "OR"),
    ("in", "IN"),
    ("like", "OPERATOR"),
    ("limit", "LIMIT"),
    ("asc", "ASC"),
    ("desc", "DESC"),
    ("order", "ORDERBY"),
];

const SIGNS: [(&str, &str); 11] = [
    ("<=", "OPERATOR"),
    (">=", "OPERATOR"),
    ("!=", "OPERATOR"),
    ("=", "OPERATOR"),
    ("<", "OPERATOR"),
    (">", "OPERATOR"),
    ("*", "ASTERISK"),
    ("(", "PARENOPEN"),
    (")", "PARENCLOSE"),
    (",", "COMMA"),
    (";", "SEMICOLON"),
];

impl Token {
    /// What a value means: without its quotes, and as the database reads it, to which it goes as it is written. There a backslash is
    /// an escape; here it was none, so one before the last quote leaves the value without an end.
    pub(super) fn value(raw: &str) -> Result<String, Refusal> {
        let Some(inside) = raw.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) else {
            return Ok(raw.to_owned());
        };
        let broken = || Refusal::new("DATABASE_QUERY_ERROR", "Database error while performing requested operation");
        let (mut value, mut rest) = (String::new(), inside.chars());
        while let Some(c) = rest.next() {
            value.push(match c {
                '\\' => rest.next().ok_or_else(broken)?,
                '\'' => rest.next().filter(|second| *second == '\'').ok_or_else(broken)?,
                c => c,
            });
        }
        Ok(value)
    }

    /// The first token of a text, and the length of what it takes.
    fn first(text: &str) -> Option<(Self, usize)> {
        let first = text.chars().next()?;
        let token = |kind, length: usize| {
            let (text, _) = text.split_at_checked(length)?;
            Some((Self { kind, text: text.to_owned() }, length))
        };
        if first == '\'' {
            // Two quotes are one, and nothing else is an escape. A value is not empty.
            let mut quotes = text.get(1..)?.match_indices('\'').map(|(at, _)| at).peekable();
            let end = std::iter::from_fn(|| {
                let at = quotes.next()?;
                Some(quotes.next_if_eq(&(at + 1)).is_none().then_some(at))
            });
            let end = end.flatten().next().filter(|end| *end > 0);
            return token(if end.is_some() { "VALUE" } else { "Unknown" }, end.map_or(text.len(), |at| at + 2));
        }
        if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| text.starts_with(sign)) {
            return token(kind, sign.len());
        }
        let length = text.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | ':'));
        let length = length.unwrap_or(text.len()).max(first.len_utf8());
        let word = text.get(..length)?;
        if first.is_ascii_digit() || first == '-' {
            return token("VALUE", length);
        }
        let kind = WORDS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known)).map_or("Unknown", |(_, kind)| kind);
        token(kind, length)
    }
}

impl Tokens {
    pub(super) fn of(text: &str) -> Self {
        let mut tokens: Vec<Token> = Vec::new();
        let mut rest = text.trim_start();
        while let Some((token, length)) = Token::first(rest) {
            rest = rest.get(length..).unwrap_or_default().trim_start();
            // `order by` is one.
            let is_by = token.text.eq_ignore_ascii_case("by");
            if !(is_by && tokens.last().is_some_and(|before| before.kind == "ORDERBY")) {
                tokens.push(token);
            }
        }
        Self { tokens: tokens.into_iter(), last: String::new() }
    }

    /// Whether the next token is of this kind; then it is taken.
    pub(super) fn take(&mut self, kind: &str) -> bool {
        let is_next = self.tokens.as_slice().first().is_some_and(|token| token.kind == kind);
        if is_next {
            self.last = self.tokens.next().map_or_else(String::new, |token| token.text);
        }
        is_next
    }

    /// The text of the next token, which must be of this kind. A name is a word without a meaning of its own.
    pub(super) fn expect(&mut self, kind: &str) -> Result<String, Refusal> {
        let wanted = if kind.ends_with("NAME") { "Unknown" } else { kind };
        match self.tokens.next() {
            Some(token) if token.kind == wanted => {
                self.last.clone_from(&token.text);
                Ok(token.text)
            }
            Some(token) => Err(Self::unexpected(&token.text, token.kind, &token.text, kind)),
            None => Err(Self::unexpected(&self.last, "End of Input", "0", kind)),
        }
    }

    pub(super) fn end(&mut self) -> Result<(), Refusal> {
        match self.tokens.next() {
            Some(token) => Err(Self::unexpected(&token.text, token.kind, &token.text, "End of Input")),
            None => Ok(()),
        }
    }

    pub(super) fn unexpected(token: &str, kind: &str, text: &str, expected: &str) -> Refusal {
        let message =
            format!("Syntax Error on line 1: token '{token}' Unexpected {kind}({text}), expected one of: {expected}");
        Refusal::new("QUERY_SYNTAX_ERROR", message)
    }
}
