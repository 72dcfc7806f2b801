//! Network security groups as filters of an interface.

use cloudfw_core::Direction;
use ipnet::IpNet;

use super::documents::{Documents, Resource, net};
use super::places::{Nic, Places};
use super::words::{self, Peers};
use crate::blueprint::{Act, Filter, Line, Tracking};
use crate::compile::Unsupported;
use crate::kernel::plan::{Cause, Site};

/// AZ-32.
const HOST: &str = "168.63.129.16";

/// AZ-3: the rules that come last: priority, name, whether it allows, source, destination.
const INBOUND: [(&str, bool, &str, &str); 3] = [
    ("AllowVnetInBound", true, "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", true, "AzureLoadBalancer", "*"),
    ("DenyAllInBound", false, "*", "*"),
];
const OUTBOUND: [(&str, bool, &str, &str); 3] = [
    ("AllowVnetOutBound", true, "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", true, "*", "Internet"),
    ("DenyAllOutBound", false, "*", "*"),
];

/// AZ-5: the subnet's group, then the interface's own; AZ-9: also between neighbours.
pub(super) fn filters(
    documents: &Documents<'_>,
    places: &Places<'_>,
    nic: &Nic<'_>,
) -> Result<Vec<Filter>, Unsupported> {
    let subnet = places.subnet(&nic.subnet)?;
    let network = network_tag(documents, places, nic)?;
    let post = Post { places, at: nic.own.id()?, network: &network };
    let named = [&subnet.own, &nic.own].map(|it| it.reference("networkSecurityGroup"));
    let named: Vec<String> = named.into_iter().flatten().collect();
    if named.is_empty() {
        return Ok(post.closed(nic).into_iter().collect());
    }
    let group = |id: &String| {
        let group = documents.find("microsoft.network/networksecuritygroups", id);
        post.filter(group.ok_or_else(|| Unsupported::new(id, "it is not in the documents"))?)
    };
    named.iter().map(group).collect()
}

/// AZ-30: what `VirtualNetwork` stands for at an interface.
fn network_tag(
    documents: &Documents<'_>,
    places: &Places<'_>,
    nic: &Nic<'_>,
) -> Result<Vec<IpNet>, Unsupported> {
    let subnet = places.subnet(&nic.subnet)?;
    let network = places.network(&subnet.network)?;
    let mut prefixes = network.prefixes.clone();
    prefixes.push(net(nic.own.id()?, HOST)?);
    let tagged = network.sides.iter().filter(|side| side.tagged);
    prefixes.extend(tagged.flat_map(|side| side.remote.iter().copied()));
    if let Some(table) = subnet.own.reference("routeTable") {
        let table = documents.find("microsoft.network/routetables", &table);
        for route in table.iter().flat_map(|table| table.list("routes")) {
            prefixes.push(net(route.id()?, route.text("addressPrefix").unwrap_or_default())?);
        }
    }
    if prefixes.iter().any(|net| net.prefix_len() == 0) {
        return Err(Unsupported::new(nic.own.id()?, "a route for everything"));
    }
    Ok(prefixes)
}

/// Where a group is asked.
struct Post<'p> {
    places: &'p Places<'p>,
    /// The interface's id.
    at: &'p str,
    /// What `VirtualNetwork` stands for here.
    network: &'p [IpNet],
}

impl Post<'_> {
    fn filter(&self, group: Resource<'_>) -> Result<Filter, Unsupported> {
        let list = group.id()?;
        let mut filter = Filter {
            tracking: Tracking::Stateful,
            ingress: Vec::new(),
            egress: Vec::new(),
            chains: Vec::new(),
        };
        // AZ-2.
        let mut rules = Vec::new();
        for rule in group.list("securityRules") {
            let priority = rule.get("priority").and_then(serde_json::Value::as_u64);
            let priority = priority.filter(|it| (100..=4096).contains(it));
            rules.push((priority.ok_or_else(|| unreadable(&rule, "priority"))?, rule));
        }
        rules.sort_by_key(|(priority, _)| *priority);
        for (_, rule) in rules {
            let (direction, lines) = match rule.text("direction") {
                Some("Inbound") => (Direction::Ingress, &mut filter.ingress),
                Some("Outbound") => (Direction::Egress, &mut filter.egress),
                _ => return Err(unreadable(&rule, "direction")),
            };
            let allows = match rule.text("access") {
                Some("Allow") => true,
                Some("Deny") => false,
                _ => return Err(unreadable(&rule, "access")),
            };
            let act = self.act(list, direction, rule.name()?, allows);
            let (source, destination) =
                (self.side(&rule, "source")?, self.side(&rule, "destination")?);
            for matches in words::matches(&source, &destination, &words::service(&rule)?) {
                lines.push(Line { matches, act: act.clone() });
            }
        }
        for (direction, defaults, lines) in [
            (Direction::Ingress, INBOUND, &mut filter.ingress),
            (Direction::Egress, OUTBOUND, &mut filter.egress),
        ] {
            for (name, allows, source, destination) in defaults {
                let act = self.act(list, direction, name, allows);
                let (source, destination) = (self.tag(source)?, self.tag(destination)?);
                for matches in words::matches(&source, &destination, &words::any_service()) {
                    lines.push(Line { matches, act: act.clone() });
                }
            }
        }
        Ok(filter)
    }

    fn act(&self, list: &str, direction: Direction, rule: &str, allows: bool) -> Act {
        let site = Site {
            cause: Cause::Stateful,
            at: self.at.to_owned(),
            list: list.to_owned(),
            direction: Some(direction),
            rule: rule.to_owned(),
        };
        if allows { Act::AllowBy(site) } else { Act::Drop(site) }
    }

    /// One side of a rule: application security groups (AZ-18), a word, or prefixes.
    fn side(&self, rule: &Resource<'_>, side: &str) -> Result<Peers, Unsupported> {
        let groups = rule.references(&format!("{side}ApplicationSecurityGroups"));
        if !groups.is_empty() {
            let members = self.places.nics.values();
            let members = members.filter(|nic| nic.groups.iter().any(|it| groups.contains(it)));
            let addresses = members.flat_map(|nic| &nic.addresses).map(|it| IpNet::from(it.own));
            return Ok(Peers::of(addresses.collect()));
        }
        let (one, many) = (format!("{side}AddressPrefix"), format!("{side}AddressPrefixes"));
        match rule.both(&one, &many).as_slice() {
            [] => Err(unreadable(rule, &one)),
            [word] => self.tag(word),
            several => {
                let several = several.iter().map(|text| net(self.at, text));
                Ok(Peers::of(several.collect::<Result<_, _>>()?))
            }
        }
    }

    /// What a word stands for (AZ-17, AZ-30 to AZ-32), or a prefix.
    fn tag(&self, word: &str) -> Result<Peers, Unsupported> {
        Ok(match word {
            "*" | "0.0.0.0/0" | "Any" => Peers::Any,
            "VirtualNetwork" => Peers::of(self.network.to_vec()),
            "Internet" => Peers::Internet { but: self.network.to_vec() },
            "AzureLoadBalancer" => Peers::of(vec![net(self.at, HOST)?]),
            prefix => Peers::of(vec![net(self.at, prefix)?]),
        })
    }

    /// AZ-8: closed to the internet, where a Standard address has no group before it.
    fn closed(&self, nic: &Nic<'_>) -> Option<Filter> {
        let is_closed = |&(_, is_open): &(std::net::IpAddr, bool)| !is_open;
        nic.addresses.iter().filter_map(|it| it.known_as).find(is_closed)?;
        let list = "no network security group";
        let outside = Peers::Internet { but: self.network.to_vec() };
        let deny = self.act(list, Direction::Ingress, "ClosedWithoutGroup", false);
        let matches = words::matches(&outside, &Peers::Any, &words::any_service());
        let denied = matches.into_iter().map(|matches| Line { matches, act: deny.clone() });
        let allow = |direction| Line {
            matches: String::new(),
            act: self.act(list, direction, "OpenWithoutGroup", true),
        };
        Some(Filter {
            tracking: Tracking::Stateful,
            ingress: denied.chain([allow(Direction::Ingress)]).collect(),
            egress: vec![allow(Direction::Egress)],
            chains: Vec::new(),
        })
    }
}

fn unreadable(rule: &Resource<'_>, field: &str) -> Unsupported {
    Unsupported::new(rule.text("id").unwrap_or("?"), format!("`{field}` is not told, or badly"))
}
