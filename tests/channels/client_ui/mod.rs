//! The client's conversation: the test is its user, its network and its clock.

mod lines;
mod live;
mod many;
mod notices;
mod stalled;

use crate::support::{DEADLINE, ManualClock, at, clireq, contents, inbox, next, query, response};
use crossbeam_channel::{Receiver, Sender, bounded, never, unbounded};
use lines::Lines;
use servent::Timestamp;
use servent::actor::channels::{News, OutboxHandle};
use servent::console::client_ui::{self, Ending, Format, Input, Interrupt, Manner, Wires};
use servent::console::line_reader::LineRead;
use servent::console::terminal::Paint;
use servent::protocol::{AskedKey, Dialect, Patience};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

const SERVENT: u16 = 6001;

/// A client in a pipe that asks one key at a time.
const MANNER: Manner = Manner {
    servent: SocketAddrV4::new(Ipv4Addr::LOCALHOST, SERVENT),
    patience: Patience { timeout: Duration::from_secs(4), tries: 2 },
    dialect: Dialect::Plain,
    has_strangers: true,
    jobs: 1,
    interactive: false,
    secret: [1, 2],
    format: Format::Plain,
    answer_paint: Paint(false),
    remark_paint: Paint(false),
    columns: None,
};

const NUL_HINT: &str = "tip: some programs of this protocol want a NUL behind the key: try --nul";

/// A conversation in its own thread, and all that surrounds it.
struct Fixture {
    conversation: JoinHandle<io::Result<Ending>>,
    asked_rx: Receiver<()>,
    line_tx: Sender<LineRead>,
    news_tx: Sender<News>,
    outbox_rx: Receiver<OutboxHandle>,
    interrupt_tx: Sender<Interrupt>,
    answer_rx: Receiver<Vec<u8>>,
    remark_rx: Receiver<Vec<u8>>,
    clock: ManualClock,
    deadline_rx: Receiver<Timestamp>,
}

impl Fixture {
    /// One key at a time, remarks not on a terminal.
    fn start(interactive: bool, terminal: bool) -> Self {
        let format = if terminal { Format::Terminal } else { Format::Plain };
        Self::start_with(Manner { interactive, format, ..MANNER })
    }

    fn start_with(manner: Manner) -> Self {
        let (asked_tx, asked_rx) = unbounded();
        let (line_tx, line_rx) = unbounded();
        Self::converse(manner, Input::Lines { asked_tx, line_rx }, (asked_rx, line_tx))
    }

    /// A conversation about these keys, which nobody types.
    fn start_with_keys(manner: Manner, keys: &[&[u8]]) -> Self {
        let keys = keys.iter().map(|key| AskedKey::new(key).unwrap()).collect();
        Self::converse(manner, Input::Keys(keys), (never(), unbounded().0))
    }

    /// The same with an output of its own for the answers.
    fn start_with_keys_and_answers(manner: Manner, keys: &[&[u8]], answers: impl Write + Send + 'static) -> Self {
        let keys = keys.iter().map(|key| AskedKey::new(key).unwrap()).collect();
        Self::converse_into(manner, Input::Keys(keys), (never(), unbounded().0), (answers, never()))
    }

    fn converse(manner: Manner, input: Input, lines: (Receiver<()>, Sender<LineRead>)) -> Self {
        Self::converse_into(manner, input, lines, Lines::new())
    }

    fn converse_into(
        manner: Manner,
        input: Input,
        (asked_rx, line_tx): (Receiver<()>, Sender<LineRead>),
        (answers, answer_rx): (impl Write + Send + 'static, Receiver<Vec<u8>>),
    ) -> Self {
        let (news_tx, news_rx) = bounded(0);
        let (outbox_tx, outbox_rx) = unbounded();
        let (interrupt_tx, interrupt_rx) = unbounded();
        let (remarks, remark_rx) = Lines::new();
        let (clock, deadline_rx) = ManualClock::new();
        let wires = Wires { input, news_rx, sender: outbox_tx.into(), interrupt_rx };
        let its_clock = clock.clone();
        let conversation =
            Builder::new().spawn(move || client_ui::run(manner, wires, &its_clock, answers, remarks)).unwrap();
        if manner.interactive {
            assert_eq!(next(&remark_rx), b"keys, one a line; Ctrl-D leaves");
        }
        Self {
            conversation,
            asked_rx,
            line_tx,
            news_tx,
            outbox_rx,
            interrupt_tx,
            answer_rx,
            remark_rx,
            clock,
            deadline_rx,
        }
    }

    fn type_line(&self, line: &[u8]) {
        next(&self.asked_rx);
        self.line_tx.send(LineRead::Typed(line.to_vec())).unwrap();
    }

    #[track_caller]
    fn expect_transmission(&self, key: &[u8]) {
        assert_eq!(contents(&next(&self.outbox_rx)), [(at(SERVENT), clireq(key))]);
    }

    /// Delivers datagrams at `seconds`; each comes from the port beside it.
    fn deliver(&self, seconds: u64, datagrams: &[(u16, Vec<u8>)]) {
        self.clock.set(time(seconds));
        self.deliver_now(datagrams);
    }

    fn deliver_now(&self, datagrams: &[(u16, Vec<u8>)]) {
        let datagrams: Vec<_> = datagrams.iter().map(|(port, datagram)| (at(*port), datagram.clone())).collect();
        self.tell(News::Messages(inbox(&datagrams)));
    }

    fn tell(&self, news: News) {
        self.news_tx.send_timeout(news, DEADLINE).unwrap();
    }

    /// Waits until the conversation waits for `seconds`, then lets that time come.
    #[track_caller]
    fn ring(&self, seconds: u64) {
        self.ring_at(seconds * 1_000);
    }

    /// The same in milliseconds.
    #[track_caller]
    fn ring_at(&self, millis: u64) {
        self.jump(millis, millis);
    }

    /// Waits until the conversation waits for `awaited` milliseconds, then lets it be `millis`, at or after that.
    #[track_caller]
    fn jump(&self, awaited: u64, millis: u64) {
        let due = Timestamp::from_start(Duration::from_millis(awaited));
        loop {
            let deadline = next(&self.deadline_rx);
            assert!(deadline <= due, "it waits until {deadline:?}, longer than {awaited} ms");
            if deadline == due {
                return self.clock.set(Timestamp::from_start(Duration::from_millis(millis)));
            }
        }
    }

    #[track_caller]
    fn expect_answer(&self, answer: &[u8]) {
        assert_eq!(String::from_utf8_lossy(&next(&self.answer_rx)), String::from_utf8_lossy(answer));
    }

    #[track_caller]
    fn expect_remark(&self, remark: &str) {
        assert_eq!(String::from_utf8_lossy(&next(&self.remark_rx)), remark);
    }

    /// Ends the input and returns all remarks that were not read yet.
    fn end_with_remarks(self) -> Vec<String> {
        self.line_tx.send(LineRead::End).ok();
        self.conversation.join().unwrap().unwrap();
        self.remark_rx.iter().map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
    }

    /// Ends the input and returns how the conversation ended; nothing may be left unread.
    #[track_caller]
    fn end(self) -> Ending {
        self.line_tx.send(LineRead::End).ok();
        let ending = self.conversation.join().unwrap().unwrap();
        assert!(self.answer_rx.is_empty() && self.remark_rx.is_empty() && self.outbox_rx.is_empty());
        ending
    }
}

fn time(seconds: u64) -> Timestamp {
    Timestamp::from_start(Duration::from_secs(seconds))
}

const ALL_ANSWERED: Ending = Ending::Finished { has_asked: true, unanswered: 0, refused: 0 };

#[test]
fn p40_p41_silence_is_met_with_one_retransmission_and_then_said() {
    let client = Fixture::start(false, false);
    client.type_line(b" http \r");
    client.expect_transmission(b"http");
    client.ring(4);
    client.expect_remark("no answer from 127.0.0.1:6001 after 4 s, asking again");
    client.expect_transmission(b"http");
    client.ring(8);
    client.expect_remark("http: no answer");
    client.expect_remark(NUL_HINT);
    assert_eq!(client.end(), Ending::Finished { has_asked: true, unanswered: 1, refused: 0 });
}

#[test]
fn p40_to_p43_answers_are_shown_as_they_come_and_each_renews_the_wait() {
    let client = Fixture::start(false, false);
    client.type_line(b"http");
    client.expect_transmission(b"http");
    client.deliver(3, &[(6001, response(b"http", b"80/tcp\ta\xe9")), (6001, response(b"https", b"443"))]);
    client.expect_remark(
        "127.0.0.1:6001 sent no answer but this: RESPONSE key: expected one that was asked, found 'https'",
    );
    client.expect_answer(b"http\t127.0.0.1:6001\t80/tcp\ta\xe9");
    client.deliver(4, &[(6002, response(b"http", b"80/tcp")), (6001, query(3, 1, 1, b"http"))]);
    client.expect_remark("127.0.0.1:6001 sent no answer but this: type: expected 3 (RESPONSE), found 2 (QUERY)");
    client.expect_answer(b"http\t127.0.0.1:6002\t80/tcp");
    client.deliver(5, &[(6002, response(b"http", b"80/tcp\0padding"))]);
    client.ring(9);
    client.expect_remark("http: no more answers (2 answers)");
    assert_eq!(client.end(), ALL_ANSWERED);
}

#[test]
fn p42_what_is_no_answer_does_not_renew_the_wait() {
    let client = Fixture::start(false, false);
    client.type_line(b"http");
    client.expect_transmission(b"http");
    client.deliver(3, &[(6001, response(b"https", b"443")), (6001, clireq(b"http"))]);
    client.expect_remark(
        "127.0.0.1:6001 sent no answer but this: RESPONSE key: expected one that was asked, found 'https'",
    );
    client.expect_remark("127.0.0.1:6001 sent no answer but this: type: expected 3 (RESPONSE), found 1 (CLIREQ)");
    client.ring(4);
    client.expect_remark("no answer from 127.0.0.1:6001 after 4 s, asking again");
    client.expect_transmission(b"http");
    client.deliver(7, &[(6009, response(b"http", b"late but in time"))]);
    client.expect_answer(b"http\t127.0.0.1:6009\tlate but in time");
    client.ring(11);
    client.expect_remark("http: no more answers (1 answer)");
    assert_eq!(client.end(), ALL_ANSWERED);
}

#[test]
fn p44_a_terminal_is_shown_no_control_characters() {
    let client = Fixture::start(true, true);
    client.type_line(b"http");
    client.expect_transmission(b"http");
    client.deliver(0, &[(6001, response(b"http", b"\x1b[2J80\t\xff"))]);
    client.expect_answer(b"127.0.0.1:6001           0.0 ms  \\x1b[2J80\t\\xff");
    client.ring(4);
    client.expect_remark("http: no more answers (1 answer from 1 servent, the first after 0.0 ms)");
    assert_eq!(client.end(), ALL_ANSWERED);
}

#[test]
fn p45_an_empty_line_asks_nothing_and_a_bad_key_is_explained() {
    let client = Fixture::start(false, false);
    client.type_line(b" \t");
    client.type_line(b"a\0b");
    client.expect_remark("a NUL byte in the key, which would end it there");
    assert_eq!(client.end(), Ending::Finished { has_asked: false, unanswered: 0, refused: 1 });
}

#[test]
fn p45_the_end_of_input_lets_the_query_in_progress_finish() {
    let client = Fixture::start(false, false);
    client.type_line(b"http");
    client.line_tx.send(LineRead::End).unwrap();
    client.expect_transmission(b"http");
    client.deliver(1, &[(6001, response(b"http", b"80"))]);
    client.expect_answer(b"http\t127.0.0.1:6001\t80");
    client.ring(5);
    client.expect_remark("http: no more answers (1 answer)");
    assert_eq!(client.end(), ALL_ANSWERED);
}

#[test]
fn p2_with_nul_keys_end_with_one() {
    let client = Fixture::start_with(Manner { dialect: Dialect::NulTerminated, ..MANNER });
    client.type_line(b"http");
    client.expect_transmission(b"http\0");
    client.deliver(0, &[(6001, response(b"http", b"80\0"))]);
    client.expect_answer(b"http\t127.0.0.1:6001\t80");
    client.ring(4);
    client.expect_remark("http: no more answers (1 answer)");
    assert_eq!(client.end(), ALL_ANSWERED);
}

#[test]
fn ctrl_c_in_a_wait_returns_to_the_prompt_and_there_it_leaves() {
    let client = Fixture::start(true, true);
    client.type_line(b"http");
    client.expect_transmission(b"http");
    client.interrupt_tx.send(Interrupt::User).unwrap();
    client.expect_remark("http: stopped");
    // An answer that comes now is too late: nobody waits for it.
    client.deliver(1, &[(6001, response(b"http", b"80"))]);
    client.type_line(b"ssh");
    client.expect_transmission(b"ssh");
    client.interrupt_tx.send(Interrupt::User).unwrap();
    client.expect_remark("ssh: stopped");
    next(&client.asked_rx);
    client.interrupt_tx.send(Interrupt::User).unwrap();
    assert_eq!(client.end(), ALL_ANSWERED);
}

#[test]
fn ctrl_c_without_a_prompt_and_an_order_to_leave_end_the_conversation() {
    for (interrupt, interactive, ending) in
        [(Interrupt::User, false, Ending::Interrupted), (Interrupt::Leave, true, Ending::Left)]
    {
        let client = Fixture::start(interactive, false);
        client.type_line(b"http");
        client.expect_transmission(b"http");
        client.interrupt_tx.send(interrupt).unwrap();
        assert_eq!(client.end(), ending);
    }
}

#[test]
fn a_network_that_is_gone_ends_the_conversation() {
    let client = Fixture::start(false, false);
    next(&client.asked_rx);
    let Fixture { conversation, news_tx, line_tx: _open, .. } = client;
    drop(news_tx);
    assert_eq!(conversation.join().unwrap().unwrap(), Ending::Disconnected);
}
