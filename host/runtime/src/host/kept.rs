//! Connections that are kept in the vault: changing them, testing them, and giving them back.

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
use crate::vault::{Put, VaultError};

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

impl Host {
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

    /// A connection of a plugin with its release.
    pub(super) fn of(&self, plugin: &str, name: &str) -> Result<OfCall, CallError> {
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
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

fn unknown(plugin: &str, name: &str) -> Refusal {
    Refusal::Unknown(format!("the vault has no connection `{plugin}/{name}`; `wharf connections list` names them"))
}

pub(super) fn unusable(error: VaultError) -> Fault {
    Fault::Host(error.to_string())
}

pub(super) fn fault_of(why: NotLive) -> Fault {
    match why {
        NotLive::Fault(fault) => fault,
        other => Fault::Host(other.to_string()),
    }
}
