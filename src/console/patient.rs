//! Outputs that wait for room, whoever made them not to.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// An output that waits for room even if it is non-blocking. It may have become that through another program: all that
/// have the same terminal or pipe share it.
#[derive(Debug)]
pub struct Patient<W>(pub W);

impl<W: AsFd> Patient<W> {
    fn with_patience<T>(&mut self, mut act: impl FnMut(&mut W) -> io::Result<T>) -> io::Result<T> {
        loop {
            match act(&mut self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], None) {
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(errno) => return Err(errno.into()),
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

impl<W: Write + AsFd> Write for Patient<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.with_patience(|output| output.write(text))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with_patience(Write::flush)
    }
}
