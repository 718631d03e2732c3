//! What a call costs, beside the floor: the engine alone, or the HTTP client alone.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::disallowed_types, reason = "the floor is the client without the guard")]

use serde_json::json;
use wharf::{Call, Connection, Host, Secret};
use wharf_artifacts::{APPWRITE, OBEDIENT};
use wharf_benches::bare::Bare;
use wharf_benches::{Provider, compare, run, throughput};

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start();
    let host = Host::builder().audit(folder.path().join("audit.jsonl"), true).build().unwrap();
    host.load_bytes(OBEDIENT.bytes).unwrap();
    host.load_bytes(APPWRITE.bytes).unwrap();
    host.connect("obedient", Connection::builder("obedient", "main", &provider.url()).build().unwrap());
    let connection = Connection::builder("appwrite", "main", &format!("{}/v1", provider.url()));
    let connection = connection
        .field("project_id", "shop")
        .secret("api_key", Secret::new("standard_8d1f6b0c3a97e254f0b86d1c7a3e9250"));
    host.connect("appwrite", connection.build().unwrap());

    run("nothing", || nothing(&host));
    run("request", || request(&host, &provider));
    run("throughput", || parallel(&host, &provider));
    run("validation", || validation(&host));
}

fn nothing(host: &Host) {
    let bare = Bare::new(OBEDIENT.bytes);
    let call = || Call::new("obedient", "good.remember");
    compare(
        "An operation that does nothing, in a new instance",
        20_000,
        vec![
            ("floor: the engine alone, tuned", Box::new(|| bare.call("good.remember"))),
            ("Host::call", Box::new(|| drop(host.call(call()).unwrap()))),
        ],
    );
}

/// An operation that is code, with a GET: its function runs in a new instance.
fn of_code(host: &Host) {
    drop(host.call(Call::new("obedient", "good.work")).unwrap());
}

/// The request of both sides, with the same headers.
fn native(agent: &ureq::Agent, provider: &Provider) {
    let url = format!("{}/v1/users/ada/sessions/laptop", provider.url());
    let request = agent
        .delete(url)
        .header("x-appwrite-project", "shop")
        .header("x-appwrite-key", "standard_8d1f6b0c3a97e254f0b86d1c7a3e9250");
    request.call().unwrap().body_mut().read_to_vec().unwrap();
}

/// An operation that is data.
fn ours(host: &Host) {
    let call = Call::new("appwrite", "users.delete-session");
    drop(host.call(call.input(json!({"userId": "ada", "sessionId": "laptop"}))).unwrap());
}

fn request(host: &Host, provider: &Provider) {
    let agent = ureq::Agent::new_with_defaults();
    compare(
        "A request over loopback: validation, guard, credentials, masking, audit",
        5_000,
        vec![
            ("floor: ureq alone, a DELETE", Box::new(|| native(&agent, provider))),
            ("data: the same DELETE", Box::new(|| ours(host))),
            ("code: a GET by a function", Box::new(|| of_code(host))),
        ],
    );
}

fn parallel(host: &Host, provider: &Provider) {
    let agent = ureq::Agent::new_with_defaults();
    throughput(
        "The same",
        &[
            ("floor: ureq alone", Box::new(|| Box::new(|| native(&agent, provider)))),
            ("data", Box::new(|| Box::new(|| ours(host)))),
            ("code", Box::new(|| Box::new(|| of_code(host)))),
        ],
    );
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
