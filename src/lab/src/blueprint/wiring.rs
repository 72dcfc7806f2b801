//! From a blueprint to a plan.
