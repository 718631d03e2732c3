//! How many connections the vault has, by state.
//!
//! A state stands in what is sealed. So no scrape opens anything: each connection is opened once after the start, some at a time, and again
//! when it has changed, by whatever process.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wharf::Host;
use wharf::failure::Fault;

/// How many times a vault is asked for changes at one time: each time, it tells of a thousand at most.
const PAGES: usize = 2;

/// The connections that were looked at.
#[derive(Default)]
pub(crate) struct Connections {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Until which moment of the vault changes were looked at.
    until: u64,
    /// Whether that was all at some time: a part would look like too few.
    is_whole: bool,
    /// Names are not kept, as there may be very many.
    names: RandomState,
    states: HashMap<u64, (usize, &'static str)>,
    plugins: Vec<String>,
}

impl Seen {
    /// The place of a plugin.
    fn plugin(&mut self, name: &str) -> usize {
        self.plugins.iter().position(|known| known == name).unwrap_or_else(|| {
            self.plugins.push(name.to_owned());
            self.plugins.len() - 1
        })
    }
}

impl Connections {
    /// Looks at some of those that have changed; it is called again and again.
    ///
    /// # Errors
    /// [`Fault::Host`] where the vault cannot be used.
    pub(crate) fn look(&self, host: &Host) -> Result<(), Fault> {
        // Where there are many, the rest is looked at the next time.
        for _ in 0..PAGES {
            if self.look_at_some(host)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether there was nothing left to look at.
    fn look_at_some(&self, host: &Host) -> Result<bool, Fault> {
        let since = self.seen().until;
        let changes = host.changed_connections(since)?;
        for (plugin, name) in &changes.names {
            let info = host.info(plugin, name)?;
            let mut seen = self.seen();
            let key = seen.names.hash_one((plugin, name));
            match info {
                Some(info) => {
                    let plugin = seen.plugin(plugin);
                    seen.states.insert(key, (plugin, state(info.state())));
                }
                None => drop(seen.states.remove(&key)),
            }
        }
        let (mut seen, is_all) = (self.seen(), changes.until == since);
        seen.is_whole |= is_all;
        seen.until = changes.until;
        Ok(is_all)
    }

    /// How many there are, by plugin and state. Nothing before each was looked at once.
    pub(super) fn counted(&self) -> BTreeMap<(String, &'static str), u64> {
        let (seen, mut counted) = (self.seen(), BTreeMap::<_, u64>::new());
        if seen.is_whole {
            let mut by_place = HashMap::<_, u64>::new();
            seen.states.values().for_each(|place| *by_place.entry(*place).or_default() += 1);
            let named = by_place
                .into_iter()
                .filter_map(|((plugin, state), count)| Some((seen.plugins.get(plugin)?, state, count)));
            counted.extend(named.map(|(plugin, state, count)| ((plugin.clone(), state), count)));
        }
        counted
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a state counts as. Those that a connection has only for a time, and that nobody has to do anything about, are one.
fn state(state: &'static str) -> &'static str {
    match state {
        "expiring" | "refreshing" => "active",
        other => other,
    }
}
