//! A folder in which `wharf serve` runs, with all that it talks to.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use wharf_artifacts::ROGUE;
use wharf_simulated::oauth::{CLIENT_ID, CLIENT_SECRET, Options, TokenServer};

use crate::plugins::{self, VERSIONS};
use crate::provider::{self, Deeds};

/// How many seconds an access token is good for, so that it is renewed all the time.
const TOKEN_LIFE: u64 = 2;

/// What does not change while servers come and go.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) deeds: Arc<Deeds>,
    pub(crate) tokens: TokenServer,
    pub(crate) token: String,
    shop: String,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let (shop, deeds) = provider::start(seed);
        let tokens = TokenServer::start(Options { access_life: TOKEN_LIFE, ..Options::default() }).unwrap();
        let mut world = Self { folder: TempDir::new().unwrap(), deeds, tokens, token: String::new(), shop };
        world.write("acme.wasm", &plugins::acme());
        world.write("rogue.wasm", ROGUE.bytes);
        world.write("secret", CLIENT_SECRET.as_bytes());
        world.configure(0);
        for version in VERSIONS {
            world.write(&format!("shop-{version}.wasm"), &plugins::shop(version));
            world.wharf(&["install", &format!("shop-{version}.wasm")]);
            if version == VERSIONS[0] {
                world.wharf(&["approve", "shop"]);
            }
        }
        world.agree();
        let told = world.wharf(&["tokens", "create", "caller", "--role", "call", "--role", "read", "--json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        world.token = told["token"].as_str().unwrap().to_owned();
        world
    }

    /// Writes the configuration, which differs from others by a number.
    pub(crate) fn configure(&self, number: u64) {
        let text = format!(
            "# {number}\nplugins = [\"acme.wasm\", \"rogue.wasm\"]\n[limits.plugins.rogue]\nmemory = \"16MiB\"\ncpu = \"100ms\"\n\
             [connections.shop]\nprovider = \"shop\"\nbase_url = \"{}\"\n\
             [connections.rogue]\nprovider = \"rogue\"\nbase_url = \"{}\"\n\
             [connections.rogue.fields]\ngreeting = \"{number}\"\nkey = \"a-secret-k7RmX2vQp9LzT4wB\"\n",
            self.shop, self.shop
        );
        // A reader sees the one or the other.
        self.write("next.toml", text.as_bytes());
        fs::rename(self.at("next.toml"), self.at("wharf.toml")).unwrap();
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.at(name)).unwrap().write_all(content).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path()).args(words);
        // Compiled components are shared by all tests, which saves compiling them again.
        command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"));
        command.stdin(Stdio::null());
        command
    }

    /// Runs the binary, which has to go well.
    pub(crate) fn wharf(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Somebody agrees to the connection `acme` in a browser.
    fn agree(&self) {
        let (id, url) = (format!("client_id={CLIENT_ID}"), self.tokens.url());
        let words =
            ["connect", "acme", "--no-browser", "--server", &url, "--field", &id, "--field", "client_secret=@secret"];
        let mut child = Running(self.command(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
        let mut lines = BufReader::new(child.0.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find(|line| line.contains("/start/")).unwrap();
        let (location, cookie) = visit(address.trim(), "");
        visit(&self.tokens.visit(&location).unwrap(), &cookie);
        let said: Vec<String> = lines.collect();
        assert!(child.0.wait().unwrap().success(), "{said:?}");
    }

    pub(crate) fn serve(&self) -> Server {
        let started = Instant::now();
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
        let mut process = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        let said = Arc::<Mutex<Vec<String>>>::default();
        keep(process.0.stderr.take().unwrap(), Arc::clone(&said));
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("it does not start: {:?}", said.lock()));
        let address = told["listen"].as_str().unwrap().parse().unwrap();
        Server { address, process, said, took: started.elapsed() }
    }
}

/// Opens a page: where it sends to, and its cookie.
fn visit(url: &str, cookie: &str) -> (String, String) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut socket = TcpStream::connect(host).unwrap();
    socket.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let field = |name: &str| {
        let fields = answer.lines().filter_map(|line| line.split_once(": "));
        let found = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next();
        found.unwrap_or_default().to_owned()
    };
    (field("location"), field("set-cookie").split(';').next().unwrap_or_default().to_owned())
}

fn keep(output: impl Read + Send + 'static, said: Arc<Mutex<Vec<String>>>) {
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    thread::spawn(move || lines.for_each(|line| said.lock().unwrap().push(line)));
}

/// A process that does not outlive its test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Running,
    said: Arc<Mutex<Vec<String>>>,
    /// From its start until it listened.
    pub(crate) took: Duration,
}

/// What a process has at one time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    /// Resident memory, in KiB.
    pub(crate) memory: u64,
    pub(crate) threads: u64,
    pub(crate) files: u64,
}

impl Server {
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.process.0.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// What it said, and nothing that it should not have.
    pub(crate) fn said(&self) -> Vec<String> {
        let said = self.said.lock().unwrap().clone();
        let is_bad =
            |line: &&String| line.contains("panicked") || line.contains("bug") || line.contains("not in the history");
        assert!(said.iter().find(is_bad).is_none(), "{said:#?}");
        said
    }

    pub(crate) fn size(&self) -> Size {
        let folder = format!("/proc/{}", self.process.0.id());
        let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
        };
        let files = fs::read_dir(format!("{folder}/fd")).map_or(0, |files| files.count() as u64);
        Size { memory: of("VmRSS:"), threads: of("Threads:"), files }
    }

    /// Kills it, so that it can do nothing more.
    pub(crate) fn kill(mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
        self.said();
    }

    /// Tells it to end, and waits until it has, as it should.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        let status = self.process.0.wait().unwrap();
        assert!(status.success(), "{status:?}: {:#?}", self.said());
        self.said();
    }
}
