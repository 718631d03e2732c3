//! What callers share: where the server is, and whether it is over.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::books::Books;
use crate::server::World;

/// Far longer than a server takes to start.
const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) books: Books,
    pub(crate) seed: u64,
    /// Whether servers are killed.
    pub(crate) kills: bool,
    address: Mutex<Option<SocketAddr>>,
    moved: Condvar,
    is_over: AtomicBool,
}

impl Stage {
    pub(crate) fn new(seed: u64, kills: bool) -> Self {
        let (world, books) = (World::new(seed), Books::default());
        let (address, moved) = (Mutex::new(None), Condvar::new());
        Self { world, books, seed, kills, address, moved, is_over: AtomicBool::new(false) }
    }

    /// Where the server is, once there is one.
    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.address.lock().unwrap();
        let (address, _) = self.moved.wait_timeout_while(address, LONG, |address| address.is_none()).unwrap();
        address.unwrap_or_else(|| panic!("there is no server"))
    }

    /// Waits for a server, where the one before is to be killed or was.
    pub(crate) fn wait_for_another(&self) {
        if self.kills {
            self.address();
        }
    }

    pub(crate) fn is_at(&self, address: Option<SocketAddr>) {
        *self.address.lock().unwrap() = address;
        self.moved.notify_all();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
