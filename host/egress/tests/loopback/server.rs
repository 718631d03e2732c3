//! A server that keeps what arrives, byte by byte, and answers what it is told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    arrived: Arc<Mutex<Vec<String>>>,
    sockets: Arc<Mutex<usize>>,
}

/// What becomes of a request: its text, and the socket to answer on.
type Handler = dyn Fn(&str, &mut dyn Write) + Send + Sync;

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

impl Server {
    /// Answers `ok` to everything, and keeps sockets open.
    pub(crate) fn start() -> Self {
        Self::answering(|_, socket| socket.write_all(OK.as_bytes()).unwrap_or(()))
    }

    pub(crate) fn answering(handler: impl Fn(&str, &mut dyn Write) + Send + Sync + 'static) -> Self {
        Self::wrapped(handler, |socket| Box::new(socket))
    }

    /// The same over something that wraps the socket, such as TLS.
    pub(crate) fn wrapped(
        handler: impl Fn(&str, &mut dyn Write) + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Box<dyn Socket> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let arrived = Arc::<Mutex<Vec<String>>>::default();
        let sockets = Arc::<Mutex<usize>>::default();
        let handler: Arc<Handler> = Arc::new(handler);
        thread::spawn({
            let (arrived, sockets) = (Arc::clone(&arrived), Arc::clone(&sockets));
            move || {
                for socket in listener.incoming().map_while(Result::ok) {
                    *sockets.lock().unwrap() += 1;
                    let (arrived, handler, socket) = (Arc::clone(&arrived), Arc::clone(&handler), wrap(socket));
                    thread::spawn(move || serve(socket, &arrived, &*handler));
                }
            }
        });
        Self { address, arrived, sockets }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same server by a name that the system does not know.
    pub(crate) fn url_by_name(&self, name: &str) -> String {
        format!("http://{name}:{}", self.address.port())
    }

    /// Requests, as they came over the wire.
    pub(crate) fn arrived(&self) -> Vec<String> {
        self.arrived.lock().unwrap().clone()
    }

    /// How many connections were made.
    pub(crate) fn sockets(&self) -> usize {
        *self.sockets.lock().unwrap()
    }
}

pub(crate) trait Socket: Read + Write + Send {}

impl<T: Read + Write + Send> Socket for T {}

fn serve(mut socket: Box<dyn Socket>, arrived: &Mutex<Vec<String>>, handler: &Handler) {
    while let Some(request) = read(&mut *socket) {
        arrived.lock().unwrap().push(request.clone());
        handler(&request, &mut *socket);
        if socket.flush().is_err() {
            return;
        }
    }
}

/// A request with its body; none at the end of the socket.
fn read(socket: &mut dyn Socket) -> Option<String> {
    let mut bytes = Vec::new();
    let mut one = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        if socket.read(&mut one).ok()? == 0 {
            return None;
        }
        bytes.push(one[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    socket.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8_lossy(&body))
}
