//! What the process's exit code says.

use cloudfw_core::Verdict;

/// Something could not be asked: bad usage, unreadable input.
pub const EXIT_ERROR: u8 = 2;

/// The exit code of a verdict: 0 reachable, 1 not (or not always), 3 unknown. Where a verdict was
/// expected: 0 it is that one, 1 it is another, 3 it is unknown.
pub fn exit_code(verdict: Verdict, expected: Option<Verdict>) -> u8 {
    match (verdict, expected) {
        (verdict, Some(expected)) if verdict == expected => 0,
        (Verdict::Reachable, None) => 0,
        (Verdict::Unknown, _) => 3,
        _ => 1,
    }
}

/// The exit code of several: an error before a failure, this before an unknown: 2 > 1 > 3 > 0.
pub fn exit_code_of_several(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |code: &u8| match code {
        0 => 0,
        3 => 1,
        1 => 2,
        _ => 3,
    };
    codes.into_iter().max_by_key(rank).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_has_its_exit_code() {
        use Verdict::{Intermittent, Partial, Reachable, Unknown, Unreachable};
        for (verdict, expected, code) in [
            (Reachable, None, 0),
            (Intermittent, None, 1),
            (Unreachable, None, 1),
            (Partial, None, 1),
            (Unknown, None, 3),
            (Unreachable, Some(Unreachable), 0),
            (Reachable, Some(Unreachable), 1),
            (Unknown, Some(Unreachable), 3),
            (Unknown, Some(Unknown), 0),
        ] {
            assert_eq!(exit_code(verdict, expected), code, "{verdict} {expected:?}");
        }
    }

    #[test]
    fn of_several_the_worst_counts() {
        assert_eq!(exit_code_of_several([0, 3, 1, 2]), 2);
        assert_eq!(exit_code_of_several([0, 3, 1]), 1);
        assert_eq!(exit_code_of_several([0, 3]), 3);
        assert_eq!(exit_code_of_several([0]), 0);
        assert_eq!(exit_code_of_several([]), 0);
    }
}
