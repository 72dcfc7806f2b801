use super::*;
use crate::{Evaluation, Explanation};

const SAMPLE: Check = Check {
    id: "sample",
    title: "Something is open",
    severity: Severity::High,
    evaluation: Evaluation::Effective,
    controls: &["CFW-NET-008"],
    explanation: Explanation {
        finds: "What is open.",
        why: "It is open to all.",
        example: "\n# a remark\nsg-1 allow any\n",
        instead: "Close it.",
        limits: "",
        references: &["https://example.org/a", "https://example.org/b"],
    },
    run: |_| Vec::new(),
};

#[test]
fn a_page_says_all_that_a_check_says_of_itself() {
    let expected = "\
# sample

Something is open. Severity up to high, by what is written and by what is proved.

## What it finds

What is open.

## Why it matters

It is open to all.

## Example

```text
# a remark
sg-1 allow any
```

## What to do instead

Close it.

## Controls

- CFW-NET-008: VPC Block Public Access not enabled
  - asked by: security-hub-1.0 EC2.172
  - known to others as: powerpipe vpc_block_public_access_restrict_internet_gateway_traffic

## References

- <https://example.org/a>
- <https://example.org/b>
";
    assert_eq!(page(&SAMPLE), expected, "a section without words is left out");
}

#[test]
fn what_a_check_is_silent_about_has_no_heading() {
    let explanation = Explanation { references: &[], ..SAMPLE.explanation };
    let page = page(&Check { controls: &[], explanation, ..SAMPLE });
    assert!(!page.contains("## Controls") && !page.contains("## References"), "{page}");
    assert!(page.ends_with("## What to do instead\n\nClose it.\n"), "{page}");
}

#[test]
fn severity_and_what_is_looked_at_are_told_in_words() {
    let lead = |severity, evaluation| {
        let page = page(&Check { severity, evaluation, ..SAMPLE });
        page.lines().nth(2).unwrap_or_default().to_owned()
    };
    assert_eq!(
        lead(Severity::Info, Evaluation::Literal),
        "Something is open. For information, by what is written."
    );
    assert_eq!(
        lead(Severity::Critical, Evaluation::Graph),
        "Something is open. Severity up to critical, by how things hang together."
    );
}

#[test]
fn a_control_that_nobody_else_knows_is_its_title_alone() {
    let gap = control("CFW-NACL-010").unwrap();
    assert_eq!(line(gap), format!("- CFW-NACL-010: {}", gap.title));
}

#[test]
fn requirements_are_those_of_the_latest_editions() {
    let peering = control("CFW-NET-004").unwrap();
    assert_eq!(
        requirements(peering),
        ["cis-aws-7.0 6.6", "iso27001-2022 A.8.20, A.8.21, A.8.22"],
        "no older benchmark, where it had another number"
    );
    assert!(requirements(control("CFW-NACL-010").unwrap()).is_empty());
}

#[test]
fn in_the_handbook_a_page_stands_one_level_down_and_its_example_as_it_is() {
    let down = one_level_down(&page(&SAMPLE));
    assert!(down.starts_with("\n## sample\n\nSomething is open."), "{down}");
    assert!(down.contains("\n```text\n# a remark\nsg-1 allow any\n```\n"), "{down}");
    assert!(down.contains("\n### What to do instead\n"), "headings go on after the example");
}

#[test]
fn the_handbook_has_a_table_and_a_page_of_every_check() {
    let book = handbook();
    let (table, pages) = book.split_at(book.find("\n## ").unwrap());
    for check in checks() {
        let Check { id, severity, title, .. } = check;
        assert!(table.contains(&format!("\n| [{id}](#{id}) | {severity} | {title} |\n")), "{id}");
        assert!(pages.contains(&one_level_down(&page(check))), "{id}");
    }
    assert!(table.starts_with("# The checks\n"));
    assert_eq!(pages.matches("\n## ").count(), checks().count());
}

#[test]
fn the_page_of_a_control_has_its_checks_or_why_there_is_none() {
    let of = |id: &str| control_page(control(id).unwrap());
    let ssh = of("CFW-EXP-001");
    assert!(ssh.starts_with("# CFW-EXP-001\n\n"), "{ssh}");
    assert!(ssh.contains(". A control of aws, azure, gcp.\n"), "{ssh}");
    assert!(
        ssh.contains("## Assessed by\n\n- exposed-admin-port: An administrative port"),
        "{ssh}"
    );
    assert!(ssh.contains("## Who asks for it\n\n- asked by: "), "{ssh}");
    assert!(ssh.contains("\n## exposed-admin-port\n") && ssh.contains("\n### What it finds\n"));
    assert!(!ssh.contains("NOT ASSESSED"), "{ssh}");
    for control in crate::frameworks::controls() {
        let page = control_page(control);
        let why = control.not_assessed.as_deref().or(control.by_report.as_deref());
        assert!(why.is_none_or(|why| page.contains(why)), "{page}");
        assert_eq!(page.contains("## NOT ASSESSED"), control.not_assessed.is_some(), "{page}");
        assert_eq!(page.contains("## Assessed by every report"), control.by_report.is_some());
        assert_eq!(page.contains("## Assessed by\n"), control.checks().next().is_some());
    }
}
