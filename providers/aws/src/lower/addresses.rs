//! What an interface tells of its own addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cloudfw_core::{Origin, UnreadAddresses};

use super::label::unknown;
use crate::raw::{NetworkInterface, NetworkInterfaceAssociation};
use cloudfw_core::global_unicast;

/// The addresses of an interface, and what it says badly.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Its addresses with the public ones; primary first, then ascending, IPv4 before IPv6.
    pub(super) addresses: Vec<(IpAddr, Option<IpAddr>)>,
    /// The text of what is no address.
    pub(super) bad: Vec<String>,
    /// Whether one of the primary IPv4 address, and any of IPv6, is among what is none.
    hides: [bool; 2],
}

impl Own {
    /// Why it is not known which the primary IPv4 address is, or which the IPv6 ones are, of an
    /// interface whose subnet has blocks of the one or both.
    pub(super) fn unread(
        &self,
        told: &NetworkInterface,
        subnet_has_v6: bool,
        id: &str,
        origin: &Origin,
    ) -> UnreadAddresses {
        let [hides_v4, hides_v6] = self.hides;
        let no_v4 = told.private_ip_addresses.is_none()
            && told.private_ip_address.is_none()
            && told.ipv6_native.given() != Some(&true);
        let no_v6 = subnet_has_v6 && told.ipv6_addresses.is_none() && told.ipv6_address.is_none();
        let gap = |what: &str, why: &str| Some(unknown(format!("{what} of {id}"), why, origin));
        let bad = "one is not recorded, or not an address";
        UnreadAddresses {
            v4: match (no_v4, hides_v4) {
                (true, _) => gap("the primary address", "`PrivateIpAddresses` is not recorded"),
                (false, true) => gap("the primary address", bad),
                (false, false) => None,
            },
            v6: match (no_v6, hides_v6) {
                (true, _) => gap("the IPv6 addresses", "`Ipv6Addresses` is not recorded"),
                (false, true) => gap("the IPv6 addresses", bad),
                (false, false) => None,
            },
            public: None,
        }
    }
}

/// The rank of the primary IPv4 address.
const PRIMARY: u8 = 0;

pub(super) fn own_addresses(told: &NetworkInterface) -> Own {
    let primary = told.private_ip_address.as_deref();
    let association = told.association.as_ref();
    let mut ranked = Vec::new();
    let mut bad = Vec::new();
    let mut hidden = Vec::new();
    let mut add = |rank: u8, text: Option<&str>, association| match (text, parse(text)) {
        (_, Some(ip)) => ranked.push((rank, ip, public(association))),
        (Some(text), None) => bad.push((rank, text.to_owned())),
        (None, None) => bad.push((rank, "?".to_owned())),
    };
    for one in told.private_ip_addresses.iter().flatten() {
        let text = one.private_ip_address.as_deref();
        let is_primary = one.primary.given() == Some(&true) || (text.is_some() && text == primary);
        let own = one.association.as_ref();
        // Of the primary address the interface's own association tells the same.
        let silent = own.is_none_or(|own| own.public_ip.is_none());
        let association = if is_primary && silent { association.or(own) } else { own };
        if hides_address(association) {
            hidden.push(format!("the public address of {}", text.unwrap_or("?")));
        }
        let rank = if is_primary { PRIMARY } else { 1 };
        add(rank, text.or(primary.filter(|_| is_primary)), association);
    }
    if told.private_ip_addresses.is_none() && primary.is_some() {
        add(PRIMARY, primary, association);
    }
    for one in told.ipv6_addresses.iter().flatten() {
        let is_primary = one.is_primary_ipv6.given() == Some(&true);
        add(if is_primary { 2 } else { 3 }, one.ipv6_address.as_deref(), None);
    }
    if told.ipv6_addresses.is_none() && told.ipv6_address.is_some() {
        add(2, told.ipv6_address.as_deref(), None);
    }
    let knows_primary = ranked.iter().any(|(rank, ..)| *rank == PRIMARY);
    let several = ranked.iter().filter(|(rank, ..)| *rank == 1).nth(1).is_some();
    let hides_v4 = !knows_primary && (several || bad.iter().any(|(rank, _)| *rank < 2));
    let hides = [hides_v4, bad.iter().any(|(rank, _)| *rank >= 2)];
    let bad = bad.into_iter().map(|(_, text)| text).chain(hidden).collect();
    ranked.sort();
    let mut seen = BTreeSet::new();
    ranked.retain(|(_, ip, _)| seen.insert(*ip));
    let addresses = ranked.into_iter().map(|(_, ip, public)| (ip, public)).collect();
    Own { addresses, bad, hides }
}

/// Whether there is a public address that cannot be read. An emulator writes an empty association
/// where there is none.
fn hides_address(association: Option<&NetworkInterfaceAssociation>) -> bool {
    association.is_some_and(|told| {
        public(Some(told)).is_none() && *told != NetworkInterfaceAssociation::default()
    })
}

/// The public address of an association. A private one, or one for many, is none.
pub(super) fn public(association: Option<&NetworkInterfaceAssociation>) -> Option<IpAddr> {
    let told = parse(association?.public_ip.as_deref()).filter(IpAddr::is_ipv4)?;
    global_unicast().contains(told).then_some(told)
}

pub(super) fn parse(text: Option<&str>) -> Option<IpAddr> {
    text?.trim().parse().ok()
}
