//! Connections that are kept in the vault: looking at them, and changing them. No secret can be read back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use wharf_egress::tokens::TokenHint;
use wharf_egress::{Deadline, Secret};

use super::Host;
use crate::call::Call;
use crate::credentials::connect::check_name;
use crate::credentials::events::State;
use crate::credentials::live::OfCall;
use crate::credentials::oauth::{allowance, not_obtained};
use crate::credentials::renewal::{MOST_FOR_A_TOKEN, NotLive, NotObtained, Want};
use crate::credentials::row::{Account, Live, Made, Row, Standing};
use crate::credentials::{made, row_name};
use crate::failure::{CallError, Fault, Refusal};
use crate::registry::Release;
use crate::vault::{Changes, Put, VaultError};

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

/// What a test of a connection told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tested {
    /// The operation that ran.
    pub operation: String,
    /// Whose connection it is, where the output says so.
    pub account: Option<String>,
    /// What was granted, where that is known.
    pub scopes: Option<Vec<String>>,
}

/// How many names are read at one time.
const PAGE: usize = 200;

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

    /// Obtains every credential of a connection anew, also one that is still valid.
    ///
    /// # Errors
    /// [`CallError`] of the first one that cannot be.
    pub fn refresh(&self, plugin: &str, name: &str) -> Result<(), CallError> {
        let of = self.of(plugin, name)?;
        for prepared in of.release.credentials() {
            let job = of.job(prepared)?;
            let row = self.credentials.renewal.row(&job.row())?.0;
            let generation = row.credentials.get(&job.credential).map_or(0, |live| live.generation);
            let want = Want { beyond: generation, at_once: true };
            self.credentials.renewal.obtain(&job, want, Deadline::within(PATIENCE))?;
        }
        Ok(())
    }

    /// Runs the operation that the manifest names for it, and keeps whose connection it is.
    ///
    /// # Errors
    /// [`CallError`] of the operation; [`Refusal::Connection`] where the manifest names none.
    pub fn test_connection(&self, plugin: &str, name: &str) -> Result<Tested, CallError> {
        let of = self.of(plugin, name)?;
        let about = &of.release.about;
        let test = about.test.as_ref().ok_or_else(|| {
            Refusal::Connection(format!("the manifest of `{plugin}` names no operation that tests a connection"))
        })?;
        let output = self.call(Call::new(plugin, &test.operation).connection(name))?;
        let text = |pointer: &String| crate::credentials::over::text_at(&output.json, pointer);
        let account = test.identity.iter().find_map(text).map(|text| wharf_egress::text::in_one_line(&text));
        // A provider may repeat a token there that is too weak to be masked for a plugin.
        let names: Vec<&str> = of.release.credentials().iter().map(|one| one.declared.name.as_str()).collect();
        let placed = of.imagined(&names);
        let account = account.filter(|account| !placed.has_secret_in(account));
        let told = self.credentials.renewal.now();
        let kept = account.clone().map(|identity| Account { identity, told });
        self.change(plugin, name, false, |row| {
            row.account.clone_from(&kept);
            Ok(())
        })?;
        let row = self.credentials.renewal.row(&row_name(plugin, name))?.0;
        let scopes = row.credentials.values().find_map(|live| live.scopes.clone());
        Ok(Tested { operation: test.operation.clone(), account, scopes })
    }

    /// Agrees to the base URLs that the provider told of: from now on requests go there.
    ///
    /// # Errors
    /// [`Refusal::Connection`] where it told of none.
    pub fn accept(&self, plugin: &str, name: &str) -> Result<BTreeMap<String, String>, CallError> {
        let release = Arc::clone(&self.registry.get(plugin)?.release);
        let mut accepted = BTreeMap::new();
        self.change(plugin, name, true, |row| {
            let made = row.made.get_or_insert_default();
            let from = self.from(plugin, name, made.from.as_deref())?;
            let leads = |made: &Made| made::first(&release.about, name, made, from.as_deref());
            let before = leads(made);
            accepted = std::mem::take(&mut made.proposed);
            if accepted.is_empty() {
                return Err(Refusal::Connection(format!("`{plugin}/{name}` has no base URL that waits for your word")));
            }
            made.servers.extend(accepted.clone());
            // What was obtained before is of the same user still, also where the server is another one that gives tokens.
            if let (Ok(before), Ok(after)) = (before, leads(made)) {
                for prepared in release.credentials() {
                    let live = row.credentials.get_mut(&prepared.declared.name);
                    let is_of = |live: &&mut Live| live.binding == prepared.binding(&before.connection);
                    if let Some(live) = live.filter(is_of) {
                        live.binding = prepared.binding(&after.connection);
                    }
                }
            }
            Ok(())
        })?;
        Ok(accepted)
    }

    /// Gives every token of a connection back to the provider, where that takes tokens back, and forgets it. The connection stays, and
    /// has to be connected again.
    ///
    /// # Errors
    /// [`CallError`] where the provider could not be told: then nothing is forgotten.
    pub fn revoke(&self, plugin: &str, name: &str) -> Result<bool, CallError> {
        let of = self.of(plugin, name)?;
        let mut is_told = false;
        loop {
            let (mut row, seen) = self.credentials.renewal.row(&row_name(plugin, name))?;
            if seen.is_none() {
                return Err(unknown(plugin, name).into());
            }
            is_told |= self.give_all_back(&of, &row)?;
            for live in row.credentials.values_mut() {
                *live = Live {
                    standing: Standing::Revoked,
                    binding: std::mem::take(&mut live.binding),
                    generation: live.generation,
                    grant: live.grant,
                    lost: live.lost,
                    ..Live::default()
                };
            }
            // What was renewed meanwhile is given back too.
            let put = self.credentials.renewal.vault.put(&row_name(plugin, name), &row.write(), seen);
            if put.map_err(unusable)? == Put::Changed {
                continue;
            }
            for credential in row.credentials.keys() {
                self.credentials.renewal.events.tell(plugin, &of.release.digest, name, credential, State::Revoked, "");
            }
            return Ok(is_told);
        }
    }

    /// Gives every token of a row back to the provider. Whether there was one that the provider takes.
    fn give_all_back(&self, of: &OfCall, row: &Row) -> Result<bool, CallError> {
        let mut is_told = false;
        for prepared in of.release.credentials() {
            let (Some(live), Some((_, client))) = (
                row.credentials.get(&prepared.declared.name),
                prepared.oauth2().filter(|(_, client)| client.can_revoke()),
            ) else {
                continue;
            };
            let refresh = live.refresh.iter().map(|kept| (&kept.0, TokenHint::Refresh));
            let tokens = refresh.chain(live.values.values().map(|kept| (&kept.0, TokenHint::Access)));
            for (token, hint) in tokens {
                self.give_back(of, client, token, hint)?;
                is_told = true;
            }
        }
        Ok(is_told)
    }

    fn give_back(
        &self,
        of: &OfCall,
        client: &wharf_egress::tokens::OauthClient,
        token: &Secret,
        hint: TokenHint,
    ) -> Result<(), CallError> {
        let by = of.on_behalf();
        let connection = &of.grant.connection;
        let who = by.who(connection.name(), "revoke");
        let revoked = client.revoke(connection, token, hint, allowance(MOST_FOR_A_TOKEN), by.recorder(who));
        revoked.map_err(|error| match not_obtained(error) {
            NotObtained::Final(words) => NotLive::Later { words, after: None }.into(),
            NotObtained::Rejected(detail) => NotLive::Rejected(detail).into(),
            NotObtained::Later { words, after, .. } => NotLive::Later { words, after }.into(),
            NotObtained::Refusal(refusal) => refusal.into(),
            NotObtained::Fault(fault) => fault.into(),
        })
    }

    /// Forgets a connection and all that was obtained for it. The provider is not told: see [`Host::revoke`].
    ///
    /// # Errors
    /// [`Refusal::Unknown`] where there is none.
    pub fn forget(&self, plugin: &str, name: &str) -> Result<(), CallError> {
        let (vault, row) = (&self.credentials.renewal.vault, row_name(plugin, name));
        loop {
            let seen = match vault.get(&row) {
                Ok(Some(entry)) => entry.version,
                Ok(None) => return Err(unknown(plugin, name).into()),
                // It goes in any case.
                Err(VaultError::Damaged { .. }) => 0,
                Err(error) => return Err(unusable(error).into()),
            };
            if let Put::Done(_) = vault.delete(&row, seen).map_err(unusable)? {
                self.credentials.renewal.events.tell(plugin, "", name, "connection", State::Revoked, "removed");
                return Ok(());
            }
        }
    }

    /// Gives a connection another name. A renewal that is under way ends before.
    ///
    /// # Errors
    /// [`Refusal`] where there is none, or the new name is taken.
    pub fn rename(&self, plugin: &str, name: &str, new: &str) -> Result<(), CallError> {
        check_name(new)?;
        if self.granted(plugin, Some(new)).is_some() || self.is_there(plugin, new)? {
            return Err(Refusal::Connection(format!("`{plugin}` has a connection `{new}` already")).into());
        }
        let renewal = &self.credentials.renewal;
        let patience = Deadline::within(PATIENCE);
        loop {
            let (row, version) = renewal.row(&row_name(plugin, name))?;
            let (Some(version), Some(_)) = (version, &row.made) else { return Err(unknown(plugin, name).into()) };
            if row.credentials.values().any(|live| renewal.state_of(live) == State::Refreshing) {
                if patience.is_over() {
                    let words = "one of its credentials is still being renewed; try again".to_owned();
                    return Err(NotLive::Later { words, after: None }.into());
                }
                std::thread::sleep(Duration::from_millis(20));
                continue;
            }
            // Whoever reads it under its new name takes the old one away first, also after a crash in between.
            let moved = Row { moving: Some((row_name(plugin, name), version)), ..row };
            if renewal.vault.put(&row_name(plugin, new), &moved.write(), None).map_err(unusable)? == Put::Changed {
                return Err(Refusal::Connection(format!("`{plugin}` has a connection `{new}` already")).into());
            }
            if renewal.settle(&row_name(plugin, new))? {
                renewal.events.tell(plugin, "", new, "connection", State::Active, &format!("renamed from {name}"));
                return Ok(());
            }
        }
    }

    /// Renews what would run out unused: of each connection that the vault knows the tokens that were not renewed for so long, where
    /// they have a refresh token, and all that are due. It is for a timer; a call needs none.
    ///
    /// # Errors
    /// [`Fault::Host`] where the vault cannot be used. What became of the connections is in [`Swept`].
    pub fn sweep(&self, unused: Duration) -> Result<Swept, Fault> {
        let mut swept = Swept::default();
        let mut after: Option<String> = None;
        loop {
            let names = self.credentials.renewal.vault.list("", after.as_deref(), PAGE).map_err(unusable)?;
            for (plugin, name) in names.iter().filter_map(|name| name.split_once('/')) {
                self.sweep_one(plugin, name, unused, &mut swept);
            }
            match names.last() {
                Some(last) if names.len() == PAGE => after = Some(last.clone()),
                _ => return Ok(swept),
            }
        }
    }

    fn sweep_one(&self, plugin: &str, name: &str, unused: Duration, swept: &mut Swept) {
        swept.looked_at += 1;
        let Ok((row, _)) = self.credentials.renewal.row(&row_name(plugin, name)) else {
            swept.failed += 1;
            return;
        };
        let now = self.credentials.renewal.now();
        let is_due = |live: &Live| {
            let age = live.obtained.as_ref().map(|obtained| now.since(obtained)).unwrap_or_default();
            live.standing == Standing::Active && live.refresh.is_some() && (live.is_due(&now) || age >= unused)
        };
        let due: Vec<_> = row.credentials.iter().filter(|(_, live)| is_due(live)).collect();
        if due.is_empty() {
            return;
        }
        let Ok(of) = self.of(plugin, name) else {
            swept.failed += 1;
            return;
        };
        for (credential, live) in due {
            let Some(prepared) = of.release.credentials().iter().find(|one| one.declared.name == *credential) else {
                continue;
            };
            let want = Want { beyond: live.generation, at_once: false };
            let renewed = of
                .job(prepared)
                .and_then(|job| self.credentials.renewal.obtain(&job, want, Deadline::within(PATIENCE)));
            match renewed {
                Ok(_) => swept.renewed += 1,
                Err(_) => swept.failed += 1,
            }
        }
    }

    /// A connection of a plugin with its release.
    fn of(&self, plugin: &str, name: &str) -> Result<OfCall, CallError> {
        let release: Arc<Release> = Arc::clone(&self.registry.get(plugin)?.release);
        let grant = self.grant(&release, Some(name))?;
        Ok(OfCall { credentials: Arc::clone(&self.credentials), release, grant, audit: self.audit.clone() })
    }

    /// Changes the row of a connection, however often others change it meanwhile.
    fn change(
        &self,
        plugin: &str,
        name: &str,
        has_to_be_there: bool,
        mut change: impl FnMut(&mut Row) -> Result<(), Refusal>,
    ) -> Result<(), CallError> {
        loop {
            let (mut row, seen) = self.credentials.renewal.row(&row_name(plugin, name))?;
            if seen.is_none() && has_to_be_there {
                return Err(unknown(plugin, name).into());
            }
            change(&mut row)?;
            let put = self.credentials.renewal.vault.put(&row_name(plugin, name), &row.write(), seen);
            if let Put::Done(_) = put.map_err(unusable)? {
                return Ok(());
            }
        }
    }
}

/// How long a renewal is waited for that somebody asked for.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Swept {
    /// How many connections it looked at.
    pub looked_at: u64,
    /// How many credentials it renewed.
    pub renewed: u64,
    /// How many could not be renewed; the audit says why.
    pub failed: u64,
}

fn unknown(plugin: &str, name: &str) -> Refusal {
    Refusal::Unknown(format!("the vault has no connection `{plugin}/{name}`; `wharf connections list` names them"))
}

fn unusable(error: VaultError) -> Fault {
    Fault::Host(error.to_string())
}

fn fault_of(why: NotLive) -> Fault {
    match why {
        NotLive::Fault(fault) => fault,
        other => Fault::Host(other.to_string()),
    }
}
