//! Is a request small, quick, and meant for this server?
//!
//! A socket has little time for the head of a request, a head has few and short fields, and there is an end to the number of
//! sockets. What goes on is a request whose `Host` names this server: a page of a name that was bent to this address names another.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use hosts::Hosts;
use patient::Patient;

use crate::metrics::Counted;

pub(crate) mod hosts;
mod patient;

/// How many fields a head may have.
const FIELDS: usize = 100;

/// How large a head may be, in bytes.
const HEAD: usize = 32 << 10;

/// How long nothing is accepted after the system gave no socket, such as for too many open files.
const PAUSE: Duration = Duration::from_millis(50);

/// How long an answer that was begun may go on after the server was told to stop, beyond the time for its call.
const LAST: Duration = Duration::from_secs(2);

/// How many sockets wait to be accepted: as many as the system lets.
const BACKLOG: u32 = 4096;

/// A place where it listens.
pub(crate) struct Socket(TcpListener);

impl Socket {
    /// At an address.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        // Those of the server before may not be forgotten yet.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Self(socket.listen(BACKLOG)?))
    }

    /// The address, with the port that the system picked.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Whether a server could listen at an address now.
///
/// # Errors
/// What the system says.
pub fn may_listen_at(address: SocketAddr) -> io::Result<()> {
    std::net::TcpListener::bind(address).map(drop)
}

/// What a listener needs.
pub(crate) struct Listener {
    pub(crate) socket: Socket,
    pub(crate) router: Router,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) sockets: Arc<Semaphore>,
    /// How many of them are open, at all addresses.
    pub(crate) open: Gauge,
    pub(crate) patience: Duration,
    pub(crate) grace: Duration,
}

impl Listener {
    /// Serves until it is told to stop, and then until what was begun is at its end, or the time for that.
    pub(crate) async fn serve(self, mut stop: watch::Receiver<bool>) {
        let mut open = JoinSet::new();
        loop {
            let place = tokio::select! {
                place = Arc::clone(&self.sockets).acquire_owned() => place,
                () = told(&mut stop) => break,
            };
            let Ok(place) = place else { break };
            let accepted = tokio::select! {
                accepted = self.socket.0.accept() => accepted,
                () = told(&mut stop) => break,
            };
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let serving =
                serve_one(stream, peer, self.router.clone(), Arc::clone(&self.hosts), self.patience, stop.clone());
            let counted = Counted::among(&self.open);
            open.spawn(async move {
                serving.await;
                drop((counted, place));
            });
            // Those that are over are forgotten.
            while open.try_join_next().is_some() {}
        }
        drop(self.socket);
        let _ = tokio::time::timeout(self.grace + LAST, async { while open.join_next().await.is_some() {} }).await;
        open.abort_all();
    }
}

/// Waits until the server is told to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    // Where nobody can tell any more, it has stopped.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    hosts: Arc<Hosts>,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) {
    // An answer is small more often than not, and waits for nothing.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(request, router.clone(), Arc::clone(&hosts), peer));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_headers(FIELDS)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(Patient::new(stream, patience)), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // Whoever hangs up has no answer, and nobody else is told.
        _ = connection.as_mut() => {}
        () = told(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    router: Router,
    hosts: Arc<Hosts>,
    peer: SocketAddr,
) -> Result<Response, Infallible> {
    if let Err(problem) = hosts.check(&request) {
        return Ok(problem.into_response());
    }
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    router.oneshot(request).await
}
