//! A text form of networks, so that a test of meaning reads like a table and needs no cloud.
//!
//! One thing a line; `#` begins a comment; the lines after a `table` or `filter` belong to it.
//!
//! ```text
//! external internet 0.0.0.0/0,::/0
//! router vpc 10.0.0.0/16
//! subnet a in vpc 10.0.1.0/24 table rt acl acl-a
//! table rt
//!   10.0.0.0/16 -> local
//!   0.0.0.0/0 -> igw
//! gateway igw border vpc internet
//! filter acl-a stateless
//!   in 100 allow tcp from 10.0.0.0/8
//!   out 110 allow 49152-65535 to 10.0.2.0/24
//! filter sg stateful
//!   in 1 allow 443 from group:clients
//!   out 1 allow any
//! interface web in a 10.0.1.10 public 203.0.113.10 groups clients filters sg
//! ```
//!
//! Gateways: `border ROUTER EXTERNAL [outward] [table T] [filters F]
//! [pool ADDRESSES as ADDRESS|? [ports P] [carries SERVICES] [maybe-pool]]…`, `snat SUBNET ADDRESS
//! [public A] [ports P]`, `link ROUTER ROUTER [doubtful|lost]`, `service EXTERNAL ROUTER…`,
//! `opaque [rewrites]`; each takes `closed` and `doubt`. Rules: `in|out ID ACTION SERVICE [from
//! PEERS] [to PEERS] [sport PORTS] [state STATES] [maybe]`, where ACTION is `allow`, `allow-all`,
//! `deny`, `reject`, `reset`, `prohibit`, `continue`, `jump C`, `goto C` or `return`, and a peer
//! is a CIDR, `group:NAME`, `LIST=CIDR+CIDR…` for what a list was expanded to, or `?NAME` for what
//! cannot be resolved. `chain NAME` begins a chain, whose rules have no direction. Interfaces take `public A` (of the address before it), `groups`,
//! `filters`, `client linux|windows|any`, `forwards` (`hands-on` where it is known that
//! it does so without a change, `maybe-hides` where groups may see through it), `down`, `maybe-down`, `answers-only`,
//! `maybe-opens`, `gateway G`, `opaque`, and of the platform's addresses `lacks A,…` and
//! `maybe-lacks A,…`; of load balancers `front A SERVICES [renumbers]
//! [maybe-front]`, for the address before it. `host NAME INTERFACES [PREFIX->INTERFACE]…` joins interfaces to a host, which
//! sends packets to those prefixes out of that interface. Subnets take `table`, `acl`, and `routed`
//! where neighbours reach each other by the table. Routers take `unread`, and `platform A,… [at SERVICES]… [maybe-more]`.
//!
//! `default-group NAME` and `wizard-group NAME` say how a group came to be; `setting RESOURCE
//! FEATURE on|off|unknown` what is switched at a resource (`gives-public-addresses`,
//! `accepts-attachments`, `blocks-public-access`, `has-cloud-identity`, `logs-flows`,
//! `made-with-network`). A rule that ends in `undescribed` lacks a description; the peer `nobody`
//! is nobody.

mod facts;
mod words;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use thiserror::Error;

use crate::{
    Action, Address, Appliance, Client, Denial, Destinations, External, Filter, Front, Gateway,
    Group, Host, HostRoute, Id, Identity, Initiative, Interface, IpSet, Label, Liveness, Made,
    Match, Neighbours, Network, Opens, Origin, Passage, Peer, Peers, Place, PlatformService, Pool,
    PortSet, Provision, Role, Route, RouteTable, Router, Rule, RuleList, ServiceSet, Serving,
    Stack, StateSet, Subnet, Target, Tracking, Unknown, UnreadAddresses, WithoutState,
};

use words::{Words, label, list, origin, parse_address, parse_net, unknown};

/// A line of the text form that does not say what it should; the writer of the text is at fault.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("line {line}: {what}")]
pub struct TextError {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub what: String,
}

impl Network {
    /// The network that a text describes.
    ///
    /// # Errors
    ///
    /// A line that is not understood, with its number.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        let mut reader = Reader::default();
        for (line, content) in (1u32..).zip(text.lines()) {
            let content = content.split('#').next().unwrap_or_default();
            let words: Vec<&str> = content.split_whitespace().collect();
            reader.line(line, &words).map_err(|what| TextError { line, what })?;
        }
        reader.close();
        reader.join_hosts();
        reader.join_settings();
        Ok(reader.network)
    }
}

type Read<T> = Result<T, String>;

#[derive(Default)]
struct Reader {
    network: Network,
    table: Option<(Id<RouteTable>, RouteTable)>,
    filter: Option<Draft>,
}

/// A filter that is being read.
struct Draft {
    id: Id<Filter>,
    filter: Filter,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
    chains: Vec<(Arc<str>, Vec<Rule>)>,
}

impl Reader {
    fn line(&mut self, line: u32, words: &[&str]) -> Read<()> {
        let Some((first, rest)) = words.split_first() else {
            return Ok(());
        };
        match *first {
            "in" | "out" | "chain" => return self.filter_line(line, first, rest),
            _ if words.contains(&"->") => return self.route(line, words),
            _ if self.filter.as_ref().is_some_and(|f| !f.chains.is_empty())
                && !is_keyword(first) =>
            {
                return self.chain_rule(line, words);
            }
            _ => {}
        }
        self.close();
        let Some((name, rest)) = rest.split_first() else {
            return Err(format!("`{first}` wants a name"));
        };
        let mut words = Words { rest: rest.iter(), line };
        match *first {
            "external" => self.external(name, words),
            "router" => self.router(name, words),
            "subnet" => self.subnet(name, words),
            "table" => {
                let label = label(name, "route-table", line);
                self.table = Some((Id::from(*name), RouteTable { label, routes: Vec::new() }));
                Ok(())
            }
            "gateway" => self.gateway(name, words),
            "filter" => self.begin_filter(name, &mut words),
            "interface" => self.interface(name, words),
            "host" => self.host(name, words),
            "default-group" => self.made(name, Made::WithNetwork, words),
            "wizard-group" => self.made(name, Made::ByWizard, words),
            "setting" => self.setting(name, words),
            other => Err(format!("`{other}` is not a kind of thing")),
        }
    }

    fn close(&mut self) {
        if let Some((id, table)) = self.table.take() {
            self.network.tables.insert(id, table);
        }
        let Some(draft) = self.filter.take() else {
            return;
        };
        let Draft { id, mut filter, ingress, egress, chains } = draft;
        let list = |rules| Arc::new(RuleList { label: filter.label.clone(), rules });
        let (ingress, egress) = (list(ingress), list(egress));
        let chains: Vec<_> = chains.into_iter().map(|(name, rules)| (name, list(rules))).collect();
        filter.ingress = vec![ingress];
        filter.egress = vec![egress];
        filter.chains.extend(chains);
        self.network.filters.insert(id, Arc::new(filter));
    }

    fn external(&mut self, name: &str, mut words: Words<'_>) -> Read<()> {
        let addresses = words.addresses()?;
        let external = External { label: label(name, "external", words.line), addresses };
        self.network.externals.insert(Id::from(name), external);
        words.end()
    }

    fn router(&mut self, name: &str, mut words: Words<'_>) -> Read<()> {
        let addresses = words.addresses()?;
        let mut router = Router {
            label: label(name, "vpc", words.line),
            addresses,
            platform: Vec::new(),
            unread: Vec::new(),
        };
        while let Some(word) = words.next() {
            match word {
                "platform" => router.platform.push(PlatformService {
                    name: "platform".into(),
                    addresses: words.addresses()?,
                    services: ServiceSet::full(),
                    beyond: None,
                }),
                "at" | "maybe-more" => {
                    let last = router.platform.last_mut().ok_or("`at` of no platform")?;
                    if word == "at" {
                        let more = words.services()?;
                        let first = last.services.is_full();
                        last.services = if first { more } else { last.services.union(&more) };
                    } else {
                        last.beyond = Some(unknown("what else it answers", words.line));
                    }
                }
                "unread" => router.unread.push(unknown("what else is in it", words.line)),
                other => return Err(format!("`{other}` says nothing about a router")),
            }
        }
        self.network.routers.insert(Id::from(name), router);
        Ok(())
    }

    fn subnet(&mut self, name: &str, mut words: Words<'_>) -> Read<()> {
        words.expect("in")?;
        let router = Id::from(words.want("a router")?);
        let mut subnet = Subnet {
            label: label(name, "subnet", words.line),
            router,
            addresses: words.addresses()?,
            table: Id::from("-"),
            boundary: Stack::default(),
            neighbours: Neighbours::Direct,
        };
        while let Some(word) = words.next() {
            match word {
                "table" => subnet.table = Id::from(words.want("a table")?),
                "acl" => subnet.boundary = words.stack()?,
                "routed" => subnet.neighbours = Neighbours::ByTable,
                other => return Err(format!("`{other}` says nothing about a subnet")),
            }
        }
        self.network.subnets.insert(Id::from(name), subnet);
        Ok(())
    }

    fn route(&mut self, line: u32, words: &[&str]) -> Read<()> {
        let (Some((_, table)), [destination, "->", target, rest @ ..]) = (&mut self.table, words)
        else {
            return Err("a route is `PREFIX[,PREFIX] -> TARGET` in a `table`".into());
        };
        let destinations = if let Some(name) = destination.strip_prefix('?') {
            Destinations::Unresolved(unknown(name, line))
        } else {
            Destinations::Prefixes(list(destination, parse_net)?)
        };
        let target = match *target {
            "local" => Target::Local,
            "blackhole" => Target::Blackhole,
            "discard" => Target::Discard,
            "unknown" => Target::Unknown(unknown("the target", line)),
            other => match other.strip_prefix("interface:") {
                Some(interface) => Target::Interface(Id::from(interface)),
                None => Target::Gateway(Id::from(other)),
            },
        };
        let preference = match rest {
            [] => 0,
            [number] => number.parse().map_err(|_| format!("`{number}` is no preference"))?,
            _ => return Err("too many words".into()),
        };
        let text = words.join(" ").into();
        table.routes.push(Route { destinations, target, preference, origin: origin(line), text });
        Ok(())
    }

    fn gateway(&mut self, name: &str, mut words: Words<'_>) -> Read<()> {
        let kind = words.want("a kind of gateway")?;
        let (passage, vendor) = match kind {
            "border" => (words.border()?, "internet-gateway"),
            "snat" => (words.snat()?, "nat-gateway"),
            "link" => {
                let ends = [words.want("a router")?, words.want("a router")?].map(Id::from);
                (Passage::Link { ends, identity: Identity::Kept }, "vpc-peering-connection")
            }
            "service" => {
                let external = Id::from(words.want("an external network")?);
                let routers = list(words.want("routers")?, |r| Ok(Id::from(r)))?;
                (
                    Passage::Service { routers: routers.into_iter().collect(), external },
                    "vpc-endpoint",
                )
            }
            "opaque" => {
                let unknown = unknown(name, words.line);
                (Passage::Opaque { unknown, rewrites: false }, "transit-gateway")
            }
            other => return Err(format!("`{other}` is not a kind of gateway")),
        };
        let mut gateway = Gateway {
            label: label(name, vendor, words.line),
            passage,
            stack: Stack::default(),
            closed: None,
            doubts: Vec::new(),
        };
        while let Some(word) = words.next() {
            match (word, &mut gateway.passage) {
                ("closed", _) => gateway.closed = Some("closed".into()),
                ("doubt", _) => gateway.doubts.push(unknown("whether it is open", words.line)),
                ("filters", _) => gateway.stack = words.stack()?,
                ("doubtful", Passage::Link { identity, .. }) => *identity = Identity::Doubtful,
                ("lost", Passage::Link { identity, .. }) => *identity = Identity::Lost,
                ("rewrites", Passage::Opaque { rewrites, .. }) => *rewrites = true,
                ("outward", Passage::Border { opens, inside, .. }) => {
                    *opens = Opens::Outward;
                    *inside = IpSet::any_v6();
                }
                ("table", Passage::Border { table, .. }) => {
                    *table = Some(Id::from(words.want("a table")?));
                }
                ("pool", Passage::Border { pools, .. }) => pools.push(words.pool()?),
                ("ports" | "carries" | "maybe-pool", Passage::Border { pools, .. }) => {
                    let last = pools.last_mut().ok_or_else(|| format!("`{word}` of no pool"))?;
                    match word {
                        "ports" => last.ports = words.ports()?,
                        "carries" => last.services = words.services()?,
                        _ => last.doubt = Some(unknown("whether it is there", words.line)),
                    }
                }
                ("public", Passage::SourceNat { public, .. }) => *public = Some(words.address()?),
                ("ports", Passage::SourceNat { ports, .. }) => *ports = words.ports()?,
                (other, _) => return Err(format!("`{other}` says nothing about such a gateway")),
            }
        }
        self.network.gateways.insert(Id::from(name), gateway);
        Ok(())
    }

    fn begin_filter(&mut self, name: &str, words: &mut Words<'_>) -> Read<()> {
        let tracking = match words.want("`stateful` or `stateless`")? {
            "stateless" => Tracking::Stateless,
            "stateful" => Tracking::Stateful {
                without_state: match words.next() {
                    None => WithoutState::Unknown,
                    Some("evaluated") => WithoutState::Evaluated,
                    Some("dropped") => WithoutState::Dropped,
                    Some(other) => return Err(format!("`{other}` is no way to treat a reply")),
                },
            },
            other => return Err(format!("`{other}` is neither `stateful` nor `stateless`")),
        };
        let filter = Filter {
            label: label(name, "filter", words.line),
            tracking,
            ingress: Vec::new(),
            egress: Vec::new(),
            chains: std::collections::BTreeMap::new(),
        };
        self.filter = Some(Draft {
            id: Id::from(name),
            filter,
            ingress: Vec::new(),
            egress: Vec::new(),
            chains: Vec::new(),
        });
        words.end()
    }

    fn filter_line(&mut self, line: u32, first: &str, rest: &[&str]) -> Read<()> {
        let Some(draft) = &mut self.filter else {
            return Err(format!("`{first}` belongs to a `filter`"));
        };
        if first == "chain" {
            let [name] = rest else {
                return Err("`chain` wants a name".into());
            };
            draft.chains.push(((*name).into(), Vec::new()));
            return Ok(());
        }
        let rule = rule(line, rest, &mut self.network)?;
        match first {
            "in" => draft.ingress.push(rule),
            _ => draft.egress.push(rule),
        }
        Ok(())
    }

    fn chain_rule(&mut self, line: u32, words: &[&str]) -> Read<()> {
        let rule = rule(line, words, &mut self.network)?;
        if let Some((_, rules)) = self.filter.as_mut().and_then(|draft| draft.chains.last_mut()) {
            rules.push(rule);
        }
        Ok(())
    }

    fn interface(&mut self, name: &str, mut words: Words<'_>) -> Read<()> {
        words.expect("in")?;
        let mut interface = Interface {
            label: label(name, "network-interface", words.line),
            host: None,
            subnet: Id::from(words.want("a subnet")?),
            addresses: Vec::new(),
            unread: UnreadAddresses::default(),
            groups: BTreeSet::new(),
            stack: Stack::default(),
            role: Role::Endpoint,
            forwards: false,
            liveness: Liveness::Up,
            initiative: Initiative::Opens,
            client: Client::linux(),
            platform: Vec::new(),
            fronts: Vec::new(),
        };
        while let Some(word) = words.next() {
            match word {
                "front" => interface.fronts.push(words.front(&interface.addresses)?),
                "renumbers" => {
                    let last = interface.fronts.last_mut().ok_or("`renumbers` of no front")?;
                    last.renumbers = true;
                }
                "maybe-front" => {
                    let last = interface.fronts.last_mut().ok_or("`maybe-front` of no front")?;
                    last.doubt = Some(unknown("what the balancer does", words.line));
                }
                "public" => {
                    let public = words.address()?;
                    let last = interface.addresses.last_mut().ok_or("`public` of no address")?;
                    last.public = Some(public);
                }
                "groups" => {
                    let groups: Vec<Id<Group>> = list(words.want("groups")?, |g| Ok(Id::from(g)))?;
                    for group in groups {
                        self.know_group(&group, words.line);
                        interface.groups.insert(group);
                    }
                }
                "filters" => interface.stack = words.stack()?,
                "client" => interface.client = words.client()?,
                "forwards" => interface.forwards = true,
                "hands-on" | "maybe-hides" => {
                    interface.forwards = true;
                    let hands_on = word == "hands-on";
                    let identity = if hands_on { Identity::Kept } else { Identity::Doubtful };
                    let known = Appliance { identity, hands_on };
                    self.network.appliances.insert(Id::from(name), known);
                }
                "down" => interface.liveness = Liveness::Down("it is stopped".into()),
                "maybe-down" => {
                    interface.liveness = Liveness::Unknown(unknown("whether it runs", words.line));
                }
                "answers-only" => interface.initiative = Initiative::Answers("it answers".into()),
                "maybe-opens" => {
                    let gap = unknown("whether it opens connections", words.line);
                    interface.initiative = Initiative::Unknown(gap);
                }
                "lacks" | "maybe-lacks" => interface.platform.push(words.provision(word)?),
                "gateway" => interface.role = Role::Gateway(Id::from(words.want("a gateway")?)),
                "opaque" => interface.role = Role::Opaque(unknown("what it does", words.line)),
                address => {
                    let ip = parse_address(address)?;
                    interface.addresses.push(Address { ip, public: None });
                }
            }
        }
        self.network.interfaces.insert(Id::from(name), interface);
        Ok(())
    }

    fn host(&mut self, name: &str, mut words: Words<'_>) -> Read<()> {
        let interfaces = list(words.want("interfaces")?, |name| Ok(Id::from(name)))?;
        let mut routes = Vec::new();
        while let Some(word) = words.next() {
            let (to, by) = word.split_once("->").ok_or("a host's route is `PREFIX->INTERFACE`")?;
            routes.push(HostRoute { to: parse_net(to)?, by: Id::from(by) });
        }
        let unread = Vec::new();
        let host = Host { label: label(name, "host", words.line), interfaces, unread, routes };
        self.network.hosts.insert(Id::from(name), host);
        Ok(())
    }

    /// Interfaces may stand before or after their host.
    fn join_hosts(&mut self) {
        for (id, host) in &self.network.hosts {
            for own in &host.interfaces {
                if let Some(interface) = self.network.interfaces.get_mut(own) {
                    interface.host = Some(id.clone());
                }
            }
        }
    }

    fn know_group(&mut self, group: &Id<Group>, line: u32) {
        know_group(&mut self.network, group, line);
    }
}

fn is_keyword(word: &str) -> bool {
    ["external", "router", "subnet", "table", "gateway", "filter", "interface", "host"]
        .contains(&word)
        || ["default-group", "wizard-group", "setting"].contains(&word)
}

fn know_group(network: &mut Network, group: &Id<Group>, line: u32) {
    let label = label(group.as_str(), "security-group", line);
    network.groups.entry(group.clone()).or_insert(Group { label, made: Made::ByHand });
}

fn rule(line: u32, words: &[&str], network: &mut Network) -> Read<Rule> {
    let mut words = Words { rest: words.iter(), line };
    let id = words.want("a rule's number")?.into();
    let action = match words.want("an action")? {
        "allow" => Action::Allow,
        "allow-all" => Action::AllowAll,
        "deny" => Action::Deny(Denial::Drop),
        "reject" => Action::Deny(Denial::RejectPortUnreachable),
        "reset" => Action::Deny(Denial::RejectReset),
        "prohibit" => Action::Deny(Denial::RejectProhibited),
        "continue" => Action::Continue,
        "jump" => Action::Jump(words.want("a chain")?.into()),
        "goto" => Action::Goto(words.want("a chain")?.into()),
        "return" => Action::Return,
        other => return Err(format!("`{other}` is not an action")),
    };
    let mut matches = Match::any();
    let mut source_ports = None;
    while let Some(word) = words.next() {
        match word {
            "from" => matches.sources = words.peers(network)?,
            "to" => matches.destinations = words.peers(network)?,
            "sport" => source_ports = Some(words.ports()?),
            "state" => matches.states = words.states()?,
            "maybe" => matches.doubt = Some(unknown("whether the rule matches", line)),
            "undescribed" => {
                network.undescribed.insert(origin(line));
            }
            service => {
                matches.services = service.parse().map_err(|e| format!("{e}"))?;
            }
        }
    }
    if let Some(ports) = source_ports {
        matches.services = matches.services.with_source_ports(&ports);
    }
    Ok(Rule { id, matches, action, origin: origin(line) })
}
