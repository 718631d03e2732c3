//! Which addresses a connection may reach.
//!
//! Every answer of the resolver is judged, one forbidden address refuses them all, and what was judged is what is
//! connected to: the resolver hands the client addresses, not a name.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::lookup::Lookups;
use crate::rules::{Denial, Rule};

/// Addresses of one host that are tried, at most: what the client's own list holds.
const MOST: usize = 16;

/// What kind of place an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On the public internet.
    Public,
    /// Loopback, private (RFC 1918, RFC 4193) or shared (RFC 6598) space: only where the operator says so.
    Internal,
    /// Link-local, cloud metadata, unspecified, multicast, broadcast, reserved: never.
    Never,
}

/// The kind of an address. An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) counts as IPv4.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => embedded_v4(v6).map_or_else(|| reach_v6(v6), reach_v4),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    // The wire server of Azure stands in public space and hands out machine credentials.
    let azure_metadata = address == Ipv4Addr::new(168, 63, 129, 16);
    // Alibaba Cloud's metadata service stands in shared space.
    let alibaba_metadata = address == Ipv4Addr::new(100, 100, 100, 200);
    let protocol_assignments = a == 192 && b == 0 && c == 0;
    let benchmarking = a == 198 && (b & 0xfe) == 18;
    let reserved = a == 0 || a >= 240;
    if azure_metadata
        || alibaba_metadata
        || protocol_assignments
        || benchmarking
        || reserved
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
    {
        Reach::Never
    } else if address.is_loopback() || address.is_private() || (a == 100 && (b & 0xc0) == 64) {
        Reach::Internal
    } else {
        Reach::Public
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let [first, second, ..] = address.segments();
    // AWS has its metadata and credential services in fd00:ec2::/32, inside of unique local space; Google Cloud has its at
    // fd20:ce::254.
    let metadata = (first == 0xfd00 && second == 0xec2) || address == Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254);
    let site_local = (first & 0xffc0) == 0xfec0;
    let documentation = (first == 0x2001 && second == 0xdb8) || (first & 0xfff0) == 0x3ff0;
    if address.is_loopback() || (address.is_unique_local() && !metadata) {
        Reach::Internal
    } else if (first & 0xe000) == 0x2000 && !documentation && !site_local {
        Reach::Public
    } else {
        Reach::Never
    }
}

/// Mapped (RFC 4291), NAT64 (RFC 6052, RFC 8215) and 6to4 (RFC 3056) addresses hold an IPv4 one.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(v4(high, low)),
        (0x64, 0xff9b, 1, ..) => Some(v4(high, low)),
        (0x2002, ..) => Some(v4(b, c)),
        _ => None,
    }
}

/// Resolves the host of a connection and judges the answers.
#[derive(Debug)]
pub(crate) struct GuardedResolver {
    /// Of the connection in the configuration, for messages; none for a download, which has no place there.
    pub(crate) connection: Option<String>,
    /// Whether the operator named an internal address: an IP literal, `localhost` or a proxy.
    pub(crate) internal: bool,
    /// Internal addresses that the operator allows besides.
    pub(crate) allowed: Vec<IpNet>,
    pub(crate) lookups: Lookups,
}

impl GuardedResolver {
    /// An address is allowed as it is, or as the IPv4 address inside of it.
    fn allows(&self, address: IpAddr) -> bool {
        let inside = match address {
            IpAddr::V6(v6) => embedded_v4(v6).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        self.allowed.iter().any(|net| net.contains(&address) || inside.is_some_and(|v4| net.contains(&v4)))
    }

    fn addresses(&self, host: &str, port: u16, within: Duration) -> io::Result<Vec<SocketAddr>> {
        match literal(host) {
            // It needs no look-up, which would cost a thread.
            Some(address) => Ok(vec![SocketAddr::new(address, port)]),
            None => self.lookups.find(host, port, within),
        }
    }

    fn judge(&self, host: &str, address: IpAddr) -> Result<(), Denial> {
        refuse_never(host, address)?;
        if reach(address) == Reach::Public || self.internal || self.allows(address) {
            return Ok(());
        }
        let message =
            format!("{} is an internal address, and the URL names a host, not an address", place(host, address));
        let remedy = match &self.connection {
            Some(name) => {
                format!("if it is meant, write allow_addresses = [\"{address}\"] in [connections.{name}] of wharf.toml")
            }
            None => "if it is meant, write the address into the URL in place of the name".to_owned(),
        };
        Err(Rule::Address.denies(message).with_remedy(remedy))
    }
}

/// The address that a host is written as, if it is one.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Refuses an address that is never reached, also where a proxy would reach it.
pub(crate) fn refuse_never(host: &str, address: IpAddr) -> Result<(), Denial> {
    match reach(address) {
        Reach::Never => Err(Rule::Address.denies(format!(
            "{} is link-local, a metadata service, multicast or reserved: such addresses are never reached",
            place(host, address)
        ))),
        Reach::Public | Reach::Internal => Ok(()),
    }
}

fn place(host: &str, address: IpAddr) -> String {
    if host.contains(&address.to_string()) { format!("`{host}`") } else { format!("`{host}` ({address})") }
}

impl Resolver for GuardedResolver {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().unwrap_or_default();
        let default_port = if uri.scheme_str() == Some("http") { 80 } else { 443 };
        let found = self.addresses(host, uri.port_u16().unwrap_or(default_port), *timeout.after);
        let found = found.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Error::Timeout(timeout.reason),
            _ => Error::Io(error),
        })?;
        for address in &found {
            self.judge(host, address.ip()).map_err(|denial| Error::Other(Box::new(denial)))?;
        }
        let mut addresses = self.empty();
        found.into_iter().take(MOST).for_each(|address| addresses.push(address));
        if addresses.is_empty() { Err(Error::HostNotFound) } else { Ok(addresses) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ureq::unversioned::transport::time::Duration as UreqDuration;

    use super::*;

    #[test]
    fn every_special_address_is_known() {
        let cases = [
            (Reach::Public, "1.1.1.1 93.184.216.34 2606:4700::1111 2a00:1450::1 64:ff9b::101:101 ::ffff:8.8.8.8"),
            (
                Reach::Internal,
                "127.0.0.1 127.8.8.8 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.255 ::1 fd12::1 \
                 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:a00:1::1",
            ),
            (
                Reach::Never,
                "0.0.0.0 0.1.2.3 169.254.169.254 168.63.129.16 100.100.100.200 192.0.0.8 192.0.2.1 198.18.0.1 224.0.0.1 \
                 240.0.0.1 255.255.255.255 :: fe80::1 fec0::1 ff02::1 2001:db8::1 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 ::ffff:169.254.169.254 \
                 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 ::127.0.0.1",
            ),
        ];
        for (expected, addresses) in cases {
            for address in addresses.split_whitespace() {
                assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
            }
        }
    }

    fn resolve(allowed: &[&str], answers: &str) -> Result<usize, String> {
        let answers: Vec<SocketAddr> =
            answers.split_whitespace().map(|a| SocketAddr::new(a.parse().unwrap(), 443)).collect();
        let resolver = GuardedResolver {
            connection: Some("shop".to_owned()),
            internal: false,
            allowed: allowed.iter().map(|net| net.parse().unwrap()).collect(),
            lookups: Lookups::with(Arc::new(move |_: &str, _| Ok(answers.clone()))),
        };
        let uri = "https://shop.example/".parse().unwrap();
        let timeout = NextTimeout { after: UreqDuration::from_secs(60), ..NextTimeout::default() };
        resolver.resolve(&uri, &Config::default(), timeout).map(|found| found.len()).map_err(|error| match error {
            Error::Other(denial) => denial.downcast::<Denial>().unwrap().to_string(),
            other => panic!("{other}"),
        })
    }

    #[test]
    fn one_forbidden_answer_refuses_them_all() {
        assert_eq!(resolve(&[], "1.1.1.1 2606:4700::1111"), Ok(2));
        let denial = resolve(&[], "1.1.1.1 10.0.0.7").unwrap_err();
        assert!(denial.contains("`shop.example` (10.0.0.7)") && denial.contains("[connections.shop]"), "{denial}");
        assert!(denial.contains("allow_addresses = [\"10.0.0.7\"]"), "{denial}");
    }

    #[test]
    fn an_allowance_covers_its_addresses_and_never_the_forbidden_ones() {
        assert_eq!(resolve(&["10.0.0.0/8"], "10.0.0.7 10.255.0.1"), Ok(2));
        assert!(resolve(&["10.0.0.0/8"], "10.0.0.7 192.168.0.1").is_err());
        assert!(resolve(&["10.0.0.0/8"], "::ffff:10.0.0.7").is_ok(), "the IPv4 inside counts");
        assert!(resolve(&["0.0.0.0/0", "::/0"], "169.254.169.254").unwrap_err().contains("never reached"));
    }
}
