//! Heads as servers send them in the field: read where that is safe, refused where two readers could read two bodies.

use wharf_egress::send::{Answer, SendError};

use crate::peer::{Server, WAYS, Way, send_by};

/// What comes of an answer, and on how many sockets two requests went.
fn two(way: Way, method: &str, bytes: &str) -> (Result<Answer, SendError>, usize) {
    let server = Server::saying(way, bytes, false);
    let connection = server.connection();
    let first = send_by(method, &connection);
    send_by(method, &connection).map(drop).unwrap_or(());
    (first, server.sockets())
}

#[track_caller]
fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

const LENGTH: &str = "Content-Length: 2\r\n";

#[test]
fn a_head_that_is_strict_keeps_its_socket() {
    for way in WAYS {
        for head in [
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200\r\n",
            "HTTP/1.1 200 \r\n",
            "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n",
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        ] {
            let (answer, sockets) = two(way, "GET", &format!("{head}{LENGTH}\r\nok"));
            let answer = answer.unwrap();
            assert_eq!((answer.status, &answer.body.bytes().unwrap()[..]), (200, &b"ok"[..]), "{head}");
            assert_eq!((answer.passed_over, sockets), (Vec::new(), 1), "{head}");
        }
    }
}

#[test]
fn what_is_no_header_is_passed_over_and_told_and_the_socket_is_closed() {
    let warning = "PHP Warning:  Undefined variable $a in /srv/www/api.php on line 3";
    for way in WAYS {
        for (head, passed_over) in [
            (format!("HTTP/1.1 200 OK\r\n{warning}\r\nX-A: 1\r\n"), "no header: `PHP Warning"),
            ("HTTP/1.1 200 OK\r\n<br />\r\nX-A: 1\r\n".to_owned(), "no header: `<br />`"),
            ("HTTP/1.1 200 OK\r\nX-A : 1\r\n".to_owned(), "a blank before the colon of `X-A`"),
            ("HTTP/1.1 200 OK\r\nX-A:\r\n 1\r\n".to_owned(), "a folded line of `x-a`"),
            ("HTTP/1.1 200 OK\r\n folded\r\nX-A: 1\r\n".to_owned(), "no header: `folded`"),
            ("HTTP/1.1 200 OK\nX-A: 1\n".to_owned(), "LF without CR"),
            ("\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\n".to_owned(), "an empty line before"),
            ("HTTP/1.1 200 OK\r\n: empty\r\nX-A: 1\r\n".to_owned(), "no header: `: empty`"),
            ("HTTP/1.1 200 OK\r\nX-B: a\rb\r\nX-A: 1\r\n".to_owned(), "no header: `X-B: a"),
            ("HTTP/1.1 200 OK\r\nX-A: 1\r\r\n".to_owned(), "a CR too many"),
            ("HTTP/1.1  200 OK\r\nX-A: 1\r\n".to_owned(), "blanks in the status line"),
            (
                "HTTP/1.1 103 Early Hints\r\nPHP Warning foo\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\n".to_owned(),
                "no header",
            ),
            ("HTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 200 OK\r\nX-A: 1\r\n".to_owned(), "LF without CR"),
        ] {
            let (answer, sockets) = two(way, "GET", &format!("{head}{LENGTH}\r\nok"));
            let answer = answer.unwrap();
            assert_eq!((header(&answer, "x-a").trim(), &answer.body.bytes().unwrap()[..]), ("1", &b"ok"[..]), "{head}");
            assert!(answer.passed_over.iter().any(|what| what.contains(passed_over)), "{:?}", answer.passed_over);
            assert_eq!(sockets, 2, "{head}");
        }
    }
}

#[test]
fn a_head_from_which_two_readers_could_read_two_bodies_is_refused() {
    const CHUNKS: &str = "2\r\nok\r\n0\r\n\r\n";
    for way in WAYS {
        for (fields, body, words) in [
            ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", CHUNKS, "both a content-length and"),
            ("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", CHUNKS, "both a content-length and"),
            ("Content-Length: 2\r\nContent-Length: 3\r\n", "ok", "its content-length is `2, 3`"),
            ("Content-Length: 2, 3\r\n", "ok", "its content-length is `2, 3`"),
            ("Content-Length: +2\r\n", "ok", "its content-length is `+2`"),
            ("Content-Length: 0x2\r\n", "ok", "its content-length is `0x2`"),
            ("Content-Length: 99999999999999999999\r\n", "ok", "its content-length"),
            ("Content-Length:\r\n", "ok", "its content-length is ``"),
            ("Content-Length:\r\n 2\r\n", "ok", "could be read in two ways"),
            ("X-A: 1\r\n Content-Length: 2\r\n", "ok", "could be read in two ways"),
            ("X A Content-Length: 2\r\n", "ok", "could be read in two ways"),
            ("Content-Length\0: 2\r\n", "ok", "could be read in two ways"),
            ("Content-Length: 2\r\r\n", "ok", "could be read in two ways"),
            ("Content-Length: 2\x0c\r\n", "ok", "could be read in two ways"),
            ("Transfer-Encoding: \x0cchunked\r\n", CHUNKS, "could be read in two ways"),
            ("Transfer-Encoding: \x0bchunked\r\n", CHUNKS, "could be read in two ways"),
            ("X-A: 1\rTransfer-Encoding: chunked\r\n", CHUNKS, "could be read in two ways"),
            ("Transfer-Encoding:\r\n\tchunked\r\n", CHUNKS, "could be read in two ways"),
            ("Transfer-Encoding: gzip, chunked\r\n", CHUNKS, "its transfer coding is `gzip, chunked`"),
            ("Transfer-Encoding: chunked, chunked\r\n", CHUNKS, "its transfer coding is"),
            ("Transfer-Encoding: xchunked\r\n", CHUNKS, "its transfer coding is `xchunked`"),
        ] {
            let (answer, _) = two(way, "GET", &format!("HTTP/1.1 200 OK\r\n{fields}\r\n{body}"));
            let Err(SendError::Unreadable { problem: message, .. }) = answer else { panic!("{fields:?}: {answer:?}") };
            assert!(message.contains(words), "{message}");
        }
    }
}

#[test]
fn a_switch_to_another_protocol_is_refused() {
    let (answer, _) = two(Way::Plain, "GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    let Err(SendError::Unreadable { problem: message, .. }) = answer else { panic!("{answer:?}") };
    assert!(message.contains("another protocol"), "{message}");
}

#[test]
fn a_large_head_is_read_up_to_the_limit() {
    for way in WAYS {
        let policy = "a".repeat(18 << 10);
        let many: String = (0..140).map(|number| format!("X-{number}: {number}\r\n")).collect();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Security-Policy: {policy}\r\n{many}{LENGTH}\r\nok");
        let (answer, sockets) = two(way, "GET", &head);
        let answer = answer.unwrap();
        assert_eq!((header(&answer, "content-security-policy").len(), sockets), (18 << 10, 1));
        assert_eq!((header(&answer, "x-139"), answer.headers.len()), ("139", 142));

        let head = format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n{LENGTH}\r\nok", "a".repeat(64 << 10));
        assert_eq!(two(way, "GET", &head).0.unwrap_err(), SendError::HeadTooLarge { limit: 64 << 10 });
    }
}

#[test]
fn an_answer_without_a_body_has_none_whatever_its_head_says() {
    for way in WAYS {
        for (method, head, sockets) in [
            ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\n\r\n", 1),
            ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 1),
            ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 1),
            ("GET", "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n", 1),
            ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 1),
            ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n", 1),
            ("GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", 1),
            ("GET", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n", 1),
            // What follows could be taken for the next answer.
            ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", 2),
            ("GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 2),
        ] {
            let (answer, had) = two(way, method, head);
            let answer = answer.unwrap();
            assert_eq!((answer.body.bytes().unwrap().len(), had), (0, sockets), "{head}");
        }
    }
}

#[test]
fn a_value_that_is_not_utf8_is_read_as_iso_8859_1() {
    let server = Server::saying(
        Way::Plain,
        b"HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\nX-B: caf\xc3\xa9\r\nContent-Length: 0\r\n\r\n",
        false,
    );
    let answer = send_by("GET", &server.connection()).unwrap();
    assert_eq!((header(&answer, "x-a"), header(&answer, "x-b")), ("café", "café"));
}

#[test]
fn a_part_that_nobody_asked_for_is_no_answer() {
    for way in WAYS {
        for head in [
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/10\r\n",
            "HTTP/1.1 206 Partial Content\r\n",
            "HTTP/1.1 200 OK\r\nContent-Range: bytes 0-1/10\r\n",
        ] {
            let (answer, _) = two(way, "GET", &format!("{head}{LENGTH}\r\nok"));
            let Err(SendError::Unreadable { problem, status: Some(_) }) = answer else { panic!("{head}: {answer:?}") };
            assert!(problem.contains("it is a part"), "{problem}");
        }
    }
}
