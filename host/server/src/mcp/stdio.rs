//! The door over standard streams, for a client that has started this process: a message in each line (the protocol's transport
//! `stdio`).
//!
//! Lines are read and written by a thread each, as nobody can take back what waits for a stream. Whoever sends nothing more still gets
//! the answers to what was asked for.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorCode, ErrorData, GetExtensions as _, GetMeta as _,
    JsonRpcMessage, ProtocolVersion, RequestId, ServerJsonRpcMessage,
};
use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::{Notify, mpsc};
use wharf::Json;

use self::lines::{Line, Lines};
use super::asker::Asker;
use super::http::arguments;
use crate::app::App;
use crate::auth::caller::need_one_of;
use crate::auth::principal::{Principal, Role};
use crate::problem::Problem;

mod lines;

/// How many messages are read before they are worked on, and how many are ready before they are written.
const AHEAD: usize = 16;

/// Tells who asks, before each request: what a token may do can change, and it can be taken away.
pub(crate) type Who = Box<dyn Fn() -> Result<Arc<Principal>, Problem> + Send + Sync>;

/// The streams, as the protocol's transport.
pub(crate) struct Stdio {
    app: Arc<App>,
    who: Who,
    lines: mpsc::Receiver<Line>,
    out: mpsc::Sender<Written>,
    /// What is to be said of a line before the next one is looked at.
    refusal: Option<String>,
    /// Whether the client has begun: what comes before has no meaning, and is passed over.
    has_begun: bool,
    /// How long answers are waited for at the end.
    grace: Duration,
    open: Arc<Open>,
}

/// A line that is to be written, and the request that it answers.
struct Written {
    line: String,
    answers: Option<RequestId>,
}

/// The requests that are not answered yet.
#[derive(Default)]
struct Open {
    requests: Mutex<HashSet<RequestId>>,
    changed: Notify,
}

impl Stdio {
    /// Begins to read and to write.
    ///
    /// # Errors
    /// Where the system has no threads for it.
    pub(crate) fn new(
        app: Arc<App>,
        who: Who,
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let (longest, grace) = (app.config.load().body, app.config.load().grace);
        let (read, lines) = mpsc::channel(AHEAD);
        let (out, written) = mpsc::channel(AHEAD);
        let open = Arc::new(Open::default());
        let longest = usize::try_from(longest).unwrap_or(usize::MAX);
        thread::Builder::new()
            .name("mcp in".to_owned())
            .spawn(move || read_lines(Lines::new(input, longest), &read))?;
        let answered = Arc::clone(&open);
        thread::Builder::new().name("mcp out".to_owned()).spawn(move || write_lines(output, written, &answered))?;
        Ok(Self { app, who, lines, out, refusal: None, has_begun: false, grace, open })
    }

    /// What a line says; nothing where it is to be passed over, or was refused.
    fn understand(&mut self, line: &[u8]) -> Option<ClientJsonRpcMessage> {
        let json = std::str::from_utf8(line).ok().and_then(|text| Json::parse(text.to_owned()).ok());
        let Some(json) = json else {
            self.refuse(
                ErrorData::parse_error("the line is no JSON in UTF-8; send one message in each line", None),
                None,
            );
            return None;
        };
        let mut message: ClientJsonRpcMessage = match serde_json::from_slice(line) {
            Ok(message) => message,
            Err(_) if is_notification(&json) => return None,
            Err(_) => {
                let detail = "the line is no message of the protocol; send a request, a response or a notification of JSON-RPC 2.0";
                self.refuse(ErrorData::invalid_request(detail, None), None);
                return None;
            }
        };
        self.has_begun |= begins(&message);
        match &mut message {
            JsonRpcMessage::Request(request) => {
                match self.asker(&json) {
                    Ok(asker) => drop(request.request.extensions_mut().insert(asker)),
                    Err(problem) => {
                        let error =
                            ErrorData::new(ErrorCode::INVALID_REQUEST, problem.detail.clone(), Some(problem.to_json()));
                        self.refuse(error, Some(request.id.clone()));
                        return None;
                    }
                }
                // A stream of what is told unasked has no answer to wait for.
                if !matches!(request.request, ClientRequest::SubscriptionsListenRequest(_))
                    && !self.open.add(request.id.clone())
                {
                    let detail = "a request with this id is not answered yet, and nothing was done; give each one an id of its own";
                    self.refuse(ErrorData::invalid_request(detail, None), None);
                    return None;
                }
                Some(message)
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification {
                    cancelled.params.request_id.iter().for_each(|id| self.open.remove(id));
                }
                if let Ok(principal) = (self.who)() {
                    notification.notification.extensions_mut().insert(Asker::local(principal, None, None));
                }
                self.has_begun.then_some(message)
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => self.has_begun.then_some(message),
        }
    }

    fn asker(&self, json: &Json) -> Result<Arc<Asker>, Problem> {
        let principal = (self.who)()?;
        need_one_of(&principal, &[Role::Call])?;
        let let_in = self.app.allowances.enter(&principal.name)?;
        Ok(Asker::local(principal, arguments(json)?, Some(let_in)))
    }

    fn refuse(&mut self, error: ErrorData, id: Option<RequestId>) {
        self.refusal = serde_json::to_string(&ServerJsonRpcMessage::error(error, id)).ok();
    }
}

impl Transport<RoleServer> for Stdio {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let answers = match &message {
            JsonRpcMessage::Response(response) => Some(response.id.clone()),
            JsonRpcMessage::Error(error) => error.id.clone(),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
        };
        let (out, line) = (self.out.clone(), serde_json::to_string(&message));
        async move {
            let closed = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the client reads no more");
            out.send(Written { line: line?, answers }).await.map_err(closed)
        }
    }

    /// What is dropped while it waits has taken nothing away.
    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            if self.refusal.is_some() {
                let place = self.out.reserve().await.ok()?;
                if let Some(line) = self.refusal.take() {
                    place.send(Written { line, answers: None });
                }
                continue;
            }
            let line = tokio::select! {
                line = self.lines.recv() => line,
                () = self.app.stopped() => None,
                // Without a reader nobody is answered.
                () = self.out.closed() => return None,
            };
            match line {
                Some(Line::Whole(line)) => {
                    if let Some(message) = self.understand(&line) {
                        return Some(message);
                    }
                }
                Some(Line::TooLong(longest)) => {
                    let detail = format!(
                        "the line has more than {longest} bytes, and nothing was done; send less, or raise `body` under [server]"
                    );
                    self.refuse(ErrorData::invalid_request(detail, None), None);
                }
                None => {
                    // Whoever still runs has had its time.
                    let _ = tokio::time::timeout(self.grace, self.open.all_answered()).await;
                    // Streams of what is told unasked end by this.
                    self.app.stop();
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.lines.close();
        Ok(())
    }
}

impl Open {
    /// Whether there was none of this id.
    fn add(&self, id: RequestId) -> bool {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).insert(id)
    }

    fn remove(&self, id: &RequestId) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.changed.notify_waiters();
    }

    async fn all_answered(&self) {
        loop {
            let changed = self.changed.notified();
            if self.requests.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return;
            }
            changed.await;
        }
    }
}

/// Whether a message begins a session, or is a request that needs none.
fn begins(message: &ClientJsonRpcMessage) -> bool {
    let JsonRpcMessage::Request(request) = message else { return false };
    match &request.request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        request => request.get_meta().protocol_version() == Some(ProtocolVersion::V_2026_07_28),
    }
}

/// Whether something asks for no answer, and has none where it is wrong either.
fn is_notification(json: &Json) -> bool {
    let members = json.members();
    let has = |wanted: &str| members.iter().any(|(name, _)| name == wanted);
    has("method") && !has("id")
}

fn read_lines(mut lines: Lines<impl Read>, read: &mpsc::Sender<Line>) {
    while let Some(line) = lines.line() {
        if read.blocking_send(line).is_err() {
            return;
        }
    }
}

fn write_lines(mut output: impl Write, mut written: mpsc::Receiver<Written>, open: &Open) {
    while let Some(Written { mut line, answers }) = written.blocking_recv() {
        line.push('\n');
        if output.write_all(line.as_bytes()).and_then(|()| output.flush()).is_err() {
            return;
        }
        answers.iter().for_each(|id| open.remove(id));
    }
}
