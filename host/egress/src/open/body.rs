//! The body of an answer, piece by piece as it comes.

use std::io::Read as _;
use std::net::SocketAddr;

use ureq::{BodyReader, Timeout};

use crate::connection::Connection;
use crate::outgoing::Outgoing;
use crate::send::{Allowance, SendError, failure, most_on_the_way};
use crate::wire::coding::Unpacker;
use crate::wire::exchange::{self, Exchange};

/// What is read at one time, in bytes.
const PIECE: usize = 16 << 10;

/// A body that is being read.
pub(super) struct Body {
    source: Source,
    /// What is noted of the exchange, which other exchanges of the thread have nothing to do with.
    exchange: Exchange,
}

struct Source {
    reader: BodyReader<'static>,
    unpacker: Option<Unpacker>,
    /// What came and is still packed from a place on.
    packed: Vec<u8>,
    unpacked: usize,
    /// In bytes, as it came.
    came: u64,
}

impl Body {
    /// Of the exchange of this thread, which ends for the thread.
    pub(super) fn of(body: ureq::Body, unpacker: Option<Unpacker>) -> Self {
        let reader = body.into_with_config().limit(u64::MAX).reader();
        let source = Source { reader, unpacker, packed: Vec::new(), unpacked: 0, came: 0 };
        Self { source, exchange: exchange::end() }
    }

    /// Where the request went.
    pub(super) fn reached(&self) -> Option<SocketAddr> {
        self.exchange.reached
    }

    /// What is next of the body, decoded; some bytes or none, and nothing at its end.
    pub(super) fn piece(
        &mut self,
        connection: &Connection,
        outgoing: &Outgoing,
        allowance: Allowance<'_>,
    ) -> Result<Option<Vec<u8>>, SendError> {
        let Self { source, exchange } = self;
        exchange::resume(exchange, || {
            source.next(allowance).map_err(|error| failure(connection, outgoing, allowance, error))
        })
    }
}

impl Source {
    fn next(&mut self, allowance: Allowance<'_>) -> Result<Option<Vec<u8>>, ureq::Error> {
        if allowance.is_late() {
            return Err(ureq::Error::Timeout(Timeout::Global));
        }
        if let (Some(unpacker), Some(mut rest @ [_, ..])) = (&mut self.unpacker, self.packed.get(self.unpacked..)) {
            let piece = unpacker.unpack(&mut rest)?;
            self.unpacked = self.packed.len() - rest.len();
            return Ok(Some(piece));
        }
        let mut bytes = vec![0; PIECE];
        let came = self.reader.read(&mut bytes)?;
        bytes.truncate(came);
        self.came += came as u64;
        if self.came > most_on_the_way(allowance.answer_bytes, self.unpacker.is_some()) {
            return Err(ureq::Error::BodyExceedsLimit(allowance.answer_bytes));
        }
        match &mut self.unpacker {
            None => Ok(Some(bytes).filter(|bytes| !bytes.is_empty())),
            Some(_) if came > 0 => {
                (self.packed, self.unpacked) = (bytes, 0);
                Ok(Some(Vec::new()))
            }
            Some(unpacker) => Ok(Some(unpacker.end()?).filter(|rest| !rest.is_empty())),
        }
    }
}
