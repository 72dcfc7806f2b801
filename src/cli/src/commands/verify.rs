//! `cloudfw verify POLICY.toml`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use cloudfw_estate::{Policy, VerifyOptions};
use cloudfw_report::{Format, Writing, write_verified};

use crate::arguments::{EstateArguments, Global};
use crate::error::Error;
use crate::estate::Opened;
use crate::output::{Output, Outputs};
use crate::print::{Screen, verified};

const EXAMPLES: &str = "\
Examples:
  cloudfw verify policy.toml --from prod
  cloudfw verify policy.toml --from prod -o json
  cloudfw verify policy.toml --from prod -o junit=verify.xml -o text

POLICY:
  [[expect]]
  name = \"the web tier talks to the database\"
  from = \"tag:tier=web\"               # as SOURCE of `cloudfw reach`; one or a list
  to = \"tag:tier=db\"
  service = \"5432\"                    # one or a list; without it every service
  verdict = \"reachable\"               # or unreachable, or intermittent

  [[expect]]
  from = \"internet\"
  to = [\"tag:tier=db\", \"tag:tier=app\"]
  except-from = \"office\"              # taken out of `from`; except-to of `to`
  verdict = \"unreachable\"             # no pair, and no port

  [[group]]                           # what a group says holds for each of its expectations
  name = \"who gets out\"
  to = \"internet\"
  service = \"443\"
  [[group.expect]]
  from = \"tag:tier=app\"
  for = \"any\"                         # at least one pair; else all; or each-from, each-to
  verdict = \"reachable\"
  [[group.expect]]
  from = \"tag:tier=db\"
  verdict = \"unreachable\"

  [networks]                          # as in cloudfw.toml, whose names are known here too
  office = \"198.51.100.0/24\"

  More keys: client, one-way, severity. Editors know them by schemas/cloudfw.policy.json.

Exit codes:
  0  everything holds, and everything was read
  1  something is proved not to hold
  2  it could not run: the policy is wrong, or names what is not recorded
  3  something cannot be said, or was not read; nothing read is never clean. A kind that is not in
     the recording counts only where an expectation cannot be decided without it";

/// Prove a policy: who must, and who must not, reach whom.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The policy, a TOML file; `-` is standard input
    policy: PathBuf,

    /// text, json, sarif or junit; FORMAT=FILE writes a file; may be given several times
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = output)]
    output: Vec<Output>,

    /// Print all warnings, and which files were not read
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    estate: EstateArguments,
}

/// The formats beside text.
const FORMATS: [Format; 3] = [Format::Json, Format::Sarif, Format::Junit];

pub(crate) fn run(arguments: &Verify, global: &Global, screen: &mut Screen) -> Result<u8, Error> {
    // What is wrong without any estate is told before one is opened.
    let (name, text) = read(&arguments.policy)?;
    let policy = Policy::parse(&name, &text)?;
    let outputs = Outputs::open(&arguments.output)?;
    let opened = Opened::in_part(&arguments.estate, global, screen)?;
    let networks = &opened.config().networks;
    let networks = networks.iter().map(|(name, cidrs)| (name.clone(), cidrs.as_slice().to_vec()));
    let options = VerifyOptions { networks: networks.collect(), client: opened.client().cloned() };
    let verified = opened.ready().inquiry.verify(&policy, &options)?;
    let network = opened.estate.network();
    let width = screen.width();
    let root = std::env::current_dir().ok();
    let writing = Writing { root: root.as_deref() };
    outputs.write(
        screen,
        || verified::text(&verified, network, arguments.verbose, width),
        |format, to| write_verified(&verified, format, writing, to),
    )?;
    Ok(verified.exit_code())
}

/// The policy, and what it is called.
fn read(path: &Path) -> Result<(String, String), Error> {
    let is_input = path == Path::new("-");
    let text = if is_input {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let name = if is_input { "standard input".to_owned() } else { path.display().to_string() };
    match text {
        Ok(text) => Ok((name, text)),
        Err(source) => Err(Error::PolicyFile { path: path.to_owned(), source }),
    }
}

fn output(text: &str) -> Result<Output, String> {
    Output::of(text, &FORMATS)
}
