use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::world::{Running, World};

#[test]
fn the_demo_runs_five_operations_and_refuses_a_hostile_plugin() {
    let world = World::new();
    let demo = world.wharf(&["demo", "--json"]).json();
    let lines = demo["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 6);
    for (line, plugin) in lines.iter().zip(["appwrite", "chatwoot", "vtiger", "wibiclick", "aigency"]) {
        assert_eq!(line["plugin"], plugin);
        assert!(line["result"]["output"].is_object(), "{line}");
        assert!(!line["declared"].as_array().unwrap().is_empty() && !line["sent"].as_array().unwrap().is_empty());
    }
    for attempt in lines[5]["attempts"].as_array().unwrap() {
        assert_eq!(attempt["result"]["error"]["kind"], "denied", "{attempt}");
    }
    assert!(demo["timing"]["network-micros"].as_u64().unwrap() > 0);
}

#[test]
fn the_demo_on_a_screen_has_six_lines() {
    let world = World::new();
    let run = world.wharf(&["demo"]);
    assert_eq!(run.code, 0, "{run:?}");
    for number in 1..=6 {
        assert_eq!(run.out.lines().filter(|l| l.starts_with(&format!("{number} ✓"))).count(), 1, "{}", run.out);
    }
    assert!(run.out.contains("undeclared-request") && run.out.contains("sandbox"));
}

#[test]
fn simulate_writes_a_configuration_that_works_until_it_is_stopped() {
    let world = World::new();
    std::fs::remove_file(world.path().join("wharf.toml")).unwrap();
    let mut command = world.command(&[], &["simulate", "--json", "--config-out", "wharf.toml"]);
    let mut simulation = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(simulation.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(addresses["vtiger"].as_str().unwrap().starts_with("http://127.0.0.1:"));

    for words in [
        "appwrite users.delete-session userId=ada sessionId=ada-laptop",
        "chatwoot users.get-sso-url id=1",
        "vtiger session.login",
        "wibiclick users.disconnect-from-website websiteId=harbour-website userId=user-ada",
        "aigency users.logout userId=123",
    ] {
        let run = world.call(words);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{words}");
    }
    drop(simulation);
    world.call("aigency users.logout userId=123").fails(4, &["unavailable"]);
}

#[test]
fn simulate_does_not_write_over_a_configuration_of_yours() {
    let world = World::new();
    world.write("mine.toml", "# precious\n");
    world.wharf(&["simulate", "--config-out", "mine.toml"]).fails(2, &["mine.toml", "choose another name"]);
    assert_eq!(std::fs::read_to_string(world.path().join("mine.toml")).unwrap(), "# precious\n");
    world.write("binary.toml", b"\xff\xfe");
    world.wharf(&["simulate", "--config-out", "binary.toml"]).fails(2, &["choose another name"]);
    std::fs::create_dir(world.path().join("new.secrets")).unwrap();
    world.wharf(&["simulate", "--config-out", "new.toml"]).fails(2, &["new.secrets", "choose another name"]);
}
