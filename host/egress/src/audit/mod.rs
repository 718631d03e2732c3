//! The audit: what left the host, and what it refused, as a chain of records that shows where it was changed.
//!
//! A record is a line of JSON. There is one of the event `intent` before a request is sent, one of the event `outcome`
//! within 10 ms after it, and one of the event `refusal` for each request, operation or limit that the host refused. An intent is
//! followed by an outcome or, where a rule refused the address or the answer, by a refusal. The events `release-intent` and
//! `release` are of no call: what is installed is about to change, and it did, or another release of a plugin answers. Nor is
//! `connection`: how it stands with a connection's credentials. `approval` is of a call that a person lets run, or does not.
//!
//! | member | what |
//! | --- | --- |
//! | `time` | UTC (RFC 3339) |
//! | `process`, `seq` | the chain, and the place in it; each process begins one of its own |
//! | `prev` | the `hash` of the record before; 64 zeros in the first one |
//! | `event` | `intent`, `outcome`, `refusal`, `release-intent`, `release`, `connection` or `approval` |
//! | `call` | the call's id |
//! | `principal`, `tenant` | for whom; not there on the command line, and where the host obtains a credential for whoever comes next |
//! | `plugin`, `digest`, `operation`, `connection` | which plugin asked, and with which connection |
//! | `request`, `method`, `url` | what was asked for; secrets and sensitive values are masked |
//! | `address` | where it went |
//! | `status`, `sent`, `received`, `micros` | the answer, the sizes of both bodies in bytes, the duration |
//! | `uid`, `user`, `host` | of a release, and of an approval on the command line: who did it and where, by the system's number; `user` is what the environment claims |
//! | `rule`, `message` | why it was refused, why there is no answer, or what became of a release or an approval |
//! | `hash` | SHA-256, in hexadecimal, of the line up to `,"hash"` |
//!
//! A [`Verifier`](verify::Verifier) finds a record that was edited and one that was cut out of the middle. It cannot find records
//! cut off at the end of a chain, nor a chain that was taken away or written anew as a whole: who can write to the file can do
//! all of it. Ship the lines elsewhere where that matters.

use std::env;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::outgoing::{Outgoing, cut};
use crate::permissions::{Closed, exposed};

mod chain;
mod hook;
mod place;
mod remedy;
mod rotate;
mod set;
pub mod verify;
mod writer;

pub use place::{ClosedFile, Rotation};
pub use set::{Files, files};
use writer::Writer;

/// The `prev` of a first record.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where records go.
#[derive(Debug)]
pub struct Audit {
    required: bool,
    lost: AtomicU64,
    /// What others can do with the file; known when it was opened.
    exposed: OnceLock<String>,
    writer: Writer,
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

/// Somebody for whom calls are made, or who lets them run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Their name.
    pub name: String,
    /// Whose they are, where somebody's.
    pub tenant: Option<String>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// Id of the call.
    pub call: &'a str,
    /// For whom it is made, where that is known.
    pub principal: Option<&'a Principal>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
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
    pub file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
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
    /// How it stands with a connection from now on.
    Connection,
    /// Somebody decided whether a call may run.
    Approval,
    /// The file begins, which goes on from one that was closed.
    File,
    /// Something that a newer Wharf records.
    #[serde(other)]
    Other,
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
        Self { required, lost: AtomicU64::new(0), exposed: OnceLock::new(), writer: Writer::new(file.into(), process) }
    }

    /// Closes the file now and then and begins another one, which goes on from it: see [`Rotation`]. The first process to see that it is
    /// time does it, for all that share the file. It is said before the first record.
    pub fn rotate(mut self, rotation: Rotation) -> Self {
        self.writer.rotate(rotation);
        self
    }

    /// Why the file goes on that should have been closed, where that is so. Nothing is lost by it.
    pub fn unclosed(&self) -> Option<String> {
        self.writer.chain().unclosed.clone()
    }

    /// Tells somebody of each record as well, besides the file: of its line, without the line break. It is told once the line is in the
    /// file, in the order of this process's chain, by the thread that wrote it. That thread holds the audit, so a call waits for whoever
    /// is told: they should hand the line on, and not wait themselves, nor record anything.
    pub fn on_record(self, hook: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.writer.chain().hooks.add(hook);
        self
    }

    /// How many records could not be kept, or not yet, and where.
    pub fn lost(&self) -> (u64, &Path) {
        (self.lost.load(Ordering::Relaxed) + self.writer.chain().failed(), self.writer.file())
    }

    /// Writes the outcomes that wait. When the audit is dropped, and 10 ms after an outcome, that is done anyway: this is for those
    /// who want to know whether it could be.
    ///
    /// # Errors
    /// [`AuditError`] where records are required and could not be written. They go on waiting, and nothing else is sent meanwhile.
    pub fn flush(&self) -> Result<(), AuditError> {
        let written = self.writer.chain().write(self.writer.place());
        written.or_else(|problem| {
            let mut error = self.error(&problem);
            error.problem.push_str("; what was to be recorded was done");
            self.unless_required(error)
        })
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

    /// Records what became of a connection of a plugin, whose component has this digest: that a credential was obtained, has to be
    /// agreed to anew, or was given up.
    ///
    /// # Errors
    /// [`AuditError`] where the record is required and could not be written.
    pub fn connection(&self, plugin: &str, digest: &str, connection: &str, message: &str) -> Result<(), AuditError> {
        let of_plugin = of_release(Event::Connection, plugin, digest, message);
        self.add(Record { connection: connection.to_owned(), ..of_plugin })
    }

    /// Records what somebody decided of a call that needs it. `who` is the call, with the principal who decided; without one it was
    /// decided on the command line, and the record says by which user of the system.
    ///
    /// # Errors
    /// [`AuditError`] where the record is required and could not be written.
    pub fn approval(&self, who: Who<'_>, message: &str) -> Result<(), AuditError> {
        let decided = Record { message: Some(cut(message)), ..record(Event::Approval, who) };
        self.add(if who.principal.is_some() { decided } else { by_user(decided) })
    }

    pub(crate) fn intent(&self, who: Who<'_>, outgoing: &Outgoing) -> Result<(), AuditError> {
        self.add(of_request(Event::Intent, who, outgoing))
    }

    pub(crate) fn outcome(&self, who: Who<'_>, outgoing: &Outgoing, outcome: Outcome<'_>) -> Result<(), AuditError> {
        let event = if outcome.rule.is_some() { Event::Refusal } else { Event::Outcome };
        let record = Record {
            address: outcome.address.map(|address| address.to_string()),
            status: outcome.status,
            received: outcome.received,
            micros: Some(u64::try_from(outcome.took.as_micros()).unwrap_or(u64::MAX)),
            rule: outcome.rule.map(str::to_owned),
            message: outcome.message.as_deref().map(cut),
            ..of_request(event, who, outgoing)
        };
        if event == Event::Outcome { self.add_soon(record) } else { self.add(record) }
    }

    fn add(&self, record: Record) -> Result<(), AuditError> {
        let mut chain = self.writer.chain();
        let added = chain.add_now(self.writer.place(), record);
        if let Some(words) =
            chain.opened_just_now().and_then(|opened| exposed(self.writer.file(), opened, Closed::Private))
        {
            let _ = self.exposed.set(words);
        }
        drop(chain);
        self.writer.look();
        added.or_else(|problem| {
            self.lost.fetch_add(1, Ordering::Relaxed);
            self.unless_required(self.error(&problem))
        })
    }

    /// What was done already is told within a moment: with the next record, or by the writer. Where what waits could not be
    /// written it is told now, so that the call knows.
    fn add_soon(&self, record: Record) -> Result<(), AuditError> {
        match self.writer.chain_that_is_written_soon() {
            // What is no JSON would not be written either.
            Some(mut chain) => chain.add(self.writer.place(), record).map_err(|problem| self.error(&problem)),
            None => self.add(record),
        }
    }

    fn error(&self, problem: &io::Error) -> AuditError {
        let file = self.writer.file();
        let remedy = remedy::remedy(file, problem);
        AuditError { file: file.to_owned(), problem: problem.to_string(), remedy }
    }

    fn unless_required(&self, error: AuditError) -> Result<(), AuditError> {
        if self.required { Err(error) } else { Ok(()) }
    }
}

fn record(event: Event, who: Who<'_>) -> Record {
    Record {
        time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        event,
        call: who.call.to_owned(),
        principal: who.principal.map(|principal| cut(&principal.name)),
        tenant: who.principal.and_then(|principal| principal.tenant.as_deref()).map(cut),
        plugin: who.plugin.to_owned(),
        digest: who.digest.to_owned(),
        operation: who.operation.to_owned(),
        connection: who.connection.to_owned(),
        ..Record::default()
    }
}

fn of_release(event: Event, plugin: &str, digest: &str, message: &str) -> Record {
    let who = Who { call: "", principal: None, plugin, digest, operation: "", connection: "" };
    by_user(Record { message: Some(cut(message)), ..record(event, who) })
}

/// A record of what the user of this process does.
fn by_user(record: Record) -> Record {
    let (uid, host) = here();
    let claimed = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| env::var(name).ok());
    Record { uid, user: claimed.as_deref().map(cut), host: host.as_deref().map(cut), ..record }
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

/// An audit, and who asks: what sending needs to record what it does.
#[derive(Clone, Copy, Debug)]
pub struct Recorder<'a> {
    /// Where records go.
    pub audit: &'a Audit,
    /// Who asks.
    pub who: Who<'a>,
}

#[cfg(test)]
mod tests;
