//! The reference of the document, `docs/manifest.md`, made from the schema. After a change of the schema, this writes it anew:
//!
//! `WHARF_WRITE_REFERENCE=1 cargo test -p wharf --lib reference`

use std::fmt::Write as _;

use serde_json::Value;

const SCHEMA: &str = include_str!("../../../../../wit/0.2/manifest.schema.json");
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/manifest.md");

const HEAD: &str = "# The manifest

A plugin describes itself by one document: a person writes it, an SDK makes it, an importer writes it. This is every member that
it can have. What is usual is left out. `wharf describe PLUGIN --json` prints the document of any plugin, whatever version of the
contract it was built for.

[`wharf build`](plugin-yaml.md) makes a component of it: it hands the document over, by the function `describe` of
[the contract](../wit/0.2/world.wit). `wharf describe ./acme.wasm` shows what the host makes of it, and `wharf check` says of each
mistake where it is. Of an operation without `code` nothing else of the component runs.

An unknown member is an error that names the nearest known one; members that begin with `x-` are yours. None is null where this
page does not say so: what there is not is left out. A whole number may be written as `100.0` or `1e2`, too. The schema for editors
is [`manifest.schema.json`](../wit/0.2/manifest.schema.json), of which this page is made.
";

pub(super) fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn reference(schema: &Value) -> String {
    let mut page = HEAD.to_owned();
    section(&mut page, "A manifest", schema);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        section(&mut page, &title(name), definition);
    }
    page
}

/// `field-of-request` as a title.
fn title(name: &str) -> String {
    let words = name.replace('-', " ");
    words.get(..1).unwrap().to_uppercase() + words.get(1..).unwrap()
}

fn section(page: &mut String, title: &str, definition: &Value) {
    let words = definition["description"].as_str().unwrap();
    write!(page, "\n## {title}\n\n{words}\n").unwrap();
    let variants = definition["oneOf"].as_array().into_iter().flatten();
    let object = [definition].into_iter().chain(variants).find(|variant| variant["properties"].is_object());
    if let Some(object) = object {
        page.push_str("\n| member | what it is | |\n| --- | --- | --- |\n");
        rows(page, "", object);
    }
    let short = |example: &Value| Some(example.to_string()).filter(|text| text.len() <= 120);
    let example = |example| short(example).unwrap_or_else(|| serde_json::to_string_pretty(example).unwrap());
    let examples: Vec<String> = definition["examples"].as_array().into_iter().flatten().map(example).collect();
    if !examples.is_empty() {
        write!(page, "\n```json\n{}\n```\n", examples.join("\n")).unwrap();
    }
}

/// A line for each member, and for those of an object that stands in it.
fn rows(page: &mut String, within: &str, object: &Value) {
    let required: Vec<&str> = object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, member) in object["properties"].as_object().into_iter().flatten() {
        let need = if required.contains(&name.as_str()) { "needed" } else { "" };
        writeln!(page, "| `{within}{name}` | {} | {need} |", cell(&about(member))).unwrap();
        let variants = member["oneOf"].as_array().into_iter().flatten();
        [member].into_iter().chain(variants).for_each(|object| rows(page, &format!("{within}{name}."), object));
    }
}

/// What a member is: its own words, what it can be, and examples that fit a line.
fn about(member: &Value) -> String {
    let mut words = member["description"].as_str().unwrap_or_default().to_owned();
    if let Some(target) = refers_to(member) {
        let link = format!("[{}](#{})", title(target).to_lowercase(), target);
        words = if words.is_empty() { format!("See {link}.") } else { format!("{words} See {link}.") };
    }
    if let Some(choices) = member["enum"].as_array() {
        let list: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.as_str().unwrap())).collect();
        write!(words, " One of {}.", list.join(", ")).unwrap();
    }
    if let Some(constant) = member.get("const") {
        write!(words, " Always `{}`.", constant.as_str().map_or_else(|| constant.to_string(), str::to_owned)).unwrap();
    }
    if let Some(default) = member.get("default").filter(|default| default.as_str() != Some("")) {
        write!(words, " Without it: `{}`.", default.as_str().map_or_else(|| default.to_string(), str::to_owned))
            .unwrap();
    }
    if let Some(example) = member["examples"].as_array().and_then(|examples| examples.first()) {
        write!(words, " Such as `{}`.", example.as_str().map_or_else(|| example.to_string(), str::to_owned)).unwrap();
    }
    words
}

/// The definition that a member, or each of its entries, is made by.
fn refers_to(member: &Value) -> Option<&str> {
    [member, &member["items"], &member["additionalProperties"]]
        .into_iter()
        .find_map(|place| place["$ref"].as_str())?
        .strip_prefix("#/$defs/")
}

fn cell(words: &str) -> String {
    words.replace('|', "\\|")
}

#[test]
fn the_page_is_that_of_the_schema() {
    let page = reference(&schema());
    if std::env::var_os("WHARF_WRITE_REFERENCE").is_some() {
        std::fs::write(FILE, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(FILE).unwrap(), page, "write it anew, as the comment above says");
}

#[test]
fn every_member_has_words() {
    fn check(place: &str, schema: &Value) {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            assert!(about(member).len() >= 9, "{place}/{name}");
            check(&format!("{place}/{name}"), member);
        }
        for variant in schema["oneOf"].as_array().into_iter().flatten() {
            check(place, variant);
        }
    }
    let schema = schema();
    check("", &schema);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert!(definition["description"].is_string(), "{name}");
        check(name, definition);
    }
}

#[test]
fn every_example_is_one() {
    fn check(place: &str, schema: &Value, definitions: &Value) {
        let mut whole = schema.clone();
        if let Some(examples) = schema["examples"].as_array() {
            whole["$defs"] = definitions.clone();
            let validator = jsonschema::validator_for(&whole).unwrap();
            for example in examples {
                let wrong = validator.iter_errors(example).map(|error| error.to_string()).next();
                assert_eq!(wrong, None, "{place}: {example}");
            }
        }
        let members = schema.as_object().into_iter().flatten().filter(|(name, _)| *name != "examples");
        let items = schema.as_array().into_iter().flatten().map(|item| ("", item));
        for (name, inner) in members.map(|(name, inner)| (name.as_str(), inner)).chain(items) {
            check(&format!("{place}/{name}"), inner, definitions);
        }
    }
    let schema = schema();
    check("", &schema, &schema["$defs"]);
    for example in schema["examples"].as_array().unwrap() {
        assert_eq!(super::check(&example.to_string()).err(), None);
    }
}
