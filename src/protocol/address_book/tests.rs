use super::*;
use std::net::Ipv4Addr;

const OWN: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6001);

fn at(last: u8) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, last), 6001)
}

fn after(millis: u64) -> Timestamp {
    Timestamp::from_start(Duration::from_millis(millis))
}

fn name(host: &str) -> Peer {
    Peer::name(host, 6001)
}

fn is_own(address: SocketAddrV4) -> bool {
    address == OWN
}

fn book(peers: impl IntoIterator<Item = Peer>, wait: u64, every: Option<u64>) -> AddressBook {
    let config = ResolveConfig { wait: Duration::from_secs(wait), every: every.map(Duration::from_secs) };
    AddressBook::new(peers, config, Timestamp::ZERO, is_own).unwrap()
}

/// All due are looked up and found at these, in their order.
fn look_up(book: &mut AddressBook, now: Timestamp, found: &[Result<Vec<SocketAddrV4>, &str>]) -> Vec<NameNews> {
    let wanted = book.due(now);
    assert_eq!(wanted.len(), found.len(), "{wanted:?}");
    let found = found.iter().cloned().map(|found| match found {
        Ok(all) => Ok(all.into_iter().map(SocketAddr::V4).collect()),
        Err(error) => Err(error.to_owned()),
    });
    wanted.into_iter().zip(found).filter_map(|(wanted, found)| book.found(now, wanted.place, found)).collect()
}

fn known(book: &mut AddressBook) -> Vec<SocketAddrV4> {
    book.neighbours(is_own).0.as_slice().to_vec()
}

#[test]
fn p27_addresses_are_never_looked_up() {
    let mut book = book([at(1).into(), at(2).into()], 60, Some(30));
    assert_eq!((book.may_change(), book.next_due(), book.due(after(0))), (false, None, vec![]));
    assert_eq!(known(&mut book), [at(1), at(2)]);
}

#[test]
fn p27_a_changed_address_takes_the_old_ones_place() {
    let mut book = book([at(1).into(), name("b"), at(3).into()], 0, Some(30));
    assert_eq!(look_up(&mut book, after(0), &[Ok(vec![at(2)])]), [NameNews::Found(name("b"), at(2))]);
    assert_eq!((known(&mut book), book.next_due()), (vec![at(1), at(2), at(3)], Some(after(30_000))));
    assert_eq!(look_up(&mut book, after(29_999), &[]), []);
    assert_eq!(look_up(&mut book, after(30_000), &[Ok(vec![at(2)])]), []);
    let moved = NameNews::Moved(name("b"), at(2), at(7));
    assert_eq!(look_up(&mut book, after(60_000), &[Ok(vec![at(7)])]), [moved]);
    assert_eq!(known(&mut book), [at(1), at(7), at(3)]);
}

#[test]
fn p27_a_failing_look_up_keeps_the_old_address_and_is_said_once() {
    let mut book = book([name("b")], 0, Some(30));
    look_up(&mut book, after(0), &[Ok(vec![at(2)])]);
    let failure = ResolveFailure::Failed("no such host".to_owned());
    let failed = NameNews::Failed(ResolveError { peer: name("b"), failure }, Some(at(2)));
    assert_eq!(look_up(&mut book, after(30_000), &[Err("no such host")]), std::slice::from_ref(&failed));
    assert_eq!(look_up(&mut book, after(60_000), &[Err("no such host")]), []);
    assert_eq!((known(&mut book), book.missing(after(90_000))), (vec![at(2)], None));
    let again = NameNews::StillThere(name("b"), at(2));
    assert_eq!(look_up(&mut book, after(90_000), &[Ok(vec![at(2)])]), [again]);
    assert_eq!(look_up(&mut book, after(120_000), &[Err("no such host")]), [failed]);
}

#[test]
fn p27_a_name_without_an_address_is_an_error_at_once_or_once_the_wait_is_over() {
    let mut at_once = book([at(1).into(), name("b")], 0, Some(30));
    assert_eq!(at_once.missing(after(0)), None, "nothing is known of it yet");
    look_up(&mut at_once, after(9), &[Err("no such host")]);
    let failure = ResolveFailure::Failed("no such host".to_owned());
    let error = ResolveError { peer: name("b"), failure };
    assert_eq!(at_once.missing(after(9)), Some(error.clone()));

    let mut patient = book([name("a"), name("b")], 5, Some(30));
    assert_eq!(look_up(&mut patient, after(0), &[Ok(vec![at(1)]), Err("no such host")]).len(), 2);
    assert_eq!((patient.next_due(), patient.missing(after(4_999))), (Some(after(200)), None));
    assert_eq!(look_up(&mut patient, after(200), &[Err("no such host")]), [], "said once");
    assert_eq!(patient.missing(after(5_000)), Some(error));
    assert_eq!(look_up(&mut patient, after(4_000), &[Ok(vec![at(2)])]).len(), 1);
    assert_eq!((patient.missing(after(5_000)), known(&mut patient)), (None, vec![at(1), at(2)]));
}

#[test]
fn p27_a_name_server_that_does_not_answer_is_given_up_as_well() {
    let mut book = book([name("b")], 5, None);
    assert_eq!(book.due(after(0)).len(), 1);
    assert_eq!((book.due(after(4_000)), book.next_due()), (vec![], Some(after(5_000))), "one look-up at a time");
    let error = book.missing(after(5_000)).unwrap();
    assert_eq!(error.to_string(), "cannot resolve 'b:6001': no name server answers");
}

#[test]
fn p27_without_an_interval_a_name_is_looked_up_until_it_has_an_address() {
    let mut book = book([name("b")], 5, None);
    look_up(&mut book, after(0), &[Err("no such host")]);
    assert!(book.may_change());
    look_up(&mut book, after(1_000), &[Ok(vec![at(2)])]);
    assert_eq!((book.may_change(), book.next_due()), (false, None));
}

#[test]
fn p27_whoever_looks_up_often_waits_no_longer_between_failures() {
    let every = Some(Duration::from_millis(100));
    let config = ResolveConfig { wait: Duration::from_secs(5), every };
    let mut book = AddressBook::new([name("b")], config, Timestamp::ZERO, is_own).unwrap();
    look_up(&mut book, after(0), &[Err("no such host")]);
    assert_eq!(book.next_due(), Some(after(100)));
}

#[test]
fn p27_a_name_with_several_addresses_stays_at_the_one_it_has() {
    let mut book = book([name("b")], 0, Some(30));
    look_up(&mut book, after(0), &[Ok(vec![at(2), at(3)])]);
    assert_eq!(look_up(&mut book, after(30_000), &[Ok(vec![at(3), at(2)])]), []);
    let moved = NameNews::Moved(name("b"), at(2), at(4));
    assert_eq!(look_up(&mut book, after(60_000), &[Ok(vec![at(4), at(3)])]), [moved]);
}

#[test]
fn p27_ipv6_and_addresses_of_many_hosts_are_refused_with_the_reason() {
    let v6 = "[::1]:6001".parse().unwrap();
    let all = |ip: [u8; 4]| vec![v6, SocketAddr::V4(SocketAddrV4::new(ip.into(), 6001))];
    assert_eq!(choose(&[v6], None), Err(ResolveFailure::NoIpv4));
    assert_eq!(choose(&[], None), Err(ResolveFailure::NoIpv4));
    assert_eq!(choose(&all([10, 0, 0, 1]), Some(at(9))), Ok(at(1)));
    assert_eq!(choose(&all([224, 0, 0, 1]), None), Err(ResolveFailure::NotOneHost(Ipv4Addr::new(224, 0, 0, 1))));
    let error = ResolveError { peer: name("b"), failure: ResolveFailure::NoIpv4 };
    assert!(error.to_string().contains("4 address bytes"), "{error}");
}

#[test]
fn p27_repetitions_and_the_own_address_are_left_out_also_once_a_change_makes_one_so() {
    let mut book = book([OWN.into(), at(1).into(), at(1).into(), name("b"), name("c")], 0, Some(30));
    look_up(&mut book, after(0), &[Ok(vec![at(2)]), Ok(vec![at(3)])]);
    let (neighbours, news) = book.neighbours(is_own);
    assert_eq!(neighbours.as_slice(), [at(1), at(2), at(3)]);
    assert_eq!(news, [NameNews::IsSelf(OWN.into(), OWN), NameNews::IsRepeated(at(1).into(), at(1))]);
    assert_eq!(book.listed().count(), 3);
    assert_eq!(book.neighbours(is_own).1, [], "said once");

    look_up(&mut book, after(30_000), &[Ok(vec![at(1)]), Ok(vec![OWN])]);
    let (neighbours, news) = book.neighbours(is_own);
    assert_eq!(neighbours.as_slice(), [at(1)]);
    assert_eq!(news, [NameNews::IsRepeated(name("b"), at(1)), NameNews::IsSelf(name("c"), OWN)]);
    assert_eq!(news[0].to_string(), "neighbour b:6001 (10.0.0.1:6001) is given more than once, used once");

    look_up(&mut book, after(60_000), &[Ok(vec![at(2)]), Ok(vec![at(3)])]);
    assert_eq!(book.neighbours(is_own).0.as_slice(), [at(1), at(2), at(3)]);
}

#[test]
fn p10_ten_different_neighbours_and_not_eleven() {
    let ten = || (1..=10).map(|number| name(&format!("host-{number}")));
    let new = |peers: Vec<Peer>| AddressBook::new(peers, ResolveConfig::default(), Timestamp::ZERO, is_own).map(drop);
    assert_eq!(new(ten().chain(ten()).chain([OWN.into()]).collect()), Ok(()));
    assert_eq!(new(ten().chain([at(1).into()]).collect()), Err(TooManyNeighbours(11)));
}

/// It was counted out at the start, and counted in again: one neighbour too many, and a panic.
#[test]
fn p27_an_own_address_that_the_host_loses_is_no_neighbour_afterwards() {
    let others = (1..=10).map(|last| at(last).into());
    let mut book = book([Peer::from(OWN)].into_iter().chain(others), 0, Some(30));
    assert_eq!(book.neighbours(is_own).1, [NameNews::IsSelf(OWN.into(), OWN)]);
    let (neighbours, news) = book.neighbours(|_| false);
    assert_eq!((neighbours.as_slice().len(), news), (10, vec![]));
}

/// Looked up once for each time that it is given, a name with several addresses would be several neighbours: more than
/// there may be.
#[test]
fn p10_a_name_that_is_given_twice_is_looked_up_once_and_one_neighbour() {
    let peers = (1..=10).chain([1]).map(|number| name(&format!("host-{number}")));
    let mut book = book(peers, 0, Some(30));
    let found: Vec<_> = (1..=10).map(|number| Ok(vec![at(number)])).collect();
    assert_eq!(look_up(&mut book, after(0), &found).len(), 10);
    let (neighbours, news) = book.neighbours(is_own);
    assert_eq!(neighbours.as_slice().len(), 10);
    assert_eq!(news, [NameNews::IsRepeated(name("host-1"), at(1))]);
    assert_eq!((book.neighbours(is_own).1, book.listed().count()), (vec![], 10));
}
