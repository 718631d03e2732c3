//! The plugin's log: what it writes on purpose, and what it prints.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use bytesize::ByteSize;
use serde::Serialize;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wharf_egress::text::visible;

use crate::failpoint::failpoint;
use crate::failure::LimitReached;

/// How important a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the usual ones")]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

/// One message of a plugin. Control characters are made visible, secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// How important it is.
    pub level: Level,
    /// What it says.
    pub message: String,
}

/// What an entry costs besides its text, in bytes: a million empty ones are not free either.
const ENTRY: u64 = 64;

/// The log of one call. Writing beyond its limit does nothing.
#[derive(Clone)]
pub(crate) struct Log(Arc<Mutex<Inner>>);

struct Inner {
    entries: Vec<LogEntry>,
    limit: u64,
    left: u64,
    dropped: bool,
}

impl Log {
    pub(crate) fn new(limit: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner { entries: Vec::new(), limit, left: limit, dropped: false })))
    }

    pub(crate) fn write(&self, level: Level, message: &str) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failpoint("log");
        let size = message.len() as u64 + ENTRY;
        if size > inner.left {
            inner.dropped = true;
            return;
        }
        inner.left -= size;
        inner.entries.push(LogEntry { level, message: visible(message) });
    }

    /// The entries, without the secrets that `mask` knows.
    pub(crate) fn take(&self, mask: impl Fn(String) -> String) -> Vec<LogEntry> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = std::mem::take(&mut inner.entries);
        if inner.dropped {
            let value = ByteSize::b(inner.limit).display().iec().to_string();
            let message = LimitReached::new("log", value, "further messages were dropped").to_string();
            entries.push(LogEntry { level: Level::Warning, message });
        }
        entries.into_iter().map(|entry| LogEntry { message: mask(entry.message), ..entry }).collect()
    }
}

/// Standard output and error of a guest.
pub(crate) struct Printed {
    pub(crate) log: Log,
    pub(crate) level: Level,
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Self { log: self.log.clone(), level: self.level })
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Printed {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Printed {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.log.write(self.level, &String::from_utf8_lossy(&bytes));
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        const CHUNK: usize = 4096;
        Ok(CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_said_to_be() {
        let log = Log::new(10 + 2 * ENTRY);
        log.write(Level::Info, "12345");
        log.write(Level::Info, "1234567");
        let entries = log.take(|text| text);
        assert_eq!(entries.len(), 2);
        assert!(entries[1].message.contains("dropped"));
    }
}
