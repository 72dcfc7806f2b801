//! `cloudfw audit` and `cloudfw checks`, as people and pipelines call them.

use std::path::Path;

use serde_json::Value;

use crate::run::{Run, cloudfw, command, finish, root};

fn audit(words: &[&str], home: &Path) -> Run {
    finish(command(&[&["audit"], words].concat()).current_dir(home), "")
}

fn scenario(name: &str) -> String {
    root().join("testdata/aws").join(name).display().to_string()
}

/// A copy of a scenario's documents, to be broken.
fn copied(name: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(scenario(name)).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap();
        let is_document = path.extension().is_some_and(|extension| extension == "json")
            && !["expected.json", "findings.json"].contains(&file.to_str().unwrap());
        if is_document {
            std::fs::copy(&path, home.path().join(file)).unwrap();
        }
    }
    home
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.out)
        .unwrap_or_else(|error| panic!("{error}: {} {}", run.out, run.err))
}

fn checks_of(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect()
}

/// Everything that is open is told before everything else, with the rule and its place.
#[test]
fn the_text_names_the_worst_first_with_rule_place_and_advice() {
    let run = cloudfw(&["audit", "--from", "testdata/aws/exposure", "--assume-none", "all"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let first = run.out.lines().next().unwrap();
    assert!(first.starts_with("findings  "), "{first}");
    assert!(first.contains("critical"), "{first}");
    assert!(run.out.contains("security-groups.json:"), "{}", run.out);
    let place = |word: &str| run.out.find(word).unwrap_or(usize::MAX);
    assert!(place("\n  critical") < place("\n  high"), "{}", run.out);
    assert!(place("\n  high") < place("\n  low"), "{}", run.out);
}

#[test]
fn it_fails_from_the_severity_that_is_asked_for() {
    let from = scenario("exposure");
    let code = |words: &[&str]| {
        let words = [&["--from", &from, "--assume-none", "all"], words].concat();
        audit(&words, &root()).code
    };
    assert_eq!(code(&["--check", "exposed-admin-port", "--fail-on", "critical"]), 1);
    assert_eq!(code(&["--check", "exposed-web-port"]), 0);
    assert_eq!(code(&["--check", "exposed-web-port", "--fail-on", "info"]), 1);
    assert_eq!(code(&["--severity", "critical", "--check", "exposed-web-port"]), 0);
}

#[test]
fn one_denied_call_is_never_clean() {
    let from = "testdata/aws/recording-denied-is-not-empty";
    for format in ["text", "json", "ndjson", "sarif", "junit", "ocsf", "csv", "markdown"] {
        let run = cloudfw(&[
            "audit",
            "--from",
            from,
            "--assume-none",
            "all",
            "--fail-on",
            "critical",
            "-o",
            format,
        ]);
        assert_eq!(run.code, 3, "{format}: {}{}", run.out, run.err);
        assert!(run.out.to_lowercase().contains("denied"), "{format}: {}", run.out);
        // The words of the checks themselves, which SARIF carries along, may have it.
        let clean = ["\"result\":\"clean\"", "100 %", "all passed", "no findings", "clean  "];
        for word in clean {
            assert!(!run.out.contains(word), "{format} says {word}: {}", run.out);
        }
    }
    let run = cloudfw(&["audit", "--from", from, "--assume-none", "all", "--fail-on", "critical"]);
    assert!(run.out.starts_with("incomplete"), "{}", run.out);
    assert!(run.out.contains("denied"), "{}", run.out);
}

#[test]
fn nothing_read_is_never_clean() {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in
        [("vpcs.json", "{\"Vpcs\": []}"), ("groups.json", "{\"SecurityGroups\": []}")]
    {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    let run = audit(&["--from", ".", "--assume-none", "all", "-o", "json"], home.path());
    assert_eq!(run.code, 3, "{}", run.out);
    assert_eq!(report(&run)["summary"]["result"], "incomplete");
    let run = audit(&["--from", ".", "--assume-none", "all"], home.path());
    assert_eq!(run.code, 3, "{}", run.out);
    assert!(run.out.contains("nothing"), "{}", run.out);
}

/// Findings come from the readable half, and the report says that it is one.
#[test]
fn a_recording_that_breaks_off_is_audited_as_far_as_it_can_be_read() {
    let home = copied("exposure");
    let acls = home.path().join("network-acls.json");
    let text = std::fs::read_to_string(&acls).unwrap();
    std::fs::write(&acls, &text[..text.len() / 2]).unwrap();
    let run = audit(&["--from", ".", "--assume-none", "all", "-o", "json"], home.path());
    let found = report(&run);
    let missing = found["incomplete"].to_string();
    assert!(missing.contains("network-acls.json"), "{missing}");
    assert_eq!(found["summary"]["complete"], false);
    let effects = &found["summary"]["effects"];
    assert!(effects["unknown"].as_u64().unwrap() > 0, "{effects}");
    assert!(found["findings"].as_array().unwrap().len() > 5, "{}", run.out);
    // Nothing is proved to be exposed behind ACLs that were not read, so nothing fails from high.
    let run = audit(
        &["--from", ".", "--assume-none", "all", "--check", "exposed-admin-port"],
        home.path(),
    );
    assert_eq!(run.code, 3, "{}", run.out);
    assert!(run.out.contains("INCOMPLETE"), "{}", run.out);
}

#[test]
fn an_ignore_takes_a_finding_out_until_its_day() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join("cloudfw.toml"),
        "[[ignore]]\ncheck = \"exposed-admin-port\"\nresource = \"open-ssh\"\n\
         reason = \"the way in\"\nuntil = 2027-06-30\n",
    )
    .unwrap();
    let from = scenario("exposure");
    let on = |day: &str| {
        let words = [
            "--from",
            &from,
            "--assume-none",
            "all",
            "--check",
            "exposed-admin-port",
            "--as-of",
            day,
            "-o",
            "json",
        ];
        let run = audit(&words, home.path());
        report(&run)
    };
    let subjects = |report: &Value| -> Vec<String> {
        let findings = report["findings"].as_array().unwrap().iter();
        findings.filter_map(|it| it["subject"]["name"].as_str().map(str::to_owned)).collect()
    };
    let before = on("2027-06-30");
    assert!(!subjects(&before).contains(&"open-ssh".to_owned()));
    assert_eq!(before["ignored"][0]["subject"]["name"], "open-ssh");
    assert_eq!(before["ignored"][0]["reason"], "the way in");
    let after = on("2027-07-01");
    assert!(subjects(&after).contains(&"open-ssh".to_owned()));
    assert!(checks_of(&after).contains(&"expired-ignore"));
    assert_eq!(after["ignored"].as_array().unwrap().len(), 0);
}

/// A glob accepts what is proved; what nobody has proved is accepted by its own name alone.
#[test]
fn a_glob_of_an_ignore_accepts_nothing_that_cannot_be_decided() {
    let home = copied("exposure");
    std::fs::write(home.path().join("route-tables.json"), "{\"RouteTables\": []}").unwrap();
    let audited = |check: &str| {
        let ignore = format!(
            "assume-none = \"all\"\n[[ignore]]\ncheck = \"{check}\"\nreason = \"mine\"\n\
             until = 2099-01-01\n"
        );
        std::fs::write(home.path().join("cloudfw.toml"), ignore).unwrap();
        let run =
            audit(&["--from", ".", "--check", "exposed-admin-port", "-o", "json"], home.path());
        (run.code, report(&run))
    };
    for glob in ["*", "exposed-*"] {
        let (code, found) = audited(glob);
        assert_eq!(code, 3, "{glob}");
        let left = found["findings"].as_array().unwrap();
        assert!(!left.is_empty(), "{glob}");
        for finding in left {
            assert_eq!(finding["effective"]["verdict"], "unknown", "{finding}");
            let note = finding["notes"].to_string();
            assert!(note.contains("does not ignore it") && note.contains(glob), "{note}");
        }
        assert!(!checks_of(&found).contains(&"unmatched-ignore"), "{glob}");
        assert!(!found["ignored"].as_array().unwrap().is_empty(), "{glob}");
    }
    let (_, found) = audited("exposed-admin-port");
    assert_eq!(found["findings"].as_array().unwrap().len(), 0, "{}", found["findings"]);
}

#[test]
fn an_ignore_that_stands_counts_beside_one_that_has_run_out() {
    let home = copied("exposure");
    let ignore = |until: &str| {
        format!("[[ignore]]\ncheck = \"exposed-admin-port\"\nreason = \"mine\"\nuntil = {until}\n")
    };
    let both = ignore("2020-01-01") + &ignore("2099-01-01");
    std::fs::write(home.path().join("cloudfw.toml"), both).unwrap();
    let words = ["--from", ".", "--assume-none", "all", "--check", "exposed-admin-port"];
    let run = audit(&[&words[..], &["-o", "json"]].concat(), home.path());
    assert_eq!(checks_of(&report(&run)), ["expired-ignore"]);
}

/// A subnet that interfaces name and that is not in the list of subnets is not silently nothing.
#[test]
fn a_list_that_lacks_what_others_refer_to_is_incomplete() {
    for (file, key) in [
        ("subnets.json", "Subnets"),
        ("vpcs.json", "Vpcs"),
        ("route-tables.json", "RouteTables"),
        ("network-acls.json", "NetworkAcls"),
        ("security-groups.json", "SecurityGroups"),
        ("network-interfaces.json", "NetworkInterfaces"),
    ] {
        let home = copied("exposure");
        std::fs::write(home.path().join(file), format!("{{\"{key}\": []}}")).unwrap();
        let words = ["--from", ".", "--assume-none", "all", "--fail-on", "critical", "-o", "json"];
        let run = audit(&words, home.path());
        let found = report(&run);
        assert!([1, 3].contains(&run.code), "{key}: {}", run.code);
        assert_eq!(found["summary"]["complete"], false, "{key}");
        let missing = found["incomplete"].to_string();
        assert!(missing.contains(&format!("\"{key} (aws ec2 ")), "{key}: {missing}");
        let run = audit(&[&words[..], &["--check", "blackhole-route"]].concat(), home.path());
        assert_eq!(run.code, 3, "{key}: {}", run.out);
    }
}

#[test]
fn an_ignore_that_ignores_nothing_is_a_finding() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join("cloudfw.toml"),
        "[[ignore]]\ncheck = \"exposed-admin-port\"\nresource = \"gone\"\n\
         reason = \"it was there\"\nuntil = 2099-01-01\n",
    )
    .unwrap();
    let from = scenario("exposure");
    let run = audit(&["--from", &from, "--assume-none", "all", "-o", "json"], home.path());
    let report = report(&run);
    let finding = report["findings"].as_array().unwrap().iter();
    let found: Vec<&Value> = finding.filter(|it| it["check"] == "unmatched-ignore").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["subject"]["origin"]["line"], 1);
    // It is not asked about where its check does not run.
    let run = audit(
        &["--from", &from, "--assume-none", "all", "--check", "blackhole-route", "-o", "json"],
        home.path(),
    );
    assert!(!run.out.contains("unmatched-ignore"), "{}", run.out);
}

#[test]
fn a_baseline_leaves_what_is_new() {
    let home = tempfile::tempdir().unwrap();
    let from = scenario("exposure");
    let all = ["--from", &from, "--assume-none", "all"];
    let run = audit(&[&all[..], &["-o", "json=accepted.json"]].concat(), home.path());
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.is_empty(), "{}", run.out);
    let run = audit(&[&all[..], &["--baseline", "accepted.json"]].concat(), home.path());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("known from the baseline"), "{}", run.out);
    std::fs::write(home.path().join("wrong.json"), "{}").unwrap();
    let run = audit(&[&all[..], &["--baseline", "wrong.json"]].concat(), home.path());
    assert_eq!(run.code, 2);
    assert!(run.err.contains("wrong.json"), "{}", run.err);
}

#[test]
fn a_framework_is_assessed_as_written_and_as_proved() {
    let from = scenario("exposure");
    let words = [
        "audit",
        "--from",
        &from,
        "--assume-none",
        "all",
        "--framework",
        "cis-aws-7.0",
        "-o",
        "json",
    ];
    let found = report(&cloudfw(&words));
    let framework = &found["frameworks"][0];
    assert_eq!(framework["version"], "7.0");
    let requirements = framework["requirements"].as_array().unwrap();
    let of = |id: &str| requirements.iter().find(|it| it["id"] == id).unwrap();
    assert_eq!(of("6.3")["status"], "failed");
    assert!(requirements.iter().any(|it| it["status"] == "not-assessed"), "{framework}");
    let run = cloudfw(&words[..7]);
    assert!(run.out.contains("NOT ASSESSED"), "{}", run.out);
}

#[test]
fn an_unknown_check_or_framework_is_an_error_with_a_suggestion() {
    let from = scenario("exposure");
    let run = audit(&["--from", &from, "--check", "exposed-admin-prot"], &root());
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean `exposed-admin-port`?"), "{}", run.err);
    let run = audit(&["--from", &from, "--framework", "cis-aws-8.0"], &root());
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean `cis-aws-"), "{}", run.err);
    let run = cloudfw(&["checks", "explain", "blackhole"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("blackhole-route"), "{}", run.err);
}

#[test]
fn a_network_of_the_settings_is_asked_from_too() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("cloudfw.toml"), "[networks]\noffice = \"198.51.100.7/32\"\n")
        .unwrap();
    let from = scenario("exposure");
    let run = audit(
        &["--from", &from, "--assume-none", "all", "-o", "json", "--check", "exposed-*"],
        home.path(),
    );
    let report = report(&run);
    let findings = report["findings"].as_array().unwrap().iter();
    let from_office: Vec<&Value> = findings.filter(|it| it["source"] == "office").collect();
    // What the whole internet is told of already is not told again.
    assert_eq!(from_office.len(), 1, "{from_office:?}");
    assert_eq!(from_office[0]["subject"]["name"], "office-ssh");
    assert_eq!(from_office[0]["effective"]["verdict"], "exposed");
    assert_eq!(from_office[0]["severity"], "high");
}

#[test]
fn the_same_recording_gives_the_same_bytes() {
    let words = ["audit", "--from", "testdata/aws/exposure", "--assume-none", "all", "-o"];
    for format in ["json", "sarif", "csv", "markdown", "ocsf"] {
        let run = || cloudfw(&[&words[..], &[format]].concat()).out;
        assert_eq!(run(), run(), "{format}");
    }
}

#[test]
fn the_checks_are_listed_with_what_is_not_assessed() {
    let run = cloudfw(&["checks", "list"]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("exposed-admin-port"), "{}", run.out);
    assert!(run.out.contains("of 62 controls"), "{}", run.out);
    assert!(run.out.contains("those of all clouds"), "{}", run.out);
    assert!(run.out.contains("NOT ASSESSED"), "{}", run.out);
    let rows = cloudfw(&["checks", "list", "-o", "json"]).json();
    let left_out = rows.iter().filter(|row| row.get("not_assessed").is_some()).count();
    assert!(left_out > 0 && rows.len() > left_out, "{rows:?}");
}

#[test]
fn explanations_say_what_why_and_what_to_do() {
    let run = cloudfw(&["checks", "explain", "exposed-admin-port"]);
    assert_eq!(run.code, 0);
    for heading in
        ["What it finds", "Why it matters", "Example", "What to do instead", "References"]
    {
        assert!(run.out.contains(heading), "{heading}: {}", run.out);
    }
    assert!(run.out.contains("CFW-EXP-001"), "{}", run.out);
}

/// Whoever reads an id in a report can ask what it is.
#[test]
fn every_id_that_a_report_prints_is_explained() {
    let rows = cloudfw(&["checks", "list", "-o", "json"]).json();
    let explain = |id: &str| {
        let run = cloudfw(&["checks", "explain", id]);
        assert_eq!(run.code, 0, "{id}: {}", run.err);
        assert!(run.out.starts_with(&format!("# {id}\n")), "{id}: {}", run.out);
        run.out
    };
    let not_assessed = rows.iter().find(|row| row.get("not_assessed").is_some()).unwrap();
    let page = explain(not_assessed["control"].as_str().unwrap());
    assert!(
        page.contains("NOT ASSESSED")
            && page.contains(not_assessed["not_assessed"].as_str().unwrap())
    );
    let page = explain("CFW-EXP-001");
    assert!(page.contains("SSH") && page.contains("## exposed-admin-port"), "{page}");
    assert!(explain("expired-ignore").contains("Severity medium"));
    assert!(explain("unmatched-ignore").contains("Severity low"));
    assert_eq!(cloudfw(&["checks", "explain", "cfw-exp-001"]).code, 0, "in small letters too");
    for id in ["CFW-EXP-999", "exposed-admin-prot", "incomplete"] {
        assert_eq!(cloudfw(&["checks", "explain", id]).code, 2, "{id}");
    }
    let from = scenario("exposure");
    let found = report(&audit(&["--from", &from, "--assume-none", "all", "-o", "json"], &root()));
    let controls = found["findings"].as_array().unwrap().iter().flat_map(|finding| {
        finding["controls"].as_array().into_iter().flatten().map(|it| it.as_str().unwrap())
    });
    let mut printed: Vec<&str> = controls.chain(checks_of(&found)).collect();
    printed.sort_unstable();
    printed.dedup();
    printed.into_iter().for_each(|id| drop(explain(id)));
}

#[test]
fn the_handbook_is_current() {
    let path = root().join("src/cli/docs/checks.md");
    let made = cloudfw(&["checks", "docs"]).out;
    if std::env::var_os("CLOUDFW_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(published == made, "run it with CLOUDFW_UPDATE_DOCS=1");
}

/// What an earlier audit knew to be blocked, and is open now, is news.
#[test]
fn a_baseline_does_not_hide_what_became_worse() {
    let home = copied("exposure");
    let all = ["--from", ".", "--assume-none", "all", "--check", "exposed-admin-port"];
    audit(&[&all[..], &["-o", "json=before.out"]].concat(), home.path());
    let path = home.path().join("network-acls.json");
    let mut acls: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let entries = acls["NetworkAcls"].as_array_mut().unwrap().iter_mut();
    let entries = entries.flat_map(|acl| acl["Entries"].as_array_mut().unwrap());
    for entry in entries.filter(|entry| entry["RuleNumber"] == 90) {
        entry["RuleAction"] = "allow".into();
    }
    std::fs::write(&path, acls.to_string()).unwrap();
    let run = audit(&[&all[..], &["--baseline", "before.out", "-o", "json"]].concat(), home.path());
    let found = report(&run);
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{}", run.out);
    assert_eq!(found["findings"][0]["subject"]["name"], "denied-ssh");
    assert_eq!((found["findings"][0]["severity"].as_str(), run.code), (Some("critical"), 1));
}

/// Somebody wanted to know, and was told nothing: of whatever call that is.
#[test]
fn a_denied_call_that_no_check_needs_is_told_too() {
    let home = copied("exposure");
    let manifest = r#"{"schema": "cloudfw.manifest/1", "calls": [{"account": "111122223333",
        "region": "eu-central-1", "call": "describe-flow-logs", "outcome": "denied",
        "error": {"code": "UnauthorizedOperation", "message": "no"}}]}"#;
    std::fs::write(home.path().join("manifest.json"), manifest).unwrap();
    let words = ["--from", ".", "--assume-none", "all", "--check", "exposed-web-port"];
    let run = audit(&words, home.path());
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(run.out.contains("describe-flow-logs"), "{}", run.out);
}

#[test]
fn a_framework_of_a_cloud_that_was_not_read_passes_nothing() {
    let from = scenario("exposure");
    for framework in ["cis-azure", "cis-gcp"] {
        let words =
            ["--from", &from, "--assume-none", "all", "--framework", framework, "-o", "json"];
        let found = report(&audit(&words, &root()));
        let requirements = found["frameworks"][0]["requirements"].as_array().unwrap();
        assert!(requirements.iter().all(|it| it["status"] == "not-assessed"), "{framework}");
    }
}

#[test]
fn an_ignore_of_a_check_that_is_not_there_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let ignore = "[[ignore]]\ncheck = \"exposed-admin-prot\"\nreason = \"x\"\nuntil = 2099-01-01\n";
    std::fs::write(home.path().join("cloudfw.toml"), ignore).unwrap();
    let run = audit(&["--from", &scenario("exposure"), "--assume-none", "all"], home.path());
    assert_eq!(run.code, 2, "{}", run.out);
    assert!(run.err.contains("cloudfw.toml:1"), "{}", run.err);
    assert!(run.err.contains("`exposed-admin-port`?"), "{}", run.err);
}

/// What is not told must not look as if it had passed.
#[test]
fn a_check_whose_findings_are_not_told_is_skipped_in_junit() {
    let from = scenario("exposure");
    let words = ["--from", &from, "--assume-none", "all", "--check", "open-egress", "-o", "junit"];
    let run = audit(&words, &root());
    assert!(run.out.contains("below the severity that is told"), "{}", run.out);
    assert!(run.out.contains("<skipped"), "{}", run.out);
}

/// What is not assessed is not passed: nothing of the framework's cloud was read, and nothing else
/// is wrong there.
#[test]
fn a_framework_of_which_nothing_was_assessed_is_never_clean() {
    let from = scenario("aws-02-groups-of-an-interface-are-merged");
    let words = ["--from", &from, "--assume-none", "all", "--fail-on", "critical", "-o", "json"];
    let run = audit(&[&words[..], &["--framework", "cis-azure-2.0"]].concat(), &root());
    let found = report(&run);
    assert_eq!(run.code, 3, "{found}");
    assert!(found["incomplete"].to_string().contains("the framework"), "{}", found["incomplete"]);
}

/// A check that is asked alone finds what another one would stand in for.
#[test]
fn what_is_asked_is_not_left_to_a_check_that_is_not() {
    let from = scenario("exposure");
    let found_by = |words: &[&str]| {
        let words =
            [&["--from", &from, "--assume-none", "all", "--severity", "info", "-o", "json"], words]
                .concat();
        report(&audit(&words, &root()))
    };
    let of_all_traffic = |report: &Value| -> Vec<(String, String)> {
        let findings = report["findings"].as_array().unwrap().iter();
        let of_it = findings.filter(|it| it["subject"]["name"] == "all-traffic");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        of_it.map(|it| (text(&it["check"]), text(&it["severity"]))).collect()
    };
    let one = |check: &str, severity: &str| vec![(check.to_owned(), severity.to_owned())];
    for check in ["exposed-all-ports", "exposed-admin-port", "exposed-data-port"] {
        assert_eq!(of_all_traffic(&found_by(&["--check", check])), one(check, "critical"));
    }
    let both = found_by(&["--check", "exposed-admin-port", "--check", "exposed-all-ports"]);
    assert_eq!(of_all_traffic(&both), one("exposed-all-ports", "critical"));
    let web = found_by(&["--check", "exposed-web-port"]);
    assert_eq!(of_all_traffic(&web), one("exposed-web-port", "info"));
}

/// An ignore accepts what its check is about, and nothing that the finding said besides.
#[test]
fn an_ignore_hides_nothing_that_its_check_is_not_about() {
    let home = copied("exposure");
    let path = home.path().join("security-groups.json");
    let mut groups: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let open = groups["SecurityGroups"].as_array_mut().unwrap().iter_mut();
    let open = open.into_iter().find(|group| group["GroupName"] == "open-ssh").unwrap();
    // SSH and everything up to PostgreSQL, by one rule.
    open["IpPermissions"][0]["ToPort"] = 5432.into();
    std::fs::write(&path, groups.to_string()).unwrap();
    let audited = |checks: &[&str]| {
        let ignore = |check: &&str| {
            format!(
                "[[ignore]]\ncheck = \"{check}\"\nresource = \"open-ssh\"\nreason = \"mine\"\n\
                 until = 2099-01-01\n"
            )
        };
        let ignores: String = checks.iter().map(ignore).collect();
        std::fs::write(home.path().join("cloudfw.toml"), ignores).unwrap();
        let words =
            ["--from", ".", "--assume-none", "all", "--check", "exposed-*", "--severity", "info"];
        let run = audit(&[&words[..], &["-o", "json"]].concat(), home.path());
        let found = report(&run);
        let of_it = |list: &str| -> Vec<String> {
            let findings = found[list].as_array().unwrap().iter();
            let of_it = findings.filter(|it| it["subject"]["name"] == "open-ssh");
            of_it.map(|it| it["check"].as_str().unwrap().to_owned()).collect()
        };
        assert!(!checks_of(&found).contains(&"unmatched-ignore"), "{}", run.out);
        (of_it("findings"), of_it("ignored"))
    };
    let all = |checks: &[&str]| checks.iter().map(|it| (*it).to_owned()).collect::<Vec<String>>();
    assert_eq!(audited(&[]), (all(&["exposed-admin-port"]), all(&[])));
    assert_eq!(
        audited(&["exposed-admin-port"]),
        (all(&["exposed-data-port"]), all(&["exposed-admin-port"]))
    );
    let two = ["exposed-admin-port", "exposed-data-port"];
    assert_eq!(audited(&two), (all(&["exposed-high-risk-port"]), all(&two)));
    let (left, ignored) = audited(&["exposed-*"]);
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(ignored.first().map(String::as_str), Some("exposed-admin-port"), "{ignored:?}");
}

/// What was accepted at one interface is not accepted at the next.
#[test]
fn a_baseline_tells_what_affects_more_than_it_did() {
    let home = copied("exposure");
    let all = ["--from", ".", "--assume-none", "all", "--check", "exposed-admin-port"];
    audit(&[&all[..], &["-o", "json=before.out"]].concat(), home.path());
    // The machine of the web gets the group of the open SSH instead, wherever that is told of.
    let groups = std::fs::read_to_string(home.path().join("security-groups.json")).unwrap();
    let groups: Value = serde_json::from_str(&groups).unwrap();
    let id_of = |name: &str| -> String {
        let mut all = groups["SecurityGroups"].as_array().unwrap().iter();
        all.find(|it| it["GroupName"] == name).unwrap()["GroupId"].as_str().unwrap().to_owned()
    };
    let (web, open) = (id_of("web"), id_of("open-ssh"));
    for file in ["network-interfaces.json", "reservations.json"] {
        let path = home.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace(&web, &open)).unwrap();
    }
    let run = audit(&[&all[..], &["--baseline", "before.out", "-o", "json"]].concat(), home.path());
    let found = report(&run);
    let [one] = found["findings"].as_array().unwrap().as_slice() else { panic!("{}", run.out) };
    assert_eq!((one["subject"]["name"].as_str(), run.code), (Some("open-ssh"), 1));
    let note = one["notes"].to_string();
    assert!(note.contains("Worse than in the baseline: it affects eni-"), "{note}");
    let run = audit(&[&all[..], &["--baseline", "before.out"]].concat(), home.path());
    assert!(run.out.contains("Worse than in the baseline"), "{}", run.out);
}

#[test]
fn assuming_none_of_a_kind_that_is_not_there_names_those_of_all_clouds() {
    let run = cloudfw(&["audit", "--from", "testdata/aws/exposure", "--assume-none", "foo"]);
    assert_eq!(run.code, 2, "{}", run.out);
    for kind in ["Vpcs", "NetworkAcls", "TransitGateways"] {
        assert!(run.err.contains(&format!("`{kind}`")), "{kind}: {}", run.err);
    }
}
