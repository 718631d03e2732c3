//! Files beside other values, as Chatwoot takes them: in multipart, where every value is a text.

use serde_json::{Value, json};
use wharf_simulated::Recorded;
use wharf_simulated::chatwoot::{CONTACT_IDENTIFIER, INBOX_IDENTIFIER};

use crate::chatwoot::{body, call};
use crate::world::World;

const PICTURE: [&str; 2] = ["--attach", "avatar=@ada.png"];

fn world() -> World {
    let world = World::new();
    world.write("ada.png", "picture");
    world.write("ada.txt", "words");
    world
}

/// What no multipart body can carry as it is: other things than texts, and keys that servers read in different ways.
fn attributes() -> Value {
    json!({
        "plan": "pro", "order no": "7", "Größe": "XL", "a[b]": "c", "a.b": "d", "vip": true, "seats": 5, "ratio": 0.5,
        "none": null, "tags": ["a", "b"], "more": {"deep": [1]}, "empty": {},
    })
}

/// Method and path of each request since the last time.
fn sent(world: &World) -> Vec<(String, Recorded)> {
    let requests = world.simulation.chatwoot.requests();
    world.simulation.chatwoot.clear_requests();
    requests.into_iter().map(|request| (format!("{} {}", request.method, request.target), request)).collect()
}

/// That the picture and nothing else went by the second of two requests.
#[track_caller]
fn went_alone(requests: &[(String, Recorded)], expected: [&str; 2]) {
    let [(first, json), (second, multipart)] = requests else { panic!("{requests:?}") };
    assert_eq!([first.as_str(), second.as_str()], expected);
    body(json);
    let text = String::from_utf8_lossy(&multipart.body);
    assert_eq!(
        (text.matches("Content-Disposition").count(), text.matches("name=\"avatar\"").count()),
        (1, 1),
        "{text}"
    );
}

#[test]
fn custom_attributes_of_any_key_and_kind_are_kept_beside_a_picture() {
    let world = world();
    let input = json!({
        "account_id": 1, "inbox_id": 1, "name": "Ada", "custom_attributes": attributes(),
        "additional_attributes": {"social_profiles": {"github": "ada"}},
    });
    let made = call(&world, "contacts.create", &input, &PICTURE).json()["payload"].clone();
    assert!(made["contact_inbox"]["source_id"].is_string());
    let id = &made["contact"]["id"];
    let path = format!("PUT /api/v1/accounts/1/contacts/{id}");
    went_alone(&sent(&world), ["POST /api/v1/accounts/1/contacts", &path]);
    let contact = call(&world, "contacts.get", &json!({"account_id": 1, "id": id}), &[]).json()["payload"].clone();
    assert_eq!((&contact["custom_attributes"], &contact["name"]), (&attributes(), &json!("Ada")));
    assert_eq!(contact["additional_attributes"]["social_profiles"]["github"], "ada");
    assert!(contact["thumbnail"].as_str().unwrap().ends_with("/ada.png"));
    assert_eq!(made["contact"]["thumbnail"], contact["thumbnail"], "the output has the contact as it is in the end");

    sent(&world);
    let input = json!({"account_id": 1, "id": 1, "custom_attributes": attributes(), "phone_number": null});
    let changed = call(&world, "contacts.update", &input, &PICTURE).json()["payload"].clone();
    went_alone(&sent(&world), ["PUT /api/v1/accounts/1/contacts/1"; 2]);
    assert_eq!(changed["custom_attributes"], attributes());
    assert!(changed["thumbnail"].as_str().unwrap().ends_with("/ada.png"));
}

#[test]
fn settings_of_bots_and_inboxes_are_kept_beside_a_picture() {
    let world = world();
    let config = json!({"retries": 3, "greets": true});
    let input = json!({"account_id": 1, "name": "Bot", "bot_config": config});
    let bot = call(&world, "account-agent-bots.create", &input, &PICTURE).json();
    assert_eq!(bot["bot_config"], config);
    assert!(bot["thumbnail"].as_str().unwrap().ends_with("/ada.png") && bot["access_token"].is_string());
    sent(&world);
    let input = json!({"account_id": 1, "id": bot["id"], "bot_config": {}});
    let bot = call(&world, "account-agent-bots.update", &input, &PICTURE).json();
    let path = format!("PATCH /api/v1/accounts/1/agent_bots/{}", bot["id"]);
    went_alone(&sent(&world), [&path, &path]);
    assert_eq!(bot["bot_config"], json!({}));

    let channel = json!({"type": "web_widget", "website_url": "https://ada.example.com", "selected_feature_flags": ["emoji_picker"]});
    let input = json!({"account_id": 1, "name": "Ada", "channel": channel});
    let inbox = call(&world, "inboxes.create", &input, &PICTURE).json();
    assert_eq!(inbox["selected_feature_flags"], json!(["emoji_picker"]));
    let input = json!({"account_id": 1, "id": inbox["id"], "channel": {"hmac_mandatory": true}});
    let inbox = call(&world, "inboxes.update", &input, &PICTURE).json();
    assert_eq!(inbox["hmac_mandatory"], true);
    assert!(inbox["avatar_url"].as_str().unwrap().ends_with("/ada.png"));
}

#[test]
fn attributes_of_a_public_contact_are_kept_beside_a_picture_and_its_key_is_not_shown() {
    let world = world();
    let input = json!({"inbox_identifier": INBOX_IDENTIFIER, "name": "Ada", "custom_attributes": attributes()});
    let made = call(&world, "public-contacts.create", &input, &PICTURE).json();
    let key = made["source_id"].as_str().unwrap();
    let path = format!("/public/api/v1/inboxes/{INBOX_IDENTIFIER}/contacts");
    went_alone(&sent(&world), [&format!("POST {path}"), &format!("PATCH {path}/{key}")]);
    let contact = call(&world, "contacts.get", &json!({"account_id": 1, "id": made["id"]}), &[]).json();
    assert_eq!(contact["payload"]["custom_attributes"], attributes());
    let shown = world.wharf(&["audit", "show"]).out;
    assert!(shown.contains("PATCH") && !shown.contains(key), "{shown}");

    let input = json!({
        "inbox_identifier": INBOX_IDENTIFIER, "contact_identifier": CONTACT_IDENTIFIER,
        "custom_attributes": attributes(),
    });
    assert_eq!(call(&world, "public-contacts.update", &input, &PICTURE).json()["id"], 1);
}

#[test]
fn texts_under_plain_keys_go_with_the_picture_in_one_request() {
    let world = world();
    let input = json!({"account_id": 1, "id": 1, "blocked": true, "custom_attributes": {"plan": "pro", "a-b": ""}});
    let contact = call(&world, "contacts.update", &input, &PICTURE).json()["payload"].clone();
    assert_eq!(
        (&contact["custom_attributes"], &contact["blocked"]),
        (&json!({"plan": "pro", "a-b": ""}), &json!(true))
    );
    assert_eq!(sent(&world).len(), 1);
}

#[test]
fn a_picture_that_is_refused_says_what_was_done_before_it() {
    let world = world();
    let words = ["--attach", "avatar=@ada.txt"];
    let input = json!({"account_id": 1, "inbox_id": 1, "name": "Ada", "custom_attributes": {"vip": true}});
    let run = call(&world, "contacts.create", &input, &words);
    run.fails(2, &["it was made (id ", "without its picture", "filetype not supported", "--continue-on-fail"]);
    let found = call(&world, "contacts.search", &json!({"account_id": 1, "q": "Ada"}), &[]).json()["payload"].clone();
    assert!(run.err.contains(&format!("(id {})", found[0]["id"])), "{run:?}");
    assert_eq!(found[0]["custom_attributes"], json!({"vip": true}));

    let input = json!({"account_id": 1, "id": 1, "custom_attributes": {"vip": true}});
    let run = call(&world, "contacts.update", &input, &[&words[..], &["--continue-on-fail"]].concat());
    run.fails(2, &["all was changed but the picture", "filetype not supported"]);
    let part: Value = serde_json::from_str(&run.out).unwrap();
    assert!(part.to_string().contains("\"vip\":true"), "{part}");

    world.simulation.chatwoot.answer_next(crate::world::answer(200, "application/json", "{}"));
    let input = json!({"account_id": 1, "name": "Bot", "bot_config": {"a": 1}});
    call(&world, "account-agent-bots.create", &input, &PICTURE).fails(4, &["(id unknown)", "the answer has no `id`"]);
}

#[test]
fn a_message_can_be_a_file_alone_but_not_nothing() {
    let world = world();
    let to = json!({"account_id": 1, "conversation_id": 1});
    let file = ["--attach", "attachments=@ada.png"];
    let nulls = json!({"content": null, "content_attributes": null, "template_params": null, "content_type": null});
    for other in [json!({}), json!({"content": ""}), nulls] {
        let mut input = to.clone();
        input.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        let message = call(&world, "messages.create", &input, &file).json();
        assert_eq!((message["attachments"].as_array().unwrap().len(), &message["message_type"]), (1, &json!(1)));
    }
    sent(&world);
    let none = json!({"account_id": 1, "conversation_id": 1, "content": null, "content_attributes": null});
    for input in [to.clone(), json!({"account_id": 1, "conversation_id": 1, "content": ""}), none] {
        call(&world, "messages.create", &input, &[])
            .fails(2, &["`content`", "needs a text, or a file under `attachments`"]);
    }
    let template = json!({"account_id": 1, "conversation_id": 1, "template_params": {"name": "welcome"}});
    call(&world, "messages.create", &template, &file)
        .fails(2, &["`template_params`", "sent without files", "media_url"]);
    assert!(sent(&world).is_empty());
    assert_eq!(call(&world, "messages.create", &template, &[]).code, 0);
}

#[test]
fn what_a_message_has_besides_its_files_is_kept() {
    let world = world();
    let files = ["--attach", "attachments=@ada.png", "--attach", "attachments=@ada.txt"];
    let attributes = json!({"in_reply_to": 1, "items": [{"title": "Größe", "value": null}], "deep": {"a": [true]}});
    let input = json!({
        "account_id": 1, "conversation_id": 1, "private": true, "content_type": "input_select", "echo_id": "mine-7",
        "source_id": "there-7", "cc_emails": "a@example.com,b@example.com", "content_attributes": attributes,
    });
    let message = call(&world, "messages.create", &input, &files).json();
    assert_eq!((&message["content_attributes"], &message["private"]), (&attributes, &json!(true)));
    for name in ["content_type", "echo_id", "source_id", "cc_emails"] {
        assert_eq!(message[name], input[name], "{name}");
    }
    let names: Vec<_> =
        message["attachments"].as_array().unwrap().iter().map(|file| file["file_type"].clone()).collect();
    assert_eq!(names, ["image", "file"]);
}

#[test]
fn templates_of_every_form_reach_the_server_whole() {
    let world = world();
    for template in [
        json!({"name": "code", "category": "AUTHENTICATION", "language": "en", "processed_params": {"1": "123456"}}),
        json!({"name": "bill", "processed_params": {
            "body": {"1": "Ada"}, "header": {"media_url": "https://example.com/a.pdf", "media_type": "document", "media_name": "a.pdf"},
            "buttons": [null, {"type": "quick_reply", "payload": "yes"}],
        }}),
    ] {
        let input = json!({"account_id": 1, "conversation_id": 1, "template_params": template});
        assert_eq!(call(&world, "messages.create", &input, &[]).code, 0, "{template}");
        assert_eq!(body(&sent(&world)[0].1)["template_params"], template);
        let message = json!({"template_params": template, "content_attributes": {"a": 1}, "private": false});
        let input = json!({"account_id": 1, "inbox_id": 1, "source_id": CONTACT_IDENTIFIER, "message": message});
        assert_eq!(call(&world, "conversations.create", &input, &[]).code, 0, "{template}");
        assert_eq!(body(&sent(&world)[0].1)["message"], message);
    }
}

#[test]
fn a_contact_sends_a_file_alone_with_a_null_for_its_text() {
    let world = world();
    let input = json!({
        "inbox_identifier": INBOX_IDENTIFIER, "contact_identifier": CONTACT_IDENTIFIER, "conversation_id": 1,
        "content": null, "echo_id": 1,
    });
    let message = call(&world, "public-messages.create", &input, &["--attach", "attachments=@ada.png"]).json();
    assert_eq!(message["attachments"].as_array().unwrap().len(), 1);
}

#[test]
fn a_picture_goes_alone_beside_a_null_which_multipart_cannot_carry() {
    let world = world();
    let bot = call(&world, "agent-bots.create", &json!({"name": "Bot", "description": "Greets"}), &[]).json();
    sent(&world);
    let bot = call(&world, "agent-bots.update", &json!({"id": bot["id"], "description": null}), &PICTURE).json();
    let path = format!("PATCH /platform/api/v1/agent_bots/{}", bot["id"]);
    went_alone(&sent(&world), [&path, &path]);
    assert_eq!(bot["description"], json!(null));
}
