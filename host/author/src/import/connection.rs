//! The configuration to try a new plugin with: one connection.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// A `wharf.toml` with a connection of the plugin: where its server is, and its fields from the environment.
pub(crate) fn connection(plugin: &str, document: &Map<String, Value>) -> String {
    let at = |pointer: &str| document.get("server").and_then(|server| server.pointer(pointer)).and_then(Value::as_str);
    let mut text =
        "# For trying the plugin from this folder: one connection. See docs/configuration.md and docs/connections.md.\n".to_owned();
    let _ = writeln!(text, "[connections.{plugin}]\nprovider = \"{plugin}\"");
    let _ = match at("/default") {
        Some(default) => writeln!(text, "base_url = {}", quoted(default)),
        None => writeln!(text, "base_url = \"https://api.example.com\" # {}", at("/summary").unwrap_or_default()),
    };
    let fields = document.get("fields").and_then(Value::as_object).into_iter().flatten();
    let fields: Vec<(&String, &Value)> = fields.collect();
    if !fields.is_empty() {
        let _ = writeln!(text, "\n[connections.{plugin}.fields]");
    }
    for (name, field) in fields {
        let needed = field.get("required").and_then(Value::as_bool) == Some(true);
        let variable = field.get("environment").and_then(Value::as_str).unwrap_or("VARIABLE");
        let comment = if needed { "" } else { "# " };
        let _ = writeln!(text, "{comment}{name} = {{ env = {} }}", quoted(variable));
    }
    if document.get("credentials").is_some() {
        let _ = writeln!(text, "\n# `wharf connect {plugin}` obtains a token, once the plugin is approved.");
    }
    text
}

/// As a basic string of TOML: its escapes are those of JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wharf::config::Config;

    use super::*;

    #[test]
    fn it_is_a_configuration_with_what_a_connection_needs() {
        let Value::Object(document) = json!({
            "server": {"summary": "Where Acme is.", "default": "https://api.acme.example"},
            "fields": {"token": {"required": true, "secret": true, "environment": "ACME_TOKEN"}, "region": {"environment": "ACME_REGION"}},
        }) else {
            panic!("it is an object")
        };
        let text = connection("acme", &document);
        assert!(text.contains("token = { env = \"ACME_TOKEN\" }") && text.contains("# region = { env ="), "{text}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wharf.toml");
        std::fs::write(&file, text).unwrap();
        assert!(Config::read(&file).unwrap().connections.contains_key("acme"));
    }
}
