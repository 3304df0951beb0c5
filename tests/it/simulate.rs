//! `tp3 simulate`: that nothing but its command line decides what it prints, its forms against each other, its traces
//! against what `tp3 explain` makes of them, and what it refuses.

use crate::support::schema::validator;
use crate::support::{Finished, Program, TP3, TempDir};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// It computes for as long as the machine takes: without optimization, and where much else runs, long.
const DEADLINE: Duration = Duration::from_secs(300);

fn simulate(words: &str) -> Finished {
    let words: Vec<_> = std::iter::once("simulate").chain(words.split_whitespace()).collect();
    Program::spawn(Program::command(TP3, words).env("LC_ALL", "C")).finish_within(DEADLINE)
}

/// What it prints where nothing is wrong.
fn printed(words: &str) -> String {
    let finished = simulate(words);
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{words}");
    String::from_utf8(finished.stdout).unwrap()
}

fn objects(words: &str) -> Vec<Value> {
    printed(&format!("{words} --json")).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const SWEEP: &str =
    "--graph scale-free:2 --servents 60 --questions 30 --loss 0,10,40 --delay 50ms,exp:20ms --holders 1,50%";

#[test]
fn the_same_command_line_gives_the_same_bytes_on_any_number_of_threads() {
    let dir = TempDir::new();
    let (svg, page) = (dir.path().join("chart.svg"), dir.path().join("chart.html"));
    let all = |jobs: u32, seed: u32| {
        let words = format!("{SWEEP} --seed {seed}");
        let [table, csv, json] = ["", "--csv", "--json"].map(|form| printed(&format!("{words} --jobs {jobs} {form}")));
        printed(&format!("{words} --jobs {jobs} --svg {}", svg.display()));
        [table, csv, json, fs::read_to_string(&svg).unwrap()]
    };
    let one = all(1, 7);
    assert!(all(2, 7) == one && all(5, 7) == one, "as many threads as there are make a difference");
    assert!(all(2, 8).iter().zip(&one).all(|(other, one)| other != one), "the seed makes none");
    printed(&format!("{SWEEP} --page {}", page.display()));
    let page = fs::read_to_string(&page).unwrap();
    for part in ["<svg", "<table", "tp3 simulate --graph scale-free:2", "</html>"] {
        assert!(page.contains(part), "no {part}");
    }
    let [.., svg] = &one;
    for text in [&page, svg] {
        assert!(!text.contains("<script") && !text.contains("NaN") && !text.contains("inf"), "{text}");
    }
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
}

#[test]
fn json_keeps_to_its_schema_and_csv_and_table_say_the_same() {
    let schema = validator("simulate");
    // Of a question that is asked once nothing has an interval, and of one that is lost nothing comes.
    for words in [SWEEP, "--graph line --servents 1 --questions 1", "--graph ring --questions 5 --loss 100"] {
        let objects = objects(words);
        for object in &objects {
            let wrong: Vec<_> = schema.iter_errors(object).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{wrong:?} in {object:#}");
        }
        let csv = printed(&format!("{words} --csv"));
        let mut rows = csv.split("\r\n").map(|row| row.split(',').collect::<Vec<_>>());
        let heads = rows.next().unwrap();
        for object in &objects {
            let row = rows.next().unwrap();
            assert_eq!(row.len(), heads.len(), "{csv}");
            for (head, cell) in heads.iter().zip(row) {
                let (name, end) = match head.rsplit_once('_') {
                    Some((name, end @ ("low" | "high"))) => (name, end),
                    _ => (*head, "value"),
                };
                let found = if object[name].is_object() { &object[name][end] } else { &object[name] };
                let is_same = match found {
                    Value::Null => cell.is_empty(),
                    Value::String(text) => text == cell,
                    Value::Bool(is) => cell == is.to_string(),
                    other => cell.parse().ok() == other.as_f64(),
                };
                assert!(is_same, "{head}: {cell} and {found}");
            }
        }
        assert_eq!(rows.next(), Some(vec![""]), "a row a point");
        let lines = printed(words).lines().take_while(|line| !line.starts_with("Means")).count();
        // Two lines of heading, an empty one before and behind, and the heads.
        assert_eq!(lines, 5 + objects.len(), "{words}");
    }
}

/// What `tp3 explain` makes of each question's traces adds up to what was told.
#[test]
fn traces_that_are_explained_come_to_the_same() {
    let dir = TempDir::new();
    let traces = dir.path().join("traces");
    let words = "--graph data/overlays/random.txt --loss 15 --questions 10";
    let [object] = &objects(&format!("{words} --trace {}", traces.display()))[..] else { panic!("one point") };
    let (mut reached, mut messages, mut duplicates) = (0, 0, 0);
    for number in 1..=10 {
        let file = traces.join(format!("question-{number}.jsonl"));
        let words = ["explain", "--json", file.to_str().unwrap()];
        let explained = Program::spawn(&mut Program::command(TP3, words)).finish();
        let text = String::from_utf8(explained.stdout).unwrap();
        let mut visited = BTreeSet::new();
        for flood in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            assert_eq!(flood["findings"], Value::Array(Vec::new()), "{flood:#}");
            let servents = flood["servents"].as_array().unwrap().iter();
            visited.extend(servents.map(|visit| visit["servent"].as_str().unwrap().to_owned()));
            messages += flood["cost"]["messages"].as_u64().unwrap();
            duplicates += flood["cost"]["duplicates"].as_u64().unwrap();
        }
        reached += visited.len() as u64;
    }
    for (name, sum) in [("reached", reached), ("messages", messages), ("duplicates", duplicates)] {
        assert_eq!(object[name]["value"].as_f64(), Some(sum as f64 / 10.0), "{name}");
    }
    assert!(object["reached_share"]["value"].as_f64() < Some(1.0), "nothing was lost");
}

/// P-11, P-17: what no servent does is said to be so wherever it is told.
#[test]
fn a_time_to_live_that_servents_never_use_is_called_so() {
    let words = "--graph ring --servents 30 --questions 5 --ttl 3,4,15";
    let told = objects(words);
    let flags: Vec<_> =
        told.iter().map(|object| (&object["ttl"], &object["hypothetical"], &object["reached"]["value"])).collect();
    let expected = [(3, false, 7.0), (4, true, 9.0), (15, true, 30.0)];
    assert_eq!(
        flags,
        expected
            .map(|(ttl, is, reached)| (Value::from(ttl), Value::from(is), Value::from(reached)))
            .each_ref()
            .map(|(ttl, is, reached)| (ttl, is, reached))
    );
    let note = "Servents never use another time-to-live than 3";
    assert!(printed(words).contains(note));
    assert!(!printed("--graph ring --servents 30 --questions 5").contains(note));
    assert!(printed(&format!("{words} --csv")).contains(",15,true,"));
}

#[test]
fn what_cannot_be_simulated_is_refused_with_the_cause() {
    let dir = TempDir::new();
    let bad = dir.write("bad.txt", b"6001 kv.txt 127.0.0.1\n");
    let bad = format!("--graph {}", bad.display());
    for (words, code, cause) in [
        ("--graph regular:3 --servents 5", 2, "a link has two ends, and 5 times 3 is odd; 6 servents can"),
        ("--graph regular:11", 2, "takes a number from 1 to 10"),
        ("--graph clique --servents 12", 2, "a servent knows at most 10: at most 11 servents"),
        ("--graph star --servents 12", 2, "a servent knows at most 10: at most 11 servents"),
        ("--graph scale-free:9", 2, "hubs need room below the 10 neighbours"),
        ("--graph wheel", 2, "there is no such overlay file, and no such graph"),
        ("--graph grid --servents 13", 2, "13 is a prime number: 12 make one of 4 by 3"),
        (&bad, 2, "bad.txt:1: "),
        ("--graph data/overlays/grid.txt --servents 9", 2, "an overlay file has its own"),
        ("--ttl 16", 2, "expected a whole number from 1 to 15"),
        ("--loss 5,101", 2, "expected a percentage"),
        ("--json --csv", 2, "cannot be used with"),
        ("--trace /tmp/x --loss 1,2", 2, "--trace is for one value of each option, not 2 combinations"),
        ("--trace /tmp/x --ttl 4", 2, "they know no other time-to-live than 3"),
        ("--questions 1 --svg /nowhere/chart.svg", 1, "/nowhere/chart.svg: "),
        ("--questions 1 --trace /dev/null/x", 1, "/dev/null/x: "),
    ] {
        let finished = simulate(words);
        assert_eq!(finished.code, Some(code), "{words}: {}", finished.stderr);
        assert!(finished.stderr.contains(cause), "{words}: {}", finished.stderr);
    }
}

#[test]
fn a_neighbour_that_is_no_servent_of_the_file_is_left_out_and_said() {
    let dir = TempDir::new();
    // What they would hold means nothing here, and is absent.
    let file = dir.write("two.txt", b"6001 kv.txt 127.0.0.1:6002 10.0.0.9:6001\n6002 kv.txt 127.0.0.1:6001\n");
    let finished = simulate(&format!("--graph {} --questions 3 --json", file.display()));
    assert_eq!(finished.code, Some(0));
    assert!(
        finished.stderr.contains("line 1: the neighbour 10.0.0.9:6001 is no servent of the file"),
        "{}",
        finished.stderr
    );
    let object: Value = serde_json::from_slice(&finished.stdout).unwrap();
    assert_eq!((&object["servents"], &object["reached"]["value"]), (&2.into(), &2.0.into()));
    let finished = simulate(&format!("--graph {} --questions 3 --lang pt", file.display()));
    assert!(
        finished.stderr.contains("linha 1: o vizinho 10.0.0.9:6001 é nenhum servent do arquivo"),
        "{}",
        finished.stderr
    );
}

/// The tables of docs/PERFORMANCE.md, some of their rows, by the commands that stand there.
#[test]
fn the_reach_tables_of_the_documentation_are_what_it_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PERFORMANCE.md");
    let text = fs::read_to_string(file).unwrap();
    let row = |head: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("| {head} |"))).unwrap();
        line.split('|').nth(2).unwrap().trim().to_owned()
    };
    let share = |object: &Value| format!("{:.3}", object["answers_share"]["value"].as_f64().unwrap());
    let loss = objects("--graph regular:4 --loss 30,40 --tries 1,2");
    for (head, tries) in [("30 %", &loss[..2]), ("40 %", &loss[2..])] {
        assert_eq!(row(head), format!("{}, {}", share(&tries[0]), share(&tries[1])), "{head}");
    }
    let jitter = &objects("--graph regular:4 --delay 50ms±37.5ms")[0];
    let copies = jitter["higher_ttl"]["value"].as_f64().unwrap();
    assert_eq!(row("75 %"), format!("{} ({copies:.2})", share(jitter)));
}

/// All combinations were made before they were counted.
#[test]
fn too_many_combinations_are_refused_in_little_memory() {
    let values = |value: fn(u32) -> String| (0..3_000).map(value).collect::<Vec<_>>().join(",");
    let [loss, holders, tries] = [
        values(|number| format!("{}", f64::from(number) / 100.0)),
        values(|number| (number + 1).to_string()),
        values(|number| (number % 100 + 1).to_string()),
    ];
    let words = ["simulate", "--loss", &loss, "--holders", &holders, "--tries", &tries];
    let shell = ["-c", "ulimit -v 4000000 && exec \"$@\"", "sh", TP3];
    let finished = Program::start("/bin/sh", shell.iter().chain(&words)).finish_within(DEADLINE);
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    let told = "27000000000 combinations of values are more than one looks at";
    assert!(finished.stderr.contains(told), "{}", finished.stderr);
}

#[test]
fn nothing_that_is_read_or_written_is_overwritten() {
    let dir = TempDir::new();
    let graph = dir.write("question-1.jsonl", b"6001 kv.txt 127.0.0.1:6002\n6002 kv.txt 127.0.0.1:6001\n");
    let before = fs::read(&graph).unwrap();
    let (graph, folder) = (graph.display(), dir.path().display());
    let read = "this file is read, and would be overwritten: name another one";
    for (words, cause) in [
        (format!("--graph {graph} --svg {graph}"), format!("--svg: {read}")),
        (format!("--graph {graph} --page {folder}/../{}/question-1.jsonl", name_of(&dir)), format!("--page: {read}")),
        (format!("--graph {graph} --trace {folder}"), format!("--trace: {read}")),
        (format!("--graph {graph} --svg {graph} --lang pt"), "--svg: este arquivo é lido".to_owned()),
        (format!("--svg {folder}/new --page {folder}/new"), "--page: --svg writes to this file already".to_owned()),
    ] {
        let finished = simulate(&format!("{words} --questions 1"));
        assert_eq!(finished.code, Some(2), "{words}: {}", finished.stderr);
        assert!(finished.stderr.contains(&cause), "{words}: {}", finished.stderr);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "{words}");
    }
    assert_eq!(fs::read(dir.path().join("question-1.jsonl")).unwrap(), before);
    assert_eq!(simulate("--questions 1 --servents 9 --svg /dev/null --page /dev/null").code, Some(0));
}

fn name_of(dir: &TempDir) -> String {
    dir.path().file_name().unwrap().to_str().unwrap().to_owned()
}
