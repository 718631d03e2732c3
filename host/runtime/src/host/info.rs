//! What is known of the connections that are kept in the vault.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Host;
use super::kept::{fault_of, unusable};
use crate::credentials::events::State;
use crate::credentials::row::{Live, Row};
use crate::credentials::row_name;
use crate::failure::Fault;
use crate::vault::{Changes, VaultError};

/// What is known of a connection, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ConnectionInfo {
    /// Name of the plugin.
    pub plugin: String,
    /// Name of the connection.
    pub name: String,
    /// Whether it was made at run time, and stands in no configuration.
    pub is_made: bool,
    /// The configured connection that it was made from.
    pub from: Option<String>,
    /// When it was made, in seconds since 1970.
    pub made: Option<u64>,
    /// Whose it is, as its test told.
    pub account: Option<String>,
    /// When that was, in seconds since 1970.
    pub tested: Option<u64>,
    /// Where servers are, by their names.
    pub servers: BTreeMap<String, String>,
    /// Where the provider says that they are: see [`Host::accept`].
    pub proposed: BTreeMap<String, String>,
    /// Fields that stand in the vault, and when each was given, in seconds since 1970.
    pub fields: BTreeMap<String, u64>,
    /// What was obtained for it.
    pub credentials: Vec<CredentialInfo>,
    /// Why its row cannot be used, where that is so.
    pub damaged: Option<String>,
}

impl ConnectionInfo {
    /// Its worst state, since whatever is wrong with one credential is wrong with the connection: that of [`State`], `damaged`, or
    /// `to-be-accepted` where the provider told of servers that [`Host::accept`] has not let requests go to yet.
    pub fn state(&self) -> &'static str {
        if self.damaged.is_some() {
            return "damaged";
        }
        if !self.proposed.is_empty() {
            return "to-be-accepted";
        }
        let badness = |state| match state {
            State::Active => 0,
            State::Expiring => 1,
            State::Refreshing => 2,
            State::Revoked => 3,
            State::NeedsReconnect => 4,
        };
        let worst = self.credentials.iter().map(|one| one.state).max_by_key(|state| badness(*state));
        worst.unwrap_or(State::Active).as_str()
    }
}

/// What is known of a credential, without its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CredentialInfo {
    /// Its name in the manifest.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// Why, where there is more to say.
    pub reason: Option<String>,
    /// How long ago it was obtained, in seconds.
    pub age: Option<u64>,
    /// For how long it lasts from now on, in seconds; none where no end is known.
    pub left: Option<u64>,
    /// Whether the next one can be obtained with a refresh token.
    pub has_refresh_token: bool,
    /// What was granted, where that is known.
    pub scopes: Option<Vec<String>>,
    /// How often it was obtained.
    pub generation: u64,
    /// How often a refresh token was lost: see [`State::NeedsReconnect`].
    pub lost: u64,
}

/// Which connections have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedConnections {
    /// Plugins and names.
    pub names: Vec<(String, String)>,
    /// The moment until which these are all.
    pub until: u64,
}

/// How many names are read at one time.
pub(super) const PAGE: usize = 200;

impl Host {
    /// Connections that the vault knows, by plugin and name in that order, from the one after `after`: so many at most. Those of the
    /// configuration are among them once something was obtained for them.
    ///
    /// # Errors
    /// [`Fault::Host`] where the vault cannot be used.
    pub fn connections(
        &self,
        plugin: Option<&str>,
        after: Option<(&str, &str)>,
        most: usize,
    ) -> Result<Vec<ConnectionInfo>, Fault> {
        let prefix = plugin.map(|plugin| format!("{plugin}/")).unwrap_or_default();
        let mut after = after.map(|(plugin, name)| row_name(plugin, name));
        let mut found = Vec::new();
        while found.len() < most {
            let page = PAGE.min(most - found.len());
            let names = self.credentials.renewal.vault.list(&prefix, after.as_deref(), page).map_err(unusable)?;
            let infos =
                names.iter().filter_map(|name| name.split_once('/')).map(|(plugin, name)| self.info(plugin, name));
            for info in infos {
                found.extend(info?);
            }
            match names.last() {
                Some(last) if names.len() == page => after = Some(last.clone()),
                _ => break,
            }
        }
        Ok(found)
    }

    /// The connections that were changed or taken away since a moment that an earlier call gave; since the beginning for zero. It costs
    /// next to nothing where nothing has changed. Of very many, some are told, and the rest from the moment that is given on.
    ///
    /// # Errors
    /// [`Fault::Host`] where the vault cannot be used.
    pub fn changed_connections(&self, since: u64) -> Result<ChangedConnections, Fault> {
        let Changes { names, until } = self.credentials.renewal.vault.changes(since).map_err(unusable)?;
        let names = names.iter().filter_map(|name| name.split_once('/'));
        Ok(ChangedConnections {
            names: names.map(|(plugin, name)| (plugin.to_owned(), name.to_owned())).collect(),
            until,
        })
    }

    /// What is known of one connection; none where the vault has nothing of it.
    ///
    /// # Errors
    /// [`Fault::Host`] where the vault cannot be used.
    pub fn info(&self, plugin: &str, name: &str) -> Result<Option<ConnectionInfo>, Fault> {
        let (row, damaged) = match self.credentials.renewal.vault.get(&row_name(plugin, name)) {
            Ok(None) => return Ok(None),
            Ok(Some(entry)) => match Row::read(&entry.value) {
                Ok(_) => match self.credentials.renewal.row(&row_name(plugin, name)).map_err(fault_of)? {
                    (_, None) => return Ok(None),
                    (row, Some(_)) => (row, None),
                },
                Err(problem) => (Row::default(), Some(problem)),
            },
            // That the vault cannot be opened says nothing of what is in it.
            Err(error @ VaultError::Damaged { .. }) => (Row::default(), Some(error.to_string())),
            Err(error) => return Err(unusable(error)),
        };
        let Row { made, account, credentials, .. } = row;
        let is_made = made.as_ref().is_some_and(|made| made.from.as_deref() != Some(name));
        let made_at = made.as_ref().map(|made| made.at.wall / 1000);
        let made = made.unwrap_or_default();
        let credentials = credentials.iter().map(|(name, live)| self.credential_info(name, live));
        Ok(Some(ConnectionInfo {
            plugin: plugin.to_owned(),
            name: name.to_owned(),
            is_made: is_made || damaged.is_some(),
            from: made.from,
            made: made_at,
            tested: account.as_ref().map(|account| account.told.wall / 1000),
            account: account.map(|account| account.identity),
            servers: made.servers,
            proposed: made.proposed,
            fields: made.fields.into_iter().map(|(name, given)| (name, given.at.wall / 1000)).collect(),
            credentials: credentials.collect(),
            damaged,
        }))
    }

    pub(super) fn is_there(&self, plugin: &str, name: &str) -> Result<bool, Fault> {
        let row = row_name(plugin, name);
        let names = self.credentials.renewal.vault.list(&row, None, 1).map_err(unusable)?;
        Ok(names.first() == Some(&row))
    }

    fn credential_info(&self, name: &str, live: &Live) -> CredentialInfo {
        let renewal = &self.credentials.renewal;
        let now = renewal.now();
        let age = live.obtained.as_ref().map(|obtained| now.since(obtained).as_secs());
        CredentialInfo {
            name: name.to_owned(),
            state: renewal.state_of(live),
            reason: live.failed.as_ref().map(|failed| failed.reason.clone()),
            age,
            left: live.lasts.zip(age).map(|(lasts, age)| lasts.saturating_sub(age)),
            has_refresh_token: live.refresh.is_some(),
            scopes: live.scopes.clone(),
            generation: live.generation,
            lost: live.lost,
        }
    }
}
