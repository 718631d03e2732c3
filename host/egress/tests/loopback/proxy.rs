//! A proxy is used where the operator configures one, and nowhere else.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use wharf_egress::send::SendError;
use wharf_egress::{ConnectionError, Secret};

use crate::server::OK;
use crate::{Server, builder, denied, get, get_within, unavailable};

/// A proxy that is the provider as well: it grants the tunnel and answers what comes through it.
fn proxy() -> Server {
    Server::answering(|request, socket| {
        let answer = if request.starts_with("CONNECT ") { "HTTP/1.1 200 Connected\r\n\r\n" } else { OK };
        socket.write_all(answer.as_bytes()).unwrap_or(());
    })
}

fn through(proxy: &Server, base_url: &str) -> wharf_egress::ConnectionBuilder {
    let url = format!("http://user:proxy-password@{}", proxy.address);
    // The name is the proxy's affair: nobody here may ask for it.
    builder(base_url).proxy(Secret::new(url)).lookup(|host, _| panic!("{host} was looked up"))
}

#[test]
fn a_request_goes_through_a_tunnel_and_the_proxy_resolves_the_name() {
    let proxy = proxy();
    let connection = through(&proxy, "http://provider.test").build().unwrap();
    assert_eq!(get(&connection).unwrap().status, 200);
    assert_eq!(get(&connection).unwrap().status, 200);
    let arrived = proxy.arrived();
    assert_eq!(arrived.len(), 3, "the tunnel is used again");
    assert!(arrived[0].starts_with("CONNECT provider.test:80 HTTP/1.1\r\n"), "{}", arrived[0]);
    assert!(arrived[0].contains("Proxy-Authorization: Basic dXNlcjpwcm94eS1wYXNzd29yZA=="), "{}", arrived[0]);
    assert!(!arrived[0].contains(crate::SECRET), "the proxy is not shown the credential, where there is TLS");
    assert!(arrived[1].starts_with("GET /things/7 HTTP/1.1\r\n") && arrived[1].contains(crate::SECRET));
    assert!(!arrived[1].to_ascii_lowercase().contains("proxy-"), "{}", arrived[1]);
}

#[test]
fn an_address_that_is_never_reached_is_not_reached_through_a_proxy_either() {
    let proxy = proxy();
    for url in ["http://169.254.169.254", "http://[::ffff:169.254.169.254]:80/latest"] {
        assert_eq!(denied(get(&through(&proxy, url).build().unwrap())).rule.name(), "address", "{url}");
    }
    assert!(proxy.arrived().is_empty());
    assert_eq!(get(&through(&proxy, "http://10.0.0.7").build().unwrap()).unwrap().status, 200, "the operator wrote it");
}

#[test]
fn a_proxy_that_refuses_is_told_without_its_password() {
    let proxy = Server::answering(|_, socket| {
        socket.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").unwrap_or(());
    });
    let connection = through(&proxy, "http://provider.test").build().unwrap();
    let words = unavailable(get(&connection));
    assert!(words.contains("407") && !words.contains("proxy-password"), "{words}");
    assert!(!format!("{connection:?}").contains("proxy-password"));
}

/// What comes of a request through a proxy that answers this to a request for a tunnel, byte by byte.
fn granted_by(answer: impl Into<Vec<u8>>) -> Result<wharf_egress::send::Answer, SendError> {
    let answer = answer.into();
    let proxy = Server::answering(move |request, socket| {
        let answer = if request.starts_with("CONNECT ") { &answer } else { OK.as_bytes() };
        socket.write_all(answer).unwrap_or(());
    });
    get(&through(&proxy, "http://provider.test").build().unwrap())
}

#[test]
fn any_success_is_a_tunnel_however_its_head_is_written() {
    let many: String = (0..40).map(|number| format!("x-{number}: y\r\n")).collect();
    let heads = [
        "HTTP/1.1 201 Created\r\n\r\n".to_owned(),
        "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        "HTTP/1.0 299\r\n\r\n".to_owned(),
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 102 Processing\r\nx: y\r\n\r\nHTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\n\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(40_000)),
        "HTTP/1.1 200 OK\r\nWarning of something\r\nVia : x\r\nVia: x\r\n y\r\n\r\n".to_owned(),
        // A tunnel has no length (RFC 9110, section 9.3.6).
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n".to_owned(),
    ];
    for head in heads {
        assert_eq!(granted_by(head.as_str()).unwrap().status, 200, "{head}");
    }
}

#[test]
fn what_a_proxy_sends_after_its_answer_is_not_taken_for_that_of_the_provider() {
    let words = unavailable(granted_by(format!("HTTP/1.1 200 OK\r\n\r\n{OK}")));
    assert!(words.contains("sent more than its answer") && words.contains("nothing was sent through it"), "{words}");
}

#[test]
fn the_head_of_a_proxy_has_the_limit_of_every_head() {
    let words = unavailable(granted_by(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(70_000))));
    assert!(words.contains("a head of more than 65536 bytes: raise `answer_head`"), "{words}");
    let words = unavailable(granted_by("HTTP/1.1 100 Continue\r\n\r\n".repeat(4000)));
    assert!(words.contains("a head of more than 65536 bytes"), "{words}");
}

#[test]
fn a_proxy_that_answers_slowly_has_no_more_time_than_there_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let dripping = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nx: ").unwrap();
        // Each byte comes long before the time is over.
        while socket.write_all(b"y").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let connection = builder("http://provider.test").proxy(Secret::new(url)).build().unwrap();
    let started = Instant::now();
    assert_eq!(get_within(&connection, Duration::from_millis(400)).unwrap_err(), SendError::Timeout { sent: false });
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    dripping.join().unwrap();
}

/// What is said of a proxy that answers this, byte by byte, to a request for a tunnel.
fn said_of(answer: &'static [u8], user: &str, base_url: &str) -> String {
    let proxy = Server::answering(move |_, socket| socket.write_all(answer).unwrap_or(()));
    let url = format!("http://{user}{}", proxy.address);
    let connection = builder(base_url).proxy(Secret::new(url)).build().unwrap();
    let words = unavailable(get(&connection));
    assert!(words.contains(&format!("the proxy on the way to {base_url} ({})", proxy.address)), "{words}");
    assert!(!words.contains("geheim"), "{words}");
    words
}

#[test]
fn a_refused_tunnel_is_told_with_its_port_and_what_can_be_done() {
    const FORBIDDEN: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ngeheim";
    const METHOD: &[u8] = b"HTTP/1.0 405 Method Not Allowed\r\n\r\n";
    let words = said_of(FORBIDDEN, "", "https://provider.test:8443");
    assert!(words.contains("refused a tunnel to port 8443, provider.test:8443 (status 403)"), "{words}");
    assert!(words.contains("port 443 alone; whoever runs it has to allow this one, or set base_url"), "{words}");
    let words = said_of(METHOD, "", "http://provider.test");
    assert!(words.contains("a tunnel to port 80, provider.test:80 (status 405): it may open none at all"), "{words}");
    let words = said_of(FORBIDDEN, "", "https://provider.test");
    assert!(
        words.contains("refused a tunnel to provider.test:443 (status 403): whoever runs it has to allow this host"),
        "{words}"
    );
}

#[test]
fn only_a_refusal_that_may_be_about_the_port_is_told_as_one() {
    const STATUSES: [(&[u8], &str); 5] = [
        (
            b"HTTP/1.1 429 x\r\nRetry-After: 5\r\n\r\n",
            "for the time being (status 429); it says to try again after 5 s",
        ),
        (
            b"HTTP/1.1 503 x\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
            "(status 503): look at base_url, or ask who runs the proxy; it says to try again after Sun, 06 Nov 1994 08:49:37 GMT",
        ),
        (
            b"HTTP/1.1 500 x\r\nRetry-After: geheim\r\n\r\n",
            "failed to open a tunnel to provider.test:8443 (status 500): ask who runs it",
        ),
        (
            b"HTTP/1.1 451 x\r\n\r\n",
            "refused a tunnel to provider.test:8443 (status 451): whoever runs it has to allow this host",
        ),
        (
            b"HTTP/1.1 501 x\r\n\r\n",
            "refused a tunnel to port 8443, provider.test:8443 (status 501): it may open none at all",
        ),
    ];
    for (answer, expected) in STATUSES {
        let words = said_of(answer, "user:geheim@", "https://provider.test:8443");
        assert!(words.contains(expected) && !words.contains("port 443 alone"), "{words}");
    }
}

#[test]
fn a_refusal_is_read_however_large_its_head_is() {
    let many: String = (0..40).map(|number| format!("x-{number}: y\r\n")).collect();
    for (status, expected) in [(403, "port 443 alone"), (407, "does not take the user name and password")] {
        let words = unavailable(granted_by(format!("HTTP/1.1 {status} x\r\n{many}y: {}\r\n\r\n", "z".repeat(20_000))));
        assert!(words.contains(&format!("(status {status})")) && words.contains(expected), "{words}");
    }
}

#[test]
fn a_proxy_that_wants_a_password_is_told_from_one_that_does_not_take_it() {
    const WANTED: &[u8] =
        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
    let words = said_of(WANTED, "", "https://provider.test");
    assert!(
        words.contains("wants a user name and a password (status 407)") && words.contains("[connections.main]"),
        "{words}"
    );
    let words = said_of(WANTED, "user:geheim@", "https://provider.test");
    assert!(
        words.contains("does not take the user name and password of `proxy` in [connections.main] (status 407)"),
        "{words}"
    );
}

#[test]
fn what_fails_at_the_proxy_is_not_blamed_on_the_provider() {
    let url = "https://provider.test";
    let words = said_of(b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "", url);
    assert!(words.contains("cannot reach provider.test:443 (status 503)"), "{words}");
    assert!(
        said_of(b"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\n\r\n", "", url).contains("redirects in place")
    );
    assert!(said_of(b"\x15\x03\x03\x00\x02\x02\x32", "user:geheim@", url).contains("does not answer in HTTP"));
    assert!(said_of(b"SSH-2.0-OpenSSH_9.9\r\n\r\n", "", url).contains("does not answer in HTTP"));

    let words = said_of(b"HTTP/9 geheim\r\n\r\n", "user:geheim@", url);
    assert!(words.contains("does not answer in HTTP: look"), "it knows the password: {words}");

    let address = listening(&[b"HTTP/1.1 403 Forb"]);
    let words = unavailable(get(&builder(url).proxy(Secret::new(format!("http://{address}"))).build().unwrap()));
    assert!(words.contains(&format!("({address}) closed the connection in the middle of its answer")), "{words}");

    let address = listening(&[b""]);
    let to = |proxy: String| builder(url).proxy(Secret::new(proxy));
    let words = unavailable(get(&to(format!("http://{address}")).build().unwrap()));
    assert!(words.contains(&format!("({address}) closed the connection without an answer")), "{words}");

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let words = unavailable(get(&to(format!("http://user:geheim@{nobody}")).build().unwrap()));
    assert!(words.contains("nothing listens at the proxy on the way to https://provider.test"), "{words}");
    let unknown = to("http://proxy.test:3128".to_owned()).lookup(|_, _| Ok(Vec::new()));
    let words = unavailable(get(&unknown.build().unwrap()));
    assert!(words.contains("the proxy on the way to") && words.contains("(proxy.test:3128)"), "{words}");
}

#[test]
fn a_proxy_with_tls_that_fails_is_told_from_a_provider_with_tls_that_fails() {
    let with_tls = crate::tls::server();
    let proxy = format!("https://user:geheim@127.0.0.1:{}", with_tls.address.port());
    let words = unavailable(get(&builder("https://provider.test").proxy(Secret::new(proxy)).build().unwrap()));
    assert!(
        words.contains("the proxy on the way to")
            && words.contains("write ca_file = \"its certificate\" in [connections.main]"),
        "{words}"
    );
    assert!(!words.contains("geheim"), "{words}");

    let through =
        |proxy: String| unavailable(get(&builder("https://provider.test").proxy(Secret::new(proxy)).build().unwrap()));
    let words = through(format!("https://{}", listening(&[b"HTTP/1.1 400 Bad Request\r\n\r\n"])));
    assert!(words.contains("does not speak TLS") && words.contains("its URL begins with http://"), "{words}");
    assert_eq!(words.matches("http://").count(), 1, "it is said once: {words}");

    // There is a tunnel, and what comes through it is no TLS.
    let address = listening(&[b"HTTP/1.1 200 Connected\r\n\r\n", b"no TLS at all, whatever was asked"]);
    let words = through(format!("http://{address}"));
    assert!(
        words.starts_with(&format!("https://provider.test (through the proxy {address}) cannot be reached")),
        "{words}"
    );
}

/// The address of something that writes these bytes to each socket, each after it has read some, and closes it.
fn listening(answers: &'static [&'static [u8]]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            for answer in answers {
                let _ = socket.read(&mut [0; 4096]);
                let _ = socket.write_all(answer);
            }
            let _ = socket.shutdown(Shutdown::Write);
            // What is left unread would make a reset of the close.
            let _ = socket.read_to_end(&mut Vec::new());
        }
    });
    address
}

#[test]
fn what_cannot_be_a_proxy_is_refused_without_repeating_its_password() {
    for url in ["proxy", "socks5://u:geheim@proxy", "http://u:geheim@proxy/path", "http://u:geheim@", ""] {
        match builder("http://provider.test").proxy(Secret::new(url)).build() {
            Err(error @ ConnectionError::Proxy(_)) => assert!(!error.to_string().contains("geheim"), "{error}"),
            other => panic!("{url}: {other:?}"),
        }
    }
}
