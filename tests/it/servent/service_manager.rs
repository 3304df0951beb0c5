//! What systemd is told of a servent that it starts with `Type=notify`; a socket of the test listens in its place.

use crate::support::wire::{clireq, response};
use crate::support::{DEADLINE, Peer, Program, SERVENT, Servent, TP3, TempDir, ports};
use nix::sys::signal::Signal;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;

fn servent(file: &Path, port: u16, socket: impl AsRef<OsStr>) -> Command {
    let mut command = Program::command(SERVENT, Servent::words(port, file, &[]));
    command.env("NOTIFY_SOCKET", socket);
    command
}

fn expect(manager: &UnixDatagram, told: &str) {
    manager.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut buffer = [0; 100];
    let len = manager.recv(&mut buffer).unwrap();
    assert_eq!(String::from_utf8_lossy(&buffer[..len]), told);
}

/// Nothing is under way: whoever could tell it anything is gone.
fn expect_nothing(manager: &UnixDatagram) {
    manager.set_nonblocking(true).unwrap();
    let told = manager.recv(&mut [0; 100]).map_err(|error| error.kind());
    assert_eq!(told, Err(ErrorKind::WouldBlock));
}

fn told_by_a_servent(manager: &UnixDatagram, socket: &OsStr) {
    let dir = TempDir::new();
    let file = dir.write("pairs.txt", b"http\t80/tcp\n");
    let servent = Servent::start_command(|port| servent(&file, port, socket));
    expect(manager, "READY=1");
    // It is ready indeed.
    let client = Peer::new();
    client.send(servent.addr(), &clireq(b"http"));
    client.expect(servent.addr(), &response(b"http", b"80/tcp"));
    let (finished, _) = servent.stop_by(Signal::SIGTERM);
    assert_eq!(finished.code, Some(0));
    expect(manager, "STOPPING=1");
    expect_nothing(manager);
}

#[test]
fn it_is_told_at_a_path_that_the_servent_serves_and_that_it_stops() {
    let dir = TempDir::new();
    let path = dir.path().join("notify socket");
    told_by_a_servent(&UnixDatagram::bind(&path).unwrap(), path.as_os_str());
}

#[cfg(target_os = "linux")]
#[test]
fn it_is_told_at_an_abstract_name_as_well() {
    use std::os::linux::net::SocketAddrExt;
    // Nobody else has this one: it is of the path of a folder that only this test has.
    let dir = TempDir::new();
    let name = dir.path().to_str().unwrap();
    let address = std::os::unix::net::SocketAddr::from_abstract_name(name).unwrap();
    told_by_a_servent(&UnixDatagram::bind_addr(&address).unwrap(), format!("@{name}").as_ref());
}

#[test]
fn p34_it_is_not_told_ready_by_a_servent_that_can_not_serve() {
    let dir = TempDir::new();
    let path = dir.path().join("socket");
    let manager = UnixDatagram::bind(&path).unwrap();
    let finished = Program::spawn(&mut servent(&dir.path().join("absent.txt"), ports::free(), &path)).finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    expect_nothing(&manager);
}

#[test]
fn where_nobody_listens_that_is_said_and_the_servent_serves_and_where_there_is_no_manager_nothing_is_said() {
    let dir = TempDir::new();
    let file = dir.write("pairs.txt", b"http\t80/tcp\n");
    for (socket, said) in [(dir.path().join("absent"), 2), ("".into(), 0)] {
        let servent = Servent::start_command(|port| servent(&file, port, &socket));
        let client = Peer::new();
        client.send(servent.addr(), &clireq(b"http"));
        client.expect(servent.addr(), &response(b"http", b"80/tcp"));
        let (finished, _) = servent.stop_by(Signal::SIGTERM);
        assert_eq!(finished.code, Some(0));
        let remarks = finished.stderr.lines().filter(|line| line.contains("service manager"));
        assert_eq!(remarks.count(), said, "{}", finished.stderr);
    }
}

/// Its servents would tell it that the overlay is ready while others of them still start.
#[test]
fn it_is_told_nothing_by_the_servents_of_an_overlay() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http\t80/tcp\n");
    let file = dir.write("overlay.txt", format!("{} pairs.txt\n", ports::free()).as_bytes());
    let path = dir.path().join("socket");
    let manager = UnixDatagram::bind(&path).unwrap();
    let words = ["overlay", file.to_str().unwrap(), "http", "--timeout", "0.2"];
    let finished = Program::spawn(Program::command(TP3, words).env("NOTIFY_SOCKET", &path)).finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    expect_nothing(&manager);
}
