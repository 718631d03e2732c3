//! The second station of a call: the operation, and whether the input fits it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::Value;
use wharf_egress::declaration::Declaration;
use wharf_egress::work::Work;
use wharf_egress::{Blob, Deadline, Json};

use crate::call::Input;
use crate::failure::Refusal;
use crate::manifest::{self, AttachmentField};

mod input;
mod invalid;
mod nearest;
mod numbers;
mod schema;
mod typed;
mod words;

pub(crate) use input::Valid;
pub use nearest::nearest;
pub use schema::check_pattern;
pub(crate) use schema::{NotAccepted, Planner, Schema, check_all, check_one};
pub use typed::in_shell;
pub use words::{allowed, allowed_within, followed};

/// An operation of a loaded release: what the plugin declares, ready for use.
pub struct Operation {
    /// As the manifest tells of it, with what is sensitive by its place among the sensitive inputs.
    pub declared: manifest::Operation,
    schema: Schema,
    requests: Vec<Declaration>,
    sensitive: HashSet<String>,
}

impl Operation {
    pub(crate) fn new(declared: manifest::Operation, schema: Schema, requests: Vec<Declaration>) -> Self {
        let sensitive = declared.sensitive_inputs.iter().cloned().collect();
        Self { declared, schema, requests, sensitive }
    }

    /// What it takes to be ready for use, roughly, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        self.schema.weight()
    }

    /// Names of inputs and free values that are masked where people see them.
    pub(crate) fn sensitive(&self) -> &HashSet<String> {
        &self.sensitive
    }

    pub(crate) fn requests(&self) -> &[Declaration] {
        &self.requests
    }

    /// Checks an input against the operation's schema.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] that names the first wrong input, what is wrong, and what is allowed; also where the input has
    /// so many values that checking it would take longer than a tenth of a second or so.
    pub fn validate(&self, input: impl Into<Input>) -> Result<(), Refusal> {
        let work = Work::until(Deadline::within(Duration::MAX));
        self.read(input.into(), &work).map(drop).map_err(|problem| match problem {
            NotAccepted::Refused(refusal) => refusal,
            NotAccepted::OutOfTime => invalid::too_much(),
        })
    }

    /// The same within the time of a call.
    pub(crate) fn validate_within(&self, input: Input, work: &Work) -> Result<Valid, NotAccepted> {
        let (value, written) = self.read(input, work)?;
        Ok(Valid::of(value, written, self.declared.data.is_none()))
    }

    fn read(&self, input: Input, work: &Work) -> Result<(Value, Option<Json>), NotAccepted> {
        let (mut value, written) = input::read(input, work)?;
        let written = self.schema.check(&self.declared, &mut value, written, work)?;
        Ok((value, written))
    }

    /// Checks the attached files against the operation's attachment fields.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] that names the attachment.
    pub fn validate_attachments(&self, attachments: &[(String, Blob)]) -> Result<(), Refusal> {
        let refuse = |name: &str, message: String| Err(Refusal::InvalidInput { field: Some(name.to_owned()), message });
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (name, _) in attachments {
            let Some(field) = self.declared.attachments.iter().find(|a| a.name == *name) else {
                let known = self.declared.attachments.iter().map(|a| a.name.as_str());
                return refuse(
                    name,
                    match nearest(name, known) {
                        Some(near) => format!("the operation takes no such file; did you mean `{near}`?"),
                        None if self.declared.attachments.is_empty() => "the operation takes no file".to_owned(),
                        None => format!("the operation takes no such file; it takes `{}`", self.attachment_names()),
                    },
                );
            };
            let count = counts.entry(name).or_default();
            *count += 1;
            if !field.many && *count > 1 {
                return refuse(name, "only one file can be attached under this name".to_owned());
            }
        }
        let missing = self.declared.attachments.iter().find(|a| a.required && !counts.contains_key(a.name.as_str()));
        match missing {
            Some(AttachmentField { name, summary, .. }) => {
                refuse(name, format!("the file is missing: {summary} (--attach {name}=@FILE)"))
            }
            None => Ok(()),
        }
    }

    fn attachment_names(&self) -> String {
        self.declared.attachments.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join("`, `")
    }

    /// That of an input for which a caller wrote this.
    fn input_schema(&self, name: &str, text: &str) -> Result<&Value, Refusal> {
        let schema = &self.declared.input_schema;
        let found = schema.get("properties").and_then(|properties| properties.get(name));
        found.map(|found| followed(schema, found)).ok_or_else(|| invalid::unknown(&self.declared, name, Some(text)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wharf_egress::declaration::Routes;

    use super::*;

    fn operation(properties: &Value) -> Operation {
        let declared: manifest::Operation = serde_json::from_value(json!({
            "name": "a.b", "title": "", "summary": "", "effect": "read", "idempotent": true, "unverified": null,
            "attachments": [], "output-attachments": [], "sensitive-inputs": [], "requests": [], "sensitive-outputs": [],
            "input-schema": {"type": "object", "properties": properties, "additionalProperties": false},
        }))
        .unwrap();
        manifest::prepare(declared, &[], &Routes::default()).unwrap()
    }

    #[test]
    fn a_text_goes_as_it_is_written_where_any_json_is_allowed() {
        let operation = operation(&json!({
            "any": {}, "either": {"type": ["integer", "string"]}, "choice": {"enum": ["1", 2]}, "n": {"type": "number"},
            "none": {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "list": {"type": "array"},
        }));
        for text in ["1.10", "77950e8", "null", "[1]", "\"a\""] {
            assert_eq!(operation.parse_value("any", text).unwrap(), json!(text));
            assert_eq!(operation.parse_value("either", text).unwrap(), json!(text));
        }
        assert_eq!(operation.parse_value("choice", "1").unwrap(), json!("1"));
        for (name, text) in [("n", "1.10"), ("n", "-0"), ("none", "null"), ("list", "[1.0]")] {
            assert_eq!(operation.parse_value(name, text).unwrap().as_str(), text);
        }
        assert_eq!(operation.parse_json("any", "1.10").unwrap().as_str(), "1.10");
        let refused = |result: Result<Json, Refusal>| result.unwrap_err().to_string();
        assert!(refused(operation.parse_value("n", "many")).contains("`many` is not what is allowed: number"));
        assert!(refused(operation.parse_json("any", "many")).contains("`many` is not JSON"));
        assert!(refused(operation.parse_json("ani", "1")).contains("did you mean `any`"));
    }

    #[test]
    fn an_input_that_is_a_definition_is_read_and_told_as_that() {
        let mut declared = operation(&json!({})).declared;
        declared.input_schema = json!({
            "type": "object", "properties": {"id": {"$ref": "#/$defs/id"}, "tree": {"$ref": "#/$defs/tree"}}, "$defs": {
                "id": {"$ref": "#/$defs/number"}, "number": {"type": "integer", "minimum": 3},
                "tree": {"type": "object", "properties": {"of": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}},
            },
        });
        let operation = manifest::prepare(declared, &[], &Routes::default()).unwrap();
        assert_eq!(operation.parse_value("id", "7").unwrap(), json!(7));
        let refused = operation.parse_value("id", "many").unwrap_err().to_string();
        assert!(refused.ends_with("whole number, at least 3; write id=3"), "{refused}");
        let check = |input: Value| operation.validate(input).map_err(|refusal| refusal.to_string());
        assert_eq!(check(json!({"tree": {"of": [{"of": []}]}})), Ok(()));
        let refused = check(json!({"tree": {"of": [{"of": [7]}]}})).unwrap_err();
        assert!(refused.contains("at `/tree/of/0/of/0`: 7 is not of type \"object\"; allowed: object"), "{refused}");
        let deep = (0..70).fold(json!({}), |inner, _| json!({"of": [inner]}));
        assert!(check(json!({"tree": deep})).unwrap_err().contains("refers to itself"));
    }

    #[test]
    fn null_is_not_taken_for_the_text_where_it_could_be_no_value() {
        let operation = operation(&json!({
            "reason": {"type": ["string", "null"]}, "one": {"type": ["string", "null"], "enum": ["a", null]},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "text": {"type": "string"},
        }));
        for name in ["reason", "one", "either"] {
            let refused = operation.parse_value(name, "null").unwrap_err().to_string();
            assert!(refused.contains(&format!("`{name}:=null`")), "{refused}");
            assert!(refused.contains(&format!("`{name}:='\"null\"'`")), "{refused}");
            assert_eq!(operation.parse_json(name, "null").unwrap(), json!(null));
            assert_eq!(operation.parse_json(name, "\"null\"").unwrap(), json!("null"));
        }
        assert_eq!(operation.parse_value("reason", "nullable").unwrap(), json!("nullable"));
        assert_eq!(operation.parse_value("text", "null").unwrap(), json!("null"));
    }

    #[test]
    fn what_is_typed_wrongly_is_told_as_it_can_be_copied() {
        let operation = operation(&json!({
            "status": {"type": "array", "items": {"type": "string"}},
            "ids": {"type": "array", "items": {"type": "integer"}}, "n": {"type": "integer", "minimum": 7},
            "on": {"type": "boolean"}, "sort": {"type": "string", "enum": ["up", "down"]},
            "filter": {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}},
            "some": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        }));
        for (name, text, write) in [
            ("status", "open", r#"write status:='["open"]'"#),
            ("status", "it's, new", r#"write status:='["it'\''s","new"]'"#),
            ("ids", "7", "write ids:='[7]'"),
            ("ids", "7,8", "write ids:='[7,8]'"),
            ("ids", "many", "write ids:='[1]'"),
            ("n", "many", "write n=7"),
            ("n", "[1]", "write n=7"),
            ("on", "yes", "write on=true or on=false"),
            ("sort", "dwon", r#"one of "up", "down"; write sort=down"#),
            ("sort", "?", r#"one of "up", "down"; write sort=up"#),
            ("filter", "x", r#"write filter:='{"key":"text"}'"#),
            ("some", "none", "write some=1"),
        ] {
            let refusal = operation.parse_value(name, text).unwrap_err().to_string();
            assert!(refusal.ends_with(write), "{name}={text}: {refusal}");
        }
        let refusal = operation.parse_json("status", "[open]").unwrap_err().to_string();
        assert!(refusal.ends_with(r#"write status:='["open"]', in the quotes of the shell"#), "{refusal}");
        for right in ["1", "null"] {
            assert_eq!(operation.parse_value("some", right).unwrap().as_str(), right);
        }
    }

    #[test]
    fn what_is_missing_is_told_with_what_is_allowed_and_how_it_is_written() {
        let mut declared = operation(&json!({})).declared;
        declared.input_schema = json!({
            "type": "object", "required": ["articleId"],
            "properties": {"articleId": {"type": "integer", "minimum": 1, "description": "Its number."}},
        });
        let operation = manifest::prepare(declared, &[], &Routes::default()).unwrap();
        let words = |input: Value| operation.validate(input).unwrap_err().to_string();
        assert_eq!(
            words(json!({})),
            "input `articleId`: it is missing (Its number.): whole number, at least 1; write articleId=1"
        );
        assert_eq!(
            words(json!({"articleId": 0})),
            "input `articleId`: 0 is less than 1, the least that is allowed; allowed: whole number, at least 1"
        );
    }

    #[test]
    fn an_input_is_checked_by_its_values_and_goes_on_with_its_digits() {
        let operation = operation(&json!({
            "id": {"type": "integer"}, "n": {"type": "number", "maximum": 1e22}, "any": {}, "text": {"type": "string"},
        }));
        let work = Work::until(Deadline::within(Duration::MAX));
        let valid = |text: &str| operation.validate_within(Json::parse(text).unwrap().into(), &work).unwrap();
        let input =
            valid(r#"{ "id": 1e2, "n": 123456789012345678901, "any": [{"a": 1.10, "b": -0}], "text": "\u00e9" }"#);
        let text = r#"{"id":100,"n":123456789012345678901,"any":[{"a":1.10,"b":-0}],"text":"\u00e9"}"#;
        assert_eq!(input.text, text);
        let written = input.written.unwrap();
        assert_eq!((written.len(), written["any"].as_str()), (2, r#"[{"a":1.10,"b":-0}]"#));
        let plain = valid(r#"{"n": 1.5, "id": 7.0}"#);
        assert_eq!((plain.text.as_str(), plain.written.is_none()), (r#"{"n":1.5,"id":7}"#, true));

        for (text, words) in [
            (r#"{"any": {"a": 1, "\u0061": 2}}"#, "the member `a` stands twice in one object"),
            (r#"{"any": 1e400}"#, "input `any`: it cannot be checked: a number is larger than 1.7976931348623157e308"),
            (r#"{"n": 1e23}"#, "`n`"),
            (
                r#"{"id": 1, "any": ["\ud83d"]}"#,
                "input `any`: it cannot be checked: an escape such as `\\ud83d` is half",
            ),
            (&format!(r#"{{"any": {}{}}}"#, "[".repeat(127), "]".repeat(127)), "at most 127 may at line 1 column 135"),
            (r#"{"n": "1", "any": 1.10}"#, "input `n`: \"1\" is not"),
            (r#"{"n": 10000000000000000000000000}"#, "10000000000000000000000000 is greater"),
        ] {
            let refusal = operation.validate(Json::parse(text).unwrap()).unwrap_err().to_string();
            assert!(refusal.contains(words), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_whole_number_is_the_one_that_was_written_or_none() {
        let operation = operation(&json!({
            "id": {"type": "integer"}, "or": {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "any": {},
            "few": {"type": "integer", "maximum": 4000}, "no": {"not": {"type": "integer"}},
        }));
        let work = Work::until(Deadline::within(Duration::MAX));
        let sent = |text: &str| operation.validate_within(Json::parse(text).unwrap().into(), &work);
        for digits in [
            "12.00000000000000000001",
            "9007199254740990.4",
            "4503599627370495.9999",
            "11.99999999999999999999",
            "1e-400",
            "1.5",
        ] {
            for name in ["id", "or"] {
                let Err(NotAccepted::Refused(refusal)) = sent(&format!(r#"{{"{name}": {digits}}}"#)) else {
                    panic!("{name} {digits}")
                };
                assert!(refusal.to_string().contains(&format!("`{name}`")), "{refusal}");
            }
            assert!(sent(&format!(r#"{{"no": {digits}}}"#)).is_err() || digits == "1.5", "{digits}");
            assert_eq!(sent(&format!(r#"{{"any": {digits}}}"#)).unwrap().text, format!(r#"{{"any":{digits}}}"#));
        }
        for (written, whole) in [
            ("123456789012345678901", "123456789012345678901"),
            ("-123456789012345678901.0", "-123456789012345678901"),
            ("18446744073709551615.0", "18446744073709551615"),
            ("9007199254740993.00", "9007199254740993"),
            ("1e30", "1000000000000000000000000000000"),
            ("1e2", "100"),
        ] {
            let valid = sent(&format!(r#"{{"id": {written}, "or": {written}}}"#)).unwrap();
            assert_eq!(valid.text, format!(r#"{{"id":{whole},"or":{whole}}}"#));
        }
        let refused = |text: &str| operation.validate(Json::parse(text).unwrap()).unwrap_err().to_string();
        let words = refused(r#"{"few": 4000.0000000000001}"#);
        assert!(words.starts_with("input `few`: 4000.0000000000001 is not a whole number; allowed: "), "{words}");
        assert!(refused(r#"{"few": 18446744073709551616}"#).contains("`few`: 18446744073709551616 is greater"));
    }

    #[test]
    fn numbers_are_compared_by_their_digits() {
        let operation = operation(&json!({
            "most": {"maximum": 5}, "below": {"exclusiveMaximum": 9007199254740993_u64}, "step": {"multipleOf": 2},
            "one": {"enum": [9007199254740992_u64, 0.5]}, "only": {"const": [1]}, "each": {"uniqueItems": true},
            "not": {"not": {"const": 7}},
        }));
        let check = |text: &str| operation.validate(Json::parse(text).unwrap()).map_err(|refusal| refusal.to_string());
        for wrong in [
            r#"{"most": 5.00000000000000000001}"#,
            r#"{"below": 9007199254740993}"#,
            r#"{"step": 9007199254740993}"#,
            r#"{"step": 123456789012345678901}"#,
            r#"{"one": 9007199254740993}"#,
            r#"{"one": 0.500000000000000000001}"#,
            r#"{"only": [1.00000000000000000001]}"#,
            r#"{"each": [1, 1.0]}"#,
            r#"{"each": [0.10, 0.1]}"#,
            r#"{"each": [1.00000000000000000001, 1]}"#,
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
        for right in [
            r#"{"most": 4.99999}"#,
            r#"{"below": 9007199254740992}"#,
            r#"{"step": 123456789012345678900}"#,
            r#"{"one": 9007199254740992}"#,
            r#"{"one": 5.0e-1}"#,
            r#"{"each": [9007199254740992, 9007199254740993]}"#,
            r#"{"each": [117.633311394000170001, 1.10]}"#,
            r#"{"not": 7.5}"#,
        ] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        let fine = check(r#"{"most": 5.00000000000000000001}"#).unwrap_err();
        assert!(fine.contains("5.00000000000000000001 has more digits than can be compared"), "{fine}");
    }
}
