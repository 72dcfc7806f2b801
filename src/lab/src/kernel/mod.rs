//! Real namespaces, real rulesets, real packets.

pub mod plan;
pub mod probe;
