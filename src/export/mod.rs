//! What is needed to run an overlay on other machines, as files.
//!
//! | file | holds |
//! |---|---|
//! | `plan` | what every target is made from: the servents of an overlay file that was checked, and their key-value files |
//! | `ssh` | a script that runs a share of it on each of many hosts |
//!
//! Nothing is read or written here: files come in as bytes and go out as [`ExportedFile`]s, or it is said which line can't
//! be run there and why. A new target is a file beside `ssh` with a [`Target`], and a line in [`TARGETS`].

mod plan;
mod ssh;

pub use plan::{Known, KvFile, Plan, Planned};

use crate::overlay::OverlayFileError;
use std::path::PathBuf;

/// Somewhere an overlay can be run.
#[derive(Debug)]
pub struct Target {
    /// The word that stands for it.
    pub name: &'static str,
    /// What it is, for help: a few words.
    pub about: &'static str,
    /// Whether its servents can be dealt out to hosts (`--hosts`).
    pub takes_hosts: bool,
    /// Makes everything that is needed to run a plan there.
    ///
    /// # Errors
    /// What of the plan can't be run there, with its line.
    pub make: fn(&Plan) -> Result<Export, OverlayFileError>,
}

/// All targets, in the order in which they are listed.
pub const TARGETS: &[Target] = &[ssh::TARGET];

/// Everything that is needed to run an overlay somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// What is to be written.
    pub files: Vec<ExportedFile>,
    /// Commands to type next, in the folder that it was written to; what stands behind a `#` explains them.
    pub next: Vec<String>,
}

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// Where, below the folder of the export: words of letters, digits, dots, dashes and underscores.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether it is a program.
    pub is_executable: bool,
}

impl ExportedFile {
    /// A text, or the bytes of a file that is copied.
    pub(crate) fn new(path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into(), is_executable: false }
    }

    /// A script.
    pub(crate) fn script(path: impl Into<PathBuf>, text: impl Into<Vec<u8>>) -> Self {
        Self { is_executable: true, ..Self::new(path, text) }
    }
}
