//! The model of a flood: that it is what the simulator knows to have happened, from whichever source it was made.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod captures;
mod findings;
mod lineage;
#[path = "../support/mutants.rs"]
mod mutants;
#[path = "../support/queries.rs"]
mod queries;
mod repeats;
#[path = "../support/search.rs"]
mod search;
mod traces;
mod untraced;
