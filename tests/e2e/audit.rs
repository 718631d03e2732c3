//! What a call leaves in the audit, and what an operator sees of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wharf_simulated::vtiger::SESSION_NAME;

use crate::world::{OTHER_KEY, World};

fn audit(world: &World) -> PathBuf {
    world.path().join(".wharf/audit.jsonl")
}

fn records(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The configuration with a table in front of it, and a connection for a plugin that is refused.
fn configured(world: &World, table: &str) {
    let url = world.simulation.appwrite.url();
    let key = world.write("rogue.key", OTHER_KEY);
    world.configure(&format!(
        "{table}\n{}[connections.rogue]\nprovider = \"rogue\"\nbase_url = \"{url}\"\n\
         [connections.rogue.fields]\ngreeting = \"hello\"\nkey = {{ file = \"{}\" }}\n",
        world.connections(),
        key.display()
    ));
}

/// A call that a rule of egress denies.
fn denied(world: &World, more: &[&str]) -> crate::world::Run {
    world.wharf(&[&["call", wharf_artifacts::ROGUE.path, "egress.climbs-out-of-the-path"], more].concat())
}

#[test]
fn a_request_leaves_an_intent_and_an_outcome() {
    let world = World::new();
    assert_eq!(world.call("appwrite users.delete-session userId=ada sessionId=ada-laptop").code, 0);
    let records = records(&audit(&world));
    let [intent, outcome] = records.as_slice() else { panic!("{records:?}") };
    let url = format!("{}/v1/users/ada/sessions/ada-laptop", world.simulation.appwrite.url());
    for record in [intent, outcome] {
        assert_eq!(record["plugin"], "appwrite");
        assert_eq!(record["operation"], "users.delete-session");
        assert_eq!(record["connection"], "appwrite");
        assert_eq!((record["method"].as_str(), record["url"].as_str()), (Some("DELETE"), Some(url.as_str())));
        assert_eq!(record["digest"].as_str().unwrap().len(), 64);
        assert!(record["time"].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!((&intent["event"], &outcome["event"]), (&Value::from("intent"), &Value::from("outcome")));
    assert_eq!(outcome["status"], 204);
    assert!(world.simulation.appwrite.url().ends_with(outcome["address"].as_str().unwrap()), "{outcome}");
    assert_eq!(outcome["prev"], intent["hash"]);
}

#[test]
fn refusals_are_recorded_before_and_while_a_plugin_runs() {
    let world = World::new();
    configured(&world, "");
    let head = "provider = \"appwrite\"\n";
    let text = fs::read_to_string(world.path().join("wharf.toml")).unwrap();
    world.configure(&text.replace(head, &format!("{head}effects = [\"read\"]\n")));
    world.call("appwrite users.delete-session userId=ada sessionId=ada-laptop").fails(3, &["rule grant"]);
    denied(&world, &[]).fails(3, &["rule path-value"]);
    world.call("appwrite users.list --timeout 0s").fails(5, &["`timeout`"]);
    let records = records(&audit(&world));
    let rules: Vec<_> = records.iter().map(|record| (record["event"].as_str(), record["rule"].as_str())).collect();
    let refusal = |rule| (Some("refusal"), Some(rule));
    assert_eq!(rules, [refusal("grant"), refusal("path-value"), refusal("limit")]);
    assert!(records[0]["message"].as_str().unwrap().contains("add \"delete\" to `effects`"), "{}", records[0]);
    assert!(world.simulation.appwrite.requests().is_empty());
}

#[test]
fn what_sends_nothing_leaves_nothing() {
    let world = World::new();
    assert_eq!(world.call("appwrite users.list --dry-run").code, 0);
    assert_eq!(world.wharf(&["describe", "appwrite"]).code, 0);
    world.call("appwrite users.delete-session userId=ada").fails(2, &["sessionId"]);
    configured(&world, "");
    denied(&world, &["--dry-run"]).fails(3, &["rule path-value"]);
    assert!(!audit(&world).exists());
    let shown = world.wharf(&["audit", "show"]);
    assert_eq!((shown.code, shown.out.as_str()), (0, ""));
    assert!(shown.err.contains("Nothing is recorded yet"), "{}", shown.err);
    assert!(world.wharf(&["audit", "verify"]).out.starts_with("0 records of 0 processes"));
}

#[test]
fn a_call_is_found_by_its_id() {
    let world = World::new();
    let told = world.call("vtiger session.login --verbose").err;
    let id = told.lines().find_map(|line| line.strip_prefix("call ")).unwrap().to_owned();
    assert_eq!(world.call("appwrite users.list").code, 0);
    let shown = world.wharf(&["audit", "show", "--call", &id]);
    let lines: Vec<&str> = shown.out.lines().collect();
    assert_eq!(lines.len(), 4, "a challenge and a login, each with an outcome: {shown:?}");
    assert!(lines.iter().all(|line| line.contains("vtiger session.login") && line.contains(&id)), "{shown:?}");
    assert!(lines[1].contains("outcome") && lines[1].contains("200, "), "{shown:?}");
    assert_eq!(world.wharf(&["audit", "show", "--call", &id, "--json"]).json().as_array().unwrap().len(), 4);
    assert_eq!(world.wharf(&["audit", "show"]).out.lines().count(), 6);
    world.wharf(&["audit", "show", "--call", "none"]).fails(2, &["no record of a call `none`"]);

    configured(&world, "");
    let failed: Value = serde_json::from_str(&denied(&world, &["--json"]).out).unwrap();
    let id = failed["error"]["call"].as_str().unwrap();
    let refusal = world.wharf(&["audit", "show", "--call", id]);
    assert!(refusal.out.contains("refusal") && refusal.out.contains("path-value: "), "{refusal:?}");
}

#[test]
fn an_edit_a_cut_and_a_forged_escape_are_found() {
    let world = World::new();
    (0..3).for_each(|_| assert_eq!(world.call("appwrite users.list").code, 0));
    assert_eq!(world.wharf(&["audit", "verify"]).out, "6 records of 3 processes are as they were written\n");

    let sound = fs::read_to_string(audit(&world)).unwrap();
    world.write(".wharf/audit.jsonl", sound.replacen("\"status\":200", "\"status\":500", 1));
    world.wharf(&["audit", "verify"]).fails(1, &["audit.jsonl, line 2: it was edited"]);
    let cut: Vec<&str> = sound.lines().skip(1).collect();
    world.write(".wharf/audit.jsonl", cut.join("\n"));
    world.wharf(&["audit", "verify"]).fails(1, &["line 1: the first 1 records of the process"]);
    world.write(".wharf/audit.jsonl", format!("\u{1b}[2J\u{7}\n{sound}"));
    let forged = world.wharf(&["audit", "show"]);
    forged.fails(1, &["line 1: it is no record"]);
    assert!(!format!("{}{}", forged.out, forged.err).contains('\u{7}'), "{forged:?}");
    world.wharf(&["audit", "verify", "nowhere.jsonl"]).fails(2, &["nowhere.jsonl", "there is no such file"]);

    let (first, second) = sound.split_at(sound.match_indices('\n').nth(2).unwrap().0 + 1);
    world.write("old.jsonl", first);
    world.write("new.jsonl", second);
    assert_eq!(world.wharf(&["audit", "verify", "old.jsonl", "new.jsonl"]).code, 0, "a rotated audit is one audit");
}

#[test]
fn sensitive_values_are_delivered_to_the_caller_and_masked_in_the_audit() {
    let world = World::new();
    let link = world.call("chatwoot users.get-sso-url id=1").json()["url"].as_str().unwrap().to_owned();
    let token = link.split("sso_auth_token=").nth(1).unwrap();
    let session = world.call("vtiger session.login").json()["sessionName"].as_str().unwrap().to_owned();
    assert_eq!(world.call(&format!("vtiger session.extend sessionName={session}")).code, 0);
    assert_eq!(world.call("vtiger metadata.list-types").code, 0);
    assert_eq!(world.call(&format!("vtiger session.logout sessionName={SESSION_NAME}")).code, 0);
    let mut secrets: Vec<String> =
        world.simulation.connections().into_iter().flat_map(|c| c.fields).map(|f| f.1).collect();
    secrets.retain(|value| !["simulated-project", "admin"].contains(&value.as_str()));
    let text = fs::read_to_string(audit(&world)).unwrap();
    for value in [token, &session, SESSION_NAME].into_iter().chain(secrets.iter().map(String::as_str)) {
        assert!(!text.contains(value), "the audit tells {value}");
    }
    assert!(text.contains("operation=listtypes&sessionName=•••"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_full_disk_stops_calls_unless_the_operator_chose_otherwise() {
    let world = World::new();
    fs::File::create(world.path().join("a.jsonl")).unwrap().set_len(256 << 20).unwrap();
    configured(&world, "[audit]\nfile = \"a.jsonl\"");
    let words = ["the audit cannot be written to", "a.jsonl: File too large", "required = false"];
    world.wharf_without_room(&["call", "appwrite", "users.list"]).fails(1, &words);
    world.wharf_without_room(&["call", wharf_artifacts::ROGUE.path, "egress.climbs-out-of-the-path"]).fails(1, &words);
    assert!(world.simulation.appwrite.requests().is_empty());

    configured(&world, "[audit]\nfile = \"a.jsonl\"\nrequired = false");
    let run = world.wharf_without_room(&["call", "appwrite", "users.list"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("2 records of the audit could not be written to"), "{}", run.err);
    assert_eq!(world.simulation.appwrite.requests().len(), 1);
}

#[cfg(unix)]
#[test]
fn an_audit_that_is_no_regular_file_is_refused_before_anything_is_sent() {
    let world = World::new();
    assert!(std::process::Command::new("mkfifo").arg(world.path().join("pipe")).status().unwrap().success());
    fs::create_dir(world.path().join("folder")).unwrap();
    for (file, what) in
        [("pipe", "a pipe"), ("folder", "a folder"), ("/dev/stdout", "a pipe"), ("/dev/null", "a device")]
    {
        configured(&world, &format!("[audit]\nfile = {file:?}"));
        let what = format!("{file}: it is {what}");
        world.call("appwrite users.list").fails(1, &["cannot be written to", &what, "enabled = false"]);
    }
    assert!(world.simulation.appwrite.requests().is_empty());
    world.wharf(&["audit", "verify", "pipe"]).fails(2, &["pipe cannot be read: it is a pipe"]);
}

#[test]
fn the_audit_is_where_the_configuration_says_or_nowhere() {
    let world = World::new();
    configured(&world, "[audit]\nenabled = false");
    assert_eq!(world.call("appwrite users.list").code, 0);
    assert!(!audit(&world).exists());
    world.wharf(&["audit", "show"]).fails(2, &["keeps no audit"]);

    configured(&world, "[audit]\nfile = \"logs/a.jsonl\"");
    assert_eq!(world.call("appwrite users.list").code, 0);
    assert_eq!(records(&world.path().join("logs/a.jsonl")).len(), 2);
}

#[test]
fn without_a_configuration_the_audit_is_in_the_users_state() {
    let world = World::new();
    fs::remove_file(world.path().join("wharf.toml")).unwrap();
    let url = world.simulation.wibiclick.url();
    let environment = [("WIBICLICK_API_URL", url.as_str()), ("WIBICLICK_API_KEY", OTHER_KEY)];
    let state = world.path().join("state");
    let words = ["call", "wibiclick", "users.disconnect-from-website", "websiteId=w", "userId=u"];
    let with_state: Vec<_> = environment.into_iter().chain([("XDG_STATE_HOME", state.to_str().unwrap())]).collect();
    world.wharf_with(&with_state, &words);
    assert_eq!(records(&state.join("wharf/audit.jsonl")).len(), 2);
}
