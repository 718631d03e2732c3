//! What the operator asks for by a URL leaves like everything else.

use std::time::Duration;

use wharf_egress::download::{DownloadError, download};

use crate::server::OK;
use crate::{LONG, Server, tls};

fn get(url: &str) -> Result<Vec<u8>, DownloadError> {
    download(url, 1 << 20, LONG)
}

fn answering(answer: &str) -> Server {
    let answer = answer.to_owned();
    Server::answering(move |_, socket| socket.write_all(answer.as_bytes()).unwrap_or(()))
}

#[test]
fn a_file_is_asked_for_once_with_nothing_but_what_http_needs() {
    let server = answering(OK);
    assert_eq!(get(&format!("{}/acme.wasm?build=7#readme", server.url())).unwrap(), b"ok");
    let arrived = server.arrived();
    let mut lines: Vec<&str> = arrived[0].trim_end().lines().collect();
    lines[1..].sort_unstable();
    let (host, agent) = (format!("host: {}", server.address), concat!("user-agent: wharf/", env!("CARGO_PKG_VERSION")));
    assert_eq!(lines, ["GET /acme.wasm?build=7 HTTP/1.1", "accept-encoding: gzip", "accept: */*", &host, agent]);
    assert_eq!(arrived.len(), 1);
}

#[test]
fn a_redirect_is_not_followed_and_its_goal_is_told() {
    let elsewhere = Server::start();
    for (location, goal) in [
        (format!("{}/b.wasm", elsewhere.url()), format!("give {}/b.wasm if", elsewhere.url())),
        ("/b.wasm".to_owned(), "/b.wasm if".to_owned()),
        ("http://b.example/\u{202e}".to_owned(), "give http://b.example/%E2%80%AE if".to_owned()),
        ("ftp://b.example/b.wasm".to_owned(), "; it is ftp://b.example/b.wasm, which cannot be downloaded".to_owned()),
        ("javascript:alert(1)".to_owned(), "; it is javascript:alert(1), which cannot be downloaded".to_owned()),
        (
            "http://169.254.169.254/b.wasm".to_owned(),
            "; it is http://169.254.169.254/b.wasm, an address that is never reached".to_owned(),
        ),
    ] {
        let server = answering(&format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"));
        let error = get(&format!("{}/a.wasm", server.url())).unwrap_err();
        assert!(matches!(error, DownloadError::Redirected { status: 302, .. }), "{error}");
        assert!(error.to_string().contains(&goal), "{error}");
    }
    assert_eq!(elsewhere.sockets(), 0);
}

#[test]
fn any_status_but_200_is_told() {
    for status in [201, 204, 206, 304, 404, 500] {
        let server = answering(&format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n"));
        let url = format!("{}/a.wasm", server.url());
        assert_eq!(get(&url), Err(DownloadError::Status { url, status, retry_after: None }));
    }
}

#[test]
fn when_to_try_again_is_told_where_the_server_says_it() {
    let date = "Sun, 06 Nov 2044 08:49:37 GMT";
    for (status, value, advice) in [
        (429, "30", "try again after 30 s"),
        (503, " 120 ", "try again after 120 s"),
        (503, date, "try again after Sun, 06 Nov 2044 08:49:37 GMT"),
        (413, "Sunday, 06-Nov-44 08:49:37 GMT", "try again after Sun, 06 Nov 2044 08:49:37 GMT"),
        (503, "soon", "look at the address"),
        (503, "-1", "look at the address"),
        (503, "", "look at the address"),
        (201, "30", "look at the address"),
    ] {
        let server = answering(&format!("HTTP/1.1 {status} x\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n"));
        let error = get(&format!("{}/a.wasm", server.url())).unwrap_err().to_string();
        assert!(error.ends_with(&format!("; {advice}")), "{value}: {error}");
    }
}

#[test]
fn no_more_is_read_and_no_longer_than_allowed() {
    let server = answering(OK);
    let url = format!("{}/", server.url());
    assert_eq!(download(&url, 1, LONG), Err(DownloadError::TooLarge { url, limit: 1 }));
    let silent = Server::answering(|_, _| {});
    let (url, within) = (format!("{}/", silent.url()), Duration::from_millis(200));
    assert_eq!(download(&url, 1, within), Err(DownloadError::Timeout { url, within }));
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let server = tls::server();
    let error = get(&tls::url(&server, "localhost")).unwrap_err().to_string();
    assert!(error.contains("certificate") && !error.contains("ca_file"), "{error}");
    assert!(server.arrived().is_empty());
}
