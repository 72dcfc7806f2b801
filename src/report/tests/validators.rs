//! What others read reports by takes them: the XSD of JUnit that comes with the crate
//! `junit-report`, and the models of OCSF by `py-ocsf-models`.
//!
//! Both are asked by Python, in a virtual environment that is made once under the target folder.
//! Where that cannot be had the test says so and passes, unless `CLOUDFW_REQUIRE` names
//! `validators`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test: what fails here is reported as its failure"
)]

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use cloudfw_report::Format;

mod cargo;
mod fixture;

use fixture::{nothing, report, verified, written, written_verified};

#[test]
fn junit_follows_the_xsd() {
    let schema = cargo::folder_of("junit-report").join("tests/JUnit.xsd");
    validate("junit", &[schema.to_string_lossy().as_ref()], Format::Junit);
}

#[test]
fn ocsf_is_read_by_its_models() {
    validate("ocsf", &[], Format::Ocsf);
}

/// Asks the validator about audits of every kind, and then whether it sees a fault at all.
fn validate(name: &str, arguments: &[&str], format: Format) {
    let Some(python) = python() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let reports = [report(true), report(false), nothing(true), nothing(false)];
    let mut texts: Vec<String> = reports.iter().map(|report| written(report, format)).collect();
    if format == Format::Junit {
        texts.extend([true, false].map(|part| written_verified(&verified(part), format)));
    }
    let write = |(text, at): (String, usize)| {
        let file = folder.join(format!("{at}.report"));
        fs::write(&file, text).unwrap();
        file
    };
    let files: Vec<PathBuf> = texts.into_iter().zip(0..).map(write).collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validators/validate.py");
    let ask = |files: &[PathBuf]| {
        Command::new(&python).arg(&script).arg(name).args(arguments).args(files).output().unwrap()
    };
    let output = ask(&files);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));

    let faulty = folder.join("faulty.report");
    let text = written(&report(true), format);
    let text = text.replace("<testsuite ", "<testsweet ").replace("\"compliance\":", "\"c\":");
    fs::write(&faulty, text.replace("</testsuite>", "</testsweet>")).unwrap();
    assert!(!ask(&[faulty]).status.success(), "the validator sees no fault");
}

/// The Python of an environment that has the validators.
fn python() -> Option<PathBuf> {
    match environment() {
        Ok(python) => Some(python),
        Err(why) => {
            let required = env::var("CLOUDFW_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|word| word == "validators"), "{why}");
            eprintln!("skipped: {why}; CLOUDFW_REQUIRE=validators makes this a failure");
            None
        }
    }
}

/// Makes the environment where it is not there yet; of several tests one makes it and the others
/// wait.
fn environment() -> Result<PathBuf, String> {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validators/requirements.lock");
    let wanted = fs::read_to_string(&lock).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("validators");
    fs::create_dir_all(&folder).unwrap();
    let guard = File::create(folder.join("guard")).unwrap();
    guard.lock().unwrap();
    let (python, finished) = (folder.join("venv/bin/python"), folder.join("venv/.finished"));
    if fs::read_to_string(&finished).is_ok_and(|made| made == wanted) && runs(&python, "") {
        return Ok(python);
    }
    let mut why = "no Python 3.10 or newer that runs, with venv and pip".to_owned();
    for base in pythons() {
        let _ = fs::remove_dir_all(folder.join("venv"));
        let made = said(Command::new(&base).args(["-m", "venv"]).arg(folder.join("venv")));
        let pip = ["-m", "pip", "--disable-pip-version-check", "--no-input", "-q", "install"];
        let options = ["--no-deps", "--only-binary", ":all:", "--retries", "2", "-r"];
        let installed =
            made.and_then(|()| said(Command::new(&python).args(pip).args(options).arg(&lock)));
        match installed {
            Ok(()) => {
                fs::write(&finished, &wanted).unwrap();
                return Ok(python);
            }
            Err(reason) => why = format!("{}: {reason}", base.display()),
        }
    }
    Err(why)
}

/// What a command that fails says last.
fn said(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(error.lines().last().unwrap_or("it failed").to_owned())
}

/// Pythons that run and can make environments, on the path and those of pyenv: names stand on the
/// path that do not run.
fn pythons() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let pyenv = env::var_os("PYENV_ROOT").map_or(home.join(".pyenv"), PathBuf::from);
    let versions = fs::read_dir(pyenv.join("versions")).into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    let names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
    let all = folders.iter().flat_map(|folder| names.map(|name| folder.join(name)));
    let able = "import sys, venv, ensurepip\nassert (3, 10) <= sys.version_info[:2] < (3, 15)";
    all.filter(|python| python.exists() && runs(python, able)).take(4).collect()
}

fn runs(python: &Path, code: &str) -> bool {
    Command::new(python).args(["-c", code]).output().is_ok_and(|output| output.status.success())
}
