//! What a plugin gets of an answer: decoded, masked, and only if it can be relied upon.

use crate::Blob;
use crate::asked::printable;
use crate::charset::{self, Decoded};
use crate::connection::Connection;
use crate::content::Content;
use crate::declaration::AnswerForm;
use crate::file_name;
use crate::incoming::Incoming;
use crate::masker::Late;
use crate::outgoing::Outgoing;
use crate::range::Range;
use crate::rules::Rule;
use crate::send::{Allowance, LONGEST_QUOTE, SendError, unreadable};
use crate::text::shortened;
use crate::wire::coding::{Coding, NotUnpacked, Unpacker};
use crate::wire::exchange::Exchange;
use crate::wire::head::Head;

/// Headers of an answer that concern the connection or a session of the host, not the plugin.
const DROPPED: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "set-cookie",
    "set-cookie2",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What is passed over where something follows.
const FOLLOWED: &str = "bytes after the end of gzip";

/// What a provider answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, in the order of arrival; without hop-by-hop headers and cookies. Strong secrets are masked, in
    /// names too. A value that is not UTF-8 is read as ISO-8859-1.
    pub headers: Vec<(String, String)>,
    /// Decoded, a text to UTF-8 unless it is asked for as a file. Strong secrets are masked.
    pub body: Blob,
    /// What was passed over in it, such as a line that is no header, in words for operators. Strong secrets are masked.
    pub passed_over: Vec<String>,
}

/// The body of an answer.
pub(crate) enum Came {
    /// As it came.
    Bytes(Vec<u8>),
    /// As it is handed on.
    File(Incoming),
}

/// Reads an answer. A success is whole and understood, or it is none. What refuses a request is told in any case: by its status, if
/// its body cannot be read.
pub(crate) fn read(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance<'_>,
    mut exchange: Exchange,
    body: Came,
) -> Result<Answer, SendError> {
    let masked = |text: String| connection.strong().mask_text(outgoing.strong.mask_text(text));
    let head = exchange.head.take();
    let mut received = Received::of(connection, outgoing, &exchange, head, body)?;
    let status = received.status;
    let flawed = |problem: String| unreadable(connection, outgoing, Some(status), problem);
    let is_file = outgoing.answer == AnswerForm::Blob && received.is_success;
    let coding = received.unpack(allowance).map_err(|problem| match problem {
        NotRead::Flawed(problem) => flawed(problem),
        NotRead::Encoded(unknown) => encoded(status, &masked(unknown)),
        NotRead::TooLarge => SendError::TooLarge { limit: allowance.answer_bytes },
        NotRead::TooLate => SendError::Timeout { sent: true },
    })?;
    // A secret is looked for in the name as it is meant, before any of it is left out.
    let file_name = received.header("content-disposition").and_then(file_name::of).map(masked);
    let file_name = file_name.and_then(|name| file_name::without_path(&name));
    // A file is bytes, whatever they mean. What a plugin reads is text, in UTF-8.
    if !is_file {
        received.decode(coding.charset.as_deref()).map_err(flawed)?;
        if received.body.len() as u64 > allowance.answer_bytes {
            return Err(SendError::TooLarge { limit: allowance.answer_bytes });
        }
    }
    let media_type = masked(received.media_type().to_owned());
    let headers = received.handed_on(&coding, &masked);
    let Received { body, file, passed_over, .. } = received;
    // What was made of a secret may have it in it, so it is looked for first.
    let is_late = || allowance.is_late();
    let in_memory = || {
        if outgoing.for_host {
            return Ok(Content::Memory(body.into()));
        }
        let bytes = outgoing.strong.mask_in_time(body, &is_late);
        let bytes = bytes.and_then(|bytes| connection.strong().mask_in_time(bytes, &is_late));
        bytes.map(|bytes| Content::Memory(bytes.into())).map_err(|Late| SendError::Timeout { sent: true })
    };
    let content = file.map_or_else(in_memory, |file| Ok(file.content))?;
    let passed_over = passed_over.into_iter().map(|what| shortened(&masked(what), LONGEST_QUOTE)).collect();
    Ok(Answer { status, headers, body: Blob::of(content, media_type, file_name), passed_over })
}

/// The head of an answer, and what its body is to be read by.
pub(crate) struct Begun {
    pub(crate) status: u16,
    /// As in [`Answer`].
    pub(crate) headers: Vec<(String, String)>,
    /// What its body is read through, if it needs anything, or why it is not read piece by piece.
    pub(crate) unpacker: Result<Option<Unpacker>, SendError>,
    pub(crate) passed_over: Vec<String>,
}

/// Reads the head of a success whose body is still to come.
pub(crate) fn begin(connection: &Connection, outgoing: &Outgoing, exchange: &Exchange) -> Result<Begun, SendError> {
    let masked = |text: String| connection.strong().mask_text(outgoing.strong.mask_text(text));
    let mut received = Received::of(connection, outgoing, exchange, exchange.head.clone(), Came::Bytes(Vec::new()))?;
    let status = received.status;
    let flawed = |problem: String| unreadable(connection, outgoing, Some(status), problem);
    let (coding, unpacker) = match received.coding() {
        Ok(coding) => {
            let in_utf_8 = charset::check_utf_8(received.media_type());
            let unpacker = in_utf_8.and_then(|()| coding.unpacker()).map_err(flawed);
            (coding, unpacker)
        }
        Err(unknown) => (Coding::default(), Err(encoded(status, &masked(unknown)))),
    };
    let headers = received.handed_on(&coding, &masked);
    let passed_over = received.passed_over.into_iter().map(|what| shortened(&masked(what), LONGEST_QUOTE)).collect();
    Ok(Begun { status, headers, unpacker, passed_over })
}

fn encoded(status: u16, unknown: &str) -> SendError {
    let words = format!("the answer is encoded as `{}`, which was not asked for", printable(unknown));
    SendError::AnswerDenied { status, denial: Rule::ContentEncoding.denies(words) }
}

/// A success that was told before the request was taken is none.
pub(crate) fn too_early(connection: &Connection, status: u16) -> SendError {
    SendError::NoAnswer(format!(
        "{} answered with status {status} before it had taken the whole request, and took no more of it; look there for what it did",
        connection.way()
    ))
}

/// An answer as it came, and more and more as it is meant.
struct Received {
    status: u16,
    is_success: bool,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// In the place of the body.
    file: Option<Incoming>,
    /// Whether there was a body, and it cannot be read.
    is_left_out: bool,
    passed_over: Vec<String>,
}

/// Why the encoding of a body is not undone.
enum NotRead {
    Flawed(String),
    /// In a way that was not asked for.
    Encoded(String),
    TooLarge,
    TooLate,
}

impl Received {
    fn of(
        connection: &Connection,
        outgoing: &Outgoing,
        exchange: &Exchange,
        head: Option<Head>,
        body: Came,
    ) -> Result<Self, SendError> {
        let Some(Head { status, headers, passed_over, .. }) = head else {
            return Err(unreadable(connection, outgoing, None, "it has no head".to_owned()));
        };
        let is_success = (200..300).contains(&status);
        if exchange.early && is_success {
            return Err(too_early(connection, status));
        }
        let headers = headers.into_iter().map(|(name, value)| (name, charset::header(value))).collect();
        let (body, file) = match body {
            Came::Bytes(bytes) => (bytes, None),
            Came::File(file) => (Vec::new(), Some(file)),
        };
        let received = Self { status, is_success, headers, body, file, is_left_out: false, passed_over };
        let whole = received.check_whole(outgoing.answer == AnswerForm::Blob && is_success, outgoing.range);
        whole.map_err(|problem| unreadable(connection, outgoing, Some(status), problem)).map(|()| received)
    }

    /// The headers as they are handed on.
    fn handed_on(&mut self, coding: &Coding, masked: &dyn Fn(String) -> String) -> Vec<(String, String)> {
        let is_left_out = self.is_left_out;
        // RFC 9110, section 8.4: what is handed on is not encoded any more, and its length is another one.
        // What is not handed on goes on saying why.
        let is_undone =
            |name: &str| name == "content-encoding" && !is_left_out || coding.is_packed() && name == "content-length";
        let headers = std::mem::take(&mut self.headers).into_iter();
        let kept = headers.filter(|(name, _)| !DROPPED.contains(&name.as_str()) && !is_undone(name));
        kept.map(|(name, value)| (masked(name), masked(value))).collect()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn media_type(&self) -> &str {
        self.header("content-type").unwrap_or("application/octet-stream")
    }

    /// A part comes where one was asked for (RFC 9110, section 14.2), and a file comes with a status that has one.
    fn check_whole(&self, is_file: bool, range: Option<Range>) -> Result<(), String> {
        if let Some(range) = range.filter(|_| self.is_success) {
            if self.header("content-encoding").is_some() {
                return Err("it is a part of something packed, which cannot be unpacked".to_owned());
            }
            let length = self.file.as_ref().map_or(self.body.len() as u64, |file| file.unmasked);
            return range.check(self.status, self.header("content-range"), length);
        }
        if self.status == 206 || self.is_success && self.header("content-range").is_some() {
            return Err(format!("it is a part, with status {}, where the whole was asked for", self.status));
        }
        match self.status {
            202 | 204 | 205 if is_file => Err(format!("it has status {}, which comes without a file", self.status)),
            _ => Ok(()),
        }
    }

    /// How the body is encoded, or in which way that was not asked for.
    fn coding(&self) -> Result<Coding, String> {
        let values = self.headers.iter().filter(|(name, _)| name == "content-encoding");
        Coding::read(values.map(|(_, value)| value.as_bytes()))
    }

    /// Undoes the encoding. Nothing needs no undoing: an answer to HEAD, or an empty one, says what it would have been.
    fn unpack(&mut self, allowance: Allowance<'_>) -> Result<Coding, NotRead> {
        if self.body.is_empty() && self.file.as_ref().is_none_or(|file| file.content.len() == 0) {
            return Ok(Coding::default());
        }
        let coding = match self.coding() {
            Ok(coding) => coding,
            Err(unknown) if self.is_success => return Err(NotRead::Encoded(unknown)),
            Err(unknown) => {
                self.leave_out(format!("its body, which is encoded as `{unknown}`"));
                return Ok(Coding::default());
            }
        };
        if let Some(file) = &self.file {
            if file.followed {
                self.passed_over.push(FOLLOWED.to_owned());
            }
            return Ok(coding);
        }
        let body = std::mem::take(&mut self.body);
        match coding.unpack(body, allowance.answer_bytes, &|| allowance.is_late()) {
            Ok((body, followed)) => {
                self.body = body;
                if followed {
                    self.passed_over.push(FOLLOWED.to_owned());
                }
            }
            Err(NotUnpacked::Fault(fault)) if self.is_success => return Err(NotRead::Flawed(fault.to_string())),
            Err(NotUnpacked::Fault(_)) => self.leave_out("its body, which is packed with gzip and damaged".to_owned()),
            Err(NotUnpacked::TooLarge) => return Err(NotRead::TooLarge),
            Err(NotUnpacked::TooLate) => return Err(NotRead::TooLate),
        }
        Ok(coding)
    }

    fn leave_out(&mut self, what: String) {
        self.body = Vec::new();
        self.is_left_out = true;
        self.passed_over.push(what);
    }

    /// A text as UTF-8: by the charset that it declares, in the right place or else in that of the encoding.
    fn decode(&mut self, misplaced: Option<&str>) -> Result<(), String> {
        if self.body.is_empty() {
            return Ok(());
        }
        let media_type = match misplaced {
            Some(charset) if !charset::is_declared(self.media_type()) => {
                format!("{}; charset={charset}", self.media_type())
            }
            _ => self.media_type().to_owned(),
        };
        match charset::decoded(&self.body, &media_type) {
            Ok(None) => {}
            Ok(Some(Decoded { bytes, content_type })) => {
                self.body = bytes;
                let types = self.headers.iter_mut().filter(|(name, _)| name == "content-type");
                types.for_each(|(_, value)| value.clone_from(&content_type));
            }
            Err(problem) if self.is_success => return Err(problem),
            Err(problem) => self.passed_over.push(format!("its charset: {problem}")),
        }
        Ok(())
    }
}
