//! What is known by now, behind one lock: whoever has news writes it here, whoever watches waits here.

use super::floods::{Floods, Material, Outcome};
use super::log::{Log, News, event};
use crate::actor::clock::{Clock, SystemClock};
use crate::flood::Records;
use crate::picture::Words;
use crate::protocol::LinkConfig;
use crate::text::escape;
use parking_lot::{Condvar, Mutex, MutexGuard};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::net::SocketAddrV4;
use std::time::Duration;

/// How a servent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It serves.
    Serves,
    /// It starts.
    Starts,
    /// It was stopped.
    Stopped,
    /// It ended by itself, or could not start.
    Died,
}

impl Health {
    fn name(self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::Starts => "starts",
            Self::Stopped => "stopped",
            Self::Died => "died",
        }
    }
}

/// What is known by now.
#[derive(Debug)]
pub struct Board {
    inner: Mutex<Inner>,
    /// Something was written.
    news: Condvar,
    /// Who neighbours whom, and who holds what.
    overlay: Records,
    /// The servent that is asked unless another one is chosen.
    entry: SocketAddrV4,
    clock: SystemClock,
}

#[derive(Debug)]
struct Inner {
    log: Log,
    floods: Floods,
    servents: Vec<(SocketAddrV4, Health, Words)>,
    links: Option<Value>,
    is_closed: bool,
}

impl Board {
    /// Of an overlay of these servents, of which nothing happened yet. `overlay` says what else is known of it.
    #[must_use]
    pub fn new(servents: &[SocketAddrV4], entry: SocketAddrV4, overlay: Records) -> Self {
        let inner = Inner {
            log: Log::default(),
            floods: Floods::new(servents.len()),
            servents: servents.iter().map(|&address| (address, Health::Starts, Words::same(""))).collect(),
            links: None,
            is_closed: false,
        };
        Self { inner: Mutex::new(inner), news: Condvar::new(), overlay, entry, clock: SystemClock::start() }
    }

    fn write(&self, write: impl FnOnce(&mut Inner)) {
        let mut inner = self.inner.lock();
        write(&mut inner);
        drop(inner);
        self.news.notify_all();
    }

    /// Takes a line of the trace of the servent at this place, without its end. The last one of a servent may be cut: that
    /// is none.
    pub fn trace(&self, servent: usize, line: &[u8]) {
        let now = self.clock.now();
        let Ok(text) = str::from_utf8(line) else { return };
        if serde_json::from_str::<IgnoredAny>(text).is_err() {
            return;
        }
        self.write(|inner| {
            let begun = inner.floods.line(servent, line, now);
            inner.log.push("trace", text);
            if let Some(question) = begun {
                let key = escape(question.key.as_bytes());
                let data = json!({"number": question.number, "key": key, "client": question.client});
                inner.log.push("question", &data.to_string());
            }
        });
    }

    /// Says how the servent at this place is, and why.
    pub fn health(&self, servent: usize, health: Health, why: Words) {
        self.write(|inner| {
            let Some(known) = inner.servents.get_mut(servent) else { return };
            (known.1, known.2) = (health, why);
            let data = listed(known).to_string();
            if matches!(health, Health::Stopped | Health::Died) {
                inner.floods.ended(servent);
            }
            inner.log.push("servent", &data);
        });
    }

    /// Says what all links are like by now.
    pub fn links(&self, links: LinkConfig) {
        let [delay, jitter] = [links.delay, links.jitter].map(|time| time.as_millis() as u64);
        let listed = json!({"loss": links.loss * 100.0, "delay_ms": delay, "jitter_ms": jitter});
        self.hold_back(links.delay + links.jitter);
        self.write(|inner| {
            inner.log.push("links", &listed.to_string());
            inner.links = Some(listed);
        });
    }

    /// Says that a link holds QUERYs back for so long.
    pub fn hold_back(&self, delay: Duration) {
        self.write(|inner| inner.floods.hold_back(delay));
    }

    /// Tells of something that the client did or heard.
    pub fn tell(&self, kind: &str, data: &Value) {
        self.write(|inner| inner.log.push(kind, &data.to_string()));
    }

    /// Nothing more will happen: whoever waits here ends.
    pub fn close(&self) {
        self.write(|inner| inner.is_closed = true);
    }

    /// How everything is, as an event, and the number of the last event that this includes.
    pub(super) fn hello(&self) -> (Vec<u8>, u64) {
        let inner = self.inner.lock();
        let question = |question: super::floods::Listed| json!({"number": question.number, "key": escape(question.key.as_bytes()), "client": question.client, "version": question.version});
        let data = json!({
            "servents": inner.servents.iter().map(listed).collect::<Vec<_>>(),
            "questions": inner.floods.listed().map(question).collect::<Vec<_>>(),
            "links": inner.links,
            "entry": self.entry.to_string(),
        });
        (event(None, "hello", &data.to_string()), inner.log.last())
    }

    /// Waits no longer than `wait` for what is new to a watcher that has seen the event of this number.
    ///
    /// # Errors
    /// [`Closed`].
    pub(super) fn after(&self, seen: u64, wait: Duration) -> Result<Option<News>, Closed> {
        let mut inner = self.inner.lock();
        if inner.log.last() <= seen && !inner.is_closed {
            self.news.wait_for(&mut inner, wait);
        }
        if inner.is_closed { Err(Closed) } else { Ok(inner.log.after(seen)) }
    }

    /// What became of a question by now; `None` if it is not kept.
    pub(super) fn outcome(&self, number: u64) -> Option<Outcome> {
        // Working it out takes a while, in which the lock is free.
        let material: Material = self.inner.lock().floods.material(number)?;
        Some(material.outcome(&self.overlay))
    }

    /// Tells of the questions that there is news of, each when it is time, until the board is closed.
    pub(super) fn tell_of_floods(&self) {
        let mut inner = self.inner.lock();
        while !inner.is_closed {
            let now = self.clock.now();
            let changes = inner.floods.due(now);
            if !changes.is_empty() {
                for change in changes {
                    let data =
                        json!({"number": change.number, "version": change.version, "settled": change.is_settled});
                    inner.log.push("flood", &data.to_string());
                }
                self.news.notify_all();
            }
            self.wait_for_news(&mut inner);
        }
    }

    fn wait_for_news(&self, inner: &mut MutexGuard<'_, Inner>) {
        match inner.floods.next_due() {
            Some(due) => drop(self.news.wait_for(inner, due.since(self.clock.now()))),
            None => self.news.wait(inner),
        }
    }
}

/// The board is closed.
#[derive(Debug)]
pub(super) struct Closed;

fn listed((address, health, why): &(SocketAddrV4, Health, Words)) -> Value {
    let why = why.clone().map(|why| escape(why.as_bytes()).to_string());
    json!({"servent": address.to_string(), "state": health.name(), "why": why.json()})
}
