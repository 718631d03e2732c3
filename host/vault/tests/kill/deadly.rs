//! A vault that kills its process before or after one of its operations, and writes down what it is asked for.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};
use serde_json::Value;
use wharf::Secret;
use wharf::vault::{Changes, Entry, Put, Vault, VaultError};
use wharf_vault::SqliteVault;

/// When the process of a vault is killed or stopped, by the vault itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    None,
    Before(u64),
    After(u64),
    /// Stopped, not killed, once it has its first lease.
    StopWithLease,
}

impl FromStr for Fate {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (word, number) = text.split_once(' ').unwrap_or((text, "0"));
        let number = number.parse().map_err(|_| ())?;
        match word {
            "none" => Ok(Self::None),
            "before" => Ok(Self::Before(number)),
            "after" => Ok(Self::After(number)),
            "stop" => Ok(Self::StopWithLease),
            _ => Err(()),
        }
    }
}

impl Fate {
    pub(crate) fn as_text(self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Before(number) => format!("before {number}"),
            Self::After(number) => format!("after {number}"),
            Self::StopWithLease => "stop".to_owned(),
        }
    }
}

pub(crate) struct Deadly {
    inner: SqliteVault,
    fate: Fate,
    operations: AtomicU64,
    was_stopped: AtomicBool,
    log: File,
    worker: String,
}

impl Deadly {
    pub(crate) fn new(inner: SqliteVault, fate: Fate, log: &Path, worker: &str) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        Self {
            inner,
            fate,
            operations: AtomicU64::new(0),
            was_stopped: AtomicBool::new(false),
            log,
            worker: worker.to_owned(),
        }
    }

    fn operate<T>(&self, operate: impl FnOnce() -> T) -> T {
        let number = self.operations.fetch_add(1, Ordering::SeqCst) + 1;
        if self.fate == Fate::Before(number) {
            die();
        }
        let done = operate();
        if self.fate == Fate::After(number) {
            die();
        }
        done
    }

    /// One line, which nobody else's is in: what is put there, without a secret.
    fn write_down(&self, when: &str, value: &[u8]) -> bool {
        let row: Value = serde_json::from_slice(value).unwrap();
        let live = &row["credentials"]["account"];
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let refresh = live["refresh"].as_str().map_or("-".to_owned(), |refresh| Secret::new(refresh).digest());
        let lease = &live["lease"];
        let is_ours = lease["owner"] == self.inner.owner();
        let (fence, spends) = match is_ours {
            true => (text(&lease["fence"]), text(&lease["spends"])),
            false => ("-".to_owned(), "-".to_owned()),
        };
        let mut line = String::new();
        writeln!(line, "{when} {} {refresh} {fence} {spends}", self.worker).unwrap();
        (&self.log).write_all(line.as_bytes()).unwrap();
        is_ours
    }
}

fn die() {
    kill_process(getpid(), Signal::KILL).unwrap();
}

/// Another thread may take the signal: this one does nothing more until all were stopped, which the clock tells. It is
/// read once a turn, and before the signal: a stop between any two readings is seen.
fn stop() {
    let mut before = Instant::now();
    kill_process(getpid(), Signal::STOP).unwrap();
    loop {
        let now = Instant::now();
        if now.duration_since(before) >= Duration::from_secs(1) {
            return;
        }
        before = now;
    }
}

impl Vault for Deadly {
    fn get(&self, name: &str) -> Result<Option<Entry>, VaultError> {
        self.operate(|| self.inner.get(name))
    }

    fn put(&self, name: &str, value: &[u8], seen: Option<u64>) -> Result<Put, VaultError> {
        self.operate(|| {
            self.write_down("try", value);
            let put = self.inner.put(name, value, seen);
            let has_lease = matches!(put, Ok(Put::Done(_))) && self.write_down("done", value);
            if has_lease && self.fate == Fate::StopWithLease && !self.was_stopped.swap(true, Ordering::SeqCst) {
                stop();
            }
            put
        })
    }

    fn delete(&self, name: &str, seen: u64) -> Result<Put, VaultError> {
        self.operate(|| self.inner.delete(name, seen))
    }

    fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<String>, VaultError> {
        self.operate(|| self.inner.list(prefix, after, most))
    }

    fn changes(&self, since: u64) -> Result<Changes, VaultError> {
        self.operate(|| self.inner.changes(since))
    }

    fn owner(&self) -> &str {
        self.inner.owner()
    }

    fn is_gone(&self, owner: &str) -> bool {
        self.operate(|| self.inner.is_gone(owner))
    }
}
