//! Policies, proved against the sample estates: what passes, what fails, and what is never a pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test: what fails here is reported as its failure"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cloudfw_core::{Document, Scope, Verdict};
use cloudfw_estate::policy::{Assertion, Conclusion};
use cloudfw_estate::{
    Estate, OpenOptions, Policy, Query, Verified, VerifyOptions, parse_assume_none,
};
use proptest::prelude::*;

fn folder(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/aws").join(scenario)
}

fn options(assume_none: &[&str]) -> OpenOptions {
    OpenOptions {
        assume_none: parse_assume_none(assume_none.iter().copied()).unwrap(),
        ..OpenOptions::default()
    }
}

fn estate(scenario: &str) -> Estate {
    Estate::open(&[folder(scenario)], &options(&["all"])).unwrap_or_else(|error| panic!("{error}"))
}

fn policy(text: &str) -> Policy {
    Policy::parse("policy.toml", text).unwrap_or_else(|error| panic!("{error}"))
}

fn verify(estate: &Estate, text: &str) -> Verified {
    let verified = estate.inquiry().verify(&policy(text), &VerifyOptions::default());
    verified.unwrap_or_else(|error| panic!("{error}"))
}

fn wrong(estate: &Estate, text: &str) -> String {
    let verified = estate.inquiry().verify(&policy(text), &VerifyOptions::default());
    verified.expect_err("it matches something").to_string()
}

/// One expectation about the three tiers.
fn three(text: &str) -> Assertion {
    let mut verified = verify(&estate("three-tier"), &format!("[[expect]]\n{text}\n"));
    verified.assertions.remove(0)
}

use Conclusion::{Failed, Passed, Unknown};

#[test]
fn the_tiers_are_as_they_are_meant() {
    let verified = verify(
        &estate("three-tier"),
        r#"
        [networks]
        office = ["198.51.100.0/24", "2001:db8::/32"]

        [[expect]]
        name = "the web is open"
        from = ["internet", "office"]
        to = "tag:Name=web"
        service = ["80", "443"]
        verdict = "reachable"

        [[group]]
        name = "the database"
        to = "db"
        verdict = "unreachable"
        severity = "high"
        [[group.expect]]
        from = "internet"
        [[group.expect]]
        from = "web"
        service = "22"
        [[group.expect]]
        from = "web"
        service = "5432"
        client = "windows"
        verdict = "reachable"
        "#,
    );
    let all: Vec<(&str, Conclusion, &str)> = verified
        .assertions
        .iter()
        .map(|one| (one.name.as_str(), one.conclusion, one.message.as_str()))
        .collect();
    assert_eq!(
        all,
        [
            ("the web is open", Passed, "all 2 pairs are reachable"),
            ("internet → db: unreachable", Passed, "it is unreachable"),
            ("web → db tcp 22: unreachable", Passed, "it is unreachable"),
            ("web → db tcp 5432: reachable", Passed, "it is reachable"),
        ]
    );
    assert_eq!((verified.conclusion, verified.exit_code()), (Passed, 0));
    assert_eq!((verified.counts.assertions, verified.counts.passed), (4, 4));
    assert_eq!(verified.assertions[1].group.as_deref(), Some("the database"));
    assert_eq!(verified.assertions[1].severity.map(|it| it.to_string()).as_deref(), Some("high"));
    let place = &verified.assertions[1].place;
    assert_eq!((place.file.as_str(), place.line, place.column), ("policy.toml", 17, 9));
}

#[test]
fn reachable_means_that_no_connection_is_lost() {
    let lost = three(
        r#"from="web"; to="db"; service="5432"; verdict="reachable""#.replace("; ", "\n").as_str(),
    );
    assert_eq!((lost.conclusion, lost.verdict), (Failed, Verdict::Intermittent));
    let witness = lost.witness.unwrap();
    // The lowest port of the client whose replies are dropped, and nothing else.
    assert_eq!(witness.flow.text, "tcp 10.0.1.10:32768 → 10.0.2.20:5432");
    assert_eq!(witness.pair.verdict, Verdict::Unreachable);
    assert!(witness.pair.back.iter().any(|step| step.kind == "network-acl"));
    let blocker = &witness.pair.blockers[0];
    assert_eq!(blocker.rule.as_ref().unwrap().list.kind, "network-acl");
    assert!(blocker.rule.as_ref().unwrap().origin.line.is_some());
    // Of all its ports some get through.
    assert_eq!(witness.whole.verdict, Verdict::Intermittent);
    assert_eq!(witness.whole.reply.unwrap().failing.at_most.to_string(), "16384/28232");
    assert_eq!(lost.message, "it is intermittent, not reachable");
}

#[test]
fn intermittent_can_be_expected() {
    let text = "from = \"web\"\nto = \"db\"\nservice = \"5432\"\nverdict = \"intermittent\"";
    assert_eq!(three(text).conclusion, Passed);
    assert_eq!(three(&format!("{text}\nclient = \"windows\"")).conclusion, Failed);
}

#[test]
fn one_way_asks_only_about_the_way_out() {
    let text = "from = \"web\"\nto = \"db\"\nservice = \"5432\"\nverdict = \"reachable\"";
    assert_eq!(three(&format!("{text}\none-way = true")).conclusion, Passed);
}

#[test]
fn unreachable_means_no_pair_and_no_port_not_even_now_and_then() {
    let text = "from = \"web\"\nto = \"db\"\nverdict = \"unreachable\"";
    let open = three(text);
    assert_eq!((open.conclusion, open.verdict), (Failed, Verdict::Partial));
    let witness = open.witness.unwrap();
    assert_eq!(witness.flow.destination_port, Some(5432));
    assert_eq!(witness.flow.service, "tcp 5432");
    assert_eq!(witness.pair.verdict, Verdict::Reachable);
    assert!(!witness.pair.forward.is_empty() && !witness.pair.back.is_empty());
    let many = three(
        "from = [\"web\", \"db\"]\nto = [\"app\", \"db\"]\nservice = \"8080\"\nverdict = \"unreachable\"",
    );
    assert_eq!(many.conclusion, Failed);
    let offending = many.offending.unwrap();
    assert_eq!(offending.count, offending.first.len());
    assert_eq!((offending.count, many.pairs.all), (1, 3));
    assert!(many.message.contains(&format!("{} of 3 pairs", offending.count)), "{}", many.message);
    assert!(offending.first.iter().all(|pair| pair.verdict != Verdict::Unreachable));
}

#[test]
fn every_service_is_asked_where_none_is_named() {
    let all = three("from = \"web\"\nto = \"app\"\nverdict = \"reachable\"");
    assert_eq!(all.conclusion, Failed);
    assert_eq!(all.service, "any");
    // A port that people know, that is not the one that is open.
    assert_eq!(all.witness.unwrap().flow.destination_port, Some(22));
}

#[test]
fn for_any_one_pair_is_enough() {
    let text =
        "from = [\"web\", \"db\"]\nto = \"app\"\nservice = \"8080\"\nverdict = \"reachable\"";
    let all = three(text);
    let any = three(&format!("{text}\nfor = \"any\""));
    assert_eq!((all.conclusion, any.conclusion), (Failed, Passed));
    assert_eq!((all.quantifier, any.quantifier), ("all", "any"));
    let none = three(
        "from = [\"web\", \"app\"]\nto = \"db\"\nservice = \"22\"\nverdict = \"reachable\"\nfor = \"any\"",
    );
    assert_eq!((none.conclusion, none.message.as_str()), (Failed, "none of 2 pairs is reachable"));
    assert_eq!(none.offending.unwrap().count, 2);
    let witness = none.witness.unwrap();
    assert!(!witness.pair.blockers.is_empty());
}

#[test]
fn for_each_end_one_of_the_other_is_enough() {
    // web reaches app, and app reaches web and nothing else.
    let text = "from = [\"web\", \"app\"]\nto = [\"app\", \"web\"]\nservice = [\"8080\", \"443\"]\nverdict = \"reachable\"";
    let text = text.replace("[\"8080\", \"443\"]", "\"8080\"");
    let each_from = three(&format!("{text}\nfor = \"each-from\""));
    assert_eq!(each_from.conclusion, Failed, "{}", each_from.message);
    let offending = each_from.offending.unwrap();
    assert_eq!(offending.count, 1);
    assert_eq!(offending.first[0].source.addresses, ["10.0.3.30"]);
    let only = three(
        "from = \"web\"\nto = [\"app\", \"db\"]\nservice = \"8080\"\nverdict = \"reachable\"\nfor = \"each-from\"",
    );
    assert_eq!(only.conclusion, Passed, "{}", only.message);
    let each_to = three(
        "from = \"web\"\nto = [\"app\", \"db\"]\nservice = \"8080\"\nverdict = \"reachable\"\nfor = \"each-to\"",
    );
    assert_eq!(each_to.conclusion, Failed);
    assert_eq!(each_to.offending.unwrap().first[0].destination.addresses, ["10.0.2.20"]);
}

#[test]
fn an_address_of_a_recorded_network_that_nobody_has_is_an_error() {
    let estate = estate("three-tier");
    for text in [
        "from = \"internet\"\nto = \"10.0.1.99\"",
        "from = \"10.0.1.99\"\nto = \"web\"",
        "from = \"internet\"\nto = [\"web\", \"10.0.1.99\"]",
    ] {
        let text = format!("[[expect]]\n{text}\nverdict = \"unreachable\"\n");
        let policy = Policy::parse("policy.toml", &text).unwrap();
        let error = estate.inquiry().verify(&policy, &VerifyOptions::default()).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("nothing in the recording has the address `10.0.1.99`"), "{said}");
    }
    // Outside of the estate nothing has to be recorded.
    for text in ["from = \"203.0.113.99\"\nto = \"db\"", "from = \"db\"\nto = \"203.0.113.99\""] {
        assert_eq!(three(&format!("{text}\nverdict = \"unreachable\"")).conclusion, Passed);
    }
}

#[test]
fn exceptions_take_out_what_they_name() {
    let text = "from = \"*\"\nto = \"db\"\nverdict = \"unreachable\"";
    assert_eq!(three(text).conclusion, Failed);
    let but = three(
        &format!("{text}\nservice = \"5432\"\nexcept-from = [\"web\", \"10.0.3.30\"]")
            .replace("from = \"*\"", "from = [\"*\", \"internet\"]"),
    );
    assert_eq!(but.conclusion, Passed, "{}", but.message);
    assert_eq!(but.except_from, ["web", "10.0.3.30"]);
    let office = "from = \"internet\"\nto = \"web\"\nservice = \"443\"\nverdict = \"unreachable\"";
    let some = three(&format!("{office}\nexcept-from = \"198.51.100.0/24\""));
    assert_eq!(some.conclusion, Failed);
    assert!(!some.witness.unwrap().flow.source.starts_with("198.51.100."));
}

#[test]
fn an_exception_that_takes_out_nothing_or_everything_is_an_error() {
    let estate = estate("three-tier");
    for (text, said) in [
        ("from = \"web\"\nexcept-from = \"app\"", "3:15: this takes nothing out of `from`"),
        ("from = \"web\"\nexcept-from = [\"web\", \"app\"]", "this takes nothing out of `from`"),
        ("from = \"*\"\nexcept-from = \"tag:Name=*b\"", "nothing in the recording is called"),
        ("from = \"*\"\nexcept-from = [\"web\", \"app\", \"db\"]", "leaves nothing of `from`"),
        ("from = \"internet\"\nexcept-from = \"0.0.0.0/0\"\nexcept-to = \"web\"", "of `to`"),
        ("from = \"internet\"\nexcept-from = \"10.0.1.0/24\"", "takes nothing out of `from`"),
    ] {
        let error =
            wrong(&estate, &format!("[[expect]]\n{text}\nto = \"db\"\nverdict = \"reachable\"\n"));
        assert!(error.contains(said) && error.contains('^'), "{text}: {error}");
    }
    // What a group takes out has to matter to one of its expectations, not to each.
    let group = "[[group]]\nexcept-from = \"web\"\nto = \"db\"\nverdict = \"unreachable\"\nservice = \"22\"\n\
                 [[group.expect]]\nfrom = \"*\"\n[[group.expect]]\nfrom = \"app\"\n";
    assert_eq!(verify(&estate, group).conclusion, Passed);
    assert!(
        wrong(
            &estate,
            &group.replace("\"*\"", "\"app\"").replacen(
                "from = \"app\"",
                "name = \"x\"\nfrom = \"app\"",
                1
            )
        )
        .contains("2:15: this takes nothing")
    );
}

#[test]
fn an_expectation_that_matches_nothing_is_an_error_and_all_are_told() {
    let error = wrong(
        &estate("three-tier"),
        r#"
[networks]
office = "198.51.100.0/24"

[[expect]]
from = "wbe"
to = ["db", "tag:Nmae=db"]
verdict = "unreachable"

[[expect]]
from = "offcie"
to = "db:5432"
verdict = "unreachable"

[[expect]]
from = "internet"
to = "198.51.100.7"
verdict = "unreachable"

[[expect]]
from = "srv-*"
to = "web"
verdict = "unreachable"
"#,
    );
    insta::assert_snapshot!(error);
}

/// A list is as strict as each of its texts alone.
#[test]
fn a_text_of_which_nothing_can_be_asked_is_an_error() {
    let estate = estate("three-tier");
    let expect = |from: &str| {
        format!(
            "[[expect]]\nfrom = {from}\nto = \"web\"\nservice = \"443\"\nverdict = \"reachable\"\n"
        )
    };
    let error = wrong(&estate, &expect("[\"app\", \"2a00:1450::1\"]"));
    assert!(error.contains("2:16: nothing to ask of `2a00:1450::1`"), "{error}");
    assert!(wrong(&estate, &expect("\"2a00:1450::1\"")).contains("nothing to ask"));
    // Of both families one is enough, and nobody is asked about themselves.
    for from in ["[\"app\", \"internet\"]", "[\"app\", \"web\"]", "[\"*\", \"web\"]"] {
        verify(&estate, &expect(from));
    }
}

#[test]
fn a_network_of_both_files_is_one_or_an_error() {
    let estate = estate("three-tier");
    let expect =
        "[[expect]]\nfrom = \"office\"\nto = \"web\"\nservice = \"443\"\nverdict = \"reachable\"\n";
    let of = |cidr: &str| VerifyOptions {
        networks: BTreeMap::from([("office".to_owned(), vec![cidr.to_owned()])]),
        client: None,
    };
    let inquiry = estate.inquiry();
    let named = inquiry.verify(&policy(expect), &of("198.51.100.0/24")).unwrap();
    assert_eq!(named.conclusion, Passed);
    let own = policy(&format!("{expect}[networks]\noffice = \"198.51.100.0/24\"\n"));
    assert!(inquiry.verify(&own, &of("198.51.100.0/24")).is_ok());
    let error = inquiry.verify(&own, &of("192.0.2.0/24")).unwrap_err().to_string();
    assert!(error.contains("7:1: `office` is another network in cloudfw.toml"), "{error}");
    let shadowing = format!("{expect}[networks]\nweb = \"192.0.2.0/24\"\n");
    assert!(
        wrong(&estate, &shadowing.replace("\"office\"", "\"app\"")).contains("something recorded")
    );
}

#[test]
fn what_is_not_known_is_neither_a_pass_nor_a_failure() {
    let denied = estate("recording-denied-is-not-empty");
    let verified = verify(
        &denied,
        "[[expect]]\nfrom = \"web\"\nto = \"db\"\nservice = \"443\"\nverdict = \"reachable\"\n\
         [[expect]]\nfrom = \"web\"\nto = \"db\"\nservice = \"443\"\nverdict = \"unreachable\"\n\
         [[expect]]\nfrom = \"web\"\nto = \"app\"\nservice = \"443\"\nverdict = \"reachable\"\n",
    );
    let conclusions: Vec<Conclusion> = verified.assertions.iter().map(|it| it.conclusion).collect();
    assert_eq!(conclusions, [Unknown, Unknown, Passed]);
    assert_eq!(verified.exit_code(), 3);
    let unknown = &verified.assertions[0];
    assert!(unknown.unknowns.iter().any(|it| it.why.contains("denied")), "{unknown:?}");
    assert_eq!(unknown.offending.as_ref().unwrap().count, 1);
    assert!(unknown.witness.is_none());
}

#[test]
fn a_failure_that_is_proved_goes_before_what_is_not_known() {
    let denied = estate("recording-denied-is-not-empty");
    let text = "[[expect]]\nfrom = \"web\"\nto = [\"db\", \"app\"]\nservice = \"443\"\nverdict = \"unreachable\"\n";
    let verified = verify(&denied, text);
    assert_eq!(verified.assertions[0].conclusion, Failed);
    assert_eq!(verified.exit_code(), 1);
    assert_eq!(verified.assertions[0].witness.as_ref().unwrap().flow.destination_port, Some(443));
    // One pair is proved to hold, and one is enough.
    let any = text.replace("unreachable", "reachable") + "for = \"any\"\n";
    assert_eq!(verify(&denied, &any).assertions[0].conclusion, Passed);
}

/// Of a pair with unknown ports, some may be proved to fail or to pass all the same.
#[test]
fn a_port_that_is_proved_counts_beside_ports_that_are_not_known() {
    let denied = estate("recording-denied-is-not-empty");
    let closed =
        verify(&denied, "[[expect]]\nfrom = \"web\"\nto = \"shut\"\nverdict = \"reachable\"\n");
    assert_eq!(closed.assertions[0].conclusion, Failed);
}

#[test]
fn an_incomplete_recording_is_never_clean() {
    let verified = verify(
        &estate("recording-denied-is-not-empty"),
        "[[expect]]\nfrom = \"web\"\nto = \"app\"\nservice = \"443\"\nverdict = \"reachable\"\n",
    );
    assert_eq!(verified.counts.passed, 1);
    assert_eq!((verified.conclusion, verified.exit_code()), (Unknown, 3));
    let not_read: Vec<&str> = verified.not_read.iter().map(|it| it.what.as_str()).collect();
    assert!(not_read.contains(&"NetworkAcls (aws ec2 describe-network-acls)"), "{not_read:?}");
}

#[test]
fn nothing_read_is_never_clean() {
    let document = Document {
        name: "vpcs.json".into(),
        text: r#"{"Vpcs": []}"#.into(),
        scope: Scope::default(),
    };
    let empty = Estate::from_documents(vec![document], &options(&["all"])).unwrap();
    let verified = verify(
        &empty,
        "[[expect]]\nfrom = \"internet\"\nto = \"web\"\nverdict = \"unreachable\"\n",
    );
    assert_eq!(verified.exit_code(), 3);
    assert_eq!(verified.assertions[0].conclusion, Unknown);
    assert_eq!(verified.not_read[0].what, "any resource at all");
}

/// A set passes over two machines that share no address family; a query about them alone says
/// that it is not known, and so does an assertion about the set.
#[test]
fn machines_without_a_common_family_are_not_proved_to_be_apart() {
    let estate = estate("addresses-ipv6-only");
    let names: Vec<String> = estate
        .network()
        .interfaces
        .values()
        .map(|interface| interface.label.id.to_string())
        .collect();
    let quoted = format!("{names:?}");
    let set = verify(
        &estate,
        &format!(
            "[[expect]]\nfrom = {quoted}\nto = {quoted}\nservice = \"1\"\nverdict = \"unreachable\"\n"
        ),
    );
    let mut alone = Vec::new();
    for from in &names {
        for to in names.iter().filter(|to| *to != from) {
            let query = Query::new(from.as_str(), format!("{to}:1"));
            alone.push(estate.inquiry().reach(&query).unwrap().verdict);
        }
    }
    let unknown = alone.contains(&Verdict::Unknown);
    assert_eq!(set.assertions[0].pairs.unknown > 0, unknown, "{alone:?}");
}

#[test]
fn the_answer_is_the_same_every_time() {
    let text = "[[expect]]\nfrom = [\"*\", \"internet\"]\nto = \"*\"\nverdict = \"unreachable\"\n";
    let json = || serde_json::to_string(&verify(&estate("three-tier"), text)).unwrap();
    assert_eq!(json(), json());
}

const ENDS: [&str; 6] = ["web", "app", "db", "internet", "*", "10.0.0.0/16"];
const SERVICES: [&str; 5] = ["5432", "443", "80,8080", "53/udp", "any"];
const VERDICTS: [Verdict; 3] = [Verdict::Reachable, Verdict::Unreachable, Verdict::Intermittent];

fn recordings() -> Vec<Estate> {
    let half = |kinds: &[&str]| {
        let files = std::fs::read_dir(folder("three-tier")).unwrap();
        let documents = files.map(|entry| entry.unwrap().path()).filter(|path| {
            let name = path.file_stem().unwrap().to_string_lossy();
            let is_document = path.extension().is_some_and(|it| it == "json") && name != "expected";
            is_document && !kinds.contains(&&*name)
        });
        let document = |path: PathBuf| Document {
            name: path.file_name().unwrap().to_string_lossy().into(),
            text: std::fs::read_to_string(&path).unwrap().into(),
            scope: Scope::default(),
        };
        Estate::from_documents(documents.map(document).collect(), &options(&[])).unwrap()
    };
    vec![
        estate("three-tier"),
        half(&[]),
        half(&["network-acls"]),
        half(&["route-tables"]),
        half(&["security-groups"]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// An assertion never passes where the verdict of the same query is unknown, and it passes or
    /// fails only where that verdict is or is not what is expected.
    #[test]
    fn an_assertion_says_what_the_same_query_says(
        from in proptest::sample::select(&ENDS[..]),
        to in proptest::sample::select(&ENDS[..]),
        service in proptest::sample::select(&SERVICES[..]),
        verdict in proptest::sample::select(&VERDICTS[..]),
        one_way: bool,
    ) {
        thread_local! {
            static ESTATES: Vec<Estate> = recordings();
        }
        let text = format!(
            "[[expect]]\nfrom = {from:?}\nto = {to:?}\nservice = {service:?}\n\
             verdict = \"{verdict}\"\none-way = {one_way}\n"
        );
        ESTATES.with(|estates| {
            for estate in estates {
                let inquiry = estate.inquiry();
                let query = Query {
                    service: Some(service.parse().unwrap()),
                    one_way,
                    ..Query::new(from, to)
                };
                let (answer, verified) =
                    (inquiry.reach(&query), inquiry.verify(&policy(&text), &VerifyOptions::default()));
                let (Ok(answer), Ok(verified)) = (&answer, &verified) else {
                    prop_assert_eq!(answer.is_err(), verified.is_err());
                    continue;
                };
                let assertion = &verified.assertions[0];
                match assertion.conclusion {
                    Passed => prop_assert_eq!(answer.verdict, verdict),
                    Failed => {
                        // Of several pairs `reach` says intermittent where one is, an assertion
                        // wants it of each.
                        let of_each = verdict == Verdict::Intermittent && assertion.pairs.all > 1;
                        prop_assert!(of_each || answer.verdict != verdict);
                        prop_assert!(assertion.witness.is_some());
                        let witness = assertion.witness.as_ref().unwrap();
                        prop_assert_ne!(witness.pair.verdict, Verdict::Unknown);
                    }
                    Unknown => prop_assert!(
                        answer.answers.iter().any(|pair| pair.verdict == Verdict::Unknown)
                            || assertion.pairs.all > answer.answers.len()
                    ),
                }
            }
            Ok(())
        })?;
    }
}

proptest! {
    /// Whatever stands in a policy, reading it ends with a policy or with errors that have a place.
    #[test]
    fn any_text_is_a_policy_or_an_error(
        lines in proptest::collection::vec(
            proptest::sample::select(vec![
                "[[expect]]", "[expect]", "[[group]]", "[[group.expect]]", "[networks]", "expect = 1",
                "from = \"web\"", "from = []", "from = [\"\", 1]", "to = \"\u{1f4a5}\"", "to = {}",
                "service = \"any\"", "service = \"70000\"", "verdict = \"unreachable\"",
                "verdict = [[]]", "for = \"any\"", "office = \"::/0\"", "\"\" = \"\"", "= ]", "\"\"\"",
                "one-way = 1979-05-27", "name = \"\\u001b[31m\"", "\u{feff}", "except-to = \"web\"",
            ]),
            0..12,
        )
    ) {
        match Policy::parse("policy.toml", &lines.join("\n")) {
            Ok(policy) => prop_assert!(!policy.is_empty()),
            Err(error) => {
                prop_assert!(!error.problems.is_empty());
                let most = lines.len() + 1;
                prop_assert!(error.problems.iter().all(|it| (1..=most).contains(&(it.line as usize))));
            }
        }
    }
}
