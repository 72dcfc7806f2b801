//! Block Public Access (AWS-72): what internet gateways carry at all, whatever groups, ACLs and
//! routes say.
//!
//! It is a filter at the internet gateway, and sees the own addresses of the inside.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{
    Action, Direction, Filter, Gateway, Id, IpSet, Label, Match, Opens, Origin, Passage, Peer,
    Peers, Router, Rule, RuleList, Scope, ServiceSet, StateSet, Tracking, Unknown,
};

use super::Lowering;
use super::filters::{deny_all, unknown_filter};
use super::label::{missing, nowhere, unknown};
use super::scope::{compatible, text};
use super::table::Entry;
use crate::kind::Kind;
use crate::raw::{BlockPublicAccessStates, VpcBlockPublicAccessOptions as Options};

/// What is known of a mode.
enum Mode {
    Off,
    Bidirectional,
    Ingress,
}

/// Why the mode that an entry tells may not be in force.
fn unsettled<'e, 'a>(entry: &'e Entry<'a, Options>) -> Option<(&'e Entry<'a, Options>, String)> {
    let why = match entry.value.state.as_deref() {
        Some("default-state" | "update-complete") => return None,
        Some("update-in-progress") => "it is being changed".to_owned(),
        Some(state) => format!("its state was recorded as `{state}`"),
        None => "its state is not recorded".to_owned(),
    };
    Some((entry, why))
}

/// Whose options are, as they say it themselves.
fn own_scope(entry: &Entry<'_, Options>) -> Scope {
    let told = |text: &Option<String>| text.as_deref().map(Arc::from);
    Scope { account: told(&entry.value.aws_account_id), region: told(&entry.value.aws_region) }
}

/// Why options are not those of the folder that they stand in.
fn misplaced<'e, 'a>(entry: &'e Entry<'a, Options>) -> Option<(&'e Entry<'a, Options>, String)> {
    let own = own_scope(entry);
    let why = || {
        let (own, folder) = (text(&own), text(&entry.scope));
        format!("the options say that they are those of {own}, and stand in the folder of {folder}")
    };
    (!compatible(&own, &entry.scope)).then(|| (entry, why()))
}

fn mode_of(states: Option<&BlockPublicAccessStates>) -> Option<&str> {
    states?.internet_gateway_block_mode.as_deref()
}

/// The addresses that a block leaves out.
#[derive(Default)]
struct Exempt {
    /// Both ways.
    both: Vec<Part>,
    /// Connections from inside, and their replies.
    outward: Vec<Part>,
}

/// Addresses and why they are left out.
#[derive(Clone)]
struct Part {
    name: Arc<str>,
    addresses: IpSet,
    origin: Origin,
    doubt: Option<Unknown>,
}

impl Lowering<'_> {
    pub(super) fn lower_public_access(&mut self) {
        let borders: Vec<(Id<Gateway>, Id<Router>, Opens)> = self
            .network
            .gateways
            .iter()
            .filter_map(|(key, gateway)| match &gateway.passage {
                Passage::Border { router, opens, .. } => {
                    Some((key.clone(), router.clone(), *opens))
                }
                _ => None,
            })
            .collect();
        for (key, router, opens) in borders {
            if let Some(filter) = self.public_access_filter(&router, opens) {
                let id = format!("block public access at {key}");
                let filter = self.add_filter(&id, filter);
                if let Some(gateway) = self.network.gateways.get_mut(&key) {
                    gateway.stack.filters.push(filter);
                }
            }
        }
    }

    /// Where a mode is told, and whether it blocks anything of a VPC that is not left out as a
    /// whole.
    pub(super) fn blocks_public_access(
        &self,
        router: &Id<Router>,
    ) -> (Origin, Result<bool, Unknown>) {
        let scope = self.scope_of_router(router);
        match self.mode(router, &scope) {
            Err(gap) => (self.origin_of(router), Err(gap)),
            Ok((Mode::Off, origin)) => (origin, Ok(false)),
            Ok((Mode::Bidirectional | Mode::Ingress, origin)) => {
                let whole = self.exclusions(router, &scope).both;
                let mut whole = whole.into_iter().filter(|part| part.addresses.is_full());
                let doubt = whole.clone().find_map(|part| part.doubt);
                let is_out = whole.any(|part| part.doubt.is_none());
                (origin, if is_out { Ok(false) } else { doubt.map_or(Ok(true), Err) })
            }
        }
    }

    fn public_access_filter(&self, router: &Id<Router>, opens: Opens) -> Option<Filter> {
        let scope = self.scope_of_router(router);
        let (mode, origin) = match self.mode(router, &scope) {
            Ok(known) => known,
            Err(gap) => {
                let label = label(&scope, &self.origin_of(router));
                return Some(unknown_filter(label, Tracking::Stateless, gap));
            }
        };
        let exempt = match mode {
            Mode::Off => return None,
            // An egress-only gateway lets connections out only, which this mode allows.
            Mode::Ingress if opens == Opens::Outward => return None,
            Mode::Ingress => {
                let mut exempt = self.exclusions(router, &scope);
                // They let connections out only.
                exempt.outward.clear();
                exempt.both.extend(self.nat_addresses(router));
                exempt
            }
            Mode::Bidirectional => {
                let mut exempt = self.exclusions(router, &scope);
                if opens == Opens::Outward {
                    exempt.both.append(&mut exempt.outward);
                }
                exempt
            }
        };
        Some(filter(&label(&scope, &origin), &exempt))
    }

    /// The mode in force for a VPC.
    fn mode(&self, router: &Id<Router>, scope: &Scope) -> Result<(Mode, Origin), Unknown> {
        let options: Vec<_> = self.options_for(scope).collect();
        let what = || format!("block public access of {}", shown(scope));
        if let Some(first) = options.first() {
            if let Some((entry, why)) = options.iter().find_map(|entry| misplaced(entry)) {
                return Err(unknown(what(), why, &entry.origin));
            }
            if let Some((entry, why)) = options.iter().find_map(|entry| unsettled(entry)) {
                return Err(unknown(what(), why, &entry.origin));
            }
            let told = |entry: &Entry<'_, Options>| entry.value.internet_gateway_block_mode.clone();
            if options.iter().any(|entry| told(entry) != told(first)) {
                return Err(unknown(what(), "it is told in two ways", &first.origin));
            }
            let mode = match told(first).as_deref() {
                Some("off") => match self.own_mode(router) {
                    Some((own, _)) if own != "off" => Err(format!(
                        "it is `off`, and `BlockPublicAccessStates` of a VPC or subnet is `{own}`"
                    )),
                    _ => Ok(Mode::Off),
                },
                Some("block-bidirectional") => Ok(Mode::Bidirectional),
                Some("block-ingress") => Ok(Mode::Ingress),
                Some(mode) => Err(format!("its mode was recorded as `{mode}`")),
                None => Err("its mode is not recorded".to_owned()),
            };
            return mode
                .map(|mode| (mode, first.origin.clone()))
                .map_err(|why| unknown(what(), why, &first.origin));
        }
        let why = self.coverage.missing(Kind::VpcBlockPublicAccessOptions, scope);
        let why = why.or_else(|| self.only_of_others(scope));
        match (why, self.own_mode(router)) {
            (_, Some(("off", origin))) => Ok((Mode::Off, origin)),
            (None, None) => Ok((Mode::Off, nowhere())),
            // What was assumed not to be there shows all the same.
            (None, Some((mode, origin))) => {
                let why = format!("`{mode}` is recorded for it, and its exclusions are not");
                Err(unknown(what(), why, &origin))
            }
            (Some(why), _) => Err(unknown(what(), why, &self.origin_of(router))),
        }
    }

    /// The options that may be those of a scope: what a document says of itself counts, and what
    /// its folder says.
    fn options_for(&self, scope: &Scope) -> impl Iterator<Item = &Entry<'_, Options>> {
        let near = move |one: &Scope| compatible(one, scope);
        let options = self.recorded.public_access.iter();
        options.filter(move |entry| near(&entry.scope) || near(&own_scope(entry)))
    }

    /// Set where options were read, and all that were are those of others.
    fn only_of_others(&self, scope: &Scope) -> Option<String> {
        let kind = Kind::VpcBlockPublicAccessOptions;
        let others = self.recorded.public_access.first().map(own_scope)?;
        self.coverage.is_read(kind, scope).then(|| {
            format!(
                "the options that were recorded are those of {}: add the output of `aws {} {}` for it",
                text(&others),
                kind.service(),
                kind.call()
            )
        })
    }

    /// What a VPC or one of its subnets itself says to be in force: a block, if any of them does.
    fn own_mode(&self, router: &Id<Router>) -> Option<(&str, Origin)> {
        let vpc = self.recorded.vpcs.by_key(router.as_str());
        let vpc = vpc.filter(|vpc| vpc.versions.len() == 1).and_then(|vpc| vpc.first());
        let own = vpc.and_then(|entry| {
            let mode = mode_of(entry.value.block_public_access_states.as_ref())?;
            Some((mode, entry.origin.clone()))
        });
        let subnets = self.network.subnets.iter().filter(|(_, subnet)| subnet.router == *router);
        let mut blocked = subnets.filter_map(|(key, _)| {
            let entry = self.recorded.subnets.by_key(key.as_str())?.first()?;
            let mode = mode_of(entry.value.block_public_access_states.as_ref())?;
            (mode != "off").then(|| (mode, entry.origin.clone()))
        });
        blocked.next().or(own)
    }

    /// What is left out of the block, in this VPC.
    fn exclusions(&self, router: &Id<Router>, scope: &Scope) -> Exempt {
        let mut exempt = Exempt::default();
        for entry in &self.recorded.public_access_exclusions {
            if !compatible(&entry.scope, scope) {
                continue;
            }
            let told = entry.value;
            let arn = told.resource_arn.as_deref();
            let Some((addresses, vague)) = self.excluded(arn, router, &entry.origin) else {
                continue;
            };
            let arn = arn.unwrap_or("?");
            let doubt = match told.state.as_deref() {
                Some("create-complete" | "update-complete") => {
                    vague.or_else(|| self.exclusion_doubt(arn, scope))
                }
                Some("create-failed" | "delete-complete" | "disable-complete") => continue,
                state => Some(unknown(
                    format!("whether {arn} is left out of block public access"),
                    format!("its state was recorded as `{}`", state.unwrap_or("?")),
                    &entry.origin,
                )),
            };
            let part = |doubt| Part {
                name: arn.into(),
                addresses: addresses.clone(),
                origin: entry.origin.clone(),
                doubt,
            };
            match told.internet_gateway_exclusion_mode.as_deref() {
                Some("allow-bidirectional") => exempt.both.push(part(doubt)),
                Some("allow-egress") => exempt.outward.push(part(doubt)),
                mode => {
                    let why = format!("its mode was recorded as `{}`", mode.unwrap_or("?"));
                    let what = format!("what of {arn} is left out of block public access");
                    exempt.both.push(part(Some(unknown(what, why, &entry.origin))));
                }
            }
        }
        if let Some(why) = self.coverage.missing(Kind::VpcBlockPublicAccessExclusions, scope) {
            let origin = self.origin_of(router);
            let what = format!("what is left out of block public access of {}", shown(scope));
            exempt.both.push(Part {
                name: "exclusions".into(),
                addresses: IpSet::full(),
                doubt: Some(unknown(what, why, &origin)),
                origin,
            });
        }
        exempt
    }

    /// Set where an exclusion that is recorded as complete may not hold: no document says what
    /// becomes of exclusions that there are when they are no longer allowed.
    fn exclusion_doubt(&self, arn: &str, scope: &Scope) -> Option<Unknown> {
        let unsure = self
            .options_for(scope)
            .find(|entry| entry.value.exclusions_allowed.as_deref() != Some("allowed"))?;
        let why = match unsure.value.exclusions_allowed.as_deref() {
            Some("not-allowed") => "`ExclusionsAllowed` is `not-allowed`, and no document says \
                 whether an exclusion that is there all the same holds"
                .to_owned(),
            Some(told) => format!("`ExclusionsAllowed` was recorded as `{told}`"),
            None => "`ExclusionsAllowed` is not recorded".to_owned(),
        };
        let what = format!("whether {arn} is left out of block public access");
        Some(unknown(what, why, &unsure.origin))
    }

    /// The addresses of the VPC that the ARN of an exclusion names: all of it, or a subnet.
    /// Where they are not known, all, with a doubt.
    fn excluded(
        &self,
        arn: Option<&str>,
        router: &Id<Router>,
        origin: &Origin,
    ) -> Option<(IpSet, Option<Unknown>)> {
        let Some(arn) = arn else {
            let what = "what an exclusion from block public access is about";
            return Some((IpSet::full(), Some(unknown(what, "its ARN is not recorded", origin))));
        };
        let id = arn.rsplit('/').next().unwrap_or(arn);
        let own = self.network.routers.get(router)?;
        let stranger = || self.of_another(arn, router, origin);
        if *own.label.id == *id {
            return Some((IpSet::full(), stranger()));
        }
        let mut subnets = self.network.subnets.iter();
        let (key, subnet) =
            subnets.find(|(_, subnet)| *subnet.label.id == *id && subnet.router == *router)?;
        Some(match self.vague.get(key.as_str()) {
            Some(vague) => (IpSet::full(), Some(vague.clone())),
            None => (subnet.addresses.clone(), stranger()),
        })
    }

    /// Set where an ARN names another account or Region than those of the VPC whose id is in it,
    /// or that of a subnet in the VPC.
    fn of_another(&self, arn: &str, router: &Id<Router>, origin: &Origin) -> Option<Unknown> {
        let vpc = self.recorded.vpcs.by_key(router.as_str())?.first()?;
        let mut parts = arn.split(':').skip(3).map(|part| (!part.is_empty()).then_some(part));
        let (region, account) = (parts.next().flatten(), parts.next().flatten());
        let own_region = vpc.scope.region.as_deref();
        let owners = [vpc.owner, vpc.scope.account.as_deref()];
        let is_foreign = region.zip(own_region).is_some_and(|(told, own)| told != own)
            || account.is_some_and(|told| {
                let mut owners = owners.into_iter().flatten().peekable();
                owners.peek().is_some() && owners.all(|own| own != told)
            });
        is_foreign.then(|| {
            let what = format!("whether {arn} is left out of block public access");
            let why = "`ResourceArn` names another account or Region than those of the VPC";
            unknown(what, why, origin)
        })
    }

    /// The addresses of the NAT gateways of a VPC, which let connections out only.
    fn nat_addresses(&self, router: &Id<Router>) -> Vec<Part> {
        let gateways = self.network.gateways.values();
        gateways
            .filter_map(|gateway| match &gateway.passage {
                Passage::SourceNat { subnet, address, .. } => {
                    let subnet = self.network.subnets.get(subnet)?;
                    (subnet.router == *router).then(|| Part {
                        name: Arc::clone(&gateway.label.id),
                        addresses: IpSet::single(*address),
                        origin: gateway.label.origin.clone(),
                        doubt: None,
                    })
                }
                _ => None,
            })
            .collect()
    }

    fn origin_of(&self, router: &Id<Router>) -> Origin {
        let router = self.network.routers.get(router);
        router.map_or_else(nowhere, |router| router.label.origin.clone())
    }
}

fn shown(scope: &Scope) -> String {
    let text = text(scope);
    if text.is_empty() { "the account".to_owned() } else { text }
}

fn label(scope: &Scope, origin: &Origin) -> Label {
    missing("block-public-access", "block-public-access", scope, origin)
}

/// Lets the exempt addresses through, and nothing else.
fn filter(label: &Label, exempt: &Exempt) -> Filter {
    let list = |direction| {
        let mut rules: Vec<Rule> =
            exempt.both.iter().map(|part| rule(part, direction, part.doubt.clone())).collect();
        for part in &exempt.outward {
            // A reply cannot be told from a first packet here.
            let doubt = part.doubt.clone().or_else(|| {
                (direction == Direction::Ingress).then(|| {
                    let what = format!("what comes in to {} is a reply", part.name);
                    let why = "it is left out of block public access for connections from inside";
                    unknown(what, why, &part.origin)
                })
            });
            rules.push(rule(part, direction, doubt));
        }
        rules.sort_by(|one, two| one.id.cmp(&two.id));
        rules.push(deny_all(&label.origin));
        vec![Arc::new(RuleList { label: label.clone(), rules })]
    };
    Filter {
        label: label.clone(),
        tracking: Tracking::Stateless,
        ingress: list(Direction::Ingress),
        egress: list(Direction::Egress),
        chains: BTreeMap::new(),
    }
}

fn rule(part: &Part, direction: Direction, doubt: Option<Unknown>) -> Rule {
    let inside = if part.addresses.is_full() {
        Peers::Any
    } else {
        Peers::Of(vec![Peer::addresses(part.addresses.clone())])
    };
    let (sources, destinations) = match direction {
        Direction::Ingress => (Peers::Any, inside),
        Direction::Egress => (inside, Peers::Any),
    };
    let services = ServiceSet::full();
    let matches = Match { sources, destinations, services, states: StateSet::ALL, doubt };
    Rule { id: Arc::clone(&part.name), matches, action: Action::Allow, origin: part.origin.clone() }
}
