//! Whoever reads the answers is behind: the conversation goes on, and what it holds is bounded.

use super::{Fixture, MANNER, NUL_HINT, time};
use crate::support::{DEADLINE, at, inbox, next, response};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use servent::actor::channels::News;
use servent::console::client_ui::{BACKLOG_LEN_MAX, Ending, Interrupt, Manner};
use std::io::{self, Write};
use std::thread::Builder;
use std::time::Duration;

/// A writer that takes nothing before it is let go.
pub(super) struct Stuck {
    go_rx: Receiver<()>,
    written_tx: Sender<Vec<u8>>,
}

impl Stuck {
    /// What lets it go once it is dropped, and what it writes then.
    pub(super) fn new() -> (Self, Sender<()>, Receiver<Vec<u8>>) {
        let ((go_tx, go_rx), (written_tx, written_rx)) = (bounded(0), unbounded());
        (Self { go_rx, written_tx }, go_tx, written_rx)
    }
}

impl Write for Stuck {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.go_rx.recv().ok();
        self.written_tx.send(text.to_vec()).ok();
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn p40_a_conversation_asks_again_while_its_answers_are_not_read() {
    let (stuck, go_tx, written_rx) = Stuck::new();
    let client = Fixture::start_with_keys_and_answers(Manner { jobs: 2, ..MANNER }, &[b"http", b"smtp"], stuck);
    next(&client.outbox_rx);
    assert_eq!(next(&client.deadline_rx), time(4));
    client.deliver(1, &[(6001, response(b"http", b"80/tcp"))]);
    client.ring(4);
    client.expect_transmission(b"smtp");
    client.ring(5);
    client.ring(8);
    drop(go_tx);
    client.expect_remark("smtp: no answer from 127.0.0.1:6001 after 4 s, asking again");
    client.expect_remark("http: no more answers (1 answer)");
    client.expect_remark("smtp: no answer");
    client.expect_remark(NUL_HINT);
    assert_eq!(client.end(), Ending::Finished { has_asked: true, unanswered: 1, refused: 0 });
    assert_eq!(written_rx.iter().collect::<Vec<_>>().concat(), b"http\t127.0.0.1:6001\t80/tcp\n");
}

#[test]
fn no_key_is_asked_and_nothing_received_while_too_much_is_not_read_and_then_all_of_it_is() {
    let (stuck, go_tx, written_rx) = Stuck::new();
    let client = Fixture::start_with_keys_and_answers(MANNER, &[b"first", b"second"], stuck);
    client.expect_transmission(b"first");
    let value = vec![b'v'; 60_000];
    let count = BACKLOG_LEN_MAX / value.len() + 1;
    (0..count).for_each(|port| client.deliver(1, &[(6001 + port as u16, response(b"first", &value))]));
    // This one it does not take: nobody hears what is sent here.
    let late = News::Messages(inbox(&[(at(7000), response(b"first", b"late"))]));
    assert!(client.news_tx.send_timeout(late, Duration::from_millis(50)).is_err());
    client.ring(5);
    // Over, and the next key not asked for. What it waits for now is the writer.
    assert!(client.outbox_rx.recv_timeout(Duration::from_millis(50)).is_err());
    drop(go_tx);
    client.expect_remark(&format!("first: no more answers ({count} answers)"));
    client.expect_transmission(b"second");
    client.clock.set(time(6));
    client.deliver(6, &[(6001, response(b"second", b"2"))]);
    client.ring(10);
    client.expect_remark("second: no more answers (1 answer)");
    assert_eq!(client.end(), Ending::Finished { has_asked: true, unanswered: 0, refused: 0 });
    let written = written_rx.iter().collect::<Vec<_>>().concat();
    assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), count + 1);
}

#[test]
fn the_ticks_of_a_live_line_bring_nothing_more_while_too_much_is_not_read() {
    let (stuck, go_tx, _written_rx) = Stuck::new();
    let client = Fixture::start_with_keys_and_answers(Manner { columns: Some(|| 80), ..MANNER }, &[b"http"], stuck);
    client.expect_transmission(b"http");
    let value = vec![b'v'; 60_000];
    let count = BACKLOG_LEN_MAX / value.len() + 1;
    (0..count).for_each(|port| client.deliver_now(&[(6001 + port as u16, response(b"http", &value))]));
    // Somebody waits to be taken in while time passes, but not so much that the wait is over.
    let news_tx = client.news_tx.clone();
    let late = News::Messages(inbox(&[(at(7000), response(b"http", b"late"))]));
    let (ready_tx, ready_rx) = bounded(0);
    let send = move || {
        ready_tx.send(()).unwrap();
        news_tx.send_timeout(late, Duration::from_millis(200))
    };
    let sender = Builder::new().spawn(send).unwrap();
    next(&ready_rx);
    let mut ticks = 0;
    while !sender.is_finished() {
        let Ok(deadline) = client.deadline_rx.recv_timeout(Duration::from_millis(10)) else { continue };
        if deadline < time(3) {
            client.clock.set(deadline);
            ticks += 1;
        }
    }
    assert!(sender.join().unwrap().is_err(), "a tick took it in");
    assert!(ticks > 1, "there were {ticks} ticks");
    drop(go_tx);
    assert!(client.interrupt_tx.send_timeout(Interrupt::User, DEADLINE).is_ok());
    assert_eq!(client.conversation.join().unwrap().unwrap(), Ending::Interrupted);
}

#[test]
fn who_stops_a_conversation_waits_a_second_for_what_is_not_read() {
    let (stuck, _go_tx, _written_rx) = Stuck::new();
    let client = Fixture::start_with_keys_and_answers(MANNER, &[b"http"], stuck);
    client.expect_transmission(b"http");
    client.deliver(1, &[(6001, response(b"http", b"80/tcp"))]);
    client.interrupt_tx.send_timeout(Interrupt::User, DEADLINE).unwrap();
    while next(&client.deadline_rx) != time(2) {}
    client.clock.set(time(2));
    assert_eq!(client.end(), Ending::Interrupted);
}
