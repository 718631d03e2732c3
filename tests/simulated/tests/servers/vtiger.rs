//! Replays the calls that were made to a real Vtiger.

use std::collections::HashMap;

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};
use wharf_simulated::Server;
use wharf_simulated::vtiger::{ACCESS_KEY, SESSION_NAME, start, start_fresh};

use crate::client::{Reply, call};

const CALLS: &str = include_str!("../../data/vtiger-calls.json");
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// The values of this run for the words that the recorded calls use.
type Values = HashMap<String, Value>;

#[test]
fn recorded_calls_are_answered_as_the_real_server_did() {
    let server = start_fresh().unwrap();
    let recorded: Value = serde_json::from_str(CALLS).unwrap();
    let mut values = Values::from([("$access_key".to_owned(), ACCESS_KEY.into())]);

    for recorded in recorded["calls"].as_array().unwrap() {
        let name = recorded["name"].as_str().unwrap();
        let reply = replay(&server, &recorded["request"], &mut values);
        let Some(expected) = recorded.get("response") else {
            continue;
        };

        assert_eq!(expected["status"], reply.status, "{name}");
        assert_eq!(expected["content_type"], reply.content_type.as_str(), "{name}");
        match expected.get("json") {
            None => assert_eq!(expected["text"], reply.text.as_str(), "{name}"),
            Some(body) => {
                let mut body = body.clone();
                let mut actual = reply.json();
                cut(&body, &mut actual);
                fill_in(&mut body, &actual, &mut values);
                assert_eq!(body, actual, "{name}");
            }
        }
    }

    let seconds = |name: &str| values[name].as_u64().unwrap();
    assert_eq!(seconds("$expire_time") - seconds("$server_time"), 300);
}

#[test]
fn the_seeded_session_lives_until_it_is_logged_out() {
    let server = start().unwrap();
    let url = server.url() + "/webservice.php";
    let headers = [("Content-Type", URLENCODED)];
    let body = format!("operation=logout&sessionName={SESSION_NAME}");

    let by_put = call("PUT", &format!("{url}?{body}"), &headers, b"");
    let first = call("POST", &url, &headers, body.as_bytes());
    let second = call("POST", &url, &headers, body.as_bytes());
    let null = call("POST", &url, &headers, b"operation=logout&sessionName=NULL");
    let elsewhere = call("POST", &server.url(), &headers, body.as_bytes());

    assert_eq!(by_put.json()["error"]["code"], "OPERATION_NOT_SUPPORTED");
    assert_eq!(first.json()["result"]["message"], "successfull");
    assert_eq!(second.json()["error"]["code"], "INVALID_SESSIONID");
    assert_eq!(null.json()["error"]["code"], "AUTHENTICATION_REQUIRED");
    assert_eq!(elsewhere.status, 404);
}

/// The result of a call in the seeded session, or the code of its error.
fn result(server: &Server, method: &str, parameters: &[(&str, &str)]) -> Result<Value, Value> {
    let text = |pairs: &[(&str, &str)]| {
        let session = ("sessionName", SESSION_NAME);
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).append_pair(session.0, session.1).finish()
    };
    let (url, text) = (server.url() + "/webservice.php", text(parameters));
    let reply = match method {
        "GET" => call(method, &format!("{url}?{text}"), &[], b""),
        _ => call(method, &url, &[("Content-Type", URLENCODED)], text.as_bytes()),
    };
    let mut envelope = reply.json();
    if envelope["success"] == true { Ok(envelope["result"].take()) } else { Err(envelope["error"]["code"].take()) }
}

fn create(server: &Server, module: &str, element: Value) -> String {
    let parameters = [("operation", "create"), ("elementType", module), ("element", &element.to_string())];
    result(server, "POST", &parameters).unwrap()["id"].as_str().unwrap().to_owned()
}

fn query(server: &Server, text: &str) -> Result<Vec<Value>, Value> {
    let found = result(server, "GET", &[("operation", "query"), ("query", text)]);
    found.map(|rows| rows.as_array().unwrap().clone())
}

#[test]
fn a_limit_counts_the_guests_of_a_meeting_and_repeats_are_left_out_afterwards() {
    let server = start_fresh().unwrap();
    let contact = |name: &str| create(&server, "Contacts", json!({ "lastname": name, "assigned_user_id": "19x1" }));
    let guests = ["A", "B", "C"].map(contact);
    for number in 0..40 {
        let meeting = create(
            &server,
            "Events",
            json!({
                "subject": format!("Meeting {number}"),
                "date_start": "2030-01-01",
                "due_date": "2030-01-01",
                "eventstatus": "Planned",
                "activitytype": "Meeting",
                "assigned_user_id": "19x1",
            }),
        );
        for guest in &guests {
            let link = [("operation", "add_related"), ("sourceRecordId", &meeting), ("relatedRecordId", guest)];
            result(&server, "POST", &link).unwrap();
        }
    }
    let count = |text: &str| query(&server, text).unwrap().len();
    assert_eq!(count("select * from Events order by id;"), 34);
    assert_eq!(count("select * from Events order by id limit 100,100;"), 7, "the first of which was the last before");
    assert_eq!(count("select * from Events order by id limit 200,100;"), 0);
    assert_eq!(count("select subject from Events limit 200;"), 40, "without the guests nothing is joined");
}

#[test]
fn related_records_are_cut_and_the_word_where_stands_in_capitals() {
    let server = start_fresh().unwrap();
    let account = create(&server, "Accounts", json!({ "accountname": "Engines", "assigned_user_id": "19x1" }));
    for number in 0..101 {
        let element = json!({ "lastname": format!("{number}"), "account_id": account, "assigned_user_id": "19x1" });
        create(&server, "Contacts", element);
    }
    let related = |text: &str| {
        let call = [("operation", "query_related"), ("query", text), ("id", &account), ("relatedLabel", "Contacts")];
        result(&server, "GET", &call).map(|rows| rows.as_array().unwrap().len())
    };
    assert_eq!(related("select * from Contacts"), Ok(100));
    assert_eq!(related("select * from Contacts WHERE id != '0x0' order by id limit 100,100"), Ok(1));
    for wrong in ["select * from Contacts limit 5", "select * from Contacts where id != '0x0'"] {
        assert_eq!(related(wrong), Err("QUERY_SYNTAX_ERROR".into()), "{wrong}");
    }
    let list = [("operation", "retrieve_related"), ("id", &account), ("relatedType", "Contacts")];
    let list = [&list[..], &[("relatedLabel", "Contacts")]].concat();
    assert_eq!(result(&server, "GET", &list).unwrap().as_array().unwrap().len(), 100);
}

#[test]
fn two_quotes_are_one_in_a_query_and_a_backslash_is_the_databases() {
    let server = start_fresh().unwrap();
    for name in [r"ends\", "it's"] {
        create(&server, "Contacts", json!({ "lastname": name, "assigned_user_id": "19x1" }));
    }
    let found =
        |value: &str| query(&server, &format!("select id from Contacts where lastname={value};\n")).map(|r| r.len());
    assert_eq!((found(r"'ends\\'"), found("'it''s'")), (Ok(1), Ok(1)));
    assert_eq!(found(r"'ends\'"), Err("DATABASE_QUERY_ERROR".into()));
    assert!(found(r"'it\'s'").is_err());
}

#[test]
fn a_file_is_kept_where_the_document_says_so_and_nothing_is_said_otherwise() {
    let server = start_fresh().unwrap();
    let upload = |element: Value, media_type: &str, content: &str| {
        let form = json!({ "operation": "create", "sessionName": SESSION_NAME, "elementType": "Documents", "element": element.to_string() });
        let files = json!({ "filename": { "filename": "a", "content_type": media_type, "content": content } });
        let body = multipart(form.as_object().unwrap(), &files);
        let headers = [("Content-Type", "multipart/form-data; boundary=\"edge\"")];
        let document = call("POST", &(server.url() + "/webservice.php"), &headers, body.as_bytes()).json();
        assert!(document["result"]["id"].is_string(), "{document}");
        document["result"].get("imageattachmentids").is_some()
    };
    let internal = json!({ "notes_title": "A", "assigned_user_id": "19x1", "filelocationtype": "I" });
    assert!(upload(internal.clone(), "text/plain", "x"));
    assert!(!upload(internal.clone(), "text/plain", "") && !upload(internal, "image/svg+xml", "<svg/>"));
    assert!(!upload(json!({ "notes_title": "A", "assigned_user_id": "19x1" }), "text/plain", "x"));
}

#[test]
fn a_token_that_php_takes_for_false_is_none() {
    let server = start_fresh().unwrap();
    let register = [("operation", "wsapp_register"), ("type", "Outlook"), ("synctype", "user")];
    let key = result(&server, "POST", &register).unwrap()["key"].as_str().unwrap().to_owned();
    let status = |token: &str| {
        let fields = [("operation", "wsapp_get"), ("key", &key), ("module", "Contacts"), ("token", token)];
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .append_pair("sessionName", SESSION_NAME)
            .finish();
        call("POST", &(server.url() + "/webservice.php"), &[("Content-Type", URLENCODED)], body.as_bytes()).status
    };
    assert_eq!((status(""), status("0"), status("1")), (500, 500, 200));
}

fn replay(server: &Server, request: &Value, values: &mut Values) -> Reply {
    let query = urlencoded(&parameters(server, &request["query"], values));
    let url = format!("{}/webservice.php?{query}", server.url());
    let form = parameters(server, request.get("form").unwrap_or(&request["json"]), values);
    let content_type = request["content_type"].as_str().unwrap_or_default();
    let (content_type, body) = match content_type {
        "multipart/form-data" => ("multipart/form-data; boundary=\"edge\"", multipart(&form, &request["files"])),
        "application/json" => (content_type, Value::from(form).to_string()),
        _ => (content_type, urlencoded(&form)),
    };
    let headers = [("Content-Type", content_type)];
    let method = request["method"].as_str().unwrap();
    call(method, &url, &headers, body.as_bytes())
}

/// The recorded parameters with the values of this run.
fn parameters(server: &Server, recorded: &Value, values: &mut Values) -> Map<String, Value> {
    let recorded = recorded.as_object().into_iter().flatten();
    let filled = recorded.map(|(name, value)| (name.clone(), live(server, value, values)));
    filled.collect()
}

fn live(server: &Server, recorded: &Value, values: &mut Values) -> Value {
    let word = recorded.as_str().unwrap();
    if word == "$digest" {
        return digest(values).into();
    }
    if word.starts_with("$session") && !values.contains_key(word) {
        // The login to which this session goes back is not among the recorded calls.
        let body = format!("operation=login&username=admin&accessKey={}", digest(values));
        let url = server.url() + "/webservice.php";
        let reply = call("POST", &url, &[("Content-Type", URLENCODED)], body.as_bytes());
        values.insert(word.to_owned(), reply.json()["result"]["sessionName"].clone());
    }
    values.get(word).unwrap_or(recorded).clone()
}

fn digest(values: &Values) -> String {
    let token = values["$token"].as_str().unwrap();
    format!("{:x}", Md5::digest(format!("{token}{ACCESS_KEY}")))
}

/// Leaves only those entries in long lists of the answer that the recorded one has.
fn cut(expected: &Value, actual: &mut Value) {
    if let Some(Value::Object(kept)) = expected.pointer("/result/information")
        && let Some(Value::Object(information)) = actual.pointer_mut("/result/information")
    {
        information.retain(|name, _| kept.contains_key(name));
    }
    if let Some(Value::Array(kept)) = expected.pointer("/result/fields")
        && let Some(Value::Array(fields)) = actual.pointer_mut("/result/fields")
    {
        fields.retain(|field| kept.iter().any(|kept| kept["name"] == field["name"]));
        for (kept, field) in kept.iter().zip(fields) {
            if let Some(choices) = field.pointer_mut("/type/picklistValues").and_then(Value::as_array_mut) {
                choices.truncate(kept["type"]["picklistValues"].as_array().map_or(0, Vec::len));
            }
        }
    }
}

/// Puts values in the place of words. A word that is met for the first time takes its value from
/// the same place in the answer.
fn fill_in(expected: &mut Value, actual: &Value, values: &mut Values) {
    match expected {
        Value::Object(fields) => {
            for (name, field) in fields {
                fill_in(field, &actual[name.as_str()], values);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                fill_in(item, &actual[at], values);
            }
        }
        Value::String(word) if word == "$any" && actual.is_string() => *expected = actual.clone(),
        Value::String(word) if word.starts_with('$') => {
            *expected = values.entry(word.clone()).or_insert_with(|| actual.clone()).clone();
        }
        _ => {}
    }
}

fn urlencoded(fields: &Map<String, Value>) -> String {
    let fields = fields.iter().map(|(name, value)| (name, value.as_str().unwrap()));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn multipart(fields: &Map<String, Value>, files: &Value) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        let disposition = format!("Content-Disposition: form-data; name=\"{name}\"");
        body += &format!("--edge\r\n{disposition}\r\n\r\n{}\r\n", value.as_str().unwrap());
    }
    for (name, file) in files.as_object().into_iter().flatten() {
        let word = |name: &str| file[name].as_str().unwrap();
        let disposition = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{}\"", word("filename"));
        let head = format!("{disposition}\r\nContent-Type: {}", word("content_type"));
        body += &format!("--edge\r\n{head}\r\n\r\n{}\r\n", word("content"));
    }
    body + "--edge--\r\n"
}
