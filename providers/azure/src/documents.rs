//! From a document to typed lists.
//!
//! Documents are recognised by what they hold, never by their names: the kind of a resource is
//! told by its `type`, or else by its `id`; that of an answer that Azure works out by its keys.
//! One document may hold several kinds.

use cloudfw_core::Document;
use cloudfw_documents::manifest::Manifest;
use cloudfw_documents::{DocumentError, Element, Fault, NotUnderstood};

use crate::kind::Kind;
use crate::raw::{self, Resource};

mod begin;
mod elements;
mod fetch;
mod glance;
mod refusal;
mod survey;
mod table;

/// What one document holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The lists, each of one kind, in the order in which the document first has the kind.
    pub parts: Vec<Part>,
    /// The manifest, where the document is one.
    pub manifest: Option<Manifest>,
    /// Keys of the top level beside the recognised ones that are none of Azure's known ones.
    pub other_keys: Vec<String>,
    /// Resources of types that cloudfw has no use for: how many of each.
    pub other_types: Vec<OtherType>,
    /// That the document is an answer of which nobody can tell to what, where it is one: it then
    /// has no parts, and only a manifest says which call was made.
    pub nothing: Option<Nothing>,
}

/// An answer that does not tell what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// A list without elements.
    EmptyList,
    /// A `null`: what Azure says while it is still working (T-10). Not the same as an empty list.
    NotYet,
}

/// Resources that cloudfw has no use for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherType {
    /// Their type, in lower case; empty where it is not told.
    pub arm_type: String,
    /// How many the document holds.
    pub count: usize,
}

/// A list of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it holds.
    pub kind: Kind,
    /// Whether it is the whole answer. A leftover `nextLink` or `$skipToken` says that pages are
    /// missing, so that what is not in the list is unknown.
    pub complete: bool,
    /// The id of the resource that Azure was asked about, where the document names it beside the
    /// answer, as `networkInterface` or `virtualNetwork`: see [`Kind::is_of_one_resource`].
    pub owner: Option<String>,
    /// Its elements.
    pub items: Items,
    /// Fields of its elements that cloudfw has no meaning for, in order of their names.
    pub not_understood: Vec<NotUnderstood>,
}

/// A list of resources, each with its place.
pub type Resources<T> = Vec<Element<Resource<T>>>;

/// The elements of a list, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are those of `Kind`")]
pub enum Items {
    VirtualNetworks(Resources<raw::VirtualNetwork>),
    Subnets(Resources<raw::Subnet>),
    VirtualNetworkPeerings(Resources<raw::VirtualNetworkPeering>),
    NetworkInterfaces(Resources<raw::NetworkInterface>),
    VirtualMachines(Resources<raw::VirtualMachine>),
    VirtualMachineScaleSets(Resources<raw::VirtualMachineScaleSet>),
    VirtualMachineScaleSetVms(Resources<raw::VirtualMachine>),
    NetworkSecurityGroups(Resources<raw::NetworkSecurityGroup>),
    ApplicationSecurityGroups(Resources<raw::ApplicationSecurityGroup>),
    SecurityAdminRules(Resources<raw::SecurityAdminRule>),
    RouteTables(Resources<raw::RouteTable>),
    PublicIpAddresses(Resources<raw::PublicIpAddress>),
    PublicIpPrefixes(Resources<raw::PublicIpPrefix>),
    LoadBalancers(Resources<raw::LoadBalancer>),
    NatGateways(Resources<raw::NatGateway>),
    PrivateEndpoints(Resources<raw::PrivateEndpoint>),
    AzureFirewalls(Resources<raw::AzureFirewall>),
    FirewallPolicies(Resources<raw::FirewallPolicy>),
    FirewallPolicyRuleCollectionGroups(Resources<raw::FirewallPolicyRuleCollectionGroup>),
    IpGroups(Resources<raw::IpGroup>),
    VirtualNetworkGateways(Resources<raw::VirtualNetworkGateway>),
    LocalNetworkGateways(Resources<raw::LocalNetworkGateway>),
    VirtualNetworkGatewayConnections(Resources<raw::VirtualNetworkGatewayConnection>),
    ServiceTags(Vec<Element<raw::ServiceTags>>),
    EffectiveNetworkSecurityGroups(Vec<Element<raw::EffectiveNetworkSecurityGroup>>),
    EffectiveRouteTables(Vec<Element<raw::EffectiveRoute>>),
    ExpressRouteCircuits(Resources<raw::ExpressRouteCircuit>),
    ApplicationGateways(Resources<raw::ApplicationGateway>),
    BastionHosts(Resources<raw::BastionHost>),
    VirtualWans(Resources<raw::VirtualWan>),
    VirtualHubs(Resources<raw::VirtualHub>),
    HubVirtualNetworkConnections(Resources<raw::HubVirtualNetworkConnection>),
}

/// Reads one document.
///
/// The top level is a page of ARM (`{"value": […], "nextLink": …}`), a bare list as `az … list`
/// prints it, one resource as `az … show` prints it, an answer of Resource Graph (`data` with rows
/// or with `columns` and `rows`), an effective answer, a list of service tags, an object whose
/// members are resources, or a manifest. Lists may be of several kinds. What `az` or the REST API
/// says of a call that failed is read as a manifest of that call.
///
/// # Errors
///
/// [`DocumentError`], with the place, where the text is not JSON, where a value is not of the type
/// that its field has, and where the document is of no known kind. Numbers and booleans do not
/// fail a document: see [`raw::Field`].
pub fn read(document: &Document) -> Result<Reading, DocumentError> {
    let text = without_mark(&document.text);
    let failed = || {
        let manifest = refusal::read(text, &document.name)?;
        Some(Reading { manifest: Some(manifest), ..Reading::default() })
    };
    if is_refusal(text)
        && let Some(failed) = failed()
    {
        return Ok(failed);
    }
    match fetch::read(text) {
        // An object may be the error that was answered.
        Err(fault @ Fault::NotRecognised { .. }) => {
            failed().ok_or_else(|| fault.at(&document.name, text))
        }
        reading => reading.map_err(|fault| fault.at(&document.name, text)),
    }
}

/// Whether a text is what `az` says of a call that failed, which is no JSON.
pub fn is_refusal(text: &str) -> bool {
    refusal::is_of_cli(without_mark(text))
}

/// What is known of a document that cannot be read: kinds that it may hold, none of them complete.
pub fn read_broken(text: &str) -> Reading {
    let kinds = begin::kinds(without_mark(text));
    let kinds = if let [one] = kinds.as_slice() { vec![*one] } else { Kind::ALL.to_vec() };
    let part = |kind| {
        let items = Items::none_of(kind);
        Part { kind, complete: false, owner: None, items, not_understood: Vec::new() }
    };
    Reading { parts: kinds.into_iter().map(part).collect(), ..Reading::default() }
}

/// Whether a text, of which only the beginning is needed, begins as documents do: a list, below
/// `value` or bare, whose first element has an ARM type or id or is an effective answer; such an
/// object alone; an answer of Resource Graph; a list of service tags. What begins so and cannot be
/// read is a document that is broken.
pub fn begins_as_document(text: &str) -> bool {
    begin::is_of_azure(without_mark(text))
}

/// Without a byte order mark.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests;
