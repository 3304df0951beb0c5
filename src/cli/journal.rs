//! Whether systemd's journal takes what is logged. It keeps the time itself.

use nix::sys::stat::{FileStat, fstat};
use std::io;

/// Whether standard error goes to the journal: JOURNAL_STREAM names its device and inode, as systemd.exec(5) has it.
/// A program that was started by a service and has its standard error elsewhere inherits the variable alone.
pub(super) fn is_standard_error() -> bool {
    let named = std::env::var("JOURNAL_STREAM");
    named.is_ok_and(|named| fstat(io::stderr()).is_ok_and(|stderr| is_of(&named, &stderr)))
}

fn is_of(named: &str, stream: &FileStat) -> bool {
    // As text, since the numbers' types differ from system to system.
    named == format!("{}:{}", stream.st_dev, stream.st_ino)
}
