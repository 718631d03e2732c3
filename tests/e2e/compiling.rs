//! Components are compiled in a process of its own: what takes too much costs one refusal.

use wharf_artifacts::OBEDIENT;

use crate::world::World;

/// A component whose one function is so long that compiling it takes many times longer than any other test.
fn bomb() -> Vec<u8> {
    let steps = "local.get 0 call 0 local.get 0 i32.xor local.set 0\n".repeat(60_000);
    wat::parse_str(format!("(component (core module (func (param i32) (result i32) {steps} local.get 0)))")).unwrap()
}

/// A world in which nothing was compiled yet, with these limits.
fn world(limits: &str) -> World {
    let world = World::new();
    world.configure(&format!(
        "[limits]\n{limits}\n[connections.o]\nprovider = \"obedient\"\nbase_url = \"http://127.0.0.1:9\"\n"
    ));
    world.write("good.wasm", OBEDIENT.bytes);
    world
}

#[test]
fn a_component_that_takes_for_ever_to_compile_is_refused_and_the_live_release_goes_on() {
    let world = world("");
    world.wharf(&["install", "good.wasm"]);
    world.wharf(&["approve", "obedient"]);
    world.configure(
        "[limits]\ncompile_time = \"300ms\"\n[connections.o]\nprovider = \"obedient\"\nbase_url = \"http://127.0.0.1:9\"\n",
    );
    world.write("bomb.wasm", bomb());
    world.wharf(&["install", "bomb.wasm"]).fails(
        6,
        &["bomb.wasm", "the limit `compile_time` of 300ms", "raise `compile_time` under [limits] in wharf.toml"],
    );
    assert_eq!(world.call("obedient good.greet").code, 0);
}

#[test]
fn a_component_that_takes_too_much_memory_to_compile_is_refused() {
    let world = world("compile_memory = \"48MiB\"");
    world.write("bomb.wasm", bomb());
    world.wharf(&["install", "bomb.wasm"]).fails(6, &["the limit `compile_memory` of 48.0 MiB", "want of memory"]);
}

#[test]
fn a_component_whose_code_is_too_large_is_refused() {
    let world = world("compile_output = \"64KiB\"");
    let nowhere = world.path().join("empty-cache").display().to_string();
    let run = world.wharf_with(&[("XDG_CACHE_HOME", &nowhere)], &["install", "good.wasm"]);
    run.fails(6, &["the limit `compile_output` of 64.0 KiB: its code takes more"]);
}

#[test]
fn a_damaged_or_cut_artefact_is_made_anew() {
    let world = world("");
    let cache = world.path().join("cache");
    let environment = [("XDG_CACHE_HOME", cache.to_str().unwrap())];
    let call = || world.wharf_with(&environment, &["call", "./good.wasm", "good.greet"]);
    assert_eq!(call().code, 0);
    let files = || {
        let entries = std::fs::read_dir(cache.join("wharf/compiled")).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    };
    assert_eq!(files().len(), 2);
    for file in files() {
        let whole = std::fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        damaged[whole.len() * 2 / 3] ^= 1;
        for content in [&damaged, &whole[..whole.len() / 2], &[][..]] {
            std::fs::write(&file, content).unwrap();
            assert_eq!(call().code, 0);
            assert!(std::fs::read(&file).unwrap() == whole, "{} is not as it was", file.display());
        }
    }
}

#[test]
fn the_compiler_by_itself_answers_nothing_to_nonsense() {
    let world = world("");
    assert_eq!(world.wharf_reading("nonsense", &["compile"]).code, 1);
    assert_eq!(world.wharf_reading("", &["compile"]).code, 1);
}
