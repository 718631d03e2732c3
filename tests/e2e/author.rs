//! Plugins without a compiler, from nothing to a call: `wharf new`, `wharf build`, and `wharf dev`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use wharf_simulated::Server;

#[cfg(unix)]
use crate::watch::Watching;
use crate::world::{Run, World, finish};

const TOKEN: &str = "7f3d9c1e5a8b2046d1c7e9f0a3b5d8e2";

/// A new plugin, in a folder of its own, whose connection is to a server of the test.
struct Acme {
    world: World,
    server: Server,
    folder: PathBuf,
}

impl Acme {
    fn new(words: &[&str]) -> Self {
        let server = Server::recorder(|request| match request.target.split('?').next() {
            Some("/v1/items") if request.method == "GET" => json!({"items": [{"id": "i7"}]}),
            _ => json!({"id": "i7", "name": "Clock"}),
        });
        let world = World::new();
        let run = world.wharf(&[&["new", "acme"], words].concat());
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.starts_with("acme/ is written: 6 files. Next: `cd acme`"), "{}", run.out);
        let acme = Self { folder: world.path().join("acme"), world, server: server.unwrap() };
        acme.change("wharf.toml", "https://api.acme.example", &acme.server.url());
        acme
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Changes a file as an editor does.
    fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(name)).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(self.file(name), text.replacen(from, to, 1)).unwrap();
    }

    /// `wharf` in the folder, with the token in the environment.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.world.command(&[("ACME_TOKEN", TOKEN)], words);
        command.current_dir(&self.folder);
        command
    }

    fn wharf(&self, line: &str) -> Run {
        finish(self.command(&line.split(' ').collect::<Vec<_>>()).output().unwrap())
    }

    #[track_caller]
    fn says(&self, line: &str, said: &[&str]) {
        let run = self.wharf(line);
        assert_eq!(run.code, 0, "{run:?}");
        for words in said {
            assert!(run.out.contains(words), "`{words}` is not in:\n{}", run.out);
        }
    }
}

#[test]
fn from_nothing_to_a_call_there_are_five_commands_and_a_change_goes_live() {
    let acme = Acme::new(&[]);
    let replayed = "✓ acme.cassette.json: 5 calls are as recorded (acme 0.1.0)";
    acme.says("build", &[replayed, "acme.wasm: acme 0.1.0, 4 operations, ", "; wharf install acme.wasm"]);
    acme.says("replay ./acme.wasm acme.cassette.json", &[replayed]);
    acme.says("install acme.wasm", &[replayed, "acme 0.1.0 waits for your approval", "+ field token secret"]);
    acme.says("approve acme", &["acme 0.1.0 is live"]);
    assert_eq!(acme.wharf("call acme items.get itemId=i7").json(), json!({"id": "i7", "name": "Clock"}));
    let requests = acme.server.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("GET", "/v1/items/i7"));
    assert_eq!(requests[0].header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));

    // What it does now is worth a test, too.
    assert_eq!(acme.wharf("record --to acme.cassette.json acme items.list").code, 0);
    acme.change("plugin.yaml", "summary: Gets an item.", "summary: Gets one item.");
    acme.change("plugin.yaml", "version: 0.1.0", "version: 0.1.1");
    acme.says("build", &["6 calls are as recorded (acme 0.1.1)"]);
    acme.says("install acme.wasm", &["acme 0.1.1 is live"]);
    acme.says("describe acme items.get", &["Gets one item."]);
}

#[test]
fn the_same_folder_makes_the_same_component_wherever_it_is_put() {
    let acme = Acme::new(&[]);
    acme.says("build", &[]);
    let told = acme.wharf("build . --out other.wasm --json").json();
    let bytes = fs::read(acme.file("acme.wasm")).unwrap();
    assert_eq!(bytes, fs::read(acme.file("other.wasm")).unwrap());
    assert_eq!(
        told,
        json!({
            "file": "other.wasm", "name": "acme", "version": "0.1.0", "operations": 4, "unverified": 0, "bytes": bytes.len(),
            "digest": format!("sha256:{}", wharf::digest_of(&bytes)),
            "replayed": [{"cassette": "acme.cassette.json", "calls": 5}],
        })
    );
}

#[test]
fn a_plugin_that_does_not_what_was_recorded_is_not_built() {
    let acme = Acme::new(&[]);
    acme.says("build", &[]);
    let before = fs::read(acme.file("acme.wasm")).unwrap();
    acme.change("plugin.yaml", "method: POST, path: /items", "method: POST, path: /things");
    acme.wharf("build").fails(
        1,
        &[
            "acme 0.1.0 is not built, as it does not pass its self-test",
            "call 4, items.create: request 1 is another one",
            "+ POST {base_url}/v1/things",
            "delete the cassette, build, and record it anew (`wharf record --to FILE ./acme.wasm …`)",
        ],
    );
    assert_eq!(fs::read(acme.file("acme.wasm")).unwrap(), before);

    fs::remove_file(acme.file("acme.cassette.json")).unwrap();
    acme.says("build", &["acme.wasm: acme 0.1.0, 4 operations"]);
    fs::write(acme.file("acme.examples.cassette.json"), "{}").unwrap();
    acme.wharf("build").fails(2, &["acme.examples.cassette.json", "it is no cassette"]);
}

#[test]
fn an_operation_of_which_a_recorded_call_replays_is_verified() {
    let acme = Acme::new(&[]);
    for title in ["Get item", "Delete item"] {
        let marked = format!("title: {title}\n    unverified: As it is described; nobody tried it.");
        acme.change("plugin.yaml", &format!("title: {title}"), &marked);
    }
    acme.change(
        "plugin.yaml",
        "operations:\n",
        "operations:\n  items.count:\n    title: Count items\n    summary: Counts all items.\n    unverified: So they say.\n    \
         request: { method: GET, path: /items/count }\n",
    );
    acme.says("build", &["5 operations (1 unverified)"]);
    let operations = acme.wharf("describe ./acme.wasm --json").json()["operations"].take();
    assert_eq!(operations["items.get"].get("unverified"), None);
    assert_eq!(operations["items.count"]["unverified"], "So they say.");

    // Calls that were made of examples prove nothing.
    fs::rename(acme.file("acme.cassette.json"), acme.file("acme.examples.cassette.json")).unwrap();
    acme.says("build", &["✓ acme.examples.cassette.json: 5 calls", "5 operations (3 unverified)"]);
}

#[test]
fn what_is_wrong_with_a_plugin_is_told_with_its_place_and_nothing_is_built() {
    let acme = Acme::new(&[]);
    acme.change("plugin.yaml", "    title: Get item\n", "");
    acme.wharf("build").fails(6, &["plugin.yaml:", "/operations/items.get: an operation needs `title`"]);
    assert!(!acme.file("acme.wasm").exists());
    acme.world.wharf(&["new", "acme"]).fails(2, &["acme is there already, and stays as it is"]);
    acme.world.wharf(&["new", "Acme"]).fails(2, &["`Acme` is no name for a plugin: it is in kebab case"]);
    acme.world.wharf(&["new", "other", "--lang", "rust"]).fails(2, &["--sdk"]);
    acme.world.wharf(&["new", "other", "--lang", "rust", "--sdk", "acme"]).fails(2, &["is not the folder of the SDK"]);
    assert!(!acme.world.path().join("other").exists());
}

#[cfg(unix)]
#[test]
fn what_a_person_writes_is_built_and_approved_while_they_look_on_and_calls_are_shown() {
    let acme = Acme::new(&[]);
    let mut dev = Watching::run(acme.command(&["dev", "--approve"]));
    dev.says("built acme 0.1.0, 4 operations");
    dev.says("acme.cassette.json: 5 calls are as recorded");
    dev.says("+ field token secret");
    dev.says("acme 0.1.0 is live");
    assert_eq!(acme.wharf("call acme items.get itemId=i7").code, 0);
    dev.says("items.get GET /v1/items/i7 200");

    // The last good build goes on while there is a mistake.
    acme.change("plugin.yaml", "    title: Get item\n", "");
    dev.says("/operations/items.get: an operation needs `title`");
    assert_eq!(acme.wharf("call acme items.get itemId=i8").code, 0);
    dev.says("items.get GET /v1/items/i8 200");

    acme.change("plugin.yaml", "  items.get:\n", "  items.get:\n    title: Get one item\n");
    dev.says("acme 0.1.0 is live");
    acme.says("describe acme items.get", &["Get one item"]);

    // Nothing else is approved than what was built here.
    acme.change("plugin.yaml", "method: GET, path: /items,", "method: GET, path: /all,");
    dev.says("is not built, as it does not pass its self-test");
    fs::remove_file(acme.file("acme.cassette.json")).unwrap();
    dev.says("+ items.list (read): GET /all");
    dev.says("acme 0.1.0 is live");
    assert_eq!(dev.end().1, Some(0));
}

#[cfg(unix)]
#[test]
fn without_being_told_to_approve_it_says_what_to_type() {
    let acme = Acme::new(&[]);
    let mut dev = Watching::run(acme.command(&["dev"]));
    dev.says("acme 0.1.0 waits for your approval");
    dev.says("wharf approve acme --digest sha256:");
    acme.wharf("call acme items.list").fails(2, &["acme` 0.1.0 waits for your approval"]);
    acme.says("approve acme", &["acme 0.1.0 is live"]);
    acme.change("plugin.yaml", "summary: Gets an item.", "summary: Gets one item.");
    dev.says("acme 0.1.0 is live");
    assert_eq!(dev.end().1, Some(0));
}

#[cfg(unix)]
#[test]
fn a_plugin_in_a_folder_without_a_configuration_is_told_where_there_is_one() {
    let acme = Acme::new(&[]);
    fs::remove_file(acme.world.path().join("wharf.toml")).unwrap();
    let words = ["there is no configuration here: `cd acme` first", "--config acme/wharf.toml"];
    acme.world.wharf(&["dev", "acme"]).fails(2, &words);
}

/// What cargo sets for this build and must not reach another one.
const NOT_PASSED_ON: [&str; 6] = [
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "CLIPPY_ARGS",
];

#[test]
fn the_same_plugin_in_rust_builds_and_passes_its_self_test() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).canonicalize().unwrap();
    let acme = Acme::new(&["--lang", "rust", "--sdk", root.join("plugins/sdk").to_str().unwrap()]);
    // With the crates that are here, and with no network.
    fs::copy(root.join("Cargo.lock"), acme.file("Cargo.lock")).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scaffold");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--offline", "--target", "wasm32-wasip2", "--target-dir"]).arg(&target);
    for variable in NOT_PASSED_ON {
        cargo.env_remove(variable);
    }
    let built = cargo.current_dir(&acme.folder).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    fs::copy(target.join("wasm32-wasip2/debug/acme.wasm"), acme.file("acme.wasm")).unwrap();
    acme.says("install acme.wasm", &["✓ acme.cassette.json: 5 calls are as recorded (acme 0.1.0)"]);
    acme.says("describe ./acme.wasm", &["4 operations: 2 read, 1 write, 1 delete; 4 data, 0 code."]);
}
