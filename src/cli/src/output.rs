//! `-o FORMAT[=FILE]`: results in several formats at once, one of them to standard output.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::path::PathBuf;
use std::str::FromStr;

use cloudfw_report::{Format, WriteError};

use crate::error::Error;
use crate::print::Screen;

/// What a result is written as, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// For people, where there is none.
    format: Option<Format>,
    /// Standard output, where there is none.
    file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("FORMAT=FILE wants a file behind the =".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = match name {
            "text" => None,
            name => Some(Format::from_name(name).ok_or_else(|| {
                let names = Format::ALL.map(Format::name).join(", ");
                format!("no format `{name}`: the formats are text, {names}")
            })?),
        };
        Ok(Self { format, file })
    }
}

impl Output {
    /// The same, of a command that has text and these formats alone.
    pub(crate) fn of(text: &str, formats: &[Format]) -> Result<Self, String> {
        let output: Self = text.parse()?;
        match output.format {
            Some(format) if !formats.contains(&format) => {
                let names: Vec<&str> = formats.iter().map(|format| format.name()).collect();
                let (names, name) = (names.join(", "), format.name());
                Err(format!("`{name}` is no format of this command: it has text, {names}"))
            }
            _ => Ok(output),
        }
    }
}

/// Where results go, files opened.
#[derive(Debug)]
pub(crate) struct Outputs {
    outputs: Vec<(Output, Option<File>)>,
}

impl Outputs {
    /// Opens the files, so that what cannot be written is told before any work. Without outputs,
    /// text goes to standard output.
    ///
    /// # Errors
    ///
    /// [`Error::TwoResults`] and [`Error::SameFile`] where two results would go to one place,
    /// [`Error::Unwritable`] where a file cannot be written.
    pub(crate) fn open(wanted: &[Output]) -> Result<Self, Error> {
        let text = [Output { format: None, file: None }];
        let wanted = if wanted.is_empty() { &text } else { wanted };
        if wanted.iter().filter(|output| output.file.is_none()).count() > 1 {
            return Err(Error::TwoResults);
        }
        let mut seen = BTreeSet::new();
        let mut outputs = Vec::new();
        for output in wanted {
            let file = match &output.file {
                Some(path) if !seen.insert(path) => {
                    return Err(Error::SameFile { path: path.clone() });
                }
                Some(path) => Some(open(path)?),
                None => None,
            };
            outputs.push((output.clone(), file));
        }
        Ok(Self { outputs })
    }

    /// Writes a result everywhere: `text` lays it out for people, `other` writes it in a format.
    ///
    /// # Errors
    ///
    /// What the system or the format's writer says.
    pub(crate) fn write(
        self,
        screen: &mut Screen,
        text: impl Fn() -> String,
        other: impl Fn(Format, &mut dyn Write) -> Result<(), WriteError>,
    ) -> Result<(), Error> {
        for (Output { format, file: path }, file) in self.outputs {
            let mut bytes = Vec::new();
            match format {
                None => bytes.extend(text().into_bytes()),
                Some(format) => other(format, &mut bytes).map_err(Error::Report)?,
            }
            match (path, file) {
                (Some(path), Some(file)) => {
                    let plain = if format.is_none() {
                        anstream::adapter::strip_bytes(&bytes).into_vec()
                    } else {
                        bytes
                    };
                    fill(file, &plain).map_err(|source| Error::Unwritable { path, source })?;
                }
                _ => screen.out(&String::from_utf8_lossy(&bytes))?,
            }
        }
        Ok(())
    }
}

/// Opens a file without taking away what it holds: the work may still fail.
fn open(path: &PathBuf) -> Result<File, Error> {
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(path);
    file.map_err(|source| Error::Unwritable { path: path.clone(), source })
}

fn fill(file: File, bytes: &[u8]) -> io::Result<()> {
    // What is no regular file (a pipe) has no length, and nothing to be taken away.
    if file.metadata()?.is_file() {
        file.set_len(0)?;
        (&file).rewind()?;
    }
    let mut writer = BufWriter::new(file);
    writer.write_all(bytes)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Output, String> {
        text.parse()
    }

    #[test]
    fn a_format_and_a_file() {
        assert_eq!(parse("text"), Ok(Output { format: None, file: None }));
        let sarif = Output { format: Some(Format::Sarif), file: Some("a=b.sarif".into()) };
        assert_eq!(parse("sarif=a=b.sarif"), Ok(sarif));
        assert!(parse("yaml").unwrap_err().contains("the formats are text, json"));
        assert!(parse("json=").unwrap_err().contains("wants a file"));
    }

    #[test]
    fn no_two_results_go_to_one_place() {
        let of = |texts: &[&str]| {
            let outputs: Vec<Output> = texts.iter().map(|text| parse(text).unwrap()).collect();
            Outputs::open(&outputs)
        };
        assert!(matches!(of(&["text", "json"]), Err(Error::TwoResults)));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out").display().to_string();
        let twice = [format!("json={file}"), format!("sarif={file}")];
        assert!(matches!(of(&[&twice[0], &twice[1]]), Err(Error::SameFile { .. })));
        let nowhere = format!("json={file}/x/y");
        assert!(matches!(of(&[&nowhere]), Err(Error::Unwritable { .. })));
        assert!(of(&[]).is_ok());
    }

    #[test]
    fn a_file_holds_the_new_result_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, "what was there before, and longer").unwrap();
        fill(open(&path).unwrap(), b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }
}
