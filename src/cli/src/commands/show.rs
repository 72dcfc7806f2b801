//! `cloudfw show RESOURCE`.

use clap::Args;

use crate::DONE;
use crate::arguments::{EstateArguments, Format, Global};
use crate::error::Error;
use crate::estate::Opened;
use crate::print::{Screen, shown};

const EXAMPLES: &str = "\
Examples:
  cloudfw show db --from prod              an instance: groups, ACL, routes
  cloudfw show subnet-db --from prod       its network ACL and its routes
  cloudfw show 10.0.2.20 --from prod       the interface that has the address
  cloudfw show 'acl-*' --from prod         each in turn; also tag:Key=Value
  cloudfw show db --from prod -o json";

/// What a resource is, where it hangs, and its effective rules in order.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// An id, a name, an ARN or an address; or several, by a glob, a CIDR or tag:Key=Value
    resource: String,

    /// For people, or for programs: one JSON document a line
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,

    #[command(flatten)]
    estate: EstateArguments,
}

pub(crate) fn run(arguments: &Show, global: &Global, screen: &mut Screen) -> Result<u8, Error> {
    let opened = Opened::new(&arguments.estate, global, screen)?;
    let descriptions = opened.ready().inquiry.show(&arguments.resource)?;
    for (index, description) in descriptions.iter().enumerate() {
        match arguments.output {
            Format::Json => screen.json(description)?,
            Format::Text => {
                let text = shown::text(description, screen.width());
                screen.out(&if index == 0 { text } else { format!("\n\n{text}") })?;
            }
        }
    }
    Ok(DONE)
}
