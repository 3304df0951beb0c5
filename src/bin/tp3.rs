//! The toolbox: whole overlays of servents on this machine, and what else there is beside servent and client.

use servent::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::toolbox::main(std::env::args_os().skip(1).collect())
}
