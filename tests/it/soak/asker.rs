//! A client that asks at a pace, and asks again until it is answered.

use super::mix::{KEYS, key, value};
use super::pause;
use crate::support::Peer;
use crate::support::wire::{clireq, response, show};
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

/// As long as clientTP3 waits for an answer: 4 s, twice.
const PATIENCE: Duration = Duration::from_secs(8);

/// When it asks again. The client would wait for 4 s, which is sound on a network that loses one datagram in a
/// hundred; here the kernel sheds most of them, by design, and each is lost with the same probability.
const AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Between an answer and the next question.
pub(super) const PACE: Duration = Duration::from_millis(5);

/// What it knows of one servent.
pub(super) struct Asked {
    servent: SocketAddrV4,
    /// CLIREQs sent.
    pub(super) sent: u64,
    /// Answers that came, each of which is right.
    pub(super) answered: u64,
}

/// Asks each servent in turn. **A question is answered if the right RESPONSE came from the servent that was asked
/// within [`PATIENCE`] of the first CLIREQ**, and every question must be. At rest, before the
/// load and after it, every CLIREQ must be: see [`Asker::unanswered`]. Under load one that the kernel shed can't be told
/// from one that was forgotten; `conservation` counts those.
pub(super) struct Asker {
    peer: Peer,
    pub(super) asked: Vec<Asked>,
    questions: usize,
}

/// One question's outcome.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    /// From the first CLIREQ.
    pub(super) latency: Duration,
    /// CLIREQs that it took.
    pub(super) tries: u32,
}

impl Asker {
    pub(super) fn new(servents: &[SocketAddrV4]) -> Self {
        let peer = Peer::new();
        peer.enlarge_receive_buffer();
        let asked = servents.iter().map(|&servent| Asked { servent, sent: 0, answered: 0 }).collect();
        Self { peer, asked, questions: 0 }
    }

    /// Its own port.
    pub(super) fn port(&self) -> u16 {
        self.peer.addr().port()
    }

    /// Asks the next servent for the next key, until it is answered.
    pub(super) fn ask(&mut self) -> Answer {
        let (which, index) = (self.questions % self.asked.len(), self.questions % KEYS);
        self.questions += 1;
        let request = clireq(key(index).as_bytes());
        let (start, mut tries) = (Instant::now(), 0);
        while start.elapsed() < PATIENCE {
            let again_at = start + AGAIN_AFTER * (tries + 1);
            tries += 1;
            self.asked[which].sent += 1;
            self.peer.send(self.asked[which].servent, &request);
            while let Some(left) = again_at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                if self.receive(left) == Some((which, index)) {
                    return Answer { latency: start.elapsed(), tries };
                }
            }
        }
        panic!("no answer from {} within {PATIENCE:?}, after {tries} CLIREQs", self.asked[which].servent);
    }

    /// Asks so many times, at the pace.
    pub(super) fn ask_at_pace(&mut self, count: usize) -> Vec<Answer> {
        let ask = |_| {
            pause(PACE);
            self.ask()
        };
        (0..count).map(ask).collect()
    }

    /// Takes in what still comes, until nothing came for `quiet`.
    pub(super) fn drain(&mut self, quiet: Duration) {
        while self.receive(quiet).is_some() {}
    }

    /// For each servent how many CLIREQs it did not answer. What comes late is an answer too: [`Asker::drain`] first.
    pub(super) fn unanswered(&self) -> Vec<u64> {
        self.asked.iter().map(|asked| asked.sent.saturating_sub(asked.answered)).collect()
    }

    /// Which servent answered, and for which key. It must be the right answer, from one of the servents; one that was
    /// not asked got the question from another one, and does not count.
    fn receive(&mut self, wait: Duration) -> Option<(usize, usize)> {
        let (datagram, source) = self.peer.recv_within(wait)?;
        let index = index_of(&datagram).unwrap_or_else(|| panic!("from {source}: {}", show(&datagram)));
        let which = self.asked.iter().position(|asked| asked.servent == source);
        let which = which.unwrap_or_else(|| panic!("{source} is no servent"));
        let was_asked = (self.questions.saturating_sub(KEYS)..self.questions)
            .rev()
            .find(|question| question % KEYS == index)
            .is_some_and(|question| question % self.asked.len() == which);
        self.asked[which].answered += u64::from(was_asked);
        Some((which, index))
    }
}

/// The number of the key that this is the RESPONSE for, in whichever version of the file.
fn index_of(datagram: &[u8]) -> Option<usize> {
    let text = str::from_utf8(datagram.get(2..)?).ok()?;
    let index = text.split('\t').next()?.strip_prefix("key")?.parse().ok()?;
    let is_right = |version| datagram == response(key(index).as_bytes(), value(index, version).as_bytes());
    (0..2).any(is_right).then_some(index)
}

/// The middle one.
pub(super) fn median(answers: &[Answer]) -> Duration {
    quantile(answers, 0.5)
}

/// The latency that so large a part of the answers keeps.
pub(super) fn quantile(answers: &[Answer], part: f64) -> Duration {
    let mut latencies: Vec<_> = answers.iter().map(|answer| answer.latency).collect();
    latencies.sort_unstable();
    latencies[((latencies.len() - 1) as f64 * part) as usize]
}
