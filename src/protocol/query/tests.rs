use super::*;
use crate::wire::decode;
use std::net::Ipv4Addr;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_start(Duration::from_secs(seconds))
}

fn servent(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

fn query() -> ClientQuery {
    ClientQuery::start(AskedKey::new(b"http").unwrap(), Patience::default(), [1, 2], at(0))
}

fn hear<'a>(query: &mut ClientQuery, now: u64, port: u16, datagram: &'a [u8]) -> Heard<'a> {
    query.on_message(at(now), servent(port), &decode(datagram).unwrap())
}

#[test]
fn p40_silence_is_met_with_one_retransmission_and_then_the_end() {
    let mut query = query();
    assert_eq!((query.deadline(), query.awaiting()), (at(4), Awaiting::FirstAnswer));
    assert_eq!(query.on_deadline(at(3)), Step::Wait);
    assert_eq!(query.on_deadline(at(4)), Step::Retransmit);
    assert_eq!(query.awaiting(), Awaiting::AnswerToRetransmission);
    assert_eq!(query.deadline(), at(8));
    assert_eq!(query.on_deadline(at(8)), Step::Finished(0));
}

#[test]
fn p40_after_an_answer_there_is_no_retransmission_and_each_answer_renews_the_wait() {
    let mut query = query();
    assert_eq!(hear(&mut query, 3, 1, b"\0\x03http\t80"), Heard::Answer(b"80"));
    assert_eq!((query.deadline(), query.awaiting()), (at(7), Awaiting::MoreAnswers));
    assert_eq!(query.on_deadline(at(4)), Step::Wait);
    assert_eq!(hear(&mut query, 6, 2, b"\0\x03http\t81\0"), Heard::Answer(b"81"));
    assert_eq!(query.on_deadline(at(9)), Step::Wait);
    assert_eq!(query.on_deadline(at(10)), Step::Finished(2));
}

#[test]
fn p40_an_answer_to_the_retransmission_counts() {
    let mut query = query();
    assert_eq!(query.on_deadline(at(4)), Step::Retransmit);
    assert_eq!(hear(&mut query, 7, 1, b"\0\x03http\t80"), Heard::Answer(b"80"));
    assert_eq!(query.on_deadline(at(11)), Step::Finished(1));
}

#[test]
fn p42_what_is_no_answer_does_not_touch_the_wait() {
    let mut query = query();
    for datagram in
        [&b"\0\x03https\t443"[..], b"\0\x03htt\tp", b"\0\x01http", b"\0\x02\0\x03\x7f\0\0\x01\x1f\x90\0\0\0\x07http"]
    {
        assert_eq!(hear(&mut query, 3, 1, datagram), Heard::Unrelated, "{datagram:?}");
    }
    assert_eq!(query.on_deadline(at(4)), Step::Retransmit);
}

#[test]
fn p43_a_repeated_answer_is_shown_once_and_another_value_or_servent_is_shown() {
    let mut query = query();
    assert_eq!(hear(&mut query, 1, 1, b"\0\x03http\t80"), Heard::Answer(b"80"));
    assert_eq!(hear(&mut query, 2, 1, b"\0\x03http\t80\0pad"), Heard::Repeated);
    assert_eq!(query.deadline(), at(6));
    assert_eq!(hear(&mut query, 2, 1, b"\0\x03http\t81"), Heard::Answer(b"81"));
    assert_eq!(hear(&mut query, 2, 2, b"\0\x03http\t80"), Heard::Answer(b"80"));
    assert_eq!(query.on_deadline(at(6)), Step::Finished(3));
}

#[test]
fn p40_the_number_of_tries_is_the_number_of_transmissions() {
    for (tries, retransmissions) in [(0, 0), (1, 0), (2, 1), (5, 4)] {
        let patience = Patience { tries, ..Patience::default() };
        let mut query = ClientQuery::start(AskedKey::new(b"k").unwrap(), patience, [1, 2], at(0));
        for _ in 0..retransmissions {
            assert_eq!(query.on_deadline(query.deadline()), Step::Retransmit, "{tries} tries");
        }
        assert_eq!(query.on_deadline(query.deadline()), Step::Finished(0), "{tries} tries");
    }
}

#[test]
fn p43_a_servent_that_never_ends_does_not_fill_the_memory() {
    let mut query = query();
    for number in 0..SHOWN_MAX + 10 {
        let datagram = format!("\0\x03http\t{number}").into_bytes();
        assert!(matches!(hear(&mut query, 1, 1, &datagram), Heard::Answer(_)));
    }
    assert_eq!(hear(&mut query, 1, 1, b"\0\x03http\t0"), Heard::Repeated);
    assert_eq!(query.shown.len(), SHOWN_MAX);
    assert_eq!(query.on_deadline(at(5)), Step::Finished(SHOWN_MAX + 10));
}

#[test]
fn p45_a_key_is_trimmed_and_checked() {
    assert_eq!(AskedKey::new(b" \thttp\r\n").unwrap().as_bytes(), b"http");
    let too_long = |terminator| {
        let len_max = CLIREQ_KEY_LEN_MAX - terminator;
        KeyError::TooLong { len: len_max + 1, len_max }
    };
    assert_eq!(AskedKey::new(b" \t"), Err(KeyError::Empty));
    assert_eq!(AskedKey::new(b"a\0b"), Err(KeyError::Nul));
    assert!(AskedKey::new(&[b'k'; CLIREQ_KEY_LEN_MAX]).is_ok());
    assert_eq!(AskedKey::new(&[b'k'; CLIREQ_KEY_LEN_MAX + 1]), Err(too_long(0)));
    // P-2: the terminator needs room as well.
    let in_dialect = |len| AskedKey::in_dialect(&vec![b'k'; len], Dialect::NulTerminated);
    assert!(in_dialect(CLIREQ_KEY_LEN_MAX - 1).is_ok());
    assert_eq!(in_dialect(CLIREQ_KEY_LEN_MAX), Err(too_long(1)));
}

#[test]
fn p45_a_key_that_can_not_be_asked_for_is_said_with_the_reason() {
    for (error, said) in [
        (KeyError::Empty, "an empty key: expected at least one character that is not white space"),
        (KeyError::Nul, "a NUL byte in the key, which would end it there"),
        (
            KeyError::TooLong { len: 65_506, len_max: 65_505 },
            "a key of 65506 bytes, and a datagram holds at most 65505",
        ),
    ] {
        assert_eq!(error.to_string(), said);
    }
}
