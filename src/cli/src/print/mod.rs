//! What people see: layout, colour and words.

pub(crate) mod answer;
pub(crate) mod audited;
mod changes;
mod coverage;
mod gateways;
mod hops;
#[cfg(any(feature = "aws-live", feature = "azure-live"))]
pub(crate) mod recorded;
mod screen;
pub(crate) mod shown;
mod steps;
pub(crate) mod style;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod verified;
pub(crate) mod words;

pub(crate) use screen::Screen;
pub(crate) use text::Text;
