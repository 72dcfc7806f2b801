//! The ruleset of a namespace, in the words of nft.

use std::fmt::Write as _;

use super::drops::{Fate, GROUP, Mark};
use super::plan::{Act, Chain, ChainKind, Hook, SiteId, Space};

/// The table `inet lab` of a namespace; empty where it has no chains.
pub(super) fn ruleset(space: &Space) -> String {
    if space.chains.is_empty() {
        return String::new();
    }
    let chains: String = space.chains.iter().map(chain).collect();
    format!("table inet lab {{\n{chains}}}\n")
}

fn chain(chain: &Chain) -> String {
    let mut text = format!(" chain {} {{\n", chain.name);
    if let Some((hook, priority)) = chain.hook {
        let kind = match chain.kind {
            ChainKind::Filter => "filter",
            ChainKind::Nat => "nat",
        };
        let hook = match hook {
            Hook::Prerouting => "prerouting",
            Hook::Forward => "forward",
            Hook::Postrouting => "postrouting",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  type {kind} hook {hook} priority {priority}; policy accept;");
    }
    for line in &chain.lines {
        let _ = writeln!(text, "  {} {}", line.matches, statement(&line.act));
    }
    text + " }\n"
}

fn statement(act: &Act) -> String {
    match act {
        Act::Accept => "accept".to_owned(),
        Act::AcceptAt(site) => logged(*site, Fate::Passes, "accept"),
        Act::Drop(site) => logged(*site, Fate::Ends, "drop"),
        Act::Reject(site, answer) => logged(*site, Fate::Answered, answer),
        Act::Do(statements) => statements.clone(),
        Act::Jump(chain) => format!("jump {chain}"),
        Act::Goto(chain) => format!("goto {chain}"),
        Act::Return => "return".to_owned(),
    }
}

fn logged(site: SiteId, fate: Fate, verdict: &str) -> String {
    format!("log prefix \"{}\" group {GROUP} {verdict}", Mark { site, fate })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::plan::Line;

    #[test]
    fn lines_with_a_site_write_the_packet_down_first() {
        let line = |matches: &str, act| Line { matches: matches.to_owned(), act };
        let lines = vec![
            line("tcp dport 22", Act::Goto("sub".to_owned())),
            line("tcp dport 80", Act::Reject(SiteId(7), "reject with tcp reset")),
            line("tcp dport 81", Act::AcceptAt(SiteId(8))),
            line("", Act::Drop(SiteId(12))),
        ];
        let chain = |name: &str, hook, lines| Chain {
            name: name.to_owned(),
            hook,
            kind: ChainKind::Filter,
            lines,
        };
        let chains = vec![
            chain("forward", Some((Hook::Forward, -5)), lines),
            chain("sub", None, vec![line("ip saddr 10.0.0.0/8", Act::Return)]),
        ];
        let expected = "table inet lab {
 chain forward {
  type filter hook forward priority -5; policy accept;
  tcp dport 22 goto sub
  tcp dport 80 log prefix \"r7\" group 1 reject with tcp reset
  tcp dport 81 log prefix \"a8\" group 1 accept
   log prefix \"d12\" group 1 drop
 }
 chain sub {
  ip saddr 10.0.0.0/8 return
 }
}
";
        assert_eq!(ruleset(&Space { chains, ..Space::default() }), expected);
        assert_eq!(ruleset(&Space::default()), "");
    }
}
