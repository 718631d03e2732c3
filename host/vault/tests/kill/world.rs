//! A token server, a plugin that is nothing but its manifest, a vault, and hosts that share it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf::failure::{CallError, Failure, Refusal};
use wharf::vault::Vault;
use wharf::{Call, Connect, Connection, Host, HostBuilder, RenewalTiming, Secret};
use wharf_artifacts::BLANK;
use wharf_simulated::oauth::{CLIENT_ID, CLIENT_SECRET, Options, TokenServer};
use wharf_vault::{KeySource, SqliteVault};

/// Name of the plugin, and of its connection.
pub(crate) const PLUGIN: &str = "acme";
pub(crate) const CONNECTION: &str = "main";

const MARK: &[u8] = b"A manifest is written over this text.";

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) server: TokenServer,
}

impl World {
    /// With a connection that somebody has agreed to.
    pub(crate) fn new(options: Options) -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap(), server: TokenServer::start(options).unwrap() };
        world.agree(&world.host());
        world
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn vault(&self) -> SqliteVault {
        vault_in(self.folder.path())
    }

    /// A host as another process has it, with a vault of its own.
    pub(crate) fn host(&self) -> Host {
        self.host_with(|builder| builder)
    }

    pub(crate) fn host_with(&self, change: impl FnOnce(HostBuilder) -> HostBuilder) -> Host {
        host(&self.server.url(), change(builder().vault(Arc::new(self.vault()))))
    }

    /// Somebody agrees in a browser.
    pub(crate) fn agree(&self, host: &Host) {
        let connect = Connect { plugin: PLUGIN.to_owned(), name: CONNECTION.to_owned(), ..Connect::default() };
        let consent = host.consent(connect, "http://127.0.0.1:1/callback").unwrap();
        let back = self.server.visit(&consent.url).unwrap();
        let (_, query) = back.split_once('?').unwrap();
        host.consented(query, &Secret::new(consent.browser())).unwrap();
    }
}

pub(crate) fn vault_in(folder: &Path) -> SqliteVault {
    SqliteVault::new(folder.join("store/vault.db"), KeySource::Made { folder: folder.join("keys") })
}

/// A builder of hosts with one cache, so that the component is compiled once.
pub(crate) fn builder() -> HostBuilder {
    Host::builder().cache(Path::new(env!("CARGO_TARGET_TMPDIR")).join("kill"))
}

pub(crate) fn host(server: &str, builder: HostBuilder) -> Host {
    let host = builder.build().unwrap();
    host.load_bytes(&component(&manifest())).unwrap();
    host.connect(PLUGIN, connection(server));
    host
}

pub(crate) fn connection(server: &str) -> Connection {
    Connection::builder(PLUGIN, CONNECTION, server)
        .field("client_id", CLIENT_ID)
        .secret("client_secret", Secret::new(CLIENT_SECRET))
        .build()
        .unwrap()
}

/// A component that is nothing but a manifest.
pub(crate) fn component(manifest: &Value) -> Vec<u8> {
    let mut bytes = BLANK.bytes.to_vec();
    let start = bytes.windows(MARK.len()).position(|window| window == MARK).unwrap();
    let room = MARK.len() + bytes[start + MARK.len()..].iter().take_while(|byte| **byte == b' ').count();
    let text = manifest.to_string();
    assert!(text.len() <= room);
    bytes[start..start + room].fill(b' ');
    bytes[start..start + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

pub(crate) fn manifest() -> Value {
    let read = |title: &str, path: &str| json!({ "title": title, "summary": format!("{title}."), "request": { "method": "GET", "path": path } });
    json!({
        "contract": "0.2.0-draft",
        "name": PLUGIN,
        "title": "Acme",
        "version": "1.0.0",
        "summary": "Whose token it is, and things that a token is needed for.",
        "server": { "summary": "Address of the provider, such as http://127.0.0.1:4000" },
        "fields": {
            "client_id": { "title": "Client ID", "summary": "From the provider.", "required": true },
            "client_secret": {
                "title": "Client secret", "summary": "From the provider.", "required": true, "secret": true,
                "environment": "ACME_CLIENT_SECRET",
            },
        },
        "credentials": { "account": { "summary": "An account at the provider.", "oauth2": {
            "grants": ["authorization-code"],
            "authorize": { "path": "/authorize" },
            "token": { "path": "/token" },
            "revoke": { "path": "/revoke" },
            "client": { "id": "client_id", "secret": "client_secret", "by": "basic" },
            "scopes": ["read", "write"],
            "pkce": true,
        } } },
        "schemes": { "account": {
            "summary": "The token of the account.",
            "placements": [{ "header": "Authorization", "template": "Bearer {credential.account.access}" }],
        } },
        "scheme": "account",
        "operations": {
            "me.get": read("Whose token it is", "/api/me"),
            "things.list": read("List things", "/api/things"),
        },
    })
}

/// A renewal of which each part is shorter.
pub(crate) fn short() -> RenewalTiming {
    let seconds = Duration::from_secs;
    RenewalTiming { token: seconds(3), lease: seconds(4), watch: seconds(3), patience: seconds(20) }
}

pub(crate) fn call(host: &Host) -> Result<Value, CallError> {
    host.call(Call::new(PLUGIN, "me.get")).map(|output| serde_json::from_str(&output.json.to_string()).unwrap())
}

pub(crate) fn is_reconnect(error: &CallError) -> bool {
    matches!(error, CallError::Refusal(Refusal::Reconnect(_)))
}

/// What may become of a call while others are in its way: it can be tried again.
pub(crate) fn is_passing(error: &CallError) -> bool {
    matches!(error, CallError::Failure(Failure::Unavailable(_)))
}

/// The row of the connection, as it stands in the vault.
pub(crate) fn row(vault: &dyn Vault) -> Value {
    let entry = vault.get(&format!("{PLUGIN}/{CONNECTION}")).unwrap().unwrap();
    serde_json::from_slice(&entry.value).unwrap()
}
