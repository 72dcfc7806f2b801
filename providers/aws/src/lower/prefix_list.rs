//! Prefix lists: what a name in a rule or a route stands for (AWS-14).

use cloudfw_core::{IpSet, Origin, Peer, Scope, Unknown};
use ipnet::IpNet;

use super::Lowering;
use super::label::unknown;
use crate::kind::Kind;
use crate::raw;

/// The blocks of a list, or why they are not known.
pub(super) type Blocks = Result<Vec<IpNet>, Unknown>;

impl Lowering<'_> {
    /// The blocks of the list of this id.
    pub(super) fn prefix_list(&self, id: &str, from: &Scope, origin: &Origin) -> Blocks {
        let what = format!("the entries of {id}");
        if let Some(list) = self.recorded.prefix_list_entries.get(id, from) {
            if let Some(contradiction) = list.contradiction() {
                return Err(contradiction);
            }
            let entry = list.first().filter(|entry| entry.value.next_token.is_none());
            let entries = entry.and_then(|entry| entry.value.entries.as_ref());
            if let Some(entries) = entries {
                return blocks(entries.iter().map(|entry| entry.cidr.as_deref()))
                    .map_err(|why| unknown(what, why, origin));
            }
        }
        if let Some(list) = self.recorded.service_prefix_lists.get(id, from) {
            let cidrs = list.first().and_then(|entry| entry.value.cidrs.as_ref());
            if let Some(cidrs) = cidrs.filter(|_| list.versions.len() == 1) {
                return blocks(cidrs.iter().map(|cidr| Some(cidr.as_str())))
                    .map_err(|why| unknown(what, why, origin));
            }
        }
        let call = Kind::ManagedPrefixListEntries.call();
        let why = format!(
            "not in the recording: add the output of `aws ec2 {call} --prefix-list-id {id}`, with the id beside it"
        );
        Err(unknown(what, why, origin))
    }

    /// A list as one side of a rule.
    pub(super) fn prefix_list_peer(&self, id: Option<&str>, from: &Scope, origin: &Origin) -> Peer {
        let Some(id) = id else {
            return Peer::Unresolved {
                name: "?".into(),
                within: IpSet::full(),
                unknown: unknown("a prefix list", "its id is not recorded", origin),
            };
        };
        match self.prefix_list(id, from, origin) {
            Ok(blocks) => {
                Peer::Addresses { set: blocks.into_iter().collect(), via: Some(id.into()) }
            }
            Err(unknown) => {
                let within = self.family_of(id, from);
                Peer::Unresolved { name: id.into(), within, unknown }
            }
        }
    }

    /// The blocks of the list of an AWS service, by the name of the service.
    pub(super) fn service_blocks(
        &self,
        service: &str,
        from: &Scope,
    ) -> Option<(String, Vec<IpNet>)> {
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
            self.prefix_list(id, from, &nowhere).ok().map(|blocks| (id.to_owned(), blocks))
        })
    }

    /// The addresses that a list can hold at most.
    fn family_of(&self, id: &str, from: &Scope) -> IpSet {
        let list = self.recorded.prefix_lists.get(id, from);
        let list = list.filter(|list| list.versions.len() == 1);
        let list: Option<&raw::ManagedPrefixList> =
            list.and_then(|list| list.first()).map(|entry| entry.value);
        match list.and_then(|list| list.address_family.as_deref()) {
            Some("IPv4") => IpSet::any_v4(),
            Some("IPv6") => IpSet::any_v6(),
            _ => IpSet::full(),
        }
    }
}

fn blocks<'a>(cidrs: impl Iterator<Item = Option<&'a str>>) -> Result<Vec<IpNet>, String> {
    let mut blocks = Vec::new();
    for cidr in cidrs {
        let cidr = cidr.ok_or("an entry has no block")?;
        let block = cidr.trim().parse::<IpNet>();
        blocks.push(block.map_err(|_| format!("its entry `{cidr}` is not a CIDR"))?.trunc());
    }
    blocks.sort();
    blocks.dedup();
    Ok(blocks)
}
