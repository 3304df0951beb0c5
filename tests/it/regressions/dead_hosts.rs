//! Clients of the local network whose hosts do not answer. The kernel keeps what is sent there for seconds, until it
//! gives the host up, and it keeps it in the send buffer.

use crate::support::namespace::{DEAD_HOSTS, in_namespace};
use crate::support::wire::query;
#[cfg(not(feature = "portable-net"))]
use crate::support::{CLIENT, Program};
use crate::support::{Peer, Rig, until};
use nix::sys::signal::Signal;
use servent::batch::Outbox;
use servent::net::{DatagramSink, Offload, SendFailure, Socket, WhenFull};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

fn on_dead_host(number: u8) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(10, 8, 0, number), 53)
}

/// The send buffer had room for what one dead host is owed and for nothing else, and the servent waited for more: 300
/// QUERYs of a stranger stopped it for two seconds.
#[test]
fn p25_answers_to_a_dead_host_hold_up_nobody_else() {
    let test = "regressions::dead_hosts::p25_answers_to_a_dead_host_hold_up_nobody_else";
    in_namespace(test, &DEAD_HOSTS, || {
        let rig = Rig::new(1, &[]);
        let stranger = Peer::new();
        // One by one: in groups they would take less of it.
        for seq in 0..600 {
            stranger.send(rig.addr(), &query(1, on_dead_host(9), seq, b"http"));
            let asked = Instant::now();
            rig.settle();
            let waited = asked.elapsed();
            assert!(waited < Duration::from_secs(1), "an answer took {waited:?} after {} QUERYs", seq + 1);
        }
        rig.stop().expect(&[("answered", 600), ("sent", 600), ("send_failed_no_buffers", 0)]);
    });
}

/// Enough dead hosts fill any send buffer. What finds no room is given up and counted, and all else goes on.
#[test]
fn p25_a_full_send_buffer_costs_datagrams_and_not_time() {
    let test = "regressions::dead_hosts::p25_a_full_send_buffer_costs_datagrams_and_not_time";
    in_namespace(test, &DEAD_HOSTS, || {
        let mut rig = Rig::new(0, &[]);
        let stranger = Peer::new();
        let mut seq = 0;
        until("a full send buffer", || {
            for _ in 0..1_000 {
                stranger.send(rig.addr(), &query(1, on_dead_host((seq % 200) as u8 + 10), seq, b"http"));
                seq += 1;
            }
            rig.servent.has_said("no buffer space")
        });
        let (finished, counters) = rig.servent.stop_by(Signal::SIGTERM);
        assert!(finished.waited < Duration::from_secs(1), "gone after {:?}", finished.waited);
        let failed = counters.get("send_failed_no_buffers");
        assert!(failed > 0, "{counters:?}");
        assert_eq!(counters.get("answered"), counters.get("sent") + failed, "{counters:?}");
        counters.expect(&[("send_failed_unreachable", 0), ("send_failed_other", 0)]);
    });
}

/// A sender that may not wait stops where there is no room, and the next call goes on there: each datagram leaves, or is
/// told of, once. With lengths that share groups, and with some that do not.
#[test]
fn p25_a_sender_that_may_not_wait_stops_and_goes_on_where_it_stopped() {
    let test = "regressions::dead_hosts::p25_a_sender_that_may_not_wait_stops_and_goes_on_where_it_stopped";
    in_namespace(test, &DEAD_HOSTS, || {
        for offload in [Offload::WhereAvailable, Offload::Off] {
            let (_, mut sender, _) = Socket::bind("0.0.0.0:0".parse().unwrap()).unwrap().split(offload).unwrap();
            let mut outbox = Outbox::default();
            for number in 0..12_000_u32 {
                let len = if number % 3_000 < 2_000 { 700 } else { 1 + number as usize % 700 };
                let datagram = outbox.write(|bytes| bytes.resize(bytes.len() + len, 7));
                outbox.send(&datagram, on_dead_host((number / 100) as u8 + 10));
            }
            let (mut dealt_with, mut stops) = (0, 0);
            for when_full in [WhenFull::Return, WhenFull::Return, WhenFull::Wait] {
                let mut failed = 0;
                let sent = sender.send(&outbox, when_full, |_, failure| {
                    assert_eq!(failure, SendFailure::NoBuffers);
                    failed += 1;
                });
                dealt_with += sent.datagrams + failed;
                stops += usize::from(sent.is_unfinished);
                assert!(failed == 0 || when_full == WhenFull::Wait, "{failed} were given up without waiting");
            }
            assert_eq!((dealt_with, stops), (outbox.len(), 2), "{offload:?}");
        }
    });
}

/// It was silence until the end, though the system had given up looking for the host after three seconds.
#[test]
#[cfg(not(feature = "portable-net"))]
fn p46_a_client_says_that_there_is_no_way_to_a_host_and_its_retransmission_leaves_all_the_same() {
    let test = "regressions::dead_hosts::p46_a_client_says_that_there_is_no_way_to_a_host_and_its_retransmission_leaves_all_the_same";
    in_namespace(test, &DEAD_HOSTS, || {
        let finished = Program::start(CLIENT, ["10.8.0.9:6001", "http", "--timeout", "3.5"]).finish();
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        let told = "no way to 10.8.0.9:6001: the host or its network is unreachable";
        assert_eq!(finished.stderr.matches(told).count(), 1, "{}", finished.stderr);
        assert!(!finished.stderr.contains("could not send"), "{}", finished.stderr);
    });
}
