//! Plugins that are a document: what `wharf check` tells of their folders.

use std::fs;

use crate::world::{Run, World};

const PLUGIN: &str = "\
contract: 0.2.0-draft
name: shop
title: Shop
version: 0.1.0
summary: Orders of a shop.
server: {summary: Where it is., default: https://shop.example}
operations:
  orders.get:
    title: Get order
    summary: Gets an order.
    request: {method: GET, path: '/orders/{id}'}
    input: {properties: {id: {type: string}}, required: [id]}
  orders.search:
    title: Search orders
    summary: Finds orders.
    unverified: Nobody called it.
    request: {method: POST, path: /orders/search}
";

/// A folder `acme` with a plugin in it, and no configuration beside it.
fn folder(plugin: &str, more: &[(&str, &str)]) -> World {
    let world = World::new();
    fs::remove_file(world.path().join("wharf.toml")).unwrap();
    fs::create_dir(world.path().join("acme")).unwrap();
    world.write("acme/plugin.yaml", plugin);
    more.iter().for_each(|(name, text)| drop(world.write(&format!("acme/{name}"), text)));
    world
}

#[track_caller]
fn told(run: &Run, code: i32, lines: &[&str]) {
    assert_eq!((run.code, run.err.as_str()), (code, ""), "{run:?}");
    for line in lines {
        assert!(run.out.contains(line), "no `{line}`:\n{}", run.out);
    }
}

#[test]
fn a_folder_that_is_well_is_told_so_with_what_could_be_better() {
    let world = folder(PLUGIN, &[]);
    let lines = [
        "✓ plugin shop  shop 0.1.0: 2 operations (1 unverified), 1 file",
        "! plugin shop  it has no recorded calls (acme/shop.cassette.json): no change is tested; record some: `wharf record",
        "! plugin shop  nothing says how a connection is tested; name an operation that only reads: `test: {operation: …}`",
        "! plugin shop  these write by POST, and seem to read by their names: orders.search; say so of a POST that changes nothing",
    ];
    for named in ["acme", "acme/", "./acme", "acme/plugin.yaml"] {
        let lines = lines.map(|line| line.replace("acme/", if named == "./acme" { "./acme/" } else { "acme/" }));
        told(&world.wharf(&["check", named]), 0, &lines.each_ref().map(String::as_str));
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_each_with_its_file_line_and_column() {
    let overlay = "operations:\n  orders.search:\n    effect: harmless\n";
    let plugin = PLUGIN
        .replace("    summary: Gets an order.\n", "")
        .replace("method: GET", "method: GTE")
        .replace("operations:\n", "titel: The shop\noperations:\n  $ref: [more.yaml, gone.yaml]\n");
    let world = folder(&plugin, &[("overlay.yaml", overlay), ("more.yaml", "a: {b: 1}\n")]);
    // What is not there is told first: nobody knows what it would say.
    let gone = world.wharf(&["check", "acme"]);
    told(&gone, 6, &["acme/plugin.yaml:9:21: /operations: `gone.yaml`: it cannot be read: No such file"]);
    world.write("acme/plugin.yaml", plugin.replace(", gone.yaml", ""));
    let all = [
        "acme/plugin.yaml:7:1: /titel: a manifest has no member `titel`; did you mean `title`?\n    7 | titel: The shop\n      | ^\n",
        "acme/plugin.yaml:10:3: /operations/orders.get: an operation needs `summary`\n   10 |   orders.get:\n      |   ^\n",
        "acme/plugin.yaml:12:23: /operations/orders.get/request/method: `GTE` is not known here",
        "acme/more.yaml:1:5: /operations/a/b: an operation has no member `b`",
        "acme/overlay.yaml:3:13: /operations/orders.search/effect: `harmless` is not known here",
    ];
    told(&world.wharf(&["check", "acme"]), 6, &all);
    let json = world.wharf(&["check", "acme", "--json"]);
    let findings: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let first = &findings[0];
    assert_eq!((json.code, first["verdict"].as_str(), first["line"].as_u64()), (6, Some("bad"), Some(7)), "{json:?}");
    assert_eq!((first["subject"].as_str(), first["place"].as_str()), (Some("acme/plugin.yaml"), Some("/titel")));
}

#[cfg(unix)]
#[test]
fn each_kind_of_mistake_is_told_in_words() {
    for (plugin, said) in [
        ("name: [a", "acme/plugin.yaml:1:7: the `]` that ends this list is missing, or a comma in it"),
        (
            "name: a\nname: b",
            "acme/plugin.yaml:2:1: `name` stands twice in one mapping, first in line 1; write it once",
        ),
        ("name: &a b", "acme/plugin.yaml:1:7: anchors and aliases (`&name`, `*name`) are not read here"),
        ("name: a\n\tb: c", "acme/plugin.yaml:2:"),
        ("name: a\u{1b}[31m", "acme/plugin.yaml:1:8: a control character stands here"),
        ("", "acme/plugin.yaml:1:1: it is empty; `wharf new NAME` writes one to begin with"),
        ("- a", "acme/plugin.yaml:1:1: it is a list; write a manifest"),
        ("$ref: ../x.yaml", "acme/plugin.yaml:1:7: write the name of a file in the folder of the plugin"),
        ("$ref: http://169.254.169.254/x", "acme/plugin.yaml:1:7: nothing is read from an address"),
        ("$ref: loop.yaml", "leads back to where it is taken in, which would have no end"),
        ("$ref: link.yaml", "`link.yaml`: it leads out of the folder of the plugin; put a copy of it into the folder"),
        ("$ref: pipe", "acme/plugin.yaml:1:7: `pipe`: it cannot be read"),
    ] {
        let world = folder(plugin, &[("loop.yaml", "$ref: loop.yaml")]);
        let acme = world.path().join("acme");
        std::os::unix::fs::symlink("/etc/passwd", acme.join("link.yaml")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(acme.join("pipe")).status().unwrap().success());
        let run = world.wharf(&["check", "acme"]);
        told(&run, 6, &[said]);
        assert!(!run.out.contains('\u{1b}') && !run.out.contains("root:"), "{run:?}");
    }
    let world = folder(PLUGIN, &[("plugin.json", "{}")]);
    told(&world.wharf(&["check", "acme"]), 6, &["acme: it has `plugin.yaml` and `plugin.json`; keep one of them"]);
    told(
        &world.wharf(&["check", "nothing/"]),
        6,
        &["nothing/: there is no `plugin.yaml` in it; `wharf new NAME` writes one"],
    );
}

#[test]
fn in_the_folder_of_a_plugin_it_is_the_plugin_that_is_looked_at_and_a_configuration_beside_it() {
    let world = World::new();
    world.write("plugin.yaml", PLUGIN);
    let both = world.wharf(&["check", "--offline"]);
    told(&both, 0, &["shop 0.1.0: 2 operations", "it is well-formed, and connections in it: 5"]);
    let connection = world.wharf(&["check", "--offline", "vtiger"]);
    assert!(!connection.out.contains("shop") && connection.code == 0, "{connection:?}");
    fs::remove_file(world.path().join("wharf.toml")).unwrap();
    let plugin = world.wharf(&["check"]);
    told(&plugin, 0, &["shop 0.1.0: 2 operations"]);
    assert!(!plugin.out.contains("connections"), "{plugin:?}");
}

#[test]
fn a_cassette_that_cannot_be_read_or_is_of_another_plugin_is_told() {
    let world = folder(PLUGIN, &[("shop.cassette.json", "{}")]);
    let run = world.wharf(&["check", "acme"]);
    told(&run, 2, &["✓ plugin shop  shop 0.1.0", "✗ plugin shop  acme/shop.cassette.json: "]);
}
