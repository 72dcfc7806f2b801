//! Whether an interface opens connections of its own, or only answers those of others.

use cloudfw_core::{Initiative, Unknown};

use super::Lowering;
use super::label::unknown;
use super::table::{Entry, Object};
use crate::raw::NetworkInterface;

/// How services describe the interfaces that they are reached by, and what those are. No document
/// says that they open connections, and none that they do not.
const REACHED: [(&str, &str); 2] = [
    ("EFS mount target", "a mount target"),
    ("Route 53 Resolver: rslvr-in", "an inbound endpoint of the resolver"),
];

impl Lowering<'_> {
    /// Whether an interface opens connections, by its type and by who tells of it.
    pub(super) fn initiative(
        &self,
        object: &Object<'_, NetworkInterface>,
        entry: &Entry<'_, NetworkInterface>,
        is_nat: bool,
    ) -> Initiative {
        if let Some(contradiction) = object.contradiction() {
            return Initiative::Unknown(contradiction);
        }
        if is_nat || self.instance_behind(object.id, entry).is_some() {
            return Initiative::Opens;
        }
        let told = entry.value;
        if self.memberships.endpoints.contains(object.id) {
            return endpoint();
        }
        match told.interface_type.as_deref() {
            Some("vpc_endpoint") => endpoint(),
            Some("interface" | "efa" | "efa-only" | "trunk" | "branch") => by_description(entry)
                .map_or(Initiative::Opens, |why| Initiative::Unknown(gap(object.id, why, entry))),
            // What is behind these is a client of something else: of targets, of databases, of
            // whatever a function calls.
            Some(
                "lambda"
                | "load_balancer"
                | "network_load_balancer"
                | "gateway_load_balancer"
                | "nat_gateway"
                | "natGateway"
                | "quicksight"
                | "api_gateway_managed"
                | "iot_rules_managed"
                | "aws_codestar_connections_managed"
                | "ec2_instance_connect_endpoint",
            ) => Initiative::Opens,
            Some("efs") => Initiative::Unknown(gap(object.id, silent(REACHED[0].1), entry)),
            Some(told @ ("transit_gateway" | "gateway_load_balancer_endpoint")) => {
                let why = format!(
                    "an interface of type `{told}` passes on the connections of others; no \
                     document says that it opens its own"
                );
                Initiative::Unknown(gap(object.id, why, entry))
            }
            Some(other) => {
                let why = format!("no document says so of interfaces of type `{other}`");
                Initiative::Unknown(gap(object.id, why, entry))
            }
            None => {
                let why = "`InterfaceType` is not recorded".to_owned();
                Initiative::Unknown(gap(object.id, why, entry))
            }
        }
    }
}

/// Only consumers open connections through AWS PrivateLink.
fn endpoint() -> Initiative {
    Initiative::Answers("an interface endpoint opens no connections, its consumers do".into())
}

/// Why an interface of a common type may not open connections.
fn by_description(entry: &Entry<'_, NetworkInterface>) -> Option<String> {
    let Some(description) = entry.value.description.as_deref() else {
        return Some("`Description` is not recorded, which tells what it belongs to".to_owned());
    };
    let reached = REACHED.iter().find(|(begins, _)| description.starts_with(begins));
    reached.map(|(_, what)| silent(what))
}

fn silent(what: &str) -> String {
    format!("no document says whether {what} opens connections of its own")
}

fn gap(id: &str, why: String, entry: &Entry<'_, NetworkInterface>) -> Unknown {
    unknown(format!("whether {id} opens connections"), why, &entry.origin)
}
