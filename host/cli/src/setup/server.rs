//! What a server keeps, beside the rest of the store.

use std::path::PathBuf;
use std::sync::Arc;

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

/// Opens it, and makes it where there is none.
pub(crate) fn open(config: &Config) -> Result<Store> {
    let vault = vault(config).ok_or_else(no_folder)?;
    Ok(Store::open(&file(config)?, Arc::clone(&vault) as _)?)
}

/// The same where there is one.
pub(crate) fn open_if_there(config: &Config) -> Result<Option<Store>> {
    if is_there(&file(config)?) { open(config).map(Some) } else { Ok(None) }
}
