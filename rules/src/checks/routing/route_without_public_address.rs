//! Interfaces that are routed to the internet and have no address there.

use cloudfw_core::{
    Id, Initiative, Interface, IpSet, Label, Liveness, Network, Passage, Role, Router, RuleCite,
    Unknown,
};

use crate::routes::{Exit, Routes};
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "route-without-public-address",
    title: "A route to the internet without a public address",
    severity: Severity::Info,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "Machines without a public IPv4 address in subnets whose table sends packets to an \
                internet gateway and not to a NAT gateway. One finding for each table.",
        why: "An internet gateway drops what comes from an address that has no public one. What \
              such a machine calls in the internet times out: updates, the APIs of the cloud.",
        example: "i-0abc has 10.0.1.10 alone, and its table has 0.0.0.0/0 -> igw-0abc",
        instead: "Put the machine into a subnet that sends packets to a NAT gateway, or give it \
                  a public address.",
        limits: "Interfaces that open no connections (databases, endpoints), those that do not \
                 run and the secondary ones of a machine are not looked at, nor is IPv6.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    let routes = Routes::new(network);
    let mut findings = Vec::new();
    for table in routes.tables() {
        let Some((_, subnet)) = table.subnets.first() else { continue };
        if !matches!(routes.exit(subnet), Exit::Border) {
            continue;
        }
        let inside = table.subnets.iter().flat_map(|(id, _)| routes.interfaces(id));
        let shared = shared(network, &subnet.router);
        let without = inside.copied().filter(|one| lacks_address(network, one, &shared));
        let mut without: Vec<&Interface> = without.collect();
        without.sort_by_key(|one| (&one.label.scope, &one.label.id));
        if without.is_empty() {
            continue;
        }
        let outside = table.towards(routes.outside());
        let rules = outside.filter(|(won, _)| won.route.target != cloudfw_core::Target::Local);
        let rules = rules.map(|(won, _)| RuleCite::of_route(table.table, won.route)).collect();
        findings.push(finding(&table.table.label, &without, rules));
    }
    findings
}

fn finding(table: &Label, without: &[&Interface], rules: Vec<RuleCite>) -> Finding {
    let affected: Vec<Label> = without.iter().map(|one| one.label.clone()).collect();
    let (whose, who) = (named(table), listed(&affected));
    let message = format!(
        "{whose} sends packets to an internet gateway, which drops those of {} without a public \
         address ({who})",
        counted(affected.len(), "interface")
    );
    let advice = format!(
        "Move {who} to a subnet that sends packets to a NAT gateway, or give {who} public \
         addresses where the internet is to be called."
    );
    let mut finding = Finding::new(CHECK.id, Severity::Info, table.clone(), message, advice);
    finding.rules = rules;
    let opens = without.iter().any(|one| one.initiative == Initiative::Opens);
    let unknowns = without.iter().filter_map(|one| unknown(one));
    if !opens {
        finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
        finding.unknowns = unknowns.cloned().collect();
    }
    finding.affected = affected;
    finding
}

fn unknown(interface: &Interface) -> Option<&Unknown> {
    match &interface.initiative {
        Initiative::Unknown(unknown) => Some(unknown),
        Initiative::Opens | Initiative::Answers(_) => None,
    }
}

/// The sources that share an address at the borders of a network (AZ-70): they get out without one
/// of their own, or it is not known whether they do.
fn shared(network: &Network, router: &Id<Router>) -> IpSet {
    let pools = network.gateways.values().filter_map(|gateway| match &gateway.passage {
        Passage::Border { router: inside, pools, .. } if inside == router => Some(pools),
        _ => None,
    });
    let sources: Vec<&IpSet> = pools.flatten().map(|pool| &pool.inside).collect();
    IpSet::union_of(sources)
}

/// Whether it may call the internet, and has no address there, of its own or shared.
fn lacks_address(network: &Network, interface: &Interface, shared: &IpSet) -> bool {
    let own = interface.addresses.iter().find(|address| address.ip.is_ipv4());
    let host = interface.host.as_ref().and_then(|id| network.hosts.get(id));
    let first = host.and_then(|host| host.interfaces.first());
    let is_primary = first.is_none_or(|first| {
        network.interfaces.get(first).is_some_and(|first| first.label == interface.label)
    });
    own.is_some_and(|address| address.public.is_none() && !shared.contains(address.ip))
        && interface.role == Role::Endpoint
        && !matches!(interface.initiative, Initiative::Answers(_))
        && !matches!(interface.liveness, Liveness::Down(_))
        && interface.unread.v4.is_none()
        && is_primary
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    fn with(interfaces: &str, target: &str) -> Vec<Finding> {
        let text = format!(
            "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
gateway igw border vpc internet
subnet a in vpc 10.0.1.0/24 table rt
gateway nat snat a 10.0.1.9 public 203.0.113.9
{interfaces}
table rt
  10.0.0.0/16 -> local
  0.0.0.0/0 -> {target}
"
        );
        found(&CHECK, &text)
    }

    #[test]
    fn a_machine_without_an_address_in_the_internet_is_found_where_it_is_routed_there() {
        let all = with("interface web in a 10.0.1.10\ninterface app in a 10.0.1.11", "igw");
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Info);
        assert_eq!(
            one.message,
            "route table rt sends packets to an internet gateway, which drops those of 2 \
             interfaces without a public address (app and web)"
        );
        assert_eq!(one.rules.len(), 1);
        assert_eq!(&*one.rules[0].text, "rt 0.0.0.0/0 -> igw");
        assert_eq!(one.affected.len(), 2);
        assert!(!one.is_unknown());
    }

    #[test]
    fn a_public_address_or_a_nat_gateway_is_no_finding() {
        assert_eq!(with("interface web in a 10.0.1.10 public 203.0.113.10", "igw"), []);
        assert_eq!(with("interface web in a 10.0.1.10", "nat"), []);
        assert_eq!(with("interface web in a 2001:db8::1", "igw"), []);
    }

    #[test]
    fn az_70_who_shares_an_address_at_the_border_gets_out() {
        let text = |pool: &str| {
            format!(
                "external internet 0.0.0.0/0
router vnet 10.0.0.0/16
gateway out border vnet internet {pool}
subnet a in vnet 10.0.1.0/24 table rt
interface one in a 10.0.1.10
interface two in a 10.0.1.11
table rt
  0.0.0.0/0 -> out"
            )
        };
        let affected = |pool: &str| -> Vec<String> {
            let found = found(&CHECK, &text(pool));
            found.iter().flat_map(|it| &it.affected).map(ToString::to_string).collect()
        };
        assert_eq!(affected(""), ["one", "two"]);
        assert_eq!(affected("pool 10.0.1.0/24 as ?"), Vec::<String>::new());
        assert_eq!(affected("pool 10.0.1.10 as 203.0.113.9"), ["two"]);
        assert_eq!(affected("pool 10.0.1.0/24 as ? maybe-pool"), Vec::<String>::new());
    }

    #[test]
    fn what_calls_nobody_is_no_finding() {
        for word in ["answers-only", "down", "gateway nat", "opaque"] {
            assert_eq!(with(&format!("interface web in a 10.0.1.10 {word}"), "igw"), [], "{word}");
        }
        let second = "interface one in a 10.0.1.10 public 203.0.113.10\n\
                      interface two in a 10.0.1.11\nhost web one,two";
        assert_eq!(with(second, "igw"), []);
        let first = "interface one in a 10.0.1.10\nhost web one";
        assert_eq!(with(first, "igw").len(), 1);
    }

    #[test]
    fn what_may_call_somebody_is_unknown() {
        let all = with("interface web in a 10.0.1.10 maybe-opens", "igw");
        assert!(all[0].is_unknown());
        assert_eq!(&*all[0].unknowns[0].what, "whether it opens connections");
    }
}
