//! What several files have in common counts once, and nothing that a servent did twice is lost by that.

use crate::traces::{all_told, read, texts};
use servent::flood::{Breach, Memory, Model, Peer, Run};
use std::collections::BTreeMap;

fn model(texts: &[Vec<u8>]) -> Model {
    read(texts).model(Memory::default())
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

/// As `cat FILE... | sort -n` has them: by time, which stands first in each line.
fn merged(texts: &[Vec<u8>]) -> Vec<u8> {
    let time = |line: &&[u8]| serde_json::from_slice::<serde_json::Value>(line).unwrap()["t"].as_u64().unwrap();
    let mut all: Vec<_> = texts.iter().flat_map(|text| lines(text)).collect();
    all.sort_by_key(time);
    all.concat()
}

#[test]
fn p14_what_several_files_tell_counts_once() {
    let texts = texts();
    let once = model(&texts);
    let count = read(&texts).events() as u64;
    assert_eq!(once.repeated, 0);
    let halves = |text: &Vec<u8>| {
        let lines = lines(text);
        let middle = lines.len() / 2;
        [lines[..middle + 3].concat(), lines[middle - 3..].concat()]
    };
    let in_halves: Vec<_> = texts.iter().flat_map(halves).collect();
    let of_two = merged(&texts[..2]);
    let doubled = [texts.clone(), texts.clone()].concat();
    // With how many events they repeat, where that is known.
    let cases = [
        ("each file twice", doubled.clone(), Some(count)),
        ("each file appended to itself", texts.iter().map(|text| text.repeat(2)).collect(), Some(count)),
        ("beside what two were merged into", [texts.clone(), vec![of_two.clone()]].concat(), None),
        ("behind what two were merged into", [vec![of_two], texts.clone()].concat(), None),
        ("all merged, and each twice", vec![merged(&doubled)], Some(count)),
        ("in pieces that overlap", in_halves, None),
    ];
    for (what, texts, repeated) in cases {
        let model = model(&texts);
        assert_eq!(all_told(&model), all_told(&once), "{what}");
        assert!(model.floods.iter().all(|flood| flood.findings.is_empty()), "{what}");
        let costs = |model: &Model| model.floods.iter().map(|flood| flood.cost).collect::<Vec<_>>();
        assert_eq!(costs(&model), costs(&once), "{what}");
        assert_eq!(model.clocks.len(), once.clocks.len(), "{what}");
        // That pieces which overlap leave nothing out, nobody says.
        let is_whole = |run: Run| Run { is_whole: run.is_whole || repeated.is_none(), ..run };
        let runs = |model: &Model| -> BTreeMap<_, Vec<_>> {
            let runs = |peer: &Peer| peer.runs.iter().copied().map(is_whole).collect();
            model.peers.iter().map(|peer| (peer.address, runs(peer))).collect()
        };
        assert_eq!(runs(&model), runs(&once), "{what}");
        assert!(
            repeated.map_or(model.repeated > 0, |repeated| model.repeated == repeated),
            "{what}: {}",
            model.repeated
        );
    }
}

#[test]
fn p14_what_a_servent_did_twice_at_one_moment_is_found_in_one_file_and_in_two() {
    let mut texts = texts();
    let text = String::from_utf8(texts[1].clone()).unwrap();
    let sent = text.lines().find(|line| line.contains("\"forwarded\",\"type\":\"query\"")).unwrap();
    texts[1] = text.replacen(sent, &format!("{sent}\n{sent}"), 1).into_bytes();
    let findings = |texts: &[Vec<u8>]| {
        let model = model(texts);
        model.floods.into_iter().flat_map(|flood| flood.findings).map(|finding| finding.breach).collect::<Vec<_>>()
    };
    let once = findings(&texts);
    assert!(matches!(once[..], [Breach::ForwardedAgain { .. }]), "{once:?}");
    assert_eq!(findings(&[texts.clone(), texts].concat()), once);
}
