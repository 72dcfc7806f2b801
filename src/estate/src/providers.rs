//! The clouds that cloudfw knows, behind one door.
//!
//! A document belongs to the first provider that recognises it; a recording may hold documents of
//! several, which become one network.

use std::collections::BTreeSet;

use cloudfw_core::{Document, External, Id, IpSet, Network, Question, Step};
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
    Azure(cloudfw_azure::Reading),
}

impl ReadDocument {
    /// Whether it is an answer that does not tell what was asked: an empty list, a `null`.
    pub(crate) fn tells_nothing(&self) -> bool {
        matches!(&self.reading, Reading::Azure(reading) if reading.nothing.is_some())
    }

    /// The manifest, where the document is one.
    #[cfg(test)]
    pub(crate) fn manifest(&self) -> Option<&cloudfw_documents::manifest::Manifest> {
        match &self.reading {
            Reading::Aws(reading) => reading.manifest.as_ref(),
            Reading::Azure(reading) => reading.manifest.as_ref(),
        }
    }
}

/// Reads a document of any provider.
///
/// # Errors
///
/// What the provider says to which it belongs; of a document that nobody recognises, what all
/// would recognise.
pub(crate) fn read(document: Document) -> Result<ReadDocument, DocumentError> {
    // For speed alone: what begins as Azure's alone is not read for AWS first.
    let beginning = beginning(&document.text);
    if cloudfw_azure::begins_as_document(beginning)
        && !cloudfw_aws::begins_as_document(beginning)
        && let Ok(reading) = cloudfw_azure::read(&document)
    {
        return Ok(ReadDocument { document, reading: Reading::Azure(reading) });
    }
    let reading = match cloudfw_aws::read(&document) {
        Ok(reading) if is_of_azure(&reading) => Reading::Azure(cloudfw_azure::read(&document)?),
        Ok(reading) => Reading::Aws(reading),
        Err(error) if is_recognised(&error) && !is_azures(&document.text) => return Err(error),
        Err(error) => match cloudfw_azure::read(&document) {
            Ok(reading) => Reading::Azure(reading),
            Err(other) if is_recognised(&other) => return Err(other),
            Err(other) => return Err(of_both(error, &other)),
        },
    };
    Ok(ReadDocument { document, reading })
}

/// Whether a text that is no document of AWS's is one of Azure's, be it broken, or an error of `az`.
fn is_azures(text: &str) -> bool {
    cloudfw_azure::begins_as_document(text) || cloudfw_azure::is_refusal(text)
}

/// As much of a text as tells whose document it is, in most cases.
fn beginning(text: &str) -> &str {
    const ENOUGH: usize = 4096;
    let end = (0..=ENOUGH.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Whether a manifest tells of calls to Azure.
fn is_of_azure(reading: &cloudfw_aws::Reading) -> bool {
    let Some(manifest) = &reading.manifest else { return false };
    match manifest.cloud.as_deref() {
        Some(cloud) => cloud.eq_ignore_ascii_case("azure"),
        // Written by hand: its calls tell.
        None => {
            manifest.calls.iter().any(|call| cloudfw_azure::Kind::from_call(&call.call).is_some())
        }
    }
}

/// Whether an error is about a document of a known kind, or one that is no JSON at all.
fn is_recognised(error: &DocumentError) -> bool {
    !matches!(error, DocumentError::NotRecognised { .. })
}

/// What is said of a document that neither recognises.
fn of_both(mut error: DocumentError, other: &DocumentError) -> DocumentError {
    if let (
        DocumentError::NotRecognised { known, .. },
        DocumentError::NotRecognised { known: others, .. },
    ) = (&mut error, other)
    {
        *known = format!("{known}, and {others}");
    }
    error
}

/// A document that is broken, as one whose lists break off.
pub(crate) fn read_broken(document: Document) -> ReadDocument {
    let reading = if cloudfw_azure::begins_as_document(&document.text) {
        Reading::Azure(cloudfw_azure::read_broken(&document.text))
    } else {
        Reading::Aws(cloudfw_aws::read_broken(&document.text))
    };
    ReadDocument { document, reading }
}

/// Whether a text begins as the documents of a provider do.
pub(crate) fn begins_as_document(text: &str) -> bool {
    cloudfw_aws::begins_as_document(text) || cloudfw_azure::begins_as_document(text)
}

/// The clouds that documents are of.
pub(crate) fn clouds(documents: &[ReadDocument]) -> BTreeSet<&'static str> {
    let of = |read: &ReadDocument| match &read.reading {
        Reading::Aws(_) => "aws",
        Reading::Azure(_) => "azure",
    };
    documents.iter().map(of).collect()
}

/// Whether a word is the key of a list in documents, in any letter case.
pub(crate) fn is_key_of_list(word: &str) -> bool {
    cloudfw_aws::Kind::ALL.iter().any(|kind| kind.key().eq_ignore_ascii_case(word))
}

/// The kind of this name, in any letter case.
pub(crate) fn kind_name(text: &str) -> Option<&'static str> {
    let aws = cloudfw_aws::Kind::from_name(text).map(cloudfw_aws::Kind::name);
    aws.or_else(|| cloudfw_azure::Kind::from_name(text).map(cloudfw_azure::Kind::name))
}

/// The names of all kinds, and whether recordings made by others never hold them.
pub(crate) fn kinds() -> impl Iterator<Item = (&'static str, bool)> {
    let aws = cloudfw_aws::Kind::ALL.into_iter();
    let azure = cloudfw_azure::Kind::ALL.into_iter();
    aws.map(|kind| (kind.name(), kind.is_seldom_recorded()))
        .chain(azure.map(|kind| (kind.name(), kind.is_seldom_recorded())))
}

/// Whether recordings made by others never hold the kind of this name.
pub fn is_seldom_recorded(kind: &str) -> bool {
    kinds().any(|(name, is_seldom)| is_seldom && name == kind)
}

/// Lowers documents that have been read.
pub(crate) fn lower(documents: Vec<ReadDocument>, assume_none: &AssumeNone) -> Lowered {
    let (mut aws, mut azure) = (Vec::new(), Vec::new());
    for ReadDocument { document, reading } in documents {
        match reading {
            Reading::Aws(reading) => aws.push(cloudfw_aws::ReadDocument { document, reading }),
            Reading::Azure(reading) => {
                azure.push(cloudfw_azure::ReadDocument { document, reading });
            }
        }
    }
    let of_aws = |documents| {
        let options = cloudfw_aws::LowerOptions { assume_none: assume_none.clone() };
        cloudfw_aws::lower_read(documents, &options)
    };
    if azure.is_empty() {
        return of_aws(aws);
    }
    let options = cloudfw_azure::LowerOptions { assume_none: assume_none.clone() };
    let of_azure = cloudfw_azure::lower_read(azure, &options);
    if aws.is_empty() { of_azure } else { together(of_aws(aws), of_azure) }
}

/// Two clouds as one estate: their ids never meet, and the internet is the same.
fn together(mut one: Lowered, mut other: Lowered) -> Lowered {
    one.calls.append(&mut other.calls);
    one.others.append(&mut other.others);
    one.resources.append(&mut other.resources);
    one.warnings.append(&mut other.warnings);
    one.contradictions.append(&mut other.contradictions);
    join(&mut one.network, other.network);
    one
}

fn join(into: &mut Network, mut other: Network) {
    into.interfaces.append(&mut other.interfaces);
    into.hosts.append(&mut other.hosts);
    into.subnets.append(&mut other.subnets);
    into.routers.append(&mut other.routers);
    into.gateways.append(&mut other.gateways);
    into.tables.append(&mut other.tables);
    into.filters.append(&mut other.filters);
    into.groups.append(&mut other.groups);
    into.unknowns.append(&mut other.unknowns);
    into.appliances.append(&mut other.appliances);
    into.unheld_public.append(&mut other.unheld_public);
    into.settings.append(&mut other.settings);
    into.undescribed.append(&mut other.undescribed);
    into.managed.append(&mut other.managed);
    into.comparisons.append(&mut other.comparisons);
    into.priorities.append(&mut other.priorities);
    for (origin, mut remarks) in other.remarks {
        into.remarks.entry(origin).or_default().append(&mut remarks);
    }
    for (id, external) in other.externals {
        join_external(into, id, external);
    }
}

/// An outside network that both know has the addresses that both give it.
fn join_external(into: &mut Network, id: Id<External>, external: External) {
    let Some(known) = into.externals.get_mut(&id) else {
        into.externals.insert(id, external);
        return;
    };
    let both: IpSet = known.addresses.intersection(&external.addresses);
    known.addresses = both;
}

/// What the vendor itself calls it when a step stops a flow.
pub(crate) fn explanation_code(step: &Step, question: &Question) -> Option<&'static str> {
    if cloudfw_azure::explanation::is_of_azure(step) {
        return cloudfw_azure::explanation::code(step);
    }
    cloudfw_aws::explanation::code(step, question)
}
