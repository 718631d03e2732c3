//! `Content-Encoding` (RFC 9110, section 8.4): gzip is what is asked for, and the only one that is undone.

use std::cell::Cell;
use std::io::{self, BufRead, Read, Write as _};

use encoding_rs::Encoding;
use flate2::bufread::GzDecoder;
use flate2::write::GzDecoder as GzWriter;

use super::Fault;

/// What is read at one time, in bytes.
const PIECE: usize = 64 << 10;

/// How a member of gzip begins (RFC 1952, section 2.3.1).
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How often a body may be packed. Twice happens where two servers on the way each do it.
const MOST_LAYERS: usize = 2;

/// What stands in the place of an encoding by mistake, and is none: encodings of mail (RFC 2045) and of transfer, the subtypes of
/// media types, and words for nothing.
const NONE: [&str; 17] = [
    "",
    "identity",
    "none",
    "null",
    "undefined",
    "binary",
    "8bit",
    "7bit",
    "quoted-printable",
    "chunked",
    "aws-chunked",
    "json",
    "xml",
    "html",
    "text",
    "plain",
    "application",
];

/// Why a packed body is not handed on.
pub(crate) enum NotUnpacked {
    /// It is damaged.
    Fault(Fault),
    TooLarge,
    TooLate,
}

/// What the headers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coding {
    /// How often the body is packed with gzip.
    layers: usize,
    /// The charset that stands there by mistake.
    pub(crate) charset: Option<String>,
}

impl Coding {
    /// Reads the values of all headers. The error is the encoding that nobody asked for.
    pub(crate) fn read<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<Self, String> {
        let mut coding = Self::default();
        for entry in values.flat_map(|value| value.split(|byte| *byte == b',')) {
            // RFC 9110, section 8.4.1: in any case.
            let given = String::from_utf8_lossy(entry.trim_ascii());
            // Parameters and quotes have no place there, and are written all the same.
            let entry = given.split(';').next().unwrap_or_default().trim().trim_matches('"').to_ascii_lowercase();
            match entry.as_str() {
                none if NONE.contains(&none) || none.contains('/') => {}
                "gzip" | "x-gzip" if coding.layers < MOST_LAYERS => coding.layers += 1,
                charset => match charset_of(charset) {
                    Some(charset) => coding.charset = Some(charset.to_owned()),
                    None => return Err(given.into_owned()),
                },
            }
        }
        Ok(coding)
    }

    /// Whether there is anything to undo.
    pub(crate) fn is_packed(&self) -> bool {
        self.layers > 0
    }

    /// What undoes it piece by piece; none where there is nothing to undo. The error says what cannot be undone so.
    pub(crate) fn unpacker(&self) -> Result<Option<Unpacker>, String> {
        match self.layers {
            0 => Ok(None),
            1 => Ok(Some(Unpacker::default())),
            _ => Err("it is packed with gzip twice, which is not undone while it comes".to_owned()),
        }
    }

    /// Undoes it, up to so many bytes. Nothing needs no unpacking: an answer to HEAD, one with status 204, or an empty one says
    /// what it would have been. Whether something followed that was no part of it.
    pub(crate) fn unpack(
        &self,
        bytes: Vec<u8>,
        most: u64,
        is_late: &dyn Fn() -> bool,
    ) -> Result<(Vec<u8>, bool), NotUnpacked> {
        if !self.is_packed() {
            return Ok((bytes, false));
        }
        let (followed, mut unpacked) = (Cell::new(false), Vec::new());
        let read = self.reader(bytes.as_slice(), most, is_late, &followed).read_to_end(&mut unpacked);
        read.map_err(damaged)?;
        Ok((unpacked, followed.get()))
    }

    /// Undoes it while it is read, up to so many bytes, and reads to the end of what is packed. Its own errors are those of
    /// [`damaged`]; `followed` is set where something follows that is no part of it.
    pub(crate) fn reader<'a>(
        &self,
        packed: impl Read + 'a,
        most: u64,
        is_late: &'a dyn Fn() -> bool,
        followed: &'a Cell<bool>,
    ) -> Box<dyn Read + 'a> {
        let mut reader: Box<dyn Read + 'a> = Box::new(packed);
        for _ in 0..self.layers {
            let ahead = Ahead { from: reader, bytes: vec![0; PIECE], at: 0, end: 0, is_late };
            reader = Box::new(Unpacked { at: At::Between(ahead), members: 0, left: most, followed });
        }
        reader
    }
}

/// An error of reading what is packed.
pub(crate) fn damaged(error: io::Error) -> NotUnpacked {
    match error.downcast() {
        Ok(Stopped::TooLarge) => NotUnpacked::TooLarge,
        Ok(Stopped::TooLate) => NotUnpacked::TooLate,
        Err(error) => NotUnpacked::Fault(fault(&error)),
    }
}

fn fault(error: &io::Error) -> Fault {
    Fault::unreadable(format!("its body is said to be packed with gzip, and is damaged: {error}"))
}

/// What ends the unpacking of something that may be whole.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("it is too large")]
    TooLarge,
    #[error("it takes too long")]
    TooLate,
}

/// The charset that stands in the place of an encoding, as it should in `Content-Type`.
fn charset_of(entry: &str) -> Option<&str> {
    let name = entry.strip_prefix("charset=").unwrap_or(entry);
    Encoding::for_label(name.as_bytes()).map(|_| name)
}

/// Unpacks what comes piece by piece, and gives as much as can be known of it by then.
#[derive(Debug, Default)]
pub(crate) struct Unpacker {
    member: Option<GzWriter<Vec<u8>>>,
    /// Whether something followed that was no part of it.
    pub(crate) followed: bool,
}

impl Unpacker {
    /// Unpacks the beginning of a piece, so much that it stays small, and takes it off.
    pub(crate) fn unpack(&mut self, piece: &mut &[u8]) -> Result<Vec<u8>, Fault> {
        if self.followed {
            *piece = &[];
            return Ok(Vec::new());
        }
        let member = self.member.get_or_insert_with(|| GzWriter::new(Vec::new()));
        let taken = member.write(piece).and_then(|taken| member.flush().map(|()| taken));
        let taken = taken.map_err(|error| fault(&error))?;
        *piece = piece.get(taken..).unwrap_or_default();
        let mut bytes = std::mem::take(member.get_mut());
        if let (0, Some(next)) = (taken, piece.first()) {
            bytes.extend(self.end()?);
            self.followed = *next != MAGIC[0];
        }
        Ok(bytes)
    }

    /// There is no more: what is left. Fails where a member was cut short.
    pub(crate) fn end(&mut self) -> Result<Vec<u8>, Fault> {
        self.member.take().map_or_else(|| Ok(Vec::new()), |member| member.finish().map_err(|error| fault(&error)))
    }
}

/// A file of gzip has members in a row (RFC 1952, section 2.2). What follows the last one, such as zeros that fill a block, is not
/// a part of it, and is passed over.
struct Unpacked<'a> {
    at: At<'a>,
    members: usize,
    /// What may still come out of it, in bytes.
    left: u64,
    followed: &'a Cell<bool>,
}

enum At<'a> {
    /// Before a member, or behind the last one.
    Between(Ahead<'a>),
    Member(GzDecoder<Ahead<'a>>),
    End,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.at {
                At::End => return Ok(0),
                At::Member(member) => {
                    member.get_ref().check_time()?;
                    let amount = member.read(into)?;
                    if amount > 0 {
                        let left = self.left.checked_sub(amount as u64);
                        self.left = left.ok_or_else(|| io::Error::other(Stopped::TooLarge))?;
                        return Ok(amount);
                    }
                    if into.is_empty() {
                        return Ok(0);
                    }
                    if let At::Member(member) = std::mem::replace(&mut self.at, At::End) {
                        self.at = At::Between(member.into_inner());
                    }
                }
                At::Between(ahead) => {
                    // What is no member at all is told as what it is.
                    let is_first = self.members == 0 && !ahead.fill_buf()?.is_empty();
                    let is_member = is_first || ahead.begins_with(&MAGIC)?;
                    if is_member && let At::Between(ahead) = std::mem::replace(&mut self.at, At::End) {
                        self.members += 1;
                        self.at = At::Member(GzDecoder::new(ahead));
                    } else if let At::Between(ahead) = &mut self.at {
                        // The server is heard to its end, as with every answer.
                        let rest = io::copy(ahead, &mut io::sink())?;
                        self.followed.set(self.followed.get() || rest > 0);
                        self.at = At::End;
                    }
                }
            }
        }
    }
}

/// What is packed, of which some bytes can be looked at before they are read. It looks at the clock with each piece.
struct Ahead<'a> {
    from: Box<dyn Read + 'a>,
    bytes: Vec<u8>,
    at: usize,
    end: usize,
    is_late: &'a dyn Fn() -> bool,
}

impl Ahead<'_> {
    fn check_time(&self) -> io::Result<()> {
        if (self.is_late)() { Err(io::Error::other(Stopped::TooLate)) } else { Ok(()) }
    }

    fn begins_with(&mut self, start: &[u8]) -> io::Result<bool> {
        while self.end - self.at < start.len() && self.more()? > 0 {}
        Ok(self.unread().starts_with(start))
    }

    fn unread(&self) -> &[u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    /// Reads on behind what is unread: how many bytes came.
    fn more(&mut self) -> io::Result<usize> {
        self.check_time()?;
        self.bytes.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        let amount = loop {
            match self.from.read(self.bytes.get_mut(self.end..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.end += amount;
        Ok(amount)
    }
}

impl Read for Ahead<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(into)?;
        self.consume(amount);
        Ok(amount)
    }
}

impl BufRead for Ahead<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end {
            self.more()?;
        }
        Ok(self.unread())
    }

    fn consume(&mut self, amount: usize) {
        self.at = self.end.min(self.at + amount);
    }
}

#[cfg(test)]
mod tests;
