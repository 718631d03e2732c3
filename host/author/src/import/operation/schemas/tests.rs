use super::*;

fn api(schemas: Value) -> Api {
    let Value::Object(schemas) = schemas else { panic!() };
    Api { schemas: schemas.into_iter().collect(), ..Api::default() }
}

#[test]
fn only_what_inputs_need_stays() {
    let schema = json!({
        "type": "object", "title": "T", "description": "An order.\nNew.", "example": 1, "default": {}, "x-y": 1,
        "required": ["id", "name"],
        "properties": {
            "id": {"type": "integer", "readOnly": true},
            "made": {"$ref": "#/$defs/Made"},
            "name": {"type": "string", "maxLength": 5, "description": "d", "writeOnly": true},
            "deep": {"properties": {"a": {"description": "gone", "items": {"description": "gone"}}}, "description": "d2"},
        },
    });
    let api = api(json!({"Made": {"type": "string", "readOnly": true}}));
    assert_eq!(
        input(&api, &schema, ""),
        json!({
            "type": "object", "description": "An order. New.", "required": ["name"],
            "properties": {
                "name": {"type": "string", "maxLength": 5, "description": "d"},
                "deep": {"properties": {"a": {"description": "gone", "items": {}}}, "description": "d2"},
            },
        })
    );
}

#[test]
fn definitions_are_those_that_inputs_lead_to() {
    let api = api(json!({
        "Unused": {}, "A": {"properties": {"b": {"$ref": "#/$defs/B"}}}, "B": {"items": {"$ref": "#/$defs/A"}},
    }));
    let operations = json!({"x.y": {"input": {"properties": {"a": {"$ref": "#/$defs/B"}}}}});
    let made = definitions(&api, operations.as_object().unwrap());
    assert_eq!(made.keys().collect::<Vec<_>>(), ["A", "B"]);
}

#[test]
fn what_is_not_shown_as_itself_stays_out() {
    let schema = json!({"enum": ["a\nb"], "properties": {"a\u{202e}": {}, "b": {"pattern": "\u{7}"}}, "required": ["a\u{202e}"]});
    assert_eq!(input(&Api::default(), &schema, "d\u{202e}"), json!({"properties": {"b": {}}, "description": "d"}));
}

#[test]
fn endless_schemas_come_to_an_end() {
    let api = api(
        json!({"A": {"$ref": "#/$defs/A"}, "B": {"allOf": [{"$ref": "#/$defs/B"}]}, "C": {"anyOf": [{"$ref": "#/$defs/C"}, {"$ref": "#/$defs/C"}]}}),
    );
    for name in ["A", "B", "C"] {
        let schema = json!({"$ref": format!("#/$defs/{name}")});
        let _ = (
            kinds(&api, &schema),
            members(&api, &schema),
            loose_members(&api, &schema),
            has_nested_lists(&api, &schema),
        );
    }
    let deep = (0..3000).fold(json!({"type": "string"}), |inner, _| json!({"items": inner}));
    let _ = (kinds(&api, &deep), input(&api, &deep, ""));
    // Taking it down again is as deep as it is.
    std::mem::forget(deep);
}
