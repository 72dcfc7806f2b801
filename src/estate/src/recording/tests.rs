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
    open(&[folder.path().to_owned()]).unwrap_or_else(|error| panic!("{error}"))
}

fn error(path: PathBuf) -> String {
    open(&[path]).expect_err("an error").to_string()
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
        (".hidden.json", VPCS),
        (".git/x.json", VPCS),
        ("queries.txt", "web db"),
        ("README.md", "#"),
        ("answers.snap", "?"),
        ("expected.json", "{}"),
        ("observed.json", "[]"),
    ]);
    assert_eq!(names(&opened(&folder), &folder), ["a/z.json", "a.JSON", "b.json"]);
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
fn what_is_no_document_is_left_out_of_a_folder_with_a_warning() {
    let folder = folder(&[("package.json", r#"{"name": "x"}"#), ("vpcs.json", VPCS)]);
    let opened = opened(&folder);
    assert_eq!(names(&opened, &folder), ["vpcs.json"]);
    assert_eq!(opened.left_out.len(), 1);
    assert!(opened.left_out[0].0.ends_with("package.json"));
}

#[test]
fn nothing_read_is_never_clean() {
    assert!(open(&[]).unwrap_err().to_string().contains("--from"));
    let empty = folder(&[("README.md", "")]);
    assert!(error(empty.path().to_owned()).contains("holds no `*.json` file"));
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
    let opened = open(&[file.clone(), folder.path().to_owned(), file]).unwrap();
    assert_eq!(opened.documents.len(), 1);
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_end() {
    let folder = folder(&[("a/vpcs.json", VPCS)]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
    assert_eq!(names(&opened(&folder), &folder), ["a/vpcs.json"]);
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
