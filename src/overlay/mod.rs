//! Whole overlays on one machine: the overlay file, and its servents as running processes.
//!
//! | file | holds |
//! |---|---|
//! | `file` | an overlay file, read and checked: one parser for everybody |
//! | `processes` | its servents, started, watched and stopped |
//!
//! A line of an overlay file is a servent's command line. How such a line is read and which program is started with it
//! are the caller's to say ([`CommandLine`], [`ServentProgram`]): nothing here knows the options of a servent beyond
//! `--bind` and `--quiet`, or which program the caller is.

mod file;
mod processes;

pub use file::{CommandLine, Logging, Member, Neighbour, OverlayFile, OverlayFileError, ServentLine};
pub use processes::{Overlay, OverlayError, READY, ServentProgram, die_with_parent};
