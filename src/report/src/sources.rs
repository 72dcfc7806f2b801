//! From where exposure is asked about: the estate's own way of asking, lent to the checks.

use cloudfw_core::{Id, Interface, IpSet, Unknown};
use cloudfw_estate::{Beginning, Inquiry, QueryError};
use cloudfw_rules::{Source, Target};

/// The internet first, then named networks with their CIDRs, in the order given.
///
/// # Errors
///
/// [`QueryError`] where a network cannot be asked from.
pub fn sources<'i, 'n>(
    inquiry: &'i Inquiry<'_>,
    networks: impl IntoIterator<Item = (&'n str, &'n [String])>,
) -> Result<Vec<Source<'i>>, QueryError> {
    let mut sources = vec![source(inquiry, INTERNET, &[INTERNET.to_owned()])?];
    for (name, cidrs) in networks {
        sources.push(source(inquiry, name, cidrs)?);
    }
    Ok(sources)
}

/// As SOURCE names it.
const INTERNET: &str = "internet";

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
        is_internet: name == INTERNET,
        addresses: IpSet::union_of(&outside),
        towards: Box::new(towards),
    })
}
