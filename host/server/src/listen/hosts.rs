//! By which names the server is called.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Request, header};
use url::Url;

use crate::problem::{self, Problem};

/// Names that a `Host` may say.
#[derive(Debug)]
pub(crate) struct Hosts {
    names: Vec<String>,
    /// Of one that listens at every address of the machine: a name can be bent to it, and an address cannot.
    any_address: Option<u16>,
}

impl Hosts {
    /// Those of a listener: its address, and what the operator says.
    pub(crate) fn new(address: SocketAddr, public_url: Option<&str>, further: &[String]) -> Self {
        let (ip, port) = (address.ip(), address.port());
        let mut names = vec![address.to_string()];
        if ip.is_loopback() || ip.is_unspecified() {
            names.extend(["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}")));
        }
        if port == 80 {
            names.extend(names.clone().iter().filter_map(|name| name.strip_suffix(":80").map(str::to_owned)));
        }
        names.extend(public_url.and_then(|url| Url::parse(url).ok()).and_then(|url| authority(&url)));
        names.extend(further.iter().cloned());
        Self { names, any_address: ip.is_unspecified().then_some(port) }
    }

    /// Refuses a request that names another server.
    pub(crate) fn check<B>(&self, request: &Request<B>) -> Result<(), Problem> {
        let named = named(request.headers(), request.uri().authority().map(|authority| authority.as_str()));
        match named {
            Some(name) if self.is_one(name) => Ok(()),
            _ => Err(Problem::new(
                problem::WRONG_HOST,
                "the request's `Host` is not a name of this server; call it by its address or, where it has another name, write \
                 that to `hosts` under [server]",
            )),
        }
    }

    fn is_one(&self, name: &str) -> bool {
        let is_address = || {
            let port = self.any_address?;
            let address = match name.parse::<SocketAddr>() {
                Ok(address) => address,
                Err(_) => SocketAddr::new(name.parse::<IpAddr>().ok()?, 80),
            };
            (address.port() == port).then_some(())
        };
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name)) || is_address().is_some()
    }
}

/// The one name that a request says, and that it says everywhere.
fn named<'r>(headers: &'r HeaderMap, in_target: Option<&'r str>) -> Option<&'r str> {
    let mut all = headers.get_all(header::HOST).iter();
    let (first, None) = (all.next()?, all.next()) else { return None };
    let first = first.to_str().ok()?;
    in_target.is_none_or(|target| target.eq_ignore_ascii_case(first)).then_some(first)
}

/// As a client names it in `Host`: without the port where that is the usual one.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(hosts: &Hosts, fields: &[&str]) -> bool {
        let mut request = Request::builder().uri("/v1/plugins");
        for value in fields {
            request = request.header("host", *value);
        }
        hosts.check(&request.body(()).unwrap()).is_ok()
    }

    #[test]
    fn a_request_is_taken_only_where_it_names_this_server() {
        let own = Hosts::new(
            "127.0.0.1:8080".parse().unwrap(),
            Some("https://wharf.example.com"),
            &["wharf.lan:8080".into()],
        );
        for good in
            ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080", "wharf.example.com", "wharf.lan:8080"]
        {
            assert!(is_taken(&own, &[good]), "{good}");
        }
        for bad in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1",
            "127.0.0.1:80",
            "10.0.0.1:8080",
            "wharf.example.com:8080",
            "",
        ] {
            assert!(!is_taken(&own, &[bad]), "{bad}");
        }
        assert!(!is_taken(&own, &[]) && !is_taken(&own, &["127.0.0.1:8080", "127.0.0.1:8080"]));
    }

    #[test]
    fn a_server_at_every_address_is_called_by_each_of_them_and_by_no_name() {
        let all = Hosts::new("0.0.0.0:8080".parse().unwrap(), None, &[]);
        assert!(is_taken(&all, &["10.1.2.3:8080"]) && is_taken(&all, &["[fd00::1]:8080"]));
        assert!(!is_taken(&all, &["10.1.2.3:81"]) && !is_taken(&all, &["evil.example:8080"]));
    }

    #[test]
    fn the_target_says_the_same_name() {
        let own = Hosts::new("127.0.0.1:8080".parse().unwrap(), None, &[]);
        let with = |target: &str| {
            own.check(&Request::builder().uri(target).header("host", "127.0.0.1:8080").body(()).unwrap()).is_ok()
        };
        assert!(with("http://127.0.0.1:8080/v1") && !with("http://evil.example/v1"));
    }
}
