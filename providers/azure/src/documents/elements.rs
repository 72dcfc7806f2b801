//! Which type the elements of each kind have.

use std::marker::PhantomData;

use cloudfw_core::Pointer;
use cloudfw_documents::{Collector, Element, One};
use serde::de::{Deserialize, DeserializeSeed, Deserializer};

use super::{Items, Part};
use crate::kind::Kind;
use crate::raw::irrelevant::is_irrelevant;
use crate::raw::{AnyCase, Resource, Standing};

/// The parts of a document, as they grow.
#[derive(Default)]
pub(super) struct Parts {
    growing: Vec<Growing>,
}

struct Growing {
    kind: Kind,
    items: Items,
    collector: Collector,
}

impl Parts {
    /// Where the next element of a kind goes.
    pub(super) fn next(&mut self, kind: Kind, pointer: Pointer) -> Option<Next<'_>> {
        if !self.growing.iter().any(|part| part.kind == kind) {
            let items = Items::none_of(kind);
            self.growing.push(Growing { kind, items, collector: collector(kind) });
        }
        let part = self.growing.iter_mut().find(|part| part.kind == kind)?;
        let Growing { items, collector, .. } = part;
        Some(Next { items, pointer, collector, column: None })
    }

    /// All of them.
    pub(super) fn finish(self, complete: bool, owner: Option<&str>) -> Vec<Part> {
        let finish = |part: Growing| {
            let Growing { kind, items, collector } = part;
            let owner = owner.filter(|_| kind.is_of_one_resource()).map(str::to_owned);
            Part { kind, complete, owner, items, not_understood: collector.finish() }
        };
        self.growing.into_iter().map(finish).collect()
    }
}

/// Takes note of the fields of a kind that are not understood.
fn collector(kind: Kind) -> Collector {
    Collector::new(kind.name(), |kind, path| {
        Kind::from_name(kind).is_some_and(|kind| is_irrelevant(kind, path))
    })
}

/// Reads an element to where it belongs.
pub(super) struct Next<'a> {
    items: &'a mut Items,
    pointer: Pointer,
    collector: &'a mut Collector,
    /// The column of a table that has the `properties`, counted from 0.
    pub(super) column: Option<usize>,
}

/// What reading an element needs, whichever its kind.
struct Reader<'a> {
    pointer: Pointer,
    collector: &'a mut Collector,
    column: Option<usize>,
}

impl Reader<'_> {
    fn resource<'de, T: Deserialize<'de> + Default + PartialEq, D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Element<Resource<T>>, D::Error> {
        let column = self.column;
        let mut element = self.one::<Resource<T>, D>(deserializer)?;
        let Some(column) = column else { return Ok(element) };
        if element.value.standing == Standing::Nested {
            element.value.standing = Standing::Column(column);
        }
        for place in &mut element.not_understood {
            if let Some(rest) = place.strip_prefix("/properties/") {
                *place = format!("/{column}/{rest}").into();
            }
        }
        Ok(element)
    }

    /// An element that is no resource.
    fn answer<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Element<T>, D::Error> {
        let Element { pointer, value: AnyCase(value), not_understood } = self.one(deserializer)?;
        Ok(Element { pointer, value, not_understood })
    }

    fn one<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Element<T>, D::Error> {
        let Self { pointer, collector, .. } = self;
        One { pointer, collector, marker: PhantomData }.deserialize(deserializer)
    }
}

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = ();

    #[allow(clippy::match_same_arms, reason = "the lists are of different types")]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { items, pointer, collector, column } = self;
        let reader = Reader { pointer, collector, column };
        match items {
            Items::VirtualNetworks(list) => list.push(reader.resource(deserializer)?),
            Items::Subnets(list) => list.push(reader.resource(deserializer)?),
            Items::VirtualNetworkPeerings(list) => list.push(reader.resource(deserializer)?),
            Items::NetworkInterfaces(list) => list.push(reader.resource(deserializer)?),
            Items::VirtualMachines(list) => list.push(reader.resource(deserializer)?),
            Items::VirtualMachineScaleSets(list) => list.push(reader.resource(deserializer)?),
            Items::VirtualMachineScaleSetVms(list) => list.push(reader.resource(deserializer)?),
            Items::NetworkSecurityGroups(list) => list.push(reader.resource(deserializer)?),
            Items::ApplicationSecurityGroups(list) => list.push(reader.resource(deserializer)?),
            Items::SecurityAdminRules(list) => list.push(reader.resource(deserializer)?),
            Items::RouteTables(list) => list.push(reader.resource(deserializer)?),
            Items::PublicIpAddresses(list) => list.push(reader.resource(deserializer)?),
            Items::PublicIpPrefixes(list) => list.push(reader.resource(deserializer)?),
            Items::LoadBalancers(list) => list.push(reader.resource(deserializer)?),
            Items::NatGateways(list) => list.push(reader.resource(deserializer)?),
            Items::PrivateEndpoints(list) => list.push(reader.resource(deserializer)?),
            Items::AzureFirewalls(list) => list.push(reader.resource(deserializer)?),
            Items::FirewallPolicies(list) => list.push(reader.resource(deserializer)?),
            Items::FirewallPolicyRuleCollectionGroups(list) => {
                list.push(reader.resource(deserializer)?);
            }
            Items::IpGroups(list) => list.push(reader.resource(deserializer)?),
            Items::VirtualNetworkGateways(list) => list.push(reader.resource(deserializer)?),
            Items::LocalNetworkGateways(list) => list.push(reader.resource(deserializer)?),
            Items::VirtualNetworkGatewayConnections(list) => {
                list.push(reader.resource(deserializer)?);
            }
            Items::ServiceTags(list) => list.push(reader.answer(deserializer)?),
            Items::EffectiveNetworkSecurityGroups(list) => list.push(reader.answer(deserializer)?),
            Items::EffectiveRouteTables(list) => list.push(reader.answer(deserializer)?),
            Items::ExpressRouteCircuits(list) => list.push(reader.resource(deserializer)?),
            Items::ApplicationGateways(list) => list.push(reader.resource(deserializer)?),
            Items::BastionHosts(list) => list.push(reader.resource(deserializer)?),
            Items::VirtualWans(list) => list.push(reader.resource(deserializer)?),
            Items::VirtualHubs(list) => list.push(reader.resource(deserializer)?),
            Items::HubVirtualNetworkConnections(list) => list.push(reader.resource(deserializer)?),
        }
        Ok(())
    }
}

impl Items {
    /// An empty list of a kind.
    pub(super) fn none_of(kind: Kind) -> Self {
        match kind {
            Kind::VirtualNetworks => Self::VirtualNetworks(Vec::new()),
            Kind::Subnets => Self::Subnets(Vec::new()),
            Kind::VirtualNetworkPeerings => Self::VirtualNetworkPeerings(Vec::new()),
            Kind::NetworkInterfaces => Self::NetworkInterfaces(Vec::new()),
            Kind::VirtualMachines => Self::VirtualMachines(Vec::new()),
            Kind::VirtualMachineScaleSets => Self::VirtualMachineScaleSets(Vec::new()),
            Kind::VirtualMachineScaleSetVms => Self::VirtualMachineScaleSetVms(Vec::new()),
            Kind::NetworkSecurityGroups => Self::NetworkSecurityGroups(Vec::new()),
            Kind::ApplicationSecurityGroups => Self::ApplicationSecurityGroups(Vec::new()),
            Kind::SecurityAdminRules => Self::SecurityAdminRules(Vec::new()),
            Kind::RouteTables => Self::RouteTables(Vec::new()),
            Kind::PublicIpAddresses => Self::PublicIpAddresses(Vec::new()),
            Kind::PublicIpPrefixes => Self::PublicIpPrefixes(Vec::new()),
            Kind::LoadBalancers => Self::LoadBalancers(Vec::new()),
            Kind::NatGateways => Self::NatGateways(Vec::new()),
            Kind::PrivateEndpoints => Self::PrivateEndpoints(Vec::new()),
            Kind::AzureFirewalls => Self::AzureFirewalls(Vec::new()),
            Kind::FirewallPolicies => Self::FirewallPolicies(Vec::new()),
            Kind::FirewallPolicyRuleCollectionGroups => {
                Self::FirewallPolicyRuleCollectionGroups(Vec::new())
            }
            Kind::IpGroups => Self::IpGroups(Vec::new()),
            Kind::VirtualNetworkGateways => Self::VirtualNetworkGateways(Vec::new()),
            Kind::LocalNetworkGateways => Self::LocalNetworkGateways(Vec::new()),
            Kind::VirtualNetworkGatewayConnections => {
                Self::VirtualNetworkGatewayConnections(Vec::new())
            }
            Kind::ServiceTags => Self::ServiceTags(Vec::new()),
            Kind::EffectiveNetworkSecurityGroups => {
                Self::EffectiveNetworkSecurityGroups(Vec::new())
            }
            Kind::EffectiveRouteTables => Self::EffectiveRouteTables(Vec::new()),
            Kind::ExpressRouteCircuits => Self::ExpressRouteCircuits(Vec::new()),
            Kind::ApplicationGateways => Self::ApplicationGateways(Vec::new()),
            Kind::BastionHosts => Self::BastionHosts(Vec::new()),
            Kind::VirtualWans => Self::VirtualWans(Vec::new()),
            Kind::VirtualHubs => Self::VirtualHubs(Vec::new()),
            Kind::HubVirtualNetworkConnections => Self::HubVirtualNetworkConnections(Vec::new()),
        }
    }

    /// How many elements the list has.
    #[allow(clippy::match_same_arms, reason = "the lists are of different types")]
    pub fn len(&self) -> usize {
        match self {
            Self::VirtualNetworks(list) => list.len(),
            Self::Subnets(list) => list.len(),
            Self::VirtualNetworkPeerings(list) => list.len(),
            Self::NetworkInterfaces(list) => list.len(),
            Self::VirtualMachines(list) => list.len(),
            Self::VirtualMachineScaleSets(list) => list.len(),
            Self::VirtualMachineScaleSetVms(list) => list.len(),
            Self::NetworkSecurityGroups(list) => list.len(),
            Self::ApplicationSecurityGroups(list) => list.len(),
            Self::SecurityAdminRules(list) => list.len(),
            Self::RouteTables(list) => list.len(),
            Self::PublicIpAddresses(list) => list.len(),
            Self::PublicIpPrefixes(list) => list.len(),
            Self::LoadBalancers(list) => list.len(),
            Self::NatGateways(list) => list.len(),
            Self::PrivateEndpoints(list) => list.len(),
            Self::AzureFirewalls(list) => list.len(),
            Self::FirewallPolicies(list) => list.len(),
            Self::FirewallPolicyRuleCollectionGroups(list) => list.len(),
            Self::IpGroups(list) => list.len(),
            Self::VirtualNetworkGateways(list) => list.len(),
            Self::LocalNetworkGateways(list) => list.len(),
            Self::VirtualNetworkGatewayConnections(list) => list.len(),
            Self::ServiceTags(list) => list.len(),
            Self::EffectiveNetworkSecurityGroups(list) => list.len(),
            Self::EffectiveRouteTables(list) => list.len(),
            Self::ExpressRouteCircuits(list) => list.len(),
            Self::ApplicationGateways(list) => list.len(),
            Self::BastionHosts(list) => list.len(),
            Self::VirtualWans(list) => list.len(),
            Self::VirtualHubs(list) => list.len(),
            Self::HubVirtualNetworkConnections(list) => list.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
