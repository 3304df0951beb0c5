//! What breaks a clause is found, each by a servent that does it; tests/flood/lineage.rs says that nothing else is.

use crate::lineage::memory;
use crate::mutants::{CutsPadding, ForgetsAtOnce, ForwardsTwice, NoSplitHorizon, TtlKept};
use crate::traces::read;
use servent::flood::{Breach, Watch};
use servent::sim::{Behaviour, Machines, Scenario, Traces};
use std::collections::BTreeSet;
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
