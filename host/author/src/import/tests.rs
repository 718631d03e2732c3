//! Descriptions as people write them, from the text to the manifest.

use serde_json::json;

use super::*;

/// What becomes of these paths, with more members of the description before them.
fn of(more: &str, paths: &str) -> (Value, Vec<String>) {
    let text = format!("openapi: 3.0.3\ninfo: {{ title: Acme, version: '1' }}\n{more}\npaths:\n{paths}");
    let mut documents = of_bytes("acme.yaml", text.into_bytes()).unwrap();
    let options = Options { plugin: "acme".to_owned(), ..Options::default() };
    let imported = import(&mut documents, &options).unwrap();
    let document = Value::Object(imported.document);
    wharf::manifest::document::check(&document.to_string()).unwrap();
    let told = |line: &report::Line| format!("{:?} {}", line.outcome, line.rule);
    (document, imported.report.lines.iter().map(told).collect())
}

const SERVER: &str = "servers: [{ url: 'https://api.acme.example' }]";

#[test]
fn a_server_without_the_word_before_its_host_is_that_host() {
    let (made, _) = of(
        "servers: [{ url: '//api.acme.example/v1' }]",
        "  /me: { get: { responses: { '200': { description: ok } } } }",
    );
    assert_eq!(made["server"]["default"], "https://api.acme.example/v1");
}

#[test]
fn a_secret_in_the_address_of_a_server_is_no_input_of_any_operation() {
    let (made, _) = of(
        "servers: [{ url: 'https://api.acme.example/bot{token}', variables: { token: { default: '1' } } }]",
        "  /getMe: { get: { operationId: getMe, responses: { '200': { description: ok } } } }",
    );
    let (_, operation) = made["operations"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(operation["request"]["path"], "/bot{token}/getMe");
    assert_eq!((operation.get("sensitive-inputs"), operation.pointer("/input/properties/token")), (None, None));
    let placed = made["schemes"].as_object().unwrap().values().next().unwrap();
    assert_eq!(placed["placements"][0]["path"], "token");
}

#[test]
fn a_header_that_is_the_credential_of_another_scheme_too_is_written_once() {
    let (made, told) = of(
        &format!(
            "{SERVER}\ncomponents: {{ securitySchemes: {{ Bearer: {{ type: http, scheme: bearer }}, \
             api_key: {{ type: apiKey, in: header, name: Authorization }} }} }}"
        ),
        "  /me: { get: { parameters: [{ name: Authorization, in: header, required: true, schema: { type: string } }], responses: {} } }
  /you: { get: { security: [{ Bearer: [] }], responses: {} } }",
    );
    assert_eq!(made["operations"].as_object().unwrap().len(), 2, "{told:?}");
    assert_eq!(made["test"], json!({"operation": "me.list"}));
}

#[test]
fn a_connection_is_tested_by_an_operation_that_was_carried_over() {
    // Beside the credential `key` nothing may be called `key[a]`, which shows when all of it is joined.
    let (made, told) = of(
        &format!(
            "{SERVER}\nsecurity: [{{ key: [] }}]\ncomponents: {{ securitySchemes: {{ key: {{ type: apiKey, in: query, name: key }} }} }}"
        ),
        "  /me: { get: { parameters: [{ name: 'key[a]', in: query, schema: { type: string } }], responses: {} } }
  /user: { get: { responses: {} } }",
    );
    assert!(told.contains(&"LeftOut refused-operation".to_owned()), "{told:?}");
    assert_eq!(made["test"], json!({"operation": "user.list"}));
}

#[test]
fn a_file_of_which_a_part_is_asked_for_is_carried_over() {
    let (made, told) = of(
        SERVER,
        "  /file:
    get:
      parameters: [{ name: Range, in: header, required: true, schema: { type: string } }]
      responses: { '206': { description: part, content: { application/octet-stream: { schema: { type: string, format: binary } } } } }",
    );
    let operation = &made["operations"]["file.list"];
    assert_eq!(
        (&operation["request"]["headers"], &operation["files"]),
        (&json!(["Range"]), &json!(["file"])),
        "{told:?}"
    );
    assert_eq!(operation["request"].get("as-file"), None);
}

#[test]
fn what_may_be_asked_for_is_asked_for() {
    let with = |choices: &str| {
        let (made, _) = of(
            SERVER,
            &format!(
                "  /chart:
    get:
      parameters: [{{ name: Accept, in: header, schema: {{ type: string, enum: {choices} }} }}]
      responses: {{ '200': {{ description: ok, content: {{ application/json: {{}} }} }} }}"
            ),
        );
        made["operations"]["chart.list"]["request"]["headers"].clone()
    };
    assert_eq!(with("[text/html, application/json]"), json!([{"name": "Accept", "text": "application/json"}]));
    assert_eq!(with("[media/*]"), json!([{"name": "Accept", "text": "media/*"}]));
    assert_eq!(with("['no type']"), Value::Null);
}

#[test]
fn a_body_whose_media_type_is_left_empty_is_json_and_one_that_cannot_be_read_is_told() {
    let with = |media_type: &str| {
        of(
            SERVER,
            &format!(
                "  /a: {{ get: {{ responses: {{}} }} }}
  /things: {{ post: {{ requestBody: {{ required: true, content: {{ {media_type}: {{ schema: {{ type: object, properties: {{ a: {{ type: string }} }} }} }} }} }}, responses: {{}} }} }}"
            ),
        )
    };
    let (made, _) = with("''");
    assert_eq!(made["operations"]["things.create"]["request"]["body"], json!({"json": ["a"]}));
    let (made, told) = with("','");
    assert_eq!(made["operations"].get("things.create"), None);
    assert!(told.contains(&"LeftOut media-type".to_owned()), "{told:?}");
}

#[test]
fn a_number_with_the_format_of_whole_ones_is_whole() {
    let (made, _) = of(
        SERVER,
        "  /a: { get: { parameters: [{ name: n, in: query, schema: { type: number, format: int32 } }, { name: x, in: query, schema: { type: number, format: double } }], responses: {} } }",
    );
    let inputs = &made["operations"]["a.list"]["input"]["properties"];
    assert_eq!((&inputs["n"]["type"], &inputs["x"]["type"]), (&json!("integer"), &json!("number")));
}

#[test]
fn an_alternative_that_a_member_tells_is_not_refused_for_fitting_another_one() {
    let (made, _) = of(
        &format!(
            "{SERVER}\ncomponents:
  schemas:
    Pet: {{ type: object, required: [kind], properties: {{ kind: {{ type: string }} }}, discriminator: {{ propertyName: kind }} }}
    Cat: {{ allOf: [{{ $ref: '#/components/schemas/Pet' }}, {{ type: object, properties: {{ claws: {{ type: integer }} }} }}] }}
    Dog: {{ allOf: [{{ $ref: '#/components/schemas/Pet' }}, {{ type: object, properties: {{ bark: {{ type: integer }} }} }}] }}"
        ),
        "  /pets: { post: { requestBody: { required: true, content: { application/json: { schema: { oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }], discriminator: { propertyName: kind } } } } }, responses: {} } }",
    );
    let text = made.to_string();
    assert!(text.contains("anyOf") && !text.contains("oneOf"), "{made:#}");
}

#[test]
fn a_variable_in_the_style_of_a_matrix_is_told_as_what_cannot_be_sent() {
    let (made, told) = of(
        SERVER,
        "  /a: { get: { responses: {} } }
  /m/{id}: { get: { parameters: [{ name: id, in: path, required: true, style: matrix, schema: { type: string } }], responses: {} } }",
    );
    assert_eq!(made["operations"].as_object().unwrap().len(), 1);
    assert!(told.contains(&"LeftOut matrix-style".to_owned()), "{told:?}");
}

#[test]
fn underscores_of_an_identifier_are_no_marks_of_a_text() {
    let (made, _) = of(
        SERVER,
        "  /api/v1/items/: { get: { operationId: read_items_api_v1_items__get, responses: {} } }
  /api/v1/items/{item_id}: { put: { operationId: update_item_api_v1_items__item_id__put, responses: {} } }",
    );
    let names: Vec<&String> = made["operations"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["items.read", "items.update"]);
}

#[test]
fn a_token_is_called_one_and_its_summary_does_not_ask_for_what_the_host_writes() {
    let (made, _) = of(
        &format!(
            "{SERVER}\nsecurity: [{{ OAuth2PasswordBearer: [] }}]\ncomponents: {{ securitySchemes: {{ OAuth2PasswordBearer: \
             {{ type: apiKey, in: header, name: Authorization, description: 'Type \"Bearer\" followed by a space and JWT token.' }} }} }}"
        ),
        "  /a: { get: { responses: {} } }",
    );
    let (name, field) = made["fields"].as_object().unwrap().iter().next().unwrap();
    assert_eq!((name.as_str(), &field["summary"]), ("token", &json!("A token, sent as Authorization: Bearer.")));
}

#[test]
fn what_a_person_says_of_credentials_is_told_to_take_the_place_of_what_is_described() {
    let text = "openapi: 3.0.3\ninfo: { title: Acme, version: '1' }\nsecurity: [{ key: [] }]\npaths: { /a: { get: { responses: {} } } }\n\
                components: { securitySchemes: { key: { type: apiKey, in: header, name: X-K } } }";
    let mut documents = of_bytes("acme.yaml", text.into()).unwrap();
    let options = Options { plugin: "acme".to_owned(), auth: Some(Auth::Bearer), ..Options::default() };
    let imported = import(&mut documents, &options).unwrap();
    assert!(imported.report.lines.iter().any(|line| line.rule == "auth-instead" && line.text.contains("`key`")));
}
