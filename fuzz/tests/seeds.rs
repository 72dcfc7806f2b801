//! Every target over every seed, on any Rust: so the targets cannot rot, and what was once found
//! in a seed stays mended.

use std::fs;
use std::path::{Path, PathBuf};

use cloudfw_fuzz::{TARGETS, feed, json};

/// The files that `run` makes the corpus of: the project's scenarios and the seeds beside them.
fn seeds() -> Vec<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&fuzz.join("../testdata"), &mut found);
    collect(&fuzz.join("seeds"), &mut found);
    assert!(found.len() > 100, "only {} seeds", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of seeds") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn over_all_seeds(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).expect("a target");
    for path in seeds() {
        println!("{}", path.display());
        feed(target, &fs::read(&path).expect("a seed"));
    }
}

#[test]
fn documents() {
    over_all_seeds("documents");
}

#[test]
fn estate() {
    over_all_seeds("estate");
}

#[test]
fn manifest() {
    over_all_seeds("manifest");
}

#[test]
fn network_text() {
    over_all_seeds("network_text");
}

#[test]
fn pointer() {
    over_all_seeds("pointer");
}

#[test]
fn query() {
    over_all_seeds("query");
}

/// The mutator keeps JSON JSON, changes it, and stays within its bounds.
#[test]
fn mutated_documents_are_documents() {
    let seeds = seeds().into_iter().filter(|path| path.ends_with("estate.json"));
    let mut changed = 0;
    for (path, seed) in seeds.zip(0..) {
        let Ok(text) = fs::read(&path).map(|text| [text, vec![0; 4096]].concat()) else { continue };
        let size = text.len() - 4096;
        if serde_json::from_slice::<serde_json::Value>(&text[..size]).is_err() {
            continue;
        }
        let mut data = text.clone();
        let length = data.len();
        let new = json::mutate(&mut data, size, length, seed, |_, size, _| size);
        serde_json::from_slice::<serde_json::Value>(&data[..new]).expect("still JSON");
        changed += usize::from(data[..new] != text[..size]);
        let mut untouched = text.clone();
        assert_eq!(json::mutate(&mut untouched, size, 0, seed, |_, _, _| 7), 7, "no room");
    }
    assert!(changed > 50, "only {changed} changed");
}
