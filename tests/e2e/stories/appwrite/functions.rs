//! Functions, their code, runs and variables.

use std::fs;

use super::{Value, World, call, equal, fails, has, ids, json, run};

const AHEAD: &str = "2099-01-05T09:00:00.000+00:00";

/// The input with the function that is there from the start.
fn of_greeter(mut input: Value) -> Value {
    input["functionId"] = "greeter".into();
    input
}

/// What is like a tar.gz file, and like the end of a part of a form.
fn code(length: usize) -> Vec<u8> {
    b"\x1f\x8b\x08\x00\r\n--\r\n\xff".iter().copied().cycle().take(length).collect()
}

/// Deploys code from a file, and gives the id.
#[track_caller]
fn deploy(world: &World, code: &[u8], activate: bool) -> Value {
    world.write("code.tar.gz", code);
    let input = of_greeter(json!({"entrypoint": "src/main.js", "commands": "npm install", "activate": activate}));
    run(world, "appwrite deployments.create", &input, &["--attach", "code=@code.tar.gz"]).json()["$id"].clone()
}

#[test]
fn a_function_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let runtimes = call(&world, "appwrite functions.list-runtimes", json!({}));
    assert!(ids(&runtimes).contains(&"python-3.12"));
    let specifications = call(&world, "appwrite functions.list-specifications", json!({}));
    let slug = &specifications["specifications"][0]["slug"];
    let input = json!({
        "functionId": "tides", "name": "Tides", "runtime": "python-3.12", "execute": ["any"], "events": ["users.*.create"],
        "schedule": "0 6 * * *", "timeout": 30, "enabled": false, "logging": false, "entrypoint": "main.py",
        "commands": "pip install", "scopes": ["users.read", "rows.write"], "specification": slug,
    });
    let made = call(&world, "appwrite functions.create", input.clone());
    let mut expected = input.clone();
    expected["$id"] = expected.as_object_mut().unwrap().remove("functionId").unwrap();
    has(&made, &expected);
    fails(&world, "appwrite functions.create", input, 4, &["conflict", "function_already_exists"]);

    let tides = json!({"functionId": "tides"});
    assert_eq!(call(&world, "appwrite functions.get", tides.clone()), made);
    assert_eq!(ids(&call(&world, "appwrite functions.list", json!({}))), ["greeter", "tides"]);
    let of_python = json!({"queries": [equal("runtime", "python-3.12")]});
    assert_eq!(ids(&call(&world, "appwrite functions.list", of_python)), ["tides"]);

    let change =
        json!({"functionId": "tides", "name": "Tides and winds", "enabled": true, "timeout": 60, "events": []});
    call(&world, "appwrite functions.update", change);
    let found = call(&world, "appwrite functions.get", tides.clone());
    has(&found, &json!({"name": "Tides and winds", "enabled": true, "timeout": 60, "runtime": "python-3.12"}));
    has(&found, &json!({"events": [], "entrypoint": "main.py"}));

    assert_eq!(call(&world, "appwrite functions.delete", tides.clone()), json!({"success": true}));
    fails(&world, "appwrite functions.get", tides.clone(), 4, &["not found", "function_not_found"]);
    fails(&world, "appwrite deployments.list", tides, 4, &["not found", "function_not_found"]);
}

#[test]
fn a_deployment_is_made_of_a_file_built_found_activated_downloaded_and_deleted() {
    let world = World::new();
    let content = code(999);
    let id = deploy(&world, &content, false);
    let one = of_greeter(json!({"deploymentId": id}));
    fails(&world, "appwrite functions.update-deployment", one.clone(), 4, &["build_not_ready"]);
    let found = call(&world, "appwrite deployments.get", one.clone());
    has(
        &found,
        &json!({"$id": id, "status": "ready", "entrypoint": "src/main.js", "sourceSize": 999, "activate": false}),
    );
    assert_eq!(ids(&call(&world, "appwrite deployments.list", of_greeter(json!({})))), ["first", id.as_str().unwrap()]);
    let large = of_greeter(json!({"queries": [equal("sourceSize", 999)]}));
    assert_eq!(ids(&call(&world, "appwrite deployments.list", large)), [id.as_str().unwrap()]);

    has(&call(&world, "appwrite functions.update-deployment", one.clone()), &json!({"deploymentId": id}));
    has(&call(&world, "appwrite functions.get", of_greeter(json!({}))), &json!({"deploymentId": id}));

    for kind in ["source", "output"] {
        let input = of_greeter(json!({"deploymentId": id, "type": kind}));
        assert_eq!(
            run(&world, "appwrite deployments.download", &input, &["--save", kind]).json(),
            json!({"success": true})
        );
        assert_eq!(saved(&world, kind), content);
    }

    assert_eq!(call(&world, "appwrite deployments.delete", one.clone()), json!({"success": true}));
    fails(&world, "appwrite deployments.get", one.clone(), 4, &["not found", "deployment_not_found"]);
    fails(&world, "appwrite deployments.download", one, 4, &["not found", "deployment_not_found"]);
}

/// The content of the one file in a folder.
#[track_caller]
fn saved(world: &World, folder: &str) -> Vec<u8> {
    let files: Vec<_> = fs::read_dir(world.path().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    fs::read(file).unwrap()
}

#[test]
fn code_above_five_mebibytes_is_deployed_in_parts() {
    let world = World::new();
    let content = code((10 << 20) + 1);
    let id = deploy(&world, &content, true);
    let requests = world.simulation.appwrite.requests();
    let ranges: Vec<_> = requests.iter().map(|request| request.header("content-range").unwrap()).collect();
    assert_eq!(
        ranges,
        ["bytes 0-5242879/10485761", "bytes 5242880-10485759/10485761", "bytes 10485760-10485760/10485761"]
    );
    assert_eq!(requests[0].header("x-appwrite-id"), None);
    assert!(requests[1..].iter().all(|request| request.header("x-appwrite-id") == id.as_str()));

    let one = of_greeter(json!({"deploymentId": id}));
    has(&call(&world, "appwrite deployments.get", one.clone()), &json!({"status": "ready", "sourceSize": 10_485_761}));
    has(&call(&world, "appwrite functions.get", of_greeter(json!({}))), &json!({"deploymentId": id}));
    run(&world, "appwrite deployments.download", &one, &["--save", "out"]).json();
    assert!(saved(&world, "out") == content, "it came back as it was sent");
}

#[test]
fn code_without_a_file_or_of_another_kind_is_refused() {
    let world = World::new();
    let input = of_greeter(json!({"activate": true}));
    fails(&world, "appwrite deployments.create", input.clone(), 2, &["`code`"]);
    assert!(world.simulation.appwrite.requests().is_empty());
    world.write("code.zip", code(9));
    run(&world, "appwrite deployments.create", &input, &["--attach", "code=@code.zip"])
        .fails(2, &["storage_file_type_unsupported"]);
}

#[test]
fn a_deployment_is_made_of_another_one_a_template_and_a_repository() {
    let world = World::new();
    let copy = call(&world, "appwrite deployments.create-duplicate", of_greeter(json!({"deploymentId": "first"})));
    has(&copy, &json!({"status": "waiting", "resourceId": "greeter"}));
    for (of, folder) in [(&json!("first"), "first"), (&copy["$id"], "copy")] {
        let input = of_greeter(json!({"deploymentId": of}));
        run(&world, "appwrite deployments.download", &input, &["--save", folder]).json();
    }
    assert_eq!(saved(&world, "copy"), saved(&world, "first"));
    let none = of_greeter(json!({"deploymentId": "none"}));
    fails(&world, "appwrite deployments.create-duplicate", none, 4, &["not found", "deployment_not_found"]);

    let template = json!({
        "repository": "templates", "owner": "harbour", "rootDirectory": "node/starter", "type": "tag",
        "reference": "0.3.0", "activate": true,
    });
    let made = call(&world, "appwrite deployments.create-template", of_greeter(template));
    has(&made, &json!({"type": "vcs", "activate": true}));
    let branch = json!({"type": "branch", "reference": "main"});
    let made = call(&world, "appwrite deployments.create-vcs", of_greeter(branch));
    has(&made, &json!({"type": "vcs", "activate": false}));
    assert_eq!(call(&world, "appwrite deployments.list", of_greeter(json!({})))["total"], 4);
}

#[test]
fn a_build_is_cancelled_while_it_waits() {
    let world = World::new();
    let id = deploy(&world, &code(9), true);
    let one = of_greeter(json!({"deploymentId": id}));
    call(&world, "appwrite deployments.update-status", one.clone());
    has(&call(&world, "appwrite deployments.get", one), &json!({"status": "canceled"}));
    has(&call(&world, "appwrite functions.get", of_greeter(json!({}))), &json!({"deploymentId": "first"}));
    let ready = of_greeter(json!({"deploymentId": "first"}));
    fails(&world, "appwrite deployments.update-status", ready, 4, &["build_already_completed"]);
}

#[test]
fn a_function_is_run_and_the_execution_found_listed_and_deleted() {
    let world = World::new();
    let input = json!({
        "body": "{\"name\": \"Ada\"}", "path": "/greet?loud=1", "method": "PUT", "headers": {"x-harbour": "north"},
    });
    let made = call(&world, "appwrite executions.create", of_greeter(input));
    has(&made, &json!({"functionId": "greeter", "deploymentId": "first", "status": "completed"}));
    has(&made, &json!({"requestMethod": "PUT", "requestPath": "/greet?loud=1", "responseStatusCode": 200}));
    assert_eq!(made["requestHeaders"], json!([{"name": "x-harbour", "value": "north"}]));
    assert_eq!(made["responseBody"], "{\"name\": \"Ada\"}", "it answers what it was given");

    let one = of_greeter(json!({"executionId": made["$id"]}));
    assert_eq!(call(&world, "appwrite executions.get", one.clone()), made);
    let plain = call(&world, "appwrite executions.create", of_greeter(json!({})));
    has(&plain, &json!({"requestMethod": "POST", "requestPath": "/"}));
    assert_eq!(call(&world, "appwrite executions.list", of_greeter(json!({})))["total"], 2);
    let puts = of_greeter(json!({"queries": [equal("requestMethod", "PUT")]}));
    assert_eq!(ids(&call(&world, "appwrite executions.list", puts)), [made["$id"].as_str().unwrap()]);

    assert_eq!(call(&world, "appwrite executions.delete", one.clone()), json!({"success": true}));
    fails(&world, "appwrite executions.get", one, 4, &["not found", "execution_not_found"]);
}

#[test]
fn a_function_is_run_in_the_background_or_later() {
    let world = World::new();
    let made = call(&world, "appwrite executions.create", of_greeter(json!({"async": true})));
    assert_eq!(made["status"], "waiting");
    let one = of_greeter(json!({"executionId": made["$id"]}));
    fails(&world, "appwrite executions.delete", one.clone(), 4, &["execution_in_progress"]);
    assert_eq!(call(&world, "appwrite executions.get", one.clone())["status"], "completed");
    call(&world, "appwrite executions.delete", one);

    let later = of_greeter(json!({"async": true, "scheduledAt": AHEAD}));
    let made = call(&world, "appwrite executions.create", later);
    has(&made, &json!({"status": "scheduled", "scheduledAt": AHEAD}));
    let at_once = of_greeter(json!({"scheduledAt": AHEAD}));
    fails(&world, "appwrite executions.create", at_once, 2, &["asynchronous"]);

    call(&world, "appwrite functions.create", json!({"functionId": "bare", "name": "Bare", "runtime": "node-22"}));
    fails(&world, "appwrite executions.create", json!({"functionId": "bare"}), 4, &["deployment_not_found"]);
}

#[test]
fn a_variable_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let input = of_greeter(json!({"key": "PORT", "value": "8080", "secret": false}));
    let made = call(&world, "appwrite variables.create", input);
    has(&made, &json!({"key": "PORT", "value": "8080", "secret": false}));
    let one = of_greeter(json!({"variableId": made["$id"]}));
    assert_eq!(call(&world, "appwrite variables.get", one.clone()), made);
    let hidden = of_greeter(json!({"key": "TOKEN", "value": "simulated-token", "secret": true}));
    assert_eq!(call(&world, "appwrite variables.create", hidden)["value"], "", "a secret is not shown again");
    let listed = call(&world, "appwrite variables.list", of_greeter(json!({})));
    let keys: Vec<&Value> = listed["variables"].as_array().unwrap().iter().map(|v| &v["key"]).collect();
    assert_eq!(keys, ["GREETING", "PORT", "TOKEN"]);

    let change = of_greeter(json!({"variableId": made["$id"], "key": "HARBOUR_PORT"}));
    call(&world, "appwrite variables.update", change);
    has(&call(&world, "appwrite variables.get", one.clone()), &json!({"key": "HARBOUR_PORT", "value": "8080"}));
    let change = of_greeter(json!({"variableId": made["$id"], "key": "PORT", "value": "9090", "secret": true}));
    call(&world, "appwrite variables.update", change);
    has(&call(&world, "appwrite variables.get", one.clone()), &json!({"key": "PORT", "value": "", "secret": true}));

    assert_eq!(call(&world, "appwrite variables.delete", one.clone()), json!({"success": true}));
    fails(&world, "appwrite variables.get", one, 4, &["not found", "variable_not_found"]);
    assert_eq!(call(&world, "appwrite variables.list", of_greeter(json!({})))["total"], 2);
}
