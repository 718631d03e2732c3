//! Guests that no operator would want, one test for each, judged by what arrives at a server and by how the call ended.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use wharf::failure::{CallError, Fault, LimitReached, Refusal};
use wharf::{Call, Connection, Grant, Host, Limits, Report, Secret};
use wharf_artifacts::{OBEDIENT, ROGUE};
use wharf_simulated::{Canned, Server};

pub(crate) mod abi;
mod contract;
mod credentials;
mod egress;
mod limits;
mod manifests;
mod neighbours;
mod wasi;

/// A guest without a test of its name does not compile.
macro_rules! tested {
    ($($group:ident $name:ident)*) => { $(#[expect(unused_imports, reason = "it is there: that is all")] use $group::$name as _;)* };
}
wharf_artifacts::for_each_hostile_guest!(tested);

pub(crate) const SECRET: &str = "a-secret-k7RmX2vQp9LzT4wB";
pub(crate) const GREETING: &str = "hello from the connection";

/// One host for all of these tests: what one call breaks must not harm another.
pub(crate) fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| {
        let host = Host::builder().build().unwrap();
        host.load_bytes(ROGUE.bytes).unwrap();
        host.load_bytes(OBEDIENT.bytes).unwrap();
        host.connect("obedient", connection("obedient", "main", "http://127.0.0.1:9"));
        host
    })
}

fn connection(plugin: &str, name: &str, base_url: &str) -> Connection {
    let builder = Connection::builder(plugin, name, base_url).field("greeting", GREETING);
    builder.secret("key", Secret::new(SECRET)).build().unwrap()
}

/// What a guest is to be run with.
pub(crate) struct Attempt {
    guest: String,
    server: Server,
    base_url: Option<String>,
    limits: Limits,
    input: Value,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) server: Server,
    pub(crate) report: Report,
}

/// A guest of the rogue, by its group and its name: `egress asks_for_a_url`.
pub(crate) fn attempt(group: &str, test: &str) -> Attempt {
    let server = wharf_simulated::appwrite::start().unwrap();
    let guest = format!("{group}.{}", test.replace('_', "-"));
    Attempt { guest, server, base_url: None, limits: Limits::default(), input: json!({}) }
}

impl Attempt {
    pub(crate) fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    pub(crate) fn input(mut self, input: Value) -> Self {
        self.input = input;
        self
    }

    pub(crate) fn base_url(mut self, url: &str) -> Self {
        self.base_url = Some(url.to_owned());
        self
    }

    /// The next answer of the server.
    pub(crate) fn answered(self, answer: Canned) -> Self {
        self.server.answer_next(answer);
        self
    }

    /// Runs it, and then a neighbour, which must not be harmed.
    pub(crate) fn run(self) -> Ended {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("c{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let url = self.base_url.unwrap_or_else(|| self.server.url());
        host().connect("rogue", Grant::from(connection("rogue", &name, &url)).limits(self.limits));
        let report = host().run(Call::new("rogue", self.guest).connection(name).input(self.input));
        assert_eq!(host().call(Call::new("obedient", "good.greet")).unwrap().json, json!(GREETING), "a neighbour");
        Ended { server: self.server, report }
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn output(self) -> Value {
        self.report.result.unwrap().json.value().unwrap()
    }

    /// It was denied by this rule, in words that say what would allow it, and nothing arrived.
    #[track_caller]
    pub(crate) fn was_denied(&self, rule: &str) {
        match &self.report.result {
            Err(CallError::Refusal(Refusal::Denied(denial))) => {
                assert_eq!(denial.rule.name(), rule, "{denial}");
                assert!(!denial.remedy.is_empty() && !denial.to_string().contains(SECRET), "{denial}");
                assert!(!denial.to_string().contains(char::is_control), "{denial:?}");
            }
            other => panic!("not denied: {other:?}"),
        }
        let arrived = self.server.requests();
        assert!(arrived.is_empty(), "{arrived:?}");
    }

    /// It ended at this limit, whose words name it, its value and the key that raises it.
    #[track_caller]
    pub(crate) fn reached(&self, name: &str) -> LimitReached {
        match &self.report.result {
            Err(CallError::Refusal(Refusal::Limit(limit))) => {
                assert_eq!(limit.name, name, "{limit}");
                let words = limit.to_string();
                assert!(words.contains(&format!("`{name}`")) && words.contains(&limit.value), "{words}");
                assert!(limit.remedy.contains(name), "{words}");
                limit.clone()
            }
            other => panic!("no limit was reached: {other:?}"),
        }
    }

    /// It is the plugin that is broken, in these words.
    #[track_caller]
    pub(crate) fn was_broken(&self, words: &str) {
        broken(&self.report, words);
    }
}

#[track_caller]
pub(crate) fn broken(report: &Report, words: &str) {
    match &report.result {
        Err(CallError::Fault(Fault::Plugin { message, .. })) => assert!(message.contains(words), "{message}"),
        other => panic!("no fault of the plugin: {other:?}"),
    }
}
