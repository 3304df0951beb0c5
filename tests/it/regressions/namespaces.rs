//! What loopback alone does not show: small packets, clients without a way to them, other networks.

use crate::support::namespace::{NETWORK, in_namespace, start_in_namespace};
use crate::support::processes::{descendants_of, is_running};
use crate::support::wire::{clireq, query, response};
use crate::support::{Counters, DEADLINE, Peer, Program, Rig, until};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

/// A client in a network of globally routable addresses.
fn beyond(host: u8) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, host), 53)
}

/// A group whose datagrams are larger than a packet on the way is refused as a whole, and was lost as a whole.
#[test]
fn p25_answers_larger_than_the_packets_on_the_way_all_arrive() {
    let test = "regressions::namespaces::p25_answers_larger_than_the_packets_on_the_way_all_arrive";
    in_namespace(test, &["link set lo up mtu 1280"], || {
        let value = [b'v'; 1_340];
        let rig = Rig::with_pairs(&[b"long\t", &value[..], b"\n"].concat(), 0, &[]);
        rig.client.enlarge_receive_buffer();
        for _ in 0..2 {
            rig.servent.while_paused(|| (0..50).for_each(|_| rig.send(&clireq(b"long"))));
            (0..50).for_each(|_| rig.expect_answer(b"long", &value));
        }
        rig.stop().expect(&[("answered", 100), ("sent", 100), ("send_failed_too_long", 0), ("send_failed_other", 0)]);
    });
}

/// A stranger's QUERY could name a client that nothing can be sent to, and the servent blamed, and gave up, offload.
#[test]
fn p25_a_client_without_a_way_to_it_does_not_cost_offload() {
    let test = "regressions::namespaces::p25_a_client_without_a_way_to_it_does_not_cost_offload";
    in_namespace(test, &NETWORK[..5], || expect_offload_kept("send_failed_unreachable"));
}

/// Here there is a way, but not from a loopback address.
#[test]
fn p25_a_client_that_the_own_address_cannot_reach_does_not_cost_offload() {
    let test = "regressions::namespaces::p25_a_client_that_the_own_address_cannot_reach_does_not_cost_offload";
    in_namespace(test, &NETWORK, || expect_offload_kept("send_failed_other"));
}

fn expect_offload_kept(failure: &str) {
    let rig = Rig::new(0, &["--bind", "127.0.0.1"]);
    rig.client.enlarge_receive_buffer();
    for first in [0, 50] {
        rig.servent.while_paused(|| {
            (first..first + 50).for_each(|seq| rig.send(&query(1, beyond(9), seq, b"http")));
        });
        rig.settle();
        rig.servent.while_paused(|| (0..50).for_each(|_| rig.send(&clireq(b"http"))));
        (0..50).for_each(|_| rig.expect_answer(b"http", b"80/tcp"));
    }
    if rig.servent.banner().contains("GSO") {
        let client = Peer::new();
        client.receive_groups_uncut();
        rig.servent.while_paused(|| (0..50).for_each(|_| client.send(rig.addr(), &clireq(b"http"))));
        let (answer, group) = (response(b"http", b"80/tcp"), client.recv_from(rig.addr()));
        assert!(group.len() > answer.len() && group.starts_with(&answer), "{} bytes at once", group.len());
    }
    let (finished, counters) = rig.servent.stop_by(Signal::SIGTERM);
    counters.expect(&[(failure, 100), ("first_sighting", 102)]);
    let said: Vec<_> =
        finished.stderr.lines().filter(|line| line.contains("GSO") && !line.contains("listening on")).collect();
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn p26_a_client_on_loopback_that_a_neighbour_elsewhere_cannot_answer_is_warned_about_once() {
    let test = "regressions::namespaces::p26_a_client_on_loopback_that_a_neighbour_elsewhere_cannot_answer_is_warned_about_once";
    in_namespace(test, &NETWORK, || {
        let rig = Rig::new(1, &["10.9.0.2:6002"]);
        for _ in 0..5 {
            rig.send(&clireq(b"http"));
            rig.expect_answer(b"http", b"80/tcp");
            rig.recv_at(0);
        }
        let (finished, counters) = rig.servent.stop_by(Signal::SIGTERM);
        counters.expect(&[("clireq", 5), ("loopback_client", 5), ("sent", 15)]);
        let is_warning = |line: &&str| line.contains("WARN") && line.contains("loopback");
        assert_eq!(finished.stderr.lines().filter(is_warning).count(), 1, "{}", finished.stderr);
    });
}

#[test]
fn p24_a_network_gets_200_responses_a_second_and_with_0_all() {
    let test = "regressions::namespaces::p24_a_network_gets_200_responses_a_second_and_with_0_all";
    in_namespace(test, &NETWORK, || {
        let (counters, seconds) = ask_for_others(1_000, &[]);
        let (answered, limited) = (counters.get("answered"), counters.get("response_limited"));
        assert_eq!(answered + limited, 1_000);
        assert!(answered >= 200 && answered <= 200 * (1 + seconds), "{answered} answered, {seconds} whole seconds");
        counters.expect(&[("first_sighting", 1_000), ("sent", answered)]);

        let (counters, _) = ask_for_others(1_000, &["--response-limit", "0"]);
        counters.expect(&[("answered", 1_000), ("response_limited", 0), ("sent", 1_000)]);
    });
}

/// So many QUERYs, each of which names a client of one network; and how many whole seconds that took.
fn ask_for_others(count: u32, options: &[&str]) -> (Counters, u64) {
    let rig = Rig::new(0, options);
    let start = Instant::now();
    for seq in 0..count {
        let [.., host] = seq.to_be_bytes();
        rig.send(&query(1, beyond(host % 8 + 1), seq, b"http"));
        if seq % 100 == 99 {
            rig.settle();
        }
    }
    let seconds = start.elapsed().as_secs();
    (rig.stop(), seconds)
}

/// Only the test program in the namespace was ended, and its servents ran on.
#[test]
fn a_test_that_hits_its_deadline_in_a_namespace_leaves_no_process() {
    let test = "regressions::namespaces::a_test_that_hits_its_deadline_in_a_namespace_leaves_no_process";
    let never_ending = || {
        let _rig = Rig::new(0, &[]);
        eprintln!("serves");
        loop {
            park_timeout(DEADLINE);
        }
    };
    let Some(mut program) = start_in_namespace(test, &["link set lo up"], never_ending) else { return };
    program.stderr.expect("serves");
    let started = descendants_of(program.pid());
    assert!(started.len() >= 2, "the test program in the namespace and its servent: {started:?}");
    let at_deadline = catch_unwind(AssertUnwindSafe(|| program.finish_within(Duration::ZERO).code));
    assert!(at_deadline.is_err(), "it ended by itself: {at_deadline:?}");
    until("all of them ended", || !started.iter().any(|pid| is_running(*pid)));
}

/// A test that could not be run passed, and whoever did not read all that it said took it for one that was.
#[test]
fn a_test_that_cannot_be_run_says_so_and_fails_where_none_may_be_skipped() {
    let test = "regressions::namespaces::p25_answers_larger_than_the_packets_on_the_way_all_arrive";
    let myself = std::env::current_exe().unwrap();
    for (strict, code, said) in [("", 0, "skipped: "), ("1", 101, "CI_STRICT=1 allows no skipped test: ")] {
        let mut command = Program::command(myself.to_str().unwrap(), ["--exact", test, "--nocapture"]);
        // Without tools there are no namespaces.
        let finished = Program::spawn(command.env("PATH", "/nowhere").env("CI_STRICT", strict)).finish();
        assert_eq!(finished.code, Some(code), "{}", finished.stderr);
        let said = format!("{said}no network namespaces to be had: {test}");
        assert!(finished.stderr.contains(&said), "{}", finished.stderr);
    }
}
