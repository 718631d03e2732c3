use super::*;

fn query(parameters: Vec<Parameter>) -> (Value, Vec<String>) {
    let (made, told) = of(&get("/things/{id}", parameters));
    (made["request"]["query"].clone(), told)
}

fn ids() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

#[test]
fn lists_are_written_in_their_style() {
    let styled = |name: &str, style, explode| Parameter { style, explode, ..parameter(In::Query, name, ids()) };
    assert_eq!(query(vec![styled("a", Style::Form, true)]).0, json!(["a"]));
    assert_eq!(query(vec![styled("a", Style::Form, false)]).0, json!([{"name": "a", "lists": "commas"}]));
    assert_eq!(query(vec![styled("a", Style::DeepObject, true)]).0, json!([{"name": "a", "lists": "brackets"}]));
    assert_eq!(query(vec![styled("a[]", Style::Form, true)]).0, json!([{"name": "a", "lists": "brackets"}]));
    assert_eq!(query(vec![styled("a", Style::PipeDelimited, false)]), (json!(["a"]), vec!["Note joined".to_owned()]));
    let json = Parameter { media_type: Some("application/json".to_owned()), ..styled("a", Style::Form, true) };
    assert_eq!(query(vec![json]).0, json!([{"name": "a", "lists": "json"}]));
}

#[test]
fn objects_are_written_in_their_style() {
    let object = json!({"type": "object", "properties": {"gt": {"type": "integer"}, "lt": {"type": "integer"}}});
    let styled =
        |schema: &Value, style, explode| Parameter { style, explode, ..parameter(In::Query, "a", schema.clone()) };
    assert_eq!(query(vec![styled(&object, Style::DeepObject, true)]).0, json!([{"name": "a", "lists": "brackets"}]));
    assert_eq!(query(vec![styled(&object, Style::Form, true)]).0, json!(["gt", "lt"]));
    assert_eq!(query(vec![styled(&object, Style::Form, false)]).1, ["Note joined"]);
    let nested = json!({"type": "object", "properties": {"b": {"type": "array", "items": object}}});
    assert_eq!(query(vec![styled(&nested, Style::DeepObject, true)]).0, json!([{"name": "a", "lists": "indexed"}]));
    let free = json!({"type": "object", "additionalProperties": {"type": "string"}});
    assert_eq!(query(vec![styled(&free, Style::Form, true)]).0, json!([{"name": "", "input": "a"}]));
    let either = json!({"anyOf": [object, {"type": "integer"}]});
    assert_eq!(query(vec![styled(&either, Style::DeepObject, true)]).0, json!([{"name": "a", "lists": "brackets"}]));
}

#[test]
fn a_name_in_two_places_has_the_place_before_it() {
    let text = || json!({"type": "string"});
    let all = vec![
        parameter(In::Query, "id", text()),
        parameter(In::Header, "id", text()),
        parameter(In::Query, "maxItems", text()),
    ];
    let (made, _) = of(&get("/things/{id}", all));
    assert_eq!(
        made["request"]["query"],
        json!([{"name": "id", "input": "query_id"}, {"name": "maxItems", "input": "query_maxItems"}])
    );
    assert_eq!(made["request"]["headers"], json!([{"name": "id", "input": "header_id"}]));
}

#[test]
fn headers_of_the_host_are_no_inputs() {
    let header =
        |name: &str, required| Parameter { required, ..parameter(In::Header, name, json!({"type": "string"})) };
    let (made, told) =
        of(&get("/things", vec![header("Accept", true), header("Authorization", true), header("X-Trace", false)]));
    assert_eq!(made["request"]["headers"], json!(["X-Trace"]));
    // No scheme of the operation writes the credential that it requires.
    assert_eq!(told, ["Note host-header", "Lost credential"]);
    assert_eq!(of(&get("/things", vec![header("X-Forwarded-For", false)])).1, ["Lost refused"]);
    assert_eq!(
        of(&get("/things", vec![header("X-Forwarded-For", true)])),
        (Value::Null, vec!["LeftOut refused".to_owned()])
    );
    let list = Parameter { ..parameter(In::Header, "X-Ids", ids()) };
    assert_eq!(of(&get("/things", vec![list])).0["request"]["headers"], json!([{"name": "X-Ids", "lists": "commas"}]));
}

#[test]
fn cookies_are_lost() {
    let cookie = |required| Parameter { required, ..parameter(In::Cookie, "session", json!({"type": "string"})) };
    assert_eq!(of(&get("/things", vec![cookie(false)])).1, ["Lost cookie-parameter"]);
    assert_eq!(of(&get("/things", vec![cookie(true)])), (Value::Null, vec!["LeftOut cookie-parameter".to_owned()]));
}

#[test]
fn what_can_have_one_value_only_is_always_sent() {
    let version =
        |required| Parameter { required, ..parameter(In::Query, "v", json!({"type": "string", "enum": ["2"]})) };
    assert_eq!(query(vec![version(true)]).0, json!([{"name": "v", "text": "2"}]));
    assert_eq!(query(vec![version(false)]).0, json!(["v"]));
}

#[test]
fn members_of_an_optional_object_are_required_beside_each_other() {
    let schema = json!({"type": "object", "required": ["gt"], "properties": {"gt": {"type": "integer"}, "lt": {"type": "integer"}}});
    let (made, _) = of(&get("/things", vec![parameter(In::Query, "a", schema)]));
    assert_eq!((made["input"].get("required"), &made["input"]["dependentRequired"]), (None, &json!({"lt": ["gt"]})));
}
