//! What inputs are, and the places that take them: where there is only text, a list or an object has to say how it is written.

use serde_json::Value;

use super::{BodyForm, ListStyle, Request};

/// What is wrong with where the inputs of a request go; `schema` gives the JSON Schema of an input.
pub(super) fn problems<'s>(request: &Request, schema: impl Fn(&str) -> Option<&'s Value>) -> Vec<String> {
    let text_fields = request.text_fields().filter_map(|(field, _)| {
        let input = field.source.input()?;
        let schema = schema(input)?;
        let of_entries = || schema.get("items").and_then(kind);
        match (kind(schema)?, field.lists) {
            ("object", ListStyle::Repeated | ListStyle::Commas) => Some(format!(
                "the input `{input}` is an object, and `{}` takes only text; say how it is written, by the list style `json`, \
                 `brackets` or `indexed`",
                field.name
            )),
            ("array", ListStyle::Repeated | ListStyle::Brackets | ListStyle::Commas)
                if matches!(of_entries(), Some("object" | "array")) =>
            {
                Some(format!(
                    "the entries of the input `{input}` are lists or objects, and `{}` takes only text; say how they are \
                     written, by the list style `json` or `indexed`",
                    field.name
                ))
            }
            _ => None,
        }
    });
    let variables = request.path.variables().filter_map(|name| {
        let source = request.source_of(name);
        let is_text = !matches!(kind(schema(source.input()?)?), Some("object" | "array"));
        (!is_text).then(|| {
            format!("the variable `{name}` of the path takes a text, a number or a boolean, and no list or object")
        })
    });
    let text = match &request.body {
        BodyForm::Text(body) => body.source.input().and_then(|input| Some((input, kind(schema(input)?)?))),
        _ => None,
    };
    let text = text
        .filter(|(_, kind)| matches!(*kind, "object" | "array"))
        .map(|(input, kind)| format!("the input `{input}` is an {kind}, and its body is one text; bind it to a text"));
    let open = request.query.iter().filter(|field| field.name.is_empty()).filter_map(|field| {
        let input = field.source.input()?;
        let kind = kind(schema(input)?).filter(|kind| *kind != "object")?;
        Some(format!("the members of the input `{input}` are to be query parameters, and it is of the type {kind}"))
    });
    text_fields.chain(variables).chain(text).chain(open).collect()
}

/// The type of all that a schema allows, besides null; none where there are several.
fn kind(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::Array(types) => {
            let mut types = types.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            types.next().filter(|_| types.next().is_none())
        }
        one => one.as_str(),
    }
}
