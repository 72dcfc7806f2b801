//! Two ways to a blueprint that share nothing but the words it is written in: from the neutral
//! model, and from AWS documents.

pub mod aws;
pub mod network;
#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::blueprint::{Blueprint, Target};

pub use aws::from_documents;
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
            if let Target::Gateway(id) = &route.target
                && !blueprint.gateways.iter().any(|gateway| gateway.id == *id)
            {
                let why = format!("a route to {id}, which is not there");
                return Err(Unsupported::new(&subnet.table, why));
            }
        }
    }
    Ok(blueprint)
}
