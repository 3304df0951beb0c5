//! `tp3 overlay --explain`: who answered, and why every other holder of the key did not, held against breadth-first
//! search.

use super::topology::Topology;
use super::{args, run, start_with_stdin};
use crate::support::schema::validator;
use crate::support::{Program, TP3};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;

/// Links from `entry` to each port that there is a way to.
fn distances(topology: &Topology, entry: u16) -> BTreeMap<u16, u64> {
    let mut distances = BTreeMap::from([(entry, 0)]);
    let mut level = vec![entry];
    for distance in 1.. {
        let next = level.iter().flat_map(|port| topology.neighbours(*port)).copied();
        let next: BTreeSet<u16> = next.filter(|port| !distances.contains_key(port)).collect();
        if next.is_empty() {
            break;
        }
        distances.extend(next.iter().map(|port| (*port, distance)));
        level = next.into_iter().collect();
    }
    distances
}

/// The keys of a key-value file of `data`, which are not all UTF-8.
fn keys(topology: &Topology, port: u16) -> BTreeSet<Vec<u8>> {
    let bytes = fs::read(topology.pairs(port)).unwrap();
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.starts_with(b"#"));
    let end = |line: &[u8]| line.iter().position(|byte| b" \t".contains(byte));
    lines.filter_map(|line| Some(line[..end(line)?].to_vec())).collect()
}

/// The key that a line of JSON is about.
fn key(line: &Value) -> Vec<u8> {
    let coded = line["key_base64"].as_str().map(|coded| STANDARD.decode(coded).unwrap());
    coded.unwrap_or_else(|| line["key"].as_str().unwrap().as_bytes().to_vec())
}

fn port(address: &Value) -> u16 {
    address.as_str().unwrap().rsplit_once(':').unwrap().1.parse().unwrap()
}

/// Asks the first servent of an overlay for every key that any of its servents holds, and checks what is told of each.
fn expect_the_truth(name: &str) {
    let topology = Topology::from_data(name);
    let all: BTreeSet<_> = topology.ports().into_iter().flat_map(|port| keys(&topology, port)).collect();
    let entry = topology.port(0);
    let words = args(&topology, &["--json", "--timeout", "2", "--tries", "1", "--explain"]);
    let words = words.into_iter().map(String::into_bytes).chain(all.iter().cloned());
    let finished = Program::start(TP3, words.map(OsString::from_vec)).finish();
    let text = String::from_utf8(finished.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (said, floods): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line["type"].is_string());
    assert_eq!(floods.len(), all.len(), "{name}: {}", finished.stderr);
    let validator = validator("flood");
    let distances = distances(&topology, entry);
    for flood in &floods {
        assert!(validator.is_valid(flood), "{name}: {flood:#}");
        assert_eq!((&flood["findings"], port(&flood["entry"])), (&serde_json::json!([]), entry), "{name}: {flood:#}");
        let asked = key(flood);
        let name = format!("{name}, {}", asked.escape_ascii());
        let visits = flood["servents"].as_array().unwrap();
        let answered = visits.iter().filter(|visit| visit["lookup"] == "answered").map(|visit| port(&visit["servent"]));
        let answered: BTreeSet<u16> = answered.collect();
        let answers = said.iter().filter(|line| line["type"] == "answer" && key(line) == asked);
        let heard: BTreeSet<u16> = answers.map(|answer| port(&answer["servent"])).collect();
        assert_eq!(answered, heard, "{name}: {flood:#}");
        let holders = topology.ports().into_iter().filter(|port| keys(&topology, *port).contains(&asked));
        for holder in holders.filter(|port| !answered.contains(port)) {
            let misses = flood["not_reached"].as_array().unwrap();
            let miss = misses.iter().find(|miss| port(&miss["servent"]) == holder);
            let miss = miss.unwrap_or_else(|| panic!("{name}: nothing of {holder}: {flood:#}"));
            let distance = distances.get(&holder).copied();
            assert_eq!((miss["distance"].as_u64(), &miss["holds"]), (distance, &true.into()), "{name}: {miss:#}");
            expect_why(&topology, flood, miss, distance, &distances);
        }
    }
}

/// The reason that is told must be the true one.
fn expect_why(topology: &Topology, flood: &Value, miss: &Value, distance: Option<u64>, distances: &BTreeMap<u16, u64>) {
    let holder = port(&miss["servent"]);
    match distance {
        None => assert_eq!(miss["why"], "no_path", "{miss:#}"),
        Some(far @ 4..) => {
            assert_eq!(miss["why"], "out_of_reach", "{miss:#}");
            let at = port(&miss["at"]);
            let rest = self::distances(topology, at)[&holder];
            assert_eq!((distances[&at], rest), (3, far - 3), "not on a shortest way: {miss:#}");
        }
        // A longer way was faster (P-19): all that could have sent it on had it with a time-to-live of 1.
        Some(_) => {
            assert_eq!(miss["why"], "ttl_ended", "{miss:#}");
            let visits = flood["servents"].as_array().unwrap();
            let visit = |of: u16| visits.iter().find(|visit| port(&visit["servent"]) == of);
            let at = port(&miss["at"]);
            assert!(topology.neighbours(at).contains(&holder), "{miss:#}");
            assert!(visit(at).is_some_and(|visit| visit["onward"] == "ttl_ended" && visit["hop"] == 3), "{flood:#}");
        }
    }
}

#[test]
fn p18_of_every_key_of_the_chain_the_truth_is_told() {
    expect_the_truth("chain");
}

#[test]
fn p14_of_every_key_of_the_clique_the_truth_is_told() {
    expect_the_truth("clique");
}

#[test]
fn p19_of_every_key_of_the_grid_the_truth_is_told() {
    expect_the_truth("grid");
}

#[test]
fn p11_of_every_key_of_the_pair_the_truth_is_told() {
    expect_the_truth("pair");
}

#[test]
fn p19_of_every_key_of_the_random_overlay_the_truth_is_told() {
    expect_the_truth("random");
}

#[test]
fn p14_of_every_key_of_the_ring_the_truth_is_told() {
    expect_the_truth("ring");
}

#[test]
fn p14_of_every_key_of_the_star_the_truth_is_told() {
    expect_the_truth("star");
}

#[test]
fn every_overlay_of_the_data_is_among_these() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/overlays");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names: BTreeSet<_> = names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let tested = ["chain", "clique", "grid", "pair", "random", "ring", "star"];
    assert_eq!(names, tested.map(str::to_owned).into());
}

/// What only the fifth of the chain holds, in words and on a page; the answers come first, and nothing is left.
#[test]
fn p18_why_the_fifth_does_not_answer_is_said_in_words() {
    let topology = Topology::from_data("chain");
    let page = topology.dir().path().join("page.html");
    let words = ["--timeout", "1", "-n", "1", "--page", page.to_str().unwrap(), "--explain", "rfb", "http"];
    let mut command = Program::command(TP3, args(&topology, &words));
    let temporary = topology.dir().path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let finished = Program::spawn(command.env("LC_ALL", "C").env("TMPDIR", &temporary)).finish();
    let told = String::from_utf8(finished.stdout).unwrap();
    let (answers, told) = told.split_once("\n\n").unwrap();
    assert_eq!(answers.lines().filter(|line| line.starts_with("http\t127.0.0.1:")).count(), 4, "{answers}");
    let words: Vec<_> = told.split_whitespace().collect();
    let [fourth, fifth] = [3, 4].map(|index| topology.port(index));
    let expected = format!(
        "127.0.0.1:{fifth} holds the key and was not reached, 4 hops away: the time-to-live ended at 127.0.0.1:{fourth}"
    );
    assert!(words.join(" ").contains(&expected), "{told}");
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(fs::read_to_string(page).unwrap().contains("<html"));
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

/// The way over the second servent is short and slow, that over the third and fourth long and fast: the fifth gets the
/// question with a time-to-live of 1, and the sixth, three hops away, not at all.
#[test]
fn p19_where_a_longer_way_was_faster_it_is_said_where_the_question_ended() {
    let links = [(0, 1), (1, 4), (0, 2), (2, 3), (3, 4), (4, 5)];
    let topology = Topology::linked(6, &links).with_options(&["", "--delay 500ms"]);
    let finished = run(&topology, &["--timeout", "1", "--json", "--explain", "key"]);
    let text = String::from_utf8(finished.stdout).unwrap();
    let flood: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let misses = flood["not_reached"].as_array().unwrap();
    assert_eq!(misses.len(), 1, "{flood:#}");
    let (sixth, distances) = (topology.port(5), distances(&topology, topology.port(0)));
    assert_eq!((port(&misses[0]["servent"]), port(&misses[0]["at"])), (sixth, topology.port(4)), "{flood:#}");
    expect_why(&topology, &flood, &misses[0], Some(distances[&sixth]), &distances);
    let late = flood["copies"].as_array().unwrap().iter().filter(|copy| copy["fate"] == "duplicate_higher_ttl");
    let ends: Vec<_> = late.map(|copy| (port(&copy["from"]), port(&copy["to"]))).collect();
    assert_eq!(ends, [(topology.port(1), topology.port(4))], "{flood:#}");
}

#[test]
fn what_links_lose_is_told_as_lost_on_the_way() {
    let topology = Topology::from_data("chain").with_options(&["", "--loss 100"]);
    let finished = run(&topology, &["--timeout", "1", "--json", "--explain", "http"]);
    let text = String::from_utf8(finished.stdout).unwrap();
    let flood: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let [second, third] = [1, 2].map(|index| format!("127.0.0.1:{}", topology.port(index)));
    let lost = flood["copies"].as_array().unwrap().iter().filter(|copy| copy["fate"] == "lost");
    let ends: Vec<_> = lost.map(|copy| (copy["from"].as_str().unwrap(), copy["to"].as_str().unwrap())).collect();
    assert_eq!(ends, [(second.as_str(), third.as_str())], "{flood:#}");
    let misses = flood["not_reached"].as_array().unwrap();
    let why = |index: usize| (&misses[index]["why"], &misses[index]["at"], &misses[index]["to"]);
    let expected = (&"lost".into(), &second.clone().into(), &third.into());
    assert_eq!((why(0), why(1)), (expected, expected), "{flood:#}");
    assert_eq!(misses[2]["why"], "out_of_reach", "{flood:#}");
}

/// The client has given up long before the last QUERY arrives: it is waited for, and every hop of the flood is told.
#[test]
fn what_links_still_hold_is_waited_for() {
    let topology = Topology::from_data("chain").with_options(&["", "--delay 900ms"]);
    let words = ["--delay", "300ms", "--timeout", "0.1", "--tries", "1", "--json", "--explain", "http"];
    let finished = run(&topology, &words);
    let text = String::from_utf8(finished.stdout).unwrap();
    let flood: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let hops: Vec<_> = flood["servents"].as_array().unwrap().iter().map(|visit| visit["hop"].as_u64()).collect();
    assert_eq!(hops, [0, 1, 2, 3].map(Some), "{flood:#}");
    assert_eq!(flood["not_reached"][0]["why"], "out_of_reach", "{flood:#}");
    assert!(finished.stderr.contains("waiting 3.6s for what links may still hold"), "{}", finished.stderr);
}

/// An end of the input before any key leaves nothing under way, however slow the links are.
#[test]
fn what_was_not_asked_is_not_waited_for() {
    let topology = Topology::chain(2);
    for (input, is_waited) in [("", false), ("\n \n", false), ("key\n", true)] {
        let words = ["--delay", "100ms", "--timeout", "0.1", "--tries", "1", "--explain", "-"];
        let mut program = start_with_stdin(&topology, &words);
        program.write(input.as_bytes());
        program.close_stdin();
        let finished = program.finish();
        assert_eq!(finished.stderr.contains("for what links may still hold"), is_waited, "{}", finished.stderr);
        let nothing = finished.stderr.contains("no question is in what was read");
        assert_eq!(nothing, !is_waited, "{}", finished.stderr);
    }
}

/// Nothing got past the entry: the servent where the time-to-live of a longer way ends did not see it end.
#[test]
fn where_a_question_would_have_ended_is_told_from_where_it_ended() {
    let topology = Topology::from_data("chain").with_options(&["--loss 100"]);
    for (locale, said) in [("C", "the time-to-live would have ended at"), ("pt_BR.UTF-8", "o TTL teria acabado em")] {
        let mut command = Program::command(TP3, args(&topology, &["--timeout", "0.3", "-n", "1", "--explain", "rfb"]));
        let finished = Program::spawn(command.env("LC_ALL", locale)).finish();
        let told = String::from_utf8(finished.stdout).unwrap();
        let words: Vec<_> = told.split_whitespace().collect();
        assert!(words.join(" ").contains(&format!("{said} 127.0.0.1:{}", topology.port(3))), "{told}");
        assert!(told.contains("  1 QUERY "), "{told}");
    }
}

#[test]
fn options_that_need_or_exclude_others_are_refused_in_words() {
    let topology = Topology::chain(2);
    for (words, said) in [
        (&["--open"][..], "--web [<PORT>]"),
        (&["--open", "key"], "'--open' cannot be used with '[KEY]...'"),
        (&["--page", "page.html", "--web"], "cannot be used with"),
        (&["--web", "overlay.txt"], "FILE stands before --web"),
        (&["--web", "70000"], "expected a port from 1 to 65535"),
        (&["--explain", "-", "key"], "--explain - is what is typed or piped in"),
        (&["--explain", ""], "invalid key '': an empty key"),
        (&["key", ""], "invalid key '': an empty key"),
    ] {
        let finished = run(&topology, words);
        assert_eq!(finished.code, Some(2), "{words:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(said), "{words:?}: {}", finished.stderr);
    }
}

#[test]
fn a_page_is_only_made_of_what_is_explained() {
    let topology = Topology::chain(2);
    let finished = run(&topology, &["--page", "page.html", "key"]);
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert!(finished.stderr.contains("--explain <KEY>"), "{}", finished.stderr);
}

#[test]
fn a_page_overwrites_nothing_that_servents_read_or_write() {
    let topology = Topology::chain(2);
    let traces = topology.dir().path().join("traces");
    let trace = traces.join(format!("{}.jsonl", topology.port(1)));
    for page in [topology.file(), topology.pairs(topology.port(0)), &trace] {
        let before = fs::read(page).unwrap_or_default();
        let [traces, name] = [&traces, page].map(|path| path.to_str().unwrap());
        let words = ["--timeout", "0.3", "-n", "1", "--trace", traces, "--page", name, "--explain", "key"];
        let finished = run(&topology, &words);
        assert_eq!(finished.code, Some(1), "{name}: {}", finished.stderr);
        let told = "--page: this file is read, and would be overwritten";
        assert!(finished.stderr.contains(told), "{name}: {}", finished.stderr);
        assert!(page == trace || fs::read(page).unwrap() == before, "{name}");
    }
}
