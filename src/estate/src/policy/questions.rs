//! The questions of a policy, each once: many expectations ask about the same pairs.

use std::collections::HashMap;
use std::net::IpAddr;

use cloudfw_core::{
    Client, Endpoint, External, Id, Interface, IpSet, Question, Router, ServiceSet,
};

/// Questions, each once.
#[derive(Default)]
pub(super) struct Questions {
    pub(super) all: Vec<Question>,
    places: HashMap<Key, usize>,
    addresses: Distinct<IpSet>,
    services: Distinct<ServiceSet>,
    clients: Distinct<Option<Client>>,
}

/// What tells one question from another. Large sets are told by their places among the distinct
/// ones, which are few.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    ends: [EndKey; 2],
    services: usize,
    client: usize,
    one_way: bool,
}

#[derive(PartialEq, Eq, Hash)]
enum EndKey {
    Interface(Id<Interface>, IpAddr, Option<IpAddr>),
    External(Id<External>, usize),
    Unheld(Id<Router>, IpAddr),
}

impl Questions {
    /// The place of a question, which is added if it is new.
    pub(super) fn place(&mut self, question: Question) -> usize {
        let mut end = |end: &Endpoint| match end {
            Endpoint::Interface { id, address, dialled } => {
                EndKey::Interface(id.clone(), *address, *dialled)
            }
            Endpoint::External { id, addresses } => {
                EndKey::External(id.clone(), self.addresses.place(addresses))
            }
            Endpoint::Unheld { router, address } => EndKey::Unheld(router.clone(), *address),
        };
        let key = Key {
            ends: [end(&question.source), end(&question.destination)],
            services: self.services.place(&question.services),
            client: self.clients.place(&question.client),
            one_way: question.one_way,
        };
        let new = self.all.len();
        let place = *self.places.entry(key).or_insert(new);
        if place == new {
            self.all.push(question);
        }
        place
    }
}

/// Different values, in the order in which they came.
struct Distinct<T>(Vec<T>);

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone + PartialEq> Distinct<T> {
    fn place(&mut self, value: &T) -> usize {
        if let Some(place) = self.0.iter().position(|known| known == value) {
            return place;
        }
        self.0.push(value.clone());
        self.0.len() - 1
    }
}
