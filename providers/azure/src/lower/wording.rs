//! Labels, places and the text of unknowns.

use std::sync::Arc;

use cloudfw_core::{Label, Origin, Unknown};

use super::ids;
use super::table::Object;

/// The label of a recorded resource: Azure's names are those that people know, ids are long.
pub(super) fn label<T>(object: &Object<'_, T>, kind: &'static str) -> Label {
    let name = object.entry.resource.name.as_deref().filter(|name| !name.is_empty());
    Label {
        id: object.id.into(),
        name: Some(name.unwrap_or_else(|| ids::name(object.id)).into()),
        kind,
        scope: scope(object.id),
        origin: object.entry.origin.clone(),
    }
}

/// The label of something that others refer to, and that is not recorded.
pub(super) fn missing(id: &str, kind: &'static str, origin: &Origin) -> Label {
    let name = Some(ids::name(id).into());
    Label { id: id.into(), name, kind, scope: scope(id), origin: origin.clone() }
}

/// The subscription of an id, as labels have it.
fn scope(id: &str) -> Arc<str> {
    ids::subscription(id).unwrap_or_default()
}

/// The origin of what Azure adds by itself to what stands at a place.
pub(super) fn implied(origin: &Origin) -> Origin {
    Origin::implied(&origin.document, "Azure")
}

/// The origin of what nobody wrote.
pub(super) fn nowhere() -> Origin {
    Origin::implied(&Arc::from(""), "Azure")
}

/// A place as unknowns name it: `document#pointer`.
pub(super) fn place(origin: &Origin) -> Arc<str> {
    match &origin.place {
        cloudfw_core::Place::Pointer(pointer) => format!("{}#{pointer}", origin.document).into(),
        _ => origin.to_string().into(),
    }
}

/// The unknown `what` at a place.
pub(super) fn unknown(
    what: impl Into<Arc<str>>,
    why: impl Into<Arc<str>>,
    origin: &Origin,
) -> Unknown {
    Unknown::new(what, why, place(origin))
}

/// Why something that is referred to is unknown: `not_recorded("the group", id, why, origin)`.
pub(super) fn not_recorded(what: &str, id: &str, why: String, origin: &Origin) -> Unknown {
    unknown(format!("{what} `{}`", ids::name(id)), why, origin)
}
