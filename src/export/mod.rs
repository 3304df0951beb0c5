//! What is needed to run an overlay on other machines, as files.
//!
//! | file | holds |
//! |---|---|
//! | `plan` | what every target is made from: the servents of an overlay file that was checked, and their key-value files |
//! | `instances` | what its servents are called where each is a service of its own |
//! | `compose` | containers, by Docker Compose or on a swarm |
//! | `ssh` | a script that runs a share of it on each of many hosts |
//! | `systemd` | services of systemd |
//!
//! Nothing is read or written here: files come in as bytes and go out as [`ExportedFile`]s, or it is said which line can't
//! be run there and why. A new target is a file beside `ssh` with a [`Target`], and a line in [`TARGETS`].

mod compose;
mod instances;
mod plan;
mod ssh;
mod systemd;

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
    /// Whether what is made for it has a client that asks for a key (`--key`).
    pub takes_key: bool,
    /// The programs that it needs without shared libraries (`--programs`).
    pub programs: &'static [&'static str],
    /// Makes everything that is needed to run a plan there.
    ///
    /// # Errors
    /// What of the plan can't be run there, with its line.
    pub make: fn(&Plan, &Wishes) -> Result<Export, OverlayFileError>,
}

/// What a target is told beside the plan.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The key that its client asks for; `None`: one that the first servent holds.
    pub key: Option<String>,
    /// The programs that it needs, to be written as they are.
    pub programs: Vec<ExportedFile>,
}

/// All targets, in the order in which they are listed.
pub const TARGETS: &[Target] = &[compose::TARGET, ssh::TARGET, systemd::TARGET];

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

    /// A program or a script.
    pub(crate) fn script(path: impl Into<PathBuf>, text: impl Into<Vec<u8>>) -> Self {
        Self { is_executable: true, ..Self::new(path, text) }
    }
}
