//! What it can tell of what is no answer (P-46).

use super::{Fixture, MANNER, NUL_HINT};
use crate::support::{at, response};
use servent::actor::channels::News;
use servent::console::client_ui::{Ending, Interrupt, Manner};
use servent::net::SendFailure;
use servent::protocol::Dialect;
use servent::wire::decode;

const NO_ANSWER: Ending = Ending::Finished { has_asked: true, unanswered: 1, refused: 0 };

fn malformed(port: u16, datagram: &[u8]) -> News {
    News::Malformed { from: at(port), error: decode(datagram).unwrap_err(), excerpt: datagram.to_vec() }
}

/// It said "no answer" and no more, whatever the servent had sent.
#[test]
fn p46_a_servent_that_sends_a_space_for_the_tab_or_a_type_in_the_other_order_is_told_of_once() {
    let client = Fixture::start(false, false);
    client.type_line(b"http");
    client.expect_transmission(b"http");
    for _ in 0..2 {
        client.tell(malformed(6001, b"\0\x03http 8025/tcp"));
        client.tell(malformed(6002, b"\x03\0http\t80/tcp"));
    }
    client.expect_remark(
        "127.0.0.1:6001 sent no answer but this: RESPONSE text: expected a tab behind the key, found a space: \
         'http 8025/tcp'",
    );
    client
        .expect_remark("127.0.0.1:6002 sent no answer but this: type 768: 3 in little-endian order; use network order");
    // None of it counts as an answer.
    client.ring(4);
    client.expect_remark("no answer from 127.0.0.1:6001 after 4 s, asking again");
    client.expect_transmission(b"http");
    client.ring(8);
    client.expect_remark("http: no answer");
    client.expect_remark(NUL_HINT);
    assert_eq!(client.end(), NO_ANSWER);
}

#[test]
fn p46_a_late_answer_to_an_earlier_key_is_not_told() {
    let client = Fixture::start(true, false);
    client.type_line(b"http");
    client.expect_transmission(b"http");
    client.interrupt_tx.send(Interrupt::User).unwrap();
    client.expect_remark("http: stopped");
    client.type_line(b"ssh");
    client.expect_transmission(b"ssh");
    client.deliver(1, &[(6001, response(b"http", b"80")), (6001, response(b"ssh", b"22"))]);
    client.expect_answer(b"ssh\t127.0.0.1:6001\t22");
    client.ring(5);
    client.expect_remark("ssh: no more answers (1 answer)");
    client.end();
}

/// A closed port was eight seconds of silence.
#[test]
fn p46_that_nothing_listens_is_said_at_once_and_the_waiting_goes_on() {
    let client = Fixture::start(false, false);
    client.type_line(b"http");
    client.expect_transmission(b"http");
    client.tell(News::Undelivered { to: at(6001), failure: SendFailure::Refused });
    client.expect_remark("nothing listens at 127.0.0.1:6001");
    client.ring(4);
    client.expect_remark("no answer from 127.0.0.1:6001 after 4 s, asking again");
    client.expect_transmission(b"http");
    client.tell(News::Undelivered { to: at(6001), failure: SendFailure::Refused });
    client.deliver(5, &[(6009, response(b"http", b"80"))]);
    client.expect_answer(b"http\t127.0.0.1:6009\t80");
    client.ring(9);
    client.expect_remark("http: no more answers (1 answer)");
    assert_eq!(client.end(), super::ALL_ANSWERED);
}

#[test]
fn p46_the_hint_at_nul_comes_once_a_run_and_only_where_it_can_help() {
    for (name, dialect, has_strangers, closed, hints) in [
        ("a silent servent", Dialect::Plain, true, false, 1),
        ("NULs are sent already", Dialect::NulTerminated, true, false, 0),
        ("all servents are known", Dialect::Plain, false, false, 0),
        ("nothing listens", Dialect::Plain, true, true, 0),
    ] {
        let client = Fixture::start_with(Manner { dialect, has_strangers, ..MANNER });
        for (key, start) in [("a", 0), ("b", 8)] {
            client.type_line(key.as_bytes());
            if closed && start == 0 {
                client.tell(News::Undelivered { to: at(6001), failure: SendFailure::Refused });
            }
            client.ring(start + 4);
            client.ring(start + 8);
        }
        let said = client.end_with_remarks();
        assert_eq!(said.iter().filter(|line| *line == NUL_HINT).count(), hints, "{name}: {said:?}");
        let last = said.iter().position(|line| line == "a: no answer").unwrap();
        assert!(hints == 0 || said[last + 1] == NUL_HINT, "{said:?}");
    }
}
