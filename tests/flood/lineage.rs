//! The model's trees against the descent of every datagram, which the simulator tells by number.

use crate::search::first_complaint;
use servent::Timestamp;
use servent::flood::{Fate, Flood, LookedUp, Memory, Model, PeerId, Visit, Watch};
use servent::protocol::{LookupVerdict, QueryVerdict};
use servent::sim::{Cause, Event, Fate as OnLink, Machines, Observer, Outcome, Party, Scenario, ServentId};
use servent::wire::{Header, decode};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddrV4;

/// Overlays in an ordinary run. `FLOOD_SEED=7` runs one alone.
const SEEDS: u64 = 10_000;

/// Client, number, key.
type Id = (SocketAddrV4, u32, Vec<u8>);

/// How a servent was reached first: when, from whom, over how many links if that is known, what the look-up gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reached {
    at: u64,
    from: Option<SocketAddrV4>,
    hops: Option<u8>,
    lookup: LookupVerdict,
}

/// A copy: sender, receiver, time-to-live, what became of it.
type Told = (SocketAddrV4, SocketAddrV4, u16, &'static str);

#[derive(Debug, Default)]
struct Expected {
    reached: BTreeMap<ServentId, Reached>,
    copies: Vec<Told>,
    /// Something came from outside, was changed or doubled on the way: which copy is which is then no question that has
    /// an answer.
    is_disturbed: bool,
}

/// Follows every datagram by its number.
#[derive(Default)]
struct Oracle {
    /// When the first request came in, which is where the model begins.
    first: Option<u64>,
    floods: HashMap<Id, Expected>,
    /// By number: links travelled, if all came of a CLIREQ; the copy; where it stands among the copies of its flood.
    hops: Vec<Option<u8>>,
    place: Vec<Option<(Id, usize)>>,
}

fn id_of(bytes: &[u8]) -> Option<(Id, u16)> {
    let message = decode(bytes).ok()?;
    let Header::Query(header) = message.header else { return None };
    Some(((header.client, header.seq.0, message.text.before_nul().to_vec()), header.ttl.0))
}

impl Oracle {
    fn settle(&mut self, datagram: usize, fate: &'static str) {
        if let Some((id, place)) = self.place[datagram].clone() {
            self.floods.get_mut(&id).unwrap().copies[place].3 = fate;
        }
    }

    fn reach(&mut self, id: Id, servent: ServentId, reached: Reached) {
        self.floods.entry(id).or_default().reached.entry(servent).or_insert(reached);
    }
}

impl Observer for Oracle {
    fn observe(&mut self, at: Timestamp, event: &Event<'_>) {
        match *event {
            Event::Sent { cause, from, to, bytes, fate, .. } => {
                let is_corrupted = matches!(fate, OnLink::Arrives { corrupted: true, .. });
                let is_copy = matches!(fate, OnLink::Arrives { copy: true, .. });
                let hops = match cause {
                    Cause::Client(_) => Some(0),
                    Cause::Datagram(parent) => self.hops[parent.0 as usize].map(|hops| hops + 1),
                    Cause::Stranger => None,
                };
                self.hops.push(hops.filter(|_| !is_corrupted));
                let found = id_of(bytes);
                if let Some((id, ttl)) = &found {
                    let flood = self.floods.entry(id.clone()).or_default();
                    flood.is_disturbed |= is_corrupted || is_copy || hops.is_none();
                    let lost = if fate == OnLink::Lost || fate == OnLink::Parted { "lost" } else { "under way" };
                    flood.copies.push((from, to, *ttl, lost));
                    self.place.push(Some((id.clone(), flood.copies.len() - 1)));
                } else {
                    self.place.push(None);
                }
            }
            Event::Delivered { datagram, from, to, bytes, outcome, .. } => {
                let number = datagram.0 as usize;
                let (from, hops, at) = (Some(from), self.hops[number], at.as_nanos());
                if decode(bytes).is_ok_and(|message| message.header != Header::Response) {
                    self.first.get_or_insert(at);
                }
                match (outcome, id_of(bytes)) {
                    (Outcome::Clireq(flooded, lookup), _) => {
                        let message = decode(bytes).unwrap();
                        if let (Some(seq), Some(client)) = (flooded.seq, from) {
                            let id = (client, seq.0, message.text.before_nul().to_vec());
                            self.reach(id, to, Reached { at, from: None, hops: Some(0), lookup });
                        }
                    }
                    (Outcome::Query(QueryVerdict::FirstSighting { .. }, Some(lookup)), Some((id, _))) => {
                        self.reach(id, to, Reached { at, from, hops, lookup });
                        self.settle(number, "first");
                    }
                    (Outcome::Query(QueryVerdict::Duplicate { higher_ttl }, _), _) => {
                        self.settle(number, if higher_ttl { "higher" } else { "duplicate" });
                    }
                    (Outcome::Query(..), _) => self.settle(number, "refused"),
                    _ => {}
                }
            }
            Event::Missed { datagram, .. } => self.settle(datagram.0 as usize, "missed"),
            _ => {}
        }
    }
}

pub(crate) fn memory(scenario: &Scenario) -> Memory {
    let seen = scenario.setup.seen;
    Memory { expiry_nanos: seen.expiry.as_nanos() as i64, capacity: seen.capacity }
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::First => "first",
        Fate::Duplicate => "duplicate",
        Fate::DuplicateHigherTtl => "higher",
        Fate::Lost => "lost",
        Fate::Down => "missed",
        Fate::Refused(_) => "refused",
        Fate::Unknown => "unknown",
    }
}

/// What is wrong with the tree of one flood.
fn compare_tree(model: &Model, flood: &Flood, expected: &Expected, zero: u64) -> Result<(), String> {
    let mut found: BTreeMap<ServentId, &Visit> = BTreeMap::new();
    let mut places: BTreeMap<ServentId, BTreeSet<PeerId>> = BTreeMap::new();
    for visit in &flood.visits {
        let Party::Servent(servent) = Party::from(model.peer(visit.servent).address) else { continue };
        // One that moved while the flood went on is another one to the model, and may be visited again.
        let addresses = places.entry(servent).or_default();
        if !addresses.insert(visit.servent) {
            return Err(format!("{servent} is visited twice"));
        }
        let first = found.entry(servent).or_insert(visit);
        if visit.at < first.at {
            *first = visit;
        }
    }
    if !found.keys().eq(expected.reached.keys()) {
        return Err(format!("reached: {:?}, expected {:?}", found.keys(), expected.reached.keys()));
    }
    for (servent, reached) in &expected.reached {
        let visit = found[servent];
        let parent = visit.parent.map(|parent| model.peer(parent).address);
        let at = u64::try_from(visit.at.0).unwrap() + zero;
        if (parent, at) != (reached.from, reached.at) {
            return Err(format!("{servent}: from {parent:?} at {at}, expected {reached:?}"));
        }
        if reached.hops.is_some_and(|hops| visit.hop != Some(hops)) {
            return Err(format!("{servent}: hop {:?}, expected {reached:?}", visit.hop));
        }
        let lookup = match reached.lookup {
            LookupVerdict::Answered => LookedUp::Answered,
            LookupVerdict::NotFound => LookedUp::NotHeld,
            _ => continue,
        };
        if visit.lookup != lookup {
            return Err(format!("{servent}: {:?}, expected {lookup:?}", visit.lookup));
        }
    }
    Ok(())
}

fn compare_copies(model: &Model, flood: &Flood, expected: &Expected) -> Result<(), String> {
    let told = |copy: &servent::flood::Copy| {
        (model.peer(copy.from).address, model.peer(copy.to).address, copy.ttl, fate(copy.fate))
    };
    let mut found: Vec<Told> = flood.copies.iter().map(told).collect();
    let mut copies = expected.copies.clone();
    found.sort_unstable();
    copies.sort_unstable();
    // Whether a copy was lost or came when nobody ran is nobody's to know while the servent came and went.
    let is_same = |found: &Told, copy: &Told| {
        let is_gone = |fate| matches!(fate, "lost" | "missed");
        found == copy || (found.3 == "unknown" && is_gone(copy.3)) || (is_gone(found.3) && is_gone(copy.3))
    };
    let by_way = |told: &Told| (told.0, told.1, told.2);
    let is_all_same = found.len() == copies.len()
        && found.iter().zip(&copies).all(|(found, copy)| by_way(found) == by_way(copy))
        && {
            let count = |all: &[Told], fate: &str| all.iter().filter(|told| told.3 == fate).count();
            ["first", "duplicate", "higher", "refused"].iter().all(|fate| count(&found, fate) == count(&copies, fate))
                && found.iter().all(|found| copies.iter().any(|copy| is_same(found, copy)))
        };
    if is_all_same { Ok(()) } else { Err(format!("copies: {found:#?}, expected {copies:#?}")) }
}

fn complaint(seed: u64) -> Option<String> {
    let scenario = Scenario::from_seed(seed);
    let (simulation, _) = scenario.run::<Machines, _>((Watch::new(&scenario.setup), Oracle::default()));
    let (_, (watch, oracle)) = simulation.into_parts();
    let model = watch.into_records().model(memory(&scenario));
    let zero = oracle.first.unwrap_or(0);
    let told = |what: String| Some(format!("seed {seed}: {what}\n{scenario}"));
    let mut count = 0;
    for flood in &model.floods {
        if let Some(finding) = flood.findings.first() {
            return told(format!("a finding in a conforming run: {finding:?} in {flood:#?}"));
        }
        let Some(seq) = flood.seq else { continue };
        let Some(expected) = oracle.floods.get(&(flood.client, seq.0, flood.key.to_vec())) else {
            return told(format!("nobody made {flood:#?}"));
        };
        count += usize::from(!expected.reached.is_empty());
        // A changed copy is none of the flood that it was sent in.
        let copies = if expected.is_disturbed || scenario.links.corruption > 0.0 {
            Ok(())
        } else {
            compare_copies(&model, flood, expected)
        };
        if let Err(error) = compare_tree(&model, flood, expected, zero).and(copies) {
            return told(format!("{error}\n{flood:#?}"));
        }
    }
    let all = oracle.floods.values().filter(|flood| !flood.reached.is_empty()).count();
    if count == all { None } else { told(format!("{count} floods, expected {all}")) }
}

#[test]
fn every_tree_is_the_descent_that_the_simulator_knows_and_nothing_breaks_a_clause() {
    if let Some(complaint) = first_complaint("FLOOD_SEED", SEEDS, complaint) {
        panic!("{complaint}");
    }
}
