//! Sockets against each other, with and without offload.

use super::*;

fn loopback() -> Socket {
    Socket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// Receives until `count` datagrams came.
fn receive(receiver: &mut BatchReceiver, count: usize) -> Vec<(SocketAddrV4, Vec<u8>)> {
    let mut datagrams = Vec::new();
    while datagrams.len() < count {
        receiver.receive(|source, datagram| datagrams.push((source, datagram.to_vec()))).unwrap();
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
        let sent = sender.send(&outbox, |to, failure| panic!("{to}: {failure}"));
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
        let sent = sender.send(&outbox, |to, failure| failures.push((to, failure)));
        assert_eq!((sent.datagrams, failures), (3, vec![(to, SendFailure::TooLong); 2]));
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
    sender.send(&outbox, |_, _| {});
    assert_eq!(receive(&mut receiver, 2).len(), 2);
}

/// A wake that comes before the call counts as well: nobody can know which was first.
#[test]
fn a_receive_call_that_waits_is_woken_and_so_is_every_later_one() {
    let (mut receiver, _, _) = loopback().split(Offload::WhereAvailable).unwrap();
    let waker = receiver.waker().unwrap();
    let waiting = std::thread::Builder::new().spawn(move || {
        for _ in 0..3 {
            receiver.receive(|source, datagram| panic!("{source} sent {} bytes", datagram.len())).unwrap();
        }
    });
    waker.wake();
    waiting.unwrap().join().unwrap();
}

/// P-8: an answer longer than a link on its way takes must not be lost for the sake of path MTU discovery.
#[cfg(target_os = "linux")]
#[test]
fn p8_datagrams_may_be_fragmented_on_the_way() {
    use rustix::net::sockopt::{Ipv4PathMtuDiscovery, ip_mtu_discover};
    assert_eq!(ip_mtu_discover(&loopback().udp).unwrap(), Ipv4PathMtuDiscovery::OMIT);
}

#[test]
fn local_addresses_are_told_from_others() {
    assert!(is_local(Ipv4Addr::LOCALHOST));
    assert!(!is_local(Ipv4Addr::new(203, 0, 113, 7)));
}

#[test]
fn p27_where_interfaces_are_not_listed_own_addresses_are_those_that_can_be_bound() {
    let own = own_addresses().unwrap();
    assert!(own.iter().all(|&ip| can_be_bound(ip)), "{own:?}");
    let others = [Ipv4Addr::new(203, 0, 113, 7), Ipv4Addr::new(8, 8, 8, 8)];
    assert!(others.iter().all(|&ip| !can_be_bound(ip)));
}
