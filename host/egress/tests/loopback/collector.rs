//! What is sent to a collector leaves like everything else.

use bytes::Bytes;
use wharf_egress::Secret;
use wharf_egress::collector::Collector;

use crate::{LONG, Server};

fn of(url: &str) -> Collector {
    Collector::new(url, [("Authorization".to_owned(), Secret::new("Bearer geheim"))], [], "server.telemetry").unwrap()
}

fn post(collector: &Collector) -> Result<u16, String> {
    let bytes = Bytes::from_static(b"spans");
    collector.post("/v1/traces", "application/x-protobuf", bytes, LONG).map(|collected| collected.status)
}

#[test]
fn what_is_collected_is_posted_below_the_endpoint_with_its_headers() {
    let server = Server::start();
    assert_eq!(post(&of(&format!("{}/otlp/", server.url()))), Ok(200));
    let arrived = server.arrived().remove(0);
    assert!(
        arrived.starts_with("POST /otlp/v1/traces HTTP/1.1\r\n") && arrived.ends_with("\r\n\r\nspans"),
        "{arrived}"
    );
    let lower = arrived.to_ascii_lowercase();
    assert!(lower.contains("authorization: bearer geheim\r\n"), "{arrived}");
    assert!(lower.contains("content-type: application/x-protobuf\r\n"), "{arrived}");
}

#[test]
fn a_redirect_is_an_answer_and_nothing_is_sent_to_where_it_leads() {
    let elsewhere = Server::start();
    let head = format!("HTTP/1.1 307 x\r\nLocation: {}/v1/traces\r\nContent-Length: 0\r\n\r\n", elsewhere.url());
    let server = Server::answering(move |_, socket| socket.write_all(head.as_bytes()).unwrap_or(()));
    assert_eq!(post(&of(&server.url())), Ok(307));
    assert_eq!(elsewhere.sockets(), 0);
}

#[test]
fn more_than_an_answer_may_have_is_refused() {
    let server = Server::answering(|_, socket| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 10 << 20);
        // Whoever reads no more hangs up.
        let _ = socket.write_all(head.as_bytes()).and_then(|()| socket.write_all(&vec![b'x'; 10 << 20]));
    });
    let told = post(&of(&server.url())).unwrap_err();
    assert!(told.contains("1048576"), "{told}");
}
