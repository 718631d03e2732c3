//! How a connection is made at run time: what was given, what somebody agrees to, and the row that comes of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wharf_egress::declaration::{GrantType, MAIN_SERVER, Told};
use wharf_egress::{Kept, Secret};

use super::Credentials;
use super::clock::Moment;
use super::events::State;
use super::live::OfCall;
use super::prepared::Prepared;
use super::random;
use super::renewal::{NotLive, Obtained, name_of_row};
use super::row::{Given, Live, Made, Row};
use crate::failure::{CallError, Refusal};
use crate::manifest::About;
use crate::vault::Put;

/// How long somebody has to agree in a browser.
pub const TIME_TO_CONSENT: Duration = Duration::from_secs(10 * 60);

/// How many consents are waited for at one time: each is asked for by somebody who may connect.
const MOST_AWAITED: usize = 10_000;

/// A connection that is to be made, or made again.
#[derive(Clone, Debug, Default)]
pub struct Connect {
    /// Name of the plugin.
    pub plugin: String,
    /// Name of the connection: up to 64 letters, digits, `-`, `_`, `.` and `@`.
    pub name: String,
    /// A connection that was granted to the plugin, whose fields, grants and way to the provider the new one has where it has none of
    /// its own: a client's id and secret stand there once, for many users.
    pub from: Option<String>,
    /// Whether a new connection is made from no other one where `from` is none; else it is made from the only one that the plugin
    /// was granted. It is for whoever decides who may use which.
    pub is_alone: bool,
    /// Where servers are: `main`, and the further ones of the manifest.
    pub servers: BTreeMap<String, String>,
    /// Fields, by their names.
    pub fields: BTreeMap<String, Secret>,
    /// Which of the manifest's credentials, where it has several.
    pub credential: Option<String>,
    /// The grant, where it has several.
    pub grant: Option<GrantType>,
    /// The scopes, where they are not those of the manifest.
    pub scopes: Option<Vec<String>>,
}

/// A connection that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Name of the plugin.
    pub plugin: String,
    /// Name of the connection.
    pub name: String,
    /// What was granted, where that is known.
    pub scopes: Option<Vec<String>>,
    /// Servers with the base URLs that the provider tells of. Nothing is sent there until [`Host::accept`](crate::Host::accept).
    pub proposed: BTreeMap<String, String>,
}

/// A consent that is waited for.
pub(crate) struct Awaited {
    pub(crate) connect: Connect,
    pub(crate) of: OfCall,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) grant: GrantType,
    pub(crate) verifier: Option<Secret>,
    pub(crate) redirect: String,
    /// What the browser has to show that it is the one that was sent away.
    pub(crate) browser: Secret,
    pub(crate) begun: Instant,
}

/// Consents that are waited for, by the digest of their state.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<HashMap<String, Awaited>>);

impl Waiting {
    pub(crate) fn add(&self, state: &Secret, awaited: Awaited) -> Result<(), Refusal> {
        let mut waiting = self.lock();
        waiting.retain(|_, awaited| awaited.begun.elapsed() < TIME_TO_CONSENT);
        if waiting.len() >= MOST_AWAITED {
            return Err(Refusal::Connection(format!(
                "{MOST_AWAITED} consents are waited for already; try again later"
            )));
        }
        waiting.insert(state.digest(), awaited);
        Ok(())
    }

    /// The one of a state, which is used up with it; where `browser` is not the one that it was sent out with, it stays.
    pub(crate) fn take(&self, state: &Secret, browser: &Secret) -> Result<Awaited, &'static str> {
        let mut waiting = self.lock();
        let digest = state.digest();
        match waiting.get(&digest) {
            None => Err(
                "nobody waits for an answer with this `state`: it was used before, is too old, or is not one of this host",
            ),
            Some(awaited) if awaited.begun.elapsed() >= TIME_TO_CONSENT => {
                waiting.remove(&digest);
                Err("the time in which somebody could agree is over")
            }
            // By digests, so that the time that it takes tells nothing.
            Some(awaited) if awaited.browser.digest() != browser.digest() => {
                Err("it comes from another browser than the one that was sent to the provider")
            }
            Some(_) => waiting.remove(&digest).ok_or("it was used before"),
        }
    }

    /// Whether the one of a state is waited for, by the digest of that.
    pub(crate) fn has(&self, digest: &str) -> bool {
        self.lock().get(digest).is_some_and(|awaited| awaited.begun.elapsed() < TIME_TO_CONSENT)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Awaited>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses what cannot be the name of a connection.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let plain = |part: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        !part.is_empty() && part.len() <= 64 && part.chars().all(is_plain) && !part.starts_with(['.', '-'])
    };
    // That of a tenant has its name before it.
    if name.split_once(':').map_or_else(|| plain(name), |(tenant, own)| plain(tenant) && plain(own)) {
        return Ok(());
    }
    let shown = wharf_egress::text::named(name, "this");
    Err(Refusal::Connection(format!(
        "{shown} is no name of a connection: take up to 64 letters, digits, `-`, `_`, `.` and `@`, a letter or digit first"
    )))
}

/// Refuses names of servers and of fields that the plugin does not have.
pub(crate) fn check_given(about: &About, connect: &Connect) -> Result<(), Refusal> {
    let unknown = |what: &str, name: &str, known: Vec<&str>| {
        let name = wharf_egress::text::named(name, "of this name");
        let instead = match (crate::operation::nearest(&name, known.iter().copied()), known.as_slice()) {
            (Some(near), _) => format!("; did you mean `{near}`?"),
            (None, []) => "; it has none".to_owned(),
            (None, known) => format!("; it has `{}`", known.join("`, `")),
        };
        Refusal::Connection(format!("`{}` has no {what} {name}{instead}", about.name))
    };
    let servers = || [MAIN_SERVER].into_iter().chain(about.servers.iter().map(|server| server.name.as_str()));
    if let Some(name) = connect.servers.keys().find(|name| !servers().any(|known| known == *name)) {
        return Err(unknown("server", name, servers().collect()));
    }
    let fields = || about.fields.iter().map(|field| field.name.as_str());
    if let Some(name) = connect.fields.keys().find(|name| !fields().any(|known| known == *name)) {
        return Err(unknown("field", name, fields().collect()));
    }
    for field in &about.fields {
        let value = connect.fields.get(&field.name).map(Secret::digest);
        let is_choice = |choice: &String| value == Some(Secret::new(choice.as_str()).digest());
        if value.is_some() && !field.choices.is_empty() && !field.choices.iter().any(is_choice) {
            return Err(Refusal::Connection(format!(
                "the value of `{}` is none that it can have; write `{}`",
                field.name,
                field.choices.join("` or `")
            )));
        }
    }
    Ok(())
}

impl Connect {
    /// The row that is made of what was given, over what stands there already.
    pub(crate) fn made(&self, before: Option<&Made>, now: Moment) -> Made {
        let mut made = before.cloned().unwrap_or_else(|| Made { at: now.clone(), ..Made::default() });
        made.from = self.from.clone().or(made.from);
        made.servers.extend(self.servers.clone());
        let given =
            |(name, value): (&String, &Secret)| (name.clone(), Given { value: Kept(value.clone()), at: now.clone() });
        made.fields.extend(self.fields.iter().map(given));
        made
    }
}

impl Credentials {
    /// Puts a connection into the vault, with the first token of a credential where there is one, and what was told on the way.
    pub(crate) fn install(
        &self,
        of: &OfCall,
        connect: &Connect,
        credential: Option<(&Arc<Prepared>, GrantType, Obtained)>,
        told: &[(Told, String)],
    ) -> Result<Connected, CallError> {
        let name = name_of_row(&connect.plugin, &connect.name);
        loop {
            let (mut row, seen) = self.renewal.row(&name)?;
            let mut made = connect.made(row.made.as_ref(), self.renewal.now());
            let servers =
                credential.as_ref().and_then(|(prepared, ..)| prepared.oauth2()).map(|(oauth2, _)| &oauth2.servers);
            take_told(&mut made, told, servers.map(Vec::as_slice).unwrap_or_default(), &self.renewal.now());
            let proposed = made.proposed.clone();
            let is_made = of.grant.is_made || !told.is_empty();
            if row.id.is_empty() {
                row.id = random::hex::<16>()?.to_string();
            }
            row.made = is_made.then_some(made).or(row.made);
            if let Some((prepared, grant, obtained)) = &credential {
                row.account = None;
                let live = self.first(&row, prepared, of, *grant, obtained);
                row.credentials.insert(prepared.declared.name.clone(), live);
            }
            if let Put::Done(_) = self.renewal.vault.put(&name, &row.write(), seen).map_err(NotLive::from)? {
                let credential = credential.as_ref().map(|(prepared, ..)| prepared.declared.name.as_str());
                self.renewal.events.tell(
                    &connect.plugin,
                    &of.release.digest,
                    &connect.name,
                    credential.unwrap_or("connection"),
                    State::Active,
                    "connected",
                );
                let scopes = credential.and_then(|name| row.credentials.get(name)?.scopes.clone());
                return Ok(Connected { plugin: connect.plugin.clone(), name: connect.name.clone(), scopes, proposed });
            }
        }
    }

    /// A credential that was obtained just now. Whoever renews the one before it has lost its lease.
    fn first(&self, row: &Row, prepared: &Prepared, of: &OfCall, grant: GrantType, obtained: &Obtained) -> Live {
        let before = row.credentials.get(&prepared.declared.name);
        Live {
            binding: prepared.binding(&of.grant.connection),
            generation: before.map_or(0, |live| live.generation) + 1,
            values: obtained.values.iter().map(|(name, value)| (name.clone(), Kept(value.clone()))).collect(),
            refresh: obtained.refresh.clone().map(Kept),
            grant: Some(grant),
            obtained: Some(self.renewal.now()),
            lasts: obtained.lasts,
            scopes: obtained.scopes.clone(),
            lost: before.map_or(0, |live| live.lost),
            ..Live::default()
        }
    }
}

/// Fields that the provider told of hold at once. A base URL holds once the operator says so, or has said so before.
fn take_told(made: &mut Made, told: &[(Told, String)], servers: &[Told], now: &Moment) {
    for (told, value) in told {
        if !servers.contains(told) {
            let value = Kept(Secret::new(value.as_str()));
            made.fields.insert(told.name.clone(), Given { value, at: now.clone() });
        } else if made.servers.get(&told.name) == Some(value) {
            made.proposed.remove(&told.name);
        } else {
            made.proposed.insert(told.name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_connections_make_no_other_name() {
        for name in ["main", "ada@example.com", "user_7", "x"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "a/b", "..", "-x", "ü", "a b", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
