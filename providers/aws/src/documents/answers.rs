//! Which type the elements of each kind have, and the answers that do not fit the common shape.

use std::marker::PhantomData;

use cloudfw_core::Pointer;
use cloudfw_documents::{All, Collector, Element, One, Shape};
use serde::Deserialize;
use serde::de::{DeserializeSeed, MapAccess};

use super::{Items, Part};
use crate::kind::Kind;
use crate::raw;
use crate::raw::irrelevant::is_irrelevant;

/// A key of which the value is about to be read.
struct Under<'a> {
    key: &'static str,
    parent: &'a Pointer,
    collector: Collector,
}

impl Under<'_> {
    fn list<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
        &mut self,
        object: &mut A,
    ) -> Result<Vec<Element<T>>, A::Error> {
        self.shaped(object, Shape::List)
    }

    fn shaped<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
        &mut self,
        object: &mut A,
        shape: Shape<T>,
    ) -> Result<Vec<Element<T>>, A::Error> {
        object.next_value_seed(All {
            key: self.key,
            parent: self.parent,
            shape,
            collector: &mut self.collector,
            marker: PhantomData,
        })
    }
}

/// Reads the value of a kind's key.
pub(super) fn parts<'de, A: MapAccess<'de>>(
    kind: Kind,
    object: &mut A,
    parent: &Pointer,
) -> Result<Vec<Part>, A::Error> {
    let mut under = Under { key: kind.key(), parent, collector: collector(kind) };
    if kind.key() == Kind::PrefixLists.key() {
        let lists = under.list(object)?;
        return Ok(prefix_lists(lists, under.collector));
    }
    let items = items(kind, object, &mut under)?;
    Ok(vec![Part { kind, complete: true, items, not_understood: under.collector.finish() }])
}

/// Takes note of the fields of a kind that are not understood.
fn collector(kind: Kind) -> Collector {
    Collector::new(kind.name(), |kind, path| {
        Kind::from_name(kind).is_some_and(|kind| is_irrelevant(kind, path))
    })
}

fn items<'de, A: MapAccess<'de>>(
    kind: Kind,
    object: &mut A,
    under: &mut Under<'_>,
) -> Result<Items, A::Error> {
    Ok(match kind {
        Kind::Vpcs => Items::Vpcs(under.list(object)?),
        Kind::Subnets => Items::Subnets(under.list(object)?),
        Kind::NetworkInterfaces => Items::NetworkInterfaces(under.list(object)?),
        Kind::Reservations => Items::Reservations(under.list(object)?),
        Kind::SecurityGroups => Items::SecurityGroups(under.list(object)?),
        Kind::SecurityGroupVpcAssociations => {
            Items::SecurityGroupVpcAssociations(under.list(object)?)
        }
        Kind::NetworkAcls => Items::NetworkAcls(under.list(object)?),
        Kind::RouteTables => Items::RouteTables(under.list(object)?),
        Kind::InternetGateways => Items::InternetGateways(under.list(object)?),
        Kind::EgressOnlyInternetGateways => Items::EgressOnlyInternetGateways(under.list(object)?),
        Kind::NatGateways => Items::NatGateways(under.list(object)?),
        Kind::VpcPeeringConnections => Items::VpcPeeringConnections(under.list(object)?),
        Kind::VpcEndpoints => Items::VpcEndpoints(under.list(object)?),
        Kind::ManagedPrefixLists => Items::ManagedPrefixLists(under.list(object)?),
        Kind::ManagedPrefixListEntries => {
            let adopt = |entries: &mut raw::PrefixListEntries, id| {
                entries.prefix_list_id.get_or_insert(id);
            };
            Items::ManagedPrefixListEntries(under.shaped(object, Shape::ListOrById(adopt))?)
        }
        Kind::PrefixLists => Items::PrefixLists(under.list(object)?),
        Kind::Addresses => Items::Addresses(under.list(object)?),
        Kind::VpcBlockPublicAccessOptions => {
            Items::VpcBlockPublicAccessOptions(under.shaped(object, Shape::ListOrOne)?)
        }
        Kind::VpcBlockPublicAccessExclusions => {
            Items::VpcBlockPublicAccessExclusions(under.list(object)?)
        }
        Kind::Regions => Items::Regions(under.list(object)?),
        Kind::AvailabilityZones => Items::AvailabilityZones(under.list(object)?),
        Kind::DhcpOptions => Items::DhcpOptions(under.list(object)?),
        _ => opaque_items(kind, object, under)?,
    })
}

fn opaque_items<'de, A: MapAccess<'de>>(
    kind: Kind,
    object: &mut A,
    under: &mut Under<'_>,
) -> Result<Items, A::Error> {
    Ok(match kind {
        Kind::TransitGateways => Items::TransitGateways(under.list(object)?),
        Kind::TransitGatewayAttachments => Items::TransitGatewayAttachments(under.list(object)?),
        Kind::TransitGatewayVpcAttachments => {
            Items::TransitGatewayVpcAttachments(under.list(object)?)
        }
        Kind::TransitGatewayPeeringAttachments => {
            Items::TransitGatewayPeeringAttachments(under.list(object)?)
        }
        Kind::TransitGatewayRouteTables => Items::TransitGatewayRouteTables(under.list(object)?),
        Kind::TransitGatewayPropagations => Items::TransitGatewayPropagations(under.list(object)?),
        Kind::TransitGatewayStaticRoutes => Items::TransitGatewayStaticRoutes(under.list(object)?),
        Kind::VpnGateways => Items::VpnGateways(under.list(object)?),
        Kind::VpnConnections => Items::VpnConnections(under.list(object)?),
        Kind::CustomerGateways => Items::CustomerGateways(under.list(object)?),
        Kind::CarrierGateways => Items::CarrierGateways(under.list(object)?),
        Kind::VpcEndpointServices => Items::VpcEndpointServices(under.list(object)?),
        Kind::LoadBalancers => Items::LoadBalancers(under.list(object)?),
        Kind::ClassicLoadBalancers => Items::ClassicLoadBalancers(under.list(object)?),
        Kind::LoadBalancerListeners => Items::LoadBalancerListeners(under.list(object)?),
        Kind::LoadBalancerAttributes => Items::LoadBalancerAttributes(under.list(object)?),
        Kind::TargetGroups => Items::TargetGroups(under.list(object)?),
        Kind::LoadBalancerTargetHealth => Items::LoadBalancerTargetHealth(under.list(object)?),
        Kind::DbInstances => Items::DbInstances(under.list(object)?),
        Kind::ElasticsearchDomains => Items::ElasticsearchDomains(under.list(object)?),
        _ => Items::Firewalls(under.list(object)?),
    })
}

/// An element of `PrefixLists`, of whichever of the two calls that share this key.
#[derive(Deserialize)]
struct AnyPrefixList {
    #[serde(rename = "Cidrs")]
    cidrs: Option<Vec<String>>,
    #[serde(rename = "PrefixListId")]
    prefix_list_id: Option<String>,
    #[serde(rename = "PrefixListName")]
    prefix_list_name: Option<String>,
    #[serde(rename = "PrefixListArn")]
    prefix_list_arn: Option<String>,
    #[serde(rename = "OwnerId")]
    owner_id: Option<String>,
    #[serde(rename = "AddressFamily")]
    address_family: Option<String>,
    #[serde(rename = "State")]
    state: Option<String>,
    #[serde(rename = "StateMessage")]
    state_message: Option<String>,
    #[serde(rename = "MaxEntries", default)]
    max_entries: raw::Field<i64>,
    #[serde(rename = "Version", default)]
    version: raw::Field<i64>,
    #[serde(rename = "Tags")]
    tags: Option<Vec<raw::Tag>>,
}

/// Tells the answers of `describe-prefix-lists`, which have `Cidrs`, from those of
/// `describe-managed-prefix-lists`, which have none. An empty list is taken for the second.
fn prefix_lists(lists: Vec<Element<AnyPrefixList>>, collector: Collector) -> Vec<Part> {
    let (mut plain, mut managed) = (Vec::new(), Vec::new());
    for Element { pointer, value: list, not_understood } in lists {
        if list.cidrs.is_some() {
            plain.push(Element {
                pointer,
                value: raw::PrefixList {
                    prefix_list_id: list.prefix_list_id,
                    prefix_list_name: list.prefix_list_name,
                    cidrs: list.cidrs,
                },
                not_understood,
            });
        } else {
            managed.push(Element {
                pointer,
                value: raw::ManagedPrefixList {
                    prefix_list_id: list.prefix_list_id,
                    prefix_list_name: list.prefix_list_name,
                    prefix_list_arn: list.prefix_list_arn,
                    owner_id: list.owner_id,
                    address_family: list.address_family,
                    state: list.state,
                    state_message: list.state_message,
                    max_entries: list.max_entries,
                    version: list.version,
                    tags: list.tags,
                },
                not_understood,
            });
        }
    }
    let mut parts = Vec::new();
    if managed.is_empty() && !plain.is_empty() {
        // Only `describe-prefix-lists`: the other call was not made.
    } else {
        let items = Items::ManagedPrefixLists(managed);
        let kind = Kind::ManagedPrefixLists;
        parts.push(Part { kind, complete: true, items, not_understood: Vec::new() });
    }
    if !plain.is_empty() {
        let items = Items::PrefixLists(plain);
        let kind = Kind::PrefixLists;
        parts.push(Part { kind, complete: true, items, not_understood: Vec::new() });
    }
    if let Some(part) = parts.first_mut() {
        part.not_understood = collector.finish();
    }
    parts
}

/// The answer of a call that is made for one resource, which the answer does not name.
pub(super) struct Single {
    /// The kind that holds such answers under the ids of their resources.
    pub(super) kind: Kind,
    /// The key that tells the answer.
    pub(super) key: &'static str,
    /// The key that has to stand beside it. Empty where the answer names its resource itself.
    pub(super) id: &'static str,
}

/// All such answers.
pub(super) const SINGLES: [Single; 6] = [
    Single { kind: Kind::ManagedPrefixListEntries, key: "Entries", id: "PrefixListId" },
    Single {
        kind: Kind::TransitGatewayPropagations,
        key: "TransitGatewayRouteTablePropagations",
        id: "TransitGatewayRouteTableId",
    },
    Single {
        kind: Kind::TransitGatewayStaticRoutes,
        key: "Routes",
        id: "TransitGatewayRouteTableId",
    },
    Single { kind: Kind::LoadBalancerListeners, key: "Listeners", id: "" },
    Single { kind: Kind::LoadBalancerAttributes, key: "Attributes", id: "LoadBalancerArn" },
    Single {
        kind: Kind::LoadBalancerTargetHealth,
        key: "TargetHealthDescriptions",
        id: "TargetGroupArn",
    },
];

/// Reads a whole document as the answer for one resource.
pub(super) fn single(kind: Kind, text: &str) -> Result<Part, serde_json::Error> {
    let mut collector = collector(kind);
    let items = match kind {
        Kind::ManagedPrefixListEntries => {
            Items::ManagedPrefixListEntries(whole(text, &mut collector)?)
        }
        Kind::TransitGatewayPropagations => {
            Items::TransitGatewayPropagations(whole(text, &mut collector)?)
        }
        Kind::TransitGatewayStaticRoutes => {
            Items::TransitGatewayStaticRoutes(whole(text, &mut collector)?)
        }
        Kind::LoadBalancerListeners => Items::LoadBalancerListeners(whole(text, &mut collector)?),
        Kind::LoadBalancerAttributes => Items::LoadBalancerAttributes(whole(text, &mut collector)?),
        _ => Items::LoadBalancerTargetHealth(whole(text, &mut collector)?),
    };
    Ok(Part { kind, complete: true, items, not_understood: collector.finish() })
}

fn whole<'de, T: Deserialize<'de>>(
    text: &'de str,
    collector: &mut Collector,
) -> Result<Vec<Element<T>>, serde_json::Error> {
    let one = One { pointer: Pointer::root(), collector, marker: PhantomData };
    Ok(vec![one.deserialize(&mut serde_json::Deserializer::from_str(text))?])
}
