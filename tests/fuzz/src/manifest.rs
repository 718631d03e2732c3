//! The lint: any manifest is accepted or refused in words.

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Map, Value, json};
use wharf::manifest::{Manifest, check};
use wharf::text::deceives;

use crate::words::Words;

/// How often the words of a refusal may be as long as the manifest. What is wrong with one value can concern each of its
/// operations.
const MOST_WORDS: usize = 100;

/// JSON that takes the place of a value.
#[derive(Debug)]
struct Any(Value);

impl<'a> Arbitrary<'a> for Any {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        json_within(from, 3).map(Self)
    }
}

fn json_within(from: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    Ok(match from.int_in_range(0..=if depth == 0 { 4 } else { 6 })? {
        0 => Value::Null,
        1 => from.arbitrary::<bool>()?.into(),
        2 => from.arbitrary::<i64>()?.into(),
        3 | 4 => from.arbitrary::<Words>()?.0.into(),
        5 => {
            (0..from.int_in_range(0..=3_u8)?).map(|_| json_within(from, depth - 1)).collect::<Result<Vec<_>>>()?.into()
        }
        _ => (0..from.int_in_range(0..=3_u8)?)
            .map(|_| Ok((from.arbitrary::<Words>()?.0, json_within(from, depth - 1)?)))
            .collect::<Result<Map<_, _>>>()?
            .into(),
    })
}

/// A change of one place of the manifest, which is counted from its beginning.
#[derive(Arbitrary, Debug)]
enum Change {
    Set(u16, Any),
    /// The items of a list are there twice.
    Twice(u16),
    Remove(u16),
}

/// A manifest with one of everything.
fn whole() -> Value {
    let field = |name: &str, source: Value| json!({"name": name, "source": source, "lists": "repeated"});
    let request = json!({
        "name": "get", "method": "POST", "path": "/orders/{id}", "scheme": "token", "answer": "bytes", "read-only": false,
        "sensitive-answer": ["/token"],
        "variables": [{"name": "id", "source": {"input": "id"}}],
        "query": [field("page", json!({"free": "turns the page"}))],
        "headers": [field("X-Part", json!({"text": "a"}))],
        "body": {"json": {"fields": [field("/a/b", json!({"input-or": ["more", 1]})), field("method", json!({"json": 1}))],
                          "open": null}},
    });
    json!({
        "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "A shop.",
        "base-url": {"summary": "Where it is.", "default": null, "suffix": "/api", "environment": "ACME_URL"},
        "fields": [
            {"name": "token", "title": "Token", "summary": "A key.", "secret": true, "required": true, "default": null,
             "environment": "ACME_TOKEN"},
        ],
        "schemes": [{
            "name": "token", "summary": "The key.", "values": [],
            "placements": [{"location": "header", "name": "Authorization",
                            "template": {"parts": [{"literal": "Bearer "}, {"field": "token"}], "functions": []}}],
        }],
        "operations": [{
            "name": "orders.get", "title": "Get", "summary": "Gets one.", "effect": "write", "idempotent": true,
            "unverified": null, "output-attachments": ["invoice"], "sensitive-inputs": ["id"],
            "sensitive-outputs": ["/list/*/token"],
            "attachments": [{"name": "file", "summary": "A file.", "required": false, "many": true}],
            "input-schema": {
                "type": "object", "additionalProperties": false, "required": ["id"],
                "properties": {
                    "id": {"type": "string", "pattern": "^[a-z]{1,8}$"},
                    "more": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/one"}}, {"type": "null"}]},
                },
                "$defs": {"one": {"enum": ["a", 1]}},
            },
            "requests": [request],
        }],
    })
}

/// A good manifest with changes that are made of the bytes: whether it is still one.
pub fn manifest(bytes: &[u8]) -> bool {
    let Ok(changes) = Unstructured::new(bytes).arbitrary::<Vec<Change>>() else { return false };
    let mut json = whole();
    for change in changes {
        apply(&mut json, change);
    }
    let size = json.to_string().len();
    let Ok(manifest) = serde_json::from_value::<Manifest>(json) else { return false };
    match check(&manifest) {
        Ok(()) => {
            let text = serde_json::to_string(&manifest).expect("it came from JSON");
            assert!(!text.contains(deceives), "{text}");
            assert_eq!(serde_json::from_str::<Manifest>(&text).expect("it is a manifest"), manifest);
            true
        }
        Err(problems) => {
            let words: usize = problems.iter().map(|p| p.place.len() + p.problem.len()).sum();
            assert!(!problems.is_empty() && words <= MOST_WORDS * size, "{words} for {size}: {problems:?}");
            false
        }
    }
}

fn apply(json: &mut Value, change: Change) {
    let places = count(json);
    let mut at = |place: u16, act: &mut dyn FnMut(&mut Value)| visit(json, &mut (usize::from(place) % places), act);
    match change {
        Change::Set(place, Any(value)) => at(place, &mut |here| *here = value.clone()),
        Change::Twice(place) => at(place, &mut |here| {
            // Not again and again: that is what the limit of a manifest's size is for.
            if let Value::Array(items) = here
                && items.len() < 64
            {
                items.extend(items.clone());
            }
        }),
        Change::Remove(place) => at(place, &mut |here| *here = Value::Null),
    };
}

fn count(json: &Value) -> usize {
    1 + match json {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// Acts on the value that so many others stand before.
fn visit(json: &mut Value, before: &mut usize, act: &mut dyn FnMut(&mut Value)) -> bool {
    if *before == 0 {
        act(json);
        return true;
    }
    *before -= 1;
    match json {
        Value::Array(items) => items.iter_mut().any(|item| visit(item, before, act)),
        Value::Object(members) => members.values_mut().any(|member| visit(member, before, act)),
        _ => false,
    }
}
