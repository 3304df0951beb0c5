//! Overlay files: a whole overlay as a list of servent command lines.

use super::line::COMMAND_MARK;
use super::{CommandLine, Member, Neighbour, ServentLine};
use crate::launching;
use crate::loading;
use crate::net::is_local;
use crate::text::{escape, escape_path};
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};

/// The longest overlay file that is read, in bytes: hundreds of thousands of servents.
const LEN_MAX: u64 = 16 << 20;

/// An overlay file, checked: every line can start, as far as that can be known without starting it.
///
/// Each line is a servent's command line, `PORT FILE [IP:PORT]... [options]`, in shell quoting; `#` starts a comment.
/// Key-value paths are relative to the overlay file. A line without `--bind` listens on 127.0.0.1. A line
/// `! "COMMAND" PORT FILE [IP:PORT]...` has another program for its servent, which runs in the overlay file's folder
/// ([`launching::Template`] says how it is told the rest).
#[derive(Clone, Debug)]
pub struct OverlayFile {
    /// What key-value paths are relative to.
    pub(super) folder: PathBuf,
    pub(super) lines: Vec<ServentLine>,
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
        let bytes = loading::read(file, LEN_MAX).map_err(|error| OverlayFileError {
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
            if let Some(earlier) = lines.iter().find(|earlier| earlier.address() == line.address()) {
                let cause = format!("{} is taken by line {} already", line.address(), earlier.number());
                return Err(refuse(Some(number), cause));
            }
            let trace = &line.command().trace;
            let same_trace = |earlier: &&ServentLine| trace.is_some() && earlier.command().trace == *trace;
            if let Some(earlier) = lines.iter().find(same_trace) {
                return Err(refuse(
                    Some(number),
                    format!("--trace: line {} writes to this file already", earlier.number()),
                ));
            }
            lines.push(line);
        }
        if lines.is_empty() {
            return Err(refuse(
                None,
                "names no servent: expected lines such as '6001 web.txt 127.0.0.1:6002'".to_owned(),
            ));
        }
        Ok(Self { folder: folder.to_owned(), lines })
    }

    /// No program that is not there can be started.
    fn check_programs(&self, file: &Path) -> Result<(), OverlayFileError> {
        for line in &self.lines {
            let Some(command) = line.foreign_command() else { continue };
            let program = Path::new(&command[0]);
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

    /// The lines whose servents are other programs than this project's, with their commands.
    pub fn foreign(&self) -> impl Iterator<Item = (&ServentLine, Vec<OsString>)> {
        self.lines.iter().filter_map(|line| Some((line, line.foreign_command()?)))
    }

    /// What the paths in its lines are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The addresses of the servents, in the order of the lines.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddrV4> {
        self.lines.iter().map(|line| line.address())
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

    /// The place among [`lines`](Self::lines) of the servent that listens at a neighbour's address. `None` if it is no
    /// servent of this file, or a name that would have to be resolved first.
    #[must_use]
    pub fn place_of(&self, neighbour: &Neighbour) -> Option<usize> {
        self.lines.iter().position(|line| Some(line.address()) == neighbour.address)
    }

    /// The same on other ports: the lowest that a line listens on becomes `base`, and the others keep their distance.
    /// Neighbours follow by their ports; one whose port no line listens on stays.
    ///
    /// # Errors
    /// [`PortBaseError`].
    pub fn with_port_base(&self, base: u16) -> Result<Self, PortBaseError> {
        let own: Vec<_> = self.lines.iter().map(|line| line.command().port).collect();
        let lowest = own.iter().copied().min().unwrap_or(base);
        for line in &self.lines {
            let port = u32::from(line.command().port - lowest) + u32::from(base);
            if port > u32::from(u16::MAX) {
                return Err(PortBaseError::Beyond { line: line.number(), port });
            }
        }
        let shift = |port| if own.contains(&port) { port - lowest + base } else { port };
        // A servent elsewhere listens where it did, on whatever port.
        let is_own = |neighbour: &Neighbour| {
            neighbour.address.is_none_or(|address| {
                is_local(*address.ip()) || self.lines.iter().any(|line| line.address() == address)
            })
        };
        let lines: Vec<_> = self.lines.iter().map(|line| line.shifted(shift, is_own)).collect();
        for line in &self.lines {
            let stays = |neighbour: &&Neighbour| !own.contains(&neighbour.port());
            let is_met = |neighbour: &&Neighbour| lines.iter().any(|line| Some(line.address()) == neighbour.address);
            if let Some(neighbour) = line.command().neighbours.iter().filter(stays).find(is_met) {
                return Err(PortBaseError::Neighbour { line: line.number(), neighbour: neighbour.typed.clone() });
            }
        }
        Ok(Self { folder: self.folder.clone(), lines })
    }

    /// What to start, in the order of the lines. A line that does not say itself how much to log logs all if `verbose`, and
    /// only warnings if not. Of `usual`, options with their values, a line gets those that it does not have itself.
    #[must_use]
    pub fn members(&self, verbose: bool, usual: &[(&str, String)]) -> Vec<Member> {
        let member = |line: &ServentLine| {
            let logging = if verbose { "--verbose" } else { "--quiet" };
            let logging = line.command().logging.is_none().then(|| logging.to_owned());
            let has = |name: &str| line.command().options.iter().any(|word| word == name);
            let usual = usual.iter().filter(|(name, _)| !has(name)).map(|(name, value)| format!("{name}={value}"));
            Member {
                address: line.address(),
                line: line.number(),
                folder: self.folder.clone(),
                start: line.start(logging.into_iter().chain(usual)),
            }
        };
        self.lines.iter().map(member).collect()
    }
}

/// What to add where a file of another kind, above all a key-value file, is taken for an overlay file: no line of it
/// begins with a number.
fn foreign(text: &str) -> &'static str {
    let mut first_words = text.lines().filter_map(|line| line.split_whitespace().next());
    if first_words.any(|word| word.parse::<i64>().is_ok() || word.starts_with(COMMAND_MARK)) {
        return "";
    }
    "; no line begins with a port, so this is no overlay file, which has a line such as '6001 web.txt 127.0.0.1:6002' \
    for each servent; a key-value file is for 'serventTP3 PORT FILE'"
}

/// Says who neighbours whom, a line a servent.
impl fmt::Display for OverlayFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            let neighbours: Vec<_> =
                line.command().neighbours.iter().map(|neighbour| neighbour.typed.as_str()).collect();
            let neighbours =
                if neighbours.is_empty() { "nobody".to_owned() } else { escape(neighbours.join(", ").as_bytes()) };
            let kv_name = escape(line.command().kv_file.file_name().unwrap_or_default().as_encoded_bytes());
            write!(f, "{separator}servent {} ({kv_name}) knows {neighbours}", line.address())?;
        }
        Ok(())
    }
}
