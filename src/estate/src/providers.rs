//! The clouds that cloudfw knows, behind one door.
//!
//! A document belongs to the first provider that recognises it; a recording may hold documents of
//! several, which become one network.

use cloudfw_aws::LowerOptions;
use cloudfw_core::{Document, Question, Step};
use cloudfw_documents::{AssumeNone, DocumentError, Lowered};

/// A document with what it holds.
#[derive(Debug, Clone)]
pub(crate) struct ReadDocument {
    pub(crate) document: Document,
    reading: Reading,
}

#[derive(Debug, Clone)]
enum Reading {
    Aws(cloudfw_aws::Reading),
}

impl ReadDocument {
    /// The manifest, where the document is one.
    #[cfg(test)]
    pub(crate) fn manifest(&self) -> Option<&cloudfw_documents::manifest::Manifest> {
        match &self.reading {
            Reading::Aws(reading) => reading.manifest.as_ref(),
        }
    }
}

/// Reads a document of any provider.
pub(crate) fn read(document: Document) -> Result<ReadDocument, DocumentError> {
    let reading = Reading::Aws(cloudfw_aws::read(&document)?);
    Ok(ReadDocument { document, reading })
}

/// A document that is broken, as one whose lists break off.
pub(crate) fn read_broken(document: Document) -> ReadDocument {
    let reading = Reading::Aws(cloudfw_aws::read_broken(&document.text));
    ReadDocument { document, reading }
}

/// Whether a text begins as the documents of a provider do.
pub(crate) fn begins_as_document(text: &str) -> bool {
    cloudfw_aws::begins_as_document(text)
}

/// Whether a word is the key of a list in documents, in any letter case.
pub(crate) fn is_key_of_list(word: &str) -> bool {
    cloudfw_aws::Kind::ALL.iter().any(|kind| kind.key().eq_ignore_ascii_case(word))
}

/// The kind of this name, in any letter case.
pub(crate) fn kind_name(text: &str) -> Option<&'static str> {
    cloudfw_aws::Kind::from_name(text).map(cloudfw_aws::Kind::name)
}

/// The names of all kinds, and whether recordings made by others never hold them.
pub(crate) fn kinds() -> impl Iterator<Item = (&'static str, bool)> {
    cloudfw_aws::Kind::ALL.into_iter().map(|kind| (kind.name(), kind.is_seldom_recorded()))
}

/// Whether recordings made by others never hold the kind of this name.
pub fn is_seldom_recorded(kind: &str) -> bool {
    kinds().any(|(name, is_seldom)| is_seldom && name == kind)
}

/// Lowers documents that have been read.
pub(crate) fn lower(documents: Vec<ReadDocument>, assume_none: &AssumeNone) -> Lowered {
    let mut aws = Vec::new();
    for ReadDocument { document, reading } in documents {
        match reading {
            Reading::Aws(reading) => aws.push(cloudfw_aws::ReadDocument { document, reading }),
        }
    }
    cloudfw_aws::lower_read(aws, &LowerOptions { assume_none: assume_none.clone() })
}

/// What the vendor itself calls it when a step stops a flow.
pub(crate) fn explanation_code(step: &Step, question: &Question) -> Option<&'static str> {
    cloudfw_aws::explanation::code(step, question)
}
