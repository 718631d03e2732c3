//! The transport above TLS. What a server sends goes in; what the client may read comes out: the status, how the body ends, and
//! the body. The head itself is noted for whoever sent the request.

use std::io::{self, Write as _};

use ureq::Error;
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, Either, NextTimeout, Transport};

use super::chunks::Chunks;
use super::exchange::{self, Hindrance};
use super::head::{self, Framing, Head};
use super::{Fault, Until, is_hang_up};

/// How many interim answers (RFC 9110, section 15.2) may come before the answer.
const MOST_INTERIM: u8 = 32;

/// How long something that came while a request was being sent is looked at: on a busy machine less would be over before it is read.
const LOOK: Duration = Duration::from_millis(50);

/// What is told of chunks that were read leniently.
const CHUNKS: &str = "chunks with blanks behind their length, or lines that end in LF without CR";

/// What may be behind a server that hangs up without a word.
const TLS: &str = "; if the server speaks TLS there, its URL begins with https:// and not http://";

/// What is kept for the client to read while a request waits for its answer, in bytes: thousands may wait at one time.
const MOST_WAITING: usize = 2 << 10;

/// Puts the transport on top of the others.
#[derive(Debug)]
pub(super) struct StrictConnector {
    /// Whether there is a proxy on the way. What it answers is read by the connector that asks it.
    pub(super) by_proxy: bool,
}

impl<In: Transport> Connector<In> for StrictConnector {
    type Out = Either<In, Strict<In>>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        // The way to the proxy itself has none.
        let to_proxy = self.by_proxy && details.config.proxy().is_none();
        Ok(chained.map(|inner| if to_proxy { Either::A(inner) } else { Either::B(Strict::new(inner)) }))
    }
}

/// A connection that carries one exchange after the other.
#[derive(Debug)]
pub(super) struct Strict<In> {
    inner: In,
    phase: Phase,
    given: Given,
    /// What came of a head that is not whole.
    partial: Vec<u8>,
    /// What was passed over in the heads before the last one.
    passed_over: Vec<String>,
    interim: u8,
    /// Whether the request under way is a HEAD, whose answer has no body.
    of_head: bool,
    /// Whether a request is being sent: it is until its answer is read.
    sending: bool,
    /// Whether the other end takes no more of it.
    refused: bool,
    /// Whether another exchange was here before.
    reused: bool,
    close: bool,
}

/// What the client may read.
#[derive(Debug, Default)]
struct Given {
    bytes: Vec<u8>,
    consumed: usize,
}

#[derive(Debug)]
enum Phase {
    Head,
    /// So many bytes are to come; none where the connection ends it.
    Plain(Option<u64>),
    Chunks(Chunks),
    /// Of the body.
    End,
}

impl<In: Transport> Strict<In> {
    fn new(inner: In) -> Self {
        Self {
            inner,
            phase: Phase::End,
            given: Given::default(),
            partial: Vec::new(),
            passed_over: Vec::new(),
            interim: 0,
            of_head: false,
            sending: false,
            refused: false,
            reused: false,
            close: false,
        }
    }

    /// A request begins with its method.
    fn begin(&mut self, amount: usize) {
        let start = self.inner.buffers().output();
        self.of_head = start.get(..amount).is_some_and(|start| start.starts_with(b"HEAD "));
        self.phase = Phase::Head;
        self.sending = true;
        self.interim = 0;
        self.passed_over = Vec::new();
        self.partial = Vec::new();
        if self.given.bytes.capacity() > MOST_WAITING {
            self.given.bytes = Vec::new();
        }
        let reused = std::mem::replace(&mut self.reused, true);
        exchange::note(|exchange| {
            exchange.reused = reused;
            exchange.sent = true;
            // It was for finding this one.
            exchange.new_socket = false;
        });
    }

    /// The other end takes no more of the request for the time being. If it has refused it, the rest is not sent. If what it said
    /// is something else, the request goes on: a session ticket of TLS, say, or a success that is told while it still reads.
    fn hindered(&mut self, hindrance: Hindrance, timeout: NextTimeout) -> Result<(), Error> {
        let until = Until::new(timeout);
        let mut hindrance = Some(hindrance);
        while let Some(hindered) = hindrance {
            let refused = hindered == Hindrance::Closed || self.is_refused(until)?;
            exchange::note(|exchange| exchange.early = exchange.head.is_some());
            if refused {
                self.refused = true;
                self.close = true;
                return Ok(());
            }
            self.inner.transmit_output(0, until.left()?)?;
            hindrance = exchange::note(|exchange| exchange.hindered.take());
        }
        Ok(())
    }

    /// Looks for the head of an answer without waiting for it: whether it says that the rest of the request is not wanted, or the
    /// other end is gone.
    fn is_refused(&mut self, until: Until) -> Result<bool, Error> {
        if !matches!(self.phase, Phase::Head) {
            return Ok(false);
        }
        let mut now = until.left()?;
        now.after = now.after.min(LOOK);
        match self.inner.await_input(now) {
            Ok(true) => {}
            Ok(false) => return Ok(true),
            Err(Error::Timeout(_)) => return Ok(false),
            // What it is will show itself when the answer is read.
            Err(_) => return Ok(true),
        }
        let whole = self.read_head()?;
        Ok(whole && exchange::note(|exchange| exchange.head.as_ref().is_some_and(|head| head.status >= 300)))
    }

    /// Reads the head of the answer from what has come, if it is whole.
    fn read_head(&mut self) -> Result<bool, Error> {
        while let Some(mut head) = self.next_head()? {
            self.close |= head.close;
            self.passed_over.append(&mut head.passed_over);
            match head.status {
                101 => return Err(Fault::unreadable("it switches to another protocol, which was not asked for").into()),
                100..=199 if self.interim == MOST_INTERIM => {
                    return Err(Fault::unreadable("only interim answers come (status 1xx)").into());
                }
                100..=199 => self.interim += 1,
                _ => {
                    head.passed_over = std::mem::take(&mut self.passed_over);
                    self.give(head);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The next head, if it is whole. What has come of it is kept.
    fn next_head(&mut self) -> Result<Option<Head>, Error> {
        let buffers = self.inner.buffers();
        let input = buffers.input();
        if input.is_empty() {
            return Ok(None);
        }
        let most = exchange::note(|exchange| {
            exchange.answered = true;
            exchange.head_bytes
        });
        let before = self.partial.len();
        // Most heads come in one piece, and are read where they are.
        let bytes = if before == 0 {
            input
        } else {
            self.partial.extend_from_slice(input);
            &self.partial
        };
        head::check_beginning(bytes)?;
        let end = head::end(bytes, before.saturating_sub(2));
        let length = end.unwrap_or(bytes.len());
        if length > most {
            return Err(Fault::HeadTooLarge { limit: most }.into());
        }
        let head = end.map(|end| Head::read(bytes.get(..end).unwrap_or_default(), self.of_head)).transpose()?;
        if head.is_some() {
            self.partial = Vec::new();
        } else if before == 0 {
            self.partial = input.to_vec();
        }
        buffers.input_consume(length - before);
        Ok(head)
    }

    /// Hands the client a head that says how the body ends, and nothing else.
    fn give(&mut self, head: Head) {
        let framing = match head.framing {
            Framing::Nothing | Framing::Close => String::new(),
            Framing::Length(length) => format!("content-length: {length}\r\n"),
            Framing::Chunks => "transfer-encoding: chunked\r\n".to_owned(),
        };
        // Writing to a vector does not fail.
        let _ = write!(self.given.bytes, "HTTP/1.1 {} \r\n{framing}\r\n", head.status);
        self.phase = match head.framing {
            Framing::Nothing | Framing::Length(0) => Phase::End,
            Framing::Length(length) => Phase::Plain(Some(length)),
            Framing::Close => Phase::Plain(None),
            Framing::Chunks => Phase::Chunks(Chunks::new(exchange::note(|exchange| exchange.head_bytes))),
        };
        exchange::note(|exchange| {
            exchange.early |= self.refused;
            exchange.head = Some(head);
        });
    }

    /// Reads of the body what has come. Whether the client has got something, or all of it.
    fn read_body(&mut self) -> Result<bool, Error> {
        let buffers = self.inner.buffers();
        let input = buffers.input();
        let taken = match &mut self.phase {
            Phase::Plain(left) => {
                let most = left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
                let piece = input.get(..most).unwrap_or(input);
                self.given.bytes.extend_from_slice(piece);
                if let Some(left) = left {
                    *left -= piece.len() as u64;
                }
                piece.len()
            }
            Phase::Chunks(chunks) => chunks.read(input, &mut self.given.bytes)?,
            Phase::Head | Phase::End => 0,
        };
        buffers.input_consume(taken);
        if let Phase::Chunks(chunks) = &self.phase
            && chunks.lenient
        {
            self.close = true;
            exchange::note(|exchange| exchange.head.as_mut().map(|head| head.leniently(CHUNKS)));
        }
        if matches!(&self.phase, Phase::Plain(Some(0)))
            || matches!(&self.phase, Phase::Chunks(chunks) if chunks.is_at_end())
        {
            self.phase = Phase::End;
        }
        Ok(!self.given.is_empty() || matches!(self.phase, Phase::End))
    }

    /// The other end has closed: whether that is the end of the answer. A reset is none, but where all had been said.
    fn ended(&mut self, reset: Option<io::Error>) -> Result<bool, Error> {
        self.close = true;
        let how = reset.map_or_else(|| "closed".to_owned(), |error| format!("broken: {error}"));
        let problem = match &mut self.phase {
            Phase::Head => {
                let (answered, reused) = exchange::note(|exchange| (exchange.answered, exchange.reused));
                let when = if answered { "in the middle of the answer's head" } else { "before an answer came" };
                let tls = if answered || reused || self.inner.is_tls() { "" } else { TLS };
                format!("the connection was {how} {when}{tls}")
            }
            Phase::End => return Ok(false),
            Phase::Plain(None) if how == "closed" => return Ok(false),
            Phase::Plain(None) => format!("the connection was {how}, so that nobody knows whether the answer is whole"),
            Phase::Plain(Some(left)) => {
                format!("the connection was {how} when {left} bytes of the answer were missing")
            }
            Phase::Chunks(chunks) => {
                if chunks.end(&mut self.given.bytes) {
                    return Ok(true);
                }
                format!("the connection was {how} before the last chunk of the answer")
            }
        };
        Err(Fault::Broken(problem).into())
    }
}

impl<In: Transport> Transport for Strict<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.refused {
            return Ok(());
        }
        if !self.sending {
            self.begin(amount);
        }
        let sent = self.inner.transmit_output(amount, timeout);
        // An answer that came at an earlier stall is still one that came before this was taken.
        sent.inspect_err(|_| exchange::note(|exchange| exchange.early = exchange.head.is_some()))?;
        if let Some(hindrance) = exchange::note(|exchange| exchange.hindered.take()) {
            self.hindered(hindrance, timeout)?;
        }
        exchange::note(|exchange| exchange.early &= self.refused);
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.sending = false;
        let until = Until::new(timeout);
        loop {
            let given = match self.phase {
                Phase::Head => self.read_head()?,
                Phase::Plain(_) | Phase::Chunks(_) => self.read_body()?,
                Phase::End => return Ok(false),
            };
            if given {
                return Ok(!self.given.is_empty());
            }
            match self.inner.await_input(until.left()?) {
                Ok(true) => {}
                Ok(false) => return self.ended(None),
                Err(Error::Io(error)) if is_hang_up(&error) => return self.ended(Some(error)),
                Err(error) => return Err(error),
            }
        }
    }

    fn is_open(&mut self) -> bool {
        let fresh = exchange::note(|exchange| exchange.new_socket);
        !self.close
            && !fresh
            && matches!(self.phase, Phase::End)
            && self.given.is_empty()
            && self.inner.buffers().input().is_empty()
            && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl Given {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.consumed..).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }
}

/// The client writes into the buffers below, and reads what is made of theirs.
impl<In: Transport> Buffers for Strict<In> {
    fn output(&mut self) -> &mut [u8] {
        self.inner.buffers().output()
    }

    fn input(&self) -> &[u8] {
        self.given.rest()
    }

    /// Nobody but this transport fills it.
    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input_appended(&mut self, _amount: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.sending = false;
        self.given.consumed += amount;
        if self.given.is_empty() {
            self.given.bytes.clear();
            self.given.consumed = 0;
        }
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.inner.buffers().tmp_and_output()
    }

    fn can_use_input(&self) -> bool {
        !self.given.is_empty()
    }
}
