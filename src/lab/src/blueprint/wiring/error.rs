//! Blueprints that no network can be built from.

use std::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;

/// Why a blueprint cannot be wired.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WiringError {
    /// An id that nothing has.
    #[error("{kind} `{id}`, which `{of}` names, is not in the blueprint")]
    Dangling {
        /// `subnet`, `gateway` …
        kind: &'static str,
        /// The id.
        id: String,
        /// Who names it.
        of: String,
    },
    /// An id that two things of a kind have.
    #[error("there are two of {kind} `{id}`")]
    Twice {
        /// `subnet`, `gateway` …
        kind: &'static str,
        /// The id.
        id: String,
    },
    /// Two subnets of a router that share addresses.
    #[error("the subnets `{0}` and `{1}` of one router overlap")]
    Overlap(String, String),
    /// An address that two hold in one router, or two are known by outside.
    #[error("`{0}` and `{1}` both have the address {2}")]
    Held(String, String, IpAddr),
    /// An address outside the prefixes of its subnet.
    #[error("{1} of `{0}` is outside its subnet `{2}`")]
    Adrift(String, IpAddr, String),
    /// A public address of the other family.
    #[error("`{0}` cannot be known as {2} outside, where it is {1} inside")]
    Family(String, IpAddr, IpAddr),
    /// Two routes of a table that are about the same prefix.
    #[error("route table `{0}` has two routes to {1}")]
    Routes(String, IpNet),
    /// An interface that two hosts have.
    #[error("interface `{0}` belongs to two hosts")]
    Shared(String),
    /// A line that calls a chain that its filter has not.
    #[error("a line calls the chain `{0}`, which its filter has not")]
    NoChain(String),
}
