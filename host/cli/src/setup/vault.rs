//! The vault of the configuration.

use std::sync::Arc;

use anyhow::anyhow;
use wharf::config::{Config, Place};
use wharf_vault::{KeySource, SqliteVault};

use super::project_dirs;
use crate::print;

/// The folder of the keys that Wharf makes, in the user's configuration folder: a backup of the store has none of them.
const KEYS: &str = "keys";

/// The vault, of which nothing is touched before it is used. None where there is no folder for it or for its key.
pub(crate) fn vault(config: &Config) -> Option<Arc<SqliteVault>> {
    let source = match config.vault.key.clone() {
        Some(place) => source(place),
        None => KeySource::Made { folder: project_dirs()?.config_dir().join(KEYS) },
    };
    let file = config.vault.file.clone()?;
    Some(Arc::new(SqliteVault::telling(file, source, |words| print::warning(&words))))
}

/// What is to be done where there is none.
pub(crate) fn no_folder() -> anyhow::Error {
    anyhow!(
        "there is no folder for the vault, nor for its key: set HOME, or write [vault] with `key` into a wharf.toml"
    )
}

/// Where a key comes from, as it stands in the configuration.
pub(crate) fn source(place: Place) -> KeySource {
    match place {
        Place::Env(name) => KeySource::Env(name),
        Place::File(file) => KeySource::File(file),
        Place::Command(command) => KeySource::Command(command),
    }
}
