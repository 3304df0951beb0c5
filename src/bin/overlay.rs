//! A whole overlay of servents on this machine, and a client on it.

use servent::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::overlay::main(std::env::args_os().skip(1))
}
