//! Where the browser comes back to: a server for one person and a few pages, on this machine.
//!
//! Whoever can reach the port can send it anything, as any page can by a browser. So a request is small, has a short time, is read
//! beside others, and has to name this server as its host: a page of a name that was bent to this address is another origin.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use url::{Host, Url};
use wharf::shortage;
use wharf_server::Page;

use crate::exit::Usage;

/// How long a request and its answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How large the head of a request may be, in bytes.
const LARGEST: usize = 16 << 10;

/// How many header fields it may have.
const FIELDS: usize = 100;

/// How many requests are read at one time. A browser opens more sockets than it uses.
const AT_ONE_TIME: usize = 16;

/// Where it waits, and how it is called from outside.
pub(super) struct Listener {
    socket: TcpListener,
    /// Where the browser comes back to, without a query.
    pub(super) redirect: Url,
    hosts: Vec<String>,
}

/// A request that names this server as its host.
pub(super) struct Request {
    pub(super) path: String,
    pub(super) query: String,
    cookies: Vec<String>,
    socket: TcpStream,
}

impl Listener {
    /// At an address, or at one of this machine, with the redirect address that the provider knows, or one of its own.
    pub(super) fn new(listen: Option<SocketAddr>, redirect: Option<&str>) -> Result<Self> {
        let redirect = redirect.map(checked).transpose()?;
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, redirect.as_ref().and_then(port_here).unwrap_or(0)));
        let address = listen.unwrap_or(here);
        let unusable = |error: std::io::Error| {
            Usage(format!("nothing can wait for the browser at {address}: {error}; give another --listen"))
        };
        let socket = TcpListener::bind(address).map_err(unusable)?;
        let mut own = socket.local_addr().map_err(unusable)?;
        let port = own.port();
        if own.ip().is_unspecified() {
            own = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        }
        let mut hosts = vec![own.to_string(), format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let redirect = match redirect {
            Some(redirect) => redirect,
            None => checked(&format!("http://{own}/callback"))?,
        };
        // A proxy passes on the name that it is called by, or calls this one by its own.
        hosts.extend(authority(&redirect));
        Ok(Self { socket, redirect, hosts })
    }

    pub(super) fn port(&self) -> u16 {
        self.socket.local_addr().map(|address| address.port()).unwrap_or_default()
    }

    /// Hands on each request until nobody takes them any more.
    pub(super) fn serve(self, take: impl Fn(Request) -> bool + Send + Sync + 'static) -> Result<()> {
        let (take, hosts, busy) = (Arc::new(take), Arc::new(self.hosts), Arc::new(AtomicUsize::new(0)));
        let socket = self.socket;
        let accept = move || {
            for stream in socket.incoming() {
                let Ok(stream) = stream else {
                    // Such as too many open files: they are closed by others, in their time.
                    thread::sleep(Duration::from_millis(50));
                    continue;
                };
                if busy.fetch_add(1, Ordering::SeqCst) >= AT_ONE_TIME {
                    busy.fetch_sub(1, Ordering::SeqCst);
                    continue;
                }
                let (take, hosts, done) = (Arc::clone(&take), Arc::clone(&hosts), Arc::clone(&busy));
                let read = move || {
                    if let Some(request) = read(stream, &hosts) {
                        take(request);
                    }
                    done.fetch_sub(1, Ordering::SeqCst);
                };
                if thread::Builder::new().name("request".to_owned()).spawn(read).is_err() {
                    busy.fetch_sub(1, Ordering::SeqCst);
                }
            }
        };
        let thread = thread::Builder::new().name("listener".to_owned()).spawn(accept);
        let thread = thread
            .map_err(|error| anyhow::anyhow!("{}", shortage::in_words("thread to wait for the browser", &error)))?;
        // It ends with the process.
        drop(thread);
        Ok(())
    }
}

/// The redirect address, which is one that a browser can be sent to.
fn checked(text: &str) -> Result<Url> {
    let wrong = |why: &str| {
        Usage(format!(
            "--redirect is {why}; write it as the provider knows it, such as https://wharf.example.com/callback"
        ))
    };
    let url = Url::parse(text).map_err(|error| wrong(&format!("no URL ({error})")))?;
    let is_here = matches!(url.host(), Some(Host::Domain("localhost")))
        || matches!(url.host(), Some(Host::Ipv4(ip)) if ip.is_loopback())
        || matches!(url.host(), Some(Host::Ipv6(ip)) if ip.is_loopback());
    if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
        return Err(wrong("neither https nor of this machine: others could read what comes back").into());
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() || url.query().is_some() {
        return Err(wrong("more than an address: it has a query, a fragment or a user name").into());
    }
    if url.path() == "/" {
        return Err(wrong("without a path").into());
    }
    Ok(url)
}

/// The port of a redirect address of this machine that leads to no proxy.
fn port_here(url: &Url) -> Option<u16> {
    url.port().filter(|_| url.scheme() == "http")
}

/// As a browser names it in `Host`: without the port where that is the usual one.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The next request, or an answer why it is none.
fn read(mut socket: TcpStream, hosts: &[String]) -> Option<Request> {
    let deadline = wharf::Deadline::within(PATIENCE);
    let mut head = Vec::new();
    let mut piece = [0; 2048];
    socket.set_write_timeout(Some(PATIENCE)).ok()?;
    while !is_whole(&head) {
        if head.len() > LARGEST {
            return refuse(socket, 431);
        }
        socket.set_read_timeout(Some(deadline.left())).ok()?;
        match socket.read(&mut piece) {
            Ok(read) if read > 0 => head.extend_from_slice(piece.get(..read)?),
            _ => return None,
        }
    }
    match parse(&head, hosts) {
        Ok((path, query, cookies)) => Some(Request { path, query, cookies, socket }),
        Err(status) => refuse(socket, status),
    }
}

fn is_whole(head: &[u8]) -> bool {
    head.windows(4).any(|four| four == b"\r\n\r\n")
}

fn refuse(mut socket: TcpStream, status: u16) -> Option<Request> {
    send(&mut socket, &refused(status));
    None
}

/// Path, query and cookies, or the status that says what is wrong.
fn parse(head: &[u8], hosts: &[String]) -> Result<(String, String, Vec<String>), u16> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let parsed = request.parse(head).map_err(|error| match error {
        httparse::Error::TooManyHeaders => 431,
        _ => 400_u16,
    })?;
    let (true, Some(method), Some(target)) = (parsed.is_complete(), request.method, request.path) else {
        return Err(400);
    };
    let values = |name: &'static str| {
        let named = request.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
        named.map(|field| std::str::from_utf8(field.value).unwrap_or_default())
    };
    let named: Vec<&str> = values("host").collect();
    match named.as_slice() {
        [host] if hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) => {}
        _ => return Err(421),
    }
    if method != "GET" {
        return Err(405);
    }
    if !target.starts_with('/') || !target.is_ascii() {
        return Err(400);
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let cookies = values("cookie").flat_map(|line| line.split(';')).map(|pair| pair.trim().to_owned()).collect();
    Ok((path.to_owned(), query.to_owned(), cookies))
}

impl Request {
    /// The value of a cookie.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.cookies.iter().filter_map(|pair| pair.split_once('='));
        pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next()
    }

    pub(super) fn answer(mut self, page: &Page) {
        send(&mut self.socket, page);
    }
}

/// Where a request is none that is waited for.
pub(super) fn refused(status: u16) -> Page {
    Page::new(
        status,
        "Nothing here",
        "Wharf waits here for an answer that a browser comes back with, and for nothing else.",
    )
}

/// A page as it is sent.
fn to_bytes(page: &Page) -> Vec<u8> {
    let body = page.body();
    let mut head = format!("HTTP/1.1 {} {}\r\n", page.status(), reason(page.status()));
    for (name, value) in page.headers() {
        // Writing to a String does not fail.
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "Connection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.into_bytes(), body.into_bytes()].concat()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        _ => "Bad Request",
    }
}

/// Whoever does not read the answer has none.
fn send(socket: &mut TcpStream, page: &Page) {
    let sent = socket.write_all(&to_bytes(page)).and_then(|()| socket.shutdown(std::net::Shutdown::Write));
    if sent.is_err() {
        return;
    }
    // Closing over what was not read yet would take the answer away again.
    let (begun, mut rest) = (Instant::now(), [0; 1024]);
    let _ = socket.set_read_timeout(Some(Duration::from_millis(500)));
    while begun.elapsed() < Duration::from_secs(1) && socket.read(&mut rest).is_ok_and(|read| read > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(head: &str) -> Result<(String, String, Vec<String>), u16> {
        parse(head.as_bytes(), &["127.0.0.1:4711".to_owned(), "wharf.example.com".to_owned()])
    }

    #[test]
    fn a_request_is_taken_only_where_it_names_this_server() {
        let (path, query, cookies) =
            parsed("GET /callback?code=1&state=2 HTTP/1.1\r\nHost: 127.0.0.1:4711\r\nCookie: a=1; b=2\r\n\r\n")
                .unwrap();
        assert_eq!((path.as_str(), query.as_str()), ("/callback", "code=1&state=2"));
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert!(parsed("GET / HTTP/1.1\r\nhost: WHARF.example.com\r\n\r\n").is_ok());
        for (head, status) in [
            ("GET / HTTP/1.1\r\nHost: attacker.example:4711\r\n\r\n", 421),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 421),
            ("GET / HTTP/1.1\r\n\r\n", 421),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:4711\r\nHost: 127.0.0.1:4711\r\n\r\n", 421),
            ("POST / HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n\r\n", 405),
            ("GET http://127.0.0.1:4711/ HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n\r\n", 400),
            ("nonsense\r\n\r\n", 400),
        ] {
            assert_eq!(parsed(head).unwrap_err(), status, "{head}");
        }
    }

    #[test]
    fn a_redirect_address_is_one_that_nobody_else_reads() {
        for good in ["https://wharf.example.com/callback", "http://localhost:8400/cb", "http://[::1]:1/cb"] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in [
            "http://wharf.example.com/callback",
            "https://wharf.example.com/",
            "https://wharf.example.com/cb?x=1",
            "https://ada:geheim@wharf.example.com/cb",
            "wharf.example.com/callback",
            "javascript:alert(1)",
        ] {
            let problem = checked(bad).unwrap_err().to_string();
            assert!(problem.starts_with("--redirect is ") && !problem.contains("geheim"), "{problem}");
        }
    }
}
