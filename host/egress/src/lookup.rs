//! From names to addresses, without a thread for each caller that waits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::shortage;

/// Finds the addresses of a host and port.
pub(crate) type Lookup = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Looks names up, each by one thread at a time: callers that want the same name wait for one answer. A resolver that
/// never answers costs a connection one thread, however many calls there are.
pub(crate) struct Lookups {
    lookup: Arc<Lookup>,
    under_way: UnderWay,
    /// For how long an answer is not asked for again.
    keep: Duration,
    kept: Mutex<BTreeMap<(String, u16), Kept>>,
}

/// When an answer came, and which.
type Kept = (Instant, Vec<SocketAddr>);

/// The system is asked in a thread, and asks a server perhaps: more than all else that a request takes. So each answer is kept a
/// moment, less than names are valid for; whoever uses one judges it as a new one.
const FRESH: Duration = Duration::from_secs(1);

/// A connection has a name or two.
const MOST_KEPT: usize = 8;

type UnderWay = Arc<Mutex<BTreeMap<(String, u16), Arc<Question>>>>;

/// A name that is being looked up.
#[derive(Default)]
struct Question {
    answer: Mutex<Option<Answer>>,
    arrived: Condvar,
}

/// An error is no value that several can have, so its words are kept.
type Answer = Result<Vec<SocketAddr>, (io::ErrorKind, String)>;

impl Default for Lookups {
    /// The system's own resolver.
    fn default() -> Self {
        let system = |host: &str, port| Ok((host, port).to_socket_addrs()?.collect());
        Self { keep: FRESH, ..Self::with(Arc::new(system)) }
    }
}

impl Lookups {
    /// With a look-up of the caller's own, which is asked each time.
    pub(crate) fn with(lookup: Arc<Lookup>) -> Self {
        Self { lookup, under_way: UnderWay::default(), keep: Duration::ZERO, kept: Mutex::default() }
    }

    /// The addresses, if they are known within this time.
    pub(crate) fn find(&self, host: &str, port: u16, within: Duration) -> io::Result<Vec<SocketAddr>> {
        if self.keep.is_zero() {
            return self.find_anew(host, port, within);
        }
        let key = (host.to_owned(), port);
        if let Some((_, known)) = lock(&self.kept).get(&key).filter(|(found, _)| found.elapsed() < self.keep) {
            return Ok(known.clone());
        }
        let found = self.find_anew(host, port, within)?;
        let mut kept = lock(&self.kept);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, (Instant::now(), found.clone()));
        Ok(found)
    }

    fn find_anew(&self, host: &str, port: u16, within: Duration) -> io::Result<Vec<SocketAddr>> {
        let question = self.ask(host, port)?;
        let (answer, _) = question
            .arrived
            .wait_timeout_while(lock(&question.answer), within, |answer| answer.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        match answer.as_ref() {
            Some(answer) => answer.clone().map_err(|(kind, words)| io::Error::new(kind, words)),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn ask(&self, host: &str, port: u16) -> io::Result<Arc<Question>> {
        let key = (host.to_owned(), port);
        let question = Arc::new(Question::default());
        match lock(&self.under_way).entry(key.clone()) {
            Entry::Occupied(other) => return Ok(Arc::clone(other.get())),
            Entry::Vacant(place) => place.insert(Arc::clone(&question)),
        };
        // The lock is free again: where no thread can be had the job is dropped here, and takes the question back.
        let job = Job { question: Arc::clone(&question), under_way: Arc::clone(&self.under_way), key };
        let lookup = Arc::clone(&self.lookup);
        let thread = thread::Builder::new().name("wharf-lookup".to_owned());
        thread
            .spawn(move || job.run(&*lookup))
            .map_err(|error| shortage::explained("thread to look a name up", &error))?;
        Ok(question)
    }
}

/// The thread's side of a question. It is answered also where the look-up panics.
struct Job {
    question: Arc<Question>,
    under_way: UnderWay,
    key: (String, u16),
}

impl Job {
    fn run(self, lookup: &Lookup) {
        let answer = lookup(&self.key.0, self.key.1).map_err(|error| (error.kind(), error.to_string()));
        *lock(&self.question.answer) = Some(answer);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // Who asks from now on asks anew.
        lock(&self.under_way).remove(&self.key);
        let broken = || Err((io::ErrorKind::Other, "the look-up broke".to_owned()));
        lock(&self.question.answer).get_or_insert_with(broken);
        self.question.arrived.notify_all();
    }
}

impl fmt::Debug for Lookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookups")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn those_who_wait_for_a_name_share_one_thread() {
        let (release, released) = mpsc::channel::<()>();
        let (asked, released) = (Arc::new(AtomicUsize::new(0)), Mutex::new(released));
        let lookups = Lookups::with(Arc::new({
            let asked = Arc::clone(&asked);
            move |_: &str, port| {
                asked.fetch_add(1, Ordering::SeqCst);
                // Ends when the sender is gone, too.
                let _ = lock(&released).recv();
                Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
            }
        }));
        for _ in 0..3 {
            let error = lookups.find("silent.example", 80, SOON).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        // A message would be for one thread, and who asks now may already be given another.
        drop(release);
        assert_eq!(lookups.find("silent.example", 80, LONG).unwrap().len(), 1);
    }

    #[test]
    fn an_answer_is_kept_for_a_moment_and_an_error_is_not() {
        let asked = Arc::new(AtomicUsize::new(0));
        let lookup = Arc::clone(&asked);
        let answer = move |_: &str, port| match lookup.fetch_add(1, Ordering::SeqCst) {
            0 => Err(io::Error::other("no such name")),
            nth => Ok(vec![SocketAddr::from(([127, 0, 0, u8::try_from(nth).unwrap()], port))]),
        };
        let mut lookups = Lookups { keep: LONG, ..Lookups::with(Arc::new(answer)) };
        assert!(lookups.find("acme.example", 80, LONG).is_err());
        let first = lookups.find("acme.example", 80, LONG).unwrap();
        assert_eq!(lookups.find("acme.example", 80, LONG).unwrap(), first);
        assert_ne!(lookups.find("acme.example", 81, LONG).unwrap(), first);
        assert_eq!(asked.load(Ordering::SeqCst), 3);
        lookups.keep = Duration::from_nanos(1);
        assert_ne!(lookups.find("acme.example", 80, LONG).unwrap(), first);
        for port in 100..200 {
            lookups.find("acme.example", port, LONG).unwrap();
        }
        assert!(lock(&lookups.kept).len() <= MOST_KEPT);
    }

    #[test]
    fn a_lookup_that_fails_or_panics_is_an_error_and_the_next_one_asks_anew() {
        let asked = AtomicUsize::new(0);
        let lookups = Lookups::with(Arc::new(move |_: &str, port| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => Err(io::Error::other("no such name")),
            1 => panic!("on purpose"),
            _ => Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]),
        }));
        assert_eq!(lookups.find("a.example", 80, LONG).unwrap_err().to_string(), "no such name");
        // The first question may still be on its way out of the list.
        let words = |lookups: &Lookups| lookups.find("a.example", 80, LONG).map_err(|error| error.to_string());
        while words(&lookups) == Err("no such name".to_owned()) {}
        while words(&lookups) == Err("the look-up broke".to_owned()) {}
        assert_eq!(words(&lookups).unwrap().len(), 1);
    }
}
