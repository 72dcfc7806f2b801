//! What AWS Reachability Analyzer calls it when a step stops a flow.
//!
//! Only codes that mean the same are given, so that an answer can be laid beside AWS's own. The
//! analyzer looks at the way there alone; a step of the way back has the code that the same
//! component would be given.

use cloudfw_core::{Decision, Endpoint, Leg, Question, Reason, Step};

/// The analyzer's code for a step, where one means the same.
pub fn code(step: &Step, question: &Question) -> Option<&'static str> {
    let stops = match step.decision {
        Decision::Deny | Decision::Reject => true,
        Decision::Unknown => step.reason == Reason::Opaque,
        _ => false,
    };
    if !stops {
        return None;
    }
    let kind = step.rule.as_ref().map_or(step.at.kind, |rule| rule.list.kind);
    of(kind, step.reason, way(step.leg, question))
}

/// Which way the packets of a leg go, as seen from the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    Out,
    /// From one recorded interface to another: beyond a border that is both.
    Inside,
}

fn way(leg: Leg, question: &Question) -> Way {
    let outside = |end: &Endpoint| matches!(end, Endpoint::External { .. });
    match (outside(&question.source), outside(&question.destination), leg) {
        (true, _, Leg::Forward) | (_, true, Leg::Return) => Way::In,
        (_, true, Leg::Forward) | (true, _, Leg::Return) => Way::Out,
        _ => Way::Inside,
    }
}

/// The table: the kind of component, why it stops the flow, which way the flow goes.
fn of(kind: &str, reason: Reason, way: Way) -> Option<&'static str> {
    Some(match (reason, kind) {
        (Reason::Rule, "security-group") => "ENI_SG_RULES_MISMATCH",
        (Reason::Rule, "network-acl") => "SUBNET_ACL_RESTRICTION",
        (Reason::Rule | Reason::GatewayClosed, kind) if is_block_public_access(kind) => {
            "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"
        }
        (Reason::NoRoute, "route-table") => "NO_ROUTE_TO_DESTINATION",
        (Reason::Blackhole, "route-table") => "BAD_STATE_ROUTE",
        (Reason::GatewayClosed | Reason::Down, _) => "BAD_STATE",
        (Reason::NotCarried, "nat-gateway") => "PROTOCOL_RESTRICTION",
        (Reason::OutwardOnly, "nat-gateway") => "NGW_REQUIRES_SOURCE_IN_VPC",
        (Reason::NoPublicAddress, _) if way == Way::In => "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        (Reason::NoPublicAddress, _) => "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
        (Reason::NotTransitive, "vpc-peering-connection") => "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
        (Reason::SourceDestinationCheck, _) => "ENI_SOURCE_DEST_CHECK_RESTRICTION",
        (Reason::NoGateway, _) if way == Way::Inside => "DISCONNECTED_VPCS",
        (Reason::NoGateway, _) => "NO_PATH",
        (Reason::Opaque, _) => "UNSUPPORTED_COMPONENT",
        _ => return None,
    })
}

fn is_block_public_access(kind: &str) -> bool {
    kind == "block-public-access"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_design_s_example() {
        let code = of("network-acl", Reason::Rule, Way::Inside);
        assert_eq!(code, Some("SUBNET_ACL_RESTRICTION"));
    }

    #[test]
    fn a_border_without_public_address_has_a_code_for_each_way() {
        let code = |way| of("internet-gateway", Reason::NoPublicAddress, way);
        assert_eq!(code(Way::In), Some("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"));
        assert_eq!(code(Way::Out), Some("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"));
    }

    #[test]
    fn what_lets_through_has_no_code() {
        assert_eq!(of("route-table", Reason::Route, Way::Out), None);
    }
}
