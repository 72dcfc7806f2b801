//! Rules: each of Azure's beside the one of its name (AZ-2, AZ-3, AZ-16 to AZ-18, AZ-30 to AZ-33).

use std::collections::BTreeMap;

use cloudfw_core::{
    Action, Direction, Filter, Id, IpSet, Match, Origin, Peer, Peers, ServiceSet, global_unicast,
};
use cloudfw_documents::Element;

use super::super::Lowering;
use super::super::addresses::{is_any, prefixes};
use super::super::ids::{self, key};
use super::super::platform::host_address;
use super::super::recorded::Effective;
use super::super::security_group::{ACCESS, both, priority_of};
use super::super::security_rule::{DROP, Reader, Services};
use super::super::surroundings::Surroundings;
use super::super::table::{Object, at};
use super::{Asked, Known, Report, place};
use crate::kind::Kind;
use crate::raw::{self, EffectiveNetworkSecurityGroup, EffectiveSecurityRule};

/// What of public space is set apart, and looks like any other in examples.
const SET_APART: [&str; 4] =
    ["192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24", "203.0.113.0/24"];

/// What a side of a rule stands for: at least, and at most.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Side {
    least: IpSet,
    most: IpSet,
}

/// A rule as it was lowered, with all its parts.
struct Own {
    /// Where it stands among those of its direction.
    position: usize,
    name: String,
    certain: ServiceSet,
    all: ServiceSet,
    actions: Vec<Action>,
    sides: [Side; 2],
    /// Whether a side is what the tag `Internet` stands for.
    is_internet: [bool; 2],
}

/// A rule as Azure's list has it.
struct Told {
    name: String,
    origin: Origin,
    priority: Option<i64>,
    action: Option<Action>,
    services: Services,
    sides: [Side; 2],
    /// What of it cannot be read.
    fault: Option<String>,
}

/// A group with what Azure says of it at one place.
struct Group<'g> {
    told: &'g EffectiveNetworkSecurityGroup,
    object: &'g Object<'g, raw::NetworkSecurityGroup>,
    filter: &'g Filter,
    around: &'g Surroundings,
    known: &'g Known,
    origin: Origin,
}

/// Where a group hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Subnet,
    Interface,
}

impl<'a> Lowering<'a> {
    /// Nothing where nothing was asked at the interface.
    pub(super) fn compare_rules(
        &self,
        object: &Object<'a, raw::NetworkInterface>,
        list: &Effective<'a>,
        groups: &'a [Element<EffectiveNetworkSecurityGroup>],
        known: &Known,
    ) -> Option<Report> {
        let asked = self.asked.get(object.key.as_ref())?;
        let subnet = self.network.interfaces.get(object.key.as_ref())?.subnet.clone();
        let mut report = Report::default();
        let mut met: Vec<Place> = Vec::new();
        for element in groups {
            let told = &element.value;
            let origin = place(list, element);
            if told.network_security_group.is_none() && is_of_manager(told) {
                let what = format!("admin rules at `{}`", ids::name(object.id));
                let why = "Azure's list has some, which are not compared";
                report.notes.push(super::unknown(what, why, &origin));
                continue;
            }
            let id = told.network_security_group.as_ref().and_then(|it| it.id.as_deref());
            let name = ids::name(id.unwrap_or("a group without an id"));
            let places = places(told, asked, subnet.as_str(), &object.key);
            if places.is_empty() {
                let what = format!("where `{name}` is asked");
                let why = report.differs(what, "it is asked somewhere else", &origin);
                report.doubt_all(&why);
            }
            for at in places {
                met.push(at);
                let own = asked.group(at).filter(|(own, _)| id.is_none_or(|id| *key(id) == **own));
                if let Some(own) = own {
                    self.compare_group((told, &origin), own, (asked, known), &mut report);
                } else {
                    let what = format!("which group is asked at {}", at.words());
                    let how = format!("`{name}` is asked there");
                    let why = report.differs(what, &how, &origin);
                    report.doubt_all(&why);
                }
            }
        }
        for at in [Place::Subnet, Place::Interface].into_iter().filter(|at| !met.contains(at)) {
            if let Some((group, _)) = asked.group(at) {
                let what = format!("which group is asked at {}", at.words());
                let how = format!("`{}` is not asked there", ids::name(group));
                let why = report.differs(what, &how, &list.origin);
                report.doubt_all(&why);
            }
        }
        Some(report)
    }

    fn compare_group(
        &self,
        (told, origin): (&EffectiveNetworkSecurityGroup, &Origin),
        (group, filter): (&str, &Id<Filter>),
        (asked, known): (&Asked, &Known),
        report: &mut Report,
    ) {
        // Of a group that is not recorded nothing is known that could be compared.
        let Some(object) = self.recorded.security_groups.get(group) else { return };
        let Some(filter) = self.network.filters.get(filter) else { return };
        let around = &asked.around;
        let group = Group { told, object, filter, around, known, origin: origin.clone() };
        let mut rules = told.effective_security_rules.iter().flatten();
        if let Some(rule) = rules.find(|rule| direction_of(rule).is_none()) {
            let what = format!("the rule `{}`", short(rule.name.as_deref().unwrap_or("?")));
            let why = report.differs(what, "its direction cannot be read", origin);
            report.doubt_all(&why);
        }
        for direction in [Direction::Ingress, Direction::Egress] {
            self.compare_direction(&group, direction, report);
        }
    }

    fn compare_direction(&self, group: &Group<'_>, direction: Direction, report: &mut Report) {
        let Some(mut own) = self.own_rules(group, direction) else { return };
        let of = ids::name(group.object.id);
        let mut told = self.told_rules(group, direction);
        told.sort_by_key(|rule| rule.priority);
        let mut last = 0;
        for rule in told {
            report.count += 1;
            let what = format!("the rule `{}` of `{of}`", rule.name);
            let services = all_of(&rule.services);
            let Some(own) = own.remove(&rule.name.to_ascii_lowercase()) else {
                if !is_final(&rule, direction) {
                    let how = "it has the rule, and the documents do not";
                    let why = report.differs(what, how, &rule.origin);
                    report.doubt(direction, &why, vec![Match::services(services)]);
                }
                continue;
            };
            let priority = priority_of(group.object.told(), &rule.name, direction);
            let whole = || vec![Match::services(services.union(&own.all))];
            let mut differs = difference(&own, &rule, priority).map(|how| (how, whole()));
            if differs.is_none() && own.position < last {
                differs = Some(("it stands elsewhere among the others".to_owned(), whole()));
            }
            let differs = differs.or_else(|| difference_of_peers(&own, &rule));
            last = own.position.max(last);
            if let Some((how, flows)) = differs {
                let why = report.differs(what, &how, &rule.origin);
                report.doubt(direction, &why, flows);
            }
        }
        for own in own.into_values() {
            let what = format!("the rule `{}` of `{of}`", own.name);
            let why = report.differs(what, "it does not have the rule", &group.origin);
            report.doubt(direction, &why, vec![Match::services(own.all)]);
        }
    }

    /// The rules that were lowered, by name; nothing where one may do anything at all.
    fn own_rules(&self, group: &Group<'_>, direction: Direction) -> Option<BTreeMap<String, Own>> {
        let mut found: BTreeMap<String, Own> = BTreeMap::new();
        let rules = group.filter.lists(direction).iter().flat_map(|list| &list.rules);
        for (position, rule) in rules.enumerate() {
            if &*rule.id == "?" {
                return None;
            }
            let matches = &rule.matches;
            let sides = [&matches.sources, &matches.destinations];
            let own = found.entry(rule.id.to_ascii_lowercase()).or_insert_with(|| Own {
                position,
                name: rule.id.to_string(),
                certain: ServiceSet::empty(),
                all: ServiceSet::empty(),
                actions: Vec::new(),
                sides: sides.map(|peers| self.side(peers, group.known)),
                is_internet: sides.map(is_internet),
            });
            if matches.doubt.is_none() {
                own.certain = own.certain.union(&matches.services);
            }
            own.all = own.all.union(&matches.services);
            own.actions.push(rule.action.clone());
        }
        Some(found)
    }

    fn told_rules(&self, group: &Group<'_>, direction: Direction) -> Vec<Told> {
        let rules = group.told.effective_security_rules.iter().flatten().enumerate();
        let here = rules.filter(|(_, rule)| direction_of(rule) == Some(direction));
        here.map(|(index, rule)| {
            let origin = at(&group.origin, |own| own.element("effectiveSecurityRules", index));
            self.told(rule, &origin, group)
        })
        .collect()
    }

    fn told(&self, rule: &EffectiveSecurityRule, origin: &Origin, group: &Group<'_>) -> Told {
        let name = short(rule.name.as_deref().unwrap_or_default()).to_owned();
        let mut reader = Reader::new(&name, origin, group.around, &self.tags);
        let from = both(rule.source_port_range.as_ref(), rule.source_port_ranges.as_ref());
        let from = reader.ports("sourcePortRange", from);
        let to = both(rule.destination_port_range.as_ref(), rule.destination_port_ranges.as_ref());
        let to = reader.ports("destinationPortRange", to);
        let services = reader.services(rule.protocol.as_deref(), &from, &to);
        let action = reader.access(rule.access.as_deref(), &ACCESS).ok();
        let texts =
            both(rule.source_address_prefix.as_ref(), rule.source_address_prefixes.as_ref());
        let expanded = rule.expanded_source_address_prefix.as_deref().unwrap_or_default();
        let source = self.told_side(&mut reader, &texts.collect::<Vec<_>>(), expanded, group.known);
        let texts = both(
            rule.destination_address_prefix.as_ref(),
            rule.destination_address_prefixes.as_ref(),
        );
        let expanded = rule.expanded_destination_address_prefix.as_deref().unwrap_or_default();
        let destination =
            self.told_side(&mut reader, &texts.collect::<Vec<_>>(), expanded, group.known);
        let fault = reader.faults.first().map(|fault| fault.what.to_string());
        let priority = rule.priority.given().copied();
        let sides = [source, destination];
        Told {
            origin: origin.clone(),
            name: name.clone(),
            priority,
            action,
            services,
            sides,
            fault,
        }
    }

    /// What is expanded counts in place of the tag that it was expanded from.
    fn told_side(
        &self,
        reader: &mut Reader<'_>,
        texts: &[&str],
        expanded: &[String],
        known: &Known,
    ) -> Side {
        if expanded.is_empty() || texts.iter().any(|text| is_any(text)) {
            let peers = reader.peers("address prefixes", texts.iter().copied(), Vec::new());
            return self.side(&peers, known);
        }
        let (literal, _) = prefixes(texts.iter().copied());
        let (more, bad) = prefixes(expanded.iter().map(String::as_str));
        if let Some(bad) = bad.first() {
            reader.fault("expanded address prefixes", format!("`{bad}` is no prefix"));
        }
        let least = literal.union(&more);
        Side { most: least.clone(), least }
    }

    /// What peers stand for; groups for the addresses of their members (AZ-18).
    fn side(&self, peers: &Peers, known: &Known) -> Side {
        let Peers::Of(list) = peers else {
            return Side { least: IpSet::full(), most: IpSet::full() };
        };
        let (mut least, mut most) = (Vec::new(), Vec::new());
        for peer in list {
            match peer {
                Peer::Addresses { set, .. } => least.push(set.clone()),
                Peer::Group(id) => {
                    least.extend(known.members.get(id).cloned());
                    if self.coverage.missing(Kind::NetworkInterfaces, id.as_str()).is_some() {
                        most.push(IpSet::full());
                    }
                }
                Peer::Unresolved { within, .. } => most.push(within.clone()),
            }
        }
        let least = IpSet::union_of(&least);
        most.push(least.clone());
        Side { least, most: IpSet::union_of(&most) }
    }
}

impl Asked {
    fn group(&self, place: Place) -> Option<(&str, &Id<Filter>)> {
        let group = match place {
            Place::Subnet => &self.of_subnet,
            Place::Interface => &self.own,
        };
        group.as_ref().map(|(group, filter)| (group.as_ref(), filter))
    }
}

impl Place {
    fn words(self) -> &'static str {
        match self {
            Self::Subnet => "the subnet",
            Self::Interface => "the interface",
        }
    }
}

/// Where Azure says that a group hangs, of the places that are asked for this interface.
fn places(
    told: &EffectiveNetworkSecurityGroup,
    asked: &Asked,
    subnet: &str,
    interface: &str,
) -> Vec<Place> {
    let association = told.association.as_ref();
    let id =
        |reference: Option<&raw::Reference>| reference.and_then(|it| it.id.as_deref()).map(key);
    let of_subnet = id(association.and_then(|it| it.subnet.as_ref()));
    let own = id(association.and_then(|it| it.network_interface.as_ref()));
    if of_subnet.is_none() && own.is_none() {
        // The one group that there is, where the list does not tell.
        let every = [Place::Subnet, Place::Interface];
        let there = every.into_iter().filter(|at| asked.group(*at).is_some());
        let there: Vec<Place> = there.collect();
        return if there.len() == 1 { there } else { Vec::new() };
    }
    let mut places = Vec::new();
    places.extend((of_subnet.as_deref() == Some(subnet)).then_some(Place::Subnet));
    places.extend((own.as_deref() == Some(interface)).then_some(Place::Interface));
    places
}

fn is_of_manager(told: &EffectiveNetworkSecurityGroup) -> bool {
    told.association.as_ref().is_some_and(|it| it.network_manager.is_some())
}

fn direction_of(rule: &EffectiveSecurityRule) -> Option<Direction> {
    let is = |word: &str| rule.direction.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(word));
    is("Inbound")
        .then_some(Direction::Ingress)
        .or_else(|| is("Outbound").then_some(Direction::Egress))
}

/// The name of a rule without what Azure's lists put before it.
fn short(name: &str) -> &str {
    let before = ["securityRules/", "defaultSecurityRules/", "UserRule_", "DefaultRule_"];
    before.iter().find_map(|before| name.strip_prefix(before)).unwrap_or(name)
}

/// The rules that views of Network Watcher have at the very end, behind those of every group.
fn is_final(rule: &Told, direction: Direction) -> bool {
    let name = match direction {
        Direction::Ingress => "DefaultInboundDenyAll",
        Direction::Egress => "DefaultOutboundDenyAll",
    };
    rule.name == name
        && rule.priority == Some(65500)
        && rule.action == Some(DROP)
        && rule.services.certain.is_full()
        && rule.sides.iter().all(|side| side.least.is_full())
}

fn all_of(services: &Services) -> ServiceSet {
    let possible = services.possible.iter();
    possible.fold(services.certain.clone(), |all, (set, _)| all.union(set))
}

fn is_internet(peers: &Peers) -> bool {
    let Peers::Of(list) = peers else { return false };
    list.iter().any(|peer| match peer {
        Peer::Addresses { via, .. } => via.as_deref() == Some("Internet"),
        Peer::Unresolved { name, .. } => &**name == "Internet",
        Peer::Group(_) => false,
    })
}

/// How Azure's rule differs from the one of its name.
fn difference(own: &Own, told: &Told, priority: Option<i64>) -> Option<String> {
    if let Some(fault) = &told.fault {
        return Some(format!("{fault} cannot be read"));
    }
    match &told.action {
        Some(action) if own.actions.contains(action) => {}
        Some(action) => return Some(format!("it is to {action}")),
        None => return Some("what it does cannot be read".to_owned()),
    }
    if told.priority.is_none() || priority.is_some_and(|own| told.priority != Some(own)) {
        let priority = told.priority.map(|it| it.to_string());
        return Some(format!("its priority is {}", priority.as_deref().unwrap_or("not told")));
    }
    let all = all_of(&told.services);
    if !own.certain.is_subset(&all) || !told.services.certain.is_subset(&own.all) {
        return Some(format!("it is for {all}"));
    }
    None
}

/// How the addresses of Azure's rule differ, and the flows of those that do.
fn difference_of_peers(own: &Own, told: &Told) -> Option<(String, Vec<Match>)> {
    let (mut how, mut flows) = (Vec::new(), Vec::new());
    let ends = ["sources", "destinations"].into_iter().zip(&own.sides).zip(&told.sides);
    for (((end, of_own), of_told), is_internet) in ends.zip(own.is_internet) {
        let within = if is_internet { internet_of(of_told) } else { IpSet::full() };
        let lacks = of_own.least.difference(&of_told.most).intersection(&within);
        let has = of_told.least.difference(&of_own.most).intersection(&within);
        if lacks.is_empty() && has.is_empty() {
            continue;
        }
        how.push(format!("its {end} are {}", shown(&of_told.least)));
        let differing = Peers::Of(vec![Peer::addresses(lacks.union(&has))]);
        let matches = Match::services(all_of(&told.services).union(&own.all));
        flows.push(match end {
            "sources" => Match { sources: differing, ..matches },
            _ => Match { destinations: differing, ..matches },
        });
    }
    (!how.is_empty()).then(|| (how.join(", "), flows))
}

/// Where `Internet` is compared (AZ-31): Azure's list cuts the tag from all of IPv4, with addresses
/// that nobody can have, and may leave IPv6 and what is set apart for documents out.
fn internet_of(told: &Side) -> IpSet {
    let (apart, _) = prefixes(SET_APART);
    let within = global_unicast().difference(&host_address()).difference(&apart);
    if told.most.v6().is_empty() { within.only_v4() } else { within }
}

fn shown(set: &IpSet) -> String {
    const MOST: usize = 4;
    let nets = set.nets();
    let first: Vec<String> = nets.iter().take(MOST).map(ToString::to_string).collect();
    match nets.len().saturating_sub(MOST) {
        0 if nets.is_empty() => "none".to_owned(),
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
