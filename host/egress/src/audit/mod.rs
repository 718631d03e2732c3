//! The audit: what left the host, and what it refused, as a chain of records that shows where it was changed.
//!
//! A record is a line of JSON. There is one of the event `intent` before a request is sent, one of the event `outcome`
//! after it, and one of the event `refusal` for each request, operation or limit that the host refused. An intent is
//! followed by an outcome or, where a rule refused the address or the answer, by a refusal. The events `release-intent` and
//! `release` are of no call: what is installed is about to change, and it did, or another release of a plugin answers.
//!
//! | member | what |
//! | --- | --- |
//! | `time` | UTC (RFC 3339) |
//! | `process`, `seq` | the chain, and the place in it; each process begins one of its own |
//! | `prev` | the `hash` of the record before; 64 zeros in the first one |
//! | `event` | `intent`, `outcome`, `refusal`, `release-intent` or `release` |
//! | `call` | the call's id |
//! | `plugin`, `digest`, `operation`, `connection` | who asked, and with which connection |
//! | `request`, `method`, `url` | what was asked for; secrets and sensitive values are masked |
//! | `address` | where it went |
//! | `status`, `sent`, `received`, `micros` | the answer, the sizes of both bodies in bytes, the duration |
//! | `uid`, `user`, `host` | of a release: who changed it and where, by the system's number; `user` is what the environment claims |
//! | `rule`, `message` | why it was refused, why there is no answer, or what became of a release |
//! | `hash` | SHA-256, in hexadecimal, of the line up to `,"hash"` |
//!
//! A [`Verifier`](verify::Verifier) finds a record that was edited and one that was cut out of the middle. It cannot find records
//! cut off at the end of a chain, nor a chain that was taken away or written anew as a whole: who can write to the file can do
//! all of it. Ship the lines elsewhere where that matters.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::encode::hex;
use crate::files::{create_private_folder, open_regular};
use crate::outgoing::{Outgoing, cut};
use crate::permissions::{Closed, exposed};
use crate::shortage;

mod remedy;
pub mod verify;

/// The `prev` of a first record.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where records go.
#[derive(Debug)]
pub struct Audit {
    file: PathBuf,
    required: bool,
    process: String,
    lost: AtomicU64,
    /// What others can do with the file; known when it was opened.
    exposed: OnceLock<String>,
    chain: Mutex<Chain>,
}

#[derive(Debug)]
struct Chain {
    /// Opened with the first record: who sends nothing leaves no file.
    file: Option<File>,
    seq: u64,
    prev: String,
    /// Whether the last line is one that the disk had no room for the end of.
    torn: bool,
    /// Size of the file after this process wrote a whole line last, in bytes.
    ours: u64,
}

/// A record could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit cannot be written to {}: {problem}; {remedy}; its keys stand {}", .file.display(), remedy::place())]
pub struct AuditError {
    /// Where it should have been kept.
    pub file: PathBuf,
    /// What the system said.
    pub problem: String,
    /// What would let it be kept.
    pub remedy: String,
}

impl AuditError {
    /// The same, of a record that comes after something was sent: with what is to be said then.
    pub(crate) fn after(mut self, outgoing: &Outgoing) -> Self {
        self.problem.push_str(outgoing.afterwards());
        self
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// Id of the call.
    pub call: &'a str,
    /// Name of the plugin.
    pub plugin: &'a str,
    /// SHA-256 of its component.
    pub digest: &'a str,
    /// The operation.
    pub operation: &'a str,
    /// The connection.
    pub connection: &'a str,
}

/// A record, as it is read back. What each member says stands in the [module's documentation](self).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the module's documentation describes each")]
pub struct Record {
    pub time: String,
    pub process: String,
    pub seq: u64,
    pub prev: String,
    pub event: Event,
    pub call: String,
    pub plugin: String,
    pub digest: String,
    pub operation: String,
    pub connection: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micros: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a record is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A request is about to be sent.
    #[default]
    Intent,
    /// It was sent, and this became of it.
    Outcome,
    /// The host refused something.
    Refusal,
    /// What is installed is about to change.
    ReleaseIntent,
    /// What became of that, or another release of the plugin answers calls.
    Release,
}

/// What became of a request.
#[derive(Debug, Default)]
pub(crate) struct Outcome<'a> {
    pub(crate) address: Option<SocketAddr>,
    pub(crate) status: Option<u16>,
    pub(crate) received: Option<u64>,
    pub(crate) took: Duration,
    pub(crate) rule: Option<&'a str>,
    pub(crate) message: Option<String>,
}

impl Audit {
    /// An audit in a file, which is made for its owner alone where there is none. Several processes may share it. `process`
    /// names the chain. Where it is required, nothing is sent that cannot be recorded.
    pub fn new(file: impl Into<PathBuf>, process: &str, required: bool) -> Self {
        let chain = Chain { file: None, seq: 0, prev: BEGINNING.to_owned(), torn: false, ours: 0 };
        Self {
            file: file.into(),
            required,
            process: process.to_owned(),
            lost: AtomicU64::new(0),
            exposed: OnceLock::new(),
            chain: Mutex::new(chain),
        }
    }

    /// How many records could not be kept, and where.
    pub fn lost(&self) -> (u64, &Path) {
        (self.lost.load(Ordering::Relaxed), &self.file)
    }

    /// That others can read what is recorded or write to it, and what to do about it, where they can and something was recorded.
    pub fn exposed(&self) -> Option<&str> {
        self.exposed.get().map(String::as_str)
    }

    /// Records that the host refused something: by which rule, and in which words.
    ///
    /// # Errors
    /// [`AuditError`] where the record is required and could not be written.
    pub fn refusal(&self, who: Who<'_>, rule: &str, message: String) -> Result<(), AuditError> {
        self.add(Record { rule: Some(rule.to_owned()), message: Some(cut(&message)), ..record(Event::Refusal, who) })
    }

    /// Records that a release of a plugin, the one with this digest, is about to be installed, to go live or to go.
    ///
    /// # Errors
    /// [`AuditError`] where the record is required and could not be written.
    pub fn release_intent(&self, plugin: &str, digest: &str, message: &str) -> Result<(), AuditError> {
        self.add(of_release(Event::ReleaseIntent, plugin, digest, message))
    }

    /// Records what became of that, or that another release of a plugin answers calls, and why.
    ///
    /// # Errors
    /// [`AuditError`] where the record is required and could not be written.
    pub fn release(&self, plugin: &str, digest: &str, message: &str) -> Result<(), AuditError> {
        self.add(of_release(Event::Release, plugin, digest, message))
    }

    pub(crate) fn intent(&self, who: Who<'_>, outgoing: &Outgoing) -> Result<(), AuditError> {
        self.add(of_request(Event::Intent, who, outgoing))
    }

    pub(crate) fn outcome(&self, who: Who<'_>, outgoing: &Outgoing, outcome: Outcome<'_>) -> Result<(), AuditError> {
        let event = if outcome.rule.is_some() { Event::Refusal } else { Event::Outcome };
        self.add(Record {
            address: outcome.address.map(|address| address.to_string()),
            status: outcome.status,
            received: outcome.received,
            micros: Some(u64::try_from(outcome.took.as_micros()).unwrap_or(u64::MAX)),
            rule: outcome.rule.map(str::to_owned),
            message: outcome.message.as_deref().map(cut),
            ..of_request(event, who, outgoing)
        })
    }

    fn add(&self, record: Record) -> Result<(), AuditError> {
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        let record = Record { process: self.process.clone(), seq: chain.seq, prev: chain.prev.clone(), ..record };
        let added = chain.add(&self.file, &record);
        if let (1, Some(opened)) = (chain.seq, &chain.file)
            && let Some(words) = exposed(&self.file, opened, Closed::Private)
        {
            let _ = self.exposed.set(words);
        }
        added.or_else(|problem| {
            self.lost.fetch_add(1, Ordering::Relaxed);
            let remedy = remedy::remedy(&self.file, &problem);
            let error = AuditError { file: self.file.clone(), problem: problem.to_string(), remedy };
            if self.required { Err(error) } else { Ok(()) }
        })
    }
}

fn record(event: Event, who: Who<'_>) -> Record {
    Record {
        time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        event,
        call: who.call.to_owned(),
        plugin: who.plugin.to_owned(),
        digest: who.digest.to_owned(),
        operation: who.operation.to_owned(),
        connection: who.connection.to_owned(),
        ..Record::default()
    }
}

fn of_release(event: Event, plugin: &str, digest: &str, message: &str) -> Record {
    let (uid, host) = here();
    let claimed = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| env::var(name).ok());
    let who = Who { call: "", plugin, digest, operation: "", connection: "" };
    let user = claimed.as_deref().map(cut);
    Record { uid, user, host: host.as_deref().map(cut), message: Some(cut(message)), ..record(event, who) }
}

/// The user's number and the name of the machine, as the system has them.
#[cfg(unix)]
fn here() -> (Option<u32>, Option<String>) {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    (Some(rustix::process::getuid().as_raw()), Some(host))
}

#[cfg(not(unix))]
fn here() -> (Option<u32>, Option<String>) {
    (None, env::var("COMPUTERNAME").ok())
}

fn of_request(event: Event, who: Who<'_>, outgoing: &Outgoing) -> Record {
    Record {
        request: Some(outgoing.name.clone()),
        method: Some(outgoing.method.as_str().to_owned()),
        url: Some(outgoing.shown_url()),
        sent: Some(outgoing.body_bytes()),
        ..record(event, who)
    }
}

/// A record with its hash, as a line, and the hash.
fn line(record: &Record) -> serde_json::Result<(String, String)> {
    let mut line = serde_json::to_string(record)?;
    line.truncate(line.len().saturating_sub(1));
    let hash = hex(&Sha256::digest(&line));
    line.push_str(&format!(",\"hash\":\"{hash}\"}}\n"));
    Ok((line, hash))
}

impl Chain {
    fn add(&mut self, path: &Path, record: &Record) -> io::Result<()> {
        // A record that cannot be kept leaves a gap.
        self.seq += 1;
        let (line, hash) = line(record)?;
        self.append(path, &line)?;
        self.prev = hash;
        Ok(())
    }

    /// One write for each line, so that the lines of several processes do not run into each other.
    fn append(&mut self, path: &Path, line: &str) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(path)?),
        };
        let length = length(file)?;
        let torn = self.torn || (length != self.ours && ends_within_a_line(file, length));
        let text = if torn { format!("\n{line}") } else { line.to_owned() };
        let written = file.write(text.as_bytes())?;
        // What is there cannot be taken back: another process may have gone on after it.
        self.torn = written < text.len();
        self.ours = length + written as u64;
        // Without its line break a record is whole.
        match written + 1 < text.len() {
            true if shortage::file_size().is_some_and(|most| self.ours >= most) => {
                Err(io::ErrorKind::FileTooLarge.into())
            }
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

/// Size of the file, in bytes. It is not asked for with its metadata: a file system that was asked for times writes down a
/// new one with the next line.
fn length(mut file: &File) -> io::Result<u64> {
    file.seek(SeekFrom::End(0))
}

/// Whether the last line has no end: its process, this one or another, was killed while it wrote, or the disk was full.
#[cfg(unix)]
fn ends_within_a_line(file: &File, length: u64) -> bool {
    use std::os::unix::fs::FileExt as _;
    let mut last = [0];
    length > 0 && file.read_at(&mut last, length - 1).is_ok_and(|read| read == 1 && last != *b"\n")
}

#[cfg(not(unix))]
fn ends_within_a_line(_: &File, _: u64) -> bool {
    false
}

/// Only a regular file: whoever writes holds the chain, so a pipe that nobody reads would hold up every call, beyond its
/// deadline.
fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        create_private_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    // Read, too: to see how it ends.
    options.append(true).read(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    open_regular(path, &options)
}

/// An audit, and who asks: what sending needs to record what it does.
#[derive(Clone, Copy, Debug)]
pub struct Recorder<'a> {
    /// Where records go.
    pub audit: &'a Audit,
    /// Who asks.
    pub who: Who<'a>,
}
