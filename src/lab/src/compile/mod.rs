//! Two ways to a blueprint that share nothing but the words it is written in: from the neutral
//! model, and from documents of AWS or Azure.

pub mod aws;
pub mod azure;
pub mod network;
#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::blueprint::{Blueprint, Target};

pub use network::from_network;

/// What namespaces cannot show.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{at}` cannot be built from namespaces: {why}")]
pub struct Unsupported {
    /// The resource: the vendor's id where there is one.
    pub at: String,
    /// What of it.
    pub why: String,
}

impl Unsupported {
    /// `why` the resource `at` cannot be built.
    pub fn new(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at: at.into(), why: why.into() }
    }
}

/// The blueprint, if every gateway that a route leads to is in it.
fn whole(blueprint: Blueprint) -> Result<Blueprint, Unsupported> {
    for subnet in &blueprint.subnets {
        for route in &subnet.routes {
            let (id, is_there) = match &route.target {
                Target::Gateway(id) => (id, blueprint.gateways.iter().any(|it| it.id == *id)),
                Target::Interface(id) => (id, blueprint.interfaces.iter().any(|it| it.id == *id)),
                Target::Local | Target::Blackhole => continue,
            };
            if !is_there {
                let why = format!("a route to {id}, which is not there");
                return Err(Unsupported::new(&subnet.table, why));
            }
        }
    }
    Ok(blueprint)
}
