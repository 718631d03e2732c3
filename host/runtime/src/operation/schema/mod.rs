//! An operation's input schema, and whether an input fits it, in bounded time.
//!
//! | step | what |
//! | --- | --- |
//! | [`plan`] | the schema is taken apart when it is loaded; what has no bound is refused |
//! | [`reckon`] | what its parts cost together is found out |
//! | [`walk`] | what trying it on an input would take is counted, before it is tried; whole numbers become whole |
//! | [`jsonschema`] | decides |
//! | [`explain`] | finds words for what does not fit |

use indexmap::IndexMap;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};
use wharf_egress::Json;
use wharf_egress::json::Kind;
use wharf_egress::work::{OutOfTime, Work};

use super::invalid;
use super::numbers::Numbers;
use crate::failure::Refusal;
use crate::manifest::Operation;

mod explain;
mod numeric;
mod plan;
mod reckon;
mod walk;

use explain::explain;
pub(crate) use explain::{What, Wrong};
pub(crate) use plan::Planner;
use plan::{LARGEST_PATTERN, PATTERN_CACHE, Plan};
pub(crate) use walk::Problem;
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
        Ok(Self { plan: Plan::of(schema)?, validator: validator(schema)? })
    }

    /// What it takes, roughly, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        self.plan.weight
    }

    /// Checks an input, and makes whole numbers whole: in the value, and as it is written, which it gives back.
    pub(crate) fn check(
        &self,
        operation: &Operation,
        input: &mut Value,
        written: Option<Json>,
        work: &Work,
    ) -> Result<Option<Json>, NotAccepted> {
        let mut numbers = written.as_ref().map_or(Numbers::None, |json| Numbers::of(input, json));
        walk(&self.plan, input, &mut numbers, work).map_err(|stop| match stop {
            Stop::OutOfTime(OutOfTime) => NotAccepted::OutOfTime,
            Stop::TooMuch => NotAccepted::Refused(invalid::too_much()),
            Stop::TooDeep => NotAccepted::Refused(invalid::too_deep()),
            Stop::Number { input, number, problem } => {
                NotAccepted::Refused(invalid::number(operation, input, &number, problem))
            }
        })?;
        let written = written.as_ref().map(|json| as_sent(json, &numbers));
        if self.validator.is_valid(input) {
            return Ok(written);
        }
        let wrong = explain(&operation.input_schema, input);
        Err(NotAccepted::Refused(invalid::refusal(operation, input, written.as_ref(), wrong)))
    }
}

/// Whether a schema has the form of one, whatever it refers to.
///
/// # Errors
/// What is wrong with it, to follow `its input schema`.
pub(crate) fn check_one(schema: &Value) -> Result<(), String> {
    jsonschema::draft202012::meta::validate(schema).map_err(|error| format!("is not valid: {error}"))
}

/// Whether a schema may have a pattern, and how many bytes it takes: all of an operation have a bound too.
///
/// # Errors
/// What is wrong with it, to follow a schema's name: it `has the pattern …`.
pub fn check_pattern(pattern: &str) -> Result<usize, String> {
    plan::translated(pattern).map(|pattern| pattern.bytes)
}

/// Whether the definitions of a manifest, which were taken apart, can be tried: each is made ready once, for all that refer to it.
///
/// # Errors
/// What is wrong with one of them.
pub(crate) fn check_all(definitions: &IndexMap<String, Value>) -> Result<(), String> {
    let uses = definitions.keys().map(|name| (name.clone(), json!({"$ref": format!("#/$defs/{name}")})));
    let uses: Map<String, Value> = uses.collect();
    let all: Map<String, Value> = definitions.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
    validator(&json!({"$defs": all, "properties": uses})).map(drop)
}

/// What tries a schema that was taken apart.
fn validator(schema: &Value) -> Result<Validator, String> {
    // Patterns come from strangers: only an engine that runs in linear time may try them. The plan has bounded what they become.
    let patterns = PatternOptions::regex().size_limit(2 * LARGEST_PATTERN).dfa_size_limit(PATTERN_CACHE);
    let options = jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns);
    options.build(schema).map_err(|error| format!("is not valid: {error}"))
}

/// A document with its numbers as they are to be sent.
fn as_sent(json: &Json, numbers: &Numbers<'_>) -> Json {
    let mut all = Vec::new();
    numbers.visit(&mut |digits| all.push(digits.to_owned()));
    let mut all = all.into_iter();
    json.edited(|token| (token.kind == Kind::Number).then(|| all.next()).flatten()).compact()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_schema_and_value_that_are_let_in_fit_the_usual_stack() {
        let inner = |n: usize| (0..20).fold(json!({"$ref": format!("#/$defs/d{n}")}), |s, _| json!({"items": s}));
        let defs: Map<String, Value> = (0..500).map(|n| (format!("d{n}"), inner((n + 1) % 500))).collect();
        let schema = json!({"$defs": defs, "$ref": "#/$defs/d0"});
        let mut value = (0..127).fold(json!([]), |inner, _| json!([inner]));
        let work = Work::until(wharf_egress::Deadline::within(std::time::Duration::MAX));
        let tried = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
            let schema = Schema::new(&schema).unwrap();
            walk(&schema.plan, &mut value, &mut Numbers::None, &work).unwrap();
            schema.validator.is_valid(&value)
        });
        assert!(tried.unwrap().join().unwrap());
    }
}
