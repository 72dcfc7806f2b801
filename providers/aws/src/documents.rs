//! From a document to typed lists.
//!
//! Documents are recognised by the keys of their top level, never by their names. One document
//! may hold several kinds.

use cloudfw_core::Document;
use cloudfw_documents::manifest::Manifest;
use cloudfw_documents::{DocumentError, Element, Fault, NotUnderstood};

use crate::kind::Kind;
use crate::raw;

mod answers;
mod broken;
mod failed_calls;
mod top_level;

/// What one document holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The lists, in the order of the document.
    pub parts: Vec<Part>,
    /// The manifest, where the document is one.
    pub manifest: Option<Manifest>,
    /// Keys of the top level beside the recognised ones that are none of AWS's known ones.
    pub other_keys: Vec<String>,
}

/// A list of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it holds.
    pub kind: Kind,
    /// Whether it is the whole answer. A leftover `NextToken` says that pages are missing, so that
    /// what is not in the list is unknown.
    pub complete: bool,
    /// Its elements.
    pub items: Items,
    /// Fields of its elements that cloudfw has no meaning for, in order of their names.
    pub not_understood: Vec<NotUnderstood>,
}

/// The elements of a list, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are those of `Kind`")]
pub enum Items {
    Vpcs(Vec<Element<raw::Vpc>>),
    Subnets(Vec<Element<raw::Subnet>>),
    NetworkInterfaces(Vec<Element<raw::NetworkInterface>>),
    Reservations(Vec<Element<raw::Reservation>>),
    SecurityGroups(Vec<Element<raw::SecurityGroup>>),
    SecurityGroupVpcAssociations(Vec<Element<raw::SecurityGroupVpcAssociation>>),
    NetworkAcls(Vec<Element<raw::NetworkAcl>>),
    RouteTables(Vec<Element<raw::RouteTable>>),
    InternetGateways(Vec<Element<raw::InternetGateway>>),
    EgressOnlyInternetGateways(Vec<Element<raw::EgressOnlyInternetGateway>>),
    NatGateways(Vec<Element<raw::NatGateway>>),
    VpcPeeringConnections(Vec<Element<raw::VpcPeeringConnection>>),
    VpcEndpoints(Vec<Element<raw::VpcEndpoint>>),
    ManagedPrefixLists(Vec<Element<raw::ManagedPrefixList>>),
    ManagedPrefixListEntries(Vec<Element<raw::PrefixListEntries>>),
    PrefixLists(Vec<Element<raw::PrefixList>>),
    Addresses(Vec<Element<raw::Address>>),
    VpcBlockPublicAccessOptions(Vec<Element<raw::VpcBlockPublicAccessOptions>>),
    VpcBlockPublicAccessExclusions(Vec<Element<raw::VpcBlockPublicAccessExclusion>>),
    Regions(Vec<Element<raw::Region>>),
    AvailabilityZones(Vec<Element<raw::AvailabilityZone>>),
    DhcpOptions(Vec<Element<raw::DhcpOptions>>),
    TransitGateways(Vec<Element<raw::TransitGateway>>),
    TransitGatewayAttachments(Vec<Element<raw::TransitGatewayAttachment>>),
    TransitGatewayVpcAttachments(Vec<Element<raw::TransitGatewayVpcAttachment>>),
    TransitGatewayPeeringAttachments(Vec<Element<raw::TransitGatewayPeeringAttachment>>),
    TransitGatewayRouteTables(Vec<Element<raw::TransitGatewayRouteTable>>),
    TransitGatewayPropagations(Vec<Element<raw::TransitGatewayPropagations>>),
    TransitGatewayStaticRoutes(Vec<Element<raw::TransitGatewayStaticRoutes>>),
    VpnGateways(Vec<Element<raw::VpnGateway>>),
    VpnConnections(Vec<Element<raw::VpnConnection>>),
    CustomerGateways(Vec<Element<raw::CustomerGateway>>),
    CarrierGateways(Vec<Element<raw::CarrierGateway>>),
    VpcEndpointServices(Vec<Element<raw::ServiceDetail>>),
    LoadBalancers(Vec<Element<raw::LoadBalancer>>),
    ClassicLoadBalancers(Vec<Element<raw::ClassicLoadBalancer>>),
    LoadBalancerListeners(Vec<Element<raw::LoadBalancerListeners>>),
    LoadBalancerAttributes(Vec<Element<raw::LoadBalancerAttributes>>),
    TargetGroups(Vec<Element<raw::TargetGroup>>),
    LoadBalancerTargetHealth(Vec<Element<raw::LoadBalancerTargetHealth>>),
    DbInstances(Vec<Element<raw::DbInstance>>),
    ElasticsearchDomains(Vec<Element<raw::SearchDomain>>),
    Firewalls(Vec<Element<raw::Firewall>>),
}

/// Reads one document.
///
/// The top level is an object that has, in any order, the keys of one or more kinds
/// ([`Kind::key`]); or is the answer of a call that is made for one resource, with the id of that
/// resource put beside it (`PrefixListId` beside the `Entries` of
/// `get-managed-prefix-list-entries`); or is a manifest. `{"status_code": …, "data": {…}}`, as
/// recorders of boto write it, is looked into. `ResponseMetadata` is nothing. What the AWS CLI or
/// the API says of a call that failed is read as a manifest of that call.
///
/// # Errors
///
/// [`DocumentError`], with the place, where the text is not JSON, where a value is not of the type
/// that its field has, and where the document is of no known kind. Numbers and booleans do not
/// fail a document: see [`raw::Field`].
pub fn read(document: &Document) -> Result<Reading, DocumentError> {
    let text = document.text.strip_prefix('\u{feff}').unwrap_or(&document.text);
    let failed = || {
        let calls = failed_calls::read(text, &document.name);
        let manifest = (!calls.is_empty()).then(|| Manifest::of(calls))?;
        Some(Reading { manifest: Some(manifest), ..Reading::default() })
    };
    // What is no object is no document; the CLI's own words may begin with a bracket.
    if !text.trim_start().starts_with('{')
        && let Some(failed) = failed()
    {
        return Ok(failed);
    }
    match top_level::read(text) {
        // An object may be the error that was answered.
        Err(fault @ Fault::NotRecognised { .. }) => {
            failed().ok_or_else(|| fault.at(&document.name, text))
        }
        reading => reading.map_err(|fault| fault.at(&document.name, text)),
    }
}

/// What is known of a document that cannot be read: kinds that it may hold, none of them complete.
pub fn read_broken(text: &str) -> Reading {
    broken::reading(text)
}

/// Whether a text, of which only the beginning is needed, begins as documents do: an object whose
/// first key is one of theirs. What begins so and cannot be read is a document that is broken.
pub fn begins_as_document(text: &str) -> bool {
    top_level::begins_with_known_key(text.strip_prefix('\u{feff}').unwrap_or(text))
}

#[cfg(test)]
mod tests;
