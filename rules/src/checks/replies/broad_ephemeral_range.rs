//! `broad-ephemeral-range`.

use cloudfw_core::{Client, PortSet, Protocol, ServiceSet};

use crate::checks::order;
use crate::checks::order::openness::{Openness, openness};
use crate::reading::{allows, is_written};
use crate::wording;
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

/// A rule of no more ports than this is about a service and not about ephemeral ports.
const MOST_OF_A_SERVICE: u128 = 1024;

pub(super) static CHECK: Check = Check {
    id: "broad-ephemeral-range",
    title: "The range that a network ACL opens for replies lets a service in as well",
    severity: Severity::Medium,
    evaluation: Evaluation::Graph,
    controls: &["CFW-NACL-011"],
    explanation: Explanation {
        finds: "Network ACLs that let the ephemeral ports of Linux or Windows in from the internet, as \
                replies to calls of one's own need it, while groups behind them open a service within \
                that range to the internet: 3306, 3389, 5432, 8080 … Medium where it is proved that \
                the service can be reached, low where something else stops it. Services that a rule \
                of their own lets in are left out: they are meant.",
        why: "An ACL cannot tell a reply from an opening packet. Whoever reads it as \"only 443 and \
              replies\" relies on a fence that is not there.",
        example: "acl-app  ingress 100 allow tcp 443 from 0.0.0.0/0\n\
                  acl-app  ingress 200 allow tcp 1024-65535 from 0.0.0.0/0\n\
                  sg-app   ingress     allow tcp 8080 from 0.0.0.0/0",
        instead: "Deny the service from the internet before the range, or close it in the group. A \
                  range that fits the clients (32768-60999) exposes less.",
        limits: "Only ranges that are open to as much of the internet as a /8 of IPv4 or a /16 of IPv6. \
                 An ACL that lets everything in is told by acl-open-to-all.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html",
            "https://www.rfc-editor.org/rfc/rfc6056",
        ],
    },
    run: |audit| {
        let is_told =
            |open: &Openness<'_, '_>| audit.asks(order::OPEN_TO_ALL.id) && open.opens_everything();
        let lists = openness(audit).filter(|open| !is_told(open));
        lists.filter_map(|open| look(audit, &open)).collect()
    },
};

fn look(audit: &Audit<'_>, open: &Openness<'_, '_>) -> Option<Finding> {
    let protocols = [Protocol::TCP, Protocol::UDP].into_iter();
    let ranges = protocols.filter(|protocol| opens_a_range(open, *protocol));
    let beyond = ranges.fold(ServiceSet::empty(), |all, protocol| {
        all.union(&ports(protocol, &Client::any().ports))
    });
    if beyond.is_empty() {
        return None;
    }
    let services = opened_behind(audit, open).intersection(&beyond).difference(&meant(open));
    if services.is_empty() || !open.opens_any(&services) {
        return None;
    }
    let label = open.listed.label();
    let words = wording::services(&services);
    let message = format!(
        "lets ephemeral ports in from the internet, and with them {words}, which groups open"
    );
    let advice = format!(
        "Deny {words} from the internet in {label} before the range of ephemeral ports, or close \
         it in the groups; if it is meant, give it a rule of its own."
    );
    let mut finding = open.finding(CHECK.id, Severity::Medium, &services, &message, advice);
    finding.controls = CHECK.controls.iter().copied().collect();
    Some(finding)
}

fn ports(protocol: Protocol, ports: &PortSet) -> ServiceSet {
    ServiceSet::ports(protocol, PortSet::full(), ports.clone())
}

fn opens_a_range(open: &Openness<'_, '_>, protocol: Protocol) -> bool {
    let clients = [Client::linux(), Client::windows()];
    clients.iter().any(|client| open.opens_all(&ports(protocol, &client.ports)))
}

/// What the groups of interfaces behind a list open to the internet, read alone.
fn opened_behind(audit: &Audit<'_>, open: &Openness<'_, '_>) -> ServiceSet {
    let mut services = ServiceSet::empty();
    for exposure in audit.exposures().iter().filter(|exposure| exposure.is_internet) {
        let behind = exposure.at.iter().any(|at| {
            let interface = audit.network().interfaces.get(at.interface);
            interface.is_some_and(|interface| open.listed.subnets.contains(&interface.subnet))
        });
        if behind && exposure.subject != open.listed.label() {
            services = services.union(&exposure.literal);
        }
    }
    services
}

/// What rules of their own let in.
fn meant(open: &Openness<'_, '_>) -> ServiceSet {
    let rules = open.listed.list.rules.iter().filter(|rule| allows(rule) && is_written(rule));
    let narrow =
        rules.filter(|rule| rule.matches.services.destination_ports().count() <= MOST_OF_A_SERVICE);
    narrow.fold(ServiceSet::empty(), |all, rule| all.union(&rule.matches.services))
}
