//! Reading the key-value file again while the servent serves (P-35).

use crate::actor::aside::aside;
use crate::loading::LoadError;
use crate::protocol::{Loaded, Store};
use crate::servent::Servent;
use crate::text::{counted, escape_path};
use crossbeam_channel::{Receiver, RecvError, never};
use log::Level;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the thread that reads the file.
pub(super) const LOADER: &str = "loader";

/// The reloads of a servent: at most one at a time, in a thread of its own, and one more if it is asked for meanwhile.
#[derive(Debug)]
pub struct Reloads {
    file: PathBuf,
    /// How many pairs the servent answers from.
    pairs: usize,
    /// Brings what is being read; nothing ever if nothing is.
    pub(super) loaded_rx: Receiver<Result<Loaded, LoadError>>,
    is_reading: bool,
    again: bool,
}

impl Reloads {
    /// Of a servent that answers from `pairs` pairs of `file`.
    #[must_use]
    pub fn new(file: PathBuf, pairs: usize) -> Self {
        Self { file, pairs, loaded_rx: never(), is_reading: false, again: false }
    }

    /// Begins to read the file, or puts that off until what is being read is read.
    pub(super) fn ask(&mut self) {
        if is_standard_input(&self.file) {
            log::warn!("standard input was read to its end; still answering from what it held");
            return;
        }
        if self.is_reading {
            self.again = true;
            return;
        }
        let file = self.file.clone();
        match aside(LOADER, move || read(&file)) {
            Ok(loaded_rx) => (self.loaded_rx, self.is_reading) = (loaded_rx, true),
            Err(error) => self.keep(format_args!("cannot read {} again: {error}", escape_path(&self.file))),
        }
    }

    /// Lets `servent` answer from what was read, unless that failed or it holds nothing where there was something. False
    /// if the thread that read panicked.
    pub(super) fn finish(&mut self, loaded: Result<Result<Loaded, LoadError>, RecvError>, servent: &Servent) -> bool {
        (self.loaded_rx, self.is_reading) = (never(), false);
        match loaded {
            Ok(Ok(loaded)) => self.replace(loaded, servent),
            Ok(Err(error)) => self.keep(error),
            Err(RecvError) => return false,
        }
        if std::mem::take(&mut self.again) {
            self.ask();
        }
        true
    }

    fn replace(&mut self, loaded: Loaded, servent: &Servent) {
        say_warnings(&loaded, &self.file);
        let (pairs, file) = (loaded.store.len(), escape_path(&self.file));
        if pairs == 0 && self.pairs > 0 {
            return self.keep(format_args!("{file} holds no pair any more"));
        }
        servent.replace_store(loaded.store);
        self.pairs = pairs;
        log::info!("reloaded {} from {file}", counted(pairs, "pair"));
    }

    fn keep(&self, cause: impl std::fmt::Display) {
        log::error!("{cause}; still answering from what was read before, {}", counted(self.pairs, "pair"));
    }
}

/// Whether `file` is the `-` that stands for standard input, which ends but once.
#[must_use]
pub fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Reads a key-value file, or standard input.
pub(super) fn read(file: &Path) -> Result<Loaded, LoadError> {
    if is_standard_input(file) { Store::read_from(io::stdin().lock(), file) } else { Store::read(file) }
}

/// Logs what is wrong with a key-value file, and what may be (P-31, P-33).
pub(super) fn say_warnings(loaded: &Loaded, file: &Path) {
    for warning in loaded.warnings() {
        let level = if warning.is_remark() { Level::Info } else { Level::Warn };
        log::log!(level, "{}", warning.about(file));
    }
}
