//! Random scenarios, asked of cloudfw and of the kernel: the verdict, what the client sees, and
//! the rule that stops it have to be the same.

pub mod compare;
pub mod folder;
pub mod observe;
mod overlay;
pub mod predict;
pub mod question;
pub mod run;
pub mod share;
pub mod shrink;
pub mod tally;

pub use compare::{Difference, Disagreement, compare};
pub use observe::{Compiler, Seen, Stand};
pub use predict::{Oracle, Predicted, Stop};
pub use question::{End, Question};
pub use run::{Order, Report, run};
pub use share::Survey;
pub use shrink::shrink;
pub use tally::Tally;
