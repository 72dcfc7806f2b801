//! Small blueprints to wire.

use cloudfw_core::Direction;

use crate::blueprint::{
    Act, Blueprint, Filter, Gateway, Interface, Line, Neighbours, Passage, Route, Router, Subnet,
    Target, Tracking,
};
use crate::kernel::plan::{Cause, Site};

/// A line of an ACL: its number, what it is about, and whether it allows.
pub(super) type Entry<'a> = (u16, &'a str, bool);

/// A network ACL that ends with `*`.
pub(super) fn acl(subnet: &str, id: &str, ingress: &[Entry<'_>], egress: &[Entry<'_>]) -> Filter {
    let lines = |direction, entries: &[Entry<'_>]| {
        let site = |rule: String| Site {
            cause: Cause::Stateless,
            at: subnet.to_owned(),
            list: id.to_owned(),
            direction: Some(direction),
            rule,
        };
        let line = |(number, matches, allows): &Entry<'_>| Line {
            matches: (*matches).to_owned(),
            act: if *allows { Act::Allow } else { Act::Drop(site(number.to_string())) },
        };
        let rest = Line { matches: String::new(), act: Act::Drop(site("*".to_owned())) };
        entries.iter().map(line).chain([rest]).collect()
    };
    Filter {
        tracking: Tracking::Stateless,
        ingress: lines(Direction::Ingress, ingress),
        egress: lines(Direction::Egress, egress),
        chains: Vec::new(),
    }
}

/// An ACL that allows everything.
pub(super) fn open_acl(subnet: &str) -> Filter {
    acl(subnet, "acl-open", &[(100, "", true)], &[(100, "", true)])
}

/// The groups of an interface, merged.
pub(super) fn groups(interface: &str, ingress: &[&str], egress: &[&str]) -> Filter {
    let lines = |direction, allowed: &[&str]| {
        let site = Site {
            cause: Cause::Stateful,
            at: interface.to_owned(),
            list: String::new(),
            direction: Some(direction),
            rule: String::new(),
        };
        let allow = |matches: &&str| Line { matches: (*matches).to_owned(), act: Act::Allow };
        let rest = Line { matches: String::new(), act: Act::Drop(site) };
        allowed.iter().map(allow).chain([rest]).collect()
    };
    Filter {
        tracking: Tracking::Stateful,
        ingress: lines(Direction::Ingress, ingress),
        egress: lines(Direction::Egress, egress),
        chains: Vec::new(),
    }
}

pub(super) fn router(id: &str, prefixes: &[&str]) -> Router {
    Router {
        id: id.to_owned(),
        prefixes: prefixes.iter().map(|net| net.parse().unwrap()).collect(),
    }
}

/// A subnet with an open boundary and a table `rtb-<id>`; routes as `10.0.0.0/8 local`,
/// `0.0.0.0/0 igw`, `10.9.0.0/16 blackhole`.
pub(super) fn subnet(id: &str, router: &str, prefixes: &[&str], routes: &[&str]) -> Subnet {
    let route = |text: &&str| {
        let (to, target) = text.split_once(' ').unwrap();
        let target = match target {
            "local" => Target::Local,
            "blackhole" => Target::Blackhole,
            gateway => Target::Gateway(gateway.to_owned()),
        };
        Route { to: to.parse().unwrap(), target }
    };
    Subnet {
        id: id.to_owned(),
        router: router.to_owned(),
        prefixes: prefixes.iter().map(|net| net.parse().unwrap()).collect(),
        table: format!("rtb-{id}"),
        routes: routes.iter().map(route).collect(),
        boundary: vec![open_acl(id)],
        neighbours: Neighbours::Direct,
    }
}

/// An interface with open groups; addresses as `10.0.0.1` or `10.0.0.1=198.51.100.1`.
pub(super) fn interface(id: &str, subnet: &str, addresses: &[&str]) -> Interface {
    let address = |text: &&str| match text.split_once('=') {
        Some((inside, public)) => (inside.parse().unwrap(), Some(public.parse().unwrap())),
        None => (text.parse().unwrap(), None),
    };
    Interface {
        id: id.to_owned(),
        subnet: subnet.to_owned(),
        addresses: addresses.iter().map(address).collect(),
        filters: vec![groups(id, &[""], &[""])],
        reversed_out: false,
        source_check: true,
        up: true,
    }
}

pub(super) fn gateway(id: &str, passage: Passage) -> Gateway {
    Gateway { id: id.to_owned(), passage, filters: Vec::new(), closed: false }
}

pub(super) fn igw(id: &str, router: &str) -> Gateway {
    gateway(
        id,
        Passage::Border { router: router.to_owned(), both_ways: true, ipv4: true, ipv6: true },
    )
}

pub(super) fn eigw(id: &str, router: &str) -> Gateway {
    gateway(
        id,
        Passage::Border { router: router.to_owned(), both_ways: false, ipv4: false, ipv6: true },
    )
}

pub(super) fn link(id: &str, a: &str, b: &str) -> Gateway {
    gateway(id, Passage::Link { ends: [a.to_owned(), b.to_owned()] })
}

pub(super) fn nat(id: &str, subnet: &str, address: &str, public: Option<&str>) -> Gateway {
    let passage = Passage::SourceNat {
        subnet: subnet.to_owned(),
        address: address.parse().unwrap(),
        public: public.map(|public| public.parse().unwrap()),
        ports: (1024, 65535),
    };
    gateway(id, passage)
}

/// A VPC with a public subnet (web, a NAT gateway) and two private ones (app, db), IPv6 in the
/// first two; a peer with one subnet; one that nothing leads to with the addresses of the first.
pub(super) fn estate() -> Blueprint {
    let local = ["10.0.0.0/16 local", "2001:db8:a::/48 local"];
    let routes = |more: &[&'static str]| [&local[..], more].concat();
    Blueprint {
        routers: vec![
            router("vpc-a", &["10.0.0.0/16", "2001:db8:a::/48"]),
            router("vpc-b", &["10.1.0.0/16", "2001:db8:b::/48"]),
            router("vpc-c", &["10.0.0.0/16"]),
        ],
        subnets: vec![
            subnet(
                "subnet-web",
                "vpc-a",
                &["10.0.1.0/24", "2001:db8:a:1::/64"],
                &routes(&["0.0.0.0/0 igw-a", "::/0 igw-a", "10.1.0.0/16 pcx"]),
            ),
            subnet(
                "subnet-app",
                "vpc-a",
                &["10.0.2.0/24", "2001:db8:a:2::/64"],
                &routes(&["0.0.0.0/0 nat-a", "::/0 eigw-a", "10.9.0.0/16 blackhole"]),
            ),
            subnet("subnet-db", "vpc-a", &["10.0.3.0/24"], &local),
            subnet(
                "subnet-peer",
                "vpc-b",
                &["10.1.1.0/24", "2001:db8:b:1::/64"],
                &[
                    "10.1.0.0/16 local",
                    "10.0.0.0/16 pcx",
                    "0.0.0.0/0 igw-b",
                    "2001:db8:b::/48 local",
                    "::/0 igw-b",
                ],
            ),
            subnet("subnet-twin", "vpc-c", &["10.0.1.0/24"], &["10.0.0.0/16 local"]),
        ],
        interfaces: vec![
            interface("web", "subnet-web", &["10.0.1.10=198.51.100.10", "2001:db8:a:1::10"]),
            interface("web2", "subnet-web", &["10.0.1.11=198.51.100.11"]),
            interface("hidden", "subnet-web", &["10.0.1.12"]),
            interface("app", "subnet-app", &["10.0.2.10", "2001:db8:a:2::10"]),
            interface("app2", "subnet-app", &["10.0.2.11"]),
            interface("db", "subnet-db", &["10.0.3.10"]),
            interface("peer", "subnet-peer", &["10.1.1.10=198.51.100.20", "2001:db8:b:1::10"]),
            interface("twin", "subnet-twin", &["10.0.1.10=198.51.100.30"]),
        ],
        hosts: Vec::new(),
        gateways: vec![
            igw("igw-a", "vpc-a"),
            eigw("eigw-a", "vpc-a"),
            igw("igw-b", "vpc-b"),
            nat("nat-a", "subnet-web", "10.0.1.20", Some("198.51.100.99")),
            link("pcx", "vpc-a", "vpc-b"),
        ],
        outside: vec!["203.0.113.7".parse().unwrap(), "2001:db8:ffff::7".parse().unwrap()],
    }
}

impl Blueprint {
    pub(super) fn subnet(&mut self, id: &str) -> &mut Subnet {
        self.subnets.iter_mut().find(|subnet| subnet.id == id).unwrap()
    }

    pub(super) fn interface(&mut self, id: &str) -> &mut Interface {
        self.interfaces.iter_mut().find(|interface| interface.id == id).unwrap()
    }

    pub(super) fn gateway(&mut self, id: &str) -> &mut Gateway {
        self.gateways.iter_mut().find(|gateway| gateway.id == id).unwrap()
    }
}
