//! The load: the library's generator, and answers that are checked byte for byte.

use super::Fallible;
use super::drops::{SILENCE, SILENCES};
use super::workload::{KEYS, Workload};
use servent::load::{
    Dialogue, Ends, Extent, Links, Measurement, Pace, Pattern, Picker, Plan, Strange, Traffic, engine,
};
use servent::{Clock, SystemClock};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// A question that is not answered for this long is given up, so that its loss does not stop a closed loop.
const TIMEOUT: Duration = Duration::from_millis(100);

/// What one go at a contestant did.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Requests sent: each should be answered.
    pub(crate) sent: u64,
    pub(crate) answered: u64,
    pub(crate) lost: u64,
    /// Datagrams sent that nobody answers.
    pub(crate) noise: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// Nanoseconds from request to answer, where it was measured.
    pub(crate) latencies: Vec<u64>,
}

impl Outcome {
    /// Counts what `other` did as well.
    pub(crate) fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.lost += other.lost;
        self.noise += other.noise;
        self.elapsed += other.elapsed;
        self.latencies.extend(other.latencies);
    }
}

/// Says whether the kernel has dropped something in this go.
pub(crate) type Drops<'a> = &'a dyn Fn() -> bool;

/// A source of load that is used many times.
pub(crate) trait Generator {
    /// Loads the contestant for `length`, and waits for the last answers, the longer if no `drops` explain that they
    /// are missing.
    ///
    /// # Errors
    /// A wrong answer, or a system call that failed.
    fn load(&mut self, length: Duration, drops: Drops<'_>) -> Fallible<Outcome>;

    /// The ports that answers come to.
    fn ports(&self) -> Vec<u16>;
}

/// Who is asked, and whom the answers come from.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) asked: SocketAddrV4,
    pub(crate) answers_from: SocketAddrV4,
}

/// Clients that ask for the keys of a workload.
pub(crate) struct Clients {
    pub(crate) links: Links,
    pub(crate) checked: Checked,
    pub(crate) clock: SystemClock,
    clients: u32,
    /// So that each go asks for other keys than the one before.
    goes: u64,
}

impl Clients {
    /// `workload` gets the first client's address.
    pub(crate) fn new(
        target: Target,
        workload: impl FnOnce(SocketAddrV4) -> Workload,
        clients: u32,
        traffic: Traffic,
    ) -> Fallible<Self> {
        let links = Links::new(target.asked, Ipv4Addr::LOCALHOST, clients, traffic)?;
        let workload = workload(links.local_addr(0)?);
        let checked = Checked { workload, answers_from: target.answers_from, wrong: None };
        Ok(Self { links, checked, clock: SystemClock::start(), clients, goes: 0 })
    }

    /// The machine of one go.
    pub(crate) fn begin(&mut self, pace: Pace, extent: Extent) -> Measurement {
        let plan = Plan {
            pace,
            extent,
            clients: self.clients,
            clients_max: self.clients,
            timeout: TIMEOUT,
            ends: Ends::WithFirstAnswer,
            linger: Duration::ZERO,
            shares_keys: true,
            tells_ended: false,
        };
        self.goes += 1;
        Measurement::new(plan, KEYS, Picker::new(Pattern::Uniform, KEYS, self.goes), self.clock.now())
    }

    /// One go.
    pub(crate) fn go(&mut self, pace: Pace, extent: Extent, drops: Drops<'_>) -> Fallible<Measurement> {
        let mut load = self.begin(pace, extent);
        let unsent = engine::run(&mut load, &mut self.links, &mut self.checked, &self.clock, &mut ())?;
        if let Some(cause) = unsent.cause {
            return Err(format!("{} requests could not be sent: {cause}", unsent.questions));
        }
        self.hear_late(&mut load, drops)?;
        Ok(load)
    }

    /// Waits for answers that seem lost.
    pub(crate) fn hear_late(&mut self, load: &mut Measurement, drops: Drops<'_>) -> Fallible<()> {
        let mut silences = 0;
        while missing(load) > 0 && silences < SILENCES {
            self.links.wait(SILENCE)?;
            if !self.links.has_ready() {
                silences += if drops() { SILENCES } else { 1 };
            }
            while let Some(client) = self.links.next_ready() {
                engine::hear(load, &mut self.links, &mut self.checked, &self.clock, client)?;
            }
        }
        let counts = load.tally().counts;
        match self.checked.wrong.take() {
            Some(wrong) => Err(wrong),
            None if counts.answered + counts.late > counts.asked => {
                Err("there are more answers than requests".to_owned())
            }
            None => Ok(()),
        }
    }

    pub(crate) fn ports(&self) -> Vec<u16> {
        let addresses = (0..self.clients).map(|client| self.links.local_addr(client));
        addresses.map(|address| address.expect("a bound socket").port()).collect()
    }
}

/// What seems lost and has not come late.
fn missing(load: &Measurement) -> u64 {
    load.tally().counts.lost.saturating_sub(load.tally().counts.late)
}

/// What a go came to.
pub(crate) fn outcome(load: &Measurement) -> Outcome {
    let counts = load.tally().counts;
    // What came late was not lost.
    let answered = counts.answered + counts.late;
    Outcome { sent: counts.asked, answered, lost: missing(load), elapsed: load.elapsed(), ..Outcome::default() }
}

/// A dialogue in which every answer must be right.
pub(crate) struct Checked {
    pub(crate) workload: Workload,
    answers_from: SocketAddrV4,
    wrong: Option<String>,
}

impl Dialogue for Checked {
    fn write(&mut self, key: u32, bytes: &mut Vec<u8>) {
        self.workload.write(key as usize, bytes);
    }

    fn read(&mut self, from: SocketAddrV4, answer: &[u8]) -> Result<u32, Strange> {
        let checked = match from == self.answers_from {
            true => self.workload.check(answer),
            false => Err(format!("an answer from {from} instead of {}", self.answers_from)),
        };
        checked.map(|key| key as u32).map_err(|wrong| {
            self.wrong.get_or_insert(wrong);
            Strange::Unknown
        })
    }
}

/// As many requests under way at each client as it may have.
pub(crate) struct Loop {
    pub(crate) clients: Clients,
    pub(crate) in_flight: u32,
}

impl Generator for Loop {
    fn load(&mut self, length: Duration, drops: Drops<'_>) -> Fallible<Outcome> {
        let extent = Extent { time: Some(length), questions: None };
        self.clients.go(Pace::InFlight(self.in_flight), extent, drops).map(|load| outcome(&load))
    }

    fn ports(&self) -> Vec<u16> {
        self.clients.ports()
    }
}
