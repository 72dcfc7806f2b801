//! Tests of meaning, named after the statements of the specification.

mod admin;
mod groups;
mod rules;
mod tags;
