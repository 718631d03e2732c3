//! What a schema says of a number, judged by its digits. The validator knows floats alone: of a number that none of them is, it
//! judges the nearest one.

use serde_json::{Map, Value};
use wharf_answer::Decimal;

use crate::operation::words::types_in;

/// The keywords of one schema that compare numbers.
#[derive(Debug, Default)]
pub(super) struct Numeric {
    pub(super) whole: bool,
    least: Option<Decimal>,
    above: Option<Decimal>,
    most: Option<Decimal>,
    below: Option<Decimal>,
    step: Option<Decimal>,
    /// The numbers among those that are allowed; none where any is.
    choices: Option<Vec<Decimal>>,
    /// Whether lists or objects are allowed by what stands in them.
    pub(super) compares_all: bool,
}

impl Numeric {
    /// None where it has no such keyword.
    pub(super) fn of(keywords: &Map<String, Value>) -> Option<Box<Self>> {
        let number = |name: &str| keywords.get(name).filter(|value| value.is_number()).map(decimal);
        let types = types_in(keywords.get("type"));
        let choices = keywords.get("enum").and_then(Value::as_array).map(Vec::as_slice);
        let choices = choices.or_else(|| keywords.get("const").map(std::slice::from_ref));
        let found = Self {
            whole: types.contains(&"integer") && !types.contains(&"number"),
            least: number("minimum"),
            above: number("exclusiveMinimum"),
            most: number("maximum"),
            below: number("exclusiveMaximum"),
            step: number("multipleOf"),
            choices: choices.map(|all| all.iter().filter(|choice| choice.is_number()).map(decimal).collect()),
            compares_all: choices.into_iter().flatten().any(|choice| choice.is_array() || choice.is_object()),
        };
        let bounds = [&found.least, &found.above, &found.most, &found.below, &found.step];
        let any = found.whole || found.choices.is_some() || bounds.iter().any(|bound| bound.is_some());
        any.then(|| Box::new(found))
    }

    /// Whether it allows a number.
    pub(super) fn allows(&self, number: &Decimal) -> bool {
        (!self.whole || number.is_whole())
            && self.least.as_ref().is_none_or(|least| number >= least)
            && self.above.as_ref().is_none_or(|above| number > above)
            && self.most.as_ref().is_none_or(|most| number <= most)
            && self.below.as_ref().is_none_or(|below| number < below)
            && self.step.as_ref().is_none_or(|step| number.is_multiple_of(step))
            && self.choices.as_ref().is_none_or(|choices| choices.contains(number))
    }
}

fn decimal(number: &Value) -> Decimal {
    Decimal::of(&number.to_string())
}
