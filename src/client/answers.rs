//! The answers to one question, as they come.

use super::{OnNotice, SharedClock};
use crate::actor::asking::Asker;
use crate::protocol::{Answer, Event, Summary};
use crate::types::Timestamp;
use crossbeam_channel::{never, select};
use std::error::Error;
use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Gives up what is asked, and leaves what was heard of it.
pub(super) fn give_up(asker: &mut Asker<SharedClock>, is_open: &AtomicBool) {
    is_open.store(false, Ordering::SeqCst);
    asker.queries_mut().stop();
    while asker.queries_mut().next_event().is_some() {}
    // The receiver may wait with a batch in its hands.
    while asker.news_rx().try_recv().is_ok() {}
}

/// The answers to one key, each as it comes; ends when a whole wait passed without another (P-40), or the network went
/// away: [`Answers::finish`] tells which.
///
/// Every answer renews the wait, also one that came before (P-43), so somebody who repeats it can keep the question open
/// for as long as he likes. [`Answers::next_within`] waits no longer than it is told.
///
/// Dropping it gives the question up.
#[must_use = "dropping it gives the question up"]
pub struct Answers<'a> {
    asker: &'a mut Asker<SharedClock>,
    end: Option<Result<Summary, Disconnected>>,
    on_notice: OnNotice,
    is_open: Arc<AtomicBool>,
}

/// No answer came within the time that was given, and the question is still open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StillOpen;

impl fmt::Display for StillOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer came in time, and others may come")
    }
}

impl Error for StillOpen {}

/// The client's network is gone: one of its actors ended, after it logged why, or panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnected;

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client's network is gone")
    }
}

impl Error for Disconnected {}

impl<'a> Answers<'a> {
    /// Transmits what was asked.
    pub(super) fn begin(asker: &'a mut Asker<SharedClock>, on_notice: OnNotice, is_open: Arc<AtomicBool>) -> Self {
        let end = asker.start().err().map(|_| Err(Disconnected));
        Self { asker, end, on_notice, is_open }
    }

    /// Waits until the question is over, and returns what came of it; the answers that nobody took are counted in.
    ///
    /// # Errors
    /// [`Disconnected`] if the network went away before.
    pub fn finish(mut self) -> Result<Summary, Disconnected> {
        self.by_ref().for_each(drop);
        self.end.unwrap_or(Err(Disconnected))
    }

    /// The next answer, or `None` if the question is over, as [`Iterator::next`]; but waits no longer than `wait`.
    ///
    /// # Errors
    /// [`StillOpen`] if neither is known by then.
    pub fn next_within(&mut self, wait: Duration) -> Result<Option<Answer>, StillOpen> {
        self.next_until(Some(self.asker.now() + wait))
    }

    fn next_until(&mut self, limit: Option<Timestamp>) -> Result<Option<Answer>, StillOpen> {
        while self.end.is_none() {
            match self.asker.queries_mut().next_event() {
                Some(Event::Answer { answer, .. }) => return Ok(Some(answer)),
                Some(Event::Finished { summary, .. }) => self.end = Some(Ok(summary)),
                Some(Event::Stopped { .. }) => unreachable!("only a drop stops the question"),
                None if limit.is_some_and(|limit| self.asker.now() >= limit) => return Err(StillOpen),
                None => {
                    if let Err(disconnected) = self.wait(limit) {
                        self.end = Some(Err(disconnected));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Waits for something to happen, until `limit` at the latest, and lets the machine know.
    fn wait(&mut self, limit: Option<Timestamp>) -> Result<(), Disconnected> {
        let deadline = self.asker.queries().deadline().into_iter().chain(limit).min();
        let alarm = deadline.map_or_else(never, |deadline| self.asker.alarm(deadline));
        select! {
            recv(self.asker.news_rx()) -> news => {
                let news = news.map_err(|_| Disconnected)?;
                self.asker.hear(&news);
            }
            recv(alarm) -> _ => drop(self.asker.on_alarm().map_err(|_| Disconnected)?),
        }
        while let Some(notice) = self.asker.next_notice() {
            (self.on_notice)(&notice);
        }
        Ok(())
    }
}

impl Iterator for Answers<'_> {
    type Item = Answer;

    fn next(&mut self) -> Option<Answer> {
        self.next_until(None).expect("without a limit there is always an answer or an end")
    }
}

impl FusedIterator for Answers<'_> {}

impl Drop for Answers<'_> {
    fn drop(&mut self) {
        give_up(self.asker, &self.is_open);
    }
}

impl fmt::Debug for Answers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("end", &self.end).finish_non_exhaustive()
    }
}
