//! Rules as a plugin writes them.
//!
//! ```
//! use wharf_answer::build::{at, status, success};
//! use wharf_answer::rules::{Failing, FailureKind, Output, Rule};
//!
//! let rules = [
//!     Rule::output([success()], Output::Body),
//!     Rule::failure([at(["/type"]).one_of(["user_blocked"])], Failing::of(FailureKind::Forbidden).code(["/type"])),
//! ];
//! # assert_eq!(rules.len(), 2);
//! ```

use std::borrow::Cow;

use crate::lines::{Content, End, Form, Lines};
use crate::rules::{
    Condition, Failing, FailureKind, Kind, Output, Place, Rule, Status, Subject, Test, Text, Then, Value, Words,
};

impl Rule {
    fn new(conditions: impl Into<Vec<Condition>>, then: Then) -> Self {
        Self { each: None, conditions: Cow::Owned(conditions.into()), then }
    }

    /// It is asked of each of the values that stand at a JSON Pointer by itself.
    pub fn of_each(self, pointer: impl Into<Text>) -> Self {
        Self { each: Some(pointer.into()), ..self }
    }

    /// An answer of which all of this holds is a success.
    pub fn output(conditions: impl Into<Vec<Condition>>, output: Output) -> Self {
        Self::new(conditions, Then::Output(output))
    }

    /// An answer of which all of this holds is a failure.
    pub fn failure(conditions: impl Into<Vec<Condition>>, failing: Failing) -> Self {
        Self::new(conditions, Then::Failure(failing))
    }

    /// An answer of which all of this holds is not what it should be: `an error of Acme`.
    pub fn unreadable(conditions: impl Into<Vec<Condition>>, expected: impl Into<Text>) -> Self {
        Self::new(conditions, Then::Unreadable(expected.into()))
    }

    /// The rules of this name stand here.
    pub fn uses(name: impl Into<Text>) -> Self {
        Self::new([], Then::Use(name.into()))
    }
}

/// The status is 2xx.
pub fn success() -> Condition {
    Condition::new(Subject::Status, Test::Statuses(Cow::Owned(vec![Status::Class(2)])))
}

/// The status is one of these.
pub fn status<const N: usize>(statuses: [u16; N]) -> Condition {
    let statuses = statuses.map(Status::One).to_vec();
    Condition::new(Subject::Status, Test::Statuses(Cow::Owned(statuses)))
}

/// Whether the operation reads and gives back what it reads.
pub fn reads(reads: bool) -> Condition {
    Condition::new(Subject::Operation, Test::Reads(reads))
}

/// What stands at one of these JSON Pointers.
pub fn at<P: Into<Text>>(pointers: impl IntoIterator<Item = P>) -> Look {
    Look(Subject::At(pointers.into_iter().map(Into::into).collect()))
}

/// The values of a header.
pub fn header(name: &'static str) -> Look {
    Look(Subject::Header(Cow::Borrowed(name)))
}

/// The body.
pub fn body() -> Look {
    Look(Subject::Body)
}

/// What is looked at, of which something has to be asked.
#[derive(Clone, Debug)]
pub struct Look(Subject);

impl Look {
    fn asked(self, test: Test) -> Condition {
        Condition::new(self.0, test)
    }

    /// Whether it is there; a null is something.
    pub fn exists(self, exists: bool) -> Condition {
        self.asked(Test::Exists(exists))
    }

    /// Whether it is there, and not null.
    pub fn present(self, present: bool) -> Condition {
        self.asked(Test::Present(present))
    }

    /// It is one of these values.
    pub fn one_of<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Condition {
        self.asked(Test::OneOf(values.into_iter().map(Into::into).collect()))
    }

    /// It is not there, or none of these values.
    pub fn none_of<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Condition {
        self.asked(Test::NoneOf(values.into_iter().map(Into::into).collect()))
    }

    /// It is of one of these kinds.
    pub fn is<const N: usize>(self, kinds: [Kind; N]) -> Condition {
        self.asked(Test::Is(Cow::Owned(kinds.to_vec())))
    }

    /// It is a text in which one of these words is, and no other words than these besides; any others where there are none of them.
    pub fn words(self, one_of: &[&'static str], only: &[&'static str]) -> Condition {
        let list = |words: &[&'static str]| words.iter().map(|word| Cow::Borrowed(*word)).collect();
        self.asked(Test::Words(Words { one_of: list(one_of), only: list(only) }))
    }

    /// It is the status of an error, 400 to 599, as a number or a text.
    pub fn is_an_error(self) -> Condition {
        self.asked(Test::Statuses(Cow::Owned(vec![Status::Class(4), Status::Class(5)])))
    }

    /// It is a text with one of these in it.
    pub fn contains<const N: usize>(self, texts: [&'static str; N]) -> Condition {
        self.asked(Test::Contains(Cow::Owned(texts.map(Cow::Borrowed).to_vec())))
    }
}

impl Condition {
    /// What is looked at, and what is asked of it.
    pub fn new(of: Subject, test: Test) -> Self {
        Self { of, test, any_case: false, except: Cow::Borrowed(&[]), not: false }
    }

    /// It holds where the test does not.
    pub fn negated(self) -> Self {
        Self { not: !self.not, ..self }
    }

    /// A `*` in its pointers passes over members of these names.
    pub fn except(self, names: &[&'static str]) -> Self {
        Self { except: names.iter().map(|name| Cow::Borrowed(*name)).collect(), ..self }
    }

    /// Whatever the case of letters.
    pub fn in_any_case(self) -> Self {
        Self { any_case: true, ..self }
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Cow::Owned(number.to_string()))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}

impl Failing {
    /// A failure of a kind, whose words are looked for where most providers have them.
    pub fn of(kind: FailureKind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Where the provider's words stand: JSON Pointers, the first of which that says something counts.
    pub fn message<const N: usize>(self, pointers: [&'static str; N]) -> Self {
        Self { message: places(pointers), ..self }
    }

    /// The same, and the body itself where it is a plain text.
    pub fn message_or_body<const N: usize>(self, pointers: [&'static str; N]) -> Self {
        let mut message = places(pointers);
        message.to_mut().push(Place::Body);
        Self { message, ..self }
    }

    /// Where the provider's code stands.
    pub fn code<const N: usize>(self, pointers: [&'static str; N]) -> Self {
        Self { code: places(pointers), ..self }
    }

    /// Where the name of the wrong input stands.
    pub fn field<const N: usize>(self, pointers: [&'static str; N]) -> Self {
        Self { field: places(pointers), ..self }
    }

    /// The name of the wrong input.
    pub fn field_called(self, name: &'static str) -> Self {
        Self { field: Cow::Owned(vec![Place::Words(Cow::Borrowed(name))]), ..self }
    }

    /// Said after the provider's words.
    pub fn note(self, note: &'static str) -> Self {
        Self { note: Some(Cow::Borrowed(note)), ..self }
    }

    /// Said where the provider has no words of its own.
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(Cow::Borrowed(hint)), ..self }
    }
}

impl Lines {
    const fn of(form: Form) -> Self {
        Self { form, end: None, most: None, seconds: None }
    }

    /// Server-sent events whose data is JSON.
    pub const fn events() -> Self {
        Self::of(Form::Events(Content::Json))
    }

    /// Server-sent events whose data is text.
    pub const fn events_of_text() -> Self {
        Self::of(Form::Events(Content::Text))
    }

    /// One JSON text in each line.
    pub const fn json() -> Self {
        Self::of(Form::Lines)
    }

    /// It ends with this text, which is no item: `[DONE]`.
    pub fn until(self, text: &'static str) -> Self {
        Self { end: Some(End::Text(Cow::Borrowed(text))), ..self }
    }

    /// It ends with an event of this name.
    pub fn until_event(self, name: &'static str) -> Self {
        Self { end: Some(End::Event(Cow::Borrowed(name))), ..self }
    }

    /// It ends with an item in which this stands at a JSON Pointer.
    pub fn until_at(self, pointer: &'static str, value: impl Into<Value>) -> Self {
        Self { end: Some(End::At(Cow::Borrowed(pointer), value.into())), ..self }
    }

    /// It ends after so many items.
    pub fn at_most(self, items: u32) -> Self {
        Self { most: Some(items), ..self }
    }

    /// It ends after so many seconds.
    pub fn for_seconds(self, seconds: u32) -> Self {
        Self { seconds: Some(seconds), ..self }
    }
}

fn places<const N: usize>(pointers: [&'static str; N]) -> Cow<'static, [Place]> {
    Cow::Owned(pointers.map(|pointer| Place::At(Cow::Borrowed(pointer))).to_vec())
}
