use std::path::PathBuf;

use super::*;

const VPCS: &str = r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn opened(folder: &tempfile::TempDir) -> Opened {
    open(&[folder.path().to_owned()], false).unwrap_or_else(|error| panic!("{error}"))
}

fn error(path: PathBuf) -> String {
    open(&[path], false).expect_err("an error").to_string()
}

fn names(opened: &Opened, folder: &tempfile::TempDir) -> Vec<String> {
    let root = format!("{}/", folder.path().display());
    opened.documents.iter().map(|it| it.document.name.replacen(&root, "", 1)).collect()
}

#[test]
fn a_folder_is_read_in_order_with_all_below_it() {
    let folder = folder(&[
        ("b.json", VPCS),
        ("a/z.json", VPCS),
        ("a.JSON", VPCS),
        (".git/x.json", VPCS),
        (".notes", "mine"),
        ("queries.txt", "web db"),
        ("README.md", "#"),
        ("answers.snap", "?"),
        ("expected.json", "{}"),
        ("findings.json", "{}"),
        ("observed.json", "[]"),
    ]);
    let opened = opened(&folder);
    assert_eq!(names(&opened, &folder), ["a/z.json", "a.JSON", "b.json"]);
    assert_eq!(opened.left_out, []);
    let root = format!("{}/", folder.path().display());
    let others: Vec<String> = opened.others.iter().map(|it| it.replacen(&root, "", 1)).collect();
    assert_eq!(others, [".git/", ".notes", "README.md", "answers.snap", "queries.txt"]);
}

#[test]
fn what_a_command_said_when_it_failed_is_never_passed_over() {
    let folder = folder(&[
        ("vpcs.json", VPCS),
        ("vpcs.err", "a warning"),
        ("subnets.err", "something went wrong\n"),
        ("routes.txt", "zsh: az: command not found\n"),
        ("acls.log", "warning\nTraceback (most recent call last):\n  File \"x\"\n"),
        ("groups.err", "WARNING: this command is experimental\n"),
        ("empty.err", "\n"),
        ("notes.txt", "a Traceback (most recent call last) is what Python prints\n"),
    ]);
    let opened = opened(&folder);
    let root = format!("{}/", folder.path().display());
    let names = |of: &[String]| of.iter().map(|it| it.replacen(&root, "", 1)).collect::<Vec<_>>();
    assert_eq!(names(&opened.unreadable), ["acls.log", "routes.txt", "subnets.err"]);
    assert_eq!(opened.left_out.len(), 3);
    assert_eq!(names(&opened.others), ["empty.err", "groups.err", "notes.txt", "vpcs.err"]);
}

#[test]
fn a_hidden_file_is_a_document_where_it_holds_one() {
    let icon = "\0\u{5}\u{16}\u{7}\0\u{2}\0\0Mac OS X";
    let folder = folder(&[
        (".vpcs.json", VPCS),
        ("vpcs.json", VPCS),
        ("._vpcs.json", icon),
        (".a.json", "{"),
    ]);
    let opened = opened(&folder);
    assert_eq!(names(&opened, &folder), [".vpcs.json", "vpcs.json"]);
    assert_eq!(opened.left_out, []);
    assert_eq!(opened.others.len(), 2);
}

#[test]
fn documents_are_recognised_by_what_they_hold_and_not_by_their_names() {
    let bom = format!("\u{feff}\n {VPCS}");
    let folder = folder(&[
        ("describe-vpcs", VPCS),
        ("subnets.txt", r#"{"NextToken": null, "Subnets": []}"#),
        ("groups.out", &bom),
        ("odd.log", r#"{"Comment": "mine", "Vpcs": []}"#),
    ]);
    let opened = opened(&folder);
    let expected = ["describe-vpcs", "groups.out", "odd.log", "subnets.txt"];
    assert_eq!(names(&opened, &folder), expected);
    assert_eq!((opened.left_out, opened.others), (vec![], vec![]));
}

#[test]
fn a_broken_document_is_an_error_whatever_it_is_called() {
    for text in ["{\"Vpcs\": [\n  {\"VpcId\":", "{\"Vpcs\": 7}", "{\"NextToken\": \"x\", \"Vp"] {
        let folder = folder(&[("vpcs.out", text), ("ok.json", VPCS)]);
        assert!(error(folder.path().to_owned()).contains("vpcs.out:"), "{text}");
    }
}

#[test]
fn what_may_have_been_meant_as_a_document_is_a_warning() {
    for (text, said) in [
        (r#"{"name": "x"}"#, "holds an object with `name`"),
        (r#"{"schema": "cloudfw.reach/1"} {"schema": "cloudfw.reach/1"}"#, "begins like JSON"),
        ("[{\"VpcId\": \"vpc-1\"}]", "a bare list, as `--query` makes one"),
        ("Vpcs:\n- CidrBlock: 10.0.0.0/16\n", "`--output json`"),
        ("VPCS\t10.0.0.0/16\tdopt-1\n", "`--output json`"),
        ("--------\n|  DescribeVpcs  |\n", "`--output json`"),
    ] {
        let folder = folder(&[("vpcs.json", VPCS), ("x.out", text)]);
        let opened = opened(&folder);
        assert_eq!(opened.left_out.len(), 1, "{text}");
        assert!(opened.left_out[0].1.contains(said), "{:?}", opened.left_out);
        let alone = self::folder(&[("x.out", text)]);
        let error = error(alone.path().to_owned());
        assert!(error.contains("x.out"), "{error}");
    }
    let folder = folder(&[("vpcs.json", VPCS)]);
    fs::write(folder.path().join("acls"), b"\xff\xfe{\0\"\0").unwrap();
    assert!(opened(&folder).left_out[0].1.contains("UTF-16"));
}

#[test]
fn what_is_plainly_something_else_is_listed_and_no_warning() {
    let long = "word ".repeat(20_000);
    let files = [
        ("empty.err", ""),
        ("notes.txt", "[x] ask Ann\n"),
        ("flake.nix", "{ pkgs, ... }: pkgs.hello"),
        ("page.tmpl", "{{ .Title }}"),
        ("cloudfw.toml", "[[ignore]]\ncheck = \"x\"\n"),
        ("version", "7\n"),
        ("log", long.as_str()),
        ("image.png", "\u{1}PNG\0\0"),
        ("queries.txt", "web db:5432\n"),
    ];
    let folder = folder(&files);
    fs::write(folder.path().join("vpcs.json"), VPCS).unwrap();
    let opened = opened(&folder);
    assert_eq!(opened.left_out, []);
    assert_eq!(opened.others.len(), files.len());
    assert_eq!(opened.documents.len(), 1);
}

#[test]
fn what_the_cli_said_of_a_call_that_failed_is_recorded() {
    let denied = "\nAn error occurred (UnauthorizedOperation) when calling the DescribeNetworkAcls operation: You are not authorized\n";
    for name in ["acls.err", "acls.json", "errors"] {
        let folder = folder(&[("vpcs.json", VPCS), (name, denied)]);
        let opened = opened(&folder);
        assert_eq!(opened.left_out, [], "{name}");
        let calls: Vec<_> = opened
            .documents
            .iter()
            .filter_map(|it| it.manifest())
            .flat_map(|manifest| &manifest.calls)
            .collect();
        assert_eq!(calls.len(), 1, "{name}");
        assert_eq!(calls[0].call, "describe-network-acls");
    }
}

#[test]
fn folders_tell_account_and_region() {
    let folder = folder(&[
        ("flat.json", VPCS),
        ("eu-central-1/vpcs.json", VPCS),
        ("aws_configs/accounts/111122223333/us-gov-west-1/vpcs.json", VPCS),
        ("accounts/prod/vpcs.json", VPCS),
        ("us-east/vpcs.json", VPCS),
    ]);
    let opened = opened(&folder);
    let scopes: Vec<_> = opened
        .documents
        .iter()
        .map(|it| {
            let Scope { account, region } = &it.document.scope;
            (account.as_deref().unwrap_or("-"), region.as_deref().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        scopes,
        [
            ("prod", "-"),
            ("111122223333", "us-gov-west-1"),
            ("-", "eu-central-1"),
            ("-", "-"),
            ("-", "-"),
        ]
    );
}

#[test]
fn folders_above_a_recording_count_where_they_can_be_nothing_else() {
    let id = "00000000-0000-0000-0000-00000000000a";
    let folder = folder(&[
        (&format!("accounts/{id}/vpcs.json"), VPCS),
        ("accounts/111122223333/vpcs.json", VPCS),
        ("accounts/me/vpcs.json", VPCS),
    ]);
    for (name, account) in [(id, Some(id)), ("111122223333", Some("111122223333")), ("me", None)] {
        let root = folder.path().join("accounts").join(name);
        let Ok(opened) = open(&[root], false) else { panic!("{name}") };
        assert_eq!(opened.documents[0].document.scope.account.as_deref(), account);
    }
}

#[test]
fn what_is_no_document_is_left_out_of_a_folder_with_a_warning() {
    let folder = folder(&[("package.json", r#"{"name": "x"}"#), ("vpcs.json", VPCS)]);
    let opened = opened(&folder);
    assert_eq!(names(&opened, &folder), ["vpcs.json"]);
    assert_eq!(opened.left_out.len(), 1);
    assert!(opened.left_out[0].0.ends_with("package.json"));
    let why = &opened.left_out[0].1;
    assert!(why.contains("an object with `name`") && why.len() < 100, "{why}");
}

#[test]
fn nothing_read_is_never_clean() {
    assert!(open(&[], false).unwrap_err().to_string().contains("--from"));
    let empty = folder(&[("README.md", "")]);
    let text = error(empty.path().to_owned());
    assert!(text.contains("holds no document: its one file is no JSON"), "{text}");
    let other = folder(&[("a.json", r#"{"name": "x"}"#), ("b.json", "[]")]);
    let text = error(other.path().to_owned());
    assert!(text.contains("nothing in") && text.contains("2 files"), "{text}");
    assert!(error(other.path().join("a.json")).contains("no recording that cloudfw knows"));
    assert!(error(other.path().join("c.json")).contains("there is no `"));
}

#[test]
fn bad_json_is_told_with_its_place() {
    let folder = folder(&[("vpcs.json", "{\n  \"Vpcs\": [,]\n}"), ("ok.json", VPCS)]);
    let text = error(folder.path().to_owned());
    assert!(text.contains("vpcs.json:2:") && text.contains('^'), "{text}");
    fs::write(folder.path().join("vpcs.json"), b"{\"Vpcs\": \"\xff\"}").unwrap();
    let text = error(folder.path().to_owned());
    assert!(text.contains("vpcs.json:1:11: not text in UTF-8"), "{text}");
}

#[test]
fn no_file_is_read_twice() {
    let folder = folder(&[("vpcs.json", VPCS)]);
    let file = folder.path().join("vpcs.json");
    let opened = open(&[file.clone(), folder.path().to_owned(), file], false).unwrap();
    assert_eq!(opened.documents.len(), 1);
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_end() {
    let folder = folder(&[("a/vpcs.json", VPCS)]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
    assert_eq!(names(&opened(&folder), &folder), ["a/vpcs.json"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_never_waited_for() {
    use std::os::unix::fs::symlink;
    let folder = folder(&[("vpcs.json", VPCS)]);
    let at = |name: &str| folder.path().join(name);
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    symlink("/dev/zero", at("zero.json")).unwrap();
    symlink("/dev/zero", at("zero")).unwrap();
    symlink("gone", at("away")).unwrap();
    symlink("gone", at(".#lock.json")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe.json")).status().unwrap().success());
    let opened = opened(&folder);
    assert_eq!(names(&opened, &folder), ["vpcs.json"]);
    let left_out: Vec<String> = opened
        .left_out
        .iter()
        .map(|(name, why)| format!("{} {why}", name.rsplit('/').next().unwrap()))
        .collect();
    assert_eq!(
        left_out,
        [
            "away left out: a link that leads nowhere",
            "pipe.json left out: a pipe or a device, and no file",
            "zero.json left out: a pipe or a device, and no file",
        ]
    );
    assert_eq!(opened.others.len(), 3, "{:?}", opened.others);
    symlink("gone", at("away.json")).unwrap();
    assert!(error(folder.path().to_owned()).contains("away.json"));
}

#[test]
fn regions_are_told_from_other_folders() {
    for name in ["eu-central-1", "us-gov-west-1", "ap-southeast-7", "us-iso-east-1"] {
        assert!(is_region(name), "{name}");
    }
    for name in
        ["us-east", "web-tier-1", "eu-1", "three-tier", "eu-central-one", "a-b-1", "EU-WEST-1"]
    {
        assert!(!is_region(name), "{name}");
    }
}

#[test]
fn folders_above_the_recording_count_only_where_they_are_certain() {
    let scope = |root: &str, below: &str| {
        let scope = scope_of(Path::new(root), Path::new(below));
        (scope.account.as_deref().map(str::to_owned), scope.region.as_deref().map(str::to_owned))
    };
    assert_eq!(scope("x/accounts/prod", "vpcs.json"), (None, None));
    assert_eq!(
        scope("x/accounts/111122223333/eu-west-1", "vpcs.json"),
        (Some("111122223333".to_owned()), Some("eu-west-1".to_owned()))
    );
    assert_eq!(scope("x/accounts", "prod/vpcs.json").0.as_deref(), Some("prod"));
}
