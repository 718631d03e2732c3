//! The calls of a plugin, as the audit tells of them while they run, whichever process makes them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use url::Url;
use wharf::audit::{self, Event, Files, Record};
use wharf::files;

use super::time_of;
use crate::print::{self, BAD, DIM, GOOD, NAME, Text, styled, text};

/// The longest record that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// How many requests are known that have no outcome yet.
const MOST: usize = 1000;

/// The audit from a place on.
pub(super) struct Calls {
    /// None where it cannot be followed, which was told.
    file: Option<PathBuf>,
    /// The number of the file, and how much of it was read.
    number: u64,
    read: u64,
    /// What was asked for by requests that have no outcome yet.
    asked: HashMap<(String, String, Option<String>), String>,
}

impl Calls {
    /// From now on.
    pub(super) fn begin(file: Option<&Path>) -> Self {
        let mut calls = Self { file: file.map(Path::to_owned), number: 1, read: 0, asked: HashMap::new() };
        match file {
            Some(file) => {
                let at_the_end = calls.skip(file);
                calls.or_without(at_the_end);
            }
            None => print::warning(
                "calls are not shown, as the configuration keeps no audit: leave `enabled = false` out of [audit]",
            ),
        }
        calls
    }

    fn skip(&mut self, file: &Path) -> io::Result<()> {
        let Files { closed, now } = audit::files(file)?;
        self.number = closed.last().map_or(1, |last| last.number.saturating_add(1));
        if let Some((number, now)) = now {
            (self.number, self.read) = (number, now.metadata()?.len());
        }
        Ok(())
    }

    fn or_without(&mut self, done: io::Result<()>) {
        if let (Err(error), Some(file)) = (done, self.file.as_deref()) {
            print::warning(&format!("calls are not shown, as {} cannot be read: {error}", file.display()));
            self.file = None;
        }
    }

    /// Tells of what a plugin asked for since it was told last.
    pub(super) fn tell(&mut self, plugin: Option<&str>) -> io::Result<()> {
        let Some(file) = self.file.clone() else { return Ok(()) };
        let mut records = Vec::new();
        let read = self.read_on(&file, &mut records);
        self.or_without(read);
        let of_plugin = records.into_iter().filter(|record| plugin.is_some_and(|plugin| plugin == record.plugin));
        of_plugin.filter_map(|record| self.line(&record)).try_for_each(print::out)
    }

    /// Reads what is new, in files that were closed meanwhile and in the one that is written to.
    fn read_on(&mut self, file: &Path, records: &mut Vec<Record>) -> io::Result<()> {
        let Files { closed, now } = audit::files(file)?;
        let begin = self.number;
        for closed in closed.iter().filter(|closed| closed.number >= begin) {
            self.read_file(closed.number, files::open(&closed.path)?, records)?;
        }
        now.map_or(Ok(()), |(number, now)| self.read_file(number, now, records))
    }

    /// Lines that are whole.
    fn read_file(&mut self, number: u64, file: File, records: &mut Vec<Record>) -> io::Result<()> {
        if number != self.number {
            (self.number, self.read) = (number, 0);
        }
        let mut reader = BufReader::new(file);
        reader.seek(SeekFrom::Start(self.read))?;
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") {
                return Ok(());
            }
            self.read += length as u64;
            records.extend(serde_json::from_slice::<Record>(&line).ok());
        }
    }

    /// A request with what became of it, in one line; nothing where that is not known yet.
    fn line(&mut self, record: &Record) -> Option<Text> {
        let key = (record.process.clone(), record.call.clone(), record.request.clone());
        let became = match record.event {
            Event::Intent => {
                if self.asked.len() >= MOST {
                    self.asked.clear();
                }
                self.asked.insert(key, request(record));
                return None;
            }
            Event::Outcome => outcome(record),
            Event::Refusal => {
                let (rule, message) = (record.rule.as_deref(), record.message.as_deref());
                text![styled(BAD, "refused"), format!(" {}: {}", rule.unwrap_or_default(), message.unwrap_or_default())]
            }
            _ => return None,
        };
        let request = self.asked.remove(&key).unwrap_or_else(|| request(record));
        let request = if request.is_empty() { Text::default() } else { format!(" {request}").into() };
        let time = styled(DIM, time_of(&record.time));
        Some(text![time, " ", styled(NAME, &record.operation), request, " ", became])
    }
}

/// `GET /v1/items?limit=10`
fn request(record: &Record) -> String {
    let Some(method) = &record.method else { return String::new() };
    let url = record.url.as_deref().unwrap_or_default();
    let place = Url::parse(url).map(|url| {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", url.path())
    });
    format!("{method} {}", place.unwrap_or_else(|_| url.to_owned()))
}

/// `200, 115 B in 3.9 ms`, or why there is no answer.
fn outcome(record: &Record) -> Text {
    let millis = record.micros.unwrap_or_default() as f64 / 1000.0;
    match record.status {
        Some(status) => {
            let style = if (200..300).contains(&status) { GOOD } else { BAD };
            let size = print::size(record.received.unwrap_or_default());
            text![styled(style, status.to_string()), format!(", {size} in {millis:.1} ms")]
        }
        None => text![styled(BAD, "no answer"), format!(": {}", record.message.as_deref().unwrap_or_default())],
    }
}
