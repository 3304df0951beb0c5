//! Many keys at once, and the formats of their answers.

use super::{ALL_ANSWERED, Fixture, MANNER, NUL_HINT, SERVENT};
use crate::support::{at, clireq, contents, next, response};
use servent::console::client_ui::{Ending, Format, Interrupt, Manner};
use servent::console::line_reader::LineRead;

#[test]
fn many_keys_are_under_way_at_once_and_shown_in_the_order_asked() {
    let client = Fixture::start_with(Manner { jobs: 2, ..MANNER });
    for key in [b"a", b"b", b"c"] {
        client.type_line(key);
    }
    client.line_tx.send(LineRead::End).unwrap();
    client.expect_transmission(b"a");
    client.expect_transmission(b"b");
    client.deliver(1, &[(6002, response(b"b", b"2")), (6001, response(b"c", b"not yet asked"))]);
    client
        .expect_remark("127.0.0.1:6001 sent no answer but this: RESPONSE key: expected one that was asked, found 'c'");
    client.deliver(2, &[(6001, response(b"a", b"1")), (6001, response(b"b", b"2"))]);
    client.expect_answer(b"a\t127.0.0.1:6001\t1");
    client.ring(6);
    client.expect_remark("a: no more answers (1 answer)");
    client.expect_answer(b"b\t127.0.0.1:6002\t2");
    client.expect_answer(b"b\t127.0.0.1:6001\t2");
    client.expect_remark("b: no more answers (2 answers)");
    client.expect_transmission(b"c");
    client.ring(10);
    client.expect_remark("c: no answer from 127.0.0.1:6001 after 4 s, asking again");
    client.expect_transmission(b"c");
    client.ring(14);
    client.expect_remark("c: no answer");
    client.expect_remark(NUL_HINT);
    assert_eq!(client.end(), Ending::Finished { has_asked: true, unanswered: 1, refused: 0 });
}

/// They were dropped.
#[test]
fn p45_what_is_under_way_is_finished_when_the_input_can_not_be_read_any_more() {
    let client = Fixture::start_with(Manner { jobs: 2, ..MANNER });
    client.type_line(b"a");
    client.expect_transmission(b"a");
    client.line_tx.send(LineRead::Failed(std::io::Error::other("the disk is gone"))).unwrap();
    client.deliver(1, &[(6001, response(b"a", b"1"))]);
    client.expect_answer(b"a\t127.0.0.1:6001\t1");
    client.ring(5);
    client.expect_remark("a: no more answers (1 answer)");
    let error = client.conversation.join().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the disk is gone");
}

#[test]
fn keys_that_start_together_leave_together() {
    let client = Fixture::start_with(Manner { jobs: 3, ..MANNER });
    // All three are under way, and are retransmitted at the same time.
    for key in [b"a", b"b", b"c"] {
        client.type_line(key);
        client.expect_transmission(key);
    }
    client.line_tx.send(LineRead::End).unwrap();
    client.ring(4);
    let again: Vec<_> = [b"a", b"b", b"c"].map(|key| (at(SERVENT), clireq(key))).to_vec();
    assert_eq!(contents(&next(&client.outbox_rx)), again);
    for key in ["a", "b", "c"] {
        client.expect_remark(&format!("{key}: no answer from 127.0.0.1:6001 after 4 s, asking again"));
    }
    client.ring(8);
    for key in ["a", "b", "c"] {
        client.expect_remark(&format!("{key}: no answer"));
        // After the first of a run.
        if key == "a" {
            client.expect_remark(NUL_HINT);
        }
    }
    assert_eq!(client.end(), Ending::Finished { has_asked: true, unanswered: 3, refused: 0 });
}

#[test]
fn a_person_asks_for_one_key_at_a_time() {
    let client = Fixture::start_with(Manner { jobs: 64, interactive: true, ..MANNER });
    client.type_line(b"a");
    client.expect_transmission(b"a");
    client.deliver(0, &[(6001, response(b"a", b"1"))]);
    client.expect_answer(b"a\t127.0.0.1:6001\t1");
    // The prompt is not there before the wait is over.
    assert!(client.asked_rx.is_empty());
    client.ring(4);
    client.expect_remark("a: no more answers (1 answer)");
    next(&client.asked_rx);
    assert_eq!(client.end(), ALL_ANSWERED);
}

#[test]
fn json_has_an_object_for_each_answer_and_each_key_that_is_done() {
    let client = Fixture::start_with(Manner { jobs: 2, format: Format::Json, ..MANNER });
    client.type_line(b"a");
    client.type_line(b"caf\xe9");
    client.line_tx.send(LineRead::End).unwrap();
    client.expect_transmission(b"a");
    client.expect_transmission(b"caf\xe9");
    client.deliver(1, &[(6001, response(b"a", b"1\t\x1b"))]);
    client.expect_answer(
        br#"{"type":"answer","number":1,"key":"a","servent":"127.0.0.1:6001","elapsed_ms":1000.000,"value":"1\t\u001b"}"#,
    );
    client.ring(4);
    client.expect_remark("caf\\xe9: no answer from 127.0.0.1:6001 after 4 s, asking again");
    client.expect_transmission(b"caf\xe9");
    client.ring(5);
    client.expect_answer(
        br#"{"type":"finished","number":1,"key":"a","answers":1,"servents":1,"left_out":0,"first_answer_ms":1000.000,"elapsed_ms":5000.000}"#,
    );
    client.expect_remark("a: no more answers (1 answer)");
    client.ring(8);
    client.expect_answer(
        br#"{"type":"finished","number":2,"key_base64":"Y2Fm6Q==","answers":0,"servents":0,"left_out":0,"first_answer_ms":null,"elapsed_ms":8000.000}"#,
    );
    client.expect_remark("caf\\xe9: no answer");
    client.expect_remark(NUL_HINT);
    assert_eq!(client.end(), Ending::Finished { has_asked: true, unanswered: 1, refused: 0 });
}

#[test]
fn ctrl_c_without_a_prompt_shows_what_was_heard_of_later_keys() {
    let client = Fixture::start_with(Manner { jobs: 2, ..MANNER });
    for key in [b"a", b"b"] {
        client.type_line(key);
        client.expect_transmission(key);
    }
    client.deliver(1, &[(6001, response(b"b", b"2"))]);
    client.interrupt_tx.send(Interrupt::User).unwrap();
    client.expect_answer(b"b\t127.0.0.1:6001\t2");
    assert_eq!(client.end(), Ending::Interrupted);
}

#[test]
fn p45_a_line_that_is_too_long_is_refused_and_the_next_one_is_asked_for() {
    let client = Fixture::start(false, false);
    next(&client.asked_rx);
    client.line_tx.send(LineRead::TooLong).unwrap();
    client.expect_remark("a line of more than 131072 bytes, which no key is: skipped");
    next(&client.asked_rx);
    assert_eq!(client.end(), Ending::Finished { has_asked: false, unanswered: 0, refused: 1 });
}
