//! Resources, for those who look at them and do not send to them.

use std::collections::BTreeSet;

use cloudfw_core::{Id, Interface, IpSet};

use super::{Party, Resolver, Within, within};
use crate::answer::printable;
use crate::index::{Resource, What};
use crate::query::{QueryError, Reading, Selector};

impl<'a> Resolver<'a> {
    /// What a text means, machines first: one resource by a name, several by a tag, a glob or a
    /// CIDR.
    ///
    /// # Errors
    ///
    /// [`QueryError`] where it means nothing, and where a name or an address means several things.
    pub(crate) fn resources(&self, text: &str) -> Result<Vec<&'a Resource>, QueryError> {
        self.read_resources(text).map_err(|error| match self.suggest(error) {
            QueryError::UnknownName { text, near, .. } => {
                QueryError::UnknownResource { text, near }
            }
            error => error,
        })
    }

    fn read_resources(&self, text: &str) -> Result<Vec<&'a Resource>, QueryError> {
        let mut last = QueryError::UnknownResource { text: text.to_owned(), near: Vec::new() };
        // The whole as a name, before what stands in front of an `@`.
        for reading in Reading::of(text)?.iter().rev() {
            match self.meant(text, reading) {
                Ok(found) => return Ok(found),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn meant(&self, text: &str, reading: &Reading<'_>) -> Result<Vec<&'a Resource>, QueryError> {
        let scope = reading.scope.map(|scope| self.scope(text, scope)).transpose()?;
        let scope = scope.as_ref();
        let nothing = |why: &str| {
            Err(QueryError::NothingToShow { text: text.to_owned(), why: why.to_owned() })
        };
        let mut found = match reading.selector {
            Selector::Name(name) => return self.one(text, name, scope).map(|one| vec![one]),
            Selector::Internet => {
                return nothing(
                    "it is everything public outside the estate; show the gateway that leads there",
                );
            }
            Selector::Address(address) => {
                let mut holders = self.holders(address);
                holders.retain(|party| scope.is_none_or(|scope| self.lies_in(party, scope)));
                if holders.len() > 1 {
                    let candidates = self.scoped(text, &holders);
                    return Err(QueryError::AmbiguousAddress { text: text.to_owned(), candidates });
                }
                let ids = holders.into_iter().filter_map(|party| match party {
                    Party::Interface { id, .. } => Some(id),
                    _ => None,
                });
                self.of_interfaces(&ids.collect())
            }
            Selector::Network(net) => {
                let ids = self.in_range(&IpSet::from(net)).into_iter();
                self.of_interfaces(&ids.filter(|id| self.is_within(id, scope)).collect())
            }
            Selector::Tag(key, value) => {
                within(scope, self.index.tagged(key, value), |what| self.routers_of(what))
            }
            Selector::Glob(glob) => {
                within(scope, self.index.globbed(glob), |what| self.routers_of(what))
            }
        };
        if found.is_empty() {
            return match reading.selector {
                Selector::Address(address) => {
                    let subnets = self.network.subnets.values();
                    let around: Vec<String> = subnets
                        .filter(|subnet| subnet.addresses.contains(address))
                        .map(|subnet| printable(&subnet.label.to_string()).into_owned())
                        .collect();
                    let why = "no recorded interface has it".to_owned();
                    nothing(&match around.as_slice() {
                        [] => why,
                        names => format!("{why}; it lies in {}", names.join(" and in ")),
                    })
                }
                Selector::Network(_) => nothing("no recorded interface has an address in it"),
                _ => Err(Self::unknown(text)),
            };
        }
        found.sort_by_key(|resource| resource.rank);
        Ok(found)
    }

    fn is_within(&self, id: &Id<Interface>, scope: Option<&Within<'_>>) -> bool {
        scope.is_none_or(|scope| self.lies_in(&super::any_address(id), scope))
    }

    fn of_interfaces(&self, ids: &BTreeSet<Id<Interface>>) -> Vec<&'a Resource> {
        let is_one = |resource: &&Resource| match &resource.what {
            What::Interface(id) => ids.contains(id),
            _ => false,
        };
        self.index.resources.iter().filter(is_one).collect()
    }
}
