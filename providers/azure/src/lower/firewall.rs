//! Azure Firewall: what it lets through between networks (AZ-73, AZ-74).
//!
//! Network rules are decided, in the order in which the firewall asks them. What application rules
//! let through hangs on names, what threat intelligence stops on lists that nobody has, and so does
//! what the platform's own rules allow: of these nothing is known but where they may apply. What a
//! firewall makes of the addresses of packets that it lets through is not followed: it stays an
//! appliance, and only what it denies is decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{
    Action, Filter, Id, IpSet, Label, Match, Origin, Peer, Peers, PortSet, Protocol, Rule,
    RuleList, ServiceSet, Stack, Unknown, global_unicast,
};

use super::Lowering;
use super::ids::{self, key, name};
use super::security_group::STATEFUL;
use super::security_rule::{DROP, Draft, Reader, Services, doubtful};
use super::surroundings::Surroundings;
use super::table::{Object, at};
use super::wording::{implied, label, not_recorded, unknown};
use crate::kind::Kind;
use crate::raw::{self, Field, FirewallRule, FirewallRuleCollection};

/// Parents of parents of policies; Azure allows one.
const MOST_PARENTS: usize = 8;

/// A collection of rules with its place, and what it is asked after.
struct Collection<'a> {
    told: &'a FirewallRuleCollection,
    name: Arc<str>,
    origin: Origin,
    /// Of each of its rules.
    places: Vec<Origin>,
    /// Where it stands among others of its kind (AZ-74): the parents' first, then by the priority
    /// of its group, then by its own. None where it may stand anywhere.
    order: Option<(usize, i64, i64)>,
}

impl<'a> Collection<'a> {
    /// Its rules with their places.
    fn rules(&self) -> impl Iterator<Item = (&'a FirewallRule, &Origin)> {
        self.told.rules.iter().flatten().zip(&self.places)
    }
}

/// What a firewall asks.
#[derive(Default)]
struct Collections<'a> {
    network: Vec<Collection<'a>>,
    application: Vec<Collection<'a>>,
    /// What is not known of them as a whole.
    gaps: Vec<Unknown>,
}

impl<'a> Lowering<'a> {
    /// What is asked of packets that a firewall forwards.
    pub(super) fn firewall_stack(
        &mut self,
        firewall: &Object<'a, raw::AzureFirewall>,
        subnet: &Id<cloudfw_core::Subnet>,
    ) -> Stack {
        let collections = self.collections(firewall);
        let router = self.router_of_subnet(subnet.as_str(), &firewall.entry.origin);
        let around = self.surroundings(subnet, &router);
        let own = label(firewall, "azure-firewall");
        let mut lists = vec![
            RuleList { label: own.clone(), rules: self.answered_itself(firewall) },
            self.before_all(firewall, &collections),
        ];
        lists.extend(self.lists(&collections.network, &own, &around));
        lists.push(last(&self.allowed_by_name(&collections.application, &around), &own));
        let lists = lists.into_iter().filter(|list| !list.rules.is_empty()).map(Arc::new);
        let allow = Rule {
            id: "".into(),
            matches: Match::any(),
            action: Action::Allow,
            origin: implied(&own.origin),
        };
        let filter = Filter {
            ingress: lists.collect(),
            egress: vec![Arc::new(RuleList { label: own.clone(), rules: vec![allow] })],
            tracking: STATEFUL,
            chains: BTreeMap::new(),
            label: own,
        };
        Stack::of(vec![self.keep(&firewall.key, filter)])
    }

    /// The collections of a firewall: its own, or those of its policy, which hold in their place.
    fn collections(&self, firewall: &Object<'a, raw::AzureFirewall>) -> Collections<'a> {
        let mut found = Collections::default();
        let recorded = self.recorded;
        let own = recorded.firewalls.get(firewall.id).unwrap_or(firewall);
        if own.is_contradicted {
            let what = format!("the rules of `{}`", name(own.id));
            let why = "documents of the recording tell them in different ways";
            found.gaps.push(unknown(what, why, &own.entry.origin));
        }
        match &firewall.told().firewall_policy {
            Some(policy) => {
                self.of_policy(ids::of_reference(policy), &own.entry.origin, &mut found);
            }
            None => self.of_firewall(firewall.id, &mut found),
        }
        for list in [&mut found.network, &mut found.application] {
            list.sort_by(|one, two| (one.order, &one.name).cmp(&(two.order, &two.name)));
        }
        found
    }

    /// What a firewall answers at its own address, whatever its rules say of packets that it
    /// forwards: as a proxy of DNS, and as one of the web that clients name.
    fn answered_itself(&self, firewall: &Object<'a, raw::AzureFirewall>) -> Vec<Rule> {
        let configurations = firewall.told().ip_configurations.iter().flatten();
        let own = configurations.filter_map(|one| one.properties.private_ip_address.as_deref());
        let own: Vec<IpSet> = own.filter_map(|text| text.parse().ok()).map(IpSet::single).collect();
        let mut rules = Vec::new();
        let mut answers = |services: ServiceSet, of: &str, origin: &Origin| {
            let what = format!("what `{}` answers as {of}", name(firewall.id));
            let why = "it answers at its own address, and whether its rules are asked then is not \
                       documented";
            let destinations = Peers::Of(vec![Peer::addresses(IpSet::union_of(&own))]);
            let doubt = Some(unknown(what, why, origin));
            let matches = Match { destinations, doubt, ..Match::services(services) };
            let (id, action, origin) = ("Proxy".into(), Action::Allow, origin.clone());
            rules.push(Rule { id, matches, action, origin });
        };
        let is_on = |field: &Field<bool>| field.given() == Some(&true) || field.bad().is_some();
        let dns = || {
            let port = || PortSet::single(53);
            ServiceSet::tcp(port()).union(&ServiceSet::udp(port()))
        };
        // Without a policy it stands among other settings.
        let others = firewall.told().additional_properties.iter().flat_map(|it| &it.0);
        let mut others = others.filter(|(name, _)| name == "Network.DNS.EnableProxy");
        let is_off = |it: &str| it.eq_ignore_ascii_case("false");
        if others.any(|(_, value)| !value.as_deref().is_some_and(is_off)) {
            answers(dns(), "a proxy of DNS", &firewall.field("additionalProperties"));
        }
        for policy in self.policies_of(firewall) {
            let settings = policy.told().dns_settings.as_ref();
            if settings.is_some_and(|dns| is_on(&dns.enable_proxy)) {
                answers(dns(), "a proxy of DNS", &policy.field("dnsSettings"));
            }
            let Some(proxy) = &policy.told().explicit_proxy else { continue };
            if !is_on(&proxy.enable_explicit_proxy) {
                continue;
            }
            let ports = [&proxy.http_port, &proxy.https_port, &proxy.pac_file_port];
            let known = |port: &Field<i64>| port.given().and_then(|it| u16::try_from(*it).ok());
            // A port that is not told may be any.
            let ports = ports.into_iter().enumerate().filter_map(|(index, port)| {
                let is_used = index < 2 || is_on(&proxy.enable_pac_file);
                is_used.then(|| known(port).map_or(PortSet::full(), PortSet::single))
            });
            let ports = ports.fold(PortSet::empty(), |all, one| all.union(&one));
            answers(ServiceSet::tcp(ports), "an explicit proxy", &policy.field("explicitProxy"));
        }
        rules
    }

    /// The policy of a firewall and its parents, whose settings it takes over.
    fn policies_of(
        &self,
        firewall: &Object<'a, raw::AzureFirewall>,
    ) -> Vec<&'a Object<'a, raw::FirewallPolicy>> {
        let recorded: &'a super::Recorded<'a> = self.recorded;
        let mut next = firewall.told().firewall_policy.as_ref();
        let mut found: Vec<&'a Object<'a, raw::FirewallPolicy>> = Vec::new();
        while let Some(policy) =
            next.and_then(|it| recorded.firewall_policies.get(it.id.as_deref()?))
        {
            if found.len() == MOST_PARENTS || found.iter().any(|one| one.key == policy.key) {
                break;
            }
            found.push(policy);
            next = policy.entry.resource.properties.base_policy.as_ref();
        }
        found
    }

    fn of_firewall(&self, id: &str, found: &mut Collections<'a>) {
        let recorded = self.recorded;
        let Some(firewall) = recorded.firewalls.get(id) else { return };
        let told = &firewall.entry.resource.properties;
        let mut gaps = Vec::new();
        let lists = [
            ("networkRuleCollections", &told.network_rule_collections, &mut found.network),
            (
                "applicationRuleCollections",
                &told.application_rule_collections,
                &mut found.application,
            ),
        ];
        for (field, list, of_kind) in lists {
            if list.is_none() {
                let what = format!("`{field}` of `{}`", name(id));
                let why = "the firewall does not tell them, and names no policy";
                gaps.push(unknown(what, why, &firewall.field(field)));
            }
            for (index, collection) in list.iter().flatten().enumerate() {
                let told = &collection.properties;
                let priority = told.priority.given().map(|own| (0, 0, *own));
                let name = collection.name.as_deref().or(told.name.as_deref());
                let origin = firewall.element(field, index);
                let name = name.unwrap_or_default().into();
                let places = (0..told.rules.as_ref().map_or(0, Vec::len))
                    .map(|index| at(&origin, |own| collection.element_at(own, "rules", index)));
                let places = places.collect();
                let collection = Collection { told, name, origin, places, order: priority };
                gaps.extend(untold(&collection));
                of_kind.push(collection);
            }
        }
        found.gaps.extend(gaps);
    }

    /// AZ-74: those of parents first.
    fn of_policy(&self, id: &str, from: &Origin, found: &mut Collections<'a>) {
        let mut policies: Vec<&Object<'a, raw::FirewallPolicy>> = Vec::new();
        let (mut next, mut from) = (Some(id.to_owned()), from.clone());
        while let Some(id) = next.take() {
            let Some(policy) = self.recorded.firewall_policies.get(&id) else {
                let why = self.coverage.why(Kind::FirewallPolicies, &id);
                found.gaps.push(not_recorded("the firewall policy", &id, why, &from));
                break;
            };
            if policies.len() == MOST_PARENTS || policies.iter().any(|one| one.key == policy.key) {
                let what = format!("the parents of `{}`", name(&id));
                let why = "they are parents of each other, or too many";
                found.gaps.push(unknown(what, why, &policy.entry.origin));
                break;
            }
            if policy.is_contradicted || policy.entry.resource.is_bare() {
                let what = format!("the rules of `{}`", name(&id));
                let why = "documents do not tell them, or tell them in different ways";
                found.gaps.push(unknown(what, why, &policy.entry.origin));
            }
            policies.push(policy);
            next = policy.told().base_policy.as_ref().map(|it| ids::of_reference(it).to_owned());
            from = policy.field("basePolicy");
        }
        for (level, policy) in policies.iter().rev().enumerate() {
            self.groups_of_policy(level, policy, found);
        }
    }

    fn groups_of_policy(
        &self,
        level: usize,
        policy: &Object<'a, raw::FirewallPolicy>,
        found: &mut Collections<'a>,
    ) {
        let recorded: &'a super::Recorded<'a> = self.recorded;
        let is_of = |id: &str| ids::parent(id).is_some_and(|of| *key(of) == *policy.key);
        let groups: Vec<_> = recorded.rule_groups.iter().filter(|group| is_of(group.id)).collect();
        let named = policy.told().rule_collection_groups.iter().flatten();
        let named: BTreeSet<Arc<str>> = named.map(ids::of_reference).map(key).collect();
        let kind = Kind::FirewallPolicyRuleCollectionGroups;
        for id in named.iter().filter(|id| !groups.iter().any(|group| group.key == **id)) {
            let why = self.coverage.why(kind, policy.id);
            let origin = policy.field("ruleCollectionGroups");
            found.gaps.push(not_recorded("the rule collection group", id, why, &origin));
        }
        if policy.told().rule_collection_groups.is_none()
            && let Some(why) = self.coverage.missing(kind, policy.id)
        {
            found.gaps.push(not_recorded("the rules of", policy.id, why, &policy.entry.origin));
        }
        for group in groups {
            let told = &group.entry.resource.properties;
            if group.is_contradicted || told.rule_collections.is_none() {
                let what = format!("the rules of `{}`", name(group.id));
                let why = "documents do not tell them, or tell them in different ways";
                found.gaps.push(unknown(what, why, &group.entry.origin));
            }
            for (index, collection) in told.rule_collections.iter().flatten().enumerate() {
                let (of_group, own) = (told.priority.given(), collection.priority.given());
                let order = of_group.zip(own).map(|(group, own)| (level, *group, *own));
                let origin = group.element("ruleCollections", index);
                let name = collection.name.as_deref().unwrap_or_default().into();
                let places = (0..collection.rules.as_ref().map_or(0, Vec::len))
                    .map(|index| at(&origin, |own| own.element("rules", index)))
                    .collect();
                sort(Collection { told: collection, name, origin, places, order }, found);
            }
        }
    }

    /// What may come before every rule: threat intelligence that denies, and what is not known of
    /// the rules.
    fn before_all(
        &self,
        firewall: &Object<'a, raw::AzureFirewall>,
        collections: &Collections<'a>,
    ) -> RuleList {
        let mut rules = Vec::new();
        for gap in &collections.gaps {
            for action in [DROP, Action::Allow] {
                rules.push(doubtful(action, gap.clone(), &firewall.entry.origin));
            }
        }
        let policy = firewall.told().firewall_policy.as_ref();
        let policy = policy.and_then(|it| self.recorded.firewall_policies.get(it.id.as_deref()?));
        let (mode, origin) = match policy {
            Some(policy) => {
                (policy.told().threat_intel_mode.as_deref(), policy.field("threatIntelMode"))
            }
            None => {
                (firewall.told().threat_intel_mode.as_deref(), firewall.field("threatIntelMode"))
            }
        };
        let stops = |mode: &str| mode.eq_ignore_ascii_case("Deny");
        let signatures =
            policy.and_then(|it| it.told().intrusion_detection.as_ref()?.mode.as_deref());
        if mode.is_some_and(stops) || signatures.is_some_and(stops) {
            let what = format!("what threat intelligence stops at `{}`", name(firewall.id));
            let why = "its lists and signatures are Microsoft's, and in no recording";
            rules.push(doubtful(DROP, unknown(what, why, &origin), &origin));
        }
        RuleList { label: label(firewall, "azure-firewall"), rules }
    }

    /// The rules of collections, one list for each. Of two collections of one place that do
    /// different things nobody knows which is asked first.
    fn lists(
        &self,
        collections: &[Collection<'a>],
        firewall: &Label,
        around: &Surroundings,
    ) -> Vec<RuleList> {
        let mut lists = Vec::new();
        for collection in collections {
            let kind = action_of(collection);
            let others = collections.iter().filter(|other| {
                other.order == collection.order && !std::ptr::eq(*other, collection)
            });
            let tied = others.clone().find(|other| action_of(other) != kind);
            let what = format!("where the collection `{}` is asked", collection.name);
            let doubt = match (collection.order, tied) {
                (None, _) => Some(unknown(what, "its priority is not told", &collection.origin)),
                (_, Some(other)) => {
                    let why = format!("`{}` has the same priority", other.name);
                    Some(unknown(what, why, &collection.origin))
                }
                _ => None,
            };
            let mut rules = Vec::new();
            for (rule, origin) in collection.rules() {
                let mut draft = self.network_rule(rule, origin, around);
                match &kind {
                    Some(action) => draft.actions = vec![action.clone()],
                    None => {
                        let what = format!("what the collection `{}` does", collection.name);
                        let why = "its action is neither Allow nor Deny";
                        draft.doubt.get_or_insert(unknown(what, why, origin));
                    }
                }
                draft.doubt = draft.doubt.or_else(|| doubt.clone());
                rules.extend(draft.rules());
            }
            let label = Label {
                id: format!("{} of {firewall}", collection.name).into(),
                name: Some(Arc::clone(&collection.name)),
                kind: "firewall-rule-collection",
                scope: Arc::clone(&firewall.scope),
                origin: collection.origin.clone(),
            };
            lists.push(RuleList { label, rules });
        }
        lists
    }

    fn network_rule(&self, rule: &FirewallRule, origin: &Origin, around: &Surroundings) -> Draft {
        let named = rule.name.as_deref().unwrap_or_default();
        let mut reader = Reader::new(named, origin, around, &self.tags);
        let sources = self.addresses_in(
            &mut reader,
            ("sourceAddresses", rule.source_addresses.as_ref()),
            rule.source_ip_groups.as_ref(),
        );
        let sources = reader.peers("sourceAddresses", sources.0, sources.1);
        let (texts, mut groups) = self.addresses_in(
            &mut reader,
            ("destinationAddresses", rule.destination_addresses.as_ref()),
            rule.destination_ip_groups.as_ref(),
        );
        for fqdn in rule.destination_fqdns.iter().flatten() {
            let unknown = reader.unknown("destinationFqdns", "what a name stands for is not known");
            let name = fqdn.as_str().into();
            groups.push(Peer::Unresolved { name, within: IpSet::full(), unknown });
        }
        let destinations = reader.peers("destinationAddresses", texts, groups);
        let names = rule.protocols.iter().flat_map(|it| &it.names);
        let protocols: Vec<&str> =
            rule.ip_protocols.iter().flatten().chain(names).map(String::as_str).collect();
        let ports = rule.destination_ports.iter().flatten().map(String::as_str);
        let to = reader.ports("destinationPorts", ports);
        let from = reader.ports("", ["*"]);
        let mut services = Services { certain: ServiceSet::empty(), possible: Vec::new() };
        for protocol in &protocols {
            let one = reader.services(Some(protocol), &from, &to);
            services.certain = services.certain.union(&one.certain);
            services.possible.extend(one.possible);
        }
        if protocols.is_empty() {
            let gap = reader.fault("ipProtocols", "they are not recorded");
            services.possible.push((ServiceSet::full(), gap));
        }
        let doubt = reader.faults.first().cloned();
        Draft {
            name: named.into(),
            origin: origin.clone(),
            priority: None,
            directions: Vec::new(),
            actions: vec![DROP, Action::Allow],
            sources,
            destinations,
            services,
            doubt,
        }
    }

    /// Addresses as texts, with those of IP groups, and what of these is not recorded.
    fn addresses_in<'t>(
        &'t self,
        reader: &mut Reader<'_>,
        (field, texts): (&str, Option<&'t Vec<String>>),
        groups: Option<&Vec<String>>,
    ) -> (Vec<&'t str>, Vec<Peer>) {
        let mut found = Vec::new();
        let mut others = Vec::new();
        for text in texts.into_iter().flatten() {
            match range(text) {
                Some(set) => others.push(Peer::addresses(set)),
                None => found.push(text.as_str()),
            }
        }
        for id in groups.into_iter().flatten() {
            let group = self.recorded.ip_groups.get(id).filter(|group| !group.is_contradicted);
            match group.and_then(|group| group.told().ip_addresses.as_ref()) {
                Some(addresses) => {
                    for text in addresses {
                        match range(text) {
                            Some(set) => others.push(Peer::addresses(set)),
                            None => found.push(text.as_str()),
                        }
                    }
                }
                None => {
                    let why = self.coverage.why(Kind::IpGroups, id);
                    let unknown =
                        reader.unknown(field, format!("the IP group is not known: {why}"));
                    let (name, within) = (name(id).into(), IpSet::full());
                    others.push(Peer::Unresolved { name, within, unknown });
                }
            }
        }
        (found, others)
    }

    /// What application rules may let through: they look at names, of which no address tells.
    fn allowed_by_name(&self, collections: &[Collection<'a>], around: &Surroundings) -> Vec<Rule> {
        let mut rules = Vec::new();
        for collection in collections {
            if action_of(collection) == Some(DROP) {
                continue;
            }
            for (rule, origin) in collection.rules() {
                let named = rule.name.as_deref().unwrap_or_default();
                let mut reader = Reader::new(named, origin, around, &self.tags);
                let (texts, groups) = self.addresses_in(
                    &mut reader,
                    ("sourceAddresses", rule.source_addresses.as_ref()),
                    rule.source_ip_groups.as_ref(),
                );
                let sources = reader.peers("sourceAddresses", texts, groups);
                let ports = rule.protocols.iter().flat_map(|it| &it.applications);
                let ports =
                    ports.map(|one| one.port.given().and_then(|it| u16::try_from(*it).ok()));
                let ports = ports.map(|port| port.map_or(PortSet::full(), PortSet::single));
                let ports = ports.reduce(|all, one| all.union(&one)).unwrap_or(PortSet::full());
                let doubt = reader
                    .unknown("targetFqdns", "which names an address has is not known (AZ-73)");
                let matches = Match {
                    sources,
                    doubt: Some(doubt),
                    ..Match::services(ServiceSet::tcp(ports))
                };
                let (id, origin) = (named.into(), origin.clone());
                rules.push(Rule { id, matches, action: Action::Allow, origin });
            }
        }
        rules
    }
}

/// Network rules and application rules may stand in one collection of a policy, each kind of which
/// is asked among its own.
fn sort<'a>(collection: Collection<'a>, found: &mut Collections<'a>) {
    found.gaps.extend(untold(&collection));
    let kind = collection.told.rule_collection_type.as_deref().unwrap_or_default();
    if kind.eq_ignore_ascii_case("FirewallPolicyNatRuleCollection") {
        return;
    }
    let is = |rule: &FirewallRule, word: &str| {
        rule.rule_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case(word))
    };
    let rules = collection.told.rules.as_deref().unwrap_or_default();
    if rules.iter().any(|rule| is(rule, "ApplicationRule")) {
        if rules.iter().any(|rule| !is(rule, "ApplicationRule")) {
            let what = format!("the rules of the collection `{}`", collection.name);
            let why = "they are of several kinds, which is not followed";
            found.gaps.push(unknown(what, why, &collection.origin));
        }
        found.application.push(collection);
    } else {
        found.network.push(collection);
    }
}

/// Why nobody knows the rules of a collection.
fn untold(collection: &Collection<'_>) -> Option<Unknown> {
    let what = format!("the rules of the collection `{}`", collection.name);
    let gap = || unknown(what, "the collection does not tell them", &collection.origin);
    collection.told.rules.is_none().then(gap)
}

fn action_of(collection: &Collection<'_>) -> Option<Action> {
    let told = collection.told.action.as_ref()?.kind.as_deref()?;
    let is = |word: &str| told.eq_ignore_ascii_case(word);
    is("Deny").then_some(DROP).or_else(|| is("Allow").then_some(Action::Allow))
}

/// What is asked at the end: names, the platform's own rules, and the refusal of all else.
fn last(by_name: &[Rule], firewall: &Label) -> RuleList {
    let origin = implied(&firewall.origin);
    let web = PortSet::single(80).union(&PortSet::single(443));
    let what = "what Azure's own rules let through";
    let why = "they are for names of Azure's services, which no document tells (AZ-73)";
    let platform = Match {
        destinations: Peers::Of(vec![Peer::addresses(global_unicast())]),
        doubt: Some(unknown(what, why, &firewall.origin)),
        ..Match::services(ServiceSet::ports(Protocol::TCP, PortSet::full(), web))
    };
    let rule =
        |id: &str, matches, action| Rule { id: id.into(), matches, action, origin: origin.clone() };
    let mut rules = by_name.to_vec();
    rules.push(rule("InfrastructureRules", platform, Action::Allow));
    rules.push(rule("DenyAll", Match::any(), DROP));
    RuleList { label: firewall.clone(), rules }
}

/// `10.0.0.1-10.0.0.9`.
fn range(text: &str) -> Option<IpSet> {
    let (low, high) = text.split_once('-')?;
    IpSet::from_range(low.trim().parse().ok()?, high.trim().parse().ok()?)
}
