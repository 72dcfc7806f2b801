//! What `except-from` and `except-to` take out of an end.

use std::collections::BTreeSet;

use cloudfw_core::{Id, Interface, IpSet};
use ipnet::IpNet;

use crate::resolve::Party;

/// What is taken out: interfaces whole, and addresses of what is not recorded.
#[derive(Debug, Clone, Default)]
pub(super) struct Except {
    interfaces: BTreeSet<Id<Interface>>,
    addresses: IpSet,
}

impl Except {
    /// What the text of an exception means, which resolves to these parties.
    pub(super) fn of(text: &str, parties: &[Party]) -> Self {
        let mut except = Self::default();
        // A prefix takes out addresses that nobody recorded has, too.
        if let Ok(net) = text.parse::<IpNet>() {
            except.addresses = IpSet::from(net);
        }
        except.take(parties);
        except
    }

    fn take(&mut self, parties: &[Party]) {
        for party in parties {
            match party {
                Party::Interface { id, .. } => {
                    self.interfaces.insert(id.clone());
                }
                Party::External { addresses, .. }
                | Party::Beyond { addresses, .. }
                | Party::Unclaimed { addresses } => {
                    self.addresses = self.addresses.union(addresses);
                }
                Party::Unheld { address, .. } | Party::Platform { address } => {
                    self.addresses = self.addresses.union(&IpSet::single(*address));
                }
                // What was not read may be anything, and what may be in several networks is an
                // error before it comes here.
                Party::Unread { .. } | Party::OneOf { .. } => {}
            }
        }
    }

    /// Both.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.interfaces.extend(other.interfaces);
        self.addresses = self.addresses.union(&other.addresses);
        self
    }

    /// What is left of a party; nothing where all of it is taken out.
    pub(super) fn rest_of(&self, party: &Party) -> Option<Party> {
        let left = |addresses: &IpSet| {
            let rest = addresses.difference(&self.addresses);
            (!rest.is_empty()).then_some(rest)
        };
        Some(match party {
            Party::Interface { id, .. } if self.interfaces.contains(id) => return None,
            Party::Unheld { address, .. } | Party::Platform { address }
                if self.addresses.contains(*address) =>
            {
                return None;
            }
            Party::External { id, addresses } => {
                Party::External { id: id.clone(), addresses: left(addresses)? }
            }
            Party::Beyond { id, addresses, router } => {
                let (id, router) = (id.clone(), router.clone());
                Party::Beyond { id, addresses: left(addresses)?, router }
            }
            Party::Unclaimed { addresses } => Party::Unclaimed { addresses: left(addresses)? },
            Party::OneOf { text, choices } => {
                let rest: Vec<Party> =
                    choices.iter().filter_map(|choice| self.rest_of(choice)).collect();
                match rest.as_slice() {
                    [] => return None,
                    [one] => one.clone(),
                    _ => Party::OneOf { text: text.clone(), choices: rest },
                }
            }
            other => other.clone(),
        })
    }

    /// Whether it takes anything out of a party.
    pub(super) fn touches(&self, party: &Party) -> bool {
        self.rest_of(party).as_ref() != Some(party)
    }
}
