//! What the machine lacks, told before it is missed.

use serde_json::json;

use crate::world::World;

#[test]
fn the_doctor_says_how_calls_fare_on_this_machine() {
    let world = World::new();
    world.write("wharf.toml", "[limits]\ncalls = 7\n");
    let run = world.wharf(&["doctor"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("calls          7 at one time"), "{}", run.out);
    assert!(run.out.contains("compiled code  kept in "), "{}", run.out);
    assert!(run.out.contains("which pages a call wrote to"), "{}", run.out);

    let found = world.wharf(&["doctor", "--json"]).json();
    let subjects: Vec<_> = found.as_array().unwrap().iter().map(|finding| &finding["subject"]).collect();
    assert_eq!(json!(subjects), json!(["memories", "instances", "calls", "threads", "compiled code", "vault"]));
}

#[test]
fn the_doctor_tells_of_a_cache_that_others_can_write_to() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let cache = world.path().join("open");
    std::fs::create_dir_all(cache.join("wharf/compiled")).unwrap();
    for folder in ["wharf", "wharf/compiled"] {
        std::fs::set_permissions(cache.join(folder), std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let run = world.wharf_with(&[("XDG_CACHE_HOME", cache.to_str().unwrap())], &["doctor"]);
    assert_eq!(run.code, 0, "not a failure: {}", run.err);
    assert!(run.out.contains("look  compiled code  not kept"), "{}", run.out);
}
