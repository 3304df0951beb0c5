//! The loop of a conversation.

use super::live::{self, TICK};
use super::screen::Screen;
use super::{Ending, Interrupt, Manner, Wires};
use crate::actor::channels::{BATCHES_WAITING_MAX, InboxHandle};
use crate::actor::clock::Clock;
use crate::actor::line_reader::Line;
use crate::batch::{Inbox, Outbox, Pool};
use crate::protocol::{AskedKey, Event, KeyError, Queries, QueriesConfig};
use crate::terminal::{Paint, Style, escape};
use crate::types::Timestamp;
use crate::wire::encode_clireq;
use crossbeam_channel::{Receiver, RecvError, never, select};
use std::io::{self, Write};

pub(super) struct Conversation<'a, C, A, R> {
    manner: Manner,
    wires: &'a Wires,
    clock: &'a C,
    screen: Screen<'a, A, R>,
    queries: Queries,
    outboxes: Pool<Outbox>,
    /// The line reader was asked for a line that has not come yet.
    is_asked: bool,
    /// There are no more lines.
    is_ended: bool,
    /// Why there are none, if they could not be read.
    unread: Option<io::Error>,
    /// When the live line is to change; `None` while nothing is under way.
    tick: Option<Timestamp>,
    unanswered: usize,
    refused: usize,
}

impl<'a, C: Clock, A: Write, R: Write> Conversation<'a, C, A, R> {
    pub(super) fn new(manner: Manner, wires: &'a Wires, clock: &'a C, answers: &'a mut A, remarks: &'a mut R) -> Self {
        let Manner { patience, jobs, secret, interactive, format, answer_paint, remark_paint, .. } = manner;
        let jobs = if interactive { 1 } else { jobs };
        Self {
            manner,
            wires,
            clock,
            screen: Screen::new((answers, answer_paint), (remarks, remark_paint), format),
            queries: Queries::new(QueriesConfig { patience, jobs, secret }),
            outboxes: Pool::default(),
            is_asked: false,
            is_ended: false,
            unread: None,
            tick: None,
            unanswered: 0,
            refused: 0,
        }
    }

    pub(super) fn run(mut self) -> io::Result<Ending> {
        let start = self.clock.now();
        let ending = self.converse();
        self.screen.erase();
        if let (Ok(Ending::Finished { .. }), true) = (&ending, self.has_bar()) {
            self.screen.remark(live::total(&self.queries.progress(), self.clock.now().since(start)));
        }
        ending
    }

    fn converse(&mut self) -> io::Result<Ending> {
        let Wires { line_rx, inbox_rx, interrupt_rx, .. } = self.wires;
        let (no_line_rx, no_alarm) = (never(), never());
        loop {
            if !self.start() {
                return Ok(Ending::Disconnected);
            }
            if self.is_ended && self.queries.is_empty() {
                if let Some(error) = self.unread.take() {
                    return Err(error);
                }
                return Ok(Ending::Finished { unanswered: self.unanswered, refused: self.refused });
            }
            self.draw();
            self.ask_for_a_line();
            let due_line_rx = if self.is_asked { line_rx } else { &no_line_rx };
            let alarm = self.alarm_at().map_or(no_alarm.clone(), |deadline| self.clock.alarm(deadline));
            let ending = select! {
                recv(due_line_rx) -> line => {
                    self.take_line(line.unwrap_or(Line::End));
                    None
                }
                recv(inbox_rx) -> inbox => self.take_inbox(inbox)?,
                recv(interrupt_rx) -> interrupt => self.interrupt(interrupt)?,
                recv(alarm) -> _ => self.on_alarm(inbox_rx)?,
            };
            if let Some(ending) = ending {
                return Ok(ending);
            }
        }
    }

    /// Starts as many keys as may be under way; false if there is nobody to send them.
    fn start(&mut self) -> bool {
        let now = self.clock.now();
        let keys: Vec<_> = std::iter::from_fn(|| self.queries.start_next(now)).collect();
        self.transmit(&keys)
    }

    /// A person is asked when nothing is under way; from elsewhere lines are read ahead.
    fn ask_for_a_line(&mut self) {
        let is_due = if self.manner.interactive { self.queries.is_empty() } else { self.queries.has_room() };
        if is_due && !self.is_asked && !self.is_ended {
            self.is_asked = true;
            // Where all lines were put into the channel beforehand, nobody is asked.
            self.wires.asked_tx.send(()).ok();
        }
    }

    fn take_line(&mut self, line: Line) {
        self.is_asked = false;
        match line {
            Line::Typed(typed) => match AskedKey::in_dialect(&typed, self.manner.dialect) {
                Ok(key) => self.queries.push(key),
                Err(KeyError::Empty) => {}
                Err(error) => {
                    self.refused += usize::from(!self.manner.interactive);
                    self.screen.remark(error);
                }
            },
            Line::Unreadable => self.screen.remark("that is not UTF-8; other bytes can be piped in"),
            // What is under way is finished, as at the end of the input (P-45).
            Line::Failed(error) => (self.unread, self.is_ended) = (Some(error), true),
            Line::Interrupted | Line::End => self.is_ended = true,
        }
    }

    fn take_inbox(&mut self, inbox: Result<InboxHandle, RecvError>) -> io::Result<Option<Ending>> {
        let Ok(inbox) = inbox else { return Ok(Some(Ending::Disconnected)) };
        self.hear(&inbox)?;
        Ok(None)
    }

    /// What came too late for its key is dropped by the queries.
    fn hear(&mut self, inbox: &Inbox) -> io::Result<()> {
        let now = self.clock.now();
        for (servent, message) in inbox.iter() {
            self.queries.on_message(now, servent, &message);
        }
        self.show()
    }

    fn interrupt(&mut self, interrupt: Result<Interrupt, RecvError>) -> io::Result<Option<Ending>> {
        let is_at_prompt = self.queries.is_empty();
        match interrupt {
            Ok(Interrupt::Leave) | Err(_) => return Ok(Some(Ending::Left)),
            Ok(Interrupt::User) if self.manner.interactive && is_at_prompt => self.is_ended = true,
            Ok(Interrupt::User) => {
                // What was heard of later keys is shown all the same.
                self.queries.stop();
                self.show()?;
            }
        }
        Ok((!self.manner.interactive).then_some(Ending::Interrupted))
    }

    fn on_alarm(&mut self, inbox_rx: &Receiver<InboxHandle>) -> io::Result<Option<Ending>> {
        // What came before the deadline counts, even if it is read after it. No more than can have waited: while it is
        // shown, more may come, and Ctrl-C must get its turn.
        for inbox in inbox_rx.try_iter().take(BATCHES_WAITING_MAX) {
            self.hear(&inbox)?;
        }
        let again = self.queries.on_deadline(self.clock.now());
        for key in &again {
            self.remark_silence(key);
        }
        if !self.transmit(&again) {
            return Ok(Some(Ending::Disconnected));
        }
        self.show()?;
        Ok(None)
    }

    /// The bar counts those without an answer; where there is none, it is said of each.
    fn remark_silence(&mut self, key: &AskedKey) {
        if self.has_bar() {
            return;
        }
        let Manner { servent, patience, remark_paint, .. } = self.manner;
        let key = if self.has_many() { shown(remark_paint, key) + ": " } else { String::new() };
        let waited = patience.timeout.as_secs_f64();
        self.screen.remark(format_args!("{key}no answer from {servent} after {waited} s, asking again"));
    }

    /// Sends the CLIREQs for `keys`; false if there is nobody to send them.
    fn transmit(&mut self, keys: &[AskedKey]) -> bool {
        let (servent, terminator) = (self.manner.servent, self.manner.dialect.terminator());
        let mut keys = keys.iter().peekable();
        while keys.peek().is_some() {
            let (outbox, ()) = self.outboxes.fill(|outbox| {
                outbox.clear();
                while let Some(key) = keys.next_if(|_| !outbox.is_full()) {
                    let clireq = outbox.write(|bytes| {
                        encode_clireq(bytes, key.as_bytes());
                        bytes.extend_from_slice(terminator);
                    });
                    outbox.send(&clireq, servent);
                }
            });
            if self.wires.outbox_tx.send(outbox).is_err() {
                return false;
            }
        }
        true
    }

    /// Shows what there is to show, in the order asked.
    fn show(&mut self) -> io::Result<()> {
        while let Some(event) = self.queries.next_event() {
            match event {
                Event::Answer { number, key, answer } => self.screen.answer(number, &key, &answer)?,
                Event::Finished { number, key, summary } => {
                    self.unanswered += usize::from(summary.answers == 0 && !self.manner.interactive);
                    self.screen.end(number, &key, &summary)?;
                }
                Event::Stopped { key } if self.manner.interactive => {
                    self.screen.remark(format_args!("{}: stopped", shown(self.manner.remark_paint, &key)));
                }
                Event::Stopped { .. } => {}
            }
        }
        self.screen.flush()
    }

    /// Whether there are several keys without a person who asks for one after the other.
    fn has_many(&self) -> bool {
        !self.manner.interactive && self.queries.progress().lines.max(self.manner.keys.unwrap_or(0)) > 1
    }

    /// Whether a bar takes the countdown's place.
    fn has_bar(&self) -> bool {
        self.manner.columns.is_some() && self.has_many()
    }

    /// Draws the live line if there is one to draw and it is time, and takes it away if there is none.
    fn draw(&mut self) {
        let Some(columns) = self.manner.columns else { return };
        let now = self.clock.now();
        let progress = self.queries.progress();
        let Some(wait) = self.queries.wait() else {
            self.tick = None;
            return self.screen.erase();
        };
        // What is over within one tick needs no live line.
        let tick = *self.tick.get_or_insert(now + TICK);
        if now < tick && !self.screen.is_disturbed() {
            return;
        }
        self.tick = Some(now + TICK);
        let line = if self.has_bar() {
            let total = if self.is_ended { Some(progress.lines) } else { self.manner.keys };
            live::bar(&progress, total, columns())
        } else {
            live::countdown(&wait, now, columns())
        };
        self.screen.draw(line);
    }

    /// When to wake up, whatever comes.
    fn alarm_at(&self) -> Option<Timestamp> {
        self.queries.deadline().map(|deadline| self.tick.map_or(deadline, |tick| tick.min(deadline)))
    }
}

/// A key as remarks show it.
fn shown(paint: Paint, key: &AskedKey) -> String {
    paint.paint(Style::Key, &escape(key.as_bytes()))
}
