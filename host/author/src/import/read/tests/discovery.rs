use serde_json::{Value, json};

use super::read;
use crate::import::model::{Api, In, SchemeKind};
use crate::import::report::{Line, Outcome};

fn api(methods: Value) -> (Api, Vec<Line>) {
    read(&json!({
        "kind": "discovery#restDescription", "discoveryVersion": "v1", "title": "Files", "version": "v1", "description": "Keeps files.",
        "rootUrl": "https://files.example/", "servicePath": "files/v1/",
        "auth": {"oauth2": {"scopes": {"https://files.example/auth/files": {"description": "All files."}}}},
        "parameters": {"alt": {"type": "string", "location": "query"}, "fields": {"type": "string", "location": "query"}},
        "schemas": {"File": {"id": "File", "type": "object", "properties": {
            "size": {"type": "string", "format": "int64"}, "kind": {"type": "any"}, "parent": {"$ref": "File"}}}},
        "resources": {"users": {"resources": {"files": {"methods": methods}}}},
    }))
}

#[test]
fn a_method_becomes_an_operation() {
    let (api, lines) = api(json!({"update": {
        "id": "files.users.files.update", "httpMethod": "PATCH", "path": "users/{userId}", "description": "Updates a file.",
        "parameters": {"userId": {"type": "string", "location": "path", "required": true},
            "labels": {"type": "string", "location": "query", "repeated": true, "enum": ["a"], "enumDescriptions": ["A."]},
            "most": {"type": "integer", "location": "query", "minimum": "1", "default": "10"}},
        "request": {"$ref": "File"}, "response": {"$ref": "File"}, "scopes": ["https://files.example/auth/files", "b"]}}));
    assert_eq!(
        lines.iter().map(|line| (line.outcome, line.rule)).collect::<Vec<_>>(),
        [(Outcome::Note, "common-parameters")]
    );
    assert_eq!(api.servers[0].url, "https://files.example");
    let update = &api.operations[0];
    assert_eq!((update.method.as_str(), update.path.as_str()), ("PATCH", "/files/v1/users/{userId}"));
    assert_eq!(
        (update.id.as_deref(), update.tags.as_slice()),
        (Some("files.users.files.update"), ["users".to_owned(), "files".to_owned()].as_slice())
    );
    let schemas: Vec<_> = update.parameters.iter().map(|p| (p.name.as_str(), p.at, p.schema.clone())).collect();
    assert_eq!(
        schemas,
        [
            ("userId", In::Path, json!({"type": "string"})),
            ("labels", In::Query, json!({"type": "array", "items": {"type": "string", "enum": ["a"]}})),
            ("most", In::Query, json!({"type": "integer", "minimum": 1, "default": 10})),
            ("fields", In::Query, json!({"type": "string"})),
        ]
    );
    assert_eq!(update.body.as_ref().unwrap().contents[0].schema, Some(json!({"$ref": "#/$defs/File"})));
    assert_eq!(
        api.schemas["File"]["properties"],
        json!({"size": {"type": "string", "format": "int64"}, "kind": {}, "parent": {"$ref": "#/$defs/File"}})
    );
    let security = update.security.as_ref().unwrap();
    assert_eq!(security.len(), 2);
    assert_eq!(security[1]["oauth2"], ["b"]);
    assert!(matches!(&api.schemes["oauth2"].kind, SchemeKind::Oauth2(flows) if flows.len() == 1));
}

#[test]
fn a_name_of_several_parts_is_taken_in_its_parts() {
    let method = |path: &str, flat: &str, pattern: &str| {
        let (api, _) = api(json!({"get": {"id": "a", "httpMethod": "GET", "path": path, "flatPath": flat,
            "parameters": {"name": {"type": "string", "location": "path", "required": true, "pattern": pattern}}}}));
        let operation = &api.operations[0];
        let of_path =
            operation.parameters.iter().filter(|p| p.at == In::Path).map(|p| p.name.clone()).collect::<Vec<_>>();
        (operation.path.clone(), of_path.join(" "))
    };
    for (path, flat, pattern, made, names) in [
        (
            "v1/{+name}:undo",
            "v1/projects/{projectsId}/files/{filesId}:undo",
            "^projects/[^/]+/files/[^/]+$",
            "/files/v1/v1/projects/{projectsId}/files/{filesId}:undo",
            "projectsId filesId",
        ),
        (
            "v1/{+name}",
            "v1/operations/{operationsId}",
            "^operations/.*$",
            "/files/v1/v1/operations/{+operationsId}",
            "operationsId",
        ),
        ("v1/{+name}", "v1/{v1Id}/{v1Id1}", "^.*$", "/files/v1/v1/{+name}", "name"),
        ("v1/{name}", "v1/{name}", "^.*$", "/files/v1/v1/{name}", "name"),
    ] {
        assert_eq!(method(path, flat, pattern), (made.to_owned(), names.to_owned()), "{path}");
    }
}

#[test]
fn a_file_is_sent_and_fetched_by_an_operation_of_its_own_where_there_is_more() {
    let upload = json!({"protocols": {"simple": {"multipart": true, "path": "/upload/files/v1/users"}}});
    let (api, lines) = api(json!({
        "alone": {"id": "a", "httpMethod": "POST", "path": "users", "supportsMediaUpload": true, "mediaUpload": upload},
        "both": {"id": "b", "httpMethod": "POST", "path": "users", "supportsMediaUpload": true, "mediaUpload": upload, "request": {"$ref": "File"}},
        "fetch": {"id": "c", "httpMethod": "GET", "path": "users", "supportsMediaDownload": true},
        "get": {"id": "d", "httpMethod": "GET", "path": "users/all", "supportsMediaDownload": true, "response": {"$ref": "File"}},
    }));
    let [alone, both, content, fetch, get, fetched] = api.operations.as_slice() else { panic!() };
    assert_eq!((content.id.as_deref(), content.path.as_str()), (Some("bContent"), "/upload/files/v1/users"));
    assert_eq!(content.body.as_ref().unwrap().contents[0].media_type, "application/octet-stream");
    assert_eq!((fetched.id.as_deref(), fetched.path.as_str()), (Some("dContent"), get.path.as_str()));
    assert_eq!(fetched.answers[0].contents[0].media_type, "application/octet-stream");
    assert_eq!(get.answers[0].contents[0].media_type, "application/json");
    assert!(fetched.key != get.key, "they are told apart");
    assert_eq!((alone.path.as_str(), alone.parameters[0].name.as_str()), ("/upload/files/v1/users", "fields"));
    assert_eq!(alone.parameters[1].schema, json!({"const": "media"}));
    assert_eq!(alone.body.as_ref().unwrap().contents[0].media_type, "application/octet-stream");
    assert_eq!(both.path, "/files/v1/users");
    assert_eq!(fetch.answers[0].contents[0].media_type, "application/octet-stream");
    assert_eq!(
        lines.iter().map(|line| (line.outcome, line.rule)).collect::<Vec<_>>(),
        [(Outcome::Note, "common-parameters"), (Outcome::Note, "media-upload"), (Outcome::Note, "media-download")]
    );
    // Nothing says how whoever has no scope is known, but by a key.
    assert_eq!(fetch.security.as_ref().unwrap()[0].keys().collect::<Vec<_>>(), ["key"]);
}
