//! Who answers in each overlay of `data/overlays`: P-18, and once a servent however many ways lead to it (P-14,
//! P-16).

use super::topology::{Topology, who_answered};
use super::{run, start_with_stdin};
use std::collections::BTreeSet;

/// Asked at the first servent of an overlay, exactly those within three hops that hold the key answer, each once.
fn expect_exactly_the_ball(name: &str, holders: usize) {
    let topology = Topology::from_data(name);
    let finished = run(&topology, &["--timeout", "1", "http"]);
    let mut answered = who_answered(&finished, "http");
    answered.sort_unstable();
    let expected = topology.holders_within(3, topology.port(0), "http");
    assert_eq!(answered, expected.into_iter().collect::<Vec<_>>(), "{name}: {}", finished.stderr);
    assert_eq!(answered.len(), holders, "{name}");
    assert_eq!(finished.code, Some(0), "{name}: {}", finished.stderr);
}

/// The same where ways of different length lead to a servent: by P-19 some within three hops may then not be reached,
/// but the first and its neighbours always are.
fn expect_at_most_the_ball(name: &str, holders: usize) {
    let topology = Topology::from_data(name);
    let finished = run(&topology, &["--timeout", "1", "http"]);
    let answered = who_answered(&finished, "http");
    let once: BTreeSet<u16> = answered.iter().copied().collect();
    assert_eq!(once.len(), answered.len(), "{name}: one answered twice: {answered:?}");
    let within = topology.holders_within(3, topology.port(0), "http");
    assert_eq!(within.len(), holders, "{name}");
    assert!(once.is_subset(&within), "{name}: {once:?} of {within:?}");
    let near = topology.holders_within(1, topology.port(0), "http");
    assert!(once.is_superset(&near), "{name}: {near:?} in {once:?}");
    assert_eq!(finished.code, Some(0), "{name}: {}", finished.stderr);
}

#[test]
fn p18_the_chain_of_five_answers_from_four_and_never_from_the_fifth() {
    let topology = Topology::from_data("chain");
    assert_eq!(topology.ports().len(), 5);
    let finished = run(&topology, &["--timeout", "1", "http", "rfb"]);
    let answered: BTreeSet<u16> = who_answered(&finished, "http").into_iter().collect();
    assert_eq!(answered, (0..4).map(|index| topology.port(index)).collect());
    assert_eq!(who_answered(&finished, "http").len(), 4);
    // Only the fifth holds this one.
    assert!(who_answered(&finished, "rfb").is_empty());
    assert!(finished.stderr.contains("http: no more answers (4 answers)"), "{}", finished.stderr);
    assert!(finished.stderr.contains("rfb: no answer"), "{}", finished.stderr);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
}

#[test]
fn p18_from_the_second_of_the_chain_all_five_answer() {
    let topology = Topology::from_data("chain");
    let at = topology.port(1).to_string();
    let finished = run(&topology, &["--at", &at, "--timeout", "1", "http", "rfb"]);
    assert_eq!(who_answered(&finished, "http").into_iter().collect::<BTreeSet<_>>(), topology.ports());
    assert_eq!(who_answered(&finished, "rfb"), [topology.port(4)]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
}

#[test]
fn p11_both_of_the_pair_answer() {
    expect_exactly_the_ball("pair", 2);
}

#[test]
fn p14_in_the_ring_each_answers_once() {
    expect_exactly_the_ball("ring", 5);
}

#[test]
fn p14_in_the_clique_each_answers_once() {
    expect_exactly_the_ball("clique", 4);
}

#[test]
fn p14_in_the_star_each_answers_once() {
    expect_exactly_the_ball("star", 6);
}

#[test]
fn p19_in_the_grid_nobody_beyond_three_hops_answers() {
    expect_at_most_the_ball("grid", 6);
}

#[test]
fn p19_in_the_random_overlay_nobody_beyond_three_hops_answers() {
    expect_at_most_the_ball("random", 16);
}

#[test]
fn p18_in_a_chain_of_two_keys_piped_in_are_asked_one_after_the_other() {
    let topology = Topology::chain(2);
    let mut program = start_with_stdin(&topology, &["--timeout", "0.5"]);
    program.write(b"key\n\n  key1 \nkey0");
    program.close_stdin();
    let finished = program.finish();
    let (first, second) = (topology.port(0), topology.port(1));
    assert_eq!(who_answered(&finished, "key").into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([first, second]));
    assert_eq!(who_answered(&finished, "key1"), [second]);
    assert_eq!(who_answered(&finished, "key0"), [first]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    topology.expect_ports_free();
}

#[test]
fn it_says_who_neighbours_whom() {
    let topology = Topology::chain(3);
    let finished = run(&topology, &["--timeout", "0.3", "key"]);
    for index in 0..3 {
        let port = topology.port(index);
        let said = finished
            .stderr
            .lines()
            .find(|line| line.find("knows").is_some_and(|at| line[..at].contains(&port.to_string())));
        let said = said.unwrap_or_else(|| panic!("whom does {port} know? {}", finished.stderr));
        let (who, whom) = said.split_once("knows").unwrap();
        assert!(who.contains(&format!("pairs{index}.txt")), "{said}");
        for other in topology.ports() {
            assert_eq!(whom.contains(&other.to_string()), topology.neighbours(port).contains(&other), "{said}");
        }
    }
}
