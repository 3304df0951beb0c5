//! Whole overlays: the overlay file, and its servents, or those of one host, as running processes.
//!
//! | file | holds |
//! |---|---|
//! | `file` | an overlay file, read and checked: one parser for everybody |
//! | `line` | what a line of it says |
//! | `neighbour` | whom it names as a neighbour |
//! | `places` | which line that is |
//! | `taken` | what lines take, each for itself: addresses, hosts' names, traces |
//! | `host` | the host that a line lives on |
//! | `located` | the same with an address for every servent, ready to be started |
//! | `listing` | what was read, as JSON for other programs |
//! | `traces` | where the traces of its servents go |
//! | `start_report` | how a servent's start went, as it says itself |
//! | `sniffer` | what they say to each other, captured |
//! | `error` | why an overlay did not start, or did not last |
//! | `reading` | what a servent writes, read to its end |
//! | `orders` | orders to one, which nobody waits for |
//! | `process` | a servent that runs, whoever wrote it: `process/own` ours, `process/foreign` somebody else's |
//! | `processes` | all of them, started, watched and stopped |
//!
//! A line of an overlay file is a servent's command line. How such a line is read and which program is started with it
//! are the caller's to say ([`CommandLine`], [`ServentProgram`]): nothing here knows the options of a servent beyond
//! those that have a place of their own in a [`CommandLine`], or which program the caller is. A line that begins with `!`
//! names its program itself: an overlay file can run anything.

mod error;
mod file;
mod host;
mod line;
mod listing;
mod located;
mod neighbour;
mod orders;
mod places;
mod process;
mod processes;
mod reading;
mod sniffer;
mod start_report;
mod taken;
mod traces;

pub use error::OverlayError;
pub use file::{OverlayFile, OverlayFileError, PortBaseError};
pub use host::Host;
pub use line::{CommandLine, Logging, Member, ServentLine, Start};
pub use located::Located;
pub use neighbour::Neighbour;
pub use processes::{Overlay, PassedOn, Ready, ServentProgram, TRACED, Traces};
pub use sniffer::{Sniffer, SnifferError};
pub use start_report::StartReport;
