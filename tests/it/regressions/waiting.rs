//! Receivers looked every 100 ms whether they were to stop: an idle servent woke up for it, and whoever stopped one waited.

use crate::support::processes::switches;
use crate::support::wire::clireq;
use crate::support::{CLIENT, Peer, Program, Rig};
use std::time::{Duration, Instant};

#[test]
fn an_idle_servent_does_not_wake_up() {
    let rig = Rig::new(1, &[]);
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    rig.recv_at(0);
    rig.settle();
    let before = switches(rig.servent.pid());
    // Nobody sends anything, so this is a second.
    assert!(Peer::new().recv_within(Duration::from_secs(1)).is_none());
    let woken = switches(rig.servent.pid()) - before;
    // The last batch may have just left.
    assert!(woken <= 3, "its threads woke up {woken} times");
    drop(rig);
}

#[test]
fn a_servent_stops_and_a_client_ends_without_waiting_for_a_receiver() {
    let servent = Peer::new();
    let addr = servent.addr().to_string();
    let wait = Duration::from_millis(50);
    let mut fastest = Duration::MAX;
    // The machine may be busy: the fastest tells.
    for _ in 0..10 {
        let begun = Instant::now();
        let client = Program::start(CLIENT, [&addr, "absent", "--timeout", "0.05", "--tries", "1"]);
        assert_eq!(client.finish().code, Some(1));
        fastest = fastest.min(begun.elapsed());
    }
    assert!(fastest >= wait && fastest < wait + Duration::from_millis(25), "a wait of {wait:?} took {fastest:?}");

    let stops = (0..10).map(|_| Rig::new(0, &[]).servent.stop_by(nix::sys::signal::Signal::SIGTERM).0.waited);
    let fastest = stops.min().unwrap();
    assert!(fastest < Duration::from_millis(25), "a stop took {fastest:?}");
}
