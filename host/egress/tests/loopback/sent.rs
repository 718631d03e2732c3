//! What is told of a request that has no answer: whether it was sent, and may have been done.

use std::net::TcpListener;
use std::time::Duration;

use wharf_egress::send::{Answer, SendError};

use crate::peer::{Peer, Server, WAYS, send_by, send_within};
use crate::{builder, no_answer, unavailable};

const MAYBE: &str = "what it asks for may have been done";

type End = fn(&mut Option<Peer>);

/// How a connection ends once the request is there.
const ENDS: [(&str, End); 5] = [
    ("closed", |peer| peer.as_mut().unwrap().close()),
    ("cut off", |peer| drop(peer.take())),
    ("reset", |peer| peer.take().unwrap().reset()),
    ("closed within the head", |peer| {
        peer.as_mut().unwrap().say("HTTP/1.1 200 O");
        peer.as_mut().unwrap().close();
    }),
    ("reset within the body", |peer| {
        peer.as_mut().unwrap().say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        peer.take().unwrap().reset();
    }),
];

#[test]
fn a_request_that_was_sent_before_the_connection_broke_may_have_been_done() {
    for way in WAYS {
        for (name, end) in ENDS {
            for method in ["POST", "PATCH", "PUT", "DELETE", "GET"] {
                let server = Server::start(way, move |peer, _| {
                    peer.as_mut().unwrap().head();
                    end(peer);
                });
                let words = no_answer(send_by(method, &server.connection()));
                let case = format!("{way:?}, {name}, {method}: {words}");
                assert!(words.starts_with("sent to http") && words.contains("answer: "), "{case}");
                assert_eq!(words.ends_with(MAYBE), method != "GET", "{case}");
            }
        }
    }
}

#[test]
fn a_time_that_runs_out_tells_whether_the_request_was_sent() {
    let within = Duration::from_millis(300);
    for way in WAYS {
        let server = Server::start(way, |peer, _| {
            peer.as_mut().unwrap().head();
            std::thread::park_timeout(Duration::from_secs(5));
        });
        assert_eq!(send_within("POST", &server.connection(), within).unwrap_err(), SendError::Timeout { sent: true });
    }
    // It takes the connection, and never says a word of TLS.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = builder(&format!("https://{}", silent.local_addr().unwrap())).build().unwrap();
    assert_eq!(send_within("POST", &to, within).unwrap_err(), SendError::Timeout { sent: false });
}

#[test]
fn what_was_not_sent_is_told_so() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let to = |url: String| send_by("POST", &builder(&url).build().unwrap());
    let not_sent = |result: Result<Answer, SendError>| {
        let words = unavailable(result);
        assert!(!words.contains("sent to") && !words.contains(MAYBE), "{words}");
        words
    };
    assert!(not_sent(to(format!("http://{nobody}"))).contains("nothing listens at"));
    assert!(not_sent(to(format!("https://{nobody}"))).contains("nothing listens at"));
    // It hangs up in the middle of TLS's greeting.
    let hangs_up = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = hangs_up.local_addr().unwrap();
    let server = std::thread::spawn(move || drop(hangs_up.accept()));
    not_sent(to(format!("https://{address}")));
    server.join().unwrap();
}
