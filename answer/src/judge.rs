//! What rules say of an answer.

use std::borrow::Cow;

use crate::answer::Answer;
use crate::failure::{Detail, Failure};
use crate::members::{Members, items, words};
use crate::read;
use crate::rules::{Condition, Failing, FailureKind, Kind, Output, Place, Rule, Status, Subject, Test, Then, Value};

/// How deep rules may use others.
const DEEPEST: usize = 8;

/// Where most providers have the words of a failure.
const MESSAGE: [&str; 10] = [
    "/message",
    "/error",
    "/errors",
    "/detail",
    "/error_description",
    "/title",
    "/description",
    "/error_message",
    "/errorMessages",
    "/Message",
];

/// A success that rules found in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// JSON text.
    Json(String),
    /// The body is a file of this name.
    File(String),
}

/// Rules that are used by their name.
pub trait Named {
    /// Those of a name.
    fn rules(&self, name: &str) -> Option<&[Rule]>;
}

/// No rules are used by their name.
impl Named for () {
    fn rules(&self, _: &str) -> Option<&[Rule]> {
        None
    }
}

/// Reads an answer: the first rule that fits decides. Where none fits, a 2xx gives its body, and any other status is a failure.
///
/// # Errors
/// The failure that the rules find, or that of an answer which makes no sense.
pub fn judge(answer: &Answer, rules: &[Rule], named: &impl Named) -> Result<Found, Failure> {
    let mut look = Look { answer, body: answer.as_text(), met_equal: false };
    match look.first(rules, named, DEEPEST) {
        Some(Then::Output(output)) => look.output(output),
        Some(Then::Failure(failing)) => Err(look.failure(failing)),
        Some(Then::Unreadable(expected)) => Err(answer.makes_no_sense(expected)),
        Some(Then::Use(_)) | None if answer.is_success() => look.output(&Output::Body),
        Some(Then::Use(_)) | None => Err(look.failure(&Failing::default())),
    }
}

/// A look at one answer.
struct Look<'a> {
    answer: &'a Answer,
    /// None where it is no text.
    body: Option<&'a str>,
    /// Whether a pointer led through an object that has the member twice.
    met_equal: bool,
}

impl<'a> Look<'a> {
    fn first<'r>(&mut self, rules: &'r [Rule], named: &'r impl Named, deep: usize) -> Option<&'r Then> {
        for rule in rules {
            if !rule.conditions.iter().all(|condition| self.holds(condition)) {
                continue;
            }
            match &rule.then {
                Then::Use(name) => {
                    let used = deep.checked_sub(1).and_then(|deep| self.first(named.rules(name)?, named, deep));
                    if used.is_some() {
                        return used;
                    }
                }
                then => return Some(then),
            }
        }
        None
    }

    fn holds(&mut self, condition: &Condition) -> bool {
        let Condition { of, test, any_case } = condition;
        match (of, test) {
            (Subject::Status, Test::Statuses(statuses)) => statuses.iter().any(|status| match status {
                Status::One(one) => *one == self.answer.status,
                Status::Class(class) => *class == self.answer.status / 100,
            }),
            (Subject::Operation, Test::Reads(reads)) => *reads == self.answer.is_to_a_read(),
            (Subject::Body, Test::Is(kinds)) => kinds.iter().any(|kind| self.body_is(*kind)),
            (Subject::At(pointers), test) => {
                let found: Vec<&str> = pointers.iter().flat_map(|pointer| self.at(pointer, *any_case)).collect();
                of_json(test, &found, *any_case)
            }
            (Subject::Header(name), test) => {
                let found: Vec<&str> = self.answer.all(name).collect();
                of_texts(test, &found, *any_case)
            }
            (Subject::Body, test) => {
                let found: Vec<&str> = self.body.map(str::trim).into_iter().collect();
                of_texts(test, &found, *any_case)
            }
            // What does not belong together never holds; a manifest with it is refused.
            (Subject::Status | Subject::Operation, _) => false,
        }
    }

    fn body_is(&self, kind: Kind) -> bool {
        match (kind, self.answer.is_empty()) {
            (Kind::Nothing, empty) => empty,
            (_, true) => false,
            (Kind::Json, false) => read::is_json(self.answer),
            (kind, false) => read::is_json(self.answer) && self.body.is_some_and(|body| is(body.trim_ascii(), kind)),
        }
    }

    /// What stands at a pointer, as it is written.
    fn at(&mut self, pointer: &str, any_case: bool) -> Vec<&'a str> {
        let Some(body) = self.body.filter(|_| read::is_json(self.answer)) else { return Vec::new() };
        let mut found = vec![body.trim_ascii()];
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let mut inside = Vec::new();
            for json in found {
                let before = inside.len();
                inside.extend(step(json, &token, any_case));
                self.met_equal |= token != "*" && inside.len() > before + 1;
            }
            found = inside;
        }
        found
    }

    fn output(&mut self, output: &Output) -> Result<Found, Failure> {
        if let Output::File(name) = output {
            return Ok(Found::File(name.clone().into_owned()));
        }
        let found = match output {
            Output::At(pointer) => match self.at(pointer, false).as_slice() {
                [one] => Some((*one).to_owned()),
                _ => return Err(self.answer.makes_no_sense(&format!("an object with `{pointer}`, once"))),
            },
            Output::Value(json) => Some(json.clone().into_owned()),
            _ => None,
        };
        if self.met_equal {
            return Err(self
                .answer
                .makes_no_sense("one in which each of the members that tell how it went stands once"));
        }
        Ok(Found::Json(match (found, output) {
            (Some(json), _) => json,
            (None, Output::Text) => serde_json::Value::from(self.answer.text()?).to_string(),
            (None, Output::Message) => {
                let message = serde_json::Value::from(self.answer.text()?.trim());
                format!("{{\"success\":true,\"message\":{message}}}")
            }
            (None, _) => read::json(self.answer)?,
        }))
    }

    fn failure(&mut self, failing: &Failing) -> Failure {
        let usual: Vec<Place> = MESSAGE.iter().map(|at| Place::At(Cow::Borrowed(at))).chain([Place::Body]).collect();
        let places = if failing.message.is_empty() { &usual } else { &*failing.message };
        let told = self.words(places).filter(|told| !told.trim().is_empty());
        let mut detail = self.answer.detail(told.as_deref());
        detail.code = self.words(&failing.code).map(|code| whole(&code).map_or(code, |number| number.to_string()));
        let says_nothing = told.is_none_or(|told| is_the_reason_alone(self.answer.status, &told));
        let hint = failing.hint.iter().filter(|_| says_nothing);
        for more in failing.note.iter().chain(hint) {
            detail.message = format!("{}; {more}", detail.message);
        }
        let seconds = self.words(&failing.retry_after).and_then(|words| words.trim().parse::<f64>().ok());
        if let Some(seconds) = seconds.filter(|seconds| (0.0..1e9).contains(seconds)) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in range")]
            let seconds = seconds.ceil() as u32;
            detail.retry_after = Some(seconds);
        }
        self.of_kind(failing, detail)
    }

    fn of_kind(&mut self, failing: &Failing, detail: Detail) -> Failure {
        match failing.kind {
            FailureKind::ByStatus => Failure::of_status(self.answer, detail),
            FailureKind::ByCode => Failure::of_body(self.answer, detail),
            FailureKind::InvalidInput => {
                let field = self.words(&failing.field).filter(|field| !field.trim().is_empty());
                // It has no code of its own.
                let code = detail.code.map(|code| format!(" ({code})")).unwrap_or_default();
                Failure::InvalidInput(field, detail.message + &code)
            }
            FailureKind::Unauthorized => Failure::Unauthorized(detail),
            FailureKind::Forbidden => Failure::Forbidden(detail),
            FailureKind::NotFound => Failure::NotFound(detail),
            FailureKind::Conflict => Failure::Conflict(detail),
            FailureKind::RateLimited => Failure::RateLimited(detail),
            FailureKind::Provider => Failure::Provider(detail),
            FailureKind::Unavailable => Failure::Unavailable(detail),
            FailureKind::Timeout => Failure::Timeout(detail),
        }
    }

    /// What the first place says that says something.
    fn words(&mut self, places: &[Place]) -> Option<String> {
        places.iter().find_map(|place| match place {
            Place::At(pointer) => {
                let found = self.at(pointer, false);
                // Of equal members the last counts, as for most readers.
                found.into_iter().rev().find_map(said)
            }
            Place::Header(name) => self.answer.header(name).filter(|value| !value.trim().is_empty()).map(str::to_owned),
            Place::Body => self.plain_text(),
            Place::Words(words) => Some(words.clone().into_owned()),
        })
    }

    /// A page is no message, and is quoted for what it is; so is JSON other than a text.
    fn plain_text(&self) -> Option<String> {
        let text = self.body?.trim();
        if read::is_json(self.answer) {
            return words(text).filter(|text| !text.trim().is_empty());
        }
        let is_words = !text.is_empty() && !text.starts_with(['<', '{', '[']);
        is_words.then(|| text.to_owned())
    }
}

/// The values inside of one that a token of a pointer leads to.
fn step<'a>(json: &'a str, token: &str, any_case: bool) -> Vec<&'a str> {
    if let Some(items) = items(json) {
        return match token {
            "*" => items,
            token => token.parse().ok().and_then(|place: usize| items.get(place).copied()).into_iter().collect(),
        };
    }
    let Some(members) = Members::of(json) else { return Vec::new() };
    match (token, any_case) {
        ("*", _) => members.iter().map(|(_, value)| value).collect(),
        (token, false) => members.all(token).collect(),
        (token, true) => {
            let is_it = |name: &str| name.to_lowercase() == token.to_lowercase();
            members.iter().filter(|(name, _)| is_it(name)).map(|(_, value)| value).collect()
        }
    }
}

/// What a value says in words; nothing of what is empty.
fn said(json: &str) -> Option<String> {
    if is(json, Kind::Nothing) {
        return None;
    }
    if let Some(entries) = items(json) {
        return Some(entries.into_iter().map(one_line).collect::<Vec<_>>().join("; "));
    }
    Some(one_line(json))
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

fn of_json(test: &Test, found: &[&str], any_case: bool) -> bool {
    let is_one_of = |values: &[Value], json: &str| values.iter().any(|value| equals(value, json, any_case));
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
        Test::Statuses(_) | Test::Reads(_) => false,
    }
}

fn of_texts(test: &Test, found: &[&str], any_case: bool) -> bool {
    let is_one_of = |values: &[Value], text: &str| {
        values.iter().any(|value| match value {
            Value::Text(value) => same(value, text, any_case),
            Value::Number(digits) => number(digits).is_some_and(|value| number(text) == Some(value)),
            Value::Null | Value::Boolean(_) => false,
        })
    };
    match test {
        Test::Exists(exists) | Test::Present(exists) => *exists != found.is_empty(),
        Test::OneOf(values) => found.iter().any(|text| is_one_of(values, text)),
        Test::NoneOf(values) => found.is_empty() || found.iter().any(|text| !is_one_of(values, text)),
        Test::Contains(texts) => contain(texts, found.iter().copied(), any_case),
        Test::Is(_) | Test::Statuses(_) | Test::Reads(_) => false,
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

fn equals(value: &Value, json: &str, any_case: bool) -> bool {
    match value {
        Value::Null => json == "null",
        Value::Boolean(flag) => json == if *flag { "true" } else { "false" },
        Value::Text(text) => words(json).is_some_and(|said| same(text, &said, any_case)),
        Value::Number(digits) => {
            let said = words(json).unwrap_or_else(|| json.to_owned());
            number(digits).is_some_and(|value| number(&said) == Some(value))
        }
    }
}

fn number(digits: &str) -> Option<f64> {
    digits.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A code as a whole number, however it is written: `500.0` and `5e2` as well.
fn whole(code: &str) -> Option<i64> {
    let number = number(code)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small")]
    (number.fract() == 0.0 && number.abs() < 1e9).then_some(number as i64)
}

fn is(json: &str, kind: Kind) -> bool {
    let begins = json.as_bytes().first();
    match kind {
        Kind::Null => json == "null",
        Kind::Boolean => matches!(json, "true" | "false"),
        Kind::Number => begins.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-'),
        Kind::Text => begins == Some(&b'"'),
        Kind::List => begins == Some(&b'['),
        Kind::Object => begins == Some(&b'{'),
        Kind::Json => true,
        Kind::Nothing => {
            let inside = |open, close| json.strip_prefix(open).and_then(|json| json.strip_suffix(close));
            let is_empty = inside('[', ']').or_else(|| inside('{', '}')).is_some_and(|inside| inside.trim().is_empty());
            is_empty
                || matches!(json, "null" | "false")
                || (is(json, Kind::Number) && number(json) == Some(0.0))
                || words(json).is_some_and(|text| text.trim().is_empty())
        }
    }
}

/// Whether the words say no more than the status does, as those of a gateway do: `Bad Request`, `400 Bad Request.`
fn is_the_reason_alone(status: u16, told: &str) -> bool {
    let reason = match status {
        400 => "bad request",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not found",
        500 => "internal server error",
        502 => "bad gateway",
        503 => "service unavailable",
        504 => "gateway timeout",
        _ => return false,
    };
    let told = told.trim().trim_end_matches(['.', '!']).to_ascii_lowercase();
    told.strip_prefix(&status.to_string()).unwrap_or(&told).trim_start_matches([' ', ':', '-']) == reason
}

#[cfg(test)]
mod tests;
