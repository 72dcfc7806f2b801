//! Mail from inside to the internet (AWS-51): AWS blocks TCP 25 unless it was asked not to, and no
//! document says whether it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Filter, Label, Match, Passage, PortSet, Rule, RuleList, ServiceSet, Tracking,
    Unknown,
};

use super::Lowering;
use super::label::nowhere;

impl Lowering<'_> {
    /// Puts the block on every way to the internet.
    pub(super) fn lower_port_25(&mut self) {
        let is_border = |passage: &Passage| matches!(passage, Passage::Border { .. });
        if !self.network.gateways.values().any(|gateway| is_border(&gateway.passage)) {
            return;
        }
        let filter = self.add_filter("outbound port 25", filter());
        for gateway in self.network.gateways.values_mut() {
            if is_border(&gateway.passage) {
                gateway.stack.filters.push(filter.clone());
            }
        }
    }
}

fn filter() -> Filter {
    let label = Label {
        id: "AWS".into(),
        name: Some("blocks outbound mail by default".into()),
        kind: "outbound-port-25",
        scope: "".into(),
        origin: nowhere(),
    };
    let unknown = Unknown::new(
        "whether AWS lets TCP 25 out of this account",
        "it is blocked unless AWS was asked to lift that, which no document tells",
        "",
    );
    let mail =
        Match { doubt: Some(unknown), ..Match::services(ServiceSet::tcp(PortSet::single(25))) };
    let rule =
        |id: &str, matches, action| Rule { id: id.into(), matches, action, origin: nowhere() };
    // An id of nothing: it goes without saying.
    let rest = rule("", Match::any(), Action::Allow);
    let list = |rules| vec![Arc::new(RuleList { label: label.clone(), rules })];
    Filter {
        tracking: Tracking::Stateless,
        ingress: list(vec![rest.clone()]),
        egress: list(vec![rule("port-25", mail, Action::Deny(Denial::Drop)), rest]),
        chains: BTreeMap::new(),
        label: label.clone(),
    }
}
