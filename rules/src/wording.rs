//! The words that findings are made of.

use cloudfw_core::Label;

/// More names than this are counted.
const MOST_NAMES: usize = 4;

/// The kind in words: `security group`.
pub(crate) fn kind(label: &Label) -> String {
    label.kind.replace('-', " ")
}

/// Kind, id and name: `security group sg-0abc (web)`.
pub(crate) fn named(label: &Label) -> String {
    format!("{} {label}", kind(label))
}

/// `1 interface`, `3 interfaces`.
pub(crate) fn counted(many: usize, what: &str) -> String {
    let plural = if many == 1 { "" } else { "s" };
    format!("{many} {what}{plural}")
}

/// `a`, `a and b`, `a, b and c`; from the fifth on they are counted.
pub(crate) fn listed<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    let mut names: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    let over = names.len().saturating_sub(MOST_NAMES);
    if over > 0 {
        names.truncate(MOST_NAMES);
        names.push(format!("{over} more"));
    }
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, listed};

    #[test]
    fn names_are_listed_up_to_four() {
        assert_eq!(listed([""; 0]), "");
        assert_eq!(listed(["a"]), "a");
        assert_eq!(listed(["a", "b"]), "a and b");
        assert_eq!(listed(["a", "b", "c", "d"]), "a, b, c and d");
        assert_eq!(listed(["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more");
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(counted(1, "rule"), "1 rule");
        assert_eq!(counted(0, "rule"), "0 rules");
    }
}
