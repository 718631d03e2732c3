//! A host that goes on while its configuration changes.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use wharf::vault::Vault;
use wharf::{Grant, Release};

use super::vault::no_folder;
use super::{Setup, found};
use crate::print;

impl Setup {
    /// The same host with another configuration: plugins are loaded, and all connections are granted at once. What is wrong with one of
    /// them leaves everything as it was, but for plugins.
    pub(crate) fn following(&self, file: Option<&std::path::Path>) -> Result<Self> {
        let config = found(file)?;
        let next = Self { config, host: Arc::clone(&self.host), vault: self.vault.clone() };
        next.load_changed();
        let grants = next.grants(&mut |problem| Err(anyhow!("{problem}")))?;
        next.host.grant_all(grants);
        Ok(next)
    }

    /// Loads what is not loaded yet of the plugins of the configuration, and follows what is installed.
    fn load_changed(&self) {
        let live: Vec<String> = self.host.plugins().iter().map(|release| release.digest.clone()).collect();
        for file in self.component_files() {
            let is_live = std::fs::read(&file).is_ok_and(|bytes| live.contains(&wharf::digest_of(&bytes)));
            if let Some(Err(error)) = (!is_live).then(|| self.host.load_file(&file)) {
                print::warning(&format!("not loaded: {error}"));
            }
        }
        self.follow();
    }

    /// The component files of the configuration.
    fn component_files(&self) -> Vec<PathBuf> {
        let files = |path: &PathBuf| match path.is_dir() {
            true => wharf::component_files(path).unwrap_or_default(),
            false => vec![path.clone()],
        };
        self.config.plugins.iter().flat_map(files).collect()
    }

    /// Grants every connection of the configuration, and what the environment makes where a plugin has none. One that cannot be made is
    /// told, and keeps no other from it.
    pub(crate) fn grant_each(&self) -> Result<()> {
        let grants = self.grants(&mut |problem| {
            print::warning(problem);
            Ok(())
        })?;
        self.host.grant_all(grants);
        Ok(())
    }

    fn grants(&self, wrong: &mut dyn FnMut(&str) -> Result<()>) -> Result<BTreeMap<String, Vec<Grant>>> {
        let mut grants = BTreeMap::new();
        for release in self.host.plugins() {
            let mut of_plugin = Vec::new();
            let configured: Vec<&str> = self.configured(&release.about.name).collect();
            for name in &configured {
                match self.made_of(&release, Some(name)) {
                    Ok(grant) => of_plugin.extend(grant),
                    Err(error) => wrong(&format!("{error:#}"))?,
                }
            }
            if configured.is_empty() {
                // What the environment half says is told by the call that needs it.
                of_plugin.extend(self.made_of(&release, None).ok().flatten());
            }
            grants.insert(release.about.name.clone(), of_plugin);
        }
        Ok(grants)
    }

    fn made_of(&self, release: &Release, name: Option<&str>) -> Result<Option<Grant>> {
        let mut warn = |text: String| print::warning(&text);
        Ok(self.config.connection_of(release, name, &|name| env::var(name).ok(), &mut warn)?)
    }

    /// Files whose change means that the configuration is to be read anew.
    pub(crate) fn watched(&self, file: Option<PathBuf>) -> Vec<PathBuf> {
        let folders = self.config.plugins.iter().cloned();
        file.into_iter().chain(self.config.lock.clone()).chain(folders).chain(self.component_files()).collect()
    }

    /// The vault, of which a server has to have one.
    pub(crate) fn vault(&self) -> Result<Arc<dyn Vault>> {
        let vault = self.vault.clone().ok_or_else(no_folder)?;
        Ok(vault)
    }
}
