//! The machine of a load: what is asked next, and what an answer means. Time and randomness come in from outside.

use super::dialogue::Strange;
use super::in_flight::{Ended, Heard, InFlight};
use super::keys::Picker;
use super::plan::{Extent, Pace, Plan};
use super::schedule::Schedule;
use super::servents::Roster;
use super::tally::{Interval, Tally};
use crate::types::Timestamp;
use std::collections::VecDeque;
use std::net::SocketAddrV4;
use std::time::Duration;

/// Clients that an open loop looks at, in turn, for one where a key is free.
const LOOKED_AT: u32 = 32;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask.
    Ask(Question),
    /// Give the load another client, and say whether there is one: [`Measurement::add_client`].
    AddClient,
    /// Wait for answers; if this time comes before, look again.
    Wait(Option<Timestamp>),
    /// Everything is over.
    Over,
}

/// A question that is to leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub client: u32,
    /// For which key.
    pub key: u32,
}

/// A load under way.
#[derive(Debug)]
pub struct Measurement {
    plan: Plan,
    start: Timestamp,
    schedule: Option<Schedule>,
    picker: Picker,
    clients: u32,
    may_grow: bool,
    /// Closed loop: clients that may have room for a question.
    ready: VecDeque<u32>,
    /// Closed loop: of each client, the key that it waits for.
    wanted: Vec<Option<u32>>,
    /// Open loop: the key of the next question, and whom to look at first for it.
    key: Option<u32>,
    turn: u32,
    in_flight: InFlight,
    roster: Roster,
    tally: Tally,
    ended: Vec<Ended>,
    is_stopped: bool,
    last_asked: Timestamp,
    last_event: Timestamp,
}

impl Measurement {
    /// A load that begins at `start`, of `keys` keys that `picker` chooses from.
    #[must_use]
    pub fn new(plan: Plan, keys: usize, picker: Picker, start: Timestamp) -> Self {
        let clients = plan.clients.max(1);
        Self {
            start,
            schedule: match plan.pace {
                Pace::Rate(rate) => Some(Schedule::new(start, rate)),
                Pace::InFlight(_) => None,
            },
            picker,
            clients,
            may_grow: true,
            ready: (0..clients).collect(),
            wanted: vec![None; clients as usize],
            key: None,
            turn: 0,
            in_flight: InFlight::new(plan.ends, plan.timeout, keys, clients.max(plan.clients_max), plan.tells_ended),
            roster: Roster::default(),
            tally: Tally::default(),
            ended: Vec::new(),
            is_stopped: false,
            last_asked: start,
            last_event: start,
            plan,
        }
    }

    /// When it began.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// From its beginning to the last question or answer that counted.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.last_event.since(self.start)
    }

    /// Clients that ask.
    #[must_use]
    pub fn clients(&self) -> u32 {
        self.clients
    }

    /// What was counted so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The latencies since the last call.
    pub fn take_interval(&mut self) -> Interval {
        std::mem::take(&mut self.tally.interval)
    }

    /// Who answered.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Questions that nobody has answered yet.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        self.in_flight.unanswered_total()
    }

    /// Questions that are over since the last call; none unless the plan says so.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// No more is asked, and what is under way is given up.
    pub fn stop(&mut self) {
        self.is_stopped = true;
        let Self { in_flight, tally, ended, plan, .. } = self;
        in_flight.give_up(|question| {
            tally.counts.unfinished += u64::from(!question.is_answered);
            if plan.tells_ended && question.is_answered {
                ended.push(question);
            }
        });
    }

    /// Whether the client that was asked for is there. Otherwise no other is asked for.
    pub fn add_client(&mut self, is_there: bool) {
        self.may_grow = is_there;
        if is_there {
            // It is the first to be looked at.
            self.turn = self.clients;
            self.clients += 1;
        }
    }

    /// What is to be done. Call it until it says to wait.
    pub fn next(&mut self, now: Timestamp) -> Next {
        self.expire(now);
        if self.is_asking(now) {
            let next = match self.schedule {
                Some(schedule) => self.next_due(schedule, now),
                None => self.next_in_loop(now),
            };
            if let Some(next) = next {
                return next;
            }
        } else if self.in_flight.is_complete() && now >= self.last_asked + self.plan.linger {
            self.forget_complete();
        }
        if !self.is_asking(now) && self.in_flight.is_empty() { Next::Over } else { Next::Wait(self.wake_up(now)) }
    }

    /// Nobody else is waited for.
    fn forget_complete(&mut self) {
        let Self { in_flight, ended, plan, .. } = self;
        in_flight.give_up(|question| {
            if plan.tells_ended {
                ended.push(question);
            }
        });
    }

    /// Whether there are more questions to ask, now or later.
    fn is_asking(&self, now: Timestamp) -> bool {
        let Extent { questions, time } = self.plan.extent;
        let asked = self.tally.counts.asked;
        let when = self.schedule.map_or(now, |schedule| schedule.intended(asked));
        let is_in_time = time.is_none_or(|time| when.since(self.start) < time);
        !self.is_stopped && is_in_time && questions.is_none_or(|questions| asked < questions)
    }

    /// When something is to be done though nothing is heard.
    fn wake_up(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.schedule.filter(|_| self.is_asking(now));
        let due = due.map(|schedule| schedule.intended(self.tally.counts.asked));
        // A closed loop that waits for answers may be at its end meanwhile.
        let end = self.plan.extent.time.map(|time| self.start + time).filter(|&end| end > now);
        let linger = Some(self.last_asked + self.plan.linger).filter(|&linger| linger > now && !self.is_asking(now));
        [due, self.in_flight.next_timeout(), end, linger].into_iter().flatten().min()
    }

    /// The next question of an open loop, if it is due.
    fn next_due(&mut self, schedule: Schedule, now: Timestamp) -> Option<Next> {
        let number = self.tally.counts.asked;
        let intended = schedule.intended(number);
        if intended > now {
            return None;
        }
        let key = self.key.take().unwrap_or_else(|| self.picker.pick());
        let Some(client) = self.free_client(key) else {
            self.key = Some(key);
            return Some(Next::AddClient);
        };
        self.tally.lag_max = self.tally.lag_max.max(now.since(intended));
        Some(self.ask(client, key, intended, now))
    }

    /// A client that asks for a key: one where it is free, or whose turn it is if all may be taken. `None`: there may be
    /// another one.
    fn free_client(&mut self, key: u32) -> Option<u32> {
        for step in 0..self.clients.min(LOOKED_AT) {
            let client = (self.turn + step) % self.clients;
            if self.in_flight.is_free(client, key) {
                self.turn = (client + 1) % self.clients;
                return Some(client);
            }
        }
        if self.may_grow && self.clients < self.plan.clients_max {
            return None;
        }
        let client = self.turn;
        self.turn = (client + 1) % self.clients;
        Some(client)
    }

    /// The next question of a closed loop, if a client has room for one and its key is free.
    fn next_in_loop(&mut self, now: Timestamp) -> Option<Next> {
        let Pace::InFlight(room) = self.plan.pace else { return None };
        while let Some(&client) = self.ready.front() {
            if self.in_flight.unanswered(client) < room.max(1) {
                let wanted = &mut self.wanted[client as usize];
                let key = *wanted.get_or_insert_with(|| self.picker.pick());
                if self.plan.shares_keys || self.in_flight.is_free(client, key) {
                    *wanted = None;
                    return Some(self.ask(client, key, now, now));
                }
            }
            // An answer or a time-out makes it ready again.
            self.ready.pop_front();
        }
        None
    }

    fn ask(&mut self, client: u32, key: u32, intended: Timestamp, now: Timestamp) -> Next {
        let counts = &mut self.tally.counts;
        counts.shared += u64::from(!self.plan.shares_keys && !self.in_flight.is_free(client, key));
        self.in_flight.ask(client, key, counts.asked, intended, now);
        counts.asked += 1;
        self.last_asked = now;
        self.last_event = now;
        Next::Ask(Question { client, key })
    }

    /// A question that was to leave could not. It is lost, as one is that the network loses.
    pub fn unsent(&mut self, questions: u64) {
        self.tally.counts.unsent += questions;
    }

    /// An answer for key `key` came from `servent` to a client.
    pub fn hear(&mut self, now: Timestamp, client: u32, key: u32, servent: SocketAddrV4) {
        let servent = self.roster.number(servent);
        let Self { in_flight, tally, ended, plan, .. } = self;
        let heard = in_flight.hear(client, key, servent, now, |question| {
            if plan.tells_ended {
                ended.push(question);
            }
        });
        match heard {
            Heard::Answer { intended, is_first } => {
                tally.answer(servent, now.since(intended), is_first);
                self.last_event = now;
                self.is_ready(client);
            }
            Heard::Duplicate => tally.counts.duplicates += 1,
            Heard::Late => tally.counts.late += 1,
        }
    }

    /// Something else came.
    pub fn hear_strange(&mut self, strange: Strange) {
        match strange {
            Strange::Unknown => self.tally.counts.unknown += 1,
            Strange::Malformed => self.tally.counts.malformed += 1,
        }
    }

    fn is_ready(&mut self, client: u32) {
        if self.schedule.is_none() && self.ready.back() != Some(&client) {
            self.ready.push_back(client);
        }
    }

    fn expire(&mut self, now: Timestamp) {
        if self.in_flight.next_timeout().is_none_or(|timeout| timeout > now) {
            return;
        }
        let Self { in_flight, tally, ended, plan, ready, schedule, .. } = self;
        in_flight.expire(now, |question| {
            tally.counts.lost += u64::from(!question.is_answered);
            if schedule.is_none() && ready.back() != Some(&question.client) {
                ready.push_back(question.client);
            }
            if plan.tells_ended {
                ended.push(question);
            }
        });
    }
}

#[cfg(test)]
mod tests;
