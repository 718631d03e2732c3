//! A request ends with its deadline, whatever holds it up.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use wharf_egress::Connection;
use wharf_egress::send::SendError;

use crate::{Server, builder, get, get_within};

const SHORT: Duration = Duration::from_millis(200);

#[track_caller]
fn times_out(connection: &Connection) {
    let started = Instant::now();
    assert_eq!(get_within(connection, SHORT).unwrap_err(), SendError::Timeout);
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
    times_out(&builder(&server.url()).build().unwrap());
    drop(hold);
}

#[test]
fn a_head_that_drips() {
    let server = Server::answering(|_, socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ").unwrap_or(());
        drip(socket, b"x");
    });
    times_out(&builder(&server.url()).build().unwrap());
}

#[test]
fn a_body_that_drips() {
    let server = Server::answering(|_, socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").unwrap_or(());
        drip(socket, b"x");
    });
    times_out(&builder(&server.url()).build().unwrap());
}

#[test]
fn a_chunked_body_that_never_ends() {
    let server = Server::answering(|_, socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap_or(());
        drip(socket, b"1\r\nx\r\n");
    });
    times_out(&builder(&server.url()).build().unwrap());
}

#[test]
fn informational_answers_that_never_end() {
    let server = Server::answering(|_, socket| drip(socket, b"HTTP/1.1 103 Early Hints\r\n\r\n"));
    let result = get_within(&builder(&server.url()).build().unwrap(), SHORT);
    assert!(matches!(result, Err(SendError::Timeout | SendError::Unavailable(_))), "{result:?}");
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
    times_out(&builder(&format!("http://{}", full.address)).build().unwrap());
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
    times_out(&connection);
    times_out(&connection);
    drop(hold);
}

#[test]
fn a_fast_exchange_is_not_held_up() {
    assert_eq!(get(&builder(&Server::start().url()).build().unwrap()).unwrap().status, 200);
}
