//! The loop of a conversation.

use super::guide::{GREETING, Guide};
use super::live::{self, TICK};
use super::screen::Screen;
use super::{Ending, Input, Interrupt, Manner, Wires};
use crate::actor::asking::Asker;
use crate::actor::channels::News;
use crate::actor::clock::Clock;
use crate::console::line_reader::{LINE_LEN_MAX, LineRead};
use crate::console::terminal::{Paint, Style};
use crate::protocol::{AskedKey, Dialect, Event, KeyError, Notice, QueriesConfig};
use crate::text::escape;
use crate::types::Timestamp;
use crossbeam_channel::{Receiver, RecvError, Sender, never, select};
use std::collections::VecDeque;
use std::io::{self, Write};

pub(super) struct Conversation<'a, C, A, R> {
    manner: Manner,
    asker: Asker<&'a C>,
    screen: Screen<'a, A, R>,
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

/// What may help after an unanswered key (P-46).
const NUL_HINT: &str = "tip: some programs of this protocol want a NUL behind the key: try --nul";

impl<'a, C: Clock, A: Write, R: Write> Conversation<'a, C, A, R> {
    pub(super) fn new(manner: Manner, wires: Wires, clock: &'a C, answers: &'a mut A, remarks: &'a mut R) -> Self {
        let Manner { servent, dialect, patience, jobs, secret, interactive, .. } = manner;
        let Manner { format, answer_paint, remark_paint, .. } = manner;
        let Wires { input, news_rx, outbox_tx, interrupt_rx } = wires;
        let jobs = if interactive { 1 } else { jobs };
        let config = QueriesConfig { patience, jobs, secret };
        let (given, asked_tx, line_rx) = match input {
            Input::Keys(keys) => (keys, None, never()),
            Input::Lines { asked_tx, line_rx } => (Vec::new(), Some(asked_tx), line_rx),
        };
        Self {
            manner,
            asker: Asker::new((servent, dialect), config, clock, news_rx, outbox_tx),
            screen: Screen::new((answers, answer_paint), (remarks, remark_paint), format, manner.columns),
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
            may_hint: dialect == Dialect::Plain,
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
        ending
    }

    fn converse(&mut self) -> io::Result<Ending> {
        let (no_line_rx, no_alarm) = (never(), never());
        let (line_rx, interrupt_rx) = (self.line_rx.clone(), self.interrupt_rx.clone());
        loop {
            self.take_given();
            if self.asker.start().is_err() {
                return Ok(Ending::Disconnected);
            }
            if self.is_ended && self.asker.queries().is_empty() {
                if let Some(error) = self.unread.take() {
                    return Err(error);
                }
                return Ok(Ending::Finished { unanswered: self.unanswered, refused: self.refused });
            }
            self.draw();
            self.ask_for_a_line();
            let due_line_rx = if self.is_asked { &line_rx } else { &no_line_rx };
            let alarm = self.alarm_at().map_or(no_alarm.clone(), |deadline| self.asker.alarm(deadline));
            let ending = select! {
                recv(due_line_rx) -> line => {
                    self.take_line(line.unwrap_or(LineRead::End));
                    None
                }
                recv(self.asker.news_rx()) -> news => self.take_news(news)?,
                recv(interrupt_rx) -> interrupt => self.interrupt(interrupt)?,
                recv(alarm) -> _ => self.on_alarm()?,
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
    fn ask_for_a_line(&mut self) {
        let Some(asked_tx) = &self.asked_tx else { return };
        let queries = self.asker.queries();
        let is_due = if self.manner.interactive { queries.is_empty() } else { queries.has_room() };
        if is_due && !self.is_asked && !self.is_ended {
            self.is_asked = true;
            // A line reader that is gone has closed its lines, which ends the input.
            asked_tx.send(()).ok();
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

    fn take_news(&mut self, news: Result<News, RecvError>) -> io::Result<Option<Ending>> {
        let Ok(news) = news else { return Ok(Some(Ending::Disconnected)) };
        self.asker.hear(&news);
        self.show()?;
        Ok(None)
    }

    fn interrupt(&mut self, interrupt: Result<Interrupt, RecvError>) -> io::Result<Option<Ending>> {
        let is_at_prompt = self.asker.queries().is_empty();
        match interrupt {
            Ok(resumed @ (Interrupt::Resized | Interrupt::GoneOn)) => {
                self.screen.disturb(resumed == Interrupt::Resized);
                return Ok(None);
            }
            Ok(Interrupt::Leave) | Err(_) => return Ok(Some(Ending::Left)),
            Ok(Interrupt::User) if self.manner.interactive && is_at_prompt => self.is_ended = true,
            Ok(Interrupt::User) => {
                // What was heard of later keys is shown all the same.
                self.asker.queries_mut().stop();
                self.show()?;
            }
        }
        Ok((!self.manner.interactive).then_some(Ending::Interrupted))
    }

    fn on_alarm(&mut self) -> io::Result<Option<Ending>> {
        let Ok(again) = self.asker.on_alarm() else { return Ok(Some(Ending::Disconnected)) };
        for key in &again {
            self.remark_silence(key);
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

    /// Shows what there is to show: first what is no answer, then the rest in the order asked.
    fn show(&mut self) -> io::Result<()> {
        while let Some(notice) = self.asker.next_notice() {
            // Whoever does not listen does not wait for a NUL either.
            self.may_hint &= !matches!(notice, Notice::NothingListens { .. } | Notice::Unreachable { .. });
            self.screen.remark(notice);
        }
        while let Some(event) = self.asker.queries_mut().next_event() {
            match event {
                Event::Answer { number, key, answer } => self.screen.answer(number, &key, &answer)?,
                Event::Finished { number, key, summary } => {
                    self.unanswered += usize::from(summary.answers == 0 && !self.manner.interactive);
                    self.screen.end(number, &key, &summary)?;
                    if summary.answers == 0 && std::mem::take(&mut self.may_hint) {
                        self.screen.remark(NUL_HINT);
                    }
                    if let Some(said) = self.guide.about(&key, &summary).filter(|_| self.manner.interactive) {
                        self.screen.remark(said);
                    }
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
        !self.manner.interactive && self.asker.queries().progress().lines.max(self.given_count.unwrap_or(0)) > 1
    }

    /// Whether a bar takes the countdown's place.
    fn has_bar(&self) -> bool {
        self.manner.columns.is_some() && self.has_many()
    }

    /// Draws the live line if there is one to draw and it is time, and takes it away if there is none.
    fn draw(&mut self) {
        let Some(columns) = self.manner.columns else { return };
        let now = self.asker.now();
        let progress = self.asker.queries().progress();
        let Some(wait) = self.asker.queries().wait() else {
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
            let total = if self.is_ended { Some(progress.lines) } else { self.given_count };
            live::bar(&progress, total, columns())
        } else {
            live::countdown(&wait, now, columns())
        };
        self.screen.draw(line);
    }

    /// When to wake up, whatever comes.
    fn alarm_at(&self) -> Option<Timestamp> {
        self.asker.queries().deadline().map(|deadline| self.tick.map_or(deadline, |tick| tick.min(deadline)))
    }
}

/// A key as remarks show it.
fn shown(paint: Paint, key: &AskedKey) -> String {
    paint.paint(Style::Key, &escape(key.as_bytes()))
}
