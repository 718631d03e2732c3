//! JSON in lines (NDJSON): each line that is not blank is an item.

use super::{Collected, Line, NoLine, text};

/// Reads lines.
#[derive(Debug)]
pub(crate) struct LineReader {
    most: usize,
    lines: Collected,
}

impl LineReader {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, lines: Collected::default() }
    }

    pub(crate) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Line>, NoLine> {
        while let Some(line) = self.lines.line(bytes, false, 0, self.most)? {
            if let Some(line) = of(line)? {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// The last line, where it has no end.
    pub(crate) fn rest(mut self) -> Result<Option<Line>, NoLine> {
        of(self.lines.take())
    }
}

/// Blanks around JSON say nothing; the CR before a LF is one.
fn of(line: Vec<u8>) -> Result<Option<Line>, NoLine> {
    let line = match line.trim_ascii() {
        [] => return Ok(None),
        trimmed if trimmed.len() < line.len() => trimmed.to_vec(),
        _ => line,
    };
    Ok(Some(Line { data: text(line)?, ..Line::default() }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<String>, Option<String>), NoLine> {
        let (mut reader, mut lines) = (LineReader::new(100), Vec::new());
        for mut piece in pieces {
            while let Some(line) = reader.next(&mut piece)? {
                lines.push(line.data);
            }
            assert!(piece.is_empty(), "what is no whole line yet is kept");
        }
        Ok((lines, reader.rest()?.map(|line| line.data)))
    }

    #[test]
    fn each_line_is_an_item_and_blank_ones_are_none() {
        let (lines, rest) = read([&b"\xef\xbb\xbf{\"a\":1}\n\n  \r\n [2] \r\n3"[..]]).unwrap();
        assert_eq!(lines, [r#"{"a":1}"#, "[2]"]);
        assert_eq!(rest.as_deref(), Some("3"), "the last one needs no end");
    }

    #[test]
    fn a_line_has_no_more_bytes_than_allowed() {
        assert_eq!(read([&b"x".repeat(101)[..]]), Err(NoLine::TooLong { most: 100 }), "also where it never ends");
        assert_eq!(read([&[b"x".repeat(100), b"\n".to_vec()].concat()[..]]).unwrap().0.len(), 1);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_they_are_split(stream in "(\u{feff}|[a-cé \r\n]|\r\n){0,60}", at in 0..100_usize) {
            let bytes = stream.as_bytes();
            let whole = read([bytes]);
            prop_assert_eq!(&read(bytes.chunks(1)), &whole);
            let (first, second) = bytes.split_at(at.min(bytes.len()));
            prop_assert_eq!(&read([first, second]), &whole);
        }
    }
}
