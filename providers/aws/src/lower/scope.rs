//! Whose estate an element belongs to: an account and a Region.

use std::fmt::Write as _;
use std::sync::Arc;

use cloudfw_core::{Origin, Place, Scope};

/// The scope of an element: what its document's folder says, and where that is silent, what the
/// element itself says.
pub(super) fn scope_of(folder: &Scope, owner: Option<&str>, region: Option<&str>) -> Scope {
    Scope {
        account: folder.account.clone().or_else(|| owner.map(Arc::from)),
        region: folder.region.clone().or_else(|| region.map(Arc::from)),
    }
}

/// Whether two scopes may be the same one: what is not told of either is no difference.
pub(super) fn compatible(one: &Scope, other: &Scope) -> bool {
    fn agree(one: Option<&Arc<str>>, other: Option<&Arc<str>>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    agree(one.account.as_ref(), other.account.as_ref())
        && agree(one.region.as_ref(), other.region.as_ref())
}

/// `111122223333/eu-central-1`; what is not known is left out.
pub(super) fn text(scope: &Scope) -> String {
    match (&scope.account, &scope.region) {
        (Some(account), Some(region)) => format!("{account}/{region}"),
        (Some(one), None) | (None, Some(one)) => one.to_string(),
        (None, None) => String::new(),
    }
}

/// The Region of an availability zone: `us-east-1` of `us-east-1a` and of `us-east-1-bos-1a`.
pub(super) fn region_of_zone(zone: &str) -> Option<&str> {
    let mut end = 0;
    for part in zone.split('-') {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            return zone.get(..end + digits).filter(|region| region.contains('-'));
        }
        end += part.len() + 1;
    }
    None
}

/// A place as an [`Unknown`](cloudfw_core::Unknown) tells it: `document#pointer`.
pub(super) fn place(origin: &Origin) -> String {
    let mut text = origin.document.to_string();
    match &origin.place {
        // Writing to a string cannot fail.
        Place::Pointer(pointer) => drop(write!(text, "#{pointer}")),
        Place::Line(line) => drop(write!(text, ":{line}")),
        Place::Implied(_) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_names_its_region() {
        assert_eq!(region_of_zone("us-east-1a"), Some("us-east-1"));
        assert_eq!(region_of_zone("us-gov-west-1b"), Some("us-gov-west-1"));
        assert_eq!(region_of_zone("us-west-2-lax-1a"), Some("us-west-2"));
        assert_eq!(region_of_zone("zone"), None);
        assert_eq!(region_of_zone("1a"), None);
    }
}
