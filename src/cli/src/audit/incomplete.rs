//! What an audit could not see. While there is any of it, nothing is clean.

use cloudfw_aws::Kind;
use cloudfw_estate::answer::{Missing, NotRead, ScopeCoverage};
use cloudfw_estate::{AssumeNone, Estate};

/// Kinds that no verdict needs, and checks do.
const FOR_CHECKS: [Kind; 1] = [Kind::TransitGateways];

/// What was not read of an estate. Kinds that nobody asked for are among it: what they would show
/// may be wrong, and no question leads there.
pub(crate) fn incomplete(estate: &Estate, assumed: &AssumeNone) -> Vec<Missing> {
    let mut found = estate.not_read();
    for scope in &estate.coverage().scopes {
        let of: Vec<&str> =
            [&scope.account, &scope.region].into_iter().flatten().map(String::as_str).collect();
        for kind in &scope.not_read {
            let why = match kind.outcome {
                "absent" => none_of("not in the recording", &kind.kind),
                "unsupported" => none_of("the service does not know the call", &kind.kind),
                _ => continue,
            };
            let what = format!("{} ({})", kind.kind, kind.call);
            found.push(Missing { what, why, place: of.join("/") });
        }
    }
    // Of scopes of AWS, which tell of networks or lack them.
    let network = Kind::Vpcs.name();
    let is_of_aws = |scope: &&ScopeCoverage| {
        let lacks = |not_read: &NotRead| not_read.kind == network;
        scope.read.contains_key(network) || scope.not_read.iter().any(lacks)
    };
    for scope in estate.coverage().scopes.iter().filter(is_of_aws) {
        for kind in
            FOR_CHECKS.into_iter().filter(|kind| !assumed.covers(kind.name(), kind.is_core()))
        {
            let told = |not_read: &NotRead| not_read.kind == kind.name();
            if !scope.read.contains_key(kind.name()) && !scope.not_read.iter().any(told) {
                let what = format!("{kind} (aws {} {})", kind.service(), kind.call());
                let why = none_of("not in the recording", kind.name());
                found.push(Missing { what, why, place: String::new() });
            }
        }
    }
    let publisher = estate.publisher();
    found.extend(estate.network().unknowns.iter().map(|unknown| publisher.unknown(unknown)));
    if estate.is_empty() {
        found.push(Missing {
            what: "the estate".to_owned(),
            why:
                "nothing that could be audited was read: is this the right recording, account and \
                  Region?"
                    .to_owned(),
            place: String::new(),
        });
    }
    found
}

/// Why a kind was not read, and how to say that there is none of it: `all` does not say it of those
/// at the core.
fn none_of(why: &str, kind: &str) -> String {
    format!("{why} (`--assume-none {kind}` says that there is none)")
}
