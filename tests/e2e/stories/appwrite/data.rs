//! Documents, and rows, which are the same data under a newer name.

use super::{Value, World, call, equal, fails, has, ids, json};

/// The input with the collection.
fn in_collection(mut input: Value) -> Value {
    input["databaseId"] = "library".into();
    input["collectionId"] = "books".into();
    input
}

/// The input with the table.
fn in_table(mut input: Value) -> Value {
    input["databaseId"] = "library".into();
    input["tableId"] = "books".into();
    input
}

fn select(names: &[&str]) -> String {
    json!({ "method": "select", "values": names }).to_string()
}

#[test]
fn a_document_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let permissions = json!(["read(\"any\")", "update(\"user:ada\")"]);
    let input = in_collection(json!({
        "documentId": "middlemarch", "data": {"title": "Middlemarch", "copies": 2}, "permissions": permissions,
    }));
    let made = call(&world, "appwrite documents.create", input.clone());
    has(&made, &json!({"$id": "middlemarch", "$collectionId": "books", "$databaseId": "library", "copies": 2}));
    assert_eq!(made["$permissions"], permissions);
    fails(&world, "appwrite documents.create", input, 4, &["conflict", "document_already_exists"]);
    let nameless = call(&world, "appwrite documents.create", in_collection(json!({"data": {"title": "Persuasion"}})));
    assert_ne!(nameless["$id"], "unique()", "the server chose an id");

    let one = in_collection(json!({"documentId": "middlemarch"}));
    assert_eq!(call(&world, "appwrite documents.get", one.clone()), made);
    let title = in_collection(json!({"documentId": "middlemarch", "queries": [select(&["title"])]}));
    assert_eq!(call(&world, "appwrite documents.get", title), json!({"title": "Middlemarch"}));
    let listed = call(&world, "appwrite documents.list", in_collection(json!({"queries": [equal("copies", 2)]})));
    assert_eq!((ids(&listed), &listed["total"]), (vec!["middlemarch"], &json!(1)));

    let change = json!({"documentId": "middlemarch", "data": {"copies": 5}, "permissions": []});
    call(&world, "appwrite documents.update", in_collection(change));
    let found = call(&world, "appwrite documents.get", one.clone());
    has(&found, &json!({"title": "Middlemarch", "copies": 5, "$permissions": []}));

    assert_eq!(call(&world, "appwrite documents.delete", one.clone()), json!({"success": true}));
    fails(&world, "appwrite documents.get", one.clone(), 4, &["not found", "document_not_found"]);
    fails(&world, "appwrite documents.delete", one, 4, &["not found", "document_not_found"]);
    let elsewhere = json!({"databaseId": "library", "collectionId": "maps"});
    fails(&world, "appwrite documents.list", elsewhere, 4, &["not found", "collection_not_found"]);
}

#[test]
fn a_document_is_upserted_whether_it_is_there_or_not() {
    let world = World::new();
    for (title, copies) in [("Walden", 1), ("Walden; or, Life in the Woods", 1)] {
        let input = json!({"documentId": "walden", "data": {"title": title, "copies": copies}});
        let put = call(&world, "appwrite documents.upsert", in_collection(input));
        has(&put, &json!({"$id": "walden", "title": title}));
        let found = call(&world, "appwrite documents.get", in_collection(json!({"documentId": "walden"})));
        has(&found, &json!({"title": title, "copies": 1}));
    }
    let listed = call(&world, "appwrite documents.list", in_collection(json!({})));
    assert_eq!(ids(&listed), ["emma", "dracula", "ulysses", "walden"]);
}

#[test]
fn many_documents_are_made_upserted_changed_and_deleted_at_once() {
    let world = World::new();
    let made = call(
        &world,
        "appwrite documents.create",
        in_collection(json!({
            "documents": [
                {"$id": "walden", "title": "Walden", "copies": 1},
                {"title": "Persuasion", "copies": 4, "$permissions": ["read(\"any\")"]},
            ],
        })),
    );
    has(&made["documents"][0], &json!({"$id": "walden", "title": "Walden"}));
    has(&made["documents"][1], &json!({"title": "Persuasion", "$permissions": ["read(\"any\")"]}));
    let body: Value = serde_json::from_slice(&world.simulation.appwrite.requests()[0].body).unwrap();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["documents"], "no id is sent for many");
    let both = json!({"documents": [{"title": "Walden"}], "data": {"title": "Walden"}});
    fails(&world, "appwrite documents.create", in_collection(both), 2, &["general_bad_request"]);
    let twice = json!({"documents": [{"$id": "new"}, {"$id": "walden"}]});
    fails(&world, "appwrite documents.create", in_collection(twice), 4, &["conflict", "document_already_exists"]);

    let put = json!({"documents": [{"$id": "walden", "copies": 2}, {"$id": "kim", "title": "Kim", "copies": 1}]});
    let put = call(&world, "appwrite documents.upsert-many", in_collection(put));
    assert_eq!(ids(&put), ["walden", "kim"]);
    has(&put["documents"][0], &json!({"title": "Walden", "copies": 2}));

    let change = json!({"data": {"shelf": "lent"}, "queries": [equal("copies", 1)]});
    let changed = call(&world, "appwrite documents.update-many", in_collection(change));
    assert_eq!(ids(&changed), ["dracula", "kim"]);
    let lent = || call(&world, "appwrite documents.list", in_collection(json!({"queries": [equal("shelf", "lent")]})));
    assert_eq!(ids(&lent()), ["dracula", "kim"]);

    let gone = in_collection(json!({"queries": [equal("shelf", "lent")]}));
    assert_eq!(ids(&call(&world, "appwrite documents.delete-many", gone)), ["dracula", "kim"]);
    assert_eq!(lent()["total"], 0);
    assert_eq!(call(&world, "appwrite documents.list", in_collection(json!({})))["total"], 4);

    let all = json!({"data": {"copies": 0}});
    assert_eq!(call(&world, "appwrite documents.update-many", in_collection(all))["total"], 4);
    assert_eq!(call(&world, "appwrite documents.delete-many", in_collection(json!({})))["total"], 4);
    assert_eq!(call(&world, "appwrite documents.list", in_collection(json!({})))["total"], 0);
}

#[test]
fn a_number_of_a_document_is_counted_up_and_down_within_its_bounds() {
    let world = World::new();
    let copies = |more: Value| {
        let mut input = in_collection(json!({"documentId": "emma", "attribute": "copies"}));
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let found =
        || call(&world, "appwrite documents.get", in_collection(json!({"documentId": "emma"})))["copies"].clone();
    let counted = call(&world, "appwrite documents.increment-attribute", copies(json!({})));
    assert_eq!((&counted["copies"], found()), (&json!(4), json!(4)));
    call(&world, "appwrite documents.increment-attribute", copies(json!({"value": 1.5, "max": 6})));
    assert_eq!(found(), 5.5);
    let beyond = copies(json!({"value": 1, "max": 6}));
    fails(&world, "appwrite documents.increment-attribute", beyond, 4, &["attribute_limit_exceeded"]);

    let counted = call(&world, "appwrite documents.decrement-attribute", copies(json!({"value": 4.5, "min": 0})));
    assert_eq!((&counted["copies"], found()), (&json!(1), json!(1)));
    let beyond = copies(json!({"value": 2, "min": 0}));
    fails(&world, "appwrite documents.decrement-attribute", beyond, 4, &["attribute_limit_exceeded"]);
    assert_eq!(found(), 1);
    let mut unknown = copies(json!({}));
    unknown["attribute"] = "pages".into();
    fails(&world, "appwrite documents.decrement-attribute", unknown, 4, &["not found", "attribute_not_found"]);
}

#[test]
fn a_row_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let input = in_table(json!({"rowId": "middlemarch", "data": {"title": "Middlemarch", "copies": 2}}));
    let made = call(&world, "appwrite rows.create", input.clone());
    has(&made, &json!({"$id": "middlemarch", "$tableId": "books", "title": "Middlemarch", "copies": 2}));
    fails(&world, "appwrite rows.create", input, 4, &["conflict", "already_exists"]);
    let nameless =
        call(&world, "appwrite rows.create", in_table(json!({"data": {"title": "Persuasion", "copies": 1}})));
    assert_ne!(nameless["$id"], "unique()", "the server chose an id");

    let one = in_table(json!({"rowId": "middlemarch"}));
    assert_eq!(call(&world, "appwrite rows.get", one.clone()), made);
    let copies = in_table(json!({"rowId": "middlemarch", "queries": [select(&["$id", "copies"])]}));
    assert_eq!(call(&world, "appwrite rows.get", copies), json!({"$id": "middlemarch", "copies": 2}));
    let ordered =
        json!({"queries": [json!({"method": "orderDesc", "attribute": "copies"}).to_string()], "total": false});
    let listed = call(&world, "appwrite rows.list", in_table(ordered));
    assert_eq!((&ids(&listed)[..2], &listed["total"]), (&["emma", "middlemarch"][..], &json!(0)));
    let document = call(&world, "appwrite documents.get", in_collection(json!({"documentId": "middlemarch"})));
    assert_eq!(document["title"], "Middlemarch", "the same data under the older name");

    let change = json!({"rowId": "middlemarch", "data": {"copies": 5}, "permissions": ["read(\"any\")"]});
    call(&world, "appwrite rows.update", in_table(change));
    let found = call(&world, "appwrite rows.get", one.clone());
    has(&found, &json!({"title": "Middlemarch", "copies": 5, "$permissions": ["read(\"any\")"]}));

    assert_eq!(call(&world, "appwrite rows.delete", one.clone()), json!({"success": true}));
    fails(&world, "appwrite rows.get", one, 4, &["not found"]);
    fails(&world, "appwrite rows.list", json!({"databaseId": "attic", "tableId": "books"}), 4, &["database_not_found"]);
}

#[test]
fn many_rows_are_made_upserted_changed_and_deleted_at_once() {
    let world = World::new();
    let made = json!({"rows": [{"$id": "walden", "title": "Walden", "copies": 1}, {"title": "Persuasion"}]});
    let made = call(&world, "appwrite rows.create", in_table(made));
    has(&made["rows"][0], &json!({"$id": "walden", "$tableId": "books", "title": "Walden"}));
    assert_eq!(made["rows"][1]["title"], "Persuasion");

    let put = json!({"rows": [{"$id": "walden", "copies": 2}, {"$id": "kim", "title": "Kim", "copies": 1}]});
    let put = call(&world, "appwrite rows.upsert-many", in_table(put));
    has(&put["rows"][0], &json!({"$id": "walden", "title": "Walden", "copies": 2}));
    let one = json!({"rowId": "kim", "data": {"title": "Kim", "copies": 3}});
    has(&call(&world, "appwrite rows.upsert", in_table(one)), &json!({"$id": "kim", "copies": 3}));
    let new = json!({"rowId": "lanark", "data": {"title": "Lanark", "copies": 3}});
    call(&world, "appwrite rows.upsert", in_table(new));
    assert_eq!(call(&world, "appwrite rows.get", in_table(json!({"rowId": "lanark"})))["title"], "Lanark");

    let change = json!({"data": {"shelf": "lent"}, "queries": [equal("copies", 3)]});
    assert_eq!(ids(&call(&world, "appwrite rows.update-many", in_table(change))), ["emma", "kim", "lanark"]);
    let gone = json!({"queries": [equal("shelf", "lent")]});
    assert_eq!(ids(&call(&world, "appwrite rows.delete-many", in_table(gone))), ["emma", "kim", "lanark"]);
    assert_eq!(call(&world, "appwrite rows.list", in_table(json!({})))["total"], 4);
    fails(&world, "appwrite rows.get", in_table(json!({"rowId": "emma"})), 4, &["not found"]);
}

#[test]
fn a_number_of_a_row_is_counted_up_and_down_within_its_bounds() {
    let world = World::new();
    let input =
        |value: i32, bound: &str| in_table(json!({"rowId": "emma", "column": "copies", "value": value, bound: 5}));
    call(&world, "appwrite rows.increment-column", input(2, "max"));
    fails(&world, "appwrite rows.increment-column", input(1, "max"), 4, &["limit_exceeded"]);
    let found = || call(&world, "appwrite rows.get", in_table(json!({"rowId": "emma"})))["copies"].clone();
    assert_eq!(found(), 5);

    fails(&world, "appwrite rows.decrement-column", input(1, "min"), 4, &["limit_exceeded"]);
    let one = in_table(json!({"rowId": "emma", "column": "copies"}));
    assert_eq!(call(&world, "appwrite rows.decrement-column", one)["copies"], 4);
    assert_eq!(found(), 4);
}

#[test]
fn all_pages_of_rows_are_followed_with_the_filters_of_the_caller() {
    let world = World::new();
    let rows: Vec<Value> = (0..205).map(|n| json!({"$id": format!("map-{n}"), "kind": "map"})).collect();
    call(&world, "appwrite rows.create", in_table(json!({"rows": rows})));
    let maps = in_table(json!({"queries": [equal("kind", "map")], "maxItems": 150}));
    let listed = call(&world, "appwrite rows.list", maps);
    let found = ids(&listed);
    assert_eq!((found.len(), found[0], found[149]), (150, "map-0", "map-149"));
}
