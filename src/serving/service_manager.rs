//! What the service manager is told, where one runs the servent: that it serves, and that it stops. This is what systemd
//! calls `Type=notify` (sd_notify(3)).

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Where the service manager listens, in the environment of whom it started: a path, or behind `@` an abstract name.
pub const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";

/// How long it may take to listen before the servent goes on without it.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// That the servent serves from now on.
pub(super) fn serves() {
    say("READY=1");
}

/// That it was told to stop, and does.
pub(super) fn stops() {
    say("STOPPING=1");
}

/// Nobody is told anything, and nothing is said, where there is no service manager.
fn say(state: &str) {
    let Some(socket) = env::var_os(NOTIFY_SOCKET).filter(|socket| !socket.is_empty()) else { return };
    match send(state, &socket) {
        Ok(()) => log::debug!("told the service manager {state}"),
        Err(error) => {
            log::warn!("cannot tell the service manager at {} that {state}: {error}", socket.display());
        }
    }
}

fn send(state: &str, socket: &OsStr) -> io::Result<()> {
    let sender = UnixDatagram::unbound()?;
    sender.set_write_timeout(Some(WAIT_MAX))?;
    sender.send_to_addr(state.as_bytes(), &address(socket)?).map(drop)
}

fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    match socket.as_encoded_bytes().strip_prefix(b"@") {
        Some(name) => named(name),
        None => SocketAddr::from_pathname(socket),
    }
}

#[cfg(target_os = "linux")]
fn named(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn named(_name: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::other("there are no abstract sockets here"))
}
