//! `cloudfw demo`: the main job on an estate that is built in.

use std::iter;

use clap::Args;
use cloudfw_estate::query::{Word, read_queries};
use cloudfw_estate::{Answer, Query};

use crate::DONE;
use crate::arguments::{Format, QueryOptions};
use crate::error::Error;
use crate::estate::Opened;
use crate::print::style::{BOLD, DIM};
use crate::print::{Screen, Text, answer};

const EXAMPLES: &str = "\
Examples:
  cloudfw demo
  cloudfw demo app internet:443                a question of your own
  cloudfw demo web db:5432 --client windows
  cloudfw demo -o json                         as programs see it

The estate: in AWS `web` and `nat` in a public subnet, `app` and `db` in a private
one whose network ACL lets replies out to a part of the ephemeral ports alone, and
`bastion` behind a peering; in Azure `portal` and `orders`, with a security group
at each subnet and one at the interface of `orders`.";

/// One recording of two clouds.
const ESTATE: [(&str, &str); 3] = [
    ("demo.json", include_str!("../../../../testdata/aws/demo/estate.json")),
    ("demo-azure.json", include_str!("../../../../testdata/azure/demo-of-azure/estate.json")),
    (
        "demo-azure-manifest.json",
        include_str!("../../../../testdata/azure/demo-of-azure/manifest.json"),
    ),
];
const QUERIES: [&str; 2] = [
    include_str!("../../../../testdata/aws/demo/queries.txt"),
    include_str!("../../../../testdata/azure/demo-of-azure/queries.txt"),
];

/// Ask a sample estate that is built in; needs no cloud and no network.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Demo {
    /// For people, or for programs: one JSON document a line
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,

    /// A question of your own, as after `cloudfw reach`; else some that show what there is
    #[arg(requires = "destination")]
    source: Option<String>,

    /// Whom it is addressed to, and at which port
    #[arg(value_name = "DESTINATION[:SERVICE]")]
    destination: Option<String>,

    #[command(flatten)]
    options: QueryOptions,
}

pub(crate) fn run(arguments: &Demo, screen: &mut Screen) -> Result<u8, Error> {
    let opened = Opened::built_in(&ESTATE)?;
    let ready = opened.ready();
    if let (Some(source), Some(destination)) = (&arguments.source, &arguments.destination) {
        let words = [source, destination].map(|text| Word { text: text.clone(), quoted: true });
        let answer = ready.reach(&arguments.options.with(Query::from_words(words)?))?;
        show(&answer, &opened, arguments.output, screen)?;
        return Ok(answer.exit_code());
    }
    let mut first = true;
    let lines =
        QUERIES.into_iter().flat_map(|all| read_queries(all).into_iter().zip(iter::repeat(all)));
    for (line, all) in lines {
        if arguments.output == Format::Text {
            let text = introduced(&line.text, comment(all, line.line), first, screen.width());
            screen.out(&text)?;
            first = false;
        }
        show(
            &ready.reach(&arguments.options.with(line.query?))?,
            &opened,
            arguments.output,
            screen,
        )?;
    }
    if arguments.output == Format::Text {
        screen.out(&next(screen.width()))?;
    }
    Ok(DONE)
}

fn show(
    answer: &Answer,
    opened: &Opened,
    format: Format,
    screen: &mut Screen,
) -> Result<(), Error> {
    match format {
        Format::Json => screen.json(answer),
        Format::Text => {
            let text = answer::text(answer, opened.estate.network(), true, screen.width());
            screen.out(&text)
        }
    }
}

/// The comment above a line of queries.
fn comment(all: &str, line: u32) -> Option<&str> {
    // Lines are counted from 1, so the one before is two less.
    let above = usize::try_from(line).ok()?.checked_sub(2)?;
    all.lines().nth(above)?.strip_prefix("# ")
}

/// The comment above a query, and the command that asks it.
fn introduced(query: &str, comment: Option<&str>, first: bool, width: usize) -> String {
    let mut out = String::new();
    if !first {
        out.push_str("\n\n");
    }
    if let Some(comment) = comment {
        Text::styled(DIM, "# ").lead(&Text::styled(DIM, comment), width, &mut out);
    }
    Text::styled(DIM, "$ ")
        .then_styled(BOLD, format!("cloudfw demo {query}"))
        .wrap(2, width, &mut out);
    out.push('\n');
    out
}

/// What to do after the demo.
fn next(width: usize) -> String {
    let mut out = "\n\n".to_owned();
    for (what, command) in [
        ("ask it more", "cloudfw demo app internet:443"),
        ("ask your own cloud", "cloudfw reach SOURCE DESTINATION:PORT"),
        ("or a recording of it", "cloudfw reach SOURCE DESTINATION:PORT --from PATH"),
    ] {
        Text::styled(DIM, format!("{what:21}")).lead(&Text::of(command), width, &mut out);
    }
    out
}
