use std::ops::Deref;

use wharf_answer::Answer;

use crate::bindings::wharf::provider::blobs::Blob;
use crate::bindings::wharf::provider::http;

/// What a provider answered, and the file that its body is, where the request was declared to be answered with one.
#[derive(Debug)]
pub struct Response {
    answer: Answer,
    file: Option<Blob>,
}

impl Response {
    /// An answer with a body in memory: what a test of a reading function needs.
    pub fn new(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        Self { answer: Answer::new(status, headers, body), file: None }
    }

    /// The same as the answer to an operation that reads.
    pub fn to_a_read(self) -> Self {
        Self { answer: self.answer.to_a_read(), ..self }
    }

    /// The same as the answer to a request that changes something.
    pub(crate) fn for_a_change(self) -> Self {
        Self { answer: self.answer.to_a_change(), ..self }
    }

    /// The body as a file, where the request was declared to be answered with one and the status is good.
    ///
    /// # Errors
    /// The response itself: it tells of an error.
    pub fn into_file(self) -> Result<Blob, Self> {
        match self.file {
            Some(file) => Ok(file),
            None => Err(self),
        }
    }
}

impl Deref for Response {
    type Target = Answer;

    fn deref(&self) -> &Answer {
        &self.answer
    }
}

impl From<http::Response> for Response {
    fn from(response: http::Response) -> Self {
        let (body, file) = match response.body {
            http::Content::Bytes(bytes) => (bytes, None),
            http::Content::Blob(blob) => (Vec::new(), Some(blob)),
        };
        Self { answer: Answer::of(response.status, response.headers, body), file }
    }
}
