//! Opens recordings and answers queries about them.
//!
//! An [`Estate`] is made of documents: it knows the providers, has them lower the documents to
//! one network, and knows what everything is called. An [`Inquiry`] is an estate with its path
//! graph built; it reads queries as the command line writes them and answers them with the values
//! that `cloudfw.reach/1` and `cloudfw.show/1` publish; and it proves a [`Policy`], whose outcome
//! `cloudfw.verify/1` publishes. Nothing here prints, and nothing asks a cloud.

pub mod answer;
mod estate;
mod exit;
mod index;
mod inquiry;
mod pairs;
pub mod policy;
mod providers;
mod publisher;
pub mod query;
mod recording;
mod resolve;
pub mod show;

pub use answer::{Answer, Coverage, Outcome, Pair, printable};
pub use cloudfw_documents::AssumeNone;
pub use estate::{Estate, OpenOptions, parse_assume_none};
pub use exit::{EXIT_ERROR, exit_code, exit_code_of_several};
pub use inquiry::{Beginning, Inquiry, Towards};
pub use policy::{Policy, PolicyError, Verified, VerifyOptions};
pub use providers::is_seldom_recorded;
pub use publisher::Publisher;
pub use query::{Query, QueryError, QueryLine};
pub use recording::OpenError;
pub use show::Description;
