//! The exact requests of every operation, for a full and for a minimal input: snapshots, one file for each resource.
//!
//! `INSTA_UPDATE=always cargo test -p wharf-cli requests` writes them anew; the difference is for people to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use wharf::failure::{CallError, Failure};
use wharf::manifest::{Manifest, Operation};
use wharf::{Blob, Call, Connection, Host, Secret};
use wharf_artifacts::{Component, PROVIDERS};
use wharf_simulated::{Recorded, Server};

mod coverage;
mod synthesis;

use synthesis::Extent;

/// Headers that the HTTP client writes by itself.
const OF_THE_CLIENT: [&str; 5] = ["accept-encoding", "connection", "content-length", "host", "user-agent"];

/// A host with one provider's plugin, whose connection goes to a server that records.
struct Bench {
    host: Host,
    server: Server,
    manifest: Manifest,
}

impl Bench {
    fn new(component: &Component) -> Self {
        let host = Host::builder().build().unwrap();
        let manifest = host.load_bytes(component.bytes).unwrap().manifest().unwrap();
        let server = Server::recorder(answer_of(component.name)).unwrap();
        let base_url = server.url() + manifest.about.base_url.suffix.as_deref().unwrap_or_default();
        let connection = Connection::builder(component.name, "main", &base_url);
        let connection = manifest.about.fields.iter().fold(connection, |connection, field| {
            let value = format!("the-{}", field.name.replace('_', "-"));
            match field.secret {
                true => connection.secret(&field.name, Secret::new(value)).allow_weak([&field.name]),
                false => connection.field(&field.name, value),
            }
        });
        host.connect(component.name, connection.build().unwrap());
        // What logs in does so before, and not within whatever operation happens to be the first.
        if let Some(test) = &manifest.about.test {
            let _ = host.run(Call::new(component.name, &test.operation));
        }
        Self { host, server, manifest }
    }

    /// What a call sends, as text. How it ends does not matter here: the answers are no real ones.
    fn sent(&self, operation: &Operation, input: &Value, with_files: bool) -> String {
        let checked = self.host.plugin(&self.manifest.about.name).unwrap().operation(&operation.name).unwrap();
        checked.validate(input.clone()).unwrap_or_else(|e| panic!("{}: {e} in {input}", operation.name));
        let mut call = Call::new(&self.manifest.about.name, &operation.name).input(input.clone());
        for file in operation.attachments.iter().filter(|file| file.required || with_files) {
            let blob = Blob::new(&b"content"[..], "text/plain", Some("a.txt".into()));
            call = call.attach(&file.name, blob);
        }
        self.server.clear_requests();
        let report = self.host.run(call);
        let requests = self.server.requests();
        if let (Err(CallError::Failure(failure @ Failure::InvalidInput { .. })), []) = (&report.result, &requests[..]) {
            return format!("not sent: {failure}\n");
        }
        assert!(!requests.is_empty(), "{} {input}: {:?}", operation.name, report.result);
        requests.iter().map(|request| self.shown(request)).collect()
    }

    fn shown(&self, request: &Recorded) -> String {
        let mut text = format!("{} {}\n", request.method, request.target);
        for (name, value) in request.headers.iter().filter(|header| !is_of_the_client(header)) {
            let _ = writeln!(text, "{name}: {value}");
        }
        text += &String::from_utf8_lossy(&request.body).replace("\r\n", "\n");
        if let Some((_, boundary)) = request.header("content-type").and_then(|kind| kind.split_once("boundary=")) {
            text = text.replace(boundary, "BOUNDARY");
        }
        let secrets = self.manifest.about.fields.iter().filter(|field| field.secret);
        let masked = secrets.fold(text, |text, field| {
            text.replace(&format!("the-{}", field.name.replace('_', "-")), &format!("[{}]", field.name))
        });
        format!("{}\n", masked.trim_end())
    }
}

fn is_of_the_client((name, value): &(String, String)) -> bool {
    OF_THE_CLIENT.contains(&name.as_str()) || (name == "accept" && value == "*/*")
}

/// The least that lets an operation with several requests go on: an id, and for Vtiger a challenge and a session, for its own login
/// and that of the host.
fn answer_of(provider: &str) -> fn(&Recorded) -> Value {
    match provider {
        "appwrite" => |_| json!({ "$id": "answered" }),
        "vtiger" => |_| json!({ "success": true, "result": { "token": "challenge", "sessionName": "session" } }),
        "aigency" => |_| json!({ "jsonrpc": "2.0", "id": "wharf", "result": null }),
        _ => |_| json!({}),
    }
}

/// The kinds of thing that an operation takes the settings of, and the settings of each: those of the operation for this
/// kind alone. Only one of Appwrite's kinds of message provider can be given at a time.
fn kinds(bench: &Bench, operation: &Operation) -> Vec<(String, Vec<String>)> {
    let kinds = operation.input_schema["properties"]["providerType"]["enum"].as_array();
    let kind = |kind: &Value| {
        let kind = kind.as_str().unwrap().to_owned();
        let name = format!("{}-{kind}", operation.name);
        let own = bench.manifest.operations.iter().find(|o| o.name == name)?;
        Some((kind, own.input_names().map(str::to_owned).collect()))
    };
    kinds.into_iter().flatten().filter_map(kind).collect()
}

/// What an operation sends for each kind of input.
fn snapshot(bench: &Bench, operation: &Operation) -> String {
    let full = synthesis::object(&operation.input_schema, Extent::Full);
    let minimal = synthesis::object(&operation.input_schema, Extent::Minimal);
    let mut one_page = full.clone();
    let paged = one_page.as_object_mut().unwrap().remove("maxItems").is_some();
    let mut text = String::new();
    let mut add = |what: &str, input: &Value, with_files: bool| {
        let _ = writeln!(text, "# {}, {what}\n{}", operation.name, bench.sent(operation, input, with_files));
    };
    match kinds(bench, operation) {
        kinds if kinds.is_empty() => add("full", &one_page, false),
        kinds => {
            for (index, (kind, settings)) in kinds.iter().enumerate() {
                let mut input = one_page.clone();
                input.as_object_mut().unwrap().retain(|name, _| settings.contains(name));
                input["providerType"] = json!(kind);
                add(&if index == 0 { "full".to_owned() } else { format!("full, {kind}") }, &input, false);
            }
        }
    }
    add("minimal", &minimal, false);
    if operation.attachments.iter().any(|file| !file.required) {
        add("with files", &one_page, true);
    }
    if paged {
        let mut pages = minimal;
        pages["maxItems"] = json!(150);
        add("pages", &pages, false);
    }
    text
}

fn snapshots_of(provider: &str) {
    let component = PROVIDERS.iter().find(|component| component.name == provider).unwrap();
    let bench = Bench::new(component);
    let mut resources: BTreeMap<&str, String> = BTreeMap::new();
    for operation in &bench.manifest.operations {
        *resources.entry(operation.resource()).or_default() += &snapshot(&bench, operation);
    }
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        for (resource, text) in resources {
            insta::assert_snapshot!(format!("{provider}.{resource}"), text);
        }
    });
}

#[test]
fn appwrite_sends_what_was_reviewed() {
    snapshots_of("appwrite");
}

#[test]
fn chatwoot_sends_what_was_reviewed() {
    snapshots_of("chatwoot");
}

#[test]
fn vtiger_sends_what_was_reviewed() {
    snapshots_of("vtiger");
}

#[test]
fn wibiclick_sends_what_was_reviewed() {
    snapshots_of("wibiclick");
}

#[test]
fn aigency_sends_what_was_reviewed() {
    snapshots_of("aigency");
}
