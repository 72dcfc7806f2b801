//! From where exposure is asked about: the internet, and the networks of `cloudfw.toml`.

use std::collections::BTreeMap;

use cloudfw_core::{Id, Interface, IpSet, Unknown};
use cloudfw_estate::{Beginning, Inquiry, QueryError};
use cloudfw_rules::{Source, Target};

use crate::config::OneOrMore;

/// The internet first, then the named networks by their names.
///
/// # Errors
///
/// [`QueryError`] where a network cannot be asked from. An estate without the internet has no such
/// source.
pub(crate) fn sources<'i>(
    inquiry: &'i Inquiry<'_>,
    networks: &BTreeMap<String, OneOrMore>,
) -> Result<Vec<Source<'i>>, QueryError> {
    let mut sources = vec![source(inquiry, "internet", &["internet".to_owned()])?];
    for (name, cidrs) in networks {
        sources.push(source(inquiry, name, cidrs.as_slice())?);
    }
    Ok(sources)
}

fn source<'i>(
    inquiry: &'i Inquiry<'_>,
    name: &str,
    ends: &[String],
) -> Result<Source<'i>, QueryError> {
    let beginnings: Vec<Beginning> =
        ends.iter().map(|end| inquiry.beginning(end)).collect::<Result<_, _>>()?;
    let outside: Vec<IpSet> = beginnings.iter().map(Beginning::outside).collect();
    let label = name.to_owned();
    let towards = move |interface: &Id<Interface>| {
        let mut target = Target::default();
        for beginning in &beginnings {
            match inquiry.towards(beginning, interface) {
                Ok(towards) => {
                    target.questions.extend(towards.questions);
                    target.unknowns.extend(towards.unknowns);
                }
                Err(error) => {
                    let what = format!("what {label} reaches at {interface}");
                    target.unknowns.push(Unknown::new(what, error.to_string(), ""));
                }
            }
        }
        target
    };
    Ok(Source {
        name: name.into(),
        is_internet: name == "internet",
        addresses: IpSet::union_of(&outside),
        towards: Box::new(towards),
    })
}
