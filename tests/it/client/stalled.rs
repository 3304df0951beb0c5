//! Whoever reads the answers has stopped to, and has not gone.

use super::{TIMEOUT, expect_clireq};
use crate::support::wire::response;
use crate::support::{CLIENT, Peer, Program, TempDir, until};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;

/// Its answers waited in a write that heard no signal; only SIGKILL ended it.
#[test]
fn a_client_whose_reader_stalls_leaves_when_it_is_told_to() {
    let dir = TempDir::new();
    let path = dir.path().join("fifo");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let open =
        |write: bool| OpenOptions::new().read(!write).write(write).custom_flags(nix::libc::O_NONBLOCK).open(&path);
    // Open, and never read.
    let _reader = open(false).unwrap();
    let writer = OpenOptions::new().write(true).open(&path).unwrap();

    let servent = Peer::new();
    let mut command = Program::command(CLIENT, [&servent.addr().to_string(), TIMEOUT[0], TIMEOUT[1]]);
    let mut program = command.arg("http").stdout(Stdio::from(writer)).spawn().unwrap();
    let filler = open(true).unwrap();
    while (&filler).write(&[0; 4_096]).is_ok() {}
    let client = expect_clireq(&servent, b"http");
    servent.send(client, &response(b"http", b"80/tcp"));
    // The first thread shows answers; what it waits in has the kernel's name.
    let waits_in = format!("/proc/{}/wchan", program.id());
    until("a write that waits", || fs::read_to_string(&waits_in).unwrap().contains("pipe_write"));
    kill(Pid::from_raw(program.id() as i32), Signal::SIGTERM).unwrap();
    let mut ended = None;
    until("the end of the client", || {
        ended = program.try_wait().unwrap();
        ended.is_some()
    });
    assert_eq!(ended.and_then(|status| status.code()), Some(143));
}
