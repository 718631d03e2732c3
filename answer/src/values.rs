//! What a value is, and what it says.

use std::borrow::Cow;

use crate::look::entries;
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

pub(crate) fn of_json(test: &Test, found: &[&str], any_case: bool) -> bool {
    let is_one_of = |values: &[Value], json: &str| values.iter().any(|value| equals(value, json, any_case));
    let texts = || found.iter().filter_map(|json| words(json));
    match test {
        Test::Exists(exists) => *exists != found.is_empty(),
        Test::Present(present) => *present == found.iter().any(|json| *json != "null"),
        Test::OneOf(values) => found.iter().any(|json| is_one_of(values, json)),
        Test::NoneOf(values) => found.is_empty() || found.iter().any(|json| !is_one_of(values, json)),
        Test::Is(kinds) => found.iter().any(|json| kinds.iter().any(|kind| is(json, *kind))),
        Test::Contains(texts) => {
            let said: Vec<String> = found.iter().filter_map(|json| said(json)).collect();
            contain(texts, said.iter().map(String::as_str), any_case)
        }
        Test::Words(test) => texts().any(|text| are(test, &text)),
        Test::Statuses(statuses) => found.iter().any(|json| says_status(statuses, &written(json))),
        Test::Reads(_) => false,
    }
}

pub(crate) fn of_texts(test: &Test, found: &[&str], any_case: bool) -> bool {
    let is_one_of = |values: &[Value], text: &str| {
        values.iter().any(|value| match value {
            Value::Text(value) => same(value, text, any_case),
            Value::Number(digits) => number(digits).is_some_and(|value| number(text) == Some(value)),
            Value::Null | Value::Boolean(_) | Value::EmptyList | Value::EmptyObject => false,
        })
    };
    match test {
        Test::Exists(exists) | Test::Present(exists) => *exists != found.is_empty(),
        Test::OneOf(values) => found.iter().any(|text| is_one_of(values, text)),
        Test::NoneOf(values) => found.is_empty() || found.iter().any(|text| !is_one_of(values, text)),
        Test::Contains(texts) => contain(texts, found.iter().copied(), any_case),
        Test::Words(test) => found.iter().any(|text| are(test, text)),
        Test::Statuses(statuses) => found.iter().any(|text| says_status(statuses, text)),
        Test::Is(_) | Test::Reads(_) => false,
    }
}

fn contain<'t>(texts: &[Cow<'static, str>], mut found: impl Iterator<Item = &'t str>, any_case: bool) -> bool {
    let lower = |text: &str| if any_case { text.to_lowercase() } else { text.to_owned() };
    let wanted: Vec<String> = texts.iter().map(|text| lower(text)).collect();
    found.any(|text| {
        let text = lower(text);
        wanted.iter().any(|wanted| text.contains(wanted.as_str()))
    })
}

fn same(one: &str, other: &str, any_case: bool) -> bool {
    if any_case { one.to_lowercase() == other.to_lowercase() } else { one == other }
}

pub(crate) fn equals(value: &Value, json: &str, any_case: bool) -> bool {
    match value {
        Value::Null => json == "null",
        Value::Boolean(flag) => json == if *flag { "true" } else { "false" },
        Value::Text(text) => words(json).is_some_and(|said| same(text, &said, any_case)),
        Value::Number(digits) => number(digits).is_some_and(|value| number(&written(json)) == Some(value)),
        Value::EmptyList => is_empty(json, '[', ']'),
        Value::EmptyObject => is_empty(json, '{', '}'),
    }
}

pub(crate) fn number(digits: &str) -> Option<f64> {
    digits.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A code as a whole number, however it is written: `500.0` and `5e2` as well.
pub(crate) fn whole(code: &str) -> Option<i64> {
    let number = number(code)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small")]
    (number.fract() == 0.0 && number.abs() < 1e9).then_some(number as i64)
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
                || (is(json, Kind::Number) && number(json) == Some(0.0))
                || words(json).is_some_and(|text| text.trim().is_empty())
        }
    }
}

fn is_empty(json: &str, open: char, close: char) -> bool {
    let inside = json.strip_prefix(open).and_then(|json| json.strip_suffix(close));
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

/// What a text says, or a number as it is written.
fn written(json: &str) -> Cow<'_, str> {
    words(json).map_or(Cow::Borrowed(json), Cow::Owned)
}

/// Whether a number is one of these statuses.
fn says_status(statuses: &[Status], digits: &str) -> bool {
    number(digits).is_some_and(|number| {
        statuses.iter().any(|status| match status {
            Status::One(one) => number == f64::from(*one),
            Status::Class(class) => (f64::from(class * 100)..f64::from(class * 100 + 100)).contains(&number),
        })
    })
}

/// Whether a text is made of these words.
fn are(test: &Words, text: &str) -> bool {
    let is_of = |list: &[Cow<'static, str>], word: &str| list.iter().any(|known| known.eq_ignore_ascii_case(word));
    if test.only.is_empty() {
        let ends = |c: char| !c.is_alphanumeric() && c != '\'';
        return text.split(ends).any(|word| is_of(&test.one_of, word));
    }
    let text = text.trim_end_matches(['.', '!', '\r', '\n']);
    let mut has_one = false;
    let are_known = text.len() <= LONGEST_WORDS
        && text.split(' ').all(|word| {
            let is_one = is_of(&test.one_of, word);
            has_one |= is_one;
            is_one || is_of(&test.only, word)
        });
    are_known && has_one
}
