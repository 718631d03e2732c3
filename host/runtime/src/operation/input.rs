//! An input, read: what is checked are values, and what is sent are the digits that the caller wrote.

use std::collections::HashMap;

use serde_json::{Map, Value};
use wharf_egress::Json;
use wharf_egress::json::{KEPT_NAME, Kind, Problem, each_member_once, is_plain};
use wharf_egress::work::Work;

use super::{NotAccepted, invalid};
use crate::call::{Form, Input};

/// An input that fits its operation.
pub(crate) struct Valid {
    pub(crate) members: Map<String, Value>,
    /// As the plugin gets it; empty where no code runs.
    pub(crate) text: String,
    /// How members are written that have a number in them which a parser would write in another way; none where none has.
    pub(crate) written: Option<HashMap<String, Json>>,
}

/// The value of an input, and how it is written where a parser would write it in another way.
pub(super) fn read(input: Input, work: &Work) -> Result<(Value, Option<Json>), NotAccepted> {
    let json = match input.0 {
        Form::Value(value) => return without_kept_name(value).map(|value| (value, None)),
        Form::Written(json) => json,
    };
    each_member_once(json.as_str(), work).map_err(|problem| match problem {
        Problem::OutOfTime(_) => NotAccepted::OutOfTime,
        problem => NotAccepted::Refused(invalid::unreadable(&problem)),
    })?;
    let value = json.value().map_err(|problem| NotAccepted::Refused(invalid::unread(&json, &problem)))?;
    let value = without_kept_name(value)?;
    let told = json.tokens().all(|token| token.kind != Kind::Number || is_told_by_its_value(token.text));
    Ok((value, (!told).then_some(json)))
}

/// A plugin reads its input by a parser that may take the text behind this name for the document: another one than is checked here.
fn without_kept_name(value: Value) -> Result<Value, NotAccepted> {
    fn has_it(value: &Value) -> bool {
        match value {
            Value::Object(members) => members.iter().any(|(name, value)| name == KEPT_NAME || has_it(value)),
            Value::Array(items) => items.iter().any(has_it),
            _ => false,
        }
    }
    if !has_it(&value) {
        return Ok(value);
    }
    let problem = format!("it has a member `{KEPT_NAME}`, which a parser keeps for itself");
    Err(NotAccepted::Refused(invalid::unreadable(&problem)))
}

/// Whether the value of a number tells how it is written, also where it has to be a whole one.
fn is_told_by_its_value(digits: &str) -> bool {
    /// A float of fewer letters is exact where it is whole.
    const FEW: usize = 15;
    let is_exact = !digits.contains(['e', 'E']) && (digits.len() < FEW || !digits.contains('.'));
    is_exact && is_plain(digits)
}

impl Valid {
    /// Of an input that was checked, and how it is written where that is known.
    pub(super) fn of(value: Value, written: Option<Json>, is_for_code: bool) -> Self {
        let text = || written.as_ref().map_or_else(|| value.to_string(), Json::to_string);
        let text = if is_for_code { text() } else { String::new() };
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use wharf_egress::Deadline;

    use super::*;

    #[test]
    fn a_name_that_a_parser_keeps_for_itself_is_in_no_input() {
        let work = Work::until(Deadline::within(Duration::MAX));
        let member = json!({ KEPT_NAME: "[1]" });
        for value in [member.clone(), json!({ "open": [member] })] {
            let written = Json::parse(value.to_string().replace('$', "\\u0024")).unwrap();
            for input in [Input::from(value), Input::from(written)] {
                let Err(NotAccepted::Refused(refusal)) = read(input, &work) else { panic!("it was read") };
                assert!(refusal.to_string().contains(KEPT_NAME), "{refusal}");
            }
        }
        assert!(read(Input::from(json!({ "open": KEPT_NAME })), &work).is_ok());
    }
}
