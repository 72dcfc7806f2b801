//! A recording without cloudfw: the calls that one consists of, what they must be allowed, and the
//! `aws` lines that make one.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::kind::Kind;

/// What is listed once in each Region, in the order of the calls' names.
pub(crate) const RECORDED: [Kind; 26] = [
    Kind::Addresses,
    Kind::CustomerGateways,
    Kind::DhcpOptions,
    Kind::EgressOnlyInternetGateways,
    Kind::Reservations,
    Kind::InternetGateways,
    Kind::ManagedPrefixLists,
    Kind::NatGateways,
    Kind::NetworkAcls,
    Kind::NetworkInterfaces,
    Kind::Regions,
    Kind::RouteTables,
    Kind::SecurityGroupVpcAssociations,
    Kind::SecurityGroups,
    Kind::Subnets,
    Kind::TransitGatewayAttachments,
    Kind::TransitGatewayRouteTables,
    Kind::TransitGatewayVpcAttachments,
    Kind::TransitGateways,
    Kind::VpcBlockPublicAccessExclusions,
    Kind::VpcBlockPublicAccessOptions,
    Kind::VpcEndpoints,
    Kind::VpcPeeringConnections,
    Kind::Vpcs,
    Kind::VpnConnections,
    Kind::VpnGateways,
];

/// What is listed once for each list that `describe-managed-prefix-lists` names.
pub(crate) const ENTRIES: Kind = Kind::ManagedPrefixListEntries;

/// Asked once, of STS, to know whose account it is. AWS lets everybody make it.
const CALLER_IDENTITY: &str = "sts:GetCallerIdentity";

/// Which Regions to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Regions {
    /// The one that the environment or the profile names.
    Configured,
    /// These.
    These(Vec<String>),
    /// All that are enabled for the account.
    AllEnabled,
}

/// The least that a role needs to make a recording: an IAM policy as JSON, ending in a new line.
/// `policy/least-privilege.json` beside this crate is the same text.
pub fn least_privilege_policy() -> String {
    let actions = RECORDED.into_iter().chain([ENTRIES]).map(action);
    let policy = Policy {
        version: "2012-10-17",
        statement: [Statement {
            sid: "CloudfwRecord",
            effect: "Allow",
            action: actions.chain([CALLER_IDENTITY.to_owned()]).collect(),
            resource: "*",
        }],
    };
    // Texts in a list in an object: nothing that JSON could refuse.
    serde_json::to_string_pretty(&policy).unwrap_or_default() + "\n"
}

/// The IAM action that a call needs: `ec2:DescribeVpcs` for `describe-vpcs`.
fn action(kind: Kind) -> String {
    let mut action = format!("{}:", kind.service());
    for word in kind.call().split('-') {
        let mut letters = word.chars();
        action.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        action.push_str(letters.as_str());
    }
    action
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: &'static str,
    action: BTreeSet<String>,
    resource: &'static str,
}

/// `describe-vpn-connections` prints the keys of the tunnels: only the fields of
/// [`raw::VpnConnection`](crate::raw::VpnConnection) may be in a recording.
const VPN_CONNECTIONS_QUERY: &str = "{VpnConnections: VpnConnections[].{VpnConnectionId: \
    VpnConnectionId, State: State, Type: Type, Category: Category, VpnGatewayId: VpnGatewayId, \
    TransitGatewayId: TransitGatewayId, CustomerGatewayId: CustomerGatewayId, CoreNetworkArn: \
    CoreNetworkArn, CoreNetworkAttachmentArn: CoreNetworkAttachmentArn, \
    GatewayAssociationState: GatewayAssociationState, Routes: Routes, VgwTelemetry: \
    VgwTelemetry, Tags: Tags, Options: Options.{StaticRoutesOnly: StaticRoutesOnly, \
    LocalIpv4NetworkCidr: LocalIpv4NetworkCidr, RemoteIpv4NetworkCidr: RemoteIpv4NetworkCidr, \
    LocalIpv6NetworkCidr: LocalIpv6NetworkCidr, RemoteIpv6NetworkCidr: RemoteIpv6NetworkCidr, \
    TunnelInsideIpVersion: TunnelInsideIpVersion, OutsideIpAddressType: OutsideIpAddressType, \
    TransportTransitGatewayAttachmentId: TransportTransitGatewayAttachmentId}}}";

/// What becomes of a call that fails: no document, and its error beside the documents with the name
/// of the call behind it, which reading a recording takes for what it is.
const FAILED: &str =
    r#"failed() { rm -f "$dir/$1${2-}.json"; echo "aws ec2 $1 failed" >> "$dir/$1${2-}.err"; }"#;

/// Plain `aws` commands for those who may not run cloudfw where the credentials are. They make the
/// folders that `cloudfw record` makes; instead of a manifest they leave `*.err` beside the
/// documents, with what the AWS CLI said of each call that failed. What is not given here, the
/// shell that runs them has configured.
pub fn print_commands(
    regions: &Regions,
    profile: Option<&str>,
    endpoint_url: Option<&str>,
    to: &Path,
) -> String {
    let option = |name: &str, value: Option<&str>| {
        value.map_or_else(String::new, |value| format!(" --{name} {}", quoted(value)))
    };
    let profile = option("profile", profile);
    let common = format!("{profile}{}", option("endpoint-url", endpoint_url));
    let to = quoted(&to.display().to_string());
    let mut lines = format!(
        "account=$(aws sts get-caller-identity{common} --query Account --output text)\n{FAILED}\n"
    );
    // Writing to a string cannot fail.
    let _ = match regions {
        Regions::These(names) => names.iter().try_for_each(|name| {
            let region = quoted(name);
            region_lines(&mut lines, &common, &to, &region, &region)
        }),
        Regions::Configured => {
            let configured = format!("$(aws configure get region{profile})");
            let _ =
                writeln!(lines, "region=${{AWS_REGION:-${{AWS_DEFAULT_REGION:-{configured}}}}}");
            region_lines(&mut lines, &common, &to, "\"$region\"", "${region:?}")
        }
        Regions::AllEnabled => {
            let _ = writeln!(
                lines,
                "for region in $(aws ec2 describe-regions{common} --output text --query \
                 'Regions[].RegionName'); do"
            );
            let done = region_lines(&mut lines, &common, &to, "\"$region\"", "$region");
            lines.push_str("done\n");
            done
        }
    };
    lines
}

/// The lines of one Region: as an option has it, and as a part of the folder's name.
fn region_lines(
    lines: &mut String,
    common: &str,
    to: &str,
    region: &str,
    folder: &str,
) -> std::fmt::Result {
    let options = format!("{common} --region {region}");
    writeln!(lines, "dir={to}/accounts/${{account:?}}/{folder}; mkdir -p \"$dir\"")?;
    for kind in RECORDED {
        let call = kind.call();
        let query = match kind {
            Kind::VpnConnections => format!(" --query '{VPN_CONNECTIONS_QUERY}'"),
            _ => String::new(),
        };
        writeln!(
            lines,
            "aws ec2 {call}{options} --output json{query} > \"$dir/{call}.json\" \
             2> \"$dir/{call}.err\" || failed {call}"
        )?;
    }
    let (lists, entries) = (Kind::ManagedPrefixLists.call(), ENTRIES.call());
    // Without the lists nobody knows whose entries to ask for: as unread as the lists.
    writeln!(
        lines,
        "for list in $(aws ec2 {lists}{options} --output text --query \
         'PrefixLists[].PrefixListId' 2> \"$dir/{entries}.err\" || failed {entries}); do \
         entries=$(aws ec2 {entries}{options} --output json --prefix-list-id \"$list\" --query \
         Entries 2> \"$dir/{entries}.$list.err\") && printf \
         '{{\"PrefixListId\": \"%s\", \"Entries\": %s}}\\n' \"$list\" \"$entries\" \
         > \"$dir/{entries}.$list.json\" || failed {entries} \".$list\"; done"
    )?;
    // Of the calls that were answered.
    writeln!(lines, "find \"$dir\" -name '*.err' -size 0 -exec rm -f {{}} +")
}

/// A word that the shell takes as it is.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn these(regions: &[&str]) -> Regions {
        Regions::These(regions.iter().map(|&region| region.to_owned()).collect())
    }

    #[test]
    fn the_calls_are_in_order_and_only_read() {
        assert!(RECORDED.is_sorted_by_key(|kind| kind.call()));
        for kind in RECORDED.into_iter().chain([ENTRIES]) {
            assert!(kind.call().starts_with("describe-") || kind.call().starts_with("get-"));
            assert_eq!(kind.service(), "ec2");
        }
    }

    #[test]
    fn the_shipped_policy_allows_every_call_and_nothing_else() {
        let shipped = include_str!("../policy/least-privilege.json");
        assert_eq!(least_privilege_policy(), shipped);
        let policy: Value = serde_json::from_str(shipped).unwrap();
        let allowed = policy["Statement"][0]["Action"].as_array().unwrap();
        assert_eq!(allowed.len(), RECORDED.len() + 2);
        assert!(allowed.contains(&json!("ec2:GetManagedPrefixListEntries")));
        let reads = ["ec2:Describe", "ec2:Get", "sts:GetCallerIdentity"];
        for action in allowed {
            let action = action.as_str().unwrap();
            assert!(reads.iter().any(|read| action.starts_with(read)), "{action}");
        }
    }

    #[test]
    fn commands_cover_every_call_and_quote_what_the_user_wrote() {
        let regions = these(&["eu-west-1", "us-east-1"]);
        let text = print_commands(&regions, Some("it's"), None, Path::new("my recording"));
        for kind in RECORDED {
            for region in ["eu-west-1", "us-east-1"] {
                let call = kind.call();
                let line =
                    format!("aws ec2 {call} --profile 'it'\\''s' --region {region} --output json");
                assert!(text.contains(&line), "{line}\n{text}");
                assert!(text.contains(&format!("2> \"$dir/{call}.err\" || failed {call}\n")));
            }
        }
        assert!(text.contains("dir='my recording'/accounts/${account:?}/eu-west-1; mkdir -p"));
        assert!(text.contains("aws ec2 get-managed-prefix-list-entries"));
        assert!(!text.contains("PreSharedKey") && !text.contains("CustomerGatewayConfiguration"));
    }

    #[test]
    fn commands_ask_where_the_user_says() {
        let local = Some("http://localhost:4566");
        let text = print_commands(&these(&["us-east-1"]), None, local, Path::new("rec"));
        let asked = |line: &&str| line.starts_with("aws ec2") || line.starts_with("account=");
        assert!(text.lines().filter(asked).count() > RECORDED.len());
        assert!(
            text.lines()
                .filter(asked)
                .all(|line| line.contains(" --endpoint-url http://localhost"))
        );
        let here = print_commands(&Regions::Configured, Some("audit"), None, Path::new("rec"));
        assert!(here.contains(
            "region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region --profile audit)}}\n\
             dir=rec/accounts/${account:?}/${region:?}; mkdir"
        ));
        let all = print_commands(&Regions::AllEnabled, None, None, Path::new("rec"));
        assert!(all.contains("for region in $(aws ec2 describe-regions --output text"), "{all}");
        assert!(all.contains("--region \"$region\"") && all.ends_with("\ndone\n"), "{all}");
    }
}
