//! A server that has heard enough of an upload: its answer is the answer.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;
use wharf_egress::Deadline;
use wharf_egress::guard::{Item, prepare};
use wharf_egress::send::{Allowance, SendError, send};

use crate::peer::{Peer, Server, WAYS, upload};

/// More than the buffers of a socket hold.
const LARGE: usize = 20 << 20;

const LONG: Duration = Duration::from_secs(30);

/// How much of the file arrives.
fn all_of_it(peer: &mut Peer) -> usize {
    let (mut read, mut bytes) = (0, vec![0; 1 << 20]);
    while read < LARGE {
        match peer.read(&mut bytes) {
            0 => break,
            amount => read += amount,
        }
        assert!(bytes.iter().all(|byte| matches!(byte, b'x' | 0)), "what arrives is the file");
    }
    read
}

fn refusal(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: 9\r\nX-Why: size\r\n\r\ntoo large")
}

#[test]
fn an_answer_before_the_upload_is_read_is_told_whether_the_server_hangs_up_or_waits() {
    for way in WAYS {
        for hangs_up in [true, false] {
            for status in ["413 Content Too Large", "401 Unauthorized", "400 Bad Request", "307 Temporary Redirect"] {
                let server = Server::start(way, move |peer, _| {
                    let peer = peer.as_mut().unwrap();
                    peer.head();
                    // An interim answer is none yet.
                    peer.say("HTTP/1.1 102 Processing\r\n\r\n");
                    peer.say(refusal(status));
                    if !hangs_up {
                        // It reads nothing until the client has gone.
                        std::thread::park_timeout(Duration::from_secs(5));
                    }
                });
                let began = Instant::now();
                let answer = upload(&server.connection(), LARGE, LONG).unwrap();
                assert_eq!(
                    (answer.status.to_string(), &answer.body.bytes().unwrap()[..]),
                    (status[..3].to_owned(), &b"too large"[..])
                );
                assert!(began.elapsed() < Duration::from_secs(4), "{status} took {:?}", began.elapsed());
            }
        }
    }
}

#[test]
fn a_slow_server_that_reads_it_all_gets_it_all() {
    for way in WAYS {
        let server = Server::start(way, |peer, _| {
            let peer = peer.as_mut().unwrap();
            peer.head();
            // A pause that is longer than a look at the socket takes, with something to read that is no answer.
            peer.say("HTTP/1.1 100 Continue\r\n\r\n");
            std::thread::park_timeout(Duration::from_millis(700));
            let read = all_of_it(peer);
            peer.say(format!(
                "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
                if read == LARGE { "ok" } else { "no" }
            ));
            peer.head();
        });
        let answer = upload(&server.connection(), LARGE, LONG).unwrap();
        assert_eq!((answer.status, &answer.body.bytes().unwrap()[..]), (201, &b"ok"[..]));
    }
}

#[test]
fn a_success_before_the_upload_is_read_is_none() {
    for way in WAYS {
        let server = Server::start(way, |peer, _| {
            let peer = peer.as_mut().unwrap();
            peer.head();
            peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        let result = upload(&server.connection(), LARGE, LONG);
        let Err(SendError::NoAnswer(words)) = result else { panic!("{result:?}") };
        assert!(words.contains("before it had taken the whole request"), "{words}");
    }
}

#[test]
fn a_server_that_takes_nothing_and_says_nothing_times_out() {
    for way in WAYS {
        let server = Server::start(way, |peer, _| {
            peer.as_mut().unwrap().head();
            std::thread::park_timeout(Duration::from_secs(5));
        });
        let began = Instant::now();
        assert_eq!(
            upload(&server.connection(), LARGE, Duration::from_secs(1)).unwrap_err(),
            SendError::Timeout { sent: true }
        );
        assert!(began.elapsed() < Duration::from_secs(3));
    }
}

#[test]
fn an_upload_that_is_cut_off_without_an_answer_is_unavailable() {
    for way in WAYS {
        let server = Server::start(way, |peer, _| {
            peer.as_mut().unwrap().head();
            peer.take().unwrap().reset();
        });
        let result = upload(&server.connection(), LARGE, LONG);
        let Err(SendError::NoAnswer(words)) = result else { panic!("{result:?}") };
        assert!(words.contains("before an answer came"), "{words}");
    }
}

#[test]
fn a_success_that_is_told_early_counts_once_the_upload_is_taken() {
    for way in WAYS {
        let server = Server::start(way, |peer, _| {
            let peer = peer.as_mut().unwrap();
            peer.head();
            peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            std::thread::park_timeout(Duration::from_millis(700));
            all_of_it(peer);
            peer.say("2\r\nok\r\n0\r\n\r\n");
            peer.head();
        });
        let connection = server.connection();
        let answer = upload(&connection, LARGE, LONG).unwrap();
        assert_eq!((answer.status, &answer.body.bytes().unwrap()[..]), (200, &b"ok"[..]));
    }
}

#[test]
fn a_success_that_is_told_early_by_a_server_that_reads_no_further_is_none() {
    for way in WAYS {
        let server = Server::start(way, |peer, _| {
            let peer = peer.as_mut().unwrap();
            peer.head();
            peer.say("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
            std::thread::park_timeout(Duration::from_secs(5));
        });
        let result = upload(&server.connection(), LARGE, Duration::from_secs(2));
        let Err(SendError::NoAnswer(words)) = result else { panic!("{result:?}") };
        assert!(words.contains("status 201 before it had taken the whole request"), "{words}");
    }
}

#[test]
fn a_part_of_json_has_a_media_type_and_no_file_name() {
    let server = crate::Server::start();
    let part =
        json!({"name": "meta", "source": {"input": "name"}, "lists": "repeated", "media-type": "application/json"});
    let body = json!({"multipart": {"fields": [part], "open": null, "media-types": []}});
    let declared = crate::declared(&json!({"method": "POST", "body": body}));
    let input = crate::input();
    let item = Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let connection = crate::builder(&server.url()).build().unwrap();
    let outgoing = prepare(&declared, &crate::asked(), item, &connection, &crate::work()).unwrap();
    send(&connection, &outgoing, Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20), None).unwrap();
    let arrived = server.arrived().join("");
    let head = "Content-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n\"ada\"\r\n";
    assert!(arrived.contains(head), "{arrived}");
}
