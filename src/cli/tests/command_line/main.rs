//! The binary as its user meets it: what goes to standard output and error, and the exit code.

mod config;
mod demo;
mod examples;
mod queries;
mod reach;
mod run;
mod show;
mod usage;
