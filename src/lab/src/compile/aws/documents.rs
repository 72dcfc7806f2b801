//! The documents, as far as they are needed here.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::compile::Unsupported;

/// What all documents together tell, by ids.
#[derive(Default)]
pub(super) struct Documents {
    pub(super) vpcs: BTreeMap<String, Vpc>,
    pub(super) subnets: BTreeMap<String, Subnet>,
    pub(super) interfaces: BTreeMap<String, NetworkInterface>,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) groups: BTreeMap<String, SecurityGroup>,
    pub(super) acls: BTreeMap<String, NetworkAcl>,
    pub(super) tables: BTreeMap<String, RouteTable>,
    pub(super) internet_gateways: BTreeMap<String, InternetGateway>,
    pub(super) egress_only_internet_gateways: BTreeMap<String, EgressOnlyInternetGateway>,
    pub(super) nat_gateways: BTreeMap<String, NatGateway>,
    pub(super) peerings: BTreeMap<String, Peering>,
    pub(super) addresses: BTreeMap<String, ElasticAddress>,
    pub(super) prefix_lists: BTreeMap<String, PrefixList>,
}

/// Kinds that change no verdict by themselves.
const OF_NO_MATTER: [&str; 9] = [
    "AvailabilityZones",
    "CustomerGateways",
    "DhcpOptions",
    "Regions",
    "SecurityGroupRules",
    "SecurityGroupVpcAssociations",
    "Tags",
    "VpcBlockPublicAccessExclusions",
    "VpnConnections",
];

impl Documents {
    pub(super) fn read(documents: &[(String, Value)]) -> Result<Self, Unsupported> {
        let mut read = Self::default();
        for (name, document) in documents {
            let Value::Object(kinds) = document else {
                return Err(Unsupported::new(name, "it is no object"));
            };
            if let (Some(Value::String(id)), true) =
                (kinds.get("PrefixListId"), kinds.contains_key("Entries"))
            {
                read.take_prefix_list(id, document)?;
                continue;
            }
            for (kind, value) in kinds {
                read.take(name, kind, value)?;
            }
        }
        Ok(read)
    }

    fn take(&mut self, name: &str, kind: &str, value: &Value) -> Result<(), Unsupported> {
        match kind {
            "Vpcs" => add(&mut self.vpcs, "VpcId", value),
            "Subnets" => add(&mut self.subnets, "SubnetId", value),
            "NetworkInterfaces" => add(&mut self.interfaces, "NetworkInterfaceId", value),
            "Reservations" => list(value).try_for_each(|reservation| {
                add(&mut self.instances, "InstanceId", &reservation["Instances"])
            }),
            "SecurityGroups" => add(&mut self.groups, "GroupId", value),
            "NetworkAcls" => add(&mut self.acls, "NetworkAclId", value),
            "RouteTables" => add(&mut self.tables, "RouteTableId", value),
            "InternetGateways" => add(&mut self.internet_gateways, "InternetGatewayId", value),
            "EgressOnlyInternetGateways" => {
                let into = &mut self.egress_only_internet_gateways;
                add(into, "EgressOnlyInternetGatewayId", value)
            }
            "NatGateways" => add(&mut self.nat_gateways, "NatGatewayId", value),
            "VpcPeeringConnections" => add(&mut self.peerings, "VpcPeeringConnectionId", value),
            "Addresses" => add(&mut self.addresses, "PublicIp", value),
            "ManagedPrefixListEntries" => {
                let mut lists = value.as_object().into_iter().flatten();
                lists.try_for_each(|(id, entries)| self.take_prefix_list(id, entries))
            }
            // Those of AWS's own services stand here with their blocks.
            "PrefixLists" => list(value).try_for_each(|object| match object.get("Cidrs") {
                Some(Value::Array(blocks)) => {
                    let entries: Vec<Value> =
                        blocks.iter().map(|block| json!({ "Cidr": block })).collect();
                    let id = object["PrefixListId"].as_str().unwrap_or_default();
                    self.take_prefix_list(id, &json!({ "Entries": entries }))
                }
                _ => Ok(()),
            }),
            "VpcBlockPublicAccessOptions" => match value["InternetGatewayBlockMode"].as_str() {
                Some("off") => Ok(()),
                _ => Err(Unsupported::new(kind, "Block Public Access (AWS-72)")),
            },
            "schema" => Ok(()),
            // A recording's manifest: a call that gave no document leaves something unread.
            "calls" => match list(value).find(|call| !is_of_no_matter(call)) {
                Some(call) => Err(Unsupported::new(name, call.to_string())),
                None => Ok(()),
            },
            _ if OF_NO_MATTER.contains(&kind) => Ok(()),
            _ if list(value).next().is_none() && value.is_array() => Ok(()),
            _ => Err(Unsupported::new(name, format!("`{kind}` is not read here"))),
        }
    }

    fn take_prefix_list(&mut self, id: &str, entries: &Value) -> Result<(), Unsupported> {
        let list: PrefixList = read(id, entries)?;
        match self.prefix_lists.insert(id.to_owned(), list) {
            Some(other) if self.prefix_lists.get(id) != Some(&other) => {
                Err(Unsupported::new(id, "its entries are there twice, with other content"))
            }
            _ => Ok(()),
        }
    }
}

fn is_of_no_matter(call: &Value) -> bool {
    matches!(call["outcome"].as_str(), Some("ok" | "recorded" | "unsupported"))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn read<T: DeserializeOwned>(at: &str, value: &Value) -> Result<T, Unsupported> {
    T::deserialize(value).map_err(|error| Unsupported::new(at, error.to_string()))
}

/// The same object twice is one; two with one id are none that can be built.
fn add<T: DeserializeOwned + PartialEq>(
    into: &mut BTreeMap<String, T>,
    id_field: &str,
    objects: &Value,
) -> Result<(), Unsupported> {
    if !objects.is_array() {
        return Err(Unsupported::new(id_field, "its objects are no list"));
    }
    for object in list(objects) {
        let id = object[id_field].as_str().unwrap_or_default();
        if id.is_empty() {
            return Err(Unsupported::new(id_field, "an object without one"));
        }
        let made: T = read(id, object)?;
        if let Some(other) = into.insert(id.to_owned(), made)
            && into.get(id) != Some(&other)
        {
            return Err(Unsupported::new(id, "it is there twice, with other content"));
        }
    }
    Ok(())
}

/// An address as AWS writes it.
pub(super) fn address(at: &str, text: &str) -> Result<IpAddr, Unsupported> {
    text.parse().map_err(|_| Unsupported::new(at, format!("`{text}` is no address")))
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Vpc {
    pub(super) vpc_id: String,
    pub(super) cidr_block: String,
    pub(super) cidr_block_association_set: Vec<Block>,
    pub(super) ipv6_cidr_block_association_set: Vec<Block>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Block {
    #[serde(alias = "Ipv6CidrBlock")]
    cidr_block: String,
    #[serde(alias = "Ipv6CidrBlockState")]
    cidr_block_state: State,
}

impl Block {
    pub(super) fn associated(&self) -> Option<&str> {
        (self.cidr_block_state.state == "associated").then_some(&self.cidr_block)
    }
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct State {
    #[serde(alias = "Name")]
    state: String,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Subnet {
    pub(super) subnet_id: String,
    pub(super) vpc_id: String,
    pub(super) cidr_block: String,
    pub(super) ipv6_cidr_block_association_set: Vec<Block>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Instance {
    pub(super) state: InstanceState,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct InstanceState {
    pub(super) name: String,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NetworkInterface {
    pub(super) network_interface_id: String,
    pub(super) subnet_id: String,
    pub(super) vpc_id: String,
    pub(super) interface_type: String,
    pub(super) source_dest_check: Option<bool>,
    pub(super) attachment: Option<Attachment>,
    pub(super) groups: Vec<GroupName>,
    private_ip_address: Option<String>,
    association: Option<Association>,
    private_ip_addresses: Vec<PrivateAddress>,
    ipv6_addresses: Vec<Ipv6Address>,
    pub(super) ipv4_prefixes: Vec<Value>,
    pub(super) ipv6_prefixes: Vec<Value>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Attachment {
    pub(super) instance_id: Option<String>,
    pub(super) device_index: u64,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GroupName {
    pub(super) group_id: String,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Association {
    public_ip: String,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PrivateAddress {
    private_ip_address: String,
    primary: bool,
    association: Option<Association>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Ipv6Address {
    ipv6_address: String,
}

impl NetworkInterface {
    pub(super) fn is_of_a_nat_gateway(&self) -> bool {
        self.interface_type == "nat_gateway"
    }

    /// The addresses that it has itself: what groups match (AWS-8).
    pub(super) fn own_addresses(&self) -> Result<Vec<IpAddr>, Unsupported> {
        let v4 = self.private_ip_addresses.iter().map(|private| &private.private_ip_address);
        let v6 = self.ipv6_addresses.iter().map(|address| &address.ipv6_address);
        let mut texts: Vec<&String> = v4.chain(v6).collect();
        if self.private_ip_addresses.is_empty() {
            texts.extend(&self.private_ip_address);
        }
        texts.into_iter().map(|text| address(&self.network_interface_id, text)).collect()
    }

    /// Each of them with its public one (AWS-66).
    pub(super) fn addresses(
        &self,
        documents: &Documents,
    ) -> Result<Vec<(IpAddr, Option<IpAddr>)>, Unsupported> {
        let mut found = Vec::new();
        for own in self.own_addresses()? {
            let public = match self.public(&own.to_string(), documents) {
                Some(text) => Some(address(&self.network_interface_id, text)?),
                None => None,
            };
            found.push((own, public));
        }
        Ok(found)
    }

    fn public<'a>(&'a self, own: &str, documents: &'a Documents) -> Option<&'a str> {
        let private =
            self.private_ip_addresses.iter().find(|private| private.private_ip_address == own);
        let of_its_own = private.and_then(|private| private.association.as_ref());
        let is_primary = self.private_ip_address.as_deref() == Some(own)
            || private.is_some_and(|private| private.primary);
        let of_the_interface = self.association.as_ref().filter(|_| is_primary);
        let elastic = documents.addresses.values().find(|elastic| {
            elastic.network_interface_id == self.network_interface_id
                && elastic.private_ip_address == own
        });
        of_its_own
            .or(of_the_interface)
            .map(|association| association.public_ip.as_str())
            .or(elastic.map(|elastic| elastic.public_ip.as_str()))
    }
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ElasticAddress {
    public_ip: String,
    network_interface_id: String,
    private_ip_address: String,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SecurityGroup {
    pub(super) ip_permissions: Vec<Permission>,
    pub(super) ip_permissions_egress: Vec<Permission>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Permission {
    pub(super) ip_protocol: String,
    pub(super) from_port: Option<i32>,
    pub(super) to_port: Option<i32>,
    pub(super) ip_ranges: Vec<Range>,
    pub(super) ipv6_ranges: Vec<Range>,
    pub(super) prefix_list_ids: Vec<PrefixListName>,
    pub(super) user_id_group_pairs: Vec<GroupName>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Range {
    #[serde(alias = "CidrIpv6")]
    pub(super) cidr_ip: String,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PrefixListName {
    pub(super) prefix_list_id: String,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PrefixList {
    pub(super) entries: Vec<PrefixListEntry>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PrefixListEntry {
    pub(super) cidr: String,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NetworkAcl {
    pub(super) network_acl_id: String,
    pub(super) vpc_id: String,
    pub(super) is_default: bool,
    pub(super) associations: Vec<TableAssociation>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Entry {
    pub(super) rule_number: u32,
    pub(super) egress: bool,
    pub(super) rule_action: String,
    pub(super) protocol: String,
    pub(super) cidr_block: Option<String>,
    pub(super) ipv6_cidr_block: Option<String>,
    pub(super) port_range: Option<Ports>,
    pub(super) icmp_type_code: Option<TypeCode>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Ports {
    pub(super) from: i32,
    pub(super) to: i32,
}

impl Ports {
    /// In the words of nft.
    pub(super) fn range(at: &str, from: i32, to: i32) -> Result<String, Unsupported> {
        match (u16::try_from(from), u16::try_from(to)) {
            (Ok(low), Ok(high)) if low <= high => Ok(format!("{low}-{high}")),
            _ => Err(Unsupported::new(at, format!("the ports `{from}-{to}`"))),
        }
    }
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TypeCode {
    #[serde(rename = "Type")]
    pub(super) kind: i32,
    pub(super) code: i32,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RouteTable {
    pub(super) route_table_id: String,
    pub(super) vpc_id: String,
    pub(super) associations: Vec<TableAssociation>,
    pub(super) routes: Vec<TableRoute>,
}

/// Of a route table or an ACL with a subnet, a gateway, or the rest of its VPC.
#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TableAssociation {
    pub(super) main: bool,
    pub(super) subnet_id: Option<String>,
    pub(super) gateway_id: Option<String>,
    association_state: Option<State>,
}

impl TableAssociation {
    /// Whether it holds: associations that came to nothing are listed as well.
    pub(super) fn holds(&self) -> bool {
        self.association_state.as_ref().is_none_or(|state| state.state == "associated")
    }
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TableRoute {
    #[serde(alias = "DestinationIpv6CidrBlock")]
    pub(super) destination_cidr_block: Option<String>,
    pub(super) destination_prefix_list_id: Option<String>,
    pub(super) state: String,
    pub(super) origin: String,
    pub(super) gateway_id: Option<String>,
    pub(super) nat_gateway_id: Option<String>,
    pub(super) egress_only_internet_gateway_id: Option<String>,
    pub(super) vpc_peering_connection_id: Option<String>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct InternetGateway {
    pub(super) internet_gateway_id: String,
    pub(super) attachments: Vec<Attached>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct EgressOnlyInternetGateway {
    pub(super) egress_only_internet_gateway_id: String,
    pub(super) attachments: Vec<Attached>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Attached {
    state: String,
    vpc_id: String,
}

impl Attached {
    /// The VPC that a gateway is attached to.
    pub(super) fn vpc(&self) -> Option<String> {
        matches!(self.state.as_str(), "available" | "attached").then(|| self.vpc_id.clone())
    }
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NatGateway {
    pub(super) nat_gateway_id: String,
    pub(super) subnet_id: String,
    pub(super) state: String,
    pub(super) nat_gateway_addresses: Vec<NatAddress>,
}

impl NatGateway {
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state.as_str(), "deleted" | "failed")
    }
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NatAddress {
    pub(super) private_ip: String,
    pub(super) public_ip: Option<String>,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Peering {
    pub(super) vpc_peering_connection_id: String,
    status: PeeringStatus,
    pub(super) requester_vpc_info: PeeringEnd,
    pub(super) accepter_vpc_info: PeeringEnd,
}

impl Peering {
    pub(super) fn is_active(&self) -> bool {
        self.status.code == "active"
    }
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PeeringStatus {
    code: String,
}

#[derive(Deserialize, PartialEq, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PeeringEnd {
    pub(super) vpc_id: String,
    pub(super) region: String,
}
