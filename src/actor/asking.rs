//! The asking role: a client's machine at its channels, whoever shows the answers.
//!
//! ```text
//! keys ─▶ asker ─▶ sender ─▶ socket
//!           ▲
//!           └───── receiver ◀─ cloned socket
//! ```
//!
//! It has no thread of its own: it runs in the thread that wants the answers, a conversation's or that of whoever holds
//! a [`Client`](crate::Client).

use super::channels::{BATCHES_WAITING_MAX, News, OutboxHandle};
use super::clock::Clock;
use super::hand_over::{Gone, RoleHandle, Turn, Waiting};
use crate::batch::{Inbox, Outbox, Pool};
use crate::net::SendFailure;
use crate::protocol::{AskedKey, Dialect, Heard, Notice, Notices, Queries, QueriesConfig};
use crate::text::escape;
use crate::types::Timestamp;
use crate::wire::encode_clireq;
use crossbeam_channel::Receiver;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

/// Woken so long after a deadline, this program did not run when it was to.
const LATE: Duration = Duration::from_millis(50);

/// How long the receiver gets then to bring what is in the socket.
const LATE_WAIT_MAX: Duration = Duration::from_millis(250);

/// Asks one servent for keys and hears what comes.
#[derive(Debug)]
pub struct Asker<C> {
    /// The servent to ask.
    servent: SocketAddrV4,
    dialect: Dialect,
    queries: Queries,
    notices: Notices,
    clock: C,
    outboxes: Pool<Outbox>,
    news_rx: Receiver<News>,
    sender: RoleHandle<OutboxHandle>,
}

impl<C: Clock> Asker<C> {
    /// Asks `servent` for keys that end as `dialect` says. What the network brings comes from `news_rx`, and what is
    /// to be sent goes to `sender`.
    pub fn new(
        (servent, dialect): (SocketAddrV4, Dialect),
        config: QueriesConfig,
        clock: C,
        news_rx: Receiver<News>,
        sender: RoleHandle<OutboxHandle>,
    ) -> Self {
        let (queries, notices) = (Queries::new(config), Notices::new(config.secret));
        Self { servent, dialect, queries, notices, clock, outboxes: Pool::default(), news_rx, sender }
    }

    /// The machine: how far it is.
    pub fn queries(&self) -> &Queries {
        &self.queries
    }

    /// The machine, to give it keys and take what there is to show.
    pub fn queries_mut(&mut self) -> &mut Queries {
        &mut self.queries
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where news come from, each to be [heard](Asker::hear).
    pub fn news_rx(&self) -> &Receiver<News> {
        &self.news_rx
    }

    /// The next thing to tell of what was heard and is no answer (P-46).
    pub fn next_notice(&mut self) -> Option<Notice> {
        self.notices.next_notice()
    }

    /// A channel that holds a message from `deadline` on.
    pub fn alarm(&self, deadline: Timestamp) -> Receiver<Instant> {
        self.clock.alarm(deadline)
    }

    /// Starts as many keys as may be under way.
    ///
    /// # Errors
    /// [`Gone`] if there is nobody to send them.
    pub fn start(&mut self) -> Result<(), Gone> {
        let now = self.clock.now();
        let keys: Vec<_> = std::iter::from_fn(|| self.queries.start_next(now)).collect();
        keys.iter().for_each(|key| self.notices.asked(key));
        self.transmit(&keys)
    }

    /// Takes news in. What came too late for its key is dropped by the machine.
    pub fn hear(&mut self, news: &News) {
        match news {
            News::Messages(inbox) => self.hear_messages(inbox),
            News::Malformed { from, error, excerpt } => self.notices.on_malformed(*from, *error, excerpt),
            News::Undelivered { to, failure: SendFailure::Refused } => self.notices.on_refused(*to),
            News::Undelivered { to, failure: SendFailure::Unreachable } => self.notices.on_unreachable(*to),
            // What else befalls a datagram on its way may not befall the next one.
            News::Undelivered { .. } => {}
        }
    }

    fn hear_messages(&mut self, inbox: &Inbox) {
        let now = self.clock.now();
        for (servent, message) in inbox.iter() {
            if let Some((key, value)) = message.text.key_and_value() {
                log::debug!("'{}': {} bytes from {servent}", escape(key), value.len());
            }
            if self.queries.on_message(now, servent, &message) == Heard::Unrelated {
                self.notices.on_unrelated(servent, &message);
            }
        }
    }

    /// Moves on what waited long enough; returns the keys that were transmitted once more.
    ///
    /// What came before the deadline counts, even if it is read after it. No more than can have waited: while it is
    /// heard, more may come, and whoever wants to stop must get his turn. If this is late, the program was stopped
    /// (Ctrl-Z, a laptop's lid) or got no processor, and what came meanwhile may still be in the socket: the receiver
    /// gets time to bring it.
    ///
    /// # Errors
    /// [`Gone`] if there is nobody to send them.
    pub fn on_alarm(&mut self) -> Result<Vec<AskedKey>, Gone> {
        let now = self.clock.now();
        let is_late = self.queries.deadline().is_some_and(|deadline| now.since(deadline) > LATE);
        let mut patience = if is_late { LATE_WAIT_MAX } else { Duration::ZERO };
        for _ in 0..BATCHES_WAITING_MAX {
            let Ok(news) = self.news_rx.recv_timeout(patience) else { break };
            patience = Duration::ZERO;
            self.hear(&news);
        }
        let again = self.queries.on_deadline(self.clock.now());
        self.transmit(&again)?;
        Ok(again)
    }

    fn transmit(&mut self, keys: &[AskedKey]) -> Result<(), Gone> {
        let (servent, terminator) = (self.servent, self.dialect.terminator());
        let mut keys = keys.iter().peekable();
        while keys.peek().is_some() {
            let (outbox, ()) = self.outboxes.fill(|outbox| {
                outbox.clear();
                while let Some(key) = keys.next_if(|_| !outbox.is_full()) {
                    log::debug!("'{}': asking {servent}", escape(key.as_bytes()));
                    let clireq = outbox.write(|bytes| {
                        encode_clireq(bytes, key.as_bytes());
                        bytes.extend_from_slice(terminator);
                    });
                    outbox.send(&clireq, servent);
                }
            });
            let waiting = if keys.peek().is_some() { Waiting::More } else { Waiting::Nothing };
            self.sender.hand(outbox, Turn::own(waiting))?;
        }
        Ok(())
    }
}
