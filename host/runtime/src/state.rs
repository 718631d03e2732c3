//! Small values that plugins keep between calls, for each plugin and connection by itself.
//!
//! They are session names and the like: the files are readable by their owner only, and losing one costs a login.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wharf_egress::Deadline;

use crate::failpoint::failpoint;
use crate::files::read;

mod section;

use section::Turns;
pub(crate) use section::{NotAlone, Section};

/// The form of the files. What has another one is not known, as if it were lost, and is written anew.
const FORMAT: u32 = 1;

/// What an entry costs besides its key and value, in bytes.
const ENTRY: u64 = 64;

/// How large a file of them may be, in bytes: a thousand times what the limit `state` is where nobody raises it.
const LARGEST: u64 = 64 << 20;

/// How many connections are known at one time before the unused ones are given up.
const MOST_KNOWN: usize = 1000;

/// Where the values of all plugins are: in a folder, or in memory alone.
#[derive(Default)]
pub(crate) struct StateStore {
    folder: Option<PathBuf>,
    values: Mutex<BTreeMap<String, Arc<Mutex<Values>>>>,
    sections: Arc<Sections>,
}

/// Turns by the name of the section, which is of a plugin and an identity.
type Sections = Mutex<BTreeMap<String, Arc<Turns>>>;

/// The values of one plugin and connection. They have a lock of their own, so that a plugin which writes without end slows
/// nobody else down.
#[derive(Clone)]
pub(crate) struct State {
    values: Arc<Mutex<Values>>,
    /// Where they are kept; none where they are in memory alone.
    file: Option<PathBuf>,
    sections: Arc<Sections>,
    plugin: String,
    /// A connection to another server or of another user is another one, whatever its name: a session of the old one is
    /// not for the new one.
    identity: String,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Values {
    /// Those of before had none.
    #[serde(default)]
    format: u32,
    identity: String,
    values: BTreeMap<String, Entry>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    value: String,
    /// Seconds since 1970.
    until: u64,
}

pub(crate) enum StateError {
    /// There is no room for it within the limit.
    Full,
    Unavailable(String),
}

impl StateStore {
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder), ..Self::default() }
    }

    /// The values of a plugin with a connection. Both names are kebab or snake case, so they make a file name.
    pub(crate) fn of(&self, plugin: &str, connection: &str, identity: &str) -> State {
        let name = format!("{plugin}.{connection}");
        let file = self.folder.as_ref().map(|folder| folder.join(format!("{name}.json")));
        let values = self.values_of(name);
        let sections = Arc::clone(&self.sections);
        State { values, file, sections, plugin: plugin.to_owned(), identity: identity.to_owned() }
    }
}

impl StateStore {
    /// Those of a name. Of thousands of connections only those stay in memory that a call has, or that are nowhere else.
    fn values_of(&self, name: String) -> Arc<Mutex<Values>> {
        let mut all = lock(&self.values);
        if all.len() >= MOST_KNOWN && !all.contains_key(&name) {
            let is_kept = |values: &Arc<Mutex<Values>>| self.folder.is_none() && !lock(values).values.is_empty();
            all.retain(|_, values| Arc::strong_count(values) > 1 || is_kept(values));
        }
        Arc::clone(all.entry(name).or_default())
    }
}

impl State {
    pub(crate) fn get(&self, key: &str) -> Option<String> {
        let values = self.load();
        values.values.get(key).filter(|entry| entry.until > now()).map(|entry| entry.value.clone())
    }

    /// Keeps a value, if all of them together then have no more than `most` bytes.
    pub(crate) fn set(&self, key: &str, value: &str, seconds: u32, most: u64) -> Result<(), StateError> {
        let mut values = self.load();
        let now = now();
        values.values.retain(|_, entry| entry.until > now);
        let size = |key: &str, value: &str| ENTRY + (key.len() + value.len()) as u64;
        let others = values.values.iter().filter(|(other, _)| *other != key);
        if others.map(|(key, entry)| size(key, &entry.value)).sum::<u64>() + size(key, value) > most {
            return Err(StateError::Full);
        }
        values.values.insert(key.to_owned(), Entry { value: value.to_owned(), until: now + u64::from(seconds) });
        self.save(&values).map_err(|error| StateError::Unavailable(format!("the state cannot be kept: {error}")))
    }

    pub(crate) fn delete(&self, key: &str) {
        let mut values = self.load();
        if values.values.remove(key).is_some() {
            // What cannot be deleted on disk expires; the plugin could do nothing about it.
            let _ = self.save(&values);
        }
    }

    /// Waits until no other call of the plugin is alone with the server as this user, in this process or one that shares the
    /// folder.
    pub(crate) fn enter(&self, deadline: Deadline) -> Result<Section, NotAlone> {
        // Two connections of one user are in each other's way, whatever their names.
        let hash: String = Sha256::digest(&self.identity).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{}.{hash}.section", self.plugin);
        let file = self.file.as_ref().map(|file| file.with_file_name(&name));
        let turns = self.turns(name);
        Section::enter(&turns, file.as_deref(), deadline)
    }

    /// Whose turn it is. What nobody waits for is made anew when it is needed.
    fn turns(&self, name: String) -> Arc<Turns> {
        let mut sections = lock(&self.sections);
        if sections.len() >= MOST_KNOWN {
            sections.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        Arc::clone(sections.entry(name).or_default())
    }

    /// The values as they are on disk, where other processes may have changed them, or in memory.
    fn load(&self) -> MutexGuard<'_, Values> {
        let mut values = lock(&self.values);
        failpoint("state");
        if let Some(file) = &self.file {
            *values =
                read(file, LARGEST).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        }
        if values.identity != self.identity || values.format > FORMAT {
            *values = Values { identity: self.identity.clone(), ..Values::default() };
        }
        values.format = FORMAT;
        values
    }

    /// Writes a new file and renames it, so that a reader finds the old values or the new ones.
    fn save(&self, values: &Values) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let folder = file.parent().unwrap_or(Path::new("."));
        crate::files::create_private_folder(folder)?;
        crate::files::replace(file, &serde_json::to_vec(values)?)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: u64 = 1000;

    #[test]
    fn values_are_separate_for_each_plugin_and_connection() {
        let folder = tempfile::tempdir().unwrap();
        let store = StateStore::in_folder(folder.path().join("state"));
        let state = store.of("vtiger", "main", "https://a.example");
        assert!(state.set("session", "s1", 60, ROOM).is_ok());

        let again = StateStore::in_folder(folder.path().join("state"));
        assert_eq!(again.of("vtiger", "main", "https://a.example").get("session").as_deref(), Some("s1"));
        assert_eq!(again.of("vtiger", "other", "https://a.example").get("session"), None);
        assert_eq!(again.of("chatwoot", "main", "https://a.example").get("session"), None);
        assert_eq!(again.of("vtiger", "main", "https://b.example").get("session"), None);

        state.delete("session");
        assert_eq!(state.get("session"), None);
    }

    #[test]
    fn what_another_wharf_kept_is_read_where_it_is_known_and_lost_where_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vtiger.main.json");
        let kept = |format: &str| {
            let until = now() + 60;
            let text = format!(
                r#"{{{format}"identity": "https://a.example", "values": {{"session": {{"value": "s1", "until": {until}}}}}}}"#
            );
            std::fs::write(&file, text).unwrap();
            StateStore::in_folder(folder.path().to_owned()).of("vtiger", "main", "https://a.example")
        };
        assert_eq!(kept("").get("session").as_deref(), Some("s1"), "of before there were forms");
        let newer = kept("\"format\": 2, ");
        assert_eq!(newer.get("session"), None);
        assert!(newer.set("session", "s2", 60, ROOM).is_ok());
        assert!(std::fs::read_to_string(&file).unwrap().contains("\"format\":1"));
    }

    #[test]
    fn a_value_ends_with_its_time() {
        let state = StateStore::default().of("vtiger", "main", "https://a.example");
        assert!(state.set("session", "s1", 0, ROOM).is_ok());
        assert_eq!(state.get("session"), None);
    }

    #[test]
    fn the_state_is_no_database() {
        let state = StateStore::default().of("vtiger", "main", "https://a.example");
        let set = |key: &str, value: &str| state.set(key, value, 60, 2 * (ENTRY + 10));
        assert!(set("first", "12345").is_ok() && set("again", "12345").is_ok());
        assert!(set("first", "54321").is_ok(), "in place of the old one");
        assert!(matches!(set("", ""), Err(StateError::Full)), "nothing more, however small");
        assert!(matches!(set("first", "123456"), Err(StateError::Full)));
        assert_eq!(state.get("first").as_deref(), Some("54321"));
    }

    #[test]
    fn of_thousands_of_connections_those_stay_in_memory_that_are_in_use_or_nowhere_else() {
        let store = StateStore::default();
        let kept = store.of("vtiger", "kept", "https://a.example");
        assert!(kept.set("session", "s1", 60, ROOM).is_ok());
        drop(kept);
        let in_use = store.of("vtiger", "in-use", "https://a.example");
        (0..5000).for_each(|number| drop(store.of("vtiger", &format!("user-{number}"), "https://a.example")));
        assert!(lock(&store.values).len() <= MOST_KNOWN + 1);
        assert_eq!(store.of("vtiger", "kept", "https://a.example").get("session").as_deref(), Some("s1"));
        assert!(Arc::ptr_eq(&in_use.values, &store.of("vtiger", "in-use", "https://a.example").values));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert!(StateStore::in_folder(path.clone()).of("v", "c", "https://a.example").set("k", "x", 60, ROOM).is_ok());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(path.join("v.c.json")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
