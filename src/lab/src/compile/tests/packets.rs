//! What lines in the words of nft do with a packet: just enough to compare two lists of lines
//! without a kernel. The lab itself asks the kernel.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cloudfw_core::Direction;
use ipnet::IpNet;

use crate::blueprint::{Act, Line};
use crate::kernel::plan::Site;

/// A header; ports are of protocols that have them, the type and code of ICMP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    sport: u16,
    dport: u16,
    kind: u8,
    code: u8,
}

/// Lines that were read.
pub(super) struct Read<'a>(Vec<(Vec<Asked>, &'a Act)>);

/// Reads lines once, for many packets.
pub(super) fn read(lines: &[Line]) -> Read<'_> {
    let lines = lines.iter().filter(|line| !matches!(line.act, Act::Continue));
    Read(lines.map(|line| (asked(&line.matches), &line.act)).collect())
}

/// Whether the packet passes, else where it ends: the first line that matches. Jumps are not
/// followed.
pub(super) fn decide<'a>(lines: &Read<'a>, packet: &Packet) -> Result<(), &'a Site> {
    let mut lines = lines.0.iter();
    let line = lines.find(|(matches, _)| matches.iter().all(|asked| holds(asked, packet)));
    match line.map(|(_, act)| act) {
        Some(Act::Allow | Act::AllowBy(_)) => Ok(()),
        Some(Act::Drop(site)) => Err(site),
        act => panic!("{act:?} decides {packet:?}"),
    }
}

/// Packets on both sides of every bound that the lines have.
pub(super) fn telling(way: Direction, lines: &[Read<'_>; 2]) -> Vec<Packet> {
    let mut peers = BTreeSet::from([ip("192.0.2.1"), ip("2001:db8:ffff::1")]);
    let mut protocols = BTreeSet::from([1u8, 6, 17, 50, 58, 132]);
    let mut ports = BTreeSet::from([0u16, 40000]);
    let mut types = BTreeSet::from([0u8, 8, 128]);
    let asked = lines.iter().flat_map(|lines| &lines.0).flat_map(|(asked, _)| asked);
    let bounds = asked.flat_map(|asked| asked.values.iter().map(|bounds| (&asked.field, bounds)));
    for (field, &(low, high)) in bounds {
        for bound in [low.checked_sub(1), Some(low), Some(high), high.checked_add(1)] {
            let Some(bound) = bound else { continue };
            match field.as_str() {
                "ip saddr" | "ip daddr" => {
                    peers.extend(u32::try_from(bound).ok().map(|bits| IpAddr::V4(bits.into())));
                }
                "ip6 saddr" | "ip6 daddr" => {
                    peers.insert(IpAddr::V6(Ipv6Addr::from_bits(bound)));
                }
                "meta l4proto" => protocols.extend(u8::try_from(bound)),
                "icmp type" | "icmp code" | "icmpv6 type" | "icmpv6 code" => {
                    types.extend(u8::try_from(bound));
                }
                "meta nfproto" => {}
                _ => ports.extend(u16::try_from(bound)),
            }
        }
    }
    let mut packets = Vec::new();
    for peer in peers {
        let own = if peer.is_ipv4() { ip("10.254.0.9") } else { ip("2001:db8:eeee::9") };
        let (source, destination) = match way {
            Direction::Ingress => (peer, own),
            Direction::Egress => (own, peer),
        };
        for &protocol in &protocols {
            let plain =
                Packet { source, destination, protocol, sport: 0, dport: 0, kind: 0, code: 0 };
            match protocol {
                6 | 17 | 33 | 132 | 136 => packets.extend(ports.iter().map(|&dport| Packet {
                    dport,
                    sport: 1024,
                    ..plain.clone()
                })),
                // ICMP belongs to one family; no packet of the other carries it.
                1 | 58 if (protocol == 1) == peer.is_ipv4() => packets.extend(
                    types
                        .iter()
                        .flat_map(|&kind| types.iter().map(move |&code| (kind, code)))
                        .map(|(kind, code)| Packet { kind, code, ..plain.clone() }),
                ),
                1 | 58 => {}
                _ => packets.push(plain),
            }
        }
    }
    let stride = packets.len().div_ceil(MOST_PACKETS).max(1);
    packets.into_iter().step_by(stride).collect()
}

/// Packets that are put to a pair of lists; of more, every second, third … is taken.
const MOST_PACKETS: usize = 2_000;

/// A field and the values that it may have.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    field: String,
    values: Vec<(u128, u128)>,
}

fn holds(asked: &Asked, packet: &Packet) -> bool {
    let has_ports = matches!(packet.protocol, 6 | 17 | 33 | 132 | 136);
    let v4 = packet.source.is_ipv4();
    let value = match asked.field.as_str() {
        "ip saddr" => v4.then(|| bits(packet.source)),
        "ip daddr" => v4.then(|| bits(packet.destination)),
        "ip6 saddr" => (!v4).then(|| bits(packet.source)),
        "ip6 daddr" => (!v4).then(|| bits(packet.destination)),
        "meta nfproto" => Some(if v4 { 4 } else { 6 }),
        "meta l4proto" => Some(packet.protocol.into()),
        "th sport" => has_ports.then(|| packet.sport.into()),
        "th dport" => has_ports.then(|| packet.dport.into()),
        "tcp dport" => (packet.protocol == 6).then(|| packet.dport.into()),
        "udp dport" => (packet.protocol == 17).then(|| packet.dport.into()),
        "icmp type" => (packet.protocol == 1 && v4).then(|| packet.kind.into()),
        "icmp code" => (packet.protocol == 1 && v4).then(|| packet.code.into()),
        "icmpv6 type" => (packet.protocol == 58 && !v4).then(|| packet.kind.into()),
        "icmpv6 code" => (packet.protocol == 58 && !v4).then(|| packet.code.into()),
        other => panic!("`{other}` is not known here"),
    };
    value.is_some_and(|value| asked.values.iter().any(|&(low, high)| low <= value && value <= high))
}

/// `ip saddr { a, b-c } tcp dport 22`, field by field.
fn asked(matches: &str) -> Vec<Asked> {
    let words: Vec<&str> = matches.split_whitespace().collect();
    let mut rest = words.as_slice();
    let mut found = Vec::new();
    while let [one, two, more @ ..] = rest {
        let (values, left) = match more {
            ["{", more @ ..] => {
                let end = more.iter().position(|word| *word == "}").unwrap();
                (&more[..end], &more[end + 1..])
            }
            more => more.split_at(1),
        };
        let values = values.iter().map(|word| value(word.trim_end_matches(','))).collect();
        found.push(Asked { field: format!("{one} {two}"), values });
        rest = left;
    }
    assert!(rest.is_empty(), "{matches}");
    found
}

fn value(text: &str) -> (u128, u128) {
    let number = |text: &str| match text {
        "ipv4" => 4,
        "ipv6" | "tcp" => 6,
        "udp" => 17,
        text => text.parse::<u128>().unwrap_or_else(|_| bits(ip(text))),
    };
    if text.contains('/') {
        let net: IpNet = text.parse().unwrap();
        return (bits(net.network()), bits(net.broadcast()));
    }
    match text.split_once('-') {
        Some((low, high)) => (number(low), number(high)),
        None => (number(text), number(text)),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no address"))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => Ipv4Addr::to_bits(address).into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}
