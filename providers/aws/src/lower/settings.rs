//! What is switched at resources and moves no packet that is asked about: for audits.

use cloudfw_core::{Feature, Label, Origin, Place, Setting, Unknown};

use super::Lowering;
use super::label::{label, name_tag, unknown};
use super::opaque::TRANSIT;
use super::table::Entry;
use crate::raw::{self, Field};

/// Where and whether something is on.
type Told = (Origin, Result<bool, Unknown>);

impl Lowering<'_> {
    pub(super) fn lower_settings(&mut self) {
        let mut settings = Vec::new();
        self.acl_settings(&mut settings);
        self.subnet_settings(&mut settings);
        self.transit_settings(&mut settings);
        self.router_settings(&mut settings);
        self.instance_settings(&mut settings);
        self.network.settings = settings;
    }

    /// The ACL that came with its VPC (AWS-30): nobody can delete it.
    fn acl_settings(&self, settings: &mut Vec<Setting>) {
        for object in self.recorded.acls.iter() {
            let Some(entry) = object.first() else { continue };
            let told = switch(entry, "IsDefault", &entry.value.is_default);
            let of = label(object, "network-acl", name_tag(entry.value.tags.as_ref()));
            settings.push(sure(of, Feature::MadeWithNetwork, told, object.contradiction()));
        }
    }

    /// What new interfaces of a subnet get: a public IPv4 address, or an IPv6 address, which is
    /// public by itself.
    fn subnet_settings(&self, settings: &mut Vec<Setting>) {
        for object in self.recorded.subnets.iter() {
            let Some(entry) = object.first() else { continue };
            let subnet = entry.value;
            let has_v6 = subnet.ipv6_cidr_block_association_set.iter().flatten().next().is_some();
            let (v4, v6) =
                (&subnet.map_public_ip_on_launch, &subnet.assign_ipv6_address_on_creation);
            let mut told = Vec::new();
            if subnet.ipv6_native.given() != Some(&true) {
                told.push(switch(entry, "MapPublicIpOnLaunch", v4));
            }
            if has_v6 || !v6.is_absent() {
                told.push(switch(entry, "AssignIpv6AddressOnCreation", v6));
            }
            for told in told {
                let of = label(object, "subnet", name_tag(subnet.tags.as_ref()));
                let feature = Feature::GivesPublicAddresses;
                settings.push(sure(of, feature, told, object.contradiction()));
            }
        }
    }

    fn transit_settings(&self, settings: &mut Vec<Setting>) {
        for object in self.recorded.transit_gateways.iter() {
            let Some(entry) = object.first() else { continue };
            let options = entry.value.options.as_ref();
            let told = options.and_then(|one| one.auto_accept_shared_attachments.as_deref());
            let origin = member(&member(&entry.origin, "Options"), "AutoAcceptSharedAttachments");
            let on = match told {
                Some("enable") => Ok(true),
                Some("disable") => Ok(false),
                told => Err(unknown(
                    format!("whether {} accepts attachments by itself", object.id),
                    match told {
                        Some(text) => format!("it was recorded as `{text}`"),
                        None => "`AutoAcceptSharedAttachments` is not recorded".to_owned(),
                    },
                    &entry.origin,
                )),
            };
            let of = label(object, TRANSIT.word, name_tag(entry.value.tags.as_ref()));
            let told = (origin, on);
            settings.push(sure(of, Feature::AcceptsAttachments, told, object.contradiction()));
        }
    }

    /// Block Public Access as it is in force for a whole VPC (AWS-72).
    fn router_settings(&self, settings: &mut Vec<Setting>) {
        for (id, router) in &self.network.routers {
            let (origin, on) = self.blocks_public_access(id);
            let of = router.label.clone();
            settings.push(Setting { of, feature: Feature::BlocksPublicAccess, on, origin });
        }
    }

    /// An instance whose record has no profile has none.
    fn instance_settings(&self, settings: &mut Vec<Setting>) {
        for object in self.recorded.instances.iter() {
            let Some(entry) = object.first() else { continue };
            let on = Ok(entry.value.iam_instance_profile.is_some());
            let of = label(object, "instance", name_tag(entry.value.tags.as_ref()));
            let told = (entry.origin.clone(), on);
            settings.push(sure(of, Feature::HasCloudIdentity, told, object.contradiction()));
        }
    }

    /// Notes the rules that could carry a description and carry none.
    pub(super) fn note_undescribed(&mut self) {
        let mut undescribed = Vec::new();
        for object in self.recorded.groups.iter() {
            let Some(entry) = object.first().filter(|_| object.versions.len() == 1) else {
                continue;
            };
            let lists = [
                ("IpPermissions", &entry.value.ip_permissions),
                ("IpPermissionsEgress", &entry.value.ip_permissions_egress),
            ];
            for (field, permissions) in lists {
                for (i, permission) in permissions.iter().flatten().enumerate() {
                    let origin = super::label::within(&entry.origin, field, i);
                    undescribed.extend(without_description(permission, &origin));
                }
            }
        }
        self.network.undescribed.extend(undescribed);
    }
}

/// The peers of a permission that say nothing of themselves.
fn without_description(permission: &raw::IpPermission, origin: &Origin) -> Vec<Origin> {
    fn bare<'p, T>(
        field: &'static str,
        peers: Option<&'p Vec<T>>,
        of: impl Fn(&T) -> Option<&str> + 'p,
        origin: &'p Origin,
    ) -> impl Iterator<Item = Origin> + 'p {
        let peers = peers.into_iter().flatten().enumerate();
        let bare = peers.filter(move |(_, peer)| of(peer).is_none_or(|it| it.trim().is_empty()));
        bare.map(move |(i, _)| super::label::within(origin, field, i))
    }
    let lists = permission.prefix_list_ids.as_ref();
    let pairs = permission.user_id_group_pairs.as_ref();
    let v4 =
        bare("IpRanges", permission.ip_ranges.as_ref(), |it| it.description.as_deref(), origin);
    let v6 = permission.ipv6_ranges.as_ref();
    let v6 = bare("Ipv6Ranges", v6, |it| it.description.as_deref(), origin);
    let lists = bare("PrefixListIds", lists, |it| it.description.as_deref(), origin);
    let pairs = bare("UserIdGroupPairs", pairs, |it| it.description.as_deref(), origin);
    v4.chain(v6).chain(lists).chain(pairs).collect()
}

/// A setting, of which nothing is known where its resource is told in two ways.
fn sure(of: Label, feature: Feature, told: Told, contradiction: Option<Unknown>) -> Setting {
    let (origin, on) = told;
    let on = match contradiction {
        Some(gap) => Err(gap),
        None => on,
    };
    Setting { of, feature, on, origin }
}

/// A switch, and where it is written; where the element stands where it is not.
fn switch<T>(entry: &Entry<'_, T>, name: &'static str, field: &Field<bool>) -> Told {
    let gap = |why: String| unknown(format!("`{name}`"), why, &entry.origin);
    match field {
        Field::Given(on) => (member(&entry.origin, name), Ok(*on)),
        Field::Absent => (entry.origin.clone(), Err(gap("it is not recorded".to_owned()))),
        Field::Bad(text) => {
            let why = format!("it was recorded as `{text}`, which is neither true nor false");
            (member(&entry.origin, name), Err(gap(why)))
        }
    }
}

fn member(origin: &Origin, name: &'static str) -> Origin {
    match &origin.place {
        Place::Pointer(pointer) => Origin::pointer(&origin.document, pointer.member(name)),
        Place::Line(_) | Place::Implied(_) => origin.clone(),
    }
}
