use wharf_artifacts::OBEDIENT;

use crate::world::World;

#[test]
fn a_plugin_shows_its_operations_and_what_a_connection_needs() {
    let world = World::new();
    let text = world.wharf(&["describe", "appwrite"]).out;
    for words in
        ["appwrite 0.1.0", "project_id", "required, secret: ", "APPWRITE_API_KEY", "users.delete-session", "delete"]
    {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
}

#[test]
fn an_operation_shows_inputs_requests_and_free_values() {
    let world = World::new();
    let text = world.wharf(&["describe", "vtiger", "metadata.list-types"]).out;
    for words in [
        "sessionName      optional",
        "list of: text, not empty",
        "GET {base_url}/webservice.php",
        "operation=listtypes",
        "credentials access-key",
        "(changes nothing)",
        "free query sessionName:",
        "wharf call vtiger metadata.list-types",
    ] {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
    world.wharf(&["describe", "vtiger", "metadata.listtypes"]).fails(2, &["did you mean `metadata.list-types`?"]);
}

#[test]
fn the_manifest_can_be_had_as_json() {
    let world = World::new();
    let manifest = world.wharf(&["describe", "chatwoot", "--json"]).json();
    assert_eq!(manifest["name"], "chatwoot");
    assert_eq!(manifest["operations"].as_array().unwrap().len(), 2);
    let operation = &manifest["operations"][0];
    assert_eq!(operation["name"], "users.get-sso-url");
    assert_eq!(operation["input-schema"]["properties"]["id"]["minimum"], 1);
    assert_eq!(operation["requests"][0]["path"], "/platform/api/v1/users/{id}/login");
    assert_eq!(operation["effect"], "write", "a login link is more than a reading");

    let one = world.wharf(&["describe", "chatwoot", "users.get-sso-url", "--json"]).json();
    assert_eq!(&one, operation);
}

#[test]
fn a_component_file_can_be_described_without_being_configured() {
    let world = World::new();
    assert!(world.wharf(&["describe", OBEDIENT.path]).out.contains("good.greet"));
}
