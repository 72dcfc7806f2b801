//! What is switched at resources, by resource.

use std::collections::BTreeMap;

use cloudfw_core::{Feature, Label, Network, Unknown};

use crate::membership::{Key, key};
use crate::wording::named;
use crate::{Check, Effect, Effective, Finding, Severity};

/// What is known of a feature at a resource.
#[derive(Debug)]
pub(super) struct Switch<'n> {
    /// The resource.
    pub(super) of: &'n Label,
    /// Whether it is on in any telling that is known, or off in all of them, or why it may be on.
    pub(super) on: Result<bool, Vec<Unknown>>,
}

impl Switch<'_> {
    /// A finding of it; where it is not known whether it is on, one that says so.
    pub(super) fn finding(
        self,
        check: &Check,
        severity: Severity,
        message: String,
        advice: String,
    ) -> Finding {
        let advice = match &self.on {
            Ok(_) => advice,
            Err(_) => format!(
                "Record the setting of {}: while it is not known, nothing says that it has to be \
                 changed.",
                named(self.of)
            ),
        };
        let mut finding = Finding::new(check.id, severity, self.of.clone(), message, advice);
        finding.controls.extend(check.controls);
        if let Err(unknowns) = self.on {
            finding.effect = Some(Effect { effective: Effective::Unknown, literal: false });
            finding.unknowns = unknowns;
        }
        finding
    }
}

/// One for each resource that tells of it, in order. On wins over unknown, and unknown over off.
pub(super) fn switches(network: &Network, feature: Feature) -> Vec<Switch<'_>> {
    let mut all: BTreeMap<Key<'_>, Switch<'_>> = BTreeMap::new();
    for setting in network.settings.iter().filter(|setting| setting.feature == feature) {
        let new = Switch { of: &setting.of, on: Ok(false) };
        let switch = all.entry(key(&setting.of)).or_insert(new);
        match (&mut switch.on, &setting.on) {
            (Ok(true), _) | (_, Ok(false)) => {}
            (on, Ok(true)) => *on = Ok(true),
            (Ok(false), Err(unknown)) => switch.on = Err(vec![unknown.clone()]),
            (Err(unknowns), Err(unknown)) => unknowns.push(unknown.clone()),
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use cloudfw_core::{Feature, Network};

    use super::switches;

    #[test]
    fn on_wins_over_unknown_and_unknown_over_off() {
        let told = |lines: &[&str]| {
            let lines: Vec<String> =
                lines.iter().map(|state| format!("setting a logs-flows {state}")).collect();
            let text = format!("setting a gives-public-addresses on\n{}", lines.join("\n"));
            let network = Network::from_text(&text).unwrap();
            let all = switches(&network, Feature::LogsFlows);
            assert_eq!(all.len(), 1);
            all[0].on.as_ref().map_err(Vec::len).copied()
        };
        assert_eq!(told(&["off"]), Ok(false));
        assert_eq!(told(&["off", "on", "unknown", "off"]), Ok(true));
        assert_eq!(told(&["unknown", "on"]), Ok(true));
        assert_eq!(told(&["off", "unknown", "off", "unknown"]), Err(2));
    }
}
