//! The calls that recording makes: one table, from which the collector, the least-privilege
//! policy and the printed commands are all made.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use aws_sdk_ec2::Client;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::value::Error as DecodeError;
use serde_json::Value;

use super::decode::{Lacking, list, object};
use super::fault::Fault;
use super::page::Tap;
use super::xml::Element;
use crate::kind::Kind;
use crate::raw;

/// One call of EC2.
pub(super) struct Call {
    /// What it lists; its name for the AWS CLI and the key of its document come with it.
    pub(super) kind: Kind,
    /// The IAM action that it needs: `ec2:DescribeVpcs`.
    pub(super) action: &'static str,
    /// Asks for one page; the token of the next is the answer.
    pub(super) page: PageFn,
    /// Reads the element that holds the answer.
    pub(super) decode: DecodeFn,
}

impl Call {
    /// As the AWS CLI writes it: `describe-vpcs`.
    pub(super) fn name(&self) -> &'static str {
        self.kind.call()
    }

    /// The key of its answer: `Vpcs`.
    pub(super) fn key(&self) -> &'static str {
        match self.kind {
            // Our document has the entries of all lists, the answer those of one.
            Kind::ManagedPrefixListEntries => "Entries",
            kind => kind.key(),
        }
    }
}

/// What a page is asked with.
#[derive(Debug, Clone, Default)]
pub(super) struct Question {
    /// Where the page before this one ended.
    pub(super) token: Option<String>,
    /// The prefix list whose entries are asked for; no other call asks about one object.
    pub(super) prefix_list: Option<String>,
}

type PageFn = fn(&Client, Question, Tap) -> BoxFuture<'static, Result<Option<String>, Fault>>;
type DecodeFn = fn(Kind, &Element, &mut Lacking) -> Result<Vec<Value>, DecodeError>;

// The SDK has a type of its own for every call and no trait over them, so each row needs a
// function of its own; these write the ones that differ in nothing but the name.

/// A call that answers in pages of at most `$most` entries, a number that AWS accepts for it.
macro_rules! pages {
    ($call:ident, $most:expr) => {
        |client, question, tap| {
            let request = client.$call().max_results($most).set_next_token(question.token);
            Box::pin(async move {
                let sent = request.customize().interceptor(tap.clone()).send().await;
                sent.map(|answer| answer.next_token).map_err(|error| tap.fault(&error))
            })
        }
    };
}

/// A call that answers at once.
macro_rules! whole {
    ($call:ident) => {
        |client, _, tap| {
            let request = client.$call();
            Box::pin(async move {
                let sent = request.customize().interceptor(tap.clone()).send().await;
                sent.map(|_| None).map_err(|error| tap.fault(&error))
            })
        }
    };
}

fn prefix_list_entries(
    client: &Client,
    question: Question,
    tap: Tap,
) -> BoxFuture<'static, Result<Option<String>, Fault>> {
    let request = client
        .get_managed_prefix_list_entries()
        .max_results(100)
        .set_prefix_list_id(question.prefix_list)
        .set_next_token(question.token);
    Box::pin(async move {
        let sent = request.customize().interceptor(tap.clone()).send().await;
        sent.map(|answer| answer.next_token).map_err(|error| tap.fault(&error))
    })
}

/// Every call that is made once in a Region.
pub(super) const CALLS: &[Call] = &[
    Call {
        kind: Kind::Addresses,
        action: "ec2:DescribeAddresses",
        page: whole!(describe_addresses),
        decode: list::<raw::Address>,
    },
    Call {
        kind: Kind::CustomerGateways,
        action: "ec2:DescribeCustomerGateways",
        page: whole!(describe_customer_gateways),
        decode: list::<raw::CustomerGateway>,
    },
    Call {
        kind: Kind::DhcpOptions,
        action: "ec2:DescribeDhcpOptions",
        page: pages!(describe_dhcp_options, 100),
        decode: list::<raw::DhcpOptions>,
    },
    Call {
        kind: Kind::EgressOnlyInternetGateways,
        action: "ec2:DescribeEgressOnlyInternetGateways",
        page: pages!(describe_egress_only_internet_gateways, 100),
        decode: list::<raw::EgressOnlyInternetGateway>,
    },
    Call {
        kind: Kind::Reservations,
        action: "ec2:DescribeInstances",
        page: pages!(describe_instances, 1000),
        decode: list::<raw::Reservation>,
    },
    Call {
        kind: Kind::InternetGateways,
        action: "ec2:DescribeInternetGateways",
        page: pages!(describe_internet_gateways, 100),
        decode: list::<raw::InternetGateway>,
    },
    Call {
        kind: Kind::ManagedPrefixLists,
        action: "ec2:DescribeManagedPrefixLists",
        page: pages!(describe_managed_prefix_lists, 100),
        decode: list::<raw::ManagedPrefixList>,
    },
    Call {
        kind: Kind::NatGateways,
        action: "ec2:DescribeNatGateways",
        page: pages!(describe_nat_gateways, 100),
        decode: list::<raw::NatGateway>,
    },
    Call {
        kind: Kind::NetworkAcls,
        action: "ec2:DescribeNetworkAcls",
        page: pages!(describe_network_acls, 100),
        decode: list::<raw::NetworkAcl>,
    },
    Call {
        kind: Kind::NetworkInterfaces,
        action: "ec2:DescribeNetworkInterfaces",
        page: pages!(describe_network_interfaces, 1000),
        decode: list::<raw::NetworkInterface>,
    },
    Call {
        kind: Kind::Regions,
        action: "ec2:DescribeRegions",
        page: whole!(describe_regions),
        decode: list::<raw::Region>,
    },
    Call {
        kind: Kind::RouteTables,
        action: "ec2:DescribeRouteTables",
        page: pages!(describe_route_tables, 100),
        decode: list::<raw::RouteTable>,
    },
    Call {
        kind: Kind::SecurityGroupVpcAssociations,
        action: "ec2:DescribeSecurityGroupVpcAssociations",
        page: pages!(describe_security_group_vpc_associations, 100),
        decode: list::<raw::SecurityGroupVpcAssociation>,
    },
    Call {
        kind: Kind::SecurityGroups,
        action: "ec2:DescribeSecurityGroups",
        page: pages!(describe_security_groups, 1000),
        decode: list::<raw::SecurityGroup>,
    },
    Call {
        kind: Kind::Subnets,
        action: "ec2:DescribeSubnets",
        page: pages!(describe_subnets, 1000),
        decode: list::<raw::Subnet>,
    },
    Call {
        kind: Kind::TransitGatewayAttachments,
        action: "ec2:DescribeTransitGatewayAttachments",
        page: pages!(describe_transit_gateway_attachments, 100),
        decode: list::<raw::TransitGatewayAttachment>,
    },
    Call {
        kind: Kind::TransitGatewayRouteTables,
        action: "ec2:DescribeTransitGatewayRouteTables",
        page: pages!(describe_transit_gateway_route_tables, 100),
        decode: list::<raw::TransitGatewayRouteTable>,
    },
    Call {
        kind: Kind::TransitGatewayVpcAttachments,
        action: "ec2:DescribeTransitGatewayVpcAttachments",
        page: pages!(describe_transit_gateway_vpc_attachments, 100),
        decode: list::<raw::TransitGatewayVpcAttachment>,
    },
    Call {
        kind: Kind::TransitGateways,
        action: "ec2:DescribeTransitGateways",
        page: pages!(describe_transit_gateways, 100),
        decode: list::<raw::TransitGateway>,
    },
    Call {
        kind: Kind::VpcBlockPublicAccessExclusions,
        action: "ec2:DescribeVpcBlockPublicAccessExclusions",
        page: pages!(describe_vpc_block_public_access_exclusions, 100),
        decode: list::<raw::VpcBlockPublicAccessExclusion>,
    },
    Call {
        kind: Kind::VpcBlockPublicAccessOptions,
        action: "ec2:DescribeVpcBlockPublicAccessOptions",
        page: whole!(describe_vpc_block_public_access_options),
        decode: object::<raw::VpcBlockPublicAccessOptions>,
    },
    Call {
        kind: Kind::VpcEndpoints,
        action: "ec2:DescribeVpcEndpoints",
        page: pages!(describe_vpc_endpoints, 100),
        decode: list::<raw::VpcEndpoint>,
    },
    Call {
        kind: Kind::VpcPeeringConnections,
        action: "ec2:DescribeVpcPeeringConnections",
        page: pages!(describe_vpc_peering_connections, 100),
        decode: list::<raw::VpcPeeringConnection>,
    },
    Call {
        kind: Kind::Vpcs,
        action: "ec2:DescribeVpcs",
        page: pages!(describe_vpcs, 100),
        decode: list::<raw::Vpc>,
    },
    Call {
        kind: Kind::VpnConnections,
        action: "ec2:DescribeVpnConnections",
        page: whole!(describe_vpn_connections),
        decode: list::<raw::VpnConnection>,
    },
    Call {
        kind: Kind::VpnGateways,
        action: "ec2:DescribeVpnGateways",
        page: whole!(describe_vpn_gateways),
        decode: list::<raw::VpnGateway>,
    },
];

/// Made once for each list that `describe-managed-prefix-lists` names.
pub(super) const PREFIX_LIST_ENTRIES: Call = Call {
    kind: Kind::ManagedPrefixListEntries,
    action: "ec2:GetManagedPrefixListEntries",
    page: prefix_list_entries,
    decode: list::<raw::PrefixListEntry>,
};

/// Asked once, of STS, to know whose account it is. AWS lets everybody make it.
pub(super) const CALLER_IDENTITY: &str = "sts:GetCallerIdentity";

/// The least that a role needs for [`super::record`]: an IAM policy as JSON, ending in a new line.
/// `policy/least-privilege.json` beside this crate is the same text.
pub fn least_privilege_policy() -> String {
    let rows = CALLS.iter().chain([&PREFIX_LIST_ENTRIES]).map(|call| call.action);
    let policy = Policy {
        version: "2012-10-17",
        statement: [Statement {
            sid: "CloudfwRecord",
            effect: "Allow",
            action: rows.chain([CALLER_IDENTITY]).collect(),
            resource: "*",
        }],
    };
    // Texts in a list in an object: nothing that JSON could refuse.
    serde_json::to_string_pretty(&policy).unwrap_or_default() + "\n"
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
    action: BTreeSet<&'static str>,
    resource: &'static str,
}

/// `describe-vpn-connections` prints the keys of the tunnels: only the fields of
/// [`raw::VpnConnection`] may be in a recording.
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

/// The same recording by hand: plain `aws` commands for those who may not run cloudfw where the
/// credentials are. They make the folders that [`super::record`] makes, without manifests. No
/// Regions: the one in the shell's `AWS_REGION`.
pub fn print_commands(regions: &[String], profile: Option<&str>, to: &Path) -> String {
    let profile = profile.map_or_else(String::new, |name| format!(" --profile {}", quoted(name)));
    let to = quoted(&to.display().to_string());
    let mut lines =
        format!("account=$(aws sts get-caller-identity{profile} --query Account --output text)\n");
    let mut regions: Vec<String> = regions.iter().map(|region| quoted(region)).collect();
    if regions.is_empty() {
        regions.push("\"${AWS_REGION:?}\"".to_owned());
    }
    for region in regions {
        let options = format!("{profile} --region {region} --output json");
        let _ = writeln!(lines, "dir={to}/accounts/${{account:?}}/{region}; mkdir -p \"$dir\"");
        for call in CALLS {
            let name = call.name();
            let query = match call.kind {
                Kind::VpnConnections => format!(" --query '{VPN_CONNECTIONS_QUERY}'"),
                _ => String::new(),
            };
            let _ = writeln!(
                lines,
                "aws ec2 {name}{options}{query} > \"$dir/{name}.json\" || rm -f \"$dir/{name}.json\""
            );
        }
        let lists = Kind::ManagedPrefixLists.call();
        let entries = PREFIX_LIST_ENTRIES.name();
        let _ = writeln!(
            lines,
            "for list in $(aws ec2 {lists}{profile} --region {region} --output text \
             --query 'PrefixLists[].PrefixListId'); do entries=$(aws ec2 {entries}{options} \
             --prefix-list-id \"$list\" --query Entries) && printf \
             '{{\"PrefixListId\": \"%s\", \"Entries\": %s}}\\n' \"$list\" \"$entries\" \
             > \"$dir/{entries}.$list.json\"; done"
        );
    }
    lines
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
    use serde_json::json;

    use super::*;

    /// `ec2:DescribeVpcs` for `describe-vpcs`.
    fn action(name: &str) -> String {
        let words = name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
        format!("ec2:{}", words.collect::<String>())
    }

    #[test]
    fn each_row_says_its_name_and_its_action_alike() {
        assert!(CALLS.is_sorted_by_key(Call::name));
        for call in CALLS.iter().chain([&PREFIX_LIST_ENTRIES]) {
            assert_eq!(call.action, action(call.name()));
            assert!(call.name().starts_with("describe-") || call.name().starts_with("get-"));
        }
    }

    #[test]
    fn the_shipped_policy_allows_every_call_and_nothing_else() {
        let shipped = include_str!("../../policy/least-privilege.json");
        assert_eq!(least_privilege_policy(), shipped);
        let policy: Value = serde_json::from_str(shipped).unwrap();
        let allowed = policy["Statement"][0]["Action"].as_array().unwrap();
        assert_eq!(allowed.len(), CALLS.len() + 2);
        for call in CALLS {
            assert!(allowed.contains(&json!(action(call.name()))), "{}", call.name());
        }
        let reads = ["ec2:Describe", "ec2:Get", "sts:GetCallerIdentity"];
        for action in allowed {
            let action = action.as_str().unwrap();
            assert!(reads.iter().any(|read| action.starts_with(read)), "{action}");
        }
    }

    #[test]
    fn commands_cover_every_call_and_quote_what_the_user_wrote() {
        let regions = ["eu-west-1".to_owned(), "us-east-1".to_owned()];
        let text = print_commands(&regions, Some("it's"), Path::new("my recording"));
        for call in CALLS {
            for region in &regions {
                let line = format!(
                    "aws ec2 {} --profile 'it'\\''s' --region {region} --output json",
                    call.name()
                );
                assert!(text.contains(&line), "{line}\n{text}");
            }
        }
        assert!(text.contains("dir='my recording'/accounts/${account:?}/eu-west-1; mkdir -p"));
        assert!(text.contains("aws ec2 get-managed-prefix-list-entries"));
        let here = print_commands(&[], None, Path::new("rec"));
        assert!(here.contains("dir=rec/accounts/${account:?}/\"${AWS_REGION:?}\"; mkdir"));
        assert!(!text.contains("PreSharedKey") && !text.contains("CustomerGatewayConfiguration"));
    }
}
