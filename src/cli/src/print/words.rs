//! Numbers and lists as people say them.

#[cfg(feature = "aws-live")]
use std::time::Duration;

use cloudfw_core::{Bounds, Fraction};

/// `5 minutes`: the two digits that matter.
#[cfg(feature = "aws-live")]
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit): (u64, _) = match seconds {
        0..=119 if !seconds.is_multiple_of(60) || seconds == 0 => (seconds, "second"),
        0..=7199 => (seconds / 60, "minute"),
        7200..=172_799 => (seconds / 3600, "hour"),
        _ => (seconds / 86400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// `1 hop`, `2 hops`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}

/// `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// `58 %`; never 0 % of something or 100 % of less than everything.
pub(crate) fn percent(share: Fraction) -> String {
    let percent = share.ratio() * 100.0;
    if share.part == 0 {
        "none".to_owned()
    } else if share.part == share.whole {
        "all".to_owned()
    } else if percent < 1.0 {
        "less than 1 %".to_owned()
    } else if percent > 99.0 {
        "more than 99 %".to_owned()
    } else {
        format!("{percent:.0} %")
    }
}

/// `58 %`, or `between 10 % and 58 %` where it is not known exactly.
pub(crate) fn share(share: &Bounds<Fraction>) -> String {
    let (least, most) = (percent(share.at_least), percent(share.at_most));
    if share.at_least == share.at_most || least == most {
        return most;
    }
    match share.at_least.part {
        0 => format!("up to {most}"),
        _ => format!("between {least} and {most}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "aws-live")]
    #[test]
    fn durations() {
        let words = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!(words(0), "0 seconds");
        assert_eq!(words(1), "1 second");
        assert_eq!(words(60), "1 minute");
        assert_eq!(words(90), "90 seconds");
        assert_eq!(words(300), "5 minutes");
        assert_eq!(words(7300), "2 hours");
        assert_eq!(words(200_000), "2 days");
    }

    #[test]
    fn shares_are_never_rounded_to_none_or_all() {
        let of = |part, whole| percent(Fraction { part, whole });
        assert_eq!(of(16384, 28232), "58 %");
        assert_eq!(of(1, 28232), "less than 1 %");
        assert_eq!(of(28231, 28232), "more than 99 %");
        assert_eq!(of(0, 28232), "none");
        assert_eq!(of(5, 5), "all");
        let whole = 100;
        let between = |a, b| {
            share(&Bounds {
                at_least: Fraction { part: a, whole },
                at_most: Fraction { part: b, whole },
            })
        };
        assert_eq!(between(10, 58), "between 10 % and 58 %");
        assert_eq!(between(0, 58), "up to 58 %");
        assert_eq!(between(58, 58), "58 %");
    }

    #[test]
    fn lists() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
