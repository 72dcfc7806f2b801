//! Where flows that are audited come from, and where they go.

use std::fmt;
use std::sync::Arc;

use cloudfw_core::{Id, Interface, IpSet, Question, Unknown};

/// A network that exposure is asked about: the internet, or one that the user names.
pub struct Source<'a> {
    /// `internet`, or the name in `cloudfw.toml`.
    pub name: Arc<str>,
    /// Whether it is the public internet.
    pub is_internet: bool,
    /// Its addresses outside the estate.
    pub addresses: IpSet,
    /// What it asks of an interface.
    pub towards: Box<Asking<'a>>,
}

/// From an interface to what is asked of it.
pub type Asking<'a> = dyn Fn(&Id<Interface>) -> Target + Sync + 'a;

/// What a source asks of an interface, of every service.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// A question for each pair of addresses, as `cloudfw reach` would ask it.
    pub questions: Vec<Question>,
    /// Why some of it cannot be asked.
    pub unknowns: Vec<Unknown>,
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, Target};

    #[test]
    fn a_source_is_printed_by_its_name() {
        let source = Source {
            name: "office".into(),
            is_internet: false,
            addresses: cloudfw_core::IpSet::empty(),
            towards: Box::new(|_| Target::default()),
        };
        assert_eq!(format!("{source:?}"), "Source { name: \"office\", .. }");
    }
}
