//! Where a servent's trace goes.

use super::FileId;
use crate::text::escape_path;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The trace that a servent writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TraceTarget {
    /// To standard output.
    StandardOutput,
    /// To this file, from its beginning.
    File(PathBuf),
}

impl TraceTarget {
    /// Opens the file, emptied if it is an ordinary one. The key-value file is refused, by whatever path, also as
    /// standard output, and so is a pipe that nobody reads: opening it would wait for somebody who does.
    pub(super) fn open(&self, kv_file: &Path) -> io::Result<File> {
        let path = match self {
            Self::StandardOutput => {
                let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
                refuse_kv_file(&file, kv_file)?;
                return Ok(file);
            }
            Self::File(path) => path,
        };
        let mut options = OpenOptions::new();
        // Behind what is there, so that a file that somebody empties meanwhile has no hole.
        options.append(true).create(true).custom_flags(OFlag::O_NONBLOCK.bits());
        let file = options.open(path).map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENXIO) => io::Error::other("nobody reads this pipe: start its reader first"),
            _ => error,
        })?;
        refuse_kv_file(&file, kv_file)?;
        if file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL)?);
        fcntl(&file, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
        Ok(file)
    }
}

/// Refuses the key-value file itself. What is no ordinary file, such as a terminal, may be both.
fn refuse_kv_file(trace: &File, kv_file: &Path) -> io::Result<()> {
    let found = trace.metadata()?;
    if found.is_file() && FileId::of(&found) == FileId::at(kv_file) {
        return Err(io::Error::other("it is the key-value file: name another one"));
    }
    Ok(())
}

impl std::fmt::Display for TraceTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StandardOutput => f.write_str("standard output"),
            Self::File(path) => f.write_str(&escape_path(path)),
        }
    }
}
