//! Loads that leave a contestant idle for most of the time, or for all of it.

use super::Fallible;
use super::load::{Drops, Generator, Outcome, Target, connected, receive_one};
use super::net::local_addr;
use super::workload::{Dialect, Ledger, Values, Workload};
use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

/// One client with one request in flight, one a millisecond.
pub(crate) struct Paced {
    socket: UdpSocket,
    workload: Workload,
}

impl Paced {
    pub(crate) fn new(target: Target, dialect: Dialect, values: Values) -> Fallible<Self> {
        Ok(Self { socket: connected(target)?, workload: Workload::new(dialect, values) })
    }
}

impl Generator for Paced {
    fn load(&mut self, length: Duration, _: Drops<'_>) -> Fallible<Outcome> {
        const PACE: Duration = Duration::from_millis(1);
        /// The first requests, whose latency is not counted: caches are still another contestant's.
        const COLD: u64 = 10;
        let mut ledger = Ledger::new();
        let mut latencies = Vec::new();
        let (mut request, mut answer) = (Vec::new(), [0; 2048]);
        let start = Instant::now();
        let mut due = Duration::ZERO;
        while due < length {
            thread::sleep(due.saturating_sub(start.elapsed()));
            request.clear();
            ledger.sent(self.workload.next(&mut request));
            let asked = Instant::now();
            self.socket.send(&request).map_err(|error| format!("send: {error}"))?;
            match receive_one(&self.socket, &mut answer)? {
                Some(len) => {
                    if ledger.sent > COLD {
                        latencies.push(asked.elapsed().as_nanos() as u64);
                    }
                    ledger.answered(self.workload.check(&answer[..len])?)?;
                }
                None => ledger.give_up(),
            }
            due = start.elapsed().max(due + PACE);
        }
        Ok(Outcome { latencies, ..Outcome::of(&ledger, start.elapsed()) })
    }

    fn ports(&self) -> Vec<u16> {
        vec![local_addr(&self.socket).port()]
    }
}

/// Nobody asks.
pub(crate) struct Nobody;

impl Generator for Nobody {
    fn load(&mut self, length: Duration, _: Drops<'_>) -> Fallible<Outcome> {
        let start = Instant::now();
        thread::sleep(length);
        Ok(Outcome { elapsed: start.elapsed(), ..Outcome::default() })
    }

    fn ports(&self) -> Vec<u16> {
        Vec::new()
    }
}
