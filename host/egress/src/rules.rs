//! The rules of egress: what is refused, and what would allow it.
//!
//! | rule | what it refuses | what would allow it |
//! | --- | --- | --- |
//! | `grant` | an operation, before the plugin runs, that the operator's grant of the connection leaves out | the operator |
//! | `undeclared-request` | a request that the running operation does not declare | a manifest that declares it |
//! | `bound-value` | a variable, query parameter, header or body field given by the plugin that its declaration does not leave free | a manifest that marks it as free |
//! | `missing-value` | a request for which the path or the credentials lack a value | the caller's input, or the plugin |
//! | `path-value` | a value that would change the shape of the path: empty, a dot segment, a slash, a control character, or the name of a sibling | nothing |
//! | `header-value` | a header value with anything but visible ASCII and inner spaces | nothing |
//! | `credential` | a value in a place that a credential takes | nothing |
//! | `method-override` | a field named `_method` | nothing |
//! | `body` | a body of another form than the declared one, with members twice, or with a name that servers read in different ways | nothing |
//! | `values` | more values than servers take: 1,000 given by the plugin, 100 of them headers | nothing |
//! | `url` | a URL of more than 65,534 bytes, which no HTTP client sends | shorter values |
//! | `address` | an address that is not public, unless the operator wrote it himself as the base URL's host, or allows it; link-local, metadata, unspecified and multicast ones always | the operator, except for those refused always |
//! | `content-encoding` | an answer with an encoding that the host cannot undo | nothing |
//!
//! A header that governs the connection, the credentials or the method (`Host`, `Cookie`, `X-HTTP-Method-Override`, …)
//! cannot be declared, so a plugin that gives one meets `bound-value`.
//!
//! Some rules need no refusal, as what they forbid can't be expressed: scheme, host and port are those of the
//! connection's base URL; redirects are handed to the plugin and never followed; there is no cookie jar; proxy variables
//! of the environment are not read; certificates are always verified.

use std::borrow::Cow;
use std::fmt;

/// A rule of the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table in the module's documentation describes each")]
pub enum Rule {
    Grant,
    UndeclaredRequest,
    BoundValue,
    MissingValue,
    PathValue,
    HeaderValue,
    Credential,
    MethodOverride,
    Body,
    Values,
    Url,
    Address,
    ContentEncoding,
}

impl Rule {
    /// The stable name, as it stands in messages, records and the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::UndeclaredRequest => "undeclared-request",
            Self::BoundValue => "bound-value",
            Self::MissingValue => "missing-value",
            Self::PathValue => "path-value",
            Self::HeaderValue => "header-value",
            Self::Credential => "credential",
            Self::MethodOverride => "method-override",
            Self::Body => "body",
            Self::Values => "values",
            Self::Url => "url",
            Self::Address => "address",
            Self::ContentEncoding => "content-encoding",
        }
    }

    /// What would allow the thing that the rule refuses, where it does not depend on the case.
    fn remedy(self) -> &'static str {
        match self {
            Self::Grant => "the operator grants it in wharf.toml",
            Self::UndeclaredRequest => {
                "no configuration can allow it: the plugin's manifest has to declare the request"
            }
            Self::BoundValue => "no configuration can allow it: the plugin's manifest has to mark the value as free",
            Self::MissingValue => "give the input that it is bound to",
            Self::PathValue
            | Self::HeaderValue
            | Self::Credential
            | Self::MethodOverride
            | Self::Body
            | Self::Values
            | Self::Url
            | Self::Address
            | Self::ContentEncoding => "nothing can allow it",
        }
    }

    /// A refusal under this rule.
    pub(crate) fn denies(self, message: impl Into<String>) -> Denial {
        Denial { rule: self, message: message.into(), remedy: Cow::Borrowed(self.remedy()) }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request that was not sent: which rule refused it, what was tried, and what would allow it.
///
/// It is a value: the plugin receives it and may go on without the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (rule {rule}; {remedy})")]
pub struct Denial {
    /// The rule.
    pub rule: Rule,
    /// What was tried and what the rule says. It holds no secret.
    pub message: String,
    /// The line of configuration that would allow it, or that nothing can.
    pub remedy: Cow<'static, str>,
}

impl Denial {
    /// A refusal of an operation that a connection is not granted for, and the line of configuration that would.
    pub fn of_grant(message: String, remedy: String) -> Self {
        Rule::Grant.denies(message).with_remedy(remedy)
    }

    /// The same with a remedy for the case at hand.
    pub(crate) fn with_remedy(self, remedy: String) -> Self {
        Self { remedy: Cow::Owned(remedy), ..self }
    }
}

/// What the HTTP client takes, in bytes.
pub(crate) const LONGEST_URL: usize = 65_534;

pub(crate) fn too_long(bytes: usize) -> Denial {
    let message = format!("the URL would have {bytes} bytes or more; the most that can be sent is {LONGEST_URL}");
    Rule::Url.denies(message).with_remedy("give fewer or shorter values".to_owned())
}
