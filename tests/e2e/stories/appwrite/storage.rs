//! Buckets, files and tokens.

use std::fs;

use serde_json::{Value, json};

use crate::stories::{call, fails, run};
use crate::world::World;

#[test]
fn a_bucket_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let made = call(
        &world,
        "appwrite buckets.create",
        json!({"bucketId": "charts", "name": "Charts", "permissions": ["read(\"any\")", "create(\"users\")"],
               "fileSecurity": true, "maximumFileSize": 1000, "allowedFileExtensions": ["pdf"], "compression": "gzip",
               "encryption": false, "antivirus": false, "transformations": false, "enabled": true}),
    );
    assert_eq!(made["$permissions"], json!(["read(\"any\")", "create(\"users\")"]));
    let one = json!({"bucketId": "charts"});
    assert_eq!(call(&world, "appwrite buckets.get", one.clone()), made);
    let listed = call(&world, "appwrite buckets.list", json!({}));
    assert_eq!((&listed["total"], &listed["buckets"][1]["$id"]), (&json!(2), &json!("charts")));
    let changed =
        call(&world, "appwrite buckets.update", json!({"bucketId": "charts", "name": "Sea charts", "enabled": false}));
    assert_eq!((&changed["name"], &changed["enabled"]), (&json!("Sea charts"), &json!(false)));
    call(&world, "appwrite buckets.delete", one.clone());
    fails(&world, "appwrite buckets.get", one, 4, &["not found", "storage_bucket_not_found"]);
}

#[test]
fn a_file_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    world.write("log.txt", "The light is on.");
    let input = json!({"bucketId": "pictures", "fileId": "log", "permissions": ["read(\"any\")", "update(\"users\")"]});
    let made = run(&world, "appwrite files.create", &input, &["--attach", "file=@log.txt"]).json();
    assert_eq!((&made["$id"], &made["name"]), (&json!("log"), &json!("log.txt")));
    assert_eq!(made["$permissions"], json!(["read(\"any\")", "update(\"users\")"]));
    assert_eq!((&made["sizeOriginal"], &made["chunksUploaded"]), (&json!(16), &json!(1)));

    let one = json!({"bucketId": "pictures", "fileId": "log"});
    assert_eq!(call(&world, "appwrite files.get", one.clone()), made);
    let listed = call(&world, "appwrite files.list", json!({"bucketId": "pictures", "search": "log"}));
    assert_eq!((&listed["total"], &listed["files"][0]["$id"]), (&json!(1), &json!("log")));
    for operation in ["appwrite files.download", "appwrite files.view"] {
        assert_eq!(saved(&world, operation, &one), b"The light is on.", "{operation}");
    }
    let input = json!({"bucketId": "pictures", "fileId": "log", "name": "journal.txt", "permissions": []});
    let changed = call(&world, "appwrite files.update", input);
    assert_eq!((&changed["name"], &changed["$permissions"]), (&json!("journal.txt"), &json!([])));
    call(&world, "appwrite files.delete", one.clone());
    fails(&world, "appwrite files.get", one, 4, &["not found", "storage_file_not_found"]);
}

#[test]
fn an_image_is_shown_in_another_size_and_format() {
    let world = World::new();
    let input = json!({"bucketId": "pictures", "fileId": "lighthouse", "width": 20, "height": 10, "gravity": "top-left",
                       "quality": 80, "borderWidth": 1, "borderColor": "336699", "borderRadius": 2, "opacity": 0.5,
                       "rotation": 90, "background": "fff", "output": "png"});
    assert!(saved(&world, "appwrite files.preview", &input).starts_with(b"\x89PNG"));
    let target = &world.simulation.appwrite.requests()[0].target;
    assert!(target.contains("width=20") && target.contains("opacity=0.5") && target.contains("output=png"), "{target}");
}

#[test]
fn a_token_is_made_found_listed_changed_and_deleted_and_opens_its_file() {
    let world = World::new();
    let file = json!({"bucketId": "pictures", "fileId": "lighthouse"});
    let mut with_end = file.clone();
    with_end["expire"] = json!("2099-01-05T09:00:00.000Z");
    let made = call(&world, "appwrite tokens.create", with_end);
    assert_eq!(made["resourceId"], "pictures:lighthouse");
    let one = json!({"tokenId": made["$id"]});
    assert_eq!(call(&world, "appwrite tokens.get", one.clone())["secret"], made["secret"]);
    let listed = call(&world, "appwrite tokens.list", file.clone());
    assert_eq!((&listed["total"], &listed["tokens"][0]["$id"]), (&json!(1), &made["$id"]));

    let mut opened = file;
    opened["token"] = made["secret"].clone();
    assert!(saved(&world, "appwrite files.view", &opened).starts_with(b"\x89PNG"));

    let endless = call(&world, "appwrite tokens.update", json!({"tokenId": made["$id"], "expire": Value::Null}));
    assert_eq!(endless["expire"], "");
    call(&world, "appwrite tokens.delete", one.clone());
    fails(&world, "appwrite tokens.get", one, 4, &["not found", "token_not_found"]);
    fails(&world, "appwrite files.view", opened, 4, &["not found", "token_not_found"]);
}

/// The only file of the output of an operation.
#[track_caller]
fn saved(world: &World, operation: &str, input: &Value) -> Vec<u8> {
    let folder = world.path().join("saved");
    let run = run(world, operation, input, &["--save", "saved"]);
    assert_eq!(run.code, 0, "{run:?}");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let bytes = fs::read(file).unwrap();
    fs::remove_file(file).unwrap();
    bytes
}
