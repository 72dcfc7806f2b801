//! Addresses and CIDRs: whose they are.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cloudfw_core::{Id, Interface, IpSet, Router};

use super::{Parties, Party, Resolver, Wanted, Within, of_part, unclaimed};
use crate::answer::printable;
use crate::index::{Resource, What};
use crate::query::{QueryError, near};
use cloudfw_core::global_unicast;

impl<'a> Resolver<'a> {
    /// What an address means: the interface that has it, inside or outside; else a place in a
    /// recorded network; else the internet.
    pub(super) fn address(
        &self,
        text: &str,
        address: IpAddr,
        scope: Option<&Within<'_>>,
    ) -> Result<Parties, QueryError> {
        let one = |party| Ok(vec![party]);
        let mut choices = self.holders(address);
        choices.extend(self.unheld(address, &choices));
        if let Some(scope) = scope {
            choices.retain(|choice| self.lies_in(choice, scope));
            if choices.is_empty() {
                let why = format!("no network there has {address}");
                return Err(QueryError::BadScope { text: text.to_owned(), why });
            }
        }
        match choices.len() {
            0 => {}
            1 => return Ok(choices),
            _ => return one(Party::OneOf { text: text.to_owned(), choices }),
        }
        if self.is_platform(address) {
            return one(Party::Platform { address });
        }
        if let Some(unknown) = self.network.unheld_public.get(&address) {
            let (what, unknowns) = (address.to_string(), vec![unknown.clone()]);
            return one(Party::Unread { what, unknowns });
        }
        let single = IpSet::single(address);
        let outside = self.outside(&single);
        let parties = if outside.is_empty() { unclaimed(&single) } else { outside };
        Ok(parties)
    }

    /// The recorded interfaces with an address in the set, and what of the set lies outside the
    /// estate.
    pub(super) fn cidr(
        &self,
        text: &str,
        addresses: &IpSet,
        scope: Option<&Within<'_>>,
    ) -> Result<Parties, QueryError> {
        let mut parties: Vec<Party> = self
            .in_range(addresses)
            .into_iter()
            .map(|id| Party::Interface { id, wanted: Wanted::Within(addresses.clone()) })
            .collect();
        parties.extend(self.unread_in(text, |id| {
            let router = self.network.routers.get(id);
            router.is_none_or(|it| it.addresses.is_empty() || it.addresses.intersects(addresses))
        }));
        if let Some(scope) = scope {
            parties.retain(|party| {
                matches!(party, Party::Unread { .. }) || self.lies_in(party, scope)
            });
        } else {
            let rest = addresses.difference(&self.index.estate);
            parties.extend(self.outside(&rest));
            parties.extend(unclaimed(&rest.difference(&global_unicast())));
        }
        if parties.iter().all(|party| matches!(party, Party::Unread { .. })) {
            let why = "no recorded interface has an address in it; ask about one address of it \
                       to see what becomes of packets to it";
            return Err(QueryError::NoInterfaces { text: text.to_owned(), why: why.to_owned() });
        }
        Ok(parties)
    }

    /// What stands behind an `@`.
    pub(super) fn scope(&self, text: &str, scope: &str) -> Result<Within<'a>, QueryError> {
        let known = |part: &str| self.index.resources.iter().any(|it| of_part(&it.scope, part));
        let networks: Vec<Within<'a>> = self
            .index
            .named(scope)
            .into_iter()
            .filter_map(|resource| match &resource.what {
                What::Router(id) => Some(Within::Router(id)),
                What::Subnet(id) => Some(Within::Subnet(id)),
                _ => None,
            })
            .collect();
        match networks.as_slice() {
            [one] => Ok(one.clone()),
            [] if known(scope) => Ok(Within::Part(scope.to_owned())),
            [] => {
                let is_network =
                    |it: &&Resource| matches!(it.what, What::Router(_) | What::Subnet(_));
                let networks = self.index.resources.iter().filter(is_network);
                let names = networks.flat_map(|it| it.name.as_deref().into_iter().chain([&*it.id]));
                let alike = near(scope, names);
                let alike = alike.first().map(|name| format!(" (did you mean `{name}`?)"));
                let why = format!("`{scope}` is no recorded network{}", alike.unwrap_or_default());
                Err(QueryError::BadScope { text: text.to_owned(), why })
            }
            _ => {
                let why = format!("`{scope}` is the name of several networks; write an id");
                Err(QueryError::BadScope { text: text.to_owned(), why })
            }
        }
    }

    /// The interfaces that have an address, as their own and as their public one.
    pub(super) fn holders(&self, address: IpAddr) -> Vec<Party> {
        let own = self.index.own.get(&address).into_iter().flatten().map(|id| {
            let wanted = Wanted::Exactly { own: address, dialled: None };
            Party::Interface { id: id.clone(), wanted }
        });
        let public = self.index.public.get(&address).into_iter().flatten().map(|(id, own)| {
            let wanted = Wanted::Exactly { own: *own, dialled: Some(address) };
            Party::Interface { id: id.clone(), wanted }
        });
        let mut holders: Vec<Party> = own.collect();
        let is_own = |party: &Party| match party {
            Party::Interface { id, .. } => {
                self.index.own.get(&address).is_some_and(|own| own.contains(id))
            }
            _ => false,
        };
        holders.extend(public.filter(|party| !is_own(party)));
        holders
    }

    /// The networks that an address belongs to where no interface has it.
    fn unheld(&self, address: IpAddr, held: &[Party]) -> Vec<Party> {
        let held: BTreeSet<&Id<Router>> =
            held.iter().filter_map(|party| self.router_of_party(party)).collect();
        let claimants = self.index.claimants(address).filter(|router| !held.contains(router));
        claimants.map(|router| Party::Unheld { router: router.clone(), address }).collect()
    }

    fn is_platform(&self, address: IpAddr) -> bool {
        let mut services = self.network.routers.values().flat_map(|router| &router.platform);
        services.any(|service| service.addresses.contains(address))
    }

    /// The interfaces with an own or public address in the set.
    pub(super) fn in_range(&self, addresses: &IpSet) -> BTreeSet<Id<Interface>> {
        let mut found = BTreeSet::new();
        for net in addresses.nets() {
            let range = net.network()..=net.broadcast();
            let own = self.index.own.range(range.clone()).flat_map(|(_, ids)| ids);
            let public = self.index.public.range(range).flat_map(|(_, ids)| ids);
            found.extend(own.chain(public.map(|(id, _)| id)).cloned());
        }
        found
    }

    /// The routing domain of a party.
    pub(crate) fn router_of_party(&self, party: &Party) -> Option<&'a Id<Router>> {
        match party {
            Party::Interface { id, .. } => self.router_of(id),
            Party::Unheld { router, .. } => {
                self.network.routers.get_key_value(router).map(|(id, _)| id)
            }
            _ => None,
        }
    }

    /// The routing domain of an interface.
    pub(crate) fn router_of(&self, id: &Id<Interface>) -> Option<&'a Id<Router>> {
        let interface = self.network.interfaces.get(id)?;
        self.network.subnets.get(&interface.subnet).map(|subnet| &subnet.router)
    }

    pub(super) fn lies_in(&self, party: &Party, scope: &Within<'_>) -> bool {
        match (scope, party) {
            (Within::Router(router), party) => self.router_of_party(party) == Some(*router),
            (Within::Subnet(subnet), Party::Interface { id, .. }) => {
                self.network.interfaces.get(id).is_some_and(|it| it.subnet == **subnet)
            }
            (Within::Subnet(subnet), Party::Unheld { router, address }) => {
                let subnet = self.network.subnets.get(*subnet);
                subnet.is_some_and(|it| it.router == *router && it.addresses.contains(*address))
            }
            (Within::Part(part), Party::Interface { id, .. }) => {
                self.network.interfaces.get(id).is_some_and(|it| of_part(&it.label.scope, part))
            }
            (Within::Part(part), Party::Unheld { router, .. }) => {
                self.network.routers.get(router).is_some_and(|it| of_part(&it.label.scope, part))
            }
            _ => false,
        }
    }

    /// An address that is in several places, in forms that each name it in one of them.
    pub(crate) fn scoped(&self, text: &str, choices: &[Party]) -> Vec<String> {
        let address = text.split_once('@').map_or(text, |(address, _)| address);
        let forms: Vec<Vec<String>> =
            choices.iter().map(|choice| self.forms(address, choice)).collect();
        let told = |(at, choice): (usize, &Party)| {
            let others = || forms.iter().enumerate().filter(|(other, _)| *other != at);
            let own = forms.get(at).into_iter().flatten();
            let mut alone = own.filter(|form| !others().any(|(_, forms)| forms.contains(form)));
            let form = alone.next().map_or(text, String::as_str);
            let what = match choice {
                Party::Interface { id, .. } => format!("interface {id}"),
                _ => "no recorded interface".to_owned(),
            };
            let router = self.router_of_party(choice).and_then(|id| self.network.routers.get(id));
            let place = router.map_or_else(String::new, |router| format!(" in {}", router.label));
            printable(&format!("`{form}`: {what}{place}")).into_owned()
        };
        choices.iter().enumerate().map(told).collect()
    }

    /// An address in its network, in its subnet, in its account and Region; and the interface that
    /// has it.
    fn forms(&self, address: &str, choice: &Party) -> Vec<String> {
        let mut forms = Vec::new();
        let router = self.router_of_party(choice).and_then(|id| self.network.routers.get(id));
        forms.extend(router.map(|router| format!("{address}@{}", router.label.id)));
        if let Party::Interface { id, .. } = choice {
            let interface = self.network.interfaces.get(id);
            let subnet = interface.and_then(|it| self.network.subnets.get(&it.subnet));
            forms.extend(subnet.map(|subnet| format!("{address}@{}", subnet.label.id)));
        }
        let scope = router.map(|router| &router.label.scope).filter(|scope| !scope.is_empty());
        forms.extend(scope.map(|scope| format!("{address}@{scope}")));
        if let Party::Interface { id, .. } = choice {
            forms.extend(self.network.interfaces.get(id).map(|it| it.label.id.to_string()));
        }
        forms
    }
}
