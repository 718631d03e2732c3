//! Vtiger's session: begun by the host, once for all calls, and anew where an answer says that it is over.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use serde_json::{Value, json};
use wharf::failure::{CallError, Failure};
use wharf::{Call, Connection, Host, Report, Secret};
use wharf_artifacts::PROVIDERS;
use wharf_simulated::vtiger::{ACCESS_KEY, SESSION_NAME, USERNAME};
use wharf_simulated::{Server, vtiger};

use crate::obedient::builder;
use crate::world::{OTHER_KEY, Running, World, answer};

/// A host with the plugin, and the server of its connection.
pub(crate) struct Crm {
    pub(crate) host: Host,
    pub(crate) server: Server,
}

impl Crm {
    pub(crate) fn new() -> Self {
        Self::with(builder().build().unwrap(), USERNAME, ACCESS_KEY)
    }

    fn with(host: Host, username: &str, access_key: &str) -> Self {
        let server = vtiger::start().unwrap();
        let plugin = PROVIDERS.iter().find(|provider| provider.name == "vtiger").unwrap();
        host.load_bytes(plugin.bytes).unwrap();
        let connection = Connection::builder("vtiger", "crm", &format!("{}/webservice.php", server.url()))
            .field("username", username)
            .secret("access_key", Secret::new(access_key.to_owned()));
        host.connect("vtiger", connection.build().unwrap());
        Self { host, server }
    }

    fn run(&self, operation: &str, input: Value) -> Report {
        self.host.run(Call::new("vtiger", operation).input(input))
    }

    #[track_caller]
    pub(crate) fn json(&self, operation: &str, input: Value) -> Value {
        let report = self.run(operation, input);
        report.result.unwrap_or_else(|error| panic!("{operation}: {error}")).json.value().unwrap()
    }

    #[track_caller]
    pub(crate) fn failure(&self, operation: &str, input: Value) -> Failure {
        match self.run(operation, input).result {
            Err(CallError::Failure(failure)) => failure,
            other => panic!("{operation}: {other:?}"),
        }
    }

    /// A call, before which the session is begun where there is none.
    pub(crate) fn list(&self) {
        assert!(self.json("metadata.list-types", json!({}))["types"].is_array());
    }

    /// The server's names of the operations that it was asked for.
    fn asked(&self) -> Vec<String> {
        let of = |text: String| {
            let names = text.split(['?', '&']).find_map(|pair| pair.strip_prefix("operation="));
            names.unwrap_or_default().to_owned()
        };
        let requests = self.server.requests();
        requests.iter().map(|r| of(format!("{}&{}", r.target, String::from_utf8_lossy(&r.body)))).collect()
    }

    /// How often it was asked for one of them.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.asked().iter().filter(|asked| *asked == operation).count()
    }

    /// The session in which the host's last request ran.
    fn session(&self) -> String {
        let requests = self.server.requests();
        let last = requests.last().unwrap();
        let text = format!("{}&{}", last.target, String::from_utf8_lossy(&last.body));
        text.split(['?', '&']).find_map(|pair| pair.strip_prefix("sessionName=")).unwrap().to_owned()
    }

    /// The server ends the session in which the host's last request ran.
    fn end_session(&self) -> String {
        let session = self.session();
        self.json("session.logout", json!({ "sessionName": session }));
        session
    }

    /// What the server says next, instead of what it would say.
    pub(crate) fn answers(&self, body: &str) {
        self.server.answer_next(answer(200, "application/json", body));
    }

    /// What the server says to whoever asks for a challenge.
    fn challenge(&self) -> String {
        let result = self.json("session.get-challenge", json!({}));
        json!({ "success": true, "result": result }).to_string()
    }
}

fn over(code: &str) -> String {
    json!({ "success": false, "error": { "code": code, "message": "Words of the server" } }).to_string()
}

fn contact() -> Value {
    json!({ "elementType": "Contacts", "element": { "lastname": "Lovelace", "assigned_user_id": "19x1" } })
}

fn contacts() -> Value {
    json!({ "query": "select id from Contacts where lastname='Lovelace';" })
}

#[test]
fn a_session_is_begun_once_and_placed_in_the_query_or_in_the_form() {
    let crm = Crm::new();
    crm.list();
    let session = crm.session();
    crm.json("records.create", contact());
    let requests = crm.server.requests();
    assert_eq!(crm.asked(), ["getchallenge", "login", "listtypes", "create"]);
    assert_eq!(requests[2].target, format!("/webservice.php?operation=listtypes&sessionName={session}"));
    assert_eq!(requests[3].target, "/webservice.php");
    assert!(String::from_utf8_lossy(&requests[3].body).ends_with(&format!("&sessionName={session}")));
    assert!(!String::from_utf8_lossy(&requests[1].body).contains(ACCESS_KEY));
}

#[test]
fn twenty_calls_at_one_time_are_one_login() {
    let crm = Crm::new();
    let calls = |of: fn(usize) -> (&'static str, Value)| {
        thread::scope(|scope| {
            for (operation, input) in (0..20).map(of) {
                let crm = &crm;
                scope.spawn(move || crm.json(operation, input));
            }
        });
    };
    // Some of them are data, and some run code of the plugin.
    let mixed = |number: usize| match number % 2 {
        0 => ("metadata.list-types", json!({})),
        _ => ("query.run", contacts()),
    };
    calls(mixed);
    assert_eq!((crm.count("getchallenge"), crm.count("login"), crm.asked().len()), (1, 1, 22));

    crm.list();
    crm.end_session();
    crm.server.clear_requests();
    calls(mixed);
    assert_eq!((crm.count("getchallenge"), crm.count("login")), (1, 1), "it was over, and was begun anew once");
}

#[test]
fn a_session_that_is_over_is_begun_anew_and_the_request_is_sent_again() {
    for code in ["INVALID_SESSIONID", "SESSION_EXPIRED", "SESSION_LEFT_IDLE", "AUTHENTICATION_REQUIRED"] {
        let crm = Crm::new();
        crm.list();
        crm.server.clear_requests();
        crm.answers(&over(code));
        assert_eq!(crm.json("records.create", contact())["lastname"], "Lovelace");
        assert_eq!(crm.asked(), ["create", "getchallenge", "login", "create"], "{code}");
        assert_eq!(crm.json("query.run", contacts()).as_array().unwrap().len(), 1, "it was made once");
    }
}

#[test]
fn a_session_that_ends_between_two_pages_does_not_end_the_list() {
    let crm = Crm::new();
    for _ in 0..120 {
        crm.json("records.create", contact());
    }
    crm.server.clear_requests();
    crm.answers(&over("SESSION_LEFT_IDLE"));
    let mut query = contacts();
    query["maxItems"] = json!(500);
    assert_eq!(crm.json("query.run", query).as_array().unwrap().len(), 120);
    assert_eq!(crm.asked(), ["query", "getchallenge", "login", "query", "query", "query"]);
}

#[test]
fn a_session_is_begun_anew_once_and_not_again() {
    let crm = Crm::new();
    crm.list();
    let login = json!({ "success": true, "result": crm.json("session.login", json!({})) }).to_string();
    let challenge = crm.challenge();
    crm.server.clear_requests();
    for prepared in [&over("INVALID_SESSIONID"), &challenge, &login, &over("INVALID_SESSIONID")] {
        crm.answers(prepared);
    }
    let failure = crm.failure("metadata.list-types", json!({}));
    assert!(
        matches!(&failure, Failure::Unauthorized(d) if d.code.as_deref() == Some("INVALID_SESSIONID")),
        "{failure:?}"
    );
    assert_eq!(crm.asked(), ["listtypes", "getchallenge", "login", "listtypes"]);
}

#[test]
fn a_login_that_somebody_disturbs_is_begun_anew_from_the_challenge() {
    let crm = Crm::new();
    // What the host is told, before another client asks for a challenge of its own and makes it void.
    let first = crm.challenge();
    crm.challenge();
    crm.answers(&first);
    crm.server.clear_requests();
    crm.list();
    assert_eq!(crm.asked(), ["getchallenge", "login", "getchallenge", "login", "listtypes"]);
}

#[test]
fn a_wrong_key_and_an_unknown_user_are_told_with_at_the_login() {
    for (username, key, code) in
        [(USERNAME, OTHER_KEY, "INVALID_USER_CREDENTIALS"), ("nobody", ACCESS_KEY, "ACCESS_DENIED")]
    {
        let crm = Crm::with(builder().build().unwrap(), username, key);
        let failure = crm.failure("metadata.list-types", json!({}));
        let Failure::Unauthorized(detail) = &failure else { panic!("{failure:?}") };
        assert!(detail.message.starts_with("at the login") && detail.code.as_deref() == Some(code), "{failure:?}");
        crm.server.clear_requests();
        // It is not asked again at once: who is asked too often with a wrong key may lock the user out.
        let again = crm.failure("mobile.list-alerts", json!({}));
        assert!(matches!(&again, Failure::Unauthorized(d) if d.message.starts_with("at the login")), "{again:?}");
        assert!(crm.server.requests().is_empty());
    }
}

#[test]
fn a_server_in_trouble_at_the_login_is_not_a_wrong_key() {
    let crm = Crm::new();
    crm.server.answer_next(answer(500, "text/html", ""));
    let told = crm.failure("records.create", contact());
    assert!(matches!(&told, Failure::Unavailable(d) if d.message.contains("status 500")), "{told:?}");
}

#[test]
fn another_user_does_not_get_the_session() {
    let crm = Crm::new();
    crm.list();
    let url = format!("{}/webservice.php", crm.server.url());
    let other = Connection::builder("vtiger", "crm", &url)
        .field("username", "nobody")
        .secret("access_key", Secret::new(ACCESS_KEY.to_owned()));
    crm.host.connect("vtiger", other.build().unwrap());
    assert!(matches!(crm.failure("metadata.list-types", json!({})), Failure::Unauthorized(_)));
}

#[test]
fn the_session_is_in_nothing_that_people_read_or_that_the_plugin_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.jsonl");
    let state = folder.path().join("state");
    let host = builder().audit(&audit, true).state(&state).build().unwrap();
    let crm = Crm::with(host, USERNAME, ACCESS_KEY);
    let calls = [
        ("metadata.list-types", json!({})),
        ("query.run", contacts()),
        ("advanced.get", json!({ "operation": "listtypes" })),
        ("advanced.post", json!({ "operation": "mobile.fetchallalerts" })),
    ];
    let mut texts = Vec::new();
    for (operation, input) in calls {
        let call = || Call::new("vtiger", operation).input(input.clone());
        let report = crm.host.run(call());
        assert!(report.result.is_ok(), "{operation}: {:?}", report.result);
        let output = report.result.as_ref().unwrap().json.as_str().to_owned();
        let dry = crm.host.run(call().dry_run());
        let (_, recorded) = crm.host.record(call());
        texts.extend([output, json!(report.exchanges).to_string(), json!(report.log).to_string()]);
        texts.extend([json!(dry.exchanges).to_string(), json!(recorded.unwrap()).to_string()]);
    }
    texts.push(fs::read_to_string(&audit).unwrap());
    assert!(texts.iter().any(|text| text.contains("sessionName=•••")), "it is placed, and masked");
    let session = crm.session();
    for text in &texts {
        assert!(!text.contains(&session) && !text.contains(ACCESS_KEY), "{text}");
    }
    let kept = fs::read_dir(&state).map_or(0, Iterator::count);
    assert_eq!(kept, 0, "the plugin keeps nothing");
}

#[test]
fn the_session_of_the_host_is_neither_named_nor_ended_by_a_call() {
    let crm = Crm::new();
    for operation in ["getchallenge", "Login", "extendSession", "logout"] {
        for by in ["advanced.get", "advanced.post"] {
            let failure = crm.failure(by, json!({ "operation": operation }));
            assert!(matches!(&failure, Failure::InvalidInput { .. }), "{failure:?}");
        }
    }
    let own = json!({ "operation": "retrieve", "parameters": { "sessionName": SESSION_NAME } });
    assert!(matches!(crm.failure("advanced.post", own), Failure::InvalidInput { .. }));
    assert!(crm.server.requests().is_empty());
}

#[test]
fn no_call_but_those_about_sessions_takes_the_name_of_one() {
    let world = World::new();
    let run = world.call(&format!("vtiger metadata.list-types sessionName={SESSION_NAME}"));
    run.fails(2, &["sessionName"]);
    assert!(world.simulation.vtiger.requests().is_empty());
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] }).collect()
}

#[test]
fn a_session_outlives_the_process_that_began_it() {
    let world = World::new();
    assert_eq!(world.call("vtiger metadata.list-types").code, 0);
    assert_eq!(world.call("vtiger metadata.list-types").code, 0);
    assert_eq!(world.simulation.vtiger.requests().len(), 4, "challenge, login, list, list");
    let requests = world.simulation.vtiger.requests();
    let session = requests.last().and_then(|last| last.target.split_once("sessionName=")).unwrap().1.as_bytes();
    let files = files_of(world.path());
    assert!(files.iter().any(|file| file.extension().is_some_and(|end| end == "db")), "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(session.len()).any(|window| window == session), "it is in {}", file.display());
    }
    world.write("vtiger.access_key", OTHER_KEY);
    let other = world.call("vtiger metadata.list-types");
    other.fails(4, &["unauthorized", "at the login", "INVALID_USER_CREDENTIALS"]);
}

#[test]
fn processes_that_begin_at_one_time_log_in_once() {
    let world = World::new();
    let start = || {
        Running(world.command(&[], &["call", "vtiger", "metadata.list-types"]).stdout(Stdio::piped()).spawn().unwrap())
    };
    for mut process in (0..8).map(|_| start()).collect::<Vec<_>>() {
        assert!(process.0.wait().unwrap().success());
    }
    let requests = world.simulation.vtiger.requests();
    assert_eq!(requests.iter().filter(|r| r.target.contains("operation=getchallenge")).count(), 1);
    assert_eq!(requests.len(), 2 + 8);
}
