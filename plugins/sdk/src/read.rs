//! Ways to read an answer, for [`crate::Provider::read`].

use wharf_answer::build::{body, success};
use wharf_answer::rules::{Kind, Output, Rule};
use wharf_answer::{Found, Named, judge};

use crate::failure::Failure;
use crate::response::Response;

/// How a provider's answers are read.
#[derive(Clone, Copy, Debug)]
pub enum Read {
    /// By rules, which are a part of the manifest: operations without a function are data then. Nothing of the plugin runs for them.
    Rules(fn() -> Rules),
    /// By a function: the JSON text of the answer's value, or what the provider says is wrong. All operations are code then.
    Function(fn(&Response) -> Result<String, Failure>),
}

/// Rules for answers, in the order in which they are looked at: the first that fits decides.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What fails whatever the operation wants of the answer: an envelope that tells of an error with a good status.
    pub first: Vec<Rule>,
    /// What a success gives. An operation may want another thing of it.
    pub output: Vec<Rule>,
    /// What is wrong with all other answers.
    pub errors: Vec<Rule>,
    /// Rules that those use by these names.
    pub named: Vec<(&'static str, Vec<Rule>)>,
}

impl Named for Rules {
    fn rules(&self, name: &str) -> Option<&[Rule]> {
        self.named.iter().find(|(known, _)| *known == name).map(|(_, rules)| rules.as_slice())
    }
}

/// A provider that says what is wrong by the status, in words where most providers have them. A good answer is its body.
pub const REST: Read = Read::Rules(Rules::default);

impl Rules {
    fn all(&self) -> Vec<Rule> {
        [self.first.as_slice(), &self.output, &self.errors].concat()
    }
}

impl Read {
    /// Reads an answer: the JSON text of its value.
    ///
    /// # Errors
    /// What the provider says is wrong.
    pub fn read(self, response: &Response) -> Result<String, Failure> {
        match self {
            Self::Function(read) => read(response),
            Self::Rules(rules) => {
                let rules = rules();
                match judge(response, &rules.all(), &rules)? {
                    Found::Json(json) => Ok(json),
                    Found::File(_) | Found::Lines(_) => Err(response.makes_no_sense("JSON")),
                }
            }
        }
    }
}

/// A good answer becomes this output.
pub(crate) fn good(output: Output) -> Rule {
    Rule::output([success()], output)
}

/// A good answer becomes a success: it is JSON, or nothing.
pub(crate) fn done() -> Rule {
    Rule::output([success(), body().is([Kind::Json, Kind::Nothing])], Output::Value(r#"{"success":true}"#.into()))
}

/// The body of a good answer as JSON text; null where there is none. An operation that reads was not answered without a body, unless
/// the status says that there is nothing (RFC 9110, sections 15.3.5 and 15.3.6).
///
/// # Errors
/// A provider failure where the body is not JSON.
pub fn json(response: &Response) -> Result<String, Failure> {
    wharf_answer::read::json(response)
}
