//! What service tags stand for (AZ-30 to AZ-34): three are worked out for the place that a rule is
//! asked at, the others are in Azure's lists.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::{IpAddr, Ipv4Addr};

use cloudfw_core::{IpSet, Origin, Peer, Unknown, global_unicast};

use super::addresses::prefixes;
use super::platform::host_address;
use super::surroundings::Surroundings;
use super::wording::{place, unknown};
use crate::kind::Kind;
use crate::raw::{self, Resource};

/// Where machines ask for the metadata of their own (AZ-19).
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

/// The tags of Azure's own services at every machine: only rules that name them filter these
/// services (AZ-19).
const PLATFORM: [&str; 3] = ["azureplatformdns", "azureplatformimds", "azureplatformlkm"];

/// The tags of recorded lists.
#[derive(Debug)]
pub(super) struct ServiceTags {
    by_name: BTreeMap<Box<str>, Tag>,
    has_list: bool,
    /// What the internet can be, without the place's own network.
    public: IpSet,
}

/// What lists say of a tag.
#[derive(Debug)]
struct Tag {
    /// In every list that has the tag.
    certain: IpSet,
    /// In some of them, or not readable; with the reason.
    possible: Option<(IpSet, Unknown)>,
}

impl ServiceTags {
    /// Puts lists together (AZ-33).
    pub(super) fn new(lists: &[(Origin, &raw::ServiceTags)]) -> Self {
        let mut by_name = BTreeMap::new();
        for (origin, list) in lists {
            for tag in list.values.iter().flatten() {
                let name = tag.name.as_deref().or(tag.id.as_deref()).unwrap_or_default();
                let told = Tag::told(tag, name, origin);
                match by_name.entry(key(name)) {
                    Entry::Vacant(free) => {
                        free.insert(told);
                    }
                    Entry::Occupied(mut known) => {
                        known.get_mut().join(told, name, origin);
                    }
                }
            }
        }
        Self { by_name, has_list: !lists.is_empty(), public: global_unicast() }
    }

    /// What a tag stands for in a rule at `origin`, in any letter case.
    pub(super) fn peers(&self, text: &str, around: &Surroundings, origin: &Origin) -> Vec<Peer> {
        match key(text).as_ref() {
            "virtualnetwork" | "virtual_network" => virtual_network(around),
            "internet" => self.internet(around),
            "azureloadbalancer" | "azure_loadbalancer" => {
                vec![via("AzureLoadBalancer", host_address())]
            }
            "azureplatformdns" => vec![via(text, host_address())],
            "azureplatformimds" => vec![via(text, IpSet::single(METADATA))],
            name => self.listed(name, text, origin),
        }
    }

    /// What a tag of recorded lists certainly stands for, and nothing else; nothing where they do
    /// not tell it.
    pub(super) fn listed_prefixes(&self, text: &str) -> Option<&IpSet> {
        let tag = self.by_name.get(&key(text))?;
        tag.possible.is_none().then_some(&tag.certain)
    }

    /// AZ-31: public addresses outside the network.
    fn internet(&self, around: &Surroundings) -> Vec<Peer> {
        const NAME: &str = "Internet";
        // The host's address is one of the network's (AZ-30), whatever is known of that.
        let outside = self.public.difference(&around.virtual_network).difference(&host_address());
        let maybe_inside = IpSet::union_of(around.possibly.iter().map(|(set, _)| set));
        let certain = outside.difference(&maybe_inside);
        let possible = around.possibly.iter().filter_map(|(set, unknown)| {
            unresolved(NAME, outside.intersection(set), unknown.clone())
        });
        with_certain(NAME, certain, possible)
    }

    fn listed(&self, name: &str, text: &str, origin: &Origin) -> Vec<Peer> {
        let Some(tag) = self.by_name.get(name) else {
            let why = if self.has_list {
                "the recorded lists of service tags do not have it".to_owned()
            } else {
                format!("not in the recording: add `{}`", Kind::ServiceTags.command())
            };
            let unknown = unknown(format!("the addresses of the tag `{text}`"), why, origin);
            let within = self.of_all_regions(name).unwrap_or(IpSet::full());
            return vec![Peer::Unresolved { name: text.into(), within, unknown }];
        };
        let possible = tag.possible.iter().filter_map(|(set, unknown)| {
            unresolved(text, set.difference(&tag.certain), unknown.clone())
        });
        with_certain(text, tag.certain.clone(), possible)
    }

    /// At most what a regional tag can stand for: a list has the regions around the place that
    /// was asked, and the whole of every service.
    fn of_all_regions(&self, name: &str) -> Option<IpSet> {
        let (service, _) = name.rsplit_once('.')?;
        let tag = self.by_name.get(service)?;
        let possible = tag.possible.as_ref().map(|(set, _)| set);
        Some(possible.map_or_else(|| tag.certain.clone(), |set| tag.certain.union(set)))
    }
}

impl Tag {
    fn told(tag: &Resource<raw::ServiceTag>, name: &str, origin: &Origin) -> Self {
        let doubtful = |why: String| {
            let what = format!("the addresses of the tag `{name}`");
            Some((IpSet::full(), Unknown::new(what, why, place(origin))))
        };
        let Some(list) = &tag.properties.address_prefixes else {
            let why = "`addressPrefixes` is not recorded".to_owned();
            return Self { certain: IpSet::empty(), possible: doubtful(why) };
        };
        let (certain, bad) = prefixes(list.iter().map(String::as_str));
        let bad = bad.first().map(|bad| format!("its prefix `{bad}` is no address"));
        Self { certain, possible: bad.and_then(doubtful) }
    }

    /// What is in one list only may have come, or gone.
    fn join(&mut self, other: Self, name: &str, origin: &Origin) {
        if self.certain != other.certain {
            let both = self.certain.union(&other.certain);
            let differs = Unknown::new(
                format!("the addresses of the tag `{name}`"),
                "the recorded lists of service tags differ",
                place(origin),
            );
            self.certain = self.certain.intersection(&other.certain);
            let (set, unknown) = self.possible.take().unwrap_or((IpSet::empty(), differs));
            self.possible = Some((set.union(&both), unknown));
        }
        if let Some((more, unknown)) = other.possible {
            let (set, unknown) = self.possible.take().unwrap_or((IpSet::empty(), unknown));
            self.possible = Some((set.union(&more), unknown));
        }
    }
}

/// Whether a text is a tag of Azure's own services at every machine (AZ-19).
pub(super) fn is_platform(text: &str) -> bool {
    PLATFORM.contains(&key(text).as_ref())
}

/// Whether a text that is no address can be a tag: `Storage.WestUS`.
pub(super) fn can_be_tag(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// AZ-30, as the place has it.
fn virtual_network(around: &Surroundings) -> Vec<Peer> {
    const NAME: &str = "VirtualNetwork";
    let certain = &around.virtual_network;
    let possible = around
        .possibly
        .iter()
        .filter_map(|(set, unknown)| unresolved(NAME, set.difference(certain), unknown.clone()));
    with_certain(NAME, certain.clone(), possible)
}

/// What a tag stands for, and what it may stand for. A tag that certainly stands for nothing is
/// still named.
fn with_certain(name: &str, certain: IpSet, possible: impl Iterator<Item = Peer>) -> Vec<Peer> {
    let possible: Vec<Peer> = possible.collect();
    let certain = (!certain.is_empty() || possible.is_empty()).then(|| via(name, certain));
    certain.into_iter().chain(possible).collect()
}

fn via(name: &str, set: IpSet) -> Peer {
    Peer::Addresses { set, via: Some(name.into()) }
}

fn unresolved(name: &str, within: IpSet, unknown: Unknown) -> Option<Peer> {
    let name = name.into();
    (!within.is_empty()).then_some(Peer::Unresolved { name, within, unknown })
}

fn key(name: &str) -> Box<str> {
    name.trim().to_ascii_lowercase().into()
}
