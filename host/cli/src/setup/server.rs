//! What a server keeps, beside the rest of the store.

use std::path::{Path, PathBuf};

use anyhow::Result;
use wharf::config::Config;
use wharf::files::is_there;
use wharf_server::Store;

use super::vault::{no_folder, vault};
use crate::exit::Usage;

/// The name of the database in the store.
const FILE: &str = "server.db";

/// Where it is. Without a configuration there is only a cache, which somebody may empty.
pub(crate) fn file(config: &Config) -> Result<PathBuf> {
    match (&config.lock, &config.store) {
        (Some(_), Some(store)) => Ok(store.join(FILE)),
        _ => Err(Usage(
            "a server keeps its tokens and calls beside a configuration: make a wharf.toml, which may be empty"
                .to_owned(),
        )
        .into()),
    }
}

/// The same for whoever started the command and nobody else: without a configuration it is beside the vault, in the user's folder for
/// what is to stay.
pub(crate) fn file_of_user(config: &Config) -> Result<PathBuf> {
    match (&config.lock, &config.vault.file) {
        (None, Some(vault)) => Ok(vault.with_file_name(FILE)),
        _ => file(config),
    }
}

/// Opens it, and makes it where there is none.
pub(crate) fn open(config: &Config) -> Result<Store> {
    let vault = vault(config).ok_or_else(no_folder)?;
    Ok(Store::open(&file(config)?, vault as _)?)
}

/// The same of a file that is one of these, where it is there.
pub(crate) fn open_if_there(config: &Config, file: &Path) -> Result<Option<Store>> {
    if !is_there(file) {
        return Ok(None);
    }
    let vault = vault(config).ok_or_else(no_folder)?;
    Ok(Some(Store::open(file, vault as _)?))
}
