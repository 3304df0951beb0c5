//! The end of a program, seen from another thread than that which holds it.

use super::family;
use std::io;
use std::time::Duration;

/// Sees how a program goes on, and stays true when the program has ended and its number is another one's.
#[derive(Debug)]
pub struct Watch {
    id: u32,
    mark: String,
    #[cfg(target_os = "linux")]
    process: std::os::fd::OwnedFd,
}

impl Watch {
    #[cfg(target_os = "linux")]
    pub(super) fn new(id: u32, mark: &str) -> io::Result<Self> {
        use rustix::process::{Pid, PidfdFlags, pidfd_open};
        let number = i32::try_from(id).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
        let process = pidfd_open(number, PidfdFlags::empty())?;
        Ok(Self { id, mark: mark.to_owned(), process })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn new(id: u32, mark: &str) -> io::Result<Self> {
        let _ = (id, mark);
        Err(io::Error::new(io::ErrorKind::Unsupported, "this system does not tell whether a program listens"))
    }

    /// The processes of the program: itself, and what descends from it.
    #[must_use]
    pub fn members(&self) -> Vec<u32> {
        family::members(self.id, &self.mark)
    }

    /// Waits until the program ends, at most this long if there is a limit, and tells whether it has.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn wait(&self, wait_max: Option<Duration>) -> bool {
        use nix::errno::Errno;
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        use std::os::fd::AsFd;
        let timeout =
            wait_max.map_or(PollTimeout::NONE, |wait| PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX));
        loop {
            match poll(&mut [PollFd::new(self.process.as_fd(), PollFlags::POLLIN)], timeout) {
                // Begun anew, at worst it waits longer.
                Err(Errno::EINTR) => {}
                Ok(count) => return count > 0,
                // It can't be watched any more, which is as good as an end.
                Err(_) => return true,
            }
        }
    }

    /// See above; nobody has one here.
    #[cfg(not(target_os = "linux"))]
    #[must_use]
    pub fn wait(&self, _wait_max: Option<Duration>) -> bool {
        true
    }
}
