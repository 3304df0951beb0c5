//! Whether somebody's program keeps the protocol: probes, verdicts, and how they are told.
//!
//! | file | holds | what is absent from it |
//! |---|---|---|
//! | `words` | what is said, in both languages | |
//! | `sentences` | the assignment's sentences that probes quote | |
//! | `bytes` | datagrams shown: fields by name, the first wrong byte | I/O |
//! | `causes` | the usual cause of a failure, from its bytes | I/O |
//! | `framing` | how a program writes text: raw, with a NUL, padded | I/O |
//! | `probe` | what a probe is, and what it finds | |
//! | `verdict` | what became of each probe, and the exit code | I/O |
//! | `command` | the command of the program under test, and its placeholders | I/O |
//! | `isolation` | a network of its own for a thread | |
//! | `readiness` | whether a program listens | |
//! | `conversation` | every datagram that was seen | |
//! | `rig` | programs under test with sockets around them | what is right or wrong |
//! | `schedule` | which probe runs when, and where | |
//! | `servent`, `client` | the probes, by chapter | |
//! | `checking` | a whole check | |
//! | `report` | what is told of it | I/O |
//!
//! A probe is a function on a [`Rig`]: it starts the program afresh, sends, awaits, and says what was wrong. Silence counts
//! only if a control question was answered behind it, so that no verdict hangs on a short time.

pub mod bytes;
pub mod causes;
pub mod checking;
pub mod client;
pub mod command;
pub mod conversation;
pub mod framing;
pub mod isolation;
pub mod probe;
pub mod readiness;
pub mod report;
pub mod rig;
pub mod schedule;
pub mod sentences;
pub mod servent;
pub mod verdict;
pub mod words;

pub use bytes::{Field, Kind, fields, first_difference};
pub use checking::{Check, CheckError, Checked, Finished};
pub use command::{Placed, Template};
pub use conversation::{Conversation, Entry, What};
pub use framing::Framing;
pub use probe::{Chapter, Edition, Failure, Level, Outcome, Probe, Sentence, Shown, Stop, Target};
pub use rig::{Datagram, PeerId, ProgramId, Rig, Setup, World};
pub use verdict::{ProbeResult, Standing, Verdict};
pub use words::Words;
