//! Key-value files on disk: read, parsed, and what is wrong with them said.

use crate::protocol::{FRAGMENTED_LEN_MIN, Loaded, Store, StoreFull, parse_kv_file};
use std::fmt;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

/// Why a key-value file can't be used.
#[derive(Debug)]
pub enum LoadError {
    /// It can't be read.
    Read(PathBuf, io::Error),
    /// It holds too much.
    Full(PathBuf, StoreFull),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(file, error) => write!(f, "cannot read the key-value file {}: {error}", file.display()),
            Self::Full(file, error) => write!(f, "cannot use the key-value file {}: {error}", file.display()),
        }
    }
}

impl std::error::Error for LoadError {}

/// Reads a key-value file.
///
/// # Errors
/// [`LoadError`], which names the file and the cause.
pub fn read_kv_file(file: &Path) -> Result<Loaded, LoadError> {
    let bytes = fs::read(file).map_err(|error| LoadError::Read(file.to_owned(), error))?;
    parse_kv_file(&bytes, secret()).map_err(|error| LoadError::Full(file.to_owned(), error))
}

/// Reads a key-value file and logs a warning for what it skips (P-33).
///
/// # Errors
/// [`LoadError`], which names the file and the cause.
pub fn load_store(file: &Path) -> Result<Store, LoadError> {
    let loaded = read_kv_file(file)?;
    for skipped in &loaded.skipped {
        log::warn!("{}:{skipped}", file.display());
    }
    let unshown = loaded.skipped_count - loaded.skipped.len();
    if unshown > 0 {
        log::warn!("{}: {unshown} more lines skipped", file.display());
    }
    let fragmented = loaded.store.fragmented();
    if fragmented > 0 {
        log::warn!(
            "{}: {fragmented} pairs make RESPONSEs of {FRAGMENTED_LEN_MIN} bytes or more, which IP cuts into pieces",
            file.display()
        );
    }
    Ok(loaded.store)
}

/// 128 random bits from the standard library's source of them.
#[must_use]
pub fn secret() -> [u64; 2] {
    [0, 1].map(|half: u64| RandomState::new().hash_one(half))
}
