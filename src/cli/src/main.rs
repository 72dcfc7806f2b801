//! `cloudfw`: can X reach Y:port, there and back, and which rule says so?
//!
//! Arguments, live collection and printing; what is true is decided in the crates below.

use std::process::ExitCode;

use clap::Parser;

mod arguments;
mod audit;
mod commands;
mod config;
mod error;
mod estate;
#[cfg(feature = "aws-live")]
mod live;
mod output;
mod print;
#[cfg(any(feature = "aws-live", feature = "azure-live"))]
mod progress;

use arguments::{Arguments, Command, Global};
use error::Error;
use print::Screen;

/// Sets of flows are many small allocations: answers over a whole estate take a quarter less time
/// than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code of what was done; that of an answer comes from its verdict.
const DONE: u8 = 0;

/// The exit code of what was done in part: something was not read.
#[cfg(any(feature = "aws-live", feature = "azure-live"))]
const INCOMPLETE: u8 = 3;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut screen = Screen::new(&arguments.global);
    let done = run(&arguments.command, &arguments.global, &mut screen);
    let code = done.unwrap_or_else(|error| {
        screen.tell(&error.render(screen.width()));
        cloudfw_estate::EXIT_ERROR
    });
    ExitCode::from(code)
}

fn run(command: &Command, global: &Global, screen: &mut Screen) -> Result<u8, Error> {
    match command {
        Command::Reach(arguments) => commands::reach::run(arguments, global, screen),
        Command::Audit(arguments) => commands::audit::run(arguments, global, screen),
        Command::Verify(arguments) => commands::verify::run(arguments, global, screen),
        Command::Checks(arguments) => commands::checks::run(arguments, screen),
        Command::Show(arguments) => commands::show::run(arguments, global, screen),
        Command::Record(arguments) => commands::record::run(arguments, screen),
        Command::Demo(arguments) => commands::demo::run(arguments, screen),
        Command::Completions(arguments) => commands::completions::run(arguments, screen),
        Command::Man(arguments) => commands::man::run(arguments, screen),
    }
}
