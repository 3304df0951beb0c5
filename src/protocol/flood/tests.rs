//! What is flooded to whom, clause by clause.

use super::*;
use crate::wire::{decode, encode_clireq};
use std::net::Ipv4Addr;

const NOW: Timestamp = Timestamp::ZERO;

fn at(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

fn flooder(neighbours: &[SocketAddrV4]) -> Flooder {
    Flooder::new(FloodConfig {
        neighbours: Neighbours::new(neighbours.iter().copied()).unwrap(),
        first_seq: SeqNo(u32::MAX),
        neighbours_only: false,
        seen: SeenConfig { capacity: 16, ..SeenConfig::default() },
        secret: [1, 2],
    })
}

fn header(ttl: u16, seq: u32) -> QueryHeader {
    QueryHeader { ttl: Ttl(ttl), client: at(5000), seq: SeqNo(seq) }
}

/// Judges a batch of one.
fn judge(flooder: &mut Flooder, source: SocketAddrV4, datagram: &[u8], outbox: &mut Outbox) -> Verdict {
    let (mut inbox, mut judged) = (Inbox::default(), None);
    inbox.push(source, datagram).unwrap();
    flooder.on_batch(NOW, &inbox, outbox, |_, verdict, _| judged = Some(verdict));
    judged.unwrap()
}

fn clireq(flooder: &mut Flooder, client: SocketAddrV4, field: &[u8], outbox: &mut Outbox) -> ClireqFlooded {
    let mut datagram = Vec::new();
    encode_clireq(&mut datagram, field);
    match judge(flooder, client, &datagram, outbox) {
        Verdict::Clireq(flooded) => flooded,
        other => panic!("{other:?}"),
    }
}

fn query(
    flooder: &mut Flooder,
    source: SocketAddrV4,
    header: QueryHeader,
    field: &[u8],
    outbox: &mut Outbox,
) -> QueryVerdict {
    let mut datagram = Vec::new();
    encode_query(&mut datagram, header, field);
    match judge(flooder, source, &datagram, outbox) {
        Verdict::Query(verdict) => verdict,
        other => panic!("{other:?}"),
    }
}

fn sent(outbox: &Outbox) -> Vec<(QueryHeader, Vec<u8>, SocketAddrV4)> {
    let read = |(datagram, to)| match decode(datagram).unwrap() {
        crate::wire::Message { header: Header::Query(header), text } => (header, text.field().to_vec(), to),
        other => panic!("{other:?}"),
    };
    outbox.iter().map(read).collect()
}

#[test]
fn p11_to_p13_a_clireq_goes_to_all_neighbours_with_ttl_3_and_the_next_number() {
    let mut flooder = flooder(&[at(1), at(2)]);
    let mut outbox = Outbox::default();
    clireq(&mut flooder, at(5000), b"http", &mut outbox);
    clireq(&mut flooder, at(5000), b"http", &mut outbox);
    let http = b"http".to_vec();
    assert_eq!(
        sent(&outbox),
        [
            (header(3, u32::MAX), http.clone(), at(1)),
            (header(3, u32::MAX), http.clone(), at(2)),
            (header(3, 0), http.clone(), at(1)),
            (header(3, 0), http, at(2)),
        ]
    );
}

#[test]
fn p3_the_origin_keeps_padding_and_cuts_garbage_behind_the_nul_while_a_relay_keeps_both() {
    for (field, as_origin) in [(&b"http\0\0"[..], &b"http\0\0"[..]), (b"http\0junk", b"http\0")] {
        let mut flooder = flooder(&[at(1)]);
        let mut outbox = Outbox::default();
        clireq(&mut flooder, at(5000), field, &mut outbox);
        assert_eq!(sent(&outbox)[0].1, as_origin);
        outbox.clear();
        query(&mut flooder, at(9), header(3, 9), field, &mut outbox);
        assert_eq!(sent(&outbox)[0].1, field);
    }
}

#[test]
fn p14_a_new_query_goes_on_to_all_but_its_source_and_an_old_one_nowhere() {
    let mut flooder = flooder(&[at(1), at(2), at(3)]);
    let mut outbox = Outbox::default();
    let verdict = query(&mut flooder, at(2), header(3, 7), b"http", &mut outbox);
    assert_eq!(
        verdict,
        QueryVerdict::FirstSighting { forwarded: 2, ttl_expired: false, ttl_clamped: false, evicted: false }
    );
    let http = b"http".to_vec();
    assert_eq!(sent(&outbox), [(header(2, 7), http.clone(), at(1)), (header(2, 7), http, at(3))]);
    outbox.clear();
    for (source, ttl, higher_ttl) in [(2, 3, false), (1, 2, false), (4, 65_535, false)] {
        let verdict = query(&mut flooder, at(source), header(ttl, 7), b"http", &mut outbox);
        assert_eq!(verdict, QueryVerdict::Duplicate { higher_ttl });
    }
    assert!(outbox.is_empty());
}

#[test]
fn p14_p17_what_each_time_to_live_does() {
    let first = |forwarded, ttl_expired, ttl_clamped| QueryVerdict::FirstSighting {
        forwarded,
        ttl_expired,
        ttl_clamped,
        evicted: false,
    };
    for (ttl, verdict, onward) in [
        (0, QueryVerdict::TtlZero, None),
        (1, first(0, true, false), None),
        (2, first(1, false, false), Some(1)),
        (3, first(1, false, false), Some(2)),
        (4, first(1, false, true), Some(2)),
        (65_535, first(1, false, true), Some(2)),
    ] {
        let mut outbox = Outbox::default();
        let found = query(&mut flooder(&[at(1)]), at(9), header(ttl, 7), b"http", &mut outbox);
        assert_eq!(found, verdict, "TTL {ttl}");
        assert_eq!(sent(&outbox).first().map(|(header, ..)| header.ttl.0), onward, "TTL {ttl}");
    }
}

#[test]
fn p16_the_origins_own_query_is_a_duplicate_when_it_comes_back() {
    let mut flooder = flooder(&[at(1), at(2)]);
    let mut outbox = Outbox::default();
    clireq(&mut flooder, at(5000), b"http\0", &mut outbox);
    outbox.clear();
    let verdict = query(&mut flooder, at(1), header(1, u32::MAX), b"http", &mut outbox);
    assert_eq!(verdict, QueryVerdict::Duplicate { higher_ttl: false });
    assert!(outbox.is_empty());
}

#[test]
fn p16_without_neighbours_there_is_no_query_to_mark() {
    let mut flooder = flooder(&[]);
    let mut outbox = Outbox::default();
    clireq(&mut flooder, at(5000), b"http", &mut outbox);
    assert!(outbox.is_empty());
    assert_eq!(flooder.sightings(), 0);
}

#[test]
fn p17_a_zero_ttl_does_not_hide_the_real_query() {
    let mut flooder = flooder(&[at(1)]);
    let mut outbox = Outbox::default();
    assert_eq!(query(&mut flooder, at(9), header(0, 7), b"http", &mut outbox), QueryVerdict::TtlZero);
    query(&mut flooder, at(9), header(3, 7), b"http", &mut outbox);
    assert_eq!(outbox.len(), 1);
}

#[test]
fn p22_strangers_are_served_unless_only_neighbours_are() {
    for (neighbours_only, source, refused) in [(false, 9, false), (true, 9, true), (true, 1, false)] {
        let mut flooder = Flooder { neighbours_only, ..flooder(&[at(1), at(2)]) };
        let verdict = query(&mut flooder, at(source), header(3, 7), b"http", &mut Outbox::default());
        assert_eq!(verdict == QueryVerdict::StrangerRefused, refused);
    }
}

#[test]
fn p26_a_loopback_client_is_noticed_where_a_neighbour_is_elsewhere() {
    let lan = SocketAddrV4::new(Ipv4Addr::new(192, 168, 1, 9), 6001);
    for (neighbours, client, noticed) in [
        (vec![at(1)], at(5000), false),
        (vec![at(1), lan], at(5000), true),
        (vec![at(1), lan], SocketAddrV4::new(*lan.ip(), 5000), false),
    ] {
        let flooded = clireq(&mut flooder(&neighbours), client, b"http", &mut Outbox::default());
        assert_eq!(flooded.loopback_client, noticed);
    }
}

#[test]
fn p20_it_is_told_when_a_sighting_had_to_make_room_for_the_query_of_a_clireq_or_for_a_query() {
    let mut flooder = flooder(&[at(1)]);
    let mut inbox = Inbox::default();
    for seq in 0..10 {
        inbox.push(at(5000), b"\0\x01http").unwrap();
        let mut query = Vec::new();
        encode_query(&mut query, header(3, seq), b"other");
        inbox.push(at(9), &query).unwrap();
    }
    let mut judged = 0;
    flooder.on_batch(NOW, &inbox, &mut Outbox::default(), |index, verdict, _| {
        let (Verdict::Clireq(ClireqFlooded { evicted, .. })
        | Verdict::Query(QueryVerdict::FirstSighting { evicted, .. })) = verdict
        else {
            panic!("{index}: {verdict:?}");
        };
        assert_eq!(evicted, index >= 16, "{index}: {verdict:?}");
        judged += 1;
    });
    assert_eq!((judged, flooder.sightings()), (20, 16));
}
