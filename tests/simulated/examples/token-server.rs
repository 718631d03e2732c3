//! The token server as a process of its own: it prints its addresses as one line of JSON, and runs until its input ends.
//!
//! ```sh
//! cargo run -p wharf-simulated --example token-server -- '{"access_life": 2, "rotates": true}'
//! ```
//!
//! The argument has options by their names in `oauth::Options`, those that are to differ. What else a test wants goes to
//! `/control/…`.

use std::error::Error;
use std::io::Read;

use wharf_simulated::oauth::{Options, TokenServer};

fn main() -> Result<(), Box<dyn Error>> {
    let options = match std::env::args().nth(1) {
        Some(options) => serde_json::from_str(&options)?,
        None => Options::default(),
    };
    let server = TokenServer::start(options)?;
    println!("{}", serde_json::json!({ "url": server.url(), "api_url": server.api_url() }));
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest)?;
    Ok(())
}
