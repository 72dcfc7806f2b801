//! Virtual machines and instances of scale sets.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{Host, Id, Interface, Liveness, Origin};

use super::Lowering;
use super::ids::{self, key};
use super::table::Object;
use super::wording::{label, missing, not_recorded, unknown};
use crate::kind::Kind;
use crate::raw;

impl<'a> Lowering<'a> {
    pub(super) fn lower_machines(&mut self) {
        let mut interfaces: BTreeMap<Id<Host>, Vec<(bool, Id<Interface>)>> = BTreeMap::new();
        for (id, interface) in &self.network.interfaces {
            let Some(host) = &interface.host else { continue };
            let recorded = self.recorded.interfaces.get(id.as_str());
            let is_first = recorded.is_none_or(|it| it.told().primary.given() != Some(&false));
            interfaces.entry(host.clone()).or_default().push((!is_first, id.clone()));
        }
        let recorded = self.recorded;
        for object in recorded.machines.iter() {
            interfaces.entry(Id::new(Arc::clone(&object.key))).or_default();
        }
        for (id, mut own) in interfaces {
            own.sort();
            let own = own.into_iter().map(|(_, interface)| interface).collect();
            let host = self.host(&id, own);
            self.network.hosts.insert(id, host);
        }
    }

    fn host(&mut self, id: &Id<Host>, interfaces: Vec<Id<Interface>>) -> Host {
        let Some(object) = self.recorded.machines.get(id.as_str()) else {
            let origin = interfaces.first().and_then(|first| self.network.interfaces.get(first));
            let origin = origin.map_or_else(super::wording::nowhere, |it| it.label.origin.clone());
            let why = self.coverage.why(Kind::VirtualMachines, id.as_str());
            let unread = vec![not_recorded("the machine", id.as_str(), why, &origin)];
            let label = missing(id.as_str(), "virtual-machine", &origin);
            return Host { label, interfaces, unread, routes: Vec::new() };
        };
        let mut unread = Vec::new();
        let profile = object.told().network_profile.as_ref();
        let named = profile.and_then(|it| it.network_interfaces.as_ref());
        for reference in named.into_iter().flatten() {
            let Some(nic) = reference.id.as_deref() else { continue };
            if !interfaces.contains(&Id::new(key(nic))) {
                let why = self.coverage.why(Kind::NetworkInterfaces, nic);
                unread.push(not_recorded(
                    "the interface",
                    nic,
                    why,
                    &object.field("networkProfile"),
                ));
            }
        }
        if named.is_none()
            && let Some(why) = self.coverage.missing(Kind::NetworkInterfaces, object.id)
        {
            unread.push(not_recorded("the interfaces of", object.id, why, &object.entry.origin));
        }
        for gap in &unread {
            self.warn(gap.clone());
        }
        Host { label: label(object, "virtual-machine"), interfaces, unread, routes: Vec::new() }
    }

    /// Whether a machine runs. Lists of machines do not tell it unless they are asked to: then it
    /// is taken to run, and said so ([`Lowering::note_remarks`]).
    pub(super) fn liveness_of_machine(&self, id: &str, from: &Origin) -> Liveness {
        let Some(object) = self.recorded.machines.get(id) else { return Liveness::Up };
        let Some(state) = power_state(object) else { return Liveness::Up };
        match state.to_ascii_lowercase().as_str() {
            "running" => Liveness::Up,
            "stopped" | "stopping" | "deallocated" | "deallocating" => {
                Liveness::Down(format!("the machine is {state}").into())
            }
            _ => {
                let what = format!("whether `{}` runs", ids::name(id));
                Liveness::Unknown(unknown(what, format!("its power state is `{state}`"), from))
            }
        }
    }
}

/// `running`, `deallocated` …, where it is told.
pub(super) fn power_state<'a>(object: &Object<'a, raw::VirtualMachine>) -> Option<&'a str> {
    let told = &object.entry.resource.properties;
    let extended = told.extended.as_ref().and_then(|it| it.instance_view.as_ref());
    let views = [told.instance_view.as_ref(), extended].into_iter().flatten();
    let codes = views.flat_map(|view| {
        let one = view.power_state.iter();
        one.chain(view.statuses.iter().flatten()).filter_map(|status| status.code.as_deref())
    });
    let mut states = codes.filter_map(|code| {
        let (of, state) = code.split_once('/')?;
        of.eq_ignore_ascii_case("PowerState").then_some(state)
    });
    states.next().or_else(|| told.power_state.as_deref()?.strip_prefix("VM "))
}

/// Whether a machine's record says Windows.
pub(super) fn is_windows(object: &Object<'_, raw::VirtualMachine>) -> bool {
    object.told().is_windows()
}
