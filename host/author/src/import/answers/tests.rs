use serde_json::json;

use super::*;
use crate::import::model::{Answer, Content};
use crate::import::report::Outcome;

fn content(media_type: &str, schema: Value) -> Content {
    Content { media_type: media_type.to_owned(), schema: Some(schema), ..Content::default() }
}

fn answer(status: &str, contents: Vec<Content>) -> Answer {
    Answer { status: status.to_owned(), contents, ..Answer::default() }
}

fn operation(method: &str, answers: Vec<Answer>) -> Operation {
    Operation { method: method.to_owned(), path: "/orders".to_owned(), answers, ..Operation::default() }
}

fn api(operations: Vec<Operation>) -> Api {
    Api { operations, ..Api::default() }
}

/// What the first operation says, and the rules that were told.
fn of(operation: Operation) -> (Answers, Vec<(Outcome, &'static str)>) {
    let mut report = Report::default();
    let api = api(vec![operation]);
    let shared = shared(&api, &mut report);
    let answers = answers(&api, 0, &shared, &mut report);
    (answers, report.lines.iter().map(|line| (line.outcome, line.rule)).collect())
}

fn object(members: Value) -> Value {
    json!({ "type": "object", "properties": members })
}

#[test]
fn json_is_the_output_without_a_rule() {
    let json = || content("application/json", object(json!({})));
    let (answers, told) = of(operation("GET", vec![answer("200", vec![json()])]));
    assert_eq!((answers, told), (Answers::default(), vec![]));
    let csv = content("text/csv", json!({"type": "string"}));
    let (answers, _) = of(operation("GET", vec![answer("200", vec![csv, json()])]));
    assert_eq!(answers, Answers { accept: Some("application/json".to_owned()), ..Answers::default() });
    let vendor = |media_type: &str| content(media_type, object(json!({})));
    let (answers, _) =
        of(operation("GET", vec![answer("200", vec![vendor("application/vnd.acme+json; charset=utf-8")])]));
    assert_eq!(answers.accept.as_deref(), Some("application/vnd.acme+json"));
}

#[test]
fn other_forms_have_a_rule() {
    let text = json!({"type": "string"});
    for (media_type, schema, output) in [
        ("text/plain", text.clone(), json!("text")),
        ("application/xml", object(json!({})), json!("text")),
        ("application/pdf", text.clone(), json!({"file": "file"})),
        ("image/*", text.clone(), json!({"file": "file"})),
        ("application/json", json!({"type": "string", "format": "binary"}), json!({"file": "file"})),
        ("text/event-stream", object(json!({})), json!({"events": {}})),
        ("application/x-ndjson", object(json!({})), json!({"lines": {}})),
    ] {
        let (answers, _) = of(operation("POST", vec![answer("200", vec![content(media_type, schema)])]));
        assert_eq!(answers.answer, Some(json!([{"if": {"status": "2xx"}, "output": output}])), "{media_type}");
        assert_eq!(answers.files.len(), usize::from(output.get("file").is_some()), "{media_type}");
    }
}

#[test]
fn a_change_that_is_answered_by_nothing_is_done() {
    let mut report = Report::default();
    let api =
        api(vec![operation("DELETE", vec![answer("204", vec![])]), operation("GET", vec![answer("204", vec![])])]);
    let shared = shared(&api, &mut report);
    assert_eq!(shared.answer, json!([{"if": {"reads": false}, "use": "done"}]));
    let done =
        json!([{"if": [{"status": "2xx"}, {"body": true, "is": "nothing"}], "output": {"value": {"success": true}}}]);
    assert_eq!(shared.answers["done"], done);
    assert_eq!(answers(&api, 0, &shared, &mut report), Answers::default());
    assert_eq!(answers(&api, 1, &shared, &mut report).answer, Some(json!([{"use": "done"}])));
}

#[test]
fn a_stream_beside_a_whole_answer_is_told() {
    let contents = vec![content("text/event-stream", json!({})), content("application/json", object(json!({})))];
    let (answers, told) = of(operation("POST", vec![answer("200", contents)]));
    assert_eq!((answers.answer, answers.accept.as_deref()), (None, Some("application/json")));
    assert_eq!(told, [(Outcome::Note, "stream")]);
    let end = Answer {
        description: "Ends with `data: [DONE]`.".to_owned(),
        ..answer("200", vec![content("text/event-stream", json!({}))])
    };
    let (answers, _) = of(operation("POST", vec![end]));
    assert_eq!(answers.answer.unwrap()[0]["output"], json!({"events": {"end": {"text": "[DONE]"}}}));
}

#[test]
fn an_answer_that_leads_elsewhere_is_a_file_whose_servers_are_missing() {
    let (answers, told) = of(operation("GET", vec![answer("302", vec![]), answer("404", vec![])]));
    assert_eq!(answers.files, ["file"]);
    assert_eq!(told, [(Outcome::Lost, "redirect")]);
    let urls = ["https://files.acme.example/a?key=b", "http://10.0.0.1/a", "/relative"].map(str::to_owned).to_vec();
    let moved = Answer { locations: urls, ..answer("302", vec![]) };
    let (answers, told) = of(operation("GET", vec![moved]));
    assert_eq!(answers.redirects_to, ["https://files.acme.example"]);
    assert_eq!(told, [(Outcome::Note, "redirect")]);
}

#[test]
fn errors_of_most_operations_are_told_once() {
    let error = |members: Value| answer("400", vec![content("application/json", object(members))]);
    let nested = || {
        error(
            json!({"error": {"type": "object", "properties": {"message": {"type": "string"}, "code": {"type": "integer"}}}}),
        )
    };
    let flat = error(json!({"detail": {"type": "string"}}));
    let without_code = error(json!({"error": {"type": "object", "properties": {"message": {"type": "string"}}}}));
    let operations = [without_code, flat, nested(), nested()].map(|answer| operation("GET", vec![answer])).to_vec();
    let shared = shared(&api(operations), &mut Report::default());
    assert_eq!(shared.answer, json!([{"use": "errors"}]));
    let rule = |message: &str, failure: Value| json!({"if": [{"status": ["4xx", "5xx"]}, {"at": message, "present": true}], "failure": failure});
    assert_eq!(
        shared.answers["errors"],
        json!([
            rule("/error/message", json!({"message": "/error/message", "code": "/error/code"})),
            rule("/detail", json!({"message": "/detail"})),
        ])
    );
}

#[test]
fn words_of_errors_are_found_in_their_usual_places() {
    let api = api(Vec::new());
    let text = || json!({"type": "string"});
    for (schema, message, code) in [
        (object(json!({"message": text(), "documentation_url": text()})), "/message", None),
        (
            object(json!({"errors": {"type": "array", "items": object(json!({"detail": text(), "code": text()}))}})),
            "/errors/0/detail",
            Some("/errors/0/code"),
        ),
        (object(json!({"errors": {"type": "array", "items": text()}})), "/errors/0", None),
        (object(json!({"error": text(), "error_description": text()})), "/error_description", Some("/error")),
        (object(json!({"error": {"enum": ["busy", "gone"]}})), "/error", Some("/error")),
        (json!({"type": "array", "items": object(json!({"message": text()}))}), "/0/message", None),
        (
            json!({"allOf": [object(json!({"code": {"type": "integer"}})), object(json!({"message": text()}))]}),
            "/message",
            Some("/code"),
        ),
    ] {
        let shape = errors::shape(Shapes::of(&api), &schema).unwrap();
        assert_eq!((shape.message.as_str(), shape.code.as_deref()), (message, code), "{schema}");
    }
    assert_eq!(errors::shape(Shapes::of(&api), &json!({})), None);
    let round =
        Api { schemas: [("A".to_owned(), json!({"$ref": "#/$defs/A"}))].into_iter().collect(), ..Api::default() };
    assert_eq!(errors::shape(Shapes::of(&round), &json!({"$ref": "#/$defs/A"})), None);
}

#[test]
fn a_good_status_with_an_error_is_one_where_the_description_says_how_they_are_told_apart() {
    let good = |ok: Value| answer("200", vec![content("application/json", object(json!({"ok": ok})))]);
    let bad = || {
        let error = object(json!({"ok": {"type": "boolean", "enum": [false]}, "error": {"enum": ["gone"]}}));
        answer("default", vec![content("application/json", error)])
    };
    let shared = |ok: Value| shared(&api(vec![operation("GET", vec![good(ok), bad()])]), &mut Report::default());
    let rule = json!({"if": {"at": "/ok", "equals": false}, "failure": {"message": "/error", "code": "/error"}});
    assert_eq!(shared(json!({"type": "boolean", "enum": [true]})).answers["errors"][0], rule);
    // Whether something is `ok` may be what was asked.
    let plain =
        super::shared(&api(vec![operation("GET", vec![good(json!({"type": "boolean"}))])]), &mut Report::default());
    assert_eq!(plain.answers.get("errors"), None);
}
