//! Bodies: where they end, and what is not their end.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use wharf_egress::send::SendError;

use crate::no_answer;
use crate::peer::{Server, WAYS, WITH_A_KEY, Way, send_anew, send_by};

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Says these bytes; when the client has them, which it says by hanging up or by a pause, does what is told.
fn ending(way: Way, bytes: &'static [u8], end: fn(&mut Option<crate::peer::Peer>)) -> Server {
    Server::start(way, move |peer, _| {
        let talking = peer.as_mut().unwrap();
        talking.head();
        talking.say(bytes);
        end(peer);
        // The client hangs up.
        if let Some(peer) = peer {
            peer.head();
        }
    })
}

#[test]
fn a_body_without_a_length_ends_with_a_clean_close_and_not_with_a_reset() {
    const BYTES: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nthe first half of a file";
    for way in WAYS {
        let closing = ending(way, BYTES, |peer| peer.as_mut().unwrap().close());
        assert_eq!(
            &send_by("GET", &closing.connection()).unwrap().body.bytes().unwrap()[..],
            b"the first half of a file"
        );

        let resetting = ending(way, BYTES, |peer| peer.take().unwrap().reset());
        let words = no_answer(send_by("GET", &resetting.connection()));
        assert!(words.contains("no whole answer: ") && words.contains("reset"), "{words}");
    }
}

#[test]
fn with_tls_the_end_of_the_stream_is_no_end_of_a_body_without_a_farewell() {
    const BYTES: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nthe first half of a file";
    let server = ending(Way::Tls, BYTES, |peer| peer.as_mut().unwrap().cut());
    let words = no_answer(send_by("GET", &server.connection()));
    assert!(words.contains("nobody knows whether the answer is whole"), "{words}");
}

#[test]
fn a_body_that_breaks_off_is_no_answer() {
    for way in WAYS {
        for (bytes, what) in [
            (&b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"[..], "6 bytes of the answer were missing"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "before the last chunk"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "before the last chunk"),
            (b"HTTP/1.1 200 OK\r\nContent-Le", "in the middle of the answer's head"),
            (b"", "before an answer came"),
        ] {
            for end in [(|peer| peer.as_mut().unwrap().close()) as fn(&mut Option<crate::peer::Peer>), |peer| {
                peer.take().unwrap().reset();
            }] {
                let words = no_answer(send_by("GET", &ending(way, bytes, end).connection()));
                assert!(words.contains(what), "{words}");
            }
        }
    }
}

#[test]
fn a_body_whose_last_chunk_has_come_is_whole_however_the_connection_ends() {
    for way in WAYS {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: 1\r\n",
        ] {
            let server = ending(way, bytes, |peer| peer.as_mut().unwrap().close());
            assert_eq!(&send_by("GET", &server.connection()).unwrap().body.bytes().unwrap()[..], b"ok");
        }
    }
}

#[test]
fn chunks_are_read_whatever_is_written_beside_them() {
    let long = format!("2;{}\r\nok\r\n0\r\n\r\n", "a=b;".repeat(10_000));
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n";
    for way in WAYS {
        for (bytes, sockets) in [
            (format!("{head}2\r\nok\r\n0\r\n\r\n"), 1),
            (format!("{head}{long}"), 1),
            (format!("{head}2;name=\"a quoted value\"\r\nok\r\n0;last\r\nX-Trailer: 1\r\n\r\n"), 1),
            (format!("{head}0000000000000000000000000000002\r\nok\r\n00\r\n\r\n"), 1),
            (format!("{head}1\r\no\r\n1\r\nk\r\n0\r\n\r\n"), 1),
            // Two readers could read these differently.
            (format!("{head}2 \r\nok\r\n0\r\n\r\n"), 2),
            (format!("{head}2\nok\n0\n\n"), 2),
            (format!("{head}2\r\nok\r\n0\r\n\n"), 2),
            (format!("{head}2\r\nok\r\n0\r\nX: y\n\r\n"), 2),
            (format!("{head}2\r\nok\r\n0\r\n\r\r\n"), 2),
            // An older server has no chunks (RFC 9112, section 6.1).
            (format!("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{long}"), 2),
        ] {
            let server = Server::saying(way, &bytes, false);
            let connection = server.connection();
            for _ in 0..2 {
                let answer = send_by("GET", &connection).unwrap();
                assert_eq!(
                    (&answer.body.bytes().unwrap()[..], answer.passed_over.len()),
                    (&b"ok"[..], sockets - 1),
                    "{bytes:.80}"
                );
            }
            assert_eq!(server.sockets(), sockets, "{bytes:.80}");
        }
    }
}

#[test]
fn chunks_that_are_none_are_refused() {
    for way in WAYS {
        for chunks in
            ["x\r\n", "2\r\nokay\r\n", "0x2\r\nok\r\n", "-2\r\nok\r\n", "fffffffffffffffff\r\n", "2;a\rb\r\nok\r\n"]
        {
            let server =
                Server::saying(way, format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"), true);
            let result = send_by("GET", &server.connection());
            let Err(SendError::Unreadable { problem: words, .. }) = result else { panic!("{chunks:?}: {result:?}") };
            assert!(words.contains("a chunk of its body"), "{words}");
        }
    }
}

#[test]
pub(crate) fn gzip_is_undone_by_whatever_name_and_whatever_follows() {
    let packed = gzip(b"ok");
    let followed = [packed.as_slice(), &[0; 512]].concat();
    for way in WAYS {
        for (encoding, body) in [
            ("gzip", &packed),
            ("GZIP", &packed),
            ("x-gzip", &packed),
            ("identity, gzip", &packed),
            ("gzip\r\nContent-Encoding: identity", &packed),
            ("gzip, utf-8", &packed),
            ("gzip", &followed),
        ] {
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n", body.len());
            let server = Server::saying(way, [head.as_bytes(), body].concat(), false);
            let connection = server.connection();
            for _ in 0..2 {
                let answer = send_by("GET", &connection).unwrap();
                assert_eq!(&answer.body.bytes().unwrap()[..], b"ok", "{encoding}");
                assert!(answer.headers.is_empty(), "{:?}", answer.headers);
                assert_eq!(answer.passed_over.len(), usize::from(body.len() > packed.len()));
            }
            assert_eq!(server.sockets(), 1);
        }
        for plain in ["identity", "UTF-8", "ISO-8859-1", ""] {
            let server = Server::saying(
                way,
                format!("HTTP/1.1 200 OK\r\nContent-Encoding: {plain}\r\nContent-Length: 2\r\n\r\nok"),
                false,
            );
            assert_eq!(&send_by("GET", &server.connection()).unwrap().body.bytes().unwrap()[..], b"ok", "{plain}");
        }
    }
}

#[test]
pub(crate) fn gzip_that_is_cut_short_is_not_handed_on() {
    let packed = gzip(&[b'x'; 10_000]);
    let half = &packed[..packed.len() - 5];
    for way in WAYS {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", half.len());
        let server = Server::saying(way, [head.as_bytes(), half].concat(), false);
        let result = send_by("GET", &server.connection());
        let Err(SendError::Unreadable { problem: words, .. }) = result else { panic!("{result:?}") };
        assert!(words.contains("packed with gzip, and is damaged"), "{words}");
    }
}

#[test]
fn a_socket_that_was_closed_as_the_request_came_is_told_apart_where_the_request_may_be_repeated() {
    for way in WAYS {
        // A first request opens the socket; the next one on it meets a server that hangs up.
        for method in ["PUT", "DELETE", "GET", "POST", "PATCH", "POST with a key", "PATCH with a key"] {
            let server = Server::start(way, |peer, number| {
                let peer = peer.as_mut().unwrap();
                let mut requests = 0;
                while peer.head().is_some() {
                    requests += 1;
                    if number == 0 && requests == 2 {
                        return;
                    }
                    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                }
            });
            let connection = server.connection();
            send_by("GET", &connection).unwrap();
            let result = send_by(method, &connection);
            let may_be_repeated = matches!(method, "PUT" | "DELETE" | "GET") || method.ends_with(WITH_A_KEY);
            match result {
                Err(SendError::Closed(_)) if may_be_repeated => {}
                Err(SendError::NoAnswer(_)) if !may_be_repeated => {}
                other => panic!("{method}: {other:?}"),
            }
            assert_eq!(&send_anew(method, &connection).unwrap().body.bytes().unwrap()[..], b"ok");
            assert_eq!(server.sockets(), 2);
        }
        // The first request on a socket is not repeated: the server may have meant it.
        for method in ["GET", "POST with a key"] {
            let server = Server::start(way, |peer, _| drop(peer.as_mut().unwrap().head()));
            no_answer(send_by(method, &server.connection()));
        }
    }
}

#[test]
fn a_repeated_request_passes_over_sockets_that_wait() {
    let server = Server::saying(Way::Plain, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false);
    let connection = server.connection();
    send_by("GET", &connection).unwrap();
    send_anew("GET", &connection).unwrap();
    assert_eq!(server.sockets(), 2);
    send_by("GET", &connection).unwrap();
    assert_eq!(server.sockets(), 2, "the new one is used again");
}

#[test]
fn a_refusal_is_told_though_its_body_is_cut_or_cannot_be_read() {
    for way in WAYS {
        for (head, body, left) in [
            ("Content-Length: 500\r\n", &b"{\"error\""[..], &b"{\"error\""[..]),
            ("Transfer-Encoding: chunked\r\n", b"ff\r\nhalf", b"half"),
            ("Connection: close\r\n", b"cut", b"cut"),
            ("Content-Encoding: br\r\nContent-Length: 3\r\n", b"abc", b""),
            ("Content-Encoding: gzip\r\nContent-Length: 3\r\n", b"abc", b""),
            ("Content-Type: text/plain; charset=klingon\r\nContent-Length: 3\r\n", b"abc", b"abc"),
        ] {
            let said =
                [b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n", head.as_bytes(), b"\r\n", body].concat();
            let server = Server::start(way, move |peer, _| {
                let talking = peer.as_mut().unwrap();
                talking.head();
                talking.say(&said);
                // With TLS, too, there is no farewell.
                peer.take().unwrap().reset();
            });
            let answer = send_by("GET", &server.connection()).unwrap();
            assert_eq!((answer.status, &answer.body.bytes().unwrap()[..]), (429, left), "{head}");
            assert!(answer.headers.contains(&("retry-after".to_owned(), "7".to_owned())));
            assert_eq!(answer.passed_over.len(), 1, "{:?}", answer.passed_over);
            let encoding = answer.headers.iter().any(|(name, _)| name == "content-encoding");
            assert_eq!(encoding, left.is_empty(), "what is left out says why: {:?}", answer.headers);
        }
    }
}
