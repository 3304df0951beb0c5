use super::*;
use std::net::Ipv4Addr;

const MS: Duration = Duration::from_millis(1);

fn at(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

fn after(time: Duration) -> Timestamp {
    Timestamp::ZERO + time
}

fn outbox(datagrams: &[(&[u8], &[u16])]) -> Outbox {
    let mut outbox = Outbox::default();
    for (bytes, ports) in datagrams {
        let datagram = outbox.write(|out| out.extend_from_slice(bytes));
        ports.iter().for_each(|&port| outbox.send(&datagram, at(port)));
    }
    outbox
}

/// Sends `count` datagrams, numbered, to each of these, each a time later than the one before, and returns what comes in
/// in order and how many were lost.
fn run(links: &mut Links, ports: &[u16], count: u32, apart: Duration) -> (Vec<(Timestamp, u16, u32)>, usize) {
    let mut lost = 0;
    for number in 0..count {
        links.send(after(apart * number), &outbox(&[(&number.to_be_bytes(), ports)]), |_| lost += 1);
    }
    let mut delivered = Vec::new();
    while let Some(due) = links.next_due() {
        let mut outbox = Outbox::default();
        links.deliver(due, &mut outbox);
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        delivered.extend(outbox.iter().map(|(bytes, to)| (due, to.port(), number(bytes))));
    }
    assert_eq!(links.under_way_len, 0);
    (delivered, lost)
}

#[test]
fn a_datagram_leaves_once_it_is_due_and_not_before() {
    let mut links = Links::new(LinkConfig { delay: 50 * MS, ..LinkConfig::default() }, 7);
    links.send(after(10 * MS), &outbox(&[(b"one", &[1, 2]), (b"two", &[2])]), |_| panic!("nothing is lost"));
    assert_eq!(links.next_due(), Some(after(60 * MS)));
    let mut left = Outbox::default();
    links.deliver(after(60 * MS - Duration::from_nanos(1)), &mut left);
    assert!(left.is_empty());
    links.deliver(after(60 * MS), &mut left);
    let expected = [(&b"one"[..], at(1)), (b"one", at(2)), (b"two", at(2))];
    assert_eq!(left.iter().collect::<Vec<_>>(), expected);
    assert_eq!(left.bytes(), b"onetwo", "each is written once");
    assert_eq!(links.next_due(), None);
}

#[test]
fn times_lie_within_the_jitter_and_no_datagram_overtakes_another_on_its_link() {
    let config = LinkConfig { delay: 20 * MS, jitter: 10 * MS, ..LinkConfig::default() };
    let (delivered, lost) = run(&mut Links::new(config, 7), &[1, 2], 2_000, 50 * MS);
    assert_eq!((delivered.len(), lost), (4_000, 0));
    let delays: Vec<_> = delivered.iter().map(|&(due, _, number)| due.since(after(50 * MS * number))).collect();
    assert!(delays.iter().all(|delay| (10 * MS..=30 * MS).contains(delay)));
    let mean = delays.iter().sum::<Duration>() / 4_000;
    assert!((19 * MS..21 * MS).contains(&mean), "{mean:?}");

    let (delivered, _) = run(&mut Links::new(config, 7), &[1, 2], 2_000, MS);
    for port in [1, 2] {
        let numbers: Vec<_> = delivered.iter().filter(|&&(_, to, _)| to == port).map(|&(.., number)| number).collect();
        assert!(numbers.is_sorted(), "to {port}");
    }
}

#[test]
fn so_many_are_lost_and_what_is_lost_is_told() {
    for (loss, expected) in [(0.0, 0..=0), (0.25, 900..=1_100), (1.0, 4_000..=4_000)] {
        let config = LinkConfig { loss, ..LinkConfig::default() };
        let (delivered, lost) = run(&mut Links::new(config, 7), &[1, 2], 2_000, MS);
        assert!(expected.contains(&lost), "{loss}: {lost}");
        assert_eq!(delivered.len() + lost, 4_000, "{loss}");
    }
    let mut told = Vec::new();
    let mut links = Links::new(LinkConfig { loss: 1.0, ..LinkConfig::default() }, 7);
    links.send(Timestamp::ZERO, &outbox(&[(b"one", &[1, 2]), (b"two", &[2])]), |index| told.push(index));
    assert_eq!(told, [0, 1, 2]);
}

#[test]
fn the_same_seed_gives_the_same_and_links_do_not_depend_on_each_other() {
    let config = LinkConfig { loss: 0.3, delay: 20 * MS, jitter: 20 * MS };
    let run = |seed, ports: &[u16]| run(&mut Links::new(config, seed), ports, 100, 100 * MS).0;
    let to = |port: u16, delivered: Vec<(Timestamp, u16, u32)>| {
        delivered.into_iter().filter(move |&(_, to, _)| to == port).collect::<Vec<_>>()
    };
    assert_eq!(run(7, &[1, 2]), run(7, &[1, 2]));
    assert_ne!(run(7, &[1]), run(8, &[1]));
    assert_eq!(to(2, run(7, &[1, 2])), run(7, &[2]));
    let drop_port = |delivered: Vec<(Timestamp, u16, u32)>| {
        delivered.into_iter().map(|(due, _, number)| (due, number)).collect::<Vec<_>>()
    };
    assert_ne!(drop_port(run(7, &[1])), drop_port(run(7, &[2])), "each link has draws of its own");
}

#[test]
fn what_finds_no_room_under_way_is_lost_and_a_batch_is_no_larger_than_others() {
    let len = (1 << 16) - OVERHEAD;
    let mut links = Links::new(LinkConfig { delay: MS, ..LinkConfig::default() }, 7);
    let mut lost = 0;
    for _ in 0..1_025 {
        links.send(Timestamp::ZERO, &outbox(&[(&vec![7; len], &[1])]), |_| lost += 1);
    }
    assert_eq!((lost, links.under_way_len), (1, UNDER_WAY_LEN_MAX));
    let mut left = Outbox::default();
    links.deliver(after(MS), &mut left);
    assert!(left.is_full() && left.len() < 20, "{}", left.len());

    let mut links = Links::new(LinkConfig { delay: MS, ..LinkConfig::default() }, 7);
    let ports: Vec<u16> = (1..=10).collect();
    for _ in 0..100 {
        links.send(Timestamp::ZERO, &outbox(&[(b"one", &ports)]), |_| panic!("there is room"));
    }
    let mut left = Outbox::default();
    links.deliver(after(MS), &mut left);
    assert_eq!(left.len(), DATAGRAMS_MAX);
}

#[test]
fn nothing_lasts_longer_than_time_and_it_is_said_in_words() {
    let config = LinkConfig { delay: Duration::MAX, jitter: Duration::ZERO, loss: 0.0 };
    let mut links = Links::new(config, 7);
    links.send(after(MS), &outbox(&[(b"one", &[1])]), |_| {});
    assert_eq!(links.next_due(), Some(after(Duration::MAX)));
    for (loss, delay, jitter, said) in [
        (0.05, 50 * MS, 10 * MS, "5 % lost, 50ms ± 10ms under way"),
        (0.0, 50 * MS, Duration::ZERO, "50ms under way"),
        (1.0, Duration::ZERO, Duration::ZERO, "100 % lost"),
        (0.0, Duration::ZERO, Duration::ZERO, "nothing is lost or delayed"),
    ] {
        let config = LinkConfig { loss, delay, jitter };
        assert_eq!((config.to_string().as_str(), config.is_perfect()), (said, said.starts_with("nothing")));
    }
}

/// P-27: neighbours' names may lead to ever new addresses.
#[test]
fn links_to_addresses_of_before_are_forgotten_once_nothing_is_under_way_there() {
    let mut links = Links::new(LinkConfig { delay: 5 * MS, ..LinkConfig::default() }, 7);
    for number in 0..1_000_u16 {
        links.send(after(10 * MS * u32::from(number)), &outbox(&[(b"one", &[number, 6001])]), |_| {});
        assert!(links.links.len() <= IDLE_MAX + 2, "{number}");
    }
}
