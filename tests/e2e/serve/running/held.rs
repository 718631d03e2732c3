//! A provider that answers when it is told to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::server::{LONG, Serving};
use crate::world::World;

/// The provider. A connection is closed after its answer.
pub(super) struct Held {
    pub(super) url: String,
    pub(super) port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The heads of requests, in lower case.
    arrived: Vec<String>,
    /// So many answers may go.
    may_go: usize,
    /// So many went, or are about to.
    gone: usize,
}

impl Held {
    pub(super) fn start() -> Self {
        Self::at(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
    }

    /// Two at one port, which the system picks at the first address and somebody else may have at the second.
    #[cfg(target_os = "linux")]
    pub(super) fn start_at_both(first: std::net::IpAddr, second: std::net::IpAddr) -> (Self, Self) {
        loop {
            let first = TcpListener::bind((first, 0)).unwrap();
            match TcpListener::bind((second, first.local_addr().unwrap().port())) {
                Ok(second) => return (Self::at(first), Self::at(second)),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn at(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let of_all = Arc::clone(&shared);
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&of_all);
                thread::spawn(move || shared.serve(&socket));
            }
        });
        Self { url: format!("http://{address}"), port: address.port(), shared }
    }

    /// One that answers at once.
    pub(super) fn open() -> Self {
        let held = Self::start();
        held.let_all_go();
        held
    }

    /// Waits until so many requests have come.
    pub(super) fn arrived(&self, count: usize) -> Vec<String> {
        let waited = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state.lock().unwrap(), LONG, |state| state.arrived.len() < count);
        let (state, _) = waited.unwrap();
        assert!(state.arrived.len() >= count, "{} of {count} came", state.arrived.len());
        state.arrived.clone()
    }

    pub(super) fn count(&self) -> usize {
        self.arrived(0).len()
    }

    /// Lets so many more answers go.
    pub(super) fn let_go(&self, count: usize) {
        self.shared.state.lock().unwrap().may_go += count;
        self.shared.changed.notify_all();
    }

    pub(super) fn let_all_go(&self) {
        self.shared.state.lock().unwrap().may_go = usize::MAX;
        self.shared.changed.notify_all();
    }

    /// A server with the guest `obedient`, whose provider this is, and with Appwrite.
    pub(super) fn serving(&self, more: &str) -> Serving {
        self.serving_with(more, "")
    }

    /// The same with more of the connection.
    pub(super) fn serving_with(&self, more: &str, of_connection: &str) -> Serving {
        let world = World::new();
        world.write("obedient.wasm", wharf_artifacts::OBEDIENT.bytes);
        world.configure(&format!(
            "plugins = [\"obedient.wasm\"]\n{more}\n{}[connections.o]\nprovider = \"obedient\"\nbase_url = \"{}\"\n{of_connection}\n",
            world.connections(),
            self.url
        ));
        Serving::start(world)
    }
}

impl Shared {
    fn serve(&self, mut socket: &TcpStream) {
        let mut reader = BufReader::new(socket);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if reader.read_exact(&mut vec![0; length]).is_err() {
            return;
        }
        let mut state = self.state.lock().unwrap();
        state.arrived.push(head);
        self.changed.notify_all();
        let mut state = self.changed.wait_while(state, |state| state.gone >= state.may_go).unwrap();
        state.gone += 1;
        drop(state);
        // Whoever asked may be gone.
        let _ = socket.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{\"held\": 1}",
        );
    }
}
