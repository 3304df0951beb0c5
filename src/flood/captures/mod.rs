//! Captures of packets to events: what went over the wire, whoever wrote the programs.
//!
//! ```text
//! pcap, pcapng ─▶ file: blocks ─▶ link: IPv4 packets ─▶ datagrams: whole, once each ─▶ joined: messages ─▶ events
//! ```
//!
//! Which datagrams are this protocol's is known once all are there: those of servents, which are the ends of a QUERY
//! that nobody else would send, as `data/wireshark/tp3.lua` tells it.
//!
//! | file | holds |
//! |---|---|
//! | `file` | the blocks of pcap and pcapng |
//! | `link` | where the IPv4 packet stands in a frame |
//! | `datagrams` | fragments brought together, and what is of this protocol |
//! | `sightings` | what was captured twice, taken once |
//! | `joined` | datagrams that offload joined, told apart |

mod datagrams;
mod file;
mod joined;
mod link;
mod sightings;

pub use file::CaptureError;

use super::model::PeerId;
use super::records::{ClockId, Event, NO_VALUE, Records, RunId, What, field_hash};
use crate::wire::{Header, Message};
use datagrams::{Datagram, Datagrams, Taken};
use sightings::Sightings;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::net::SocketAddrV4;

/// Reads captures, and tells of all of them together.
#[derive(Debug, Default)]
pub struct Captures {
    datagrams: Vec<Datagram>,
    sightings: Sightings,
    files: u32,
}

/// What was in a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureSummary {
    /// Packets.
    pub packets: u64,
    /// Those that may be of this protocol and of which only the beginning was kept.
    pub cut: u64,
    /// Those that make no sense.
    pub unreadable: u64,
    /// Datagrams that were captured before, in this file or another one.
    pub repeated: u64,
    /// By how much its clock is ahead of those of the captures before, in nanoseconds: 0 within two seconds. It is only
    /// as certain as datagrams are fast.
    pub ahead: i64,
    /// Whether the file ends in the middle of a packet.
    pub is_cut: bool,
}

/// What the datagrams of a capture were good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureUse {
    /// Those of this protocol, each of several that were joined counted.
    pub messages: u64,
    /// Those of them that traces told of already.
    pub traced: u64,
}

impl Captures {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a file that begins like this is a capture.
    #[must_use]
    pub fn is_capture(beginning: &[u8]) -> bool {
        file::is_capture(beginning)
    }

    /// Reads a capture. What nobody can send by this protocol is not kept.
    ///
    /// # Errors
    /// If it is none, or of a kind of network that is not known. What was read before counts.
    pub fn read(&mut self, input: impl Read + Send) -> Result<CaptureSummary, CaptureError> {
        let mut summary = CaptureSummary::default();
        let mut datagrams = Datagrams::new(self.files);
        self.files += 1;
        let mut its = Vec::new();
        let read = file::read(input, |packet| {
            summary.packets += 1;
            match datagrams.take(&packet) {
                Taken::Datagram(datagram) => its.push(datagram),
                Taken::Cut => summary.cut += 1,
                Taken::Unreadable => summary.unreadable += 1,
                Taken::Other => {}
            }
        });
        let settled = self.sightings.settle(&mut its);
        (summary.repeated, summary.ahead) = (settled.repeated, settled.ahead);
        self.datagrams.append(&mut its);
        summary.is_cut = read?;
        Ok(summary)
    }

    /// Adds what all of them tell that no trace does: of servents that the records have traces of nothing more is told,
    /// since those say what they sent and got, and no datagram counts twice. What each capture was good for, in the order
    /// of reading.
    pub fn tell(self, records: &mut Records) -> Vec<CaptureUse> {
        let mut servents: HashSet<SocketAddrV4> = HashSet::new();
        for datagram in &self.datagrams {
            joined::each(&datagram.payload, |message, _, _| {
                if matches!(message.header, Header::Query(_)) && joined::is_unmistakable(&message) {
                    servents.extend([datagram.from, datagram.to]);
                }
            });
        }
        let traced = records.runs.iter().filter(|run| !run.is_captured).map(|run| run.peer).collect();
        let mut uses = vec![CaptureUse::default(); self.files as usize];
        let mut teller = Teller { records, runs: HashMap::new(), clocks: HashMap::new(), traced };
        for datagram in &self.datagrams {
            let Datagram { from, to, .. } = datagram;
            joined::each(&datagram.payload, |message, len, is_doubtful| {
                let is_servents = match message.header {
                    Header::Query(_) => servents.contains(from) || servents.contains(to),
                    Header::Clireq => servents.contains(to),
                    Header::Response => servents.contains(from),
                };
                if is_servents || joined::is_unmistakable(&message) {
                    let is_new = teller.tell(&Told { datagram, message, len, is_doubtful });
                    let its = &mut uses[datagram.file as usize];
                    its.messages += 1;
                    its.traced += u64::from(!is_new);
                }
            });
        }
        uses
    }
}

/// A message of a capture.
struct Told<'a> {
    datagram: &'a Datagram,
    message: Message<'a>,
    len: usize,
    /// It may be several that could not be told apart.
    is_doubtful: bool,
}

struct Teller<'a> {
    records: &'a mut Records,
    runs: HashMap<(u32, PeerId), RunId>,
    clocks: HashMap<u32, ClockId>,
    traced: HashSet<PeerId>,
}

impl Teller<'_> {
    /// Adds what happened at `owner`, unless its trace tells. Whether it was added.
    fn push(&mut self, told: &Told<'_>, owner: PeerId, event: impl FnOnce(RunId) -> Event) -> bool {
        if self.traced.contains(&owner) {
            return false;
        }
        let &Datagram { at, file, .. } = told.datagram;
        let records = &mut *self.records;
        // Their times are times of day.
        let clock = *self.clocks.entry(file).or_insert_with(|| records.clock(Some(0)));
        let run = *self.runs.entry((file, owner)).or_insert_with(|| {
            let run = records.run(owner, clock, at);
            records.runs[run.0 as usize].is_captured = true;
            run
        });
        records.push(event(run));
        true
    }

    /// Adds what a message tells. Whether there was anything to add.
    fn tell(&mut self, told: &Told<'_>) -> bool {
        let &Datagram { at, from, to, .. } = told.datagram;
        let (from, to) = (self.records.peer(from), self.records.peer(to));
        let text = told.message.text;
        let len = told.len as u32;
        let field = |field: &[u8]| if told.is_doubtful { 0 } else { field_hash(field) };
        match told.message.header {
            Header::Clireq => {
                let key = self.records.key(text.before_nul());
                let question = self.records.question(from, key, None);
                let field = field(text.field_to_forward());
                self.push(told, to, |run| Event { len, field, ..Event::new(at, run, question, from, What::Asked) })
            }
            Header::Query(header) => {
                let key = self.records.key(text.before_nul());
                let client = self.records.peer(header.client);
                let question = self.records.question(client, key, Some(header.seq.0));
                let (ttl, field) = (header.ttl.0, field(text.field()));
                let mut is_new = false;
                for (owner, other, what) in [(from, to, What::Sent), (to, from, What::Received)] {
                    let event = |run| Event { ttl, len, field, ..Event::new(at, run, question, other, what) };
                    is_new |= self.push(told, owner, event);
                }
                is_new
            }
            Header::Response => {
                let Some((key, value)) = text.key_and_value() else { return false };
                let key = self.records.key(key);
                let question = self.records.question(to, key, None);
                let is_traced = self.traced.contains(&from);
                let len = if told.is_doubtful || is_traced { NO_VALUE } else { self.records.value(value) };
                self.push(told, from, |run| Event { len, ..Event::new(at, run, question, to, What::Responded) })
            }
        }
    }
}
