//! `cloudfw.toml`, and what is nearer than it.

use std::path::Path;

use crate::run::{Run, command, finish, root};

fn in_folder(folder: &Path, words: &[&str]) -> Run {
    finish(command(words).current_dir(folder), "")
}

fn with_config(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("deep/er")).unwrap();
    std::fs::write(folder.path().join("cloudfw.toml"), text).unwrap();
    folder
}

fn three_tier() -> String {
    root().join("testdata/aws/three-tier").to_str().unwrap().to_owned()
}

#[test]
fn it_says_what_would_be_said_every_time() {
    let folder = with_config(&format!(
        "from = {:?}\nassume-none = \"all\"\nclient = \"windows\"\n\n[networks]\noffice = \"198.51.100.0/24\"\n",
        three_tier()
    ));
    let deep = folder.path().join("deep/er");
    let run = in_folder(&deep, &["reach", "web", "db:5432"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let run = in_folder(&deep, &["reach", "web", "db:5432", "--client", "linux"]);
    assert_eq!(run.code, 1, "the command line is nearer: {}{}", run.out, run.err);
    let run = in_folder(&deep, &["reach", "office", "web:443", "-o", "json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.json()[0]["query"]["source"], "office");
}

#[test]
fn the_environment_is_nearer_than_it() {
    let folder = with_config("from = \"nowhere\"\n");
    let mut words = command(&["reach", "web", "db:5432", "--one-way"]);
    let run = finish(words.current_dir(folder.path()).env("CLOUDFW_FROM", three_tier()), "");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn a_wrong_key_is_an_error_that_shows_the_right_one() {
    let folder = with_config("form = \"prod\"\n");
    let run = in_folder(folder.path(), &["reach", "web", "db:5432"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("cloudfw.toml:1:1: unknown key `form`"), "{}", run.err);
    assert!(run.err.contains("did you mean `from`?"), "{}", run.err);
    assert!(run.err.contains("^^^^"), "{}", run.err);
}

#[test]
fn wrong_values_are_errors_that_name_their_place() {
    for (text, said) in [
        ("client = \"mac\"\n", "`mac`"),
        ("[networks]\noffice = \"198.51.100.0/33\"\n", "198.51.100.0/33"),
    ] {
        let folder = with_config(&format!("from = {:?}\n{text}", three_tier()));
        let run = in_folder(folder.path(), &["reach", "web", "db:5432"]);
        assert_eq!(run.code, 2, "{text}: {}{}", run.out, run.err);
        assert!(run.err.contains(said) && run.err.contains("cloudfw.toml"), "{}", run.err);
    }
}

/// Neither goes before the other in silence.
#[test]
fn a_network_with_the_name_of_something_recorded_is_ambiguous() {
    let networks =
        "[networks]\nweb = [\"198.51.100.0/24\", \"192.0.2.0/24\"]\nrt-public = \"192.0.2.0/24\"\n";
    let folder =
        with_config(&format!("from = {:?}\nassume-none = \"all\"\n{networks}", three_tier()));
    for words in [["web", "db:5432"], ["internet", "web:443"]] {
        let run = in_folder(folder.path(), &["reach", words[0], words[1]]);
        assert_eq!(run.code, 2, "{}{}", run.out, run.err);
        for said in ["`web` is a network of cloudfw.toml", "`192.0.2.0/24`", "instance i-"] {
            assert!(run.err.contains(said), "{said}: {}", run.err);
        }
    }
    // A route table is no end of a query.
    let run = in_folder(folder.path(), &["reach", "rt-public", "i-0543300a30834a9c8:443"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn the_demo_does_not_read_it() {
    let folder = with_config("form = 1\n");
    assert_eq!(in_folder(folder.path(), &["demo"]).code, 0);
}
