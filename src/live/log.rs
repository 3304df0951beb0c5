//! What happened, for whoever watches: events with numbers, of which the latest are kept.

use std::collections::VecDeque;
use std::sync::Arc;

/// How many bytes of events are kept for those that are behind.
const LEN_MAX: usize = 32 << 20;

/// How many bytes of events a watcher takes at a time, or one event.
const TAKEN_LEN_MAX: usize = 64 << 10;

/// Events as server-sent ones, numbered from 1.
#[derive(Debug)]
pub(super) struct Log {
    kept: VecDeque<Arc<[u8]>>,
    /// The number of the last one.
    last: u64,
    len: usize,
    len_max: usize,
}

/// What is new to a watcher.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct News {
    /// Events that are not kept any more.
    pub(super) missed: u64,
    /// Those behind them, in order; there may be more.
    pub(super) events: Vec<Arc<[u8]>>,
    /// The number of the last of these.
    pub(super) last: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self { kept: VecDeque::new(), last: 0, len: 0, len_max: LEN_MAX }
    }
}

impl Log {
    /// The number of the last event.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Adds an event; its data is on one line.
    pub(super) fn push(&mut self, kind: &str, data: &str) {
        self.last += 1;
        let event = event(Some(self.last), kind, data);
        self.len += event.len();
        self.kept.push_back(event.into());
        while self.len > self.len_max
            && let Some(oldest) = self.kept.pop_front()
        {
            self.len -= oldest.len();
        }
    }

    /// What is new to a watcher that has seen the event of this number.
    pub(super) fn after(&self, seen: u64) -> Option<News> {
        if seen >= self.last {
            return None;
        }
        let before = self.last - self.kept.len() as u64;
        let missed = before.saturating_sub(seen);
        let from = seen.max(before);
        let (mut events, mut len) = (Vec::new(), 0);
        for event in self.kept.iter().skip((from - before) as usize) {
            len += event.len();
            if len > TAKEN_LEN_MAX && !events.is_empty() {
                break;
            }
            events.push(Arc::clone(event));
        }
        Some(News { missed, last: from + events.len() as u64, events })
    }
}

/// A server-sent event.
pub(super) fn event(number: Option<u64>, kind: &str, data: &str) -> Vec<u8> {
    let number = number.map(|number| format!("id: {number}\n")).unwrap_or_default();
    debug_assert!(!data.contains(['\n', '\r']), "data would go on as something else: {data}");
    format!("{number}event: {kind}\ndata: {data}\n\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(events: u64, len_max: usize) -> Log {
        let mut log = Log { len_max, ..Log::default() };
        (1..=events).for_each(|number| log.push("trace", &format!("{number:04}")));
        log
    }

    #[test]
    fn a_watcher_gets_every_event_once_and_in_order() {
        let log = of(5_000, LEN_MAX);
        let (mut seen, mut all) = (0, Vec::new());
        while let Some(news) = log.after(seen) {
            assert_eq!(news.missed, 0);
            let len: usize = news.events.iter().map(|event| event.len()).sum();
            assert!(len <= TAKEN_LEN_MAX && !news.events.is_empty());
            all.extend(news.events);
            seen = news.last;
        }
        let expected = |number: u64| format!("id: {number}\nevent: trace\ndata: {number:04}\n\n").into_bytes();
        assert!(all.iter().map(|event| event.to_vec()).eq((1..=5_000).map(expected)));
    }

    #[test]
    fn an_event_that_is_longer_than_what_is_taken_is_taken_alone() {
        let mut log = of(1, LEN_MAX);
        log.push("trace", &"k".repeat(2 * TAKEN_LEN_MAX));
        let lens = |seen| log.after(seen).unwrap().events.len();
        assert_eq!((lens(0), lens(1)), (1, 1));
    }

    #[test]
    fn one_that_is_behind_is_told_how_many_it_missed_and_goes_on_with_the_oldest() {
        let len = of(1, LEN_MAX).len + "99".len();
        let log = of(500, 10 * len);
        let news = log.after(100).unwrap();
        assert_eq!((news.missed + news.events.len() as u64, news.last), (400, 500));
        assert!(log.len <= 10 * len && !news.events.is_empty());
        assert_eq!(log.after(499).unwrap().missed, 0);
        assert_eq!((log.after(500), log.after(501)), (None, None));
    }
}
