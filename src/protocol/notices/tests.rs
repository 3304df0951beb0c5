use super::*;
use crate::wire::decode;
use std::net::Ipv4Addr;

fn at(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// After `http` was asked.
fn notices() -> Notices {
    let mut notices = Notices::new([1, 2]);
    notices.asked(&AskedKey::new(b"http").unwrap());
    notices
}

fn hear(notices: &mut Notices, port: u16, datagram: &[u8]) {
    match decode(datagram) {
        Ok(message) => notices.on_unrelated(at(port), &message),
        Err(error) => {
            notices.on_malformed(at(port), error, &datagram[..datagram.len().min(EXCERPT_LEN_MAX)]);
        }
    }
}

fn told(notices: &mut Notices) -> Vec<String> {
    std::iter::from_fn(|| notices.next_notice()).map(|notice| notice.to_string()).collect()
}

#[test]
fn p46_it_is_told_who_sent_what_and_what_was_expected() {
    let long = [b"\0\x03", "\u{e9}".repeat(500).as_bytes()].concat();
    let long_key = [&b"\0\x03"[..], &[b'k'; 100], b"\tvalue"].concat();
    for (datagram, found) in [
        (&b"\x03\0http\t80/tcp"[..], "type 768: 3 in little-endian order; use network order".to_owned()),
        (b"\0\x04http", "type: expected 1 (CLIREQ), 2 (QUERY) or 3 (RESPONSE), found 4".to_owned()),
        (
            b"\0\x03http 8025/tcp",
            "RESPONSE text: expected a tab behind the key, found a space: 'http 8025/tcp'".to_owned(),
        ),
        (
            b"\0\x03http\x1b[2J\0\t",
            "RESPONSE text: expected a tab behind the key, found none: 'http\\x1b[2J'".to_owned(),
        ),
        (&long, format!("RESPONSE text: expected a tab behind the key, found none: '{}'...", "\u{e9}".repeat(32))),
        (b"\0\x03HTTP\t80/tcp", "RESPONSE key: expected one that was asked, found 'HTTP'".to_owned()),
        (&long_key, format!("RESPONSE key: expected one that was asked, found '{}'...", "k".repeat(64))),
        (b"\0\x03\t80/tcp", "RESPONSE key: expected at least 1 byte, found none".to_owned()),
        (b"\0", "type: expected 2 bytes, found 1".to_owned()),
        (b"\0\x01http", "type: expected 3 (RESPONSE), found 1 (CLIREQ)".to_owned()),
        (b"\0\x02\0\x03\x7f\0\0\x01\x1f\x90\0\0\0\x07http", "type: expected 3 (RESPONSE), found 2 (QUERY)".to_owned()),
    ] {
        let mut notices = notices();
        hear(&mut notices, 6001, datagram);
        assert_eq!(told(&mut notices), [format!("127.0.0.1:6001 sent no answer but this: {found}")]);
    }
}

#[test]
fn p46_each_is_told_once_per_sender_and_cause() {
    let mut notices = notices();
    for (port, datagram) in
        [(1, &b"\0\x03a\t"[..]), (1, b"\0\x03b\t"), (2, b"\0\x03a\t"), (1, b"\0\x09"), (1, b"\0\x0a"), (1, b"\0")]
    {
        hear(&mut notices, port, datagram);
    }
    for _ in 0..2 {
        notices.on_refused(at(1));
        notices.on_unreachable(at(1));
    }
    let told = told(&mut notices);
    assert_eq!(told.len(), 6, "{told:?}");
    assert_eq!(told[4], "nothing listens at 127.0.0.1:1");
    assert_eq!(told[5], "no way to 127.0.0.1:1: the host or its network is unreachable");
}

#[test]
fn p46_a_late_answer_to_an_earlier_key_is_no_fault() {
    let mut notices = notices();
    notices.asked(&AskedKey::new(b"ssh").unwrap());
    hear(&mut notices, 1, b"\0\x03http\t80");
    hear(&mut notices, 1, b"\0\x03ssh\t22\0");
    assert!(told(&mut notices).is_empty());
}

#[test]
fn p46_whatever_strangers_send_what_is_told_and_kept_is_bounded() {
    let mut notices = notices();
    for port in 1..=5_000 {
        hear(&mut notices, port, b"\0\x03http 80");
    }
    assert_eq!((notices.noticed.len(), notices.waiting.len()), (NOTICES_MAX, NOTICES_MAX + 1));
    assert_eq!(told(&mut notices).last().unwrap(), "others sent no answers either; that is not shown any more");
    hear(&mut notices, 6_000, b"\0");
    assert!(told(&mut notices).is_empty());
}

#[test]
fn p46_where_more_keys_were_asked_than_are_remembered_none_is_called_another_one() {
    let mut notices = Notices::new([1, 2]);
    for number in 0..=ASKED_MAX {
        notices.asked(&AskedKey::new(number.to_string().as_bytes()).unwrap());
    }
    hear(&mut notices, 1, b"\0\x03never asked\t");
    assert!(told(&mut notices).is_empty());
    assert_eq!(notices.asked.len(), ASKED_MAX);
}
