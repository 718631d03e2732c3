//! What a caller types, and what comes back.

use std::process::Stdio;

use serde_json::json;

use crate::world::World;

const DELETE: [&str; 3] = ["call", "appwrite", "users.delete-session"];

fn delete<'a>(words: &[&'a str]) -> Vec<&'a str> {
    DELETE.into_iter().chain(words.iter().copied()).collect()
}

#[test]
fn input_comes_as_json_as_a_file_from_standard_input_and_by_name() {
    let world = World::new();
    let input = r#"{"userId": "ada", "sessionId": "ada-laptop"}"#;
    assert_eq!(world.wharf(&delete(&["--input", input])).json(), json!({"success": true}));

    world.write("input.json", input.replace("laptop", "phone"));
    assert_eq!(world.wharf(&delete(&["--input", "@input.json"])).json(), json!({"success": true}));

    let tablet = input.replace("laptop", "tablet");
    assert_eq!(world.wharf_reading(&tablet, &delete(&["--input", "-"])).json(), json!({"success": true}));

    // A value by name goes over that of the JSON.
    let words = delete(&["--input", r#"{"userId": "grace", "sessionId": "x"}"#, "sessionId=grace-phone"]);
    assert_eq!(world.wharf(&words).json(), json!({"success": true}));
}

#[test]
fn wrong_input_names_the_field_and_what_is_allowed() {
    let world = World::new();
    world
        .wharf(&delete(&["userId=ada"]))
        .fails(2, &["`sessionId`: it is missing", "text of 1 to 36 characters", "; write sessionId=text"]);
    world.wharf(&delete(&["userid=ada"])).fails(2, &["`userid`", "did you mean `userId`?"]);
    world
        .wharf(&delete(&["--input", r#"{"userId": "ada", "sessionId": 7}"#]))
        .fails(2, &["`sessionId`", "7 is not of type"]);
    world.wharf(&delete(&["--input", "[1]"])).fails(2, &["item 1 of 1", "not a JSON object"]);
    world.wharf(&delete(&["--input", "{broken"])).fails(2, &["--input is not JSON", "line 1 column 2"]);
    world.wharf(&delete(&["--input", "@nowhere.json"])).fails(2, &["nowhere.json", "cannot be read"]);
    world.wharf(&delete(&["userId"])).fails(2, &["`userId` is not `name=value`"]);
    world
        .wharf(&delete(&["--attach", "file=@wharf.toml", "userId=ada", "sessionId=b"]))
        .fails(2, &["`file`", "takes no file"]);
    assert!(world.simulation.appwrite.requests().is_empty());
}

#[test]
fn an_input_that_no_url_can_hold_is_no_fault_of_the_provider() {
    let world = World::new();
    let queries: Vec<String> = (0..30).map(|_| "x".repeat(4096)).collect();
    let input = json!({ "queries": queries }).to_string();
    world
        .wharf(&["call", "appwrite", "users.list", "--input", &input])
        .fails(3, &["the URL would be longer", "fewer or shorter"]);
    assert!(world.simulation.appwrite.requests().is_empty());
}

#[test]
fn unknown_names_suggest_the_nearest() {
    let world = World::new();
    world.call("apwrite users.list").fails(2, &["no plugin `apwrite`", "did you mean `appwrite`?"]);
    world.call("vtiger logout").fails(2, &["no operation `logout`", "did you mean `session.logout`?"]);
    world.call("appwrite users.lists").fails(2, &["no operation `users.lists`", "did you mean `users.list`?"]);
    world
        .call("appwrite users.list --connection apwrite")
        .fails(2, &["no connection `apwrite`", "did you mean `appwrite`?"]);
}

#[test]
fn an_array_runs_once_for_each_item_and_stops_at_the_first_failure() {
    let world = World::new();
    let items = r#"[{"userId":"ada","sessionId":"ada-laptop"},{"userId":"ada","sessionId":"none"},{"userId":"ada","sessionId":"ada-phone"}]"#;
    let run = world.wharf(&delete(&["--input", items]));
    run.fails(4, &["item 2 of 3", "user_session_not_found"]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&run.out).unwrap(),
        json!([{"success": true}]),
        "what was done is told"
    );
    assert_eq!(world.simulation.appwrite.requests().len(), 2);

    let items = items.replace("ada-laptop", "ada-tablet");
    let outputs = world.wharf(&delete(&["--input", &items, "--continue-on-fail"])).json();
    assert_eq!(outputs[0], json!({"success": true}));
    assert_eq!(outputs[1]["error"]["code"], "not-found");
    assert_eq!(outputs[1]["error"]["provider-code"], "user_session_not_found");
    assert_eq!(outputs[2], json!({"success": true}));
    assert_eq!(world.wharf(&delete(&["--input", "[]"])).json(), json!([]));
}

#[test]
fn a_failure_can_be_had_as_json() {
    let world = World::new();
    let run = world.wharf(&delete(&["userId=ada", "sessionId=none", "--json"]));
    run.fails(4, &["not found"]);
    let error: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(error["error"]["kind"], "provider");
    assert_eq!(error["error"]["status"], 404);

    // One document, also for an array, and for what fails before the call.
    let items = r#"[{"userId":"ada","sessionId":"ada-laptop"},{"userId":"ada","sessionId":"none"}]"#;
    let run = world.wharf(&delete(&["--input", items, "--json"]));
    let all: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (&all[0], &all[1]["item"], &all[1]["error"]["code"]),
        (&json!({"success": true}), &json!(2), &json!("not-found"))
    );
    for words in [
        "call apwrite x --json",
        "call appwrite users.list --input {bad --json",
        "call appwrite users.list --config nowhere --json",
    ] {
        let run = world.wharf(&words.split(' ').collect::<Vec<_>>());
        let error: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!((run.code, &error["error"]["kind"]), (2, &json!("input")), "{words}");
    }

    let single = world.wharf(&delete(&["userId=ada", "sessionId=none", "--continue-on-fail"])).json();
    assert_eq!(single["error"]["code"], "not-found");
}

#[test]
fn a_dry_run_prints_the_request_and_sends_nothing() {
    let world = World::new();
    let run = world.wharf(&delete(&["userId=ada", "sessionId=ada-laptop", "--dry-run"]));
    let url = world.simulation.appwrite.url();
    let expected = format!(
        "DELETE {url}/v1/users/ada/sessions/ada-laptop\nX-Appwrite-Project: simulated-project\nX-Appwrite-Key: •••\n"
    );
    assert_eq!((run.code, run.out), (0, expected));
    let quiet = world.wharf(&delete(&["userId=ada", "sessionId=ada-laptop", "--dry-run", "--verbose"]));
    assert_eq!(quiet.err, "", "nothing is recorded of it, so it has no id");

    let told = |words: &str| world.call(words).err;
    assert_eq!(told("appwrite users.list --dry-run"), "");
    assert_eq!(told("appwrite users.list maxItems=9 --dry-run"), "Further pages depend on the answer to this one.\n");

    let requests = world.call("vtiger session.logout sessionName=geheim123 --dry-run --json").json();
    assert_eq!(requests[0]["body"], "operation=logout&sessionName=•••");
    assert!(world.simulation.appwrite.requests().is_empty() && world.simulation.vtiger.requests().is_empty());
}

#[test]
fn files_of_the_output_are_saved_in_their_folder_and_beside_what_is_there() {
    let world = World::new();
    let url = world.simulation.appwrite.url();
    world.configure(&format!("[connections.u]\nprovider = \"obedient\"\nbase_url = \"{url}\"\n"));
    world.write("...", "one");
    world.write("b.txt", "two");
    let shout =
        |words: &[&str]| world.wharf(&[&["call", wharf_artifacts::OBEDIENT.path, "good.shout"], words].concat());
    let run = shout(&["--attach", "file=@...", "--attach", "file=@b.txt", "--attach", "file=@b.txt", "--save", "out"]);
    assert_eq!(run.json(), json!({"success": true}));
    let read = |name: &str| std::fs::read_to_string(world.path().join("out").join(name)).unwrap();
    assert_eq!((read("b.txt").as_str(), read("b-1.txt").as_str()), ("TWO", "TWO"));
    assert_eq!(std::fs::read_dir(world.path().join("out")).unwrap().count(), 3, "{}", run.err);

    shout(&["--attach", "file=@b.txt", "--save", "b.txt"]).fails(2, &["--save b.txt", "cannot be made"]);
    let unsaved = shout(&["--attach", "file=@b.txt"]);
    assert!(unsaved.code == 0 && unsaved.err.contains("--save DIR keeps it"), "{unsaved:?}");
    shout(&[]).fails(2, &["`file`", "the file is missing"]);
    shout(&["--attach", "file=b.txt"]).fails(2, &["is not `name=@FILE`"]);
    shout(&["--attach", "file=@b.txt;type=no type"]).fails(2, &["`no type` is no media type", "octet-stream"]);
    assert_eq!(shout(&["--attach", "file=@b.txt;type=text/plain", "--save", "typed"]).code, 0);
}

#[test]
fn only_a_terminal_gets_colours() {
    let world = World::new();
    for words in
        ["plugins", "describe appwrite", "describe vtiger session.login", "call appwrite users.list", "call x y"]
    {
        let run = world.wharf(&words.split(' ').collect::<Vec<_>>());
        assert!(!run.out.contains('\u{1b}') && !run.err.contains('\u{1b}'), "{words}");
    }
}

#[test]
fn a_secret_is_in_no_output() {
    let world = World::new();
    let secrets: Vec<String> = world
        .simulation
        .connections()
        .into_iter()
        .flat_map(|c| c.fields)
        .filter(|(n, _)| !["project_id", "username"].contains(n))
        .map(|(_, v)| v)
        .collect();
    for words in [
        "describe appwrite --json",
        "call appwrite users.list --verbose",
        "call appwrite users.list --dry-run",
        "call chatwoot profile.get --verbose",
        "call vtiger session.login --verbose",
        "call aigency users.logout userId=7 --verbose",
        "call aigency users.logout userId=99 --json",
        "demo",
        "demo --json",
    ] {
        let run = world.wharf(&words.split(' ').collect::<Vec<_>>());
        for secret in &secrets {
            assert!(!run.out.contains(secret) && !run.err.contains(secret), "{words} tells {secret}");
        }
    }
}

#[test]
fn a_failure_counts_although_nobody_reads_the_output() {
    let world = World::new();
    let mut child = world
        .command(&[], &delete(&["userId=ada", "sessionId=none", "--json"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not found"));
}

#[test]
fn shells_get_their_completions() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let run = world.wharf(&["completions", shell]);
        assert!(run.code == 0 && run.out.contains("simulate"), "{shell}");
    }
}
