//! A small language for answers: rules, of which the first that fits decides.
//!
//! It is total: no loops, no expressions, and each look at an answer is at a place that is written down. What it cannot say is code.
//! Rules can be constants of a plugin (`Cow::Borrowed`) or read from a manifest.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::lines::Lines;

/// A text of a rule.
pub type Text = Cow<'static, str>;

/// Several of something in a rule.
pub type List<T> = Cow<'static, [T]>;

/// What is made of an answer for which it fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rule {
    /// Each of the values that stand at this JSON Pointer is looked at by itself: the pointers of the rule, and of those that it uses,
    /// begin at that value. It fits where it fits one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Text>,
    /// All of these hold. Without any, it always fits.
    #[serde(rename = "if", default, skip_serializing_if = "<[Condition]>::is_empty")]
    pub conditions: List<Condition>,
    /// What the answer is then.
    #[serde(flatten)]
    pub then: Then,
}

impl Rule {
    /// Whether it asks something of the body, besides status and headers.
    pub fn looks_at_the_body(&self) -> bool {
        self.each.is_some() || self.conditions.iter().any(Condition::looks_at_the_body)
    }
}

/// What an answer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// A success, and what it gives.
    Output(Output),
    /// A failure that the provider tells of.
    Failure(Failing),
    /// Not what it should be, which is named: `an error of Acme`.
    Unreadable(Text),
    /// What the rules of this name say; where none of them fits, the next rule is looked at.
    Use(Text),
}

/// What a success gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// The whole body, which is JSON; null where there is none.
    Body,
    /// What stands at a JSON Pointer (RFC 6901).
    At(Text),
    /// This JSON.
    Value(Text),
    /// The body as a text.
    Text,
    /// `{"success": true, "message": …}` with the body as the message.
    Message,
    /// The body as a file of this name, beside `{"success": true}`.
    File(Text),
    /// A list of its items, which come line by line.
    Lines(Lines),
}

/// Something that holds of an answer or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Condition {
    /// What is looked at.
    #[serde(flatten)]
    pub of: Subject,
    /// What is asked of it.
    #[serde(flatten)]
    pub test: Test,
    /// Names and texts are the same whatever the case of their letters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_case: bool,
    /// Names of members that a `*` passes over.
    #[serde(default, skip_serializing_if = "<[Text]>::is_empty")]
    pub except: List<Text>,
    /// It holds where the test does not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
}

impl Condition {
    /// Whether it asks something of the body.
    pub fn looks_at_the_body(&self) -> bool {
        matches!(self.of, Subject::At(_) | Subject::Body)
    }
}

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The status: [`Test::Statuses`].
    Status,
    /// What stands at one of these JSON Pointers, in which `*` is every entry of a list and every member of an object.
    At(List<Text>),
    /// The values of a header.
    Header(Text),
    /// The body, as a text.
    Body,
    /// The operation: [`Test::Reads`].
    Operation,
}

/// What is asked. Where there are several values, one is enough, but for [`Test::NoneOf`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// It is one of these. A value may be a number or a text that says it.
    Statuses(List<Status>),
    /// Whether the operation reads and gives back what it reads.
    Reads(bool),
    /// Whether there is such a thing; a null is one.
    Exists(bool),
    /// Whether there is such a thing besides null.
    Present(bool),
    /// It is there, and is one of these values.
    OneOf(List<Value>),
    /// It is not there, or is none of these values.
    NoneOf(List<Value>),
    /// It is of one of these kinds.
    Is(List<Kind>),
    /// It is a text with one of these in it.
    Contains(List<Text>),
    /// It is a text of certain words.
    Words(Words),
}

/// Words of a text, which are the same whatever the case of their letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Words {
    /// One of these is in it.
    pub one_of: List<Text>,
    /// It has no other words than these besides: it is short, there is one blank between two words, and no mark but dots and
    /// exclamation marks at its end. Without any, it may say anything.
    #[serde(default, skip_serializing_if = "<[Text]>::is_empty")]
    pub only: List<Text>,
}

/// One status, or a hundred of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// `404`
    One(u16),
    /// `4xx` is 4.
    Class(u16),
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A number by its digits. It is equal to numbers and texts that are the same number.
    Number(Text),
    /// A text.
    Text(Text),
    /// `[]`
    EmptyList,
    /// `{}`
    EmptyObject,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of JSON")]
pub enum Kind {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,
    /// Any of those: asked of the body, it is JSON.
    Json,
    /// Says nothing: null, false, 0, a text, list or object without anything, and for the body: no bytes but blanks.
    Nothing,
    /// Says something.
    Something,
}

/// What becomes of a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failing {
    /// Of what kind it is.
    #[serde(default, skip_serializing_if = "FailureKind::is_usual")]
    pub kind: FailureKind,
    /// Where the provider's words stand: the first place that says something counts. Without any they are looked for where most
    /// providers have them.
    #[serde(default, skip_serializing_if = "<[Place]>::is_empty")]
    pub message: List<Place>,
    /// Where the provider's code stands.
    #[serde(default, skip_serializing_if = "<[Place]>::is_empty")]
    pub code: List<Place>,
    /// Of wrong input: where the name of the input stands.
    #[serde(default, skip_serializing_if = "<[Place]>::is_empty")]
    pub field: List<Place>,
    /// Where it stands after how long to try again, besides the headers that tell so.
    #[serde(default, skip_serializing_if = "<[Place]>::is_empty")]
    pub retry_after: List<Place>,
    /// What else people should know, said after the provider's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
    /// What people can try, said where the provider has no words, or none but those of the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Text>,
}

/// Of what kind a failure is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the others are those of the contract")]
pub enum FailureKind {
    /// What the status stands for (RFC 9110, RFC 6585).
    #[default]
    ByStatus,
    /// The provider's, unless the status, or the code where it is one, says that it passes by itself: 408, 429, 502, 503, 504.
    ByCode,
    InvalidInput,
    Unauthorized,
    Forbidden,
    NotFound,
    Conflict,
    RateLimited,
    Provider,
    Unavailable,
    Timeout,
}

impl FailureKind {
    fn is_usual(&self) -> bool {
        *self == Self::ByStatus
    }
}

/// Where words stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// At a JSON Pointer. Of a list it is the words of its entries, of an object those of `message` or the like, after `field`.
    At(Text),
    /// In a header.
    Header(Text),
    /// The body, where it is a plain text and no page.
    Body,
    /// These words.
    Words(Text),
}
