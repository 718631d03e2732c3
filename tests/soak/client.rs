//! A client of HTTP/1.1 that keeps its connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Far longer than any answer takes.
const LONG: Duration = Duration::from_secs(90);

/// A connection that nobody used for so long may be gone.
const IDLE: Duration = Duration::from_secs(5);

/// What is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// An answer, all of it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Lines of JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }
}

/// Somebody with a token, and a connection.
pub(crate) struct Client {
    address: SocketAddr,
    token: String,
    socket: Option<BufReader<TcpStream>>,
    used: Instant,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.to_owned(), socket: None, used: Instant::now() }
    }

    /// Goes to another address, if that is another one.
    pub(crate) fn moved(&mut self, address: SocketAddr) {
        if self.address != address {
            (self.address, self.socket) = (address, None);
        }
    }

    pub(crate) fn send(&mut self, ask: &Ask) -> io::Result<()> {
        self.send_part(ask, 0)
    }

    /// All but the last bytes, which never come.
    pub(crate) fn send_half(&mut self, ask: &Ask) -> io::Result<()> {
        self.send_part(ask, 10)
    }

    fn send_part(&mut self, ask: &Ask, left_out: usize) -> io::Result<()> {
        if self.used.elapsed() > IDLE {
            self.socket = None;
        }
        let mut text = format!("{} HTTP/1.1\r\nHost: {}\r\n", ask.line, self.address);
        text += &format!("Authorization: Bearer {}\r\nContent-Length: {}\r\n", self.token, ask.body.len());
        if !ask.body.is_empty() {
            text += "Content-Type: application/json\r\n";
        }
        ask.headers.iter().for_each(|(name, value)| text += &format!("{name}: {value}\r\n"));
        text += "\r\n";
        text += &ask.body;
        if self.socket.is_none() {
            let socket = TcpStream::connect(self.address)?;
            socket.set_nodelay(true)?;
            socket.set_read_timeout(Some(LONG))?;
            self.socket = Some(BufReader::new(socket));
        }
        let socket = self.socket.as_mut().unwrap();
        assert!(socket.buffer().is_empty(), "more than one answer: {:?}", String::from_utf8_lossy(socket.buffer()));
        self.used = Instant::now();
        let sent = socket.get_mut().write_all(&text.as_bytes()[..text.len() - left_out]);
        self.unless_gone(sent)
    }

    pub(crate) fn receive(&mut self) -> io::Result<Answer> {
        let read = match &mut self.socket {
            Some(socket) => read(socket),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        self.used = Instant::now();
        self.unless_gone(read)
    }

    pub(crate) fn ask(&mut self, ask: &Ask) -> io::Result<Answer> {
        self.send(ask)?;
        self.receive()
    }

    pub(crate) fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.ask(&Ask { line: format!("GET {path}"), ..Ask::default() })
    }

    /// Leaves without waiting for an answer.
    pub(crate) fn hang_up(&mut self) {
        self.socket = None;
    }

    fn unless_gone<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|_| self.socket = None)
    }
}

fn read(socket: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if socket.read_until(b'\n', &mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let fields = text.lines().filter_map(|line| line.split_once(": "));
    let headers = fields.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let mut answer = Answer { status, headers, body: Vec::new() };
    if let Some(length) = answer.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        answer.body.resize(length, 0);
        socket.read_exact(&mut answer.body)?;
    } else if answer.header("transfer-encoding").is_some() {
        while let Some(chunk) = chunk(socket)? {
            answer.body.extend(chunk);
        }
    }
    Ok(answer)
}

/// The next chunk; none at the end.
fn chunk(socket: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut size = String::new();
    socket.read_line(&mut size)?;
    let size = usize::from_str_radix(size.trim_end(), 16).map_err(|_| io::ErrorKind::UnexpectedEof)?;
    let mut chunk = vec![0; size + 2];
    socket.read_exact(&mut chunk)?;
    chunk.truncate(size);
    Ok((size > 0).then_some(chunk))
}
