//! The neighbour arguments and the socket: P-10, P-27, and what the program says when it starts.

use crate::support::wire::{clireq, seq_of};
use crate::support::{DEADLINE, Peer, Program, Rig, SERVENT, Servent, TempDir, ports};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

#[test]
fn p27_duplicates_and_the_own_address_are_dropped_with_a_warning() {
    let dir = TempDir::new();
    let file = dir.write("pairs.txt", b"http 80/tcp\n");
    let (client, first, second) = (Peer::new(), Peer::new(), Peer::new());
    let servent = Servent::start_knowing_its_port(&file, |own_port| {
        let (one, two) = (first.addr(), second.addr());
        vec![
            one.to_string(),
            one.to_string(),
            format!("localhost:{}", one.port()),
            format!("127.0.0.1:{own_port}"),
            format!("localhost:{}", two.port()),
        ]
    });
    for _ in 0..2 {
        client.send(servent.addr(), &clireq(b"http"));
        client.expect(servent.addr(), b"\0\x03http\t80/tcp");
    }
    // One QUERY for each CLIREQ: the second follows the first, and nothing lies between.
    for neighbour in [&first, &second] {
        let seqs = [(); 2].map(|()| seq_of(&neighbour.recv_from(servent.addr())));
        assert_eq!(seqs[1], seqs[0].wrapping_add(1));
    }
    let own_addr = servent.addr().to_string();
    let (finished, counters) = servent.stop_by(Signal::SIGTERM);
    first.expect_nothing_left();
    second.expect_nothing_left();
    counters.expect(&[("received", 2), ("query", 0), ("sent", 2 + 4)]);
    let warnings: Vec<_> = finished.stderr.lines().filter(|line| line.contains("WARN")).collect();
    let about = |addr: &str| warnings.iter().filter(|line| line.contains(addr)).count();
    assert!(about(&first.addr().to_string()) >= 1, "{warnings:?}");
    assert_eq!(about(&own_addr), 1, "{warnings:?}");
    assert_eq!(about(&second.addr().to_string()), 0, "{warnings:?}");
}

#[test]
fn p10_a_servent_without_neighbours_answers() {
    let rig = Rig::new(0, &[]);
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    rig.stop().expect(&[("sent", 1)]);
}

#[test]
fn p10_the_banner_tells_the_address_as_bound() {
    let rig = Rig::new(1, &["--bind", "127.0.0.1"]);
    let listening = format!("listening on {}", rig.addr());
    assert!(rig.servent.banner().contains(&listening), "{}", rig.servent.banner());
    rig.stop();

    let rig = Rig::new(1, &[]);
    let listening = format!("listening on 0.0.0.0:{}", rig.addr().port());
    assert!(rig.servent.banner().contains(&listening), "{}", rig.servent.banner());
    rig.stop();
}

#[test]
fn a_quiet_servent_says_nothing_but_its_counters() {
    let dir = TempDir::new();
    let file = dir.write("pairs.txt", b"http 80/tcp\n");
    let port = ports::free();
    let program = Program::start(SERVENT, [&port.to_string(), file.to_str().unwrap(), "-q"]);
    let (client, addr) = (Peer::new(), SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
    // Nothing tells when it listens: ask until it answers.
    let start = Instant::now();
    let answer = loop {
        assert!(start.elapsed() < DEADLINE, "no answer");
        client.send(addr, &clireq(b"http"));
        if let Some((answer, _)) = client.recv_within(Duration::from_millis(50)) {
            break answer;
        }
    };
    assert_eq!(answer, b"\0\x03http\t80/tcp");
    let finished = program.finish_by(Signal::SIGTERM);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    // The size of the receive buffer that the machine grants may be warned about.
    let said: Vec<_> = finished.stderr.lines().filter(|line| !line.contains("receive buffer")).collect();
    assert_eq!(said.first(), Some(&"counters"), "{}", finished.stderr);
    assert!(finished.stdout.is_empty());
}
