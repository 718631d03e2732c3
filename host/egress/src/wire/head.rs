//! The head of an answer (RFC 9112): read leniently where that changes nothing but comfort, and not at all where two readers
//! could disagree about where its body ends.

use memchr::memchr;

use super::Fault;
use crate::text::visible;

/// What an answer begins with, besides its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// HTTP status.
    pub(crate) status: u16,
    /// Names in lower case, in the order of arrival.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// What was passed over or read leniently, in words.
    pub(crate) passed_over: Vec<String>,
    /// How the body ends.
    pub(crate) framing: Framing,
    /// Whether the socket is of no further use.
    pub(crate) close: bool,
}

/// How a body ends (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    #[default]
    Nothing,
    /// After so many bytes.
    Length(u64),
    /// With the last chunk.
    Chunks,
    /// With the connection.
    Close,
}

/// Where a head ends that begins with these bytes: after the first empty line. None where it has not come yet. It is looked for
/// from a place on, before which no head ends.
pub(crate) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    let begin = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let mut at = from.max(begin);
    loop {
        at += memchr(b'\n', bytes.get(at..)?)? + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

/// Whether these bytes can be the beginning of an answer: a server that speaks something else may never send an empty line.
pub(crate) fn check_beginning(bytes: &[u8]) -> Result<(), Fault> {
    const HTTP: &[u8] = b"HTTP/1.";
    let begin = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let bytes = bytes.get(begin..).unwrap_or_default();
    let length = bytes.len().min(HTTP.len());
    if bytes.get(..length) == HTTP.get(..length) {
        return Ok(());
    }
    // An alert (RFC 8446, section 6): what was sent is no handshake.
    if let [0x15, 0x03, ..] = bytes {
        let problem =
            "it is an alert of TLS; if the server speaks TLS there, its URL begins with https:// and not http://";
        return Err(Fault::unreadable(problem));
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Err(Fault::unreadable(format!("it does not begin as an answer of HTTP/1.1, but with `{}`", shown(line))))
}

impl Head {
    /// Reads a whole head. Whether it answers HEAD decides about its body.
    pub(crate) fn read(bytes: &[u8], of_head: bool) -> Result<Self, Fault> {
        let mut head = Self::default();
        let mut lines = Lines { rest: bytes, bare: false };
        let mut first = lines.next().unwrap_or_default();
        while first.is_empty() && !lines.rest.is_empty() {
            head.leniently("an empty line before the answer");
            first = lines.next().unwrap_or_default();
        }
        let old = head.status_line(first)?;
        let mut fields = Fields::default();
        while let Some(line) = lines.next().filter(|line| !line.is_empty()) {
            fields.line(line, &mut head)?;
        }
        if lines.bare {
            head.leniently("a line that ends in LF without CR");
        }
        head.decide(old, of_head)?;
        Ok(head)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The values of all headers of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_slice())
    }

    /// The entries of the lists that headers of this name have, in lower case.
    fn tokens(&self, name: &str) -> Vec<String> {
        let entries = self.all(name).flat_map(|value| value.split(|byte| *byte == b','));
        entries.map(|entry| String::from_utf8_lossy(trimmed(entry)).to_ascii_lowercase()).collect()
    }

    /// Notes a lenient reading, after which the socket is closed: the next answer on it could be a part of this one.
    pub(super) fn leniently(&mut self, what: impl Into<String>) {
        const MOST: usize = 16;
        self.close = true;
        let what = what.into();
        if self.passed_over.len() < MOST && !self.passed_over.contains(&what) {
            self.passed_over.push(what);
        }
    }

    /// Reads the status line (RFC 9112, section 4); the reason is for nobody, and may be missing. Whether it is HTTP/1.0.
    fn status_line(&mut self, line: &[u8]) -> Result<bool, Fault> {
        let wrong = || Fault::unreadable(format!("its status line is `{}`", shown(line)));
        let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9', rest @ ..] = line else {
            return Err(wrong());
        };
        let [b' ', rest @ ..] = rest else { return Err(wrong()) };
        let code = trimmed(rest);
        let [hundreds @ b'1'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9', after @ ..] = code else {
            return Err(wrong());
        };
        if rest.starts_with(b" ") || rest.starts_with(b"\t") {
            self.leniently("blanks in the status line");
        }
        if !matches!(after, [] | [b' ' | b'\t', ..]) {
            return Err(wrong());
        }
        let digit = |byte: &u8| u16::from(byte - b'0');
        self.status = digit(hundreds) * 100 + digit(tens) * 10 + digit(ones);
        Ok(*minor == b'0')
    }

    /// How the body ends, and whether the socket can be used again.
    fn decide(&mut self, old: bool, of_head: bool) -> Result<(), Fault> {
        let codings = self.tokens("transfer-encoding");
        let lengths = self.tokens("content-length");
        let framing = match (codings.as_slice(), lengths.as_slice()) {
            ([], []) => Framing::Close,
            ([], lengths) => Framing::Length(length(lengths)?),
            ([coding], []) if coding == "chunked" => Framing::Chunks,
            ([coding], []) if coding == "identity" => Framing::Close,
            // It was not asked for, and what it hides is not to be guessed.
            (codings, []) => {
                let codings = shown(codings.join(", ").as_bytes());
                return Err(Fault::unreadable(format!("its transfer coding is `{codings}`, which was not asked for")));
            }
            // RFC 9112, section 6.1: one of the two is there to deceive somebody.
            _ => return Err(Fault::unreadable("it has both a content-length and a transfer-encoding")),
        };
        let options = self.tokens("connection");
        let says = |option: &str| options.iter().any(|other| other == option);
        self.close |= says("close") || old && !says("keep-alive");
        // RFC 9112, section 6.1: HTTP/1.0 has no chunks, so some server on the way does not know what it passes on.
        if old && !codings.is_empty() {
            self.leniently("chunks in HTTP/1.0");
        }
        // RFC 9112, section 6.3: these have no body, whatever their headers say.
        self.framing = match self.status {
            _ if of_head => Framing::Nothing,
            204 | 304 | 100..=199 => {
                let empty = matches!(framing, Framing::Close | Framing::Length(0)) || self.status == 304;
                self.close |= !empty && self.status != 304;
                Framing::Nothing
            }
            _ => framing,
        };
        self.close |= self.framing == Framing::Close;
        Ok(())
    }
}

/// RFC 9112, section 6.3: a list of the same length is that length.
fn length(lengths: &[String]) -> Result<u64, Fault> {
    let wrong = || Fault::unreadable(format!("its content-length is `{}`", shown(lengths.join(", ").as_bytes())));
    let number = |text: &String| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    let mut all = lengths.iter().map(number);
    let first: u64 = all.next().flatten().ok_or_else(wrong)?;
    if all.all(|other| other == Some(first)) { Ok(first) } else { Err(wrong()) }
}

/// Lines without their ends.
struct Lines<'a> {
    rest: &'a [u8],
    /// Whether one ended in LF alone, which is allowed (RFC 9112, section 2.2).
    bare: bool,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let end = memchr(b'\n', self.rest)?;
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        let without = line.strip_suffix(b"\r");
        self.bare |= without.is_none();
        Some(without.unwrap_or(line))
    }
}

/// What the lines of headers need to know of each other.
#[derive(Default)]
struct Fields {
    /// Whether the line before was a header, to which a folded one belongs.
    after_header: bool,
}

impl Fields {
    fn line(&mut self, mut line: &[u8], head: &mut Head) -> Result<(), Fault> {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return self.folded(line, head);
        }
        if let Some(rest) = line.strip_suffix(b"\r").filter(|rest| !is_framing(rest)) {
            head.leniently("a CR too many at the end of a line");
            line = rest;
        }
        let field = memchr(b':', line).map(|colon| line.split_at(colon));
        let field = field.map(|(name, value)| (name, trimmed(value.get(1..).unwrap_or_default())));
        let Some((name, value)) = field.filter(|(name, value)| is_token(trimmed(name)) && is_value(value)) else {
            self.after_header = false;
            return pass_over(line, head);
        };
        // RFC 9112, section 5.1: what stands between a name and its colon is to be taken away.
        if trimmed(name) != name {
            head.leniently(format!("a blank before the colon of `{}`", shown(trimmed(name))));
        }
        // A token is ASCII.
        let name = String::from_utf8_lossy(trimmed(name)).to_ascii_lowercase();
        head.headers.push((name, value.to_vec()));
        self.after_header = true;
        Ok(())
    }

    /// RFC 9112, section 5.2: a line that goes on with the one before. As the first one it is no header (section 2.2).
    fn folded(&mut self, line: &[u8], head: &mut Head) -> Result<(), Fault> {
        let header = head.headers.last_mut().filter(|_| self.after_header && is_value(line));
        let Some((name, value)) = header else { return pass_over(line, head) };
        if is_framing(name.as_bytes()) || is_framing(line) {
            return Err(ambiguous(line));
        }
        value.push(b' ');
        value.extend_from_slice(trimmed(line));
        let name = name.clone();
        head.leniently(format!("a folded line of `{name}`"));
        Ok(())
    }
}

/// A line that is no header says nothing, unless somebody else could read the end of the body from it.
fn pass_over(line: &[u8], head: &mut Head) -> Result<(), Fault> {
    if is_framing(line) {
        return Err(ambiguous(line));
    }
    head.leniently(format!("a line that is no header: `{}`", shown(line)));
    Ok(())
}

fn ambiguous(line: &[u8]) -> Fault {
    Fault::unreadable(format!(
        "the line `{}` of its head could be read in two ways, and says where the body ends",
        shown(line)
    ))
}

/// Whether a text has the name of a header in it that says where a body ends.
fn is_framing(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    ["content-length", "transfer-encoding"].iter().any(|name| memchr::memmem::find(&text, name.as_bytes()).is_some())
}

/// Without the blanks around it (OWS; RFC 9110, section 5.6.3): other characters that do not show are not among them.
fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// RFC 9110, section 5.5.
fn is_value(value: &[u8]) -> bool {
    value.iter().all(|byte| !byte.is_ascii_control() || *byte == b'\t')
}

/// What a server sent, for a message: all of it, as it is masked before it is cut.
fn shown(bytes: &[u8]) -> String {
    visible(String::from_utf8_lossy(bytes).trim())
}
