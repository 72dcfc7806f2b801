//! ARM ids: `/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V`.
//!
//! Their letter case differs between answers (T-9), so that keys are ids in lower case.

use std::sync::Arc;

/// The id of a reference, or what stands for one that does not tell it: nothing recorded has that.
pub(super) fn of_reference(reference: &crate::raw::Reference) -> &str {
    reference.id.as_deref().unwrap_or("?")
}

/// The key of an id.
pub(super) fn key(id: &str) -> Arc<str> {
    id.trim().trim_end_matches('/').to_ascii_lowercase().into()
}

/// The last part of an id.
pub(super) fn name(id: &str) -> &str {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or(id)
}

/// The subscription of an id, in lower case.
pub(super) fn subscription(id: &str) -> Option<Arc<str>> {
    let lower = id.to_ascii_lowercase();
    let rest = lower.strip_prefix("/subscriptions/")?;
    let subscription = rest.split('/').next().filter(|subscription| !subscription.is_empty())?;
    Some(subscription.into())
}

/// The id of the resource that a part is of: `…/virtualNetworks/v` of `…/virtualNetworks/v/subnets/s`.
pub(super) fn parent(id: &str) -> Option<&str> {
    let (before, _) = id.trim_end_matches('/').rsplit_once('/')?;
    before.rsplit_once('/').map(|(parent, _)| parent).filter(|parent| !parent.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBNET: &str = "/Subscriptions/S-1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s";

    #[test]
    fn t_9_ids_are_compared_in_lower_case() {
        assert_eq!(key("/A/b/"), key("/a/B"));
        assert_eq!(subscription(SUBNET).as_deref(), Some("s-1"));
        assert_eq!(subscription("/other/s-1"), None);
        assert_eq!(subscription("/subscriptions/"), None);
    }

    #[test]
    fn a_part_knows_what_it_is_of() {
        assert!(parent(SUBNET).is_some_and(|parent| parent.ends_with("/virtualNetworks/v")));
        assert_eq!(name(SUBNET), "s");
        assert_eq!(parent("s"), None);
        assert_eq!((parent(""), name("")), (None, ""));
    }
}
