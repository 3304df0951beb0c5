//! A named pipe that a program reads from.

use super::until;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Makes one at `path`.
pub(crate) fn make(path: &Path) {
    mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
}

/// Its end to write to, once somebody reads from it: who reads then waits for what is written, or for this to close.
pub(crate) fn await_reader(path: &Path) -> File {
    let mut writer = None;
    until("a reader of the pipe", || {
        writer = open(path).inspect_err(|error| assert_eq!(error.raw_os_error(), Some(Errno::ENXIO as i32))).ok();
        writer.is_some()
    });
    writer.unwrap()
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)
}
