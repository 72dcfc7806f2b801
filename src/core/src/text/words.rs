//! The words of a line, and what they are read as.

use super::*;

/// The words of a line, one after the other.
pub(super) struct Words<'a> {
    pub(super) rest: std::slice::Iter<'a, &'a str>,
    pub(super) line: u32,
}

impl<'a> Words<'a> {
    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.rest.next().copied()
    }

    pub(super) fn want(&mut self, what: &str) -> Read<&'a str> {
        self.next().ok_or_else(|| format!("{what} is missing"))
    }

    pub(super) fn expect(&mut self, word: &str) -> Read<()> {
        let found = self.want(word)?;
        if found == word { Ok(()) } else { Err(format!("`{word}` expected, not `{found}`")) }
    }

    pub(super) fn end(&mut self) -> Read<()> {
        self.next().map_or(Ok(()), |word| Err(format!("`{word}` is too much")))
    }

    pub(super) fn addresses(&mut self) -> Read<IpSet> {
        Ok(list(self.want("addresses")?, parse_net)?.into_iter().collect())
    }

    pub(super) fn address(&mut self) -> Read<IpAddr> {
        parse_address(self.want("an address")?)
    }

    pub(super) fn services(&mut self) -> Read<ServiceSet> {
        self.want("services")?.parse().map_err(|e| format!("{e}"))
    }

    pub(super) fn provision(&mut self, word: &str) -> Read<Provision> {
        let (addresses, line) = (self.addresses()?, self.line);
        let serving = if word == "lacks" {
            Serving::Off { text: "it is off".into(), origin: origin(line) }
        } else {
            Serving::Unknown(unknown("whether the platform answers it", line))
        };
        Ok(Provision { addresses, serving })
    }

    pub(super) fn ports(&mut self) -> Read<PortSet> {
        self.want("ports")?.parse().map_err(|e| format!("{e}"))
    }

    pub(super) fn stack(&mut self) -> Read<Stack> {
        Ok(Stack::of(list(self.want("filters")?, |f| Ok(Id::from(f)))?))
    }

    pub(super) fn client(&mut self) -> Read<Client> {
        match self.want("a kind of client")? {
            "linux" => Ok(Client::linux()),
            "windows" => Ok(Client::windows()),
            "any" => Ok(Client::any()),
            other => {
                let ports = other.parse().map_err(|e| format!("{e}"))?;
                Ok(Client { kind: "given".into(), ports })
            }
        }
    }

    pub(super) fn border(&mut self) -> Read<Passage> {
        Ok(Passage::Border {
            router: Id::from(self.want("a router")?),
            external: Id::from(self.want("an external network")?),
            opens: Opens::Both,
            inside: IpSet::full(),
            table: None,
            pools: Vec::new(),
        })
    }

    /// `ADDRESS SERVICES`.
    pub(super) fn front(&mut self, addresses: &[Address]) -> Read<Front> {
        let address = self.address()?;
        let own = addresses.last().ok_or("`front` of no address")?.ip;
        let text = self.want("services")?;
        let services = text.parse().map_err(|error| format!("{error}"))?;
        let label = label(&format!("lb-{address}"), "load-balancer", self.line);
        Ok(Front { label, address, own, services, renumbers: false, doubt: None })
    }

    /// `ADDRESSES as ADDRESS`, or `ADDRESSES as ?` where nobody knows the address.
    pub(super) fn pool(&mut self) -> Read<Pool> {
        let inside = self.addresses()?;
        self.expect("as")?;
        let address = match self.want("an address or `?`")? {
            "?" => None,
            text => Some(text.parse().map_err(|_| format!("`{text}` is no address"))?),
        };
        let name = address.map_or_else(|| "default-outbound".to_owned(), |it| format!("as-{it}"));
        Ok(Pool {
            label: label(&name, "nat-gateway", self.line),
            inside,
            address,
            ports: PortSet::range(1024, 65535),
            services: ServiceSet::translated(),
            doubt: None,
        })
    }

    pub(super) fn snat(&mut self) -> Read<Passage> {
        Ok(Passage::SourceNat {
            subnet: Id::from(self.want("a subnet")?),
            address: self.address()?,
            public: None,
            ports: PortSet::range(1024, 65535),
            services: ServiceSet::translated(),
        })
    }

    pub(super) fn peers(&mut self, network: &mut Network) -> Read<Peers> {
        let line = self.line;
        let text = self.want("peers")?;
        if text == "any" {
            return Ok(Peers::Any);
        }
        if text == "nobody" {
            return Ok(Peers::Of(Vec::new()));
        }
        let peers = list(text, |word| {
            if let Some(group) = word.strip_prefix("group:") {
                let group = Id::from(group);
                know_group(network, &group, line);
                return Ok(Peer::Group(group));
            }
            if let Some(name) = word.strip_prefix('?') {
                return Ok(Peer::Unresolved {
                    name: name.into(),
                    within: IpSet::full(),
                    unknown: unknown(name, line),
                });
            }
            if let Some((list, nets)) = word.split_once('=') {
                let nets: Read<Vec<IpNet>> = nets.split('+').map(parse_net).collect();
                let set = nets?.into_iter().collect();
                return Ok(Peer::Addresses { set, via: Some(list.into()) });
            }
            Ok(Peer::addresses(IpSet::from(parse_net(word)?)))
        })?;
        Ok(Peers::Of(peers))
    }

    pub(super) fn states(&mut self) -> Read<StateSet> {
        let states = list(self.want("states")?, |word| match word {
            "new" => Ok(StateSet::NEW),
            "established" => Ok(StateSet::ESTABLISHED),
            "related" => Ok(StateSet::RELATED),
            "invalid" => Ok(StateSet::INVALID),
            "untracked" => Ok(StateSet::UNTRACKED),
            other => Err(format!("`{other}` is not a state")),
        })?;
        states.into_iter().reduce(StateSet::union).ok_or_else(|| "no state".into())
    }
}

pub(super) fn list<T>(text: &str, mut parse: impl FnMut(&str) -> Read<T>) -> Read<Vec<T>> {
    text.split(',').map(&mut parse).collect()
}

pub(super) fn parse_address(text: &str) -> Read<IpAddr> {
    text.parse().map_err(|_| format!("`{text}` is not an address"))
}

pub(super) fn parse_net(text: &str) -> Read<IpNet> {
    let net = text.parse::<IpNet>().ok();
    let net = net.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    net.map(|net| net.trunc()).ok_or_else(|| format!("`{text}` is not a CIDR"))
}

pub(super) fn origin(line: u32) -> Origin {
    Origin { document: "text".into(), place: Place::Line(line) }
}

pub(super) fn label(name: &str, kind: &'static str, line: u32) -> Label {
    Label { id: name.into(), name: None, kind, scope: "".into(), origin: origin(line) }
}

pub(super) fn unknown(what: &str, line: u32) -> Unknown {
    Unknown::new(what, "the text says so", format!("text:{line}"))
}
