//! What breaks a clause is found, each by a servent that does it; tests/flood/lineage.rs says that nothing else is.

use crate::lineage::memory;
use crate::traces::read;
use servent::batch::{Inbox, Outbox};
use servent::flood::{Breach, Watch};
use servent::protocol::{FloodConfig, ResponseLimiter, SeenConfig, Store};
use servent::sim::{Behaviour, Machines, Outcome, Scenario, Traces};
use servent::wire::{Header, QueryHeader, Text, decode, encode_query};
use servent::{Timestamp, Ttl};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// Seeds within which each must show.
const SEEDS: u64 = 400;

/// Finds the breaches of one scenario: as the simulation tells it, and as its traces do.
type Find = fn(&Scenario) -> [BTreeSet<&'static str>; 2];

/// A servent that breaks rules, what it is found as, and what its traces can't tell.
const MUTATIONS: [(&str, Find, &[&str], &[&str]); 6] = [
    ("no split horizon", find::<NoSplitHorizon>, &["sent_back"], &[]),
    ("time-to-live not lowered", find::<TtlKept>, &["wrong_ttl", "beyond_three_hops"], &[]),
    ("cuts padding", find::<CutsPadding>, &["changed_bytes"], &["changed_bytes"]),
    ("forwards twice", find::<ForwardsTwice>, &["forwarded_again"], &[]),
    ("forgets at once", find::<ForgetsAtOnce>, &["forwarded_again", "answered_again"], &[]),
    ("nothing", find::<Machines>, &[], &[]),
];

fn find<B: Behaviour>(scenario: &Scenario) -> [BTreeSet<&'static str>; 2] {
    let observers = (Watch::new(&scenario.setup), Traces::new(&scenario.setup, 0));
    let (_, (watch, traces)) = scenario.run::<B, _>(observers).0.into_parts();
    [watch.into_records(), read(&traces.into_texts())].map(|records| {
        let model = records.model(memory(scenario));
        model.floods.iter().flat_map(|flood| &flood.findings).map(|finding| finding.breach.name()).collect()
    })
}

#[test]
fn p14_p15_each_breach_is_found_as_what_it_is() {
    for (name, find, expected, untraced) in MUTATIONS {
        let mut found = [BTreeSet::new(), BTreeSet::new()];
        let mut seeds = 0..SEEDS;
        let is_missing = |found: &[BTreeSet<&str>; 2]| {
            expected.iter().any(|kind| !found[0].contains(kind))
                || expected.iter().any(|kind| !untraced.contains(kind) && !found[1].contains(kind))
        };
        while expected.is_empty() || is_missing(&found) {
            let Some(seed) = seeds.next() else { break };
            let scenario = Scenario::from_seed(seed);
            // Where queries are forgotten soon, one whose time-to-live is not lowered goes round for ever.
            if scenario.setup.seen.expiry < Duration::from_secs(60) || scenario.setup.seen.capacity < 64 {
                continue;
            }
            let [direct, traced] = find(&scenario);
            found[0].extend(direct);
            found[1].extend(traced);
        }
        assert!(!is_missing(&found), "{name}: expected {expected:?}, found {found:?}");
        assert!(!expected.is_empty() || found.iter().all(BTreeSet::is_empty), "{name}: {found:?}");
    }
}

#[test]
fn every_breach_has_a_clause_and_a_name_of_its_own() {
    let to = servent::flood::PeerId(0);
    let all = [
        Breach::SentBack { to },
        Breach::WrongTtl { found: 3, due: 2 },
        Breach::ChangedBytes,
        Breach::ForwardedAgain { to },
        Breach::AnsweredAgain,
        Breach::AnsweredFromElsewhere { expected: None },
        Breach::BeyondThreeHops { hops: 4 },
    ];
    assert!(all.iter().all(|breach| breach.clause().starts_with("P-")));
    assert_eq!(all.iter().map(|breach| breach.name()).collect::<BTreeSet<_>>().len(), all.len());
}

fn query(inbox: &Inbox) -> Option<(SocketAddrV4, QueryHeader, Text<'_>)> {
    let (source, message) = inbox.get(0).unwrap();
    match message.header {
        Header::Query(header) => Some((source, header, message.text)),
        Header::Clireq | Header::Response => None,
    }
}

fn inbox_with(source: SocketAddrV4, header: QueryHeader, text: Text<'_>) -> Inbox {
    let (mut inbox, mut bytes) = (Inbox::default(), Vec::new());
    encode_query(&mut bytes, header, text.field());
    inbox.push(source, &bytes).unwrap();
    inbox
}

/// Lets the machines act and changes the QUERYs that they send: each becomes those that are returned.
fn changed(
    outbox: &mut Outbox,
    act: impl FnOnce(&mut Outbox) -> Outcome,
    change: impl Fn(QueryHeader, Text<'_>) -> Vec<Vec<u8>>,
) -> Outcome {
    let mut meant = Outbox::default();
    let outcome = act(&mut meant);
    for (bytes, to) in meant.iter() {
        let message = decode(bytes).unwrap();
        let all = match message.header {
            Header::Query(header) => change(header, message.text),
            _ => vec![bytes.to_vec()],
        };
        for bytes in all {
            let datagram = outbox.write(|written| written.extend_from_slice(&bytes));
            outbox.send(&datagram, to);
        }
    }
    outcome
}

fn encoded(header: QueryHeader, field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_query(&mut bytes, header, field);
    bytes
}

macro_rules! mutation {
    ($name:ident, |$flood:ident| $configure:expr, |$machines:ident, $now:ident, $inbox:ident, $outbox:ident| $act:expr) => {
        struct $name(Machines);

        impl Behaviour for $name {
            fn start($flood: FloodConfig, store: Store, limiter: ResponseLimiter) -> Self {
                Self(Machines::start($configure, store, limiter))
            }

            fn on_message(&mut self, $now: Timestamp, $inbox: &Inbox, $outbox: &mut Outbox) -> Outcome {
                let $machines = &mut self.0;
                $act
            }

            fn sightings(&self) -> usize {
                self.0.sightings()
            }
        }
    };
}

mutation!(NoSplitHorizon, |flood| FloodConfig { neighbours_only: false, ..flood }, |machines, now, inbox, outbox| {
    match query(inbox) {
        Some((_, header, text)) => {
            let nowhere = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
            machines.on_message(now, &inbox_with(nowhere, header, text), outbox)
        }
        None => machines.on_message(now, inbox, outbox),
    }
});

mutation!(TtlKept, |flood| flood, |machines, now, inbox, outbox| {
    match query(inbox).filter(|(_, header, _)| header.ttl != Ttl(0)) {
        Some((from, header, text)) => {
            let lively = inbox_with(from, QueryHeader { ttl: Ttl::INITIAL, ..header }, text);
            let ttl = header.ttl;
            changed(
                outbox,
                |outbox| machines.on_message(now, &lively, outbox),
                |header, text| vec![encoded(QueryHeader { ttl, ..header }, text.field())],
            )
        }
        None => machines.on_message(now, inbox, outbox),
    }
});

mutation!(CutsPadding, |flood| flood, |machines, now, inbox, outbox| {
    changed(
        outbox,
        |outbox| machines.on_message(now, inbox, outbox),
        |header, text| vec![encoded(header, text.before_nul())],
    )
});

mutation!(ForwardsTwice, |flood| flood, |machines, now, inbox, outbox| {
    changed(
        outbox,
        |outbox| machines.on_message(now, inbox, outbox),
        |header, text| vec![encoded(header, text.field()); 2],
    )
});

mutation!(
    ForgetsAtOnce,
    |flood| FloodConfig { seen: SeenConfig { expiry: Duration::ZERO, ..flood.seen }, ..flood },
    |machines, now, inbox, outbox| machines.on_message(now, inbox, outbox)
);
