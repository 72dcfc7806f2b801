//! Probes of load balancers: a machine that does not let them in is handed nothing (AZ-32).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Direction, Group, HeaderSpace, Id, Identity, IpSet, Member, Phase, PortSet, ServiceSet, Sight,
    Stack, StateSet, Unknown, evaluate_stack,
};

use super::Lowering;
use super::balancer::Part;
use super::ids::{self, key};
use super::platform::host_address;
use super::wording::unknown;
use crate::raw;

/// What is asked at an interface, and the groups that it is in.
pub(super) struct Machine<'s> {
    pub(super) stack: &'s Stack,
    pub(super) groups: &'s BTreeSet<Id<Group>>,
}

impl Lowering<'_> {
    /// Why a machine may be handed nothing by a rule: its own filters do not let the probe in for
    /// certain, and a balancer hands nothing to a machine that seems down.
    pub(super) fn doubt_of_probe(
        &self,
        rule: &Part<'_, '_, raw::LoadBalancingRule>,
        own: IpAddr,
        machine: &Machine<'_>,
    ) -> Option<Unknown> {
        let wanted = key(ids::of_reference(rule.told.properties.probe.as_ref()?));
        let mut probes = rule.balancer.told().probes.iter().flatten();
        let probe = probes.find(|it| it.id.as_deref().map(key) == Some(Arc::clone(&wanted)));
        let port = probe.and_then(|it| it.properties.port.given());
        let port = port.and_then(|port| u16::try_from(*port).ok());
        // A port that is not told may be any.
        let ports = port.map_or(PortSet::full(), PortSet::single);
        let to = IpSet::single(own);
        let asked = HeaderSpace::from_cube(host_address(), to.clone(), ServiceSet::tcp(ports));
        let sight = Sight {
            source: None,
            destination: Some(Member { groups: machine.groups, addresses: to }),
            identity: Identity::Lost,
            near: Some(Direction::Ingress),
            state: StateSet::NEW,
        };
        let filters = machine.stack.filters.iter();
        let filters = filters.filter_map(|id| self.network.filters.get(id)).map(|it| &**it);
        let ingress = Direction::Ingress;
        let told = evaluate_stack(filters, ingress, Phase::Opening, &asked, &sight);
        if told.deny.is_empty() {
            return None;
        }
        let what = format!("whether {own} seems up to `{}`", ids::name(rule.balancer.id));
        let why = "its security groups may not let in the probe, which comes from 168.63.129.16 \
                   (AzureLoadBalancer), and nothing is handed to a machine that seems down (AZ-32)";
        Some(unknown(what, why, &rule.origin))
    }
}
