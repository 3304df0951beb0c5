//! `tp3 --launch`: this program on its way to become another one.

use super::Limits;
use nix::unistd::setsid;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The first word that makes `tp3` a launcher. Behind it: the process id of who starts it, `terminal` or `pipes`, the limits,
/// then the command.
pub const LAUNCH_MODE: &str = "--launch";

/// The exit code of a launch that failed. The cause is all that standard error then holds, behind [`REFUSED`].
pub(super) const EXIT_REFUSED: i32 = 126;

/// What the one line on standard error begins with if a launch failed.
pub(super) const REFUSED: &str = "tp3 --launch: ";

/// The word for a program whose standard input is a terminal, which then becomes the one that it is controlled by.
pub(super) const TERMINAL: &str = "terminal";

/// The word for a program whose standard input is none.
pub(super) const PIPES: &str = "pipes";

/// Prepares this process by the words behind [`LAUNCH_MODE`], and becomes the command: it dies with the thread that started
/// it, leads a session of its own, and is limited.
///
/// Returns only if that failed: the line to say on standard error, and the exit code.
pub fn launch_mode(words: impl Iterator<Item = OsString>) -> (String, u8) {
    let cause = match launch(words) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    (format!("{REFUSED}{cause}"), u8::try_from(EXIT_REFUSED).unwrap_or(u8::MAX))
}

fn launch(mut words: impl Iterator<Item = OsString>) -> io::Result<std::convert::Infallible> {
    let unclear = || io::Error::new(io::ErrorKind::InvalidInput, "it is told nothing that it understands");
    let mut word = || words.next().and_then(|word| word.into_string().ok()).ok_or_else(unclear);
    let parent: u32 = word()?.parse().map_err(|_| unclear())?;
    let has_terminal = word()? == TERMINAL;
    let limits: Limits = word()?.parse().map_err(|()| unclear())?;
    let program = words.next().ok_or_else(unclear)?;
    die_with_parent(parent)?;
    setsid()?;
    if has_terminal {
        rustix::process::ioctl_tiocsctty(io::stdin())?;
    }
    limits.apply()?;
    Err(Command::new(program).args(words).exec())
}

/// Makes this process die when the thread that started it does; `parent` is the process of that thread. Where the system
/// has no parent-death signal, it does nothing.
///
/// # Errors
/// If the parent is gone already, for which no signal would come any more, or the system refuses.
pub fn die_with_parent(parent: u32) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    if std::os::unix::process::parent_id() == parent {
        Ok(())
    } else {
        Err(io::Error::other("the program that started this one is gone"))
    }
}
