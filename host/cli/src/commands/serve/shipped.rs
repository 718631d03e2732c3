//! The audit on standard output, for whoever collects what a container writes: each record is a line, as it stands in the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::time::Duration;

use anyhow::{Context as _, Result};
use wharf::config::Config;
use wharf::{Host, HostBuilder};

use crate::print;

/// How many lines wait at most. Calls wait for nobody who reads slowly: the file has what is not told.
const WAITING: usize = 10_000;

/// How long it is waited at the end until what waits is written.
const END: Duration = Duration::from_secs(5);

/// What is written, and what ends it.
pub(super) struct Shipped {
    lines: SyncSender<Option<String>>,
    ended: Receiver<()>,
}

impl Shipped {
    /// Has a host tell of its records, where the configuration wants it.
    pub(super) fn begin(config: &Config, builder: HostBuilder) -> Result<(HostBuilder, Option<Self>)> {
        if !config.audit.as_ref().is_some_and(|audit| audit.stdout) {
            return Ok((builder, None));
        }
        let (lines, waiting) = sync_channel(WAITING);
        let (end, ended) = channel();
        let lost = Arc::new(AtomicU64::new(0));
        let missed = Arc::clone(&lost);
        std::thread::Builder::new()
            .name("audit-stdout".to_owned())
            .spawn(move || {
                write(&waiting, &lost);
                // At the end somebody may have stopped waiting.
                let _ = end.send(());
            })
            .context("the audit on standard output")?;
        let told = lines.clone();
        let builder = builder.on_record(move |line| {
            if told.try_send(Some(line.to_owned())).is_err() {
                missed.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok((builder, Some(Self { lines, ended })))
    }

    /// Writes what waits.
    pub(super) fn end(self, host: &Host) {
        // It is told elsewhere where records cannot be written.
        let _ = host.flush_audit();
        if self.lines.try_send(None).is_ok() {
            let _ = self.ended.recv_timeout(END);
        }
    }
}

fn write(waiting: &Receiver<Option<String>>, lost: &AtomicU64) {
    while let Ok(Some(line)) = waiting.recv() {
        if let Err(error) = print::record(&line) {
            return print::warning(&format!("the audit is not on standard output any more, only in its file: {error}"));
        }
        let count = lost.swap(0, Ordering::Relaxed);
        if count > 0 {
            print::warning(&format!(
                "{count} records of the audit are in its file, and not on standard output: whoever reads it is too slow"
            ));
        }
    }
}
