//! Security groups (AWS-1 to AWS-18): each group's rules once, merged by reference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{
    Action, Direction, Filter, Group, Id, IpSet, Label, Made, Match, Origin, Peer, Peers, Rule,
    RuleList, Scope, StateSet, Tracking, Unknown, WithoutState,
};

use super::Lowering;
use super::filters::{deny_all, unknown_filter, unknown_list};
use super::foreign::{InRule, InRules};
use super::label::{label, missing, name_tag, unknown, within};
use super::permission::{Family, block_peer, group_services};
use super::table::{Entry, Object};
use crate::kind::Kind;
use crate::raw::{self, IpPermission, SecurityGroup, UserIdGroupPair};

/// Groups remember flows (AWS-20). What they do with a reply whose opening packet they never saw
/// is written nowhere.
const STATEFUL: Tracking = Tracking::Stateful { without_state: WithoutState::Unknown };

/// The rules of one group, shared by every filter that it is a part of.
#[derive(Debug, Clone)]
pub(super) struct GroupRules {
    label: Label,
    ingress: Arc<RuleList>,
    egress: Arc<RuleList>,
}

impl Lowering<'_> {
    pub(super) fn lower_security_groups(&mut self) {
        for object in self.recorded.groups.iter() {
            let tags = object.first().and_then(|entry| entry.value.tags.as_ref());
            let name = object.first().and_then(|entry| entry.value.group_name.as_deref());
            let name = name_tag(tags).or_else(|| name.map(Arc::from));
            let label = label(object, "security-group", name);
            let group = Group { label: label.clone(), made: made(object) };
            self.network.groups.insert(Id::new(Arc::clone(&object.key)), group);
            let rules = self.group_rules(object, label);
            self.group_rules.insert(Arc::clone(&object.key), rules);
        }
    }

    fn group_rules(&self, object: &Object<'_, SecurityGroup>, label: Label) -> GroupRules {
        if let Some(contradiction) = object.contradiction() {
            let list = unknown_list(&label, contradiction);
            return GroupRules { label, ingress: Arc::clone(&list), egress: list };
        }
        let list = |direction| match object.first() {
            Some(entry) => self.group_list(entry, &label, direction),
            None => unknown_list(&label, unknown("its rules", "not recorded", &label.origin)),
        };
        let (ingress, egress) = (list(Direction::Ingress), list(Direction::Egress));
        GroupRules { label, ingress, egress }
    }

    fn group_list(
        &self,
        group: &Entry<'_, SecurityGroup>,
        label: &Label,
        direction: Direction,
    ) -> Arc<RuleList> {
        let (field, permissions) = match direction {
            Direction::Ingress => ("IpPermissions", &group.value.ip_permissions),
            Direction::Egress => ("IpPermissionsEgress", &group.value.ip_permissions_egress),
        };
        let Some(permissions) = permissions else {
            let what = format!("the {direction} rules of {label}");
            let why = format!("`{field}` is not recorded");
            return unknown_list(label, unknown(what, why, &group.origin));
        };
        let mut rules = Vec::new();
        let foreign = InRules::new(&group.foreign);
        for (i, permission) in permissions.iter().enumerate() {
            let origin = within(&group.origin, field, i);
            let foreign = foreign.of(field, i);
            self.permission(permission, &group.scope, &origin, direction, &foreign, &mut rules);
        }
        // A group has no order (AWS-2); this one does not hang on that of the document.
        rules.sort_by(|one, two| one.0.cmp(&two.0));
        rules.dedup_by(|two, one| one.1.matches == two.1.matches && one.1.matches.doubt.is_none());
        let rules = rules.into_iter().map(|(_, rule)| rule).collect();
        Arc::new(RuleList { label: label.clone(), rules })
    }

    /// Every peer of a permission is a rule.
    fn permission<'p>(
        &self,
        permission: &'p IpPermission,
        scope: &Scope,
        origin: &Origin,
        direction: Direction,
        foreign: &InRule<'_>,
        rules: &mut Vec<(SortKey<'p>, Rule)>,
    ) {
        let services = group_services(permission);
        let beside = foreign.beside_lists();
        let mut add = |key: PeerKey<'p>, origin: Origin, peers: Vec<Peer>, own: Option<Unknown>| {
            let doubt = services.doubt.as_ref().map(|doubt| {
                unknown(doubt.as_str(), "the rule may match less, or nothing", &origin)
            });
            let doubt = doubt.or(own).or_else(|| beside.clone());
            let peers = Peers::Of(peers);
            let (sources, destinations) = match direction {
                Direction::Ingress => (peers, Peers::Any),
                Direction::Egress => (Peers::Any, peers),
            };
            let services = services.set.clone();
            let matches = Match { sources, destinations, services, states: StateSet::ALL, doubt };
            let rule = Rule { id: "".into(), matches, action: Action::Allow, origin };
            rules.push((SortKey::new(permission, key), rule));
        };
        for (i, range) in permission.ip_ranges.iter().flatten().enumerate() {
            let (origin, own) = (within(origin, "IpRanges", i), foreign.within("IpRanges", i));
            let peer = block_peer(range.cidr_ip.as_deref(), Family::V4, at(&origin));
            add((0, text(&range.cidr_ip), ""), origin, vec![peer], own);
        }
        for (i, range) in permission.ipv6_ranges.iter().flatten().enumerate() {
            let (origin, own) = (within(origin, "Ipv6Ranges", i), foreign.within("Ipv6Ranges", i));
            let peer = block_peer(range.cidr_ipv6.as_deref(), Family::V6, at(&origin));
            add((1, text(&range.cidr_ipv6), ""), origin, vec![peer], own);
        }
        for (i, list) in permission.prefix_list_ids.iter().flatten().enumerate() {
            let own = foreign.within("PrefixListIds", i);
            let origin = within(origin, "PrefixListIds", i);
            let peers = self.prefix_list_peers(list.prefix_list_id.as_deref(), scope, &origin);
            add((2, text(&list.prefix_list_id), ""), origin, peers, own);
        }
        for (i, pair) in permission.user_id_group_pairs.iter().flatten().enumerate() {
            let own = foreign.within("UserIdGroupPairs", i);
            let origin = within(origin, "UserIdGroupPairs", i);
            let peers = self.group_peers(pair, scope, &origin);
            add((3, text(&pair.group_id), text(&pair.user_id)), origin, peers, own);
        }
        for (class, (field, within)) in absent_lists(permission).enumerate() {
            let unknown = unknown(
                format!("the {field} of a rule"),
                "not recorded: an absent list is not an empty one",
                origin,
            );
            let name = format!("{field}?").into();
            let peer = Peer::Unresolved { name, within, unknown };
            let class = u8::try_from(class).unwrap_or(u8::MAX).saturating_add(4);
            add((class, "", field), origin.clone(), vec![peer], None);
        }
        // Peers of a kind that is not known stand in a list of their own, as those that are.
        if let Some(unknown) = beside.clone() {
            let (name, within) = ("what is not understood".into(), IpSet::full());
            let peer = Peer::Unresolved { name, within, unknown };
            add((u8::MAX, "", ""), origin.clone(), vec![peer], None);
        }
    }

    /// What a reference to a group stands for (AWS-8, AWS-10).
    fn group_peers(&self, pair: &UserIdGroupPair, scope: &Scope, origin: &Origin) -> Vec<Peer> {
        if self.is_stale(pair) {
            return Vec::new();
        }
        let name = pair.group_id.as_deref().or(pair.group_name.as_deref()).unwrap_or("?");
        let home = Scope {
            account: pair.user_id.as_deref().map(Arc::from).or_else(|| scope.account.clone()),
            region: scope.region.clone(),
        };
        let groups = &self.recorded.groups;
        let group = pair.group_id.as_deref().and_then(|id| {
            // The folder of the referrer too: accounts in recordings may be anonymised.
            groups.get(id, &home).or_else(|| groups.get(id, scope))
        });
        // The account of a group is part of its name: it may be another one of the same id.
        let told = pair.user_id.as_deref();
        let fits = |of: &Scope| of.account.is_none() || of.account.as_deref() == told;
        if group.is_some_and(|group| told.is_some() && !group.scopes.iter().any(fits)) {
            let why = "`UserId` names another account than the group of that id is recorded in";
            let unknown = unknown(format!("the members of `{name}`"), why, origin);
            return vec![Peer::Unresolved { name: name.into(), within: IpSet::full(), unknown }];
        }
        let Some(group) = group else {
            let unknown = unknown(
                format!("the members of `{name}`"),
                self.coverage.why(Kind::SecurityGroups, &home),
                origin,
            );
            return vec![Peer::Unresolved { name: name.into(), within: IpSet::full(), unknown }];
        };
        // On its way there or back, and in words that nobody knows, it may match or not.
        if let Some(status) = pair.peering_status.as_deref().filter(|status| *status != "active") {
            let why = format!("the peering's status is `{status}`");
            let unknown =
                unknown(format!("whether the reference to `{name}` matches"), why, origin);
            return vec![Peer::Unresolved { name: name.into(), within: IpSet::full(), unknown }];
        }
        let mut peers = vec![Peer::Group(Id::new(Arc::clone(&group.key)))];
        if !self.unknown_members.is_empty() {
            peers.push(Peer::Unresolved {
                name: "interfaces whose groups are not recorded".into(),
                within: self.unknown_members.clone(),
                unknown: unknown(
                    "the groups of some interfaces",
                    format!("they are not recorded, so that they may be members of `{name}`"),
                    origin,
                ),
            });
        }
        peers
    }

    /// Whether the peering that a reference goes through is recorded not to work, so that the
    /// rule matches nothing (AWS-10).
    fn is_stale(&self, pair: &UserIdGroupPair) -> bool {
        if let Some(status) = pair.peering_status.as_deref() {
            return super::peering::is_closed(status);
        }
        let id = pair.vpc_peering_connection_id.as_deref();
        let peering = id.and_then(|id| self.recorded.peerings.get(id, &Scope::default()));
        peering.is_some_and(|peering| {
            peering.versions.iter().all(|entry| {
                let status = entry.value.status.as_ref().and_then(|s| s.code.as_deref());
                status.is_some_and(super::peering::is_closed)
            })
        })
    }

    /// The one filter of an interface with these groups (AWS-2).
    pub(super) fn groups_filter(
        &mut self,
        groups: &[&str],
        scope: &Scope,
        origin: &Origin,
    ) -> Id<Filter> {
        let mut keys: Vec<Arc<str>> = groups
            .iter()
            .map(|id| match self.recorded.groups.get(id, scope) {
                Some(group) => Arc::clone(&group.key),
                None => unrecorded_key(id, scope),
            })
            .collect();
        keys.sort();
        keys.dedup();
        if let Some(filter) = self.merged.get(&keys) {
            return filter.clone();
        }
        let filter = self.merge(&keys, scope, origin);
        let id = self.add_filter(&keys.join("+"), filter);
        self.merged.insert(keys, id.clone());
        id
    }

    /// A filter for each group that no interface has, so that its rules can be looked at; nothing
    /// asks it.
    pub(super) fn lower_unattached_groups(&mut self) {
        let used: BTreeSet<&Arc<str>> = self.merged.keys().flatten().collect();
        let all = self.group_rules.iter().filter(|(key, _)| !used.contains(key));
        let unused: Vec<(Arc<str>, Origin)> =
            all.map(|(key, rules)| (Arc::clone(key), rules.label.origin.clone())).collect();
        for (key, origin) in unused {
            let filter = self.merge(std::slice::from_ref(&key), &Scope::default(), &origin);
            self.add_filter(&key, filter);
        }
    }

    fn merge(&self, keys: &[Arc<str>], scope: &Scope, origin: &Origin) -> Filter {
        let parts: Vec<GroupRules> = keys
            .iter()
            .map(|key| match self.group_rules.get(key) {
                Some(rules) => rules.clone(),
                None => self.unrecorded_group(key, scope, origin),
            })
            .collect();
        let whole = whole_label(&parts, scope, origin);
        let last = Arc::new(RuleList {
            label: Label { name: Some("no rule allows it".into()), ..whole.clone() },
            rules: vec![deny_all(&whole.origin)],
        });
        let lists = |of: fn(&GroupRules) -> &Arc<RuleList>| {
            parts.iter().map(of).chain([&last]).map(Arc::clone).collect()
        };
        Filter {
            tracking: STATEFUL,
            ingress: lists(|part| &part.ingress),
            egress: lists(|part| &part.egress),
            chains: BTreeMap::new(),
            label: whole,
        }
    }

    fn unrecorded_group(&self, key: &str, scope: &Scope, origin: &Origin) -> GroupRules {
        let id = key.split('@').next().unwrap_or(key);
        let label = missing(id, "security-group", scope, origin);
        let why = self.coverage.why(Kind::SecurityGroups, scope);
        let list = unknown_list(&label, unknown(format!("the rules of {id}"), why, origin));
        GroupRules { label, ingress: Arc::clone(&list), egress: list }
    }

    /// The filter of an interface whose groups are not known.
    pub(super) fn unknown_groups_filter(
        &mut self,
        interface: &str,
        unknown: Unknown,
    ) -> Id<Filter> {
        let label = Label {
            id: format!("the groups of {interface}").into(),
            name: None,
            kind: "security-group",
            scope: "".into(),
            origin: super::label::nowhere(),
        };
        let filter = unknown_filter(label.clone(), STATEFUL, unknown);
        self.add_filter(&label.id, filter)
    }
}

/// The key under which a group that is not recorded is remembered. A recorded group of that id in
/// another scope has another.
pub(super) fn unrecorded_key(id: &str, scope: &Scope) -> Arc<str> {
    format!("{id}@{} (not recorded)", super::scope::text(scope)).into()
}

/// How a group came to be, as the name says that AWS reserves for its default groups (AWS-7), or
/// that the console's launch wizard gives.
fn made(object: &Object<'_, SecurityGroup>) -> Made {
    let name = object.first().and_then(|entry| entry.value.group_name.as_deref());
    match name {
        Some("default") => Made::WithNetwork,
        Some(name) if name.starts_with("launch-wizard-") => Made::ByWizard,
        _ => Made::ByHand,
    }
}

fn whole_label(parts: &[GroupRules], scope: &Scope, origin: &Origin) -> Label {
    if let [only] = parts {
        return only.label.clone();
    }
    let ids: Vec<&str> = parts.iter().map(|part| &*part.label.id).collect();
    let first = parts.first().map_or(origin, |part| &part.label.origin);
    missing(&ids.join("+"), "security-group", scope, first)
}

/// The list that a peer stands in, and what it is called there.
type PeerKey<'p> = (u8, &'p str, &'p str);

/// What rules are sorted by: what they say, without their place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SortKey<'p> {
    protocol: &'p str,
    ports: [(u8, i64, &'p str); 2],
    peer: PeerKey<'p>,
}

impl<'p> SortKey<'p> {
    fn new(permission: &'p IpPermission, peer: PeerKey<'p>) -> Self {
        let port = |field: &'p raw::Field<i64>| match field {
            raw::Field::Absent => (0, 0, ""),
            raw::Field::Given(port) => (1, *port, ""),
            raw::Field::Bad(text) => (2, 0, text.as_str()),
        };
        Self {
            protocol: permission.ip_protocol.as_deref().unwrap_or(""),
            ports: [port(&permission.from_port), port(&permission.to_port)],
            peer,
        }
    }
}

fn at(origin: &Origin) -> impl Fn(String, String) -> Unknown {
    |what, why| unknown(what, why, origin)
}

fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or("")
}

/// The lists of peers that a permission lacks, and what they could name at most.
fn absent_lists(permission: &IpPermission) -> impl Iterator<Item = (&'static str, IpSet)> {
    let lists = [
        ("IpRanges", permission.ip_ranges.is_none(), IpSet::any_v4()),
        ("Ipv6Ranges", permission.ipv6_ranges.is_none(), IpSet::any_v6()),
        ("PrefixListIds", permission.prefix_list_ids.is_none(), IpSet::full()),
        ("UserIdGroupPairs", permission.user_id_group_pairs.is_none(), IpSet::full()),
    ];
    lists.into_iter().filter(|(_, absent, _)| *absent).map(|(field, _, most)| (field, most))
}
