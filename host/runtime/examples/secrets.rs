//! Take secrets from a source of your own, and rotate them while calls run: `cargo run --example secrets`.

use std::error::Error;
use std::sync::RwLock;

use wharf::{Call, Connection, Host, Secret};
use wharf_artifacts::APPWRITE;
use wharf_simulated::Server;

/// Your vault. A [`Secret`] is wiped from memory when the last connection that uses it is gone.
struct Vault(RwLock<String>);

impl Vault {
    fn key(&self) -> Result<Secret, Box<dyn Error>> {
        Ok(Secret::new(self.0.read().map_err(|_| "the vault is closed")?.as_str()))
    }
}

/// Grants the connection with the key as it is now. Calls that run keep the one that they began with.
fn connect(host: &Host, vault: &Vault, url: &str) -> Result<(), Box<dyn Error>> {
    let connection = Connection::builder("appwrite", "main", &format!("{url}/v1")).field("project_id", "shop");
    host.connect("appwrite", connection.secret("api_key", vault.key()?).build()?);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::recorder(
        |request| serde_json::json!({ "length of the key": request.header("x-appwrite-key").map(str::len) }),
    )?;
    let vault = Vault(RwLock::new("k7RmX2vQp9LzT4wB".to_owned()));
    let host = Host::builder().build()?;
    host.load_bytes(APPWRITE.bytes)?;

    connect(&host, &vault, &server.url())?;
    println!("{}", host.call(Call::new("appwrite", "locale.get"))?.json);

    *vault.0.write().map_err(|_| "the vault is closed")? = "tKz8Wq3VnJ5mRx7YbLc2PdHs".to_owned();
    connect(&host, &vault, &server.url())?;
    println!("{}", host.call(Call::new("appwrite", "locale.get"))?.json);
    Ok(())
}
