//! Sweeps whose outcome can be known beforehand, and that neither threads nor other points change one.

use super::plan::{Draw, rng};
use super::*;
use crate::sim::{Graph, ServentId};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

fn quiet() -> Axes {
    Axes {
        loss: vec![Loss(0.0)],
        delay: vec![Delay::Uniform(50 * MS, Duration::ZERO)],
        holders: vec![Holders::All],
        ttl: vec![3],
        tries: vec![2],
    }
}

fn plan(shape: Shape, servents: usize, questions: u32, axes: Axes) -> Plan {
    let graph = shape.graph(servents, &mut Plan::graph_rng(1)).unwrap();
    Plan { name: shape.to_string(), graph, axes, questions, seed: 1 }
}

fn outcomes(plan: &Plan) -> Vec<Outcome> {
    run(plan, 2, &|_| ()).unwrap()
}

fn value(estimate: Option<Estimate>) -> f64 {
    estimate.unwrap().value
}

/// Where each question of a plan is asked.
fn entries(plan: &Plan) -> impl Iterator<Item = ServentId> {
    (0..plan.questions).map(|number| ServentId(rng(plan.seed, Draw::Question(number)).u32(..plan.graph.len() as u32)))
}

/// QUERYs of a flood in which nothing is lost and all links are alike: the entry sends to all its neighbours, whoever
/// gets it with time-to-live to spare to all but one.
fn messages(graph: &Graph, ttl: usize, entry: ServentId) -> usize {
    let degree = |servent: &ServentId| graph.neighbours(*servent).len();
    let onward = graph.within(ttl - 1, entry);
    degree(&entry) + onward[1..].iter().map(|servent| degree(servent) - 1).sum::<usize>()
}

/// With every interval as narrow as it is where nothing varies.
#[test]
fn p14_p18_without_loss_small_overlays_come_to_what_can_be_counted_by_hand() {
    // Of a ring of 20: itself and three on either side, over six links; the last answer after 5 links of 50 ms. The far end
    // of a ring of 6 gets it twice. In a clique each of the others sends it to all of them.
    for (shape, servents, reached, queries, duplicates, last_ms) in [
        (Shape::Ring, 20, 7.0, 6.0, 0.0, 250.0),
        (Shape::Ring, 6, 6.0, 6.0, 1.0, 250.0),
        (Shape::Clique, 5, 5.0, 16.0, 12.0, 150.0),
        (Shape::Line, 1, 1.0, 0.0, 0.0, 100.0),
    ] {
        let [outcome] = outcomes(&plan(shape, servents, 50, quiet()))[..] else { panic!("one point") };
        let totals = outcome.totals;
        let found =
            [totals.reached(), totals.answers(), totals.messages(), totals.duplicates(), totals.last_answer_ms()];
        for (estimate, expected) in found.into_iter().zip([reached, reached, queries, duplicates, last_ms]) {
            let estimate = estimate.unwrap();
            assert_eq!((estimate.value, estimate.half()), (expected, Some(0.0)), "{shape} of {servents}: {totals:?}");
        }
        assert_eq!((value(totals.reached_share()), value(totals.answers_share())), (1.0, 1.0));
        assert_eq!((value(totals.in_vain()), value(totals.higher_ttl()), totals.questions()), (0.0, 0.0, 50));
    }
}

/// For each time-to-live that can be tried, in graphs where entries differ.
#[test]
fn p14_without_loss_reach_is_breadth_first_search_and_messages_are_its_neighbours() {
    let ttls: Vec<u16> = (1..=TTL_MAX).collect();
    for (shape, servents) in [(Shape::Line, 30), (Shape::Tree(3), 100), (Shape::Grid, 60), (Shape::ScaleFree(2), 60)] {
        let plan = plan(shape, servents, 20, Axes { ttl: ttls.clone(), ..quiet() });
        for Outcome { point, totals } in outcomes(&plan) {
            let hops = usize::from(point.ttl);
            let reached: usize = entries(&plan).map(|entry| plan.graph.within(hops, entry).len()).sum();
            let sent: usize = entries(&plan).map(|entry| messages(&plan.graph, hops, entry)).sum();
            let expected = [reached, reached, sent, sent + 20 - reached].map(|sum| sum as f64 / 20.0);
            let found = [totals.reached(), totals.answers(), totals.messages(), totals.duplicates()].map(value);
            assert_eq!(found, expected, "{shape}, {point:?}");
        }
    }
}

#[test]
fn the_holders_of_a_key_are_as_many_as_asked_for_and_more_are_the_same_and_others() {
    let holders = vec![Holders::Count(1), Holders::Percent(25.0), Holders::All, Holders::Count(1_000)];
    let plan = plan(Shape::Clique, 11, 30, Axes { holders, ..quiet() });
    let found: Vec<_> = outcomes(&plan).iter().map(|outcome| value(outcome.totals.answers())).collect();
    assert_eq!(found, [1.0, 3.0, 11.0, 11.0]);
    assert_eq!(Holders::Percent(0.001).count(100), 1);
}

/// Each question's luck comes from the seed and its number, and from nothing else.
#[test]
fn neither_threads_nor_other_points_change_an_outcome() {
    let delay = vec![Delay::Exponential(50 * MS), Delay::Uniform(50 * MS, 25 * MS)];
    let axes = Axes { loss: vec![Loss(0.0), Loss(10.0)], delay, tries: vec![1, 2], ..quiet() };
    let plan = plan(Shape::Regular(4), 300, 37, axes);
    let asked = AtomicU32::new(0);
    let count = |more| {
        asked.fetch_add(more, Ordering::Relaxed);
    };
    let alone = run(&plan, 1, &count).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 8 * 37);
    for jobs in [2, 3, 0] {
        assert_eq!(run(&plan, jobs, &|_| ()).unwrap(), alone, "{jobs} threads");
    }
    for outcome in &alone {
        let Point { loss, delay, ttl, tries, .. } = outcome.point;
        let axes = Axes {
            loss: vec![loss],
            delay: vec![delay],
            holders: vec![Holders::All],
            ttl: vec![ttl],
            tries: vec![tries],
        };
        assert_eq!(outcomes(&Plan { axes, ..plan.clone() }), [*outcome]);
    }
    let other = Plan { seed: 2, ..plan };
    assert_ne!(outcomes(&other), alone);
}

#[test]
fn p40_all_that_is_lost_is_asked_for_as_often_as_the_client_tries_and_in_vain() {
    let plan = plan(Shape::Ring, 10, 20, Axes { loss: vec![Loss(100.0)], ..quiet() });
    let totals = outcomes(&plan)[0].totals;
    assert_eq!((value(totals.in_vain()), value(totals.reached()), value(totals.messages())), (1.0, 0.0, 0.0));
    assert_eq!(totals.last_answer_ms(), None);
}

/// Reach in a random regular graph, hop by hop on paper: each copy that is sent takes one of the free ends of links, at
/// random: those of the servents that were not reached, and those that the other copies take.
fn reach_on_paper(servents: f64, degree: f64, hops: u16) -> f64 {
    let (mut reached, mut sent) = (1.0, degree);
    for _ in 0..hops {
        let others = servents - reached;
        let new = others * (1.0 - (1.0 - sent / (others * degree + sent)).powf(degree));
        reached += new;
        sent = new * (degree - 1.0);
    }
    reached
}

/// docs/PERFORMANCE.md goes on from there to sizes that nobody simulates.
#[test]
fn the_reach_that_is_derived_on_paper_is_that_of_the_simulator_where_there_are_both() {
    for (degree, servents) in [(3, 1_000), (4, 1_000), (8, 1_000), (10, 1_000), (4, 5_000), (8, 5_000)] {
        let plan = plan(Shape::Regular(degree), servents, 40, quiet());
        let found = value(outcomes(&plan)[0].totals.reached());
        let paper = reach_on_paper(servents as f64, degree as f64, 3);
        assert!((found / paper - 1.0).abs() < 0.02, "{degree} of {servents}: {found}, on paper {paper}");
        assert!(found <= reach_bound(degree, 3) as f64);
    }
    // In what has no second way to anybody it is the bound itself.
    assert_eq!(reach_bound(2, 3), 7);
    assert_eq!([(3, 3), (4, 3), (8, 3), (10, 3)].map(|(degree, hops)| reach_bound(degree, hops)), [22, 53, 457, 911]);
    assert_eq!((reach_bound(0, 3), reach_bound(1, 3), reach_bound(10, u16::MAX)), (1, 2, u128::MAX));
    for (degree, bound) in [(3.0, 22.0), (4.0, 53.0), (8.0, 457.0), (10.0, 911.0)] {
        assert!(reach_on_paper(1e7, degree, 3) > 0.999 * bound);
    }
}
