//! The simulator: thousands of overlays, each drawn from a seed, scenes that show one clause each, and the mutations
//! that its checker must catch.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
#[path = "../support/mutants.rs"]
mod mutants;
mod mutations;
#[path = "../support/queries.rs"]
mod queries;
mod scenes;
#[path = "../support/search.rs"]
mod search;
mod seeds;
