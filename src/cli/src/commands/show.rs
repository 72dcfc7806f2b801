//! `cloudfw show RESOURCE`.

use clap::Args;

use crate::DONE;
use crate::arguments::{EstateArguments, Format, Global};
use crate::error::Error;
use crate::estate::Opened;
use crate::print::{Screen, shown};

const EXAMPLES: &str = "\
Examples:
  cloudfw show db --from prod                         an instance: groups, ACL, routes
  cloudfw show subnet-db --from prod                  its network ACL and its routes
  cloudfw show db --from prod -o json";

/// What a resource is, where it hangs, and its effective rules in order.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// An id, a name or an ARN
    resource: String,

    /// For people, or for programs: one JSON document
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,

    #[command(flatten)]
    estate: EstateArguments,
}

pub(crate) fn run(arguments: &Show, global: &Global, screen: &mut Screen) -> Result<u8, Error> {
    let opened = Opened::new(&arguments.estate, global, screen)?;
    let description = opened.ready().inquiry.show(&arguments.resource)?;
    match arguments.output {
        Format::Json => screen.json(&description)?,
        Format::Text => screen.out(&shown::text(&description, screen.width()))?,
    }
    Ok(DONE)
}
