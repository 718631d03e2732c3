//! Two processes at one connection, of which one or both are killed: round after round.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use wharf::{Host, RenewalTiming};
use wharf_simulated::oauth::{Odd, Options};

use crate::deadly::{Deadly, Fate};
use crate::judge::{Found, Round};
use crate::world::{CONNECTION, PLUGIN, World, builder, call, host, is_passing, is_reconnect, short, vault_in};

const FOLDER: &str = "WHARF_TEST_FOLDER";
const SERVER: &str = "WHARF_TEST_SERVER";
const WORKER: &str = "WHARF_TEST_WORKER";
const FATE: &str = "WHARF_TEST_FATE";
const TASK: &str = "WHARF_TEST_TASK";
/// How long leases last, in seconds, where it is not as long as elsewhere.
const LEASE: &str = "WHARF_TEST_LEASE";
/// How many rounds the long form has, and from which it begins.
const ROUNDS: &str = "WHARF_TEST_ROUNDS";
const FROM: &str = "WHARF_TEST_FROM";

const THIS: &str = "rounds::no_renewal_is_lost_but_in_the_one_window_that_nobody_can_close";

/// How often a worker does what it does.
const TURNS: usize = 4;

/// No worker gets to an operation beyond this one before it is done.
const MOST_OPERATIONS: usize = 80;

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Renews, and calls.
    Refresh,
    /// Calls: tokens are over because the server or the clock says so.
    Call,
}

/// A worker's process.
pub(crate) struct Worker {
    pub(crate) name: String,
    pub(crate) child: Child,
}

pub(crate) fn spawn(world: &World, name: &str, fate: Fate, task: Task) -> Worker {
    spawned(command(world, name, fate, task), name)
}

fn command(world: &World, name: &str, fate: Fate, task: Task) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", THIS]).env(FOLDER, world.folder.path()).env(SERVER, world.server.url());
    let task = if task == Task::Refresh { "refresh" } else { "call" };
    command.env(WORKER, name).env(FATE, fate.as_text()).env(TASK, task);
    command
}

fn spawned(mut command: Command, name: &str) -> Worker {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    Worker { name: name.to_owned(), child }
}

impl Worker {
    /// Waits for its end. Whether it was killed.
    pub(crate) fn ends(self) -> bool {
        let output = self.child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let is_killed = output.status.signal() == Some(9);
        assert!(is_killed || output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        is_killed
    }
}

fn log_in(folder: &Path) -> PathBuf {
    folder.join("log")
}

fn host_of(folder: &Path, server: &str, fate: Fate, name: &str) -> Host {
    let vault = Deadly::new(vault_in(folder), fate, &log_in(folder), name);
    let timing = match env::var(LEASE) {
        Ok(seconds) => {
            let lease = Duration::from_secs(seconds.parse().unwrap());
            RenewalTiming { lease, watch: lease, ..short() }
        }
        Err(_) => short(),
    };
    host(server, builder().vault(Arc::new(vault)).renewal_timing(timing))
}

/// What a worker is: it comes back where nobody kills it.
fn work(folder: &Path) {
    let of = |variable| env::var(variable).unwrap();
    let host = host_of(folder, &of(SERVER), of(FATE).parse().unwrap(), &of(WORKER));
    let is_refresh = of(TASK) == "refresh";
    for turn in 0..TURNS {
        let renewed = if is_refresh { host.refresh(PLUGIN, CONNECTION) } else { Ok(()) };
        for error in renewed.err().into_iter().chain(call(&host).err()) {
            let is_over = error.to_string().contains("unauthorized");
            assert!(is_reconnect(&error) || is_passing(&error) || is_over, "turn {turn}: {error}");
        }
    }
}

/// What happens in a round.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// One kills itself at an operation of its vault, the other one goes on.
    One(Fate),
    /// Both do.
    Both(Fate, Fate),
    /// Both are killed by somebody else, after so many microseconds.
    Random(u64, u64),
    /// One is killed while the answer is held back.
    Held,
    /// An answer is lost.
    Lost(Odd2),
    /// The server says that tokens are over, and one kills itself.
    Over(Fate),
    /// Tokens last a second.
    Clock(Fate),
}

#[derive(Clone, Copy, Debug)]
enum Odd2 {
    After,
    Before,
}

/// Which kind the round of a number is: each boundary is hit in turn.
fn kind(number: usize) -> Kind {
    let step = |number: usize| number % MOST_OPERATIONS + 1;
    let fate = |number: usize| {
        let at = u64::try_from(step(number / 2)).unwrap();
        if number.is_multiple_of(2) { Fate::Before(at) } else { Fate::After(at) }
    };
    let turn = number / 10;
    match number % 10 {
        0..3 => Kind::One(fate(turn * 3 + number % 10)),
        3 | 4 => Kind::Both(fate(turn * 2 + number % 10), fate(turn * 7 + 3)),
        5 | 6 => Kind::Random(random(number) % 120_000, random(number + 1_000_000) % 120_000),
        7 if turn.is_multiple_of(3) => Kind::Lost(if turn.is_multiple_of(2) { Odd2::After } else { Odd2::Before }),
        7 => Kind::Held,
        8 if turn.is_multiple_of(8) => Kind::Clock(fate(turn * 5)),
        _ => Kind::Over(fate(turn * 2 + number % 10)),
    }
}

/// Numbers that are the same for the same number: a round can be had again.
fn random(number: usize) -> u64 {
    let mut mixed = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}

/// What happened in all rounds.
#[derive(Debug, Default)]
struct Figures {
    rounds: usize,
    kills: usize,
    refreshes: u64,
    retried: usize,
    families_revoked: u64,
    reconnects: usize,
    explained: usize,
}

impl Figures {
    fn add(&mut self, world: &World, number: usize) {
        world.server.clear_requests();
        let _ = fs::remove_file(log_in(world.folder.path()));
        let before = (world.server.families_revoked(), lost(world), world.server.refreshes());
        let mut killed = BTreeSet::new();
        let kind = kind(number);
        for worker in run(world, kind, &mut killed) {
            let name = worker.name.clone();
            if worker.ends() {
                killed.insert(name);
            }
        }
        let is_alive = check(world);
        let requests = world.server.requests_of("/token");
        let hung_up = usize::from(matches!(kind, Kind::Lost(_)));
        let log = log_in(world.folder.path());
        let Found { retried, lost: found } =
            Round { log: &log, requests: &requests, killed: &killed, lost: hung_up }.judge();
        let revoked = world.server.families_revoked() - before.0;
        let told = lost(world) - before.1;
        let wanted = u64::from(!is_alive);
        assert_eq!(
            (found as u64, revoked, told),
            (wanted, wanted, wanted),
            "round {number}, {kind:?}: a reconnect that is not explained, or is not told"
        );
        if !is_alive {
            world.agree(&world.host());
            call(&world.host()).unwrap();
        }
        self.rounds += 1;
        self.kills += killed.len();
        self.refreshes += world.server.refreshes() - before.2;
        self.retried += retried;
        self.families_revoked += revoked;
        self.reconnects += usize::from(!is_alive);
        self.explained += found;
    }
}

fn run(world: &World, kind: Kind, killed: &mut BTreeSet<String>) -> Vec<Worker> {
    let two = |one, other, task| vec![spawn(world, "one", one, task), spawn(world, "other", other, task)];
    match kind {
        Kind::One(fate) => two(fate, Fate::None, Task::Refresh),
        Kind::Both(one, other) => two(one, other, Task::Refresh),
        Kind::Random(one, other) => {
            let mut workers = two(Fate::None, Fate::None, Task::Refresh);
            // They begin at their first request, not at their start.
            assert!(world.server.wait_for("/token", 1));
            let began = Instant::now();
            for (worker, micros) in workers.iter_mut().zip([one, other]) {
                // A random moment: nothing is waited for.
                thread::sleep(Duration::from_micros(micros).saturating_sub(began.elapsed()));
                let _ = worker.child.kill();
            }
            workers
        }
        Kind::Held => {
            world.server.next(Odd::Hold);
            let mut workers = two(Fate::None, Fate::None, Task::Refresh);
            assert!(world.server.wait_for_held(1));
            workers[0].child.kill().unwrap();
            let first = workers.remove(0);
            if first.ends() {
                killed.insert("one".to_owned());
            }
            world.server.release();
            workers
        }
        Kind::Lost(which) => {
            world.server.next(if matches!(which, Odd2::After) { Odd::HangUp } else { Odd::HangUpBefore });
            two(Fate::None, Fate::None, Task::Refresh)
        }
        Kind::Over(fate) => {
            world.server.expire_all();
            two(fate, Fate::None, Task::Call)
        }
        Kind::Clock(fate) => {
            world.server.change(|options| options.access_life = 1);
            call_once(world);
            let workers = two(fate, Fate::None, Task::Call);
            world.server.change(|options| options.access_life = 3600);
            workers
        }
    }
}

/// Gets a token with the life that the server gives now.
fn call_once(world: &World) {
    let host = host_of(world.folder.path(), &world.server.url(), Fate::None, "before");
    host.refresh(PLUGIN, CONNECTION).unwrap();
}

/// Whether a fresh host can renew and call; if not, it has to be that somebody has to agree anew.
fn check(world: &World) -> bool {
    let host = host_of(world.folder.path(), &world.server.url(), Fate::None, "fresh");
    for _ in 0..3 {
        match host.refresh(PLUGIN, CONNECTION).and_then(|()| call(&host)) {
            Ok(_) => return true,
            Err(error) if is_reconnect(&error) => {
                assert!(error.to_string().contains("was broken off"), "{error}");
                return false;
            }
            Err(error) => assert!(is_passing(&error), "{error}"),
        }
    }
    panic!("a fresh host can neither call nor say why");
}

/// How many refresh tokens the vault says that were lost.
fn lost(world: &World) -> u64 {
    world.host().info(PLUGIN, CONNECTION).unwrap().map_or(0, |info| info.credentials.iter().map(|one| one.lost).sum())
}

fn rounds(from: usize, rounds: usize) -> Figures {
    let world = World::new(Options::default());
    let mut figures = Figures::default();
    for number in from..from + rounds {
        figures.add(&world, number);
        if (number + 1).is_multiple_of(500) {
            eprintln!("{figures:?}");
        }
    }
    assert_eq!(figures.reconnects, figures.explained);
    figures
}

#[test]
fn no_renewal_is_lost_but_in_the_one_window_that_nobody_can_close() {
    if let Ok(folder) = env::var(FOLDER) {
        return work(folder.as_ref());
    }
    let figures = rounds(0, 60);
    assert!(figures.kills > 30 && figures.refreshes > 100, "{figures:?}");
    eprintln!("{figures:?}");
}

/// The same, for as many rounds as `WHARF_TEST_ROUNDS` says: 10,000 without it.
#[test]
#[ignore = "takes an hour"]
fn many_rounds() {
    let number = |variable, usual| env::var(variable).map_or(usual, |text: String| text.parse().unwrap());
    let (from, count) = (number(FROM, 0), number(ROUNDS, 10_000));
    let workers = 2;
    let all: Vec<Figures> = thread::scope(|scope| {
        let parts: Vec<_> =
            (0..workers).map(|part| scope.spawn(move || rounds(from + part * count, count / workers))).collect();
        parts.into_iter().map(|part| part.join().unwrap()).collect()
    });
    eprintln!("{all:?}");
}

/// Where leases are over at once, nothing keeps two processes from spending one token: that has to be found.
#[test]
fn two_who_spend_one_token_are_found() {
    let world = World::new(Options { delay_ms: 20, ..Options::default() });
    let is_found = (0..20).any(|_| {
        world.server.clear_requests();
        let log = log_in(world.folder.path());
        let _ = fs::remove_file(&log);
        let workers = ["one", "other"].map(|name| {
            let mut command = command(&world, name, Fate::None, Task::Refresh);
            command.env(LEASE, "0");
            spawned(command, name)
        });
        for worker in workers {
            assert!(!worker.ends());
        }
        let (requests, killed) = (world.server.requests_of("/token"), BTreeSet::new());
        let round = Round { log: &log, requests: &requests, killed: &killed, lost: 0 };
        std::panic::catch_unwind(|| round.judge()).is_err()
    });
    assert!(is_found && world.server.families_revoked() > 0);
}
