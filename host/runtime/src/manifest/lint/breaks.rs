//! Where a text of a manifest may have line breaks.

use serde::Deserialize as _;
use serde_json::Value;
use wharf_egress::declaration::{Function, Template};

/// A manifest without the line breaks and tabs of what is written into bodies that may have some: JSON, where they are escaped, and
/// whole texts. Queries for GraphQL are such constants. And without those of what a digest is made of: the lines that are signed.
pub(super) fn without(mut manifest: Value) -> Value {
    fn lists(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
        value.and_then(Value::as_array_mut).into_iter().flatten()
    }
    fn in_one_line(value: &mut Value) {
        match value {
            Value::String(text) => *text = text.replace(['\n', '\t'], " "),
            Value::Array(items) => items.iter_mut().for_each(in_one_line),
            Value::Object(members) => members.values_mut().for_each(in_one_line),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    fn constants(source: &mut Value) {
        ["/text", "/json", "/input-or/1"]
            .into_iter()
            .for_each(|at| source.pointer_mut(at).into_iter().for_each(in_one_line));
    }
    fn of_body(body: &mut Value) {
        lists(body.pointer_mut("/json/fields")).filter_map(|field| field.get_mut("source")).for_each(constants);
        body.pointer_mut("/text/source").into_iter().for_each(constants);
    }
    for operation in lists(manifest.get_mut("operations")) {
        lists(operation.get_mut("requests")).filter_map(|request| request.get_mut("body")).for_each(of_body);
    }
    for credential in lists(manifest.get_mut("credentials")) {
        let steps = lists(credential.pointer_mut("/session/login"));
        steps.filter_map(|step| step.pointer_mut("/request/body")).for_each(of_body);
    }
    for scheme in lists(manifest.get_mut("schemes")) {
        ["values", "placements"].iter().for_each(|member| {
            let templates = lists(scheme.get_mut(member)).filter_map(|one| one.get_mut("template"));
            templates.filter(|template| is_digested(template)).for_each(in_one_line);
        });
    }
    manifest
}

/// Whether a template ends in something that nobody reads it back from.
fn is_digested(template: &Value) -> bool {
    let template = Template::deserialize(template);
    template.is_ok_and(|template| template.functions.iter().any(Function::is_digest))
}
