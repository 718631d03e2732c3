//! Reading an audit back, and finding what was changed in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

use sha2::{Digest as _, Sha256};

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
    /// Checks every line of a file, and hands on the records that were not edited. What is wrong comes back.
    ///
    /// # Errors
    /// What the reader fails with.
    pub fn read(&mut self, mut file: impl BufRead, mut each: impl FnMut(Record)) -> io::Result<Vec<Problem>> {
        let mut problems = Vec::new();
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            if io::Read::take(&mut file, LONGEST).read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            if text.is_empty() {
                continue;
            }
            match parse(text) {
                Ok((record, hash)) => {
                    self.records += 1;
                    let problem = self.chains.add(&record, hash);
                    problems.extend(problem.map(|problem| Problem { line, problem }));
                    each(record);
                }
                Err(problem) => problems.push(Problem { line, problem }),
            }
        }
        Ok(problems)
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
            Event::Connection | Event::Approval => false,
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
