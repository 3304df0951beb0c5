//! `tp3 overlay`: whole overlays of real servents, on ports of their own.

mod bad_files;
mod explained;
mod foreign;
mod hosts;
mod links;
mod printed;
mod reach;
mod terminal;
pub(crate) mod topology;
mod traces;
mod upkeep;

use crate::support::{Finished, Program, TP3};
use topology::Topology;

/// Runs the overlay to its end with these keys and options after its file; checks that all its ports are free again.
pub(crate) fn run(topology: &Topology, more: &[&str]) -> Finished {
    let finished = start(topology, more).finish();
    topology.expect_ports_free();
    finished
}

/// Starts it without anything to read.
fn start(topology: &Topology, more: &[&str]) -> Program {
    Program::start(TP3, args(topology, more))
}

/// Starts it with a pipe to read keys from.
fn start_with_stdin(topology: &Topology, more: &[&str]) -> Program {
    Program::start_with_stdin(TP3, args(topology, more))
}

fn args(topology: &Topology, more: &[&str]) -> Vec<String> {
    let file = topology.file().to_str().unwrap().to_owned();
    ["overlay".to_owned(), file].into_iter().chain(more.iter().map(|arg| (*arg).to_owned())).collect()
}
