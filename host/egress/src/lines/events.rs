//! Server-sent events (WHATWG HTML, section 9.2.6): lines of fields, and a blank line at the end of each event.

use super::{Collected, Line, NoLine, text};

/// Reads events.
#[derive(Debug)]
pub(crate) struct EventReader {
    most: usize,
    lines: Collected,
    /// The data of the event under way; each line of it ends in LF.
    data: Vec<u8>,
    event: Vec<u8>,
    id: Vec<u8>,
}

impl EventReader {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, lines: Collected::default(), data: Vec::new(), event: Vec::new(), id: Vec::new() }
    }

    pub(crate) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Line>, NoLine> {
        while let Some(line) = self.lines.line(bytes, true, self.size(), self.most)? {
            if line.is_empty() {
                if let Some(event) = self.end()? {
                    return Ok(Some(event));
                }
            } else {
                self.field(&line);
            }
        }
        Ok(None)
    }

    /// The event that was begun. Its last line may have no end.
    pub(crate) fn rest(mut self) -> Result<Option<Line>, NoLine> {
        let last = self.lines.take();
        self.field(&last);
        self.end()
    }

    /// Of the event under way.
    fn size(&self) -> usize {
        self.data.len() + self.event.len() + self.id.len()
    }

    /// A line that begins with a colon is a comment, and its field has no name. How long to wait before coming again (`retry`) is
    /// for those who do.
    fn field(&mut self, line: &[u8]) {
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (name, value) = line.split_at_checked(colon).unwrap_or((line, &[]));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => self.event = value.to_vec(),
            b"id" if !value.contains(&0) => self.id = value.to_vec(),
            _ => {}
        }
    }

    /// Without a line of data it is none.
    fn end(&mut self) -> Result<Option<Line>, NoLine> {
        let (mut data, event) = (std::mem::take(&mut self.data), std::mem::take(&mut self.event));
        if data.pop().is_none() {
            return Ok(None);
        }
        Ok(Some(Line { data: text(data)?, event: text(event)?, id: text(self.id.clone())? }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The events in these pieces, and the one that was begun.
    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<Line>, Option<Line>), NoLine> {
        let (mut reader, mut events) = (EventReader::new(1000), Vec::new());
        for mut piece in pieces {
            while let Some(event) = reader.next(&mut piece)? {
                events.push(event);
            }
            assert!(piece.is_empty(), "what is no whole event yet is kept");
        }
        Ok((events, reader.rest()?))
    }

    fn whole(text: &str) -> Vec<(String, String, String)> {
        let (events, begun) = read([text.as_bytes()]).unwrap();
        assert_eq!(begun, None, "{text:?}");
        events.into_iter().map(|Line { data, event, id }| (data, event, id)).collect()
    }

    fn data(text: &str) -> Vec<String> {
        whole(text).into_iter().map(|(data, _, _)| data).collect()
    }

    #[test]
    fn the_examples_of_the_standard_are_read_as_it_says() {
        assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
        let stream = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
        let expected = [("first event", "1"), ("second event", ""), (" third event", "")];
        assert_eq!(whole(stream), expected.map(|(data, id)| (data.to_owned(), String::new(), id.to_owned())));
        assert_eq!(data("data\n\ndata\ndata\n\n"), ["", "\n"]);
        assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
        let (events, begun) = read([&b"data\n\ndata:"[..]]).unwrap();
        assert_eq!((events.len(), begun), (1, Some(Line::default())), "the last one has no blank line");
    }

    #[test]
    fn lines_end_in_any_of_three_ways() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = "event: a|data: 1|data: 2||data: 3||".replace('|', end);
            let expected =
                [("1\n2", "a"), ("3", "")].map(|(data, event)| (data.to_owned(), event.to_owned(), String::new()));
            assert_eq!(whole(&stream), expected, "{end:?}");
        }
    }

    #[test]
    fn an_event_is_handed_on_with_its_blank_line_and_no_later() {
        let mut reader = EventReader::new(1000);
        let mut bytes = &b"data: 1\r\r"[..];
        assert_eq!(reader.next(&mut bytes).unwrap().unwrap().data, "1", "a LF may follow, and need not");
        let mut bytes = &b"\ndata: 2\n\n"[..];
        assert_eq!(reader.next(&mut bytes).unwrap().unwrap().data, "2");
    }

    #[test]
    fn a_name_is_of_one_event_and_an_id_of_all_until_the_next() {
        let stream =
            "id: 7\nevent: a\n\ndata: 1\n\nid: x\0y\ndata: 2\n\nid:\nevent: b\nretry: 10\nother: 1\ndata: 3\n\n";
        let expected = [("1", "", "7"), ("2", "", "7"), ("3", "b", "")];
        assert_eq!(whole(stream), expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
    }

    #[test]
    fn one_mark_of_unicode_at_the_beginning_is_passed_over() {
        assert_eq!(data("\u{feff}data: 1\n\n"), ["1"]);
        assert_eq!(data("\u{feff}\u{feff}data: 1\n\ndata: 2\n\n"), ["2"], "a second one is a part of a name");
        assert_eq!(data("\n\u{feff}data: 1\n\n"), Vec::<String>::new());
    }

    #[test]
    fn an_event_has_no_more_bytes_than_allowed() {
        let most = NoLine::TooLong { most: 1000 };
        let long = "x".repeat(600);
        for stream in [format!("data: {long}{long}"), format!("data: {long}\ndata: {long}\n"), ":".repeat(1001)] {
            assert_eq!(read([stream.as_bytes()]), Err(most.clone()));
        }
        assert_eq!(data(&format!("data: {long}\n\ndata: {long}\n\n")).len(), 2);
    }

    #[test]
    fn what_is_no_utf_8_is_not_replaced() {
        assert_eq!(read([&b"data: \xff\n\n"[..]]), Err(NoLine::NotUtf8));
    }

    proptest! {
        #[test]
        fn events_are_the_same_however_they_are_split(
            lines in prop::collection::vec("(data|id|event|retry|)(:| |: )?[a-cé\u{feff}]{0,4}|", 0..20),
            ends in prop::collection::vec(prop::sample::select(vec!["\n", "\r", "\r\n", "\n\n"]), 20),
            at in prop::collection::vec(0..400_usize, 0..6),
        ) {
            let stream: String = lines.into_iter().zip(ends).flat_map(|(line, end)| [line, end.to_owned()]).collect();
            let bytes = stream.as_bytes();
            let whole = read([bytes]);
            prop_assert_eq!(&read(bytes.chunks(1)), &whole);
            let mut at: Vec<usize> = at.into_iter().map(|at| at.min(bytes.len())).chain([0, bytes.len()]).collect();
            at.sort_unstable();
            prop_assert_eq!(&read(at.windows(2).map(|pair| &bytes[pair[0]..pair[1]])), &whole);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(read(bytes.chunks(1)), read([&bytes[..]]));
        }
    }
}
