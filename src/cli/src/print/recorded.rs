//! What `record` read, and what it was not given.

use std::collections::BTreeMap;
use std::path::Path;

use cloudfw_aws::live::{Recorded, RecordedRegion};
use cloudfw_documents::manifest::Outcome;

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

/// The table of a finished recording, and what to do next.
pub(crate) fn summary(recorded: &Recorded, to: &Path, width: usize) -> Summary {
    let mut out = String::new();
    let place = to.display();
    Text::of("recorded account ")
        .then_styled(BOLD, &recorded.account)
        .then(format!(" into {place}"))
        .wrap(2, width, &mut out);
    out.push('\n');
    table(&recorded.regions).write(2, width, &mut out);
    let missing = missing(&recorded.regions);
    for (end, text) in &missing {
        out.push('\n');
        let lead = Text::styled(style(*end), format!("  {}: ", name(*end)));
        lead.lead(&Text::of(text), width, &mut out);
        Text::of("  ").lead(&Text::styled(DIM, advice(*end)), width, &mut out);
    }
    out.push('\n');
    Text::of(format!("ask it: cloudfw reach SOURCE DESTINATION:PORT --from {place}"))
        .wrap(2, width, &mut out);
    Summary { text: out, complete: missing.is_empty() }
}

fn table(regions: &[RecordedRegion]) -> Table {
    let mut table = Table::default();
    let head = |text: &str| Text::styled(DIM, text);
    let ends = ENDS.map(|(_, name)| head(name));
    table.row([head("region")].into_iter().chain(ends).chain([head("objects")]));
    for region in regions {
        let calls = &region.manifest.calls;
        let count = |end| calls.iter().filter(|call| call.outcome == end).count();
        let cells = ENDS.map(|(end, _)| match count(end) {
            0 => Text::styled(DIM, "–"),
            many => Text::styled(style(end), many),
        });
        let objects: u64 = calls.iter().filter_map(|call| call.count).sum();
        let own = [Text::of(&region.region)];
        table.row(own.into_iter().chain(cells).chain([Text::of(objects)]));
    }
    table
}

/// For each way in which calls ended badly: which calls, where, and what was said.
fn missing(regions: &[RecordedRegion]) -> Vec<(Outcome, String)> {
    let mut by_end: BTreeMap<Outcome, BTreeMap<(&str, &str), Vec<&str>>> = BTreeMap::new();
    for region in regions {
        for call in region.manifest.calls.iter().filter(|call| call.outcome != Outcome::Ok) {
            let code = call.error.as_ref().map_or("", |error| error.code.as_str());
            let places = by_end.entry(call.outcome).or_default();
            let places = places.entry((&call.call, code)).or_default();
            if places.last() != Some(&region.region.as_str()) {
                places.push(&region.region);
            }
        }
    }
    let all = regions.len();
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

fn advice(end: Outcome) -> &'static str {
    match end {
        Outcome::Ok => "",
        Outcome::Denied => {
            "What these touch is unknown. The policy that allows them: cloudfw record aws --print-policy"
        }
        Outcome::Failed => "What these touch is unknown. Recording again may help.",
        Outcome::Throttled => "What these touch is unknown. Record again, more slowly: --rate 2",
        Outcome::Unsupported => {
            "This endpoint does not have these calls. Take it that there is nothing of the kind: --assume-none all"
        }
    }
}

#[cfg(test)]
mod tests {
    use cloudfw_documents::manifest::{Call, CallError, Manifest};

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

    fn region(name: &str, calls: Vec<Call>) -> RecordedRegion {
        RecordedRegion {
            region: name.to_owned(),
            folder: name.into(),
            manifest: Manifest::of(calls),
        }
    }

    #[test]
    fn what_was_not_read_is_told() {
        let recorded = Recorded {
            account: "111122223333".to_owned(),
            regions: vec![
                region(
                    "eu-central-1",
                    vec![
                        call("describe-vpcs", Outcome::Ok, ""),
                        call("describe-subnets", Outcome::Denied, "UnauthorizedOperation"),
                    ],
                ),
                region(
                    "eu-west-1",
                    vec![
                        call("describe-vpcs", Outcome::Ok, ""),
                        call("describe-subnets", Outcome::Ok, ""),
                    ],
                ),
            ],
        };
        let summary = summary(&recorded, Path::new("prod"), 80);
        assert!(!summary.complete);
        let text = anstream::adapter::strip_str(&summary.text).to_string();
        insta::assert_snapshot!(text);
    }
}
