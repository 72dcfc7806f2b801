//! What Azure itself answers, past every group (AZ-19).

use std::net::{IpAddr, Ipv4Addr};

use cloudfw_core::{
    Id, IpSet, PlatformService, PortSet, Provision, ServiceSet, Serving, Subnet, Unknown,
};

use super::Lowering;
use super::ids::key;
use super::table::Object;
use super::wording::unknown;
use crate::raw;

/// The host's own address: DNS, DHCP, health probes, the guest agent.
const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16));
/// Instance metadata.
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

/// The address that Azure's hosts answer at, as a set.
pub(super) fn host_address() -> IpSet {
    IpSet::single(HOST)
}

impl<'a> Lowering<'a> {
    pub(super) fn lower_platform(&mut self) {
        for router in self.network.routers.values_mut() {
            router.platform = services();
        }
    }

    /// Groups that name the platform filter it after all.
    pub(super) fn platform_of(
        &self,
        object: &Object<'a, raw::NetworkInterface>,
        subnet: &Id<Subnet>,
    ) -> Vec<Provision> {
        let own = object.told().network_security_group.as_ref();
        let of_subnet = self.recorded.subnets.get(subnet.as_str());
        let of_subnet = of_subnet.and_then(|it| it.told().network_security_group.as_ref());
        let mut groups = [own, of_subnet].into_iter().flatten().filter_map(|it| it.id.as_deref());
        let names = |id: &str| self.name_platform.contains(&key(id));
        if !groups.any(names) {
            return Vec::new();
        }
        let why = "a rule names a service of the platform, which is then filtered as well: that is \
                   not modelled (AZ-19)";
        let unknown = unknown("what the platform answers", why, &object.entry.origin);
        let addresses = IpSet::single(HOST).union(&IpSet::single(METADATA));
        vec![Provision { addresses, serving: Serving::Unknown(unknown) }]
    }
}

fn services() -> Vec<PlatformService> {
    let tcp = |port: u16| ServiceSet::tcp(PortSet::single(port));
    let dns = tcp(53).union(&ServiceSet::udp(PortSet::single(53)));
    let agent = tcp(80).union(&tcp(32526));
    let why = "documents do not tell what else it answers";
    vec![
        PlatformService {
            name: "the host (DNS and guest agent)".into(),
            addresses: IpSet::single(HOST),
            services: dns.union(&agent),
            beyond: Some(Unknown::new("what 168.63.129.16 answers", why, "")),
        },
        PlatformService {
            name: "instance metadata".into(),
            addresses: IpSet::single(METADATA),
            services: tcp(80),
            beyond: Some(Unknown::new("what 169.254.169.254 answers", why, "")),
        },
    ]
}
