//! `cloudfw man`.

use clap::{Args, CommandFactory};

use crate::DONE;
use crate::arguments::Arguments;
use crate::error::Error;
use crate::print::Screen;

const EXAMPLES: &str = "\
Examples:
  cloudfw man | man -l -                            read it
  cloudfw man --command reach | man -l -            of one command
  cloudfw man > ~/.local/share/man/man1/cloudfw.1   keep it";

/// Print the manual page, in the language of `man`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Man {
    /// The page of one command
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
}

pub(crate) fn run(arguments: &Man, screen: &mut Screen) -> Result<u8, Error> {
    let mut whole = Arguments::command();
    whole.build();
    let page = match &arguments.command {
        None => whole,
        Some(name) => match whole.find_subcommand(name) {
            Some(command) => command.clone(),
            None => return Err(Error::NoCommand { name: name.clone() }),
        },
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(Error::Output)?;
    screen.out(&String::from_utf8_lossy(&text))?;
    Ok(DONE)
}
