//! Files that are no plugins: each its own sentence.

use std::fs;

use wharf_artifacts::{APPWRITE, OBEDIENT, PROVIDERS};

use crate::world::World;

fn describe(world: &World, name: &str, bytes: &[u8]) -> crate::world::Run {
    let file = world.write(name, bytes);
    world.wharf(&["describe", file.to_str().unwrap()])
}

#[test]
fn a_file_that_is_no_plugin_says_what_it_is_and_what_is_needed() {
    let world = World::new();
    describe(&world, "text.wasm", b"hello").fails(6, &["text.wasm", "it is a text", "WebAssembly component"]);
    describe(&world, "empty.wasm", b"").fails(6, &["0 bytes", "WebAssembly component"]);

    let module = wat::parse_str("(module)").unwrap();
    describe(&world, "module.wasm", &module).fails(6, &["core WebAssembly module, not a component", "wasm32-wasip2"]);

    let component = wat::parse_str("(component)").unwrap();
    describe(&world, "nothing.wasm", &component)
        .fails(6, &["exports nothing", "`wharf:provider@0.2.0-draft` and `wharf:provider@0.1.0`"]);

    let other = wat::parse_str(r#"(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#).unwrap();
    describe(&world, "other.wasm", &other).fails(6, &["of another world", "wasi:cli/run@0.2.0"]);

    let newer =
        wat::parse_str(r#"(component (instance $i) (export "wharf:provider/plugin@7.0.0" (instance $i)))"#).unwrap();
    describe(&world, "newer.wasm", &newer).fails(
        6,
        &[
            "another version of the contract",
            "plugin@7.0.0",
            "serves `wharf:provider@0.2.0-draft` and `wharf:provider@0.1.0`",
        ],
    );

    let empty =
        wat::parse_str(r#"(component (instance $i) (export "wharf:provider/plugin@0.1.0" (instance $i)))"#).unwrap();
    describe(&world, "empty-plugin.wasm", &empty).fails(6, &["does not fit the contract"]);

    let greedy = r#"(component
        (import "acme:database/query@1.0.0" (instance))
        (instance $i) (export "wharf:provider/plugin@0.1.0" (instance $i)))"#;
    describe(&world, "greedy.wasm", &wat::parse_str(greedy).unwrap())
        .fails(6, &["imports `acme:database/query@1.0.0`"]);

    let http = r#"(component
        (import "wasi:http/types@0.2.10" (instance (export "fields" (type (sub resource)))))
        (instance $i) (export "wharf:provider/plugin@0.1.0" (instance $i)))"#;
    describe(&world, "http.wasm", &wat::parse_str(http).unwrap())
        .fails(6, &["does not fit the contract", "`wasi:http/types@0.2.10`", "with no other imports"]);

    world.wharf(&["describe", "./nowhere.wasm"]).fails(2, &["nowhere.wasm cannot be read"]);
}

#[test]
fn a_truncated_file_is_told_to_be_one() {
    let world = World::new();
    for length in [9, 100, 5_000, APPWRITE.bytes.len() / 2, APPWRITE.bytes.len() - 1] {
        describe(&world, "cut.wasm", &APPWRITE.bytes[..length]).fails(6, &["cut.wasm", "truncated or damaged"]);
    }
}

#[test]
fn every_component_imports_the_contract_and_wasi_alone_and_is_small() {
    for component in PROVIDERS {
        assert!(component.bytes.len() < 1024 * 1024, "{} has {} bytes", component.name, component.bytes.len());
        let engine = wharf::Host::builder().build().unwrap();
        // Loading refuses every other import.
        assert_eq!(engine.load_bytes(component.bytes).unwrap().about.name, component.name);
    }
}

#[test]
fn one_bad_file_in_a_folder_does_not_keep_the_others_out() {
    let world = World::new();
    let folder = world.path().join("plugins");
    fs::create_dir(&folder).unwrap();
    fs::copy(OBEDIENT.path, folder.join("b-obedient.wasm")).unwrap();
    fs::write(folder.join("a-broken.wasm"), "broken").unwrap();
    fs::write(folder.join("notes.txt"), "not looked at").unwrap();
    world.configure(&format!("plugins = [\"{}\"]\n", folder.display()));

    let run = world.wharf(&["plugins", "--json"]);
    assert!(run.err.contains("a-broken.wasm: it is a text"), "{}", run.err);
    let plugins = run.json();
    let obedient = plugins.as_array().unwrap().iter().find(|p| p["name"] == "obedient").unwrap();
    assert!(obedient["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(obedient["size"], OBEDIENT.bytes.len());
    assert_eq!(plugins.as_array().unwrap().len(), 6, "with the five that are bundled");
}

#[test]
fn a_file_that_claims_the_name_of_another_plugin_does_not_do_so_in_silence() {
    let world = World::new();
    let folder = world.path().join("plugins");
    fs::create_dir(&folder).unwrap();
    fs::copy(OBEDIENT.path, folder.join("a.wasm")).unwrap();
    fs::copy(OBEDIENT.path, folder.join("b.wasm")).unwrap();
    fs::copy(APPWRITE.path, folder.join("c.wasm")).unwrap();
    world.configure(&format!("plugins = [\"{}\"]\n", folder.display()));
    let run = world.wharf(&["plugins"]);
    assert!(run.err.contains("b.wasm: it is the plugin `obedient`, as "), "{}", run.err);
    assert!(run.err.contains("c.wasm takes the place of the bundled plugin `appwrite`"), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn a_cache_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let compiled = world.path().join("cache/wharf/compiled");
    fs::create_dir_all(&compiled).unwrap();
    fs::set_permissions(&compiled, fs::Permissions::from_mode(0o777)).unwrap();
    let cache = world.path().join("cache");
    let run = world.wharf_with(&[("XDG_CACHE_HOME", cache.to_str().unwrap())], &["describe", "wibiclick"]);
    assert_eq!((run.code, fs::read_dir(&compiled).unwrap().count()), (0, 0));
}

#[test]
fn a_compiled_component_that_is_damaged_is_compiled_again() {
    let world = World::new();
    let cache = world.path().join("cache");
    let describe = || world.wharf_with(&[("XDG_CACHE_HOME", cache.to_str().unwrap())], &["describe", "wibiclick"]);
    assert_eq!(describe().code, 0);
    let compiled: Vec<_> = fs::read_dir(cache.join("wharf/compiled")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(compiled.len(), 2, "the code and the manifest");
    compiled.iter().for_each(|file| fs::write(file, "damaged").unwrap());
    assert_eq!(describe().code, 0);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_or_too_large_in_a_folder_of_plugins_is_told_and_holds_nobody_up() {
    let world = World::new();
    let folder = world.path().join("plugins");
    fs::create_dir(&folder).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.join("a.wasm")).status().unwrap().success());
    fs::create_dir(folder.join("b.wasm")).unwrap();
    for (name, beginning) in [("c.wasm", &b""[..]), ("d.wasm", b"\0asm\x0d\0\x01\0")] {
        let file = fs::File::create(folder.join(name)).unwrap();
        std::io::Write::write_all(&mut &file, beginning).unwrap();
        file.set_len(3 << 40).unwrap();
    }
    world.configure(&format!("plugins = [\"plugins/\"]\n{}", world.connections()));
    let run = world.call("appwrite users.list");
    assert_eq!(run.code, 0, "{run:?}");
    for said in ["a.wasm cannot be read: it is a pipe", "b.wasm cannot be read: it is a folder", "c.wasm: it is no Web"]
    {
        assert!(run.err.contains(said), "{said}: {}", run.err);
    }
    assert!(run.err.contains("d.wasm cannot be read: it has more than 256.0 MiB"), "{}", run.err);
    for words in [["install", "plugins/a.wasm"], ["describe", "plugins/a.wasm"]] {
        world.wharf(&words).fails(2, &["a.wasm cannot be read: it is a pipe"]);
    }
    world.wharf(&["replay", "appwrite", "plugins/a.wasm"]).fails(2, &["it is a pipe"]);
    for option in ["--input=@plugins/a.wasm", "--attach=a=@plugins/a.wasm"] {
        world.wharf(&["call", "appwrite", "users.list", option]).fails(2, &["a.wasm cannot be read: it is a pipe"]);
    }
}
