//! A whole overlay on one machine: real servent processes on loopback, started from one file.
//!
//! An overlay file is a list of servent command lines; see [`OverlayFile`]. The processes run this program's own executable in servent mode
//! ([`SERVENT_MODE`]), so one binary is enough. None outlives its parent: the parent stops them when it ends, and should it be killed, the kernel
//! kills them ([`die_with_parent`]).

use crate::cli::servent::ServentArgs;
use crate::servent::load_store;
use crossbeam_channel::{Receiver, Sender, unbounded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

/// The first argument that makes this program a servent; the parent's process id and the servent's command line follow.
pub const SERVENT_MODE: &str = "--as-servent";

/// What a servent in servent mode writes to standard output once it serves.
pub const READY: &str = "ready\n";

/// How many of a servent's last lines are kept, in case it dies.
const LAST_WORDS_MAX: usize = 10;

/// An overlay file, checked: every line can start, as far as that can be known without starting it.
///
/// Each line is a servent's command line, `PORT FILE [IP:PORT]... [options]`, in shell quoting; `#` starts a comment. Key-value paths are relative to the overlay file.
/// A line without `--bind` listens on 127.0.0.1.
#[derive(Clone, Debug)]
pub struct OverlayFile {
    /// What key-value paths are relative to.
    folder: PathBuf,
    members: Vec<Member>,
}

/// One line of an overlay file.
#[derive(Clone, Debug)]
struct Member {
    address: SocketAddrV4,
    kv_name: String,
    neighbours: Vec<String>,
    verbosity_given: bool,
    words: Vec<String>,
    line: usize,
}

/// Why an overlay file is refused: `file:line: cause`, or `file: cause`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayFileError {
    file: PathBuf,
    line: Option<usize>,
    cause: String,
}

impl fmt::Display for OverlayFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.cause)
    }
}

impl std::error::Error for OverlayFileError {}

impl OverlayFile {
    /// Reads and checks an overlay file, key-value files included.
    ///
    /// # Errors
    /// The first line that can't start, and why.
    pub fn load(file: &Path) -> Result<Self, OverlayFileError> {
        let refuse = |line, cause| OverlayFileError { file: file.to_owned(), line, cause };
        let text = fs::read_to_string(file).map_err(|error| refuse(None, format!("cannot be read: {error}")))?;
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut members: Vec<Member> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let words = shlex::split(line).ok_or_else(|| refuse(Some(number), "an unclosed quote".to_owned()))?;
            if words.is_empty() {
                continue;
            }
            let member = Member::check(words, number, folder).map_err(|cause| refuse(Some(number), cause))?;
            if let Some(earlier) = members.iter().find(|earlier| earlier.address == member.address) {
                let cause = format!("{} is taken by line {} already", member.address, earlier.line);
                return Err(refuse(Some(number), cause));
            }
            members.push(member);
        }
        if members.is_empty() {
            return Err(refuse(
                None,
                "names no servent: expected lines such as '6001 web.txt 127.0.0.1:6002'".to_owned(),
            ));
        }
        Ok(Self { folder: folder.to_owned(), members })
    }

    /// The addresses of the servents, in the order of the lines.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddrV4> {
        self.members.iter().map(|member| member.address)
    }
}

impl Member {
    fn check(typed: Vec<String>, line: usize, folder: &Path) -> Result<Self, String> {
        let mut words = vec!["--bind".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
        words.extend(typed);
        let args = ServentArgs::parse_words(&words).map_err(|error| first_line(&error))?;
        load_store(&folder.join(args.file())).map_err(|error| error.to_string())?;
        let ip = if args.bind().is_unspecified() { Ipv4Addr::LOCALHOST } else { args.bind() };
        Ok(Self {
            address: SocketAddrV4::new(ip, args.port()),
            kv_name: args.file().file_name().unwrap_or_default().to_string_lossy().into_owned(),
            neighbours: args.neighbours().iter().map(ToString::to_string).collect(),
            verbosity_given: args.verbosity().is_given(),
            words,
            line,
        })
    }
}

/// The message of a usage error, without the usage.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// Says who neighbours whom, a line a servent.
impl fmt::Display for OverlayFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, member) in self.members.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            let neighbours =
                if member.neighbours.is_empty() { "nobody".to_owned() } else { member.neighbours.join(", ") };
            write!(f, "{separator}servent {} ({}) knows {neighbours}", member.address, member.kv_name)?;
        }
        Ok(())
    }
}

/// Running servents. Dropping it stops them all.
#[derive(Debug)]
pub struct Overlay {
    processes: Vec<Process>,
    stopping: Arc<AtomicBool>,
    ended_rx: Receiver<usize>,
}

#[derive(Debug)]
struct Process {
    name: String,
    child: Child,
    /// Reads standard error to its end and returns the last lines.
    listener: Option<JoinHandle<VecDeque<String>>>,
}

/// Why an overlay did not start, or did not last.
#[derive(Debug)]
pub enum OverlayError {
    /// A process or thread can't be started.
    System(io::Error),
    /// A servent died: its name, how it ended, and its last words.
    Died {
        /// Its port and line.
        name: String,
        /// How it ended.
        status: String,
        /// The last lines it wrote.
        last_words: Vec<String>,
    },
}

impl fmt::Display for OverlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(f, "cannot start a servent: {error}"),
            Self::Died { name, status, last_words } => {
                write!(f, "{name} died ({status})")?;
                if last_words.is_empty() {
                    return write!(f, " without a word");
                }
                write!(f, "; its last words:")?;
                last_words.iter().try_for_each(|line| write!(f, "\n  {line}"))
            }
        }
    }
}

impl std::error::Error for OverlayError {}

impl Overlay {
    /// Starts every servent of `file` and waits until each serves. What they write to standard error is passed on, each line with the
    /// servent's port in front; `verbose` lets them write more than warnings.
    ///
    /// # Errors
    /// [`OverlayError`]; the servents that had started are stopped.
    pub fn start(file: &OverlayFile, verbose: bool) -> Result<Self, OverlayError> {
        let (ended_tx, ended_rx) = unbounded();
        let mut overlay = Self { processes: Vec::new(), stopping: Arc::default(), ended_rx };
        for index in 0..file.members.len() {
            let process = overlay.spawn(file, index, verbose, ended_tx.clone()).map_err(OverlayError::System)?;
            overlay.processes.push(process);
        }
        for index in 0..overlay.processes.len() {
            let mut answer = Vec::new();
            if let Some(stdout) = overlay.processes[index].child.stdout.take() {
                // A servent that dies closes its end, so this ends either way; a read that fails is no readiness.
                stdout.take(READY.len() as u64).read_to_end(&mut answer).ok();
            }
            if answer != READY.as_bytes() {
                return Err(overlay.obituary(index));
            }
        }
        Ok(overlay)
    }

    /// Receives the index of each servent that ends by itself.
    #[must_use]
    pub fn ended(&self) -> Receiver<usize> {
        self.ended_rx.clone()
    }

    /// Names the servent at `index`, which has ended, and its last words.
    pub fn obituary(&mut self, index: usize) -> OverlayError {
        let process = &mut self.processes[index];
        let status = process.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let words = process.listener.take().and_then(|listener| listener.join().ok()).unwrap_or_default();
        OverlayError::Died { name: process.name.clone(), status, last_words: words.into() }
    }

    fn spawn(&self, file: &OverlayFile, index: usize, verbose: bool, ended_tx: Sender<usize>) -> io::Result<Process> {
        let member = &file.members[index];
        let quiet = !verbose && !member.verbosity_given;
        let mut child = Command::new(std::env::current_exe()?)
            .args([SERVENT_MODE, &std::process::id().to_string()])
            .args(&member.words)
            .args(quiet.then_some("--quiet"))
            .current_dir(&file.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C at the terminal is for the client; the servents get a group of their own.
            .process_group(0)
            .spawn()?;
        let name = format!("servent {} (line {})", member.address, member.line);
        let (port, stopping) = (member.address.port(), Arc::clone(&self.stopping));
        let stderr = child.stderr.take();
        let listener = Builder::new().name(name.clone()).spawn(move || {
            let mut last_words = VecDeque::new();
            let lines = stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).split(b'\n')).map_while(Result::ok);
            for line in lines.map(|line| String::from_utf8_lossy(&line).into_owned()) {
                if verbose || !stopping.load(Ordering::Relaxed) {
                    writeln!(io::stderr(), "[{port}] {line}").ok();
                }
                if last_words.len() == LAST_WORDS_MAX {
                    last_words.pop_front();
                }
                last_words.push_back(line);
            }
            ended_tx.send(index).ok();
            last_words
        })?;
        Ok(Process { name, child, listener: Some(listener) })
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        for process in &self.processes {
            if process.listener.is_some()
                && let Ok(pid) = i32::try_from(process.child.id())
            {
                // One that has ended already needs no signal; its id is not reused before it is waited for.
                kill(Pid::from_raw(pid), Signal::SIGTERM).ok();
            }
        }
        for process in &mut self.processes {
            if let Some(listener) = process.listener.take() {
                process.child.wait().ok();
                listener.join().ok();
            }
        }
    }
}

/// Makes this process, a servent in servent mode, die when its parent does. Where the system has no parent-death signal, it does nothing.
///
/// # Errors
/// If the parent is gone already, or the system refuses.
pub fn die_with_parent(parent: u32) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    if std::os::unix::process::parent_id() == parent {
        Ok(())
    } else {
        Err(io::Error::other("the program that started this servent is gone"))
    }
}
