use std::borrow::Cow;

use super::{NoJson, quoted};

/// What a token is. Commas and colons are none: where they have to stand is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{` or `[`
    Begin,
    /// `}` or `]`
    End,
    /// The name of a member, with its quotes.
    Name,
    /// A string, with its quotes.
    Text,
    /// As many digits as were written.
    Number,
    /// `true`, `false` or `null`
    Word,
}

/// A piece of a document, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// What it is.
    pub kind: Kind,
    /// Its letters.
    pub text: &'t str,
    /// Where it begins in the document, in bytes.
    pub at: usize,
}

impl<'t> Token<'t> {
    /// Where it ends in the document, in bytes.
    pub fn end(&self) -> usize {
        self.at + self.text.len()
    }

    /// What a name or a string says. In the place of half a surrogate pair stands the replacement character, as most servers
    /// read it.
    pub fn said(&self) -> Cow<'t, str> {
        let inside = self.text.get(1..self.text.len().saturating_sub(1)).unwrap_or_default();
        if !inside.contains('\\') {
            return Cow::Borrowed(inside);
        }
        Cow::Owned(serde_json::from_str(self.text).unwrap_or_else(|_| String::from_utf16_lossy(&units(inside))))
    }

    /// What a name or a string says, in JSON without the quotes: the same for all ways to write it, and another one for another
    /// half of a surrogate pair.
    pub fn alike(&self) -> Cow<'t, str> {
        let inside = self.text.get(1..self.text.len().saturating_sub(1)).unwrap_or_default();
        if !inside.contains('\\') {
            return Cow::Borrowed(inside);
        }
        let mut text = String::with_capacity(inside.len());
        for c in char::decode_utf16(units(inside)) {
            match c {
                Ok(c) if c == '"' || c == '\\' || c.is_ascii_control() => {
                    let quoted = quoted(c.encode_utf8(&mut [0; 4]));
                    text.push_str(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
                }
                Ok(c) => text.push(c),
                Err(half) => text.push_str(&format!("\\u{:04x}", half.unpaired_surrogate())),
            }
        }
        Cow::Owned(text)
    }
}

/// The inside of a string, in which halves of surrogate pairs may stand alone.
fn units(inside: &str) -> Vec<u16> {
    let (mut units, mut rest) = (Vec::with_capacity(inside.len()), inside.chars());
    while let Some(c) = rest.next() {
        let c = match (c, rest.as_str().chars().next()) {
            ('\\', Some('u')) => {
                let hex = rest.as_str().get(1..5).unwrap_or_default();
                units.push(u16::from_str_radix(hex, 16).unwrap_or_default());
                rest = rest.as_str().get(5..).unwrap_or_default().chars();
                continue;
            }
            ('\\', Some(escaped)) => {
                rest.next();
                match escaped {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                }
            }
            (c, _) => c,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    units
}

/// The tokens of one document, in their order; the last is an error where it is none. It takes a byte of memory for each value
/// that is open, and none of the stack.
pub struct Tokens<'t> {
    text: &'t str,
    at: usize,
    /// The bytes by which the open ones end.
    open: Vec<u8>,
    expected: Expected,
}

#[derive(Clone, Copy, PartialEq)]
enum Expected {
    Value,
    /// A value, or the end of a list.
    FirstValue,
    Name,
    /// A name, or the end of an object.
    FirstName,
    /// A comma, or the end of a list or an object.
    Next,
    Nothing,
}

impl<'t> Tokens<'t> {
    /// Those of a document.
    pub fn of(text: &'t str) -> Self {
        Self { text, at: 0, open: Vec::new(), expected: Expected::Value }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, skipped: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = rest.iter().position(|byte| !skipped(*byte)).unwrap_or(rest.len());
        self.at += count;
        count
    }

    fn blanks(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn token(&mut self) -> Result<Option<Token<'t>>, NoJson> {
        use Expected::{FirstName, FirstValue, Name, Next, Nothing, Value};
        loop {
            self.blanks();
            let start = self.at;
            let kind = match (self.expected, self.byte()) {
                (Nothing, None) => return Ok(None),
                (Next, Some(b',')) => {
                    self.at += 1;
                    self.expected = if self.open.last() == Some(&b'}') { Name } else { Value };
                    continue;
                }
                (Value | FirstValue, Some(b'{')) => self.begin(b'}', FirstName),
                (Value | FirstValue, Some(b'[')) => self.begin(b']', FirstValue),
                (FirstValue | FirstName | Next, Some(byte)) if self.open.last() == Some(&byte) => {
                    self.at += 1;
                    self.open.pop();
                    Kind::End
                }
                (Value | FirstValue, Some(b'"')) => self.string().map(|()| Kind::Text)?,
                (Value | FirstValue, Some(b'-' | b'0'..=b'9')) => self.number()?,
                (Value | FirstValue, Some(b'a'..=b'z')) => self.word()?,
                (Name | FirstName, Some(b'"')) => self.string().map(|()| Kind::Name)?,
                (_, None) => return Err(self.wrong("it ends too early")),
                (Nothing, _) => return Err(self.wrong("there is more behind the document")),
                (Name | FirstName, _) => return Err(self.wrong("a name in quotes is expected")),
                (Next, _) => return Err(self.wrong("a comma or an end is expected")),
                (Value | FirstValue, _) => return Err(self.wrong("a value is expected")),
            };
            let token = Token { kind, text: self.text.get(start..self.at).unwrap_or_default(), at: start };
            match kind {
                Kind::Begin => {}
                Kind::Name => self.colon()?,
                _ if self.open.is_empty() => self.expected = Nothing,
                _ => self.expected = Next,
            }
            return Ok(Some(token));
        }
    }

    fn begin(&mut self, end: u8, expected: Expected) -> Kind {
        self.at += 1;
        self.open.push(end);
        self.expected = expected;
        Kind::Begin
    }

    fn colon(&mut self) -> Result<(), NoJson> {
        self.blanks();
        if self.byte() != Some(b':') {
            return Err(self.wrong("a colon is expected"));
        }
        self.at += 1;
        self.expected = Expected::Value;
        Ok(())
    }

    /// RFC 8259, section 7. Half a surrogate pair is a string by its grammar.
    fn string(&mut self) -> Result<(), NoJson> {
        self.at += 1;
        loop {
            self.skip(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
                    self.at += match rest {
                        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
                        [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => 6,
                        _ => return Err(self.wrong("an escape that there is not")),
                    };
                }
                Some(_) => return Err(self.wrong("a control character stands in a string")),
                None => return Err(self.wrong("it ends too early")),
            }
        }
    }

    /// RFC 8259, section 6.
    fn number(&mut self) -> Result<Kind, NoJson> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Kind::Number)
    }

    fn digits(&mut self) -> Result<(), NoJson> {
        match self.skip(|byte| byte.is_ascii_digit()) {
            0 => Err(self.wrong("a digit is expected")),
            _ => Ok(()),
        }
    }

    fn word(&mut self) -> Result<Kind, NoJson> {
        let start = self.at;
        self.skip(|byte| byte.is_ascii_alphanumeric());
        match self.text.get(start..self.at) {
            Some("true" | "false" | "null") => Ok(Kind::Word),
            _ => {
                self.at = start;
                Err(self.wrong("a value is expected"))
            }
        }
    }

    fn wrong(&self, problem: &'static str) -> NoJson {
        NoJson::at(self.text, self.at, problem)
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Result<Token<'t>, NoJson>;

    fn next(&mut self) -> Option<Self::Item> {
        let token = self.token();
        if token.is_err() {
            (self.at, self.expected) = (self.text.len(), Expected::Nothing);
        }
        token.transpose()
    }
}
