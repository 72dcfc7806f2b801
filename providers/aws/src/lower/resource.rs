//! Everything that has a name, for those who ask about it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{Id, Interface, Network, Scope};

use cloudfw_documents::Resource;

use super::label::name_tag;
use super::recorded::Recorded;
use super::table::{Object, Table};
use crate::raw::Tag;

/// What an index is made of.
struct Index<'a> {
    recorded: &'a Recorded<'a>,
    resources: Vec<Resource>,
    /// The interfaces of hosts, subnets, routers and groups, by their keys.
    of_host: BTreeMap<&'a str, Vec<Id<Interface>>>,
    of_subnet: BTreeMap<&'a str, Vec<Id<Interface>>>,
    of_router: BTreeMap<&'a str, Vec<Id<Interface>>>,
    of_group: BTreeMap<&'a str, Vec<Id<Interface>>>,
}

/// The resources of a recording, by kind and key.
pub(super) fn index(recorded: &Recorded<'_>, network: &Network) -> Vec<Resource> {
    let mut index = Index {
        recorded,
        resources: Vec::new(),
        of_host: BTreeMap::new(),
        of_subnet: BTreeMap::new(),
        of_router: BTreeMap::new(),
        of_group: BTreeMap::new(),
    };
    for (id, interface) in &network.interfaces {
        let router = network.subnets.get(&interface.subnet).map(|subnet| subnet.router.as_str());
        index.of_subnet.entry(interface.subnet.as_str()).or_default().push(id.clone());
        if let Some(router) = router {
            index.of_router.entry(router).or_default().push(id.clone());
        }
        for group in &interface.groups {
            index.of_group.entry(group.as_str()).or_default().push(id.clone());
        }
    }
    for (id, host) in &network.hosts {
        index.of_host.insert(id.as_str(), host.interfaces.clone());
    }
    index.fill();
    index.fill_gateways();
    let mut resources = index.resources;
    resources.sort_by(|one, two| (one.kind, &one.key).cmp(&(two.kind, &two.key)));
    resources
}

/// What a kind of resource tells of itself.
struct Told<'t> {
    name: Option<&'t str>,
    arn: Option<&'t str>,
    tags: Option<&'t Vec<Tag>>,
    vpc: Option<&'t str>,
}

impl Index<'_> {
    fn fill(&mut self) {
        let recorded = self.recorded;
        self.add(&recorded.vpcs, "vpc", "vpc", |v| Told {
            name: None,
            arn: None,
            tags: v.tags.as_ref(),
            vpc: v.vpc_id.as_deref(),
        });
        self.add(&recorded.subnets, "subnet", "subnet", |v| Told {
            name: None,
            arn: v.subnet_arn.as_deref(),
            tags: v.tags.as_ref(),
            vpc: v.vpc_id.as_deref(),
        });
        self.add(&recorded.interfaces, "network-interface", "network-interface", |v| Told {
            name: None,
            arn: None,
            tags: v.tag_set.as_ref(),
            vpc: v.vpc_id.as_deref(),
        });
        self.add(&recorded.instances, "instance", "instance", |v| Told {
            name: None,
            arn: None,
            tags: v.tags.as_ref(),
            vpc: v.vpc_id.as_deref(),
        });
        self.add(&recorded.groups, "security-group", "security-group", |v| Told {
            name: v.group_name.as_deref(),
            arn: v.security_group_arn.as_deref(),
            tags: v.tags.as_ref(),
            vpc: v.vpc_id.as_deref(),
        });
        self.add(&recorded.acls, "network-acl", "network-acl", |v| Told {
            name: None,
            arn: None,
            tags: v.tags.as_ref(),
            vpc: v.vpc_id.as_deref(),
        });
        self.add(&recorded.tables, "route-table", "route-table", |v| Told {
            name: None,
            arn: None,
            tags: v.tags.as_ref(),
            vpc: v.vpc_id.as_deref(),
        });
        self.add(&recorded.prefix_lists, "prefix-list", "prefix-list", |v| Told {
            name: v.prefix_list_name.as_deref(),
            arn: v.prefix_list_arn.as_deref(),
            tags: v.tags.as_ref(),
            vpc: None,
        });
        self.add(&recorded.balancers, "load-balancer", "", |v| Told {
            name: v.load_balancer_name.as_deref(),
            arn: v.load_balancer_arn.as_deref(),
            tags: None,
            vpc: v.vpc_id.as_deref(),
        });
    }

    fn fill_gateways(&mut self) {
        let recorded = self.recorded;
        let word = "internet-gateway";
        self.add(&recorded.internet_gateways, word, word, |v| Told {
            name: None,
            arn: None,
            tags: v.tags.as_ref(),
            vpc: only(v.attachments.as_ref().map(|all| all.iter().map(|one| &one.vpc_id))),
        });
        let word = "egress-only-internet-gateway";
        self.add(&recorded.egress_only_gateways, word, word, |v| Told {
            name: None,
            arn: None,
            tags: v.tags.as_ref(),
            vpc: only(v.attachments.as_ref().map(|all| all.iter().map(|one| &one.vpc_id))),
        });
        self.add(&recorded.nat_gateways, "nat-gateway", "natgateway", |v| Told {
            name: None,
            arn: None,
            tags: v.tags.as_ref(),
            vpc: v.vpc_id.as_deref(),
        });
        let word = "vpc-peering-connection";
        self.add(&recorded.peerings, word, word, |v| Told {
            name: None,
            arn: None,
            tags: v.tags.as_ref(),
            vpc: None,
        });
        self.add(&recorded.endpoints, "vpc-endpoint", "vpc-endpoint", |v| Told {
            name: v.service_name.as_deref(),
            arn: None,
            tags: v.tags.as_ref(),
            vpc: v.vpc_id.as_deref(),
        });
        let word = "transit-gateway";
        self.add(&recorded.transit_gateways, word, word, |v| Told {
            name: None,
            arn: v.transit_gateway_arn.as_deref(),
            tags: v.tags.as_ref(),
            vpc: None,
        });
        self.add(&recorded.vpn_gateways, "vpn-gateway", "vpn-gateway", |v| Told {
            name: None,
            arn: None,
            tags: v.tags.as_ref(),
            vpc: None,
        });
    }

    fn add<T>(
        &mut self,
        table: &Table<'_, T>,
        kind: &'static str,
        arn_type: &str,
        told: impl Fn(&T) -> Told<'_>,
    ) {
        for object in table.iter() {
            let Some(entry) = object.first() else { continue };
            let told = told(entry.value);
            let scope = &entry.scope;
            let vpc = told.vpc.and_then(|id| self.recorded.vpcs.get(id, scope));
            let mut tags: Vec<(Arc<str>, Arc<str>)> =
                told.tags.map_or(Vec::new(), |tags| pairs(tags));
            tags.sort();
            let arn = told.arn.map(str::to_owned).or_else(|| made_arn(scope, arn_type, object.id));
            self.resources.push(Resource {
                kind,
                id: object.id.into(),
                key: Arc::clone(&object.key),
                name: name_tag(told.tags).or_else(|| told.name.map(Arc::from)),
                arn: arn.map(Arc::from),
                account: scope.account.clone(),
                region: scope.region.clone(),
                tags,
                interfaces: self.interfaces(kind, object),
                router: vpc.map(|vpc| Id::new(Arc::clone(&vpc.key))),
                origin: entry.origin.clone(),
            });
        }
    }

    fn interfaces<T>(&self, kind: &str, object: &Object<'_, T>) -> Vec<Id<Interface>> {
        let key = &*object.key;
        let found = match kind {
            "network-interface" => return vec![Id::new(key)],
            "load-balancer" => return self.balancer_interfaces(object.id),
            "vpc-endpoint" => return self.endpoint_interfaces(key),
            "instance" | "nat-gateway" => self.of_host.get(key),
            "subnet" => self.of_subnet.get(key),
            "vpc" => self.of_router.get(key),
            "security-group" => self.of_group.get(key),
            _ => None,
        };
        found.cloned().unwrap_or_default()
    }

    /// The interfaces of a balancer say in their description whose they are: `ELB app/web/50dc…`
    /// of the ARN that ends in `loadbalancer/app/web/50dc…`.
    fn balancer_interfaces(&self, arn: &str) -> Vec<Id<Interface>> {
        let Some((_, name)) = arn.split_once("loadbalancer/") else { return Vec::new() };
        let description = format!("ELB {name}");
        let of = |object: &&Object<'_, crate::raw::NetworkInterface>| {
            object
                .versions
                .iter()
                .any(|entry| entry.value.description.as_deref() == Some(description.as_str()))
        };
        let interfaces = self.recorded.interfaces.iter().filter(of);
        interfaces.map(|object| Id::new(Arc::clone(&object.key))).collect()
    }

    fn endpoint_interfaces(&self, key: &str) -> Vec<Id<Interface>> {
        let Some(entry) = self.recorded.endpoints.by_key(key).and_then(Object::first) else {
            return Vec::new();
        };
        let ids = entry.value.network_interface_ids.iter().flatten();
        let found = ids.filter_map(|id| self.recorded.interfaces.get(id, &entry.scope));
        let keys: BTreeSet<Id<Interface>> =
            found.map(|object| Id::new(Arc::clone(&object.key))).collect();
        keys.into_iter().collect()
    }
}

fn only<'v>(vpcs: Option<impl Iterator<Item = &'v Option<String>>>) -> Option<&'v str> {
    vpcs?.next()?.as_deref()
}

fn pairs(tags: &[Tag]) -> Vec<(Arc<str>, Arc<str>)> {
    let pair = |tag: &Tag| {
        let value = tag.value.as_deref().unwrap_or("");
        Some((tag.key.as_deref()?.into(), value.into()))
    };
    tags.iter().filter_map(pair).collect()
}

/// The ARN of what EC2 has no field for.
fn made_arn(scope: &Scope, arn_type: &str, id: &str) -> Option<String> {
    let (account, region) = (scope.account.as_ref()?, scope.region.as_ref()?);
    let partition = if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    };
    (!arn_type.is_empty())
        .then(|| format!("arn:{partition}:ec2:{region}:{account}:{arn_type}/{id}"))
}
