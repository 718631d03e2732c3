//! Lines of a stream, of which none is longer than it may be.

use std::io::{BufRead as _, BufReader, ErrorKind, Read};

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its end.
    Whole(Vec<u8>),
    /// One of more bytes than this, of which nothing was kept.
    TooLong(usize),
}

/// Reads lines.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    longest: usize,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R, longest: usize) -> Self {
        Self { input: BufReader::new(input), longest }
    }

    /// The next line that has something in it. None at the end: half a line at the end is no message, and a stream that cannot be
    /// read has ended.
    pub(super) fn line(&mut self) -> Option<Line> {
        loop {
            let line = self.any()?;
            if !matches!(&line, Line::Whole(line) if line.iter().all(u8::is_ascii_whitespace)) {
                return Some(line);
            }
        }
    }

    fn any(&mut self) -> Option<Line> {
        let (mut line, mut is_too_long) = (Vec::new(), false);
        loop {
            let piece = match self.input.fill_buf() {
                Ok([]) => return None,
                Ok(piece) => piece,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return None,
            };
            let end = piece.iter().position(|byte| *byte == b'\n');
            let (part, _) = piece.split_at(end.unwrap_or(piece.len()));
            is_too_long |= line.len() + part.len() > self.longest;
            if is_too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(part);
            }
            let taken = end.map_or(piece.len(), |end| end + 1);
            self.input.consume(taken);
            if end.is_some() {
                return Some(if is_too_long { Line::TooLong(self.longest) } else { Line::Whole(line) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time.
    struct Slow<'b>(&'b [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            to[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn all(bytes: &[u8], longest: usize) -> Vec<Line> {
        let whole: Vec<Line> = {
            let mut lines = Lines::new(bytes, longest);
            std::iter::from_fn(|| lines.line()).collect()
        };
        let mut lines = Lines::new(Slow(bytes), longest);
        assert_eq!(std::iter::from_fn(|| lines.line()).collect::<Vec<_>>(), whole, "however they come");
        whole
    }

    #[test]
    fn a_line_is_as_long_as_it_may_be_and_half_of_one_is_none() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        assert_eq!(all(b"abc\nabcd\nabcde\nab\n", 4), [whole("abc"), whole("abcd"), Line::TooLong(4), whole("ab")]);
        assert_eq!(all(b"\n \r\n\nab\r\nhalf", 9), [whole("ab\r")]);
        assert_eq!(all(&[b'x'; 100], 9), []);
        assert_eq!(all(b"\xff\n", 9), [Line::Whole(vec![0xff])]);
    }
}
