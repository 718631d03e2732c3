//! What a call costs, beside the floor: the engine alone, or the HTTP client alone.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::disallowed_types, reason = "the floor is the client without the guard")]

use std::time::Duration;

use serde_json::json;
use ureq::Agent;
use wharf::{Call, Connection, EngineLimits, Host, Limits, Secret};
use wharf_artifacts::{APPWRITE, OBEDIENT};
use wharf_benches::bare::Bare;
use wharf_benches::{AUTHORITY, Provider, Subject, Work, compare, compare_with_pauses, pin, run, throughput, tls};

const KEY: &str = "standard_8d1f6b0c3a97e254f0b86d1c7a3e9250";

/// What a caller does between two calls takes longer than to make an instance ready.
const PAUSE: Duration = Duration::from_micros(200);

/// Where the provider is reached: the name of both plugins' connections, and how the client alone gets there.
struct Way {
    title: &'static str,
    connection: &'static str,
    url: String,
    agent: Agent,
}

fn main() {
    if Provider::is_this() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::apart();
    let host = Host::builder().audit(folder.path().join("audit.jsonl"), true).build().unwrap();
    host.load_bytes(OBEDIENT.bytes).unwrap();
    host.load_bytes(APPWRITE.bytes).unwrap();
    let ways = [plain(&provider), by_tls(&provider)];
    let [by_plain, _] = &ways;
    for way in &ways {
        connect(&host, way, "obedient");
        connect(&host, way, "appwrite");
    }

    // What makes instances ready is not to be kept to the processor of this thread.
    (0..4).for_each(|_| remember(&host));
    // From all cores, so before this thread is kept to one. The host's own threads start with its first calls, and are kept to none.
    run("throughput", || parallel(&host, by_plain, &ways));
    (0..10).for_each(|_| code(&host, by_plain));
    pin();
    run("nothing", || nothing(&host));
    run("request", || ways.iter().for_each(|way| request(&host, way)));
    run("validation", || validation(&host));
}

fn plain(provider: &Provider) -> Way {
    Way { title: "loopback", connection: "plain", url: provider.url(), agent: Agent::new_with_defaults() }
}

fn by_tls(provider: &Provider) -> Way {
    Way { title: "TLS", connection: "tls", url: provider.tls_url(), agent: tls::agent(AUTHORITY) }
}

fn connect(host: &Host, way: &Way, plugin: &str) {
    let connection = Connection::builder(plugin, way.connection, &format!("{}/v1", way.url)).ca(AUTHORITY);
    let connection =
        connection.field("project_id", "shop").secret("api_key", Secret::new(KEY)).secret("key", Secret::new(KEY));
    host.connect(plugin, connection.build().unwrap());
}

fn nothing(host: &Host) {
    let bare = Bare::new(OBEDIENT.bytes);
    let subjects = || -> Vec<Subject<'_>> {
        vec![
            ("floor: the engine alone, tuned", Box::new(|| bare.call("good.remember"))),
            ("Host::call", Box::new(|| remember(host))),
        ]
    };
    let title = "An operation that does nothing, in a new instance";
    compare(title, 20_000, subjects());
    compare_with_pauses(title, 5_000, PAUSE, subjects());
}

fn remember(host: &Host) {
    drop(host.call(Call::new("obedient", "good.remember").connection("plain")).unwrap());
}

/// The request of all of them, with the same headers.
fn native(way: &Way) {
    let url = format!("{}/v1/users/ada/sessions/laptop", way.url);
    let request = way.agent.delete(url).header("x-appwrite-project", "shop").header("x-appwrite-key", KEY);
    request.call().unwrap().body_mut().read_to_vec().unwrap();
}

fn data(host: &Host, way: &Way) {
    delete(host, way, "appwrite", "users.delete-session");
}

/// A function of the plugin sends it, and reads the answer.
fn code(host: &Host, way: &Way) {
    delete(host, way, "obedient", "good.delete-session");
}

fn delete(host: &Host, way: &Way, plugin: &str, operation: &str) {
    let call = Call::new(plugin, operation).connection(way.connection);
    drop(host.call(call.input(json!({"userId": "ada", "sessionId": "laptop"}))).unwrap());
}

fn request(host: &Host, way: &Way) {
    let subjects = || -> Vec<Subject<'_>> {
        vec![
            ("floor: ureq alone", Box::new(|| native(way))),
            ("an operation that is data", Box::new(|| data(host, way))),
            ("an operation that is code", Box::new(|| code(host, way))),
        ]
    };
    let title = format!("A DELETE over {}: validation, guard, credentials, masking, audit", way.title);
    compare(&title, 10_000, subjects());
    compare_with_pauses(&title, 5_000, PAUSE, subjects());
}

fn parallel(host: &Host, by_plain: &Way, ways: &[Way]) {
    let bare = Bare::new(OBEDIENT.bytes);
    let plain = Limits { engine: EngineLimits { ready: 0, ..EngineLimits::default() }, ..Limits::default() };
    let plain = Host::builder().limits(plain).build().unwrap();
    plain.load_bytes(OBEDIENT.bytes).unwrap();
    connect(&plain, by_plain, "obedient");
    let nothing: [Work<'_>; 3] = [
        ("floor: the engine alone, tuned", Box::new(|| Box::new(|| bare.call("good.remember")))),
        ("Host::call", Box::new(|| Box::new(|| remember(host)))),
        ("the same without instances that are made ahead", Box::new(|| Box::new(|| remember(&plain)))),
    ];
    throughput("An operation that does nothing", &nothing);
    for way in ways {
        let deletes: [Work<'_>; 3] = [
            ("floor: ureq alone", Box::new(|| Box::new(|| native(way)))),
            ("an operation that is data", Box::new(|| Box::new(|| data(host, way)))),
            ("an operation that is code", Box::new(|| Box::new(|| code(host, way)))),
        ];
        throughput(&format!("A DELETE over {}", way.title), &deletes);
    }
}

fn validation(host: &Host) {
    let operation = host.plugin("appwrite").unwrap().operation("users.create").unwrap();
    let input = json!({"userId": "unique()", "email": "ada@example.com", "password": "correct horse", "name": "Ada"});
    compare(
        "The check of an input: Appwrite users.create",
        50_000,
        vec![
            ("floor: a copy of the input", Box::new(|| drop(input.clone()))),
            ("validate", Box::new(|| operation.validate(input.clone()).unwrap())),
        ],
    );
}
