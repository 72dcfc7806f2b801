//! The development lab of cloudfw: what benchmarks and tests of scale run on.

pub mod blueprint;
pub mod compile;
pub mod estate;
pub mod fuzz;
pub mod kernel;
pub mod scenario;
