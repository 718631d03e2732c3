//! What recent calls gave, as long as there is room and for some minutes: files to be fetched, and outputs whose sensitive members
//! stand in no history.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wharf::{Blob, Json};

/// For how long.
pub(crate) const KEPT: Duration = Duration::from_secs(10 * 60);

/// How much of it may be in memory, and on disk, in bytes.
const MEMORY: u64 = 24 << 20;
const DISK: u64 = 8 << 30;

/// What a call gave.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// `{"output": …}` or `{"problem": …}`; none where only files are kept.
    pub(crate) answer: Option<Json>,
    pub(crate) files: Vec<(String, Blob)>,
}

impl Given {
    fn memory(&self) -> u64 {
        let answer = self.answer.as_ref().map_or(0, |answer| answer.as_str().len() as u64);
        answer + self.files.iter().map(|(name, file)| file.size() + name.len() as u64).sum::<u64>() + 512
    }

    fn disk(&self) -> u64 {
        self.files.iter().map(|(_, file)| file.size_on_disk()).sum()
    }
}

/// The recent ones.
#[derive(Default)]
pub(crate) struct Kept(Mutex<State>);

#[derive(Default)]
struct State {
    by_call: HashMap<String, Given>,
    /// The oldest first.
    order: VecDeque<(Instant, String)>,
    memory: u64,
    disk: u64,
}

impl Kept {
    pub(crate) fn keep(&self, call: &str, given: Given) {
        let mut state = self.lock();
        state.memory += given.memory();
        state.disk += given.disk();
        if let Some(before) = state.by_call.insert(call.to_owned(), given) {
            state.memory = state.memory.saturating_sub(before.memory());
            state.disk = state.disk.saturating_sub(before.disk());
        }
        state.order.push_back((Instant::now(), call.to_owned()));
        state.make_room();
    }

    pub(crate) fn get(&self, call: &str) -> Option<Given> {
        let mut state = self.lock();
        state.make_room();
        state.by_call.get(call).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn make_room(&mut self) {
        while let Some((kept, _)) = self.order.front() {
            // One that is larger than all the room stays until the next one comes.
            let is_too_much = (self.memory > MEMORY || self.disk > DISK) && self.order.len() > 1;
            if kept.elapsed() < KEPT && !is_too_much {
                return;
            }
            let Some((_, call)) = self.order.pop_front() else { return };
            if let Some(given) = self.by_call.remove(&call) {
                self.memory = self.memory.saturating_sub(given.memory());
                self.disk = self.disk.saturating_sub(given.disk());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let kept = Kept::default();
        let large = || Given { answer: Some(Json::from(serde_json::json!("x".repeat(10 << 20)))), files: Vec::new() };
        for call in ["a", "b", "c"] {
            kept.keep(call, large());
        }
        assert!(kept.get("a").is_none() && kept.get("b").is_some() && kept.get("c").is_some());
    }
}
