//! The bodies of the fuzz targets: each takes any text, and fails by a panic.
//!
//! They look for more than panics: what holds of every answer (DESIGN section 7) is asserted of
//! the answers that hostile input gets.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

use std::sync::LazyLock;

use cloudfw_core::{
    Document, Endpoint, External, Id, Interface, IpSet, Network, PathGraph, PlaceIndex, PortSet,
    Question, Reachability, Scope, ServiceSet, Verdict, excerpt, locate, pointer_at, reach,
};
use cloudfw_estate::query::{Word, parse_client, parse_verdict, read_queries};
use cloudfw_estate::{Estate, Inquiry, OpenOptions, Query, parse_assume_none};
use serde_json::Value;

pub mod json;

/// What a target does with a text. It fails by a panic.
pub type Target = fn(&str);

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 6] = [
    ("documents", documents),
    ("estate", estate),
    ("manifest", manifest),
    ("network_text", network_text),
    ("pointer", pointer),
    ("query", query),
];

/// Bytes as the readers get them: what is not UTF-8 is refused where files are opened.
pub fn feed(target: Target, bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        target(text);
    }
}

/// Feeds a target with the files that the command line names.
///
/// # Errors
///
/// A file that cannot be read.
pub fn replay(target: Target) -> std::io::Result<()> {
    for path in std::env::args_os().skip(1) {
        feed(target, &std::fs::read(path)?);
    }
    Ok(())
}

/// The readers of AWS's and of Azure's documents. What they refuse, they refuse with words.
pub fn documents(text: &str) {
    match cloudfw_aws::read(&document(text)) {
        Ok(reading) => {
            for field in reading.parts.iter().flat_map(|part| &part.not_understood) {
                assert!(field.count > 0, "{field}");
                let place = field.first.to_string();
                assert!(locate(without_mark(text), &place).is_some(), "{field} is not at {place}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match cloudfw_azure::read(&document(text)) {
        Ok(reading) => {
            let parts = reading.parts.iter();
            assert!(parts.flat_map(|part| &part.not_understood).all(|field| field.count > 0));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    cloudfw_azure::begins_as_document(text);
}

/// One document as an estate: lowered, made into a path graph, and asked; and the same in another
/// order, which changes no verdict.
pub fn estate(text: &str) {
    let verdicts = ask_estate(text);
    if let Some(verdicts) = verdicts.filter(|_| !has_doubled_names(text)) {
        let reordered = json::reordered(text).expect("what was read is JSON");
        assert_eq!(Some(verdicts), ask_estate(&reordered), "in the order of {reordered}");
    }
}

/// What three queries about a document's estate come to; `None` where it is none.
fn ask_estate(text: &str) -> Option<Vec<Option<Verdict>>> {
    let estate = match Estate::from_documents(vec![document(text)], &OpenOptions::default()) {
        Ok(estate) => estate,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let inquiry = estate.inquiry();
    let interfaces = &estate.network().interfaces;
    let (first, last) = (interfaces.keys().next()?, interfaces.keys().next_back()?);
    show(&inquiry, first.as_str());
    let queries = [
        Query::new(first.as_str(), format!("{last}:443")),
        Query::new(first.as_str(), "internet:53/udp"),
        Query::new("internet", last.as_str()),
    ];
    Some(queries.iter().map(|query| ask(&inquiry, query)).collect())
}

/// A recording's manifest: read, written, read again, and put beside a document.
pub fn manifest(text: &str) {
    let written = document(text);
    let Ok(reading) = cloudfw_aws::read(&written) else { return };
    let Some(manifest) = reading.manifest else { return };
    let again = serde_json::to_string(&manifest).expect("a manifest is JSON");
    let again = cloudfw_aws::read(&document(&again)).expect("a manifest that was read is one");
    assert_eq!(again.manifest, Some(manifest));

    let documents = vec![written, document(SMALL)];
    let estate = Estate::from_documents(documents, &OpenOptions::default()).expect("both are read");
    let coverage = estate.coverage().clone().printable();
    fit_to_print(&serde_json::to_value(coverage).expect("coverage is JSON"));
    ask(&estate.inquiry(), &Query::new("10.0.1.10", "internet:443"));
}

/// Queries, as lines of a file and as words of the command line, put to a small estate.
pub fn query(text: &str) {
    static SMALL_ESTATE: LazyLock<Estate> = LazyLock::new(|| {
        Estate::from_documents(vec![document(SMALL)], &OpenOptions::default()).expect("it is read")
    });
    let inquiry = SMALL_ESTATE.inquiry();

    let _ = parse_client(text).map(|client| assert!(!client.ports.is_empty()));
    let _ = parse_verdict(text);
    let _ = parse_assume_none(text.split(','));
    let _ = text.parse::<ServiceSet>().map(|services| services.to_string());
    if let Ok(ports) = text.parse::<PortSet>() {
        assert_eq!(ports.to_string().parse::<PortSet>().as_ref(), Ok(&ports), "it prints as read");
    }
    let _ = Query::from_words(text.split_whitespace().map(Word::from));

    for line in read_queries(text).iter().take(4) {
        let Ok(query) = &line.query else {
            inquiry.answer_line(line);
            continue;
        };
        let plain = Query::new(&*query.source, &*query.destination);
        // Ends that look like options are for the command line's `--`.
        if !query.source.starts_with('-') && !query.destination.starts_with('-') {
            let again = plain.text.parse::<Query>();
            assert_eq!(again.as_ref(), Ok(&plain), "a query prints as it is written");
        }
        ask(&inquiry, query);
        show(&inquiry, &query.source);
    }
}

/// The text form of networks, and the walks and filters over what nobody should have.
pub fn network_text(text: &str) {
    let network = match Network::from_text(text) {
        Ok(network) => network,
        Err(error) => {
            assert!(error.line > 0);
            return;
        }
    };
    let graph = PathGraph::new(&network);
    let ends: Vec<Endpoint> = network
        .interfaces
        .iter()
        .take(2)
        .flat_map(|(id, interface)| interface_ends(id, interface))
        .chain(network.externals.iter().take(1).map(|(id, external)| external_end(id, external)))
        .collect();
    let services = ServiceSet::full();
    let pairs = ends.iter().flat_map(|source| ends.iter().map(move |end| (source, end)));
    let apart = |source: &Endpoint, end: &Endpoint| source != end && is_v4(source) == is_v4(end);
    for (source, destination) in pairs.filter(|(source, end)| apart(source, end)) {
        let question = Question {
            source: source.clone(),
            destination: destination.clone(),
            services: services.clone(),
            client: None,
            one_way: false,
        };
        hangs_together(&reach(&graph, &question));
    }
}

/// Places in JSON that may be none: the first line is a pointer, the others are the text.
pub fn pointer(text: &str) {
    let (given, text) = text.split_once('\n').unwrap_or(("", text));
    let index = PlaceIndex::of(text);
    let steps = text.len() / 16 + 1;
    let derived = (0..text.len()).step_by(steps).filter_map(|offset| pointer_at(text, offset));
    for pointer in derived.chain([given.to_owned()]) {
        let found = locate(text, &pointer);
        let indexed = index.locate(text, &pointer);
        if serde_json::from_str::<Value>(text).is_ok() {
            assert_eq!(found, indexed, "`{pointer}`");
        }
        for span in found.iter().chain(&indexed) {
            assert!(span.start <= span.end && span.end <= text.len(), "`{pointer}` {span:?}");
            let shown = excerpt(text, span.start, span.end);
            assert!(!shown.chars().any(|it| it.is_control() && it != '\n'), "{shown:?}");
        }
    }
    let _ = excerpt(text, given.len(), text.len());
}

/// An estate with two networks of the same addresses, for queries that have to tell them apart.
const SMALL: &str = include_str!("../../testdata/aws/trap-overlapping-cidrs/estate.json");

fn document(text: &str) -> Document {
    Document { name: "fuzzed.json".into(), text: text.into(), scope: Scope::default() }
}

/// Whether the same members may stand in one object twice, which printing it anew would lose.
fn has_doubled_names(text: &str) -> bool {
    let printed = serde_json::from_str::<Value>(text).map(|value| value.to_string());
    let quotes = |text: &str| text.matches('"').count();
    printed.map_or(true, |printed| quotes(&printed) != quotes(text))
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The verdict; `None` for a query that the estate does not understand.
fn ask(inquiry: &Inquiry<'_>, query: &Query) -> Option<Verdict> {
    let answer = match inquiry.reach(query) {
        Ok(answer) => answer,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    for pair in &answer.answers {
        let told = || format!("{query:?}: {}", pair.verdict);
        match pair.verdict {
            Verdict::Reachable => {
                assert!(pair.blockers.is_empty(), "{}", told());
            }
            Verdict::Unknown => assert!(!pair.unknowns.is_empty(), "{}", told()),
            // Partial: of several services some pass.
            Verdict::Intermittent | Verdict::Unreachable | Verdict::Partial => {
                assert!(!pair.blockers.is_empty(), "{}", told());
            }
        }
    }
    let verdict = answer.verdict;
    let mut shown = serde_json::to_value(answer.printable()).expect("an answer is JSON");
    // It is shared by all answers, and made printable by itself.
    shown["coverage"].take();
    fit_to_print(&shown);
    Some(verdict)
}

fn show(inquiry: &Inquiry<'_>, resource: &str) {
    for description in inquiry.show(resource).into_iter().flatten() {
        let shown = serde_json::to_value(description.printable());
        fit_to_print(&shown.expect("a description is JSON"));
    }
}

/// That nothing in it is a command to a terminal.
fn fit_to_print(value: &Value) {
    match value {
        Value::String(text) => assert!(!text.chars().any(char::is_control), "{text:?}"),
        Value::Array(values) => values.iter().for_each(fit_to_print),
        Value::Object(members) => members.values().for_each(fit_to_print),
        _ => {}
    }
}

fn interface_ends(id: &Id<Interface>, interface: &Interface) -> Vec<Endpoint> {
    let Some(address) = interface.addresses.first() else { return Vec::new() };
    let end = |dialled| Endpoint::Interface { id: id.clone(), address: address.ip, dialled };
    // A public address of the other family is a slip of the text form, and no question.
    let public = address.public.filter(|public| public.is_ipv4() == address.ip.is_ipv4());
    std::iter::once(None).chain(public.map(Some)).map(end).collect()
}

fn external_end(id: &Id<External>, external: &External) -> Endpoint {
    let v4 = external.addresses.only_v4();
    let addresses: IpSet = if v4.is_empty() { external.addresses.only_v6() } else { v4 };
    Endpoint::External { id: id.clone(), addresses }
}

/// Whose question it is: IPv4's or IPv6's.
fn is_v4(end: &Endpoint) -> bool {
    match end {
        Endpoint::Interface { address, .. } | Endpoint::Unheld { address, .. } => address.is_ipv4(),
        Endpoint::External { addresses, .. } => !addresses.v4().is_empty(),
    }
}

/// What holds of every answer, whatever the network.
fn hangs_together(answer: &Reachability) {
    let told = format!("{:?}: {}", answer.question, answer.verdict);
    assert!(answer.allowed.at_least.is_subset(&answer.allowed.at_most), "{told}");
    match answer.verdict {
        Verdict::Reachable => {
            assert!(answer.blockers.is_empty(), "{told}");
            assert_eq!(answer.failing.at_most.part, 0, "{told}");
        }
        Verdict::Intermittent => assert!(!answer.blockers.is_empty(), "{told}"),
        Verdict::Unreachable => {
            assert!(answer.allowed.at_most.is_empty() && !answer.blockers.is_empty(), "{told}");
        }
        Verdict::Unknown => assert!(!answer.unknowns.is_empty(), "{told}"),
        Verdict::Partial => assert!(!answer.blockers.is_empty(), "{told}"),
    }
}
