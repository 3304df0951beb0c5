//! `tp3 overlay --trace DIR`: a trace of every servent, in a file that is called by its port.

use super::run;
use super::topology::Topology;
use crate::support::schema::validator;
use crate::support::{Program, TP3};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The lines of a trace, each held against the schema.
fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let validator = validator("trace");
    for line in &lines {
        let wrong: Vec<_> = validator.iter_errors(line).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?} in {line}", file.display());
    }
    lines
}

#[test]
fn every_servent_writes_its_trace_and_what_links_lose_is_in_it() {
    let topology = Topology::from_data("chain").with_options(&["", "", "--trace 'own one.jsonl'"]);
    let folder = topology.dir().path().join("new/traces");
    let words = ["--trace", folder.to_str().unwrap(), "--delay", "1ms", "--timeout", "1", "http"];
    assert_eq!(run(&topology, &words).code, Some(0));
    let file = |index| match index {
        2 => topology.dir().path().join("own one.jsonl"),
        _ => folder.join(format!("{}.jsonl", topology.port(index))),
    };
    for index in 0..5 {
        let lines = lines(&file(index));
        assert_eq!(lines[0]["node"], format!("127.0.0.1:{}", topology.port(index)));
        assert_eq!((&lines[0]["event"], &lines.last().unwrap()["event"]), (&"start".into(), &"end".into()));
        assert_eq!(lines.iter().any(|line| line["event"] == "answered"), index < 4, "{index}");
        assert!(lines.iter().all(|line| line["event"] != "dropped"), "{index}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);

    let words = ["--trace", folder.to_str().unwrap(), "--loss", "100", "--timeout", "1", "http"];
    assert_eq!(run(&topology, &words).code, Some(0));
    let lost: Vec<_> = lines(&file(0)).into_iter().filter(|line| line["event"] == "dropped").collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    let to = [format!("127.0.0.1:{}", topology.port(1))];
    assert_eq!((&lost[0]["why"], &lost[0]["to"]), (&"link_lost".into(), &serde_json::json!(to)));
    assert!(lines(&file(1)).iter().all(|line| line["event"] != "received"), "the trace was begun anew");
}

#[test]
fn a_trace_empties_no_file_of_the_overlay() {
    let topology = Topology::chain(2);
    let name = format!("{}.jsonl", topology.port(1));
    let pairs = topology.pairs(topology.port(0));
    std::os::unix::fs::symlink(pairs, topology.dir().path().join(name)).unwrap();
    let finished = run(&topology, &["--trace", topology.dir().path().to_str().unwrap(), "key"]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("--trace: this file is in use, and would be emptied"), "{}", finished.stderr);
    assert!(!fs::read(pairs).unwrap().is_empty());

    let finished = run(&topology, &["--trace", pairs.to_str().unwrap(), "key"]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("cannot be made: "), "{}", finished.stderr);
}

/// For programs that start the servents themselves; they make the folder as well.
#[test]
fn where_traces_would_go_is_printed_and_nothing_is_made() {
    let topology = Topology::chain(2);
    let folder = topology.dir().path().join("traces");
    let words = ["overlay", topology.file().to_str().unwrap(), "--print-json", "--trace", folder.to_str().unwrap()];
    let finished = Program::start(TP3, words).finish();
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    let printed: Value = serde_json::from_slice(&finished.stdout).unwrap();
    for index in 0..2 {
        let expected = folder.join(format!("{}.jsonl", topology.port(index)));
        assert_eq!(printed["servents"][index]["trace"], expected.to_str().unwrap());
    }
    assert!(!folder.exists());
}
