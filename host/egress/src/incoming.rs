//! A file on its way in. It is unpacked, masked and kept piece by piece, so that a large one takes no more memory than a small one.

use std::cell::Cell;
use std::io::{self, Read as _};

use ureq::Body;
use zeroize::Zeroizing;

use crate::content::{Content, PIECE};
use crate::declaration::AnswerForm;
use crate::masker::{Masker, Stream};
use crate::outgoing::Outgoing;
use crate::send::{Allowance, limited};
use crate::spool::{NotKept, Sink};
use crate::wire::coding::{Coding, NotUnpacked, damaged};
use crate::wire::exchange;

/// A file that is whole, without what is looked for in it.
pub(crate) struct Incoming {
    pub(crate) content: Content,
    /// How many bytes it has with what was looked for.
    pub(crate) unmasked: u64,
    /// Whether something came behind the end of what was packed.
    pub(crate) followed: bool,
}

/// Why there is none.
pub(crate) enum NotReceived {
    Wire(ureq::Error),
    Coding(NotUnpacked),
    Kept(NotKept),
}

/// How the file is packed, if the answer on this thread is one that may be kept on disk. Of one that cannot be unpacked other stations
/// tell.
pub(crate) fn of_answer(outgoing: &Outgoing, allowance: Allowance<'_>) -> Option<Coding> {
    if outgoing.answer != AnswerForm::Blob || allowance.room.is_none() {
        return None;
    }
    exchange::note(|exchange| {
        let head = exchange.head.as_ref().filter(|head| (200..300).contains(&head.status))?;
        Coding::read(head.all("content-encoding")).ok()
    })
}

/// Receives a file. The first masker knows what was made of what the second one knows.
pub(crate) fn receive(
    body: &mut Body,
    coding: &Coding,
    [made, strong]: [&Masker; 2],
    allowance: Allowance<'_>,
) -> Result<Incoming, NotReceived> {
    let mut sink = Sink::new(allowance.room, allowance.answer_bytes);
    let most = sink.most();
    let is_late = || allowance.is_late();
    let followed = Cell::new(false);
    let wire = Wire(limited(body, most, coding.is_packed()));
    let mut reader = coding.reader(wire, most, &is_late, &followed);
    let mut first = Stream::new(made, PIECE);
    // A mask may be a little longer than what it stands for.
    let mut second = Stream::new(strong, 2 * (PIECE + made.longest()));
    let (mut piece, mut once) = (Zeroizing::new(vec![0; PIECE]), Zeroizing::new(Vec::with_capacity(2 * PIECE)));
    let mut masked = Vec::with_capacity(2 * PIECE);
    let mut unmasked = 0;
    loop {
        if allowance.is_late() {
            return Err(NotReceived::Coding(NotUnpacked::TooLate));
        }
        let amount = reader.read(&mut piece).map_err(|error| failed(error, &sink))?;
        unmasked += amount as u64;
        once.clear();
        masked.clear();
        first.push(piece.get(..amount).unwrap_or_default(), amount == 0, &mut once);
        second.push(&once, amount == 0, &mut masked);
        sink.write(&masked).map_err(NotReceived::Kept)?;
        if amount == 0 {
            drop(reader);
            return Ok(Incoming { content: sink.finish(), unmasked, followed: followed.get() });
        }
    }
}

fn failed(error: io::Error, sink: &Sink) -> NotReceived {
    match error.downcast() {
        Ok(OfWire(ureq::Error::BodyExceedsLimit(_))) => NotReceived::Kept(sink.too_large()),
        Ok(OfWire(error)) => NotReceived::Wire(error),
        Err(error) => match damaged(error) {
            NotUnpacked::TooLarge => NotReceived::Kept(sink.too_large()),
            other => NotReceived::Coding(other),
        },
    }
}

/// The body as it comes, whose errors can be told from those of unpacking it.
struct Wire<R>(R);

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct OfWire(ureq::Error);

impl<R: io::Read> io::Read for Wire<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into).map_err(|error| io::Error::other(OfWire(error.into())))
    }
}
