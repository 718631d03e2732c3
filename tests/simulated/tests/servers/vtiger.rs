//! Replays the calls that were made to a real Vtiger.

use std::collections::HashMap;

use md5::{Digest, Md5};
use serde_json::{Map, Value};
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
