//! Reading an audit back, and finding what was changed in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::place::number_of;
use super::{BEGINNING, Event, Record};
use crate::encode::hex;
use crate::text::in_one_line;

/// Longer than any record, in bytes: a file without line breaks is no audit.
const LONGEST: u64 = 1 << 20;

/// Checks an audit, which may be in several files: the oldest first.
#[derive(Debug, Default)]
pub struct Verifier {
    records: u64,
    chains: Chains,
    /// The file that was read last.
    before: Option<ReadFile>,
}

/// A file that was read.
#[derive(Debug)]
struct ReadFile {
    name: String,
    bytes: u64,
    digest: String,
}

/// Something in an audit that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct Problem {
    /// From 1.
    pub line: u64,
    /// What is wrong.
    pub problem: String,
}

impl Verifier {
    /// Checks every line of a file, which has a name, and hands on the records that were not edited. What is wrong comes back. Files that
    /// were closed have the names that they had then.
    ///
    /// # Errors
    /// What the reader fails with.
    pub fn read(
        &mut self,
        path: &Path,
        mut file: impl BufRead,
        mut each: impl FnMut(Record),
    ) -> io::Result<Vec<Problem>> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (mut problems, mut bytes) = (Vec::new(), Vec::new());
        let (mut length, mut hasher) = (0, Sha256::new());
        for line in 1.. {
            bytes.clear();
            let read = io::Read::take(&mut file, LONGEST).read_until(b'\n', &mut bytes)?;
            (length, hasher) = (length + read as u64, hasher.chain_update(&bytes));
            let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            let parsed = (!text.is_empty()).then(|| parse(text));
            if line == 1 {
                let head = parsed.as_ref().and_then(|parsed| parsed.as_ref().ok()).map(|(record, _)| record);
                let head = head.filter(|record| record.event == Event::File);
                problems.extend(self.follows(&name, head).map(|problem| Problem { line, problem }));
            }
            if read == 0 {
                break;
            }
            match parsed {
                Some(Ok((record, hash))) => {
                    let problem = match record.event {
                        Event::File if line == 1 => None,
                        Event::File => {
                            Some("a file begins here, in the middle of another one: it was put there".to_owned())
                        }
                        _ => {
                            self.records += 1;
                            self.chains.add(&record, hash)
                        }
                    };
                    problems.extend(problem.map(|problem| Problem { line, problem }));
                    each(record);
                }
                Some(Err(problem)) => problems.push(Problem { line, problem }),
                None => {}
            }
        }
        self.before = Some(ReadFile { name, bytes: length, digest: hex(&hasher.finalize()) });
        Ok(problems)
    }

    /// Says why a file does not follow the one before it, by the record that it begins with.
    fn follows(&mut self, name: &str, head: Option<&Record>) -> Option<String> {
        let number = number_of(name);
        let Some(head) = head else {
            let follows = self.before.as_ref().is_some_and(|before| number_of(&before.name).is_some());
            let is_first = number.is_none_or(|number| number == 1);
            return (follows || !is_first)
                .then(|| "its first line is missing, which tells of the file before it".to_owned());
        };
        let named = in_one_line(head.file.as_deref().unwrap_or_default());
        if number.is_some_and(|number| number != head.seq.saturating_add(1)) {
            return Some(format!("it is the file after {named}, and has another number in its name: it was renamed"));
        }
        let Some(before) = &self.before else {
            self.chains.begins_late = true;
            return None;
        };
        let there = in_one_line(&before.name);
        let is_whole = before.digest == head.prev && Some(before.bytes) == head.bytes;
        let is_named = head.file.as_deref() == Some(before.name.as_str()) && number_of(&before.name) == Some(head.seq);
        let bytes = head.bytes.unwrap_or_default();
        match (is_named, is_whole) {
            (true, true) => None,
            (false, true) => Some(format!("it goes on from {named}, which is called {there} now: it was renamed")),
            (false, false) => Some(format!("it goes on from {named}, which is not here; before it stands {there}")),
            (true, false) if before.bytes < bytes => Some(format!(
                "the file before it, {there}, had {bytes} bytes when it was closed, and has {}: something was cut out of it",
                before.bytes
            )),
            (true, false) if before.bytes > bytes => Some(format!(
                "the file before it, {there}, had {bytes} bytes when it was closed, and has {}: something was added to it, or a \
                 program wrote to it that closes no files",
                before.bytes
            )),
            (true, false) => Some(format!("the file before it, {there}, was edited after it was closed")),
        }
    }

    /// Whether the first file goes on from one that was not read: records of before it are not missed.
    pub fn begins_late(&self) -> bool {
        self.chains.begins_late
    }

    /// How many records were not edited.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// How many processes wrote them; each has a chain of its own.
    pub fn processes(&self) -> usize {
        self.chains.ends.len()
    }

    /// How many requests have neither an outcome nor a refusal: their process ended before, or they are under way.
    pub fn unfinished(&self) -> usize {
        self.chains.open.len()
    }

    /// How many changes of releases have no outcome. Whoever changes the store next tells it.
    pub fn unfinished_changes(&self) -> usize {
        self.chains.changing.len()
    }
}

#[derive(Debug, Default)]
struct Chains {
    /// The number and the hash that the next record of each process has.
    ends: BTreeMap<String, (u64, String)>,
    /// Requests without an outcome yet: the process and the call.
    open: BTreeSet<(String, String)>,
    /// Releases that were about to change: the plugin and the digest. Another process may tell what became of one.
    changing: BTreeSet<(String, String)>,
    /// Whether there were files before the first one.
    begins_late: bool,
}

impl Chains {
    /// Adds a record to its chain, and says where it does not fit.
    fn add(&mut self, record: &Record, hash: String) -> Option<String> {
        let begun = self.ends.contains_key(&record.process);
        let (seq, prev) = self.ends.remove(&record.process).unwrap_or((0, BEGINNING.to_owned()));
        self.ends.insert(record.process.clone(), (record.seq.saturating_add(1), hash));
        self.note(record);
        let process = in_one_line(&record.process);
        match record.seq.checked_sub(seq) {
            None => Some(format!("record {} of the process {process} stands here a second time", record.seq)),
            Some(0) if record.prev == prev => None,
            Some(0) => Some(format!("the record of the process {process} before this one was replaced")),
            Some(_) if !begun && self.begins_late => None,
            Some(missing) if begun => Some(format!(
                "{missing} records of the process {process} before this one are missing: cut out, or the disk was full"
            )),
            Some(missing) => Some(format!("the first {missing} records of the process {process} are not here")),
        }
    }

    /// A call runs on one thread, so it has one request under way at most.
    fn note(&mut self, record: &Record) {
        let key = (record.process.clone(), record.call.clone());
        match record.event {
            Event::Intent => self.open.insert(key),
            Event::Outcome | Event::Refusal => self.open.remove(&key),
            Event::ReleaseIntent => self.changing.insert((record.plugin.clone(), record.digest.clone())),
            Event::Release => self.changing.remove(&(record.plugin.clone(), record.digest.clone())),
            Event::Connection | Event::Approval | Event::File | Event::Other => false,
        };
    }
}

fn parse(text: &[u8]) -> Result<(Record, String), String> {
    let no_record = || "it is no record: it was edited, or the disk was full before its end".to_owned();
    let text = std::str::from_utf8(text).map_err(|_| no_record())?;
    let (body, rest) = text.rsplit_once(",\"hash\":\"").ok_or_else(no_record)?;
    let hash = rest.strip_suffix("\"}").ok_or_else(no_record)?;
    if hex(&Sha256::digest(body)) != hash {
        return Err("it was edited: its hash is that of another record".to_owned());
    }
    let record = serde_json::from_str(text).map_err(|_| no_record())?;
    Ok((record, hash.to_owned()))
}
