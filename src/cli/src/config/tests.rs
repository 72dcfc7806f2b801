use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("cloudfw.toml"), text).map_err(|error| error.to_string())
}

#[test]
fn all_keys() {
    let config = parse(
        r#"
        from = ["prod", "shared"]
        assume-none = "all"
        client = "windows"
        fail-on = "high"
        [networks]
        office = "198.51.100.0/24"
        partners = ["192.0.2.0/25", "2001:db8:1::/48"]
        [[ignore]]
        check = "aws-open-ssh"
        resource = "bastion-*"
        reason = "the way in"
        until = "2027-06-30"
        [audit]
        authorised-tcp = "80,443,8443"
        "#,
    )
    .unwrap();
    assert_eq!(config.from.as_slice(), ["prod", "shared"]);
    assert_eq!(config.assume_none.as_slice(), ["all"]);
    assert_eq!(config.fail_on, Some(Severity::High));
    assert_eq!(config.networks["partners"].as_slice().len(), 2);
    assert_eq!(config.ignore[0].reason, "the way in");
    assert_eq!(config.ignore[0].until, Date::constant(2027, 6, 30));
    assert_eq!(config.ignore[0].line, 9);
    assert_eq!(config.audit.authorised_tcp.as_deref(), Some("80,443,8443"));
    assert_eq!(parse(""), Ok(Config::default()));
}

#[test]
fn an_unknown_key_is_an_error_with_its_place_and_the_nearest_known_one() {
    insta::assert_snapshot!(parse("client = \"any\"\nassume_none = \"all\"\n").unwrap_err(), @r#"
    cloudfw.toml:2:1: unknown key `assume_none`: did you mean `assume-none`?
    2 | assume_none = "all"
      | ^^^^^^^^^^^
    "#);
    insta::assert_snapshot!(parse("[[ignore]]\ncheck = \"x\"\n  untill = \"y\"").unwrap_err(), @r#"
    cloudfw.toml:3:3: unknown key `untill` of `ignore`: did you mean `until`?
    3 | untill = "y"
      | ^^^^^^
    "#);
    insta::assert_snapshot!(parse("colour = true").unwrap_err(), @r"
    cloudfw.toml:1:1: unknown key `colour`: the keys are from, networks, ignore, audit, assume-none, client, fail-on
    1 | colour = true
      | ^^^^^^
    ");
}

#[test]
fn a_bad_value_is_an_error_with_its_place() {
    insta::assert_snapshot!(parse("from = 7").unwrap_err(), @r"
    cloudfw.toml:1:8: expected a text or a list of texts
    1 | from = 7
      |        ^
    ");
    insta::assert_snapshot!(parse("fail-on = \"bad\"").unwrap_err(), @r#"
    cloudfw.toml:1:11: unknown variant `bad`, expected one of `info`, `low`, `medium`, `high`, `critical`
    1 | fail-on = "bad"
      |           ^^^^^
    "#);
    insta::assert_snapshot!(parse("from = [").unwrap_err(), @r"
    cloudfw.toml:1:9: unclosed array, expected `]`
    1 | from = [
      |         ^
    ");
}

#[test]
fn what_says_nothing_is_an_error_in_the_users_words() {
    for (text, said) in [
        ("from = []", "`from` names no recording"),
        ("from = \"\"", "take the key out to ask the live cloud"),
        ("from = [\"prod\", \"\"]", "`from` names no recording"),
        ("networks = \"office\"", "`networks` is a table of names"),
        ("[networks]\noffice = []", "cloudfw.toml:2:10: the network `office` has no CIDR"),
        ("[networks]\nInternet = \"10.0.0.0/8\"", "means everything public outside the estate"),
        ("[networks]\n\"10.0.0.0/8\" = \"10.0.0.0/8\"", "means the address itself"),
        ("[networks]\n\"web-*\" = \"10.0.0.0/8\"", "means every name that it matches"),
        ("[networks]\n\"tag:a=b\" = \"10.0.0.0/8\"", "means whatever has the tag"),
        ("ignore = [\"x\"]", "each `[[ignore]]` is a table with `check`, `reason` and `until`"),
        ("ignore = \"x\"", "each `[[ignore]]` is a table"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(said) && error.contains('^'), "{text}: {error}");
    }
}

#[test]
fn it_is_found_from_the_folder_upwards_and_its_paths_are_its_own() {
    let home = tempfile::tempdir().unwrap();
    let deep = home.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(home.path().join(NAME), "from = \"rec\"").unwrap();
    let config = Config::load(None, &deep).unwrap();
    assert_eq!(config.from.as_slice(), [home.path().join("rec").to_str().unwrap()]);
    let error = Config::load(Some(Path::new("no.toml")), &deep).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `no.toml`");
}

#[test]
fn the_published_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/cloudfw.toml.json");
    let schema = schemars::schema_for!(Config);
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("CLOUDFW_UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(published, text, "run it with CLOUDFW_UPDATE_SCHEMAS=1");
}

#[test]
fn the_lists_of_keys_are_those_of_the_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(Config)).unwrap();
    let keys = |object: &serde_json::Value| -> std::collections::BTreeSet<String> {
        object["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let own = |list: &[&str]| list.iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(keys(&schema), own(KEYS));
    assert_eq!(keys(&schema["$defs"]["Ignore"]), own(IGNORE_KEYS));
    assert_eq!(keys(&schema["$defs"]["AuditSettings"]), own(AUDIT_KEYS));
}

#[test]
fn a_day_is_a_date_or_a_text_and_nothing_else() {
    let ignore = |until: &str| {
        parse(&format!("[[ignore]]\ncheck = \"x\"\nreason = \"y\"\nuntil = {until}\n"))
    };
    for until in ["2027-06-30", "\"2027-06-30\""] {
        assert_eq!(ignore(until).unwrap().ignore[0].until, Date::constant(2027, 6, 30));
    }
    for until in ["\"soon\"", "\"2027-02-30\"", "7"] {
        let error = ignore(until).unwrap_err();
        assert!(error.contains("such as 2027-06-30") && error.contains('^'), "{until}: {error}");
    }
}

#[test]
fn an_ignore_says_why() {
    let error =
        parse("[[ignore]]\ncheck = \"x\"\nreason = \" \"\nuntil = 2027-06-30\n").unwrap_err();
    assert!(error.contains("cloudfw.toml:3:10: `reason` says nothing"), "{error}");
    let error = parse("[[ignore]]\ncheck = \"x\"\nuntil = 2027-06-30\n").unwrap_err();
    assert!(error.contains("missing field `reason`"), "{error}");
}
