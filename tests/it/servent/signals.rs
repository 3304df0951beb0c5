//! SIGHUP, SIGUSR1, SIGINT and SIGTERM: P-35, the counters and the end.

use crate::support::wire::{clireq, query, response};
use crate::support::{Counters, Peer, Program, Rig, SERVENT, Servent, TempDir, ports};
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};

#[test]
fn p35_sighup_swaps_the_dictionary_and_keeps_the_old_one_when_that_fails() {
    let mut rig = Rig::new(0, &[]);
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");

    rig.write_pairs(b"http\t8080/tcp\nnew\tvalue\n");
    rig.servent.signal(Signal::SIGHUP);
    rig.servent.expect_line("reloaded");
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"8080/tcp");
    rig.send(&clireq(b"new"));
    rig.expect_answer(b"new", b"value");
    // A key that is gone from the file is gone.
    rig.send(&clireq(b"smtp"));
    rig.settle();

    let file = rig.dir.path().join("pairs.txt");
    fs::remove_file(&file).unwrap();
    rig.servent.signal(Signal::SIGHUP);
    let error = rig.servent.expect_line("ERROR");
    assert!(error.contains("pairs.txt"), "{error}");
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"8080/tcp");

    // A folder in its place is no better, and then all is well again.
    fs::create_dir(&file).unwrap();
    rig.servent.signal(Signal::SIGHUP);
    let error = rig.servent.expect_line("ERROR");
    assert!(error.contains("pairs.txt"), "{error}");
    fs::remove_dir(&file).unwrap();
    rig.write_pairs(b"http\t80/tcp\n");
    rig.servent.signal(Signal::SIGHUP);
    rig.servent.expect_line("reloaded");
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    rig.stop().expect(&[("answered", 5), ("not_found", 1)]);
}

/// It printed some thirty zeros.
#[test]
fn a_servent_that_did_nothing_says_so_and_with_v_prints_every_counter() {
    for (options, rows) in [(&[][..], 0), (&["-v"][..], servent::Counters::default().rows().len())] {
        let dir = TempDir::new();
        let options: Vec<_> = options.iter().map(|option| (*option).to_owned()).collect();
        let servent = Servent::start(&dir.write("pairs.txt", b"http 80/tcp\n"), &options);
        let (finished, _) = servent.stop_by(Signal::SIGINT);
        let printed = finished.stderr.lines().filter(|line| Counters::row(line).is_some()).count();
        assert_eq!(printed, rows, "{}", finished.stderr);
        assert_eq!(finished.stderr.contains("counters: all are 0"), rows == 0, "{}", finished.stderr);
    }
}

#[test]
fn sigusr1_prints_the_counters_and_the_servent_goes_on() {
    let mut rig = Rig::new(0, &[]);
    for round in 1..=2 {
        rig.settle();
        rig.servent.signal(Signal::SIGUSR1);
        rig.servent.expect_line("counters");
        let mut rows = BTreeMap::new();
        // A table comes in one piece, but its end can't be seen: read on until these were among it.
        while !["received", "malformed_no_tab", "answered", "sent", "seen_evicted"]
            .iter()
            .all(|n| rows.contains_key(*n))
        {
            let line = rig.servent.expect_line("");
            let (name, number) = Counters::row(&line).unwrap_or_else(|| panic!("no row of the table: {line:?}"));
            rows.insert(name, number);
        }
        // The counters are a snapshot of a moment ago, never of the future.
        assert!(rows["received"] <= round && rows["answered"] <= round, "{rows:?}");
    }
    rig.stop().expect(&[("received", 0), ("answered", 0)]);
}

#[test]
fn sigint_and_sigterm_end_it_cleanly_with_every_counter() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let rig = Rig::new(1, &[]);
        rig.send(&query(3, rig.client.addr(), 1, b"http"));
        rig.expect_answer(b"http", b"80/tcp");
        rig.recv_at(0);
        rig.settle();
        let (_, counters) = rig.servent.stop_by(signal);
        counters.expect(&[("received", 2), ("query", 2), ("clireq", 0), ("answered", 2), ("sent", 4)]);
        // What did not happen is 0, whatever counters there are.
        let happened = ["received", "query", "first_sighting", "forwarded", "lookup", "answered", "sent"];
        for (name, _) in servent::Counters::MEANINGS.iter().filter(|(name, _)| !happened.contains(name)) {
            counters.expect(&[(name, 0)]);
        }
    }
}

#[test]
fn p35_a_dash_is_standard_input_which_a_reload_does_not_read_again() {
    let port = ports::free();
    let mut servent = Program::start_with_stdin(SERVENT, [&port.to_string(), "-"]);
    servent.write(b"http\t80/tcp\n");
    servent.close_stdin();
    let banner = servent.stderr.expect("listening on");
    assert!(banner.contains("1 pair from -"), "{banner}");
    servent.signal(Signal::SIGHUP);
    servent.stderr.expect("still answering from what it held");
    let client = Peer::new();
    client.send(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port), &clireq(b"http"));
    assert_eq!(client.recv().0, response(b"http", b"80/tcp"));
    assert_eq!(servent.finish_by(Signal::SIGTERM).code, Some(0));
}
