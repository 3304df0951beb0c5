//! The probes of a client, by chapter.

mod asking;
mod rig;
mod screen;

pub use rig::{ClientRig, FIRST_QUESTION_WAIT_MAX, framing};
pub use screen::visible;

use super::probe::Probe;

/// All of them, in the order in which they are told.
pub static PROBES: &[&[Probe]] = &[&asking::PROBES];
