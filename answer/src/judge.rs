//! What rules say of an answer.

use std::borrow::Cow;

use crate::answer::Answer;
use crate::failure::{Detail, Failure};
use crate::lines::Lines;
use crate::look::{Inside, Late, Steps, Way, count};
use crate::members::words;
use crate::read;
use crate::rules::{Condition, Failing, FailureKind, Kind, Output, Place, Rule, Status, Subject, Test, Text, Then};
use crate::values::{Seen, any, folded, holds, is, said, whole};

/// How deep rules may use others. What stands deeper is not looked at.
pub const DEEPEST: usize = 8;

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
    /// The body is made up of items.
    Lines(Lines),
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
    judge_within(answer, rules, named, &|_| true).unwrap_or_else(|Late| Err(answer.makes_no_sense("read in time")))
}

/// The same within a time: `steps` counts what is about to be looked at or compared, byte by byte.
///
/// # Errors
/// [`Late`] where the time is over.
pub fn judge_within(
    answer: &Answer,
    rules: &[Rule],
    named: &impl Named,
    steps: Steps<'_>,
) -> Result<Result<Found, Failure>, Late> {
    count(steps, answer.bytes().len())?;
    let body = answer.as_text();
    let inside = Inside::of(body.filter(|_| read::is_json(answer)), steps);
    let mut look = Look { answer, body, inside };
    match look.first(rules, named, DEEPEST)? {
        Some(Then::Output(output)) => look.output(output),
        Some(Then::Failure(failing)) => look.failure(failing).map(Err),
        Some(Then::Unreadable(expected)) => Ok(Err(answer.makes_no_sense(expected))),
        Some(Then::Use(_)) | None if answer.is_success() => look.output(&Output::Body),
        Some(Then::Use(_)) | None => look.failure(&Failing::default()).map(Err),
    }
}

/// A look at one answer.
struct Look<'a, 's> {
    answer: &'a Answer,
    /// None where it is no text.
    body: Option<&'a str>,
    inside: Inside<'a, 's>,
}

impl<'a> Look<'a, '_> {
    fn first<'r>(&mut self, rules: &'r [Rule], named: &'r impl Named, deep: usize) -> Result<Option<&'r Then>, Late> {
        for rule in rules {
            self.inside.count(1)?;
            let found = match &rule.each {
                Some(pointer) => self.of_each(pointer, rule, named, deep)?,
                None => self.of_rule(rule, named, deep)?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// What a rule says, where it fits.
    fn of_rule<'r>(&mut self, rule: &'r Rule, named: &'r impl Named, deep: usize) -> Result<Option<&'r Then>, Late> {
        for condition in rule.conditions.iter() {
            if self.holds(condition)? == condition.not {
                return Ok(None);
            }
        }
        match &rule.then {
            Then::Use(name) => match deep.checked_sub(1).zip(named.rules(name)) {
                Some((deep, rules)) => self.first(rules, named, deep),
                None => Ok(None),
            },
            then => Ok(Some(then)),
        }
    }

    /// The same of each value by itself. Where it fits one, the words of a failure are looked for in that one.
    fn of_each<'r>(
        &mut self,
        pointer: &str,
        rule: &'r Rule,
        named: &'r impl Named,
        deep: usize,
    ) -> Result<Option<&'r Then>, Late> {
        let whole = self.inside.json;
        for value in self.inside.at(pointer)? {
            self.inside.json = Some(value);
            self.inside.count(1)?;
            let found = self.of_rule(rule, named, deep)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        self.inside.json = whole;
        Ok(None)
    }

    /// Whether the test of a condition holds.
    fn holds(&mut self, condition: &Condition) -> Result<bool, Late> {
        let Condition { of, test, any_case, .. } = condition;
        self.inside.count(1)?;
        let seen: Vec<Seen<'_>> = match (of, test) {
            (Subject::Status, Test::Statuses(statuses)) => {
                self.inside.count(statuses.len())?;
                return Ok(statuses.iter().any(|status| match status {
                    Status::One(one) => *one == self.answer.status,
                    Status::Class(class) => *class == self.answer.status / 100,
                }));
            }
            (Subject::Operation, Test::Reads(reads)) => return Ok(*reads == self.answer.is_to_a_read()),
            // What does not belong together never holds; a manifest with it is refused.
            (Subject::Status | Subject::Operation, _) => return Ok(false),
            (Subject::Body, Test::Is(kinds)) => {
                return any(kinds, |kind| {
                    self.inside.count(1 + self.answer.bytes().len())?;
                    Ok(self.body_is(*kind))
                });
            }
            (Subject::Body, _) => self.body.map(|body| Seen::Text(body.trim())).into_iter().collect(),
            (Subject::Header(name), _) => self.answer.all(name).map(Seen::Text).collect(),
            (Subject::At(pointers), _) => self.seen_at(pointers, condition)?,
        };
        holds(test, &seen, *any_case, self.inside.steps)
    }

    fn seen_at(&mut self, pointers: &[Text], condition: &Condition) -> Result<Vec<Seen<'a>>, Late> {
        let Condition { any_case, except, .. } = condition;
        self.inside.count(except.iter().map(|name| name.len()).sum())?;
        let except = except.iter().map(|name| folded(name, *any_case)).collect();
        let mut seen = Vec::new();
        for pointer in pointers {
            let found = self.inside.along(Way { pointer, any_case: *any_case, except: &except })?;
            seen.extend(found.into_iter().map(Seen::Json));
        }
        Ok(seen)
    }

    fn body_is(&self, kind: Kind) -> bool {
        match (kind, self.answer.is_empty()) {
            (Kind::Nothing, empty) => empty,
            (Kind::Something, empty) => !empty,
            (_, true) => false,
            (Kind::Json, false) => read::is_json(self.answer),
            (kind, false) => read::is_json(self.answer) && self.body.is_some_and(|body| is(body.trim_ascii(), kind)),
        }
    }

    fn output(&mut self, output: &Output) -> Result<Result<Found, Failure>, Late> {
        let found = match output {
            Output::File(name) => return Ok(Ok(Found::File(name.clone().into_owned()))),
            Output::Lines(lines) => return Ok(Ok(Found::Lines(lines.clone()))),
            Output::At(pointer) => match self.inside.at(pointer)?.as_slice() {
                [one] => Some((*one).to_owned()),
                _ => return Ok(Err(self.answer.makes_no_sense(&format!("an object with `{pointer}`, once")))),
            },
            Output::Value(json) => Some(json.clone().into_owned()),
            Output::Body | Output::Text | Output::Message => None,
        };
        Ok(self.json(output, found))
    }

    /// An output that is JSON: what was found, or else made of the body.
    fn json(&self, output: &Output, found: Option<String>) -> Result<Found, Failure> {
        if self.inside.met_equal {
            return Err(self
                .answer
                .makes_no_sense("one in which each of the members that tell how it went stands once"));
        }
        if self.inside.met_too_many {
            return Err(self.answer.makes_no_sense("one with so few entries that all can be looked at"));
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

    fn failure(&mut self, failing: &Failing) -> Result<Failure, Late> {
        let usual: Vec<Place> = MESSAGE.iter().map(|at| Place::At(Cow::Borrowed(at))).chain([Place::Body]).collect();
        let places = if failing.message.is_empty() { &usual } else { &*failing.message };
        let told = self.words(places)?.filter(|told| !told.trim().is_empty());
        let mut detail = self.answer.detail(told.as_deref());
        detail.code = self.words(&failing.code)?.map(|code| whole(&code).map_or(code, |number| number.to_string()));
        let says_nothing = told.is_none_or(|told| is_the_reason_alone(self.answer.status, &told));
        let hint = failing.hint.iter().filter(|_| says_nothing);
        for more in failing.note.iter().chain(hint) {
            detail.message = format!("{}; {more}", detail.message);
        }
        let seconds = self.words(&failing.retry_after)?.and_then(|words| words.trim().parse::<f64>().ok());
        if let Some(seconds) = seconds.filter(|seconds| (0.0..1e9).contains(seconds)) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in range")]
            let seconds = seconds.ceil() as u32;
            detail.retry_after = Some(seconds);
        }
        self.of_kind(failing, detail)
    }

    fn of_kind(&mut self, failing: &Failing, detail: Detail) -> Result<Failure, Late> {
        Ok(match failing.kind {
            FailureKind::ByStatus => Failure::of_status(self.answer, detail),
            FailureKind::ByCode => Failure::of_body(self.answer, detail),
            FailureKind::InvalidInput => {
                let field = self.words(&failing.field)?.filter(|field| !field.trim().is_empty());
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
        })
    }

    /// What the first place says that says something.
    fn words(&mut self, places: &[Place]) -> Result<Option<String>, Late> {
        for place in places {
            self.inside.count(1)?;
            let words = match place {
                Place::At(pointer) => self.words_at(pointer)?,
                Place::Header(name) => {
                    self.answer.header(name).filter(|value| !value.trim().is_empty()).map(str::to_owned)
                }
                Place::Body => {
                    self.inside.count(self.answer.bytes().len())?;
                    self.plain_text()
                }
                Place::Words(words) => Some(words.clone().into_owned()),
            };
            if words.is_some() {
                return Ok(words);
            }
        }
        Ok(None)
    }

    /// Of equal members the last counts, as for most readers.
    fn words_at(&mut self, pointer: &str) -> Result<Option<String>, Late> {
        for json in self.inside.at(pointer)?.into_iter().rev() {
            self.inside.count(json.len())?;
            if let Some(words) = said(json) {
                return Ok(Some(words));
            }
        }
        Ok(None)
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
