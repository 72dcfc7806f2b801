//! Real namespaces, real rulesets, real packets.
//!
//! [`Raised::raise`] makes the namespaces of a plan, which have no names and go away with the
//! value or the process; [`Raised::send`] sends probes through them. No time-out is waited for:
//! each line that ends packets logs them with its site, and the packet's ports or identifier tell
//! the probe. The namespace that the process was started in is not used, nothing beyond the
//! namespaces made here is set, and no packet leaves them.

mod availability;
mod drops;
mod index;
mod links;
mod netlink;
mod packet;
pub mod plan;
pub mod probe;
mod raise;
mod ruleset;
mod send;
mod socket;
mod space;

use std::io;

use nix::errno::Errno;

pub use availability::{availability, enter_user_namespace};
pub use raise::Raised;

/// Why a plan cannot be raised, or a probe not be sent.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// The kernel does not do it.
    #[error("cannot {action}: {errno}")]
    System {
        /// What it was asked for.
        action: String,
        /// Its answer.
        errno: Errno,
    },
    /// A setting of the namespace cannot be made.
    #[error("cannot use `{path}`: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A program cannot be run.
    #[error("cannot run `{tool}`: {error}")]
    Tool {
        /// Its name.
        tool: &'static str,
        /// Why.
        error: io::Error,
    },
    /// A program does not take what the plan says.
    #[error("`{tool}` refuses: {said}")]
    Refused {
        /// Its name.
        tool: &'static str,
        /// Its own words.
        said: String,
    },
    /// The plan, or a probe, contradicts itself.
    #[error("{0}")]
    Plan(String),
    /// Something in one namespace of the plan.
    #[error("space {id} ({name}): {error}")]
    Within {
        /// Its place in the plan.
        id: usize,
        /// Its name.
        name: String,
        /// What it is.
        error: Box<KernelError>,
    },
}

impl KernelError {
    fn system(action: &str, errno: Errno) -> KernelError {
        KernelError::System { action: action.to_owned(), errno }
    }

    fn file(path: &str, error: io::Error) -> KernelError {
        KernelError::File { path: path.to_owned(), error }
    }

    fn within(self, id: usize, name: &str) -> KernelError {
        KernelError::Within { id, name: name.to_owned(), error: Box::new(self) }
    }
}
