use wharf_simulated::chatwoot::{PLATFORM_TOKEN, USER_TOKEN};

use crate::world::{World, answer};

#[test]
fn an_sso_link_is_made_with_the_platform_token() {
    let world = World::new();
    let output = world.call("chatwoot users.get-sso-url id=1").json();
    let url = output["url"].as_str().unwrap();
    assert!(url.contains("/app/login?email=ada%40example.com&sso_auth_token="), "{url}");

    let requests = world.simulation.chatwoot.requests();
    assert_eq!(requests[0].method, "GET");
    assert_eq!(requests[0].target, "/platform/api/v1/users/1/login");
    // Proxies drop the one, gateways know only the other.
    assert_eq!(requests[0].header("api_access_token"), Some(PLATFORM_TOKEN));
    assert_eq!(requests[0].header("api-access-token"), Some(PLATFORM_TOKEN));

    let again = world.call("chatwoot users.get-sso-url id=1").json();
    assert_ne!(again["url"], output["url"], "each call makes a new link");
}

#[test]
fn ids_begin_at_one() {
    let world = World::new();
    for id in ["0", "-1", "1.5", "", "abc", "99999999999999999999999"] {
        world.call(&format!("chatwoot users.get-sso-url id={id}")).fails(2, &["`id`", "whole number, at least 1"]);
    }
    assert!(world.simulation.chatwoot.requests().is_empty());
    for id in ["1.0", "1e0"] {
        assert_eq!(world.call(&format!("chatwoot users.get-sso-url id={id}")).code, 0, "{id}");
    }
    assert!(world.simulation.chatwoot.requests().iter().all(|r| r.target == "/platform/api/v1/users/1/login"));
}

#[test]
fn a_link_is_not_made_a_second_time_by_a_retry_nor_under_a_grant_to_read() {
    let operation = World::new().wharf(&["describe", "chatwoot", "users.get-sso-url", "--json"]).json();
    assert_eq!((&operation["idempotent"], &operation["effect"]), (&false.into(), &"write".into()));
    assert_eq!(operation["sensitive-outputs"], serde_json::json!(["/url"]));
}

#[test]
fn a_good_status_without_the_link_is_no_success() {
    let world = World::new();
    for body in ["", "[]", "{}", "null"] {
        world.simulation.chatwoot.answer_next(answer(200, "application/json", body));
        world.call("chatwoot users.get-sso-url id=1").fails(4, &["not an object with `url`"]);
    }
}

#[test]
fn a_slash_at_the_end_of_the_base_url_makes_no_double_slash() {
    let world = World::new();
    let url = world.simulation.chatwoot.url();
    world.configure(&world.connections().replace(&url, &format!("{url}/")));
    assert_eq!(world.call("chatwoot profile.get").code, 0);
}

#[test]
fn a_user_of_another_app_is_forbidden_although_the_status_is_401() {
    let world = World::new();
    world.call("chatwoot users.get-sso-url id=7").fails(4, &["forbidden", "Non permissible resource"]);
    world.call("chatwoot users.get-sso-url id=999").fails(4, &["not found"]);
}

#[test]
fn each_kind_of_call_has_its_own_token() {
    let world = World::new();
    assert_eq!(world.call("chatwoot profile.get").json()["email"], "ada@example.com");
    assert_eq!(world.simulation.chatwoot.requests()[0].header("api_access_token"), Some(USER_TOKEN));

    world.write("chatwoot.platform_token", "a-wrong-platform-token");
    world.call("chatwoot users.get-sso-url id=1").fails(4, &["unauthorized", "Invalid access_token"]);
    world.write("chatwoot.user_token", PLATFORM_TOKEN);
    world.call("chatwoot profile.get").fails(4, &["unauthorized", "Invalid Access Token"]);
}

#[test]
fn a_missing_token_names_the_connection_the_field_and_the_variable() {
    let world = World::new();
    let url = world.simulation.chatwoot.url();
    world.configure(&format!("[connections.desk]\nprovider = \"chatwoot\"\nbase_url = \"{url}\"\n"));
    let missing = world.call("chatwoot users.get-sso-url id=1");
    missing.fails(2, &["`desk`", "`platform_token`", "CHATWOOT_PLATFORM_TOKEN", "under [connections.desk.fields]"]);
    assert!(world.simulation.chatwoot.requests().is_empty());

    let words = ["call", "chatwoot", "users.get-sso-url", "id=1"];
    let run = world.wharf_with(&[("CHATWOOT_PLATFORM_TOKEN", PLATFORM_TOKEN)], &words);
    assert!(run.json()["url"].is_string());
}

#[test]
fn an_answer_that_is_no_json_is_a_failure() {
    let world = World::new();
    world.simulation.chatwoot.answer_next(answer(
        200,
        "text/html",
        "<html>Please log in to the hotel's network</html>",
    ));
    world.call("chatwoot profile.get").fails(4, &["the answer is not JSON", "hotel"]);
}
