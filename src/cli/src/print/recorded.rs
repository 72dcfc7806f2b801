//! What `record` read, and what it was not given.

use std::collections::BTreeMap;
use std::path::Path;

use cloudfw_documents::manifest::{Call, Outcome};

use super::style::{BAD, BOLD, DIM, GOOD, MIXED, OPEN};
use super::table::Table;
use super::{Text, words};

/// What is printed at the end.
pub(crate) struct Summary {
    pub(crate) text: String,
    /// Whether every call was answered.
    pub(crate) complete: bool,
}

/// How calls ended, and the column of the table that says it.
const ENDS: [(Outcome, &str); 5] = [
    (Outcome::Ok, "read"),
    (Outcome::Denied, "denied"),
    (Outcome::Failed, "failed"),
    (Outcome::Throttled, "throttled"),
    (Outcome::Unsupported, "unsupported"),
];

/// A finished recording, of whichever cloud.
pub(crate) struct Recording<'a> {
    /// `aws`, `azure`.
    pub(crate) cloud: &'static str,
    /// What was recorded: `account 111122223333`.
    pub(crate) of: [Text; 2],
    /// What its parts are: regions, subscriptions.
    pub(crate) kind_of_part: &'static str,
    pub(crate) parts: Vec<Part<'a>>,
}

/// A part of a recording: one row of the table.
pub(crate) struct Part<'a> {
    pub(crate) name: String,
    pub(crate) calls: Vec<&'a Call>,
    pub(crate) objects: u64,
}

#[cfg(feature = "aws-live")]
impl<'a> From<&'a cloudfw_aws::live::Recorded> for Recording<'a> {
    fn from(recorded: &'a cloudfw_aws::live::Recorded) -> Self {
        let part = |region: &'a cloudfw_aws::live::RecordedRegion| Part {
            name: region.region.clone(),
            calls: region.manifest.calls.iter().collect(),
            objects: region.manifest.calls.iter().filter_map(|call| call.count).sum(),
        };
        Self {
            cloud: "aws",
            of: [Text::of("account "), Text::styled(BOLD, &recorded.account)],
            kind_of_part: "region",
            parts: recorded.regions.iter().map(part).collect(),
        }
    }
}

#[cfg(feature = "azure-live")]
impl<'a> From<&'a cloudfw_azure::live::Recorded> for Recording<'a> {
    fn from(recorded: &'a cloudfw_azure::live::Recorded) -> Self {
        let part = |one: &'a cloudfw_azure::live::RecordedSubscription| Part {
            name: one.subscription.to_string(),
            calls: one.calls().collect(),
            objects: one.objects as u64,
        };
        let of = match recorded.subscriptions.as_slice() {
            [one] => [Text::of("subscription "), Text::styled(BOLD, &one.subscription)],
            all => [Text::styled(BOLD, all.len()), Text::of(" subscriptions")],
        };
        Self {
            cloud: "azure",
            of,
            kind_of_part: "subscription",
            parts: recorded.subscriptions.iter().map(part).collect(),
        }
    }
}

/// The table of a finished recording, and what to do next.
pub(crate) fn summary(recording: Recording<'_>, to: &Path, width: usize) -> Summary {
    let mut out = String::new();
    let place = to.display();
    let Recording { cloud, of: [first, second], kind_of_part, parts } = recording;
    let head = Text::of("recorded ").and(first).and(second);
    head.then(format!(" into {place}")).wrap(2, width, &mut out);
    out.push('\n');
    table(kind_of_part, &parts).write(2, width, &mut out);
    let missing = missing(&parts);
    for (end, text) in &missing {
        out.push('\n');
        let lead = Text::styled(style(*end), format!("  {}: ", name(*end)));
        lead.lead(&Text::of(text), width, &mut out);
        Text::of("  ").lead(&Text::styled(DIM, advice(*end, cloud)), width, &mut out);
    }
    out.push('\n');
    Text::of(format!("ask it: cloudfw reach SOURCE DESTINATION:PORT --from {place}"))
        .wrap(2, width, &mut out);
    Summary { text: out, complete: missing.is_empty() }
}

fn table(kind_of_part: &str, parts: &[Part<'_>]) -> Table {
    let mut table = Table::default();
    let head = |text: &str| Text::styled(DIM, text);
    let ends = ENDS.map(|(_, name)| head(name));
    table.row([head(kind_of_part)].into_iter().chain(ends).chain([head("objects")]));
    for part in parts {
        let count = |end| part.calls.iter().filter(|call| call.outcome == end).count();
        let cells = ENDS.map(|(end, _)| match count(end) {
            0 => Text::styled(DIM, "–"),
            many => Text::styled(style(end), many),
        });
        let own = [Text::of(&part.name)];
        table.row(own.into_iter().chain(cells).chain([Text::of(part.objects)]));
    }
    table
}

/// For each way in which calls ended badly: which calls, where, and what was said.
fn missing(parts: &[Part<'_>]) -> Vec<(Outcome, String)> {
    let mut by_end: BTreeMap<Outcome, BTreeMap<(&str, &str), Vec<&str>>> = BTreeMap::new();
    for part in parts {
        for call in part.calls.iter().filter(|call| call.outcome != Outcome::Ok) {
            let code = call.error.as_ref().map_or("", |error| error.code.as_str());
            let places = by_end.entry(call.outcome).or_default();
            let places = places.entry((&call.call, code)).or_default();
            if places.last() != Some(&part.name.as_str()) {
                places.push(&part.name);
            }
        }
    }
    let all = parts.len();
    let line = |((call, code), places): (&(&str, &str), &Vec<&str>)| {
        let code = if code.is_empty() { String::new() } else { format!(" ({code})") };
        let everywhere = places.len() == all;
        let places =
            if everywhere { String::new() } else { format!(" in {}", words::list(places)) };
        format!("{call}{code}{places}")
    };
    let text = |calls: &BTreeMap<_, _>| calls.iter().map(line).collect::<Vec<_>>().join(", ");
    by_end.iter().map(|(end, calls)| (*end, text(calls))).collect()
}

fn name(end: Outcome) -> &'static str {
    ENDS.into_iter().find(|(other, _)| *other == end).map_or("", |(_, name)| name)
}

fn style(end: Outcome) -> anstyle::Style {
    match end {
        Outcome::Ok => GOOD,
        Outcome::Denied | Outcome::Failed => BAD,
        Outcome::Throttled => MIXED,
        Outcome::Unsupported => OPEN,
    }
}

fn advice(end: Outcome, cloud: &str) -> String {
    let touched = "What these touch is unknown.";
    match end {
        Outcome::Ok => String::new(),
        Outcome::Denied => {
            let policy = if cloud == "azure" { "role" } else { "policy" };
            format!(
                "{touched} The {policy} that allows them: cloudfw record {cloud} --print-policy"
            )
        }
        Outcome::Failed => format!("{touched} Recording again may help."),
        Outcome::Throttled => format!("{touched} Record again, more slowly: --rate 2"),
        Outcome::Unsupported => {
            "This endpoint does not have these calls. Take it that there is nothing of the kind: \
             --assume-none all"
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use cloudfw_documents::manifest::CallError;

    use super::*;

    fn call(name: &str, outcome: Outcome, code: &str) -> Call {
        Call {
            call: name.to_owned(),
            outcome,
            count: (outcome == Outcome::Ok).then_some(7),
            error: (outcome != Outcome::Ok)
                .then(|| CallError { code: code.to_owned(), message: String::new() }),
            ..Call::default()
        }
    }

    fn summarised(cloud: &'static str, calls: &[(&str, Vec<Call>)]) -> Summary {
        let parts = calls.iter().map(|(name, calls)| Part {
            name: (*name).to_owned(),
            calls: calls.iter().collect(),
            objects: 7 * calls.iter().filter(|call| call.outcome == Outcome::Ok).count() as u64,
        });
        let recording = Recording {
            cloud,
            of: [Text::of("account "), Text::styled(BOLD, "111122223333")],
            kind_of_part: "region",
            parts: parts.collect(),
        };
        summary(recording, Path::new("prod"), 80)
    }

    #[test]
    fn what_was_not_read_is_told() {
        let calls = [
            (
                "eu-central-1",
                vec![
                    call("describe-vpcs", Outcome::Ok, ""),
                    call("describe-subnets", Outcome::Denied, "UnauthorizedOperation"),
                ],
            ),
            (
                "eu-west-1",
                vec![
                    call("describe-vpcs", Outcome::Ok, ""),
                    call("describe-subnets", Outcome::Ok, ""),
                ],
            ),
        ];
        let summary = summarised("aws", &calls);
        assert!(!summary.complete);
        let text = anstream::adapter::strip_str(&summary.text).to_string();
        insta::assert_snapshot!(text);
        let azure = summarised("azure", &calls).text;
        let azure = anstream::adapter::strip_str(&azure).to_string();
        let azure = azure.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(azure.contains("The role that allows them: cloudfw record azure --print-policy"));
        assert!(summarised("aws", &[]).complete);
    }
}
