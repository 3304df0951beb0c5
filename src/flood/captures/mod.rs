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
//! | `datagrams` | fragments brought together, and what was captured twice taken once |
//! | `joined` | datagrams that offload joined, told apart |

mod datagrams;
mod file;
mod joined;
mod link;

pub use file::CaptureError;

use super::model::PeerId;
use super::records::{ClockId, Event, NO_VALUE, Records, RunId, What, field_hash};
use crate::wire::{Header, Message};
use datagrams::{Datagram, Datagrams};
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::net::SocketAddrV4;

/// Reads captures, and tells of all of them together.
#[derive(Debug, Default)]
pub struct Captures {
    datagrams: Vec<(u32, Datagram)>,
    seen: datagrams::Seen,
    files: u32,
}

/// What was in a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureSummary {
    /// Packets.
    pub packets: u64,
    /// Those of which only the beginning is there, or which make no sense.
    pub unreadable: u64,
    /// Those that another packet was the same as.
    pub repeated: u64,
    /// Whether the file ends in the middle of a packet.
    pub is_cut: bool,
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

    /// Reads a capture.
    ///
    /// # Errors
    /// If it is none, or of a kind of network that is not known. What was read before counts.
    pub fn read(&mut self, input: impl Read + Send) -> Result<CaptureSummary, CaptureError> {
        let number = self.files;
        self.files += 1;
        let mut summary = CaptureSummary::default();
        let mut datagrams = Datagrams::default();
        let (kept, seen) = (&mut self.datagrams, &mut self.seen);
        let is_cut = file::read(input, |packet| {
            summary.packets += 1;
            match datagrams.take(&packet, seen) {
                datagrams::Taken::Datagram(datagram) => kept.push((number, datagram)),
                datagrams::Taken::Repeated => summary.repeated += 1,
                datagrams::Taken::Unreadable => summary.unreadable += 1,
                datagrams::Taken::Other => {}
            }
        })?;
        summary.is_cut = is_cut;
        Ok(summary)
    }

    /// Adds what all of them tell.
    pub fn tell(self, records: &mut Records) {
        let mut messages = Vec::new();
        for (file, datagram) in &self.datagrams {
            joined::each(&datagram.payload, |message, len, is_doubtful| {
                messages.push(Told { file: *file, datagram, message, len, is_doubtful });
            });
        }
        let queries = messages.iter().filter(|told| matches!(told.message.header, Header::Query(_)));
        let servents: HashSet<SocketAddrV4> = queries
            .filter(|told| joined::is_unmistakable(&told.message))
            .flat_map(|told| [told.datagram.from, told.datagram.to])
            .collect();
        let mut teller = Teller { records, runs: HashMap::new(), clocks: HashMap::new() };
        for told in &messages {
            let Datagram { from, to, .. } = told.datagram;
            let is_servents = match told.message.header {
                Header::Query(_) => servents.contains(from) || servents.contains(to),
                Header::Clireq => servents.contains(to),
                Header::Response => servents.contains(from),
            };
            if is_servents || joined::is_unmistakable(&told.message) {
                teller.tell(told);
            }
        }
    }
}

/// A message of a capture.
struct Told<'a> {
    file: u32,
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
}

impl Teller<'_> {
    fn run(&mut self, file: u32, peer: PeerId, at: i64) -> RunId {
        let records = &mut *self.records;
        // Their times are times of day.
        let clock = *self.clocks.entry(file).or_insert_with(|| records.clock(Some(0)));
        *self.runs.entry((file, peer)).or_insert_with(|| {
            let run = records.run(peer, clock, at);
            records.runs[run.0 as usize].is_captured = true;
            run
        })
    }

    fn tell(&mut self, told: &Told<'_>) {
        let &Datagram { at, from, to, .. } = told.datagram;
        let (from, to) = (self.records.peer(from), self.records.peer(to));
        let text = told.message.text;
        let len = told.len as u32;
        let field = |field: &[u8]| if told.is_doubtful { 0 } else { field_hash(field) };
        match told.message.header {
            Header::Clireq => {
                let key = self.records.key(text.before_nul());
                let question = self.records.question(from, key, None);
                let run = self.run(told.file, to, at);
                let field = field(text.field_to_forward());
                self.records.push(Event { len, field, ..Event::new(at, run, question, from, What::Asked) });
            }
            Header::Query(header) => {
                let key = self.records.key(text.before_nul());
                let client = self.records.peer(header.client);
                let question = self.records.question(client, key, Some(header.seq.0));
                let (ttl, field) = (header.ttl.0, field(text.field()));
                for (owner, other, what) in [(from, to, What::Sent), (to, from, What::Received)] {
                    let run = self.run(told.file, owner, at);
                    self.records.push(Event { ttl, len, field, ..Event::new(at, run, question, other, what) });
                }
            }
            Header::Response => {
                let Some((key, value)) = text.key_and_value() else { return };
                let key = self.records.key(key);
                let question = self.records.question(to, key, None);
                let run = self.run(told.file, from, at);
                let len = if told.is_doubtful { NO_VALUE } else { self.records.value(value) };
                self.records.push(Event { len, ..Event::new(at, run, question, to, What::Responded) });
            }
        }
    }
}
