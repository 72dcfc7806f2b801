//! The checks, one file each, in folders of what they look at.
//!
//! A new check is a file in one of them and a row in that folder's `CHECKS`.

mod acls;
mod exposure;
mod hygiene;
mod order;
mod replies;
mod routing;

pub(crate) use acls::{one_for_each_cause, told_with};
pub(crate) use exposure::stood_in_for;

use crate::Check;

/// All checks, in the order in which they are listed.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    let folders =
        [exposure::CHECKS, replies::CHECKS, order::CHECKS, routing::CHECKS, hygiene::CHECKS];
    folders.into_iter().flatten().copied()
}

/// The check of an id.
pub fn check(id: &str) -> Option<&'static Check> {
    checks().find(|check| check.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{check, checks};

    #[test]
    fn every_check_is_found_by_its_id_and_no_other() {
        let ids: BTreeSet<&str> = checks().map(|check| check.id).collect();
        assert_eq!(ids.len(), checks().count(), "no two share an id");
        for id in ids {
            assert_eq!(check(id).map(|check| check.id), Some(id));
        }
        assert!(check("exposed-admin").is_none(), "the whole id");
    }
}
