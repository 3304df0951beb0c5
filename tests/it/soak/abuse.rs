//! Neighbours and clients that do harm by what they do not do.

use super::asker::{Asker, median};
use super::checks::check_log;
use super::figures::print_latencies;
use super::mix::pairs;
use super::{NETWORKS, length, pause, wait_max};
use crate::support::namespace::measure_in_namespace;
use crate::support::wire::{clireq, query};
use crate::support::{Peer, Servent, TempDir, ports};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

/// How much slower answers may be with such neighbours.
const RATIO: u32 = 10;

#[test]
#[ignore = "takes seconds: tests/soak runs it"]
fn p25_neighbours_that_never_read_or_are_not_there_cost_the_clients_nothing() {
    let test = "soak::abuse::p25_neighbours_that_never_read_or_are_not_there_cost_the_clients_nothing";
    measure_in_namespace(test, &NETWORKS, wait_max(), || {
        let (dir, slow) = (TempDir::new(), Peer::new());
        let file = dir.write("pairs.txt", &pairs(0));
        // One that never reads, one where nobody listens, one where all is lost, one whose host is down, one without
        // a way to it and one that is forbidden.
        let mut args = vec![slow.addr().to_string(), format!("127.0.0.1:{}", ports::free())];
        args.extend(["10.9.0.2:6001", "10.8.0.9:6001", "192.0.2.1:6001", "198.51.100.1:6001"].map(str::to_owned));
        let latency = |servent: &Servent, name| {
            let mut asker = Asker::new(&[servent.addr()]);
            let start = Instant::now();
            let mut answers = Vec::new();
            while start.elapsed() < length() / 12 {
                answers.push(asker.ask());
            }
            asker.drain(Duration::from_millis(200));
            print_latencies(name, &answers);
            assert_eq!(asker.unanswered(), [0]);
            (median(&answers), asker.asked[0].sent)
        };
        let alone = Servent::start(&file, &[]);
        let (normal, _) = latency(&alone, "without neighbours");
        alone.stop();
        let servent = Servent::start(&file, &args);
        let (found, clireqs) = latency(&servent, "with six neighbours that do harm");
        assert!(found < RATIO * normal, "{found:?} with such neighbours, {normal:?} without");
        let (finished, counters) = servent.stop_by(Signal::SIGTERM);
        check_log("with neighbours", &finished.stderr);
        counters.expect(&[
            ("clireq", clireqs),
            ("sent", 5 * clireqs),
            ("send_failed_unreachable", clireqs),
            ("send_failed_forbidden", clireqs),
            ("send_failed_refused", 0),
            ("send_failed_other", 0),
            ("receive_shed", 0),
            ("receive_failed", 0),
        ]);
    });
}

/// QUERYs a second that name clients on dead hosts, and how many hosts: what is owed to them fills any send buffer.
const FORGED_A_SECOND: u32 = 5_000;
const DEAD_HOSTS: u32 = 100;

#[test]
#[ignore = "takes seconds: tests/soak runs it"]
fn p25_a_send_buffer_kept_full_by_dead_hosts_does_not_stop_the_servent() {
    let test = "soak::abuse::p25_a_send_buffer_kept_full_by_dead_hosts_does_not_stop_the_servent";
    measure_in_namespace(test, &NETWORKS, wait_max(), || {
        let (dir, stranger, client) = (TempDir::new(), Peer::new(), Peer::new());
        let servent = Servent::start(&dir.write("pairs.txt", &pairs(0)), &[]);
        let (mut seq, mut asked, mut answered, start) = (0, 0_u32, 0_u32, Instant::now());
        while start.elapsed() < length() / 6 {
            for _ in 0..FORGED_A_SECOND / 100 {
                let [.., host] = (seq % DEAD_HOSTS + 10).to_be_bytes();
                let dead = SocketAddrV4::new(Ipv4Addr::new(10, 8, 0, host), 53);
                stranger.send(servent.addr(), &query(1, dead, seq, b"key1"));
                seq += 1;
            }
            client.send(servent.addr(), &clireq(b"key1"));
            asked += 1;
            pause(Duration::from_millis(10));
            while client.recv_now().is_some() {
                answered += 1;
            }
        }
        let (finished, counters) = servent.stop_by(Signal::SIGTERM);
        let full = counters.get("send_failed_no_buffers");
        eprintln!(
            "{seq} QUERYs that name dead hosts, {full} answers found no room; {answered} of {asked} others did\n"
        );
        check_log("with dead hosts", &finished.stderr);
        assert!(full > 0, "the send buffer was never full");
        // It took in everything all the while, and ended at once.
        counters.expect(&[("receive_shed", 0), ("received", u64::from(seq + asked)), ("not_found", 0)]);
        assert!(finished.waited < Duration::from_secs(1), "gone after {:?}", finished.waited);
    });
}
