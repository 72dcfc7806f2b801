//! Random small networks in text form, and questions about them.
//!
//! Text, so that a network on which two evaluators differ can be read, and cut down line by line.

use std::fmt::Write as _;

use cloudfw_core::Network;

use super::Dice;

/// The client's ports and those of gateways: few, so that every choice can be tried.
pub(crate) const PORTS: std::ops::RangeInclusive<u16> = 1024..=1031;

/// A question, in the words of `asking`.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) source: String,
    pub(crate) destination: String,
    pub(crate) service: &'static str,
}

const SERVICES: [&str; 8] = ["443", "443", "443", "5432", "53/udp", "icmp/8.0", "icmp/3.4", "gre"];

/// The routers: some overlap.
struct Shape {
    routers: Vec<(char, &'static str)>,
    subnets: Vec<(String, char, String)>,
    gateways: Vec<String>,
    /// Whether anything in it is not known.
    doubts: bool,
}

/// What its rules may hold.
#[derive(Clone, Copy)]
struct Rules {
    doubts: bool,
    groups: bool,
    chains: bool,
}

/// A random network as text. Without `doubts` everything in it is known.
pub(crate) fn network(dice: &mut Dice, doubts: bool) -> String {
    let mut text = String::from("external internet 0.0.0.0/0,::/0\nexternal s3 52.0.0.0/24\n");
    let mut shape =
        Shape { routers: Vec::new(), subnets: Vec::new(), gateways: Vec::new(), doubts };
    routers(dice, &mut shape, &mut text);
    gateways(dice, &mut shape, &mut text);
    for (router, own) in shape.routers.clone() {
        for number in 0..2 {
            table(dice, &shape, (router, own), number, &mut text);
        }
    }
    let groups = dice.percent(50);
    for name in ["f0", "f1", "f2", "f3", "f4"] {
        let chains = dice.percent(20);
        filter(dice, name, Rules { doubts, groups, chains }, &mut text);
    }
    interfaces(dice, &shape, &mut text);
    text
}

fn routers(dice: &mut Dice, shape: &mut Shape, text: &mut String) {
    for (name, number) in [('a', '1'), ('b', '2'), ('c', '1')].into_iter().take(dice.between(1, 3))
    {
        let v6 = format!("fd00:{name}::/32");
        let cidr = if number == '1' { "10.1.0.0/16" } else { "10.2.0.0/16" };
        let platform = if dice.percent(40) { platform(dice, shape, number) } else { "".into() };
        let unread = if shape.doubts && dice.percent(10) { " unread" } else { "" };
        let _ = writeln!(text, "router {name} {cidr},{v6}{platform}{unread}");
        shape.routers.push((name, cidr));
        for index in 1..=dice.between(1, 3) {
            let acl = match dice.below(10) {
                0..=2 => String::new(),
                3 => format!(" acl {},{}", a_filter(dice), a_filter(dice)),
                _ => format!(" acl {}", a_filter(dice)),
            };
            let (subnet, prefix) = (format!("{name}{index}"), format!("10.{number}.{index}.0/24"));
            // The first subnet is mostly the public one, where gateways sit.
            let table = usize::from((index > 1) != dice.percent(20));
            let v6 = format!("fd00:{name}:{index}::/64");
            let routed = if dice.percent(15) { " routed" } else { "" };
            let _ = writeln!(
                text,
                "subnet {subnet} in {name} {prefix},{v6} table t{name}{table}{acl}{routed}"
            );
            shape.subnets.push((subnet, name, format!("10.{number}.{index}")));
        }
    }
}

/// A service of the platform, at an address that `question` asks about.
fn platform(dice: &mut Dice, shape: &Shape, number: char) -> String {
    let services = dice.pick(&["", "", " at 443 at 53/udp", " at 53/udp", " at icmp", " at 443"]);
    let more =
        if shape.doubts && !services.is_empty() && dice.percent(50) { " maybe-more" } else { "" };
    format!(" platform 10.{number}.0.2{services}{more}")
}

fn a_filter(dice: &mut Dice) -> String {
    format!("f{}", dice.below(5))
}

fn gateways(dice: &mut Dice, shape: &mut Shape, text: &mut String) {
    let mut add = |dice: &mut Dice, name: String, what: String, own_filters: bool| {
        let mut line = format!("gateway {name} {what}");
        if own_filters && dice.percent(10) {
            let _ = write!(line, " filters {}", a_filter(dice));
        }
        if dice.percent(5) {
            line.push_str(" closed");
        }
        if shape.doubts && dice.percent(5) {
            line.push_str(" doubt");
        }
        let _ = writeln!(text, "{line}");
        shape.gateways.push(name);
    };
    for (name, _) in &shape.routers {
        if dice.percent(85) {
            let table = if dice.percent(10) { format!(" table t{name}0") } else { "".into() };
            let pools = pools(dice, shape.doubts, *name, &shape.subnets);
            let what = format!("border {name} internet{table}{pools}");
            add(dice, format!("igw-{name}"), what, true);
        }
        if dice.percent(25) {
            add(dice, format!("eigw-{name}"), format!("border {name} internet outward"), true);
        }
        if dice.percent(20) {
            add(dice, format!("s3-{name}"), format!("service s3 {name}"), true);
        }
    }
    for (subnet, _, prefix) in &shape.subnets {
        if dice.percent(if subnet.ends_with('1') { 55 } else { 10 }) {
            let public =
                if dice.percent(75) { format!(" public {}", public_of(subnet)) } else { "".into() };
            let ports = dice.pick(&["1024-1031", "1024-1031", "1026-1029", "1028-1035"]);
            let what = format!("snat {subnet} {prefix}.200{public} ports {ports}");
            add(dice, format!("nat-{subnet}"), what, true);
        }
    }
    for (index, (one, _)) in shape.routers.iter().enumerate() {
        for (other, _) in shape.routers.iter().skip(index + 1) {
            if dice.percent(60) {
                let mut what = format!("link {one} {other}");
                match dice.below(10) {
                    0 => what.push_str(" lost"),
                    1 if shape.doubts => what.push_str(" doubtful"),
                    _ => {}
                }
                add(dice, format!("pcx-{one}{other}"), what, true);
            }
        }
    }
    if shape.doubts && dice.percent(50) {
        let rewrites = if dice.percent(50) { " rewrites" } else { "" };
        add(dice, "tgw".into(), format!("opaque{rewrites}"), false);
    }
}

/// Sources of a router that share an address: of subnets, or of single addresses.
fn pools(
    dice: &mut Dice,
    doubts: bool,
    router: char,
    subnets: &[(String, char, String)],
) -> String {
    let mut text = String::new();
    for (subnet, of, prefix) in subnets.iter().filter(|(_, of, _)| *of == router) {
        if !dice.percent(20) {
            continue;
        }
        let inside = if dice.percent(70) {
            format!("{prefix}.0/24")
        } else {
            format!("{prefix}.{},{prefix}.200", dice.between(5, 10))
        };
        let shared = if dice.percent(30) {
            "?".into()
        } else {
            format!("198.19.{}.{}", *of as u8, &subnet[1..])
        };
        let ports = dice.pick(&["1024-1031", "1026-1029", "1028-1035"]);
        let _ = write!(text, " pool {inside} as {shared} ports {ports}");
        if dice.percent(15) {
            let _ = write!(text, " carries {}", dice.pick(&["443", "443,53/udp", "icmp"]));
        }
        if doubts && dice.percent(10) {
            text.push_str(" maybe-pool");
        }
    }
    text
}

/// A public address for the gateway of a subnet such as `b2`.
fn public_of(subnet: &str) -> String {
    let letter = subnet.bytes().next().unwrap_or_default();
    format!("198.18.{letter}.{}", &subnet[1..])
}

fn table(
    dice: &mut Dice,
    shape: &Shape,
    (router, own): (char, &str),
    number: usize,
    text: &mut String,
) {
    let _ = writeln!(text, "table t{router}{number}");
    let mut used = std::collections::BTreeSet::new();
    let mut route = |destination: &str, target: &str, text: &mut String| {
        if used.insert(destination.to_owned()) {
            let _ = writeln!(text, "  {destination} -> {target}");
        }
    };
    if dice.percent(95) {
        route(own, "local", text);
        route(&format!("fd00:{router}::/32"), "local", text);
    }
    for destination in [
        "0.0.0.0/0",
        "::/0",
        "10.2.0.0/16",
        "10.1.0.0/16",
        "fd00:b::/32",
        "fd00:a::/32",
        "52.0.0.0/24",
        "10.1.1.0/24",
        "10.2.1.0/24",
        "10.2.2.5/32",
        "8.8.8.0/24",
        "198.51.100.7/32",
        "203.0.113.0/24",
        "10.1.0.0/15",
        "2a00::/16",
    ] {
        let chance = match destination {
            "0.0.0.0/0" | "::/0" => 85,
            _ if destination.ends_with("/16") || destination.ends_with("/32") => 55,
            _ => 12,
        };
        if dice.percent(chance) {
            route(destination, &target(dice, shape, (router, number), destination), text);
        }
    }
    if shape.doubts && dice.percent(8) {
        let _ = writeln!(text, "  ?list -> {}", target(dice, shape, (router, number), "0.0.0.0/0"));
    }
}

fn target(
    dice: &mut Dice,
    shape: &Shape,
    (router, number): (char, usize),
    destination: &str,
) -> String {
    let wanted = match destination {
        "52.0.0.0/24" => "s3",
        "::/0" | "2a00::/16" => dice.pick(&["igw", "eigw"]),
        "0.0.0.0/0" | "8.8.8.0/24" | "203.0.113.0/24" => {
            if (number == 0) != dice.percent(15) {
                "igw"
            } else {
                "nat"
            }
        }
        _ if number == 0 => "pcx",
        _ => dice.pick(&["pcx", "pcx", "nat"]),
    };
    // A gateway is named after its kind and what it hangs on.
    let fitting: Vec<_> = shape
        .gateways
        .iter()
        .filter(|gateway| {
            gateway.split_once('-').is_some_and(|(kind, on)| kind == wanted && on.contains(router))
        })
        .collect();
    match dice.below(40) {
        0 => dice.pick(&["blackhole", "discard"]).into(),
        1 => format!("interface:i{}", dice.below(6)),
        2 if shape.doubts => "unknown".into(),
        3 if shape.doubts => "missing".into(),
        4 => "local".into(),
        5..=7 if shape.doubts && shape.gateways.iter().any(|g| g == "tgw") => "tgw".into(),
        8..=34 if !fitting.is_empty() => dice.pick(&fitting).clone(),
        _ if shape.gateways.is_empty() => "blackhole".into(),
        _ => dice.pick(&shape.gateways),
    }
}

fn filter(dice: &mut Dice, name: &str, kind: Rules, text: &mut String) {
    let tracking = match dice.below(8) {
        0..=3 => "stateless",
        4 if kind.doubts => "stateful",
        5 => "stateful dropped",
        _ => "stateful evaluated",
    };
    let _ = writeln!(text, "filter {name} {tracking}");
    for way in ["in", "out"] {
        for number in 0..dice.between(0, 3) {
            rule(dice, &format!("{way} {number}"), kind, text);
        }
        let last = if dice.percent(92) { "allow" } else { "deny" };
        let _ = writeln!(text, "  {way} * {last} any");
    }
    if kind.chains {
        let _ = writeln!(text, "chain c");
        for number in 0..dice.between(1, 3) {
            rule(dice, &number.to_string(), Rules { chains: false, ..kind }, text);
        }
    }
}

fn rule(dice: &mut Dice, begin: &str, kind: Rules, text: &mut String) {
    let action = match dice.below(12) {
        0..=4 => "allow",
        5 => "allow-all",
        6 if kind.chains => "jump c",
        7 if kind.chains => "goto c",
        8 => "reject",
        9 => "continue",
        _ => "deny",
    };
    // What denies everything leaves nothing to compare.
    let partial = matches!(action, "deny" | "reject") && dice.percent(80);
    let service = if partial {
        dice.pick(&["1024-1027", "1026-1029", "1028-65535", "1030/udp", "5432", "1030-1031"])
    } else {
        any_service(dice)
    };
    let _ = write!(text, "  {begin} {action} {service}");
    if dice.percent(35) {
        let _ = write!(text, " from {}", peer(dice, kind));
    }
    if dice.percent(35) {
        let _ = write!(text, " to {}", peer(dice, kind));
    }
    if dice.percent(15) {
        let _ = write!(text, " sport {}", dice.pick(&["1024-1027", "443", "1027-65535", "1029"]));
    }
    if dice.percent(5) {
        let _ = write!(text, " state {}", dice.pick(&["new", "established"]));
    }
    if kind.doubts && dice.percent(6) {
        text.push_str(" maybe");
    }
    text.push('\n');
}

fn any_service(dice: &mut Dice) -> &'static str {
    dice.pick(&[
        "tcp",
        "443",
        "1024-1027",
        "1026-1029",
        "1028-65535",
        "1024-1031",
        "1030/udp",
        "icmp",
        "53/udp",
        "5432",
        "any",
        "any",
        "tcp",
    ])
}

fn peer(dice: &mut Dice, kind: Rules) -> &'static str {
    if kind.doubts && dice.percent(6) {
        return "?pl";
    }
    if kind.groups && dice.percent(25) {
        return dice.pick(&["group:g", "group:h", "group:g,10.2.1.5"]);
    }
    dice.pick(&[
        "10.1.0.0/16",
        "10.1.1.0/24",
        "10.2.0.0/16",
        "10.2.2.0/23",
        "10.1.1.5",
        "10.1.1.200",
        "0.0.0.0/0",
        "fd00::/16",
        "::/0",
        "203.0.113.0/24",
        "8.8.8.8",
    ])
}

fn interfaces(dice: &mut Dice, shape: &Shape, text: &mut String) {
    for number in 0..6 {
        let (subnet, router, prefix) = dice.pick(&shape.subnets);
        let mut line = format!("interface i{number} in {subnet}");
        let host = number + 5;
        let index = &subnet[1..];
        if dice.percent(95) {
            let _ = write!(line, " {prefix}.{host}");
            if dice.percent(55) {
                let _ = write!(line, " public 203.0.113.{host}");
            }
            fronts(dice, shape.doubts, (&prefix, number), &mut line);
        }
        let _ = write!(line, " fd00:{router}:{index}::{host}");
        if dice.percent(25) {
            let _ = write!(line, " {prefix}.{}", host + 50);
            if dice.percent(45) {
                let _ = write!(line, " public 203.0.113.{}", host + 50);
            }
        }
        if dice.percent(60) {
            let _ = write!(line, " groups {}", dice.pick(&["g", "h", "g,h"]));
        }
        if dice.percent(75) {
            let _ = write!(line, " filters {}", a_filter(dice));
            if dice.percent(20) {
                let _ = write!(line, ",{}", a_filter(dice));
            }
        }
        match dice.below(40) {
            0 => line.push_str(" down"),
            1 if shape.doubts => line.push_str(" maybe-down"),
            2 if shape.doubts => line.push_str(" opaque"),
            3..=5 => line.push_str(" forwards"),
            6 => line.push_str(" maybe-hides"),
            7 => line.push_str(" answers-only"),
            8 if shape.doubts => line.push_str(" maybe-opens"),
            _ => {}
        }
        match dice.below(10) {
            0 => line.push_str(" lacks 10.1.0.2"),
            1 if shape.doubts => line.push_str(" maybe-lacks 10.1.0.2,10.2.0.2"),
            _ => {}
        }
        let _ = writeln!(text, "{line} client {}-{}", PORTS.start(), PORTS.end());
    }
    hosts(dice, shape, text);
}

/// What a balancer hands on, at a private address of the subnet or at a public one. Two interfaces
/// of one subnet stand behind the same.
fn fronts(dice: &mut Dice, doubts: bool, (prefix, number): (&str, usize), line: &mut String) {
    if !dice.percent(20) {
        return;
    }
    let address = if dice.percent(50) {
        format!("{prefix}.{}", 240 + number / 2)
    } else {
        format!("203.0.113.{}", 200 + number)
    };
    let _ = write!(line, " front {address} {}", dice.pick(&["443", "443", "443,53/udp", "5432"]));
    if dice.percent(20) {
        line.push_str(" renumbers");
    }
    if doubts && dice.percent(20) {
        line.push_str(" maybe-front");
    }
}

/// Hosts of two interfaces; some answer by another interface than they are asked at.
fn hosts(dice: &mut Dice, shape: &Shape, text: &mut String) {
    for (number, own) in ["i0,i1", "i2,i3"].into_iter().enumerate() {
        if dice.percent(60) {
            continue;
        }
        let _ = write!(text, "host h{number} {own}");
        for _ in 0..dice.below(3) {
            let exit = 2 * number + dice.below(2);
            let to = match dice.below(4) {
                0 => "0.0.0.0/0".to_owned(),
                1 => "::/0".to_owned(),
                _ => format!("{}.0/24", dice.pick(&shape.subnets).2),
            };
            let _ = write!(text, " {to}->i{exit}");
        }
        text.push('\n');
    }
}

/// A random question about one address at each end.
pub(crate) fn question(dice: &mut Dice, network: &Network) -> Option<Asked> {
    let v6 = dice.percent(25);
    let inside = |dice: &mut Dice| {
        let names: Vec<_> = network.interfaces.iter().collect();
        if names.is_empty() {
            return None;
        }
        let (id, interface) = dice.pick(&names);
        let fits: Vec<_> =
            interface.addresses.iter().enumerate().filter(|(_, a)| a.ip.is_ipv6() == v6).collect();
        if fits.is_empty() {
            return None;
        }
        let (index, address) = dice.pick(&fits);
        let fronts: Vec<_> =
            interface.fronts.iter().filter(|front| front.own == address.ip).collect();
        let front = if fronts.is_empty() || dice.percent(50) {
            None
        } else {
            Some(dice.pick(&fronts).address)
        };
        Some((format!("{id}/{index}"), front.or(address.public), front.is_some(), id.clone()))
    };
    let service = dice.pick(&SERVICES);
    let outside = if v6 { "internet:2a00::1" } else { "internet:8.8.8.8" };
    let (source, destination) = match dice.below(20) {
        0..=2 => {
            (Some(outside.to_owned()), inside(dice).map(|(to, public, ..)| dialled(&to, public)))
        }
        3..=6 => (inside(dice).map(|(from, ..)| from), Some(outside.to_owned())),
        7 => (inside(dice).map(|(from, ..)| from), (!v6).then(|| "s3:52.0.0.7".to_owned())),
        8 => {
            let nobody = dice.pick(&["?a:10.1.1.99", "?a:10.1.0.2", "?a:10.1.0.2"]);
            (inside(dice).map(|(from, ..)| from), (!v6).then(|| nobody.to_owned()))
        }
        number => {
            let (from, to) = (inside(dice)?, inside(dice)?);
            if from.3 == to.3 {
                return None;
            }
            // What stands behind a balancer is mostly dialled there.
            let to = if number > 16 || to.2 { dialled(&to.0, to.1) } else { to.0 };
            (Some(from.0), Some(to))
        }
    };
    Some(Asked { source: source?, destination: destination?, service })
}

fn dialled(name: &str, public: Option<std::net::IpAddr>) -> String {
    public.map_or(name.to_owned(), |public| format!("{name}@{public}"))
}
