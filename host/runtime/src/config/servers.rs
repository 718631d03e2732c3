//! Where the further servers of a provider are.

use wharf_egress::text::named;
use wharf_egress::{ConnectionBuilder, configuration};

use super::ConnectionConfig;
use super::connect::{Environment, set};
use crate::manifest::{About, ClientCertificate, Server};
use crate::operation::nearest;

/// Where the further servers are: what the configuration says, else the variables that the plugin suggests.
pub(super) fn servers(
    mut connection: ConnectionBuilder,
    name: &str,
    config: &ConnectionConfig,
    about: &About,
    environment: Environment<'_>,
) -> Result<ConnectionBuilder, String> {
    let known = || about.servers.iter().map(|server| server.name.as_str());
    if let Some(unknown) = config.servers.keys().find(|name| !known().any(|server| server == *name)) {
        let unknown_one = named(unknown, "of this name");
        let instead = match nearest(unknown, known()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None if about.servers.is_empty() => "; it has none but that of base_url".to_owned(),
            None => format!("; it has `{}`", known().collect::<Vec<_>>().join("`, `")),
        };
        return Err(format!("`{}` has no further server {unknown_one}{instead}", about.name));
    }
    for server in &about.servers {
        connection = match config.servers.get(&server.name) {
            Some(url) => placed(connection, server, url),
            None => {
                let (url, file) = (server.rule.default.as_deref().unwrap_or("https://…"), configuration::name());
                let place = format!("under [connections.{name}] of {file}");
                from_variable(connection, server, environment, |variable| {
                    format!("write servers = {{ {} = \"{url}\" }} {place}{variable}", server.name)
                })
            }
        };
    }
    Ok(connection)
}

/// The certificates that servers are shown.
pub(crate) fn shown_certificates(connection: ConnectionBuilder, about: &About) -> ConnectionBuilder {
    let further = about.servers.iter().map(|server| (Some(server.name.as_str()), &server.rule));
    let all = [(None, &about.base_url)].into_iter().chain(further);
    all.fold(connection, |connection, (server, rule)| match &rule.client_certificate {
        Some(ClientCertificate { certificate, key }) => connection.client_certificate(server, certificate, key),
        None => connection,
    })
}

fn placed(connection: ConnectionBuilder, server: &Server, base_url: &str) -> ConnectionBuilder {
    connection.server(&server.name, base_url, server.rule.suffix.as_deref().unwrap_or_default())
}

/// A further server by the variable that the plugin suggests, or none and what would supply it.
pub(super) fn from_variable(
    connection: ConnectionBuilder,
    server: &Server,
    environment: Environment<'_>,
    remedy: impl FnOnce(&str) -> String,
) -> ConnectionBuilder {
    let variable = server.rule.environment.as_deref();
    match variable.and_then(|variable| set(environment, variable)) {
        Some(url) => placed(connection, server, &url),
        None => {
            let or = variable.map(|v| format!(", or set the environment variable {v}")).unwrap_or_default();
            connection.absent_server(&server.name, remedy(&or))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;
    use wharf_egress::Connection;

    use super::*;
    use crate::config::Config;
    use crate::config::connect::build;

    fn about() -> About {
        let rule = |variable: &str| json!({"summary": "", "default": "https://uploads.acme.example", "suffix": "/v2", "environment": variable});
        let mut uploads = rule("ACME_UPLOADS_URL");
        uploads["name"] = json!("uploads");
        serde_json::from_value(json!({
            "name": "acme", "title": "", "version": "1.0.0", "summary": "", "base-url": rule("ACME_URL"), "servers": [uploads],
            "fields": [], "schemes": [],
        }))
        .unwrap()
    }

    /// The connection of a configuration with this line in it.
    fn built(line: &str, variable: Option<&str>) -> Result<Connection, String> {
        let text = format!("[connections.x]\nprovider = \"acme\"\nbase_url = \"https://acme.example\"\n{line}");
        let config = Config::parse(&text, Path::new("")).map_err(|(_, problem)| problem)?;
        let environment = |name: &str| variable.filter(|_| name == "ACME_UPLOADS_URL").map(str::to_owned);
        build("x", &config.connections["x"], &about(), &environment, None, &mut |_| {})
    }

    #[test]
    fn a_further_server_is_where_the_operator_says_and_nowhere_else() {
        let url = |connection: &Connection| connection.server(Some("uploads")).unwrap().base_url().to_owned();
        let written = built("servers = { uploads = \"https://up.example\" }", Some("https://other.example")).unwrap();
        assert_eq!(
            (url(&written), written.base_url()),
            ("https://up.example/v2".to_owned(), "https://acme.example/v2")
        );
        assert_eq!(url(&built("", Some("https://other.example")).unwrap()), "https://other.example/v2");
        let missing = built("", None).unwrap().server(Some("uploads")).unwrap_err().to_string();
        assert_eq!(
            missing,
            "connection `x` of `acme` has no `servers.uploads`: write servers = { uploads = \"https://uploads.acme.example\" } \
             under [connections.x] of wharf.toml, or set the environment variable ACME_UPLOADS_URL"
        );
    }

    #[test]
    fn a_server_that_cannot_be_one_is_named_with_what_to_write() {
        let problem = |line: &str, variable| built(line, variable).unwrap_err();
        assert!(problem("servers = { uplaods = \"https://a.example\" }", None).contains("did you mean `uploads`?"));
        let number = problem("servers = { uploads = 7 }", None);
        assert!(number.contains("is a text, the base URL of a server"), "{number}");
        let wrong = problem("servers = { uploads = \"ftp://a.example\" }", None);
        assert!(wrong.starts_with("the server `uploads`: the scheme"), "{wrong}");
        let wrong = problem("", Some("https://a.example?x=1"));
        assert!(wrong.starts_with("the environment variable ACME_UPLOADS_URL: the server `uploads`: "), "{wrong}");
    }
}
