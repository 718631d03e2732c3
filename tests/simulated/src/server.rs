//! The transport that all simulated providers share.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};

use crate::answer::{Answer, Canned};
use crate::request::Recorded;

/// No call of these providers comes near it; it only keeps a faulty client from filling memory.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// What HTTP clients send of their own accord.
const CLIENT_HEADERS: [&str; 7] =
    ["accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"];

/// A running simulated provider. It stops when dropped.
pub struct Server {
    url: String,
    desk: SharedDesk,
    accepting: AbortHandle,
    /// Closed when nothing of the server runs any more. The lock is what lets threads share a server.
    ended: Mutex<mpsc::Receiver<()>>,
    // Last, as it ends what is still running.
    _thread: Arc<Thread>,
}

/// A thread that any number of servers run on.
pub(crate) struct Thread {
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Thread {
    pub(crate) fn start() -> io::Result<Arc<Self>> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        // The channel only ever closes; that is the signal.
        let run = move || drop(runtime.block_on(stopped));
        let thread = thread::Builder::new().name("simulated-providers".to_owned()).spawn(run)?;
        Ok(Arc::new(Self { runtime: handle, stop: Some(stop), thread: Some(thread) }))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It can only fail by a panic, which the thread has reported already.
            let _ = thread.join();
        }
    }
}

type SharedDesk = Arc<Mutex<Desk>>;

/// Where requests are handed in and answers handed out.
struct Desk {
    requests: Vec<Recorded>,
    prepared: VecDeque<Canned>,
    /// Those that the provider expects; without them it takes any.
    headers: Option<&'static [&'static str]>,
    provider: Box<dyn FnMut(&Recorded) -> Reply + Send>,
}

/// What becomes of a request.
pub(crate) struct Reply {
    pub(crate) answer: Canned,
    /// The answer never leaves: the connection ends in its place.
    pub(crate) is_lost: bool,
    /// The answer waits until the other end is gone.
    pub(crate) held: Option<oneshot::Receiver<()>>,
}

impl<A: Into<Canned>> From<A> for Reply {
    fn from(answer: A) -> Self {
        Self { answer: answer.into(), is_lost: false, held: None }
    }
}

/// Why a connection ends without an answer.
#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is lost, as the test wants it")
    }
}

impl std::error::Error for Lost {}

impl Server {
    /// Starts a server whose answers `provider` works out; it is given the server's own address. A request with a header
    /// that is neither an HTTP client's own nor one of `headers` never reaches it.
    pub(crate) fn start<P>(
        thread: &Arc<Thread>,
        headers: &'static [&'static str],
        provider: impl FnOnce(&str) -> P,
    ) -> io::Result<Self>
    where
        P: FnMut(&Recorded) -> Answer + Send + 'static,
    {
        Self::with_headers(thread, Some(headers), provider)
    }

    /// Starts a server that takes every request, and answers it with status 200 and JSON.
    ///
    /// # Errors
    ///
    /// When a listener, a runtime or a thread cannot be had from the system.
    pub fn recorder(mut answer: impl FnMut(&Recorded) -> serde_json::Value + Send + 'static) -> io::Result<Self> {
        // Its answers may take their time, and keep nobody else from giving theirs.
        Self::with_headers(&Thread::start()?, None, |_url| {
            move |request: &Recorded| Answer::json(200, &answer(request))
        })
    }

    /// Starts a server that takes whatever header it is sent, if it is not told which to take.
    pub(crate) fn with_headers<P, R>(
        thread: &Arc<Thread>,
        headers: Option<&'static [&'static str]>,
        provider: impl FnOnce(&str) -> P,
    ) -> io::Result<Self>
    where
        P: FnMut(&Recorded) -> R + Send + 'static,
        R: Into<Reply>,
    {
        // Bound here and not on the thread: who holds the server can connect at once.
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let listener = {
            let _entered = thread.runtime.enter();
            TcpListener::from_std(listener)?
        };
        let url = format!("http://{}", listener.local_addr()?);
        let mut provider = provider(&url);
        let desk = Arc::new(Mutex::new(Desk {
            requests: Vec::new(),
            prepared: VecDeque::new(),
            headers,
            provider: Box::new(move |request| provider(request).into()),
        }));
        let (runs, ended) = mpsc::channel();
        let accepting = thread.runtime.spawn(accept(listener, Arc::clone(&desk), runs)).abort_handle();
        Ok(Self { url, desk, accepting, ended: Mutex::new(ended), _thread: Arc::clone(thread) })
    }

    /// The address of the server's root, as `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Everything that has arrived, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.desk).requests.clone()
    }

    /// Forgets what has arrived so far.
    pub fn clear_requests(&self) {
        lock(&self.desk).requests.clear();
    }

    /// Follows an address of the server as a browser does, and tells where it leads.
    #[must_use]
    pub fn visit(&self, address: &str) -> Option<String> {
        let target = address.strip_prefix(&self.url)?.to_owned();
        let request = Recorded { method: "GET".to_owned(), target, ..Recorded::default() };
        let headers = lock(&self.desk).handle(request).answer.headers;
        headers.into_iter().find(|(name, _)| name == "Location").map(|(_, location)| location)
    }

    /// Queues an answer for the next request that has none yet. The provider itself does not see
    /// a request answered like this, so its state stays as it is.
    pub fn answer_next(&self, answer: Canned) {
        lock(&self.desk).prepared.push_back(answer);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        // Nothing is ever sent.
        let _ = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner).recv();
    }
}

/// Serves whoever connects. When it is dropped its connections end with it, also those that idle or wait.
async fn accept(listener: TcpListener, desk: SharedDesk, runs: mpsc::Sender<()>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(connections.spawn(converse(stream, Arc::clone(&desk), runs.clone()))),
            // As where there are too many files open: others are closed, with time.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(stream: TcpStream, desk: SharedDesk, _runs: mpsc::Sender<()>) {
    let service = service_fn(move |request| serve(Arc::clone(&desk), request));
    // A client that goes away is none of the server's concern.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn serve(desk: SharedDesk, request: Request<Incoming>) -> Result<Response<Body>, Lost> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(Body::new(body), BODY_LIMIT).await else {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    let reply = lock(&desk).handle(record(&parts, body.into()));
    if let Some(held) = reply.held {
        // Let go by a word or by an end, which comes to the same.
        let _ = held.await;
    }
    if let Some(delay) = reply.answer.delay {
        tokio::time::sleep(delay).await;
    }
    if reply.is_lost { Err(Lost) } else { Ok(respond(reply.answer)) }
}

impl Desk {
    fn answer(&mut self, request: &Recorded) -> Reply {
        let known = |name: &str| CLIENT_HEADERS.contains(&name) || self.headers.is_none_or(|own| own.contains(&name));
        match request.headers.iter().find(|(name, _)| !known(name)) {
            // A real server would pass over it. A client that sends what nobody asked for has a fault all the same.
            Some((name, _)) => Answer::text(400, "text/plain", &format!("the header {name} was not expected")).into(),
            None => (self.provider)(request),
        }
    }

    fn handle(&mut self, request: Recorded) -> Reply {
        let prepared = self.prepared.pop_front();
        let reply = prepared.map_or_else(|| self.answer(&request), Reply::from);
        self.requests.push(request);
        reply
    }
}

fn record(parts: &Parts, body: Vec<u8>) -> Recorded {
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Recorded { method: parts.method.to_string(), target: parts.uri.to_string(), headers: headers.collect(), body }
}

fn respond(answer: Canned) -> Response<Body> {
    let mut response = Response::builder().status(answer.status);
    if !answer.content_type.is_empty() {
        response = response.header(CONTENT_TYPE, answer.content_type);
    }
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    // Only a prepared answer can be one that HTTP does not allow.
    response.body(Body::from(answer.body)).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn lock(desk: &SharedDesk) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}
