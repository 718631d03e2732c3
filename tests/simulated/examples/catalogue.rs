//! The providers of the catalogue as a process of its own: it prints a configuration with a connection to each, and runs until its
//! input ends.
//!
//! ```sh
//! cargo run -p wharf-simulated --example catalogue > wharf.toml
//! ```

use std::error::Error;
use std::io::{Read, Write};

use wharf_simulated::catalogue::Catalogue;

fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = Catalogue::start()?;
    let mut out = std::io::stdout().lock();
    for connection in catalogue.connections() {
        let plugin = connection.provider;
        writeln!(out, "[connections.{plugin}]\nprovider = \"{plugin}\"\nbase_url = \"{}\"", connection.base_url)?;
        if let Some(server) =
            catalogue.server(plugin).filter(|_| connection.fields.iter().any(|(name, _)| *name == "client_id"))
        {
            writeln!(out, "servers = {{ accounts = \"{0}\", tokens = \"{0}\" }}", server.url())?;
        }
        let fields: Vec<String> =
            connection.fields.iter().map(|(name, value)| format!("{name} = \"{value}\"")).collect();
        writeln!(out, "fields = {{ {} }}\n", fields.join(", "))?;
    }
    out.flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
