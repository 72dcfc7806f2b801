//! Where cargo keeps the sources of dependencies, which bring schemas along.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of a dependency.
pub(crate) fn folder_of(name: &str) -> PathBuf {
    let about = String::from_utf8(ask(["-vV"])).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let metadata = ask([
        "metadata".as_ref(),
        "--format-version=1".as_ref(),
        "--locked".as_ref(),
        // Those of other systems need not be there.
        "--filter-platform".as_ref(),
        host.as_ref(),
        "--manifest-path".as_ref(),
        manifest.as_os_str(),
    ]);
    let metadata: Value = serde_json::from_slice(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == name).unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().to_owned()
}

/// What cargo says.
fn ask(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Vec<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
