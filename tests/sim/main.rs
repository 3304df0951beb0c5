//! The simulator: thousands of overlays, each drawn from a seed, scenes that show one clause each, and the mutations
//! that its checker must catch.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod mutations;
mod scenes;
mod seeds;
