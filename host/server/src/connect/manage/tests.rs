use super::*;
use crate::connect::tests::{KEY, World, manager};

fn made(world: &World, tenant: Option<&str>, name: &str) -> Result<Value, Problem> {
    let principal = manager(tenant);
    let wanted = json!({
        "plugin": "keys", "name": name, "servers": { "main": "https://one.example" },
        "fields": { "api_key": KEY, "project": "shop" },
    });
    make(&world.reach(&principal), &world.connecting, &wanted.to_string())
}

#[test]
fn one_is_made_once_and_tells_no_secret() {
    let world = World::new();
    let view = made(&world, Some("acme"), "ada").unwrap();
    assert_eq!((&view["name"], &view["kind"], &view["state"]), (&json!("ada"), &json!("made"), &json!("active")));
    assert!(view["fields"]["api_key"].as_str().unwrap().ends_with('Z') && !view.to_string().contains(KEY), "{view}");
    assert_eq!(made(&world, Some("acme"), "ada").unwrap_err().kind, problem::CONNECTION);
    assert!(made(&world, Some("beta"), "ada").is_ok());

    let principal = manager(Some("acme"));
    let reach = world.reach(&principal);
    let lacks = json!({ "plugin": "keys", "name": "bob", "servers": { "main": "https://one.example" } }).to_string();
    let problem = make(&reach, &world.connecting, &lacks).unwrap_err();
    assert_eq!((problem.kind, &problem.members["missing"]), (problem::INVALID_INPUT, &json!(["api_key", "project"])));
    let nowhere = json!({ "plugin": "keys", "name": "bob" }).to_string();
    let problem = make(&reach, &world.connecting, &nowhere).unwrap_err();
    assert_eq!(problem.members["missing"], json!(["servers.main"]));
    assert!(world.host.info("keys", "acme:bob").unwrap().is_none());
}

#[test]
fn whoever_only_calls_sees_names() {
    let world = World::new();
    made(&world, Some("acme"), "ada").unwrap();
    let mut principal = manager(Some("acme"));
    principal.roles = [Role::Call].into();
    let listed = list(&world.reach(&principal), &Wanted::default()).unwrap();
    assert_eq!(listed, json!({ "items": [{ "plugin": "keys", "name": "ada", "kind": "made" }], "next": null }));
    principal.policy = serde_json::from_value(json!({ "connections": ["b*"] })).unwrap();
    assert_eq!(list(&world.reach(&principal), &Wanted::default()).unwrap()["items"], json!([]));
    assert_eq!(get(&world.reach(&principal), "keys", "ada").unwrap_err().kind, problem::UNKNOWN);
    principal.policy = serde_json::from_value(json!({ "plugins": ["acme"] })).unwrap();
    assert_eq!(get(&world.reach(&principal), "keys", "ada").unwrap_err().kind, problem::UNKNOWN);
}

#[test]
fn fields_change_and_a_list_goes_on_where_it_ended() {
    let world = World::new();
    for name in ["ada", "bob", "eve"] {
        made(&world, None, name).unwrap();
    }
    let principal = manager(None);
    let reach = world.reach(&principal);
    let (mut after, mut names) = (None, Vec::new());
    loop {
        let page = list(&reach, &Wanted { after, limit: Some(2), ..Wanted::default() }).unwrap();
        names.extend(page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(names, ["app", "ada", "bob", "eve", "server"]);

    let to = |body: Value, name: &str| change(&reach, &world.connecting, "keys", name, &body.to_string());
    assert!(to(json!({ "fields": { "project": "other" } }), "ada").is_ok());
    assert_eq!(to(json!({ "fields": { "projet": "other" } }), "ada").unwrap_err().kind, problem::CONNECTION);
    let moved = to(json!({ "servers": { "main": "https://evil.example" } }), "ada").unwrap_err();
    assert_eq!(moved.kind, problem::INVALID_INPUT);
    // Of the configuration, and of nobody.
    assert_eq!(to(json!({ "fields": { "project": "x" } }), "server").unwrap_err().kind, problem::CONNECTION);
    assert_eq!(to(json!({}), "adda").unwrap_err().kind, problem::UNKNOWN);
    assert!(to(json!({}), "adda").unwrap_err().detail.contains("did you mean `ada`?"));

    assert!(remove(&reach, &world.connecting, "keys", "ada", false).is_ok());
    assert_eq!(get(&reach, "keys", "ada").unwrap_err().kind, problem::UNKNOWN);
    assert_eq!(remove(&reach, &world.connecting, "keys", "server", false).unwrap_err().kind, problem::CONNECTION);
}

#[test]
fn a_body_that_cannot_be_read_is_not_repeated() {
    for text in ["{\"fields\": \"geheim\"}", "{\"fields\": {\"api_key\": 1}, \"geheim", "geheim"] {
        let problem = body::<Change>(text).err().unwrap();
        assert!(problem.kind == problem::BAD_REQUEST && !problem.detail.contains("geheim"), "{}", problem.detail);
    }
    assert!(body::<Change>("{\"feilds\": {}}").err().unwrap().detail.contains("unknown field `feilds`"));
}
