//! Which connection is meant, of those of the configuration and those that were made at run time, and what the host has to have
//! for it.

use std::env;

use anyhow::Result;
use wharf::doctor::Finding;
use wharf::failure::{Fault, Refusal};
use wharf::operation::nearest;
use wharf::vault::Vault as _;
use wharf::{ConnectionInfo, Release};
use wharf_vault::Status;

use super::Setup;
use super::vault::no_folder;
use crate::print;

/// How many names of the vault are read at one time.
const PAGE: usize = 1000;

/// As many names as are told.
const TOLD: usize = 5;

/// The most names that one that is none is compared with.
const COMPARED: usize = 10_000;

impl Setup {
    /// Grants a plugin the connection that a call asks for, or else the only one that it has. Of one that was made at run time it is
    /// the one of the configuration that it was made from. The name of the one that is meant, where it is known.
    pub(crate) fn connect(&self, release: &Release, name: Option<&str>) -> Result<Option<String>> {
        let plugin = &release.about.name;
        let made = match name {
            Some(name) if !self.is_configured(plugin, name) => self.made(plugin, name)?,
            None if self.configured(plugin).next().is_none() => self.only_made(plugin)?,
            _ => None,
        };
        if let Some(ConnectionInfo { name, from, .. }) = made {
            // One that is not there any more is told by the call.
            if let Some(from) = from.filter(|from| self.is_configured(plugin, from)) {
                self.grant(release, Some(&from))?;
            }
            return Ok(Some(name));
        }
        self.grant(release, name)?;
        Ok(name.map(str::to_owned))
    }

    /// Grants a plugin a connection of the configuration, or where it has none what the environment makes.
    pub(crate) fn grant(&self, release: &Release, name: Option<&str>) -> Result<()> {
        let environment = |name: &str| env::var(name).ok();
        let mut warn = |text: String| print::warning(&text);
        if let Some(connection) = self.config.connection_of(release, name, &environment, &mut warn)? {
            self.host.connect(&release.about.name, connection);
        }
        Ok(())
    }

    /// Grants every connection of the configuration to its plugin, if that is loaded. One that cannot be made keeps no other from it.
    pub(crate) fn grant_all(&self) {
        for (name, connection) in &self.config.connections {
            let Ok(release) = self.host.plugin(&connection.provider) else { continue };
            if let Err(error) = self.grant(&release, Some(name)) {
                print::warning(&format!("{error:#}"));
            }
        }
    }

    /// The names of a plugin's connections in the configuration.
    pub(crate) fn configured<'s>(&'s self, plugin: &'s str) -> impl Iterator<Item = &'s str> {
        let of_plugin = self.config.connections.iter().filter(move |(_, connection)| connection.provider == plugin);
        of_plugin.map(|(name, _)| name.as_str())
    }

    pub(crate) fn is_configured(&self, plugin: &str, name: &str) -> bool {
        self.config.connections.get(name).is_some_and(|connection| connection.provider == plugin)
    }

    /// One that was made at run time. One that is damaged is told of by whoever uses it.
    fn made(&self, plugin: &str, name: &str) -> Result<Option<ConnectionInfo>> {
        let info = self.host.info(plugin, name)?;
        if let Some(info) = info.filter(is_made) {
            return Ok(Some(info));
        }
        let known = self.names(&format!("{plugin}/"))?;
        if known.is_empty() {
            return Ok(None);
        }
        Err(self.unknown(&format!("{plugin}/{name}"), &known).into())
    }

    fn only_made(&self, plugin: &str) -> Result<Option<ConnectionInfo>> {
        let mut made = self.host.connections(Some(plugin), None, TOLD)?;
        made.retain(is_made);
        if made.len() <= 1 {
            return Ok(made.pop());
        }
        let names: Vec<&str> = made.iter().map(|info| info.name.as_str()).collect();
        let words = format!(
            "`{plugin}` has several connections; say which one: --connection {} (`wharf connections list {plugin}` lists them)",
            names.join(" or --connection ")
        );
        Err(Refusal::Connection(words).into())
    }

    /// The vault is there to keep what is made.
    pub(crate) fn need_vault(&self) -> Result<()> {
        if self.vault.is_some() { Ok(()) } else { Err(no_folder()) }
    }

    /// How it stands with the vault; why it cannot be used, where that is so.
    pub(crate) fn vault_found(&self) -> Result<Finding, String> {
        let found = |good, text| Ok(Finding { subject: "vault", good, text });
        let Some(vault) = &self.vault else {
            return found(false, format!("connections cannot be made: {}", no_folder()));
        };
        let file = vault.file().display();
        match vault.status() {
            Ok(Some(status)) if status.checked.as_ref().is_ok_and(|checked| checked.is_sound()) => {
                found(true, format!("{} connections are kept in {file}", status.entries))
            }
            Ok(Some(Status { checked: Err(why), .. })) => {
                Err(format!("what is kept in {file} cannot be read: {why}; `wharf vault status` says what to do"))
            }
            Ok(Some(_)) => found(false, format!("not all in {file} can be read: `wharf vault status` says what to do")),
            Ok(None) => found(true, format!("the first connection that is made makes it: {file}")),
            Err(error) => Err(format!("what is kept in {file} cannot be used: {error}")),
        }
    }

    /// `PLUGIN/NAME`s of the vault that begin like this, some of them where there are very many.
    fn names(&self, prefix: &str) -> Result<Vec<String>> {
        let Some(vault) = &self.vault else { return Ok(Vec::new()) };
        let mut names: Vec<String> = Vec::new();
        while names.len() < COMPARED {
            let page = vault.list(prefix, names.last().map(String::as_str), PAGE);
            let page = page.map_err(|error| Fault::Host(error.to_string()))?;
            let is_last = page.len() < PAGE;
            names.extend(page);
            if is_last {
                break;
            }
        }
        Ok(names)
    }

    /// A connection as it was typed, `PLUGIN/NAME` or `NAME`, as plugin and name.
    pub(crate) fn which(&self, typed: &str) -> Result<(String, String)> {
        if let Some((plugin, name)) = typed.split_once('/') {
            if self.is_configured(plugin, name) || self.host.info(plugin, name)?.is_some() {
                return Ok((plugin.to_owned(), name.to_owned()));
            }
            return Err(self.unknown(typed, &self.names("")?).into());
        }
        let configured = self.config.connections.get(typed).map(|one| one.provider.clone());
        let mut plugins: Vec<String> = configured.into_iter().collect();
        for plugin in self.plugins_of_vault()? {
            if !plugins.contains(&plugin) && self.host.info(&plugin, typed)?.is_some() {
                plugins.push(plugin);
            }
        }
        match plugins.as_slice() {
            [plugin] => Ok((plugin.clone(), typed.to_owned())),
            [] => Err(self.unknown(typed, &self.names("")?).into()),
            several => {
                let all = several.iter().map(|plugin| format!("{plugin}/{typed}")).collect::<Vec<_>>().join("` or `");
                Err(Refusal::Connection(format!("several plugins have a connection `{typed}`; write `{all}`")).into())
            }
        }
    }

    /// The plugins that the vault has connections of: a plugin's whole range is passed over at one time.
    fn plugins_of_vault(&self) -> Result<Vec<String>> {
        let Some(vault) = &self.vault else { return Ok(Vec::new()) };
        let (mut plugins, mut after) = (Vec::<String>::new(), None::<String>);
        loop {
            let next = vault.list("", after.as_deref(), 1).map_err(|error| Fault::Host(error.to_string()))?;
            let Some((plugin, _)) = next.first().and_then(|name| name.split_once('/')) else { return Ok(plugins) };
            // The character after the slash comes after all of them.
            after = Some(format!("{plugin}0"));
            plugins.push(plugin.to_owned());
        }
    }

    fn unknown(&self, typed: &str, of_vault: &[String]) -> Refusal {
        let configured = self.config.connections.iter().map(|(name, one)| format!("{}/{name}", one.provider));
        let known: Vec<String> = configured.chain(of_vault.iter().cloned()).collect();
        let whole = nearest(typed, known.iter().map(String::as_str)).map(str::to_owned);
        // Of one without its plugin, the name is what is compared.
        let of_name = |known: &String| known.split_once('/').map(|(_, name)| name.to_owned());
        let names: Vec<String> = known.iter().filter_map(of_name).collect();
        let near = whole.or_else(|| nearest(typed, names.iter().map(String::as_str)).map(str::to_owned));
        let meant =
            near.map_or("`wharf connections list` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        Refusal::Unknown(format!("there is no connection `{typed}`; {meant}"))
    }
}

fn is_made(info: &ConnectionInfo) -> bool {
    info.made.is_some() || info.damaged.is_some()
}
