//! A proxy is used where the operator configures one, and nowhere else.

use wharf_egress::{ConnectionError, Secret};

use crate::server::OK;
use crate::{Server, builder, denied, get, unavailable};

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

#[test]
fn what_cannot_be_a_proxy_is_refused_without_repeating_its_password() {
    for url in ["proxy", "socks5://u:geheim@proxy", "http://u:geheim@proxy/path", "http://u:geheim@", ""] {
        match builder("http://provider.test").proxy(Secret::new(url)).build() {
            Err(error @ ConnectionError::Proxy(_)) => assert!(!error.to_string().contains("geheim"), "{error}"),
            other => panic!("{url}: {other:?}"),
        }
    }
}
