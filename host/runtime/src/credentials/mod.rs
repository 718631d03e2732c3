//! Credentials that live: obtained and renewed by the host, kept in the vault, placed in requests, seen by no plugin.
//!
//! | file | what |
//! | --- | --- |
//! | `live` | the credentials of one call, before its requests are built |
//! | `shelf` | connections that were used last |
//! | `renewal` | the one protocol by which all are obtained anew |
//! | `oauth`, `session` | what is sent for it |
//! | `connect` | how a connection is made at run time: somebody agrees, in a browser or on another device |
//! | `made` | connections that were made so |
//! | `row`, `clock` | what the vault has of a connection |

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(crate) mod clock;
pub(crate) mod connect;
pub(crate) mod events;
pub(crate) mod live;
pub(crate) mod made;
pub(crate) mod oauth;
mod obtain;
pub(crate) mod over;
pub(crate) mod prepared;
pub(crate) mod random;
pub(crate) mod renewal;
pub(crate) mod row;
mod session;
pub(crate) mod shelf;

use events::Events;
pub(crate) use renewal::NotLive;
pub(crate) use renewal::name_of_row as row_name;
use renewal::{Job, Renewal, RenewalTiming};
use shelf::{Known, MOST_KNOWN, Shelf, Unreadable};

use crate::vault::{Vault, VaultError};

/// How long a credential is not renewed at the word of an answer, where the one before was renewed and of no use.
const FUTILE: Duration = Duration::from_secs(60);

/// How many names are listed at one time.
const PAGE: usize = 100;

/// The most that are remembered as futile.
const MOST_FUTILE: usize = 10_000;

/// The credentials of a host.
pub(crate) struct Credentials {
    pub(crate) renewal: Arc<Renewal>,
    pub(crate) shelf: Shelf,
    pub(crate) waiting: connect::Waiting,
    /// By connection and credential: the generation that was of no use, and since when.
    futile: Mutex<HashMap<String, (u64, Instant)>>,
}

impl Credentials {
    pub(crate) fn new(vault: Arc<dyn Vault>, events: Events, timing: RenewalTiming) -> Self {
        Self {
            shelf: Shelf::new(Arc::clone(&vault), MOST_KNOWN),
            renewal: Arc::new(Renewal::new(vault, events).with_timing(timing)),
            waiting: connect::Waiting::default(),
            futile: Mutex::default(),
        }
    }

    /// The row of a connection, as it is now; an empty one where there is none.
    pub(crate) fn known(&self, name: &str) -> Result<Arc<Known>, NotLive> {
        let known = self.shelf.row(name);
        let known = match known {
            Ok(known) if known.row.moving.is_some() => {
                self.renewal.settle(name)?;
                self.shelf.row(name)
            }
            known => known,
        };
        known.map_err(|why| match why {
            Unreadable::Vault(error) => error.into(),
            Unreadable::Row(problem) => VaultError::Damaged { name: name.to_owned(), problem }.into(),
        })
    }

    /// The names of connections of a plugin that were made at run time: so many at most.
    pub(crate) fn names(&self, plugin: &str, most: usize) -> Result<Vec<String>, NotLive> {
        let prefix = format!("{plugin}/");
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let names = self.renewal.vault.list(&prefix, after.as_deref(), PAGE)?;
            for name in &names {
                // One that cannot be read is told of when it is called by its name.
                let is_made = self.known(name).is_ok_and(|known| known.row.made.is_some());
                if let Some(connection) = name.strip_prefix(&prefix).filter(|_| is_made) {
                    found.push(connection.to_owned());
                }
                if found.len() >= most {
                    return Ok(found);
                }
            }
            match names.last() {
                Some(last) if names.len() == PAGE => after = Some(last.clone()),
                _ => return Ok(found),
            }
        }
    }

    fn is_futile(&self, job: &Job, generation: u64) -> bool {
        let futile = self.futile.lock().unwrap_or_else(PoisonError::into_inner);
        let known = futile.get(&format!("{}/{}", job.row(), job.credential));
        known.is_some_and(|(known, since)| *known == generation && since.elapsed() < FUTILE)
    }

    fn note_futile(&self, row: &str, credential: &str, generation: u64) {
        let mut futile = self.futile.lock().unwrap_or_else(PoisonError::into_inner);
        if futile.len() >= MOST_FUTILE {
            futile.clear();
        }
        futile.insert(format!("{row}/{credential}"), (generation, Instant::now()));
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        self.renewal.finish();
    }
}
