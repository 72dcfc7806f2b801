//! Kinds that were read, and not in full: what is recorded refers to one of them that is not there.
//!
//! Who depends on such a one is unknown by itself, wherever it is looked for. Here its kind stops
//! being said to have been read in full, so that nobody takes the rest for all there is.

use std::collections::BTreeMap;

use cloudfw_core::{Origin, Scope};

use super::Lowering;
use super::coverage::Lack;
use super::label::within;
use super::scope::place;
use super::table::Entry;
use crate::kind::Kind;
use crate::raw::{GroupIdentifier, Instance, NetworkInterface};

/// What is referred to and not there, by the scope of who refers to it: its name, and the first
/// place that does.
#[derive(Default)]
struct Absent<'a>(BTreeMap<(Scope, Kind), BTreeMap<&'a str, Origin>>);

impl<'a> Absent<'a> {
    fn note(&mut self, kind: Kind, id: &'a str, from: &Scope, origin: &Origin) {
        let of = self.0.entry((from.clone(), kind)).or_default();
        let first = of.entry(id).or_insert_with(|| origin.clone());
        if origin < first {
            *first = origin.clone();
        }
    }
}

impl<'a> Lowering<'a> {
    /// The kinds that lack something which is referred to.
    pub(super) fn lacks(&self) -> Vec<Lack> {
        let mut absent = Absent::default();
        self.of_interfaces(&mut absent);
        self.of_instances(&mut absent);
        self.of_subnets(&mut absent);
        self.of_lists(&mut absent);
        absent.0.into_iter().filter_map(|((scope, kind), ids)| lack(scope, kind, &ids)).collect()
    }

    /// Notes the id of a kind, should nothing of that id be recorded.
    fn look(
        &self,
        absent: &mut Absent<'a>,
        kind: Kind,
        id: Option<&'a str>,
        (from, origin): (&Scope, &Origin),
    ) {
        let recorded = self.recorded;
        let Some(id) = id.filter(|id| !id.is_empty()) else { return };
        let is_there = match kind {
            Kind::Vpcs => recorded.vpcs.get(id, from).is_some(),
            Kind::Subnets => recorded.subnets.get(id, from).is_some(),
            Kind::SecurityGroups => recorded.groups.get(id, from).is_some(),
            Kind::Reservations => recorded.instances.get(id, from).is_some(),
            _ => recorded.interfaces.get(id, from).is_some(),
        };
        if !is_there {
            absent.note(kind, id, from, origin);
        }
    }

    fn look_for_groups(
        &self,
        absent: &mut Absent<'a>,
        groups: Option<&'a Vec<GroupIdentifier>>,
        at: (&Scope, &Origin),
    ) {
        for group in groups.into_iter().flatten() {
            self.look(absent, Kind::SecurityGroups, group.group_id.as_deref(), at);
        }
    }

    fn of_interfaces(&self, absent: &mut Absent<'a>) {
        for entry in self.recorded.interfaces.iter().flat_map(|object| &object.versions) {
            let (told, at) = (entry.value, (&entry.scope, &entry.origin));
            self.look(absent, Kind::Vpcs, told.vpc_id.as_deref(), at);
            self.look(absent, Kind::Subnets, told.subnet_id.as_deref(), at);
            self.look_for_groups(absent, told.groups.as_ref(), at);
            self.look(absent, Kind::Reservations, own_instance(told), at);
        }
    }

    /// What instances that are not gone are in and have.
    fn of_instances(&self, absent: &mut Absent<'a>) {
        let all = self.recorded.instances.iter().flat_map(|object| &object.versions);
        for entry in all.filter(|entry| !is_gone(entry)) {
            let (told, at) = (entry.value, (&entry.scope, &entry.origin));
            self.look(absent, Kind::Vpcs, told.vpc_id.as_deref(), at);
            self.look(absent, Kind::Subnets, told.subnet_id.as_deref(), at);
            self.look_for_groups(absent, told.security_groups.as_ref(), at);
            for (i, interface) in told.network_interfaces.iter().flatten().enumerate() {
                let origin = within(&entry.origin, "NetworkInterfaces", i);
                let id = interface.network_interface_id.as_deref();
                self.look(absent, Kind::NetworkInterfaces, id, (&entry.scope, &origin));
            }
        }
    }

    /// The VPCs of subnets, and their tables and ACLs: every subnet has one of each (AWS-30,
    /// AWS-60), so that one without shows that a list is not whole.
    fn of_subnets(&self, absent: &mut Absent<'a>) {
        for object in self.recorded.subnets.iter() {
            let Some(entry) = object.first() else { continue };
            let vpc = entry.value.vpc_id.as_deref();
            self.look(absent, Kind::Vpcs, vpc, (&entry.scope, &entry.origin));
            if !self.is_guarded(object.id, &entry.scope) {
                absent.note(Kind::NetworkAcls, object.id, &entry.scope, &entry.origin);
            }
            if !self.has_table(object.id, vpc, &entry.scope) {
                absent.note(Kind::RouteTables, object.id, &entry.scope, &entry.origin);
            }
        }
    }

    /// The VPCs and subnets of route tables, ACLs, groups and gateways.
    fn of_lists(&self, absent: &mut Absent<'a>) {
        let recorded = self.recorded;
        for entry in recorded.tables.iter().flat_map(|object| &object.versions) {
            let (told, at) = (entry.value, (&entry.scope, &entry.origin));
            self.look(absent, Kind::Vpcs, told.vpc_id.as_deref(), at);
            for association in told.associations.iter().flatten().filter(|one| !one.is_over()) {
                self.look(absent, Kind::Subnets, association.subnet_id.as_deref(), at);
            }
        }
        for entry in recorded.acls.iter().flat_map(|object| &object.versions) {
            let (told, at) = (entry.value, (&entry.scope, &entry.origin));
            self.look(absent, Kind::Vpcs, told.vpc_id.as_deref(), at);
            for association in told.associations.iter().flatten() {
                self.look(absent, Kind::Subnets, association.subnet_id.as_deref(), at);
            }
        }
        for entry in recorded.groups.iter().flat_map(|object| &object.versions) {
            let vpc = entry.value.vpc_id.as_deref();
            self.look(absent, Kind::Vpcs, vpc, (&entry.scope, &entry.origin));
        }
        let gateways = recorded.nat_gateways.iter().flat_map(|object| &object.versions);
        for entry in gateways.filter(|entry| entry.value.state.as_deref() == Some("available")) {
            let (told, at) = (entry.value, (&entry.scope, &entry.origin));
            self.look(absent, Kind::Vpcs, told.vpc_id.as_deref(), at);
            self.look(absent, Kind::Subnets, told.subnet_id.as_deref(), at);
        }
    }
}

/// The instance that an interface is attached to, where it is of the interface's own account: those
/// of others nobody can list.
fn own_instance(told: &NetworkInterface) -> Option<&str> {
    let attachment = told.attachment.as_ref()?;
    let owner = attachment.instance_owner_id.as_ref()?;
    attachment.instance_id.as_deref().filter(|_| told.owner_id.as_ref() == Some(owner))
}

fn is_gone(entry: &Entry<'_, Instance>) -> bool {
    let state = entry.value.state.as_ref().and_then(|state| state.name.as_deref());
    state == Some("terminated")
}

/// What is lacking, in words: the first by name, its place, and how many more there are.
fn lack(scope: Scope, kind: Kind, ids: &BTreeMap<&str, Origin>) -> Option<Lack> {
    let (id, origin) = ids.first_key_value()?;
    let place = place(origin);
    let more = match ids.len() - 1 {
        0 => String::new(),
        more => format!("; {more} more missing"),
    };
    let told = match kind {
        Kind::NetworkAcls => format!("there is no network ACL of `{id}` ({place}){more}"),
        Kind::RouteTables => format!("there is no route table of `{id}` ({place}){more}"),
        _ => format!("`{id}` is not among them, though {place} refers to it{more}"),
    };
    Some(Lack { scope, kind, told: told.into() })
}
