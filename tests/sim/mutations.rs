//! Servents that break one promise each, and the checker that must notice.
//!
//! A mutation wraps the real machines and changes what goes in or comes out, so the machines themselves stay whole.

use crate::mutants::{CutsPadding, ForgetsAtOnce, ForwardsTwice, NoSplitHorizon, TtlKept};
use crate::queries::{changed, query, query_header, with_ttl};
use servent::batch::{Inbox, Outbox};
use servent::protocol::{FloodConfig, LookupVerdict, QueryVerdict, ResponseLimiter, SeenConfig, Store, StoreBuilder};
use servent::sim::check::{Found, Violation};
use servent::sim::{Behaviour, Machines, Outcome, Scenario, ServentId};
use servent::wire::{DecodeError, QueryHeader, encode_query, encode_response};
use servent::{Neighbours, SeqNo, Timestamp, Ttl};
use std::collections::{BTreeSet, HashSet};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// Seeds within which every violation of a mutation must be found.
const SEEDS: u64 = 400;

const NOWHERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);

/// A mutation's name, how to look for its violations in one seed, and those that must be found.
type Row = (&'static str, fn(&Scenario) -> Vec<Found>, &'static [&'static str]);

const MUTATIONS: [Row; 23] = [
    ("no split horizon", find::<NoSplitHorizon>, &["SentBack"]),
    ("no own-query mark", find::<NoOwnMark>, &["AnsweredAgain", "ForwardedAgain"]),
    ("time-to-live not decremented", find::<TtlKept>, &["WrongTtl", "TravelledTooFar", "AnsweredFromBeyond"]),
    ("time-to-live not bounded", find::<TtlUnbounded>, &["WrongTtl"]),
    ("duplicates told by sequence number alone", find::<DedupBySeq>, &["Swallowed", "AnswerMissing"]),
    ("refuses padded QUERYs", find::<RefusesPadding>, &["Swallowed", "NotForwarded"]),
    ("refuses a time-to-live above 3", find::<RefusesHighTtl>, &["Swallowed"]),
    ("expiry ignored", find::<NeverExpires>, &["Swallowed"]),
    ("forgets at once", find::<ForgetsAtOnce>, &["AnsweredAgain", "ForwardedAgain", "Forgot", "TooManyMessages"]),
    ("forgets after half the expiry", find::<ForgetsEarly>, &["AnsweredAgain", "ForwardedAgain"]),
    ("four times the capacity", find::<TooRoomy>, &["TooManySightings", "Swallowed"]),
    ("counts from 0 after a restart", find::<CountsFromZero>, &["RepeatedQuery", "AnswerMissing"]),
    ("cuts padding from what it forwards", find::<CutsPadding>, &["ChangedBytes"]),
    ("forwards everything twice", find::<ForwardsTwice>, &["ForwardedAstray", "TooManyMessages"]),
    ("leaves its last neighbour out", find::<LeavesOneOut>, &["NotForwarded", "AnswerMissing"]),
    ("answers to a RESPONSE", find::<AnswersResponses>, &["Reacted"]),
    ("sends every QUERY back as well", find::<Echoes>, &["SentBack", "NotSilent"]),
    ("answers the sender of a QUERY", find::<AnswersSender>, &["WrongAnswer"]),
    ("answers whatever is asked", find::<HoldsAll>, &["WrongAnswer", "AnsweredFromBeyond"]),
    ("does not answer what is new", find::<Mute>, &["NotAnswered", "AnswerMissing"]),
    ("stays with a neighbour's first address", find::<Faithful>, &["ForwardedAstray", "NotForwarded", "AnswerMissing"]),
    ("keeps a neighbour's old address beside the new one", find::<Hoarder>, &["ForwardedAstray", "TooManyMessages"]),
    ("no mutation at all", find::<Unchanged>, &[]),
];

/// The kinds that no servent's mutation can make: a client's.
const OF_CLIENTS: &str = "ShownTwice";

fn find<B: Behaviour>(scenario: &Scenario) -> Vec<Found> {
    scenario.check::<B>()
}

/// A violation's name, without its fields.
fn kind(violation: &Violation) -> String {
    let told = format!("{violation:?}");
    told.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()
}

#[test]
fn each_mutation_is_caught_as_what_it_is() {
    for (name, find, expected) in MUTATIONS {
        let mut found = BTreeSet::new();
        let mut seeds = 0..SEEDS;
        let is_missing = |found: &BTreeSet<String>| expected.iter().any(|&kind| !found.contains(kind));
        // The one without a mutation runs through all of them.
        while expected.is_empty() || is_missing(&found) {
            let Some(seed) = seeds.next() else { break };
            found.extend(find(&Scenario::from_seed(seed)).iter().map(|found| kind(&found.violation)));
        }
        assert!(!is_missing(&found), "{name}: expected {expected:?}, found {found:?}");
        assert!(!expected.is_empty() || found.is_empty(), "{name}: found {found:?}");
        eprintln!("{name}: {} after {} seeds", expected.join(", "), seeds.start);
    }
}

#[test]
fn each_violation_is_that_of_some_mutation() {
    let at = Timestamp::ZERO;
    let servent = ServentId(0);
    let all = [
        Violation::AnsweredAgain,
        Violation::ForwardedAgain,
        Violation::Forgot,
        Violation::Swallowed,
        Violation::NotAnswered,
        Violation::WrongAnswer,
        Violation::NotForwarded(servent),
        Violation::ForwardedAstray,
        Violation::SentBack,
        Violation::WrongTtl { found: Ttl(0), due: None },
        Violation::ChangedBytes,
        Violation::TravelledTooFar { hops: 4 },
        Violation::Reacted,
        Violation::RepeatedQuery,
        Violation::TooManySightings { sightings: 0 },
        Violation::TooManyMessages { messages: 1, bound: 0 },
        Violation::NotSilent { last: at, due: at },
        Violation::AnsweredFromBeyond { servent },
        Violation::AnswerMissing { servent },
        Violation::ShownTwice { servent },
    ];
    let caught: BTreeSet<&str> = MUTATIONS.iter().flat_map(|(_, _, expected)| *expected).copied().collect();
    for violation in &all {
        // A new kind has to be added here, and to some mutation.
        match violation {
            Violation::AnsweredAgain
            | Violation::ForwardedAgain
            | Violation::Forgot
            | Violation::Swallowed
            | Violation::NotAnswered
            | Violation::WrongAnswer
            | Violation::NotForwarded(_)
            | Violation::ForwardedAstray
            | Violation::SentBack
            | Violation::WrongTtl { .. }
            | Violation::ChangedBytes
            | Violation::TravelledTooFar { .. }
            | Violation::Reacted
            | Violation::RepeatedQuery
            | Violation::TooManySightings { .. }
            | Violation::TooManyMessages { .. }
            | Violation::NotSilent { .. }
            | Violation::AnsweredFromBeyond { .. }
            | Violation::AnswerMissing { .. }
            | Violation::ShownTwice { .. } => {}
        }
        let kind = kind(violation);
        assert!(caught.contains(kind.as_str()) || kind == OF_CLIENTS, "{kind}");
    }
}

fn with_expiry(flood: FloodConfig, change: impl FnOnce(Duration) -> Duration) -> FloodConfig {
    let seen = SeenConfig { expiry: change(flood.seen.expiry), ..flood.seen };
    FloodConfig { seen, ..flood }
}

mutation!(Unchanged, |inner, now, inbox, outbox| {
    changed(outbox, |outbox| inner.on_message(now, inbox, outbox), |bytes, to| vec![(bytes, to)])
});

mutation!(TtlUnbounded, |inner, now, inbox, outbox| {
    let Some((_, QueryHeader { ttl, .. }, _)) = query(inbox) else {
        return inner.on_message(now, inbox, outbox);
    };
    let onward = Ttl(ttl.0.saturating_sub(1));
    changed(outbox, |outbox| inner.on_message(now, inbox, outbox), |bytes, to| vec![(with_ttl(bytes, onward), to)])
});

mutation!(NeverExpires, |flood, store| (with_expiry(flood, |_| Duration::MAX), store));
mutation!(ForgetsEarly, |flood, store| (with_expiry(flood, |expiry| expiry / 2), store));
mutation!(TooRoomy, |flood, store| {
    let seen = SeenConfig { capacity: flood.seen.capacity * 4, ..flood.seen };
    (FloodConfig { seen, ..flood }, store)
});
mutation!(CountsFromZero, |flood, store| (FloodConfig { first_seq: SeqNo(0), ..flood }, store));

mutation!(RefusesPadding, |inner, now, inbox, outbox| {
    if query(inbox).is_some_and(|(_, _, text)| text.field().ends_with(b"\0")) {
        return Outcome::Malformed(DecodeError::EmptyKey { message: "QUERY" });
    }
    inner.on_message(now, inbox, outbox)
});

mutation!(RefusesHighTtl, |inner, now, inbox, outbox| {
    if query(inbox).is_some_and(|(_, header, _)| header.ttl > Ttl::INITIAL) {
        return Outcome::Response;
    }
    inner.on_message(now, inbox, outbox)
});

mutation!(LeavesOneOut, |inner, now, inbox, outbox| {
    let mut meant = Outbox::default();
    let outcome = inner.on_message(now, inbox, &mut meant);
    let last = meant.iter().filter(|(bytes, _)| query_header(bytes).is_some()).last().map(|(_, to)| to);
    for (bytes, to) in meant.iter().filter(|(bytes, to)| query_header(bytes).is_none() || Some(*to) != last) {
        let kept = outbox.write(|written| written.extend_from_slice(bytes));
        outbox.send(&kept, to);
    }
    outcome
});

mutation!(AnswersResponses, |inner, now, inbox, outbox| {
    let outcome = inner.on_message(now, inbox, outbox);
    if outcome == Outcome::Response {
        let thanks = outbox.write(|bytes| encode_response(bytes, b"thanks", b"a lot"));
        outbox.send(&thanks, NOWHERE);
    }
    outcome
});

mutation!(Echoes, |inner, now, inbox, outbox| {
    let outcome = inner.on_message(now, inbox, outbox);
    if let Some((from, header, text)) = query(inbox) {
        let echo = outbox.write(|bytes| encode_query(bytes, header, text.field()));
        outbox.send(&echo, from);
    }
    outcome
});

mutation!(AnswersSender, |inner, now, inbox, outbox| {
    let (from, _) = inbox.get(0).unwrap();
    changed(
        outbox,
        |outbox| inner.on_message(now, inbox, outbox),
        |bytes, to| {
            let to = if query_header(&bytes).is_some() { to } else { from };
            vec![(bytes, to)]
        },
    )
});

mutation!(HoldsAll, |flood, _store| {
    let mut all = StoreBuilder::new(0, flood.secret);
    for number in 0..5 {
        all.insert(format!("key-{number}").as_bytes(), b"certainly").unwrap();
    }
    (flood, all.build().unwrap())
});

mutation!(Mute, |flood, _store| {
    let nothing = StoreBuilder::new(0, flood.secret).build().unwrap();
    (flood, nothing)
});

/// What the origin sees as its own and what it sees of others, in two tables that know nothing of each other.
struct NoOwnMark {
    origin: Machines,
    relay: Machines,
}

impl Behaviour for NoOwnMark {
    fn start(flood: FloodConfig, store: Store, _: ResponseLimiter) -> Self {
        let machines = || Machines::start(flood.clone(), store.clone(), ResponseLimiter::new(0));
        Self { origin: machines(), relay: machines() }
    }

    fn on_message(&mut self, now: Timestamp, inbox: &Inbox, outbox: &mut Outbox) -> Outcome {
        let machines = if query(inbox).is_some() { &mut self.relay } else { &mut self.origin };
        machines.on_message(now, inbox, outbox)
    }

    fn replace_neighbours(&mut self, neighbours: Neighbours) {
        self.origin.replace_neighbours(neighbours.clone());
        self.relay.replace_neighbours(neighbours);
    }

    fn sightings(&self) -> usize {
        self.relay.sightings()
    }
}

/// Keeps to the addresses that it found at its start (against P-27).
struct Faithful(Machines);

impl Behaviour for Faithful {
    fn start(flood: FloodConfig, store: Store, limiter: ResponseLimiter) -> Self {
        Self(Machines::start(flood, store, limiter))
    }

    fn on_message(&mut self, now: Timestamp, inbox: &Inbox, outbox: &mut Outbox) -> Outcome {
        self.0.on_message(now, inbox, outbox)
    }

    fn replace_neighbours(&mut self, _: Neighbours) {}

    fn sightings(&self) -> usize {
        self.0.sightings()
    }
}

/// Knows its neighbours' old addresses beside the new ones (against P-27).
struct Hoarder(Machines, Neighbours);

impl Behaviour for Hoarder {
    fn start(flood: FloodConfig, store: Store, limiter: ResponseLimiter) -> Self {
        let known = flood.neighbours.clone();
        Self(Machines::start(flood, store, limiter), known)
    }

    fn on_message(&mut self, now: Timestamp, inbox: &Inbox, outbox: &mut Outbox) -> Outcome {
        self.0.on_message(now, inbox, outbox)
    }

    fn replace_neighbours(&mut self, neighbours: Neighbours) {
        let all = self.1.as_slice().iter().chain(neighbours.as_slice()).copied();
        self.1 = Neighbours::new(all).unwrap_or(neighbours);
        self.0.replace_neighbours(self.1.clone());
    }

    fn sightings(&self) -> usize {
        self.0.sightings()
    }
}

/// Takes two queries of one sequence number for the same.
struct DedupBySeq {
    machines: Machines,
    seen: HashSet<u32>,
}

impl Behaviour for DedupBySeq {
    fn start(flood: FloodConfig, store: Store, limiter: ResponseLimiter) -> Self {
        // Numbers meet where everybody starts to count at the same one.
        let flood = FloodConfig { first_seq: SeqNo(0), ..flood };
        Self { machines: Machines::start(flood, store, limiter), seen: HashSet::new() }
    }

    fn on_message(&mut self, now: Timestamp, inbox: &Inbox, outbox: &mut Outbox) -> Outcome {
        if let Some((_, header, _)) = query(inbox).filter(|(_, header, _)| header.ttl != Ttl(0))
            && !self.seen.insert(header.seq.0)
        {
            return Outcome::Query(QueryVerdict::Duplicate { higher_ttl: false }, None::<LookupVerdict>);
        }
        self.machines.on_message(now, inbox, outbox)
    }

    fn replace_neighbours(&mut self, neighbours: Neighbours) {
        self.machines.replace_neighbours(neighbours);
    }

    fn sightings(&self) -> usize {
        self.machines.sightings()
    }
}
