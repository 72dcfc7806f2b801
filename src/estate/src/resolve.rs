//! From the text of an end to what it means in the estate.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cloudfw_core::{
    External, Host, Id, Interface, IpSet, Network, Passage, Router, ServiceSet, Unknown,
};

use crate::answer::printable;
use crate::index::{Index, Internet, Rank, Resource, What};
use crate::query::{QueryError, Reading, Selector, Split, near, split_service, suspicious_service};
use cloudfw_core::global_unicast;

mod address;
mod shown;
#[cfg(test)]
mod tests;

/// Something that an end means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Party {
    /// A recorded interface.
    Interface { id: Id<Interface>, wanted: Wanted },
    /// Addresses in a network outside.
    External { id: Id<External>, addresses: IpSet },
    /// The outside of a border, for those inside of it.
    Beyond { id: Id<External>, addresses: IpSet, router: Id<Router> },
    /// An address inside a router's range that no recorded interface has.
    Unheld { router: Id<Router>, address: IpAddr },
    /// An address that is in several networks: which one is meant, the other end decides.
    OneOf { text: String, choices: Vec<Party> },
    /// An address that the platform answers at in every network: the other end's is meant.
    Platform { address: IpAddr },
    /// Addresses that no recorded network claims.
    Unclaimed { addresses: IpSet },
    /// Interfaces that may belong to what was named, and were not read.
    Unread { what: String, unknowns: Vec<Unknown> },
}

/// Which addresses of an interface are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Its own or its public ones, as the other end needs.
    Any,
    /// This one: dialled so, where a public address was written; else, where the private one was,
    /// as the other end can dial it.
    Exactly { own: IpAddr, dialled: Option<IpAddr> },
    /// Those among these.
    Within(IpSet),
}

/// All that an end means.
pub(crate) type Parties = Vec<Party>;

/// A destination, resolved and split.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    /// Without its service.
    pub(crate) text: &'a str,
    pub(crate) end: Parties,
    /// The service behind the last colon.
    pub(crate) service: Option<ServiceSet>,
}

/// Looks names and addresses up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolver<'a> {
    pub(crate) network: &'a Network,
    pub(crate) index: &'a Index,
}

impl<'a> Resolver<'a> {
    /// What SOURCE means.
    pub(crate) fn source(&self, text: &str) -> Result<Parties, QueryError> {
        let found = self.end(text).map_err(|error| match (error, split_service(text)) {
            (
                QueryError::UnknownName { text, near, .. },
                Split::Certain(end, _) | Split::Perhaps(end, _),
            ) if self.end(end).is_ok() => {
                let hint = format!("; `{end}` is recorded, but a service belongs to DESTINATION");
                QueryError::UnknownName { text, near, hint }
            }
            (error, _) => error,
        });
        found.map_err(|error| self.suggest(error))
    }

    /// What DESTINATION means, and the service behind its last colon. With `whole` there is none.
    pub(crate) fn destination<'t>(
        &self,
        text: &'t str,
        whole: bool,
    ) -> Result<Target<'t>, QueryError> {
        self.split_destination(text, whole).map_err(|error| self.suggest(error))
    }

    fn split_destination<'t>(&self, text: &'t str, whole: bool) -> Result<Target<'t>, QueryError> {
        let unsplit = |end| Target { text, end, service: None };
        if whole {
            return self.end(text).map(unsplit);
        }
        match split_service(text) {
            Split::Whole => self.end(text).map(unsplit).map_err(|error| self.blame(text, error)),
            Split::Certain(end, service) => {
                Ok(Target { text: end, end: self.end(end)?, service: Some(service) })
            }
            Split::Perhaps(end, service) => match (self.end(text), self.end(end)) {
                (Ok(_), Ok(_)) => Err(two_readings(text, end)),
                (Ok(resolved), Err(_)) => Ok(unsplit(resolved)),
                (Err(_), resolved) => {
                    Ok(Target { text: end, end: resolved?, service: Some(service) })
                }
            },
        }
    }

    /// Where the name is recorded and only its service is wrong, the service is to blame.
    fn blame(&self, text: &str, error: QueryError) -> QueryError {
        let Some((end, service)) = suspicious_service(text) else { return error };
        match (self.end(end), service.parse::<ServiceSet>()) {
            (Ok(_), Err(wrong)) => {
                QueryError::BadService { text: service.to_owned(), error: wrong }
            }
            _ => error,
        }
    }

    /// What an end means.
    pub(crate) fn end(&self, text: &str) -> Result<Parties, QueryError> {
        let mut found: Option<Parties> = None;
        let mut first_error = None;
        for reading in Reading::of(text)? {
            match self.reading(text, &reading) {
                Ok(resolved) if found.is_none() => found = Some(resolved),
                Ok(_) => {
                    let (end, scope) = text.rsplit_once('@').unwrap_or((text, ""));
                    let readings = (format!("the name `{text}`"), format!("`{end}` in `{scope}`"));
                    let readings = Box::new(readings);
                    return Err(QueryError::TwoReadings { text: text.to_owned(), readings });
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        found.ok_or_else(|| first_error.unwrap_or(QueryError::NoSource))
    }

    fn reading(&self, text: &str, reading: &Reading<'_>) -> Result<Parties, QueryError> {
        let scope = match reading.scope {
            Some(scope) => Some(self.scope(text, scope)?),
            None => None,
        };
        let scope = scope.as_ref();
        match reading.selector {
            Selector::Internet => self.internet(text, scope),
            Selector::Address(address) => self.address(text, address, scope),
            Selector::Network(net) => self.cidr(text, &IpSet::from(net), scope),
            Selector::Tag(key, value) => {
                let found = self.index.tagged(key, value);
                self.set(text, found, scope, || {
                    let tags: Vec<String> = self.index.tags().collect();
                    near(text, tags.iter().map(String::as_str))
                })
            }
            Selector::Glob(glob) => self.set(text, self.index.globbed(glob), scope, Vec::new),
            Selector::Name(name) => self.name(text, name, scope),
        }
    }

    fn internet(&self, text: &str, scope: Option<&Within<'_>>) -> Result<Parties, QueryError> {
        if scope.is_some() {
            let why = "the internet is one for all networks".to_owned();
            return Err(QueryError::BadScope { text: text.to_owned(), why });
        }
        Ok(self.outside(&IpSet::full()))
    }

    /// The part of some addresses that is on the internet, by family.
    fn outside(&self, addresses: &IpSet) -> Vec<Party> {
        let Some(Internet { id, addresses: internet, .. }) = &self.index.internet else {
            // A network without any way out still has an internet that cannot reach it.
            let addresses =
                addresses.intersection(&global_unicast()).difference(&self.index.estate);
            return unclaimed(&addresses);
        };
        let addresses = internet.intersection(addresses);
        families(&addresses)
            .map(|addresses| Party::External { id: id.clone(), addresses })
            .collect()
    }

    /// The resources that a name means: one, or the error lists them.
    fn name(
        &self,
        text: &str,
        name: &str,
        scope: Option<&Within<'_>>,
    ) -> Result<Parties, QueryError> {
        let resource = self.one(text, name, scope)?;
        let parties = self.parties_of(text, resource);
        if let (Err(QueryError::NoInterfaces { .. }), What::Host(id)) = (&parties, &resource.what)
            && let Some(unread) = self.unread_of(text, id)
        {
            // It has some, and they were not read: that is an answer, and no fault of the query.
            return Ok(vec![unread]);
        }
        let mut parties = parties?;
        parties.extend(match &resource.what {
            What::Subnet(_) | What::Router(_) => {
                let routers = self.routers_of(&resource.what);
                self.unread_in(text, |router| routers.contains(router))
            }
            What::Group(_) => self.unread_in(text, |_| true),
            What::Host(id) => self.unread_of(text, id),
            _ => None,
        });
        Ok(parties)
    }

    /// The one resource of an id, an ARN or a name.
    pub(crate) fn one(
        &self,
        text: &str,
        name: &str,
        scope: Option<&Within<'_>>,
    ) -> Result<&'a Resource, QueryError> {
        let found = self.index.named(name);
        if found.is_empty() {
            return Err(Self::unknown(text));
        }
        let found = self.likeliest(within(scope, found, |what| self.routers_of(what)));
        let found = self.living(found);
        match found.as_slice() {
            [] => Err(QueryError::BadScope {
                text: text.to_owned(),
                why: format!("`{name}` is recorded, but not there"),
            }),
            [one] => Ok(one),
            [first, rest @ ..] => {
                let meant =
                    |resource: &'a Resource| self.index.interfaces(self.network, &resource.what);
                let same = !meant(first).is_empty()
                    && rest.iter().all(|other| meant(other) == meant(first));
                if same {
                    return Ok(first);
                }
                Err(ambiguous(text, &found))
            }
        }
    }

    /// What can be an end by this name, as [`QueryError::Ambiguous`] lists it.
    pub(crate) fn called(&self, name: &str) -> Vec<String> {
        let found = self.likeliest(self.index.named(name));
        let ends: Vec<&Resource> =
            found.into_iter().filter(|it| self.parties_of(name, it).is_ok()).collect();
        candidates(&ends)
    }

    /// What else an end could have meant by this name: the resources that machines of the name, or
    /// the internet itself, go before. Those that mean the same interfaces are not among them.
    pub(crate) fn passed_over(&self, name: &str) -> Vec<String> {
        let found = self.index.named(name);
        let is_internet = name.eq_ignore_ascii_case("internet");
        let meant = if is_internet { Vec::new() } else { self.likeliest(found.clone()) };
        let own: BTreeSet<&Id<Interface>> =
            meant.iter().flat_map(|it| self.index.interfaces(self.network, &it.what)).collect();
        let is_other = |resource: &&Resource| {
            let interfaces = self.index.interfaces(self.network, &resource.what);
            let is_meant = meant.iter().any(|it| it.what == resource.what);
            !is_meant && interfaces.iter().any(|id| !own.contains(id))
        };
        let others: Vec<&Resource> = found.into_iter().filter(is_other).collect();
        candidates(&others)
    }

    /// The resources that a tag or a glob means.
    fn set(
        &self,
        text: &str,
        found: Vec<&'a Resource>,
        scope: Option<&Within<'_>>,
        near: impl FnOnce() -> Vec<String>,
    ) -> Result<Parties, QueryError> {
        if found.is_empty() {
            let (text, hint) = (text.to_owned(), String::new());
            return Err(QueryError::UnknownName { text, near: near(), hint });
        }
        let found = within(scope, found, |what| self.routers_of(what));
        let machines = found.iter().any(|resource| resource.rank < Rank::Network);
        let rank = if machines { Rank::Interface } else { Rank::Network };
        let ids: BTreeSet<&Id<Interface>> = found
            .iter()
            .filter(|resource| resource.rank <= rank)
            .flat_map(|resource| self.index.interfaces(self.network, &resource.what))
            .collect();
        if ids.is_empty() {
            let why = "what it names has none".to_owned();
            return Err(QueryError::NoInterfaces { text: text.to_owned(), why });
        }
        let mut parties: Vec<Party> = ids.into_iter().map(any_address).collect();
        parties.extend(self.unread_in(text, |_| true));
        Ok(parties)
    }

    /// The interfaces that may belong to a set and were not read, of the routers that may have
    /// some.
    fn unread_in(&self, text: &str, may_have: impl Fn(&Id<Router>) -> bool) -> Option<Party> {
        let routers = self.network.routers.iter().filter(|(id, _)| may_have(id));
        let mut unknowns: Vec<Unknown> =
            routers.flat_map(|(_, router)| &router.unread).cloned().collect();
        unknowns.sort();
        unknowns.dedup();
        let what = format!("interfaces in {text} that were not read");
        (!unknowns.is_empty()).then_some(Party::Unread { what, unknowns })
    }

    /// The interfaces of a host that were not read.
    fn unread_of(&self, text: &str, host: &Id<Host>) -> Option<Party> {
        let unknowns = self.network.hosts.get(host).map(|host| host.unread.clone())?;
        let what = format!("interfaces of {text} that were not read");
        (!unknowns.is_empty()).then_some(Party::Unread { what, unknowns })
    }

    /// What a resource stands for at the end of a question.
    fn parties_of(&self, text: &str, resource: &'a Resource) -> Result<Vec<Party>, QueryError> {
        if let What::Gateway(id) = &resource.what
            && let Some(gateway) = self.network.gateways.get(id)
            && let Passage::Border { router, external, .. } = &gateway.passage
        {
            let outside = self.outside(&IpSet::full()).into_iter();
            let beyond = outside.filter_map(|party| match party {
                Party::External { id, addresses } if id == *external => {
                    Some(Party::Beyond { id, addresses, router: router.clone() })
                }
                _ => None,
            });
            return Ok(beyond.collect());
        }
        let interfaces = self.index.interfaces(self.network, &resource.what);
        if interfaces.is_empty() {
            return Err(QueryError::NoInterfaces {
                text: text.to_owned(),
                why: format!("it is {}", resource.described()),
            });
        }
        Ok(interfaces.iter().map(any_address).collect())
    }

    /// Names mean machines before their parts, and these before networks and rules.
    fn likeliest(&self, found: Vec<&'a Resource>) -> Vec<&'a Resource> {
        let best = found.iter().map(|resource| resource.rank).min();
        found.into_iter().filter(|resource| Some(resource.rank) == best).collect()
    }

    /// Of several machines of one name, those that still have an interface: a terminated instance
    /// keeps its name for an hour after the one that replaced it is there.
    fn living(&self, found: Vec<&'a Resource>) -> Vec<&'a Resource> {
        let lives =
            |resource: &&Resource| !self.index.interfaces(self.network, &resource.what).is_empty();
        if found.len() < 2 || !found.iter().any(&lives) {
            return found;
        }
        found.into_iter().filter(lives).collect()
    }

    fn unknown(text: &str) -> QueryError {
        QueryError::UnknownName { text: text.to_owned(), near: Vec::new(), hint: String::new() }
    }

    /// Adds the names that are like one that nothing has. Done last, and once: it looks at every
    /// name of the estate, and most readings of a query that fail are not the user's.
    fn suggest(&self, error: QueryError) -> QueryError {
        match error {
            QueryError::UnknownName { text, near: known, hint } if known.is_empty() => {
                let name = text.rsplit_once('@').map_or(text.as_str(), |(name, _)| name);
                let near = near(name, self.index.names());
                QueryError::UnknownName { text, near, hint }
            }
            other => other,
        }
    }

    /// The routers that a resource is in.
    fn routers_of(&self, what: &What) -> BTreeSet<&'a Id<Router>> {
        let network = self.network;
        let of_subnet = |id| network.subnets.get(id).map(|subnet| &subnet.router);
        if let What::Subnet(id) = what {
            return of_subnet(id).into_iter().collect();
        }
        if let What::Router(id) = what {
            return network.routers.get_key_value(id).map(|(id, _)| id).into_iter().collect();
        }
        let interfaces = self.index.interfaces(network, what).iter();
        let of_interface = |id| network.interfaces.get(id).and_then(|it| of_subnet(&it.subnet));
        interfaces.filter_map(of_interface).collect()
    }
}

/// A scope that was named behind `@`.
#[derive(Debug, Clone)]
pub(crate) enum Within<'a> {
    /// A VPC.
    Router(&'a Id<Router>),
    /// A subnet.
    Subnet(&'a Id<cloudfw_core::Subnet>),
    /// An account or a Region.
    Part(String),
}

/// The resources that lie in a scope.
fn within<'a>(
    scope: Option<&Within<'_>>,
    found: Vec<&'a Resource>,
    routers_of: impl Fn(&What) -> BTreeSet<&'a Id<Router>>,
) -> Vec<&'a Resource> {
    let Some(scope) = scope else { return found };
    let inside = |resource: &&Resource| match scope {
        Within::Router(router) => routers_of(&resource.what).contains(*router),
        Within::Subnet(subnet) => resource.what == What::Subnet((*subnet).clone()),
        Within::Part(part) => of_part(&resource.scope, part),
    };
    found.into_iter().filter(inside).collect()
}

/// Whether a scope text names this account or Region, or both: `1111/eu-central-1`.
fn of_part(scope: &str, part: &str) -> bool {
    scope.eq_ignore_ascii_case(part)
        || scope.split('/').any(|own| !own.is_empty() && own.eq_ignore_ascii_case(part))
}

fn any_address(id: &Id<Interface>) -> Party {
    Party::Interface { id: id.clone(), wanted: Wanted::Any }
}

/// The parts of a set by family, without empty ones.
fn families(addresses: &IpSet) -> impl Iterator<Item = IpSet> {
    [addresses.only_v4(), addresses.only_v6()].into_iter().filter(|part| !part.is_empty())
}

fn unclaimed(addresses: &IpSet) -> Vec<Party> {
    families(addresses).map(|addresses| Party::Unclaimed { addresses }).collect()
}

fn two_readings(text: &str, end: &str) -> QueryError {
    let service = text.strip_prefix(end).unwrap_or(text).trim_start_matches(':');
    let readings = (
        format!("`{text} --service any`: the name `{text}`"),
        format!("`{end} --service {service}`: the service `{service}` of `{end}`"),
    );
    QueryError::TwoReadings { text: text.to_owned(), readings: Box::new(readings) }
}

fn ambiguous(text: &str, found: &[&Resource]) -> QueryError {
    QueryError::Ambiguous {
        text: text.to_owned(),
        all: format!("tag:Name={text}"),
        candidates: candidates(found),
    }
}

/// Resources in forms that tell them apart, with what they are.
fn candidates(found: &[&Resource]) -> Vec<String> {
    let ids: BTreeSet<&str> = found.iter().map(|resource| &*resource.id).collect();
    let distinct = ids.len() == found.len();
    let candidate = |resource: &&Resource| {
        let form = if distinct {
            resource.id.to_string()
        } else {
            format!("{}@{}", resource.id, resource.scope)
        };
        format!("`{}`: {}", printable(&form), resource.described())
    };
    found.iter().map(candidate).collect()
}
