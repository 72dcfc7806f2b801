//! VPC peering (AWS-10, AWS-69).

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudfw_core::{Gateway, Id, Identity, Origin, Passage, Router, Scope, Stack, Unknown};

use super::Lowering;
use super::label::{label, name_tag, unknown};
use super::table::Object;
use crate::kind::Kind;
use crate::raw::{PeeringVpcInfo, VpcPeeringConnection};

/// Whether a status is one in which nothing is carried for certain. Others are on their way to or
/// from `active`.
pub(super) fn is_closed(status: &str) -> bool {
    matches!(
        status,
        "initiating-request" | "pending-acceptance" | "rejected" | "failed" | "expired" | "deleted"
    )
}

impl Lowering<'_> {
    pub(super) fn lower_peerings(&mut self) {
        for object in self.recorded.peerings.iter() {
            let Some(entry) = object.first() else { continue };
            let tags = object.versions.iter().find_map(|entry| entry.value.tags.as_ref());
            let label = label(object, "vpc-peering-connection", name_tag(tags));
            let (closed, doubt) = status(object, &entry.origin);
            let passage = self.link(object, &entry.origin);
            let doubts = doubt.into_iter().collect();
            let gateway = Gateway { label, passage, stack: Stack::default(), closed, doubts };
            self.add_gateway(&object.key, gateway);
        }
    }

    fn link(&self, object: &Object<'_, VpcPeeringConnection>, origin: &Origin) -> Passage {
        let opaque = |unknown| Passage::Opaque { unknown, rewrites: false };
        let mut ends = Vec::new();
        let infos: [fn(&VpcPeeringConnection) -> Option<&PeeringVpcInfo>; 2] =
            [|p| p.requester_vpc_info.as_ref(), |p| p.accepter_vpc_info.as_ref()];
        for info in infos {
            let told: BTreeSet<_> = object
                .versions
                .iter()
                .filter_map(|entry| info(entry.value))
                .map(|info| (&info.vpc_id, &info.owner_id, &info.region))
                .collect();
            let (Some((vpc, owner, region)), 1) = (told.first(), told.len()) else {
                let why = "an end of it is not recorded, or recorded in two ways";
                return opaque(unknown(format!("what {} joins", object.id), why, origin));
            };
            let home = Scope {
                account: owner.as_deref().map(Arc::from),
                region: region.as_deref().map(Arc::from),
            };
            match self.end(vpc.as_deref(), &home, origin) {
                Ok(end) => ends.push(end),
                Err(unknown) => return opaque(unknown),
            }
        }
        match <[End; 2]>::try_from(ends) {
            Ok([one, two]) if one.router != two.router => {
                let identity = match (one.region, two.region) {
                    (Some(one), Some(two)) if one == two => Identity::Kept,
                    // Between Regions groups cannot be referenced, says general knowledge.
                    _ => Identity::Doubtful,
                };
                Passage::Link { ends: [one.router, two.router], identity }
            }
            _ => {
                let why = "both its ends are the same VPC";
                opaque(unknown(format!("what {} joins", object.id), why, origin))
            }
        }
    }

    fn end(&self, vpc: Option<&str>, home: &Scope, origin: &Origin) -> Result<End, Unknown> {
        let object = vpc.and_then(|id| self.recorded.vpcs.get(id, home));
        let Some(object) = object else {
            let account = home.account.as_deref().unwrap_or("an unknown account");
            let what = format!("the VPC {} of {account}", vpc.unwrap_or("?"));
            return Err(unknown(what, self.coverage.why(Kind::Vpcs, home), origin));
        };
        let scope = object.first().map(|entry| &entry.scope);
        let region = home.region.clone().or_else(|| scope.and_then(|scope| scope.region.clone()));
        Ok(End { router: Id::new(Arc::clone(&object.key)), region })
    }
}

/// One end of a peering.
struct End {
    router: Id<Router>,
    region: Option<Arc<str>>,
}

/// Whether it carries anything. Both accounts tell of it; they must agree.
fn status(
    object: &Object<'_, VpcPeeringConnection>,
    origin: &Origin,
) -> (Option<Arc<str>>, Option<Unknown>) {
    let codes: BTreeSet<Option<&str>> = object
        .versions
        .iter()
        .map(|entry| entry.value.status.as_ref().and_then(|status| status.code.as_deref()))
        .collect();
    let what = "whether the peering connection is active";
    match (codes.first(), codes.len()) {
        (Some(Some("active")), 1) => (None, None),
        (Some(Some(code)), 1) if is_closed(code) => {
            (Some(format!("the peering connection is {code}").into()), None)
        }
        (Some(Some(code)), 1) => {
            (None, Some(unknown(what, format!("it was recorded as `{code}`"), origin)))
        }
        (_, 1) => (None, Some(unknown(what, "its status is not recorded", origin))),
        _ => (None, Some(unknown(what, "its two accounts tell of it in two ways", origin))),
    }
}
