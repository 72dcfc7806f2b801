//! Peerings of virtual networks (AZ-60 to AZ-64).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{Gateway, Id, Identity, IpSet, Origin, Passage, Router, Stack, Unknown};
use ipnet::IpNet;

use super::Lowering;
use super::addresses::prefixes;
use super::ids::{self, key};
use super::table::Object;
use super::wording::{label, missing, not_recorded, unknown};
use crate::kind::Kind;
use crate::raw::{self, AddressSpace, Field};

/// One side of a peering.
#[derive(Clone)]
pub(super) struct Side<'o, 'a> {
    pub(super) object: &'o Object<'a, raw::VirtualNetworkPeering>,
    /// The network whose side it is.
    pub(super) of: Id<Router>,
    /// The other one.
    pub(super) to: Id<Router>,
}

impl<'a> Lowering<'a> {
    pub(super) fn lower_peerings(&mut self) {
        let recorded = self.recorded;
        for object in recorded.peerings.iter() {
            let Some(side) = side(object) else {
                let what = format!("the other end of the peering `{}`", ids::name(object.id));
                let gap = unknown(what, "it is not told", &object.entry.origin);
                self.warn(gap.clone());
                if let Some(of) = ids::parent(object.id) {
                    self.loose.entry(Id::new(key(of))).or_default().insert(gap);
                }
                continue;
            };
            self.know_end(&side);
            self.doubt_untold_space(&side);
            let other = self.other_side(&side);
            // The side of the lower key stands for both.
            if other.as_ref().is_some_and(|other| other.object.key < object.key) {
                continue;
            }
            let gateway = self.link(&side, other.as_ref());
            self.network.gateways.insert(link_id(&side), gateway);
        }
    }

    /// A peering that does not tell what it routes to a network that nobody recorded may route
    /// anything there.
    fn doubt_untold_space(&mut self, side: &Side<'_, 'a>) {
        let told = side.object.told();
        let is_told = remote_space(told).is_some_and(|it| it.address_prefixes.is_some());
        if is_told || self.recorded.virtual_networks.get(side.to.as_str()).is_some() {
            return;
        }
        let what = format!("what `{}` routes", ids::name(side.object.id));
        let why = "it does not tell the addresses of the other network, which is not recorded";
        let gap = unknown(what, why, &side.object.field("remoteAddressSpace"));
        self.loose.entry(side.of.clone()).or_default().insert(gap);
    }

    /// The network that a peering leads to, as far as the peering tells of it.
    fn know_end(&mut self, side: &Side<'_, 'a>) {
        let told = side.object.told();
        let local = told.local_address_space.as_ref();
        let local = local.or(told.local_virtual_network_address_space.as_ref());
        for (network, space) in [(&side.to, remote_space(told)), (&side.of, local)] {
            let texts = space.and_then(|it| it.address_prefixes.as_ref());
            let (addresses, _) = prefixes(texts.into_iter().flatten().map(String::as_str));
            if let Some(known) = self.network.routers.get_mut(network) {
                // Made up for another peering, which did not tell them.
                if known.addresses.is_empty() {
                    known.addresses = addresses;
                }
                continue;
            }
            let origin = &side.object.entry.origin;
            let why = self.coverage.why(Kind::VirtualNetworks, network.as_str());
            let gap = not_recorded("the virtual network", network.as_str(), why, origin);
            let router = Router {
                label: missing(network.as_str(), "virtual-network", origin),
                addresses,
                platform: Vec::new(),
                unread: Vec::new(),
            };
            self.network.routers.insert(network.clone(), router);
            self.warn(gap.clone());
            self.make_vague(network, gap);
        }
    }

    fn link(&self, side: &Side<'_, 'a>, other: Option<&Side<'_, 'a>>) -> Gateway {
        let mut doubts = Vec::new();
        let mut closed = closed(side.object, &mut doubts);
        self.doubt_side(side.object, &mut doubts);
        match other {
            Some(other) => {
                closed = closed.or_else(|| self::closed(other.object, &mut doubts));
                self.doubt_side(other.object, &mut doubts);
            }
            None => {
                let why = self.coverage.why(Kind::VirtualNetworks, side.to.as_str());
                let what = "the other side of the peering";
                doubts.push(unknown(what, why, &side.object.entry.origin));
            }
        }
        let ends = [side.of.clone(), side.to.clone()];
        Gateway {
            label: label(side.object, "virtual-network-peering"),
            // Application security groups are of one network (AZ-18): no rule refers across.
            passage: Passage::Link { ends, identity: Identity::Kept },
            stack: Stack::default(),
            closed,
            doubts,
        }
    }

    /// What of a side cloudfw cannot follow.
    fn doubt_side(
        &self,
        object: &Object<'a, raw::VirtualNetworkPeering>,
        doubts: &mut Vec<Unknown>,
    ) {
        let told = object.told();
        if refuses(&told.allow_virtual_network_access) {
            let what = "whether packets that a rule of its own allows go over the peering";
            let why = "allowVirtualNetworkAccess is not true: documents say that nothing passes, \
                       tests that only the tag VirtualNetwork is without the peer (AZ-61)";
            doubts.push(unknown(what, why, &object.field("allowVirtualNetworkAccess")));
        }
        if is_in_part(told) && !is_told_in_part(told) {
            let what = "which subnets the peering joins";
            let why = "it joins single subnets, and does not tell both sides and their addresses \
                       (AZ-64)";
            doubts.push(unknown(what, why, &object.field("peerCompleteVnets")));
        }
        if told.enable_only_ipv6_peering.given() == Some(&true) {
            let why = "peerings of IPv6 alone are not modelled";
            doubts.push(unknown(
                "what the peering carries",
                why,
                &object.field("enableOnlyIPv6Peering"),
            ));
        }
        if object.is_contradicted {
            let why = "documents of the recording tell it in different ways";
            doubts.push(unknown("what the peering is like", why, &object.entry.origin));
        }
    }

    /// The same peering as the other network has it.
    fn other_side(&self, side: &Side<'_, 'a>) -> Option<Side<'a, 'a>> {
        let of_other = self.sides.get(&side.to);
        of_other.into_iter().flatten().find(|other| other.to == side.of).cloned()
    }

    /// The links of a subnet's network with the prefixes that Azure routes into each (AZ-53). A side
    /// that is not connected adds no routes (AZ-60), nor one of other subnets (AZ-64).
    pub(super) fn peers_of(
        &self,
        router: &Id<Router>,
        subnet: &str,
    ) -> Vec<(Id<Gateway>, Vec<IpNet>)> {
        let mut found = Vec::new();
        for side in self.sides_of(router) {
            // One whose state is not told may be connected: its link doubts it.
            if state_of(side.object) == Some(false) || !joins(side.object.told(), subnet) {
                continue;
            }
            let link = self.link_of(&side);
            let space =
                remote_space(side.object.told()).and_then(|it| it.address_prefixes.as_ref());
            let (told, _) = prefixes(space.into_iter().flatten().map(String::as_str));
            let set = if space.is_some() { told } else { self.addresses_of(&side.to) };
            found.push((link, set.nets()));
        }
        found
    }

    /// The link over which a subnet of a network reaches an address of another one, by the other's
    /// key.
    pub(super) fn link_to(
        &self,
        (router, subnet): (&Id<Router>, &str),
        (other, address): (&str, IpNet),
    ) -> Option<Id<Gateway>> {
        let sides = self.sides_of(router);
        let side = sides.iter().find(|side| side.to.as_str() == other)?;
        let told = side.object.told();
        if is_in_part(told) {
            let space = remote_space(told).and_then(|it| it.address_prefixes.as_ref());
            let (set, _) = prefixes(space.into_iter().flatten().map(String::as_str));
            if !joins(told, subnet) || !IpSet::from(address).is_subset(&set) {
                return None;
            }
        }
        (state_of(side.object) != Some(false)).then(|| self.link_of(side))
    }

    /// Whether some peering of a network joins single subnets of it (AZ-64).
    pub(super) fn is_joined_in_part(&self, router: &Id<Router>) -> bool {
        self.sides_of(router).iter().any(|side| is_in_part(side.object.told()))
    }

    /// The networks that a connected peering joins a network to.
    pub(super) fn peered_routers(&self, router: &Id<Router>) -> Vec<Id<Router>> {
        let sides = self.sides_of(router).into_iter();
        sides.filter(|side| state_of(side.object) == Some(true)).map(|side| side.to).collect()
    }

    /// What the tag `VirtualNetwork` holds of a network's peers, for certain and perhaps (AZ-30,
    /// AZ-61).
    pub(super) fn tagged_peers(
        &self,
        router: &Id<Router>,
        subnet: &str,
    ) -> (IpSet, Vec<(IpSet, Unknown)>) {
        let (mut certain, mut possibly) = (Vec::new(), Vec::new());
        for side in self.sides_of(router) {
            let told = side.object.told();
            let space = remote_space(told).and_then(|it| it.address_prefixes.as_ref());
            let (set, _) = prefixes(space.into_iter().flatten().map(String::as_str));
            let set = if space.is_some() { set } else { self.addresses_of(&side.to) };
            let access = &told.allow_virtual_network_access;
            if !joins(told, subnet) && state_of(side.object) != Some(false) {
                let what =
                    format!("whether `{}` is in VirtualNetwork", ids::name(side.to.as_str()));
                let why = "the peering joins other subnets, and what the tag is in this one is not \
                           documented (AZ-64)";
                possibly.push((set, unknown(what, why, &side.object.entry.origin)));
                continue;
            }
            match (state_of(side.object), access.given()) {
                (Some(true), Some(true)) => certain.push(set),
                (Some(true), None) | (None, Some(true) | None) => {
                    let what =
                        format!("whether `{}` is in VirtualNetwork", ids::name(side.to.as_str()));
                    let why =
                        "the peering does not tell its state, or its allowVirtualNetworkAccess";
                    possibly.push((set, unknown(what, why, &side.object.entry.origin)));
                }
                (_, Some(false)) | (Some(false), _) => {}
            }
        }
        (IpSet::union_of(&certain), possibly)
    }

    /// The sides of peerings that are of a network.
    pub(super) fn sides_of(&self, router: &Id<Router>) -> Vec<Side<'a, 'a>> {
        self.sides.get(router).cloned().unwrap_or_default()
    }

    fn link_of(&self, side: &Side<'_, 'a>) -> Id<Gateway> {
        match self.other_side(side) {
            Some(other) if other.object.key < side.object.key => link_id(&other),
            _ => link_id(side),
        }
    }

    fn addresses_of(&self, router: &Id<Router>) -> IpSet {
        self.network.routers.get(router).map(|it| it.addresses.clone()).unwrap_or_default()
    }
}

/// The sides of all peerings, by the network that they are of, each in the order of the keys.
pub(super) fn sides<'a>(
    recorded: &'a super::Recorded<'a>,
) -> BTreeMap<Id<Router>, Vec<Side<'a, 'a>>> {
    let mut sides: BTreeMap<Id<Router>, Vec<Side<'a, 'a>>> = BTreeMap::new();
    for side in recorded.peerings.iter().filter_map(side) {
        sides.entry(side.of.clone()).or_default().push(side);
    }
    sides
}

fn side<'o, 'a>(object: &'o Object<'a, raw::VirtualNetworkPeering>) -> Option<Side<'o, 'a>> {
    let of = Id::new(key(ids::parent(object.id)?));
    let remote = object.told().remote_virtual_network.as_ref()?.id.as_deref()?;
    Some(Side { object, of, to: Id::new(key(remote)) })
}

/// Whether a peering joins single subnets (AZ-64).
fn is_in_part(peering: &raw::VirtualNetworkPeering) -> bool {
    let names = peering.local_subnet_names.iter().chain(&peering.remote_subnet_names);
    peering.peer_complete_vnets.given() == Some(&false)
        || peering.peer_complete_vnets.bad().is_some()
        || names.flatten().next().is_some()
}

/// Whether a peering that joins single subnets tells which, on both sides, and their addresses.
fn is_told_in_part(peering: &raw::VirtualNetworkPeering) -> bool {
    let names = [&peering.local_subnet_names, &peering.remote_subnet_names];
    peering.peer_complete_vnets.given() == Some(&false)
        && names.into_iter().all(|names| names.as_ref().is_some_and(|names| !names.is_empty()))
        && remote_space(peering).is_some_and(|space| space.address_prefixes.is_some())
}

/// Whether a peering is for a subnet of its own side, or may be.
fn joins(peering: &raw::VirtualNetworkPeering, subnet: &str) -> bool {
    let own = ids::name(subnet);
    !is_told_in_part(peering)
        || peering.local_subnet_names.iter().flatten().any(|name| name.eq_ignore_ascii_case(own))
}

fn link_id(side: &Side<'_, '_>) -> Id<Gateway> {
    Id::new(Arc::clone(&side.object.key))
}

/// The prefixes of the other network as Azure has routed them.
fn remote_space(peering: &raw::VirtualNetworkPeering) -> Option<&AddressSpace> {
    peering.remote_address_space.as_ref().or(peering.remote_virtual_network_address_space.as_ref())
}

/// Whether a side is connected, where that is told.
fn state_of(object: &Object<'_, raw::VirtualNetworkPeering>) -> Option<bool> {
    let state = object.told().peering_state.as_deref()?;
    if state.eq_ignore_ascii_case("Connected") {
        return Some(true);
    }
    let others: BTreeSet<&str> = BTreeSet::from(["initiated", "disconnected"]);
    others.contains(state.to_ascii_lowercase().as_str()).then_some(false)
}

/// Why a side carries nothing (AZ-60).
fn closed(
    object: &Object<'_, raw::VirtualNetworkPeering>,
    doubts: &mut Vec<Unknown>,
) -> Option<Arc<str>> {
    let state = object.told().peering_state.as_deref().unwrap_or_default();
    match state_of(object) {
        Some(true) => None,
        Some(false) => Some(format!("the peering is {}", state.to_ascii_lowercase()).into()),
        None => {
            let why = "peeringState is not told, or a word that cloudfw does not know";
            doubts.push(unknown("whether the peering is connected", why, &origin_of(object)));
            None
        }
    }
}

fn origin_of(object: &Object<'_, raw::VirtualNetworkPeering>) -> Origin {
    object.field("peeringState")
}

fn refuses(field: &Field<bool>) -> bool {
    field.given() != Some(&true)
}
