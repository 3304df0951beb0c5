//! What a line of an overlay file says.

use super::{Host, Neighbour};
use crate::launching::{Placed, Template};
use crate::protocol::SeenConfig;
use crate::serving::{self, TraceTarget};
use crate::text::escape;
use serde::Serialize;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

/// What a servent's command line says, as far as an overlay has to know it.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// The port to listen on.
    pub port: u16,
    /// The address to listen on, if it says one.
    pub bind: Option<Ipv4Addr>,
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

impl CommandLine {
    /// Whether it says more than where to listen, what to hold and whom to know.
    fn is_more_than_a_place(&self) -> bool {
        self.bind.is_some() || self.trace.is_some() || self.logging.is_some() || !self.options.is_empty()
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
    /// What to start.
    pub start: Start,
}

/// What to start as a servent.
#[derive(Clone, Debug)]
pub enum Start {
    /// This project's servent: its command line, without the program's name.
    Own(Vec<String>),
    /// Somebody else's program: its command line, the program first.
    Foreign(Vec<OsString>),
}

/// Which program serves a line.
#[derive(Clone, Debug)]
enum Program {
    Own,
    /// Somebody else's, by its command.
    Foreign(Template),
}

/// What stands in front of a command.
pub(super) const COMMAND_MARK: char = '!';

/// One line that starts a servent.
#[derive(Clone, Debug)]
pub struct ServentLine {
    number: usize,
    host: Option<Host>,
    program: Program,
    command: CommandLine,
}

impl ServentLine {
    /// Reads the words of the line `number`: a servent's command line without the program's name, or behind `!` and the
    /// command of another program what that is to be told.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn check(
        typed: Vec<String>,
        number: usize,
        read_line: impl Fn(&[String]) -> Result<CommandLine, String>,
    ) -> Result<Self, String> {
        if let Some(word) = typed.iter().find(|word| word.contains('\0')) {
            return Err(format!("no command line can hold a NUL: {}", escape(word.as_bytes())));
        }
        let (program, mut words) = program_of(typed)?;
        let host = host_of(&mut words)?;
        let command = read_line(&words).map_err(|cause| match &host {
            None if has_host_behind_options(&words) => cause + "; HOST:PORT stands in front of options",
            _ => cause,
        })?;
        if matches!(program, Program::Foreign(_)) && command.is_more_than_a_place() {
            return Err(
                "a servent of another program takes no options of serventTP3: its own are words of COMMAND".to_owned()
            );
        }
        if serving::is_standard_input(&command.kv_file) {
            return Err("FILE -: standard input is the client's, name a file".to_owned());
        }
        if command.trace == Some(TraceTarget::StandardOutput) {
            return Err("--trace -: standard output is the client's, name a file".to_owned());
        }
        Ok(Self { number, host, program, command })
    }

    /// Which line of the file it is, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The host that its servent lives on. `None`: this machine.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// Where its servent is reached, if that can be told without resolving its host's name: where it says that it listens,
    /// or else at its host's address, or else on loopback.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddrV4> {
        let ip = self.bound_ip().or_else(|| match &self.host {
            Some(host) => host.ip(),
            None => Some(Ipv4Addr::LOCALHOST),
        })?;
        Some(SocketAddrV4::new(ip, self.command.port))
    }

    /// The one address that it says it listens on.
    fn bound_ip(&self) -> Option<Ipv4Addr> {
        self.command.bind.filter(|bind| !bind.is_unspecified())
    }

    /// The same with its port.
    pub(super) fn bound(&self) -> Option<SocketAddrV4> {
        self.bound_ip().map(|ip| SocketAddrV4::new(ip, self.command.port))
    }

    /// Where its servent is, as the file has it: `HOST:PORT`, or an address.
    #[must_use]
    pub fn place(&self) -> String {
        let port = self.command.port;
        match &self.host {
            Some(host) => format!("{host}:{port}"),
            None => format!("{}:{port}", self.bound_ip().unwrap_or(Ipv4Addr::LOCALHOST)),
        }
    }

    /// What it says. A path in it is relative to the overlay file.
    #[must_use]
    pub fn command(&self) -> &CommandLine {
        &self.command
    }

    /// The program and its arguments, if another one than this project's servent serves the line. It is told that it is at
    /// `place`, and has its key-value file at this path.
    pub(super) fn foreign_command(&self, place: String, kv_file: &Path) -> Option<Vec<OsString>> {
        let Program::Foreign(template) = &self.program else { return None };
        // The address of a name, or the name.
        let neighbour = |neighbour: &Neighbour| match neighbour.bound.or(neighbour.address) {
            Some(address) => address.to_string(),
            None => neighbour.typed.clone(),
        };
        Some(template.place(&Placed {
            port: self.command.port,
            address: place,
            file: Some(kv_file.to_owned()),
            neighbours: self.command.neighbours.iter().map(neighbour).collect(),
        }))
    }

    /// Whether another program than this project's servent serves it.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        matches!(self.program, Program::Foreign(_))
    }

    /// The program of another servent, as typed.
    pub(super) fn foreign_program(&self) -> Option<&Path> {
        match &self.program {
            Program::Foreign(template) => Some(Path::new(template.program())),
            Program::Own => None,
        }
    }

    /// What to start at `address`. A servent of this project gets the words `more` in front.
    pub(super) fn start(&self, address: SocketAddrV4, more: impl IntoIterator<Item = String>) -> Start {
        match self.foreign_command(address.to_string(), &self.command.kv_file) {
            Some(command) => Start::Foreign(command),
            // In front: behind a `--` of the line's they would be neighbours.
            None => Start::Own(more.into_iter().chain(self.words(*address.ip())).collect()),
        }
    }

    /// The words of the servent's command line, `--bind` always among them: `ip`, unless the line says another.
    fn words(&self, ip: Ipv4Addr) -> Vec<String> {
        let CommandLine { port, bind, kv_file, neighbours, trace, logging, options, .. } = &self.command;
        let mut words = vec!["--bind".to_owned(), bind.unwrap_or(ip).to_string()];
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
        words.extend(neighbours.iter().map(Neighbour::reached));
        words
    }

    /// Lets its neighbours be reached where servents of the overlay file say that they listen.
    pub(super) fn bind_neighbours(&mut self, bound: impl Fn(&Neighbour) -> Option<SocketAddrV4>) {
        for neighbour in &mut self.command.neighbours {
            neighbour.bound = bound(neighbour).or(neighbour.bound);
        }
    }

    /// The same with a trace to `path`, unless it has one, or can't write any.
    pub(super) fn traced(&self, path: PathBuf) -> Self {
        let mut line = self.clone();
        if matches!(line.program, Program::Own) {
            line.command.trace.get_or_insert(TraceTarget::File(path));
        }
        line
    }

    /// The same with each port as `shift` says.
    pub(super) fn shifted(&self, shift: impl Fn(u16) -> u16, is_own: impl Fn(&Neighbour) -> bool) -> Self {
        let mut line = self.clone();
        line.command.port = shift(line.command.port);
        let own = line.command.neighbours.iter_mut().filter(|neighbour| is_own(neighbour));
        own.for_each(|neighbour| neighbour.shift(&shift));
        line
    }
}

/// Which program a line is for, and the words that say the rest.
fn program_of(mut typed: Vec<String>) -> Result<(Program, Vec<String>), String> {
    let Some(command) = typed.first().and_then(|word| word.strip_prefix(COMMAND_MARK)).map(str::to_owned) else {
        return Ok((Program::Own, typed));
    };
    let mut rest = typed.split_off(1).into_iter();
    // With a space between them or without.
    let command = if command.is_empty() { rest.next().unwrap_or_default() } else { command };
    let words = shlex::split(&command).ok_or_else(|| format!("an unclosed quote in the command {command}"))?;
    let is_command = words.first().is_some_and(|program| !program.is_empty());
    let template = Template::new(words.into_iter().map(OsString::from).collect()).filter(|_| is_command);
    let example = "expected a command behind the !, for example ! \"python3 servent.py\" 6001 web.txt 127.0.0.1:6002";
    let template = template.ok_or(example)?;
    if !template.names_program() {
        return Err("a placeholder stands where the program belongs, in front of COMMAND".to_owned());
    }
    Ok((Program::Foreign(template), rest.collect()))
}

/// Whether a line begins with an option, and might have `HOST:PORT` behind it.
fn has_host_behind_options(words: &[String]) -> bool {
    let is_place = |word: &String| {
        word.rsplit_once(':').is_some_and(|(host, port)| host.parse::<Host>().is_ok() && port.parse::<u16>().is_ok())
    };
    words.first().is_some_and(|word| word.starts_with('-')) && words.iter().any(is_place)
}

/// Takes the host off the first word, if that is `HOST:PORT`: the port is left.
fn host_of(words: &mut [String]) -> Result<Option<Host>, String> {
    let Some(place) = words.first_mut().filter(|word| !word.starts_with('-')) else { return Ok(None) };
    let Some((host, port)) = place.rsplit_once(':') else { return Ok(None) };
    let (host, port) = (host.parse::<Host>()?, port.to_owned());
    *place = port;
    Ok(Some(host))
}
