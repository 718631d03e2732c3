//! The plugins of the catalogue: built, checked and replayed, and called against simulated servers of their providers.
//!
//! What is called stands in `catalogue/PLUGIN.json`: operations in their order, with inputs, files and, of those that fail, the code
//! of the failure. The cassettes are these calls, recorded.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use wharf_simulated::catalogue::{Catalogue, table, too_much};
use wharf_simulated::table::{Param, Place};

use crate::connect::Browser;
use crate::world::{Run, Running, World};

const PLUGINS: [&str; 6] = ["github", "gmail", "google-calendar", "slack", "stripe", "telegram"];

/// A call of a list.
struct Call {
    operation: String,
    input: Value,
    /// `photo=@harbour.png`
    attach: Vec<String>,
    /// How many requests it takes.
    requests: usize,
    /// Whether the provider says that it is one too many.
    is_too_much: bool,
    /// The code that it fails with.
    fails: Option<String>,
}

impl Call {
    fn of(call: &Value) -> Self {
        let known = ["operation", "input", "attach", "requests", "too-much", "fails"];
        assert!(call.as_object().unwrap().keys().all(|name| known.contains(&name.as_str())), "{call}");
        let attach = call.get("attach").and_then(Value::as_array).into_iter().flatten();
        Self {
            operation: call["operation"].as_str().unwrap().to_owned(),
            input: call.get("input").cloned().unwrap_or_else(|| json!({})),
            attach: attach.map(|file| file.as_str().unwrap().replace('=', "=@")).collect(),
            requests: call.get("requests").map_or(1, |requests| requests.as_u64().unwrap() as usize),
            is_too_much: call.get("too-much") == Some(&json!(true)),
            fails: call.get("fails").map(|code| code.as_str().unwrap().to_owned()),
        }
    }
}

/// A world with a plugin of the catalogue, built, and its connection.
struct Shelf {
    world: World,
    catalogue: Catalogue,
    plugin: &'static str,
}

impl Shelf {
    fn new(plugin: &'static str) -> Self {
        let shelf = Self { world: World::new(), catalogue: Catalogue::start().unwrap(), plugin };
        let folder = shelf.world.path().join(plugin);
        fs::create_dir(&folder).unwrap();
        for file in ["plugin.yaml".to_owned(), format!("{plugin}.cassette.json")] {
            fs::copy(source(plugin).join(&file), folder.join(&file)).unwrap();
        }
        shelf.world.write("lunch.eml", "To: grace@example.com\r\nSubject: Lunch\r\n\r\nAt noon?\r\n");
        shelf.world.write("harbour.png", b"\x89PNG\r\n\x1a\n");
        shelf.world.write("notes.txt", "Buy tea.\n");
        shelf
    }

    fn build(&self) -> Run {
        self.world.wharf(&["build", self.plugin])
    }

    /// Builds it, and connects it: where people have to agree, by a browser.
    fn connected(self) -> Self {
        assert_eq!(self.build().code, 0);
        let found = self.catalogue.connections().into_iter().find(|known| known.provider == self.plugin).unwrap();
        let server = self.catalogue.server(self.plugin).unwrap();
        let mut text = format!(
            "plugins = [\"{0}/{0}.wasm\"]\n[connections.{0}]\nprovider = \"{0}\"\nbase_url = \"{1}\"\n",
            self.plugin, found.base_url
        );
        let is_agreed = found.fields.iter().any(|(name, _)| *name == "client_id");
        if is_agreed {
            text += &format!("servers = {{ accounts = \"{0}\", tokens = \"{0}\" }}\n", server.url());
        }
        text += &format!("[connections.{}.fields]\n", self.plugin);
        for (name, value) in &found.fields {
            let file = self.world.write(name, value);
            text += &format!("{name} = {{ file = \"{}\" }}\n", file.display());
        }
        self.world.configure(&text);
        if is_agreed {
            self.agree();
        }
        self
    }

    fn agree(&self) {
        let words = ["connect", self.plugin, "--name", self.plugin, "--no-browser"];
        let mut child = self.world.command(&[], &words).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut child = Running(child);
        let mut line = String::new();
        while !line.contains("/start/") {
            line.clear();
            assert!(err.read_line(&mut line).unwrap() > 0, "nobody waits for a browser");
        }
        let mut browser = Browser::default();
        let page = browser.get(line.trim());
        let callback = self.catalogue.server(self.plugin).unwrap().visit(&page.header("location").unwrap()).unwrap();
        let page = browser.get(&callback);
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        assert!(child.0.wait().unwrap().success() && page.status == 200, "{rest} {page:?}");
    }

    /// Makes a call, or records it.
    fn call(&self, verb: &[&str], call: &Call) -> Run {
        let input = call.input.to_string();
        let mut words = [verb, &[self.plugin, &call.operation, "--input", &input, "--json", "--save", "out"]].concat();
        call.attach.iter().for_each(|file| words.extend(["--attach", file]));
        if call.is_too_much {
            self.catalogue.server(self.plugin).unwrap().answer_next(too_much(self.plugin));
        }
        self.world.wharf(&words)
    }

    /// Records all calls of the list that the provider lets through, in a new cassette.
    fn record(&self, file: &str) -> Value {
        for call in calls(self.plugin).iter().filter(|call| !call.is_too_much) {
            let run = self.call(&["record", "--to", file], call);
            let is_recorded = run.err.contains("recorded in");
            assert!(is_recorded && (run.code == 0) == call.fails.is_none(), "{}: {run:?}", call.operation);
        }
        json_of(&self.world.path().join(file))
    }
}

fn source(plugin: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/catalogue").join(plugin)
}

fn calls(plugin: &str) -> Vec<Call> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/e2e/catalogue/{plugin}.json"));
    json_of(&file).as_array().unwrap().iter().map(Call::of).collect()
}

fn json_of(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// The calls of a cassette without what is another one each time: time, chance and the key of a call.
fn settled(cassette: &Value) -> Vec<Value> {
    let is_settled = |header: &Value| {
        let name = header[0].as_str().unwrap();
        !["date", "idempotency-key"].iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    let mut calls = cassette["calls"].as_array().unwrap().clone();
    for call in &mut calls {
        call.as_object_mut().unwrap().retain(|name, _| name != "recorded" && name != "seed");
        for exchange in call["exchanges"].as_array_mut().unwrap() {
            for headers in ["/request/headers", "/became/answer/headers"] {
                exchange.pointer_mut(headers).unwrap().as_array_mut().unwrap().retain(is_settled);
            }
        }
    }
    calls
}

#[test]
fn each_plugin_is_built_at_once_and_every_operation_of_it_was_seen_to_work() {
    for plugin in PLUGINS {
        let shelf = Shelf::new(plugin);
        let built = shelf.build();
        assert!(built.code == 0 && built.out.contains("20 operations"), "{built:?}");
        let checked = shelf.world.wharf(&["check", plugin]);
        assert_eq!((checked.code, checked.err.as_str()), (0, ""), "{checked:?}");

        let file = format!("{plugin}/{plugin}.wasm");
        let document = shelf.world.wharf(&["describe", &file, "--json"]).json();
        let operations = document["operations"].as_object().unwrap();
        let unverified: Vec<&String> =
            operations.iter().filter(|(_, o)| o.get("unverified").is_some()).map(|(name, _)| name).collect();
        assert!(operations.len() == 20 && unverified.is_empty(), "{plugin}: {unverified:?}");
        let recorded = json_of(&source(plugin).join(format!("{plugin}.cassette.json")));
        for name in operations.keys() {
            let is_good = |call: &&Value| call["operation"] == **name && call["end"].get("output").is_some();
            assert!(recorded["calls"].as_array().unwrap().iter().any(|call| is_good(&call)), "{plugin}: {name}");
        }
        let replayed = shelf.world.wharf(&["replay", &file, &format!("{plugin}/{plugin}.cassette.json")]);
        assert_eq!(replayed.code, 0, "{replayed:?}");
    }
}

/// What the provider's own description does not have is a slip of the pen.
#[test]
fn each_plugin_sends_what_the_provider_says_that_it_takes() {
    for plugin in PLUGINS {
        let shelf = Shelf::new(plugin);
        assert_eq!(shelf.build().code, 0);
        let document = shelf.world.wharf(&["describe", &format!("{plugin}/{plugin}.wasm"), "--json"]).json();
        for (name, operation) in document["operations"].as_object().unwrap() {
            let of_operation = table(plugin).iter().filter(|known| known.name.split(' ').next() == Some(name));
            let params: Vec<_> = of_operation.flat_map(|known| &known.params).collect();
            for request in requests(operation) {
                let sent = names(request);
                let is_unknown = |sent: &&String| !params.iter().any(|param| param.name == **sent);
                let is_missing =
                    |param: &&&Param| param.required && param.place != Place::Path && !sent.contains(&param.name);
                assert_eq!(sent.iter().find(is_unknown), None, "{plugin} {name}");
                assert!(!params.iter().any(|param| is_missing(&param)), "{plugin} {name}: {sent:?}");
            }
        }
    }
}

/// All requests of an operation, but for an upload: of that the provider describes the file alone.
fn requests(operation: &Value) -> Vec<&Value> {
    let all = match operation.get("requests") {
        Some(several) => several.as_object().unwrap().values().collect(),
        None => vec![&operation["request"]],
    };
    all.into_iter().filter(|request| !request["path"].as_str().unwrap().starts_with("/upload/")).collect()
}

/// The parameters and members that a request gives, each by its first name: `address` of `address[city]` and of `/address/city`.
fn names(request: &Value) -> Vec<String> {
    let lists = ["/query", "/body/json", "/body/form", "/body/multipart"];
    let fields = lists.iter().filter_map(|list| request.pointer(list)?.as_array()).flatten();
    let names = fields.map(|field| field.as_str().unwrap_or_else(|| field["name"].as_str().unwrap()));
    names.map(|name| name.trim_start_matches('/').split(['/', '[']).next().unwrap().to_owned()).collect()
}

fn calls_of(plugin: &'static str) {
    let shelf = Shelf::new(plugin).connected();
    let recorded = shelf.record("new.cassette.json");
    let listed = calls(plugin);
    let kept: Vec<&Call> = listed.iter().filter(|call| !call.is_too_much).collect();
    for (call, end) in kept.iter().zip(recorded["calls"].as_array().unwrap()) {
        let failed = end["end"]["failure"]["code"].as_str();
        assert_eq!(
            (failed, call.operation.as_str()),
            (call.fails.as_deref(), end["operation"].as_str().unwrap()),
            "{end:#}"
        );
        let requests = end["exchanges"].as_array().unwrap().len();
        assert_eq!(requests, call.requests, "{} {:?}", call.operation, call.input);
    }
    assert!(kept.iter().any(|call| call.requests > 1) && kept.iter().any(|call| call.fails.is_some()));

    let of_plugin = json_of(&source(plugin).join(format!("{plugin}.cassette.json")));
    for (new, known) in settled(&recorded).iter().zip(settled(&of_plugin)) {
        assert_eq!(*new, known, "it is not as recorded; docs/catalogue.md tells how to record it anew");
    }
    assert_eq!(recorded["calls"].as_array().unwrap().len(), of_plugin["calls"].as_array().unwrap().len());

    let too_much = listed.iter().find(|call| call.is_too_much).unwrap();
    let run = shelf.call(&["call"], too_much);
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &told["error"]["code"]), (4, &json!("rate-limited")), "{run:?}");
}

#[test]
fn github_answers_as_recorded() {
    calls_of("github");
}

#[test]
fn gmail_answers_as_recorded() {
    calls_of("gmail");
}

#[test]
fn google_calendar_answers_as_recorded() {
    calls_of("google-calendar");
}

#[test]
fn slack_answers_as_recorded() {
    calls_of("slack");
}

#[test]
fn stripe_answers_as_recorded() {
    calls_of("stripe");
}

#[test]
fn telegram_answers_as_recorded() {
    calls_of("telegram");
}

#[test]
fn failures_have_the_providers_words_and_codes() {
    for (plugin, call, words) in [
        ("github", "issues.get owner=ada repo=hello number=9", &["not found", "Not Found (status 404)"][..]),
        ("slack", "messages.send channel=C0RANDOM01 text=hi", &["forbidden", "not_in_channel"]),
        ("stripe", "customers.get customer=cus_9", &["No such", "cus_9", "resource_missing"]),
        ("telegram", "chats.get chat_id=9", &["not found", "chat not found"]),
    ] {
        let shelf = Shelf::new(plugin).connected();
        shelf.world.call(&format!("{plugin} {call}")).fails(4, words);
    }
}

#[test]
fn a_plugin_brings_its_self_test_along_and_answers_once_it_is_approved() {
    let shelf = Shelf::new("slack").connected();
    let world = &shelf.world;
    let installed = world.wharf(&["install", "slack/slack.wasm"]);
    assert!(installed.code == 0 && installed.out.contains("calls are as recorded"), "{installed:?}");
    let approved = world.wharf(&["approve", "slack"]);
    assert!(approved.code == 0 && approved.out.contains("https://slack.com"), "{approved:?}");
    assert_eq!(world.call("slack auth.test").json()["team"], "Harbour");
}

#[test]
fn no_token_is_in_what_people_see_of_a_call() {
    let shelf = Shelf::new("telegram").connected();
    let run = shelf.world.call("telegram messages.send chat_id=7 text=hi --dry-run");
    let (_, token) =
        shelf.catalogue.connections().into_iter().find(|known| known.provider == "telegram").unwrap().fields[0].clone();
    assert!(
        run.code == 0 && run.out.contains("/bot•••/sendMessage") && !format!("{run:?}").contains(&token),
        "{run:?}"
    );
}

/// Writes the cassettes: `cargo test -p wharf-cli --test e2e catalogue::record_anew -- --ignored`.
#[test]
#[ignore = "it writes the cassettes of the catalogue"]
fn record_anew() {
    for plugin in PLUGINS {
        let file = source(plugin).join(format!("{plugin}.cassette.json"));
        let shelf = Shelf::new(plugin);
        // The one that is there may be of another plugin by now.
        let _ = fs::remove_file(shelf.world.path().join(plugin).join(format!("{plugin}.cassette.json")));
        let shelf = shelf.connected();
        shelf.record("new.cassette.json");
        fs::copy(shelf.world.path().join("new.cassette.json"), file).unwrap();
    }
}
