//! A world with a server.

use std::io::{BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use wharf::Deadline;

use super::client::Client;
use crate::world::{Running, World};

/// Far longer than anything takes that is waited for.
pub(super) const LONG: Duration = Duration::from_secs(120);

/// A world in which `wharf serve` runs.
pub(super) struct Serving {
    pub(super) world: World,
    pub(super) address: SocketAddr,
    /// Where it listens for management.
    pub(super) management: Option<SocketAddr>,
    process: Running,
    said: Mutex<Said>,
    token: String,
}

/// What a server says on standard error, line by line.
struct Said {
    lines: Receiver<String>,
    so_far: Vec<String>,
}

impl Serving {
    /// With connections to the simulated providers.
    pub(super) fn new() -> Self {
        Self::start(World::new())
    }

    /// The same with more before them in the configuration.
    pub(super) fn with(more: &str) -> Self {
        let world = World::new();
        world.configure(&format!("{more}\n{}", world.connections()));
        Self::start(world)
    }

    /// With a token that may do everything but `manage`.
    pub(super) fn start(world: World) -> Self {
        Self::start_at(world, "127.0.0.1:0")
    }

    /// The same at an address.
    pub(super) fn start_at(world: World, address: &str) -> Self {
        let token = token(&world, "shop --role call --role read");
        Self::start_for(world, token, address)
    }

    fn start_for(world: World, token: String, address: &str) -> Self {
        let mut command = world.command(&[], &["serve", "--listen", address, "--json"]);
        let mut process = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        let (tell, lines) = mpsc::channel();
        forward(process.0.stderr.take().unwrap(), tell);
        let mut said = Said { lines, so_far: Vec::new() };
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            said.so_far.extend(said.lines.iter());
            panic!("the server does not start: {:#?}", said.so_far);
        }
        let told: Value = serde_json::from_str(&line).unwrap();
        let mut address: SocketAddr = told["listen"].as_str().unwrap().parse().unwrap();
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let management = told["management"].as_str().map(|address| address.parse().unwrap());
        Self { world, address, management, process, said: Mutex::new(said), token }
    }

    /// Makes a token: `shop --role call`.
    pub(super) fn token(&self, words: &str) -> String {
        token(&self.world, words)
    }

    /// Who has the first token.
    pub(super) fn client(&self) -> Client {
        self.client_of(&self.token)
    }

    pub(super) fn client_of(&self, token: &str) -> Client {
        Client::new(self.address, token)
    }

    /// Who has a token that is made for it.
    pub(super) fn client_with(&self, words: &str) -> Client {
        self.client_of(&self.token(words))
    }

    pub(super) fn id(&self) -> u32 {
        self.process.0.id()
    }

    pub(super) fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([name, &self.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Waits until it says these words.
    #[track_caller]
    pub(super) fn says(&self, words: &str) {
        let (deadline, mut said) = (Deadline::within(LONG), self.said.lock().unwrap());
        if let Some(at) = said.so_far.iter().position(|line| line.contains(words)) {
            // Whoever waits a second time waits for the next time that it is said.
            said.so_far.drain(..=at);
            return;
        }
        loop {
            let line = said.lines.recv_timeout(deadline.left());
            let line = line.unwrap_or_else(|_| panic!("`{words}` is not in {:#?}", said.so_far));
            if line.contains(words) {
                said.so_far.clear();
                return;
            }
            said.so_far.push(line);
        }
    }

    /// Tells it to stop, and waits until it does not listen any more.
    pub(super) fn begin_to_stop(&self) {
        self.signal("-TERM");
        let deadline = Deadline::within(LONG);
        while self.client().connects() {
            assert!(!deadline.left().is_zero(), "it still listens");
            thread::yield_now();
        }
    }

    /// Waits until it has ended, as it should.
    #[track_caller]
    pub(super) fn ended(mut self) -> Stopped {
        let code = self.process.0.wait().unwrap().code();
        let mut said = self.said.into_inner().unwrap();
        said.so_far.extend(said.lines.iter());
        assert_eq!(code, Some(0), "{:#?}", said.so_far);
        assert!(!said.so_far.iter().any(|line| line.contains("panicked")), "{:#?}", said.so_far);
        Stopped { world: self.world, token: self.token }
    }

    /// Stops it, and has all the lines that it has said since it was last asked.
    pub(super) fn stop_and_tell(mut self) -> Vec<String> {
        self.signal("-TERM");
        self.process.0.wait().unwrap();
        let mut said = self.said.into_inner().unwrap();
        said.so_far.extend(said.lines.iter());
        said.so_far
    }

    /// Stops it.
    #[track_caller]
    pub(super) fn stop(self) -> Stopped {
        self.signal("-TERM");
        self.ended()
    }

    /// Kills it, so that it can do nothing more.
    pub(super) fn kill(mut self) -> Stopped {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
        Stopped { world: self.world, token: self.token }
    }
}

/// A world in which a server ran.
pub(super) struct Stopped {
    pub(super) world: World,
    token: String,
}

impl Stopped {
    /// Starts another one, at another port.
    pub(super) fn start(self) -> Serving {
        Serving::start_for(self.world, self.token, "127.0.0.1:0")
    }
}

/// Makes a token.
pub(super) fn token(world: &World, words: &str) -> String {
    let words: Vec<&str> = ["tokens", "create", "--json"].into_iter().chain(words.split_whitespace()).collect();
    world.wharf(&words).json()["token"].as_str().unwrap().to_owned()
}

fn forward(output: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        BufReader::new(output).lines().map_while(Result::ok).for_each(|line| to.send(line).unwrap_or(()))
    });
}
