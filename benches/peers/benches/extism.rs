//! What a call costs through Wharf, and what the same costs through Extism.
//!
//! They do not do the same for it. A plugin for Extism reads its credentials and writes its URLs, to any host that it was
//! allowed; nothing checks its input or keeps an audit; and it may keep its instance, with all that the last call left there.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::disallowed_types, reason = "the floor is the client without the guard")]

use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use serde_json::json;
use wasmtime43::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};
use wharf::{Call, Connection, Host, Secret};
use wharf_artifacts::{APPWRITE, OBEDIENT};
use wharf_benches::bare::Bare;
use wharf_benches::{Provider, compare_in_rows, run, throughput};

const PROJECT: &str = "shop";
const KEY: &str = "standard_8d1f6b0c3a97e254f0b86d1c7a3e9250";

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start();
    let host = Host::builder().audit(folder.path().join("audit.jsonl"), true).build().unwrap();
    host.load_bytes(OBEDIENT.bytes).unwrap();
    host.load_bytes(APPWRITE.bytes).unwrap();
    host.connect("obedient", Connection::builder("obedient", "main", &provider.url()).build().unwrap());
    let connection = Connection::builder("appwrite", "main", &format!("{}/v1", provider.url()));
    let connection = connection.field("project_id", PROJECT).secret("api_key", Secret::new(KEY));
    host.connect("appwrite", connection.build().unwrap());
    let peer = Peer::new(&provider);

    run("nothing", || nothing(&host, &peer));
    run("request", || request(&host, &peer, &provider));
    run("throughput", || parallel(&host, &peer, &provider));
}

/// The plugin for Extism, compiled.
struct Peer {
    /// As it comes.
    plain: CompiledPlugin,
    /// With the pool and the resident memory of Wharf's engine and of the floor.
    tuned: CompiledPlugin,
}

impl Peer {
    fn new(provider: &Provider) -> Self {
        let manifest = Manifest::new([Wasm::data(include_bytes!(env!("EXTISM_GUEST")).as_slice())])
            .with_allowed_host("127.0.0.1")
            .with_config_key("base_url", format!("{}/v1", provider.url()))
            .with_config_key("project_id", PROJECT)
            .with_config_key("api_key", KEY);
        let mut pool = PoolingAllocationConfig::default();
        pool.pagemap_scan(Enabled::Auto).linear_memory_keep_resident(2 << 20).table_keep_resident(64 << 10);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let builder = PluginBuilder::new(manifest).with_cache_disabled();
        let tuned = builder.clone().with_wasmtime_config(config).compile().unwrap();
        Self { plain: builder.compile().unwrap(), tuned }
    }
}

/// The native request, with the headers of the others.
fn native(agent: &ureq::Agent, provider: &Provider) {
    let url = format!("{}/v1/users/ada/sessions/laptop", provider.url());
    let request = agent.delete(url).header("x-appwrite-project", PROJECT).header("x-appwrite-key", KEY);
    request.call().unwrap().body_mut().read_to_vec().unwrap();
}

fn wharf_remembers(host: &Host) {
    drop(host.call(Call::new("obedient", "good.remember")).unwrap());
}

fn wharf_deletes(host: &Host) {
    let call = Call::new("appwrite", "users.delete-session");
    drop(host.call(call.input(json!({"userId": "ada", "sessionId": "laptop"}))).unwrap());
}

fn fresh(compiled: &CompiledPlugin) -> Plugin {
    Plugin::new_from_compiled(compiled).unwrap()
}

fn extism_remembers(plugin: &mut Plugin) {
    plugin.call::<&str, &str>("remember", "{}").unwrap();
}

fn extism_deletes(plugin: &mut Plugin) {
    let input = json!({"userId": "ada", "sessionId": "laptop"}).to_string();
    let output: &str = plugin.call("delete_session", &input).unwrap();
    assert_eq!(output, r#"{"success":true}"#);
}

fn nothing(host: &Host, peer: &Peer) {
    let bare = Bare::new(OBEDIENT.bytes);
    let mut kept = fresh(&peer.plain);
    compare_in_rows(
        "An operation that does nothing",
        50,
        100,
        vec![
            ("floor: the engine alone, tuned, a new instance", Box::new(|| bare.call("good.remember"))),
            ("Host::call, a new instance", Box::new(|| wharf_remembers(host))),
            // A call tells the thread that keeps the time limits when it begins and ends, and takes longer where that one sleeps.
            ("Extism, the same instance", Box::new(|| extism_remembers(&mut kept))),
            ("Extism, a new instance", Box::new(|| extism_remembers(&mut fresh(&peer.plain)))),
            ("Extism, a new instance, its engine tuned", Box::new(|| extism_remembers(&mut fresh(&peer.tuned)))),
        ],
    );
}

fn request(host: &Host, peer: &Peer, provider: &Provider) {
    let agent = ureq::Agent::new_with_defaults();
    let mut kept = fresh(&peer.plain);
    compare_in_rows(
        "An operation with a DELETE over loopback",
        30,
        100,
        vec![
            ("floor: ureq alone", Box::new(|| native(&agent, provider))),
            // Extism's client keeps no connection open.
            ("ureq alone, a new connection", Box::new(|| native(&ureq::Agent::new_with_defaults(), provider))),
            ("Host::call, a new instance", Box::new(|| wharf_deletes(host))),
            ("Extism, the same instance", Box::new(|| extism_deletes(&mut kept))),
            ("Extism, a new instance", Box::new(|| extism_deletes(&mut fresh(&peer.plain)))),
            ("Extism, a new instance, its engine tuned", Box::new(|| extism_deletes(&mut fresh(&peer.tuned)))),
        ],
    );
}

fn parallel(host: &Host, peer: &Peer, provider: &Provider) {
    let agent = ureq::Agent::new_with_defaults();
    let kept = || {
        let mut plugin = fresh(&peer.plain);
        Box::new(move || extism_deletes(&mut plugin)) as Box<dyn FnMut()>
    };
    throughput(
        "The same",
        &[
            ("floor: ureq alone", Box::new(|| Box::new(|| native(&agent, provider)))),
            (
                "ureq alone, a new connection",
                Box::new(|| Box::new(|| native(&ureq::Agent::new_with_defaults(), provider))),
            ),
            ("Host::call, a new instance", Box::new(|| Box::new(|| wharf_deletes(host)))),
            ("Extism, an instance for each thread", Box::new(kept)),
            ("Extism, a new instance", Box::new(|| Box::new(|| extism_deletes(&mut fresh(&peer.plain))))),
            (
                "Extism, a new instance, its engine tuned",
                Box::new(|| Box::new(|| extism_deletes(&mut fresh(&peer.tuned)))),
            ),
        ],
    );
}
