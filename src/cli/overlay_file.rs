//! Overlay files whose lines are command lines of `serventTP3`.

use super::hints;
use super::servent::ServentArgs;
use crate::net::is_local;
use crate::overlay::{CommandLine, Host, Located, Logging, Neighbour, OverlayFile, OverlayFileError};
use crate::protocol::{Peer, Store};
use clap::error::ErrorKind;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, ToSocketAddrs};
use std::path::{Path, PathBuf};

/// Reads and checks an overlay file, key-value files included. No trace may go to one of the files `kept`.
///
/// # Errors
/// The first line that can't start, and why.
pub fn load(file: &Path, kept: &[PathBuf]) -> Result<OverlayFile, OverlayFileError> {
    // Many lines may have one file.
    let good = RefCell::new(HashSet::new());
    OverlayFile::load(file, kept, read_line, |typed, path| {
        // What a pipe or a device holds may come once, and is for the servent.
        let is_known = good.borrow().contains(path);
        if is_known || fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            return Ok(());
        }
        Store::read(path).map_err(|error| {
            let hint = hints::kv_file(typed).map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("{error}{hint}")
        })?;
        good.borrow_mut().insert(path.to_owned());
        Ok(())
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

/// The overlay with the address of every servent. Names take as long as their name servers do.
///
/// # Errors
/// The first line whose host has no address.
pub(super) fn located(overlay: OverlayFile, file: &Path) -> Result<Located, OverlayFileError> {
    overlay.located(file, resolve)
}

/// The same for the servents that are to run on this machine. A name that stands for loopback here, as many systems have
/// their own, is another machine everywhere else.
///
/// # Errors
/// The first line whose host is not this one, or not to be reached by others.
pub(super) fn located_here(overlay: OverlayFile, file: &Path) -> Result<Located, OverlayFileError> {
    let located = overlay.located(file, |host| {
        let ip = resolve(host)?;
        if !ip.is_loopback() {
            return Ok(ip);
        }
        Err(format!(
            "{host} is {ip} on this machine, where nobody else reaches it: name the host by its address, or give the line --bind IP"
        ))
    })?;
    let refuse = |number, cause| OverlayFileError::new(file, number, cause);
    for (address, line) in located.lines() {
        if let Some(host) = line.host().filter(|_| !is_local(*address.ip())) {
            let is_bound = line.command().bind.is_some_and(|bind| bind == *address.ip());
            let what = if is_bound { "--bind".to_owned() } else { format!("{host} is") };
            return Err(refuse(line.number(), format!("{what} {}, which is no address of this machine", address.ip())));
        }
    }
    Ok(located)
}

/// The address that a host's name stands for.
fn resolve(host: &Host) -> Result<Ipv4Addr, String> {
    let addresses =
        (host.as_str(), 0).to_socket_addrs().map_err(|error| format!("cannot resolve '{host}': {error}"))?;
    let ipv4 = addresses.into_iter().find_map(|address| match address {
        SocketAddr::V4(address) => Some(*address.ip()),
        SocketAddr::V6(_) => None,
    });
    ipv4.ok_or_else(|| format!("'{host}' has no IPv4 address"))
}

/// The options of a servent that have a place of their own in a [`CommandLine`].
const ELSEWHERE: [&str; 3] = ["trace", "verbose", "quiet"];

/// Another one: unlike them it is among the options that were typed only if it was.
const BIND: &str = "--bind";

/// Reads the words of a line.
///
/// # Errors
/// What is wrong with them, on one line.
pub fn read_line(words: &[String]) -> Result<CommandLine, String> {
    let (args, mut options) = ServentArgs::parse_words_and_options(words, &ELSEWHERE).map_err(|error| cause(&error))?;
    let bound = options.iter().position(|word| word == BIND);
    if let Some(place) = bound {
        // With its value.
        options.drain(place..place + 2);
    }
    Ok(CommandLine {
        port: args.port(),
        bind: bound.map(|_| args.bind()),
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
        Peer::Name { host, port } => Host::loopback(host).map(|ip| SocketAddrV4::new(ip, *port)),
    };
    Neighbour::new(peer.to_string(), address)
}

/// What is wrong with a line, on one line and without the usage; of an unknown option as well which one may be meant.
fn cause(error: &clap::Error) -> String {
    if !error.use_stderr() {
        return "--help and --version have no place in an overlay file".to_owned();
    }
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim);
    let said: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    // Tips of other kinds are about the order of words on a command line.
    let has_tip = error.kind() == ErrorKind::UnknownArgument;
    let tips = lines.filter(|line| has_tip && line.starts_with("tip: ")).map(|tip| format!("; {tip}"));
    let said = said.join(" ");
    said.strip_prefix("error: ").unwrap_or(&said).to_owned() + &tips.collect::<String>()
}
