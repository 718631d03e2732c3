//! Answers whose body comes line by line: events of a server (`text/event-stream`) and JSON in lines (NDJSON).
//!
//! What reads them is given the bytes as they come, however they are split, and hands on nothing but what is whole. None of it
//! waits, or knows where the bytes are from.

mod events;
mod json_lines;
mod masking;

pub(crate) use events::EventReader;
pub(crate) use json_lines::LineReader;
pub(crate) use masking::LineMasker;

/// One item of such an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What it says: the data of an event, or the line.
    pub data: String,
    /// The name of the event; empty where it has none, and of a line.
    pub event: String,
    /// The last id that the server gave to an event; empty where there is none, and of a line.
    pub id: String,
}

/// How a body is made up of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineForm {
    /// Server-sent events, as HTML has them (WHATWG, section 9.2).
    Events,
    /// One JSON text in each line.
    Json,
}

/// Why there are no more lines, or not this one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLine {
    /// It is longer than allowed.
    #[error("one item is larger than {most} bytes")]
    TooLong {
        /// In bytes.
        most: usize,
    },
    /// Nothing is replaced.
    #[error("an item is not written in UTF-8")]
    NotUtf8,
}

/// Reads lines of either form.
pub(crate) enum Reader {
    Events(EventReader),
    Json(LineReader),
}

impl Reader {
    /// Of items that have no more than so many bytes.
    pub(crate) fn new(form: LineForm, most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        match form {
            LineForm::Events => Self::Events(EventReader::new(most)),
            LineForm::Json => Self::Json(LineReader::new(most)),
        }
    }

    /// The next item that is whole, if there is one in these bytes and what came before them. What was read is taken off.
    pub(crate) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Line>, NoLine> {
        match self {
            Self::Events(reader) => reader.next(bytes),
            Self::Json(reader) => reader.next(bytes),
        }
    }

    /// What was begun when the body ended.
    pub(crate) fn rest(self) -> Result<Rest, NoLine> {
        match self {
            Self::Events(reader) => reader.rest().map(|begun| begun.map_or(Rest::Nothing, Rest::Begun)),
            Self::Json(reader) => reader.rest().map(|last| last.map_or(Rest::Nothing, Rest::Last)),
        }
    }
}

/// The items of a body that is there already, and masked.
pub struct Whole {
    reader: Option<Reader>,
    bytes: Vec<u8>,
    read: usize,
    begun: Option<Line>,
}

impl Whole {
    /// Of items that have no more than so many bytes.
    pub fn new(form: LineForm, bytes: Vec<u8>, item_bytes: u64) -> Self {
        Self { reader: Some(Reader::new(form, item_bytes)), bytes, read: 0, begun: None }
    }

    /// The next item, if there is another.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn next_line(&mut self) -> Result<Option<Line>, NoLine> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let mut rest = self.bytes.get(self.read..).unwrap_or_default();
        let next = reader.next(&mut rest)?;
        self.read = self.bytes.len() - rest.len();
        if next.is_some() {
            return Ok(next);
        }
        match self.reader.take().map_or(Ok(Rest::Nothing), Reader::rest)? {
            Rest::Nothing => Ok(None),
            Rest::Last(line) => Ok(Some(line)),
            Rest::Begun(line) => {
                self.begun = Some(line);
                Ok(None)
            }
        }
    }

    /// The event that the body ended in the middle of, once there is no other item.
    pub fn begun(&self) -> Option<&Line> {
        self.begun.as_ref()
    }
}

/// Writes items as a body that is read to the same ones.
pub struct Writer {
    form: LineForm,
    /// The last one that was written.
    id: String,
}

impl Writer {
    /// Of a body that has nothing in it yet.
    pub fn new(form: LineForm) -> Self {
        Self { form, id: String::new() }
    }

    /// The next item.
    pub fn item(&mut self, line: &Line) -> String {
        match self.form {
            LineForm::Events => self.begun(line) + "\n",
            LineForm::Json => format!("{}\n", line.data),
        }
    }

    /// The event that the body ends in the middle of.
    pub fn begun(&mut self, Line { data, event, id }: &Line) -> String {
        let mut text = String::new();
        if self.id != *id {
            text.push_str(&format!("id: {id}\n"));
            self.id.clone_from(id);
        }
        if !event.is_empty() {
            text.push_str(&format!("event: {event}\n"));
        }
        data.split('\n').for_each(|line| text.push_str(&format!("data: {line}\n")));
        text
    }
}

/// What is left at the end of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Nothing,
    /// An item that is whole if the body is: the last line needs no end.
    Last(Line),
    /// An event without the blank line that ends it. It is none, and whoever sent it had more to say.
    Begun(Line),
}

/// Bytes up to the end of a line.
#[derive(Debug, Default)]
struct Collected {
    bytes: Vec<u8>,
    /// Whether the last line ended in CR, which a LF may follow.
    after_cr: bool,
    /// Whether a line was read, so that no mark of Unicode can come.
    begun: bool,
}

impl Collected {
    /// A whole line without its end: LF, CR LF or, if it is one, CR. What there is of it is kept. With so many bytes that its item
    /// has already it may have so many at most.
    fn line(&mut self, bytes: &mut &[u8], by_cr: bool, before: usize, most: usize) -> Result<Option<Vec<u8>>, NoLine> {
        if std::mem::take(&mut self.after_cr) {
            match bytes.split_first() {
                None => self.after_cr = true,
                Some((b'\n', rest)) => *bytes = rest,
                Some(_) => {}
            }
        }
        let end = match by_cr {
            true => memchr::memchr2(b'\n', b'\r', bytes),
            false => memchr::memchr(b'\n', bytes),
        };
        let (piece, rest) = bytes.split_at_checked(end.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
        if before + self.bytes.len() + piece.len() > most {
            return Err(NoLine::TooLong { most });
        }
        self.bytes.extend_from_slice(piece);
        let Some((ended_by, rest)) = rest.split_first() else {
            *bytes = rest;
            return Ok(None);
        };
        self.after_cr = *ended_by == b'\r';
        *bytes = rest;
        Ok(Some(self.take()))
    }

    /// What there is of a line.
    fn take(&mut self) -> Vec<u8> {
        const MARK: &[u8] = "\u{feff}".as_bytes();
        let mut line = std::mem::take(&mut self.bytes);
        if !std::mem::replace(&mut self.begun, true) && line.starts_with(MARK) {
            line.drain(..MARK.len());
        }
        line
    }
}

fn text(bytes: Vec<u8>) -> Result<String, NoLine> {
    String::from_utf8(bytes).map_err(|_| NoLine::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_to_the_same_items() {
        let line = |data: &str, event: &str, id: &str| Line { data: data.into(), event: event.into(), id: id.into() };
        let read = |form, body: String| {
            let mut whole = Whole::new(form, body.into_bytes(), 100);
            let items: Vec<Line> = std::iter::from_fn(|| whole.next_line().unwrap()).collect();
            (items, whole.begun().cloned())
        };
        let events = vec![
            line("1", "", ""),
            line(" a\nb\n", "token", "7"),
            line("", "", "7"),
            line("2", "", ""),
            line(":", "x", "8"),
        ];
        let mut writer = Writer::new(LineForm::Events);
        let body: String = events.iter().map(|event| writer.item(event)).collect();
        assert_eq!(read(LineForm::Events, body.clone()), (events.clone(), None));
        let begun = line("half", "", "9");
        assert_eq!(read(LineForm::Events, body + &writer.begun(&begun)), (events, Some(begun)));

        let lines = vec![line("1", "", ""), line(r#"{"a": "b"}"#, "", "")];
        let mut writer = Writer::new(LineForm::Json);
        let body: String = lines.iter().map(|line| writer.item(line)).collect();
        assert_eq!(read(LineForm::Json, body), (lines, None));
    }
}
