//! What remedies call the file of the configuration.
//!
//! A remedy is for the operator of the process, who has one such file, wherever in a process it comes up. So the name is the
//! process's and not handed from station to station.

use std::sync::OnceLock;

/// Where the program does not say.
const USUAL: &str = "wharf.toml";

static NAME: OnceLock<String> = OnceLock::new();

/// Names the file in which the operator finds what remedies speak of, such as `prod.toml`. It is for the beginning of a
/// program: the first name stays.
pub fn call_it(name: impl Into<String>) {
    let _ = NAME.set(name.into());
}

/// The name of that file, `wharf.toml` where nobody gave it another one.
pub fn name() -> &'static str {
    NAME.get().map_or(USUAL, String::as_str)
}

/// A remedy without where the file is, which is nothing for a plugin.
pub fn for_plugins(remedy: &str) -> String {
    remedy.replace(&format!(" {}", name()), &format!(" {USUAL}"))
}
