//! Labels, and the text of unknowns.

use std::sync::Arc;

use cloudfw_core::{Label, Origin, Place, Scope, Unknown};

use super::recorded::shown;
use super::scope::place;
use super::table::Object;
use crate::raw::Tag;

/// The value of the Name tag.
pub(super) fn name_tag(tags: Option<&Vec<Tag>>) -> Option<Arc<str>> {
    let tags = tags?;
    let name = tags.iter().find(|tag| tag.key.as_deref() == Some("Name"))?;
    name.value.as_deref().filter(|value| !value.is_empty()).map(Arc::from)
}

/// The label of a recorded object.
pub(super) fn label<T>(
    object: &Object<'_, T>,
    kind: &'static str,
    name: Option<Arc<str>>,
) -> Label {
    let (scope, origin) = match object.first() {
        Some(entry) => (shown(&entry.scope), entry.origin.clone()),
        None => (Arc::from(""), nowhere()),
    };
    Label { id: object.id.into(), name, kind, scope, origin }
}

/// The label of something that others refer to, and that is not recorded.
pub(super) fn missing(id: &str, kind: &'static str, scope: &Scope, origin: &Origin) -> Label {
    Label { id: id.into(), name: None, kind, scope: shown(scope), origin: origin.clone() }
}

/// The origin of what AWS adds by itself.
pub(super) fn implied(origin: &Origin) -> Origin {
    Origin::implied(&origin.document, "AWS")
}

/// The origin of what nobody wrote.
pub(super) fn nowhere() -> Origin {
    Origin::implied(&Arc::from(""), "AWS")
}

/// The unknown `what` at a place.
pub(super) fn unknown(
    what: impl Into<Arc<str>>,
    why: impl Into<Arc<str>>,
    origin: &Origin,
) -> Unknown {
    Unknown::new(what, why, place(origin))
}

/// The origin of the element `index` of a list in what stands at `origin`.
pub(super) fn within(origin: &Origin, field: &'static str, index: usize) -> Origin {
    match &origin.place {
        Place::Pointer(pointer) => Origin::pointer(&origin.document, pointer.element(field, index)),
        Place::Line(_) | Place::Implied(_) => origin.clone(),
    }
}
