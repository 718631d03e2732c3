//! What the language has to be able to say: the answers of providers as they are known, and of some that nobody has seen.

use serde_json::{Value as Json, json};

use super::*;

/// Rules with those that they use.
struct Rules(Vec<Rule>, Vec<(&'static str, Vec<Rule>)>);

impl Named for Rules {
    fn rules(&self, name: &str) -> Option<&[Rule]> {
        self.1.iter().find(|(known, _)| *known == name).map(|(_, rules)| rules.as_slice())
    }
}

impl Rules {
    fn of(json: Json) -> Self {
        Self(serde_json::from_value(json).unwrap(), Vec::new())
    }

    fn with(mut self, name: &'static str, rules: Json) -> Self {
        self.1.push((name, serde_json::from_value(rules).unwrap()));
        self
    }

    fn read(&self, answer: &Answer) -> Result<String, Failure> {
        match judge(answer, &self.0, self)? {
            Found::Json(json) => Ok(json),
            Found::File(name) => panic!("{name}"),
        }
    }

    fn failure(&self, status: u16, body: &str) -> Failure {
        let failure = self.read(&Answer::new(status, &[], body)).unwrap_err();
        let to_a_read = self.read(&Answer::new(status, &[], body).to_a_read());
        if status >= 300 {
            assert_eq!(to_a_read, Err(failure.clone()), "to a read as well");
        }
        failure
    }
}

fn texts(words: &[&str]) -> Vec<Json> {
    words.iter().map(|word| json!({ "text": word })).collect()
}

/// A failure of a type.
fn of_type(kinds: &[&str], kind: &str) -> Json {
    json!({
        "if": [{ "at": ["/type"], "one-of": texts(kinds) }],
        "failure": { "kind": kind, "message": [{ "at": "/message" }], "code": [{ "at": "/type" }] },
    })
}

fn appwrite() -> Rules {
    let told = json!({ "message": [{ "at": "/message" }], "code": [{ "at": "/type" }] });
    let invalid = json!({ "kind": "invalid-input", "message": [{ "at": "/message" }], "code": [{ "at": "/type" }] });
    let has_type = json!({ "at": ["/type"], "is": ["something"] });
    Rules::of(json!([
        { "if": [{ "status": null, "statuses": [{ "class": 2 }] }], "output": "body" },
        of_type(&["general_unauthorized_scope", "general_access_forbidden", "user_blocked"], "forbidden"),
        of_type(&["project_not_found"], "unauthorized"),
        of_type(
            &["general_route_not_found", "general_smtp_disabled", "general_phone_disabled", "storage_invalid_content_range"],
            "provider",
        ),
        of_type(&["message_already_sent", "execution_in_progress", "transaction_expired"], "conflict"),
        of_type(&["storage_invalid_file", "function_runtime_unsupported", "function_entrypoint_missing"], "invalid-input"),
        { "if": [has_type.clone(), { "status": null, "statuses": [{ "one": 400 }] }], "failure": invalid },
        { "if": [has_type], "failure": told },
        {
            "if": [{ "status": null, "statuses": [{ "one": 404 }, { "one": 409 }, { "one": 410 }, { "one": 412 }] }],
            "unreadable": "an error of Appwrite",
        },
        { "failure": { "message": [{ "at": "/message" }] } },
    ]))
}

#[test]
fn appwrite_tells_by_a_type_what_the_status_does_not() {
    let rules = appwrite();
    let failure = |status: u16, kind: &str| {
        let beside = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let body = format!(r#"{{"message":"Words \ud83d","trace":[1e400,{beside}],"code":{status},"type":"{kind}"}}"#);
        rules.failure(status, &body)
    };
    assert_eq!(rules.read(&Answer::new(204, &[], "")), Ok("null".to_owned()));
    let Failure::NotFound(detail) = failure(404, "user_not_found") else { panic!() };
    assert_eq!((detail.message.as_str(), detail.code.as_deref()), ("Words \u{fffd}", Some("user_not_found")));
    assert!(matches!(failure(404, "project_not_found"), Failure::Unauthorized(_)));
    assert!(matches!(failure(404, "general_route_not_found"), Failure::Provider(_)));
    assert!(matches!(failure(401, "user_unauthorized"), Failure::Unauthorized(_)));
    assert!(matches!(failure(401, "general_unauthorized_scope"), Failure::Forbidden(_)));
    for (status, kind) in [(400, "general_argument_invalid"), (404, "function_runtime_unsupported")] {
        assert_eq!(failure(status, kind), Failure::InvalidInput(None, format!("Words \u{fffd} ({kind})")));
    }
    assert!(matches!(failure(400, "message_already_sent"), Failure::Conflict(_)));
    assert!(matches!(failure(503, "general_smtp_disabled"), Failure::Provider(_)));
    assert!(matches!(failure(503, "general_service_disabled"), Failure::Unavailable(_)));

    let Failure::Provider(detail) = rules.failure(404, "<h1>Not Found</h1>") else { panic!() };
    assert_eq!(detail.message, "the answer is not an error of Appwrite: <h1>Not Found</h1>");
    assert!(matches!(rules.failure(409, "{}"), Failure::Provider(_)));
    let Failure::Provider(detail) = rules.failure(500, r#"{"message":"","type":""}"#) else { panic!() };
    assert_eq!((detail.message.as_str(), detail.code), (r#"{"message":"","type":""}"#, None));
    assert!(matches!(rules.failure(502, "<h1>x</h1>"), Failure::Unavailable(d) if d.message.contains("<h1>x")));
    let limited = [("X-RateLimit-Reset", "1795903260"), ("Date", "Sat, 28 Nov 2026 22:00:00 GMT")];
    let limited = rules.read(&Answer::new(429, &limited, ""));
    assert!(matches!(limited, Err(Failure::RateLimited(d)) if d.retry_after == Some(60)));
}

const HINT: &str = "if a gateway refuses the name of a header, set token_header";

fn chatwoot() -> Rules {
    let message = json!([
        { "at": "/error" }, { "at": "/errors" }, { "at": "/message" }, { "at": "/description" }, "body",
    ]);
    let rights = json!(["Non permissible resource", "not authorized", "suspended"]);
    Rules::of(json!([
        { "if": [{ "status": null, "statuses": [{ "class": 2 }] }], "output": "body" },
        {
            "if": [
                { "status": null, "statuses": [{ "one": 401 }] },
                { "at": ["/error", "/errors", "/message", "/description"], "contains": rights },
            ],
            "failure": { "kind": "forbidden", "message": message },
        },
        {
            "if": [{ "status": null, "statuses": [{ "one": 422 }] }],
            "failure": {
                "kind": "invalid-input", "message": message,
                "field": [{ "at": "/attributes/0" }, { "at": "/errors/0/field" }],
            },
        },
        {
            "if": [{ "status": null, "statuses": [{ "one": 400 }, { "one": 401 }, { "one": 403 }] }],
            "failure": { "message": message, "hint": HINT },
        },
        { "failure": { "message": message } },
    ]))
}

#[test]
fn chatwoot_has_errors_of_several_shapes() {
    let rules = chatwoot();
    for (body, words) in [
        (r#"{"error": "Invalid access_token"}"#, "Invalid access_token"),
        (r#"{"errors": ["You need to sign in."]}"#, "You need to sign in."),
    ] {
        assert!(matches!(rules.failure(401, body), Failure::Unauthorized(d) if d.message == words), "{body}");
    }
    for body in [
        r#"{"error": "Non permissible resource"}"#,
        r#"{"x":1e400, "error": "You are not authorized \ud83d"}"#,
        r#"{"error": "Account is suspended"}"#,
    ] {
        assert!(matches!(rules.failure(401, body), Failure::Forbidden(_)), "{body}");
    }
    let invalid = |body: &str| match rules.failure(422, body) {
        Failure::InvalidInput(field, message) => (field.unwrap_or_default(), message),
        other => panic!("{other:?}"),
    };
    let pair = |field: &str, message: &str| (field.to_owned(), message.to_owned());
    assert_eq!(
        invalid(r#"{"message": "Email has been taken", "attributes": ["email"]}"#),
        pair("email", "Email has been taken")
    );
    assert_eq!(invalid(r#"{"error": {"name": ["is too long"]}}"#), pair("", r#"{"name": ["is too long"]}"#));
    let listed = r#"{"description": "d", "errors": [{"field": "name", "message": "is missing", "code": "x"}]}"#;
    assert_eq!(invalid(listed), pair("name", "name: is missing"));

    let message = |body: &str| match rules.failure(500, body) {
        Failure::Provider(detail) => detail.message,
        other => panic!("{other:?}"),
    };
    let limits = r#"{"limit":123456789012345678901,"x":1.10}"#;
    assert_eq!(message(&format!(r#"{{"error":{limits}}}"#)), limits);
    assert_eq!(message(&format!(r#"{{"errors":["a",{limits},-0]}}"#)), format!("a; {limits}; -0"));
    assert_eq!(message(r#"{"error": {}, "message": "undefined method"}"#), "undefined method");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(message(&format!(r#"{{"error":[{deep}]}}"#)), deep);
    assert!(matches!(rules.failure(429, "Retry later\n"), Failure::RateLimited(d) if d.message == "Retry later"));
    assert!(matches!(rules.failure(404, ""), Failure::NotFound(d) if d.message == "an answer without a body"));
}

#[test]
fn a_refusal_without_words_says_what_to_try() {
    let rules = chatwoot();
    for (status, body) in [
        (400, ""),
        (401, ""),
        (403, "\r\n"),
        (400, "<html><h1>400 Bad Request</h1></html>"),
        (400, "{}"),
        (400, "null"),
        (400, "Bad Request"),
        (400, "\"Bad Request\""),
        (400, r#"{"message":"Bad Request"}"#),
        (401, r#"{"error":"401 Unauthorized."}"#),
        (403, "Forbidden\n"),
    ] {
        assert!(format!("{:?}", rules.failure(status, body)).contains(HINT), "{status} {body}");
    }
    for (status, body) in
        [(400, r#"{"error":"Bad"}"#), (401, r#"{"errors":["Invalid"]}"#), (404, ""), (404, "Not Found")]
    {
        assert!(!format!("{:?}", rules.failure(status, body)).contains(HINT), "{status} {body}");
    }
}

fn aigency() -> Rules {
    let is_answer = |not: bool| json!({ "at": ["/jsonrpc"], "one-of": texts(&["2.0"]), "not": not });
    let has_code = |codes: &[&str]| {
        let codes: Vec<Json> = codes.iter().map(|code| json!({ "number": code })).collect();
        json!({ "at": ["/error/code"], "one-of": codes })
    };
    let says = |words: &[&str]| json!({ "at": ["/error/message"], "one-of": texts(words) });
    let told = |kind: &str| {
        json!({
            "kind": kind, "message": [{ "at": "/error/message" }, { "at": "/error" }], "code": [{ "at": "/error/code" }],
        })
    };
    Rules::of(json!([
        {
            "if": [is_answer(true), { "status": null, "statuses": [{ "class": 2 }] }],
            "unreadable": "a JSON-RPC 2.0 object",
        },
        {
            "if": [is_answer(true), { "status": null, "statuses": [{ "one": 404 }, { "one": 410 }] }],
            "failure": {
                "kind": "provider", "message": [{ "at": "/message" }],
                "note": "the base URL must be the JSON-RPC endpoint itself",
            },
        },
        { "if": [is_answer(true)], "failure": { "message": [{ "at": "/message" }] } },
        { "if": [{ "at": ["/error"], "present": true }], "use": "errors" },
        { "if": [{ "at": ["/result"], "exists": true }], "output": { "at": "/result" } },
        { "if": [{ "operation": null, "reads": true }], "unreadable": "an object with `result`" },
        { "output": { "value": "{\"success\":true}" } },
    ]))
    .with(
        "errors",
        json!([
            {
                "if": [has_code(&["-32602"])],
                "failure": {
                    "kind": "invalid-input",
                    "message": [{ "at": "/error/data/validationErrors/0/message" }, { "at": "/error/message" }],
                    "field": [{ "at": "/error/data/validationErrors/0/path/0" }],
                },
            },
            { "if": [has_code(&["401"])], "failure": told("unauthorized") },
            { "if": [has_code(&["500"]), says(&["Forbidden resource"])], "failure": told("unauthorized") },
            { "if": [has_code(&["500"]), says(&["User not found", "Capability not found"])], "failure": told("not-found") },
            { "if": [has_code(&["500"]), says(&["User is not logged in"])], "failure": told("conflict") },
            {
                "if": [has_code(&["500"]), says(&["Only Near AI capabilities are callable"])],
                "failure": {
                    "kind": "invalid-input", "message": [{ "at": "/error/message" }], "field": [{ "words": "id" }],
                },
            },
            { "failure": told("by-code") },
        ]),
    )
}

#[test]
fn json_rpc_tells_of_errors_with_status_200() {
    let rules = aigency();
    let read = |body: &str| rules.read(&Answer::new(200, &[], body));
    let to_a_read = |body: &str| rules.read(&Answer::new(200, &[], body).to_a_read());
    assert_eq!(read(r#"{"jsonrpc":"2.0","id":"wharf"}"#).unwrap(), r#"{"success":true}"#);
    for result in ["false", "null", "[]", "[1.10]"] {
        let body = format!(r#"{{"jsonrpc":"2.0","\udc00":1,"result":{result},"error":null}}"#);
        assert_eq!((read(&body).unwrap(), to_a_read(&body).unwrap()), (result.to_owned(), result.to_owned()));
    }
    let without = to_a_read(r#"{"jsonrpc":"2.0","error":null}"#).unwrap_err();
    assert!(matches!(without, Failure::Provider(d) if d.message.contains("not an object with `result`")));

    let error = |code: &str, message: &str| {
        read(&format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":"{message}"}}}}"#)).unwrap_err()
    };
    for code in ["500", "\"500\"", "500.0", "5e2"] {
        let failure = error(code, "User not found");
        assert!(matches!(failure, Failure::NotFound(d) if d.code.as_deref() == Some("500")), "{code}");
    }
    assert!(matches!(error("500", "Forbidden resource"), Failure::Unauthorized(_)));
    assert!(matches!(error("401", "Invalid API key"), Failure::Unauthorized(_)));
    assert!(matches!(error("500", "User is not logged in"), Failure::Conflict(_)));
    let of_another_kind = error("500", "Only Near AI capabilities are callable");
    assert!(matches!(of_another_kind, Failure::InvalidInput(Some(input), _) if input == "id"));
    assert!(matches!(error("500", "Not implemented"), Failure::Provider(d) if d.message == "Not implemented"));
    assert!(matches!(error("404", "Method not found: x"), Failure::Provider(_)), "no record is missing");
    for header in ["Retry-After", "X-RateLimit-Reset"] {
        let body = r#"{"jsonrpc":"2.0","error":{"code":429,"message":"Too many requests"}}"#;
        let failure = rules.read(&Answer::new(200, &[(header, "30")], body)).unwrap_err();
        assert!(matches!(failure, Failure::RateLimited(d) if d.retry_after == Some(30)), "{header}");
    }
    for (error, message) in [
        (r#"{"code":1e400,"message":"User \ud83d"}"#, "User \u{fffd}"),
        (r#""User \ud83d""#, "User \u{fffd}"),
        ("{}", r#"{"jsonrpc":"2.0","error":{}}"#),
        ("false", r#"{"jsonrpc":"2.0","error":false}"#),
    ] {
        let failure = read(&format!(r#"{{"jsonrpc":"2.0","error":{error}}}"#)).unwrap_err();
        assert!(matches!(failure, Failure::Provider(d) if d.message == message), "{error}");
    }
    let data = r#"{"validationErrors":[{"path":["limit"],"message":"Bad \ud83d","received":1e400}]}"#;
    let body = format!(r#"{{"jsonrpc":"2.0","error":{{"code":-32602,"message":"Invalid Params","data":{data}}}}}"#);
    assert_eq!(read(&body), Err(Failure::InvalidInput(Some("limit".into()), "Bad \u{fffd}".into())));
    assert!(read(r#"{"jsonrpc":"2.0","error":{"code":500,"message":"No"},"error":null,"result":1}"#).is_err());
    for body in ["", r#"{"ok":true}"#, "<html>"] {
        assert!(matches!(read(body), Err(Failure::Provider(_))), "{body}");
    }
    let body = r#"{"message":"Cannot POST /","error":"Not Found","statusCode":404}"#;
    assert!(matches!(rules.failure(404, body), Failure::Provider(d) if d.message.contains("endpoint itself")));
}

/// By which the server says that it did something, and what it did that to.
const DONE: &[&str] = &[
    "accepted",
    "added",
    "booked",
    "changed",
    "connected",
    "converted",
    "created",
    "deleted",
    "disconnected",
    "done",
    "merged",
    "ok",
    "reassigned",
    "registered",
    "removed",
    "reset",
    "saved",
    "sent",
    "set",
    "success",
    "successful",
    "successfully",
    "true",
    "updated",
    "uploaded",
];
const BESIDE: &[&str] = &[
    "a", "an", "and", "been", "contact", "customer", "fee", "from", "has", "have", "invoice", "note", "notes", "of",
    "settings", "the", "to", "user", "users", "was", "were", "Ada",
];
const NOT: &[&str] = &[
    "cannot",
    "can't",
    "denied",
    "error",
    "expired",
    "failed",
    "forbidden",
    "invalid",
    "missing",
    "not",
    "unable",
    "unauthorised",
    "unauthorized",
    "unknown",
];
const FAILED: &[&str] =
    &["bad request", "denied", "error", "fail", "failed", "failure", "forbidden", "not found", "unauthorized"];
const ENVELOPE: &[&str] =
    &["code", "data", "error", "errors", "message", "ok", "result", "status", "statuscode", "success"];

/// A condition on places that are called so whatever the case of their letters, in the object itself or in each entry of a list.
fn at(list: bool, names: &[&str], test: (&str, Json), not: bool) -> Json {
    let pointers: Vec<String> = names.iter().map(|name| format!("{}/{name}", if list { "/*" } else { "" })).collect();
    let (name, value) = test;
    json!({ "at": pointers, name: value, "any-case": true, "not": not })
}

fn done() -> (&'static str, Json) {
    ("words", json!({ "one-of": DONE, "only": BESIDE }))
}

fn yes(test: &'static str) -> (&'static str, Json) {
    (test, json!([{ "boolean": true }, { "number": "1" }, { "text": "yes" }]))
}

fn no() -> (&'static str, Json) {
    ("one-of", json!([{ "boolean": false }, { "number": "0" }, { "text": "false" }, { "text": "no" }]))
}

/// Whether `success` is there and is not true; or where it is not there, whether there is an error.
fn says_no(list: bool) -> Vec<Json> {
    let is_there = |not: bool| at(list, &["success"], ("exists", json!(true)), not);
    let rule = |conditions: Vec<Json>| json!({ "if": conditions, "use": "no" });
    vec![
        rule(vec![
            is_there(false),
            at(list, &["success"], yes("none-of"), false),
            at(list, &["success"], done(), true),
        ]),
        rule(vec![is_there(true), at(list, &["error"], ("is", json!(["something"])), false)]),
        rule(vec![is_there(true), at(list, &["status"], ("one-of", json!(texts(FAILED))), false)]),
    ]
}

/// Whether an answer says no in any other way that a server may have.
fn refuses(list: bool) -> Vec<Json> {
    let rule = |conditions: Vec<Json>| json!({ "if": conditions, "use": "no" });
    let is_error = || ("statuses", json!([{ "class": 4 }, { "class": 5 }]));
    let is_no_record = || at(list, &["id", "token"], ("exists", json!(true)), true);
    let is_yes = |names: &[&str]| {
        vec![
            at(list, names, ("exists", json!(true)), false),
            at(list, names, yes("none-of"), false),
            at(list, names, done(), true),
        ]
    };
    let all = if list { "/*/*" } else { "/*" };
    let other = |test: &str, value: Json, not: bool| json!({ "at": [all], "except": ["message", "error", "errors"], "any-case": true, test: value, "not": not });
    let no_or_nothing = json!([
        null_value(), { "boolean": false }, { "number": "0" }, { "text": "false" }, { "text": "no" }, { "text": "" },
        "empty-list", "empty-object",
    ]);
    vec![
        rule(vec![at(list, &["error", "errors", "exception"], ("is", json!(["something"])), false)]),
        rule(is_yes(&["ok"])),
        rule(vec![is_no_record(), at(list, &["status"], no(), false)]),
        rule(vec![is_no_record(), at(list, &["status"], is_error(), false)]),
        rule(vec![at(list, &["code", "statusCode", "status_code"], is_error(), false)]),
        rule(is_yes(&["data/success", "result/success", "response/success", "data/ok", "result/ok", "response/ok"])),
        rule(vec![other("one-of", no().1, false), other("none-of", no_or_nothing, true)]),
        rule(vec![
            json!({ "at": [all], "except": ["message"], "any-case": true, "exists": false }),
            at(list, &["message"], ("words", json!({ "one-of": NOT })), false),
        ]),
    ]
}

fn null_value() -> Json {
    json!("null")
}

fn wibiclick() -> Rules {
    let success = json!({ "status": null, "statuses": [{ "class": 2 }] });
    let body = |kind: &str| json!({ "body": null, "is": [kind] });
    let reads = |reads: bool| json!({ "operation": null, "reads": reads });
    let no_answer = json!("one of WibiClick");
    let told = json!([{ "at": "/message" }, { "at": "/error" }, { "at": "/errors" }]);
    Rules::of(json!([
        { "if": [json!({ "status": null, "statuses": [{ "class": 2 }], "not": true })], "failure": { "message": told } },
        { "if": [reads(false), body("nothing")], "output": { "value": "{\"success\":true}" } },
        { "if": [body("object")], "use": "says-no" },
        { "if": [reads(false), body("object")], "use": "refuses" },
        {
            "if": [
                body("object"),
                { "at": ["/*"], "except": ENVELOPE, "any-case": true, "exists": false },
                { "at": ["/data", "/result"], "any-case": true, "is": ["something"], "not": true },
            ],
            "use": "refuses",
        },
        { "if": [success.clone(), body("object")], "output": "body" },
        { "if": [reads(true), body("list")], "output": "body" },
        { "if": [reads(true)], "unreadable": no_answer },
        { "if": [body("list")], "use": "entries-say-no" },
        { "if": [body("list")], "use": "entries-refuse" },
        { "if": [body("list")], "output": "body" },
        { "if": [{ "at": [""], "one-of": yes("").1 }], "output": "body" },
        { "if": [{ "at": [""], "words": done().1 }], "output": "body" },
        {
            "if": [
                json!({ "body": null, "is": ["json"], "not": true }),
                { "header": "content-type", "contains": ["json"], "any-case": true, "not": true },
                { "body": null, "words": done().1 },
            ],
            "output": "message",
        },
        { "unreadable": no_answer },
    ]))
    .with("no", json!([{ "failure": { "kind": "provider", "message": told } }]))
    .with("says-no", says_no(false).into())
    .with("refuses", refuses(false).into())
    .with("entries-say-no", says_no(true).into())
    .with("entries-refuse", refuses(true).into())
}

#[test]
fn an_answer_that_is_not_known_before_says_yes_in_a_known_way_or_not_at_all() {
    let rules = wibiclick();
    let good =
        |body: &str| rules.read(&Answer::new(200, &[], body)).unwrap_or_else(|failure| panic!("{body}: {failure:?}"));
    assert_eq!(good(""), r#"{"success":true}"#);
    assert_eq!(good("updated\n"), r#"{"success":true,"message":"updated"}"#);
    for words in ["OK", "User updated", "User was updated successfully!", "Settings saved.", "Notes reassigned"] {
        assert_eq!(good(words), format!(r#"{{"success":true,"message":"{words}"}}"#));
    }
    for json in [
        "true",
        "1",
        r#""User updated""#,
        "{}",
        "[]",
        r#"{"success":true,"message":"Done"}"#,
        r#"{"message":"Done"}"#,
        r#"{"message":"Notes of Ada were added"}"#,
        r#"{"success":"true"}"#,
        r#"{"success":true,"errors":[ ],"error":false}"#,
        r#"{"status":true}"#,
        r#"{"status":200,"message":"Saved"}"#,
        r#"{"status":"success"}"#,
        r#"{"status":"scheduled"}"#,
        r#"{"ok":1}"#,
        r#"{"error":0,"message":"Saved"}"#,
        r#"{"id":7,"status":false,"active":false}"#,
        r#"{"token":"t","blocked":false,"status":0}"#,
        r#"{"message":"Saved","invoice":{"id":7,"status":0}}"#,
        r#"{"success":1,"error":null,"n":1.10,"h":"\ud83d","n":1e400}"#,
    ] {
        assert_eq!(good(json), json);
    }
    for body in [
        "Notice: Undefined index: id in /srv/api.php on line 3\n{\"success\":false}",
        "{\"success\":true",
        "\u{feff}\u{feff}{\"success\":true}",
        "<br />\n<b>Notice</b>",
        "Uncaught Error: Call to undefined function foo",
        "Unauthorized",
        "Could not connect: Access denied",
        "User not updated",
        "Nothing was updated",
        "the user",
        "No",
        "\0",
        "\u{a0}",
        "\u{200b}",
        "false",
        "0",
        "null",
        "7",
        r#""error""#,
        r#"{"success":false}"#,
        r#"{"success":"false","message":"No."}"#,
        r#"{"success":0}"#,
        r#"{"success":-0}"#,
        r#"{"success":0e5}"#,
        r#"{"success":null}"#,
        r#"{"success":[]}"#,
        r#"{"success":{}}"#,
        r#"{"success":"no "}"#,
        r#"{"success":"F"}"#,
        r#"{"success":"f\u0061lse"}"#,
        r#"{"success":false,"success":true}"#,
        r#"{"success":true,"success":false}"#,
        r#"{"s\u0075ccess":false}"#,
        r#"{"Success":false}"#,
        r#"{"success":false,"message":"\ud83d","n":1e400}"#,
        r#"{"error":"Website not found"}"#,
        r#"{"status":"error","message":"x"}"#,
        r#"[{"success":false}]"#,
        r#"[{"success":true},{"success":false}]"#,
        r#"{"status":false,"message":""}"#,
        r#"{"status":"false"}"#,
        r#"{"status":0}"#,
        r#"{"status":400,"message":"bad"}"#,
        r#"{"Status":"500"}"#,
        r#"{"statusCode":403,"message":"Forbidden resource"}"#,
        r#"{"code":404,"message":"x"}"#,
        r#"{"ok":false}"#,
        r#"{"ok":null}"#,
        r#"{"errors":["x"]}"#,
        r#"{"errors":{"userId":"x"},"message":"Done"}"#,
        r#"{"success":true,"errors":["x"]}"#,
        r#"{"connected":false}"#,
        r#"{"updated":0,"message":"x"}"#,
        r#"{"data":{"success":false}}"#,
        r#"{"message":"Website not found"}"#,
        r#"{"message":"Invalid user."}"#,
        r#"[{"ok":false}]"#,
    ] {
        for kind in ["", "text/plain", "text/html"] {
            let read = rules.read(&Answer::new(200, &[("content-type", kind)], body));
            assert!(matches!(read, Err(Failure::Provider(_))), "{body}: {read:?}");
        }
    }
    let json = Answer::new(200, &[("content-type", "application/JSON; charset=utf-8")], "Updated");
    assert!(rules.read(&json).is_err(), "it says that it were JSON");
    let marked = Answer::new(200, &[], "\u{feff}{\"success\":false,\"message\":\"No.\"}");
    assert!(matches!(rules.read(&marked), Err(Failure::Provider(detail)) if detail.message == "No."));
}

#[test]
fn a_read_is_answered_by_an_object_or_a_list() {
    let rules = wibiclick();
    let read = |body: &str| rules.read(&Answer::new(200, &[], body).to_a_read());
    for body in ["", "\r\n", "OK", "User updated", "null", "true", "1", r#""OK""#] {
        assert!(matches!(read(body), Err(Failure::Provider(_))), "{body}");
    }
    for body in [
        r#"{"customers":[]}"#,
        "[]",
        r#"[{"success":false}]"#,
        r#"{"salary":0}"#,
        r#"{"site":"a","status":0,"errors":["slow"],"ok":false}"#,
    ] {
        assert_eq!(read(body).unwrap(), body);
    }
    for body in [r#"{"success":false}"#, r#"{"status":false,"message":"x"}"#, r#"{"ok":false,"data":null}"#] {
        assert!(read(body).is_err(), "{body}");
    }
    let words = |body: &str| match rules.failure(404, body) {
        Failure::NotFound(detail) => detail.message,
        other => panic!("{other:?}"),
    };
    assert_eq!(words(r#"{"message": "User not found", "error": "x"}"#), "User not found");
    assert_eq!(words(r#"{"error": "Website not found"}"#), "Website not found");
    assert!(matches!(rules.failure(401, ""), Failure::Unauthorized(_)));
}
