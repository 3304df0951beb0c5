//! The terminal that a program is shown.

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, OutputFlags, SetArg, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;

/// How large it is.
const WINDOW: rustix::termios::Winsize =
    rustix::termios::Winsize { ws_row: 50, ws_col: 250, ws_xpixel: 0, ws_ypixel: 0 };

/// A terminal's two ends, ours first. It does not echo, and does not touch what passes. Other programs that are started at
/// this moment inherit neither.
pub(super) fn terminal() -> io::Result<(File, File)> {
    let ours = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let its = OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(ptsname_r(&ours)?)?;
    let mut modes = tcgetattr(&its)?;
    modes.local_flags.remove(LocalFlags::ECHO | LocalFlags::ECHOE | LocalFlags::ECHOK | LocalFlags::ECHONL);
    modes.output_flags.remove(OutputFlags::OPOST);
    tcsetattr(&its, SetArg::TCSANOW, &modes)?;
    rustix::termios::tcsetwinsize(&its, WINDOW)?;
    Ok((File::from(OwnedFd::from(ours)), its))
}
