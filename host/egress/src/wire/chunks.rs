//! The chunked transfer coding (RFC 9112, section 7.1), taken apart and written again without extensions and trailers: what the
//! client reads has one meaning.

use std::io::Write as _;

use memchr::memchr2;

use super::Fault;

/// How far a body in chunks has been read.
#[derive(Debug)]
pub(super) struct Chunks {
    at: At,
    /// Bytes of trailers that may still come.
    trailers_left: usize,
    /// Whether something was read that two readers could read differently; after it the socket is closed.
    pub(super) lenient: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the length of a chunk, or in it.
    Size(Option<u64>),
    /// Behind the length: extensions, of any length, which say nothing (RFC 9112, section 7.1.1).
    Extension(u64),
    /// After the CR behind it.
    SizeEnd(u64),
    /// So many bytes of a chunk are still to come.
    Data(u64),
    /// Behind a chunk; whether its CR has come.
    DataEnd {
        cr: bool,
    },
    /// In a line of the trailers: whether it is empty so far, and whether a CR was the last.
    Trailer {
        empty: bool,
        cr: bool,
    },
    End,
}

impl Chunks {
    /// Trailers have this many bytes at most.
    pub(super) fn new(most_trailers: usize) -> Self {
        Self { at: At::Size(None), trailers_left: most_trailers, lenient: false }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == At::End
    }

    /// The connection has ended: whether the last chunk had come, so that the body is whole.
    pub(super) fn end(&mut self, given: &mut Vec<u8>) -> bool {
        if let At::Trailer { .. } = self.at {
            self.lenient = true;
            self.at = last(given);
        }
        self.is_at_end()
    }

    /// Reads what came, and writes what it means: how many bytes were read. None is read beyond the end.
    pub(super) fn read(&mut self, bytes: &[u8], given: &mut Vec<u8>) -> Result<usize, Fault> {
        let mut read = 0;
        while let Some(rest @ [byte, ..]) = bytes.get(read..)
            && self.at != At::End
        {
            let (at, amount) = match self.at {
                At::Data(left) => {
                    let amount = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
                    given.extend_from_slice(rest.get(..amount).unwrap_or_default());
                    match left - amount as u64 {
                        0 => (At::DataEnd { cr: false }, amount),
                        left => (At::Data(left), amount),
                    }
                }
                // The end of the line is read as what it is.
                At::Extension(size) => match memchr2(b'\r', b'\n', rest) {
                    Some(0) => (self.line_end(size, *byte, given), 1),
                    end => (At::Extension(size), end.unwrap_or(rest.len())),
                },
                at => (self.step(at, *byte, given)?, 1),
            };
            self.at = at;
            read += amount;
        }
        Ok(read)
    }

    /// Where one byte leads.
    fn step(&mut self, at: At, byte: u8, given: &mut Vec<u8>) -> Result<At, Fault> {
        Ok(match (at, byte) {
            (At::Size(size), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                let size = size.unwrap_or_default().checked_mul(16);
                At::Size(Some(size.ok_or_else(|| wrong("is larger than any can be"))? | u64::from(digit)))
            }
            (At::Size(Some(size)), b'\r' | b'\n') => self.line_end(size, byte, given),
            (At::Size(Some(size)), b';') => At::Extension(size),
            // Some servers fill it up with blanks.
            (At::Size(Some(size)), b' ' | b'\t') => {
                self.lenient = true;
                At::Extension(size)
            }
            (At::Size(_), _) => return Err(wrong("has no length that is a number")),
            (At::SizeEnd(size), b'\n') => self.line_end(size, byte, given),
            (At::SizeEnd(_), _) => return Err(wrong("has a CR without LF behind its length")),
            (At::DataEnd { cr: false }, b'\r') => At::DataEnd { cr: true },
            (At::DataEnd { cr }, b'\n') => {
                self.lenient |= !cr;
                given.extend_from_slice(b"\r\n");
                At::Size(None)
            }
            (At::DataEnd { .. }, _) => return Err(wrong("is longer than it says")),
            (At::Trailer { empty: true, cr }, b'\n') => {
                self.lenient |= !cr;
                last(given)
            }
            (At::Trailer { empty, cr }, _) => {
                self.lenient |= byte == b'\n' && !cr || byte == b'\r' && cr;
                self.trailers_left = self
                    .trailers_left
                    .checked_sub(1)
                    .ok_or_else(|| wrong("is the last, and what follows has no end"))?;
                At::Trailer { empty: byte == b'\n' || empty && byte == b'\r', cr: byte == b'\r' }
            }
            (at, _) => at,
        })
    }

    /// The end of the line with a chunk's length.
    fn line_end(&mut self, size: u64, byte: u8, given: &mut Vec<u8>) -> At {
        if byte == b'\r' {
            return At::SizeEnd(size);
        }
        self.lenient |= !matches!(self.at, At::SizeEnd(_));
        // Writing to a vector does not fail.
        let _ = write!(given, "{size:x}\r\n");
        if size == 0 { At::Trailer { empty: true, cr: false } } else { At::Data(size) }
    }
}

/// The end of the body.
fn last(given: &mut Vec<u8>) -> At {
    given.extend_from_slice(b"\r\n");
    At::End
}

fn wrong(problem: &str) -> Fault {
    Fault::unreadable(format!("a chunk of its body {problem}"))
}
