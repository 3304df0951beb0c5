//! `tp3 overlay`: servents that do not stop, and files as editors write them.

use crate::overlay::topology::{Topology, who_answered};
use crate::support::processes::{children_of, is_running, pause};
use crate::support::{Program, SERVENT, TP3, TempDir, ports, until};
use std::fs;
use std::time::Duration;

/// Its end waited for the servent's, which did not come.
#[test]
fn a_servent_that_is_stopped_is_killed_at_the_end() {
    let topology = Topology::chain(3);
    let args = ["overlay", topology.file().to_str().unwrap(), "--timeout", "0.5"];
    let mut program = Program::start_with_stdin(TP3, args);
    program.write(b"key\n");
    program.stderr.expect("no more answers");
    let children = children_of(program.pid());
    assert_eq!(children.len(), 3);
    pause(children[1]);
    program.close_stdin();
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    // It has two seconds for a clean end. More than that is for a test that is scheduled late.
    let waited = finished.waited;
    assert!(waited > Duration::from_millis(1_700) && waited < Duration::from_secs(6), "ended after {waited:?}");
    for child in children {
        until(&format!("the end of servent {child}"), || !is_running(child));
    }
    topology.expect_ports_free();
}

/// It was refused as not UTF-8, or the mark was taken for a part of the first port.
#[test]
fn a_byte_order_mark_and_a_comment_in_latin_1_are_accepted() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let (first, second) = (ports::free(), ports::free());
    let lines = format!("{first} pairs.txt 127.0.0.1:{second}\n{second} pairs.txt # ");
    let bytes = [&b"\xef\xbb\xbf"[..], lines.as_bytes(), b"p\xe1gina\n# \xfcber\n"].concat();
    let file = dir.write("overlay.txt", &bytes);
    let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "--timeout", "0.5", "http"]).finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let mut answered = who_answered(&finished, "http");
    answered.sort_unstable();
    let mut expected = [first, second];
    expected.sort_unstable();
    assert_eq!(answered, expected);

    // The mark alone before a first line that is a comment, too.
    let text = format!("\u{feff}# servents\n{first} pairs.txt\n");
    let file = dir.write("overlay.txt", text.as_bytes());
    let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "--timeout", "0.5", "http"]).finish();
    assert_eq!((finished.code, who_answered(&finished, "http")), (Some(0), vec![first]), "{}", finished.stderr);
}

/// It was a failure to start, not a wrong command line, and what would have been right was not said.
#[test]
fn a_port_to_ask_at_that_no_line_has_is_a_wrong_command_line_and_the_ports_are_named() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let free = [ports::free(), ports::free()];
    let file = dir.write("overlay.txt", format!("{} pairs.txt\n{} pairs.txt\n", free[0], free[1]).as_bytes());
    let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "--at", "1", "http"]).finish();
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert!(finished.stderr.contains("--at"), "{}", finished.stderr);
    assert!(free.iter().all(|port| finished.stderr.contains(&port.to_string())), "{}", finished.stderr);
    assert!(finished.stdout.is_empty(), "{}", finished.stdout.escape_ascii());
}

/// It was checked as it stands, and then started with `--quiet` behind the `--`, where that is a neighbour.
#[test]
fn a_line_with_an_end_of_its_options_starts() {
    let dir = TempDir::new();
    dir.write("-pairs.txt", b"http 80/tcp\n");
    let port = ports::free();
    let file = dir.write("overlay.txt", format!("{port} -- -pairs.txt\n").as_bytes());
    let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "--timeout", "0.5", "http"]).finish();
    assert_eq!((finished.code, who_answered(&finished, "http")), (Some(0), vec![port]), "{}", finished.stderr);
}

/// It was taken for a host name that may exist, and the system then refused the servent's command line without a word
/// of which line that was.
#[test]
fn a_neighbour_with_a_nul_is_refused_with_its_line() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let file = dir.write("overlay.txt", format!("{} pairs.txt a\0b:6002\n", ports::free()).as_bytes());
    let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "http"]).finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("overlay.txt:1: "), "{}", finished.stderr);
}

/// A trace through a hard link was taken for a file of its own, and emptied what another line reads.
#[test]
fn a_trace_through_a_hard_link_is_refused_and_nothing_is_overwritten() {
    let dir = TempDir::new();
    let pairs = dir.write("pairs.txt", b"http 80/tcp\n");
    let trace = dir.write("trace.jsonl", b"");
    fs::create_dir_all(dir.path().join("clientTP3")).unwrap();
    let history = dir.write("clientTP3/history", b"http\n");
    let (one, other) = (ports::free(), ports::free());
    let lines = format!("{one} pairs.txt\n{other} pairs.txt --trace link\n");
    let file = dir.write("overlay.txt", lines.as_bytes());
    let link = dir.path().join("link");
    let twice = format!("{one} pairs.txt --trace trace.jsonl\n{other} pairs.txt --trace link\n");
    for (linked, lines, said) in [
        (&pairs, &lines, "this file is in use"),
        (&file, &lines, "this file is in use"),
        (&history, &lines, "this file is in use"),
        (&trace, &twice, "another line writes to this file already"),
    ] {
        dir.write("overlay.txt", lines.as_bytes());
        fs::hard_link(linked, &link).unwrap();
        let before = fs::read(linked).unwrap();
        let mut command = Program::command(TP3, ["overlay", file.to_str().unwrap(), "--timeout", "0.1", "http"]);
        let finished = Program::spawn(command.env("XDG_STATE_HOME", dir.path())).finish();
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        let expected = format!("overlay.txt:2: --trace: {said}");
        assert!(finished.stderr.contains(&expected), "{}", finished.stderr);
        assert_eq!(fs::read(linked).unwrap(), before);
        fs::remove_file(&link).unwrap();
    }
}

/// A trace on standard output was written behind the pairs of the file that standard output was appended to.
#[test]
fn a_trace_on_a_standard_output_that_is_the_key_value_file_is_refused() {
    let dir = TempDir::new();
    let pairs = dir.write("pairs.txt", b"http 80/tcp\n");
    let words = format!("exec \"$0\" {} \"$1\" --trace - >> \"$1\"", ports::free());
    let finished = Program::start("sh", ["-c", &words, SERVENT, pairs.to_str().unwrap()]).finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let said = "cannot write a trace to standard output: it is the key-value file";
    assert!(finished.stderr.contains(said), "{}", finished.stderr);
    assert_eq!(fs::read(&pairs).unwrap(), b"http 80/tcp\n");
}
