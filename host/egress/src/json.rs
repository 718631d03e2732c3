//! JSON as it was written (RFC 8259). What a parser makes of a document is another one: `1.10` becomes `1.1`, one of two members
//! with one name vanishes, half a surrogate pair, `1e400` and what nests deep are refused. So a document stays the text that it
//! is, and is looked at token by token.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::asked::printable;
use crate::text::without_mark;
use crate::work::{OutOfTime, Work};

mod edit;
mod plain;
mod tokens;

pub use plain::KEPT_NAME;
pub use tokens::{Kind, Token, Tokens};

/// A document, as it was written: digits, equal members, escapes and blanks stay as they are, and it nests as deep as it does.
///
/// Two are equal if they are written with the same tokens.
#[derive(Clone)]
pub struct Json(String);

/// Why a text is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at line {line} column {column}")]
pub struct NoJson {
    /// What is wrong.
    pub problem: &'static str,
    /// Where, from 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl NoJson {
    fn at(text: &str, at: usize, problem: &'static str) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self { problem, line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
    }
}

/// Why a text is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It took too long.
    #[error(transparent)]
    OutOfTime(#[from] OutOfTime),
    /// It is no document.
    #[error(transparent)]
    NoJson(#[from] NoJson),
    /// An object in it has two members with one name, the escapes in it undone. Readers differ in which one they take.
    #[error("the member `{}` stands twice in one object", printable(.0))]
    Twice(String),
}

impl Json {
    /// A text that is one document.
    ///
    /// # Errors
    /// Where it is none, what is wrong and where.
    pub fn parse(text: impl Into<String>) -> Result<Self, NoJson> {
        let text = text.into();
        Tokens::of(&text).try_for_each(|token| token.map(|_| ()))?;
        Ok(Self(text))
    }

    /// The same within the time of a call.
    ///
    /// # Errors
    /// [`Problem::NoJson`] and [`Problem::OutOfTime`].
    pub fn parse_within(text: String, work: &Work) -> Result<Self, Problem> {
        for token in Tokens::of(&text) {
            work.steps(token?.text.len() + 1)?;
        }
        Ok(Self(text))
    }

    /// What a provider answered, if it is one document: also with a mark of the byte order before it, and with control characters in
    /// strings, which old encoders leave as they are and which are escapes then.
    pub fn of_answer(bytes: &[u8]) -> Option<Self> {
        let text = without_mark(str::from_utf8(bytes).ok()?);
        let has_controls = || text.bytes().any(|byte| byte < b' ');
        Self::parse(text).ok().or_else(|| has_controls().then(|| Self::parse(with_escaped_controls(text)).ok())?)
    }

    /// `null`
    pub fn null() -> Self {
        Self("null".to_owned())
    }

    /// A list of documents.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        let items: Vec<String> = items.into_iter().map(|item| item.0).collect();
        Self(format!("[{}]", items.join(",")))
    }

    /// An object of documents. Each name stands as often as it is given.
    pub fn object<'n>(members: impl IntoIterator<Item = (&'n str, Self)>) -> Self {
        let members: Vec<String> =
            members.into_iter().map(|(name, member)| format!("{}:{}", quoted(name), member.0)).collect();
        Self(format!("{{{}}}", members.join(",")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.0
    }

    /// What a parser makes of it, for whom that is enough.
    ///
    /// # Errors
    /// Half a surrogate pair, a number like `1e400`, or more than 127 values within values, and where it stands.
    pub fn value(&self) -> Result<Value, NoJson> {
        plain::value(&self.0).map_err(|_| self.beyond_a_parser())
    }

    /// What a parser does not take.
    fn beyond_a_parser(&self) -> NoJson {
        let mut depth = 0_usize;
        let mut problem = |token: &Token<'_>| match token.kind {
            Kind::Begin => {
                depth += 1;
                (depth > 127).then_some("values stand within values, and at most 127 may")
            }
            Kind::End => {
                depth = depth.saturating_sub(1);
                None
            }
            Kind::Name | Kind::Text => {
                let half = serde_json::from_str::<String>(token.text).is_err();
                half.then_some("an escape such as `\\ud83d` is half of a surrogate pair, and needs the other half")
            }
            Kind::Number => {
                let large = serde_json::from_str::<Number>(token.text).is_err();
                large.then_some("a number is larger than 1.7976931348623157e308, the largest that is allowed")
            }
            Kind::Word => None,
        };
        let found = self.tokens().find_map(|token| Some((token.at, problem(&token)?)));
        let (at, problem) = found.unwrap_or((0, "it has something in it that a parser does not take"));
        NoJson::at(&self.0, at, problem)
    }

    /// Its tokens, in their order.
    pub fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        Tokens::of(&self.0).map_while(Result::ok)
    }

    /// Whether a parser would write all of its numbers as they are.
    pub fn has_plain_numbers(&self) -> bool {
        self.tokens().filter(|token| token.kind == Kind::Number).all(|token| is_plain(token.text))
    }
}

/// One after a backslash is no escape that there is, and stays an error.
fn with_escaped_controls(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let (mut inside, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            '\0'..'\u{20}' if inside && !escaped => written.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => written.push(c),
        }
        inside ^= c == '"' && !escaped;
        escaped = c == '\\' && inside && !escaped;
    }
    written
}

/// A value that a manifest always has, and how it is written where a parser would write a number in it in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    pub(crate) value: Value,
    pub(crate) written: Option<Json>,
}

impl TryFrom<Json> for Literal {
    type Error = NoJson;

    /// # Errors
    /// As of [`Json::value`].
    fn try_from(json: Json) -> Result<Self, Self::Error> {
        let value = json.value()?;
        let written = (!json.has_plain_numbers()).then(|| json.compact());
        Ok(Self { value, written })
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.written {
            Some(written) => written.fmt(f),
            None => self.value.fmt(f),
        }
    }
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.written {
            Some(written) => written.serialize(serializer),
            None => self.value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Json::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Refuses a document in which an object, however deep, has a name twice.
///
/// # Errors
/// [`Problem`]
pub fn each_member_once(text: &str, work: &Work) -> Result<(), Problem> {
    // A key of its own for each document: nobody can find two names that are taken for one another.
    let random = RandomState::new();
    // The names of all open objects, and how many there were when each began.
    let (mut names, mut begun): (Vec<u64>, Vec<usize>) = (Vec::new(), Vec::new());
    for token in Tokens::of(text) {
        let token = token?;
        work.steps(token.text.len() + 1)?;
        match token.kind {
            Kind::Begin => begun.push(names.len()),
            Kind::Name => names.push(random.hash_one(&*token.said())),
            Kind::End => {
                let first = begun.pop().unwrap_or_default();
                let own = names.get_mut(first..).unwrap_or_default();
                work.steps(own.len().saturating_mul(own.len().checked_ilog2().unwrap_or_default() as usize))?;
                own.sort_unstable();
                if let Some([twice, _]) = own.array_windows().find(|[one, other]| one == other) {
                    let is_twice =
                        |token: &Token<'_>| token.kind == Kind::Name && random.hash_one(&*token.said()) == *twice;
                    let named = Tokens::of(text).filter_map(Result::ok).find(is_twice);
                    return Err(Problem::Twice(named.map(|name| name.said().into_owned()).unwrap_or_default()));
                }
                names.truncate(first);
            }
            Kind::Text | Kind::Number | Kind::Word => {}
        }
    }
    Ok(())
}

/// Whether a parser writes a number as it is written.
pub fn is_plain(digits: &str) -> bool {
    /// Each of so many digits is a whole number of 64 bits.
    const FEW: usize = 18;
    if digits.len() <= FEW && digits != "-0" && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return true;
    }
    serde_json::from_str::<Number>(digits).is_ok_and(|number| number.to_string() == digits)
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value.to_string())
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        Self(value.to_string())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.tokens().map(|token| token.text).eq(other.tokens().map(|token| token.text))
    }
}

impl Eq for Json {}

impl PartialEq<Value> for Json {
    fn eq(&self, other: &Value) -> bool {
        self.value().is_ok_and(|value| value == *other)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(text.get()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
