//! A recording on the disk: all of it or nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use tempfile::TempDir;

use super::LiveError;
use crate::kind::Kind;

/// The name of the file that says which calls were made.
pub(super) const MANIFEST: &str = "manifest.json";

/// The file of a call; `part` where it has several.
pub(super) fn file_name(kind: Kind, part: Option<&str>) -> String {
    let part = part.map_or_else(String::new, |part| format!(".{part}"));
    format!("{}{part}.json", stem(kind))
}

fn stem(kind: Kind) -> String {
    kind.call().replace(' ', "-")
}

/// The folder that recordings go to, with a hidden one in it where the new one grows. What was
/// not put in its place vanishes with the value.
pub(super) struct Destination {
    to: PathBuf,
    growing: TempDir,
}

impl Destination {
    /// Makes the folder where there is none, for its owner alone: it tells how to attack him.
    pub(super) fn make(to: &Path) -> Result<Self, LiveError> {
        make_folder(to)?;
        let growing = tempfile::Builder::new().prefix(".recording-").tempdir_in(to);
        let growing = growing.map_err(|source| cannot_write(to, source))?;
        Ok(Self { to: to.to_owned(), growing })
    }

    /// Where the recording of a subscription will be.
    pub(super) fn place(&self, subscription: &str) -> PathBuf {
        self.to.join("accounts").join(subscription)
    }

    /// Refuses to take the place of anything but a recording.
    pub(super) fn check(&self, subscription: &str) -> Result<(), LiveError> {
        let place = self.place(subscription);
        let files = match fs::read_dir(&place) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(cannot_write(&place, source)),
        };
        for file in files {
            let path = file.map_err(|source| cannot_write(&place, source))?.path();
            if !is_ours(&path) {
                return Err(LiveError::Occupied { path });
            }
        }
        Ok(())
    }

    /// Writes one file of the new recording.
    pub(super) fn write(
        &self,
        subscription: &str,
        name: &str,
        content: &impl Serialize,
    ) -> Result<(), LiveError> {
        let folder = self.growing.path().join(subscription);
        make_folder(&folder)?;
        let path = folder.join(name);
        // Two spaces, as `az` prints.
        let mut text = Vec::new();
        let format = PrettyFormatter::with_indent(b"  ");
        let written = content.serialize(&mut Serializer::with_formatter(&mut text, format));
        text.push(b'\n');
        written
            .map_err(io::Error::from)
            .and_then(|()| fs::write(&path, text))
            .map_err(|source| cannot_write(&path, source))
    }

    /// Puts a finished recording into its place. One that was there goes away only now, and comes
    /// back where the new one cannot take its place.
    pub(super) fn publish(&self, subscription: &str) -> Result<PathBuf, LiveError> {
        self.check(subscription)?;
        let place = self.place(subscription);
        if let Some(above) = place.parent() {
            make_folder(above)?;
        }
        let new = self.growing.path().join(subscription);
        let old = self.growing.path().join(format!("{subscription}-before"));
        let replaced = match fs::rename(&place, &old) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(source) => return Err(cannot_write(&place, source)),
        };
        fs::rename(&new, &place).map_err(|source| {
            if replaced {
                // Nothing more can be done where this fails too: the first failure is told.
                let _ = fs::rename(&old, &place);
            }
            cannot_write(&place, source)
        })?;
        Ok(place)
    }
}

/// Whether a file is one that recording writes, by cloudfw or by hand.
fn is_ours(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let (stem_of, ending) = name.split_once('.').unwrap_or((name, ""));
    let is_of_a_call = Kind::ALL.into_iter().any(|kind| stem(kind) == stem_of);
    name == MANIFEST || is_of_a_call && (ending.ends_with("json") || ending.ends_with("err"))
}

fn make_folder(path: &Path) -> Result<(), LiveError> {
    let mut maker = fs::DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(path).map_err(|source| cannot_write(path, source))
}

fn cannot_write(path: &Path, source: io::Error) -> LiveError {
    LiveError::CannotWrite { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00000000-0000-0000-0000-000000000001";

    fn recording(to: &Path, network: &str) -> Result<PathBuf, LiveError> {
        let destination = Destination::make(to)?;
        let name = file_name(Kind::VirtualNetworks, None);
        destination.write(ID, &name, &[network])?;
        destination.publish(ID)
    }

    #[test]
    fn a_recording_replaces_the_one_before_it_and_leaves_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let to = home.path().join("rec");
        recording(&to, "one").unwrap();
        let place = recording(&to, "two").unwrap();
        let text = fs::read_to_string(place.join("network-vnet-list.json")).unwrap();
        assert_eq!(text, "[\n  \"two\"\n]\n");
        let left: Vec<_> = fs::read_dir(&to).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["accounts"]);
    }

    #[test]
    fn what_others_put_there_is_not_thrown_away() {
        let home = tempfile::tempdir().unwrap();
        let place = recording(home.path(), "one").unwrap();
        let part = file_name(Kind::EffectiveRouteTables, Some("12"));
        fs::write(place.join(part), "").unwrap();
        recording(home.path(), "two").unwrap();
        fs::write(place.join("notes.txt"), "").unwrap();
        let error = recording(home.path(), "three").unwrap_err();
        assert!(matches!(error, LiveError::Occupied { path } if path.ends_with("notes.txt")));
    }

    #[cfg(unix)]
    #[test]
    fn new_folders_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let to = home.path().join("a/b");
        let place = recording(&to, "one").unwrap();
        for folder in [home.path().join("a"), to, place] {
            assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
