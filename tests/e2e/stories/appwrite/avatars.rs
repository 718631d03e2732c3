//! Pictures and places.

use std::fs;

use serde_json::{Value, json};

use crate::stories::{call, fails, run};
use crate::world::World;

#[track_caller]
fn is_drawn(world: &World, operation: &str, input: Value) {
    let folder = world.path().join("drawn");
    let run = run(world, operation, &input, &["--save", "drawn"]);
    assert_eq!(run.code, 0, "{run:?}");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(files.len() == 1 && files[0].starts_with(b"\x89PNG"), "{operation}: {run:?}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn pictures_are_drawn() {
    let world = World::new();
    is_drawn(&world, "appwrite avatars.get-browser", json!({"code": "ff", "width": 10, "height": 10, "quality": -1}));
    is_drawn(&world, "appwrite avatars.get-credit-card", json!({"code": "unionpay", "width": 0}));
    is_drawn(&world, "appwrite avatars.get-flag", json!({"code": "de"}));
    is_drawn(&world, "appwrite avatars.get-favicon", json!({"url": "https://example.com/"}));
    is_drawn(&world, "appwrite avatars.get-image", json!({"url": "https://example.com/a.png?b=c&d=e", "width": 20}));
    is_drawn(&world, "appwrite avatars.get-initials", json!({"name": "Ada Lovelace", "background": "336699"}));
    is_drawn(&world, "appwrite avatars.get-qr", json!({"text": "a & b", "size": 100, "margin": 0, "download": true}));
    let page = json!({"url": "https://example.com/", "headers": {"accept-language": "de"}, "viewportWidth": 800,
                      "viewportHeight": 600, "scale": 1.5, "theme": "dark", "userAgent": "x", "fullpage": true,
                      "locale": "de-DE", "timezone": "europe/berlin", "latitude": 52.5, "longitude": 13.4,
                      "accuracy": 10, "touch": false, "permissions": ["camera", "geolocation"], "sleep": 1,
                      "width": 400, "height": 300, "quality": 80, "output": "png"});
    is_drawn(&world, "appwrite avatars.get-screenshot", page);
}

#[test]
fn long_names_of_browsers_and_cards_are_no_codes() {
    let world = World::new();
    fails(&world, "appwrite avatars.get-browser", json!({"code": "Chrome"}), 2, &["`code`"]);
    fails(&world, "appwrite avatars.get-credit-card", json!({"code": "American Express"}), 2, &["`code`"]);
    fails(&world, "appwrite avatars.get-flag", json!({"code": "DE"}), 2, &["`code`"]);
    fails(&world, "appwrite avatars.get-initials", json!({"background": "#336699"}), 2, &["`background`"]);
    assert!(world.simulation.appwrite.requests().is_empty());
}

#[test]
fn places_languages_and_currencies_are_listed() {
    let world = World::new();
    assert_eq!(call(&world, "appwrite locale.get", json!({}))["countryCode"], "DE");
    let lists = [
        ("appwrite locale.list-continents", "continents", "EU"),
        ("appwrite locale.list-countries", "countries", "AT"),
        ("appwrite locale.list-countries-eu", "countries", "AT"),
        ("appwrite locale.list-countries-phones", "phones", "+49"),
        ("appwrite locale.list-currencies", "currencies", "EUR"),
        ("appwrite locale.list-languages", "languages", "de"),
        ("appwrite locale.list-codes", "localeCodes", "de-de"),
    ];
    for (operation, name, first) in lists {
        let listed = call(&world, operation, json!({}));
        assert_eq!(listed[name][0]["code"], first, "{operation}");
        assert_eq!(listed["total"], listed[name].as_array().unwrap().len(), "{operation}");
    }
}
