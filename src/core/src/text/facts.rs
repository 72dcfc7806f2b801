//! What lines say beside what moves packets: how groups came to be, and settings.

use super::{Group, Id, Label, Made, Network, Read, Reader, Words, label, origin, unknown};
use crate::network::{Feature, Setting};

impl Reader {
    /// A group that somebody else than its user made.
    pub(super) fn made(&mut self, name: &str, made: Made, mut words: Words<'_>) -> Read<()> {
        let label = label(name, "security-group", words.line);
        self.network.groups.insert(Id::from(name), Group { label, made });
        words.end()
    }

    pub(super) fn setting(&mut self, name: &str, mut words: Words<'_>) -> Read<()> {
        let line = words.line;
        let feature = match words.want("a feature")? {
            "gives-public-addresses" => Feature::GivesPublicAddresses,
            "accepts-attachments" => Feature::AcceptsAttachments,
            "blocks-public-access" => Feature::BlocksPublicAccess,
            "has-cloud-identity" => Feature::HasCloudIdentity,
            "logs-flows" => Feature::LogsFlows,
            "made-with-network" => Feature::MadeWithNetwork,
            other => return Err(format!("`{other}` is not a feature")),
        };
        let on = match words.want("`on`, `off` or `unknown`")? {
            "on" => Ok(true),
            "off" => Ok(false),
            "unknown" => Err(unknown("whether it is on", line)),
            other => return Err(format!("`{other}` is not `on`, `off` or `unknown`")),
        };
        let of = label(name, "resource", line);
        self.network.settings.push(Setting { of, feature, on, origin: origin(line) });
        words.end()
    }

    /// A setting may stand before or after its resource.
    pub(super) fn join_settings(&mut self) {
        let mut settings = std::mem::take(&mut self.network.settings);
        for setting in &mut settings {
            if let Some(label) = called(&self.network, &setting.of.id) {
                setting.of = label.clone();
            }
        }
        self.network.settings = settings;
    }
}

/// What a text calls by this name; routers first, and filters last.
fn called<'n>(network: &'n Network, name: &str) -> Option<&'n Label> {
    let router = network.routers.get(name).map(|it| &it.label);
    let subnet = || network.subnets.get(name).map(|it| &it.label);
    let gateway = || network.gateways.get(name).map(|it| &it.label);
    let host = || network.hosts.get(name).map(|it| &it.label);
    let interface = || network.interfaces.get(name).map(|it| &it.label);
    let filter = || network.filters.get(name).map(|it| &it.label);
    router.or_else(subnet).or_else(gateway).or_else(host).or_else(interface).or_else(filter)
}

#[cfg(test)]
mod tests {
    use crate::{Feature, Made, Network};

    const TEXT: &str = "
setting web has-cloud-identity on
router vpc 10.0.0.0/16
setting vpc blocks-public-access off
subnet a in vpc 10.0.1.0/24
setting a gives-public-addresses unknown
setting acl made-with-network on
default-group default
wizard-group launched
filter acl stateless
  in 1 allow any undescribed
  in 2 allow 22 from nobody
interface web-eni in a 10.0.1.10 groups default,other
host web web-eni
setting tgw accepts-attachments off
";

    #[test]
    fn a_setting_is_of_the_resource_of_its_name_wherever_that_stands() {
        let network = Network::from_text(TEXT).unwrap();
        let told: Vec<_> = network
            .settings
            .iter()
            .map(|it| (&*it.of.id, it.of.kind, it.feature, it.on.as_ref().ok().copied()))
            .collect();
        assert_eq!(
            told,
            [
                ("web", "host", Feature::HasCloudIdentity, Some(true)),
                ("vpc", "vpc", Feature::BlocksPublicAccess, Some(false)),
                ("a", "subnet", Feature::GivesPublicAddresses, None),
                ("acl", "filter", Feature::MadeWithNetwork, Some(true)),
                ("tgw", "resource", Feature::AcceptsAttachments, Some(false)),
            ]
        );
    }

    #[test]
    fn groups_are_made_by_hand_unless_a_line_says_otherwise() {
        let network = Network::from_text(TEXT).unwrap();
        let made = |name| network.groups.get(name).map(|group| group.made);
        assert_eq!(made("default"), Some(Made::WithNetwork));
        assert_eq!(made("launched"), Some(Made::ByWizard));
        assert_eq!(made("other"), Some(Made::ByHand));
    }

    #[test]
    fn a_rule_may_lack_a_description_and_name_nobody() {
        let network = Network::from_text(TEXT).unwrap();
        let filter = network.filters.get("acl").unwrap();
        let rules = &filter.ingress[0].rules;
        let undescribed: Vec<_> =
            rules.iter().map(|rule| network.undescribed.contains(&rule.origin)).collect();
        assert_eq!(undescribed, [true, false]);
        assert_eq!(rules[1].to_string(), "2 allow tcp 22 from nobody");
    }

    #[test]
    fn what_is_no_feature_or_no_state_is_an_error() {
        let error = |text| Network::from_text(text).unwrap_err().to_string();
        assert_eq!(error("setting a flies on"), "line 1: `flies` is not a feature");
        assert_eq!(
            error("setting a logs-flows perhaps"),
            "line 1: `perhaps` is not `on`, `off` or `unknown`"
        );
        assert_eq!(error("default-group a b"), "line 1: `b` is too much");
    }
}
