//! What a line of an overlay file says.

use crate::protocol::SeenConfig;
use crate::serving::{self, TraceTarget};
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
    /// For how long and how many queries it remembers, as its options say.
    pub seen: SeenConfig,
    /// The options that are none of the above but the last, by their full names, each value a word behind its option.
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

impl Neighbour {
    /// The port, which every neighbour has.
    pub(super) fn port(&self) -> u16 {
        let port = self.typed.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        port.expect("a checked neighbour ends with its port")
    }

    fn shift(&mut self, shift: impl Fn(u16) -> u16) {
        let port = shift(self.port());
        if let Some((host, _)) = self.typed.rsplit_once(':') {
            self.typed = format!("{host}:{port}");
        }
        if let Some(address) = &mut self.address {
            address.set_port(port);
        }
    }
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
        if serving::is_standard_input(&command.kv_file) {
            return Err("FILE -: standard input is the client's, name a file".to_owned());
        }
        if command.trace == Some(TraceTarget::StandardOutput) {
            return Err("--trace -: standard output is the client's, name a file".to_owned());
        }
        Ok(Self { number, address: SocketAddrV4::new(ip, command.port), command })
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
    pub fn words(&self) -> Vec<String> {
        let CommandLine { port, bind, kv_file, neighbours, trace, logging, options, .. } = &self.command;
        let mut words = vec!["--bind".to_owned(), bind.to_string()];
        words.extend(options.iter().cloned());
        if let Some(TraceTarget::File(path)) = trace {
            // In one word: the path may begin with a dash.
            words.push(format!("--trace={}", path.to_string_lossy()));
        }
        match logging {
            Some(Logging::Warnings) => words.push("--quiet".to_owned()),
            Some(Logging::All) => words.push("--verbose".to_owned()),
            // What makes it usual is among the options.
            Some(Logging::Usual) | None => {}
        }
        words.extend(["--".to_owned(), port.to_string(), kv_file.to_string_lossy().into_owned()]);
        words.extend(neighbours.iter().map(|neighbour| neighbour.typed.clone()));
        words
    }

    /// The same with a trace to `path`, unless it has one.
    pub(super) fn traced(&self, path: PathBuf) -> Self {
        let mut line = self.clone();
        line.command.trace.get_or_insert(TraceTarget::File(path));
        line
    }

    /// The same with each port as `shift` says.
    pub(super) fn shifted(&self, shift: impl Fn(u16) -> u16, is_own: impl Fn(&Neighbour) -> bool) -> Self {
        let mut line = self.clone();
        line.command.port = shift(line.command.port);
        line.address.set_port(line.command.port);
        let own = line.command.neighbours.iter_mut().filter(|neighbour| is_own(neighbour));
        own.for_each(|neighbour| neighbour.shift(&shift));
        line
    }
}
