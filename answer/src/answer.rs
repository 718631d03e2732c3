use std::cell::OnceCell;

use crate::failure::{Detail, Failure};
use crate::members::Members;
use crate::readable::readable;
use crate::retry;

/// The longest piece of an answer that an error message repeats, in characters.
const LONGEST_QUOTE: usize = 200;

/// What a provider answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Found when it is asked for the first time.
    pub(crate) is_json: OnceCell<bool>,
    is_to_a_read: bool,
    /// Whether it is to a request that changes something.
    changes: bool,
}

impl Answer {
    /// An answer with a body in memory: what a test of a reading function needs.
    pub fn new(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned())).collect();
        Self::of(status, headers, body.into())
    }

    /// What came: names of headers in lower case, and a body in memory, decoded and in UTF-8 where it is a text.
    pub fn of(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body: text(body), is_json: OnceCell::new(), is_to_a_read: false, changes: false }
    }

    /// The same with another body, such as one item of it.
    pub fn with_body(&self, body: Vec<u8>) -> Self {
        let Self { status, headers, is_to_a_read, changes, .. } = self;
        Self { is_to_a_read: *is_to_a_read, changes: *changes, ..Self::of(*status, headers.clone(), body) }
    }

    /// The same as the answer to a request that changes something.
    pub fn to_a_change(mut self) -> Self {
        self.changes = true;
        self
    }

    /// The same as the answer to an operation that reads.
    pub fn to_a_read(mut self) -> Self {
        self.is_to_a_read = true;
        self
    }

    /// Whether the operation reads, and gives the answer's value back. Then an answer without one is not what was asked for.
    pub fn is_to_a_read(&self) -> bool {
        self.is_to_a_read
    }

    /// Whether it is to a request that changes something.
    pub fn is_to_a_change(&self) -> bool {
        self.changes
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All headers of this name, in the order of arrival.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body, as text. The host has read it by the charset that it declares.
    ///
    /// # Errors
    /// A provider failure where it is not UTF-8.
    pub fn text(&self) -> Result<&str, Failure> {
        str::from_utf8(&self.body).map_err(|_| self.makes_no_sense("text"))
    }

    /// The body, if it is a text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        str::from_utf8(&self.body).ok()
    }

    /// The body's bytes, without the mark of their order before them; none where it came as a file. Where the body is JSON but for
    /// control characters in its strings, those are written as escapes.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The members of the body, if it is a JSON object. They are found in every object that [`read::json`] lets pass, also where a
    /// parser of values would fail: with half a surrogate pair, with `1e400`, and at any depth. So an error in it is not missed.
    ///
    /// [`read::json`]: crate::read::json
    pub fn object(&self) -> Option<Members<'_>> {
        Members::of(str::from_utf8(&self.body).ok()?)
    }

    /// A member of the body that is a text, if the body is an object that has it.
    pub fn member(&self, name: &str) -> Option<String> {
        self.object()?.text(name)
    }

    /// Whether there is no body, or nothing but blanks in it.
    pub fn is_empty(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }

    /// What is to be said of an answer: these words, or where there are none what the answer looks like. It tells after how
    /// long to try again where the answer does.
    pub fn detail(&self, message: Option<&str>) -> Detail {
        let message = match message.map(str::trim).filter(|m| !m.is_empty()) {
            Some(message) => message.to_owned(),
            None if self.is_empty() => self.of_nothing(),
            None => self.quote(),
        };
        Detail { message, status: Some(self.status), code: None, retry_after: retry::after(self) }
    }

    /// The host leaves out the body of an error that it cannot decode, and says in which encoding that was.
    fn of_nothing(&self) -> String {
        match self.header("content-encoding").filter(|_| self.body.is_empty()) {
            Some(encoding) => format!("an answer whose body cannot be read (content-encoding `{encoding}`)"),
            None => "an answer without a body".to_owned(),
        }
    }

    /// The beginning of the body, with what is not UTF-8 as escapes.
    fn quote(&self) -> String {
        // A character has four bytes at most.
        let start = self.body.trim_ascii().get(..LONGEST_QUOTE * 4).unwrap_or(self.body.trim_ascii());
        let mut quote = String::new();
        for chunk in start.utf8_chunks() {
            quote.push_str(chunk.valid());
            chunk.invalid().iter().for_each(|byte| quote.push_str(&format!("\\x{byte:02x}")));
        }
        quote.chars().take(LONGEST_QUOTE).collect()
    }

    /// The failure of an answer that should have been JSON of a certain shape. Where it was to be the success of a change, that may
    /// have been made.
    pub fn makes_no_sense(&self, expected: &str) -> Failure {
        let detail = self.detail(None);
        let message = match str::from_utf8(&self.body) {
            Ok(_) => format!("the answer is not {expected}: {}", detail.message),
            Err(error) => format!(
                "the answer is not {expected}, as it is not UTF-8 at byte {}: {}",
                error.valid_up_to(),
                detail.message
            ),
        };
        let maybe = if self.changes && self.is_success() { "; what it asks for may have been done" } else { "" };
        let message = message + maybe;
        Failure::Provider(Detail { message, ..detail })
    }
}

/// A body as it is read.
fn text(body: Vec<u8>) -> Vec<u8> {
    readable(without_mark(body))
}

/// A reader may pass over the mark of the byte order before a text (RFC 8259, section 8.1).
fn without_mark(mut body: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if body.starts_with(MARK) {
        body.drain(..MARK.len());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_of_a_change_that_makes_no_sense_may_be_one() {
        let told = |status: u16, changes: bool| {
            let response = Answer { changes, ..Answer::new(status, &[], "<html>") };
            let Failure::Provider(detail) = response.makes_no_sense("JSON") else { panic!("it is the provider's") };
            detail.message.contains("may have been done")
        };
        assert_eq!([told(200, true), told(201, true), told(200, false), told(400, true)], [true, true, false, false]);
    }

    #[test]
    fn what_is_not_utf_8_is_a_failure_of_the_provider_and_shown_with_escapes() {
        let response = Answer::new(200, &[], b"{\"a\":\"Gr\xfc\xdfe\"}");
        assert!(response.object().is_none());
        let Err(Failure::Provider(detail)) = response.text() else { panic!("it is no text") };
        assert!(
            detail.message.contains("not UTF-8 at byte 8") && detail.message.contains("Gr\\xfc\\xdfe"),
            "{detail:?}"
        );
        assert_eq!(Answer::new(200, &[], "Grüße").text().unwrap(), "Grüße");
    }

    #[test]
    fn a_quote_is_the_beginning_of_the_body() {
        let long = Answer::new(500, &[], format!("  {}", "ü".repeat(1000)));
        assert_eq!(long.detail(None).message, "ü".repeat(LONGEST_QUOTE));
        assert_eq!(Answer::new(500, &[], " ").detail(None).message, "an answer without a body");
    }
}
