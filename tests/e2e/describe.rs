use wharf_artifacts::OBEDIENT;

use crate::world::World;

#[test]
fn a_plugin_shows_its_operations_and_what_a_connection_needs() {
    let world = World::new();
    let text = world.wharf(&["describe", "appwrite"]).out;
    for words in [
        "appwrite 0.1.0",
        "base_url         required: ",
        "project_id",
        "required, secret: ",
        "APPWRITE_API_KEY",
        "users.delete-session",
        "delete",
    ] {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
}

#[test]
fn an_operation_shows_inputs_requests_and_free_values() {
    let world = World::new();
    let text = world.wharf(&["describe", "vtiger", "metadata.list-types"]).out;
    for words in [
        "list of: text, not empty",
        "GET {base_url}/webservice.php",
        "operation=listtypes",
        "credentials session-in-query",
        "wharf call vtiger metadata.list-types",
    ] {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
    let login = world.wharf(&["describe", "vtiger", "session.login"]).out;
    for words in ["credentials access-key", "(changes nothing)", "free variable challenge:"] {
        assert!(login.contains(words), "`{words}` is not in:\n{login}");
    }
    world.wharf(&["describe", "vtiger", "metadata.listtypes"]).fails(2, &["did you mean `metadata.list-types`?"]);
}

#[test]
fn an_operation_shows_how_lists_are_written_what_is_masked_and_a_body_that_is_free() {
    let world = World::new();
    let text = world.wharf(&["describe", OBEDIENT.path, "good.tell"]).out;
    for words in [
        "query rules (lists as JSON), tags (lists with commas), note\n",
        "text; sensitive\n",
        "json body the whole body (free)\n",
        "free the whole body: what is told\n",
        "obedient.wasm good.tell rules:='{…}' tags:='[…]'",
    ] {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
    world.write("a.wasm", OBEDIENT.bytes);
    let asked = world.wharf(&["install", "a.wasm"]).out;
    assert!(asked.contains("good.tell: the whole body of tell is free"), "{asked}");
}

#[test]
fn the_manifest_can_be_had_as_json() {
    let world = World::new();
    let manifest = world.wharf(&["describe", "chatwoot", "--json"]).json();
    assert_eq!(manifest["name"], "chatwoot");
    assert_eq!(manifest["contract"], "0.2.0-draft");
    assert_eq!(manifest["x-contract"], "wharf:provider@0.2.0-draft");
    let operation = &manifest["operations"]["users.get-sso-url"];
    assert_eq!(operation["input"]["properties"]["id"]["minimum"], 1);
    assert_eq!(operation["request"]["path"], "/platform/api/v1/users/{id}/login");
    assert_eq!(operation["effect"], "write", "a login link is more than a reading");

    let one = world.wharf(&["describe", "chatwoot", "users.get-sso-url", "--json"]).json();
    assert_eq!(&one, operation);
}

#[test]
fn operations_are_found_by_resource_and_by_word() {
    let world = World::new();
    let text = world.wharf(&["describe", "appwrite"]).out;
    assert!(text.contains("175 operations: 64 read, "), "{text}");

    let resource = world.wharf(&["describe", "appwrite", "topics"]).out;
    let names: Vec<&str> =
        resource.lines().filter(|line| line.starts_with("  ")).map(|l| l.split_whitespace().next().unwrap()).collect();
    assert_eq!(names.len(), 6, "{resource}");
    assert!(names.iter().all(|name| name.starts_with("topics.")), "{resource}");
    assert!(resource.contains("6 of 175 operations: 3 read, 2 write, 1 delete"), "{resource}");

    let found = world.wharf(&["describe", "appwrite", "--find", "session", "--find", "DELETE"]).out;
    assert!(found.contains("users.delete-session") && !found.contains("users.list-sessions"), "{found}");
    let json = world.wharf(&["describe", "appwrite", "files", "--find", "preview", "--json"]).json();
    assert_eq!(json["operations"].as_object().unwrap().len(), 1);

    world.wharf(&["describe", "appwrite", "topic"]).fails(2, &["no resource `topic`", "did you mean `topics`?"]);
    world.wharf(&["describe", "appwrite", "--find", "zebra"]).fails(2, &["no operation", "`zebra`"]);
}

#[test]
fn an_operation_shows_the_objects_that_it_takes_and_how_files_are_given() {
    let world = World::new();
    let message = world.wharf(&["describe", "chatwoot", "messages.create"]).out;
    for words in ["processed_params", "media_url", "--attach attachments=@FILE", "wharf call chatwoot messages.create"]
    {
        assert!(message.contains(words), "`{words}` is not in:\n{message}");
    }
    let download = world.wharf(&["describe", "appwrite", "files.download"]).out;
    assert!(download.contains("may be repeated") && download.contains("bucketId=… fileId=… --save DIR"), "{download}");
}

#[test]
fn a_component_file_can_be_described_without_being_configured() {
    let world = World::new();
    let whole = world.wharf(&["describe", OBEDIENT.path]).out;
    assert!(whole.contains("good.greet") && whole.contains(&format!("`wharf describe {} OPERATION`", OBEDIENT.path)));
    let one = world.wharf(&["describe", OBEDIENT.path, "good.greet"]).out;
    assert!(one.contains(&format!("wharf call {} good.greet", OBEDIENT.path)), "{one}");
}

#[test]
fn a_manifest_by_itself_is_told_to_be_no_component() {
    let world = World::new();
    world.write("appwrite.json", "{\"contract\": \"0.2.0-draft\"}");
    world.write("depot.yaml", "contract: 0.2.0-draft\n");
    let words = ["it has the name of a manifest, and Wharf loads components; make one of it: `wharf build DIR`"];
    for command in [["describe", "appwrite.json"], ["describe", "./depot.yaml"], ["install", "depot.yaml"]] {
        world.wharf(&command).fails(6, &words);
    }
}
