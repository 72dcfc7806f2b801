//! `path-mtu-blocked`.

use cloudfw_core::{
    Destinations, Direction, Filter, HeaderSpace, Id, IpSet, Label, Network, Phase, Protocol,
    ServiceSet, Sight, Subnet, Target, Tracking, evaluate,
};

use super::report::thing;
use crate::gaps::hangs_on_groups;
use crate::{Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "path-mtu-blocked",
    title: "A network ACL drops the messages that tell how large packets may be",
    severity: Severity::Low,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "Network ACLs, and other lists that remember nothing, that let TCP through between a \
                subnet and networks beyond its own, there and back, and drop the messages that path \
                MTU discovery needs from those networks or to them: ICMP type 3 code 4 \
                (fragmentation needed) of IPv4, ICMPv6 type 2 (packet too big).",
        why: "Small packets pass and large ones vanish: a connection opens, and hangs when data \
              flows. Within one network packets are small enough; over VPN, peering and the internet \
              they may not be.",
        example: "acl-web  ingress 100 allow tcp any\n\
                  acl-web  egress  100 allow tcp any      no rule lets ICMP in or out",
        instead: "Let ICMP type 3 code 4 in and out, and ICMPv6 type 2 (of IPv6).",
        limits: "A warning and no proof: whether a packet is ever too large depends on what lies \
                 outside. Lists of which it is not known whether they let the message through, and \
                 those that let it through from some, are not reported.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
            "https://www.rfc-editor.org/rfc/rfc1191",
            "https://www.rfc-editor.org/rfc/rfc8201",
        ],
    },
    run: |audit| {
        let guards = guards(audit.network());
        guards.iter().filter_map(|guard| look(audit.network(), guard)).collect()
    },
};

/// A stateless filter, and the subnets with interfaces that ask it.
struct Guard<'n> {
    filter: &'n Filter,
    subnets: Vec<(&'n Id<Subnet>, &'n Subnet)>,
}

fn guards(network: &Network) -> Vec<Guard<'_>> {
    let mut guards = Vec::new();
    let used: std::collections::BTreeSet<&Id<Subnet>> =
        network.interfaces.values().map(|interface| &interface.subnet).collect();
    let mut asking: std::collections::BTreeMap<&Id<Filter>, Vec<(&Id<Subnet>, &Subnet)>> =
        std::collections::BTreeMap::new();
    for (id, subnet) in network.subnets.iter().filter(|(id, _)| used.contains(id)) {
        for filter in &subnet.boundary.filters {
            asking.entry(filter).or_default().push((id, subnet));
        }
    }
    for (id, subnets) in asking {
        let filter = network.filters.get(id).map(AsRef::as_ref);
        let filter = filter.filter(|filter: &&Filter| filter.tracking == Tracking::Stateless);
        if let Some(filter) = filter.filter(|filter| !hangs_on_groups(filter)) {
            guards.push(Guard { filter, subnets });
        }
    }
    guards
}

/// Of one address family: its name, all its addresses, and the message.
struct Family {
    any: IpSet,
    message: ServiceSet,
}

fn look(network: &Network, guard: &Guard<'_>) -> Option<Finding> {
    let pass = [Direction::Ingress, Direction::Egress].map(|way| passes(guard.filter, way));
    let [comes_in, goes_out] = &pass;
    let families = [
        Family {
            any: IpSet::any_v4(),
            message: ServiceSet::icmp(Protocol::ICMP, Some(3), Some(4)),
        },
        Family { any: IpSet::any_v6(), message: ServiceSet::icmp(Protocol::ICMPV6, Some(2), None) },
    ];
    let mut lost: Vec<(Direction, ServiceSet)> = Vec::new();
    for family in families {
        let beyond = beyond(network, guard, &family.any);
        let tcp = ServiceSet::all_of(Protocol::TCP);
        let there_and_back =
            comes_in.with_services(&tcp).intersection(&goes_out.with_services(&tcp).reversed());
        let peers = there_and_back.sources().intersection(&beyond);
        if peers.is_empty() {
            continue;
        }
        let comes = comes_in.with_services(&family.message).sources();
        let goes = goes_out.with_services(&family.message).destinations();
        for (way, reached) in [(Direction::Ingress, comes), (Direction::Egress, goes)] {
            if !reached.intersects(&peers) {
                lost.push((way, family.message.clone()));
            }
        }
    }
    (!lost.is_empty()).then(|| finding(guard, &lost))
}

fn passes(filter: &Filter, direction: Direction) -> HeaderSpace {
    let full = HeaderSpace::full();
    evaluate(filter, direction, Phase::Opening, &full, &Sight::HEADERS).outcome.pass
}

/// The addresses of a family beyond their own network that routes of the subnets lead to through
/// gateways.
fn beyond(network: &Network, guard: &Guard<'_>, family: &IpSet) -> IpSet {
    let mut routed = IpSet::empty();
    for (id, subnet) in &guard.subnets {
        let has_family = network.interfaces.values().any(|interface| {
            interface.subnet == **id
                && interface.addresses.iter().any(|address| family.contains(address.ip))
        });
        let Some(table) = network.tables.get(&subnet.table).filter(|_| has_family) else {
            continue;
        };
        for route in &table.routes {
            if let (Target::Gateway(_), Destinations::Prefixes(prefixes)) =
                (&route.target, &route.destinations)
            {
                routed = routed.union(&prefixes.iter().copied().collect());
            }
        }
        if let Some(router) = network.routers.get(&subnet.router) {
            routed = routed.difference(&router.addresses);
        }
    }
    routed.intersection(family)
}

fn finding(guard: &Guard<'_>, lost: &[(Direction, ServiceSet)]) -> Finding {
    let label: &Label = &guard.filter.label;
    let words = |way: Direction| {
        let of = lost.iter().filter(|(other, _)| *other == way);
        let messages: Vec<String> = of.map(|(_, message)| message.to_string()).collect();
        let comes = if way == Direction::Ingress { "coming in" } else { "going out" };
        (!messages.is_empty()).then(|| format!("{} {comes}", messages.join(", ")))
    };
    let parts: Vec<String> =
        [Direction::Ingress, Direction::Egress].into_iter().filter_map(words).collect();
    let message = format!(
        "{} drops {} of connections that it lets through, so that large packets may be lost",
        thing(label),
        parts.join(" and ")
    );
    let rules: Vec<String> =
        lost.iter().map(|(way, message)| format!("an {way} rule that allows {message}")).collect();
    let advice = format!("Add to {label} {}.", rules.join(", "));
    let mut finding = Finding::new(CHECK.id, CHECK.severity, label.clone(), message, advice);
    finding.services = lost.iter().fold(ServiceSet::empty(), |all, (_, one)| all.union(one));
    finding.affected = guard.subnets.iter().map(|(_, subnet)| subnet.label.clone()).collect();
    finding
}
