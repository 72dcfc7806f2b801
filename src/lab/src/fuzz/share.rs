//! Shares of connections that fail: predicted as an exact fraction, measured from several hundred
//! random ports, and held against what the entries of the ACLs say of each port.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cloudfw_core::{Fraction, PortSet};

use super::observe::Seen;
use super::predict::Oracle;
use super::question::{End, Ports, Question};
use crate::estate::chance::Chance;
use crate::estate::{Acl, Interface};
use crate::kernel::probe::{Ask, Outcome};
use crate::scenario::Scenario;

/// The ports that a Linux client dials from.
const RANGE: (u16, u16) = (32768, 60999);

/// So many questions of a scenario are looked at for one with a share.
const TRIED: usize = 40;

/// So many connections of either kind are expected, at least: with fewer, a share that is off
/// would not show.
const EXPECTED: u128 = 20;

/// One question, asked from many ports.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The question, once for each port.
    pub questions: Vec<Question>,
    /// The share that fails.
    pub failing: Fraction,
    /// What is wrong with what is said of it, before anything is measured.
    pub wrong: Option<String>,
}

impl Survey {
    /// A question that some ports of a client pass, if there is one of which enough are expected
    /// to pass and to fail.
    pub(crate) fn find(
        scenario: &Scenario,
        oracle: &Oracle,
        questions: &[Question],
        count: usize,
        chance: &mut Chance,
    ) -> Result<Option<Self>, String> {
        let with_ports = |question: &&Question| question.ask != Ask::Echo && !question.closed;
        for question in questions.iter().filter(with_ports).take(TRIED) {
            let Some((failing, gap)) = oracle.share(question, RANGE)? else { continue };
            let Some(own) = acl_gap(scenario, question, RANGE) else { continue };
            let wrong = judge_gap(question, &failing, &gap, &own);
            if wrong.is_none() && !is_measurable(count as u128, &failing) {
                continue;
            }
            let mut ports = Ports::new();
            let questions = (0..count)
                .map(|_| Question {
                    port: ports.draw(RANGE.0, RANGE.1, chance),
                    recorded: false,
                    ..question.clone()
                })
                .collect();
            return Ok(Some(Self { questions, failing, wrong }));
        }
        Ok(None)
    }

    /// What is wrong with what the kernel did: a share beyond sampling error. What single ports do
    /// is compared like any question.
    #[must_use]
    pub fn judge(&self, seen: &[Seen]) -> Option<String> {
        let failed = seen.iter().filter(|seen| seen.outcome != Outcome::Connected).count();
        if is_within(failed as u128, seen.len() as u128, &self.failing) {
            return None;
        }
        let question = self.questions.first()?;
        Some(format!("{question}: {failed} of {} fail, predicted {}", seen.len(), self.failing))
    }
}

/// The share and the ports that cloudfw says, against those that the entries of the ACLs give.
fn judge_gap(
    question: &Question,
    failing: &Fraction,
    gap: &PortSet,
    own: &BTreeSet<u16>,
) -> Option<String> {
    let (low, high) = RANGE;
    let whole = u128::from(high - low) + 1;
    let part = own.len() as u128;
    let same = (low..=high).all(|port| gap.contains(port) == own.contains(&port));
    // Not reduced, but maybe counted over more than ports.
    if same && failing.part * whole == part * failing.whole && failing.whole >= whole {
        return None;
    }
    Some(format!("{question}: {failing} fail from {gap}; by the ACLs' entries {part}/{whole}"))
}

/// The client's ports that replies do not come to by the ACLs between the two ends: their entries
/// as they were drawn, tried for one port after the other. `None` where it is not plain which
/// addresses the ACLs see.
fn acl_gap(
    scenario: &Scenario,
    question: &Question,
    (low, high): (u16, u16),
) -> Option<BTreeSet<u16>> {
    let estate = &scenario.estate;
    let interface = |end: &End| match end {
        End::Interface { id, .. } => estate.interfaces.iter().find(|it| it.id == *id),
        End::Outside(_) | End::Unheld { .. } => None,
    };
    let (client, server) = (interface(&question.source), interface(&question.destination));
    let by_public = matches!(question.destination, End::Interface { dialled: Some(_), .. });
    // What each end takes the other for.
    let dialled = question.destination.address();
    let caller = match (client, question.source.address()) {
        (Some(client), IpAddr::V4(own)) if by_public => {
            let (_, public) = client.publics().find(|(private, _)| *private == own)?;
            IpAddr::V4(public.address)
        }
        (_, own) => own,
    };
    let mut asked: Vec<(&Acl, bool, IpAddr)> = Vec::new();
    let inside = client.zip(server).is_some_and(|(one, other)| one.subnet == other.subnet);
    if !inside || by_public {
        let acl = |it: &Interface| estate.acls.get(estate.subnets.get(it.subnet)?.acl);
        asked.extend(server.and_then(acl).map(|acl| (acl, true, caller)));
        asked.extend(client.and_then(acl).map(|acl| (acl, false, dialled)));
    }
    let protocol = if question.protocol() == "tcp" { 6 } else { 17 };
    let passes = |port: u16| {
        asked.iter().all(|(acl, egress, peer)| lets_pass(acl, *egress, protocol, *peer, port))
    };
    Some((low..=high).filter(|port| !passes(*port)).collect())
}

/// AWS-31: the entry with the lowest number that matches.
fn lets_pass(acl: &Acl, egress: bool, protocol: i16, peer: IpAddr, port: u16) -> bool {
    let matching = acl.entries.iter().filter(|entry| {
        entry.egress == egress
            && entry.cidr.contains(&peer)
            && (entry.protocol == -1 || entry.protocol == protocol)
            && entry.ports.is_none_or(|(low, high)| (low..=high).contains(&port))
    });
    matching.min_by_key(|entry| entry.number).is_some_and(|entry| entry.allow)
}

/// Whether enough of `count` connections are expected to fail, and enough to pass.
fn is_measurable(count: u128, share: &Fraction) -> bool {
    let rest = share.whole.saturating_sub(share.part);
    share.part.min(rest) * count >= EXPECTED * share.whole
}

/// Whether `failed` of `count` draws lie within 4.5 standard deviations of what the share lets
/// expect: (k/n − p)² ≤ 4.5² · p(1 − p)/n, multiplied out. That is exceeded once in 150,000 draws
/// where [`EXPECTED`] of either kind are expected.
fn is_within(failed: u128, count: u128, share: &Fraction) -> bool {
    let (part, whole) = (share.part, share.whole);
    let rest = whole.saturating_sub(part);
    let distance = (failed * whole).abs_diff(count * part);
    4 * distance * distance <= 81 * count * part * rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::Entry;

    #[test]
    fn a_share_is_measured_within_its_sampling_error() {
        let half = Fraction { part: 1, whole: 2 };
        // 400 draws: a standard deviation is 10.
        assert!(is_within(200, 400, &half));
        assert!(is_within(245, 400, &half));
        assert!(!is_within(246, 400, &half));
        assert!(!is_within(154, 400, &half));
    }

    #[test]
    fn too_few_expected_are_not_measured() {
        assert!(!is_measurable(400, &Fraction { part: 1, whole: 28_232 }));
        assert!(!is_measurable(400, &Fraction { part: 96, whole: 100 }));
        assert!(is_measurable(400, &Fraction { part: 1, whole: 20 }));
        assert!(is_measurable(400, &Fraction { part: 19, whole: 20 }));
    }

    #[test]
    fn aws_31_the_lowest_number_that_matches_decides_of_a_port() {
        let entry = |number, allow, ports| Entry {
            number,
            egress: false,
            allow,
            protocol: 6,
            cidr: "10.0.0.0/8".parse().unwrap(),
            ports: Some(ports),
            icmp: None,
        };
        let entries = vec![entry(200, true, (32_768, 60_999)), entry(100, false, (40_000, 40_009))];
        let acl = Acl { id: String::new(), vpc: 0, name: String::new(), default: false, entries };
        let peer = IpAddr::from([10, 0, 0, 1]);
        let fails = |port: &u16| !lets_pass(&acl, false, 6, peer, *port);
        assert_eq!((32_768..=60_999).filter(fails).count(), 10);
        assert!(!lets_pass(&acl, true, 6, peer, 50_000));
        assert!(!lets_pass(&acl, false, 17, peer, 50_000));
        assert!(!lets_pass(&acl, false, 6, IpAddr::from([192, 0, 2, 1]), 50_000));
    }
}
