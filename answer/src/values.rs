//! What a value is, and what it says.

use std::borrow::Cow;

use crate::decimal::Decimal;
use crate::look::{Late, Steps, count, entries};
use crate::members::{Members, words};
use crate::rules::{Kind, Status, Test, Value, Words};

/// The most entries of a list that a message repeats.
const MOST_WORDS: usize = 64;

/// The longest text that can be made of certain words alone, in bytes.
const LONGEST_WORDS: usize = 200;

/// What a value says in words; nothing of what is empty.
pub(crate) fn said(json: &str) -> Option<String> {
    if is(json, Kind::Nothing) {
        return None;
    }
    match entries(json, MOST_WORDS) {
        Some((entries, is_all)) if is(json, Kind::List) => {
            let more = if is_all { "" } else { "; …" };
            let each: Vec<String> = entries.into_iter().map(|entry| one_line(entry.json)).collect();
            Some(each.join("; ") + more)
        }
        _ => Some(one_line(json)),
    }
}

/// A text, what an object says about a field, or else the JSON text as it is written.
fn one_line(json: &str) -> String {
    let of_object = || {
        let object = Members::of(json)?;
        let message = ["message", "detail", "msg", "description"].iter().find_map(|name| object.words(name))?;
        Some(match object.words("field") {
            Some(field) => format!("{field}: {message}"),
            None => message,
        })
    };
    words(json).or_else(of_object).unwrap_or_else(|| json.to_owned())
}

/// A value that is looked at.
#[derive(Clone, Copy)]
pub(crate) enum Seen<'s> {
    /// One of a JSON document, as it is written.
    Json(&'s str),
    /// The value of a header, or the body as it came.
    Text(&'s str),
}

impl<'s> Seen<'s> {
    fn written(self) -> &'s str {
        match self {
            Self::Json(written) | Self::Text(written) => written,
        }
    }

    /// What it says, if it is a text.
    fn text(self) -> Option<Cow<'s, str>> {
        match self {
            Self::Json(json) => words(json).map(Cow::Owned),
            Self::Text(text) => Some(Cow::Borrowed(text)),
        }
    }

    /// What it says in words.
    fn said(self) -> Option<Cow<'s, str>> {
        match self {
            Self::Json(json) => said(json).map(Cow::Owned),
            Self::Text(text) => Some(Cow::Borrowed(text)),
        }
    }
}

/// Whether a test holds of what is seen. A value is read once, whatever it is compared with.
pub(crate) fn holds(test: &Test, seen: &[Seen<'_>], any_case: bool, steps: Steps<'_>) -> Result<bool, Late> {
    let any_seen = |holds: &dyn Fn(Seen<'_>) -> Result<bool, Late>| any_seen(seen, steps, holds);
    match test {
        Test::Exists(exists) => Ok(*exists != seen.is_empty()),
        Test::Present(present) => Ok(*present == seen.iter().any(|seen| !matches!(seen, Seen::Json("null")))),
        Test::OneOf(values) => one_of(values, seen, any_case, steps),
        Test::NoneOf(values) => {
            let wanted = Wanted::all(values, any_case, steps)?;
            Ok(seen.is_empty() || any_seen(&|seen| Ok(!is_one_of(&wanted, seen, any_case, steps)?))?)
        }
        Test::Is(kinds) => any_seen(&|seen| {
            any(kinds, |kind| {
                count(steps, seen.written().len())?;
                Ok(matches!(seen, Seen::Json(json) if is(json, *kind)))
            })
        }),
        Test::Contains(texts) => {
            count(steps, texts.iter().map(|text| text.len()).sum())?;
            let wanted: Vec<Cow<'_, str>> = texts.iter().map(|text| folded(text, any_case)).collect();
            any_seen(&|seen| {
                let Some(said) = seen.said() else { return Ok(false) };
                let said = folded(&said, any_case);
                any(&wanted, |wanted| {
                    count(steps, 1 + said.len())?;
                    Ok(said.contains(&**wanted))
                })
            })
        }
        Test::Words(test) => any_seen(&|seen| seen.text().map_or(Ok(false), |text| are(test, &text, steps))),
        Test::Statuses(statuses) => any_seen(&|seen| {
            count(steps, statuses.len())?;
            Ok(says_status(statuses, &seen.text().unwrap_or(Cow::Borrowed(seen.written()))))
        }),
        Test::Reads(_) => Ok(false),
    }
}

/// Whether one of these values is seen.
pub(crate) fn one_of(values: &[Value], seen: &[Seen<'_>], any_case: bool, steps: Steps<'_>) -> Result<bool, Late> {
    let wanted = Wanted::all(values, any_case, steps)?;
    any_seen(seen, steps, &|seen| is_one_of(&wanted, seen, any_case, steps))
}

/// Whether it holds of something that is seen, which is counted.
fn any_seen(seen: &[Seen<'_>], steps: Steps<'_>, holds: &dyn Fn(Seen<'_>) -> Result<bool, Late>) -> Result<bool, Late> {
    any(seen, |seen| {
        count(steps, 1 + seen.written().len())?;
        holds(*seen)
    })
}

/// Whether it holds of one of several.
pub(crate) fn any<T>(several: &[T], holds: impl Fn(&T) -> Result<bool, Late>) -> Result<bool, Late> {
    for one in several {
        if holds(one)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A text in which the case of letters says nothing, where it does not count.
pub(crate) fn folded(text: &str, any_case: bool) -> Cow<'_, str> {
    if any_case { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) }
}

/// A value to compare with, made ready for it.
enum Wanted<'v> {
    /// `null`, `true` or `false`.
    Word(&'static str),
    Text(Cow<'v, str>),
    /// None where it is written as no number is.
    Number(Option<Decimal>),
    Empty(char, char),
}

impl<'v> Wanted<'v> {
    /// Each with how many bytes of it are compared.
    fn all(values: &'v [Value], any_case: bool, steps: Steps<'_>) -> Result<Vec<(usize, Self)>, Late> {
        let ready = |value: &'v Value| {
            let bytes = 1 + if let Value::Text(text) | Value::Number(text) = value { text.len() } else { 0 };
            count(steps, bytes).map(|()| (bytes, Self::of(value, any_case)))
        };
        values.iter().map(ready).collect()
    }

    fn of(value: &'v Value, any_case: bool) -> Self {
        match value {
            Value::Null => Self::Word("null"),
            Value::Boolean(true) => Self::Word("true"),
            Value::Boolean(false) => Self::Word("false"),
            Value::Text(text) => Self::Text(folded(text, any_case)),
            Value::Number(digits) => Self::Number(Decimal::parse(digits)),
            Value::EmptyList => Self::Empty('[', ']'),
            Value::EmptyObject => Self::Empty('{', '}'),
        }
    }
}

fn is_one_of(wanted: &[(usize, Wanted<'_>)], seen: Seen<'_>, any_case: bool, steps: Steps<'_>) -> Result<bool, Late> {
    let said = seen.text();
    let folded = said.as_deref().map(|said| folded(said, any_case));
    let json = if let Seen::Json(json) = seen { json } else { "" };
    let number = Decimal::parse(said.as_deref().unwrap_or(json));
    any(wanted, |(bytes, wanted)| {
        count(steps, *bytes)?;
        Ok(match wanted {
            Wanted::Word(word) => json == *word,
            Wanted::Text(text) => folded.as_ref() == Some(text),
            Wanted::Number(wanted) => wanted.is_some() && *wanted == number,
            Wanted::Empty(open, close) => is_empty(json, *open, *close),
        })
    })
}

/// A code as a whole number, however it is written: `500.0` and `5e2` as well.
pub(crate) fn whole(code: &str) -> Option<i64> {
    let number: i64 = Decimal::parse(code)?.in_digits()?.parse().ok()?;
    (number.abs() < 1_000_000_000).then_some(number)
}

pub(crate) fn is(json: &str, kind: Kind) -> bool {
    let begins = json.as_bytes().first();
    match kind {
        Kind::Null => json == "null",
        Kind::Boolean => matches!(json, "true" | "false"),
        Kind::Number => begins.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-'),
        Kind::Text => begins == Some(&b'"'),
        Kind::List => begins == Some(&b'['),
        Kind::Object => begins == Some(&b'{'),
        Kind::Json => true,
        Kind::Something => !is(json, Kind::Nothing),
        Kind::Nothing => {
            is_empty(json, '[', ']')
                || is_empty(json, '{', '}')
                || matches!(json, "null" | "false")
                || (is(json, Kind::Number) && Decimal::of(json).is_zero())
                || words(json).is_some_and(|text| text.trim().is_empty())
        }
    }
}

fn is_empty(json: &str, open: char, close: char) -> bool {
    let inside = json.strip_prefix(open).and_then(|json| json.strip_suffix(close));
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

/// Whether a number is one of these statuses.
fn says_status(statuses: &[Status], digits: &str) -> bool {
    whole(digits).is_some_and(|number| {
        statuses.iter().any(|status| match status {
            Status::One(one) => number == i64::from(*one),
            Status::Class(class) => number / 100 == i64::from(*class),
        })
    })
}

/// Whether a text is made of these words.
fn are(test: &Words, text: &str, steps: Steps<'_>) -> Result<bool, Late> {
    let is_of = |list: &[Cow<'static, str>], word: &str| {
        any(list, |known| {
            count(steps, 1 + known.len())?;
            Ok(known.eq_ignore_ascii_case(word))
        })
    };
    if test.only.is_empty() {
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '\'') {
            if is_of(&test.one_of, word)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let text = text.trim_end_matches(['.', '!', '\r', '\n']);
    if text.len() > LONGEST_WORDS {
        return Ok(false);
    }
    let mut has_one = false;
    for word in text.split(' ') {
        let is_one = is_of(&test.one_of, word)?;
        has_one |= is_one;
        if !is_one && !is_of(&test.only, word)? {
            return Ok(false);
        }
    }
    Ok(has_one)
}
