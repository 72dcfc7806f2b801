//! Shares of connections that fail: predicted as an exact fraction, measured from several hundred
//! random ports.

use cloudfw_core::{Fraction, PortSet};

use super::observe::Seen;
use super::predict::Oracle;
use super::question::{Ports, Question};
use crate::estate::chance::Chance;
use crate::kernel::probe::{Ask, Outcome};

/// The ports that a Linux client dials from.
const RANGE: (u16, u16) = (32768, 60999);

/// So many questions of a scenario are looked at for one with a share.
const TRIED: usize = 40;

/// One question, asked from many ports.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The question, once for each port.
    pub questions: Vec<Question>,
    /// The share that fails.
    pub failing: Fraction,
    /// The ports that fail.
    gap: PortSet,
}

impl Survey {
    /// A question that some ports of a client pass, if there is one.
    pub(crate) fn find(
        oracle: &Oracle,
        questions: &[Question],
        count: usize,
        chance: &mut Chance,
    ) -> Result<Option<Self>, String> {
        for question in questions.iter().filter(|it| it.ask != Ask::Echo).take(TRIED) {
            if let Some((failing, gap)) = oracle.share(question, RANGE)? {
                let mut ports = Ports::new();
                let questions = (0..count)
                    .map(|_| Question {
                        port: ports.draw(RANGE.0, RANGE.1, chance),
                        ..question.clone()
                    })
                    .collect();
                return Ok(Some(Self { questions, failing, gap }));
            }
        }
        Ok(None)
    }

    /// What is wrong with what the kernel did: a port that does not do what is said of it, or a
    /// share beyond sampling error.
    #[must_use]
    pub fn judge(&self, seen: &[Seen]) -> Option<String> {
        let fails = |seen: &Seen| seen.outcome != Outcome::Connected;
        for (question, seen) in self.questions.iter().zip(seen) {
            if fails(seen) != self.gap.contains(question.port) {
                return Some(format!("{question}: the gap is {}, and {seen}", self.gap));
            }
        }
        let failed = seen.iter().filter(|seen| fails(seen)).count();
        if is_within(failed as u128, seen.len() as u128, &self.failing) {
            return None;
        }
        let question = self.questions.first()?;
        Some(format!("{question}: {failed} of {} fail, predicted {}", seen.len(), self.failing))
    }
}

/// Whether `failed` of `count` draws lie within 4.5 standard deviations of what the share lets
/// expect: (k/n − p)² ≤ 4.5² · p(1 − p)/n, multiplied out. That is exceeded once in 150,000 draws
/// where at least 20 of either kind are expected; where fewer are, nothing is said.
fn is_within(failed: u128, count: u128, share: &Fraction) -> bool {
    let (part, whole) = (share.part, share.whole);
    let rest = whole.saturating_sub(part);
    if count * part < 20 * whole || count * rest < 20 * whole {
        return true;
    }
    let distance = (failed * whole).abs_diff(count * part);
    4 * distance * distance <= 81 * count * part * rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_measured_within_its_sampling_error() {
        let half = Fraction { part: 1, whole: 2 };
        // 400 draws: a standard deviation is 10.
        assert!(is_within(200, 400, &half));
        assert!(is_within(245, 400, &half));
        assert!(!is_within(246, 400, &half));
        assert!(!is_within(154, 400, &half));
    }

    #[test]
    fn too_few_expected_say_nothing() {
        assert!(is_within(3, 400, &Fraction { part: 1, whole: 28_232 }));
    }
}
