//! Filters of the model as lists of lines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Direction, Filter, Group, Id, IpSet, Match, Network, Peer, Peers, Place,
    Protocol, Router, Rule, RuleList, ServiceSet, StateSet, Tracking, WithoutState,
};

use super::nft;
use crate::blueprint::{self, Act, Line};
use crate::compile::Unsupported;
use crate::kernel::plan::{Cause, Site};

/// Where a filter stands, and whom it knows there.
pub(super) struct Post<'a> {
    /// The vendor's id of the interface, subnet or gateway.
    pub(super) at: &'a str,
    /// Who the groups are, seen from there.
    pub(super) members: Members<'a>,
}

/// The members of groups, by routers.
pub(super) struct Members<'n> {
    pub(super) network: &'n Network,
    /// The routers whose interfaces show who they are.
    pub(super) near: BTreeSet<Id<Router>>,
    /// Those of which it is not known.
    pub(super) doubtful: BTreeSet<Id<Router>>,
}

impl Members<'_> {
    /// The own addresses of a group's members; never the public ones (AWS-8).
    fn addresses(&self, group: &Id<Group>) -> Result<IpSet, Unsupported> {
        let mut found = Vec::new();
        for interface in self.network.interfaces.values() {
            if !interface.groups.contains(group) {
                continue;
            }
            let Some(subnet) = self.network.subnets.get(&interface.subnet) else {
                continue;
            };
            if self.near.contains(&subnet.router) {
                found.extend(interface.addresses.iter().map(|own| own.ip));
            } else if self.doubtful.contains(&subnet.router) {
                let why = "it is not known whether its members are known beyond a link";
                return Err(Unsupported::new(group.as_str(), why));
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// The lines of a filter at its post.
pub(super) fn compile(filter: &Filter, post: &Post<'_>) -> Result<blueprint::Filter, Unsupported> {
    let chains: BTreeMap<&str, usize> =
        filter.chains.keys().enumerate().map(|(place, name)| (&**name, place)).collect();
    without_loops(filter)?;
    let compiler = |direction| Compiler { filter, post, direction, chains: &chains };
    let mut made = blueprint::Filter {
        tracking: tracking(filter),
        ingress: compiler(Direction::Ingress).base()?,
        egress: compiler(Direction::Egress).base()?,
        chains: Vec::new(),
    };
    for direction in [Direction::Ingress, Direction::Egress] {
        let compiler = compiler(direction);
        for (name, list) in &filter.chains {
            made.chains.push((compiler.chain(name)?, compiler.list(list)?));
        }
    }
    Ok(made)
}

/// Where nobody says what becomes of a reply without state (AWS says nothing), it is checked like
/// any packet.
fn tracking(filter: &Filter) -> blueprint::Tracking {
    match filter.tracking {
        Tracking::Stateless => blueprint::Tracking::Stateless,
        Tracking::Stateful { without_state: WithoutState::Unknown | WithoutState::Evaluated } => {
            blueprint::Tracking::Stateful
        }
        Tracking::Stateful { without_state: WithoutState::Dropped } => {
            blueprint::Tracking::StatefulOrDropped(Site {
                cause: Cause::NoState,
                at: filter.label.id.to_string(),
                list: String::new(),
                direction: None,
                rule: String::new(),
            })
        }
    }
}

/// A kernel takes no chains that call each other in a circle.
fn without_loops(filter: &Filter) -> Result<(), Unsupported> {
    fn visit<'f>(
        filter: &'f Filter,
        name: &'f Arc<str>,
        open: &mut Vec<&'f str>,
        done: &mut BTreeSet<&'f str>,
    ) -> Result<(), Unsupported> {
        if open.contains(&&**name) {
            return Err(Unsupported::new(&*filter.label.id, format!("`{name}` calls itself")));
        }
        let Some(list) = filter.chains.get(name) else {
            return Err(Unsupported::new(&*filter.label.id, format!("no chain `{name}`")));
        };
        if done.contains(&**name) {
            return Ok(());
        }
        open.push(name);
        for rule in &list.rules {
            if let Action::Jump(next) | Action::Goto(next) = &rule.action {
                visit(filter, next, open, done)?;
            }
        }
        open.pop();
        done.insert(name);
        Ok(())
    }
    let mut done = BTreeSet::new();
    filter.chains.keys().try_for_each(|name| visit(filter, name, &mut Vec::new(), &mut done))
}

/// Compiles the rules of one direction.
struct Compiler<'a> {
    filter: &'a Filter,
    post: &'a Post<'a>,
    direction: Direction,
    chains: &'a BTreeMap<&'a str, usize>,
}

impl Compiler<'_> {
    /// The lists that a packet meets first: what falls off their end is denied, and so is what
    /// comes back from a chain that they went to for good.
    fn base(&self) -> Result<Vec<Line>, Unsupported> {
        let mut made = Vec::new();
        for list in self.filter.lists(self.direction) {
            for rule in &list.rules {
                let matches = self.matches(&rule.matches)?;
                let end = || Act::Drop(self.site(list, ""));
                match &rule.action {
                    Action::Goto(chain) => {
                        let chain = self.chain(chain)?;
                        push(&mut made, &matches, || Act::Jump(chain.clone()));
                        push(&mut made, &matches, end);
                    }
                    Action::Return => push(&mut made, &matches, end),
                    _ => self.rule(&mut made, list, rule)?,
                }
            }
        }
        let decided = made.last().is_some_and(|line| {
            line.matches.is_empty()
                && !matches!(line.act, Act::Jump(_) | Act::Continue | Act::Return)
        });
        if !decided {
            let list = self.filter.lists(self.direction).last();
            let site = self.site_of(&list.map_or(&self.filter.label, |list| &list.label).id);
            made.push(Line { matches: String::new(), act: Act::Drop(site) });
        }
        Ok(made)
    }

    fn list(&self, list: &RuleList) -> Result<Vec<Line>, Unsupported> {
        let mut made = Vec::new();
        for rule in &list.rules {
            self.rule(&mut made, list, rule)?;
        }
        Ok(made)
    }

    fn rule(&self, made: &mut Vec<Line>, list: &RuleList, rule: &Rule) -> Result<(), Unsupported> {
        let matches = self.matches(&rule.matches)?;
        let site = || self.site(list, &rule.id);
        match &rule.action {
            // What a vendor implies and does not call by a name is no rule that anybody is told.
            Action::Allow if rule.id.is_empty() && is_implied(rule) => {
                push(made, &matches, || Act::Allow);
            }
            Action::Allow => push(made, &matches, || Act::AllowBy(self.allowing(list, rule))),
            Action::AllowAll => push(made, &matches, || Act::AllowAll),
            Action::Continue => push(made, &matches, || Act::Continue),
            Action::Return => push(made, &matches, || Act::Return),
            Action::Jump(chain) => {
                let chain = self.chain(chain)?;
                push(made, &matches, || Act::Jump(chain.clone()));
            }
            Action::Goto(chain) => {
                let chain = self.chain(chain)?;
                push(made, &matches, || Act::Goto(chain.clone()));
            }
            Action::Deny(Denial::Drop) => push(made, &matches, || Act::Drop(site())),
            Action::Deny(Denial::RejectPortUnreachable) => {
                push(made, &matches, || Act::Reject(site(), PORT_UNREACHABLE));
            }
            Action::Deny(Denial::RejectProhibited) => {
                push(made, &matches, || Act::Reject(site(), "reject with icmpx admin-prohibited"));
            }
            Action::Deny(Denial::RejectReset) => {
                // A reset is for TCP alone; nft would let everything else pass by.
                let tcp = ServiceSet::all_of(Protocol::TCP);
                let resets = self.matches(&within(&rule.matches, &tcp))?;
                push(made, &resets, || Act::Reject(site(), "reject with tcp reset"));
                let others = self.matches(&within(&rule.matches, &tcp.complement()))?;
                push(made, &others, || Act::Reject(site(), PORT_UNREACHABLE));
            }
        }
        Ok(())
    }

    /// The lines that a match takes; none where it matches nothing.
    fn matches(&self, matches: &Match) -> Result<Vec<String>, Unsupported> {
        if let Some(doubt) = &matches.doubt {
            return Err(Unsupported::new(self.post.at, doubt.to_string()));
        }
        let states = self.states(matches.states)?;
        let sources = self.peers(&matches.sources)?;
        let destinations = self.peers(&matches.destinations)?;
        let headers = nft::matches(&sources, &destinations, &matches.services);
        let with_states = |header: String| nft::join([&header, &states]);
        Ok(headers.into_iter().map(with_states).collect())
    }

    fn states(&self, states: StateSet) -> Result<String, Unsupported> {
        if states == StateSet::ALL {
            return Ok(String::new());
        }
        if self.filter.tracking == Tracking::Stateless {
            let why = "a stateless filter that asks for connection states";
            return Err(Unsupported::new(&*self.filter.label.id, why));
        }
        Ok(nft::states(states))
    }

    fn peers(&self, peers: &Peers) -> Result<IpSet, Unsupported> {
        let Peers::Of(peers) = peers else {
            return Ok(IpSet::full());
        };
        let mut all = Vec::new();
        for peer in peers {
            all.push(match peer {
                Peer::Addresses { set, .. } => set.clone(),
                Peer::Group(group) => self.post.members.addresses(group)?,
                Peer::Unresolved { name, unknown, .. } => {
                    return Err(Unsupported::new(&**name, unknown.to_string()));
                }
            });
        }
        Ok(IpSet::union_of(&all))
    }

    /// What a chain is called in this direction: its lines name it.
    fn chain(&self, name: &str) -> Result<String, Unsupported> {
        let place = self.chains.get(name).ok_or_else(|| {
            Unsupported::new(&*self.filter.label.id, format!("no chain `{name}`"))
        })?;
        Ok(format!("{}_{place}", self.direction))
    }

    fn site(&self, list: &RuleList, rule: &str) -> Site {
        let mut site = self.site_of(&list.label.id);
        // Where no rule of a group allows a packet there is no rule to name.
        if site.cause == Cause::Stateless || (rule != IMPLIED && !rule.is_empty()) {
            rule.clone_into(&mut site.rule);
            site.list = list.label.id.to_string();
        }
        site
    }

    /// The list and the rule that let a packet pass; rules without an id by their words.
    fn allowing(&self, list: &RuleList, rule: &Rule) -> Site {
        let name = if rule.id.is_empty() { rule.to_string() } else { rule.id.to_string() };
        Site { list: list.label.id.to_string(), rule: name, ..self.site_of("") }
    }

    fn site_of(&self, list: &str) -> Site {
        let stateless = self.filter.tracking == Tracking::Stateless;
        Site {
            cause: if stateless { Cause::Stateless } else { Cause::Stateful },
            at: self.post.at.to_owned(),
            list: if stateless { list.to_owned() } else { String::new() },
            direction: Some(self.direction),
            rule: String::new(),
        }
    }
}

/// What providers call the rule that a vendor implies at the end.
const IMPLIED: &str = "*";

const PORT_UNREACHABLE: &str = "reject with icmpx port-unreachable";

fn is_implied(rule: &Rule) -> bool {
    matches!(rule.origin.place, Place::Implied(_))
}

fn push(made: &mut Vec<Line>, matches: &[String], act: impl Fn() -> Act) {
    made.extend(matches.iter().map(|matches| Line { matches: matches.clone(), act: act() }));
}

fn within(matches: &Match, services: &ServiceSet) -> Match {
    Match { services: matches.services.intersection(services), ..matches.clone() }
}
