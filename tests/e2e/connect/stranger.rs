//! What others may try with the port that the browser comes back to.

use std::net::{TcpListener, TcpStream};

use wharf_simulated::oauth::Options;

use super::{Acme, Browser, by_a_person};

#[test]
fn what_comes_from_elsewhere_is_refused_and_recorded_and_the_right_answer_still_counts() {
    let acme = Acme::new(Options::default(), by_a_person());
    let waiting = acme.begin(&[], "/start/");
    let host = waiting.address.split('/').nth(2).unwrap().to_owned();
    let mut browser = Browser::default();
    let callback = acme.leave(&mut browser, &waiting);

    let records = || acme.audit().matches("refused what a browser came back with").count();
    let mut refused = 0;
    let mut is_refused = |page: super::Page| {
        assert_eq!(page.status, 400, "{page:?}");
        assert!(page.body.contains("Refused"), "{}", page.body);
        for part in callback.split(['?', '&', '=']).filter(|part| part.len() > 12) {
            assert!(!page.body.contains(part), "{part} is repeated");
        }
        refused += 1;
    };
    is_refused(Browser::default().get(&callback));
    is_refused(browser.get(&callback.replace("state=", "state=0")));
    is_refused(browser.get(callback.split_once("&state").unwrap().0));
    is_refused(browser.get(&format!("http://{host}/callback")));
    assert_eq!(records(), refused);
    assert_eq!(acme.server.requests_of("/token").len(), 0, "no code was spent");

    for (head, status) in [
        ("GET /favicon.ico HTTP/1.1\r\nHost: HOST\r\n", 404),
        ("GET / HTTP/1.1\r\nHost: HOST\r\n", 404),
        ("GET /start/0000 HTTP/1.1\r\nHost: HOST\r\n", 410),
        ("GET /callback HTTP/1.1\r\nHost: attacker.example\r\n", 421),
        ("GET /callback HTTP/1.1\r\n", 421),
        ("POST /callback HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n", 405),
        ("nonsense\r\n", 400),
    ] {
        assert_eq!(browser.send(&host, &head.replace("HOST", &host)).status, status, "{head}");
    }
    let long = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n", "x".repeat(20 << 10));
    assert_eq!(browser.send(&host, &long).status, 431);
    let again = Browser::default().get(&waiting.address);
    assert_eq!((again.status, again.header("set-cookie")), (410, None), "nobody begins a second time");
    // Sockets that say nothing keep nobody waiting.
    let idle: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(&host).unwrap()).collect();

    assert_eq!(browser.get(&callback).status, 200);
    drop(idle);
    let run = acme.end(waiting);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.err.matches("is not the one that is waited for").count(), refused, "{}", run.err);
    assert_eq!(acme.server.requests_of("/token").len(), 1);
    assert!(TcpStream::connect(&host).is_err(), "a second answer finds nobody");
    acme.keeps_to_itself();
}

#[test]
fn a_redirect_address_of_a_proxy_is_the_one_that_the_provider_is_told() {
    let acme = Acme::new(Options::default(), by_a_person());
    let redirect = "https://wharf.example.com/back/here";
    let words = ["--redirect", redirect, "--listen", "127.0.0.1:0"];
    let waiting = acme.begin(&words, "/start/");
    assert!(waiting.address.starts_with("https://wharf.example.com/start/"), "{}", waiting.address);
    drop(waiting);
    for (wrong, words) in [
        ("http://wharf.example.com/callback", "neither https nor of this machine"),
        ("https://wharf.example.com/", "without a path"),
        ("callback", "no URL"),
    ] {
        acme.connect(&["--redirect", wrong]).fails(2, &[words]);
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    acme.connect(&["--listen", &address]).fails(2, &["nothing can wait for the browser at", "give another --listen"]);
}
