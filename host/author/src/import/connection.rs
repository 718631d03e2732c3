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
        None => {
            let summary = at("/summary").unwrap_or_default();
            match is_at(summary) {
                Some(url) => writeln!(text, "base_url = {}", quoted(url)),
                // A call says that it is missing, and sends nothing to somebody else's server.
                None => writeln!(text, "# base_url = {} # {summary}", quoted(&such_as(summary))),
            }
        }
    };
    let servers = document.get("servers").and_then(Value::as_object).into_iter().flatten();
    let servers: Vec<String> = servers
        .filter_map(|(name, server)| {
            let text = |member: &str| server.get(member).and_then(Value::as_str);
            let url = text("default").or_else(|| is_at(text("summary")?))?;
            Some(format!("{} = {}", quoted(name), quoted(url)))
        })
        .collect();
    if !servers.is_empty() {
        let _ = writeln!(text, "servers = {{ {} }}", servers.join(", "));
    }
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

/// The whole address that the summary of a server tells: `Where Acme is: http://localhost:8080/v1`.
fn is_at(summary: &str) -> Option<&str> {
    let url = summary.split_once(" is: ")?.1.trim();
    let is_whole = url.starts_with("http://") || url.starts_with("https://");
    (is_whole && !url.contains(['{', ' '])).then_some(url)
}

/// The address that the summary of a server has for an example: `…, such as https://api.example.com/v1`.
fn such_as(summary: &str) -> String {
    let behind = summary.split_once("such as ").map(|(_, behind)| behind);
    let url = behind.and_then(|behind| behind.split_whitespace().next()).filter(|url| url.starts_with("https://"));
    url.filter(|url| !url.contains('{')).unwrap_or("https://api.example.com").to_owned()
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
            "servers": {
                "uploads": {"summary": "Uploads.", "default": "https://up.acme.example"},
                "files": {"summary": "Where `files` of Acme is, such as https://api.example.com/files"},
            },
            "fields": {"token": {"required": true, "secret": true, "environment": "ACME_TOKEN"}, "region": {"environment": "ACME_REGION"}},
        }) else {
            panic!("it is an object")
        };
        let text = connection("acme", &document);
        assert!(text.contains("token = { env = \"ACME_TOKEN\" }") && text.contains("# region = { env ="), "{text}");
        assert!(text.contains("\nservers = { \"uploads\" = \"https://up.acme.example\" }\n"), "{text}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wharf.toml");
        std::fs::write(&file, text).unwrap();
        assert!(Config::read(&file).unwrap().connections.contains_key("acme"));
    }

    #[test]
    fn a_path_that_is_known_stands_in_the_address_that_is_to_be_replaced() {
        let Value::Object(document) = json!({
            "server": {"summary": "Where Acme is, such as https://api.example.com/v1"},
        }) else {
            panic!("it is an object")
        };
        assert!(connection("acme", &document).contains("\n# base_url = \"https://api.example.com/v1\" # Where"));
    }

    #[test]
    fn a_server_of_ones_own_machine_is_where_the_description_says() {
        let Value::Object(document) = json!({"server": {"summary": "Where Acme is: http://localhost:8099/ctx"}}) else {
            panic!("it is an object")
        };
        assert!(connection("acme", &document).contains("\nbase_url = \"http://localhost:8099/ctx\"\n"));
    }
}
