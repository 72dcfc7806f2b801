//! A campaign in words.

use cloudfw_lab::fuzz::{Disagreement, Order};
use cloudfw_lab::scenario::Cloud;

use super::campaign::Campaign;

/// So many of a kind are shown.
const SHOWN: usize = 20;

/// What differs and what was not asked: one of each kind, with how many there are.
pub(crate) fn disagreements(campaign: &Campaign, alike: &[(usize, &Disagreement)]) -> String {
    let mut lines: Vec<String> = alike
        .iter()
        .take(SHOWN)
        .map(|(count, shown)| format!("{shown}\n  ({count} of this kind)\n"))
        .collect();
    if alike.len() > SHOWN {
        lines.push(format!("{} kinds more\n", alike.len() - SHOWN));
    }
    let report = &campaign.report;
    list(&mut lines, "", &campaign.panics);
    list(&mut lines, "share: ", &report.wrong_shares);
    list(&mut lines, "not asked: ", &report.failures);
    list(&mut lines, "not asked: ", &campaign.short);
    lines.join("\n")
}

fn list<T: ToString>(lines: &mut Vec<String>, title: &str, items: &[T]) {
    lines.extend(items.iter().take(SHOWN).map(|item| format!("{title}{}\n", item.to_string())));
    if items.len() > SHOWN {
        lines.push(format!("{title}{} more\n", items.len() - SHOWN));
    }
}

/// The figures, and in the last line what they come to.
pub(crate) fn summary(order: &Order, campaign: &Campaign) -> String {
    let report = &campaign.report;
    let ordered = order.scenarios * order.probes;
    let last = order.seed.wrapping_add(order.scenarios as u64 - 1);
    let mut lines = vec![
        format!(
            "seeds {} to {last}: {} of {} scenarios, {} of {ordered} questions, answered by \
             cloudfw as",
            order.seed, report.scenarios, order.scenarios, report.tally.questions,
        ),
        report.tally.to_string(),
    ];
    lines.push(format!(
        "{} questions were of more than their documents (what hosts do by themselves), {} \
         intermittent ones were asked again of the client's one port",
        report.overlaid, report.pinned,
    ));
    let seconds = report.elapsed.as_secs_f64();
    if order.kernel {
        let missing = order.scenarios.saturating_sub(report.scenarios);
        lines.push(format!(
            "{} probes in {seconds:.1} s: {:.0} a second; {} shares measured",
            report.sent,
            report.sent as f64 / seconds.max(f64::MIN_POSITIVE),
            report.surveys,
        ));
        let panics = match campaign.panics.len() {
            0 => String::new(),
            panics => format!(" ({panics} of them panics)"),
        };
        lines.push(format!(
            "{} disagreements{panics}, {} wrong shares, {missing} scenarios not asked",
            campaign.disagreements(),
            report.wrong_shares.len(),
        ));
    }
    lines.push(end(order, campaign));
    lines.join("\n")
}

fn end(order: &Order, campaign: &Campaign) -> String {
    let whole = campaign.is_whole(order);
    match order.kernel {
        _ if campaign.stopped => {
            "cloudfw and the kernel DISAGREE: ended at the first one (--first)".to_owned()
        }
        true if campaign.differs() => "cloudfw and the kernel DISAGREE: see above".to_owned(),
        _ if campaign.differs() => "cloudfw has panicked: see above".to_owned(),
        _ if !whole => "not all was asked: nothing is said about the rest".to_owned(),
        true => "cloudfw and the kernel agree".to_owned(),
        false => {
            let seconds = campaign.report.elapsed.as_secs_f64();
            format!("without the kernel: nothing was compared ({seconds:.1} s)")
        }
    }
}

/// What to do about a disagreement.
pub(crate) fn advice(order: &Order, campaign: &Campaign) -> String {
    let Some(first) = campaign.report.disagreements.first() else { return String::new() };
    let Order { probes, .. } = order;
    let cloud = match order.cloud {
        Cloud::Aws => "",
        Cloud::Azure => "--cloud azure ",
    };
    format!(
        "one again, reduced to what it takes: cloudfw-lab fuzz {cloud}--seed {} --scenarios 1 \
         --probes {probes} --to DIR",
        first.seed
    )
}
