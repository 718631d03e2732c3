use serde_json::{Value, json};
use wharf_simulated::Recorded;
use wharf_simulated::chatwoot::{
    AGENT_TOKEN, BOT_TOKEN, CONTACT_IDENTIFIER, CONVERSATION_UUID, FOREIGN_ACCOUNT_ID, INBOX_IDENTIFIER,
    PLATFORM_TOKEN, USER_TOKEN,
};

use crate::world::{OTHER_KEY, Run, World, answer};

/// A call with an input, and further arguments such as `--attach`.
pub(crate) fn call(world: &World, operation: &str, input: &Value, arguments: &[&str]) -> Run {
    world.wharf(&[&["call", "chatwoot", operation, "--input", &input.to_string()], arguments].concat())
}

/// The newest request.
fn sent(world: &World) -> Recorded {
    world.simulation.chatwoot.requests().pop().unwrap()
}

#[track_caller]
pub(crate) fn body(request: &Recorded) -> Value {
    assert_eq!(request.header("content-type"), Some("application/json"));
    serde_json::from_slice(&request.body).unwrap()
}

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
fn the_operator_chooses_by_which_name_the_token_goes() {
    let world = World::new();
    let connections = world.connections();
    let sent = |choice: &str| {
        let field = format!("[connections.chatwoot.fields]\ntoken_header = \"{choice}\"\n");
        world.configure(&connections.replace("[connections.chatwoot.fields]\n", &field));
        world.simulation.chatwoot.clear_requests();
        let run = world.call("chatwoot profile.get");
        let requests = world.simulation.chatwoot.requests();
        (run, ["api_access_token", "api-access-token"].map(|name| requests.iter().any(|r| r.header(name).is_some())))
    };
    assert_eq!(sent("").1, [true, true]);
    assert_eq!(sent("api_access_token").1, [true, false]);
    assert_eq!(sent("api-access-token").1, [false, true]);
    let (run, headers) = sent("api_acess_token");
    run.fails(2, &["connection `chatwoot`: the value of `token_header`", "`api_access_token` or `api-access-token`"]);
    assert_eq!(headers, [false, false]);

    world.configure("");
    let url = world.simulation.chatwoot.url();
    let environment = |choice| {
        [("CHATWOOT_URL", url.as_str()), ("CHATWOOT_USER_TOKEN", USER_TOKEN), ("CHATWOOT_TOKEN_HEADER", choice)]
    };
    let words = ["call", "chatwoot", "profile.get"];
    assert_eq!(world.wharf_with(&environment("api-access-token"), &words).code, 0);
    world
        .wharf_with(&environment("token"), &words)
        .fails(2, &["variable CHATWOOT_TOKEN_HEADER: the value of `token_header`"]);
}

#[test]
fn a_gateway_that_refuses_without_a_word_does_not_leave_the_operator_alone() {
    let world = World::new();
    world.simulation.chatwoot.answer_next(answer(400, "", ""));
    world
        .call("chatwoot profile.get")
        .fails(4, &["status 400", "set token_header of the connection to `api-access-token`"]);
    assert!(world.wharf(&["describe", "chatwoot"]).out.contains("(api_access_token or api-access-token)"));
}

#[test]
fn ids_begin_at_one() {
    let world = World::new();
    for id in ["0", "-1", "1.5", "", "abc", "1.00000000000000000000001"] {
        world.call(&format!("chatwoot users.get-sso-url id={id}")).fails(2, &["`id`", "whole number, at least 1"]);
    }
    assert!(world.simulation.chatwoot.requests().is_empty());
    for id in ["1.0", "1e0"] {
        assert_eq!(world.call(&format!("chatwoot users.get-sso-url id={id}")).code, 0, "{id}");
    }
    assert!(world.simulation.chatwoot.requests().iter().all(|r| r.target == "/platform/api/v1/users/1/login"));
    // What no number of 64 bits is, the provider knows or does not.
    world.call("chatwoot users.get-sso-url id=99999999999999999999999").fails(4, &["not found"]);
    let asked = world.simulation.chatwoot.requests();
    assert_eq!(asked.last().unwrap().target, "/platform/api/v1/users/99999999999999999999999/login");
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

    world.write("chatwoot.platform_token", OTHER_KEY);
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

#[test]
fn contacts_come_in_pages_of_15_as_far_as_they_are_wanted() {
    let world = World::new();
    let more = (1..=16).map(|n| json!({"account_id": 1, "inbox_id": 1, "email": format!("contact-{n}@example.com")}));
    assert_eq!(call(&world, "contacts.create", &more.collect(), &[]).code, 0);

    for (wanted, count, pages) in [(None, 15, 1), (Some(15), 15, 1), (Some(16), 16, 2), (Some(100), 18, 3)] {
        world.simulation.chatwoot.clear_requests();
        let mut input = json!({"account_id": 1, "sort": "email"});
        wanted.into_iter().for_each(|n: u64| input["maxItems"] = n.into());
        let listed = call(&world, "contacts.list", &input, &[]).json();
        assert_eq!(listed["payload"].as_array().unwrap().len(), count, "{wanted:?}");
        // The end of all is a page that is empty.
        assert_eq!(world.simulation.chatwoot.requests().len(), pages, "{wanted:?}");
    }
    let second = call(&world, "contacts.list", &json!({"account_id": 1, "page": 2}), &[]).json();
    assert_eq!((&second["meta"]["current_page"], second["payload"].as_array().unwrap().len()), (&json!(2), 3));
    let found =
        call(&world, "contacts.search", &json!({"account_id": 1, "q": "contact-", "maxItems": 100}), &[]).json();
    assert_eq!(found["payload"].as_array().unwrap().len(), 16);
}

#[test]
fn pages_of_conversations_have_a_level_more_unless_they_are_filtered() {
    let world = World::new();
    let one = json!({"account_id": 1, "inbox_id": 1, "source_id": CONTACT_IDENTIFIER});
    assert_eq!(call(&world, "conversations.create", &vec![one; 26].into(), &[]).code, 0);

    let wanted = json!({"account_id": 1, "maxItems": 26});
    let listed = call(&world, "conversations.list", &wanted, &[]).json();
    let filtered = call(&world, "conversations.filter", &wanted, &[]).json();
    for (list, all) in
        [(&listed["data"]["payload"], &listed["data"]["meta"]), (&filtered["payload"], &filtered["meta"])]
    {
        assert_eq!((list.as_array().unwrap().len(), &all["all_count"]), (26, &json!(27)));
    }
    assert_eq!(sent(&world).target, "/api/v1/accounts/1/conversations/filter?page=2");
}

#[test]
fn an_avatar_goes_as_multipart_and_without_one_the_request_is_json() {
    let world = World::new();
    world.write("emmy.png", "picture");
    world.write("emmy.txt", "words");
    for (operation, input, member) in [
        ("contacts.update", json!({"account_id": 1, "id": 1, "name": "Charles"}), "/payload/thumbnail"),
        ("agent-bots.update", json!({"id": 51, "name": "Greeter"}), "/thumbnail"),
        ("account-agent-bots.create", json!({"account_id": 1, "name": "Bot", "bot_type": 0}), "/thumbnail"),
        ("inboxes.update", json!({"account_id": 1, "id": 1, "greeting_enabled": true}), "/avatar_url"),
    ] {
        let plain = call(&world, operation, &input, &[]).json();
        assert_eq!(plain.pointer(member), Some(&json!("")), "{operation}");
        body(&sent(&world));

        let pictured = call(&world, operation, &input, &["--attach", "avatar=@emmy.png"]).json();
        assert!(pictured.pointer(member).unwrap().as_str().unwrap().ends_with("/emmy.png"), "{operation}: {pictured}");
        assert!(sent(&world).header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    }
    let input = json!({"account_id": 1, "id": 1});
    let refused = call(&world, "contacts.update", &input, &["--attach", "avatar=@emmy.txt"]);
    refused.fails(2, &["`avatar`", "filetype not supported"]);
}

#[test]
fn objects_beside_a_file_are_kept() {
    let world = World::new();
    world.write("charles.png", "picture");
    let input = json!({"account_id": 1, "id": 1, "custom_attributes": {"plan": "pro"}, "blocked": true});
    let contact = call(&world, "contacts.update", &input, &["--attach", "avatar=@charles.png"]).json();
    assert_eq!(contact["payload"]["custom_attributes"], json!({"plan": "pro"}));
    assert_eq!(contact["payload"]["blocked"], true);

    let channel = json!({"type": "web_widget", "website_url": "https://looms.example.com"});
    let input = json!({"account_id": 1, "name": "Looms", "channel": channel});
    let inbox = call(&world, "inboxes.create", &input, &["--attach", "avatar=@charles.png"]).json();
    assert_eq!(inbox["website_url"], "https://looms.example.com");

    let attributes = json!({"items": [{"title": "Yes", "value": "yes"}]});
    let input = json!({
        "account_id": 1, "conversation_id": 1, "content": "?", "content_type": "input_select",
        "content_attributes": attributes,
    });
    let message = call(&world, "messages.create", &input, &["--attach", "attachments=@charles.png"]).json();
    assert_eq!(message["content_attributes"], attributes);
}

#[test]
fn a_message_carries_its_files_in_a_list() {
    let world = World::new();
    world.write("a.pdf", "one");
    world.write("b.png", "three");
    let files = ["--attach", "attachments=@a.pdf", "--attach", "attachments=@b.png"];
    let input = json!({"account_id": 1, "conversation_id": 1, "content": "Here", "private": true});
    let message = call(&world, "messages.create", &input, &files).json();
    assert_eq!((&message["content"], &message["private"]), (&json!("Here"), &json!(true)));
    let shown =
        |n: usize| (message["attachments"][n]["file_type"].clone(), message["attachments"][n]["file_size"].clone());
    assert_eq!((shown(0), shown(1)), ((json!("file"), json!(3)), (json!("image"), json!(5))));

    let speaker =
        json!({"inbox_identifier": INBOX_IDENTIFIER, "contact_identifier": CONTACT_IDENTIFIER, "conversation_id": 1});
    let message = call(&world, "public-messages.create", &speaker, &files).json();
    assert_eq!(message["attachments"].as_array().unwrap().len(), 2);
    call(&world, "public-messages.create", &speaker, &[]).fails(2, &["`content`", "needs a text, or a file"]);
}

#[test]
fn a_deletion_that_names_somebody_has_a_body() {
    let world = World::new();
    for (operation, input, expected) in [
        ("account-users.delete", json!({"account_id": 1, "user_id": 2}), json!({"user_id": 2})),
        (
            "inboxes.remove-members",
            json!({"account_id": 1, "inbox_id": "1", "user_ids": [1]}),
            json!({"inbox_id": "1", "user_ids": [1]}),
        ),
        ("teams.remove-members", json!({"account_id": 1, "team_id": 1, "user_ids": [1]}), json!({"user_ids": [1]})),
    ] {
        assert_eq!(call(&world, operation, &input, &[]).json(), json!({"success": true}), "{operation}");
        assert_eq!((sent(&world).method.as_str(), body(&sent(&world))), ("DELETE", expected));
    }
    assert_eq!(call(&world, "webhooks.delete", &json!({"account_id": 1, "webhook_id": 1}), &[]).code, 0);
    assert!(sent(&world).body.is_empty() && sent(&world).header("content-type").is_none());
}

#[test]
fn public_calls_carry_no_token() {
    let world = World::new();
    let contact = json!({"inbox_identifier": INBOX_IDENTIFIER, "contact_identifier": CONTACT_IDENTIFIER});
    for (operation, input) in [
        ("public-inboxes.get", json!({"inbox_identifier": INBOX_IDENTIFIER})),
        ("public-contacts.get", contact.clone()),
        ("public-conversations.list", contact),
        ("csat-survey.get-page", json!({"conversation_uuid": CONVERSATION_UUID})),
    ] {
        assert_eq!(call(&world, operation, &input, &[]).code, 0, "{operation}");
        let request = sent(&world);
        assert!(request.headers.iter().all(|(name, _)| !name.contains("token")), "{request:?}");
    }
}

#[test]
fn a_missing_right_is_forbidden() {
    let world = World::new();
    let account = json!({"account_id": FOREIGN_ACCOUNT_ID});
    call(&world, "contacts.list", &account, &[]).fails(4, &["forbidden", "not authorized to access this account"]);
    call(&world, "accounts.get", &account, &[]).fails(4, &["forbidden", "Non permissible resource"]);

    world.write("chatwoot.user_token", AGENT_TOKEN);
    let webhooks = call(&world, "webhooks.list", &json!({"account_id": 1}), &[]);
    webhooks.fails(4, &["forbidden", "You are not authorized to do this action"]);
    assert_eq!(call(&world, "contacts.list", &json!({"account_id": 1}), &[]).code, 0);

    world.write("chatwoot.user_token", BOT_TOKEN);
    let contacts = call(&world, "contacts.list", &json!({"account_id": 1}), &[]);
    contacts.fails(4, &["forbidden", "not authorized for bots"]);
    let message = json!({"account_id": 1, "conversation_id": 1, "content": "Hello"});
    assert_eq!(call(&world, "messages.create", &message, &[]).code, 0);
}

#[test]
fn empty_optional_fields_are_left_out() {
    let world = World::new();
    let first = json!({"account_id": 1, "conversation_id": 1, "content": "Hello"});
    let made = call(&world, "messages.create", &first, &[]).json();
    assert_eq!(body(&sent(&world)), json!({"content": "Hello"}));
    assert_eq!((&made["private"], &made["content_type"]), (&json!(false), &json!("text")));

    call(&world, "contacts.update", &json!({"account_id": 1, "id": 1, "name": "Charles"}), &[]).json();
    assert_eq!(body(&sent(&world)), json!({"name": "Charles"}));
    call(&world, "conversations.list", &json!({"account_id": 1}), &[]).json();
    assert_eq!(sent(&world).target, "/api/v1/accounts/1/conversations");
}

#[test]
fn a_call_that_replaces_all_sends_also_an_empty_list() {
    let world = World::new();
    let labels = json!({"account_id": 1, "conversation_id": 1, "labels": []});
    assert_eq!(call(&world, "conversations.set-labels", &labels, &[]).json(), json!({"payload": []}));
    assert_eq!(body(&sent(&world)), json!({"labels": []}));
    let members = json!({"account_id": 1, "team_id": 1, "user_ids": []});
    assert_eq!(call(&world, "teams.set-members", &members, &[]).json(), json!([]));
    assert_eq!((sent(&world).method.as_str(), body(&sent(&world))), ("PATCH", json!({"user_ids": []})));
}

#[test]
fn an_answer_without_a_body_is_a_success() {
    let world = World::new();
    // The description says 204 where servers answer the contact.
    world.simulation.chatwoot.answer_next(answer(204, "", ""));
    assert_eq!(call(&world, "contacts.update", &json!({"account_id": 1, "id": 1, "name": "Charles"}), &[]).code, 0);
    assert_eq!(call(&world, "inboxes.get-agent-bot", &json!({"account_id": 1, "id": 1}), &[]).code, 0);
}

#[test]
fn two_reports_differ_by_their_type_and_the_slash_at_the_end() {
    let world = World::new();
    call(&world, "reports.get-account-metrics", &json!({"account_id": 1}), &[]).json();
    assert_eq!(sent(&world).target, "/api/v2/accounts/1/reports/conversations?type=account");
    call(&world, "reports.get-agent-metrics", &json!({"account_id": 1}), &[]).json();
    assert_eq!(sent(&world).target, "/api/v2/accounts/1/reports/conversations/?type=agent");
}

#[test]
fn what_another_contact_has_is_refused_with_its_name() {
    let world = World::new();
    let input = json!({"account_id": 1, "inbox_id": 1, "email": "charles@example.net"});
    call(&world, "contacts.create", &input, &[]).fails(2, &["`email`", "Email has already been taken"]);
}
