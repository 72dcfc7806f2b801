//! `cloudfw reach SOURCE DESTINATION[:SERVICE]`, and `--queries FILE`.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use cloudfw_estate::answer::Failure;
use cloudfw_estate::query::{Word, read_queries};
use cloudfw_estate::{Answer, EXIT_ERROR, Outcome, Query, exit_code_of_several, printable};

use crate::arguments::{EstateArguments, Format, Global, QueryOptions};
use crate::error::Error;
use crate::estate::{Opened, Ready};
use crate::print::style::DIM;
use crate::print::{Screen, Text, answer};

const USAGE: &str = "\
cloudfw reach [OPTIONS] <SOURCE> <DESTINATION[:SERVICE]>
       cloudfw reach [OPTIONS] --queries <FILE>";

const EXAMPLES: &str = "\
Examples:
  cloudfw reach web db:5432 --from prod
  cloudfw reach web db:5432 --from prod --client windows
  cloudfw reach internet 'tag:Name=web:443' --from prod
  cloudfw reach 'web*' 10.0.0.0/8 --from prod -v     each pair with its hops
  cloudfw reach internet db:5432 --from prod --expect unreachable
  cloudfw reach db internet:53/udp --one-way --from prod
  cloudfw reach --queries queries.txt --from prod -o json
  cloudfw reach web db:5432 --profile prod --region eu-west-1

SOURCE and DESTINATION:
  10.0.1.5  2001:db8::1  10.0.0.0/8         addresses and CIDRs
  10.0.1.5@vpc-1                            where networks overlap
  internet                                  everything public outside the estate
  i-0abc  eni-0abc  subnet-0abc  arn:aws:…  ids
  web  'web-*'  tag:Name=web                names, globs and tags
  the names of `networks` in cloudfw.toml
SERVICE:
  443  80,443  8000-8100  53/udp  icmp  icmp/8.0  esp  proto/50
  none asks about everything

Exit codes:
  0  reachable, or what --expect said
  1  unreachable, intermittent or partial, or not what --expect said
  2  it could not run
  3  unknown
  With --queries the first of 2, 1, 3, 0 that any answer has.";

/// Can SOURCE reach DESTINATION, there and back, and which rule says so?
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(crate) struct Reach {
    /// Who opens the connection
    #[arg(required_unless_present = "queries", conflicts_with = "queries")]
    source: Option<String>,

    /// Whom it is addressed to, and at which port: db:5432, [2001:db8::1]:443
    #[arg(value_name = "DESTINATION[:SERVICE]", required_unless_present = "queries")]
    destination: Option<String>,

    #[command(flatten)]
    options: QueryOptions,

    /// Ask the questions of a file (`-` is standard input), one a line: web db:5432 --client any
    #[arg(long, value_name = "FILE", conflicts_with = "service")]
    queries: Option<PathBuf>,

    /// For people, or for programs: one JSON document a line
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,

    /// Print the hops of every pair, all warnings, and which files were not read
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    estate: EstateArguments,
}

pub(crate) fn run(arguments: &Reach, global: &Global, screen: &mut Screen) -> Result<u8, Error> {
    match &arguments.queries {
        None => one(arguments, global, screen),
        Some(path) => many(path, arguments, global, screen),
    }
}

/// The question of the command line.
fn one(arguments: &Reach, global: &Global, screen: &mut Screen) -> Result<u8, Error> {
    let ends =
        [&arguments.source, &arguments.destination].map(|end| end.clone().unwrap_or_default());
    // What is wrong without any estate is told before one is opened.
    let words = ends.map(|text| Word { text, quoted: true });
    let query = arguments.options.with(Query::from_words(words)?);
    let opened = Opened::new(&arguments.estate, global, screen)?;
    let ready = opened.ready();
    let answer = ready.reach(&query)?;
    match arguments.output {
        Format::Json => screen.json(&answer)?,
        Format::Text => {
            let network = opened.estate.network();
            screen.out(&answer::text(&answer, network, arguments.verbose, screen.width()))?;
        }
    }
    tell_passed_over(&answer, &ready, &mut BTreeSet::new(), screen);
    Ok(answer.exit_code())
}

/// The questions of a file: one load for all of them.
fn many(path: &Path, arguments: &Reach, global: &Global, screen: &mut Screen) -> Result<u8, Error> {
    let lines = read_queries(read(path)?);
    if lines.is_empty() {
        return Err(Error::NoQueries { path: path.to_owned() });
    }
    let opened = Opened::new(&arguments.estate, global, screen)?;
    let ready = opened.ready();
    let mut codes = Vec::new();
    let mut told = BTreeSet::new();
    for (index, line) in lines.into_iter().enumerate() {
        let asked = line.query.map(|query| arguments.options.with(query));
        let outcome = asked.and_then(|query| ready.reach(&query));
        codes.push(outcome.as_ref().map_or(EXIT_ERROR, Answer::exit_code));
        let outcome = match outcome {
            Ok(answer) => Outcome::Answered(answer.of_line(line.line)),
            Err(error) => Outcome::Failed(Failure::new(&line.text, Some(line.line), &error)),
        };
        match arguments.output {
            Format::Json => screen.json(&outcome)?,
            Format::Text => {
                let block = block(&line.text, &outcome, &opened, arguments, screen.width());
                screen.out(&if index == 0 { block } else { format!("\n\n{block}") })?;
            }
        }
        if let Outcome::Answered(answer) = &outcome {
            tell_passed_over(answer, &ready, &mut told, screen);
        }
        if screen.is_closed() {
            break;
        }
    }
    Ok(exit_code_of_several(codes))
}

/// Says of a name which of several things was meant by it; of each name once.
fn tell_passed_over(
    answer: &Answer,
    ready: &Ready<'_>,
    told: &mut BTreeSet<String>,
    screen: &Screen,
) {
    for name in [&answer.query.source, &answer.query.destination] {
        let others = ready.inquiry.passed_over(name);
        if others.is_empty() || !told.insert(name.clone()) {
            continue;
        }
        let meant = if name.eq_ignore_ascii_case("internet") {
            "the public internet"
        } else {
            "the machine of that name"
        };
        screen.tell(&format!(
            "warning: `{}` was taken for {meant}, and is also the name of\n  {}\n",
            printable(name),
            others.join("\n  ")
        ));
    }
}

/// A query of a file and its answer, for people.
fn block(
    query: &str,
    outcome: &Outcome,
    opened: &Opened,
    arguments: &Reach,
    width: usize,
) -> String {
    let mut out = String::new();
    Text::styled(DIM, "# ").lead(&Text::styled(DIM, query), width, &mut out);
    match outcome {
        Outcome::Answered(answer) => {
            let network = opened.estate.network();
            out.push_str(&answer::text(answer, network, arguments.verbose, width));
        }
        Outcome::Failed(failure) => answer::failed(failure, width, &mut out),
    }
    out
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    bytes.map_err(|source| Error::Queries { path: path.to_owned(), source })
}
