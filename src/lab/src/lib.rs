//! The development lab of cloudfw: what benchmarks and tests of scale run on.

pub mod estate;
