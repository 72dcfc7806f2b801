//! Where blocks and addresses come from. Unique ones are handed out in order; shared ones are the
//! ranges that people choose again and again, so that VPCs overlap.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::chance::Chance;

/// Blocks that about half of the VPCs take, though others have them already.
const SHARED: [(Ipv4Addr, u8); 5] = [
    (Ipv4Addr::new(10, 0, 0, 0), 16),
    (Ipv4Addr::new(10, 0, 0, 0), 16),
    (Ipv4Addr::new(172, 31, 0, 0), 16),
    (Ipv4Addr::new(10, 1, 0, 0), 16),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// First octets of public blocks that stand for partners and offices in rules.
const OUTSIDE: [u8; 10] = [13, 18, 34, 52, 63, 91, 129, 151, 185, 203];

/// Hands out blocks and public addresses, none of them twice.
pub(crate) struct Pool {
    /// Next free address for primary blocks, from 10.16.0.0 up.
    primary: u32,
    /// Next free address for secondary blocks, from 100.64.0.0 up.
    secondary: u32,
    /// Next /56 under 2600:1f18::/32.
    ipv6: u32,
    /// How many public addresses are gone.
    public: u32,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self {
            primary: u32::from(Ipv4Addr::new(10, 16, 0, 0)),
            secondary: u32::from(Ipv4Addr::new(100, 64, 0, 0)),
            ipv6: 0x10,
            public: 0,
        }
    }

    /// A block that no other VPC has.
    pub(crate) fn primary(&mut self, prefix: u8) -> Ipv4Net {
        take(&mut self.primary, prefix)
    }

    /// A block from the shared address space, for VPCs with two blocks.
    pub(crate) fn secondary(&mut self, prefix: u8) -> Ipv4Net {
        take(&mut self.secondary, prefix)
    }

    /// A /56 that no other VPC has.
    pub(crate) fn ipv6(&mut self) -> Ipv6Net {
        let bits = (0x2600_1f18_u128 << 96) | (u128::from(self.ipv6) << 72);
        self.ipv6 += 1;
        ipv6_net(bits, 56)
    }

    /// A public address out of 44.192.0.0/11, in scattered order.
    pub(crate) fn public(&mut self) -> Ipv4Addr {
        // An odd factor permutes the 2^21 addresses of the block.
        let offset = self.public.wrapping_mul(1_234_567) & 0x001f_ffff;
        self.public += 1;
        Ipv4Addr::from(u32::from(Ipv4Addr::new(44, 192, 0, 0)) + offset)
    }
}

fn take(next: &mut u32, prefix: u8) -> Ipv4Net {
    let size = 1_u32 << (32 - prefix);
    let start = next.next_multiple_of(size);
    *next = start + size;
    ipv4_net(start, prefix)
}

/// One of the ranges that many VPCs have.
pub(crate) fn shared(chance: &mut Chance, prefix: u8) -> Ipv4Net {
    let &(address, longest) = chance.pick(&SHARED);
    ipv4_net(u32::from(address), prefix.max(longest))
}

/// A block of the outside world: an office, a partner.
pub(crate) fn outside(chance: &mut Chance) -> IpNet {
    let first = u32::from(*chance.pick(&OUTSIDE)) << 24;
    let prefix = *chance.pick(&[32, 32, 32, 29, 28, 27, 26, 24, 24, 22]);
    IpNet::V4(ipv4_net(first | (chance.bits() as u32 & 0x00ff_ffff), prefix))
}

/// An IPv6 block of the outside world.
pub(crate) fn outside_ipv6(chance: &mut Chance) -> IpNet {
    let prefix = *chance.pick(&[128, 64, 56, 48, 48]);
    let top = 0x2a00_0000_u128 | u128::from(chance.bits() as u32 & 0x00ff_ffff);
    IpNet::V6(ipv6_net((top << 96) | (u128::from(chance.bits()) << 32), prefix))
}

/// The subnet of that prefix length at that position in a block.
pub(crate) fn subnet(block: Ipv4Net, prefix: u8, position: usize) -> Ipv4Net {
    ipv4_net(u32::from(block.network()) + ((position as u32) << (32 - prefix)), prefix)
}

/// The /64 at that position in a /56.
pub(crate) fn ipv6_subnet(block: Ipv6Net, position: usize) -> Ipv6Net {
    ipv6_net(u128::from(block.network()) + ((position as u128) << 64), 64)
}

/// A host of a /64.
pub(crate) fn ipv6_host(block: Ipv6Net, host: u64) -> Ipv6Addr {
    Ipv6Addr::from(u128::from(block.network()) | u128::from(host.max(1)))
}

/// The block around an address.
#[expect(
    clippy::expect_used,
    reason = "prefixes are constants of this module's callers, at most 32"
)]
pub(crate) fn ipv4_net(address: u32, prefix: u8) -> Ipv4Net {
    Ipv4Net::new(Ipv4Addr::from(address), prefix).expect("at most 32").trunc()
}

#[expect(clippy::expect_used, reason = "prefixes are constants of this module, at most 128")]
fn ipv6_net(address: u128, prefix: u8) -> Ipv6Net {
    Ipv6Net::new(Ipv6Addr::from(address), prefix).expect("at most 128").trunc()
}

/// Whether two blocks share an address.
pub(crate) fn overlap(one: IpNet, other: IpNet) -> bool {
    one.contains(&other) || other.contains(&one)
}
