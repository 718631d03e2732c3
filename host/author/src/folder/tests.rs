//! A folder as it is read: what is put together, and how what is wrong is told.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

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
";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = dir.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    dir
}

fn document(files: &[(&str, &str)]) -> Value {
    let dir = folder(files);
    let plugin = read(dir.path()).unwrap_or_else(|problems| panic!("{}", told(dir.path(), &problems)));
    serde_json::from_str(&plugin.document).unwrap()
}

/// All that is told, as of a folder `acme`.
fn told(dir: &Path, problems: &[Problem]) -> String {
    let all: Vec<String> = problems.iter().map(Problem::to_string).collect();
    all.join("\n").replace(&dir.display().to_string(), "acme")
}

fn problems(files: &[(&str, &str)]) -> String {
    let dir = folder(files);
    told(dir.path(), &read(dir.path()).unwrap_err())
}

#[test]
fn a_plugin_is_one_file() {
    let dir = folder(&[("plugin.yaml", PLUGIN)]);
    let plugin = read(dir.path()).unwrap();
    assert_eq!(plugin.manifest.about.name, "shop");
    assert_eq!(plugin.files, [dir.path().join("plugin.yaml")]);
    assert_eq!(file_of(dir.path()).unwrap(), dir.path().join("plugin.yaml"));
    assert!(plugin.document.starts_with(r#"{"contract":"0.2.0-draft","name":"shop","#), "{}", plugin.document);
    assert_eq!(read(dir.path()).unwrap().document, plugin.document);
    // JSON is YAML, and the file may say so.
    assert_eq!(document(&[("plugin.json", &plugin.document)]), document(&[("plugin.yml", PLUGIN)]));
}

#[test]
fn a_folder_without_a_plugin_or_with_two_is_told_so() {
    assert_eq!(problems(&[]), "acme: there is no `plugin.yaml` in it; `wharf new NAME` writes one");
    let two = [("plugin.yaml", PLUGIN), ("plugin.json", "{}")];
    assert_eq!(problems(&two), "acme: it has `plugin.yaml` and `plugin.json`; keep one of them, and delete the other");
    let none = read("/nowhere/at/all".as_ref()).unwrap_err();
    assert_eq!(
        told("/nowhere/at/all".as_ref(), &none),
        "acme: there is no `plugin.yaml` in it; `wharf new NAME` writes one"
    );
    let empty = problems(&[("plugin.yaml", "# nothing yet\n")]);
    assert!(
        empty.starts_with("acme/plugin.yaml:1:1: it is empty; `wharf new NAME` writes one to begin with"),
        "{empty}"
    );
}

const ORDER: &str = "\
orders.list:
  title: List orders
  summary: Lists orders.
  request: {method: GET, path: /orders}
";

#[test]
fn members_are_taken_from_files_of_the_folder() {
    let whole = format!(
        "{PLUGIN}  $ref: [operations/orders.yaml, './operations/all.yaml#/the~1users']\n$defs: {{$ref: defs.json}}\n"
    );
    let users = ORDER.replace("orders", "users").lines().map(|line| format!("  {line}\n")).collect::<String>();
    let document = document(&[
        ("plugin.yaml", &whole),
        ("operations/orders.yaml", ORDER),
        ("operations/all.yaml", &format!("the/users:\n{users}")),
        ("defs.json", r##"{"id": {"type": "string"}, "ids": {"type": "array", "items": {"$ref": "#/$defs/id"}}}"##),
    ]);
    let names: Vec<&String> = document["operations"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["orders.get", "orders.list", "users.list"]);
    // That of a JSON Schema stays.
    assert_eq!(document["$defs"]["ids"]["items"], json!({"$ref": "#/$defs/id"}));
}

#[test]
fn what_is_data_in_a_schema_takes_nothing_in() {
    let kinds = "kind: {enum: [{$ref: shop.cassette.json}]}, default: {$ref: more.yaml}, id: {type: string}";
    let plugin = PLUGIN.replace("id: {type: string}", kinds);
    let document = document(&[("plugin.yaml", &plugin), ("shop.cassette.json", "{}"), ("more.yaml", "type: string")]);
    let properties = document.pointer("/operations/orders.get/input/properties").unwrap();
    assert_eq!(properties["kind"]["enum"], json!([{"$ref": "shop.cassette.json"}]));
    assert_eq!(properties["default"], json!({"type": "string"}), "it is the name of a property");
}

#[test]
fn an_overlay_has_the_last_word() {
    let overlay = "\
title: The shop
operations:
  orders.get: {unverified: 'nobody called it', summary: Gets one order., input: {required: null}}
  orders.list:
    $ref: mine.yaml
";
    let document = document(&[
        ("plugin.yaml", PLUGIN),
        ("overlay.yaml", overlay),
        ("mine.yaml", "title: List\nsummary: Lists orders.\nrequest: {method: GET, path: /orders}\n"),
    ]);
    assert_eq!(document["title"], "The shop");
    let [get, list] = ["orders.get", "orders.list"].map(|name| &document["operations"][name]);
    assert_eq!((&get["summary"], &get["title"]), (&json!("Gets one order."), &json!("Get order")));
    assert_eq!(get["input"], json!({"properties": {"id": {"type": "string"}}}));
    assert_eq!(list["title"], "List");
    // One that says nothing yet changes nothing.
    let commented = [("plugin.yaml", PLUGIN), ("overlay.yaml", "# operations:\n#   orders.get: …\n")];
    assert_eq!(self::document(&commented), self::document(&[("plugin.yaml", PLUGIN)]));
}

#[test]
fn what_is_wrong_is_told_where_it_stands_in_whichever_file() {
    let text = PLUGIN.replace("    summary: Gets an order.\n", "").replace("method: GET", "method: GTE");
    let told = problems(&[("plugin.yaml", &text)]);
    assert!(
        told.contains(
            "\
acme/plugin.yaml:8:3: /operations/orders.get: an operation needs `summary`
    8 |   orders.get:
      |   ^"
        ),
        "{told}"
    );
    let by_file = [
        ("plugin.yaml", PLUGIN.replace("operations:\n", "operations:\n  $ref: more.yaml\n")),
        ("more.yaml", ORDER.replace("    summary", "    sumary").replace("title: List", "titel: \u{202e}List")),
        ("overlay.yaml", "operations:\n  orders.get:\n    effect: harmless\n".to_owned()),
    ];
    let by_file: Vec<(&str, &str)> = by_file.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let told = problems(&by_file);
    assert!(told.contains("acme/more.yaml:2:3: /operations/orders.list/titel: "), "{told}");
    assert!(told.contains("\n    2 |   titel: \\u{202e}List orders\n      |   ^"), "{told}");
}

#[test]
fn what_an_overlay_says_wrong_is_told_in_the_overlay() {
    for (overlay, said) in [
        (
            "operations:\n  orders.get:\n    effect: harmless\n",
            "acme/overlay.yaml:3:13: /operations/orders.get/effect: `harmless` is",
        ),
        (
            "operations: {orders.get: {request: {method: PUT, pth: x}}}\n",
            "acme/overlay.yaml:1:50: /operations/orders.get/request/pth: ",
        ),
        // A stale one: the operation is no more.
        (
            "operations:\n  orders.gone:\n    summary: Mine.\n",
            "acme/overlay.yaml:2:3: /operations/orders.gone: an operation needs",
        ),
        ("- a\n", "acme/overlay.yaml:1:1: it is a list; write the members that are to be others"),
        ("a: 1\na: 2\n", "acme/overlay.yaml:2:1: `a` stands twice"),
        // What was taken away is missing where it was.
        ("name: null\n", "acme/plugin.yaml:1:1: a manifest needs `name`"),
    ] {
        let told = problems(&[("plugin.yaml", PLUGIN), ("overlay.yaml", overlay)]);
        assert!(told.contains(said), "{overlay}: {told}");
    }
}

#[test]
fn nothing_outside_of_the_folder_is_read_and_nothing_twice_without_end() {
    for (reference, said) in [
        ("../x.yaml", "acme/plugin.yaml:8:9: /operations: write the name of a file in the folder of the plugin"),
        ("/etc/passwd", "acme/plugin.yaml:8:9: /operations: write the name of a file in the folder"),
        ("a/../../x.yaml", "write the name of a file in the folder"),
        ("''", "write the name of a file in the folder"),
        ("http://169.254.169.254/x", "nothing is read from an address; save it as a file in the folder"),
        ("file:///etc/passwd", "nothing is read from an address"),
        ("link.yaml", "`link.yaml`: it leads out of the folder of the plugin; put a copy of it into the folder"),
        ("out/passwd", "`out/passwd`: it leads out of the folder"),
        ("gone.yaml", "`gone.yaml`: it cannot be read: No such file"),
        ("pipe", "`pipe`: it cannot be read: "),
        ("operations", "`operations`: it cannot be read: "),
        ("bad.yaml", "acme/bad.yaml:2:3: a name and its colon may not stand here"),
        ("binary.yaml", "acme/binary.yaml:1:4: a byte here is not of UTF-8"),
        ("list.yaml", "`list.yaml` leads to a list, and only the members of a mapping are taken in"),
        ("good.yaml#/nowhere", "there is nothing at `/nowhere` in `good.yaml`"),
        ("loop.yaml", "acme/loop.yaml:1:7: /operations: `loop.yaml` leads back to where it is taken in"),
        ("one.yaml", "acme/one.yaml:1:11: /operations/a: `two.yaml` leads back to where it is taken in"),
        (
            "good.yaml, good.yaml",
            "acme/good.yaml:1:1: /operations: `orders.list` stands twice, first in line 1 of good.yaml",
        ),
        ("again.yaml", "acme/plugin.yaml:9:3: /operations: `orders.get` stands twice, first in line 1 of again.yaml"),
        ("double0.yaml", "more is taken in than 1000000 values"),
    ] {
        let reference = if reference.contains(',') { format!("[{reference}]") } else { reference.to_owned() };
        let text = PLUGIN.replace("operations:\n", &format!("operations:\n  $ref: {reference}\n"));
        let dir = folder(&[
            ("plugin.yaml", &text),
            ("good.yaml", ORDER),
            ("again.yaml", "orders.get: {}"),
            ("bad.yaml", "a: b\n c: d"),
            ("list.yaml", "[]"),
            ("loop.yaml", "$ref: loop.yaml"),
            ("one.yaml", "a: {$ref: two.yaml}"),
            ("two.yaml", "$ref: 'one.yaml#/a'"),
            ("operations/orders.yaml", ORDER),
        ]);
        fs::write(dir.path().join("binary.yaml"), b"a: \xff").unwrap();
        for n in 0..40 {
            let next = n + 1;
            let doubles = format!("a: {{$ref: double{next}.yaml}}\nb: {{$ref: double{next}.yaml}}\n");
            fs::write(dir.path().join(format!("double{n}.yaml")), doubles).unwrap();
        }
        fs::write(dir.path().join("double40.yaml"), "{}").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link.yaml")).unwrap();
            std::os::unix::fs::symlink("/etc", dir.path().join("out")).unwrap();
            let pipe = std::process::Command::new("mkfifo").arg(dir.path().join("pipe")).status();
            assert!(pipe.unwrap().success());
        }
        let told = told(dir.path(), &read(dir.path()).unwrap_err());
        assert!(told.contains(said), "{reference}: {told}");
    }
}

#[test]
fn a_long_line_is_shown_around_the_place() {
    let text = format!("{{\"a\": \"{}\", \"b\": 0, \"b\": 1, \"c\": \"{}\"}}", "é".repeat(200), "z".repeat(200));
    let told = problems(&[("plugin.json", &text)]);
    let [about, line, mark] = told.lines().collect::<Vec<_>>()[..] else { panic!("{told}") };
    assert!(about.starts_with("acme/plugin.json:1:219: `b` stands twice in one mapping, first in line 1"), "{told}");
    let at = line.chars().skip(mark.find('^').unwrap()).collect::<String>();
    assert!(at.starts_with("\"b\": 1, \"c\""), "{told}");
    assert!(line.contains("| …éé") && line.ends_with("zz…") && line.chars().count() < 120, "{told}");
}

#[test]
fn an_unknown_name_is_told_at_the_name_and_null_by_a_comment_as_that() {
    for (from, to, said) in [
        (
            "title: Shop",
            "titel: Shop",
            "acme/plugin.yaml:3:1: /titel: a manifest has no member `titel`; did you mean `title`?",
        ),
        (
            "path: '/orders/{id}'",
            "'paths': '/orders'",
            "acme/plugin.yaml:11:28: /operations/orders.get/request/paths: a request has no member `paths`; did you mean `path`?",
        ),
        (
            "title: Get order",
            "title: #1 order",
            "/operations/orders.get/title: it is null, as `#` begins a comment; put quotes around a text that begins with `#`",
        ),
    ] {
        let told = problems(&[("plugin.yaml", &PLUGIN.replace(from, to))]);
        assert!(told.contains(said) && told.lines().count() == 3, "{told}");
    }
}

#[test]
fn what_is_hardly_meant_is_told_with_its_place() {
    let plugin = PLUGIN.replace("{id: {type: string}}", "{id: {type: string}, size: {type: string}}");
    let dir = folder(&[("plugin.yaml", &plugin)]);
    let doubts = told(dir.path(), &read(dir.path()).unwrap().doubts);
    let said = "acme/plugin.yaml:12:46: /operations/orders.get/input/properties/size: no request takes this input";
    assert!(doubts.starts_with(said), "{doubts}");
}
