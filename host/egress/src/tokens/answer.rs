//! What an authorization server answers: a stranger's words, read as far as they are understood.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};
use zeroize::Zeroize as _;

use super::request::wipe;
use crate::declaration::{TokenAnswer, Told, ToldBy};
use crate::secret::Secret;
use crate::send::Answer;
use crate::text::{deceives, without_mark};

/// Of a token, in bytes: it stands in a header.
const LONGEST_TOKEN: usize = 16 << 10;

/// Of a scope, a field or an address that is told, in bytes.
const LONGEST_TEXT: usize = 2 << 10;
const MOST_SCOPES: usize = 500;

/// Nothing that is told holds longer: ten years.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// An answer, as far as it is understood. Its texts are overwritten when it is dropped.
pub(super) struct Said<'a> {
    at: &'a TokenAnswer,
    pub(super) status: u16,
    pub(super) media_type: String,
    /// Its object, if it has one.
    value: Option<Value>,
    /// How far this machine's clock is behind the server's, in seconds.
    pub(super) clock: Option<i64>,
    pub(super) retry_after: Option<Duration>,
}

/// Why a request was refused, in the provider's words as they came.
pub(super) struct Error {
    /// Empty where there is none.
    pub(super) code: String,
    pub(super) description: Option<String>,
}

impl Drop for Said<'_> {
    fn drop(&mut self) {
        self.value.iter_mut().for_each(wipe);
    }
}

impl<'a> Said<'a> {
    pub(super) fn read(answer: Answer, at: &'a TokenAnswer) -> Self {
        let header = |name: &str| answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        let date = header("date").and_then(|date| httpdate::parse_http_date(date).ok());
        let clock = date.map(|date| seconds_between(SystemTime::now(), date));
        let retry_after = header("retry-after").and_then(|value| wait(value, date));
        let (status, media_type) = (answer.status, answer.body.media_type.to_ascii_lowercase());
        let bytes = answer.body.into_memory().unwrap_or_default();
        let value = std::str::from_utf8(&bytes).ok().and_then(|text| object(without_mark(text), &media_type, at));
        // Nobody else has them, so they can be overwritten.
        if let Ok(mut bytes) = bytes.try_into_mut() {
            bytes.zeroize();
        }
        Self { at, status, media_type, value, clock, retry_after }
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn is_object(&self) -> bool {
        self.value.is_some()
    }

    fn at(&self, pointer: &str) -> Option<&Value> {
        self.value.as_ref()?.pointer(pointer).filter(|value| !value.is_null())
    }

    /// A text that is not empty.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str().filter(|text| !text.is_empty())
    }

    /// The tokens and codes in it, for a masker.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &str> {
        let usual = ["/access_token", "/refresh_token", "/id_token", "/device_code"];
        let declared = [&self.at.access_token, &self.at.refresh_token].map(String::as_str);
        declared.into_iter().chain(usual).filter_map(|pointer| self.text(pointer))
    }

    /// What it says of an error, if anything: where the manifest says, or where the specification does.
    pub(super) fn error(&self) -> Option<Error> {
        let (at, usual) = (self.at, TokenAnswer::default());
        let error = [&at.error, &usual.error].into_iter().find_map(|pointer| self.at(pointer).filter(|e| is_error(e)));
        let is_not_ok = self.at("/ok") == Some(&Value::Bool(false));
        if error.is_none() && !is_not_ok && (self.is_success() || !self.is_object()) {
            return None;
        }
        let member = |name: &str| error.and_then(|error| error.get(name));
        let code = match error {
            Some(Value::Object(_)) => ["status", "type", "code"].into_iter().find_map(|name| scalar(member(name)?)),
            Some(error) => scalar(error),
            None => None,
        };
        let places = [&at.error_description, &usual.error_description, "/message", "/error_message"];
        let description = places.into_iter().find_map(|pointer| self.text(pointer));
        let description = description.or_else(|| member("message").and_then(Value::as_str));
        Some(Error { code: code.unwrap_or_default(), description: description.map(str::to_owned) })
    }

    /// A token, if there is one: taken out of the answer.
    pub(super) fn token(&mut self, pointer: &str) -> Result<Option<Secret>, &'static str> {
        let Some(value) = self.value.as_mut().and_then(|value| value.pointer_mut(pointer)) else { return Ok(None) };
        let Value::String(text) = value else {
            return if value.is_null() { Ok(None) } else { Err("is no text") };
        };
        let token = Secret::new(std::mem::take(text));
        match token.reveal() {
            "" => Ok(None),
            text if text.len() > LONGEST_TOKEN => Err("has more than 16 KiB"),
            text if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err("has a character that is not visible ASCII, and could not be sent")
            }
            _ => Ok(Some(token)),
        }
    }

    /// How long something holds: seconds, as a number or a text. Nothing where none are told; zero says at many providers that it holds
    /// until it is withdrawn, and nothing that has run out already would be given.
    pub(super) fn lasts(&self, pointer: &str) -> Option<Duration> {
        let seconds = match self.at(pointer)? {
            Value::Number(number) => number.as_f64()?,
            Value::String(text) => text.trim().parse::<f64>().ok()?,
            _ => return None,
        };
        // What is no number is not more than zero either.
        (seconds >= 1.0).then(|| Duration::from_secs(seconds.min(LONGEST_LIFE.as_secs_f64()) as u64))
    }

    /// The scopes that were granted, where that is told.
    pub(super) fn scopes(&self, pointer: &str, separator: &str) -> Option<Vec<String>> {
        let is_scope = |scope: &&str| {
            !scope.is_empty() && scope.len() <= LONGEST_TEXT && !scope.contains(|c: char| deceives(c) || c == ' ')
        };
        let listed = |scopes: &mut dyn Iterator<Item = &str>| {
            scopes.filter(|scope| is_scope(scope)).take(MOST_SCOPES).map(str::to_owned).collect()
        };
        match self.at(pointer)? {
            Value::String(text) => {
                let separator = if separator.is_empty() { " " } else { separator };
                Some(listed(&mut text.split(separator).flat_map(|part| part.split([' ', ',']))))
            }
            Value::Array(scopes) => Some(listed(&mut scopes.iter().filter_map(Value::as_str))),
            _ => None,
        }
    }

    /// What a manifest looks for in it besides: texts that can be shown, numbers and booleans.
    pub(super) fn told<'t>(&self, wanted: impl Iterator<Item = &'t Told>) -> Vec<(Told, String)> {
        let told = wanted.filter_map(|told| match &told.by {
            ToldBy::Answer(pointer) => Some((told.clone(), self.at(pointer).and_then(scalar)?)),
            ToldBy::Callback(_) => None,
        });
        told.filter(|(_, value)| is_fit(value)).collect()
    }
}

/// Whether it can be the value of a field.
pub(super) fn is_fit(value: &str) -> bool {
    !value.is_empty() && value.len() <= LONGEST_TEXT && !value.contains(deceives)
}

/// The object of an answer: JSON, or a form. Some send a form as some other text.
fn object(text: &str, media_type: &str, at: &TokenAnswer) -> Option<Value> {
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return (value.is_object() || value.is_array()).then_some(value);
    }
    let is_form = media_type.starts_with("application/x-www-form-urlencoded");
    if !is_form && !media_type.starts_with("text/") {
        return None;
    }
    let pairs = form_urlencoded::parse(text.trim().as_bytes());
    let members: Map<String, Value> =
        pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect();
    let value = Value::Object(members);
    let is_known = [&at.access_token, &at.error, "/error"].iter().any(|pointer| value.pointer(pointer).is_some());
    (is_form || is_known).then_some(value)
}

/// Whether a member says that something went wrong: many write `"error": null` where nothing did.
fn is_error(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(true) => true,
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// How much later the second moment is than the first.
fn seconds_between(first: SystemTime, second: SystemTime) -> i64 {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    second.duration_since(first).map_or_else(|before| -seconds(before.duration()), seconds)
}

/// `Retry-After`: seconds or a date (RFC 9110, section 10.2.3), which is one of the server's clock.
fn wait(value: &str, date: Option<SystemTime>) -> Option<Duration> {
    let until = |time: SystemTime| time.duration_since(date.unwrap_or_else(SystemTime::now)).unwrap_or_default();
    let time = value.parse().map(Duration::from_secs).ok();
    time.or_else(|| httpdate::parse_http_date(value).ok().map(until)).map(|time| time.min(LONGEST_WAIT))
}
