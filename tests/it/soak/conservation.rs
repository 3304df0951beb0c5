//! Nothing is lost without being counted: what was sent to a servent is what it received and what the kernel shed.

use super::checks::{EVERY_CAUSE, check_happened, check_log, check_sends};
use super::figures::print_counters;
use super::mix::{Mix, pairs};
use super::{NETWORKS, length, wait_max};
use crate::support::kernel::{loopback_drops, waiting_bytes};
use crate::support::namespace::measure_in_namespace;
use crate::support::{Peer, Servent, TempDir, until};
use nix::sys::signal::Signal;
use std::thread::{Builder, scope};
use std::time::Instant;

/// Without offload a shed buffer is a datagram. What remains uncertain is only what loopback itself drops on the way,
/// usually nothing, whose destination it does not tell.
#[test]
#[ignore = "takes seconds and all of the machine: tests/soak runs it"]
fn every_datagram_sent_was_received_or_shed_and_every_one_received_has_an_end() {
    let test = "soak::conservation::every_datagram_sent_was_received_or_shed_and_every_one_received_has_an_end";
    measure_in_namespace(test, &NETWORKS, wait_max(), || {
        let (dir, neighbour) = (TempDir::new(), Peer::new());
        let mut args = vec![neighbour.addr().to_string()];
        args.extend(["10.9.0.2:6001", "--no-offload", "--response-limit", "20"].map(str::to_owned));
        let servent = Servent::start(&dir.write("pairs.txt", &pairs(0)), &args);
        let to = [servent.addr()];
        let (start, length) = (Instant::now(), length() / 6);
        let sent: u64 = scope(|scope| {
            let send = |number| {
                let mut mix = Mix::new(number, &to, &neighbour).countable();
                let send = move || {
                    while start.elapsed() < length {
                        (0..64).for_each(|_| mix.send_one());
                    }
                    mix.sent()
                };
                Builder::new().name("load".into()).spawn_scoped(scope, send).unwrap()
            };
            let senders: Vec<_> = (0..3).map(send).collect();
            senders.into_iter().map(|sender| sender.join().unwrap()).sum()
        });
        let took = start.elapsed();
        until("nothing waits", || waiting_bytes(to[0].port()) == 0);
        let dropped = loopback_drops();
        let (finished, counters) = servent.stop_by(Signal::SIGTERM);
        print_counters(&[("alone", &counters)], took);
        let (received, shed) = (counters.get("received"), counters.get("receive_shed"));
        eprintln!("{sent} sent = {received} received + {shed} shed, and loopback dropped {dropped}\n");
        let unaccounted = sent.checked_sub(received + shed).expect("no more than was sent");
        assert!(unaccounted <= dropped, "{unaccounted} of {sent} datagrams are neither received nor shed");
        check_happened("alone", &counters, &EVERY_CAUSE);
        check_sends("alone", &counters, 2);
        check_log("alone", &finished.stderr);
    });
}
