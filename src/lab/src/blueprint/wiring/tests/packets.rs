//! Real packets through wirings: what the client sees, and where its packets end.

mod filters;
mod gateways;
mod routes;

use std::io::Write as _;
use std::net::IpAddr;
use std::sync::Once;

use super::blueprints::{acl, estate};
use crate::blueprint::wiring::{Wired, wire};
use crate::blueprint::{Blueprint, Filter};
use crate::kernel::Raised;
use crate::kernel::availability;
use crate::kernel::plan::SpaceId;
use crate::kernel::probe::{Ask, Observed, Probe};

/// A probe in words: from, to, what for.
type Sent<'a> = (&'a str, &'a str, Ask);

const HTTPS: Ask = Ask::Tcp(443);
const DNS: Ask = Ask::Udp(53);

/// Whether packets can be sent here. Where they cannot, the test passes with a line that says so,
/// unless `CLOUDFW_REQUIRE` names the lab.
fn available() -> bool {
    let Err(why) = availability() else { return true };
    let required = std::env::var("CLOUDFW_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == "lab"), "{why}");
    // Past the test runner, which would hide it.
    static SAID: Once = Once::new();
    SAID.call_once(|| writeln!(std::io::stderr(), "wirings: skipped: {why}").unwrap_or_default());
    false
}

struct Net {
    wired: Wired,
    raised: Raised,
    blueprint: Blueprint,
    port: u16,
}

impl Net {
    fn raise(blueprint: Blueprint) -> Self {
        let wired = wire(&blueprint).unwrap();
        let raised = Raised::raise(&wired.plan).unwrap();
        Self { wired, raised, blueprint, port: 40_000 }
    }

    /// Where an address lives: an interface's by `id` or `id/address`, or the outside's.
    fn end(&self, end: &str) -> Option<(SpaceId, IpAddr)> {
        let (id, wanted) = match end.split_once('/') {
            Some((id, address)) => (id, Some(address.parse::<IpAddr>().unwrap())),
            None => (end, None),
        };
        if let Ok(address) = id.parse::<IpAddr>() {
            let outside = self.blueprint.outside.contains(&address);
            return outside.then_some((self.wired.outside, address));
        }
        let interface = self.blueprint.interfaces.iter().find(|own| own.id == id).unwrap();
        let address = wanted.unwrap_or(interface.addresses[0].0);
        Some((self.wired.interfaces[id], address))
    }

    /// To `id` (its first address), `id/address`, `id@dialled` (its first address, by another
    /// one), or an address.
    fn probe(&mut self, (from, to, ask): Sent<'_>) -> Probe {
        self.port += 1;
        let (source, from) = self.end(from).unwrap();
        let (to, dialled) = match to.split_once('@') {
            Some((id, dialled)) => (self.end(id), Some(dialled.parse().unwrap())),
            None => (self.end(to), to.parse().ok()),
        };
        let dialled = dialled.unwrap_or_else(|| to.unwrap().1);
        let listener = to;
        Probe { source, from, port: self.port, to: dialled, ask, listener }
    }

    fn send(&mut self, sent: &[Sent<'_>]) -> Vec<String> {
        let probes: Vec<Probe> = sent.iter().map(|sent| self.probe(*sent)).collect();
        let observed = self.raised.send(&probes).unwrap();
        observed.iter().map(|one| self.words(one)).collect()
    }

    fn words(&self, observed: &Observed) -> String {
        let mut words = format!("{:?}", observed.outcome);
        for (site, leg) in &observed.dropped {
            let site = &self.wired.plan.sites[site.0 as usize];
            words += &format!(", {leg:?}: {site}");
        }
        words
    }
}

/// Sends all at once, and compares.
fn expect(blueprint: Blueprint, expected: &[(&str, &str, Ask, &str)]) {
    if !available() {
        return;
    }
    let mut net = Net::raise(blueprint);
    let sent: Vec<Sent<'_>> =
        expected.iter().map(|(from, to, ask, _)| (*from, *to, *ask)).collect();
    let seen = net.send(&sent);
    let told: Vec<String> = expected
        .iter()
        .zip(&seen)
        .filter(|((.., wanted), seen)| wanted != seen)
        .map(|((from, to, ask, wanted), seen)| {
            format!("{from} -> {to} {ask:?}\n  wanted {wanted}\n  seen   {seen}")
        })
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

const OK: &str = "Connected";

#[test]
fn an_open_estate() {
    let all: Vec<(&str, &str, &str)> = vec![
        ("web", "web2", OK),
        ("web", "app", OK),
        ("app", "db", OK),
        ("db", "web", OK),
        ("web", "peer", OK),
        ("peer", "web", OK),
        ("peer", "app", "TimedOut, Return: NoTranslation at nat-a"),
        ("web", "203.0.113.7", OK),
        ("203.0.113.7", "web@198.51.100.10", OK),
        ("203.0.113.7", "peer@198.51.100.20", OK),
        // Out and in again: by the border, to a subnet neighbour, to itself, to another router.
        ("web", "web2@198.51.100.11", OK),
        ("web", "web@198.51.100.10", OK),
        ("web", "peer@198.51.100.20", OK),
        ("peer", "web@198.51.100.10", OK),
        // Through the NAT gateway of another subnet.
        ("app", "203.0.113.7", OK),
        ("app", "web@198.51.100.10", OK),
        ("app", "peer@198.51.100.20", OK),
        // IPv6.
        ("web/2001:db8:a:1::10", "app/2001:db8:a:2::10", OK),
        ("web/2001:db8:a:1::10", "2001:db8:ffff::7", OK),
        ("2001:db8:ffff::7", "web/2001:db8:a:1::10", OK),
        ("app/2001:db8:a:2::10", "2001:db8:ffff::7", OK),
        ("app/2001:db8:a:2::10", "peer/2001:db8:b:1::10", OK),
        ("peer/2001:db8:b:1::10", "web/2001:db8:a:1::10", OK),
    ];
    for ask in [HTTPS, DNS, Ask::Echo] {
        let expected: Vec<_> =
            all.iter().map(|(from, to, seen)| (*from, *to, ask, *seen)).collect();
        expect(estate(), &expected);
    }
}

/// Changes the open estate, and compares.
fn changed(change: impl FnOnce(&mut Blueprint), expected: &[(&str, &str, Ask, &str)]) {
    let mut blueprint = estate();
    change(&mut blueprint);
    expect(blueprint, expected);
}

/// An ACL that lets these go out, and everything in.
fn outward(subnet: &str, egress: &[(u16, &str, bool)]) -> Vec<Filter> {
    vec![acl(subnet, "acl", &[(100, "", true)], egress)]
}

/// An ACL that lets these come in, and everything out.
fn inward(subnet: &str, ingress: &[(u16, &str, bool)]) -> Vec<Filter> {
    vec![acl(subnet, "acl", ingress, &[(100, "", true)])]
}
