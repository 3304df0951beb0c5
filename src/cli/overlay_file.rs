//! Overlay files whose lines are command lines of `serventTP3`.

use super::hints;
use super::servent::ServentArgs;
use crate::overlay::{CommandLine, Logging, Neighbour, OverlayFile, OverlayFileError};
use crate::protocol::{Peer, Store};
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

/// Reads and checks an overlay file, key-value files included. No trace may go to one of the files `kept`.
///
/// # Errors
/// The first line that can't start, and why.
pub fn load(file: &Path, kept: &[PathBuf]) -> Result<OverlayFile, OverlayFileError> {
    OverlayFile::load(file, kept, read_line, |typed, path| {
        // What a pipe or a device holds may come once, and is for the servent.
        if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            return Ok(());
        }
        Store::read(path).map(drop).map_err(|error| {
            let hint = hints::kv_file(typed).map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("{error}{hint}")
        })
    })
}

/// The overlay on the ports from `base` on, or as its file has it.
///
/// # Errors
/// That not all of its ports would be some, as clap says such things.
pub(super) fn shifted(file: &OverlayFile, base: Option<u16>) -> Result<OverlayFile, String> {
    let Some(base) = base else { return Ok(file.clone()) };
    file.with_port_base(base).map_err(|error| format!("invalid value '{base}' for '--port-base <N>': {error}"))
}

/// The options of a servent that have a place of their own in a [`CommandLine`].
const ELSEWHERE: [&str; 4] = ["bind", "trace", "verbose", "quiet"];

/// Reads the words of a line.
///
/// # Errors
/// What is wrong with them, on one line.
pub fn read_line(words: &[String]) -> Result<CommandLine, String> {
    let (args, options) = ServentArgs::parse_words_and_options(words, &ELSEWHERE).map_err(|error| cause(&error))?;
    Ok(CommandLine {
        port: args.port(),
        bind: args.bind(),
        kv_file: args.file().clone(),
        neighbours: args.neighbours().iter().map(neighbour).collect(),
        trace: args.trace(),
        // Rates are logged to be read.
        logging: args.verbosity().logging().or(args.logs_rates().then_some(Logging::Usual)),
        seen: args.seen(),
        options,
    })
}

fn neighbour(peer: &Peer) -> Neighbour {
    let address = match peer {
        Peer::Address(address) => Some(*address),
        Peer::Name { host, port } if host == "localhost" => Some(SocketAddrV4::new(Ipv4Addr::LOCALHOST, *port)),
        Peer::Name { .. } => None,
    };
    Neighbour { typed: peer.to_string(), address }
}

/// What is wrong with a line, on one line and without the usage.
fn cause(error: &clap::Error) -> String {
    if !error.use_stderr() {
        return "--help and --version have no place in an overlay file".to_owned();
    }
    let text = error.to_string();
    let said: Vec<_> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    let said = said.join(" ");
    said.strip_prefix("error: ").unwrap_or(&said).to_owned()
}
