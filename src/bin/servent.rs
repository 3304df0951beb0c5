//! A servent: answers from a key-value file, floods queries to its neighbours.

use servent::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::servent::main(
        std::env::args_os().skip(1),
        cli::servent::Farewell::Counters,
        cli::servent::complain_unless_started,
    )
}
