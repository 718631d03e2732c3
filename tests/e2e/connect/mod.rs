//! `wharf connect` and `wharf connections`, against a token server that rotates: a browser is played by a client of a few lines.

mod agreed;
mod kept;
mod stranger;
mod unattended;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_artifacts::BLANK;
use wharf_simulated::oauth::{CLIENT_ID, CLIENT_SECRET, Options, TokenServer};

use crate::world::{Run, Running, World};

/// A world with the plugin `acme`, whose credential comes from a token server.
pub(super) struct Acme {
    pub(super) world: World,
    pub(super) server: TokenServer,
    /// What a person has, and Wharf is told by the names of files.
    own: TempDir,
    said: Mutex<String>,
}

/// A `wharf connect` that waits for somebody.
pub(super) struct Connecting {
    child: Running,
    /// What it printed, up to the address or the code that it waits with.
    pub(super) address: String,
    err: JoinHandle<String>,
}

impl Acme {
    pub(super) fn new(options: Options, oauth2: Value) -> Self {
        Self::with(options, |manifest| manifest["credentials"]["acme"]["oauth2"] = oauth2)
    }

    pub(super) fn with(options: Options, change: impl FnOnce(&mut Value)) -> Self {
        let (world, server) = (World::new(), TokenServer::start(options).unwrap());
        let acme = Self { world, server, own: TempDir::new().unwrap(), said: Mutex::default() };
        acme.own("secret", CLIENT_SECRET);
        fs::create_dir(acme.world.path().join("plugins")).unwrap();
        let mut document = manifest();
        change(&mut document);
        acme.world.write("plugins/acme.wasm", component(&document));
        acme.world.configure("plugins = [\"plugins/\"]\n");
        acme
    }

    /// A file beside the world, as `@PATH`.
    pub(super) fn own(&self, name: &str, content: &str) -> String {
        let file = self.own.path().join(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&file).unwrap().write_all(content.as_bytes()).unwrap();
        format!("@{}", file.display())
    }

    /// The words of `wharf connect` with what the client has.
    fn words(&self, more: &[&str]) -> Vec<String> {
        let secret = format!("client_secret=@{}", self.own.path().join("secret").display());
        let (url, id) = (self.server.url(), format!("client_id={CLIENT_ID}"));
        let words = ["connect", "acme", "--no-browser", "--server", &url, "--field", &id, "--field", &secret];
        words.iter().chain(more).map(ToString::to_string).collect()
    }

    pub(super) fn run(&self, words: &[&str]) -> Run {
        self.kept(self.world.wharf(words))
    }

    pub(super) fn kept(&self, run: Run) -> Run {
        let mut said = self.said.lock().unwrap();
        *said += &run.out;
        *said += &run.err;
        run
    }

    /// Connects where nobody has to agree.
    pub(super) fn connect(&self, more: &[&str]) -> Run {
        let words = self.words(more);
        self.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Begins to connect, up to a line with these words.
    pub(super) fn begin(&self, more: &[&str], mark: &str) -> Connecting {
        let words = self.words(more);
        self.start(&words.iter().map(String::as_str).collect::<Vec<_>>(), mark)
    }

    pub(super) fn start(&self, words: &[&str], mark: &str) -> Connecting {
        let mut command = self.world.command(&[], words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let (mut said, mut line) = (String::new(), String::new());
        while !line.contains(mark) {
            line.clear();
            assert!(err.read_line(&mut line).unwrap() > 0, "no `{mark}` in {said}");
            said += &line;
        }
        let rest = thread::spawn(move || {
            err.read_to_string(&mut said).unwrap();
            said
        });
        Connecting { child: Running(child), address: line.trim().to_owned(), err: rest }
    }

    /// Connects with a browser, to the end.
    pub(super) fn agree(&self, more: &[&str]) -> Run {
        let waiting = self.begin(more, "/start/");
        let mut browser = Browser::default();
        let callback = self.leave(&mut browser, &waiting);
        let page = browser.get(&callback);
        let run = self.end(waiting);
        assert_eq!((run.code, page.status), (0, 200), "{run:?} {page:?}");
        run
    }

    /// Where the browser is sent back to, after somebody has agreed or not.
    pub(super) fn leave(&self, browser: &mut Browser, waiting: &Connecting) -> String {
        let page = browser.get(&waiting.address);
        assert_eq!(page.status, 302, "{page:?}");
        self.server.visit(&page.header("location").unwrap()).unwrap()
    }

    pub(super) fn end(&self, mut waiting: Connecting) -> Run {
        let code = waiting.child.0.wait().unwrap().code().unwrap_or(-1);
        let mut out = String::new();
        waiting.child.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.kept(Run { code, out, err: waiting.err.join().unwrap() })
    }

    pub(super) fn call(&self, name: &str) -> Run {
        self.run(&["call", "acme", "me.get", "--connection", name])
    }

    pub(super) fn shown(&self, name: &str) -> Value {
        self.run(&["connections", "show", name, "--json"]).json()
    }

    /// Nothing that was kept or said has a secret in it.
    #[track_caller]
    pub(super) fn keeps_to_itself(&self) {
        let said = self.said.lock().unwrap().clone();
        let mut places = vec![("what was said".to_owned(), said.into_bytes())];
        files(self.world.path(), &mut places);
        // The operator's own file, from which the configuration takes it.
        places.retain(|(name, _)| !name.ends_with("/secret"));
        assert!(places.iter().any(|(name, _)| name.ends_with("vault.db")) && places.len() > 3);
        let secrets = self.server.secrets();
        assert!(!secrets.is_empty());
        for (name, bytes) in &places {
            for secret in &secrets {
                let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!is_there, "{secret} is in {name}");
            }
        }
    }

    pub(super) fn audit(&self) -> String {
        fs::read_to_string(self.world.path().join(".wharf/audit.jsonl")).unwrap()
    }
}

fn files(folder: &Path, places: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            files(&path, places);
        } else {
            places.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// A browser that keeps cookies of one host and opens pages.
#[derive(Default)]
pub(super) struct Browser {
    cookies: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Page {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    }
}

impl Browser {
    pub(super) fn get(&mut self, url: &str) -> Page {
        let rest = url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let page = self.send(host, &format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n"));
        if let Some(cookie) = page.header("set-cookie") {
            self.cookies.push(cookie.split(';').next().unwrap().to_owned());
        }
        page
    }

    pub(super) fn send(&self, host: &str, head: &str) -> Page {
        let mut socket = TcpStream::connect(host).unwrap();
        let cookies =
            if self.cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", self.cookies.join("; ")) };
        socket.write_all(format!("{head}{cookies}\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Page { status, head: head.to_owned(), body: body.to_owned() }
    }
}

/// A manifest, written into the component that has none.
fn component(document: &Value) -> Vec<u8> {
    const MARK: &[u8] = b"A manifest is written over this text.";
    let mut bytes = BLANK.bytes.to_vec();
    let at = bytes.windows(MARK.len()).position(|window| window == MARK).unwrap();
    let text = document.to_string();
    let room = bytes[at + MARK.len()..].iter().take_while(|byte| **byte == b' ').count();
    assert!(text.len() <= room, "{} bytes of a manifest, and room for {room}", text.len());
    bytes[at..at + MARK.len()].fill(b' ');
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// By a person, in a browser or on another device.
pub(super) fn by_a_person() -> Value {
    json!({
        "grants": ["authorization-code", "device-code"],
        "authorize": { "path": "/authorize" },
        "device": { "path": "/device" },
        "token": { "path": "/token" },
        "revoke": { "path": "/revoke" },
        "client": { "id": "client_id", "secret": "client_secret", "by": "basic" },
        "scopes": ["read", "write"],
    })
}

fn manifest() -> Value {
    let read = |title: &str, path: &str| json!({ "title": title, "summary": title, "request": { "method": "GET", "path": path } });
    json!({
        "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Things of Acme.",
        "server": { "summary": "Where it is." },
        "fields": {
            "client_id": { "title": "Client ID", "summary": "From the provider.", "required": true },
            "client_secret": {
                "title": "Client secret", "summary": "From the provider.", "secret": true, "required": true,
                "environment": "ACME_CLIENT_SECRET",
            },
        },
        "credentials": { "acme": { "summary": "An account at Acme.", "oauth2": by_a_person() } },
        "test": { "operation": "me.get", "identity": ["/email", "/id"] },
        "schemes": {
            "acme": {
                "summary": "The token of the account.",
                "placements": [{ "header": "Authorization", "template": "Bearer {credential.acme.access}" }],
            },
        },
        "scheme": "acme",
        "operations": { "me.get": read("Whose token it is", "/api/me"), "things.list": read("List things", "/api/things") },
    })
}
