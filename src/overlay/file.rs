//! Overlay files: a whole overlay as a list of servent command lines.

use super::line::COMMAND_MARK;
use super::places::Places;
use super::taken::Taken;
use super::{CommandLine, Host, Neighbour, ServentLine};
use crate::launching;
use crate::loading;
use crate::net::is_local;
use crate::text::escape_path;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};

/// An overlay file, checked: every line can start, as far as that can be known without starting it.
///
/// Each line is a servent's command line, `PORT FILE [IP:PORT]... [options]`, in shell quoting; `#` starts a comment.
/// Key-value paths are relative to the overlay file. A line without `--bind` listens on 127.0.0.1. A line
/// `! "COMMAND" PORT FILE [IP:PORT]...` has another program for its servent, which runs in the overlay file's folder
/// ([`launching::Template`] says how it is told the rest).
///
/// An overlay on several machines has `HOST:PORT` in the place of PORT, on every line: the servent lives on that host, and
/// listens at its address unless the line says `--bind`. Neighbours name it by the same words.
#[derive(Clone, Debug)]
pub struct OverlayFile {
    /// What key-value paths are relative to.
    pub(super) folder: PathBuf,
    lines: Vec<ServentLine>,
    /// How many of them listen on a port.
    ports: HashMap<u16, usize>,
    places: Places,
}

/// Why an overlay file is refused: `file:line: cause`, or `file: cause`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayFileError {
    pub(super) file: PathBuf,
    pub(super) line: Option<usize>,
    pub(super) cause: String,
}

impl fmt::Display for OverlayFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", escape_path(&self.file))?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.cause)
    }
}

impl std::error::Error for OverlayFileError {}

impl OverlayFileError {
    /// That a line of `file` is wrong, for this cause; or without a line, all of it.
    #[must_use]
    pub fn new(file: &Path, line: impl Into<Option<usize>>, cause: String) -> Self {
        Self { file: file.to_owned(), line: line.into(), cause }
    }
}

/// Why an overlay can't be put on other ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortBaseError {
    /// A port would be above 65535.
    Beyond {
        /// Whose.
        line: usize,
        /// Which.
        port: u32,
    },
    /// A neighbour that is none of the file's would become one.
    Neighbour {
        /// Whose it is.
        line: usize,
        /// As typed.
        neighbour: String,
    },
}

impl fmt::Display for PortBaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beyond { line, port } => {
                write!(f, "line {line} would listen on port {port}, and the last one is 65535")
            }
            Self::Neighbour { line, neighbour } => {
                write!(f, "line {line} has the neighbour {neighbour}, where a servent of the file would then listen")
            }
        }
    }
}

impl std::error::Error for PortBaseError {}

impl OverlayFile {
    /// The longest overlay file that is read, in bytes: hundreds of thousands of servents.
    pub const LEN_MAX: u64 = 16 << 20;

    pub(super) fn new(folder: PathBuf, mut lines: Vec<ServentLine>) -> Self {
        let mut ports = HashMap::new();
        lines.iter().for_each(|line| *ports.entry(line.command().port).or_default() += 1);
        let places = Places::of(&lines);
        let bound: Vec<_> = lines.iter().map(ServentLine::bound).collect();
        for line in &mut lines {
            line.bind_neighbours(|neighbour| places.of_neighbour(neighbour).and_then(|place| bound[place]));
        }
        Self { folder, lines, ports, places }
    }

    /// Reads and checks an overlay file. See [`OverlayFile::parse`] for how a line and a key-value file are. No trace may
    /// go to one of the files `kept`.
    ///
    /// # Errors
    /// The first line that can't start, and why.
    pub fn load(
        file: &Path,
        kept: &[PathBuf],
        read_line: impl Fn(&[String]) -> Result<CommandLine, String>,
        check_kv_file: impl Fn(&Path, &Path) -> Result<(), String>,
    ) -> Result<Self, OverlayFileError> {
        let bytes = loading::read(file, Self::LEN_MAX).map_err(|error| OverlayFileError {
            file: file.to_owned(),
            line: None,
            cause: format!("cannot be read: {error}"),
        })?;
        let overlay = Self::parse(file, &bytes, read_line, check_kv_file)?;
        overlay.check_programs(file)?;
        overlay.check_traces(file, kept)?;
        Ok(overlay)
    }

    /// Checks the `bytes` of the overlay file `file`. Nothing is read or opened here: `read_line` reads the words of a
    /// servent's command line, and `check_kv_file` says what is wrong with a key-value file, given as typed and as a path
    /// from here. What they say is on one line.
    ///
    /// # Errors
    /// See [`OverlayFile::load`].
    pub fn parse(
        file: &Path,
        bytes: &[u8],
        read_line: impl Fn(&[String]) -> Result<CommandLine, String>,
        check_kv_file: impl Fn(&Path, &Path) -> Result<(), String>,
    ) -> Result<Self, OverlayFileError> {
        let refuse = |line, cause| OverlayFileError { file: file.to_owned(), line, cause };
        // Comments may be in any encoding; a path that is not UTF-8 is then not found, on its line.
        let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut lines: Vec<ServentLine> = Vec::new();
        let mut taken = Taken::default();
        for (index, typed) in text.lines().enumerate() {
            let number = index + 1;
            let words = shlex::split(typed).ok_or_else(|| refuse(Some(number), "an unclosed quote".to_owned()))?;
            if words.is_empty() {
                continue;
            }
            let line = ServentLine::check(words, number, &read_line)
                .map_err(|cause| refuse(Some(number), cause + foreign(&text)))?;
            let kv_file = &line.command().kv_file;
            check_kv_file(kv_file, &folder.join(kv_file)).map_err(|cause| refuse(Some(number), cause))?;
            taken.take(&line).map_err(|cause| refuse(Some(number), cause))?;
            lines.push(line);
        }
        if lines.is_empty() {
            return Err(refuse(
                None,
                "names no servent: expected lines such as '6001 web.txt 127.0.0.1:6002'".to_owned(),
            ));
        }
        Ok(Self::new(folder.to_owned(), lines))
    }

    /// No program that is not there can be started. What other hosts have is not known here.
    fn check_programs(&self, file: &Path) -> Result<(), OverlayFileError> {
        for line in self.lines.iter().filter(|line| line.host().is_none()) {
            let Some(program) = line.foreign_program() else { continue };
            // A name is looked up in the search path; a path is relative to where it is started.
            let is_name = program.components().count() == 1 && !program.is_absolute();
            let found = if is_name { program.to_owned() } else { self.folder.join(program) };
            if !launching::exists(&found) {
                let cause = format!("there is no program '{}'", escape_path(program));
                return Err(OverlayFileError { file: file.to_owned(), line: Some(line.number()), cause });
            }
        }
        Ok(())
    }

    /// What the paths in its lines are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key-value files of the servents, in the order of the lines.
    pub fn kv_files(&self) -> impl Iterator<Item = PathBuf> {
        self.lines.iter().map(|line| self.folder.join(&line.command().kv_file))
    }

    /// The lines that start a servent, in order.
    #[must_use]
    pub fn lines(&self) -> &[ServentLine] {
        &self.lines
    }

    /// The place among [`lines`](Self::lines) of the servent that a neighbour is: it listens at its address, or lives on the
    /// host that it is named by. `None` if it is no servent of this file, or a name that would have to be resolved first.
    #[must_use]
    pub fn place_of(&self, neighbour: &Neighbour) -> Option<usize> {
        self.places.of_neighbour(neighbour)
    }

    /// Whether one line alone listens on a port.
    pub(super) fn is_alone_on(&self, port: u16) -> bool {
        self.ports.get(&port) == Some(&1)
    }

    /// The hosts that its servents live on, in the order in which they are first named; none if that is this machine.
    #[must_use]
    pub fn hosts(&self) -> Vec<&Host> {
        let mut known = HashSet::new();
        self.lines.iter().filter_map(ServentLine::host).filter(|host| known.insert(*host)).collect()
    }

    /// The servents that live on a host alone; those of others are neighbours elsewhere. `None`: there are none.
    #[must_use]
    pub fn share_of(&self, host: &Host) -> Option<Self> {
        let is_its = |line: &&ServentLine| line.host().is_some_and(|its| its.is_called(host.as_str()));
        let lines: Vec<_> = self.lines.iter().filter(is_its).cloned().collect();
        (!lines.is_empty()).then(|| Self::new(self.folder.clone(), lines))
    }

    /// The same on other ports: the lowest that a line listens on becomes `base`, and the others keep their distance.
    /// Neighbours follow by their ports; one whose port no line listens on stays.
    ///
    /// # Errors
    /// [`PortBaseError`].
    pub fn with_port_base(&self, base: u16) -> Result<Self, PortBaseError> {
        let lowest = self.ports.keys().copied().min().unwrap_or(base);
        for line in &self.lines {
            let port = u32::from(line.command().port - lowest) + u32::from(base);
            if port > u32::from(u16::MAX) {
                return Err(PortBaseError::Beyond { line: line.number(), port });
            }
        }
        let shift = |port| if self.ports.contains_key(&port) { port - lowest + base } else { port };
        // A servent elsewhere listens where it did, on whatever port.
        let is_here = self.hosts().is_empty();
        let is_own = |neighbour: &Neighbour| {
            let is_local = |address: SocketAddrV4| is_local(*address.ip());
            (is_here && neighbour.address.is_none_or(is_local)) || self.place_of(neighbour).is_some()
        };
        let lines = self.lines.iter().map(|line| line.shifted(shift, is_own)).collect();
        let shifted = Self::new(self.folder.clone(), lines);
        for line in &self.lines {
            let stays = |neighbour: &&Neighbour| !self.ports.contains_key(&neighbour.port());
            let is_met = |neighbour: &&Neighbour| shifted.place_of(neighbour).is_some();
            if let Some(neighbour) = line.command().neighbours.iter().filter(stays).find(is_met) {
                return Err(PortBaseError::Neighbour { line: line.number(), neighbour: neighbour.typed.clone() });
            }
        }
        Ok(shifted)
    }
}

/// What to add where a file of another kind, above all a key-value file, is taken for an overlay file: no line of it
/// begins with a port or an option.
fn foreign(text: &str) -> &'static str {
    let mut first_words = text.lines().filter_map(|line| line.split_whitespace().next());
    // Of HOST:PORT, the port.
    let is_number = |word: &str| word.rsplit(':').next().is_some_and(|port| port.parse::<i64>().is_ok());
    if first_words.any(|word| is_number(word) || word.starts_with([COMMAND_MARK, '-'])) {
        return "";
    }
    "; no line begins with a port, so this is no overlay file, which has a line such as '6001 web.txt 127.0.0.1:6002' \
    for each servent; a key-value file is for 'serventTP3 PORT FILE'"
}
