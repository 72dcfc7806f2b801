//! What others found in an estate, in the words of its published answers.

use cloudfw_core::{Label, Origin, Question, RuleCite, Unknown};

use crate::Estate;
use crate::answer::{Builder, Missing, Owner, RuleText, Step, Written, missing, owner};

/// Turns values of the neutral network into those of published answers, with the lines of the
/// documents that they come from.
#[derive(Debug)]
pub struct Publisher<'e> {
    builder: Builder<'e>,
}

impl<'e> Publisher<'e> {
    pub(crate) fn new(estate: &'e Estate) -> Self {
        let internet = estate.index.internet.as_ref();
        Self { builder: Builder::new(&estate.network, &estate.lines, internet) }
    }

    /// Where something is written: the document, the pointer and the line.
    pub fn written(&self, origin: &Origin) -> Written {
        self.builder.written(origin)
    }

    /// A rule, and where it is written.
    pub fn rule(&self, cite: &RuleCite) -> RuleText {
        self.builder.cited(cite)
    }

    /// The steps of the answer to a question.
    pub fn steps(&self, steps: &[cloudfw_core::Step], question: &Question) -> Vec<Step> {
        steps.iter().map(|step| self.builder.step(step, question)).collect()
    }

    /// A resource as others refer to it.
    pub fn resource(&self, label: &Label) -> Owner {
        owner(label)
    }

    /// Something that is not known.
    pub fn unknown(&self, unknown: &Unknown) -> Missing {
        missing(unknown)
    }
}
