use super::super::super::model::Encoding;
use super::*;

fn body(contents: Vec<Content>) -> (Value, Vec<String>) {
    let (made, told) = of(&api(post(contents)));
    (made["request"]["body"].clone(), told)
}

fn one(media_type: &str, schema: Value) -> Value {
    body(vec![content(media_type, schema)]).0
}

#[test]
fn the_members_of_a_plain_object_are_inputs() {
    let schema = json!({
        "allOf": [
            {"$ref": "#/$defs/Named"},
            {"type": "object", "required": ["id", "size"], "properties": {"id": {"type": "string", "readOnly": true}, "size": {"type": "integer"}}},
        ],
    });
    let mut api = api(post(vec![content("application/json; charset=utf-8", schema)]));
    api.schemas.insert(
        "Named".to_owned(),
        json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}),
    );
    let (made, told) = of(&api);
    assert_eq!(made["request"]["body"], json!({"json": ["name", "size"]}));
    assert_eq!(made["input"]["required"].as_array().unwrap().len(), 2);
    assert_eq!(told, [""; 0]);
}

#[test]
fn any_other_body_of_json_is_one_input() {
    let whole = json!({"json": {"input": "body"}});
    for schema in [
        json!({"type": "array", "items": {"type": "string"}}),
        json!({"type": "object", "properties": {"a": {}}, "additionalProperties": true}),
        json!({"type": "object", "additionalProperties": {"type": "string"}}),
        json!({"oneOf": [{"type": "object"}, {"type": "string"}]}),
        json!({"properties": {"/a": {}}}),
        json!({"properties": {"": {}}}),
        json!({}),
    ] {
        assert_eq!(one("application/json", schema.clone()), whole, "{schema}");
    }
    assert_eq!(
        one("application/merge-patch+json", json!({"type": "array"})),
        json!({"json": {"input": "body"}, "media-type": "application/merge-patch+json"})
    );
}

#[test]
fn what_a_body_requires_is_required_wherever_one_is_sent() {
    let schema =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
    for media_type in ["application/json", "application/x-www-form-urlencoded"] {
        let mut described = post(vec![content(media_type, schema.clone())]);
        described.body.as_mut().unwrap().required = false;
        assert_eq!(of(&api(described.clone())).0["input"]["required"], json!(["a"]), "{media_type}");
        described.method = "DELETE".to_owned();
        assert_eq!(of(&api(described)).0["input"].get("required"), None, "{media_type}");
    }
}

#[test]
fn a_whole_body_is_required_where_an_empty_object_would_be_wrong() {
    let required = |schema: Value| {
        let mut described = post(vec![content("application/json", schema)]);
        described.body.as_mut().unwrap().required = false;
        of(&api(described)).0["input"].get("required").cloned()
    };
    let needs = json!({"type": "object", "required": ["a"], "properties": {"a": {}}, "additionalProperties": true});
    let takes_all = json!({"type": "object", "additionalProperties": true});
    for wrong in [json!({"type": "array"}), needs.clone(), json!({"oneOf": [needs, {"type": "string"}]})] {
        assert_eq!(required(wrong.clone()), Some(json!(["body"])), "{wrong}");
    }
    for right in [json!({}), takes_all.clone(), json!({"anyOf": [takes_all, {"type": "string"}]})] {
        assert_eq!(required(right.clone()), None, "{right}");
    }
}

#[test]
fn alternatives_of_what_has_to_be_given_stay() {
    let schema = json!({"type": "object", "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]});
    let (made, _) = of(&api(post(vec![content("application/json", schema.clone())])));
    assert_eq!(made["input"]["anyOf"], schema["anyOf"]);
    assert_eq!(made["request"]["body"], json!({"json": ["a", "b"]}));
}

#[test]
fn a_member_with_the_name_of_a_variable_has_another_input() {
    let mut operation = post(vec![content("application/json", json!({"properties": {"id": {"type": "string"}}}))]);
    operation.path = "/things/{id}".to_owned();
    assert_eq!(of(&api(operation)).0["request"]["body"], json!({"json": [{"name": "id", "input": "body_id"}]}));
}

#[test]
fn forms_are_written_by_what_is_said_of_each_field() {
    let object = json!({"type": "object", "properties": {"x": {"type": "string"}}});
    let schema = json!({"type": "object", "properties": {
        "a": {"type": "string"}, "o": object, "d": object, "l": {"type": "array", "items": {"type": "string"}},
        "n": {"type": "array", "items": object}, "c": {"type": "array", "items": {"type": "string"}},
    }});
    let deep = Encoding { style: Some(Style::DeepObject), explode: Some(true), media_type: None };
    let commas = Encoding { style: Some(Style::Form), explode: Some(false), media_type: None };
    let mut form = content("application/x-www-form-urlencoded", schema);
    form.encoding.extend([("d".to_owned(), deep.clone()), ("n".to_owned(), deep), ("c".to_owned(), commas)]);
    assert_eq!(
        body(vec![form]),
        (
            json!({"form": [
                "a",
                {"name": "o", "lists": "json"},
                {"name": "d", "lists": "brackets"},
                "l",
                {"name": "n", "lists": "indexed"},
                {"name": "c", "lists": "commas"},
            ]}),
            Vec::new()
        )
    );
}

fn with_file() -> Value {
    json!({"type": "object", "properties": {
        "caption": {"type": "string"}, "photo": {"type": "string", "format": "binary", "description": "A photo."}, "meta": {"type": "object"},
    }, "required": ["photo"]})
}

#[test]
fn files_are_parts_and_json_is_one_of_json() {
    let mut multipart = content("multipart/form-data", with_file());
    let encoding = Encoding { media_type: Some("image/png, image/jpeg".to_owned()), ..Encoding::default() };
    multipart.encoding.insert("photo".to_owned(), encoding);
    let (made, _) = of(&api(post(vec![multipart])));
    assert_eq!(
        made["request"]["body"],
        json!({
            "multipart": ["caption", "photo", {"name": "meta", "media-type": "application/json"}],
            "media-types": ["image/png", "image/jpeg"],
        })
    );
    assert_eq!(made["attachments"], json!({"photo": {"summary": "A photo.", "required": true}}));
}

#[test]
fn files_that_only_one_form_takes_are_sent_by_a_request_of_their_own() {
    let json = content("application/json", json!({"type": "object", "properties": {"caption": {"type": "string"}}}));
    let (made, told) = of(&api(post(vec![json, content("multipart/form-data", with_file())])));
    assert_eq!(
        made["requests"],
        json!({
            "with-files": {
                "method": "POST",
                "path": "/things",
                "body": {"multipart": ["caption", "photo", {"name": "meta", "media-type": "application/json"}], "media-types": ["*/*"]},
                "when-given": ["photo", "meta"],
            },
            "without-files": {"method": "POST", "path": "/things", "body": {"json": ["caption"]}},
        })
    );
    assert_eq!(told, [""; 0]);
    let same = content("application/json", with_file());
    assert_eq!(body(vec![same, content("multipart/form-data", with_file())]).0["media-types"], json!(["*/*"]));
}

#[test]
fn a_text_that_could_stand_for_a_file_is_told() {
    let either = json!({"oneOf": [{"type": "string", "format": "binary"}, {"type": "string"}]});
    let multipart = content("multipart/form-data", json!({"properties": {"photo": either}}));
    assert_eq!(body(vec![multipart]).1, ["Lost file-or-text"]);
}

#[test]
fn texts_and_files_are_whole_bodies() {
    assert_eq!(
        one("text/plain", json!({"type": "string"})),
        json!({"text": {"input": "body"}, "media-type": "text/plain"})
    );
    assert_eq!(
        one("application/octet-stream", json!({"type": "string", "format": "binary"})),
        json!({"file": {"input": "file"}, "media-types": ["application/octet-stream"]})
    );
    assert_eq!(
        one("message/imdn+xml", json!({"type": "string"})),
        json!({"file": {"input": "file"}, "media-types": ["message/imdn+xml"]})
    );
    let images = vec![content("image/png", json!({})), content("image/*", json!({}))];
    assert_eq!(body(images).0, json!({"file": {"input": "file"}, "media-types": ["image/png", "image/*"]}));
    assert_eq!(one("*/*", json!({"type": "object", "properties": {"a": {}}})), json!({"json": ["a"]}));
    let (xml, told) = body(vec![content("application/xml", json!({"type": "object", "properties": {"a": {}}}))]);
    assert_eq!(
        (xml, told),
        (json!({"text": {"input": "body"}, "media-type": "application/xml"}), vec!["Relaxed text-body".to_owned()])
    );
}

#[test]
fn the_body_of_a_get_is_not_sent() {
    let with = |required, schema| {
        let contents = vec![content("application/json", schema)];
        let body = Some(Body { required, contents, ..Body::default() });
        of(&api(Operation { method: "GET".to_owned(), path: "/x".to_owned(), body, ..Operation::default() })).1
    };
    assert_eq!(with(false, json!({"type": "object"})), ["Note empty-body"]);
    assert_eq!(with(false, json!({"properties": {"a": {}}})), ["Lost body-of-get"]);
    assert_eq!(with(true, json!({"properties": {"a": {}}})), ["LeftOut body-of-get"]);
}

#[test]
fn forms_without_fields_and_other_parts_are_told() {
    assert_eq!(body(vec![content("multipart/mixed", json!({}))]).1, ["LeftOut parts"]);
    let file = content("multipart/form-data", json!({"type": "string", "format": "binary"}));
    let expected = json!({"multipart": ["file"], "media-types": ["*/*"]});
    assert_eq!(body(vec![file]), (expected, vec!["Note nameless-file".to_owned()]));
    assert_eq!(
        body(vec![content("application/x-www-form-urlencoded", json!({"additionalProperties": true}))]).1,
        ["LeftOut form-without-fields"]
    );
    let either =
        json!({"oneOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "string"}}}]});
    assert_eq!(
        body(vec![content("multipart/form-data", either)]),
        (json!({"multipart": ["a", "b"]}), vec!["Relaxed form-alternatives".to_owned()])
    );
}

#[test]
fn what_a_body_requires_is_required_beside_the_rest_where_there_may_be_none() {
    let schema =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
    for media_type in ["application/json", "application/x-www-form-urlencoded"] {
        let mut described = post(vec![content(media_type, schema.clone())]);
        described.body.as_mut().unwrap().required = false;
        described.method = "DELETE".to_owned();
        let (made, _) = of(&api(described));
        assert_eq!((made["input"].get("required"), &made["input"]["dependentRequired"]), (None, &json!({"b": ["a"]})));
    }
}

#[test]
fn nothing_is_sent_where_several_alternatives_would_take_it() {
    let either =
        |names: [&str; 2]| json!({"oneOf": names.map(|name| json!({"type": "object", "properties": {name: {}}}))});
    let mut described = post(vec![content("application/json", either(["a", "b"]))]);
    described.body.as_mut().unwrap().required = false;
    let (made, told) = of(&api(described));
    assert_eq!((&made["input"]["required"], told), (&json!(["body"]), vec!["Note body-required".to_owned()]));
}
