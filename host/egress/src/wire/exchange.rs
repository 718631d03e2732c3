//! What is noted of an exchange. A call runs on one thread from its start to its end, so what a transport notes here is of that
//! thread's request.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;

use super::head::Head;
use super::identity::Identity;

thread_local! {
    static EXCHANGE: RefCell<Exchange> = RefCell::default();
}

/// One request and what came back.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    /// The most that the head of the answer may have, in bytes.
    pub(crate) head_bytes: usize,
    /// Whether no socket of an earlier request will do.
    pub(crate) new_socket: bool,
    /// Whether a connection is only to be tried, and nothing to be sent.
    pub(crate) probe: bool,
    /// Where the request went.
    pub(crate) reached: Option<SocketAddr>,
    /// Whether its socket had carried another request before.
    pub(crate) reused: bool,
    /// Whether the other end may have something of the request.
    pub(crate) sent: bool,
    /// Whether a byte of an answer came.
    pub(crate) answered: bool,
    /// Whether the answer came before all of the request was taken, and that has not been taken since.
    pub(crate) early: bool,
    /// Set where the server asked for a certificate of its client: what it was shown, if anything.
    pub(crate) asked_for: Option<Arc<Identity>>,
    /// What hinders the socket.
    pub(crate) hindered: Option<Hindrance>,
    /// The head of the answer.
    pub(crate) head: Option<Head>,
}

/// Why a request is not going out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// The other end takes nothing, and says something.
    Stalled,
    /// The other end has hung up.
    Closed,
}

/// Begins an exchange on this thread.
pub(crate) fn begin(head_bytes: usize, new_socket: bool) {
    EXCHANGE.replace(Exchange { head_bytes, new_socket, ..Exchange::default() });
}

/// Ends the exchange of this thread: what was noted of it.
pub(crate) fn end() -> Exchange {
    EXCHANGE.take()
}

/// Looks at the exchange of this thread, or notes something.
pub(crate) fn note<T>(noted: impl FnOnce(&mut Exchange) -> T) -> T {
    EXCHANGE.with_borrow_mut(noted)
}

/// Goes on with an exchange of which a part was had before, perhaps on another thread. What this thread does otherwise is kept apart.
pub(crate) fn resume<T>(exchange: &mut Exchange, part: impl FnOnce() -> T) -> T {
    let other = EXCHANGE.replace(std::mem::take(exchange));
    let result = part();
    *exchange = EXCHANGE.replace(other);
    result
}
