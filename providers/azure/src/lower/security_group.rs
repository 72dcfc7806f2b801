//! Network security groups (AZ-1 to AZ-20): one filter for each, and for each place where service
//! tags mean something else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use cloudfw_core::{
    Action, Direction, Filter, Group, Id, IpSet, Label, Made, Origin, Peer, Priority, Rule,
    RuleList, Tracking, Unknown, WithoutState, global_unicast,
};

use super::Lowering;
use super::ids::{key, name};
use super::recorded::Recorded;
use super::security_rule::{DROP, Draft, Reader, doubtful, in_order, not_in_force};
use super::service_tag::{ServiceTags, is_platform};
use super::surroundings::Surroundings;
use super::table::Object;
use super::wording::{implied, label, missing, not_recorded, unknown};
use crate::kind::Kind;
use crate::raw::{self, Resource, SecurityRule};

/// Groups remember flows (AZ-10). What they do with a reply whose opening packet they never saw is
/// written nowhere.
pub(super) const STATEFUL: Tracking = Tracking::Stateful { without_state: WithoutState::Unknown };

const KIND: &str = "network-security-group";
/// Both lists of rules, by the names that Azure has for them.
const CUSTOM: &str = "securityRules";
const DEFAULT: &str = "defaultSecurityRules";
/// Where rules of users may stand (AZ-2), and behind them those of Azure.
const CUSTOM_PRIORITIES: RangeInclusive<i64> = 100..=4096;
const DEFAULT_PRIORITIES: RangeInclusive<i64> = 4097..=65535;

const TIE: &str = "they have the same priority and direction, of which Azure allows one";

/// The rules that Azure adds to every group (AZ-3): name, direction, priority, source,
/// destination, and what it does.
const DEFAULTS: [(&str, Direction, i64, &str, &str, Action); 6] = {
    use Direction::{Egress, Ingress};
    const NETWORK: &str = "VirtualNetwork";
    [
        ("AllowVnetInBound", Ingress, 65000, NETWORK, NETWORK, Action::Allow),
        ("AllowAzureLoadBalancerInBound", Ingress, 65001, "AzureLoadBalancer", "*", Action::Allow),
        ("DenyAllInBound", Ingress, 65500, "*", "*", DROP),
        ("AllowVnetOutBound", Egress, 65000, NETWORK, NETWORK, Action::Allow),
        ("AllowInternetOutBound", Egress, 65001, "*", "Internet", Action::Allow),
        ("DenyAllOutBound", Egress, 65500, "*", "*", DROP),
    ]
};

/// A group as one filter, and what is told badly in it. `asg` gives what an application security
/// group of this id stands for, at the place of the rule that names it (AZ-18).
pub(super) fn filter(
    object: &Object<'_, raw::NetworkSecurityGroup>,
    around: &Surroundings,
    tags: &ServiceTags,
    asg: impl Fn(&str, &Origin) -> Peer,
) -> (Filter, BTreeSet<Unknown>) {
    let mut rules = Rules { object, around, tags, asg, faults: BTreeSet::new() };
    let front = rules.whole();
    let told = object.told();
    let mut drafts = rules.list(CUSTOM, told.security_rules.as_deref(), &CUSTOM_PRIORITIES);
    let mut recorded =
        rules.list(DEFAULT, told.default_security_rules.as_deref(), &DEFAULT_PRIORITIES);
    // Nobody wrote them, and nobody can delete them.
    for draft in recorded.iter_mut().filter(|draft| draft.doubt.is_none()) {
        draft.origin = implied(&object.entry.origin);
    }
    drafts.extend(rules.missing_defaults(&recorded));
    drafts.extend(recorded);
    let label = label(object, KIND);
    let list = |direction| {
        let mut all: Vec<Rule> = front.clone();
        all.extend(in_order(&drafts, direction, TIE));
        vec![Arc::new(RuleList { label: label.clone(), rules: all })]
    };
    let (ingress, egress) = (list(Direction::Ingress), list(Direction::Egress));
    let faults = rules.faults;
    let chains = BTreeMap::new();
    (Filter { label, tracking: STATEFUL, ingress, egress, chains }, faults)
}

/// A filter of which nothing is known: anything may be denied, and anything allowed.
pub(super) fn unread_filter(label: Label, why: &Unknown) -> Filter {
    let rules = either_way(why, &label.origin);
    let list = Arc::new(RuleList { label: label.clone(), rules });
    let (ingress, egress) = (vec![Arc::clone(&list)], vec![list]);
    Filter { label, tracking: STATEFUL, ingress, egress, chains: BTreeMap::new() }
}

/// Whether a group names Azure's own services at every machine, which no group filters otherwise
/// (AZ-19).
pub(super) fn names_platform(group: &raw::NetworkSecurityGroup) -> bool {
    let rules = group.security_rules.iter().flatten().map(|rule| &rule.properties);
    rules.flat_map(|rule| sources(rule).chain(destinations(rule))).any(is_platform)
}

/// Where a rule of a group stands, among those of users, of Azure as recorded, and of Azure as
/// implied (AZ-3).
pub(super) fn priority_of(
    group: &raw::NetworkSecurityGroup,
    rule: &str,
    direction: Direction,
) -> Option<i64> {
    let custom = group.security_rules.iter().flatten();
    let all = custom.chain(group.default_security_rules.iter().flatten());
    let mut named = all.filter(|it| it.name.as_deref().is_some_and(|name| same(name, rule)));
    if let Some(told) = named.next() {
        return told.properties.priority.given().copied();
    }
    let mut defaults = DEFAULTS.iter().filter(|(_, of, ..)| *of == direction);
    defaults.find(|(name, ..)| same(name, rule)).map(|(_, _, priority, ..)| *priority)
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Where the rules of a group stand, those among them that tell it, and of Azure's own those that
/// are not told.
fn priorities(group: &raw::NetworkSecurityGroup) -> Vec<Priority> {
    let recorded = group.default_security_rules.iter().flatten();
    let told = group.security_rules.iter().flatten().chain(recorded);
    let told = told.filter_map(|resource| {
        let rule = &resource.properties;
        let named = resource.name.as_deref().or(resource.id.as_deref().map(name))?;
        let direction = rule.direction.as_deref()?.to_ascii_lowercase();
        let direction = match direction.as_str() {
            "inbound" => Direction::Ingress,
            "outbound" => Direction::Egress,
            _ => return None,
        };
        Some(Priority { direction, rule: named.into(), number: *rule.priority.given()? })
    });
    let mut all: Vec<Priority> = told.collect();
    for (rule, direction, number, ..) in DEFAULTS {
        if !all.iter().any(|it| it.direction == direction && it.rule.eq_ignore_ascii_case(rule)) {
            all.push(Priority { direction, rule: rule.into(), number });
        }
    }
    all
}

/// The groups that do, by key.
pub(super) fn name_platform(recorded: &Recorded<'_>) -> BTreeSet<Arc<str>> {
    let groups = recorded.security_groups.iter();
    groups.filter(|group| names_platform(group.told())).map(|it| Arc::clone(&it.key)).collect()
}

/// Reads the rules of a group.
struct Rules<'a, F> {
    object: &'a Object<'a, raw::NetworkSecurityGroup>,
    around: &'a Surroundings,
    tags: &'a ServiceTags,
    asg: F,
    faults: BTreeSet<Unknown>,
}

impl<F: Fn(&str, &Origin) -> Peer> Rules<'_, F> {
    /// What is not known of the group as a whole, as rules that come before all others.
    fn whole(&mut self) -> Vec<Rule> {
        let object = self.object;
        let own = &object.entry.origin;
        let group = name(object.id);
        let mut gaps = Vec::new();
        if object.is_contradicted {
            let what = format!("the rules of `{group}`");
            gaps.push(unknown(what, "the recording tells them in different ways", own));
        }
        if object.told().security_rules.is_none() {
            let what = format!("`{CUSTOM}` of `{group}`");
            gaps.push(unknown(what, "not recorded: an absent list is not an empty one", own));
        }
        if let Some(why) = not_in_force(object.told().provisioning_state.as_deref()) {
            let what = format!("`provisioningState` of `{group}`");
            gaps.push(unknown(what, why, &object.field("provisioningState")));
        }
        let rules = gaps.iter().flat_map(|gap| either_way(gap, own)).collect();
        self.faults.extend(gaps);
        rules
    }

    fn list(
        &mut self,
        field: &'static str,
        rules: Option<&[Resource<SecurityRule>]>,
        priorities: &RangeInclusive<i64>,
    ) -> Vec<Draft> {
        let foreign = foreign_fields(self.object.entry.foreign, field);
        let rules = rules.into_iter().flatten().enumerate();
        let draft = |(index, rule)| {
            let origin = self.object.element(field, index);
            self.draft(rule, &origin, priorities, foreign.get(&index).copied())
        };
        rules.map(draft).collect()
    }

    fn draft(
        &mut self,
        resource: &Resource<SecurityRule>,
        origin: &Origin,
        priorities: &RangeInclusive<i64>,
        foreign: Option<&str>,
    ) -> Draft {
        let rule = &resource.properties;
        let named = resource.name.as_deref().or(resource.id.as_deref().map(name));
        let mut reader = Reader::new(named.unwrap_or(""), origin, self.around, self.tags);
        let priority = reader.priority(&rule.priority, priorities);
        let direction = reader.direction(rule.direction.as_deref());
        let access = reader.access(rule.access.as_deref(), &ACCESS);
        let force = reader.provisioning(rule.provisioning_state.as_deref());
        let source_ports = reader.ports("sourcePortRange", source_ports(rule));
        let destination_ports = reader.ports("destinationPortRange", destination_ports(rule));
        let services = reader.services(rule.protocol.as_deref(), &source_ports, &destination_ports);
        let members = |groups: &Option<Vec<raw::Reference>>| {
            groups.iter().flatten().map(|group| self.members(group, origin)).collect()
        };
        let near = members(&rule.source_application_security_groups);
        let sources = reader.peers("sourceAddressPrefix", sources(rule), near);
        let far = members(&rule.destination_application_security_groups);
        let destinations = reader.peers("destinationAddressPrefix", destinations(rule), far);
        let beside = resource.beside.is_some().then(|| {
            reader.fault("properties", "fields of the rule stand beside it as well as in it")
        });
        let foreign = foreign.map(|field| {
            reader.fault(field, "cloudfw does not know the field, nor what it changes")
        });
        let doubts = [priority.clone().err(), direction.clone().err(), access.clone().err()];
        let doubt = doubts.into_iter().chain([force, beside, foreign]).flatten().next();
        self.faults.extend(reader.faults);
        Draft {
            name: named.unwrap_or("").into(),
            origin: origin.clone(),
            priority: priority.ok(),
            directions: direction
                .map_or_else(|_| vec![Direction::Ingress, Direction::Egress], |it| vec![it]),
            actions: access.map_or_else(|_| vec![DROP, Action::Allow], |it| vec![it]),
            sources,
            destinations,
            services,
            doubt,
        }
    }

    /// AZ-18.
    fn members(&self, group: &raw::Reference, origin: &Origin) -> Peer {
        let id = group.id.as_deref().filter(|id| !id.trim().is_empty());
        id.map_or_else(
            || Peer::Unresolved {
                name: "?".into(),
                within: IpSet::full(),
                unknown: unknown(
                    "the application security group of a rule",
                    "its `id` is not recorded",
                    origin,
                ),
            },
            |id| (self.asg)(id, origin),
        )
    }

    /// The default rules that are not among those recorded (AZ-3).
    fn missing_defaults(&self, recorded: &[Draft]) -> Vec<Draft> {
        let origin = implied(&self.object.entry.origin);
        let is_missing = |name: &str, direction: Direction, priority: i64| {
            !recorded.iter().any(|rule| {
                rule.directions.contains(&direction)
                    && (rule.name.eq_ignore_ascii_case(name) || rule.priority == Some(priority))
            })
        };
        let missing = DEFAULTS
            .iter()
            .filter(|(name, direction, priority, ..)| is_missing(name, *direction, *priority));
        let draft = |(name, direction, priority, source, destination, action): &(
            &str,
            Direction,
            i64,
            &str,
            &str,
            Action,
        )| {
            let mut reader = Reader::new(name, &origin, self.around, self.tags);
            let all = reader.ports("", ["*"]);
            Draft {
                name: (*name).into(),
                origin: origin.clone(),
                priority: Some(*priority),
                directions: vec![*direction],
                actions: vec![action.clone()],
                sources: reader.peers("", [*source], Vec::new()),
                destinations: reader.peers("", [*destination], Vec::new()),
                services: reader.services(Some("*"), &all, &all),
                doubt: None,
            }
        };
        missing.map(draft).collect()
    }
}

/// What rules of groups do.
pub(super) const ACCESS: [(&str, Action); 2] = [("allow", Action::Allow), ("deny", DROP)];

/// Rules that may deny everything, and may allow it.
fn either_way(unknown: &Unknown, origin: &Origin) -> Vec<Rule> {
    let rule = |action| doubtful(action, unknown.clone(), origin);
    vec![rule(DROP), rule(Action::Allow)]
}

/// Both forms of a field (AZ-16).
pub(super) fn both<'r>(
    one: Option<&'r String>,
    more: Option<&'r Vec<String>>,
) -> impl Iterator<Item = &'r str> {
    one.into_iter().chain(more.into_iter().flatten()).map(String::as_str)
}

fn sources(rule: &SecurityRule) -> impl Iterator<Item = &str> {
    both(rule.source_address_prefix.as_ref(), rule.source_address_prefixes.as_ref())
}

fn destinations(rule: &SecurityRule) -> impl Iterator<Item = &str> {
    both(rule.destination_address_prefix.as_ref(), rule.destination_address_prefixes.as_ref())
}

fn source_ports(rule: &SecurityRule) -> impl Iterator<Item = &str> {
    both(rule.source_port_range.as_ref(), rule.source_port_ranges.as_ref())
}

fn destination_ports(rule: &SecurityRule) -> impl Iterator<Item = &str> {
    both(rule.destination_port_range.as_ref(), rule.destination_port_ranges.as_ref())
}

/// The first field of each rule of a list that cloudfw has no meaning for, of pointers such as
/// `/properties/securityRules/3/properties/frobnicate`.
fn foreign_fields<'p>(pointers: &'p [Box<str>], list: &str) -> BTreeMap<usize, &'p str> {
    let mut fields = BTreeMap::new();
    for pointer in pointers {
        let mut tokens = pointer.split('/').skip_while(|token| !token.eq_ignore_ascii_case(list));
        let index = tokens.nth(1).and_then(|token| token.parse().ok());
        if let Some(index) = index {
            fields.entry(index).or_insert_with(|| name(pointer));
        }
    }
    fields
}

/// At which subnets and interfaces groups say that they are asked.
pub(super) fn claims(recorded: &Recorded<'_>) -> BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
    let mut claims: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
    for group in recorded.security_groups.iter() {
        let subnets = group.told().subnets.iter().flatten().filter_map(|it| it.id.as_deref());
        let interfaces = group.told().network_interfaces.iter().flatten();
        let interfaces = interfaces.filter_map(|it| it.id.as_deref());
        for place in subnets.chain(interfaces) {
            claims.entry(key(place)).or_default().insert(Arc::clone(&group.key));
        }
    }
    claims
}

impl Lowering<'_> {
    /// A group of core's for every application security group (AZ-18).
    pub(super) fn lower_application_groups(&mut self) {
        for object in self.recorded.application_groups.iter() {
            let label = label(object, "application-security-group");
            let group = Group { label, made: Made::ByHand };
            self.network.groups.insert(Id::new(Arc::clone(&object.key)), group);
        }
    }

    /// The filter of the security group of this id, which `from` names, as it is around a place.
    pub(super) fn group_filter(
        &mut self,
        id: &str,
        around: &Surroundings,
        from: &Origin,
    ) -> Id<Filter> {
        let recorded = self.recorded.security_groups.get(id);
        // Of a group that is not recorded it does not matter where it is asked.
        let around = if recorded.is_some() { around.clone() } else { Surroundings::default() };
        let slot = (key(id), around);
        if let Some(filter) = self.groups.get(&slot) {
            return filter.clone();
        }
        let filter = match recorded {
            Some(object) => {
                self.network.priorities.insert(object.id.into(), priorities(object.told()));
                let asg = |id: &str, origin: &Origin| self.members_of(id, origin);
                let (filter, faults) = filter(object, &slot.1, &self.tags, asg);
                self.warnings.extend(faults);
                filter
            }
            None => {
                let why = self.coverage.why(Kind::NetworkSecurityGroups, id);
                let unread = not_recorded("the rules of", id, why, from);
                unread_filter(missing(id, KIND, from), &unread)
            }
        };
        let id = self.keep(&slot.0, filter);
        self.groups.insert(slot, id.clone());
        id
    }

    /// A filter for each group that no subnet and no interface has, so that its rules can be
    /// looked at; nothing asks it.
    pub(super) fn lower_unattached_groups(&mut self) {
        let used: BTreeSet<Arc<str>> =
            self.groups.keys().map(|(group, _)| Arc::clone(group)).collect();
        for object in self.recorded.security_groups.iter() {
            if used.contains(&object.key) {
                continue;
            }
            let origin = &object.entry.origin;
            let nowhere = unknown(
                format!("what `VirtualNetwork` is around `{}`", name(object.id)),
                "nothing recorded has the group",
                origin,
            );
            // So that `Internet` is certain, which is what its rules are looked at for.
            let private = global_unicast().complement();
            let around = Surroundings {
                virtual_network: IpSet::empty(),
                possibly: vec![(private, nowhere)],
            };
            self.group_filter(object.id, &around, origin);
        }
    }

    /// What a rule means that names an application security group.
    fn members_of(&self, id: &str, origin: &Origin) -> Peer {
        if self.recorded.application_groups.get(id).is_some() {
            return Peer::Group(Id::new(key(id)));
        }
        let why = self.coverage.why(Kind::ApplicationSecurityGroups, id);
        let unknown = not_recorded("the members of", id, why, origin);
        Peer::Unresolved { name: name(id).into(), within: IpSet::full(), unknown }
    }
}
