//! Datagrams that nobody answers, paced by CLIREQs among them that are answered.
//!
//! A burst is 63 duplicates, or 63 malformed datagrams, and then a CLIREQ. Bursts under way are limited, so no
//! receive buffer overflows: an answer says that its burst was received. The servent may answer a CLIREQ while its
//! flooder still judges the duplicates before it, but only by the few batches that its channels hold, thousands of
//! datagrams where a round has millions. At the end the servent's counters must show every one of them.

use super::Fallible;
use super::load::{Asker, Drops, Generator, Outcome};
use super::net::local_addr;
use super::workload::{Ledger, query};
use std::time::{Duration, Instant};

/// Datagrams of a burst before its CLIREQ.
const NOISE: usize = 63;
/// Bursts under way: 1024 datagrams.
const BURSTS: u64 = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoiseKind {
    /// The same QUERY again and again, another one each time.
    Duplicates,
    /// Every cause of being malformed in turn, a burst each.
    Malformed,
}

/// One client that sends noise.
pub(crate) struct Noise {
    asker: Asker,
    kind: NoiseKind,
    times: u32,
    /// Bursts to choose from in turn, each with the length of its datagrams.
    bursts: Vec<(Vec<u8>, usize)>,
}

impl Noise {
    pub(crate) fn new(asker: Asker, kind: NoiseKind) -> Self {
        Self { asker, kind, times: 0, bursts: malformed().iter().map(|datagram| burst(datagram)).collect() }
    }

    /// Each time the duplicates are of another QUERY, for a key that nobody holds. The first one is no
    /// duplicate.
    fn prepare(&mut self) -> Fallible<()> {
        self.times += 1;
        if self.kind == NoiseKind::Duplicates {
            let original = query(3, local_addr(&self.asker.socket), self.times, "nobody-holds");
            self.asker.send(&original, original.len())?;
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
        let mut ledger = Ledger::new();
        let (mut noise, mut turn) = (0, 0);
        let start = Instant::now();
        let mut elapsed = Duration::ZERO;
        loop {
            let room = if elapsed < length { BURSTS - ledger.in_flight } else { 0 };
            for _ in 0..room {
                let (bytes, len) = &self.bursts[turn % self.bursts.len()];
                turn += 1;
                self.asker.send(bytes, *len)?;
                noise += NOISE as u64;
            }
            if room > 0 {
                self.asker.ask(room, &mut ledger)?;
            }
            if ledger.in_flight == 0 {
                self.asker.hear_late(&mut ledger, drops)?;
                return Ok(Outcome { noise, ..Outcome::of(&ledger, elapsed) });
            }
            self.asker.hear(&mut ledger)?;
            elapsed = start.elapsed();
        }
    }

    fn ports(&self) -> Vec<u16> {
        vec![local_addr(&self.asker.socket).port()]
    }
}
