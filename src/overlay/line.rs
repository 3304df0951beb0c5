//! What a line of an overlay file says.

use crate::serving::TraceTarget;
use serde::Serialize;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;

/// What a servent's command line says, as far as an overlay has to know it.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// The port to listen on.
    pub port: u16,
    /// The address to listen on.
    pub bind: Ipv4Addr,
    /// The key-value file, as typed.
    pub kv_file: PathBuf,
    /// The neighbours, in the order typed.
    pub neighbours: Vec<Neighbour>,
    /// Where the trace goes, if there is one; a path as typed.
    pub trace: Option<TraceTarget>,
    /// What it asks to have logged; `None` if it leaves that open.
    pub logging: Option<Logging>,
    /// The options that are none of the above, by their full names, each value a word behind its option.
    pub options: Vec<String>,
}

/// A neighbour, as a command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// As typed.
    pub typed: String,
    /// Its address, if that can be told without resolving a name.
    pub address: Option<SocketAddrV4>,
}

/// How much a servent logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Logging {
    /// Warnings and errors.
    Warnings,
    /// What a servent logs without being told how much.
    Usual,
    /// What becomes of each datagram as well.
    All,
}

/// A servent to start.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where it will listen.
    pub address: SocketAddrV4,
    /// The line of the overlay file that asks for it.
    pub line: usize,
    /// The folder to start it in.
    pub folder: PathBuf,
    /// Its command line, without the program's name.
    pub words: Vec<String>,
}

/// One line that starts a servent.
#[derive(Clone, Debug)]
pub struct ServentLine {
    number: usize,
    address: SocketAddrV4,
    command: CommandLine,
    words: Vec<String>,
}

impl ServentLine {
    /// Reads the words of the line `number`, typed without the program's name.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn check(
        typed: Vec<String>,
        number: usize,
        read_line: impl Fn(&[String]) -> Result<CommandLine, String>,
    ) -> Result<Self, String> {
        let mut words = vec!["--bind".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
        words.extend(typed);
        let command = read_line(&words)?;
        let ip = if command.bind.is_unspecified() { Ipv4Addr::LOCALHOST } else { command.bind };
        if command.trace == Some(TraceTarget::StandardOutput) {
            return Err("--trace -: standard output is the client's, name a file".to_owned());
        }
        Ok(Self { number, address: SocketAddrV4::new(ip, command.port), command, words })
    }

    /// Which line of the file it is, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Where a client on this machine reaches the servent.
    #[must_use]
    pub fn address(&self) -> SocketAddrV4 {
        self.address
    }

    /// What it says. A path in it is relative to the overlay file.
    #[must_use]
    pub fn command(&self) -> &CommandLine {
        &self.command
    }

    /// The words of the servent's command line, `--bind` always among them.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }
}
