//! What instances and elastic addresses tell of an interface, where it tells something else.
//!
//! A recording is made call by call, and what it tells twice may have changed in between: which of
//! the two is so is then not known.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Filter, Id, IpSet, Label, Match, Passage, Peer, Peers, Rule, RuleList, Scope,
    Tracking, Unknown,
};

use super::Lowering;
use super::addresses::{parse, public};
use super::interface::Memberships;
use super::label::{nowhere, unknown};
use super::recorded::Recorded;
use super::table::{Entry, Object};
use crate::raw::{GroupIdentifier, Instance, InstanceNetworkInterface, NetworkInterface};
use cloudfw_core::global_unicast;

/// What an instance tells of an interface of its own.
#[derive(Debug)]
pub(super) struct View<'a> {
    scope: Scope,
    instance: &'a Instance,
    told: &'a InstanceNetworkInterface,
}

/// What instances tell of their interfaces, by the interfaces' ids.
pub(super) fn views<'a>(recorded: &'a Recorded<'a>) -> BTreeMap<&'a str, Vec<View<'a>>> {
    let mut views: BTreeMap<&str, Vec<View<'_>>> = BTreeMap::new();
    for entry in recorded.instances.iter().flat_map(|object| &object.versions) {
        for told in entry.value.network_interfaces.iter().flatten() {
            if let Some(id) = told.network_interface_id.as_deref() {
                let (scope, instance) = (entry.scope.clone(), entry.value);
                views.entry(id).or_default().push(View { scope, instance, told });
            }
        }
    }
    views
}

/// The interface that an address of an instance is meant for: its first one.
pub(super) fn primary_of<'a>(
    recorded: &'a Recorded<'a>,
    instance: &str,
    scope: &Scope,
) -> Option<&'a str> {
    let told = recorded.instances.get(instance, scope)?.first()?.value;
    let index = |one: &&InstanceNetworkInterface| {
        let attachment = one.attachment.as_ref();
        attachment.and_then(|one| one.device_index.given().copied()).unwrap_or(i64::MAX)
    };
    let first = told.network_interfaces.iter().flatten().min_by_key(index)?;
    first.network_interface_id.as_deref()
}

impl<'a> Memberships<'a> {
    fn views_of(
        &self,
        recorded: &Recorded<'_>,
        object: &Object<'_, NetworkInterface>,
    ) -> impl Iterator<Item = &View<'a>> {
        let views = self.views.get(object.id).map_or(&[][..], Vec::as_slice);
        let is_meant = |view: &&View<'_>| {
            recorded.interfaces.get(object.id, &view.scope).is_some_and(|it| it.key == object.key)
        };
        views.iter().filter(is_meant)
    }

    /// Why the groups of an interface are not known: its instance tells others.
    pub(super) fn other_groups(
        &self,
        recorded: &Recorded<'_>,
        object: &Object<'_, NetworkInterface>,
    ) -> Option<Unknown> {
        let entry = object.first()?;
        let own = ids(entry.value.groups.as_deref()?);
        let told = |view: &&View<'_>| {
            let groups = view.told.groups.as_deref().filter(|groups| !groups.is_empty());
            groups.is_some_and(|groups| ids(groups) != own)
        };
        let view = self.views_of(recorded, object).find(told)?;
        Some(differs("groups", "Groups", object.id, view, entry))
    }
}

fn ids(groups: &[GroupIdentifier]) -> BTreeSet<Option<&str>> {
    groups.iter().map(|group| group.group_id.as_deref()).collect()
}

fn differs(
    what: &str,
    field: &str,
    id: &str,
    view: &View<'_>,
    entry: &Entry<'_, NetworkInterface>,
) -> Unknown {
    let instance = view.instance.instance_id.as_deref().unwrap_or("its instance");
    let why = format!("`{field}` was recorded differently by {id} and by {instance}");
    unknown(format!("the {what} of {id}"), why, &entry.origin)
}

impl<'a> Lowering<'a> {
    /// Why the subnet of an interface is not known: its instance tells another.
    pub(super) fn other_subnet(&self, object: &Object<'a, NetworkInterface>) -> Option<Unknown> {
        let entry = object.first()?;
        let own = entry.value.subnet_id.as_deref()?;
        let told = |view: &&View<'_>| view.told.subnet_id.as_deref().is_some_and(|it| it != own);
        let view = self.memberships.views_of(self.recorded, object).find(told)?;
        Some(differs("subnet", "SubnetId", object.id, view, entry))
    }

    /// The public address of an own address, and why it is in doubt: it is told in several ways,
    /// or only by others than the interface.
    pub(super) fn public_address(
        &self,
        object: &Object<'a, NetworkInterface>,
        entry: &Entry<'a, NetworkInterface>,
        (ip, is_primary): (IpAddr, bool),
        own: Option<IpAddr>,
    ) -> (Option<IpAddr>, Option<Unknown>) {
        let elastic = self.memberships.elastic.get(object.id).map_or(&[][..], Vec::as_slice);
        let elastic = elastic.iter().filter(|(of, _)| of.map_or(is_primary, |of| of == ip));
        let elastic = elastic.map(|(_, public)| ("Addresses", *public));
        let views = self.memberships.views_of(self.recorded, object);
        let of_views = views.flat_map(|view| public_of_view(view, ip));
        let of_views = of_views.map(|public| ("Instances", public));
        let others: Vec<(&str, IpAddr)> = elastic.chain(of_views).collect();
        let told = own.or_else(|| others.first().map(|(_, public)| *public));
        let other = others.iter().find(|(_, public)| Some(*public) != own);
        let gap = other.map(|(by, other)| {
            let own = own.map_or_else(|| "none".to_owned(), |own| own.to_string());
            let why = format!("`Association` tells {own}, and `{by}` tells {other}");
            unknown(format!("the public address of {}", object.id), why, &entry.origin)
        });
        let gap = gap.or_else(|| {
            let holders = self.public_holders.get(&told?)?;
            let other = holders.iter().find(|holder| **holder != object.key)?;
            let what = format!("who has the public address {}", told?);
            let why = format!("{} and {other} were both recorded with it", object.id);
            Some(unknown(what, why, &entry.origin))
        });
        (told, gap)
    }

    /// What stands before an interface whose public address is in doubt: what passes between it
    /// and the internet may not.
    pub(super) fn doubted_public_address(&mut self, id: &str, doubt: &Unknown) -> Id<Filter> {
        let name = format!("the public address of {id}");
        let label = Label {
            id: name.as_str().into(),
            name: None,
            kind: "public-address",
            scope: "".into(),
            origin: nowhere(),
        };
        let internet = || Peers::Of(vec![Peer::addresses(global_unicast().only_v4())]);
        let any = || Match { doubt: Some(doubt.clone()), ..Match::any() };
        let list = |matches: Match| {
            let rule = |id: &str, matches, action| Rule {
                id: id.into(),
                matches,
                action,
                origin: nowhere(),
            };
            let denied = rule("?", matches, Action::Deny(Denial::Drop));
            let rules = vec![denied, rule("", Match::any(), Action::Allow)];
            vec![Arc::new(RuleList { label: label.clone(), rules })]
        };
        let filter = Filter {
            ingress: list(Match { sources: internet(), ..any() }),
            egress: list(Match { destinations: internet(), ..any() }),
            label: label.clone(),
            tracking: Tracking::Stateless,
            chains: BTreeMap::new(),
        };
        self.add_filter(&name, filter)
    }

    /// Notes the elastic addresses that nothing recorded has.
    pub(super) fn note_unheld_public_addresses(&mut self) {
        let interfaces = self.network.interfaces.values();
        let own = interfaces.flat_map(|one| one.addresses.iter().filter_map(|it| it.public));
        let gateways = self.network.gateways.values().filter_map(|one| match &one.passage {
            Passage::SourceNat { public, .. } => *public,
            _ => None,
        });
        let held: IpSet = own.chain(gateways).collect();
        for entry in &self.recorded.addresses {
            let told = entry.value;
            let public = parse(told.public_ip.as_deref()).filter(IpAddr::is_ipv4);
            let Some(public) = public.filter(|public| !held.contains(*public)) else { continue };
            let ends = [
                &told.association_id,
                &told.network_interface_id,
                &told.instance_id,
                &told.private_ip_address,
            ];
            let is_given = |end: &&Option<String>| end.as_ref().is_some_and(|it| !it.is_empty());
            let why = if ends.iter().any(is_given) {
                "it is an elastic address of the estate, and what it is associated with is not \
                 recorded with it"
            } else {
                "it is an elastic address of the estate that is associated with nothing"
            };
            let gap = unknown(format!("who has {public}"), why, &entry.origin);
            self.network.unheld_public.entry(public).or_insert(gap);
        }
    }
}

fn public_of_view(view: &View<'_>, ip: IpAddr) -> Option<IpAddr> {
    let told = view.told;
    let is_own = |text: &Option<String>| parse(text.as_deref()) == Some(ip);
    let mut of_list = told.private_ip_addresses.iter().flatten();
    let listed = of_list.find(|one| is_own(&one.private_ip_address));
    let listed = listed.and_then(|one| public(one.association.as_ref()));
    let primary = || {
        let primary = is_own(&told.private_ip_address).then_some(told.association.as_ref());
        public(primary.flatten())
    };
    let of_instance = || {
        let is_meant = is_own(&view.instance.private_ip_address);
        let text = view.instance.public_ip_address.as_deref().filter(|_| is_meant);
        parse(text).filter(IpAddr::is_ipv4)
    };
    listed.or_else(primary).or_else(of_instance)
}
