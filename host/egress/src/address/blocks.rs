//! What kind of place an address is, taken as it stands: nothing is looked for inside of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What kind of place an address is. The worse is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// On the public internet.
    Public,
    /// Loopback, private (RFC 1918, RFC 4193) or shared (RFC 6598) space: only where the operator says so.
    Internal,
    /// Link-local, cloud metadata, unspecified, multicast, broadcast, reserved, of a protocol: never.
    Never,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

const fn v6(segments: [u16; 8], prefix: u8) -> IpNet {
    let [a, b, c, d, e, f, g, h] = segments;
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix))
}

/// Services that hand out credentials of a machine, and the document that names the address. Most clouds have theirs at
/// 169.254.169.254, which is link-local; these are not, so that an operator's `fd00::/8` would take them in.
const METADATA: [(IpNet, &str); 9] = [
    // Of AWS: EC2 ("Access instance metadata for an EC2 instance"), and beside it the Pod Identity Agent of EKS
    // ("Set up the Amazon EKS Pod Identity Agent"), name servers and clocks.
    (
        v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32),
        "docs.aws.amazon.com, AWSEC2/latest/UserGuide/instancedata-data-retrieval",
    ),
    (v4(168, 63, 129, 16, 32), "learn.microsoft.com, azure/virtual-network/what-is-ip-address-168-63-129-16"),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), "docs.cloud.google.com, compute/docs/metadata/querying-metadata"),
    (v4(100, 100, 100, 200, 32), "alibabacloud.com, help/en/ecs/user-guide/view-instance-metadata"),
    (v6([0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200], 128), "github.com/canonical/cloud-init, DataSourceAliYun"),
    (
        v4(192, 0, 0, 192, 32),
        "docs.oracle.com, cloud-at-customer/occ-get-started/retrieve-predefined-instance-metadata",
    ),
    (
        v6([0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128),
        "github.com/oracle/oci-python-sdk, instance_principals_security_token_signer.py",
    ),
    (v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128), "docs.cloud-init.io, reference/datasources/scaleway"),
    (
        v6([0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1], 128),
        "techdocs.akamai.com, cloud-computing/docs/metadata-service-api",
    ),
];

/// Where no provider is. This is all of the special-purpose registries but for what is internal: also where they call a
/// block globally reachable, as it belongs to a protocol (RFC 7723, RFC 7450 and others) or to servers that anybody may put
/// up to answer in vain (AS112).
const NEVER: [IpNet; 20] = [
    v4(0, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    // Assignments of the IETF, such as those of DS-Lite and NAT64 discovery.
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    // Relays of 6to4, once.
    v4(192, 88, 99, 0, 24),
    v4(192, 175, 48, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast, reserved and broadcast.
    v4(224, 0, 0, 0, 3),
    // Assignments of the IETF. Teredo (2001::/32) is among them, with the addresses of a server and a client inside.
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    // These are outside of the global unicast addresses, and are named for those who look for them: the addresses with an
    // IPv4 one inside that no network should carry (RFC 4291, RFC 2765), the translators of a network's own (RFC 8215), and
    // what was site-local.
    v6([0; 8], 96),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96),
    LOCAL_NAT64,
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),
];

/// Where a network has translators of its own (RFC 8215). An IPv4 address may stand at four places of an address in it, and
/// only the operator knows at which.
pub(super) const LOCAL_NAT64: IpNet = v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48);

pub(super) const UNIQUE_LOCAL: IpNet = v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7);
pub(super) const GLOBAL_UNICAST: IpNet = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
const LOOPBACK: IpNet = v6([0, 0, 0, 0, 0, 0, 0, 1], 128);

const INTERNAL: [IpNet; 7] = [
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
    LOOPBACK,
    UNIQUE_LOCAL,
];

pub(super) fn is_metadata(address: IpAddr) -> bool {
    METADATA.iter().any(|(net, _)| net.contains(&address))
}

/// The kind of an address as it stands.
pub(super) fn of(address: IpAddr) -> Reach {
    let is_in = |blocks: &[IpNet]| blocks.iter().any(|net| net.contains(&address));
    if is_metadata(address) {
        Reach::Never
    } else if is_in(&INTERNAL) {
        Reach::Internal
    } else if is_in(&NEVER) || (address.is_ipv6() && !GLOBAL_UNICAST.contains(&address)) {
        Reach::Never
    } else {
        Reach::Public
    }
}

#[cfg(test)]
mod tests {
    use super::super::reach;
    use super::*;

    /// The special-purpose registries of IANA for IPv4 and IPv6, as they stood in September 2026: block, name, document,
    /// and what the column "Globally Reachable" says.
    const REGISTRIES: &str = include_str!("../../tests/data/special-purpose.csv");

    fn registries() -> impl Iterator<Item = (IpNet, &'static str, &'static str)> {
        REGISTRIES.lines().skip(1).map(|line| {
            let mut cells = line.split(',');
            let mut cell = || cells.next().unwrap();
            let (net, name, _, reachable) = (cell().parse().unwrap(), cell(), cell(), cell());
            (net, name, reachable)
        })
    }

    fn ends(net: IpNet) -> [IpAddr; 2] {
        [net.network(), net.broadcast()]
    }

    #[test]
    fn nothing_of_the_special_purpose_registries_is_public_but_what_is_translated() {
        let mut public = Vec::new();
        for (net, name, reachable) in registries() {
            // Judged by the IPv4 addresses inside.
            if ["IPv4-mapped Address", "IPv4-IPv6 Translat.", "6to4"].contains(&name) && net.prefix_len() != 48 {
                public.push(name);
                continue;
            }
            assert!(["True", "False", "N/A"].contains(&reachable), "{name}");
            for end in ends(net) {
                assert_ne!(reach(end), Reach::Public, "{end}, {name}");
            }
        }
        assert_eq!(public, ["IPv4-mapped Address", "IPv4-IPv6 Translat.", "6to4"]);
    }

    #[test]
    fn an_operator_can_allow_what_the_registries_call_private_shared_loopback_or_unique_local_alone() {
        let allowed: Vec<_> = registries()
            .filter(|(net, ..)| ends(*net).map(of).contains(&Reach::Internal))
            .map(|(_, name, _)| name)
            .collect();
        let private = "Private-Use";
        assert_eq!(
            allowed,
            [private, "Shared Address Space", "Loopback", private, private, "Loopback Address", "Unique-Local"]
        );
    }

    #[test]
    fn the_addresses_beside_a_metadata_service_are_what_their_block_is() {
        for (net, source) in METADATA {
            let [first, last] = ends(net);
            assert_eq!((of(first), of(last)), (Reach::Never, Reach::Never), "{source}");
        }
        for (beside, expected) in [
            ("168.63.129.17", Reach::Public),
            ("100.100.100.201", Reach::Internal),
            ("fd00:ec1::254", Reach::Internal),
            ("fd00:42::43", Reach::Internal),
            ("fd20:ce::253", Reach::Internal),
        ] {
            assert_eq!(of(beside.parse().unwrap()), expected, "{beside}");
        }
    }
}
