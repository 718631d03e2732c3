use super::*;

fn path(path: &str, parameters: Vec<Parameter>) -> (Value, Vec<String>) {
    let (made, told) = of(&get(path, parameters));
    (made.get("request").cloned().unwrap_or_default(), told)
}

fn named(name: &str, description: &str) -> Parameter {
    Parameter { description: description.to_owned(), ..parameter(In::Path, name, json!({"type": "string"})) }
}

#[test]
fn variables_have_names_that_the_host_takes() {
    let (made, _) = of(&get("/users/{user.id}/{a}{b}", vec![named("user.id", "Whose.")]));
    assert_eq!(made["request"]["path"], "/users/{user_id}/{a}{b}");
    assert_eq!(made["input"]["properties"]["user_id"], json!({"type": "string", "description": "Whose."}));
    assert_eq!(made["input"]["required"], json!(["user_id", "a", "b"]));
}

#[test]
fn a_value_with_slashes_is_of_several_segments_or_encoded() {
    for (template, description, expected) in [
        ("/contents/{path}", "", json!({"method": "GET", "path": "/contents/{+path}"})),
        ("/contents/{+name}:run", "", json!({"method": "GET", "path": "/contents/{+name}:run"})),
        ("/x/{key}", "May contain slashes.", json!({"method": "GET", "path": "/x/{+key}"})),
        ("/x/{key}", "Cannot contain slashes.", json!({"method": "GET", "path": "/x/{key}"})),
        (
            "/branches/{branch}/protection",
            "",
            json!({"method": "GET", "path": "/branches/{branch}/protection", "variables": {"branch": {"input": "branch", "slashes": "encoded"}}}),
        ),
        (
            "/x/{key}",
            "Slashes must be replaced with `%2F`.",
            json!({"method": "GET", "path": "/x/{key}", "variables": {"key": {"input": "key", "slashes": "encoded"}}}),
        ),
        // One of several segments is not before another variable.
        (
            "/x/{path}/{id}",
            "",
            json!({"method": "GET", "path": "/x/{path}/{id}", "variables": {"path": {"input": "path", "slashes": "encoded"}}}),
        ),
    ] {
        let name = template.split(['{', '}']).nth(1).unwrap().trim_start_matches('+');
        assert_eq!(path(template, vec![named(name, description)]).0, expected, "{template} {description}");
    }
}

#[test]
fn a_list_in_the_path_is_a_text_and_a_style_stands_before_a_value() {
    let list = parameter(In::Path, "ids", json!({"type": "array", "items": {"type": "integer"}}));
    let (made, told) = of(&get("/x/{ids}", vec![list]));
    assert_eq!(made["input"]["properties"]["ids"]["type"], "string");
    assert_eq!(told, ["Note list-in-path"]);
    let label = Parameter { style: Style::Label, ..named("id", "") };
    assert_eq!(path("/x/a{id}", vec![label]).0["path"], "/x/a.{id}");
}

#[test]
fn a_path_that_cannot_be_sent_leaves_the_operation_out() {
    for template in ["x", "/a//b", "/a/../b", "/ü", "/a%20b", "/a{"] {
        assert_eq!(path(template, Vec::new()).1, ["LeftOut path"], "{template}");
    }
}

#[test]
fn a_list_in_the_path_is_a_text_of_what_its_entries_are() {
    let list = |items: Value| {
        let (made, told) =
            of(&get("/a/{ids}", vec![parameter(In::Path, "ids", json!({"type": "array", "items": items}))]));
        (made.pointer("/input/properties/ids/pattern").cloned(), told)
    };
    let note = || vec!["Note list-in-path".to_owned()];
    assert_eq!(list(json!({"type": "integer"})), (Some(json!("^-?[0-9]+(,-?[0-9]+)*$")), note()));
    assert_eq!(list(json!({"type": "integer", "minimum": 1})), (Some(json!("^[1-9][0-9]*(,[1-9][0-9]*)*$")), note()));
    assert_eq!(list(json!({"type": "string"})), (None, note()));
    // Nobody is held to what its entries may be.
    assert_eq!(list(json!({"type": "string", "enum": ["a"]})), (None, vec!["Relaxed list-in-path".to_owned()]));
}
