//! The wire: whatever a server answers is an answer or an error.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use serde_json::{Map, json};
use wharf_egress::declaration::{Declaration, Effect, Operation, Request, Scheme, compile};
use wharf_egress::guard::{Asked, Item, prepare};
use wharf_egress::send::{Allowance, Answer, send};
use wharf_egress::work::Work;
use wharf_egress::{Connection, Deadline, Secret};

use crate::judge;

const SECRET: &str = "k7RmX2vQp9LzT4wB";

/// The most that an answer may have, in bytes.
const MOST: u64 = 1 << 10;

/// Headers of answers.
const HEADERS: &[&[u8]] = &[
    b"Content-Length: 5\r\n",
    b"Content-Length: 18446744073709551615\r\n",
    b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Encoding: br\r\n",
    b"Content-Type: text/plain; charset=utf-16\r\n",
    b"Content-Disposition: attachment; filename=\"../a\"\r\n",
    b"Content-Disposition: attachment; filename*=iso-8859-1''..%2f\\%00\"; filename=\xff\r\n",
    b"Set-Cookie: a=b\r\n",
    b"Connection: keep-alive\r\n",
    b"X-Echo: k7RmX2vQp9LzT4wB\r\n",
    b"Content-Length: 2000, 2000\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"X-Blank : 1\r\n",
    b" folded: 1\r\n",
    b"PHP Warning:  something\r\n",
    b"Location: /elsewhere\n",
];

/// What else they are made of, besides bytes as they come.
const PIECES: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 404 Not Found\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b": ",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"0;last\r\nX-Trailer: 1\r\n\r\n",
    b"5;name=value\r\nhello\r\n",
    b"ffffffffffffffff\r\n",
    b"hello",
    SECRET.as_bytes(),
    // An empty gzip member, and the head of one.
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    &[b'a'; 2_000],
];

/// Answers every request with the same bytes, and hangs up.
struct Server {
    address: SocketAddr,
    answer: Mutex<Vec<u8>>,
}

static SERVER: LazyLock<&'static Server> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is loopback");
    let address = listener.local_addr().expect("it is bound");
    let server: &'static Server = Box::leak(Box::new(Server { address, answer: Mutex::default() }));
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            // The client may be gone already.
            let _ = server.serve(socket);
        }
    });
    server
});

/// One exchange at a time, as there is one server.
static TURN: Mutex<()> = Mutex::new(());

impl Server {
    fn serve(&self, mut socket: TcpStream) -> std::io::Result<()> {
        let (mut arrived, mut chunk) = (Vec::new(), [0; 1024]);
        while !arrived.windows(4).any(|end| end == b"\r\n\r\n") {
            match socket.read(&mut chunk)? {
                0 => return Ok(()),
                length => arrived.extend_from_slice(&chunk[..length]),
            }
        }
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        socket.write_all(&answer)?;
        socket.shutdown(Shutdown::Write)
    }
}

fn answer(bytes: &[u8]) -> arbitrary::Result<Vec<u8>> {
    let mut from = Unstructured::new(bytes);
    let mut answer = Vec::new();
    // Most answers begin as one, and have a body, so that they get further than their first lines.
    if from.ratio(7_u8, 8)? {
        answer.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        for _ in 0..from.int_in_range(0..=3_u8)? {
            answer.extend_from_slice(from.choose(HEADERS)?);
        }
        answer.extend_from_slice(if from.ratio(7_u8, 8)? { b"\r\n" } else { b"" });
    }
    while !from.is_empty() {
        match from.arbitrary::<u8>()? {
            byte @ 224.. => answer.extend_from_slice(from.bytes(usize::from(byte % 8).min(from.len()))?),
            byte if byte % 4 == 0 => answer.extend_from_slice(from.choose(HEADERS)?),
            _ => answer.extend_from_slice(from.choose(PIECES)?),
        }
    }
    Ok(answer)
}

fn declared() -> Vec<Declaration> {
    let request = json!({
        "name": "main", "method": "GET", "path": "/things", "variables": [], "query": [], "headers": [], "body": "none",
        "scheme": "key", "answer": "bytes", "read-only": false, "sensitive-answer": [],
    });
    let scheme = json!({
        "name": "key", "summary": "", "values": [],
        "placements": [{"location": "header", "name": "X-Key", "template": {"parts": [{"field": "key"}], "functions": []}}],
    });
    let requests: [Request; 1] = [serde_json::from_value(request).expect("it is a request")];
    let scheme: Scheme = serde_json::from_value(scheme).expect("it is a scheme");
    let operation = Operation { name: "a.b", effect: Effect::Read, inputs: &[], attachments: &[], requests: &requests };
    compile(&["key"], &[scheme], &[operation]).expect("it breaks no rule").remove(0)
}

/// An answer that is made of the bytes: whether it is one.
pub fn wire(bytes: &[u8]) -> bool {
    let Ok(said) = answer(bytes) else { return false };
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    *SERVER.answer.lock().unwrap_or_else(PoisonError::into_inner) = said.clone();
    let connection = Connection::builder("acme", "main", &format!("http://{}", SERVER.address))
        .secret("key", Secret::new(SECRET))
        .build()
        .expect("it is a connection");
    let (asked, input) = (Asked { name: "main".to_owned(), ..Asked::default() }, Map::new());
    let item = Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let work = Work::until(Deadline::within(Duration::from_secs(2)));
    let Ok(outgoing) = prepare(&declared(), &asked, item, &connection, &work) else {
        panic!("the request is a good one")
    };

    let began = Instant::now();
    let allowance = Allowance::new(work.deadline(), 64 << 10, MOST);
    let Ok(answer) = send(&connection, &outgoing, allowance, None) else { return false };
    assert!(began.elapsed() < Duration::from_secs(3), "it ends with its time");
    assert!((100..=999).contains(&answer.status), "{}", answer.status);
    // A mask may be longer than the secret.
    assert!(answer.body.size() <= 2 * MOST, "{} bytes", answer.body.size());
    let secret = SECRET.as_bytes();
    assert!(!in_memory(&answer).windows(secret.len()).any(|window| window == secret));
    for (name, value) in &answer.headers {
        assert!(!value.contains(SECRET) && name != "set-cookie", "{name}: {value}");
    }
    agrees(&said, &answer);
    let name = answer.body.file_name.unwrap_or_default();
    assert!(!name.contains(['/', '\\']) && name != "." && name != "..", "{name:?}");
    true
}

/// There is nowhere else to keep it.
fn in_memory(answer: &Answer) -> &[u8] {
    answer.body.in_memory().map(|bytes| &**bytes).unwrap_or_default()
}

/// Compares with a reader that is not ours: what it can read, strictly, is what was read, or it was refused.
fn agrees(said: &[u8], answer: &Answer) {
    let Some(judged) = judge::read(said) else { return };
    assert_eq!(answer.status, judged.status);
    // Masks, and what is undone on purpose.
    if said.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
        return;
    }
    const LEFT_OUT: &[&str] = &["connection", "transfer-encoding", "set-cookie", "content-encoding", "content-length"];
    let kept = |name: &str| !LEFT_OUT.contains(&name) && name != "content-type";
    let headers = answer.headers.iter().filter(|(name, _)| kept(name));
    let expected = judged.headers.iter().filter(|(name, _)| kept(name));
    assert!(headers.eq(expected), "{:?} and not {:?}", answer.headers, judged.headers);
    if !judged.is_encoded {
        assert_eq!(in_memory(answer), judged.body);
    }
}
