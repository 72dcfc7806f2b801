//! `cloudfw show`.

use crate::run::cloudfw;

const THREE: [&str; 4] = ["--from", "testdata/aws/three-tier", "--assume-none", "all"];

#[test]
fn a_machine_with_its_effective_rules() {
    let run = cloudfw(&[&["show", "db"], &THREE[..]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    insta::assert_snapshot!(run.out);
}

#[test]
fn as_json_it_is_versioned() {
    let run = cloudfw(&[&["show", "db", "-o", "json"], &THREE[..]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.json()[0]["schema"], "cloudfw.show/1");
}

/// Whatever its error offers, and what `reach` takes.
#[test]
fn by_address_and_several_at_once() {
    for (resource, kinds) in [
        ("10.0.2.20", "network-interface"),
        ("10.0.2.20@three-tier", "network-interface"),
        ("10.0.0.0/16", "network-interface network-interface network-interface"),
        ("acl-*", "network-acl network-acl network-acl"),
        ("tag:Name=db", "instance"),
    ] {
        let run = cloudfw(&[&["show", resource, "-o", "json"], &THREE[..]].concat());
        assert_eq!(run.code, 0, "{resource}: {}", run.err);
        let shown = run.json();
        let kinds_shown: Vec<&str> = shown.iter().map(|it| it["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds_shown.join(" "), kinds, "{resource}");
    }
    let run = cloudfw(&[&["show", "acl-*"], &THREE[..]].concat());
    assert!(run.out.contains("\n\n\nnetwork ACL acl-"), "{}", run.out);
    for (resource, said) in [
        ("10.0.2.99", "(subnet-db)"),
        ("internet", "everything public"),
        ("zz-*", "a glob `web-*`"),
        ("10.99.0.0/16", "no recorded interface"),
        ("10.0.2.300", "`300`"),
    ] {
        let run = cloudfw(&[&["show", resource], &THREE[..]].concat());
        assert_eq!(run.code, 2, "{resource}: {}", run.out);
        assert!(run.err.contains(said), "{resource}: {}", run.err);
    }
}

#[test]
fn nothing_of_that_name() {
    let run = cloudfw(&[&["show", "bd"], &THREE[..]].concat());
    assert_eq!(run.code, 2);
    assert!(run.err.contains("`bd`"), "{}", run.err);
}

/// AZ-76: what Azure itself says is effective is laid beside what is shown.
#[test]
fn whether_the_vendor_says_the_same() {
    let show = |folder: &str| {
        let from = format!("testdata/azure/{folder}");
        let run = cloudfw(&["show", "web-nic", "--from", &from, "--assume-none", "all"]);
        assert_eq!(run.code, 0, "{}", run.err);
        run.out
    };
    let out = show("effective-both-groups");
    assert!(out.contains("Azure's effective rules  18 compared, all equal"), "{out}");
    let out = show("effective-rules-that-contradict");
    assert!(out.contains("Azure's effective rules  19 compared, 1 differs"), "{out}");
    assert!(out.contains("? the rule `stop-https` of `web-nsg`: Azure itself says"), "{out}");
}

/// A rule that is not about the whole of this side says so (AZ-18): the resource may not be meant.
#[test]
fn az_18_rules_tell_whom_of_this_side_they_are_about() {
    let from = ["--from", "testdata/azure/others-get-wrong", "--assume-none", "all", "-o", "json"];
    let run = cloudfw(&[&["show", "member"], &from[..]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let shown = run.json();
    let rules = &shown[0]["filters"][0]["ingress"];
    assert_eq!(
        (&rules[0]["id"], &rules[0]["near"]),
        (&"allow-bastions".into(), &"bastions".into())
    );
    assert_eq!(rules[3]["near"], serde_json::Value::Null, "of all: {}", rules[3]);
    let text = cloudfw(&[&["show", "member"], &from[..4]].concat());
    assert!(text.out.contains(" to bastions"), "{}", text.out);
}
