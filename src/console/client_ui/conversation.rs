//! The loop of a conversation.

mod showing;

use super::guide::{GREETING, Guide};
use super::live::{self};
use super::screen::Screen;
use super::writer::Backlog;
use super::{Ending, Input, Interrupt, Manner, Wires};
use crate::actor::asking::Asker;
use crate::actor::channels::News;
use crate::actor::clock::Clock;
use crate::console::line_reader::{LINE_LEN_MAX, LineRead};
use crate::protocol::{AskedKey, Dialect, KeyError, QueriesConfig};
use crate::types::Timestamp;
use crossbeam_channel::{Receiver, RecvError, Sender, never, select};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

/// How long whoever stops a conversation waits for what is still to be written.
const LEAVE_WAIT_MAX: Duration = Duration::from_secs(1);

pub(super) struct Conversation<'a, C> {
    manner: Manner,
    asker: Asker<&'a C>,
    screen: Screen,
    interrupt_rx: Receiver<Interrupt>,
    /// Keys that were given and are not asked for yet.
    given: VecDeque<AskedKey>,
    /// How many were given; `None` where lines are read, and nobody knows how many there will be.
    given_count: Option<usize>,
    /// Where lines come from; without a line reader there are none.
    asked_tx: Option<Sender<()>>,
    line_rx: Receiver<LineRead>,
    /// The line reader was asked for a line that has not come yet.
    is_asked: bool,
    /// There are no more lines.
    is_ended: bool,
    /// Why there are none, if they could not be read.
    unread: Option<io::Error>,
    /// When the live line is to change; `None` while nothing is under way.
    tick: Option<Timestamp>,
    guide: Guide,
    unanswered: usize,
    refused: usize,
    /// The hint at the other dialect is of use and was not given yet.
    may_hint: bool,
}

impl<'a, C: Clock> Conversation<'a, C> {
    pub(super) fn new(manner: Manner, wires: Wires, clock: &'a C, backlog: Backlog) -> Self {
        let Manner { servent, dialect, patience, jobs, secret, interactive, .. } = manner;
        let Manner { format, answer_paint, remark_paint, .. } = manner;
        let Wires { input, news_rx, sender, interrupt_rx } = wires;
        let jobs = if interactive { 1 } else { jobs };
        let config = QueriesConfig { patience, jobs, secret };
        let (given, asked_tx, line_rx) = match input {
            Input::Keys(keys) => (keys, None, never()),
            Input::Lines { asked_tx, line_rx } => (Vec::new(), Some(asked_tx), line_rx),
        };
        Self {
            manner,
            asker: Asker::new((servent, dialect), config, clock, news_rx, sender),
            screen: Screen::new(backlog, format, answer_paint, remark_paint, manner.columns),
            interrupt_rx,
            given_count: asked_tx.is_none().then_some(given.len()),
            given: given.into(),
            asked_tx,
            line_rx,
            is_asked: false,
            is_ended: false,
            unread: None,
            tick: None,
            guide: Guide::default(),
            unanswered: 0,
            refused: 0,
            may_hint: manner.has_strangers && dialect == Dialect::Plain,
        }
    }

    pub(super) fn run(mut self) -> io::Result<Ending> {
        let start = self.asker.now();
        if self.manner.interactive {
            self.screen.remark(GREETING);
        }
        let ending = self.converse();
        self.screen.erase();
        if let (Ok(Ending::Finished { .. }), true) = (&ending, self.has_bar()) {
            let took = self.asker.now().since(start);
            self.screen.remark(live::total(&self.asker.queries().progress(), took));
        }
        self.finish(ending)
    }

    /// Waits until all is written. Who stops it then need not wait for longer than [`LEAVE_WAIT_MAX`].
    fn finish(self, mut ending: io::Result<Ending>) -> io::Result<Ending> {
        let Self { manner, asker, screen, mut interrupt_rx, .. } = self;
        let (failed_rx, writer) = screen.close().close();
        let patience = || asker.alarm(asker.now() + LEAVE_WAIT_MAX);
        let has_left = |ending: &io::Result<Ending>| matches!(ending, Ok(Ending::Interrupted | Ending::Left));
        let mut patience_rx = if has_left(&ending) { patience() } else { never() };
        loop {
            select! {
                recv(failed_rx) -> failed => {
                    writer.join();
                    return match failed {
                        Ok(error) if !has_left(&ending) => ending.and(Err(error)),
                        _ => ending,
                    };
                }
                recv(interrupt_rx) -> interrupt => {
                    let left = match interrupt {
                        // At a prompt it is no other end than that of the input.
                        Ok(Interrupt::User) if manner.interactive => None,
                        Ok(Interrupt::User) => Some(Ending::Interrupted),
                        Ok(Interrupt::Leave) | Err(_) => Some(Ending::Left),
                        // There is no live line that it would concern.
                        Ok(Interrupt::Resized | Interrupt::GoneOn) => continue,
                    };
                    if let Some(left) = left {
                        ending = ending.and(Ok(left));
                    }
                    (patience_rx, interrupt_rx) = (patience(), never());
                }
                recv(patience_rx) -> _ => return ending,
            }
        }
    }

    fn converse(&mut self) -> io::Result<Ending> {
        let (no_line_rx, no_news_rx, no_progress_rx, no_alarm) = (never(), never(), never(), never());
        let (line_rx, interrupt_rx) = (self.line_rx.clone(), self.interrupt_rx.clone());
        loop {
            let is_full = self.screen.backlog().is_full();
            if !is_full {
                self.take_given();
                if self.asker.start().is_err() {
                    return Ok(Ending::Disconnected);
                }
            }
            if self.is_ended && self.asker.queries().is_empty() {
                if let Some(error) = self.unread.take() {
                    return Err(error);
                }
                let has_asked = self.asker.queries().progress().lines > 0;
                return Ok(Ending::Finished { has_asked, unanswered: self.unanswered, refused: self.refused });
            }
            self.draw();
            self.ask_for_a_line();
            let due_line_rx = if self.is_asked { &line_rx } else { &no_line_rx };
            let due_news_rx = if is_full { &no_news_rx } else { self.asker.news_rx() };
            let waits_for_the_writer = is_full || self.is_line_due();
            let due_progress_rx =
                if waits_for_the_writer { self.screen.backlog().progress_rx() } else { &no_progress_rx };
            // Each deadline takes in what came before it, so where nobody reads at all time stands still in the end.
            let alarm_at = self.alarm_at().filter(|_| !self.screen.backlog().is_overfull());
            let alarm = alarm_at.map_or(no_alarm.clone(), |deadline| self.asker.alarm(deadline));
            let ending = select! {
                recv(due_line_rx) -> line => {
                    self.take_line(line.unwrap_or(LineRead::End));
                    None
                }
                recv(due_news_rx) -> news => self.take_news(news),
                recv(interrupt_rx) -> interrupt => self.interrupt(interrupt),
                recv(alarm) -> _ => self.on_alarm(),
                recv(due_progress_rx) -> _ => None,
                // One that ended without a word panicked, which `finish` tells.
                recv(self.screen.backlog().failed_rx()) -> failed => match failed {
                    Ok(error) => return Err(error),
                    Err(_) => Some(Ending::Disconnected),
                },
            };
            if let Some(ending) = ending {
                return Ok(ending);
            }
        }
    }

    /// Takes in as many of the given keys as there is room for.
    fn take_given(&mut self) {
        let queries = self.asker.queries_mut();
        while queries.has_room()
            && let Some(key) = self.given.pop_front()
        {
            queries.push(key);
        }
        self.is_ended |= self.given_count.is_some() && self.given.is_empty();
    }

    /// A person is asked when nothing is under way; from elsewhere lines are read ahead.
    fn is_line_due(&self) -> bool {
        let queries = self.asker.queries();
        let is_due = if self.manner.interactive { queries.is_empty() } else { queries.has_room() };
        is_due && self.asked_tx.is_some() && !self.is_asked && !self.is_ended
    }

    /// Asks for a line, unless the writer is behind: the prompt stands below what came before it.
    fn ask_for_a_line(&mut self) {
        let backlog = self.screen.backlog();
        let is_behind = if self.manner.interactive { !backlog.is_empty() } else { backlog.is_full() };
        if let Some(asked_tx) = &self.asked_tx
            && self.is_line_due()
            && !is_behind
        {
            // A line reader that is gone has closed its lines, which ends the input.
            asked_tx.send(()).ok();
            self.is_asked = true;
        }
    }

    fn take_line(&mut self, line: LineRead) {
        self.is_asked = false;
        match line {
            LineRead::Typed(typed) => match AskedKey::in_dialect(&typed, self.manner.dialect) {
                Ok(key) => self.take_key(key),
                Err(KeyError::Empty) => {}
                Err(error) => {
                    self.refused += usize::from(!self.manner.interactive);
                    self.screen.remark(error);
                }
            },
            LineRead::TooLong => {
                self.refused += usize::from(!self.manner.interactive);
                self.screen.remark(format_args!("a line of more than {LINE_LEN_MAX} bytes, which no key is: skipped"));
            }
            LineRead::Unreadable => self.screen.remark("that is not UTF-8; other bytes can be piped in"),
            // What is under way is finished, as at the end of the input (P-45).
            LineRead::Failed(error) => (self.unread, self.is_ended) = (Some(error), true),
            LineRead::Interrupted | LineRead::End => self.is_ended = true,
        }
    }

    /// A person may have typed what is for the program.
    fn take_key(&mut self, key: AskedKey) {
        match self.guide.instead_of(&key).filter(|_| self.manner.interactive) {
            Some(said) => self.screen.remark(said),
            None => self.asker.queries_mut().push(key),
        }
    }

    fn take_news(&mut self, news: Result<News, RecvError>) -> Option<Ending> {
        let Ok(news) = news else { return Some(Ending::Disconnected) };
        self.asker.hear(&news);
        self.show();
        None
    }

    fn interrupt(&mut self, interrupt: Result<Interrupt, RecvError>) -> Option<Ending> {
        let is_at_prompt = self.asker.queries().is_empty();
        match interrupt {
            Ok(resumed @ (Interrupt::Resized | Interrupt::GoneOn)) => {
                self.screen.disturb(resumed == Interrupt::Resized);
                return None;
            }
            Ok(Interrupt::Leave) | Err(_) => return Some(Ending::Left),
            Ok(Interrupt::User) if self.manner.interactive && is_at_prompt => self.is_ended = true,
            Ok(Interrupt::User) => {
                // What was heard of later keys is shown all the same.
                self.asker.queries_mut().stop();
                self.show();
            }
        }
        (!self.manner.interactive).then_some(Ending::Interrupted)
    }

    fn on_alarm(&mut self) -> Option<Ending> {
        // Only the live line is due, and nothing new is to be taken in.
        let is_due = self.asker.queries().deadline().is_some_and(|deadline| deadline <= self.asker.now());
        if !is_due && self.screen.backlog().is_full() {
            return None;
        }
        let Ok(again) = self.asker.on_alarm() else { return Some(Ending::Disconnected) };
        for key in &again {
            self.remark_silence(key);
        }
        self.show();
        None
    }

    /// When to wake up, whatever comes.
    fn alarm_at(&self) -> Option<Timestamp> {
        self.asker.queries().deadline().map(|deadline| self.tick.map_or(deadline, |tick| tick.min(deadline)))
    }
}
