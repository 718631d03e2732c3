//! Which addresses a connection may reach.
//!
//! Every answer of the resolver is judged, one forbidden address refuses them all, and what was judged is what is
//! connected to: the resolver hands the client addresses, not a name.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::configuration;
use crate::lookup::Lookups;
use crate::rules::{Denial, Rule};

mod blocks;
mod inside;

pub use blocks::Reach;
pub use inside::Nat64;
use inside::readings;

/// Addresses of one host that are tried, at most: what the client's own list holds.
const MOST: usize = 16;

/// The kind of an address: the worst of what it may lead to. An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, ISATAP)
/// counts as IPv4.
pub fn reach(address: IpAddr) -> Reach {
    reach_through(address, &[])
}

/// The same in a network with translators of its own.
pub(crate) fn reach_through(address: IpAddr, nat64: &[Nat64]) -> Reach {
    readings(address, nat64).into_iter().map(blocks::of).max().unwrap_or(Reach::Never)
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
    /// Where the network translates to IPv4.
    pub(crate) nat64: Vec<Nat64>,
    pub(crate) lookups: Lookups,
}

impl GuardedResolver {
    /// An address is allowed as it is, or as all that is internal of what it leads to.
    fn allows(&self, address: IpAddr) -> bool {
        let listed = |address: IpAddr| self.allowed.iter().any(|net| net.contains(&address));
        listed(address)
            || readings(address, &self.nat64).into_iter().all(|to| listed(to) || blocks::of(to) == Reach::Public)
    }

    fn addresses(&self, host: &str, port: u16, within: Duration) -> io::Result<Vec<SocketAddr>> {
        match literal(host) {
            // It needs no look-up, which would cost a thread.
            Some(address) => Ok(vec![SocketAddr::new(address, port)]),
            None => self.lookups.find(host, port, within),
        }
    }

    /// Refuses an address that is never reached, also where a proxy would reach it.
    pub(crate) fn refuse_never(&self, host: &str, address: IpAddr) -> Result<(), Denial> {
        if reach_through(address, &self.nat64) != Reach::Never {
            return Ok(());
        }
        let denial = Rule::Address.denies(format!(
            "{} is link-local, a metadata service, multicast or reserved: such addresses are never reached",
            place(host, address)
        ));
        Err(match &self.connection {
            Some(name) if blocks::LOCAL_NAT64.contains(&address) => denial.with_remedy(format!(
                "if the network translates to IPv4 there, name the prefix in [connections.{name}] of {}, such as \
                 nat64 = [\"64:ff9b:1::/96\"]",
                configuration::name()
            )),
            _ => denial,
        })
    }

    fn judge(&self, host: &str, address: IpAddr) -> Result<(), Denial> {
        self.refuse_never(host, address)?;
        if self.internal { Ok(()) } else { self.refuse_internal(host, address) }
    }

    /// Refuses an internal address that the operator does not allow by itself.
    pub(crate) fn refuse_internal(&self, host: &str, address: IpAddr) -> Result<(), Denial> {
        if reach_through(address, &self.nat64) == Reach::Public || self.allows(address) {
            return Ok(());
        }
        let message =
            format!("{} is an internal address, and the URL names a host, not an address", place(host, address));
        let remedy = match &self.connection {
            Some(name) => {
                let file = configuration::name();
                format!("if it is meant, write allow_addresses = [\"{address}\"] in [connections.{name}] of {file}")
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
                 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:a00:1::1 2a00:1450::5efe:10.0.0.1 2a00:1450::200:5efe:10.0.0.1 \
                 2002:808:808::5efe:10.0.0.1",
            ),
            (
                Reach::Never,
                "0.0.0.0 0.1.2.3 169.254.169.254 168.63.129.16 100.100.100.200 192.0.0.8 192.0.2.1 198.18.0.1 224.0.0.1 \
                 240.0.0.1 255.255.255.255 :: fe80::1 fec0::1 ff02::1 2001:db8::1 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 ::ffff:169.254.169.254 \
                 fd00:42::42 fd00:a9fe:a9fe::1 fd00:c1::a9fe:a9fe fd00:100::100:200 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 \
                 ::127.0.0.1 ::8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b:1::8.8.8.8 64:ff9b:1:a9fe:a9:fe00:: 2001::1 2001:2::1 \
                 2001:20::1 2001:0:808:808::f7f7:f7f7 2a00:1450::5efe:169.254.169.254 fd12::5efe:169.254.169.254 \
                 2620:4f:8000::1 4000::1",
            ),
        ];
        for (expected, addresses) in cases {
            for address in addresses.split_whitespace() {
                assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
            }
        }
    }

    fn resolve(allowed: &[&str], answers: &str) -> Result<usize, String> {
        resolve_through(&[], allowed, answers)
    }

    fn resolve_through(nat64: &[&str], allowed: &[&str], answers: &str) -> Result<usize, String> {
        let answers: Vec<SocketAddr> =
            answers.split_whitespace().map(|a| SocketAddr::new(a.parse().unwrap(), 443)).collect();
        let resolver = GuardedResolver {
            connection: Some("shop".to_owned()),
            internal: false,
            allowed: allowed.iter().map(|net| net.parse().unwrap()).collect(),
            nat64: nat64.iter().map(|prefix| prefix.parse().unwrap()).collect(),
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

    #[test]
    fn an_allowance_of_unique_local_addresses_leaves_the_metadata_services_out() {
        assert_eq!(resolve(&["fd00::/8"], "fd00:41::42 fd00:43::42"), Ok(2));
        for metadata in
            ["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", "fd00:a9fe:a9fe::1"]
        {
            assert!(resolve(&["fd00::/8"], metadata).unwrap_err().contains("never reached"), "{metadata}");
            let hidden = resolve_through(&["fd00:42::/32", "fd00:ec2::/32"], &["fd00::/8"], metadata);
            assert!(hidden.unwrap_err().contains("never reached"), "{metadata}");
        }
    }

    #[test]
    fn all_that_an_address_leads_to_has_to_be_allowed() {
        let both = "2002:a00:1::5efe:192.168.0.1";
        assert!(resolve(&["10.0.0.0/8"], both).is_err());
        assert!(resolve(&["192.168.0.0/16"], both).is_err());
        assert_eq!(resolve(&["10.0.0.0/8", "192.168.0.0/16"], both), Ok(1));
        assert_eq!(resolve(&["2002::/16"], both), Ok(1));
    }

    #[test]
    fn what_a_network_translates_is_judged_by_the_address_inside() {
        let local = resolve(&["::/0"], "64:ff9b:1::8.8.8.8").unwrap_err();
        assert!(local.contains("never reached") && local.contains("nat64 = [\"64:ff9b:1::/96\"]"), "{local}");
        let nat64 = ["64:ff9b:1::/96", "fd64::/48"];
        assert_eq!(resolve_through(&nat64, &[], "64:ff9b:1::8.8.8.8 fd64:0:0:808:8:800::"), Ok(2));
        assert!(resolve_through(&nat64, &[], "64:ff9b:1::10.0.0.1").unwrap_err().contains("is an internal address"));
        assert_eq!(resolve_through(&nat64, &["10.0.0.0/8"], "64:ff9b:1::10.0.0.1"), Ok(1));
        for hidden in ["64:ff9b:1::169.254.169.254", "fd64:0:0:a9fe:a9:fe00::"] {
            assert!(resolve_through(&nat64, &["::/0"], hidden).unwrap_err().contains("never reached"), "{hidden}");
        }
    }
}
