//! What people see: layout, colour and words.

pub(crate) mod answer;
mod changes;
mod coverage;
mod hops;
#[cfg(feature = "live")]
pub(crate) mod recorded;
mod screen;
pub(crate) mod style;
pub(crate) mod table;
mod text;
#[cfg(test)]
mod tests;
pub(crate) mod words;

pub(crate) use screen::Screen;
pub(crate) use text::Text;
