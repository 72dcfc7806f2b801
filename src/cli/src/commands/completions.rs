//! `cloudfw completions SHELL`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::DONE;
use crate::arguments::Arguments;
use crate::error::Error;
use crate::print::Screen;

const EXAMPLES: &str = "\
Examples:
  cloudfw completions bash > ~/.local/share/bash-completion/completions/cloudfw
  cloudfw completions zsh > ~/.zfunc/_cloudfw
  cloudfw completions fish > ~/.config/fish/completions/cloudfw.fish";

/// Print the completions of a shell.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &Completions, screen: &mut Screen) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "cloudfw", &mut script);
    screen.out(&String::from_utf8_lossy(&script))?;
    Ok(DONE)
}
