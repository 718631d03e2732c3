use super::*;

/// Of `GET /path`, with an identifier and a tag, where they are not empty.
fn operation((place, id, tag): &(&str, &str, &str)) -> Operation {
    let (method, path) = place.split_once(' ').unwrap();
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Operation {
        method: method.to_owned(),
        path: path.to_owned(),
        id: some(id),
        tags: some(tag).into_iter().collect(),
        ..Operation::default()
    }
}

fn named(operations: &[(&str, &str, &str)]) -> Vec<String> {
    names(&Api { operations: operations.iter().map(operation).collect(), ..Api::default() }, &IndexMap::new())
}

#[test]
fn an_identifier_with_a_namespace_says_the_resource() {
    assert_eq!(
        named(&[
            ("GET /", "meta/root", "meta"),
            ("PATCH /repos/{owner}/{repo}", "repos/update", "repos"),
            ("GET /orgs/{org}/rulesets", "repos/get-org-rulesets", "repos"),
        ]),
        ["meta.root", "repos.update", "repos.get-org-rulesets"]
    );
    assert_eq!(
        named(&[
            ("GET /calendars/{calendarId}/events", "calendar.events.list", "events"),
            ("POST /batch", "calendar.users.messages.batchDelete", "users"),
            ("GET /colors", "calendar.get", "colors"),
        ]),
        ["events.list", "users-messages.batch-delete", "calendar.get"]
    );
}

#[test]
fn else_the_tag_says_it_where_it_says_something() {
    assert_eq!(
        named(&[
            ("POST /admin.apps.approve", "admin_apps_approve", "admin.apps"),
            ("GET /pets", "listPets", "Pets"),
            ("POST /pets", "add-a-pet", "Pets"),
            ("GET /v1/api/orders", "findOrders", "default"),
            ("GET /v2/users", "", "1-Click Users"),
            ("GET /v2/users/{id}", "", "1-Click Users"),
        ]),
        ["admin-apps.approve", "pets.list", "pets.add", "orders.find", "click-users.list", "click-users.get"]
    );
}

#[test]
fn a_tag_of_half_of_all_operations_says_nothing() {
    assert_eq!(
        named(&[
            ("GET /v1/accounts", "GetAccounts", "Stripe"),
            ("GET /v1/charges/{id}", "GetChargesCharge", "Stripe"),
            ("POST /", "", "Stripe"),
        ]),
        ["accounts.get", "charges.get", "root.create"]
    );
}

#[test]
fn a_name_that_is_taken_gives_way_to_a_longer_one_and_then_to_a_number() {
    assert_eq!(
        named(&[
            ("GET /links", "GetLinks", ""),
            ("GET /links/{link}", "GetLinksLink", ""),
            ("POST /links/{link}", "GetLinksLink", ""),
            ("POST /links/{link}", "GetLinksLink", ""),
            ("POST /links/{link}", "GetLinksLink", ""),
        ]),
        ["links.get", "links.get-links-link", "links.create-links", "links.create-links-2", "links.create-links-3"]
    );
}

#[test]
fn names_that_were_given_before_stay_and_what_is_added_at_the_end_renames_nothing() {
    let all = [("GET /users", "getUsers", ""), ("GET /users/{id}", "getUser", "")];
    let pins = IndexMap::from([
        ("GET /users/{id}".to_owned(), "users.get".to_owned()),
        ("GET /users".to_owned(), "no name".to_owned()),
    ]);
    let api = Api { operations: all.iter().map(operation).collect(), ..Api::default() };
    assert_eq!(names(&api, &pins), ["users.get-users", "users.get"]);
    assert_eq!(named(&all[..1]), named(&all)[..1]);
}

#[test]
fn every_name_is_one_that_the_host_takes() {
    let long = "a".repeat(200);
    let made = named(&[
        ("GET /", "", ""),
        ("GET /{a}", "__proto__", "\u{202e}"),
        ("GET /1/2", "1", "日本"),
        ("POST /x", &long, &long),
        ("POST /x", &format!("{long}_{long}"), &long),
        ("TRACE /v1", "-", "-"),
    ]);
    assert!(made.iter().all(|name| is_name(name)), "{made:?}");
    assert_eq!(made.iter().collect::<HashSet<_>>().len(), made.len());
}

#[test]
fn what_a_framework_writes_behind_the_name_of_a_function_is_no_part_of_it() {
    assert_eq!(
        named(&[
            ("GET /a/v1/items/{id}", "read_item_a_v1_items__id__get", "items"),
            ("POST /voices/add", "add_v1_voices_add_post", "voices"),
            ("GET /x", "_x_get", "x"),
        ]),
        ["items.read", "voices.add-v1", "x.get"]
    );
}
