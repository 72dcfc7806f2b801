//! Prefix lists: what a name in a rule or a route stands for (AWS-14).

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{IpSet, Origin, Peer, Scope, Unknown};
use ipnet::IpNet;

use super::Lowering;
use super::foreign::InRules;
use super::label::unknown;
use super::recorded::Recorded;
use super::table::Object;
use crate::kind::Kind;
use crate::raw;

/// What a list stands for. Many rules name one, so that it is read once.
#[derive(Debug)]
pub(super) struct List {
    pub(super) blocks: Vec<IpNet>,
    /// Blocks of entries that are not understood in full: they may count or not.
    pub(super) doubtful: Vec<(IpNet, Unknown)>,
    addresses: IpSet,
}

/// The lists whose entries are recorded, by key, or why an entry cannot be read.
#[derive(Debug, Default)]
pub(super) struct Lists {
    managed: BTreeMap<Arc<str>, Result<List, String>>,
    of_services: BTreeMap<Arc<str>, Result<List, String>>,
}

impl Lists {
    pub(super) fn new(recorded: &Recorded<'_>) -> Self {
        let mut lists = Self::default();
        for object in recorded.prefix_list_entries.iter().filter(|one| one.versions.len() == 1) {
            let entry = object.first().filter(|entry| entry.value.next_token.is_none());
            if let Some(entries) = entry.and_then(|entry| entry.value.entries.as_ref()) {
                let foreign = entry.map(|entry| InRules::new(&entry.foreign)).unwrap_or_default();
                let list = read(
                    entries
                        .iter()
                        .enumerate()
                        .map(|(i, entry)| (entry.cidr.as_deref(), foreign.of("Entries", i).any())),
                );
                lists.managed.insert(Arc::clone(&object.key), list);
            }
        }
        for object in recorded.service_prefix_lists.iter().filter(|one| one.versions.len() == 1) {
            if let Some(cidrs) = object.first().and_then(|entry| entry.value.cidrs.as_ref()) {
                let list = read(cidrs.iter().map(|cidr| (Some(cidr.as_str()), None)));
                lists.of_services.insert(Arc::clone(&object.key), list);
            }
        }
        lists
    }
}

impl Lowering<'_> {
    /// The list of this id, or why it is not known what it stands for.
    pub(super) fn prefix_list(
        &self,
        id: &str,
        from: &Scope,
        origin: &Origin,
    ) -> Result<&List, Unknown> {
        if let Some(why) = self.unsettled_list(id, from) {
            return Err(unknown(format!("the entries of {id}"), why, origin));
        }
        let managed = self.recorded.prefix_list_entries.get(id, from);
        if let Some(contradiction) = managed.and_then(Object::contradiction) {
            return Err(contradiction);
        }
        let managed = managed.and_then(|object| self.lists.managed.get(&object.key));
        let list = managed.or_else(|| {
            let object = self.recorded.service_prefix_lists.get(id, from)?;
            self.lists.of_services.get(&object.key)
        });
        let why = match list {
            Some(Ok(list)) => return Ok(list),
            Some(Err(why)) => why.clone(),
            None => format!(
                "not in the recording: add the output of `aws ec2 {} --prefix-list-id {id}`, with the id beside it",
                Kind::ManagedPrefixListEntries.call()
            ),
        };
        Err(unknown(format!("the entries of {id}"), why, origin))
    }

    /// Why the entries that are recorded of a list may not be those in force.
    fn unsettled_list(&self, id: &str, from: &Scope) -> Option<String> {
        let mut told = self.recorded.prefix_lists.get(id, from)?.versions.iter();
        told.find_map(|entry| {
            let list = entry.value;
            match list.state.as_deref() {
                None | Some("create-complete" | "modify-complete" | "restore-complete") => {}
                Some(state) => return Some(format!("its `State` was recorded as `{state}`")),
            }
            let family = match list.address_family.as_deref()? {
                "IPv4" => IpSet::any_v4(),
                "IPv6" => IpSet::any_v6(),
                family => return Some(format!("its `AddressFamily` was recorded as `{family}`")),
            };
            let strays = self.strays(id, from, &family);
            strays.then(|| "an entry is not of its `AddressFamily`".to_owned())
        })
    }

    /// Whether a list has an entry out of these addresses.
    fn strays(&self, id: &str, from: &Scope, family: &IpSet) -> bool {
        let object = self.recorded.prefix_list_entries.get(id, from);
        let list = object.and_then(|object| self.lists.managed.get(&object.key));
        list.and_then(|list| list.as_ref().ok()).is_some_and(|list| {
            let doubtful = list.doubtful.iter().map(|(block, _)| block);
            let mut blocks = list.blocks.iter().chain(doubtful);
            blocks.any(|block| !IpSet::from(*block).is_subset(family))
        })
    }

    /// A list as one side of a rule.
    pub(super) fn prefix_list_peers(
        &self,
        id: Option<&str>,
        from: &Scope,
        origin: &Origin,
    ) -> Vec<Peer> {
        let Some(id) = id else {
            return vec![Peer::Unresolved {
                name: "?".into(),
                within: IpSet::full(),
                unknown: unknown("a prefix list", "its id is not recorded", origin),
            }];
        };
        match self.prefix_list(id, from, origin) {
            Ok(list) => {
                let certain = Peer::Addresses { set: list.addresses.clone(), via: Some(id.into()) };
                let doubtful = list.doubtful.iter().map(|(block, unknown)| Peer::Unresolved {
                    name: id.into(),
                    within: IpSet::from(*block),
                    unknown: unknown.clone(),
                });
                std::iter::once(certain).chain(doubtful).collect()
            }
            Err(unknown) => {
                let within = self.family_of(id, from);
                vec![Peer::Unresolved { name: id.into(), within, unknown }]
            }
        }
    }

    /// The addresses of an AWS service, by the list of its name.
    pub(super) fn service_addresses(&self, service: &str, from: &Scope) -> Option<IpSet> {
        let named = |name: Option<&String>| name.is_some_and(|name| name == service);
        let aws = self.recorded.service_prefix_lists.iter();
        let ids = aws
            .filter(|list| list.versions.iter().any(|e| named(e.value.prefix_list_name.as_ref())))
            .map(|list| list.id);
        let managed = self.recorded.prefix_lists.iter();
        let managed = managed
            .filter(|list| list.versions.iter().any(|e| named(e.value.prefix_list_name.as_ref())))
            .map(|list| list.id);
        let mut ids = ids.chain(managed);
        ids.find_map(|id| {
            let nowhere = super::label::nowhere();
            let list = self.prefix_list(id, from, &nowhere).ok();
            list.filter(|list| list.doubtful.is_empty()).map(|list| list.addresses.clone())
        })
    }

    /// The addresses that a list can hold at most.
    fn family_of(&self, id: &str, from: &Scope) -> IpSet {
        let list = self.recorded.prefix_lists.get(id, from);
        let list = list.filter(|list| list.versions.len() == 1);
        let list: Option<&raw::ManagedPrefixList> =
            list.and_then(|list| list.first()).map(|entry| entry.value);
        let family = match list.and_then(|list| list.address_family.as_deref()) {
            Some("IPv4") => IpSet::any_v4(),
            Some("IPv6") => IpSet::any_v6(),
            _ => return IpSet::full(),
        };
        if self.strays(id, from, &family) { IpSet::full() } else { family }
    }
}

fn read<'a>(
    cidrs: impl Iterator<Item = (Option<&'a str>, Option<Unknown>)>,
) -> Result<List, String> {
    let mut blocks = Vec::new();
    let mut doubtful = Vec::new();
    for (cidr, doubt) in cidrs {
        let cidr = cidr.ok_or("an entry has no block")?;
        let block = cidr.trim().parse::<IpNet>();
        let block = block.map_err(|_| format!("its entry `{cidr}` is not a CIDR"))?.trunc();
        match doubt {
            Some(doubt) => doubtful.push((block, doubt)),
            None => blocks.push(block),
        }
    }
    blocks.sort();
    blocks.dedup();
    doubtful.sort();
    doubtful.dedup();
    let addresses = blocks.iter().copied().collect();
    Ok(List { blocks, doubtful, addresses })
}
