//! Datagrams that nobody answers, paced by CLIREQs among them that are answered.
//!
//! A burst is 63 duplicates, or 63 malformed datagrams, and then a CLIREQ. Bursts under way are limited, so no
//! receive buffer overflows: an answer says that its burst was received. The servent may answer a CLIREQ while its
//! flooder still judges the duplicates before it, but only by the few batches that its channels hold, thousands of
//! datagrams where a round has millions. At the end the servent's counters must show every one of them.

use super::Fallible;
use super::load::{Clients, Drops, Generator, Outcome, outcome};
use super::workload::query;
use servent::Clock;
use servent::load::links::Unsent;
use servent::load::measurement::Next;
use servent::load::{Extent, Pace, engine};
use std::time::Duration;

/// Datagrams of a burst before its CLIREQ.
const NOISE: usize = 63;
/// Bursts under way: 1024 datagrams.
const BURSTS: u32 = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoiseKind {
    /// The same QUERY again and again, another one each time.
    Duplicates,
    /// Every cause of being malformed in turn, a burst each.
    Malformed,
}

/// One client that sends noise.
pub(crate) struct Noise {
    clients: Clients,
    kind: NoiseKind,
    times: u32,
    /// Bursts to choose from in turn, each with the length of its datagrams.
    bursts: Vec<(Vec<u8>, usize)>,
}

impl Noise {
    pub(crate) fn new(clients: Clients, kind: NoiseKind) -> Self {
        Self { clients, kind, times: 0, bursts: malformed().iter().map(|datagram| burst(datagram)).collect() }
    }

    /// Each time the duplicates are of another QUERY, for a key that nobody holds. The first one is no
    /// duplicate.
    fn prepare(&mut self) -> Fallible<()> {
        self.times += 1;
        if self.kind == NoiseKind::Duplicates {
            let original = query(3, self.clients.links.local_addr(0)?, self.times, "nobody-holds");
            self.clients.links.send(0, &original, original.len())?;
            self.bursts = vec![burst(&original)];
        }
        Ok(())
    }
}

fn burst(datagram: &[u8]) -> (Vec<u8>, usize) {
    (datagram.repeat(NOISE), datagram.len())
}

fn malformed() -> Vec<Vec<u8>> {
    vec![
        vec![0],
        b"\0\x09key-00000001".to_vec(),
        b"\xff\xffkey-00000001".to_vec(),
        b"\0\x02\0\x03\x7f\0\0\x01".to_vec(),
        b"\0\x01\0ey-00000001".to_vec(),
        b"\0\x03a value without a tab".to_vec(),
    ]
}

impl Generator for Noise {
    fn load(&mut self, length: Duration, drops: Drops<'_>) -> Fallible<Outcome> {
        self.prepare()?;
        let extent = Extent { time: Some(length), questions: None };
        let mut load = self.clients.begin(Pace::InFlight(BURSTS), extent);
        let (mut noise, mut turn) = (0, 0);
        let mut unsent = Unsent::default();
        loop {
            let Clients { links, checked, clock, .. } = &mut self.clients;
            let until = match load.next(clock.now()) {
                Next::Ask(question) => {
                    let (bytes, len) = &self.bursts[turn % self.bursts.len()];
                    turn += 1;
                    links.send(0, bytes, *len)?;
                    noise += NOISE as u64;
                    links.ask(question, checked, &mut unsent);
                    links.flush(&mut unsent);
                    continue;
                }
                Next::AddClient => unreachable!("a closed loop has its clients from the beginning"),
                Next::Wait(until) => until,
                Next::Over => break,
            };
            links.wait(until.map_or(length, |until| until.since(clock.now())))?;
            while let Some(client) = links.next_ready() {
                engine::hear(&mut load, links, checked, clock, client)?;
            }
        }
        if let Some(cause) = unsent.cause {
            return Err(format!("{} requests could not be sent: {cause}", unsent.questions));
        }
        self.clients.hear_late(&mut load, drops)?;
        Ok(Outcome { noise, ..outcome(&load) })
    }

    fn ports(&self) -> Vec<u16> {
        self.clients.ports()
    }
}
