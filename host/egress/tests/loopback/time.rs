//! A request ends with its deadline, whatever holds it up.

use std::collections::HashSet;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use wharf_egress::guard::{Item, prepare};
use wharf_egress::send::{Allowance, SendError, send};
use wharf_egress::{Connection, Deadline};

use crate::{Server, asked, builder, declared_beside, get, get_up_to, get_within, input, work};

const SHORT: Duration = Duration::from_millis(200);

#[track_caller]
fn times_out(connection: &Connection, sent: bool) {
    let started = Instant::now();
    assert_eq!(get_within(connection, SHORT).unwrap_err(), SendError::Timeout { sent });
    assert!(started.elapsed() < SHORT * 20, "it took {:?}", started.elapsed());
}

/// Until the other end is gone.
fn wait(held: &Mutex<mpsc::Receiver<()>>) {
    let _ = held.lock().unwrap().recv();
}

/// Goes on until nobody reads any more.
fn drip(socket: &mut dyn Write, drop: &[u8]) {
    while socket.write_all(drop).and_then(|()| socket.flush()).is_ok() {
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_answer_that_never_comes() {
    let (hold, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let server = Server::answering(move |_, _| wait(&held));
    times_out(&builder(&server.url()).build().unwrap(), true);
    drop(hold);
}

#[test]
fn a_head_that_drips() {
    let server = Server::answering(|_, socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ").unwrap_or(());
        drip(socket, b"x");
    });
    times_out(&builder(&server.url()).build().unwrap(), true);
}

#[test]
fn a_body_that_drips() {
    let server = Server::answering(|_, socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").unwrap_or(());
        drip(socket, b"x");
    });
    times_out(&builder(&server.url()).build().unwrap(), true);
}

/// It comes at once, and is half a gibibyte when it is decoded.
#[test]
fn a_body_that_unpacks_for_long() {
    let server = Server::answering(zeros(512));
    let connection = builder(&server.url()).build().unwrap();
    let started = Instant::now();
    assert_eq!(get_up_to(1 << 30, &connection, SHORT / 4).unwrap_err(), SendError::Timeout { sent: true });
    assert!(started.elapsed() < SHORT * 2, "it took {:?}", started.elapsed());
}

/// All that a scheme may make of a secret is looked for.
#[test]
fn a_body_that_is_searched_for_hundreds_of_texts() {
    let values: Vec<Value> = (0..24)
        .map(|number| {
            let functions =
                ["sha256-hex", "md5-hex", "base64", "sha256-hex", "base64", "md5-hex", "sha256-hex", "base64-url"];
            let template =
                json!({"parts": [{"field": "key"}, {"literal": format!("{number}")}], "functions": functions});
            json!({"name": format!("v{number}"), "template": template})
        })
        .collect();
    let declared = declared_beside(&json!(values), &json!([]), &json!({}));
    let server = Server::answering(zeros(256));
    let connection = builder(&server.url()).build().unwrap();
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = prepare(&declared, &asked(), item, &connection, &work()).unwrap();
    let started = Instant::now();
    let allowance = Allowance::new(Deadline::after(started, SHORT), 64 << 10, 1 << 30);
    assert_eq!(send(&connection, &outgoing, allowance, None).unwrap_err(), SendError::Timeout { sent: true });
    assert!(started.elapsed() < SHORT * 2, "it took {:?}", started.elapsed());
}

/// An answer of so many mebibytes that is short on its way.
fn zeros(mebibytes: usize) -> impl Fn(&str, &mut dyn Write) + Send + Sync {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    (0..mebibytes).for_each(|_| gzip.write_all(&[0; 1 << 20]).unwrap());
    let body = gzip.finish().unwrap();
    move |_, socket| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
        socket.write_all(&[head.as_bytes(), &body].concat()).unwrap_or(());
    }
}

#[test]
fn a_chunked_body_that_never_ends() {
    let server = Server::answering(|_, socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap_or(());
        drip(socket, b"1\r\nx\r\n");
    });
    times_out(&builder(&server.url()).build().unwrap(), true);
}

#[test]
fn informational_answers_that_never_end() {
    let server = Server::answering(|_, socket| drip(socket, b"HTTP/1.1 103 Early Hints\r\n\r\n"));
    let result = get_within(&builder(&server.url()).build().unwrap(), SHORT);
    assert!(matches!(result, Err(SendError::Timeout { .. } | SendError::Unreadable { .. })), "{result:?}");
}

/// A server whose queue of connections is full: further ones hang.
struct Full {
    address: SocketAddr,
    _queue: (TcpListener, Vec<TcpStream>),
}

impl Full {
    #[expect(clippy::disallowed_methods, reason = "a test may play a client of its own")]
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let queued = std::iter::from_fn(|| TcpStream::connect_timeout(&address, SHORT).ok()).collect();
        Self { address, _queue: (listener, queued) }
    }
}

#[test]
fn a_connect_that_hangs() {
    let full = Full::start();
    times_out(&builder(&format!("http://{}", full.address)).build().unwrap(), false);
}

#[test]
fn a_silent_address_leaves_time_for_the_next_one() {
    let (full, server) = (Full::start(), Server::start());
    let addresses = vec![full.address, server.address];
    let connection = builder("http://localhost:1").lookup(move |_: &str, _| Ok(addresses.clone())).build().unwrap();
    assert_eq!(get_within(&connection, Duration::from_secs(2)).unwrap().status, 200);
    assert_eq!(server.arrived().len(), 1);
}

#[test]
fn a_look_up_that_never_answers() {
    let (hold, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let lookup = move |_: &str, _| {
        wait(&held);
        Err(std::io::Error::other("too late"))
    };
    let connection = builder("http://provider.test").lookup(lookup).build().unwrap();
    times_out(&connection, false);
    times_out(&connection, false);
    drop(hold);
}

#[test]
fn a_fast_exchange_is_not_held_up() {
    assert_eq!(get(&builder(&Server::start().url()).build().unwrap()).unwrap().status, 200);
}
