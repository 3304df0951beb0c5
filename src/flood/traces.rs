//! Traces as servents write them, line by line, to events. See `data/trace.schema.json`.
//!
//! A file may hold the trace of one servent or of several, merged; whole or cut off at either end or in the middle.

use super::clocks::SAME_CLOCK_NANOS;
use super::model::PeerId;
use super::records::{ClockId, Event, Judgement, Looked, NO_VALUE, QuestionId, Records, RunId, TIME_MAX, What};
use crate::stats::DropCause;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddrV4;

/// A line, with all fields that any has.
#[derive(Deserialize)]
struct Line<'a> {
    t: u64,
    #[serde(borrow)]
    node: &'a str,
    event: &'a str,
    wall_ns: Option<u64>,
    #[serde(borrow, default)]
    neighbours: Vec<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    from: Option<&'a str>,
    client: Option<&'a str>,
    ttl: Option<u16>,
    seq: Option<u32>,
    #[serde(borrow)]
    key: Option<Cow<'a, str>>,
    key_base64: Option<&'a str>,
    ttl_sent: Option<u16>,
    #[serde(borrow, default)]
    to: Vec<&'a str>,
    why: Option<&'a str>,
    higher_ttl: Option<bool>,
    dropped: Option<u64>,
}

/// What a line that is about a message says of it.
#[derive(Clone, Copy)]
struct About {
    at: i64,
    run: RunId,
    question: QuestionId,
    from: PeerId,
    ttl: u16,
    is_query: bool,
}

/// A servent whose trace is being read.
#[derive(Debug)]
struct Writer {
    run: RunId,
    is_damaged: bool,
}

/// Reads the lines of one file.
#[derive(Default)]
pub struct TraceReader {
    writers: HashMap<SocketAddrV4, Writer>,
    clock: Option<ClockId>,
}

impl TraceReader {
    /// For a file of which nothing was read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a line, without its end. `false`: it is no line of a trace, or only a piece of one.
    pub fn line(&mut self, records: &mut Records, line: &[u8]) -> bool {
        let read = serde_json::from_slice(line).ok().and_then(|line| self.read(records, &line));
        if read.is_none() {
            // Whose it was can't be told.
            self.writers.values_mut().for_each(|writer| writer.is_damaged = true);
        }
        read.is_some()
    }

    fn read(&mut self, records: &mut Records, line: &Line<'_>) -> Option<()> {
        let at = time(line.t)?;
        let node = address(line.node)?;
        match line.event {
            "start" => self.start(records, node, at, line),
            "end" => {
                let writer = self.writers.remove(&node).unwrap_or_else(|| self.writer(records, node, at));
                let run = &mut records.runs[writer.run.0 as usize];
                run.to = run.to.max(at);
                run.is_closed = true;
                run.is_whole = line.dropped? == 0 && !writer.is_damaged;
                Some(())
            }
            _ => {
                if !self.writers.contains_key(&node) {
                    let writer = self.writer(records, node, at);
                    self.writers.insert(node, writer);
                }
                let run = self.writers[&node].run;
                if line.event == "neighbours" {
                    records.change(run, at, neighbours(line)?);
                    return Some(());
                }
                self.event(records, run, at, line)
            }
        }
    }

    fn start(&mut self, records: &mut Records, node: SocketAddrV4, at: i64, line: &Line<'_>) -> Option<()> {
        let anchor = time(line.wall_ns?)? - at;
        let neighbours = neighbours(line)?;
        let is_same = |known: &Option<i64>| known.is_some_and(|known| (known - anchor).abs() <= SAME_CLOCK_NANOS);
        let known = records.clocks.iter().position(is_same).map(|number| ClockId(number as u32));
        let clock = known.unwrap_or_else(|| records.clock(Some(anchor)));
        if records.clocks[clock.0 as usize] != Some(anchor) {
            records.guessed.insert(clock);
        }
        self.clock = Some(clock);
        records.neighbours(node, neighbours.iter().copied());
        if let Some(writer) = self.writers.get(&node) {
            let run = &mut records.runs[writer.run.0 as usize];
            if (run.opened_at, run.clock, run.to) == (Some(at), clock, at) {
                // Copies that were merged line by line.
                run.openings += 1;
                return Some(());
            }
        }
        let peer = records.peer(node);
        let run = records.run(peer, clock, at);
        // A life of it before may have ended with others.
        records.change(run, at, neighbours);
        let opened = &mut records.runs[run.0 as usize];
        (opened.is_opened, opened.opened_at, opened.openings) = (true, Some(at), 1);
        self.writers.insert(node, Writer { run, is_damaged: false });
        Some(())
    }

    /// For a trace whose beginning is not there.
    fn writer(&mut self, records: &mut Records, node: SocketAddrV4, at: i64) -> Writer {
        let clock = *self.clock.get_or_insert_with(|| records.clock(None));
        let peer = records.peer(node);
        Writer { run: records.run(peer, clock, at), is_damaged: false }
    }

    fn event(&mut self, records: &mut Records, run: RunId, at: i64, line: &Line<'_>) -> Option<()> {
        if line.event == "dropped" {
            return self.dropped(records, run, at, line);
        }
        let about = about(records, run, at, line)?;
        let tell = |what| Event { ttl: about.ttl, ..Event::new(at, run, about.question, about.from, what) };
        let looked = |looked| Event { len: NO_VALUE, ..tell(What::LookedUp(looked)) };
        match line.event {
            "received" => records.push(tell(if about.is_query { What::Received } else { What::Asked })),
            "duplicate" => self.judge(records, about, Judgement::Duplicate { higher_ttl: line.higher_ttl? }),
            "not_forwarded" => {
                let is_ended = line.why? == crate::trace::TTL_EXPIRED;
                let judgement = if is_ended { Judgement::TtlEnded } else { Judgement::NoOtherNeighbour };
                self.judge(records, about, judgement);
            }
            "forwarded" => self.forwarded(records, about, line)?,
            "answered" => records.push(looked(Looked::Answered)),
            "not_found" => records.push(looked(Looked::NotFound)),
            _ => return None,
        }
        Some(())
    }

    /// What a flooder made of a QUERY. A servent that breaks rules may have several lines for one.
    fn judge(&self, records: &mut Records, about: About, judgement: Judgement) {
        let event = Event::new(about.at, about.run, about.question, about.from, What::Judged(judgement));
        records.push(Event { ttl: about.ttl, ..event });
    }

    fn forwarded(&mut self, records: &mut Records, about: About, line: &Line<'_>) -> Option<()> {
        let ttl = line.ttl_sent?;
        let mut event = Event::new(about.at, about.run, about.question, about.from, What::Sent);
        event.ttl = ttl;
        if about.is_query {
            self.judge(records, about, Judgement::Forwarded);
            event = event.because_of(Some(about.from));
        } else {
            let question = records.questions[about.question.0 as usize];
            event.what = What::Flooded;
            event.question = records.question(question.client, question.key, Some(line.seq?));
        }
        for to in &line.to {
            event.peer = records.peer(address(to)?);
            records.push(event);
        }
        Some(())
    }

    fn dropped(&mut self, records: &mut Records, run: RunId, at: i64, line: &Line<'_>) -> Option<()> {
        let cause = *DropCause::ALL.iter().find(|cause| Some(cause.name()) == line.why)?;
        match cause {
            DropCause::StrangerRefused | DropCause::TtlZero => {
                let about = about(records, run, at, line)?;
                self.judge(records, about, Judgement::Refused(cause));
            }
            DropCause::UnanswerableClient | DropCause::ResponseLimited => {
                let about = about(records, run, at, line)?;
                let what = What::LookedUp(Looked::Withheld(cause));
                let event = Event::new(at, run, about.question, about.from, what);
                records.push(Event { ttl: about.ttl, len: NO_VALUE, ..event });
            }
            // No question is about these.
            _ if line.from.is_some() => {}
            _ => self.unsent(records, run, at, cause, line)?,
        }
        Some(())
    }

    /// A QUERY or RESPONSE that did not leave, or not over its link, told by what it was.
    fn unsent(&self, records: &mut Records, run: RunId, at: i64, cause: DropCause, line: &Line<'_>) -> Option<()> {
        let key = key(records, line)?;
        let query = match line.kind? {
            "query" => Some((records.peer(address(line.client?)?), Some(line.seq?))),
            "response" => None,
            _ => return None,
        };
        for to in &line.to {
            let to = records.peer(address(to)?);
            // A RESPONSE goes to the client, and has no number.
            let (client, seq) = query.unwrap_or((to, None));
            let question = records.question(client, key, seq);
            records.push(Event::new(at, run, question, to, What::Unsent(cause)));
        }
        Some(())
    }
}

/// A time that differences of such times can be told of.
fn time(nanos: u64) -> Option<i64> {
    i64::try_from(nanos).ok().filter(|&nanos| nanos <= TIME_MAX)
}

/// Whom a servent says that it forwards to.
fn neighbours(line: &Line<'_>) -> Option<Vec<SocketAddrV4>> {
    line.neighbours.iter().map(|neighbour| address(neighbour)).collect()
}

fn about(records: &mut Records, run: RunId, at: i64, line: &Line<'_>) -> Option<About> {
    let is_query = match line.kind? {
        "query" => true,
        "clireq" => false,
        _ => return None,
    };
    let key = key(records, line)?;
    let client = records.peer(address(line.client?)?);
    let from = records.peer(address(line.from?)?);
    let (ttl, seq) = if is_query { (line.ttl?, Some(line.seq?)) } else { (0, None) };
    let question = records.question(client, key, seq);
    Some(About { at, run, question, from, ttl, is_query })
}

/// The number of the key of a line that is about a message.
fn key(records: &mut Records, line: &Line<'_>) -> Option<u32> {
    match (&line.key, line.key_base64) {
        (Some(key), _) => Some(records.key(key.as_bytes())),
        (None, Some(coded)) => Some(records.key(&STANDARD.decode(coded).ok()?)),
        (None, None) => None,
    }
}

/// An address as traces have it.
fn address(text: &str) -> Option<SocketAddrV4> {
    text.parse().ok()
}
