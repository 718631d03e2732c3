//! The IPv4 addresses that an IPv6 one leads to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv6Net};

use crate::text::named;

use super::blocks::{GLOBAL_UNICAST, LOCAL_NAT64, UNIQUE_LOCAL, is_metadata};

/// A prefix in which the translator of a network (NAT64) has all of IPv4, such as `64:ff9b:1::/96`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nat64(Ipv6Net);

/// The one that all networks may use (RFC 6052, section 2.1).
const WELL_KNOWN: Nat64 = Nat64(Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96));

impl Nat64 {
    /// The IPv4 address behind the prefix, without bits 64 to 71, which are passed over (RFC 6052, section 2.2).
    fn inside(self, address: Ipv6Addr) -> Option<Ipv4Addr> {
        const PASSED_OVER: usize = 8;
        if !self.0.contains(&address) {
            return None;
        }
        let octets = address.octets();
        let behind = octets.iter().enumerate().skip(usize::from(self.0.prefix_len() / 8));
        let mut behind = behind.filter(|(place, _)| *place != PASSED_OVER).map(|(_, octet)| *octet);
        Some(Ipv4Addr::new(behind.next()?, behind.next()?, behind.next()?, behind.next()?))
    }
}

impl FromStr for Nat64 {
    type Err = String;

    /// Reads a prefix in the notation of networks.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |problem: &str| Err(format!("`{text}` {problem}"));
        let Ok(net) = text.parse::<Ipv6Net>() else {
            let shown = if text.contains(':') { format!("`{text}`") } else { named(text, "an entry") };
            return Err(format!("{shown} is no prefix of IPv6, such as 64:ff9b:1::/96"));
        };
        if !matches!(net.prefix_len(), 32 | 40 | 48 | 56 | 64 | 96) {
            return wrong("has another length than translators use: 32, 40, 48, 56, 64 or 96 (RFC 6052, section 2.2)");
        }
        let [.., ninth, _, _, _, _, _, _, _] = net.addr().octets();
        if net.addr() != net.network() || ninth != 0 {
            return wrong("has bits behind the prefix, or among bits 64 to 71, that are not zero");
        }
        let at = IpNet::V6(net);
        if net != WELL_KNOWN.0 && ![GLOBAL_UNICAST, UNIQUE_LOCAL, LOCAL_NAT64].iter().any(|space| space.contains(&at)) {
            return wrong("is not where a network may have its translator: 2000::/3, fc00::/7 or 64:ff9b:1::/48");
        }
        Ok(Self(net))
    }
}

/// All that an address may lead to, of which the worst counts. A network's own translators go before everything but the
/// metadata services.
pub(super) fn readings(address: IpAddr, nat64: &[Nat64]) -> Vec<IpAddr> {
    let IpAddr::V6(v6) = address else { return vec![address] };
    let translated: Vec<IpAddr> =
        nat64.iter().chain([&WELL_KNOWN]).filter_map(|prefix| prefix.inside(v6)).map(IpAddr::V4).collect();
    if !translated.is_empty() && !is_metadata(address) {
        return translated;
    }
    let itself = v6.to_ipv4_mapped().or_else(|| six_to_four(v6)).map_or(address, IpAddr::V4);
    [itself].into_iter().chain(isatap(v6).map(IpAddr::V4)).collect()
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// RFC 3056.
fn six_to_four(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// The tunnel that the last 64 bits of an address name, whatever its prefix (RFC 5214, section 6.1).
fn isatap(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [.., 0 | 0x200, 0x5efe, high, low] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translators_prefix_is_read_as_the_examples_of_rfc_6052_are() {
        for (prefix, address) in [
            ("2001:db8::/32", "2001:db8:c000:221::"),
            ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
            ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
            ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
            ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
            ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
        ] {
            let nat64: Nat64 = prefix.parse().unwrap();
            let read = readings(address.parse().unwrap(), &[nat64]);
            assert_eq!(read, [IpAddr::from([192, 0, 2, 33])], "{prefix}");
        }
    }

    #[test]
    fn what_is_no_translators_prefix_is_refused_in_words() {
        for (text, problem) in [
            ("10.0.0.0/8", "no prefix of IPv6"),
            ("64:ff9b:1::", "no prefix of IPv6"),
            ("64:ff9b:1::/80", "another length"),
            ("2a00:64::1/96", "not zero"),
            ("2a00:64:0:0:100::/96", "not zero"),
            ("fe80::/96", "not where a network may"),
            ("::/32", "not where a network may"),
            ("ff02::/96", "not where a network may"),
        ] {
            let error = text.parse::<Nat64>().unwrap_err();
            assert!(error.contains(problem) && error.contains(text), "{error}");
        }
    }
}
