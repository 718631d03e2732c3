//! Large files pass by way of the disk: what arrives is the same as by way of memory.

use std::collections::HashSet;
use std::io::{Seek as _, Write as _};
use std::sync::mpsc;

use serde_json::{Value, json};
use wharf_egress::guard::{Asked, AskedBody, AskedPart, Item, prepare, weight};
use wharf_egress::send::{Allowance, Answer, SendError, send};
use wharf_egress::{Blob, Connection, Deadline, IN_MEMORY, Room, Spool};

use crate::bodies::gzip;
use crate::peer::{Server, WAYS};
use crate::{LONG, SECRET, asked, declared, input, no_answer, work};

const LARGE: usize = 5 << 20;

/// The most that the tests take in memory, which is less than a large file.
const MEMORY: u64 = 2 << 20;

/// A folder for files, which goes away with the test.
struct Folder {
    spool: Spool,
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { spool: Spool::in_folder(folder.path()), folder }
    }

    fn allowance(&self, most: u64) -> Allowance<'_> {
        let room = Some(Room { spool: &self.spool, most });
        Allowance { room, ..Allowance::new(Deadline::within(LONG), 64 << 10, MEMORY) }
    }

    fn is_empty(&self) -> bool {
        self.folder.path().read_dir().unwrap().next().is_none()
    }
}

fn get_file(connection: &Connection, allowance: Allowance<'_>) -> Result<Answer, SendError> {
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = prepare(&declared(&json!({"answer": "blob"})), &asked(), item, connection, &work()).unwrap();
    send(connection, &outgoing, allowance, None)
}

/// Secrets at each kind of place, also where pieces meet.
fn with_secrets() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..LARGE).map(|n| (n % 251) as u8).collect();
    for place in [0, 65_530, (2 << 20) - 1, LARGE - SECRET.len()] {
        bytes[place..place + SECRET.len()].copy_from_slice(SECRET.as_bytes());
    }
    bytes
}

/// The same as it is handed on.
fn masked(bytes: &[u8]) -> Vec<u8> {
    let mut masked = Vec::new();
    let mut rest = bytes;
    while let Some(place) = rest.windows(SECRET.len()).position(|window| window == SECRET.as_bytes()) {
        masked.extend_from_slice(&rest[..place]);
        masked.extend_from_slice("•••".as_bytes());
        rest = &rest[place + SECRET.len()..];
    }
    masked.extend_from_slice(rest);
    masked
}

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn a_large_file_comes_masked_and_is_on_disk_however_it_is_packed() {
    let (folder, file) = (Folder::new(), with_secrets());
    let expected = masked(&file);
    let twice = gzip(&gzip(&file));
    let followed = [gzip(&file[..1 << 20]), gzip(&file[1 << 20..]), vec![0; 512]].concat();
    for way in WAYS {
        for (headers, body, passed_over) in [
            ("", &file, 0),
            ("Content-Encoding: gzip\r\n", &gzip(&file), 0),
            ("Content-Encoding: gzip, gzip\r\n", &twice, 0),
            ("Content-Encoding: gzip\r\n", &followed, 1),
        ] {
            let server = Server::saying(way, answer(headers, body), false);
            let connection = server.connection();
            for _ in 0..2 {
                let answer = get_file(&connection, folder.allowance(LARGE as u64)).unwrap();
                assert!(answer.body.is_on_disk() && answer.body.media_type == "image/png");
                assert!(answer.body.bytes().unwrap() == expected, "{headers}");
                assert_eq!(answer.passed_over.len(), passed_over);
                assert!(!answer.headers.iter().any(|(name, _)| name == "content-encoding"), "{:?}", answer.headers);
            }
            assert_eq!(server.sockets(), 1, "{headers}");
            assert!(folder.is_empty(), "no file has a name");
        }
    }
}

#[test]
fn what_is_small_or_no_file_is_in_memory() {
    let folder = Folder::new();
    for way in WAYS {
        let server = Server::saying(way, answer("", &[7; IN_MEMORY as usize]), false);
        let file = get_file(&server.connection(), folder.allowance(u64::MAX)).unwrap().body;
        assert_eq!((file.is_on_disk(), file.len()), (false, IN_MEMORY));

        let nothing = Server::saying(way, answer("Content-Encoding: gzip\r\n", b""), false);
        let file = get_file(&nothing.connection(), folder.allowance(u64::MAX)).unwrap().body;
        assert_eq!((file.is_on_disk(), file.len()), (false, 0));

        let refused = b"HTTP/1.1 404 Not Found\r\nContent-Length: 1500000\r\n\r\n";
        let server = Server::saying(way, [&refused[..], &[b'x'; 1_500_000]].concat(), false);
        let answer = get_file(&server.connection(), folder.allowance(u64::MAX)).unwrap();
        assert_eq!((answer.status, answer.body.is_on_disk()), (404, false));
    }
}

#[test]
fn a_file_that_is_not_whole_or_too_large_is_not_handed_on() {
    let (folder, file) = (Folder::new(), with_secrets());
    for way in WAYS {
        let whole = answer("", &file);
        let server = Server::saying(way, &whole[..whole.len() - 1], true);
        no_answer(get_file(&server.connection(), folder.allowance(u64::MAX)));

        let packed = gzip(&file);
        let server = Server::saying(way, answer("Content-Encoding: gzip\r\n", &packed[..packed.len() - 9]), false);
        let result = get_file(&server.connection(), folder.allowance(u64::MAX));
        let Err(SendError::Unreadable { status: Some(200), problem }) = result else { panic!("{result:?}") };
        assert!(problem.contains("packed with gzip, and is damaged"), "{problem}");

        let most = LARGE as u64 / 2;
        for (headers, body) in [("", &file), ("Content-Encoding: gzip\r\n", &gzip(&vec![0; LARGE]))] {
            let server = Server::saying(way, answer(headers, body), false);
            let result = get_file(&server.connection(), folder.allowance(most));
            assert_eq!(result.unwrap_err(), SendError::FileTooLarge { limit: most }, "{headers}");
        }
        assert!(folder.is_empty());
    }
}

#[test]
fn without_a_folder_that_can_be_used_a_file_stays_in_memory_within_the_limit_there() {
    let broken = Spool::in_folder("/dev/null/spool");
    let room = Some(Room { spool: &broken, most: u64::MAX });
    for (body, is_taken) in [(MEMORY as usize, true), (MEMORY as usize + 1, false)] {
        let server = Server::saying(WAYS[0], answer("", &vec![7; body]), false);
        let allowance = Allowance { room, ..Allowance::new(Deadline::within(LONG), 64 << 10, MEMORY) };
        match get_file(&server.connection(), allowance) {
            Ok(answer) => assert!(is_taken && !answer.body.is_on_disk()),
            Err(error) => assert_eq!((error, is_taken), (SendError::TooLarge { limit: MEMORY }, false)),
        }
    }
}

/// A server that gives on what it got: the head, and the body.
fn listening(way: crate::peer::Way) -> (Server, mpsc::Receiver<(String, Vec<u8>)>) {
    let (arrived, received) = mpsc::channel();
    let server = Server::start(way, move |peer, _| {
        let peer = peer.as_mut().unwrap();
        while let Some(head) = peer.head() {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let length: usize = length.unwrap();
            let (mut body, mut piece) = (Vec::new(), vec![0; 1 << 20]);
            while body.len() < length {
                match peer.read(&mut piece) {
                    0 => break,
                    amount => body.extend_from_slice(&piece[..amount]),
                }
            }
            arrived.send((head, body)).unwrap();
            peer.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    (server, received)
}

fn post(connection: &Connection, body: &Value, given: AskedBody) -> Result<Answer, SendError> {
    let declared = declared(&json!({"method": "POST", "body": body}));
    let asked = Asked { body: Some(given), ..asked() };
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let weight = weight(&declared, &asked, item, connection, u64::MAX, &work());
    assert!(weight.in_memory < MEMORY && weight.on_disk >= LARGE as u64, "{weight:?}");
    let outgoing = prepare(&declared, &asked, item, connection, &work()).unwrap();
    assert!(outgoing.body_bytes() >= LARGE as u64 && !outgoing.shown().body.unwrap().contains("xxx"));
    send(connection, &outgoing, Allowance::new(Deadline::within(LONG), 64 << 10, MEMORY), None)
}

#[test]
fn a_large_file_is_sent_from_where_it_is() {
    let (folder, file) = (Folder::new(), with_secrets());
    let kept = folder.spool.keep(Blob::new(file.clone(), "image/png", Some("a.png".to_owned()))).unwrap();
    let whole = json!({"blob": {"source": {"free": "a test"}, "media-types": ["image/png"]}});
    let parts = json!({"multipart": {
        "fields": [], "open": "a test", "media-types": ["image/png"],
    }});
    for way in WAYS {
        let (server, arrived) = listening(way);
        let connection = server.connection();
        assert_eq!(post(&connection, &whole, AskedBody::Blob(kept.clone())).unwrap().status, 200);
        let (head, body) = arrived.recv().unwrap();
        assert!(body == file && !head.to_lowercase().contains("chunked"), "{head}");

        let part = kept.slice(0, LARGE as u64);
        let small = Blob::new(b"small".to_vec(), "image/png", None);
        let given = [("note", AskedPart::Text("a note".to_owned())), ("file", AskedPart::Blob(part))];
        let given = given.into_iter().chain([("more", AskedPart::Blob(small))]);
        let given = AskedBody::Multipart(given.map(|(name, part)| (name.to_owned(), part)).collect());
        assert_eq!(post(&connection, &parts, given).unwrap().status, 200);
        let (head, body) = arrived.recv().unwrap();
        let (_, boundary) = head.split_once("boundary=").unwrap();
        let boundary = boundary.lines().next().unwrap();
        let part = |head: &str, content: &[u8]| {
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
            [head.as_bytes(), content, b"\r\n"].concat()
        };
        let expected = [
            part("name=\"note\"", b"a note"),
            part("name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png", &file),
            part("name=\"more\"; filename=\"more\"\r\nContent-Type: image/png", b"small"),
            format!("--{boundary}--\r\n").into_bytes(),
        ];
        assert!(body == expected.concat());
        assert_eq!(server.sockets(), 1, "the length was right");
    }
}

#[test]
fn an_answer_before_the_file_is_read_is_told() {
    let folder = Folder::new();
    let kept = folder.spool.keep(Blob::new(vec![b'x'; 20 << 20], "image/png", None)).unwrap();
    let whole = json!({"blob": {"source": {"free": "a test"}, "media-types": ["image/png"]}});
    for way in WAYS {
        let server = Server::start(way, |peer, _| {
            let peer = peer.as_mut().unwrap();
            peer.head();
            peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large");
        });
        let answer = post(&server.connection(), &whole, AskedBody::Blob(kept.clone())).unwrap();
        assert_eq!((answer.status, &answer.body.bytes().unwrap()[..]), (413, &b"too large"[..]));
    }
}

#[test]
fn a_file_that_is_cut_off_while_it_is_sent_is_a_fault_of_the_host() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&vec![b'x'; LARGE]).unwrap();
    file.rewind().unwrap();
    let blob = Blob::from_file(file.try_clone().unwrap(), "image/png", None).unwrap();
    file.set_len(LARGE as u64 / 2).unwrap();
    let whole = json!({"blob": {"source": {"free": "a test"}, "media-types": ["image/png"]}});
    for way in WAYS {
        let (server, arrived) = listening(way);
        let result = post(&server.connection(), &whole, AskedBody::Blob(blob.clone()));
        let Err(SendError::Spool(error)) = result else { panic!("{result:?}") };
        assert!(error.to_string().contains("a file on disk cannot be read"), "{error}");
        assert!(arrived.recv().unwrap().1.len() < LARGE, "what is missing is not made up");
    }
}

#[test]
fn a_file_of_json_is_looked_at_before_it_is_sent() {
    let folder = Folder::new();
    let whole = json!({"blob": {"source": {"free": "a test"}, "media-types": ["application/json"]}});
    let declared = declared(&json!({"method": "POST", "body": whole}));
    let connection = crate::builder("http://127.0.0.1:9").build().unwrap();
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    for (member, is_sent) in [("note", true), ("_method", false)] {
        let text = json!({member: "x", "rest": "x".repeat(LARGE)}).to_string();
        let kept = folder.spool.keep(Blob::new(text, "application/json", None)).unwrap();
        assert!(kept.is_on_disk());
        let asked = Asked { body: Some(AskedBody::Blob(kept)), ..asked() };
        let weight = weight(&declared, &asked, item, &connection, u64::MAX, &work());
        assert!(weight.in_memory > LARGE as u64 && weight.on_disk == 0, "{weight:?}");
        assert_eq!(prepare(&declared, &asked, item, &connection, &work()).is_ok(), is_sent, "{member}");
    }
}

#[test]
fn a_blob_is_all_of_its_file_wherever_the_file_was_read_last() {
    for size in [100, LARGE] {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![b'x'; size]).unwrap();
        file.seek(std::io::SeekFrom::Start(4)).unwrap();
        let blob = Blob::from_file(file, "image/png", None).unwrap();
        assert_eq!(blob.len(), size as u64);
        assert_eq!(blob.bytes().unwrap().len(), size);
    }
}
