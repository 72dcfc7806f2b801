use cloudfw_core::PortSet;

use super::*;

fn query(line: &str) -> Query {
    line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn error(line: &str) -> String {
    line.parse::<Query>().expect_err(line).to_string()
}

fn split(text: &str) -> Option<(&str, String)> {
    match split_service(text) {
        Split::Whole => None,
        Split::Certain(end, service) | Split::Perhaps(end, service) => {
            Some((end, service.to_string()))
        }
    }
}

#[test]
fn a_query_is_read_as_after_the_command() {
    let query = query(" web db:5432  --client windows --one-way --expect=intermittent # why ");
    assert_eq!((&*query.source, &*query.destination), ("web", "db:5432"));
    assert_eq!(query.client, Some(Client::windows()));
    assert!(query.one_way);
    assert_eq!(query.expect, Some(Verdict::Intermittent));
    assert_eq!(query.service, None);
    assert!(query.text.starts_with("web db:5432"));
}

#[test]
fn words_are_quoted_as_in_a_shell() {
    let query = query(r#"'web server' "tag:Name=a \"b\" c" --service 443"#);
    assert_eq!(query.source, "web server");
    assert_eq!(query.destination, r#"tag:Name=a "b" c"#);
    assert_eq!(query.service, Some("443".parse().unwrap()));
    assert_eq!(self::query(r"a\ b c#d").destination, "c#d");
    assert_eq!(self::query("-- --odd '--name'").source, "--odd");
    assert_eq!(self::query("a '--service'").destination, "--service");
    assert!(error("'web db").contains("has no end"));
    assert!(error(r"web db\").contains("has no end"));
}

#[test]
fn a_query_can_be_a_line_of_json() {
    let query = query(
        r#"{"source": "web", "destination": "db", "service": "5432", "client": "1-2", "one_way": true}"#,
    );
    assert_eq!((&*query.source, &*query.destination), ("web", "db"));
    assert_eq!(query.client.map(|client| client.ports), Some(PortSet::range(1, 2)));
    assert!(query.one_way);
    assert!(error(r#"{"source": "web"}"#).contains("no DESTINATION after `web`"));
    assert!(error(r#"{"sourc": "web"}"#).contains("unknown field `sourc`"));
    assert!(error(r#"{"source": "web","#).contains("column"));
}

#[test]
fn a_file_has_one_query_a_line_and_errors_stay_with_theirs() {
    let lines = read_queries("\u{feff}# all of it\n\nweb db:5432\n  web\r\napp db --client bsd\n");
    let found: Vec<_> = lines.iter().map(|line| (line.line, line.query.is_ok())).collect();
    assert_eq!(found, [(3, true), (4, false), (5, false)]);
    assert_eq!(lines[1].text, "web");
}

#[test]
fn a_line_that_is_no_text_is_an_error_of_its_own() {
    let lines = read_queries(b"web db:5432\r\ncaf\xe9 db\n# caf\xe9\napp db\n");
    let found: Vec<_> = lines.iter().map(|line| (line.line, line.query.is_ok())).collect();
    assert_eq!(found, [(1, true), (2, false), (4, true)]);
    assert_eq!(lines[1].text, "caf\u{fffd} db");
    assert_eq!(lines[1].query, Err(QueryError::NotText { byte: 4 }));
}

#[test]
fn what_is_wrong_is_named() {
    for (line, part) in [
        ("", "no SOURCE"),
        ("web", "no DESTINATION after `web`"),
        ("web :443", "`:443` is a service without a DESTINATION"),
        ("web db app", "`app` is too much"),
        ("web db --clinet linux", "did you mean `--client`?"),
        ("web db --client", "`--client` needs a value"),
        ("web db --client 0x1", "`0x1` is no client"),
        ("web db --client 70000", "`70000` is no client"),
        ("web db --expect open", "`open` is no verdict"),
        ("web db --service 500-400", "500-400"),
        ("web db --service 70000", "70000"),
        ("web db --one-way=yes", "takes no value"),
    ] {
        let error = error(line);
        assert!(error.contains(part), "{line}: {error}");
    }
}

#[test]
fn the_last_colon_splits_before_a_service() {
    for (text, expected) in [
        ("db:5432", Some(("db", "tcp 5432"))),
        ("db", None),
        ("db:name", None),
        ("db:53/udp", Some(("db", "udp 53"))),
        ("db:80,443", Some(("db", "tcp 80,443"))),
        ("db:icmp/8.0", Some(("db", "icmp type 8 code 0"))),
        ("db:any", Some(("db", "any"))),
        ("10.0.0.5:443", Some(("10.0.0.5", "tcp 443"))),
        ("10.0.0.0/8:443", Some(("10.0.0.0/8", "tcp 443"))),
        ("10.0.0.5@vpc-1:443", Some(("10.0.0.5@vpc-1", "tcp 443"))),
        ("tag:Name=web:443", Some(("tag:Name=web", "tcp 443"))),
        ("tag:Name=web", None),
        ("arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc", None),
        (
            "arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc:443",
            Some(("arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc", "tcp 443")),
        ),
    ] {
        let found = split(text);
        let found = found.as_ref().map(|(end, service)| (*end, service.as_str()));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_bare_ipv6_address_never_splits() {
    for text in ["2001:db8::443", "2001:db8::1:443", "::1", "2001:db8::/32", "fe80::1@vpc-1"] {
        assert_eq!(split(text), None, "{text}");
    }
    assert_eq!(split("[2001:db8::1]:443"), Some(("[2001:db8::1]", "tcp 443".to_owned())));
    assert_eq!(split("[2001:db8::1]"), None);
    assert_eq!(split("2001:db8:0:0:0:0:0:1:443"), None);
    assert_eq!(split("2001:db8::/32:443"), Some(("2001:db8::/32", "tcp 443".to_owned())));
}

#[test]
fn an_end_is_read_by_its_form() {
    let one = |text| Reading::of(text).map(|readings| format!("{readings:?}"));
    for (text, part) in [
        ("internet", "Internet"),
        ("Internet", "Internet"),
        ("10.0.0.5", "Address(10.0.0.5)"),
        ("[2001:db8::1]", "Address(2001:db8::1)"),
        ("10.0.0.0/8", "Network(10.0.0.0/8)"),
        ("[2001:db8::/32]", "Network(2001:db8::/32)"),
        ("tag:Name=a=b", r#"Tag("Name", "a=b")"#),
        ("web-*", r#"Glob("web-*")"#),
        ("web", r#"Name("web")"#),
        ("sg-anonymised-1", r#"Name("sg-anonymised-1")"#),
    ] {
        let found = one(text).unwrap();
        assert!(found.contains(part), "{text}: {found}");
    }
    let scoped = Reading::of("10.0.0.5@vpc-1").unwrap();
    assert_eq!(scoped[0].scope, Some("vpc-1"));
    assert_eq!(scoped[0].selector, Selector::Address("10.0.0.5".parse().unwrap()));
}

#[test]
fn what_can_only_be_an_address_is_told_what_is_wrong_with_it() {
    for (text, part) in [
        ("10.0.0.300", "`300` is not a number from 0 to 255"),
        ("10.0.0.300/8", "`300` is not a number from 0 to 255"),
        ("10.0.0.5/40", "`/40` is not a prefix length from /0 to /32"),
        ("10.0.0.05", "leading zero"),
        ("2001:db8::/200", "`/200` is not a prefix length from /0 to /128"),
        ("2001:db8:::1", "RFC 4291"),
    ] {
        let error = Reading::of(text).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn near_matches_come_best_first() {
    let names = ["web", "web-2", "db", "worker"];
    assert_eq!(near("wbe", names.into_iter()).first().map(String::as_str), Some("web"));
    assert_eq!(near("WEB", names.into_iter()).first().map(String::as_str), Some("web"));
    assert!(near("qqq", names.into_iter()).is_empty());
}

proptest::proptest! {
    #[test]
    fn no_line_is_too_odd(line in "\\PC{0,60}") {
        let _ = line.parse::<Query>();
        let _ = split_service(&line);
        let _ = Reading::of(&line);
    }
}
