//! What AWS itself answers in every VPC, past all filters (AWS-50), and which interface has what of
//! it.
//!
//! Vendor documents name one service at each address, and say nothing of its other ports: whether
//! anything else is answered there is not known.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cloudfw_core::{
    IpSet, Origin, Place, PlatformService, PortSet, Provision, ServiceSet, Serving, Unknown,
};
use ipnet::IpNet;

use super::Lowering;
use super::label::unknown;
use super::table::Entry;
use crate::kind::Kind;
use crate::raw::{Instance, NetworkInterface};

const METADATA: IpAddr = v4(169, 254);
const METADATA_V6: IpAddr = v6(0x254);
const DNS_V6: IpAddr = v6(0x253);
const TIME_V6: IpAddr = v6(0x123);

/// The families of instances from before the Nitro System: a closed list, since new ones are
/// built on it.
const BEFORE_NITRO: [&str; 29] = [
    "c1", "c3", "c4", "cc1", "cc2", "cg1", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hi1",
    "hs1", "i2", "i3", "m1", "m2", "m3", "m4", "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
];

/// A service and where it is.
struct Known {
    name: &'static str,
    addresses: Vec<IpAddr>,
    /// What it answers, by the vendor's documents.
    services: ServiceSet,
    /// What is not known about the rest.
    beyond: &'static str,
}

const NOTHING_ELSE: &str = "the vendor's documents tell of nothing else at its addresses";

fn known() -> [Known; 5] {
    let tcp = |port| ServiceSet::tcp(PortSet::single(port));
    let udp = |port| ServiceSet::udp(PortSet::single(port));
    let beyond = NOTHING_ELSE;
    [
        Known {
            name: "Amazon DNS",
            addresses: vec![v4(169, 253), DNS_V6],
            services: tcp(53).union(&udp(53)),
            beyond,
        },
        Known {
            name: "instance metadata",
            addresses: vec![METADATA, METADATA_V6],
            services: tcp(80),
            beyond,
        },
        Known {
            name: "Amazon Time Sync",
            addresses: vec![v4(169, 123), TIME_V6],
            services: udp(123),
            beyond,
        },
        Known {
            name: "ECS task metadata",
            addresses: vec![v4(170, 2)],
            services: ServiceSet::empty(),
            beyond: "only tasks of ECS have it, and no document tells where tasks run",
        },
        Known {
            name: "Windows activation",
            addresses: vec![v4(169, 250), v4(169, 251)],
            services: tcp(1688),
            beyond,
        },
    ]
}

const fn v4(third: u8, last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(169, 254, third, last))
}

const fn v6(last: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, last))
}

/// The services of a VPC that no filter stands before; the DNS server is also at the base of the
/// primary block plus two.
pub(super) fn platform(primary: Option<IpNet>) -> Vec<PlatformService> {
    let resolver = primary.and_then(|block| match block {
        IpNet::V4(v4) => v4.network().to_bits().checked_add(2).map(Ipv4Addr::from_bits),
        IpNet::V6(_) => None,
    });
    let service = |known: Known| {
        let own = resolver.filter(|_| known.name == "Amazon DNS").map(IpAddr::V4);
        let what = format!("what else {} answers", known.name);
        PlatformService {
            name: known.name.into(),
            addresses: known.addresses.into_iter().chain(own).collect(),
            services: known.services,
            beyond: Some(Unknown::new(what, known.beyond, "")),
        }
    };
    known().into_iter().map(service).collect()
}

impl Lowering<'_> {
    /// What an interface has of the platform's services otherwise than everybody: its instance
    /// may have instance metadata switched off, and may be too old for services over IPv6.
    pub(super) fn provisions(
        &self,
        id: &str,
        entry: &Entry<'_, NetworkInterface>,
    ) -> Vec<Provision> {
        let unsure = |gap| vec![provision(&[METADATA, METADATA_V6], Serving::Unknown(gap))];
        let Some(instance) = self.instance_behind(id, entry) else {
            let what = format!("whether there is instance metadata behind {id}");
            let why = "it is attached to no instance whose `MetadataOptions` would tell";
            return unsure(unknown(what, why, &entry.origin));
        };
        let Some(object) = self.recorded.instances.get(instance, &entry.scope) else {
            let why = self.coverage.why(Kind::Reservations, &entry.scope);
            return unsure(unknown(format!("`MetadataOptions` of {instance}"), why, &entry.origin));
        };
        match (object.contradiction(), object.first()) {
            (Some(contradiction), _) => unsure(contradiction),
            (None, Some(instance)) => of_instance(instance),
            (None, None) => Vec::new(),
        }
    }

    /// The instance that an interface is attached to, as itself or the instance tells it.
    pub(super) fn instance_behind<'e>(
        &'e self,
        id: &str,
        entry: &Entry<'e, NetworkInterface>,
    ) -> Option<&'e str> {
        let attachment = entry.value.attachment.as_ref();
        let own = attachment.and_then(|one| one.instance_id.as_deref());
        own.or_else(|| self.memberships.instance_of(id))
    }
}

fn of_instance(instance: &Entry<'_, Instance>) -> Vec<Provision> {
    let older = before_nitro(instance).map(Serving::Unknown);
    let mut provisions = Vec::new();
    if let Some(older) = &older {
        provisions.push(provision(&[DNS_V6, TIME_V6], older.clone()));
    }
    if let Some(serving) = metadata(instance) {
        provisions.push(provision(&[METADATA, METADATA_V6], serving));
    } else if let Some(serving) = metadata_v6(instance).or(older) {
        provisions.push(provision(&[METADATA_V6], serving));
    }
    provisions
}

/// What there is of instance metadata at all; nothing to say where it is on.
fn metadata(instance: &Entry<'_, Instance>) -> Option<Serving> {
    let options = instance.value.metadata_options.as_ref();
    let gap = |why: String| Some(Serving::Unknown(gap(instance, why)));
    let Some(options) = options else {
        return gap("`MetadataOptions` is not recorded".to_owned());
    };
    match options.state.as_deref() {
        Some("applied") => option(instance, "HttpEndpoint", options.http_endpoint.as_deref()),
        // Until it is applied, the instance may have either.
        Some(state) => gap(format!("`State` of `MetadataOptions` was recorded as `{state}`")),
        None => gap("`State` of `MetadataOptions` is not recorded".to_owned()),
    }
}

/// The same over IPv6, where it is on.
fn metadata_v6(instance: &Entry<'_, Instance>) -> Option<Serving> {
    let options = instance.value.metadata_options.as_ref();
    let told = options.and_then(|options| options.http_protocol_ipv6.as_deref());
    option(instance, "HttpProtocolIpv6", told)
}

fn option(
    instance: &Entry<'_, Instance>,
    name: &'static str,
    told: Option<&str>,
) -> Option<Serving> {
    // The vendor's words: what is off cannot be accessed, and says so to who asks.
    let after = if name == "HttpEndpoint" { " (requests get 403 Forbidden)" } else { "" };
    match told {
        Some("enabled") => None,
        Some("disabled") => Some(Serving::Off {
            text: format!("instance metadata is off: `{name}` is `disabled`{after}").into(),
            origin: member(&instance.origin, name),
        }),
        Some(told) => {
            Some(Serving::Unknown(gap(instance, format!("`{name}` was recorded as `{told}`"))))
        }
        None => Some(Serving::Unknown(gap(instance, format!("`{name}` is not recorded")))),
    }
}

/// Set where services over IPv6 may not answer: only instances on the Nitro System have them.
fn before_nitro(instance: &Entry<'_, Instance>) -> Option<Unknown> {
    let id = instance.value.instance_id.as_deref().unwrap_or("the instance");
    let why = match instance.value.instance_type.as_deref() {
        None => "`InstanceType` is not recorded, which tells whether it is on the Nitro System",
        Some(told) => {
            let family = told.split('.').next().unwrap_or(told);
            if !BEFORE_NITRO.contains(&family) {
                return None;
            }
            "its `InstanceType` is not known to be built on the Nitro System, which they need"
        }
    };
    let what = format!("whether the services over IPv6 answer {id}");
    Some(unknown(what, why, &instance.origin))
}

fn gap(instance: &Entry<'_, Instance>, why: String) -> Unknown {
    let id = instance.value.instance_id.as_deref().unwrap_or("the instance");
    unknown(format!("whether instance metadata is on for {id}"), why, &instance.origin)
}

fn provision(addresses: &[IpAddr], serving: Serving) -> Provision {
    Provision { addresses: addresses.iter().copied().collect::<IpSet>(), serving }
}

/// A member of the metadata options of the instance that stands at `origin`.
fn member(origin: &Origin, name: &'static str) -> Origin {
    match &origin.place {
        Place::Pointer(pointer) => {
            Origin::pointer(&origin.document, pointer.member("MetadataOptions").member(name))
        }
        Place::Line(_) | Place::Implied(_) => origin.clone(),
    }
}
