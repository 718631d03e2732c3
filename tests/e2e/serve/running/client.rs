//! A small client of HTTP/1.1, which can also break its rules.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::server::LONG;

/// Somebody with a token.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    token: String,
}

/// An answer, all of it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// A socket at which an answer may arrive.
pub(super) struct Open {
    socket: BufReader<TcpStream>,
    head: Option<(u16, Vec<(String, String)>)>,
    /// Lines that came, and the beginning of one that has not come to its end.
    rest: Vec<u8>,
}

impl Client {
    pub(super) fn new(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.to_owned() }
    }

    /// A socket for bytes as they are.
    pub(super) fn socket(&self) -> Open {
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(LONG)).unwrap();
        socket.set_write_timeout(Some(LONG)).unwrap();
        Open { socket: BufReader::new(socket), head: None, rest: Vec::new() }
    }

    pub(super) fn connects(&self) -> bool {
        TcpStream::connect(self.address).is_ok()
    }

    /// The head of a request, to its end.
    pub(super) fn head(&self, line: &str, headers: &[(&str, &str)]) -> String {
        let mut head = format!("{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n", self.address, self.token);
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        head + "\r\n"
    }

    /// Sends a request: its answer is yet to be read.
    pub(super) fn open(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Open {
        let length = body.len().to_string();
        let mut all = headers.to_vec();
        all.push(("Content-Length", &length));
        let mut open = self.socket();
        open.send(self.head(line, &all).as_bytes());
        // It may be refused before all of it is sent.
        let _ = open.socket.get_mut().write_all(body);
        open
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.open(&format!("GET {path}"), &[], b"").answer()
    }

    pub(super) fn open_call(&self, operation: &str, headers: &[(&str, &str)], body: impl ToString) -> Open {
        let (plugin, operation) = operation.split_once(' ').unwrap();
        let mut all = vec![("Content-Type", "application/json")];
        all.extend(headers);
        let line = format!("POST /v1/plugins/{plugin}/operations/{operation}");
        self.open(&line, &all, body.to_string().as_bytes())
    }

    /// A call: `appwrite users.list`.
    pub(super) fn call(&self, operation: &str, body: impl ToString) -> Answer {
        self.open_call(operation, &[], body).answer()
    }

    pub(super) fn call_with(&self, operation: &str, headers: &[(&str, &str)], body: impl ToString) -> Answer {
        self.open_call(operation, headers, body).answer()
    }
}

impl Open {
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.socket.get_mut().write_all(bytes).unwrap();
    }

    /// Sends bytes as long as the other end takes them.
    pub(super) fn sends(&mut self, bytes: &[u8]) -> bool {
        self.socket.get_mut().write_all(bytes).is_ok()
    }

    /// The head of the answer, once.
    fn read_head(&mut self) {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let read = self.socket.read_until(b'\n', &mut bytes).unwrap();
            assert!(read > 0, "no answer, but {:?}", String::from_utf8_lossy(&bytes));
        }
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut fields);
        head.parse(&bytes).unwrap();
        let field = |f: &httparse::Header<'_>| (f.name.to_lowercase(), String::from_utf8(f.value.to_vec()).unwrap());
        self.head = Some((head.code.unwrap(), head.headers.iter().map(field).collect()));
    }

    pub(super) fn status(&mut self) -> u16 {
        if self.head.is_none() {
            self.read_head();
        }
        self.head.as_ref().unwrap().0
    }

    fn header(&mut self, name: &str) -> Option<String> {
        self.status();
        let (_, headers) = self.head.as_ref().unwrap();
        headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// The next chunk of the body; none at its end.
    pub(super) fn chunk(&mut self) -> Option<Vec<u8>> {
        assert_eq!(self.header("transfer-encoding").as_deref(), Some("chunked"));
        let mut size = String::new();
        self.socket.read_line(&mut size).unwrap();
        let mut chunk = vec![0; usize::from_str_radix(size.trim_end(), 16).unwrap() + 2];
        self.socket.read_exact(&mut chunk).unwrap();
        chunk.truncate(chunk.len() - 2);
        (!chunk.is_empty()).then_some(chunk)
    }

    /// The next line of the body, of JSON; none at its end.
    pub(super) fn line(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let chunk = self.chunk()?;
            self.rest.extend(chunk);
        }
    }

    pub(super) fn lines(mut self) -> Vec<Value> {
        assert_eq!(self.status(), 200);
        std::iter::from_fn(|| self.line()).collect()
    }

    /// All of the next answer; the socket may be used for another one.
    pub(super) fn next_answer(&mut self) -> Answer {
        let status = self.status();
        let length = self.header("content-length").map(|length| length.parse::<usize>().unwrap());
        let mut body = vec![0; length.unwrap_or(0)];
        match length {
            Some(_) => self.socket.read_exact(&mut body).unwrap(),
            None if self.header("transfer-encoding").is_some() => {
                while let Some(chunk) = self.chunk() {
                    body.extend(chunk);
                }
            }
            None => {}
        }
        let (_, headers) = self.head.take().unwrap();
        Answer { status, headers, body }
    }

    /// The status, and how many bytes come after the head, of which none are kept.
    pub(super) fn length(mut self) -> (u16, u64) {
        let status = self.status();
        let length = self.header("content-length").unwrap().parse().unwrap();
        (status, io::copy(&mut self.socket.take(length), &mut io::sink()).unwrap())
    }

    pub(super) fn answer(mut self) -> Answer {
        self.next_answer()
    }

    /// What comes until the other end closes the socket.
    pub(super) fn rest(mut self) -> Vec<u8> {
        let mut all = Vec::new();
        // What was sent and not read by the other end makes it a reset.
        let _ = self.socket.read_to_end(&mut all).map_err(|error| {
            assert!(error.kind() == io::ErrorKind::ConnectionReset, "the socket is not closed: {error}");
        });
        all
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The JSON of an answer that went well.
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        assert!(matches!(self.status, 200 | 202), "{self:?}: {}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A problem with this status, of this type, whose detail has these words.
    #[track_caller]
    pub(super) fn fails(&self, status: u16, name: &str, words: &[&str]) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}: {}", self.text());
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        let kind = format!("urn:wharf:problem:{name}");
        assert_eq!((self.status, problem["type"].as_str()), (status, Some(kind.as_str())), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for word in words {
            assert!(problem["detail"].as_str().unwrap().contains(word), "`{word}` is not said: {problem}");
        }
        problem
    }
}
