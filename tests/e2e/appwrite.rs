use serde_json::json;
use wharf_simulated::appwrite::{API_KEY, PROJECT_ID};

use crate::world::{World, answer};

#[test]
fn a_session_is_deleted_once_and_a_second_time_is_an_error() {
    let world = World::new();
    assert_eq!(
        world.call("appwrite users.delete-session userId=ada sessionId=ada-laptop").json(),
        json!({"success": true})
    );

    let requests = world.simulation.appwrite.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "DELETE");
    assert_eq!(requests[0].target, "/v1/users/ada/sessions/ada-laptop");
    assert_eq!(requests[0].header("x-appwrite-project"), Some(PROJECT_ID));
    assert_eq!(requests[0].header("x-appwrite-key"), Some(API_KEY));
    assert!(requests[0].body.is_empty());

    world
        .call("appwrite users.delete-session userId=ada sessionId=ada-laptop")
        .fails(4, &["not found", "user_session_not_found"]);
    world.call("appwrite users.delete-session userId=nobody sessionId=ada-phone").fails(4, &["user_not_found"]);
}

#[test]
fn an_empty_session_id_sends_nothing_so_it_cannot_end_all_sessions() {
    let world = World::new();
    for words in ["sessionId=", "sessionId=.", "sessionId=..", "sessionId=a/b", "sessionId=%2e%2e"] {
        world.call(&format!("appwrite users.delete-session userId=ada {words}")).fails(2, &["`sessionId`", "allowed"]);
    }
    assert!(world.simulation.appwrite.requests().is_empty());
    assert_eq!(world.call("appwrite users.list-sessions userId=ada").json()["total"], 3);
}

#[test]
fn sessions_and_users_are_listed() {
    let world = World::new();
    let sessions = world.call("appwrite users.list-sessions userId=grace").json();
    assert_eq!(sessions["sessions"][0]["$id"], "grace-desktop");

    let queries =
        r#"queries=["{\"method\":\"limit\",\"values\":[1]}","{\"method\":\"cursorAfter\",\"values\":[\"ada\"]}"]"#;
    let users = world.wharf(&["call", "appwrite", "users.list", queries]).json();
    assert_eq!(users["users"].as_array().unwrap().len(), 1);
    let target = &world.simulation.appwrite.requests()[1].target;
    assert!(target.contains("queries%5B0%5D=%7B%22method%22") && target.contains("&queries%5B1%5D="), "{target}");

    assert_eq!(world.call("appwrite users.list search=grace total=false").json()["users"][0]["$id"], "grace");
    assert_eq!(world.simulation.appwrite.requests()[2].target, "/v1/users?search=grace&total=false");
}

#[test]
fn a_session_need_not_be_one_of_the_user() {
    let world = World::new();
    assert_eq!(
        world.call("appwrite users.delete-session userId=ada sessionId=grace-phone").json(),
        json!({"success": true})
    );
    assert_eq!(world.call("appwrite users.list-sessions userId=grace").json()["total"], 1);
}

#[test]
fn a_wrong_key_and_a_wrong_project_are_not_a_missing_session() {
    let world = World::new();
    let connections = world.connections();
    world.write("appwrite.api_key", "not-the-right-key");
    world
        .call("appwrite users.delete-session userId=ada sessionId=ada-phone")
        .fails(4, &["unauthorized", "user_unauthorized"]);

    world.write("appwrite.api_key", API_KEY);
    world.write("appwrite.project_id", "another");
    world.configure(&connections);
    world
        .call("appwrite users.delete-session userId=ada sessionId=ada-phone")
        .fails(4, &["unauthorized", "project_not_found"]);
}

#[test]
fn a_provider_that_is_down_says_so() {
    let world = World::new();
    world.simulation.appwrite.answer_next(answer(503, "text/html", "<h1>Service Unavailable</h1>"));
    world.call("appwrite users.list").fails(4, &["unavailable", "Service Unavailable", "status 503"]);

    // The port of a server that is gone.
    let gone = wharf_simulated::appwrite::start().unwrap().url();
    world.configure(&world.connections().replace(&world.simulation.appwrite.url(), &gone));
    world.call("appwrite users.list").fails(4, &["unavailable", "nothing listens at", &gone]);
}

#[test]
fn a_rate_limit_says_when_to_try_again() {
    let world = World::new();
    let mut limited =
        answer(429, "application/json", r#"{"message":"Slow down","type":"general_rate_limit_exceeded"}"#);
    limited.headers.push(("Retry-After".to_owned(), "17".to_owned()));
    world.simulation.appwrite.answer_next(limited);
    world.call("appwrite users.list").fails(4, &["rate limited, try again after 17 s", "Slow down"]);
}

#[test]
fn the_base_url_may_have_its_version_and_a_slash_or_not() {
    let world = World::new();
    let connections = world.connections();
    let url = world.simulation.appwrite.url();
    for written in [url.clone(), format!("{url}/"), format!("{url}/v1/")] {
        world.configure(&connections.replace(&format!("{url}/v1"), &written));
        assert_eq!(world.call("appwrite users.list-sessions userId=ada").json()["total"], 3, "{written}");
    }
}
