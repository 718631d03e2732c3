//! A folder that is watched: what is built there is installed.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use wharf::Deadline;
use wharf_artifacts::OBEDIENT;

use crate::install::{NEXT, VERSION, live, release, says, world};
use crate::world::{Running, World};

/// Far longer than an installation takes.
const LONG: Duration = Duration::from_secs(120);

/// A process that goes on, such as `wharf watch built`, and what it says line by line, on both outputs.
pub(crate) struct Watching {
    process: Running,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Watching {
    fn start(world: &World, words: &[&str]) -> Self {
        let words: Vec<&str> = ["watch", "built"].iter().chain(words).copied().collect();
        let mut watching = Self::run(world.command(&[], &words));
        watching.says("watching built");
        watching
    }

    pub(crate) fn run(mut command: Command) -> Self {
        let mut process = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        let (tell, lines) = mpsc::channel();
        forward(process.0.stdout.take().unwrap(), tell.clone());
        forward(process.0.stderr.take().unwrap(), tell);
        Self { process, lines, said: Vec::new() }
    }

    /// Waits for a line with these words.
    #[track_caller]
    pub(crate) fn says(&mut self, words: &str) {
        let deadline = Deadline::within(LONG);
        loop {
            let left = deadline.left();
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("`{words}` is not in {:#?}", self.said));
            self.said.push(line);
            if self.said.last().is_some_and(|line| line.contains(words)) {
                return;
            }
        }
    }

    /// Interrupts it, and gives everything that it said and its exit code.
    pub(crate) fn end(mut self) -> (Vec<String>, Option<i32>) {
        interrupt(self.process.0.id());
        // Its outputs close when it has ended.
        self.said.extend(self.lines.iter());
        (self.said, self.process.0.wait().unwrap().code())
    }
}

fn forward(output: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        BufReader::new(output).lines().map_while(Result::ok).for_each(|line| to.send(line).unwrap_or(()))
    });
}

fn interrupt(process: u32) {
    let killed = Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap();
    assert!(killed.success());
}

fn built() -> World {
    let world = world();
    fs::create_dir(world.path().join("built")).unwrap();
    world
}

/// Writes another file elsewhere and moves it into place, as many builds do.
fn move_into_place(world: &World, changes: &[(&str, &str)]) {
    release(world, "new.wasm", changes);
    fs::rename(world.path().join("new.wasm"), world.path().join("built/a.wasm")).unwrap();
}

#[cfg(unix)]
#[test]
fn what_is_built_is_installed_through_the_gate_and_a_broken_build_is_told_once() {
    let world = built();
    release(&world, "built/a.wasm", &[]);
    world.wharf(&["install", "built/a.wasm"]);
    world.wharf(&["approve", "obedient"]);
    let mut watching = Watching::start(&world, &[]);
    watching.says("obedient 3.7.11 is live already");

    // The same version with other content, as a build in between has it.
    release(&world, "built/a.wasm", &[("For tests.", "For trials")]);
    watching.says("obedient 3.7.11 is live");
    let digest = world.wharf(&["versions", "--json"]).json()["obedient"]["live"].clone();
    assert_eq!(digest, format!("sha256:{}", wharf::digest_of(&fs::read(world.path().join("built/a.wasm")).unwrap())));

    world.write("built/a.wasm", &OBEDIENT.bytes[..1000]);
    watching.says("truncated or damaged");
    assert_eq!(live(&world), VERSION);
    world.write("built/a.wasm", &OBEDIENT.bytes[..1000]);

    move_into_place(&world, &[(VERSION, NEXT), ("/echo", "/user")]);
    watching.says("obedient 3.7.12 waits for your approval");
    watching.says("+ good.echo (read): GET /user");
    watching.says("wharf approve obedient");
    assert_eq!(live(&world), VERSION, "what waits answers no calls");
    says(&world, &["approve", "obedient"], &["obedient 3.7.12 is live"]);

    fs::remove_file(world.path().join("built/a.wasm")).unwrap();
    release(&world, "built/b.wasm", &[(VERSION, "3.7.10")]);
    watching.says("3.7.10 is not higher than the live one, 3.7.12");
    assert_eq!(live(&world), NEXT);
    let (said, code) = watching.end();
    assert_eq!(code, Some(0));
    assert_eq!(said.iter().filter(|line| line.contains("truncated or damaged")).count(), 1, "{said:#?}");
}

#[cfg(unix)]
#[test]
fn a_lower_version_needs_force_and_a_store_that_is_busy_is_waited_for() {
    let world = built();
    world.wharf(&["install", &release(&world, "a.wasm", &[(VERSION, NEXT)])]);
    world.wharf(&["approve", "obedient"]);
    let mut watching = Watching::start(&world, &["--force"]);
    let held = fs::File::open(world.path().join(".wharf/releases/lock")).unwrap();
    held.lock().unwrap();
    release(&world, "built/a.wasm", &[]);
    watching.says("a.wasm waits for another process");
    drop(held);
    watching.says("obedient 3.7.11 is live");
    assert_eq!(live(&world), VERSION);
    assert_eq!(watching.end().1, Some(0));
}

#[test]
fn a_folder_that_is_none_or_goes_ends_the_watch() {
    let world = built();
    world.wharf(&["watch", "nowhere"]).fails(2, &["nowhere cannot be watched"]);
    world.wharf(&["watch", "wharf.toml"]).fails(2, &["wharf.toml cannot be watched"]);
    let mut watching = Watching::start(&world, &[]);
    fs::remove_dir(world.path().join("built")).unwrap();
    watching.says("built cannot be watched: it was moved or deleted");
    assert_eq!(watching.process.0.wait().unwrap().code(), Some(2));
}
