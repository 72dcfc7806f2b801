//! The calls that recording makes: how each of [`RECORDED`](crate::by_hand::RECORDED) is asked of
//! the SDK and read. The least-privilege policy and the printed commands are made of that list too.

use aws_sdk_ec2::Client;
use futures_util::future::BoxFuture;
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
    Call { kind: Kind::Addresses, page: whole!(describe_addresses), decode: list::<raw::Address> },
    Call {
        kind: Kind::CustomerGateways,
        page: whole!(describe_customer_gateways),
        decode: list::<raw::CustomerGateway>,
    },
    Call {
        kind: Kind::DhcpOptions,
        page: pages!(describe_dhcp_options, 100),
        decode: list::<raw::DhcpOptions>,
    },
    Call {
        kind: Kind::EgressOnlyInternetGateways,
        page: pages!(describe_egress_only_internet_gateways, 100),
        decode: list::<raw::EgressOnlyInternetGateway>,
    },
    Call {
        kind: Kind::Reservations,
        page: pages!(describe_instances, 1000),
        decode: list::<raw::Reservation>,
    },
    Call {
        kind: Kind::InternetGateways,
        page: pages!(describe_internet_gateways, 100),
        decode: list::<raw::InternetGateway>,
    },
    Call {
        kind: Kind::ManagedPrefixLists,
        page: pages!(describe_managed_prefix_lists, 100),
        decode: list::<raw::ManagedPrefixList>,
    },
    Call {
        kind: Kind::NatGateways,
        page: pages!(describe_nat_gateways, 100),
        decode: list::<raw::NatGateway>,
    },
    Call {
        kind: Kind::NetworkAcls,
        page: pages!(describe_network_acls, 100),
        decode: list::<raw::NetworkAcl>,
    },
    Call {
        kind: Kind::NetworkInterfaces,
        page: pages!(describe_network_interfaces, 1000),
        decode: list::<raw::NetworkInterface>,
    },
    Call { kind: Kind::Regions, page: whole!(describe_regions), decode: list::<raw::Region> },
    Call {
        kind: Kind::RouteTables,
        page: pages!(describe_route_tables, 100),
        decode: list::<raw::RouteTable>,
    },
    Call {
        kind: Kind::SecurityGroupVpcAssociations,
        page: pages!(describe_security_group_vpc_associations, 100),
        decode: list::<raw::SecurityGroupVpcAssociation>,
    },
    Call {
        kind: Kind::SecurityGroups,
        page: pages!(describe_security_groups, 1000),
        decode: list::<raw::SecurityGroup>,
    },
    Call { kind: Kind::Subnets, page: pages!(describe_subnets, 1000), decode: list::<raw::Subnet> },
    Call {
        kind: Kind::TransitGatewayAttachments,
        page: pages!(describe_transit_gateway_attachments, 100),
        decode: list::<raw::TransitGatewayAttachment>,
    },
    Call {
        kind: Kind::TransitGatewayRouteTables,
        page: pages!(describe_transit_gateway_route_tables, 100),
        decode: list::<raw::TransitGatewayRouteTable>,
    },
    Call {
        kind: Kind::TransitGatewayVpcAttachments,
        page: pages!(describe_transit_gateway_vpc_attachments, 100),
        decode: list::<raw::TransitGatewayVpcAttachment>,
    },
    Call {
        kind: Kind::TransitGateways,
        page: pages!(describe_transit_gateways, 100),
        decode: list::<raw::TransitGateway>,
    },
    Call {
        kind: Kind::VpcBlockPublicAccessExclusions,
        page: pages!(describe_vpc_block_public_access_exclusions, 100),
        decode: list::<raw::VpcBlockPublicAccessExclusion>,
    },
    Call {
        kind: Kind::VpcBlockPublicAccessOptions,
        page: whole!(describe_vpc_block_public_access_options),
        decode: object::<raw::VpcBlockPublicAccessOptions>,
    },
    Call {
        kind: Kind::VpcEndpoints,
        page: pages!(describe_vpc_endpoints, 100),
        decode: list::<raw::VpcEndpoint>,
    },
    Call {
        kind: Kind::VpcPeeringConnections,
        page: pages!(describe_vpc_peering_connections, 100),
        decode: list::<raw::VpcPeeringConnection>,
    },
    Call { kind: Kind::Vpcs, page: pages!(describe_vpcs, 100), decode: list::<raw::Vpc> },
    Call {
        kind: Kind::VpnConnections,
        page: whole!(describe_vpn_connections),
        decode: list::<raw::VpnConnection>,
    },
    Call {
        kind: Kind::VpnGateways,
        page: whole!(describe_vpn_gateways),
        decode: list::<raw::VpnGateway>,
    },
];

/// Made once for each list that `describe-managed-prefix-lists` names.
pub(super) const PREFIX_LIST_ENTRIES: Call = Call {
    kind: Kind::ManagedPrefixListEntries,
    page: prefix_list_entries,
    decode: list::<raw::PrefixListEntry>,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::by_hand::{ENTRIES, RECORDED};

    /// The policy and the printed commands are made of these.
    #[test]
    fn the_calls_are_those_of_a_recording_by_hand() {
        assert!(CALLS.is_sorted_by_key(Call::name));
        assert!(CALLS.iter().map(|call| call.kind).eq(RECORDED));
        assert_eq!(PREFIX_LIST_ENTRIES.kind, ENTRIES);
        for call in CALLS.iter().chain([&PREFIX_LIST_ENTRIES]) {
            assert!(call.name().starts_with("describe-") || call.name().starts_with("get-"));
        }
    }
}
