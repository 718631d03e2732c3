//! Rules and pages as they stand in the document of a manifest.

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::lines::{Content, End, Form, Lines};
use crate::pages::{Pages, Turn};
use crate::rules::{
    self, Condition, Failing, FailureKind, Kind, Output, Place, Rule, Status, Subject, Test, Text, Then, Words,
};

/// JSON text: values that a parser makes of it would not keep the digits of constants.
type Written = Box<RawValue>;

fn written(value: &impl Serialize) -> Written {
    // What stands here has nothing in it that cannot be written.
    to_raw_value(value).unwrap_or_default()
}

/// A constant, as it is.
fn constant(json: &str) -> Written {
    RawValue::from_string(json.to_owned()).unwrap_or_default()
}

/// An object that is written member by member.
#[derive(Default)]
struct Members(Vec<(&'static str, Written)>);

impl Members {
    fn put(&mut self, name: &'static str, value: &impl Serialize) {
        self.0.push((name, written(value)));
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A list of rules, with constants as they are written.
pub fn rules(rules: &[Rule]) -> Box<RawValue> {
    written(&rules.iter().map(rule).collect::<Vec<_>>())
}

fn rule(rule: &Rule) -> Members {
    let mut members = Members::default();
    if let Some(pointer) = &rule.each {
        members.put("each", pointer);
    }
    if !rule.conditions.is_empty() {
        members.put("if", &one_or_list(&rule.conditions, condition));
    }
    match &rule.then {
        Then::Output(output) => members.put("output", &self::output(output)),
        Then::Failure(failing) => members.put("failure", &failure(failing)),
        Then::Unreadable(expected) => members.put("unreadable", expected),
        Then::Use(name) => members.put("use", name),
    }
    members
}

fn condition(condition: &Condition) -> Members {
    let mut members = Members::default();
    match &condition.of {
        // Their tests are written as what they look at.
        Subject::Status | Subject::Operation => {}
        Subject::At(pointers) => members.put("at", &one_or_list(pointers, Text::clone)),
        Subject::Header(name) => members.put("header", name),
        Subject::Body => members.put("body", &true),
    }
    match &condition.test {
        Test::Statuses(statuses) => {
            let name = if condition.of == Subject::Status { "status" } else { "is-status" };
            members.put(name, &one_or_list(statuses, status));
        }
        Test::Reads(reads) => members.put("reads", reads),
        Test::Exists(exists) => members.put("exists", exists),
        Test::Present(present) => members.put("present", present),
        Test::OneOf(values) => match &**values {
            [one] => members.put("equals", &value(one)),
            values => members.put("one-of", &values.iter().map(value).collect::<Vec<_>>()),
        },
        Test::NoneOf(values) => members.put("none-of", &values.iter().map(value).collect::<Vec<_>>()),
        Test::Is(kinds) => members.put("is", &one_or_list(kinds, |kind| kind_name(*kind))),
        Test::Contains(texts) => members.put("contains", &one_or_list(texts, Text::clone)),
        Test::Words(Words { one_of, only }) => {
            let mut words = Members::default();
            words.put("one-of", &one_or_list(one_of, Text::clone));
            if !only.is_empty() {
                words.put("only", &one_or_list(only, Text::clone));
            }
            members.put("words", &words);
        }
    }
    for (name, flag) in [("any-case", condition.any_case), ("not", condition.not)] {
        if flag {
            members.put(name, &true);
        }
    }
    if !condition.except.is_empty() {
        members.put("except", &one_or_list(&condition.except, Text::clone));
    }
    members
}

fn one_or_list<T, W: Serialize>(items: &[T], entry: impl Fn(&T) -> W) -> Written {
    match items {
        [one] => written(&entry(one)),
        several => written(&several.iter().map(entry).collect::<Vec<_>>()),
    }
}

fn status(status: &Status) -> Value {
    match status {
        Status::One(status) => (*status).into(),
        Status::Class(class) => format!("{class}xx").into(),
    }
}

fn value(value: &rules::Value) -> Written {
    match value {
        rules::Value::Null => Written::default(),
        rules::Value::Boolean(flag) => written(flag),
        rules::Value::Number(digits) => constant(digits),
        rules::Value::Text(text) => written(text),
        rules::Value::EmptyList => constant("[]"),
        rules::Value::EmptyObject => constant("{}"),
    }
}

/// Kinds of values by their names.
pub const KINDS: [(&str, Kind); 9] = [
    ("null", Kind::Null),
    ("boolean", Kind::Boolean),
    ("number", Kind::Number),
    ("text", Kind::Text),
    ("list", Kind::List),
    ("object", Kind::Object),
    ("json", Kind::Json),
    ("nothing", Kind::Nothing),
    ("something", Kind::Something),
];

fn kind_name(kind: Kind) -> &'static str {
    KINDS.iter().find(|(_, known)| *known == kind).map(|(name, _)| *name).unwrap_or_default()
}

fn output(output: &Output) -> Written {
    match output {
        Output::Body => written(&"body"),
        Output::Text => written(&"text"),
        Output::Message => written(&"message"),
        Output::At(pointer) => written(&json!({ "at": pointer })),
        Output::Value(json) => written(&Members(vec![("value", constant(json))])),
        Output::File(name) => written(&json!({ "file": name })),
        Output::Lines(lines) => self::lines(lines),
    }
}

fn lines(lines: &Lines) -> Written {
    let mut members = Members::default();
    let name = match lines.form {
        Form::Lines => "lines",
        Form::Events(content) => {
            if content == Content::Text {
                members.put("data", &"text");
            }
            "events"
        }
    };
    match &lines.end {
        None => {}
        Some(End::Text(text)) => members.put("end", &json!({ "text": text })),
        Some(End::Event(name)) => members.put("end", &json!({ "event": name })),
        Some(End::At(pointer, equal)) => {
            members.put("end", &Members(vec![("at", written(pointer)), ("equals", value(equal))]));
        }
    }
    for (name, number) in [("most", lines.most), ("seconds", lines.seconds)] {
        if let Some(number) = number {
            members.put(name, &number);
        }
    }
    written(&Members(vec![(name, written(&members))]))
}

/// Kinds of failures by their names.
pub const FAILURES: [(&str, FailureKind); 11] = [
    ("by-status", FailureKind::ByStatus),
    ("by-code", FailureKind::ByCode),
    ("invalid-input", FailureKind::InvalidInput),
    ("unauthorized", FailureKind::Unauthorized),
    ("forbidden", FailureKind::Forbidden),
    ("not-found", FailureKind::NotFound),
    ("conflict", FailureKind::Conflict),
    ("rate-limited", FailureKind::RateLimited),
    ("provider", FailureKind::Provider),
    ("unavailable", FailureKind::Unavailable),
    ("timeout", FailureKind::Timeout),
];

fn failure(failing: &Failing) -> Members {
    let mut members = Members::default();
    if failing.kind != FailureKind::ByStatus {
        let name = FAILURES.iter().find(|(_, kind)| *kind == failing.kind).map(|(name, _)| *name);
        members.put("kind", &name);
    }
    for (name, places) in [
        ("message", &failing.message),
        ("code", &failing.code),
        ("field", &failing.field),
        ("retry-after", &failing.retry_after),
    ] {
        if !places.is_empty() {
            members.put(name, &one_or_list(places, place));
        }
    }
    for (name, words) in [("note", &failing.note), ("hint", &failing.hint)] {
        if let Some(words) = words {
            members.put(name, words);
        }
    }
    members
}

fn place(place: &Place) -> Value {
    match place {
        Place::At(pointer) => Value::from(&**pointer),
        Place::Header(name) => json!({ "header": name }),
        Place::Body => json!({ "body": true }),
        Place::Words(words) => json!({ "words": words }),
    }
}

/// How pages are followed.
pub fn pages(pages: &Pages) -> Value {
    let mut members = Map::new();
    if !pages.list.is_empty() {
        members.insert("list".to_owned(), Value::from(&*pages.list));
    }
    let (name, turn) = match &pages.turn {
        Turn::Page { query, first: 1 } => ("page", json!({ "query": query })),
        Turn::Page { query, first } => ("page", json!({ "query": query, "first": first })),
        Turn::Offset { query, limit, most } => ("offset", json!({ "query": query, "limit": limit, "most": most })),
        Turn::Cursor { query, at } => ("cursor", json!({ "query": query, "at": at })),
        Turn::Last { query, at } => ("last", json!({ "query": query, "at": at })),
        Turn::Link { at: None, read } => ("link", json!({ "read": read })),
        Turn::Link { at: Some(at), read } => ("link", json!({ "at": at, "read": read })),
    };
    members.insert(name.to_owned(), turn);
    if let Some(member) = &pages.told_apart_by {
        members.insert("told-apart-by".to_owned(), Value::from(&**member));
    }
    members.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A parser of values wrote them as `1.0` and `1.2345678901234568e22`.
    #[test]
    fn constants_keep_the_digits_that_were_written() {
        let rules = [
            Rule::output([], Output::Value(r#"{"n":[1.00,12345678901234567890123,1e400]}"#.into())),
            Rule::output([crate::build::at(["/v"]).one_of([rules::Value::Number("2.50".into())])], Output::Body),
        ];
        let expected = r#"[{"output":{"value":{"n":[1.00,12345678901234567890123,1e400]}}},{"if":{"at":"/v","equals":2.50},"output":"body"}]"#;
        assert_eq!(super::rules(&rules).get(), expected);
    }
}
