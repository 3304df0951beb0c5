//! `receive_shed`: what the kernel dropped after the last datagram that it delivered was not counted.

use crate::support::kernel::waiting_bytes;
use crate::support::wire::clireq;
use crate::support::{Counters, Peer, Servent, TempDir, until};
use nix::sys::signal::Signal;

const DATAGRAM_LEN: usize = 1_000;

/// A servent whose receive buffer has overflowed while it was stopped, and how much it was sent. It runs on, and
/// nothing else comes.
struct Overflowed {
    servent: Servent,
    sent: u64,
    _dir: TempDir,
}

fn overflowed() -> Overflowed {
    let dir = TempDir::new();
    // Without offload, what the kernel drops is a datagram each.
    let servent = Servent::start(&dir.write("pairs.txt", b"http 80/tcp\n"), &["--no-offload".to_owned()]);
    let (_, granted) = servent.banner().split_once("receive buffer ").unwrap();
    let granted_kib: usize = granted.split(' ').next().unwrap().parse().unwrap();
    // Linux grants twice what it says, and counts more than a datagram's own bytes.
    let count = 2 * 1_024 * granted_kib / DATAGRAM_LEN + 100;
    let (peer, echo) = (Peer::new(), Peer::new());
    let absent = clireq(&[b'x'; DATAGRAM_LEN - 2]);
    servent.while_paused(|| {
        for index in 0..count {
            peer.send(servent.addr(), &absent);
            // The way to the receive buffer has a short queue of its own, whose drops nobody counts. It is empty once
            // this came through.
            if index % 100 == 0 {
                peer.send(echo.addr(), b"echo");
                echo.expect(peer.addr(), b"echo");
            }
        }
    });
    Overflowed { servent, sent: count as u64, _dir: dir }
}

#[test]
fn what_was_shed_last_is_counted_once_the_servent_is_idle() {
    let Overflowed { mut servent, sent, _dir } = overflowed();
    let (mut received, mut shed) = (0, 0);
    until("everything counted", || {
        servent.signal(Signal::SIGUSR1);
        received = next_row(&mut servent, "received");
        shed = next_row(&mut servent, "receive_shed");
        received + shed >= sent
    });
    assert!(shed > 0 && received + shed == sent, "{received} received + {shed} shed of {sent}");
    servent.stop().expect(&[("received", received), ("receive_shed", shed), ("not_found", received)]);
}

#[test]
fn what_was_shed_last_is_counted_by_a_servent_that_stops_at_once() {
    let Overflowed { servent, sent, _dir } = overflowed();
    let port = servent.addr().port();
    until("its receive buffer empty", || waiting_bytes(port) == 0);
    let counters = servent.stop();
    let (received, shed) = (counters.get("received"), counters.get("receive_shed"));
    assert!(shed > 0 && received + shed == sent, "{received} received + {shed} shed of {sent}");
}

/// The next row of this name that the servent prints.
fn next_row(servent: &mut Servent, name: &str) -> u64 {
    let line = servent.expect_line(&format!("  {name} "));
    Counters::row(&line).unwrap_or_else(|| panic!("no row of the table: {line:?}")).1
}
