//! A client: asks one servent for keys.

use servent::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::client::main(std::env::args_os().skip(1))
}
