//! The schema takes what the reader takes, and the other way around: of a document with every member in it, each value is replaced
//! by others and left out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;

/// A document with every member in it.
const EVERY_MEMBER: &str = include_str!("every_member.json");

fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            places(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), all);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, value)| places(value, &format!("{at}/{n}"), all)),
        _ => {}
    }
}

const OTHERS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.0",
    "1e2",
    "1.5",
    "404",
    "4294967296",
    "99999999999999999999",
    r#""""#,
    r#""x""#,
    r#""/x""#,
    r#""/x/~2""#,
    r#""*""#,
    r#""+404""#,
    r#""+4xx""#,
    r#""404""#,
    r#""4xx""#,
    r#""body""#,
    r#""json""#,
    "[]",
    r#"["x"]"#,
    "[1]",
    "[null]",
    "{}",
    r#"{"x-a":1}"#,
    r#"{"text":"a"}"#,
    r#"{"text":null}"#,
    r#"{"at":"/a"}"#,
    r#"{"at":"/a","exists":true}"#,
    r#"{"status":404,"exists":true}"#,
    r#"{"header":"a","is":"text"}"#,
    r#"{"text":"a","equals":1}"#,
    r#"{"text":"a","at":"/a"}"#,
    r#"{"text":"a","otherwise":1}"#,
    r#"{"file":{"input":"f"},"open":"why"}"#,
    r#"{"lines":{"data":"text"}}"#,
];

/// What the schema cannot know: what was given a name elsewhere, and what stands inside of a text.
fn is_for_the_reader(place: &str) -> bool {
    place.ends_with("/request/server")
        || place.ends_with("/requests/one/server")
        || (place.starts_with("/credentials/") && place.ends_with("/server"))
        || place.starts_with("/servers")
        || place.starts_with("/schemes/key/servers")
        || place.starts_with("/schemes/log-in/servers")
}

#[test]
fn the_reader_and_the_schema_agree() {
    let validator = jsonschema::validator_for(&reference::schema()).unwrap();
    let rich: Value = serde_json::from_str(EVERY_MEMBER).unwrap();
    assert_eq!(validator.iter_errors(&rich).map(|e| format!("{e} {}", e.instance_path())).next(), None);
    assert_eq!(check(&rich.to_string()).err(), None);
    let mut all = Vec::new();
    places(&rich, "", &mut all);
    let mut differ: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut look = |place: &str, what: &str, document: &Value| {
        let text = document.to_string();
        // What is right in its form may not be right in what it says, and what the schema refuses is at least refused then.
        let who = match validator.is_valid(document) {
            true if read(&text).is_err() && !is_for_the_reader(place) => "the schema",
            false if check(&text).is_ok() => "the reader",
            _ => return,
        };
        differ.entry(format!("{who} alone takes {what}")).or_default().push(place.to_owned());
    };
    // Schemas are not of this schema.
    for place in all.iter().filter(|place| !place.contains("/input/") && !place.contains("/output/type")) {
        for value in OTHERS {
            let mut document = rich.clone();
            *document.pointer_mut(place).unwrap() = serde_json::from_str(value).unwrap();
            look(place, value, &document);
        }
        if rich.pointer(place).unwrap().is_object() {
            let mut document = rich.clone();
            document.pointer_mut(place).unwrap()["x-a"] = json!(1);
            look(place, "it with a member x-a", &document);
        }
        let Some((outer, name)) = place.rsplit_once('/') else { continue };
        let mut document = rich.clone();
        if let Some(members) = document.pointer_mut(outer).unwrap().as_object_mut() {
            members.remove(name);
            look(place, "a document without it", &document);
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
}

/// Else a member that is new in the schema is not looked at.
#[test]
fn every_member_of_the_schema_stands_in_the_document_that_is_looked_at() {
    fn of_the_schema(schema: &Value, all: &mut BTreeSet<String>) {
        match schema {
            Value::Object(members) => {
                all.extend(
                    members
                        .get("properties")
                        .and_then(Value::as_object)
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name.clone()),
                );
                members
                    .iter()
                    .filter(|(name, _)| *name != "examples")
                    .for_each(|(_, schema)| of_the_schema(schema, all));
            }
            Value::Array(items) => items.iter().for_each(|schema| of_the_schema(schema, all)),
            _ => {}
        }
    }
    let (mut known, mut found) = (BTreeSet::new(), Vec::new());
    of_the_schema(&reference::schema(), &mut known);
    places(&serde_json::from_str(EVERY_MEMBER).unwrap(), "", &mut found);
    let found: BTreeSet<String> =
        found.iter().filter_map(|place| place.rsplit('/').next()).map(str::to_owned).collect();
    assert_eq!(known.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
}
