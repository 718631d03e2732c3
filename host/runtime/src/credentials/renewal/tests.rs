use std::sync::atomic::{AtomicU64, Ordering};

use wharf_egress::Kept;

use super::failing::COOL;
use super::*;
use crate::credentials::row::Failed;
use crate::vault::{Changes, Entry, MemoryVault};

/// An authorization server that changes its refresh token each time, and ends the family where one is spent twice.
#[derive(Default)]
struct Server {
    spent: AtomicU64,
    asked: AtomicU64,
    is_ended: std::sync::atomic::AtomicBool,
    /// What it does in place of an answer, once.
    next: Mutex<Option<NotObtained>>,
    /// Whether the answer with the next token is lost.
    loses: std::sync::atomic::AtomicBool,
}

impl Server {
    fn spend(&self, refresh: &Secret) -> Result<Obtained, NotObtained> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(why) = lock(&self.next).take() {
            return Err(why);
        }
        let number = self.spent.load(Ordering::SeqCst);
        if *refresh != token("rt", number) || self.is_ended.load(Ordering::SeqCst) {
            self.is_ended.store(true, Ordering::SeqCst);
            return Err(NotObtained::Final("invalid_grant".to_owned()));
        }
        self.spent.store(number + 1, Ordering::SeqCst);
        if self.loses.swap(false, Ordering::SeqCst) {
            return Err(NotObtained::Later { words: "no answer".to_owned(), sent: true, after: None });
        }
        Ok(Obtained {
            values: vec![("access".to_owned(), token("at", number + 1))],
            refresh: Some(token("rt", number + 1)),
            lasts: Some(3600),
            scopes: None,
        })
    }
}

fn token(kind: &str, number: u64) -> Secret {
    Secret::new(format!("{kind}-{number}-k7RmX2vQp9LzT4wB"))
}

struct ByRefresh(Arc<Server>);

impl Obtain for ByRefresh {
    fn spends<'l>(&self, live: &'l Live) -> Option<&'l Secret> {
        live.refresh.as_ref().map(|kept| &kept.0)
    }

    fn is_unattended(&self, _: &Live) -> bool {
        false
    }

    fn obtain(&self, live: &Live, _: Duration) -> Result<Obtained, NotObtained> {
        self.0.spend(self.spends(live).unwrap())
    }
}

fn job(server: &Arc<Server>) -> Arc<Job> {
    Arc::new(Job {
        plugin: "acme".to_owned(),
        digest: "00".to_owned(),
        connection: "main".to_owned(),
        credential: "account".to_owned(),
        binding: "ada".to_owned(),
        is_made: false,
        obtain: Box::new(ByRefresh(Arc::clone(server))),
    })
}

/// A connection whose token has run out.
fn expired() -> Live {
    Live {
        generation: 1,
        values: [("access".to_owned(), Kept(token("at", 0)))].into(),
        refresh: Some(Kept(token("rt", 0))),
        obtained: Some(Moment::default()),
        lasts: Some(3600),
        ..Live::default()
    }
}

struct Story {
    vault: Arc<dyn Vault>,
    server: Arc<Server>,
    renewal: Arc<Renewal>,
    told: Arc<Mutex<Vec<(State, String)>>>,
}

fn story(live: Live) -> Story {
    on(Arc::new(MemoryVault::default()), live)
}

fn on(vault: Arc<dyn Vault>, live: Live) -> Story {
    let live = Live { binding: "ada".to_owned(), ..live };
    let row = Row { credentials: [("account".to_owned(), live)].into(), ..Row::default() };
    vault.put("acme/main", &row.write(), None).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let hook: super::super::events::Hook =
        Arc::new(move |event| lock(&hears).push((event.state, event.reason.clone())));
    let events = Events { audit: None, hook: Some(hook) };
    let renewal = Renewal::new(Arc::clone(&vault), events).with_timing(TIMING);
    Story { renewal: Arc::new(renewal), vault, server: Arc::default(), told }
}

/// Nothing sleeps here.
const TIMING: RenewalTiming = RenewalTiming {
    token: Duration::from_secs(20),
    lease: Duration::from_secs(45),
    watch: Duration::ZERO,
    patience: Duration::from_secs(60),
};

const ANY: Want = Want { beyond: 0, at_once: false };

impl Story {
    fn obtain(&self, want: Want) -> Result<Live, NotLive> {
        self.renewal.obtain(&job(&self.server), want, Deadline::within(Duration::from_secs(20)))
    }

    fn live(&self) -> Live {
        Row::read(&self.vault.get("acme/main").unwrap().unwrap().value).unwrap().credentials["account"].clone()
    }

    fn change(&self, change: impl FnOnce(&mut Live)) {
        let entry = self.vault.get("acme/main").unwrap().unwrap();
        let mut row = Row::read(&entry.value).unwrap();
        change(row.credentials.get_mut("account").unwrap());
        assert!(matches!(self.vault.put("acme/main", &row.write(), Some(entry.version)).unwrap(), Put::Done(_)));
    }

    fn told(&self) -> Vec<State> {
        lock(&self.told).iter().map(|(state, _)| *state).collect()
    }
}

fn lease_of(owner: &str, spends: &Secret) -> Lease {
    Lease {
        owner: owner.to_owned(),
        fence: "another".to_owned(),
        taken: Moment::now(),
        lasts: 45_000,
        spends: Some(spends.digest()),
    }
}

#[test]
fn twenty_calls_at_one_time_are_one_request_for_a_token() {
    let story = story(expired());
    let tokens: Vec<Live> = thread::scope(|scope| {
        let calls: Vec<_> = (0..20).map(|_| scope.spawn(|| story.obtain(ANY).unwrap())).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(tokens.iter().all(|live| live.values["access"].0 == token("at", 1)));
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 1);
    assert_eq!(story.told(), [State::Refreshing, State::Active]);
    let live = story.live();
    assert_eq!((live.generation, live.lease, live.failed), (2, None, None));
}

#[test]
fn two_processes_never_spend_one_refresh_token_twice() {
    let story = story(expired());
    let other = Arc::new(Renewal::new(Arc::clone(&story.vault), Events::default()));
    for round in 0..50 {
        let want = Want { beyond: round + 1, at_once: false };
        let job = &job(&story.server);
        thread::scope(|scope| {
            let (one, two) = (
                scope.spawn(|| story.obtain(want).unwrap()),
                scope.spawn(|| other.obtain(job, want, Deadline::within(Duration::from_secs(20))).unwrap()),
            );
            assert_eq!(one.join().unwrap().generation, two.join().unwrap().generation);
        });
    }
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 50);
    assert!(!story.server.is_ended.load(Ordering::SeqCst));
}

#[test]
fn nobody_asks_as_long_as_another_process_has_the_lease() {
    struct Busy(MemoryVault);
    impl Vault for Busy {
        fn get(&self, name: &str) -> Result<Option<Entry>, VaultError> {
            self.0.get(name)
        }
        fn put(&self, name: &str, value: &[u8], seen: Option<u64>) -> Result<Put, VaultError> {
            self.0.put(name, value, seen)
        }
        fn delete(&self, name: &str, seen: u64) -> Result<Put, VaultError> {
            self.0.delete(name, seen)
        }
        fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<String>, VaultError> {
            self.0.list(prefix, after, most)
        }
        fn changes(&self, since: u64) -> Result<Changes, VaultError> {
            self.0.changes(since)
        }
        fn owner(&self) -> &str {
            "this process"
        }
        fn is_gone(&self, owner: &str) -> bool {
            owner == "gone"
        }
    }
    let live = Live { lease: Some(lease_of("busy", &token("rt", 0))), ..expired() };
    let story = on(Arc::new(Busy(MemoryVault::default())), live);
    let waited = story.renewal.obtain(&job(&story.server), ANY, Deadline::within(Duration::from_millis(100)));
    assert!(matches!(waited, Err(NotLive::Later { .. })), "{waited:?}");
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 0);

    // It ends: what it was about to spend is tried once.
    story.change(|live| live.lease = Some(lease_of("gone", &token("rt", 0))));
    assert_eq!(story.obtain(ANY).unwrap().values["access"].0, token("at", 1));
}

#[test]
fn a_lease_ends_with_its_time_also_where_the_clock_was_set_back() {
    let mut lease = lease_of("this process", &token("rt", 0));
    lease.lasts = 0;
    lease.taken = lease.taken.with_wall(u64::MAX);
    let story = story(Live { lease: Some(lease), ..expired() });
    assert_eq!(story.obtain(ANY).unwrap().generation, 2);
}

#[test]
fn who_comes_back_after_its_lease_has_ended_changes_nothing() {
    let story = story(expired());
    let job = job(&story.server);
    let old = Lease { fence: "old".to_owned(), ..lease_of("this process", &token("rt", 0)) };
    story.obtain(ANY).unwrap();
    let late = Obtained { values: vec![("access".to_owned(), token("at", 9))], ..Obtained::default() };
    assert!(story.renewal.keep(&job, &old, &late).unwrap().is_none());
    assert_eq!(story.live().values["access"].0, token("at", 1));
}

#[test]
fn a_token_whose_answer_was_lost_is_tried_once_and_then_the_loss_is_told() {
    let story = story(expired());
    story.server.loses.store(true, Ordering::SeqCst);
    assert!(matches!(story.obtain(ANY), Err(NotLive::Later { .. })));
    assert_eq!(story.live().unanswered, Some(token("rt", 0).digest()));

    let again = story.obtain(Want { at_once: true, ..ANY });
    let Err(NotLive::NeedsReconnect(words)) = again else { panic!("{again:?}") };
    assert!(
        words.contains("was broken off after its refresh token was sent")
            && words.contains("wharf connect acme --name main")
    );
    assert_eq!((story.live().standing, story.live().lost), (Standing::NeedsReconnect, 1));
    assert_eq!(story.told().last(), Some(&State::NeedsReconnect));
    // It is told again, and nothing is sent.
    assert!(matches!(story.obtain(Want { at_once: true, ..ANY }), Err(NotLive::NeedsReconnect(_))));
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_refused_refresh_token_is_no_loss_where_nothing_was_broken_off() {
    let story = story(Live { refresh: Some(Kept(token("rt", 7))), ..expired() });
    assert!(matches!(story.obtain(ANY), Err(NotLive::NeedsReconnect(_))));
    assert_eq!((story.live().standing, story.live().lost, story.live().refresh), (Standing::NeedsReconnect, 0, None));
}

#[test]
fn after_a_failure_nobody_asks_for_a_while_and_a_token_that_is_valid_is_used() {
    let story = story(expired());
    let unreachable = NotObtained::Later { words: "unreachable".to_owned(), sent: false, after: None };
    *lock(&story.server.next) = Some(unreachable.clone());
    assert!(matches!(story.obtain(ANY), Err(NotLive::Later { .. })));
    let Err(NotLive::Later { words, after }) = story.obtain(ANY) else { panic!() };
    assert_eq!((words.as_str(), after.unwrap() <= COOL), ("unreachable", true));
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 1);
    assert_eq!(story.live().unanswered, None, "nothing was sent");
    assert_eq!(story.obtain(Want { at_once: true, ..ANY }).unwrap().generation, 2);
    assert_eq!(story.obtain(ANY).unwrap().generation, 2);
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 2);
}

#[test]
fn failures_in_a_row_are_further_and_further_apart_and_never_more_than_a_quarter_of_an_hour() {
    let story = story(expired());
    let mut live = expired();
    let mut cools = Vec::new();
    for _ in 0..12 {
        let failed = story.renewal.failure(&live, String::new(), None);
        cools.push(failed.cool / 1000);
        live.failed = Some(failed);
    }
    assert_eq!(cools, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
    let asked = story.renewal.failure(&live, String::new(), Some(Duration::from_secs(30)));
    assert_eq!(asked.cool, 30_000, "the server says when");
}

/// A vault that fails where a test says so. Each number of a value that is put there is asked for: 1 is the row, 2 the first lease.
struct Failing {
    inner: MemoryVault,
    puts: AtomicU64,
    fails: fn(u64) -> Fails,
}

enum Fails {
    Never,
    /// Nothing is written.
    Before,
    /// It is written, and nobody is told.
    After,
}

impl Failing {
    fn vault(fails: fn(u64) -> Fails) -> Arc<Self> {
        Arc::new(Self { inner: MemoryVault::default(), puts: AtomicU64::new(0), fails })
    }
}

impl Vault for Failing {
    fn get(&self, name: &str) -> Result<Option<Entry>, VaultError> {
        self.inner.get(name)
    }
    fn put(&self, name: &str, value: &[u8], seen: Option<u64>) -> Result<Put, VaultError> {
        let full = || VaultError::Unavailable("the disk is full".to_owned());
        match (self.fails)(self.puts.fetch_add(1, Ordering::SeqCst) + 1) {
            Fails::Never => self.inner.put(name, value, seen),
            Fails::Before => Err(full()),
            Fails::After => self.inner.put(name, value, seen).and_then(|_| Err(full())),
        }
    }
    fn delete(&self, name: &str, seen: u64) -> Result<Put, VaultError> {
        self.inner.delete(name, seen)
    }
    fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<String>, VaultError> {
        self.inner.list(prefix, after, most)
    }
    fn changes(&self, since: u64) -> Result<Changes, VaultError> {
        self.inner.changes(since)
    }
    fn owner(&self) -> &str {
        self.inner.owner()
    }
    fn is_gone(&self, owner: &str) -> bool {
        self.inner.is_gone(owner)
    }
}

#[test]
fn a_result_that_cannot_be_kept_at_once_is_tried_again_as_long_as_the_lease_lasts() {
    let fails = |put| if (3..6).contains(&put) { Fails::Before } else { Fails::Never };
    let story = on(Failing::vault(fails), expired());
    assert_eq!(story.obtain(ANY).unwrap().values["access"].0, token("at", 1));
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_result_that_could_not_be_kept_is_the_first_thing_that_the_next_call_keeps() {
    let fails = |put| if put == 3 { Fails::Before } else { Fails::Never };
    let mut story = on(Failing::vault(fails), expired());
    let timing = RenewalTiming { lease: Duration::ZERO, ..TIMING };
    let renewal = Renewal::new(Arc::clone(&story.vault), Events::default()).with_timing(timing);
    story.renewal = Arc::new(renewal);
    assert!(matches!(story.obtain(ANY), Err(NotLive::Fault(_))));
    assert_eq!(story.obtain(ANY).unwrap().values["access"].0, token("at", 1));
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 1, "it was not spent again");
}

#[test]
fn a_result_that_was_kept_although_the_vault_failed_is_used() {
    let story = on(Failing::vault(|put| if put == 3 { Fails::After } else { Fails::Never }), expired());
    assert_eq!(story.obtain(ANY).unwrap().generation, 2);
    assert_eq!(story.told(), [State::Refreshing, State::Active]);
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_lease_that_the_vault_may_have_taken_keeps_nobody_waiting() {
    for fails in [
        |put| if put == 2 { Fails::After } else { Fails::Never },
        |put| {
            if put == 2 { Fails::Before } else { Fails::Never }
        },
    ] {
        let story = on(Failing::vault(fails), expired());
        assert!(matches!(story.obtain(ANY), Err(NotLive::Fault(_))));
        assert_eq!(story.server.asked.load(Ordering::SeqCst), 0);
        let began = Instant::now();
        assert_eq!(story.obtain(ANY).unwrap().generation, 2);
        assert!(began.elapsed() < Duration::from_secs(10), "it did not wait for its own lease");
        assert!(lock(&story.renewal.held).is_empty());
    }
}

#[test]
fn a_failure_that_could_not_be_taken_down_keeps_nobody_waiting() {
    let story = on(Failing::vault(|put| if put == 3 { Fails::Before } else { Fails::Never }), expired());
    let unreachable = NotObtained::Later { words: "unreachable".to_owned(), sent: false, after: None };
    *lock(&story.server.next) = Some(unreachable);
    assert!(matches!(story.obtain(ANY), Err(NotLive::Later { words, .. }) if words == "unreachable"));
    assert_eq!((story.live().lease, story.live().unanswered), (None, None));
}

#[test]
fn who_stood_still_after_it_took_the_lease_sends_nothing() {
    let mut story = story(expired());
    let timing = RenewalTiming { token: Duration::ZERO, ..TIMING };
    let renewal = Renewal::new(Arc::clone(&story.vault), Events::default()).with_timing(timing);
    story.renewal = Arc::new(renewal);
    assert!(matches!(story.obtain(ANY), Err(NotLive::Later { words, .. }) if words.contains("stood still")));
    assert_eq!(story.server.asked.load(Ordering::SeqCst), 0);
    assert_eq!((story.live().lease, story.live().unanswered), (None, None));
}

#[test]
fn a_lease_that_is_over_is_watched_before_it_is_taken_from_a_holder_that_may_still_run() {
    let over = |owner| Live { lease: Some(Lease { lasts: 0, ..lease_of(owner, &token("rt", 0)) }), ..expired() };
    let mut story = story(over("slept"));
    let timing = RenewalTiming { watch: Duration::from_millis(300), ..TIMING };
    story.renewal = Arc::new(Renewal::new(Arc::clone(&story.vault), Events::default()).with_timing(timing));
    let began = Instant::now();
    assert_eq!(story.obtain(ANY).unwrap().generation, 2);
    assert!(began.elapsed() >= timing.watch);
    assert!(lock(&story.renewal.watched).is_empty());
}

#[test]
fn a_panic_leaves_no_lease_behind() {
    struct Panics(AtomicU64, Arc<Server>);
    impl Obtain for Panics {
        fn spends<'l>(&self, live: &'l Live) -> Option<&'l Secret> {
            live.refresh.as_ref().map(|kept| &kept.0)
        }
        fn is_unattended(&self, _: &Live) -> bool {
            false
        }
        fn obtain(&self, live: &Live, _: Duration) -> Result<Obtained, NotObtained> {
            assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "the first time");
            self.1.spend(self.spends(live).unwrap())
        }
    }
    let story = story(expired());
    let obtain = Box::new(Panics(AtomicU64::new(0), Arc::clone(&story.server)));
    let job = Arc::new(Job { obtain, ..Arc::into_inner(job(&story.server)).unwrap() });
    let within = || Deadline::within(Duration::from_secs(20));
    assert!(matches!(story.renewal.obtain(&job, ANY, within()), Err(NotLive::Fault(_))));
    // What it was about to spend may have been sent: that is noted, and it is tried once.
    let again = Want { at_once: true, ..ANY };
    assert_eq!(story.renewal.obtain(&job, again, within()).unwrap().generation, 2);
}

#[test]
fn that_a_token_may_be_lost_is_known_until_an_answer_says_what_became_of_it() {
    let outage = NotObtained::Rejected(Detail { message: "invalid_client".to_owned(), ..Detail::default() });
    let refusal = NotObtained::Refusal(Refusal::Connection("no secret".to_owned()));
    let fault = NotObtained::Fault(Fault::Host("the audit is full".to_owned()));
    for between in [outage, refusal, fault] {
        let story = story(expired());
        let at_once = Want { at_once: true, ..ANY };
        story.server.loses.store(true, Ordering::SeqCst);
        assert!(story.obtain(at_once).is_err());
        // A process that was killed is no different.
        story.change(|live| {
            live.lease = Some(Lease { lasts: 0, ..lease_of("gone", &token("rt", 0)) });
            live.unanswered = None;
        });
        *lock(&story.server.next) = Some(between);
        assert!(story.obtain(at_once).is_err());
        assert_eq!(story.live().unanswered, Some(token("rt", 0).digest()));
        assert!(matches!(story.obtain(at_once), Err(NotLive::NeedsReconnect(_))));
        assert_eq!(story.live().lost, 1);
    }
}

#[test]
fn a_pause_and_a_lease_end_where_the_clock_was_set_back_before_the_machine_was_started_anew() {
    let then = Moment::now();
    let now = then.started_anew().with_wall(then.wall - 365 * 24 * 3600 * 1000);
    let failed = Failed { at: then.clone(), reason: String::new(), times: 1, cool: 5000, rejected: false };
    assert_eq!(failed.left(&now), None);
    assert!(lease_of("another machine", &token("rt", 0)).is_over(&now));
    let live = Live { obtained: Some(then), ..expired() };
    assert!(!live.is_valid(&now), "nobody knows how old it is, and it can be renewed");
}

#[test]
fn a_connection_of_another_user_begins_anew() {
    let story = story(expired());
    story.obtain(ANY).unwrap();
    let Job { plugin, digest, connection, credential, .. } = &*job(&story.server);
    let (plugin, digest) = (plugin.clone(), digest.clone());
    let (connection, credential) = (connection.clone(), credential.clone());
    let obtain = Box::new(ByRefresh(Arc::clone(&story.server)));
    let of_bob =
        Arc::new(Job { plugin, digest, connection, credential, binding: "bob".to_owned(), is_made: false, obtain });
    let result = story.renewal.obtain(&of_bob, ANY, Deadline::within(Duration::from_secs(20)));
    assert!(matches!(result, Err(NotLive::NeedsReconnect(words)) if words.contains("nobody has agreed")));
}
