//! An operation's input schema, and whether an input fits it, in bounded time.
//!
//! | step | what |
//! | --- | --- |
//! | [`plan`] | the schema is taken apart when it is loaded; what has no bound is refused |
//! | [`walk`] | what trying it on an input would take is counted, before it is tried; whole numbers become whole |
//! | [`jsonschema`] | decides |
//! | [`explain`] | finds words for what does not fit |

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;
use wharf_egress::work::{OutOfTime, Work};

use super::invalid;
use crate::failure::Refusal;
use crate::manifest::Operation;

mod explain;
mod plan;
mod walk;

use explain::explain;
pub(crate) use explain::{What, Wrong};
use plan::{LARGEST_PATTERN, PATTERN_CACHE, Plan};
use walk::{Stop, walk};

/// A schema that is ready to be tried on inputs.
pub(crate) struct Schema {
    plan: Plan,
    validator: Validator,
}

/// Why an input is not accepted.
#[derive(Debug)]
pub(crate) enum NotAccepted {
    OutOfTime,
    Refused(Refusal),
}

impl Schema {
    /// Makes a schema ready.
    ///
    /// # Errors
    /// What is wrong with it, to follow `its input schema`.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        let plan = Plan::of(schema)?;
        // Patterns come from strangers: only an engine that runs in linear time may try them. The plan has bounded what they become.
        let patterns = PatternOptions::regex().size_limit(2 * LARGEST_PATTERN).dfa_size_limit(PATTERN_CACHE);
        let options = jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns);
        let validator = options.build(schema).map_err(|error| format!("is not valid: {error}"))?;
        Ok(Self { plan, validator })
    }

    /// What it takes, roughly, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        self.plan.weight
    }

    /// Checks an input, and makes whole numbers whole.
    pub(crate) fn check(&self, operation: &Operation, input: &mut Value, work: &Work) -> Result<(), NotAccepted> {
        walk(&self.plan, input, work).map_err(|stop| match stop {
            Stop::OutOfTime(OutOfTime) => NotAccepted::OutOfTime,
            Stop::TooMuch => NotAccepted::Refused(invalid::too_much()),
            Stop::TooDeep => NotAccepted::Refused(invalid::too_deep()),
            Stop::NoInteger { input, number } => NotAccepted::Refused(invalid::no_integer(operation, input, &number)),
        })?;
        if self.validator.is_valid(input) {
            return Ok(());
        }
        let wrong = explain(&operation.input_schema, input);
        Err(NotAccepted::Refused(invalid::refusal(operation, input, wrong)))
    }
}
