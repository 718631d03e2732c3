//! An input, read: what is checked are values, and what is sent are the digits that the caller wrote.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};
use wharf_egress::Json;
use wharf_egress::json::{Kind, Problem, each_member_once};
use wharf_egress::work::Work;

use super::{NotAccepted, invalid};
use crate::call::{Form, Input};

/// An input that fits its operation.
pub(crate) struct Valid {
    pub(crate) members: Map<String, Value>,
    /// As the plugin gets it.
    pub(crate) text: String,
    /// How members are written that have a number in them which a parser would write in another way; none where none has.
    pub(crate) written: Option<HashMap<String, Json>>,
}

/// The value of an input, and how it is written where a parser would write it in another way.
pub(super) fn read(input: Input, work: &Work) -> Result<(Value, Option<Json>), NotAccepted> {
    let json = match input.0 {
        Form::Value(value) => return Ok((value, None)),
        Form::Written(json) => json,
    };
    each_member_once(json.as_str(), work).map_err(|problem| match problem {
        Problem::OutOfTime(_) => NotAccepted::OutOfTime,
        problem => NotAccepted::Refused(invalid::unreadable(&problem)),
    })?;
    let value = json.value().map_err(|problem| NotAccepted::Refused(invalid::unreadable(&problem)))?;
    let written = (!json.has_plain_numbers()).then_some(json);
    Ok((value, written))
}

impl Valid {
    /// Of an input that was checked. Numbers that became whole are written so, and all others as the caller wrote them.
    pub(super) fn of(value: Value, written: Option<Json>) -> Self {
        let written = written.map(|json| {
            let mut numbers = Vec::new();
            numbers_in(&value, &mut numbers);
            // No member stands twice, so they are in the order in which they are written.
            let mut numbers = numbers.into_iter();
            let whole = |digits: &str, number: &Number| !number.is_f64() && digits.contains(['.', 'e', 'E']);
            let json = json.edited(|token| {
                let number = (token.kind == Kind::Number).then(|| numbers.next()).flatten();
                number.filter(|number| whole(token.text, number)).map(Number::to_string)
            });
            json.compact()
        });
        let text = written.as_ref().map_or_else(|| value.to_string(), Json::to_string);
        let members = match value {
            Value::Object(members) => members,
            // The schema's type is `object`, so the validator has refused everything else.
            _ => Map::new(),
        };
        let written = written.map(|json| {
            let entries = members.keys().cloned().zip(json.entries());
            entries.filter(|(_, entry)| !entry.has_plain_numbers()).collect()
        });
        Self { members, text, written }
    }
}

/// In the order in which they are written.
fn numbers_in<'v>(value: &'v Value, numbers: &mut Vec<&'v Number>) {
    match value {
        Value::Number(number) => numbers.push(number),
        Value::Array(items) => items.iter().for_each(|item| numbers_in(item, numbers)),
        Value::Object(members) => members.values().for_each(|member| numbers_in(member, numbers)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
