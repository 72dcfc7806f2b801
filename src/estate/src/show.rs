//! What a resource is, where it hangs, and what is effective at it: `cloudfw.show/1`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Missing, Owner, Written};
use crate::answer::{Texts, each, make_printable};
use crate::estate::Estate;
use crate::index::{Resource, What};

mod describe;
#[cfg(test)]
mod tests;
mod views;

/// The schema's name and version.
pub const SHOW_SCHEMA: &str = "cloudfw.show/1";

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Description {
    /// [`SHOW_SCHEMA`].
    pub schema: &'static str,
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its kind: `instance`, `network-acl` …
    pub kind: String,
    /// The account and Region, as far as they are known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// Its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Fact>,
    /// Where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Written>,
    /// What it is: `cidrs`, `router`, `carries` …
    pub facts: Vec<Fact>,
    /// What it hangs on, nearest first, and what hangs on it.
    pub attached: Vec<Attached>,
    /// The effective rules, at each place where there are some: the groups of an interface merged,
    /// the ACL of its subnet; in the order in which they are asked.
    pub filters: Vec<FilterView>,
    /// The route tables that packets leaving it are sent by.
    pub tables: Vec<TableView>,
    /// What is not known about it.
    pub unknowns: Vec<Missing>,
}

/// A name with a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// Something that hangs together with the resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Attached {
    /// How far from the resource, from 1: what has the same depth hangs on the same thing.
    pub depth: usize,
    /// What it is.
    pub resource: Owner,
    /// What it is like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

/// A filter as it is effective at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FilterView {
    /// The interface, subnet or gateway that it guards.
    pub at: Owner,
    /// What it is made of: the groups, or the ACL.
    pub lists: Vec<Owner>,
    /// Whether replies of what it let through pass by themselves.
    pub stateful: bool,
    /// What may come in, in order.
    pub ingress: Vec<RuleView>,
    /// What may go out, in order.
    pub egress: Vec<RuleView>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleView {
    /// The vendor's number or name of it.
    pub id: String,
    /// `allow`, `deny`, `reject` …
    pub action: String,
    /// Protocols and ports: `tcp 443`, `any`.
    pub services: String,
    /// The other side: CIDRs, groups, prefix lists, or `any`.
    pub peers: String,
    /// This side, where the rule is not about all of it: CIDRs or groups, which the resource may be
    /// in or not (AZ-13, AZ-18).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// The whole in its user's notation.
    pub text: String,
    /// The group or ACL that it is written in.
    pub list: Owner,
    /// Where it is written.
    pub origin: Written,
    /// What is not known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Missing>,
}

/// A route table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TableView {
    /// Which.
    pub table: Owner,
    /// The subnets and gateways whose packets it sends.
    pub used_by: Vec<Owner>,
    /// Its routes, the longest prefixes last.
    pub routes: Vec<RouteView>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RouteView {
    /// The destinations: a CIDR, or several of a prefix list.
    pub destinations: String,
    /// Where packets go: `local`, a gateway, an interface, `blackhole`.
    pub target: String,
    /// What the target is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Owner>,
    /// The whole in its user's notation.
    pub text: String,
    /// Where it is written.
    pub origin: Written,
    /// What is not known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Missing>,
}

/// The JSON schema of one line of `cloudfw show -o json`.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::generate::SchemaSettings::default()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Description>();
    schema.insert("title".to_owned(), SHOW_SCHEMA.into());
    schema.to_value()
}

/// Describes a resource.
pub(crate) fn describe(estate: &Estate, resource: &Resource) -> Description {
    let mut description = Description::of(resource);
    let mut describing = describe::Describing { estate, description: &mut description };
    match &resource.what {
        What::Host(id) => describing.host(id),
        What::Interface(id) => describing.interface(id),
        What::Subnet(id) => describing.subnet(id),
        What::Router(id) => describing.router(id),
        What::Group(id) => describing.group(id),
        What::Gateway(id) => describing.gateway(id),
        What::Table(id) => describing.table(id),
        What::Filter(id) => describing.filter(id),
        What::Other(_, _, interfaces) => describing.other(interfaces),
    }
    description
}

impl Description {
    fn of(resource: &Resource) -> Self {
        let tag = |(name, value): &(std::sync::Arc<str>, std::sync::Arc<str>)| {
            Fact::new(name.to_string(), value.to_string())
        };
        Self {
            schema: SHOW_SCHEMA,
            id: resource.id.to_string(),
            name: resource.name.as_deref().map(str::to_owned),
            kind: resource.kind.to_string(),
            scope: resource.scope.to_string(),
            arn: resource.arn.as_deref().map(str::to_owned),
            tags: resource.tags.iter().map(tag).collect(),
            origin: None,
            facts: Vec::new(),
            attached: Vec::new(),
            filters: Vec::new(),
            tables: Vec::new(),
            unknowns: Vec::new(),
        }
    }

    /// The same with every text that comes from outside made
    /// [`printable`](crate::answer::printable()).
    #[must_use]
    pub fn printable(mut self) -> Self {
        self.each_text(&mut make_printable);
        self
    }
}

impl Fact {
    pub(crate) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl Texts for Description {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.id, &mut self.name, &mut self.kind, &mut self.scope], visit);
        each(&mut [&mut self.arn, &mut self.tags, &mut self.origin, &mut self.facts], visit);
        each(&mut [&mut self.attached, &mut self.filters, &mut self.tables], visit);
        self.unknowns.each_text(visit);
    }
}

impl Texts for Fact {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.name, &mut self.value], visit);
    }
}

impl Texts for Attached {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.resource, &mut self.facts], visit);
    }
}

impl Texts for FilterView {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.at, &mut self.lists, &mut self.ingress, &mut self.egress], visit);
    }
}

impl Texts for RuleView {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.id, &mut self.action, &mut self.services, &mut self.peers], visit);
        self.near.each_text(visit);
        each(&mut [&mut self.text, &mut self.list, &mut self.origin, &mut self.unknown], visit);
    }
}

impl Texts for TableView {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.table, &mut self.used_by, &mut self.routes], visit);
    }
}

impl Texts for RouteView {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.destinations, &mut self.target, &mut self.resource], visit);
        each(&mut [&mut self.text, &mut self.origin, &mut self.unknown], visit);
    }
}
