//! Which estate is asked, opened.

use std::net::IpAddr;
use std::path::PathBuf;

use cloudfw_core::{Client, Document, Scope};
use cloudfw_estate::query::parse_client;
use cloudfw_estate::{
    Answer, AssumeNone, Estate, Inquiry, OpenOptions, Query, QueryError, parse_assume_none,
};

use crate::arguments::{EstateArguments, Global};
use crate::config::Config;
use crate::error::Error;
use crate::print::Screen;

/// An estate with the settings that go with it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) estate: Estate,
    config: Config,
    /// What the user says that there is none of.
    assumed: AssumeNone,
    /// The client of `cloudfw.toml`.
    client: Option<Client>,
}

impl Opened {
    /// The estate that the arguments, the environment or `cloudfw.toml` name, the nearest first;
    /// else the live cloud.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being read.
    pub(crate) fn new(
        arguments: &EstateArguments,
        global: &Global,
        screen: &Screen,
    ) -> Result<Self, Error> {
        Self::open(arguments, global, screen, false)
    }

    fn open(
        arguments: &EstateArguments,
        global: &Global,
        screen: &Screen,
        in_part: bool,
    ) -> Result<Self, Error> {
        let folder = std::env::current_dir().unwrap_or_default();
        let config = Config::load(global.config.as_deref(), &folder)?;
        let client = config.client.as_deref().map(parse_client).transpose();
        let client = client.map_err(|error| config.wrong("client", &error))?;
        for (name, network) in &config.networks {
            for cidr in network.as_slice() {
                check_network(cidr)
                    .map_err(|why| config.wrong(&format!("networks.{name}"), &why))?;
            }
        }
        let options = OpenOptions { in_part, ..options(arguments, &config)? };
        let from = sources(arguments, &config, screen)?;
        let estate = Estate::open(&from, &options)?;
        Ok(Self { estate, config, assumed: options.assume_none, client })
    }

    /// The same of as much of the recording as can be read: what cannot is told by
    /// [`Estate::not_read`].
    ///
    /// # Errors
    ///
    /// As [`Opened::new`], where nothing can be read at all.
    pub(crate) fn in_part(
        arguments: &EstateArguments,
        global: &Global,
        screen: &Screen,
    ) -> Result<Self, Error> {
        Self::open(arguments, global, screen, true)
    }

    /// The client of `cloudfw.toml`.
    pub(crate) fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// What the user says that there is none of.
    pub(crate) fn assumed(&self) -> &AssumeNone {
        &self.assumed
    }

    /// The settings that go with it.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// An estate of documents by name, with no settings.
    ///
    /// # Errors
    ///
    /// None in a build whose tests pass.
    pub(crate) fn built_in(documents: &[(&str, &str)]) -> Result<Self, Error> {
        let document = |(name, text): &(&str, &str)| Document {
            name: (*name).into(),
            text: (*text).into(),
            scope: Scope::default(),
        };
        let documents = documents.iter().map(document).collect();
        let estate = Estate::from_documents(documents, &OpenOptions::default())?;
        Ok(Self { estate, config: Config::default(), assumed: AssumeNone::default(), client: None })
    }

    /// Ready for queries.
    pub(crate) fn ready(&self) -> Ready<'_> {
        Ready { inquiry: self.estate.inquiry(), opened: self }
    }
}

/// An opened estate with its path graph built.
#[derive(Debug)]
pub(crate) struct Ready<'e> {
    pub(crate) inquiry: Inquiry<'e>,
    opened: &'e Opened,
}

impl Ready<'_> {
    /// The answer to a query. Names of `networks` stand for their CIDRs.
    ///
    /// # Errors
    ///
    /// [`QueryError`] where it cannot be asked.
    pub(crate) fn reach(&self, query: &Query) -> Result<Answer, QueryError> {
        let mut query = query.clone();
        if query.client.is_none() {
            query.client.clone_from(&self.opened.client);
        }
        let sources = self.meant(&query.source)?;
        let destinations = self.meant(&query.destination)?;
        let mut whole: Option<Answer> = None;
        for source in &sources {
            for destination in &destinations {
                let part = Query {
                    source: source.clone(),
                    destination: destination.clone(),
                    ..query.clone()
                };
                let part = self.inquiry.reach(&part)?;
                whole = Some(match whole {
                    Some(whole) => whole.and(part),
                    None => part,
                });
            }
        }
        let mut whole = match whole {
            Some(whole) => whole,
            None => self.inquiry.reach(&query)?,
        };
        if sources != [query.source.as_str()] {
            whole.query.source = query.source;
        }
        if destinations != [query.destination.as_str()] {
            whole.query.destination = name_of(&query.destination).to_owned();
        }
        Ok(whole)
    }

    /// The CIDRs of a named network, each with the service behind the name; any other text as it
    /// is.
    ///
    /// # Errors
    ///
    /// [`QueryError::Shadowed`] where something that is recorded has the name too.
    fn meant(&self, text: &str) -> Result<Vec<String>, QueryError> {
        let networks = &self.opened.config.networks;
        let before = name_of(text);
        let (name, network) = match (networks.get(text), networks.get(before)) {
            (Some(network), _) => (text, network),
            (None, Some(network)) => (before, network),
            (None, None) => return Ok(vec![text.to_owned()]),
        };
        let cidrs = network.as_slice();
        let mut candidates = self.inquiry.called(name);
        if !candidates.is_empty() {
            let network = format!("`{}`: the network of cloudfw.toml", cidrs.join("`, `"));
            candidates.insert(0, network);
            return Err(QueryError::Shadowed { text: name.to_owned(), candidates });
        }
        let service = text.get(name.len()..).unwrap_or_default();
        let bracketed = |cidr: &String| match (cidr.contains(':'), service) {
            (true, service) if !service.is_empty() => format!("[{cidr}]{service}"),
            _ => format!("{cidr}{service}"),
        };
        Ok(cidrs.iter().map(bracketed).collect())
    }
}

/// What stands before the last colon.
fn name_of(text: &str) -> &str {
    text.rsplit_once(':').map_or(text, |(name, _)| name)
}

/// What the command line and `cloudfw.toml` say of how to open it.
fn options(arguments: &EstateArguments, config: &Config) -> Result<OpenOptions, Error> {
    let texts = config.assume_none.as_slice();
    parse_assume_none(texts.iter().map(String::as_str))
        .map_err(|error| config.wrong("assume-none", &error))?;
    let all = arguments.assume_none.iter().chain(texts);
    let assume_none = parse_assume_none(all.map(String::as_str))?;
    Ok(OpenOptions { assume_none, ..OpenOptions::default() })
}

/// What is wrong with a CIDR or an address, if anything is.
fn check_network(text: &str) -> Result<(), String> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let wrong = || format!("`{text}` is neither a CIDR nor an address, such as 198.51.100.0/24");
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    match length.parse::<u8>() {
        _ if text == address.to_string() => Ok(()),
        Ok(length) if length <= most => Ok(()),
        _ => Err(wrong()),
    }
}

/// The recordings to ask.
fn sources(
    arguments: &EstateArguments,
    config: &Config,
    screen: &Screen,
) -> Result<Vec<PathBuf>, Error> {
    if !arguments.from.is_empty() {
        return Ok(arguments.from.clone());
    }
    if arguments.asks_live() {
        return live(arguments, screen);
    }
    let given = std::env::var_os("CLOUDFW_FROM").filter(|paths| !paths.is_empty());
    if let Some(paths) = given {
        return Ok(std::env::split_paths(&paths).collect());
    }
    match config.from.as_slice() {
        [] => live(arguments, screen),
        paths => Ok(paths.iter().map(PathBuf::from).collect()),
    }
}

#[cfg(feature = "aws-live")]
fn live(arguments: &EstateArguments, screen: &Screen) -> Result<Vec<PathBuf>, Error> {
    Ok(vec![crate::live::cached(arguments, screen)?])
}

#[cfg(not(feature = "aws-live"))]
fn live(arguments: &EstateArguments, _: &Screen) -> Result<Vec<PathBuf>, Error> {
    Err(if arguments.asks_live() { Error::NotLive } else { Error::NoEstate })
}
