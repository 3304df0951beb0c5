//! The line that changes while the client waits, and the progress bar.

use super::{ALL_ANSWERED, Fixture, MANNER, NUL_HINT, SERVENT};
use crate::support::{at, clireq, contents, next, response};
use servent::console::client_ui::{Ending, Interrupt, Manner};

#[test]
fn p40_the_live_line_counts_down_says_what_is_waited_for_and_is_erased() {
    let client = Fixture::start_with(Manner { interactive: true, columns: Some(|| 80), ..MANNER });
    client.type_line(b"http");
    client.expect_transmission(b"http");
    client.ring_at(100);
    client.ring_at(200);
    // It is 0.25 s, and nothing rings before 0.3 s.
    client.jump(300, 250);
    client.deliver_now(&[(6001, response(b"http", b"80"))]);
    client.expect_answer(b"http\t127.0.0.1:6001\t80");
    client.ring_at(350);
    client.jump(450, 4_250);
    client.expect_remark(
        "\r\x1b[K3.9 s  waiting for the first answer: http\
         \r\x1b[K3.8 s  waiting for the first answer: http\
         \r\x1b[K\
         \r\x1b[K4.0 s  1 answer, waiting for more: http\
         \r\x1b[K3.9 s  1 answer, waiting for more: http\
         \r\x1b[Khttp: no more answers (1 answer)",
    );
    assert_eq!(client.end(), ALL_ANSWERED);
}

#[test]
fn p40_after_a_retransmission_the_live_line_says_so() {
    let client = Fixture::start_with(Manner { interactive: true, columns: Some(|| 30), ..MANNER });
    client.type_line(b"http");
    client.expect_transmission(b"http");
    client.jump(100, 4_000);
    client.expect_remark("no answer from 127.0.0.1:6001 after 4 s, asking again");
    client.expect_transmission(b"http");
    client.ring_at(4_100);
    client.jump(4_200, 4_100);
    client.interrupt_tx.send(Interrupt::User).unwrap();
    // 30 columns hold 29.
    client.expect_remark(
        "\r\x1b[K4.0 s  asked again, waitin...\
         \r\x1b[K3.9 s  asked again, waitin...\
         \r\x1b[Khttp: stopped",
    );
    assert_eq!(client.end(), ALL_ANSWERED);
}

#[test]
fn many_keys_have_a_bar_and_a_last_word_on_a_terminal() {
    let manner = Manner { jobs: 2, columns: Some(|| 80), ..MANNER };
    let client = Fixture::start_with_keys(manner, &[b"a", b"b", b"c"]);
    assert_eq!(contents(&next(&client.outbox_rx)), [(at(SERVENT), clireq(b"a")), (at(SERVENT), clireq(b"b"))]);
    // Once it waits, it has looked at the clock.
    client.jump(100, 60);
    client.deliver_now(&[(6001, response(b"a", b"1")), (6001, response(b"b", b"2"))]);
    client.expect_answer(b"a\t127.0.0.1:6001\t1");
    client.ring_at(100);
    client.jump(200, 4_060);
    client.expect_remark(
        "\r\x1b[K[------------------------------]  0 of 3 keys, 2 under way, 2 answers\
         \r\x1b[Ka: no more answers (1 answer)",
    );
    client.expect_answer(b"b\t127.0.0.1:6001\t2");
    client.expect_remark("b: no more answers (1 answer)");
    client.expect_transmission(b"c");
    client.jump(4_160, 8_060);
    // The bar counts who is asked again, so nothing is said of each.
    client.expect_transmission(b"c");
    client.jump(8_160, 12_060);
    let bar = "[####################----------]  2 of 3 keys, 1 under way, 2 answers";
    client.expect_remark(&format!("\r\x1b[K{bar}\r\x1b[Kc: no answer"));
    client.expect_remark(NUL_HINT);
    client.expect_remark("3 keys: 2 answers, 1 without an answer, 12.1 s");
    assert_eq!(client.end(), Ending::Finished { has_asked: true, unanswered: 1, refused: 0 });
}

/// After a stop the cursor stands somewhere else: nothing there is the live line's to erase, and it is drawn at once.
#[test]
fn the_live_line_is_drawn_at_once_where_the_program_goes_on_or_the_window_changes() {
    let client = Fixture::start_with(Manner { interactive: true, columns: Some(|| 80), ..MANNER });
    client.type_line(b"http");
    client.expect_transmission(b"http");
    client.ring_at(100);
    client.jump(200, 160);
    client.interrupt_tx.send(Interrupt::GoneOn).unwrap();
    // The next tick is one from now.
    client.jump(260, 250);
    client.interrupt_tx.send(Interrupt::Resized).unwrap();
    client.jump(350, 349);
    client.interrupt_tx.send(Interrupt::User).unwrap();
    client.expect_remark(
        "\r\x1b[K3.9 s  waiting for the first answer: http\
         \r\x1b[K3.8 s  waiting for the first answer: http\
         \r\x1b[K3.8 s  waiting for the first answer: http\
         \r\x1b[Khttp: stopped",
    );
    assert_eq!(client.end(), ALL_ANSWERED);
}
