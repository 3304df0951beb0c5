//! What was typed at the prompt, kept between runs in a file that other clients write as well.
//!
//! A thread of its own reads and writes the file, for another program may have locked it, or its disk may not answer.
//! The prompt waits for that thread, so that a line is kept at once, but only for [`WAIT_MAX`].

use crate::text::escape_path;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use rustyline::Config;
use rustyline::history::{FileHistory, History as _};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// How long a prompt waits for the file.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The lines of earlier runs, or that one more is kept.
type Reply = io::Result<Vec<String>>;

/// The file, as far as its thread has got with it.
pub(super) struct History {
    file: PathBuf,
    /// The thread; `None` once no history is kept.
    keeper: Option<Keeper>,
    /// Replies that the thread owes.
    owed: usize,
    /// It was said that the file keeps the thread waiting.
    is_late_said: bool,
}

struct Keeper {
    line_tx: Sender<String>,
    reply_rx: Receiver<Reply>,
}

impl History {
    /// Begins to read `file`. It is made if it is not there, for its owner alone.
    pub(super) fn start(file: PathBuf, config: Config) -> Self {
        let (line_tx, line_rx) = unbounded();
        let (reply_tx, reply_rx) = unbounded();
        let its_file = file.clone();
        // It is left where it waits when the program ends.
        let started = thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || keep(&its_file, &config, &line_rx, &reply_tx).err().map(|error| reply_tx.send(Err(error))));
        let mut history = Self { file, keeper: Some(Keeper { line_tx, reply_rx }), owed: 1, is_late_said: false };
        if let Err(error) = started {
            history.give_up(&error);
        }
        history
    }

    /// Keeps `line`. What other clients wrote meanwhile stays.
    pub(super) fn keep(&mut self, line: &str) {
        // A thread that is gone has said why.
        if self.keeper.as_ref().is_some_and(|keeper| keeper.line_tx.send(line.to_owned()).is_ok()) {
            self.owed += 1;
        }
    }

    /// Waits until all is kept, but not for long, and returns the lines of earlier runs if they have come only now.
    /// What can't be kept, or not yet, is said once.
    pub(super) fn settle(&mut self) -> Vec<String> {
        let mut earlier = Vec::new();
        while self.owed > 0
            && let Some(keeper) = &self.keeper
        {
            let patience = if self.is_late_said { Duration::ZERO } else { WAIT_MAX };
            match keeper.reply_rx.recv_timeout(patience) {
                Ok(Ok(lines)) => {
                    self.owed -= 1;
                    earlier.extend(lines);
                }
                Ok(Err(error)) => self.give_up(&error),
                // What is no file keeps nothing.
                Err(RecvTimeoutError::Disconnected) => self.keeper = None,
                Err(RecvTimeoutError::Timeout) => {
                    if !self.is_late_said {
                        self.is_late_said = true;
                        let file = escape_path(&self.file);
                        log::warn!("the history in {file} is locked, or its disk slow: what is typed is kept later");
                    }
                    break;
                }
            }
        }
        earlier
    }

    fn give_up(&mut self, error: &io::Error) {
        log::warn!("no history is kept in {}: {error}", escape_path(&self.file));
        self.keeper = None;
    }
}

/// Replies with what `file` holds, then keeps each line there and replies that it is.
fn keep(file: &Path, config: &Config, line_rx: &Receiver<String>, reply_tx: &Sender<Reply>) -> io::Result<()> {
    let Some(mut kept) = open(file, config)? else { return Ok(()) };
    // Who asked may be gone, and with it whoever sends lines.
    reply_tx.send(Ok(kept.iter().cloned().collect())).ok();
    for line in line_rx {
        kept.add(&line).and_then(|_| kept.append(file)).map_err(io::Error::other)?;
        reply_tx.send(Ok(Vec::new())).ok();
    }
    Ok(())
}

/// Reads `file`; `None` if it is a device such as /dev/null, which keeps nothing, or a pipe, which would hold up
/// whoever opens it.
fn open(file: &Path, config: &Config) -> io::Result<Option<FileHistory>> {
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => return Ok(None),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => create_private(file)?,
        Err(error) => return Err(error),
    }
    let mut kept = FileHistory::with_config(config);
    kept.load(file).map_err(io::Error::other)?;
    Ok(Some(kept))
}

/// Makes `file`, and the folders that it is in, for their owner alone, unless they are there.
fn create_private(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(file).map(drop)
}
