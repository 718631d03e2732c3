//! Rules and pages as they stand in the document of a manifest.

use serde_json::{Map, Value, json};

use crate::lines::{Content, End, Form, Lines};
use crate::pages::{Pages, Turn};
use crate::rules::{
    self, Condition, Failing, FailureKind, Kind, Output, Place, Rule, Status, Subject, Test, Text, Then, Words,
};

/// A list of rules.
pub fn rules(rules: &[Rule]) -> Value {
    rules.iter().map(rule).collect()
}

fn rule(rule: &Rule) -> Value {
    let mut members = Map::new();
    if let Some(pointer) = &rule.each {
        members.insert("each".to_owned(), Value::from(&**pointer));
    }
    match &*rule.conditions {
        [] => {}
        [one] => drop(members.insert("if".to_owned(), condition(one))),
        several => drop(members.insert("if".to_owned(), several.iter().map(condition).collect())),
    }
    let (name, value) = match &rule.then {
        Then::Output(output) => ("output", self::output(output)),
        Then::Failure(failing) => ("failure", failure(failing)),
        Then::Unreadable(expected) => ("unreadable", Value::from(&**expected)),
        Then::Use(name) => ("use", Value::from(&**name)),
    };
    members.insert(name.to_owned(), value);
    members.into()
}

fn condition(condition: &Condition) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    match &condition.of {
        // Their tests are written as what they look at.
        Subject::Status | Subject::Operation => {}
        Subject::At(pointers) => put("at", one_or_list(pointers, |pointer| Value::from(&**pointer))),
        Subject::Header(name) => put("header", Value::from(&**name)),
        Subject::Body => put("body", Value::Bool(true)),
    }
    match &condition.test {
        Test::Statuses(statuses) => {
            let name = if condition.of == Subject::Status { "status" } else { "is-status" };
            put(name, one_or_list(statuses, status));
        }
        Test::Reads(reads) => put("reads", Value::Bool(*reads)),
        Test::Exists(exists) => put("exists", Value::Bool(*exists)),
        Test::Present(present) => put("present", Value::Bool(*present)),
        Test::OneOf(values) => match &**values {
            [one] => put("equals", value(one)),
            values => put("one-of", values.iter().map(value).collect()),
        },
        Test::NoneOf(values) => put("none-of", values.iter().map(value).collect()),
        Test::Is(kinds) => put("is", one_or_list(kinds, |kind| kind_name(*kind).into())),
        Test::Contains(texts) => put("contains", one_or_list(texts, |text| Value::from(&**text))),
        Test::Words(Words { one_of, only }) => {
            let text = |text: &Text| Value::from(&**text);
            let mut words = Map::new();
            words.insert("one-of".to_owned(), one_or_list(one_of, text));
            if !only.is_empty() {
                words.insert("only".to_owned(), one_or_list(only, text));
            }
            put("words", words.into());
        }
    }
    for (name, flag) in [("any-case", condition.any_case), ("not", condition.not)] {
        if flag {
            put(name, Value::Bool(true));
        }
    }
    if !condition.except.is_empty() {
        put("except", one_or_list(&condition.except, |name| Value::from(&**name)));
    }
    members.into()
}

fn one_or_list<T>(items: &[T], entry: impl Fn(&T) -> Value) -> Value {
    match items {
        [one] => entry(one),
        several => several.iter().map(entry).collect(),
    }
}

fn status(status: &Status) -> Value {
    match status {
        Status::One(status) => (*status).into(),
        Status::Class(class) => format!("{class}xx").into(),
    }
}

fn value(value: &rules::Value) -> Value {
    match value {
        rules::Value::Null => Value::Null,
        rules::Value::Boolean(flag) => Value::Bool(*flag),
        rules::Value::Number(digits) => serde_json::from_str(digits).unwrap_or_default(),
        rules::Value::Text(text) => Value::from(&**text),
        rules::Value::EmptyList => json!([]),
        rules::Value::EmptyObject => json!({}),
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

fn output(output: &Output) -> Value {
    match output {
        Output::Body => "body".into(),
        Output::Text => "text".into(),
        Output::Message => "message".into(),
        Output::At(pointer) => json!({ "at": pointer }),
        Output::Value(json) => json!({ "value": serde_json::from_str::<Value>(json).unwrap_or_default() }),
        Output::File(name) => json!({ "file": name }),
        Output::Lines(lines) => self::lines(lines),
    }
}

fn lines(lines: &Lines) -> Value {
    let mut members = Map::new();
    let name = match lines.form {
        Form::Lines => "lines",
        Form::Events(content) => {
            if content == Content::Text {
                members.insert("data".to_owned(), "text".into());
            }
            "events"
        }
    };
    let end = lines.end.as_ref().map(|end| match end {
        End::Text(text) => json!({ "text": text }),
        End::Event(name) => json!({ "event": name }),
        End::At(pointer, equal) => json!({ "at": pointer, "equals": value(equal) }),
    });
    let numbers = [("most", lines.most), ("seconds", lines.seconds)];
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name, number?.into())));
    members
        .extend(end.map(|end| ("end", end)).into_iter().chain(numbers).map(|(name, value)| (name.to_owned(), value)));
    json!({ name: members })
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

fn failure(failing: &Failing) -> Value {
    let mut members = Map::new();
    if failing.kind != FailureKind::ByStatus {
        let name = FAILURES.iter().find(|(_, kind)| *kind == failing.kind).map(|(name, _)| *name);
        members.insert("kind".to_owned(), name.into());
    }
    for (name, places) in [
        ("message", &failing.message),
        ("code", &failing.code),
        ("field", &failing.field),
        ("retry-after", &failing.retry_after),
    ] {
        if !places.is_empty() {
            members.insert(name.to_owned(), one_or_list(places, place));
        }
    }
    for (name, words) in [("note", &failing.note), ("hint", &failing.hint)] {
        if let Some(words) = words {
            members.insert(name.to_owned(), Value::from(&**words));
        }
    }
    members.into()
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
