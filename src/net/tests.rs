//! Sockets against each other, with and without offload.

use super::*;

fn loopback() -> Socket {
    Socket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// Receives until `count` datagrams came.
fn receive(receiver: &mut BatchReceiver, count: usize) -> Vec<(SocketAddrV4, Vec<u8>)> {
    let mut datagrams = Vec::new();
    while datagrams.len() < count {
        receiver.receive(|source, _, datagram| datagrams.push((source, datagram.to_vec()))).unwrap();
    }
    datagrams
}

/// A sending and a receiving half, the receiver's address, for each choice of offload at either end.
fn pairs() -> Vec<(SocketAddrV4, BatchSender, BatchReceiver, SocketAddrV4)> {
    let choices = [Offload::WhereAvailable, Offload::Off];
    let ends = choices.into_iter().flat_map(|sending| choices.map(|receiving| (sending, receiving)));
    let pair = |(sending, receiving)| {
        let (here, there) = (loopback(), loopback());
        let (from, to) = (here.local_addr(), there.local_addr());
        let (_, sender, _) = here.split(sending).unwrap();
        let (receiver, _, _) = there.split(receiving).unwrap();
        (from, sender, receiver, to)
    };
    ends.map(pair).collect()
}

/// Sends datagrams of these lengths, all different; each must arrive as it was sent, in order.
fn check_that_all_arrive(lengths: impl Iterator<Item = usize>) {
    let lengths: Vec<_> = lengths.collect();
    for (from, mut sender, mut receiver, to) in pairs() {
        let mut outbox = Outbox::default();
        let mut expected = Vec::new();
        for (index, &len) in lengths.iter().enumerate() {
            let bytes: Vec<u8> = (0..len).map(|at| (at + 31 * index) as u8).collect();
            let datagram = outbox.write(|buffer| buffer.extend_from_slice(&bytes));
            outbox.send(&datagram, to);
            expected.push((from, bytes));
        }
        let sent = sender.send(&outbox, WhenFull::Wait, |index, failure| panic!("{index}: {failure}"));
        assert_eq!(sent, Sent { datagrams: expected.len(), ..Sent::default() });
        assert_eq!(receive(&mut receiver, expected.len()), expected);
    }
}

#[test]
fn p7_p21_datagrams_of_every_size_arrive_whole_in_order_from_the_bound_port() {
    check_that_all_arrive([0, 1, 1_472, 1_473, 60, 60, 60, 0, 65_507, 3].into_iter().cycle().take(20));
}

#[test]
fn datagrams_that_share_a_group_keep_their_boundaries() {
    check_that_all_arrive(std::iter::repeat_n(18, 100).chain([17, 18, 18, 5, 5, 20]));
    check_that_all_arrive(std::iter::repeat_n(1, 65));
    check_that_all_arrive(std::iter::repeat_n(1_472, 46));
}

#[test]
fn p25_one_datagram_that_cannot_leave_is_reported_and_the_others_leave() {
    for (_, mut sender, mut receiver, to) in pairs() {
        let mut outbox = Outbox::default();
        for len in [1, 65_508, 2, 65_508, 3] {
            let datagram = outbox.write(|buffer| buffer.resize(buffer.len() + len, 7));
            outbox.send(&datagram, to);
        }
        let mut failures = Vec::new();
        let sent = sender.send(&outbox, WhenFull::Wait, |index, failure| failures.push((index, failure)));
        assert_eq!((sent.datagrams, failures), (3, [1, 3].map(|index| (index, SendFailure::TooLong)).into()));
        let lengths: Vec<_> = receive(&mut receiver, 3).iter().map(|(_, datagram)| datagram.len()).collect();
        assert_eq!(lengths, [1, 2, 3]);
    }
}

#[test]
fn p25_a_dead_neighbour_is_no_receive_error() {
    let (here, there) = (loopback(), loopback());
    let (dead, to) = (there.local_addr(), here.local_addr());
    drop(there);
    let (mut receiver, mut sender, _) = here.split(Offload::WhereAvailable).unwrap();
    let mut outbox = Outbox::default();
    let datagram = outbox.write(|buffer| buffer.push(1));
    for destination in [dead, to, dead, to] {
        outbox.send(&datagram, destination);
    }
    sender.send(&outbox, WhenFull::Wait, |_, _| {});
    assert_eq!(receive(&mut receiver, 2).len(), 2);
}

/// A wake that comes before the call counts as well: nobody can know which was first.
#[test]
fn a_receive_call_that_waits_is_woken_and_so_is_every_later_one() {
    let (mut receiver, _, _) = loopback().split(Offload::WhereAvailable).unwrap();
    let waker = receiver.waker().unwrap();
    let waiting = std::thread::Builder::new().spawn(move || {
        for _ in 0..3 {
            receiver.receive(|source, _, datagram| panic!("{source} sent {} bytes", datagram.len())).unwrap();
        }
    });
    waker.wake();
    waiting.unwrap().join().unwrap();
}

#[test]
fn local_addresses_are_told_from_others() {
    assert!(is_local(Ipv4Addr::LOCALHOST));
    assert!(!is_local(Ipv4Addr::new(203, 0, 113, 7)));
}

/// P-9, as far as a socket can: where asked, from there answered; from an address that is not this host's, from another
/// one. In one call and in groups.
#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
#[test]
fn p9_what_was_asked_at_an_address_can_leave_from_it_in_groups_as_well() {
    for offload in [Offload::WhereAvailable, Offload::Off] {
        let (here, there) = (Socket::bind(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)).unwrap(), loopback());
        let (port, client) = (here.local_addr().port(), there.local_addr());
        here.learn_asked();
        let (mut receiver, mut sender, _) = here.split(offload).unwrap();
        let (mut answers, mut asker, _) = there.split(Offload::Off).unwrap();
        let asked = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 8, 9, 10)];
        let mut outbox = Outbox::default();
        for ip in asked {
            let question = outbox.write(|bytes| bytes.push(1));
            (0..40).for_each(|_| outbox.send(&question, SocketAddrV4::new(ip, port)));
        }
        asker.send(&outbox, WhenFull::Wait, |index, failure| panic!("{index}: {failure}"));
        outbox.clear();
        let mut heard = 0;
        while heard < 120 {
            let answer = |source, at, _: &[u8]| {
                heard += 1;
                let answer = outbox.write(|bytes| bytes.push(2));
                outbox.send_from(&answer, at, source);
            };
            receiver.receive(answer).unwrap();
        }
        let absent = outbox.write(|bytes| bytes.push(3));
        (0..5).for_each(|_| outbox.send_from(&absent, Ipv4Addr::new(203, 0, 113, 7), client));
        let sent = sender.send(&outbox, WhenFull::Wait, |index, failure| panic!("{index}: {failure}"));
        assert_eq!(sent, Sent { datagrams: 125, strayed: 5, ..Sent::default() });
        let sources: Vec<_> = receive(&mut answers, 125).iter().map(|(source, _)| *source.ip()).collect();
        let expected = asked.into_iter().flat_map(|ip| [ip; 40]).chain([Ipv4Addr::LOCALHOST; 5]);
        assert_eq!(sources, expected.collect::<Vec<_>>());
    }
}

/// With the news asked for, the error of one datagram is told by the call that would send the next: it was lost.
#[test]
#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
fn p46_datagrams_to_a_closed_port_all_leave_and_are_told_of_and_what_comes_meanwhile_is_received() {
    let (here, there, closed) = (loopback().hear_of_undelivered(), loopback(), loopback());
    let (own, to, dead) = (here.local_addr(), there.local_addr(), closed.local_addr());
    drop(closed);
    let (mut receiver, mut sender, _) = here.split(Offload::Off).unwrap();
    let (_there, mut other, _) = there.split(Offload::Off).unwrap();
    let write = |destinations: &[SocketAddrV4]| {
        let mut outbox = Outbox::default();
        let datagram = outbox.write(|buffer| buffer.extend_from_slice(b"hello"));
        destinations.iter().for_each(|&to| outbox.send(&datagram, to));
        outbox
    };
    // A call that sends several keeps to itself what the second and later ones meet, so the first of each call counts.
    for destinations in [&[dead, dead][..], &[to], &[dead], &[to]] {
        let sent = sender.send(&write(destinations), WhenFull::Wait, |index, failure| panic!("{index}: {failure}"));
        assert_eq!(sent.datagrams, destinations.len());
    }
    other.send(&write(&[own]), WhenFull::Wait, |index, failure| panic!("{index}: {failure}"));
    let (mut news, mut heard) = (Vec::new(), 0);
    while news.len() < 3 || heard == 0 {
        news.extend(receiver.receive(|_, _, _| heard += 1).unwrap().undelivered);
    }
    assert_eq!(news, [(dead, SendFailure::Refused); 3]);
    // Nothing is left that could be told again.
    other.send(&write(&[own]), WhenFull::Wait, |index, failure| panic!("{index}: {failure}"));
    assert_eq!(receiver.receive(|_, _, _| heard += 1).unwrap(), Received::default());
    assert_eq!(heard, 2);
    // Whoever waits is woken all the same.
    receiver.waker().unwrap().wake();
    assert_eq!(receiver.receive(|_, _, _| heard += 1).unwrap(), Received::default());
}

/// Which of the calls say that more may wait, where so many datagrams do.
fn full_calls(
    receiver: &mut impl DatagramSource,
    sink: &mut impl DatagramSink,
    to: SocketAddrV4,
    waiting: usize,
) -> Vec<bool> {
    let mut outbox = Outbox::default();
    let datagram = outbox.write(|bytes| bytes.push(7));
    (0..waiting).for_each(|_| outbox.send(&datagram, to));
    assert_eq!(sink.send(&outbox, WhenFull::Wait, |_, _| {}).datagrams, waiting);
    let (mut calls, mut left) = (Vec::new(), waiting);
    while left > 0 {
        let received = receiver.receive(|_, _, _| left -= 1).unwrap();
        calls.push(received.is_full);
    }
    calls
}

/// A call that takes as much as a call can says that more may wait; a smaller one asked for less.
#[test]
fn a_receive_call_that_took_all_it_can_says_so() {
    let (here, there) = (loopback(), loopback());
    let to = there.local_addr();
    let (_, mut sender, _) = here.split(Offload::Off).unwrap();
    let (mut receiver, _, _) = there.split(Offload::Off).unwrap();
    let mut calls = full_calls(&mut receiver, &mut sender, to, 500);
    // The last one took what was left.
    assert_eq!(calls.pop(), Some(false), "{calls:?}");
    let full = calls.iter().position(|&is_full| is_full).expect("one of the calls was full");
    assert!(calls[full..].iter().all(|&is_full| is_full), "{calls:?}");
    assert_eq!(full_calls(&mut receiver, &mut sender, to, 64), [true]);
    assert_eq!(full_calls(&mut receiver, &mut sender, to, 63), [false]);

    let network = memory::MemoryNetwork::new();
    let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    let (mut here, mut there) = (network.endpoint(at(1)), network.endpoint(at(2)));
    assert_eq!(full_calls(&mut there.source, &mut here.sink, at(2), 64), [true]);
    assert_eq!(full_calls(&mut there.source, &mut here.sink, at(2), 63), [false]);
}
