//! `exposed-cloud-identity`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cloudfw_core::{Feature, Host, Id, Interface, ServiceSet};

use super::report::{labels, unauthorised};
use super::words::thing;
use crate::exposure::{Breadth, Exposure};
use crate::ports::in_words;
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "exposed-cloud-identity",
    title: "A machine that the internet reaches acts in the cloud under its own identity",
    severity: Severity::High,
    evaluation: Evaluation::Graph,
    controls: &["CFW-NET-006"],
    explanation: Explanation {
        finds: "Machines with an identity in the cloud (an instance profile, a service account) that \
                the internet is proved to reach on anything but authorised ports and ICMP. One \
                finding for each machine. Where the path or the identity is not known, the finding \
                is medium and says what is missing.",
        why: "Whoever takes over such a machine takes its identity along, and asks the cloud for \
              whatever that may do: the step from one machine to the account.",
        example: "instance i-1 has an identity in the cloud, and the internet reaches it at 22 (SSH)",
        instead: "Close the port, or take the identity away; where both are needed, let the identity \
                  do as little as possible.",
        limits: "What the identity may do is not looked at. What authorised ports serve can be \
                 attacked as well.",
        references: &[
            "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html",
            "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
        ],
    },
    run,
};

/// What the internet reaches at a machine.
#[derive(Default)]
struct Reached<'a, 'n> {
    exposed: ServiceSet,
    possibly: ServiceSet,
    interfaces: BTreeSet<&'n Id<Interface>>,
    by: Vec<&'a Exposure<'n>>,
}

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let reached = reached(audit);
    let label = |id: &Id<Host>| audit.network().hosts.get(id).map(|host| &host.label);
    let by_label: HashMap<(&str, &str), &Reached<'_, '_>> = reached
        .iter()
        .filter_map(|(id, reached)| label(id).map(|of| ((&*of.scope, &*of.id), reached)))
        .collect();
    let identities =
        audit.network().settings.iter().filter(|setting| {
            setting.feature == Feature::HasCloudIdentity && setting.on != Ok(false)
        });
    let found = identities.filter_map(|setting| {
        let reached = by_label.get(&(&*setting.of.scope, &*setting.of.id))?;
        Some(finding(audit, setting, reached))
    });
    found.collect()
}

fn reached<'a, 'n>(audit: &'a Audit<'n>) -> BTreeMap<&'n Id<Host>, Reached<'a, 'n>> {
    let mut hosts: BTreeMap<&Id<Host>, Reached<'_, '_>> = BTreeMap::new();
    let network = audit.network();
    let of_internet =
        |exposure: &&Exposure<'_>| exposure.is_internet && exposure.breadth >= Breadth::Wide;
    for exposure in audit.exposures().iter().filter(of_internet) {
        for at in &exposure.at {
            let exposed = unauthorised(&at.exposed, audit.settings());
            let possibly = unauthorised(&at.possibly, audit.settings());
            if exposed.is_empty() && possibly.is_empty() {
                continue;
            }
            let interface = network.interfaces.get(at.interface);
            let Some(host) = interface.and_then(|it| it.host.as_ref()) else { continue };
            let reached = hosts.entry(host).or_default();
            reached.exposed = reached.exposed.union(&exposed);
            reached.possibly = reached.possibly.union(&possibly);
            reached.interfaces.insert(at.interface);
            if !reached.by.iter().any(|known| std::ptr::eq(*known, exposure)) {
                reached.by.push(exposure);
            }
        }
    }
    hosts
}

fn finding(
    audit: &Audit<'_>,
    setting: &cloudfw_core::Setting,
    reached: &Reached<'_, '_>,
) -> Finding {
    let proved = setting.on == Ok(true) && !reached.exposed.is_empty();
    let services = if reached.exposed.is_empty() { &reached.possibly } else { &reached.exposed };
    let machine = thing(&setting.of);
    let has = if setting.on == Ok(true) { "has" } else { "may have" };
    let reaches = if reached.exposed.is_empty() { "may reach" } else { "reaches" };
    let message = format!(
        "{machine} {has} an identity in the cloud, and the internet {reaches} it at {}",
        in_words(services)
    );
    let advice = format!(
        "Close what the internet reaches of {machine}, or take its identity away if nothing on it \
         needs one."
    );
    let severity = if proved { Severity::High } else { Severity::Medium };
    let mut finding = Finding::new(CHECK.id, severity, setting.of.clone(), message, advice);
    let effective = if proved { Effective::Exposed } else { Effective::Unknown };
    finding.effect = Some(Effect { effective, literal: setting.on == Ok(true) });
    finding.source = reached.by.first().map(|exposure| exposure.source.clone());
    finding.services = services.clone();
    finding.affected = labels(audit, reached.interfaces.iter().copied());
    finding.rules = reached.by.iter().flat_map(|exposure| exposure.cites()).collect();
    finding.controls = BTreeSet::from(["CFW-NET-006"]);
    if let Err(unknown) = &setting.on {
        finding.unknowns.push(unknown.clone());
    }
    if reached.exposed.is_empty() {
        for unknown in reached.by.iter().flat_map(|exposure| &exposure.proof.unknowns) {
            if !finding.unknowns.contains(unknown) {
                finding.unknowns.push(unknown.clone());
            }
        }
    }
    // The witness has to be of this machine.
    let own = |exposure: &&&Exposure<'_>| {
        let id = exposure.proof.question.as_ref().map(|question| &question.destination);
        matches!(id, Some(cloudfw_core::Endpoint::Interface { id, .. })
            if reached.interfaces.contains(id))
    };
    if let Some(exposure) = reached.by.iter().find(own) {
        finding.question.clone_from(&exposure.proof.question);
        finding.trace.clone_from(&exposure.proof.trace);
        finding.witness = exposure.proof.witness;
    }
    finding
}
