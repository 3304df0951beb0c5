//! `tp3 overlay --loss --delay`: links that lose and delay QUERYs, all of them or a line's own.

use super::run;
use super::topology::{Topology, who_answered};
use crate::support::Finished;
use serde_json::Value;
use std::collections::BTreeMap;

/// When each answer to `http` came, in milliseconds, by the port of who sent it.
fn elapsed(finished: &Finished) -> BTreeMap<u64, f64> {
    let text = String::from_utf8(finished.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answers = lines.filter(|line| line["type"] == "answer");
    answers
        .map(|answer| {
            let (_, port) = answer["servent"].as_str().unwrap().rsplit_once(':').unwrap();
            (port.parse().unwrap(), answer["elapsed_ms"].as_f64().unwrap())
        })
        .collect()
}

/// Whatever the machine does meanwhile, it can only add to this.
#[test]
fn each_hop_takes_its_delay() {
    let topology = Topology::from_data("chain");
    let finished = run(&topology, &["--delay", "400ms", "--json", "http"]);
    let elapsed = elapsed(&finished);
    assert_eq!(elapsed.len(), 4, "{}", finished.stderr);
    let times: Vec<f64> = (0..4).map(|hop| elapsed[&u64::from(topology.port(hop))]).collect();
    assert!(times.iter().zip([0.0, 400.0, 800.0, 1200.0]).all(|(time, least)| *time >= least), "{times:?}");
    // The first answers before anything has left the link.
    assert!(times.is_sorted() && times[0] < times[1] - 200.0, "{times:?}");
    let said = "each link, unless its line says otherwise: 400ms under way\n";
    assert!(finished.stderr.contains(said), "{}", finished.stderr);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
}

#[test]
fn where_all_is_lost_nobody_but_the_entry_answers() {
    let topology = Topology::from_data("clique");
    let finished = run(&topology, &["--loss", "100", "--timeout", "1", "http"]);
    assert_eq!(who_answered(&finished, "http"), [topology.port(0)], "{}", finished.stderr);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
}

#[test]
fn a_line_that_says_how_its_links_are_has_its_own() {
    let topology = Topology::from_data("chain").with_options(&["--loss 0", "--loss=0 --delay 0", "-v"]);
    let finished = run(&topology, &["--loss", "100%", "--timeout", "1", "http"]);
    let answered: Vec<_> = (0..3).map(|index| topology.port(index)).collect();
    assert_eq!(who_answered(&finished, "http"), answered, "{}", finished.stderr);
    let third = topology.port(2);
    let said: Vec<_> = finished.stderr.lines().filter(|line| line.ends_with("each neighbour: 100 % lost")).collect();
    assert!(said.len() == 1 && said[0].starts_with(&format!("[{third}] ")), "{}", finished.stderr);
}

#[test]
fn what_is_no_percentage_or_time_is_refused_with_an_example() {
    let topology = Topology::chain(2);
    for (words, said) in [
        (["--loss", "101"], "expected a percentage from 0 to 100, for example 5 or 0.5"),
        (["--delay", "10ms+-20ms"], "for example 50ms or 50ms±10ms"),
        (["--delay", "-1ms"], "invalid value '-1ms'"),
        (["--delay", "1day"], "in us, ms, s, min or h (s if there is none)"),
    ] {
        let finished = run(&topology, &words);
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(said) && finished.stderr.contains(words[0]), "{}", finished.stderr);
    }
}
