use std::collections::BTreeSet;

use wharf::Host;
use wharf::cassette::Cassette;

use super::*;
use crate::{component, folder};

#[test]
fn a_new_plugin_builds_and_passes_its_self_test_whatever_it_is_called() {
    for name in ["acme", "acme-shop-2"] {
        let above = tempfile::tempdir().unwrap();
        let new = above.path().join(name);
        write(&new, &data(name).unwrap()).unwrap();
        let plugin = folder::read(&new).unwrap();
        assert_eq!(plugin.manifest.about.name, name);

        let host = Host::builder().build().unwrap();
        let release = host.load_bytes(&component::build(&plugin.document).unwrap()).unwrap();
        let cassette = Cassette::read(&new.join(format!("{name}.cassette.json"))).unwrap();
        host.replay(&release, &cassette).unwrap();
        // Every operation is in it, and a failure.
        let recorded: BTreeSet<&str> = cassette.calls.iter().map(|call| call.operation.as_str()).collect();
        assert_eq!(recorded, release.operation_names().collect());
    }
}

#[test]
fn its_configuration_has_a_connection_to_it() {
    let above = tempfile::tempdir().unwrap();
    let new = above.path().join("acme-shop");
    write(&new, &data("acme-shop").unwrap()).unwrap();
    let config = wharf::config::Config::read(&new.join("wharf.toml")).unwrap();
    assert_eq!(config.connections["acme-shop"].provider, "acme-shop");
    let toml = fs::read_to_string(new.join("wharf.toml")).unwrap();
    assert!(toml.contains(r#"token = { env = "ACME_SHOP_TOKEN" }"#), "{toml}");
}

#[test]
fn nothing_of_a_template_is_left_open() {
    let above = tempfile::tempdir().unwrap();
    fs::write(above.path().join("Cargo.toml"), "").unwrap();
    let files = [data("acme").unwrap(), rust("acme", Sdk::Folder(above.path())).unwrap()].concat();
    for File { path, content } in files {
        assert!(!content.contains("{{"), "{path}");
    }
}

#[test]
fn a_plugin_is_named_in_kebab_case_and_told_so() {
    let long = "a".repeat(65);
    for name in ["", "Acme", "acme_shop", "-acme", "acme-", "a--b", "2acme", "../acme", "acme/", long.as_str()] {
        let problem = data(name).unwrap_err().to_string();
        assert!(problem.contains("is no name for a plugin: it is in kebab case"), "{problem}");
    }
    let mut words = data("acme-shop-2").unwrap().into_iter().map(|file| file.content);
    assert!(words.next().unwrap().contains("title: Acme Shop 2\n"));
}

#[test]
fn a_plugin_in_rust_says_where_its_sdk_is() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = |sdk| rust("acme", sdk).map(|files| files[0].content.clone());
    let problem = manifest(Sdk::Folder(folder.path())).unwrap_err().to_string();
    assert!(problem.contains("is not the folder of the SDK: it is `plugins/sdk`"), "{problem}");
    fs::write(folder.path().join("Cargo.toml"), "").unwrap();
    let whole = folder.path().canonicalize().unwrap();
    let text = manifest(Sdk::Folder(folder.path())).unwrap();
    assert!(text.contains(&format!("wharf-plugin = {{ path = \"{}\" }}", whole.display())), "{text}");
    let text = manifest(Sdk::Git("https://git.example/\"wharf\"")).unwrap();
    assert!(text.contains(r#"wharf-plugin = { git = "https://git.example/\"wharf\"" }"#), "{text}");
}

#[test]
fn what_is_there_is_not_written_over() {
    let above = tempfile::tempdir().unwrap();
    let (taken, empty, file) = (above.path().join("taken"), above.path().join("empty"), above.path().join("file"));
    fs::create_dir(&taken).unwrap();
    fs::create_dir(&empty).unwrap();
    fs::write(taken.join("notes"), "mine").unwrap();
    fs::write(&file, "mine").unwrap();
    let files = data("acme").unwrap();
    for path in [&taken, &file] {
        let problem = write(path, &files).unwrap_err().to_string();
        assert!(problem.contains("is there already, and stays as it is"), "{problem}");
    }
    assert_eq!(fs::read_dir(&taken).unwrap().count(), 1);
    write(&empty, &files).unwrap();
    assert!(matches!(write(&empty, &files), Err(ScaffoldError::Taken(_))));
}

#[test]
fn the_schema_for_editors_knows_that_operations_may_stand_in_other_files() {
    let schema: Value = serde_json::from_str(&schema().content).unwrap();
    let operations = &schema["properties"]["operations"];
    assert_eq!(operations["propertyNames"]["anyOf"][0], json!({"const": "$ref"}));
    assert!(operations["propertyNames"]["anyOf"][1]["pattern"].is_string());
    assert_eq!(operations["properties"]["$ref"]["anyOf"][1]["type"], "array");
    assert_eq!(schema["properties"]["name"], serde_json::from_str::<Value>(SCHEMA).unwrap()["properties"]["name"]);
}
