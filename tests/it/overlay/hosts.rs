//! Overlay files over several hosts, and what of them runs on this one: `--here` and `--serve`.

use crate::support::{CLIENT, Program, TP3, TempDir, ports};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Three servents on two hosts that are both this one, each with a neighbour on the other; and their ports.
fn write(dir: &TempDir) -> (PathBuf, [u16; 3]) {
    let ports @ [a, b, c] = [ports::free(), ports::free(), ports::free()];
    dir.write("pairs.txt", b"http 80/tcp\n");
    let text = format!(
        "127.0.0.1:{a} pairs.txt 127.0.0.1:{b} 127.0.0.2:{c}\n127.0.0.1:{b} pairs.txt 127.0.0.1:{a}\n\
        127.0.0.2:{c} pairs.txt 127.0.0.1:{a}\n"
    );
    (dir.write("overlay.txt", text.as_bytes()), ports)
}

fn tp3(file: &Path, words: &[&str]) -> Program {
    Program::start(TP3, ["overlay", file.to_str().unwrap()].iter().chain(words))
}

#[test]
fn each_host_runs_its_share_of_one_file_and_they_are_one_overlay() {
    let dir = TempDir::new();
    let (file, [a, b, c]) = write(&dir);
    let mut one = tp3(&file, &["--here", "127.0.0.1", "--serve"]);
    let mut other = tp3(&file, &["--here", "127.0.0.2", "--serve", "--trace", dir.path().to_str().unwrap()]);
    one.stdout.expect("serving: 2 servents");
    other.stdout.expect("serving: 1 servent");
    let asked = Program::start(CLIENT, [&format!("127.0.0.2:{c}"), "http", "--timeout=0.5"]).finish();
    let answers = String::from_utf8(asked.stdout).unwrap();
    let mut servents: Vec<_> = answers.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect();
    servents.sort();
    let mut expected = [format!("127.0.0.1:{a}"), format!("127.0.0.1:{b}"), format!("127.0.0.2:{c}")];
    expected.sort();
    assert_eq!(servents, expected);
    for program in [one, other] {
        let finished = program.finish_by(Signal::SIGTERM);
        assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    }
    assert!(dir.path().join(format!("{c}.jsonl")).exists() && !dir.path().join(format!("{a}.jsonl")).exists());
}

#[test]
fn a_share_can_be_asked_as_any_overlay() {
    let dir = TempDir::new();
    let (file, [a, b, _]) = write(&dir);
    let finished = tp3(&file, &["--here", "127.0.0.1", "--at", &b.to_string(), "--timeout=0.5", "http"]).finish();
    let answers = String::from_utf8(finished.stdout).unwrap();
    assert!(finished.code == Some(0) && answers.lines().count() == 2, "{answers}{}", finished.stderr);
    assert!(finished.stderr.contains(&format!("servent 127.0.0.1:{a} (pairs.txt) knows 127.0.0.1:{b}, 127.0.0.2:")));
}

#[test]
fn without_the_host_or_with_another_one_it_is_refused_with_those_that_there_are() {
    let dir = TempDir::new();
    let (file, _) = write(&dir);
    for (words, said) in [
        (&["http"][..], "--here HOST is missing: the servents of the overlay file live on 127.0.0.1, 127.0.0.2"),
        (
            &["--here", "node1"],
            "'node1' for '--here <HOST>': expected a host of the overlay file: 127.0.0.1, 127.0.0.2",
        ),
        (&["--here", "a/b"], "'a/b' for '--here <HOST>': 'a/b' is no host"),
        (&["--here", "127.0.0.1", "--serve", "http"], "--serve"),
    ] {
        let finished = tp3(&file, words).finish();
        assert!(finished.code == Some(2) && finished.stderr.contains(said), "{words:?}: {}", finished.stderr);
    }
    let finished = tp3(Path::new("data/overlays/chain.txt"), &["--here", "127.0.0.1"]).finish();
    assert!(finished.code == Some(2) && finished.stderr.contains("no line of the overlay file has HOST:PORT"));
}

#[test]
fn a_host_that_is_not_this_machine_or_that_others_could_not_reach_is_refused() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let text = "192.0.2.1:6001 pairs.txt\nno-such-host.invalid:6001 pairs.txt\n";
    let file = dir.write("overlay.txt", text.as_bytes());
    for (host, said) in [
        ("192.0.2.1", "overlay.txt:1: 192.0.2.1 is 192.0.2.1, which is no address of this machine"),
        ("no-such-host.invalid", "overlay.txt:2: cannot resolve 'no-such-host.invalid'"),
    ] {
        let finished = tp3(&file, &["--here", host, "--serve"]).finish();
        assert!(finished.code == Some(1) && finished.stderr.contains(said), "{host}: {}", finished.stderr);
    }
}

#[test]
fn a_file_over_hosts_is_printed_with_them_and_the_ports_of_all_move_together() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let text = "node1:6001 pairs.txt NODE1:6002 node2:6001 elsewhere:6001\n! \"sh {address}\" node1:6002 pairs.txt node1:6001\n\
        node2:6001 pairs.txt --bind 10.0.0.2\n";
    let file = dir.write("overlay.txt", text.as_bytes());
    let finished = tp3(&file, &["--print-json", "--port-base", "7001"]).finish();
    assert_eq!(finished.stderr, "");
    let printed: Value = serde_json::from_slice(&finished.stdout).unwrap();
    let servents = printed["servents"].as_array().unwrap();
    let all = |name: &str| servents.iter().map(|servent| servent[name].clone()).collect::<Vec<_>>();
    assert_eq!(all("host"), ["node1", "node1", "node2"]);
    assert_eq!(all("address"), [json!(null), json!(null), json!("10.0.0.2:7001")]);
    let known = |name: &str, line: Option<u32>| json!({"name": name, "line": line});
    let neighbours = [known("NODE1:7002", Some(2)), known("node2:7001", Some(3)), known("elsewhere:6001", None)];
    assert_eq!(servents[0]["neighbours"], json!(neighbours));
    assert_eq!(servents[1]["command"], json!(["sh", "node1:7002"]));
}

#[test]
fn servents_that_say_where_they_listen_are_reached_there_whatever_their_host_is() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let [a, b] = [ports::free(), ports::free()];
    // Nobody has to know the name: no line listens at it.
    for (host, bind) in [("127.0.0.3", ""), ("no-such-host.invalid", "--bind 127.0.0.6")] {
        let text = format!(
            "{host}:{a} pairs.txt {host}:{b} {bind}\n{host}:{b} pairs.txt --bind 127.0.0.4 {host}:{a}\n\
            127.0.0.7:6001 pairs.txt\n"
        );
        let file = dir.write("overlay.txt", text.as_bytes());
        let finished = tp3(&file, &["--here", host, "http", "--timeout=0.5"]).finish();
        let answers = String::from_utf8(finished.stdout).unwrap();
        assert!(finished.code == Some(0) && answers.lines().count() == 2, "{answers}{}", finished.stderr);
        assert!(answers.contains(&format!("127.0.0.4:{b}")), "{answers}");
        assert!(finished.stderr.contains(&format!("knows 127.0.0.4:{b}")), "{}", finished.stderr);
    }
}
