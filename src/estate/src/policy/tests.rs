//! Reading policies.

use super::Policy;

fn wrong(text: &str) -> String {
    Policy::parse("policy.toml", text).unwrap_err().to_string()
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place_and_what_is_near() {
    insta::assert_snapshot!(wrong(
        r#"
[[expect]]
nmae = "the web tier talks to the database"
from = "tag:tier=web"
to = ["tag:tier=db", ""]
service = "543x"
verdict = "reachabel"

[[expect]]
form = "web"
to = "db"
severity = "hihg"

[[group]]
for = "some"
[[group.expect]]
from = 7
to = "db"
verdict = "unknown"
one-way = "yes"
client = "mac"
"#
    ));
}

#[test]
fn what_people_call_a_key_elsewhere_is_told_too() {
    let expect = "[[expect]]\nfrom = \"a\"\nto = \"b\"\nverdict = \"reachable\"\n";
    for (line, said) in [
        ("except = \"c\"", "did you mean `except-from` or `except-to`?"),
        ("except_from = \"c\"", "did you mean `except-from`?"),
        ("port = \"1\"", "did you mean `service`?"),
        ("source = \"c\"", "did you mean `from`?"),
        ("services = \"443\"", "did you mean `service`?"),
        ("colour = \"red\"", "the keys are name, from, to, except-from"),
        ("service = 443", "put the port in quotes"),
        ("service = [\"443\", 80]", "`service` is a text or a list of texts"),
        ("service = []", "`service` is empty"),
        ("for = \"each\"", "`each` is no value of `for`: write `all` or `any` or `each-from`"),
        ("verdict = \"partial\"", "duplicate key"),
        ("name = [\"a\"]", "`name` is one text"),
    ] {
        let error = wrong(&format!("{expect}{line}\n"));
        assert!(error.contains(said) && error.contains('^'), "{line}: {error}");
        assert!(error.starts_with("policy.toml:5:"), "{line}: {error}");
    }
}

#[test]
fn a_policy_that_expects_nothing_is_an_error() {
    for text in
        ["", "[networks]\noffice = \"192.0.2.0/24\"\n", "expect = []", "[[group]]\nname = \"a\"\n"]
    {
        let error = wrong(text);
        assert!(error.contains("nothing is expected") || error.contains("is empty"), "{error}");
    }
}

/// What is missing stands under a key that nobody knows: that is told, and it alone.
#[test]
fn a_misspelt_table_is_told_before_what_seems_to_be_missing() {
    let body = "from = \"a\"\nto = \"b\"\nverdict = \"unreachable\"\n";
    for (table, said) in [
        ("[[expects]]", "policy.toml:3:3: unknown key `expects`: did you mean `expect`?"),
        ("[[Expect]]", "policy.toml:3:3: unknown key `Expect`: did you mean `expect`?"),
        ("[[asserts]]", "policy.toml:3:3: unknown key `asserts`: the keys are networks, expect"),
        ("[[groups.expect]]", "policy.toml:3:3: unknown key `groups`: did you mean `group`?"),
        (
            "[[group]]\n[[group.expects]]",
            "policy.toml:4:9: unknown key `expects` of a group: did you mean `expect`?",
        ),
    ] {
        let error = wrong(&format!("# mine\n\n{table}\n{body}"));
        assert!(error.starts_with(said), "{table}: {error}");
        assert!(error.contains("^^") && !error.contains("nothing is expected"), "{error}");
    }
    let error = wrong("[[expect]]\nform = \"a\"\nto = \"b\"\n");
    assert!(error.contains("1:1: this expectation has no `verdict`\n"), "{error}");
    assert!(error.contains("2:1: unknown key `form` of an expectation: did you mean `from`?"));
}

#[test]
fn what_an_expectation_needs_is_told_together() {
    let error = wrong("[[expect]]\nto = \"b\"\n");
    assert!(error.contains("1:1: this expectation has no `from` and no `verdict`"), "{error}");
    assert!(error.contains("1 | [[expect]]"), "{error}");
}

#[test]
fn neither_unknown_nor_partial_can_be_expected() {
    for (verdict, said) in [
        ("unknown", "what is not known proves nothing"),
        ("partial", "in an `[[expect]]` of its own"),
    ] {
        let expect = format!("[[expect]]\nfrom = \"a\"\nto = \"b\"\nverdict = \"{verdict}\"\n");
        assert!(wrong(&expect).contains(said));
    }
}

#[test]
fn two_expectations_of_one_name_are_an_error() {
    let one = "[[expect]]\nname = \"x\"\nfrom = \"a\"\nto = \"b\"\nverdict = \"reachable\"\n";
    let error = wrong(&format!("{one}{one}"));
    assert!(error.contains("6:1: `x` is what the expectation on line 1 is called"), "{error}");
    // In a group of its own it is told by that.
    let grouped =
        format!("{one}[[group]]\nname = \"g\"\n{}", one.replace("expect", "group.expect"));
    assert_eq!(Policy::parse("p", &grouped).unwrap().len(), 2);
}

#[test]
fn wrong_networks_are_errors() {
    let expect = "[[expect]]\nfrom = \"a\"\nto = \"b\"\nverdict = \"reachable\"\n[networks]\n";
    for (line, said) in [
        ("internet = \"192.0.2.0/24\"", "means everything public outside the estate"),
        ("\"10.0.0.0/8\" = \"192.0.2.0/24\"", "means the address itself"),
        ("\"a*\" = \"192.0.2.0/24\"", "means every name that it matches"),
        ("\"tag:a=b\" = \"192.0.2.0/24\"", "means whatever has the tag"),
        ("office = \"192.0.2.0/33\"", "neither a CIDR nor an address"),
        ("office = []", "`office` is empty"),
    ] {
        let error = wrong(&format!("{expect}{line}\n"));
        assert!(error.contains(said) && error.starts_with("policy.toml:6:"), "{line}: {error}");
    }
    assert!(wrong("networks = \"a\"").contains("is a table of names with their CIDRs"));
}

#[test]
fn a_file_that_is_no_toml_tells_every_place() {
    let error = wrong("[[expect]]\nfrom = \nto = \"b\"\nverdict == \"x\"\n");
    assert!(error.contains("policy.toml:2:") && error.contains("policy.toml:4:"), "{error}");
}

#[test]
fn expectations_come_in_the_order_of_the_file() {
    let text = r#"
[[group]]
name = "first"
from = "a"
verdict = "unreachable"
[[group.expect]]
to = "b"
[[group.expect]]
to = "c"
from = "z"

[[expect]]
from = "a"
to = ["b", "c"]
service = ["443", "53/udp"]
verdict = "reachable"
"#;
    let policy = Policy::parse("p", text).unwrap();
    let names: Vec<&str> = policy.expectations.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        names,
        ["a → b: unreachable", "z → c: unreachable", "a → b, c tcp 443, udp 53: reachable"]
    );
    assert_eq!(policy.expectations[0].group.as_deref(), Some("first"));
}
