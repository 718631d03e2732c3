//! Embed a host and call an operation: `cargo run --example embed`.
//!
//! A simulated Appwrite on loopback stands in for the real one.

use std::error::Error;

use serde_json::json;
use wharf::{Call, Connection, Host, Secret};
use wharf_artifacts::APPWRITE;
use wharf_simulated::Simulation;

fn main() -> Result<(), Box<dyn Error>> {
    let simulation = Simulation::start()?;
    let provided = simulation.connections().into_iter().find(|c| c.provider == "appwrite").ok_or("no Appwrite")?;

    // One host for the whole process: share it by reference or in an `Arc`.
    let host = Host::builder().build()?;
    let release = host.load_bytes(APPWRITE.bytes)?;
    println!("{} {} has {} operations", release.about.name, release.about.version, release.operation_names().len());

    // What the plugin may use. It never sees the values of its secret fields.
    let mut connection = Connection::builder("appwrite", "main", &provided.base_url);
    for (name, value) in provided.fields {
        let secret = release.about.fields.iter().any(|field| field.name == name && field.secret);
        connection = if secret { connection.secret(name, Secret::new(value)) } else { connection.field(name, &value) };
    }
    host.connect("appwrite", connection.build()?);

    let call = Call::new("appwrite", "users.list-sessions").input(json!({"userId": "ada"}));
    let report = host.run(call);
    for exchange in &report.exchanges {
        println!("{} {} → {:?}", exchange.request.method, exchange.request.url, exchange.status);
    }
    println!("ada has {} sessions", report.result?.json.value()?.get("total").cloned().unwrap_or_default());

    // Three kinds of errors: see `wharf::failure`.
    let unknown = Call::new("appwrite", "users.list-sessions").input(json!({"userId": "nobody"}));
    if let Err(error) = host.call(unknown) {
        println!("{:?}: {error}", error.kind());
    }
    Ok(())
}
