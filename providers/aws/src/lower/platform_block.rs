//! What AWS stops by itself, apart from rules: mail to the internet (AWS-51), and what goes over an
//! internet gateway from or to an interface that was told to have nothing to do with it.
//!
//! No document says everything about either, so that nothing is proved where they may act.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Filter, Id, Label, Match, Passage, Peer, Peers, PortSet, Rule, RuleList,
    ServiceSet, Tracking, Unknown, WithoutState,
};

use super::Lowering;
use super::label::nowhere;
use cloudfw_core::global_unicast;

impl Lowering<'_> {
    /// Puts the block of TCP 25 on every way to the internet.
    pub(super) fn lower_port_25(&mut self) {
        let is_border = |passage: &Passage| matches!(passage, Passage::Border { .. });
        if !self.network.gateways.values().any(|gateway| is_border(&gateway.passage)) {
            return;
        }
        let filter = self.add_filter("outbound port 25", port_25());
        for gateway in self.network.gateways.values_mut() {
            if is_border(&gateway.passage) {
                gateway.stack.filters.push(filter.clone());
            }
        }
    }

    /// What stands before an interface with `DenyAllIgwTraffic`.
    pub(super) fn denied_from_gateways(&mut self) -> Id<Filter> {
        self.add_filter("traffic of internet gateways", gateway_traffic())
    }
}

fn port_25() -> Filter {
    let unknown = Unknown::new(
        "whether AWS lets TCP 25 out of this account",
        "it is blocked unless AWS was asked to lift that, which no document tells",
        "",
    );
    let mail =
        Match { doubt: Some(unknown), ..Match::services(ServiceSet::tcp(PortSet::single(25))) };
    let label = label("blocks outbound mail by default", "outbound-port-25");
    filter(label, Tracking::Stateless, vec![], vec![deny("port-25", mail)])
}

fn gateway_traffic() -> Filter {
    let doubt = |what: &str| {
        Some(Unknown::new(what, "`DenyAllIgwTraffic` is on, which is not modelled in full", ""))
    };
    let internet = || Peers::Of(vec![Peer::addresses(global_unicast())]);
    let from_internet = Match {
        doubt: doubt("what the interface takes from the internet"),
        sources: internet(),
        ..Match::any()
    };
    let to_internet = Match {
        doubt: doubt("what the interface sends to the internet"),
        destinations: internet(),
        ..Match::any()
    };
    let label = label("denies traffic of internet gateways", "deny-all-igw-traffic");
    let tracking = Tracking::Stateful { without_state: WithoutState::Unknown };
    let (ingress, egress) = (deny("internet", from_internet), deny("internet", to_internet));
    filter(label, tracking, vec![ingress], vec![egress])
}

pub(super) fn label(name: &str, kind: &'static str) -> Label {
    Label { id: "AWS".into(), name: Some(name.into()), kind, scope: "".into(), origin: nowhere() }
}

pub(super) fn deny(id: &str, matches: Match) -> Rule {
    let action = Action::Deny(Denial::Drop);
    Rule { id: id.into(), matches, action, origin: nowhere() }
}

/// Denies what is given, and lets the rest on.
pub(super) fn filter(
    label: Label,
    tracking: Tracking,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
) -> Filter {
    let list = |mut rules: Vec<Rule>| {
        // An id of nothing: it goes without saying.
        let (id, matches) = ("".into(), Match::any());
        rules.push(Rule { id, matches, action: Action::Allow, origin: nowhere() });
        vec![Arc::new(RuleList { label: label.clone(), rules })]
    };
    let (ingress, egress) = (list(ingress), list(egress));
    Filter { label, tracking, ingress, egress, chains: BTreeMap::new() }
}
