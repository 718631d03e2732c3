//! Answers that are read line by line while they come.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tempfile::TempDir;
use wharf_egress::audit::{Audit, Recorder, Who};
use wharf_egress::guard::{Item, prepare};
use wharf_egress::lines::{Line, LineForm};
use wharf_egress::open::{OpenAnswer, Opened, Sender, Wanted, open};
use wharf_egress::outgoing::Outgoing;
use wharf_egress::send::{Allowance, Answer, SendError};
use wharf_egress::{Connection, Deadline};

use crate::peer::{Peer, Server, WAYS, Way, send_by};
use crate::{LONG, SECRET, asked, declared, input, work};

const WHO: Who<'static> =
    Who { call: "p-1", principal: None, plugin: "acme", digest: "d", operation: "things.do", connection: "main" };

const EVENTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n";

#[derive(Debug)]
struct Us<'a>(&'a Connection, Option<&'a Audit>);

impl Sender for Us<'_> {
    fn connection(&self) -> &Connection {
        self.0
    }

    fn recorder(&self) -> Option<Recorder<'_>> {
        self.1.map(|audit| Recorder { audit, who: WHO })
    }
}

fn outgoing(connection: &Connection) -> Arc<Outgoing> {
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "" };
    Arc::new(prepare(&declared(&json!({})), &asked(), item, connection, &work()).unwrap())
}

/// Asks for lines of at most a hundred bytes, of a thousand in all.
fn opened<'a>(us: Us<'a>, form: LineForm, within: Duration) -> Result<Opened<Us<'a>>, SendError> {
    let outgoing = outgoing(us.0);
    let allowance = Allowance::new(Deadline::within(within), 64 << 10, 1000);
    open(us, outgoing, allowance, None, |_, headers| {
        let is_meant = headers.iter().any(|(name, value)| name == "content-type" && !value.contains("html"));
        is_meant.then_some(Wanted { form, item_bytes: 100 })
    })
}

fn lines_of(us: Us<'_>, form: LineForm) -> Box<OpenAnswer<Us<'_>>> {
    match opened(us, form, Duration::from_secs(20)).unwrap() {
        Opened::Lines(lines) => lines,
        Opened::Whole(answer) => panic!("{answer:?}"),
    }
}

fn whole(result: Result<Opened<Us<'_>>, SendError>) -> Answer {
    match result.unwrap() {
        Opened::Whole(answer) => answer,
        Opened::Lines(lines) => panic!("{lines:?}"),
    }
}

fn data(answer: &mut OpenAnswer<Us<'_>>) -> (Vec<String>, Option<SendError>) {
    let mut data = Vec::new();
    loop {
        match answer.next_line() {
            Ok(Some(line)) => data.push(line.data),
            Ok(None) => return (data, None),
            Err(error) => return (data, Some(error)),
        }
    }
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// A server that says after the head what it is told, and then does what is left to do.
fn told(way: Way, head: String, then: impl Fn(Peer) + Send + Sync + 'static) -> (Server, mpsc::Sender<Vec<u8>>) {
    let (say, said) = mpsc::channel::<Vec<u8>>();
    let said = Mutex::new(said);
    let server = Server::start(way, move |place, _| {
        let peer = place.as_mut().unwrap();
        if peer.head().is_none() {
            return;
        }
        peer.say(&head);
        for bytes in said.lock().unwrap().iter() {
            peer.say(bytes);
        }
        then(place.take().unwrap());
    });
    (server, say)
}

/// A server that says this, and closes.
fn saying(head: &str, body: impl AsRef<[u8]>) -> Server {
    Server::saying(Way::Plain, [head.as_bytes(), b"\r\n", body.as_ref()].concat(), true)
}

#[test]
fn an_item_is_there_before_the_next_one_is_sent() {
    for way in WAYS {
        let (server, say) = told(way, format!("{EVENTS}\r\n"), drop);
        let connection = server.connection();
        let mut answer = lines_of(Us(&connection, None), LineForm::Events);
        assert_eq!((answer.status(), answer.headers()[0].1.as_str()), (200, "text/event-stream"));
        for (text, id) in [("one", "1"), ("two", "2")] {
            say.send(chunk(&format!("event: token\nid: {id}\ndata: {text}\n\n")).into()).unwrap();
            let expected = Line { data: text.to_owned(), event: "token".to_owned(), id: id.to_owned() };
            assert_eq!(answer.next_line().unwrap(), Some(expected));
        }
        say.send(b"0\r\n\r\n".to_vec()).unwrap();
        assert_eq!(answer.next_line().unwrap(), None);
        assert_eq!(answer.next_line().unwrap(), None, "it stays at its end");
        drop(answer);
        drop(say);
    }
}

#[test]
fn a_socket_is_used_again_after_the_end_and_not_after_a_hang_up() {
    let stream = format!("{EVENTS}\r\n{}0\r\n\r\n", chunk("data: 1\n\ndata: 2\n\n"));
    let server = Server::saying(Way::Plain, stream, false);
    let connection = server.connection();
    for _ in 0..2 {
        assert_eq!(data(&mut lines_of(Us(&connection, None), LineForm::Events)).0, ["1", "2"]);
    }
    assert_eq!(server.sockets(), 1);
    let mut answer = lines_of(Us(&connection, None), LineForm::Events);
    assert_eq!(answer.next_line().unwrap().unwrap().data, "1");
    answer.close().unwrap();
    assert_eq!(data(&mut lines_of(Us(&connection, None), LineForm::Events)).0, ["1", "2"]);
    assert_eq!(server.sockets(), 2);
}

#[test]
fn who_drops_an_answer_hangs_up_at_once() {
    let (hung_up, seen) = mpsc::channel();
    let hung_up = Mutex::new(hung_up);
    let (server, say) = told(Way::Plain, format!("{EVENTS}\r\n"), move |mut peer| {
        hung_up.lock().unwrap().send(peer.read(&mut [0])).unwrap();
    });
    let connection = server.connection();
    let mut answer = lines_of(Us(&connection, None), LineForm::Events);
    say.send(chunk("data: 1\n\n").into()).unwrap();
    assert_eq!(answer.next_line().unwrap().unwrap().data, "1");
    drop(answer);
    drop(say);
    assert_eq!(seen.recv_timeout(Duration::from_secs(20)).unwrap(), 0);
}

#[test]
fn an_answer_can_be_read_on_another_thread_and_beside_others() {
    let (server, say) = told(Way::Plain, format!("{EVENTS}\r\n"), drop);
    let other = Server::saying(Way::Plain, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true);
    let (connection, others) = (server.connection(), other.connection());
    let mut answer = lines_of(Us(&connection, None), LineForm::Events);
    say.send(chunk("data: 1\n\n").into()).unwrap();
    assert_eq!(answer.next_line().unwrap().unwrap().data, "1");
    assert_eq!(send_by("GET", &others).unwrap().status, 200);
    thread::scope(|scope| {
        scope.spawn(|| {
            say.send(chunk("data: 2\n\n").into()).unwrap();
            drop(say);
            let (rest, error) = data(&mut answer);
            assert_eq!(rest, ["2"]);
            let error = error.unwrap().to_string();
            assert!(
                error.starts_with("sent to http://localhost") && error.contains("before the last chunk"),
                "{error}"
            );
        });
    });
}

#[test]
fn what_breaks_off_gives_the_items_so_far_and_says_so() {
    let length = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100\r\n";
    let chunks = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n";
    for (head, body) in [(length, "1\n2\n3".to_owned()), (chunks, chunk("1\n2\n3"))] {
        let server = saying(head, body);
        let connection = server.connection();
        let (lines, error) = data(&mut lines_of(Us(&connection, None), LineForm::Json));
        assert_eq!(lines, ["1", "2"], "the third may have had more");
        assert!(matches!(error, Some(SendError::NoAnswer(_))), "{error:?}");
    }
    let (server, say) = told(Way::Plain, format!("{EVENTS}\r\n"), Peer::reset);
    let connection = server.connection();
    let mut answer = lines_of(Us(&connection, None), LineForm::Events);
    say.send(chunk("data: 1\n\n").into()).unwrap();
    assert_eq!(answer.next_line().unwrap().unwrap().data, "1");
    drop(say);
    assert!(matches!(answer.next_line(), Err(SendError::NoAnswer(_))));
}

#[test]
fn the_end_of_a_connection_is_the_end_of_an_answer_that_names_no_other() {
    let json = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n";
    let server = saying(json, "1\n2\n3");
    let connection = server.connection();
    assert_eq!(
        data(&mut lines_of(Us(&connection, None), LineForm::Json)),
        (vec!["1".into(), "2".into(), "3".into()], None)
    );

    let events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
    let server = saying(events, "data: 1\n\ndata: [DONE]\n");
    let connection = server.connection();
    let mut answer = lines_of(Us(&connection, None), LineForm::Events);
    assert_eq!(data(&mut answer), (vec!["1".into()], None));
    assert_eq!(answer.begun().unwrap().data, "[DONE]", "it has no blank line, and is told apart");
}

#[test]
fn a_secret_in_two_items_or_two_reads_is_in_none() {
    let (server, say) = told(Way::Plain, format!("{EVENTS}\r\n"), drop);
    let connection = server.connection();
    let (first, second) = SECRET.split_at(10);
    let mut answer = lines_of(Us(&connection, None), LineForm::Events);
    say.send(chunk(&format!("data: key {first}")).into()).unwrap();
    say.send(chunk(&format!("{second}\n\n")).into()).unwrap();
    assert_eq!(answer.next_line().unwrap().unwrap().data, "key •••");
    say.send(chunk(&format!("data: key {first}\n\ndata: {second}!\n\n")).into()).unwrap();
    assert_eq!(answer.next_line().unwrap().unwrap().data, "key •••");
    assert_eq!(answer.next_line().unwrap().unwrap().data, "!");
    say.send(chunk(&format!("data: key {first}\n\n")).into()).unwrap();
    drop(say);
    assert_eq!(answer.next_line().unwrap().unwrap().data, "key •••", "it broke off in the middle of one");
    assert!(answer.next_line().is_err());
}

#[test]
fn a_packed_answer_is_unpacked_while_it_comes() {
    for way in WAYS {
        let (server, say) = told(way, format!("{EVENTS}Content-Encoding: gzip\r\n\r\n"), drop);
        let connection = server.connection();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut answer = lines_of(Us(&connection, None), LineForm::Events);
        assert!(answer.headers().iter().all(|(name, _)| name != "content-encoding"));
        let say_packed = |packed: Vec<u8>| {
            say.send([format!("{:x}\r\n", packed.len()).as_bytes(), &packed, b"\r\n"].concat()).unwrap();
        };
        for text in ["one", "two"] {
            write!(gzip, "data: {text}\n\n").unwrap();
            gzip.flush().unwrap();
            say_packed(std::mem::take(gzip.get_mut()));
            assert_eq!(answer.next_line().unwrap().unwrap().data, text);
        }
        say_packed(gzip.finish().unwrap());
        say.send(b"0\r\n\r\n".to_vec()).unwrap();
        assert_eq!(answer.next_line().unwrap(), None);
        drop((answer, say));
    }
}

#[test]
fn what_cannot_be_read_while_it_comes_is_refused_in_words() {
    let head = |more: &str| format!("HTTP/1.1 200 OK\r\n{more}\r\nTransfer-Encoding: chunked\r\n");
    for (head, words) in [
        (head("Content-Type: text/event-stream\r\nContent-Encoding: gzip, gzip"), "packed with gzip twice"),
        (head("Content-Type: text/event-stream; charset=latin1"), "its lines have to be in UTF-8"),
        (head("Content-Type: text/event-stream\r\nContent-Encoding: br"), "encoded as `br`"),
    ] {
        let (server, say) = told(Way::Plain, format!("{head}\r\n"), drop);
        let connection = server.connection();
        let error = opened(Us(&connection, None), LineForm::Events, Duration::from_secs(20)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        drop(say);
    }
    for body in ["data: \u{fffd}\n\n".replace('\u{fffd}', "x").into_bytes(), b"data: \xff\n\n".to_vec()] {
        let server = saying("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", &body);
        let connection = server.connection();
        let (_, error) = data(&mut lines_of(Us(&connection, None), LineForm::Events));
        assert_eq!(error.is_some(), body.contains(&0xff), "{error:?}");
    }
    let cut = |bytes: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(bytes).unwrap();
        let packed = gzip.finish().unwrap();
        packed[..packed.len() - 3].to_vec()
    };
    let packed = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\n";
    let server = saying(packed, cut(b"1\n2\n3"));
    let connection = server.connection();
    let (lines, error) = data(&mut lines_of(Us(&connection, None), LineForm::Json));
    assert_eq!(lines, ["1", "2"]);
    assert!(error.unwrap().to_string().contains("damaged"));
}

#[test]
fn an_item_and_the_whole_have_no_more_bytes_than_allowed() {
    let json = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n";
    let long = format!("1\n{}\n", "2".repeat(101));
    let many = "12345678\n".repeat(200);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&[b'\n'; 1 << 20]).unwrap();
    let bomb = gzip.finish().unwrap();
    let packed = &format!("{json}Content-Encoding: gzip\r\n");
    let (item, whole) = (SendError::ItemTooLarge { limit: 100 }, SendError::TooLarge { limit: 1000 });
    for (head, body, most, expected) in
        [(json, long.into_bytes(), 1, &item), (json, many.into_bytes(), 111, &whole), (packed, bomb, 0, &whole)]
    {
        let server = saying(head, body);
        let connection = server.connection();
        let (lines, error) = data(&mut lines_of(Us(&connection, None), LineForm::Json));
        assert!(lines.len() <= most, "{}", lines.len());
        assert_eq!(error.as_ref(), Some(expected));
    }
}

#[test]
fn the_deadline_ends_an_answer_that_goes_on() {
    let (server, say) = told(Way::Plain, format!("{EVENTS}\r\n"), drop);
    let connection = server.connection();
    let opened = opened(Us(&connection, None), LineForm::Events, Duration::from_millis(300)).unwrap();
    let Opened::Lines(mut answer) = opened else { panic!("it is whole") };
    say.send(chunk("data: 1\n\n").into()).unwrap();
    assert_eq!(data(&mut answer), (vec!["1".to_owned()], Some(SendError::Timeout { sent: true })));
    drop(say);
}

#[test]
fn what_is_not_meant_line_by_line_is_read_whole() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
    let refusal = "HTTP/1.1 429 No\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n";
    for (head, body, status) in [(page, "a page", 200), (refusal, "data: 1\n\n", 429)] {
        let server = saying(head, body);
        let connection = server.connection();
        let answer = whole(opened(Us(&connection, None), LineForm::Events, Duration::from_secs(20)));
        assert_eq!((answer.status, &answer.body.in_memory().unwrap()[..]), (status, body.as_bytes()));
    }
}

#[test]
fn the_outcome_is_recorded_when_it_ends_however_it_does() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("audit.jsonl");
    let audit = Audit::new(&file, "p", true);
    let records = || -> Vec<serde_json::Value> {
        audit.flush().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let stream = format!("{EVENTS}\r\n{}0\r\n\r\n", chunk("data: 1\n\ndata: 2\n\n"));
    let server = Server::saying(Way::Plain, stream, false);
    let connection = server.connection();
    let mut answer = lines_of(Us(&connection, Some(&audit)), LineForm::Events);
    assert_eq!(records().len(), 1, "what is under way has an intent alone");
    assert_eq!(data(&mut answer).0.len(), 2);
    drop(answer);
    let mut answer = lines_of(Us(&connection, Some(&audit)), LineForm::Events);
    answer.next_line().unwrap();
    answer.close().unwrap();
    drop(lines_of(Us(&connection, Some(&audit)), LineForm::Events));
    let server = saying("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n", "data: 1\n\n");
    let connection = server.connection();
    let mut answer = lines_of(Us(&connection, Some(&audit)), LineForm::Events);
    assert!(data(&mut answer).1.is_some());
    drop(answer);
    for is_listened_to in [false, true] {
        let (server, _say) = told(Way::Plain, format!("{EVENTS}\r\n"), drop);
        let connection = server.connection();
        let soon = Deadline::within(Duration::from_millis(300));
        let (deadline, until) = if is_listened_to { (Deadline::within(LONG), Some(soon)) } else { (soon, None) };
        let allowance = Allowance::new(deadline, 64 << 10, 1000);
        let wanted = |_, _: &[_]| Some(Wanted { form: LineForm::Events, item_bytes: 100 });
        let opened = open(Us(&connection, Some(&audit)), outgoing(&connection), allowance, until, wanted);
        let Opened::Lines(mut answer) = opened.unwrap() else { panic!("it is whole") };
        let late = (!is_listened_to).then_some(SendError::Timeout { sent: true });
        assert_eq!((data(&mut answer), answer.is_left()), ((Vec::new(), late), is_listened_to));
    }

    let records = records();
    assert_eq!(records.len(), 12, "{records:?}");
    let outcome = |index: usize| &records[index];
    let of = |index: usize| {
        (outcome(index)["event"].as_str(), outcome(index)["status"].as_u64(), outcome(index)["received"].as_u64())
    };
    assert_eq!(of(1), (Some("outcome"), Some(200), Some(18)));
    assert_eq!(of(3), (Some("outcome"), Some(200), Some(18)));
    assert_eq!(outcome(3)["message"], json!(null));
    assert_eq!((of(5).1, outcome(5)["message"].as_str()), (Some(200), Some("given up by whoever asked for it")));
    assert!(outcome(7)["message"].as_str().unwrap().contains("bytes of the answer were missing"), "{:?}", outcome(7));
    assert_eq!(outcome(9)["message"], json!("the answer was still coming when the time was over"));
    assert_eq!((of(11).1, &outcome(11)["message"]), (Some(200), &json!(null)), "it was listened to for so long");
}
