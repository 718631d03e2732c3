//! A connection is tried by the way that requests take, and no request is sent.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use wharf_egress::send::SendError;
use wharf_egress::{Connection, Reached, Secret, probe};

use crate::tls::{self, AUTHORITY};
use crate::{LONG, Server, answers, builder, get};

const THERE: Reached = Reached { wants_certificate: None };

#[track_caller]
fn unreached(connection: &Connection) -> String {
    match probe(connection, LONG) {
        Err(SendError::Unavailable(words)) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_is_reached_and_gets_no_request() {
    let server = Server::start();
    let connection = builder(&server.url()).build().unwrap();
    assert_eq!(probe(&connection, LONG).unwrap(), THERE);
    assert_eq!(probe(&connection, LONG).unwrap(), THERE);
    assert_eq!(get(&connection).unwrap().status, 200, "and then requests go on as ever");
    assert_eq!((server.arrived().len(), server.sockets()), (1, 3), "each try is a connection of its own");
}

#[test]
fn a_handshake_is_had_and_a_certificate_verified() {
    let server = tls::server();
    let local = || builder(&tls::url(&server, "localhost")).lookup(answers(&["127.0.0.1"]));
    assert_eq!(probe(&local().ca(AUTHORITY).build().unwrap(), LONG).unwrap(), THERE);
    let words = unreached(&local().build().unwrap());
    assert!(words.contains("is of an authority that is not trusted") && words.contains("ca_file"), "{words}");
    assert!(server.arrived().is_empty());
}

#[test]
fn where_nobody_listens_and_what_is_denied_is_told_as_for_a_request() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let words = unreached(&builder(&format!("http://{gone}")).build().unwrap());
    assert!(words.starts_with("nothing listens at http://127.0.0.1:"), "{words}");

    let server = Server::start();
    let internal = builder(&server.url_by_name("provider.test")).lookup(answers(&["127.0.0.1"]));
    let Err(SendError::Denied(denial)) = probe(&internal.build().unwrap(), LONG) else { panic!("it was not denied") };
    assert_eq!(denial.rule.name(), "address");
    let beyond = builder("http://169.254.169.254").proxy(Secret::new(server.url())).build().unwrap();
    assert!(matches!(probe(&beyond, LONG), Err(SendError::Denied(_))));
    assert_eq!(server.sockets(), 0);
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_and_nothing_goes_into_it() {
    let proxy = Server::answering(|_, socket| socket.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap_or(()));
    let through = |proxy: &Server| {
        let url = Secret::new(format!("http://user:proxy-password@{}", proxy.address));
        builder("http://provider.test").proxy(url).build().unwrap()
    };
    assert_eq!(probe(&through(&proxy), LONG).unwrap(), THERE);
    let arrived = proxy.arrived();
    assert!(arrived.len() == 1 && arrived[0].starts_with("CONNECT provider.test:80 "), "{arrived:?}");
    assert!(!arrived[0].contains(crate::SECRET), "{arrived:?}");

    let refuses = Server::answering(|_, socket| socket.write_all(b"HTTP/1.1 407 No\r\n\r\n").unwrap_or(()));
    let words = unreached(&through(&refuses));
    assert!(words.contains("407") && !words.contains("proxy-password"), "{words}");
}

#[test]
fn a_server_that_is_silent_is_waited_for_so_long_and_no_longer() {
    const SHORT: Duration = Duration::from_millis(200);
    // The system takes connections, and nobody speaks TLS.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = builder(&format!("https://{}", silent.local_addr().unwrap())).build().unwrap();
    let started = Instant::now();
    assert!(probe(&connection, SHORT).unwrap_err().to_string().contains("in the time that was left"));
    assert!(started.elapsed() < SHORT * 20, "it took {:?}", started.elapsed());
}
