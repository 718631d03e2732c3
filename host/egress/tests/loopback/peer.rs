//! A server that is told byte by byte what to say and how to hang up, in the clear and over TLS.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};
use serde_json::json;
use wharf_egress::Connection;
use wharf_egress::guard::{Asked, AskedBody, Item, prepare};
use wharf_egress::send::{Allowance, Answer, SendError, send};
use wharf_egress::{Blob, Deadline};

use crate::{answers, builder, declared, input, tls, work};

/// Both ways on which everything here has to hold.
pub(crate) const WAYS: [Way; 2] = [Way::Plain, Way::Tls];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    Tls,
}

/// The server's end of a socket.
pub(crate) enum Peer {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Peer {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Waits for the head of a request; none where the client has hung up. Its body is left where it is.
    pub(crate) fn head(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let mut one = [0];
            if self.read(&mut one) == 0 {
                return None;
            }
            bytes.push(one[0]);
        }
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Reads what has come; nothing where the client has hung up.
    pub(crate) fn read(&mut self, bytes: &mut [u8]) -> usize {
        match self {
            Self::Plain(socket) => socket.read(bytes).unwrap_or(0),
            Self::Tls(stream) => stream.read(bytes).unwrap_or(0),
        }
    }

    /// Whoever does not listen any more is not waited for.
    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let said = match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        said.unwrap_or(());
    }

    /// Says that this was all: by the end of the stream, with TLS after its own farewell.
    pub(crate) fn close(&mut self) {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            stream.flush().unwrap_or(());
        }
        self.tcp().shutdown(Shutdown::Write).unwrap_or(());
    }

    /// Ends the stream without the farewell of TLS.
    pub(crate) fn cut(&mut self) {
        self.tcp().shutdown(Shutdown::Write).unwrap_or(());
    }

    /// Breaks the connection (RST). What was said before has to be read by then, so the other end is waited for.
    pub(crate) fn reset(self) {
        rustix::net::sockopt::set_socket_linger(self.tcp(), Some(Duration::ZERO)).unwrap();
    }
}

/// A server, and how many sockets it had.
pub(crate) struct Server {
    address: SocketAddr,
    way: Way,
    sockets: Arc<AtomicUsize>,
}

impl Server {
    /// What happens on each socket, which has a number from 0 on. It ends with this.
    pub(crate) fn start(way: Way, script: impl Fn(&mut Option<Peer>, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), way, sockets: Arc::default() };
        let (sockets, script) = (Arc::clone(&server.sockets), Arc::new(script));
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                // What was said is gone at once, also before a reset.
                socket.set_nodelay(true).unwrap();
                let number = sockets.fetch_add(1, Ordering::SeqCst);
                let script = Arc::clone(&script);
                thread::spawn(move || {
                    let peer = match way {
                        Way::Plain => Peer::Plain(socket),
                        Way::Tls => {
                            let connection = ServerConnection::new(tls::config()).unwrap();
                            Peer::Tls(Box::new(StreamOwned::new(connection, socket)))
                        }
                    };
                    script(&mut Some(peer), number);
                });
            }
        });
        server
    }

    /// Each request on a socket is answered with the same bytes; then the socket is closed in order if `and_close` says so.
    pub(crate) fn saying(way: Way, bytes: impl AsRef<[u8]>, and_close: bool) -> Self {
        let bytes = bytes.as_ref().to_vec();
        Self::start(way, move |peer, _| {
            let peer = peer.as_mut().unwrap();
            while peer.head().is_some() {
                peer.say(&bytes);
                if and_close {
                    peer.close();
                    return;
                }
            }
        })
    }

    pub(crate) fn sockets(&self) -> usize {
        self.sockets.load(Ordering::SeqCst)
    }

    /// A connection to it.
    pub(crate) fn connection(&self) -> Connection {
        let scheme = if self.way == Way::Tls { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{}", self.address.port());
        let builder = builder(&url).lookup(answers(&["127.0.0.1"]));
        if self.way == Way::Tls { builder.ca(tls::AUTHORITY) } else { builder }.build().unwrap()
    }
}

/// Behind a method: of a request that has the id of the call.
pub(crate) const WITH_A_KEY: &str = " with a key";

/// Sends a request of this method.
pub(crate) fn send_by(method: &str, connection: &Connection) -> Result<Answer, SendError> {
    send_within(method, connection, Duration::from_secs(20))
}

/// The same, with so much time.
pub(crate) fn send_within(method: &str, connection: &Connection, time: Duration) -> Result<Answer, SendError> {
    exchange(connection, method, None, Allowance::new(Deadline::within(time), 64 << 10, 1 << 20))
}

/// Sends a request of this method on a socket that had no other.
pub(crate) fn send_anew(method: &str, connection: &Connection) -> Result<Answer, SendError> {
    let allowance = Allowance::new(Deadline::within(Duration::from_secs(20)), 64 << 10, 1 << 20);
    exchange(connection, method, None, Allowance { new_socket: true, ..allowance })
}

/// Sends a file of so many bytes.
pub(crate) fn upload(connection: &Connection, bytes: usize, within: Duration) -> Result<Answer, SendError> {
    let file = Blob::new(vec![b'x'; bytes], "application/octet-stream".to_owned(), None);
    exchange(connection, "POST", Some(file), Allowance::new(Deadline::within(within), 64 << 10, 1 << 20))
}

fn exchange(
    connection: &Connection,
    method: &str,
    file: Option<Blob>,
    allowance: Allowance<'_>,
) -> Result<Answer, SendError> {
    let body = match &file {
        Some(_) => json!({"blob": {"source": {"free": "a test"}, "media-types": ["application/octet-stream"]}}),
        None => json!("none"),
    };
    let (method, headers) = match method.strip_suffix(WITH_A_KEY) {
        Some(method) => (method, json!([{"name": "Idempotency-Key", "source": "call-id", "lists": "repeated"}])),
        None => (method, json!([])),
    };
    let declared = declared(&json!({"method": method, "headers": headers, "body": body}));
    let asked = Asked { name: "main".to_owned(), body: file.map(AskedBody::Blob), ..Asked::default() };
    let input = input();
    let item = Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = prepare(&declared, &asked, item, connection, &work()).unwrap();
    send(connection, &outgoing, allowance, None)
}
