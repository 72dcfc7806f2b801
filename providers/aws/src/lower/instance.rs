//! The interfaces that instances name and that were not read themselves.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{Host, Id, Router, Unknown};

use super::Lowering;
use super::addresses::parse;
use super::label::{unknown, within};
use super::table::Entry;
use crate::kind::Kind;
use crate::raw::Instance;

impl Lowering<'_> {
    /// Notes the interfaces that an instance has and that are not recorded: its own addresses, and
    /// others of its network, may be theirs.
    pub(super) fn note_unread_interfaces(&mut self) {
        let recorded = self.recorded;
        for object in recorded.instances.iter() {
            let Some(entry) = object.first() else { continue };
            let key = Id::new(Arc::clone(&object.key));
            let unread = self.unread_interfaces(entry, &key);
            // Where the kind was not read in full, every network is in doubt for it.
            if !unread.is_empty()
                && self.coverage.missing(Kind::NetworkInterfaces, &entry.scope).is_none()
                && let Some(router) = self.router_of_instance(entry, &key)
            {
                for gap in &unread {
                    self.doubt_holders(&router, gap.clone());
                }
            }
            if let Some(host) = self.network.hosts.get_mut(&key) {
                host.unread = unread;
            }
        }
    }

    fn unread_interfaces(&self, entry: &Entry<'_, Instance>, host: &Id<Host>) -> Vec<Unknown> {
        let told = entry.value;
        let id = told.instance_id.as_deref().unwrap_or("the instance");
        let state = told.state.as_ref().and_then(|state| state.name.as_deref());
        if state == Some("terminated") {
            return Vec::new();
        }
        let why = || self.coverage.why(Kind::NetworkInterfaces, &entry.scope);
        let Some(named) = &told.network_interfaces else {
            let own = parse(told.private_ip_address.as_deref());
            if let Some(address) = own.filter(|own| !self.addresses_of(host).contains(own)) {
                let what = format!("the interface of {id} with the address {address}");
                return vec![unknown(what, why(), &entry.origin)];
            }
            let missing = self.coverage.missing(Kind::NetworkInterfaces, &entry.scope);
            let gap = |why| unknown(format!("all interfaces of {id}"), why, &entry.origin);
            return missing.map(gap).into_iter().collect();
        };
        let mut unread = Vec::new();
        for (i, interface) in named.iter().enumerate() {
            let name = interface.network_interface_id.as_deref();
            let read = name.and_then(|name| self.recorded.interfaces.get(name, &entry.scope));
            let is_own = |key: &str| {
                self.network.interfaces.get(key).is_some_and(|one| one.host.as_ref() == Some(host))
            };
            let why = match read {
                None => why(),
                Some(read) if !is_own(&read.key) => {
                    format!("`NetworkInterfaces` does not tell of {id} that it has it")
                }
                Some(_) => continue,
            };
            let origin = within(&entry.origin, "NetworkInterfaces", i);
            let what = format!("the interface {} of {id}", name.unwrap_or("?"));
            unread.push(unknown(what, why, &origin));
        }
        unread
    }

    fn addresses_of(&self, host: &Id<Host>) -> BTreeSet<IpAddr> {
        let host = self.network.hosts.get(host);
        let interfaces = host.into_iter().flat_map(|host| &host.interfaces);
        let interfaces = interfaces.filter_map(|id| self.network.interfaces.get(id));
        interfaces.flat_map(|one| one.addresses.iter().map(|address| address.ip)).collect()
    }

    fn router_of_instance(
        &self,
        entry: &Entry<'_, Instance>,
        host: &Id<Host>,
    ) -> Option<Id<Router>> {
        let vpc = entry.value.vpc_id.as_deref();
        if let Some(vpc) = vpc.and_then(|vpc| self.recorded.vpcs.get(vpc, &entry.scope)) {
            return Some(Id::new(Arc::clone(&vpc.key)));
        }
        let first = self.network.hosts.get(host)?.interfaces.first()?;
        let subnet = &self.network.interfaces.get(first)?.subnet;
        self.network.subnets.get(subnet).map(|subnet| subnet.router.clone())
    }
}
