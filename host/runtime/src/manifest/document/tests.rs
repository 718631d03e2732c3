use serde_json::{Map, json};
use wharf_answer::rules::{Output, Rule};

use super::*;

mod credentials;
mod signing;

fn sample() -> Value {
    json!({
        "contract": CONTRACT,
        "name": "acme",
        "title": "Acme",
        "version": "1.0.0",
        "summary": "Orders of Acme.",
        "server": { "summary": "Where it is.", "default": "https://api.acme.example" },
        "servers": { "uploads": { "summary": "Where files go.", "suffix": "/v2", "environment": "ACME_UPLOADS_URL" } },
        "fields": { "token": { "title": "Token", "summary": "From the settings.", "secret": true, "required": true } },
        "schemes": {
            "key": {
                "summary": "The token.",
                "values": { "both": { "template": "{token}:", "functions": ["base64"] } },
                "placements": [{ "header": "Authorization", "template": "Bearer {token}" }],
            },
            "both": {
                "summary": "The token, for both servers.",
                "servers": ["main", "uploads"],
                "placements": [{ "header": "X-Token", "template": "{token}" }],
            },
        },
        "scheme": "key",
        "operations": {
            "orders.get": {
                "title": "Get order",
                "summary": "Gets one order.",
                "code": true,
                "input": { "properties": { "id": { "type": "string" }, "page": { "type": "integer" } } },
                "request": { "method": "GET", "path": "/orders/{id}", "query": ["page", { "name": "v", "text": "2" }] },
            },
            "orders.put-file": {
                "title": "Put file",
                "summary": "Puts one file.",
                "code": true,
                "request": { "method": "PUT", "server": "uploads", "path": "/files", "scheme": "both" },
            },
            "orders.change": {
                "title": "Change order",
                "summary": "Changes one order.",
                "effect": "delete",
                "code": true,
                "requests": {
                    "change": {
                        "method": "POST",
                        "path": "/orders",
                        "body": { "json": [{ "name": "price", "json": 1.5 }, { "name": "note", "free": "a reason" }] },
                        "scheme": "none",
                    },
                    "look": { "method": "POST", "read-only": true },
                },
            },
        },
    })
}

fn altered(pointer: &str, value: Value) -> Value {
    let mut document = sample();
    let (outer, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    document.pointer_mut(outer).unwrap().as_object_mut().unwrap().insert(name, value);
    document
}

#[test]
fn what_is_read_is_written_again() {
    let manifest = read(&sample().to_string()).unwrap();
    assert_eq!(write(&manifest), sample());
}

/// The type of a part was once read by nobody, and the part was sent as a text.
#[test]
fn each_way_of_writing_a_request_is_read_and_written_again() {
    let validator = jsonschema::validator_for(&reference::schema()).unwrap();
    let request = "/operations/orders.get/request";
    for (member, value) in [
        ("query", json!([{ "name": "", "input": "filter", "lists": "indexed" }])),
        ("open-query", json!("a reason")),
        ("headers", json!([{ "name": "Range", "input": "range" }, { "name": "Idempotency-Key", "call-id": true }])),
        ("variables", json!({ "id": { "input": "id", "slashes": "encoded" } })),
        ("variables", json!({ "id": { "field": "account" } })),
        ("variables", json!({ "id": { "input": "id", "otherwise": "latest" } })),
        (
            "body",
            json!({ "multipart": ["file", { "name": "about", "media-type": "application/json" }], "media-types": ["*/*"] }),
        ),
        ("body", json!({ "json": { "input": "order" }, "media-type": "application/merge-patch+json" })),
        ("body", json!({ "text": { "input": "order" }, "media-type": "text/xml" })),
        ("body", json!({ "file": { "input": "file" }, "media-types": ["image/png"] })),
        ("body", json!({ "form": [{ "name": "a", "lists": "brackets" }], "open": "a reason" })),
        ("redirects-to", json!(["https://*.example.com"])),
        ("sensitive-answer", json!(["/token"])),
        ("as-file", json!(true)),
        ("when-given", json!(["id"])),
    ] {
        let document = altered(&format!("{request}/{member}"), value);
        assert_eq!(validator.iter_errors(&document).next().map(|error| error.to_string()), None, "{member}");
        assert_eq!(write(&read(&document.to_string()).unwrap()), document, "{member}");
    }
}

#[test]
fn what_is_usual_is_left_out() {
    let manifest = read(&sample().to_string()).unwrap();
    let [get, put, change] = manifest.operations.as_slice() else { panic!("there are three") };
    assert!(get.idempotent && !change.idempotent);
    assert_eq!(get.effect.as_str(), "read");
    assert_eq!(get.requests[0].name, "get");
    assert_eq!(get.requests[0].scheme.as_deref(), Some("key"));
    assert_eq!((get.requests[0].server.as_deref(), put.requests[0].server.as_deref()), (None, Some("uploads")));
    assert_eq!(change.requests[0].scheme, None);
    assert_eq!(get.input_schema["type"], "object");
    assert_eq!(get.input_schema["additionalProperties"], false);
}

#[test]
fn the_main_server_may_be_named_and_need_not() {
    let mut document = sample();
    document["schemes"]["key"]["servers"] = json!(["main"]);
    document["operations"]["orders.get"]["request"]["server"] = json!("main");
    assert_eq!(read(&document.to_string()).unwrap(), read(&sample().to_string()).unwrap());
}

#[test]
fn a_server_that_stands_twice_is_told_with_its_place() {
    let text = sample().to_string().replace("\"servers\":{", "\"servers\":{\"uploads\":{\"summary\":\"\"},");
    assert_eq!(read(&text).unwrap_err().to_string(), "/servers: `uploads` stands twice in one object; write it once");
}

/// A member that is wrong, and the words that tell so.
fn told_slips() -> Vec<(String, Value, &'static str)> {
    let order = "/operations/orders.get";
    vec![
        ("/contract".to_owned(), json!("0.1.0"), "/contract: this host reads manifests of `0.2.0-draft`"),
        ("/titel".to_owned(), json!("x"), "/titel: a manifest has no member `titel`; did you mean `title`?"),
        ("/name".to_owned(), json!(7), "/name: it is a number; write a text"),
        ("/name".to_owned(), Value::Null, "/name: it is null; leave it out, or write a text"),
        ("/scheme".to_owned(), Value::Null, "/scheme: it is null; leave it out"),
        ("/server/suffixe".to_owned(), json!("/v1"), "did you mean `suffix`?"),
        (
            "/fields/token/secret".to_owned(),
            json!("yes"),
            "/fields/token/secret: it is a text; write `true` or `false`",
        ),
        (
            "/servers/main".to_owned(),
            json!({ "summary": "" }),
            "/servers/main: `main` is the one that `server` tells of",
        ),
        ("/servers/uploads/sufix".to_owned(), json!("/v1"), "did you mean `suffix`?"),
        (
            "/schemes/both/servers".to_owned(),
            json!(["main", "uplaods"]),
            "/schemes/both/servers/1: `uplaods` is not known here; did you mean `uploads`?",
        ),
        (
            "/schemes/both/servers".to_owned(),
            json!(["uploads", "main", "uploads"]),
            "/schemes/both/servers/2: `uploads` stands twice",
        ),
        ("/schemes/both/servers".to_owned(), json!([]), "without `servers` it is `main` alone"),
        ("/schemes/both/servers".to_owned(), json!("uploads"), "it is a text; write a list"),
        (
            format!("{order}/request/server"),
            json!("uplaods"),
            "/operations/orders.get/request/server: `uplaods` is not known here; did you mean `uploads`?",
        ),
        (
            format!("{order}/request/server"),
            json!("https://evil.example"),
            "is not known here; write one of `main`, `uploads`",
        ),
        (
            format!("{order}/effect"),
            json!("reads"),
            "/operations/orders.get/effect: `reads` is not known here; did you mean `read`?",
        ),
        (format!("{order}/requests"), json!({}), "`request` or `requests`, not both"),
        (format!("{order}/request/method"), json!("get"), "did you mean `GET`?"),
        (format!("{order}/request/path"), json!("orders"), "/operations/orders.get/request/path: "),
        (
            format!("{order}/request/query"),
            json!([{ "name": "a", "text": "b", "free": "c" }]),
            "/request/query/0: a field has one of",
        ),
        (format!("{order}/request/query"), json!([{ "name": "a", "otherwise": 1 }]), "say which one: `input`"),
        (format!("{order}/request/query"), json!([{ "name": "a", "lists": "comma" }]), "did you mean `commas`?"),
        (format!("{order}/request/body"), json!({ "json": [], "form": [] }), "no second one"),
        (format!("{order}/input"), json!([]), "write a JSON Schema of an object"),
        (
            "/schemes/key/placements".to_owned(),
            json!([{ "header": "A", "template": "{a" }]),
            "/placements/0/template: a brace in it",
        ),
        (
            "/schemes/key/values".to_owned(),
            json!({ "x": { "template": "", "functions": ["hmac-sha256-hex"] } }),
            "it needs a key",
        ),
        (format!("{order}/request/method"), json!("FETCH"), "is not known here; write one of `GET`, `HEAD`"),
        (format!("{order}/request/query"), json!("page"), "it is a text; write a list: `[page]`"),
        (format!("{order}/request/params"), json!(["page"]), "did you mean `query`?"),
        (format!("{order}/request/body"), json!(["page"]), "it is a list; write a body: `{json: [NAME, …]}`"),
        ("/test".to_owned(), json!("orders.get"), "write the test of a connection: `{operation: NAME}`"),
        (format!("{order}/request/path:~1a"), Value::Null, "a blank is missing behind its colon: `path: /a`"),
        ("/title".to_owned(), json!({ "token": null }), "it is an object; write a text, in quotes: `\"{token}\"`"),
        ("/operations".to_owned(), json!([]), "/operations: it is a list; write an object"),
        (
            "/operations/a~1b".to_owned(),
            json!({ "title": 1, "request": { "method": "GET" } }),
            "/operations/a~1b/title: ",
        ),
    ]
}

fn slips() -> impl Iterator<Item = (String, Value)> {
    told_slips().into_iter().map(|(pointer, value, _)| (pointer, value))
}

#[test]
fn each_slip_is_told_with_its_place_and_what_to_write_instead() {
    for (pointer, value, words) in told_slips() {
        let told = check(&altered(&pointer, value).to_string()).unwrap_err();
        assert!(told.iter().any(|told| told.to_string().contains(words)), "{words}: {told:#?}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_the_order_in_which_it_stands() {
    let mut document = sample();
    for (pointer, value, _) in told_slips() {
        // One of these takes the place of all others.
        if !["/operations", "/name", "/schemes/key/placements"].contains(&pointer.as_str()) {
            let (outer, name) = pointer.rsplit_once('/').unwrap();
            let outer = document.pointer_mut(outer).unwrap().as_object_mut().unwrap();
            outer.insert(name.replace("~1", "/"), value);
        }
    }
    let text = serde_json::to_string_pretty(&document).unwrap();
    let problems = check(&text).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for words in [
        "/contract: ",
        "/titel: ",
        "/scheme: ",
        "/server/suffixe",
        "/fields/token/secret",
        "/servers/main: ",
        "`effect`",
    ] {
        let words = words.trim_matches('`');
        assert!(told.iter().any(|told| told.contains(words)), "{words}: {told:#?}");
    }
    assert!(problems.is_sorted_by_key(|problem| problem.at) && problems.len() > 15, "{told:#?}");
    assert_eq!(told.iter().collect::<std::collections::BTreeSet<_>>().len(), told.len(), "{told:#?}");
    assert_eq!(read(&text).unwrap_err(), problems[0]);
}

/// A mistake in one operation hides none in the others.
#[test]
fn what_is_well_formed_is_checked_beside_what_is_not() {
    let mut document = sample();
    document["version"] = json!(0.1);
    document["scheme"] = json!("keyy");
    document["operations"]["orders.get"]["titel"] = json!("Get order");
    document["operations"]["orders.get"].as_object_mut().unwrap().remove("title");
    document["operations"]["orders.put-file"]["request"]["path"] = json!("/files/{id}");
    document["operations"]["orders.change"]["requests"]["look"]["scheme"] = json!("none");
    document["operations"]["orders.list"] = json!({
        "title": "List orders", "summary": "Lists orders.", "request": { "method": "GET", "path": "/orders" },
    });
    let told: Vec<String> = check(&document.to_string()).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "/version: it is a number; write three numbers, such as `0.1.0`",
            "/scheme: there is no scheme `keyy`; did you mean `key`?",
            "/operations/orders.get/titel: an operation has no member `titel`; did you mean `title`?",
            "/operations/orders.put-file/request: `{id}` in the path is no input of the operation: add it to its inputs, or say \
             under `variables` where its value comes from",
        ]
    );
}

#[test]
fn a_mistake_in_a_schema_is_told_at_its_place_in_words() {
    let input = "/operations/orders.change/input";
    let types = "there are `string`, `integer`, `number`, `boolean`, `array`, `object`, `null`";
    for (schema, at, said) in [
        (
            json!({ "properties": { "id": { "type": "int" } } }),
            "/properties/id/type",
            format!("`int` is no type; did you mean `integer`? {}", types.replacen('t', "T", 1)),
        ),
        (
            json!({ "properties": { "id": { "required": true } } }),
            "/properties/id/required",
            "it is a boolean; write a list of names, which stands beside `properties` and not in one: `required: [NAME]`".into(),
        ),
        (json!({ "properties": { "id": {} }, "required": "id" }), "/required", "it is a text; write a list: `[id]`".into()),
        (json!({ "properties": { "id": { "enum": "a" } } }), "/properties/id/enum", "it is a text; write a list: `[a]`".into()),
        (
            json!({ "properties": { "id": { "minimum": "1" } } }),
            "/properties/id/minimum",
            "it is a text; write a number, without quotes".into(),
        ),
        (json!({ "properties": { "id": "string" } }), "/properties/id", "it is a text; write a schema: `{type: string}`".into()),
        (
            json!({ "properties": { "id": {} }, "required": ["iD"] }),
            "/required/0",
            "`iD` is required and is no input, so no call can be made; did you mean `id`?".into(),
        ),
        (
            json!({ "id": { "type": "string" } }),
            "",
            "what can be given stands in `properties`: write `properties: {id: …}`".into(),
        ),
        (
            json!({ "propertys": { "id": { "type": "string" } } }),
            "",
            "what can be given stands in `properties`, and not in `propertys`; did you mean `properties`?".into(),
        ),
    ] {
        let told = check(&altered(input, schema).to_string()).unwrap_err();
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!(told, [format!("{input}{at}: {said}")]);
    }
}

#[test]
fn what_is_hardly_meant_is_told_and_taken() {
    let operation = json!({
        "title": "Get order",
        "summary": "Gets one order.",
        "input": {
            "properties": {
                "id": { "type": "integer", "minimun": 1, "default": "ten" },
                "size": { "description": "ID", "a number.": null, "type": "string", "enum": ["s"], "default": "m" },
                "page": {},
            },
        },
        "request": { "method": "GET", "path": "/orders/{id}", "query": ["page"] },
    });
    let manifest = check(&altered("/operations/orders.get", operation).to_string()).unwrap();
    let told: Vec<String> = doubts(&manifest).iter().map(ToString::to_string).collect();
    let at = "/operations/orders.get/input/properties";
    assert_eq!(
        told,
        [
            format!(
                "{at}/size: no request takes this input: bind it in `query`, `headers`, `body` or the path, or delete it"
            ),
            format!("{at}/id: the path cannot do without it: add it to the input's `required`, as `required: [id]`"),
            format!("{at}/id/minimun: `minimun` is no keyword of JSON Schema; did you mean `minimum`?"),
            format!("{at}/id/default: it is not of the type `integer` that the schema has"),
            format!(
                "{at}/size/a number.: `a number.` is no keyword of JSON Schema; if it is the end of a text with a comma, put \
                 quotes around that"
            ),
            format!("{at}/size/default: it is none of the values in `enum`"),
        ]
    );
}

/// Nothing is told of what is missing in a value that is told to be another one.
#[test]
fn each_mistake_is_told_once() {
    for (pointer, value) in [
        ("/server", json!(7)),
        ("/contract", json!(7)),
        ("/operations/orders.get", json!([])),
        ("/operations/orders.get/request", json!("GET /orders")),
        ("/operations/orders.get/request/method", json!(1)),
        ("/operations/orders.get/request/path", json!(1)),
        ("/operations/orders.get/request/body", json!("json")),
        ("/operations/orders.get/request/query", json!({})),
        ("/schemes/key/placements", json!({})),
        ("/answer", json!([7])),
        ("/answer", json!([{ "if": 7, "output": "body" }])),
        ("/credentials", json!({ "google": 7 })),
        ("/rate", json!([])),
    ] {
        let told = check(&altered(pointer, value.clone()).to_string()).unwrap_err();
        assert_eq!(told.len(), 1, "{pointer} {value}: {told:#?}");
    }
}

/// A stranger's document can be wrong a million times.
#[test]
fn no_more_is_told_than_there_is_room_for() {
    let wrong: Map<String, Value> = (0..100_000).map(|n| (format!("wrong{n}"), json!(n))).collect();
    let mut document = sample();
    document.as_object_mut().unwrap().extend(wrong);
    assert_eq!(check(&document.to_string()).unwrap_err().len(), 1_000);
}

#[test]
fn names_of_ones_own_begin_with_x() {
    let mut document = sample();
    document["operations"]["orders.get"]["x-source"] = json!({ "anything": [1] });
    document["x-made-by"] = json!("an importer");
    assert!(read(&document.to_string()).is_ok());
}

#[test]
fn what_is_no_document_is_told_with_its_place() {
    for (text, words) in [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("[]", "it is a list; write a manifest"),
        (r#"{"a": {"b": 1, "b": 2}}"#, "/a: `b` stands twice"),
        (r#"{"a": 1, "\u0061": 2}"#, "`a` stands twice"),
    ] {
        let told = read(text).unwrap_err().to_string();
        assert!(told.contains(words), "{text}: {told}");
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    assert!(read(&deep).unwrap_err().to_string().contains("more than 64 deep"));
}

#[test]
fn a_problem_knows_its_line() {
    let text = "{\n\"contract\": \"0.2.0-draft\",\n\"name\": 7\n}";
    let problem = check(text).unwrap_err().pop().unwrap();
    assert_eq!((problem.place.as_str(), line_of(text, problem.at.unwrap())), ("/name", 3));
}

#[test]
fn what_the_check_finds_is_told_by_its_line_too() {
    let mut document = sample();
    document["fields"]["token"]["default"] = json!("x");
    let text = serde_json::to_string_pretty(&document).unwrap();
    let problem = check(&text).unwrap_err().remove(0);
    let line = text.lines().nth(line_of(&text, problem.at.unwrap()) - 1).unwrap();
    assert_eq!((problem.place.as_str(), line.trim()), ("/fields/token", "\"token\": {"), "{problem}");
}

#[test]
fn constants_keep_their_digits() {
    let text = sample().to_string().replace("1.5", "1.50");
    let manifest = read(&text).unwrap();
    assert_eq!(write(&manifest).to_string().matches("1.50").count(), 0, "a parser writes it in its own way");
    let fields = manifest.operations[2].requests[0].body.fields();
    assert!(format!("{:?}", fields[0]).contains("1.50"), "{fields:?}");
    let digits = r#"{"n":[1.00,12345678901234567890123]}"#;
    let document = altered("/answer", json!([{"output": {"value": "DIGITS"}}])).to_string();
    let manifest = read(&document.replace("\"DIGITS\"", digits)).unwrap();
    assert_eq!(manifest.about.answer, [Rule::output([], Output::Value(digits.into()))]);
}

#[test]
fn the_schema_for_editors_takes_what_the_reader_takes() {
    let validator = jsonschema::validator_for(&reference::schema()).unwrap();
    assert!(validator.is_valid(&sample()), "{:?}", validator.iter_errors(&sample()).next());
    for provider in wharf_artifacts::PROVIDERS {
        let host = crate::Host::builder().build().unwrap();
        let manifest = host.load_bytes(provider.bytes).unwrap().manifest().unwrap();
        let document = write(&manifest);
        let first =
            validator.iter_errors(&document).next().map(|error| format!("{error} at {}", error.instance_path()));
        assert_eq!(first, None, "{}", provider.name);
        assert_eq!(read(&document.to_string()).unwrap(), manifest, "{}", provider.name);
    }
}

#[test]
fn answers_that_come_line_by_line_are_written_as_they_are_read() {
    let validator = jsonschema::validator_for(&reference::schema()).unwrap();
    for output in [
        json!({"events": {}}),
        json!({"lines": {}}),
        json!({"events": {"data": "text", "end": {"text": "[DONE]"}, "most": 10}}),
        json!({"events": {"end": {"event": "stop"}, "seconds": 5}}),
        json!({"lines": {"end": {"at": "/done", "equals": true}}}),
    ] {
        let document = altered("/answer", json!([{"if": {"status": "2xx"}, "output": output}]));
        assert_eq!(validator.iter_errors(&document).next().map(|error| error.to_string()), None, "{output}");
        assert_eq!(write(&read(&document.to_string()).unwrap()), document);
    }
    for output in [json!({"lines": {"until": 1}}), json!({"events": {"end": {"text": "a", "event": "b"}}})] {
        let document = altered("/answer", json!([{"output": output}]));
        assert!(!validator.is_valid(&document) && read(&document.to_string()).is_err(), "{output}");
    }
}

#[test]
fn the_schema_for_editors_refuses_what_the_reader_refuses() {
    let validator = jsonschema::validator_for(&reference::schema()).unwrap();
    for (pointer, value) in slips() {
        let document = altered(&pointer, value.clone());
        // What stands inside of a template or a path is for the reader alone.
        let is_of_the_text = pointer.ends_with("/path") || pointer.ends_with("/placements");
        // Nor does it know which servers there are.
        let is_a_name =
            pointer.ends_with("/request/server") || value.as_array().is_some_and(|v| v.contains(&json!("uplaods")));
        assert!(!validator.is_valid(&document) || is_of_the_text || is_a_name, "{pointer}");
    }
}

#[test]
fn a_part_keeps_its_media_type() {
    let part = json!({"name": "meta", "media-type": "application/json"});
    let document = altered("/operations/orders.change/requests/change/body", json!({"multipart": [part]}));
    let manifest = read(&document.to_string()).unwrap();
    assert_eq!(write(&manifest), document);
}

#[test]
fn half_a_pair_is_no_text_of_a_manifest() {
    for (name, text) in [("text", r#""a\ud83d""#), ("json", r#"{"a":"\ud83d"}"#)] {
        let document = altered("/operations/orders.get/request/query", json!([{"name": "v", name: "HERE"}]));
        let told = read(&document.to_string().replace("\"HERE\"", text));
        assert!(told.is_err(), "{:?}", told.unwrap().operations[0].requests[0].query);
    }
}

#[test]
fn a_name_that_a_parser_keeps_for_itself_is_no_name_of_a_manifest() {
    let inner = json!({"$serde_json::private::RawValue": "{\"type\":\"integer\"}"});
    let document = altered("/operations/orders.get/input", json!({"properties": {"id": inner}}));
    let told = read(&document.to_string()).unwrap_err().to_string();
    assert!(told.starts_with("/operations/orders.get/input/properties/id: ") && told.contains("is kept"), "{told}");
}
