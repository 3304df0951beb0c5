//! What nobody waits for costs nothing: receivers wait on their sockets, and a stop wakes them.

use crate::support::processes::wakeups;
use crate::support::wire::{clireq, response};
use crate::support::{CLIENT, Peer, Program, Rig, Servent, TempDir, until};
use nix::sys::signal::Signal;
use std::time::Duration;

/// What a program may take from its last wait to its end.
const ENDING_MAX: Duration = Duration::from_millis(5);

/// Ends that are looked at: on a machine that is busy with other things most may be late, but not all.
const ENDINGS: usize = 20;

/// It ended up to 100 ms late: the receiver looked that often whether it should stop.
#[test]
fn p40_the_client_ends_within_5_ms_of_its_last_wait() {
    let silent = Peer::new();
    let address = silent.addr().to_string();
    let ending = || {
        let args = [&address, "http", "--timeout", "0.05", "--tries", "1", "--json"];
        let mut program = Program::start(CLIENT, args);
        // This is written when the last wait is over.
        program.stdout.expect("finished");
        program.finish().waited
    };
    let endings: Vec<_> = (0..ENDINGS).map(|_| ending()).collect();
    assert!(endings.iter().any(|ending| *ending < ENDING_MAX), "{endings:?}");
}

/// Each receiver woke ten times a second, to look whether it should stop.
#[test]
fn an_idle_servent_and_a_client_that_waits_do_not_wake() {
    let (dir, peer) = (TempDir::new(), Peer::new());
    let servent = Servent::start(&dir.write("pairs.txt", b"http 80/tcp\n"), &[]);
    peer.send(servent.addr(), &clireq(b"http"));
    assert_eq!(peer.recv().0, response(b"http", b"80/tcp"));
    let client = Program::start(CLIENT, [&peer.addr().to_string(), "http", "--timeout", "600"]);
    assert_eq!(peer.recv().0, clireq(b"http"));
    for (name, pid) in [("servent", servent.pid()), ("client", client.pid())] {
        // On a busy machine it may be at the question above for a while: some second has to be quiet.
        until(&format!("a {name} that rests for a second"), || {
            let before = wakeups(pid);
            // Nothing happens meanwhile, which is what is waited for.
            std::thread::park_timeout(Duration::from_secs(1));
            wakeups(pid) <= before + 1
        });
    }
    drop(client);
    servent.stop();
}

/// A stop took up to 100 ms, for the same reason. On a machine that is busy with other things the fastest tells.
#[test]
fn a_servent_stops_without_waiting_for_its_receiver() {
    let stops = (0..10).map(|_| Rig::new(0, &[]).servent.stop_by(Signal::SIGTERM).0.waited);
    let fastest = stops.min().unwrap();
    assert!(fastest < Duration::from_millis(25), "a stop took {fastest:?}");
}
