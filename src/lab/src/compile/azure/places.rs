//! Networks, subnets, interfaces and peerings, by their ids in lower case.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::documents::{Documents, Resource, net};
use crate::compile::Unsupported;

pub(super) struct Places<'a> {
    pub(super) networks: BTreeMap<String, Network>,
    pub(super) subnets: BTreeMap<String, Subnet<'a>>,
    pub(super) nics: BTreeMap<String, Nic<'a>>,
    /// By the id of the side that comes first.
    pub(super) peerings: BTreeMap<String, Peering>,
}

pub(super) struct Network {
    /// As it is written where it is told.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) prefixes: Vec<IpNet>,
    /// The peerings of it that are connected on this side.
    pub(super) sides: Vec<Side>,
}

/// A connected side of a peering.
pub(super) struct Side {
    /// The peering's id.
    pub(super) peering: String,
    /// The other network.
    pub(super) to: String,
    /// The other network's prefixes.
    pub(super) remote: Vec<IpNet>,
    /// Whether the tag `VirtualNetwork` holds them (AZ-61).
    pub(super) tagged: bool,
}

pub(super) struct Subnet<'a> {
    pub(super) own: Resource<'a>,
    pub(super) network: String,
    pub(super) prefixes: Vec<IpNet>,
}

pub(super) struct Nic<'a> {
    pub(super) own: Resource<'a>,
    pub(super) subnet: String,
    pub(super) addresses: Vec<Held>,
    /// The application security groups that it is in.
    pub(super) groups: Vec<String>,
}

/// An address of an interface.
pub(super) struct Held {
    pub(super) own: IpAddr,
    /// A public address, and whether it is open without a group (AZ-8).
    pub(super) known_as: Option<(IpAddr, bool)>,
}

pub(super) struct Peering {
    pub(super) id: String,
    pub(super) ends: [String; 2],
    /// Whether both sides are connected (AZ-60).
    pub(super) carries: bool,
}

impl Held {
    pub(super) fn public(&self) -> Option<IpAddr> {
        self.known_as.map(|(address, _)| address)
    }
}

impl<'a> Places<'a> {
    pub(super) fn of(documents: &Documents<'a>) -> Result<Self, Unsupported> {
        let mut places = Self {
            networks: BTreeMap::new(),
            subnets: BTreeMap::new(),
            nics: BTreeMap::new(),
            peerings: BTreeMap::new(),
        };
        for own in documents.all("microsoft.network/virtualnetworks") {
            let prefixes = own.space("addressSpace")?.unwrap_or_default();
            let (id, name) = (own.id()?.to_owned(), own.name()?.to_owned());
            let network = Network { id, name, prefixes, sides: Vec::new() };
            places.networks.insert(own.key()?, network);
        }
        for own in documents.all("microsoft.network/virtualnetworks/subnets") {
            let texts = own.both("addressPrefix", "addressPrefixes");
            let prefixes = texts.into_iter().map(|text| net(own.id()?, text));
            let prefixes = prefixes.collect::<Result<_, _>>()?;
            if own.flag("defaultOutboundAccess", true)? {
                return Err(Unsupported::new(own.id()?, "default outbound access"));
            }
            places.subnets.insert(own.key()?, Subnet { own, network: own.parent()?, prefixes });
        }
        for own in documents.all("microsoft.network/networkinterfaces") {
            let nic = nic(documents, own)?;
            places.nics.insert(own.key()?, nic);
        }
        for own in documents.all("microsoft.network/virtualnetworks/virtualnetworkpeerings") {
            places.add_side(&own)?;
        }
        Ok(places)
    }

    pub(super) fn network(&self, key: &str) -> Result<&Network, Unsupported> {
        let found = self.networks.get(key);
        found.ok_or_else(|| Unsupported::new(key, "the network is not in the documents"))
    }

    pub(super) fn subnet(&self, key: &str) -> Result<&Subnet<'a>, Unsupported> {
        let found = self.subnets.get(key);
        found.ok_or_else(|| Unsupported::new(key, "the subnet is not in the documents"))
    }

    /// AZ-60: both sides make a peering; each says for itself whether it is connected.
    fn add_side(&mut self, own: &Resource<'a>) -> Result<(), Unsupported> {
        let of = own.parent()?;
        let to = own
            .reference("remoteVirtualNetwork")
            .ok_or_else(|| Unsupported::new(own.id().unwrap_or("?"), "it leads nowhere"))?;
        let ends = [self.network(&of)?.id.clone(), self.network(&to)?.id.clone()];
        let is_connected = match own.text("peeringState") {
            Some("Connected") => true,
            Some("Initiated" | "Disconnected") => false,
            state => return Err(Unsupported::new(own.id()?, format!("its state is {state:?}"))),
        };
        let mut turned = ends.clone();
        turned.reverse();
        let known = self.peerings.values_mut().find(|it| it.ends == ends || it.ends == turned);
        let peering = match known {
            Some(peering) => {
                peering.carries &= is_connected;
                peering.id.clone()
            }
            None => {
                let id = own.id()?.to_owned();
                let peering = Peering { id: id.clone(), ends, carries: is_connected };
                self.peerings.insert(own.key()?, peering);
                id
            }
        };
        let remote = match own.space("remoteAddressSpace")? {
            Some(told) => told,
            None => self.network(&to)?.prefixes.clone(),
        };
        let tagged = own.flag("allowVirtualNetworkAccess", true)?;
        if let Some(network) = self.networks.get_mut(&of).filter(|_| is_connected) {
            network.sides.push(Side { peering, to, remote, tagged });
        }
        Ok(())
    }
}

fn nic<'a>(documents: &Documents<'a>, own: Resource<'a>) -> Result<Nic<'a>, Unsupported> {
    let mut nic = Nic { own, subnet: String::new(), addresses: Vec::new(), groups: Vec::new() };
    for configuration in own.list("ipConfigurations") {
        let text = configuration.text("privateIPAddress").unwrap_or_default();
        let address = text.parse();
        let address = address.map_err(|_| Unsupported::new(own.id().unwrap_or("?"), text))?;
        let known_as = match configuration.reference("publicIPAddress") {
            Some(id) => Some(public(documents, &id)?),
            None => None,
        };
        nic.addresses.push(Held { own: address, known_as });
        nic.subnet = configuration.reference("subnet").unwrap_or_default();
        nic.groups.extend(configuration.references("applicationSecurityGroups"));
    }
    Ok(nic)
}

/// A public address, and whether it is open without a group.
fn public(documents: &Documents<'_>, id: &str) -> Result<(IpAddr, bool), Unsupported> {
    let refuse = |why: &str| Unsupported::new(id, why);
    let found = documents.find("microsoft.network/publicipaddresses", id);
    let found = found.ok_or_else(|| refuse("the address is not in the documents"))?;
    let address = found.text("ipAddress").and_then(|text| text.parse().ok());
    let sku = found.get("sku").and_then(|sku| sku.get("name")?.as_str());
    let is_open = match sku {
        Some("Standard") => false,
        Some("Basic") => true,
        _ => return Err(refuse("its SKU is not known")),
    };
    Ok((address.ok_or_else(|| refuse("it has no address"))?, is_open))
}
