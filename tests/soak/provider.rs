//! A provider that does what it is asked to do, and answers as it likes. It knows how often it acted on each order.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::chance::Chance;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    Answers,
    AnswersNothing,
    /// Answers, and closes without having said so.
    Leaves,
    Drips,
    Fails,
    /// Says that it cannot serve, and does nothing.
    Declines,
    /// Ends the connection after it acted.
    Resets,
    /// Ends it, and has done nothing.
    Ignores,
    /// Sends half an answer, and closes its half.
    BreaksOff,
    Holds,
}

const WAYS: &[(u64, Way)] = &[
    (700, Way::Answers),
    (100, Way::AnswersNothing),
    (30, Way::Leaves),
    (20, Way::Drips),
    (30, Way::Fails),
    (30, Way::Declines),
    (20, Way::Resets),
    (20, Way::Ignores),
    (20, Way::BreaksOff),
    (30, Way::Holds),
];

const BODY: &str = r#"{"done": true}"#;

/// What it did.
#[derive(Default)]
pub(crate) struct Deeds {
    seed: u64,
    requests: AtomicU64,
    acted: Mutex<Acted>,
}

#[derive(Default)]
struct Acted {
    /// How often for each order.
    orders: HashMap<String, u32>,
    /// Keys that it was given: each of them does its work once.
    keys: HashSet<String>,
    ways: HashMap<Way, u64>,
}

impl Deeds {
    /// How often it acted on an order.
    pub(crate) fn acted(&self, order: &str) -> u32 {
        self.acted.lock().unwrap().orders.get(order).copied().unwrap_or_default()
    }

    pub(crate) fn orders(&self) -> Vec<String> {
        self.acted.lock().unwrap().orders.keys().cloned().collect()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Which ways it took, and how often.
    pub(crate) fn ways(&self) -> String {
        let acted = self.acted.lock().unwrap();
        let mut ways: Vec<String> = acted.ways.iter().map(|(way, count)| format!("{way:?} {count}")).collect();
        ways.sort();
        ways.join(", ")
    }

    fn act(&self, head: &Head) {
        let mut acted = self.acted.lock().unwrap();
        if head.key.as_ref().is_none_or(|key| acted.keys.insert(key.clone())) {
            *acted.orders.entry(head.order.clone()).or_default() += 1;
        }
    }

    fn way(&self) -> Way {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let way = Chance::new(self.seed ^ number.wrapping_mul(0xd134_2543_de82_ef95)).of(WAYS);
        *self.acted.lock().unwrap().ways.entry(way).or_default() += 1;
        way
    }

    fn serve(&self, mut socket: &TcpStream) -> io::Result<()> {
        let _ = socket.set_nodelay(true);
        while let Some(head) = Head::read(socket)? {
            let way = self.way();
            if way == Way::Ignores {
                // What was sent is not read, so that the other end sees a reset.
                return Ok(());
            }
            socket.read_exact(&mut vec![0; head.length.saturating_sub(1)])?;
            if !matches!(way, Way::Declines) && head.acts {
                self.act(&head);
            }
            if way == Way::Resets {
                return Ok(());
            }
            socket.read_exact(&mut vec![0; head.length.min(1)])?;
            if !answer(socket, way, self.requests())? {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Answers; says whether the connection goes on.
fn answer(mut socket: &TcpStream, way: Way, number: u64) -> io::Result<bool> {
    let whole = |status: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    match way {
        Way::Answers => socket.write_all(whole("200 OK", BODY).as_bytes())?,
        Way::AnswersNothing => socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?,
        Way::Fails => socket.write_all(whole("500 Internal Server Error", r#"{"message": "broken"}"#).as_bytes())?,
        Way::Declines => socket.write_all(whole("503 Service Unavailable", r#"{"message": "later"}"#).as_bytes())?,
        Way::Holds => {
            thread::sleep(Duration::from_millis(100 + number * 37 % 1900));
            socket.write_all(whole("200 OK", BODY).as_bytes())?;
        }
        Way::Drips => {
            for piece in whole("200 OK", BODY).as_bytes().chunks(16) {
                socket.write_all(piece)?;
                thread::sleep(Duration::from_millis(5));
            }
        }
        Way::BreaksOff => {
            let text = whole("200 OK", BODY);
            socket.write_all(&text.as_bytes()[..text.len() - 6])?;
            socket.shutdown(Shutdown::Write)?;
            // Until the other end closes too.
            let _ = socket.read(&mut [0; 64]);
            return Ok(false);
        }
        Way::Leaves => {
            socket.write_all(whole("200 OK", BODY).as_bytes())?;
            return Ok(false);
        }
        Way::Resets | Way::Ignores => return Ok(false),
    }
    Ok(true)
}

/// What it needs to know of the head of a request.
struct Head {
    order: String,
    key: Option<String>,
    length: usize,
    /// Whether it asks to do something.
    acts: bool,
}

impl Head {
    /// Reads a head, and nothing behind it.
    fn read(mut socket: &TcpStream) -> io::Result<Option<Self>> {
        let mut seen = [0; 8192];
        let end = loop {
            let count = socket.peek(&mut seen)?;
            if let Some(at) = seen[..count].windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if count == 0 {
                return Ok(None);
            }
            thread::yield_now();
        };
        socket.read_exact(&mut seen[..end])?;
        let text = String::from_utf8_lossy(&seen[..end]).into_owned();
        let field = |name: &str| {
            let fields = text.lines().filter_map(|line| line.split_once(": "));
            fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
        };
        let path = text.split(' ').nth(1).unwrap_or_default();
        Ok(Some(Self {
            order: path.rsplit('/').next().unwrap_or_default().to_owned(),
            key: field("idempotency-key"),
            length: field("content-length").and_then(|length| length.parse().ok()).unwrap_or_default(),
            acts: text.starts_with("POST "),
        }))
    }
}

/// Starts it; it lives as long as the process.
pub(crate) fn start(seed: u64) -> (String, Arc<Deeds>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let deeds = Arc::new(Deeds { seed, ..Deeds::default() });
    let of_all = Arc::clone(&deeds);
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let deeds = Arc::clone(&of_all);
            // The other end may be gone at any time.
            thread::spawn(move || deeds.serve(&socket).unwrap_or_default());
        }
    });
    (url, deeds)
}
