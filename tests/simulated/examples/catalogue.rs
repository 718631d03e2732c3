//! The providers of the catalogue as a process of its own: it prints a configuration with a connection to each, and runs until its
//! input ends.
//!
//! ```sh
//! cargo run -q -p wharf-simulated --example catalogue > wharf.toml
//! ```

use std::error::Error;
use std::io::Read;

use wharf_simulated::catalogue::Catalogue;

fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = Catalogue::start()?;
    for connection in catalogue.connections() {
        let plugin = connection.provider;
        println!("[connections.{plugin}]\nprovider = \"{plugin}\"\nbase_url = \"{}\"", connection.base_url);
        let is_agreed = connection.fields.iter().any(|(name, _)| *name == "client_id");
        if let Some(server) = catalogue.server(plugin).filter(|_| is_agreed) {
            println!("servers = {{ accounts = \"{0}\", tokens = \"{0}\" }}", server.url());
        }
        let fields: Vec<String> =
            connection.fields.iter().map(|(name, value)| format!("{name} = \"{value}\"")).collect();
        println!("fields = {{ {} }}\n", fields.join(", "));
    }
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
