//! `tp3 overlay`: servents that do not stop, and files as editors write them.

use crate::overlay::topology::{Topology, who_answered};
use crate::support::processes::{children_of, is_running, pause};
use crate::support::{Peer, Program, SERVENT, TP3, TempDir, ports, until};
use std::fs;
use std::net::UdpSocket;
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

/// Only some places were looked at, and the system refused to start the servent, without a line's number.
#[test]
fn a_nul_anywhere_in_a_line_is_refused_with_its_number() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let lines =
        ["6001 pairs.txt --trace a\0b", "6001 pai\0rs.txt", "! \"sh -c a\0b\" 6001 pairs.txt", "6001 pairs.txt \0"];
    for line in lines {
        let file = dir.write("overlay.txt", format!("# first\n{line}\n").as_bytes());
        let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "http"]).finish();
        assert_eq!((finished.code, finished.stdout.as_slice()), (Some(1), &b""[..]), "{line:?}");
        assert!(finished.stderr.contains("overlay.txt:2: no command line can hold a NUL: "), "{}", finished.stderr);
        assert!(finished.stderr.contains("\\x00"), "{}", finished.stderr);
    }
}

/// What a servent said, and the names of files, went to the terminal as they were.
#[test]
fn p44_what_servents_say_and_the_names_of_files_cannot_command_the_terminal_or_hide() {
    let dir = TempDir::new();
    let name = "pairs\x1b[2J\u{202e}\u{200b}\u{e0041}.txt";
    dir.write(name, b"http 80/tcp\nlonely\n");
    let file = dir.write("overlay.txt", format!("{} '{name}'\n", ports::free()).as_bytes());
    let args = ["overlay", "-v", file.to_str().unwrap(), "--timeout", "0.2", "http"];
    let finished = Program::start(TP3, args).finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let shown = r"pairs\x1b[2J\u{202e}\u{200b}\u{e0041}.txt";
    // The banner, the warning of the line, and the overlay's own listing.
    assert!(finished.stderr.matches(shown).count() >= 3, "{:?}", finished.stderr);
    let hidden = |character: char| character != '\n' && !matches!(character, ' '..='~');
    assert!(!finished.stderr.contains(hidden), "{:?}", finished.stderr);
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

/// Up to four lines said nearly the same, none of them who it was, and that one should choose another port: of a file
/// that was installed with the program.
#[test]
fn ports_in_use_are_said_once_with_who_holds_them_and_the_way_out() {
    let topology = Topology::chain(3);
    let _held: Vec<_> = topology.ports().iter().map(|&port| UdpSocket::bind(("127.0.0.1", port)).unwrap()).collect();
    let finished = Program::start(TP3, ["overlay", topology.file().to_str().unwrap(), "key"]).finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let lines: Vec<_> = finished.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", finished.stderr);
    assert!(lines[0].starts_with("tp3 overlay: servent 127.0.0.1:") && lines[0].contains(" is in use"), "{}", lines[0]);
    if cfg!(target_os = "linux") {
        assert!(lines[0].contains(&format!("(process {})", std::process::id())), "{}", lines[0]);
    }
    assert!(lines[1].starts_with("tip: --port-base"), "{}", lines[1]);
}

/// Two ports in a row that are free.
fn two_free() -> u16 {
    let mut last = ports::free();
    loop {
        let port = ports::free();
        if port == last + 1 {
            return last;
        }
        last = port;
    }
}

/// Its lines are that one's and the next port's; the second has a neighbour that is none of the file's.
fn overlay_at(port: u16, outside: u16) -> TempDir {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let (first, second) = (port, port + 1);
    let text = format!(
        "{second} pairs.txt localhost:{first} 127.0.0.1:{outside} --seen-expiry 30 -q\n{first} -- pairs.txt 127.0.0.1:{second}\n"
    );
    dir.write("overlay.txt", text.as_bytes());
    dir
}

/// There was no way to start an installed overlay whose ports were taken.
#[test]
fn port_base_puts_an_overlay_on_other_ports_and_neighbours_and_at_follow() {
    let (outside, base) = (Peer::new(), two_free());
    let dir = overlay_at(6001, outside.addr().port());
    let file = dir.path().join("overlay.txt");
    let base_word = base.to_string();
    let args = ["overlay", file.to_str().unwrap(), "--port-base", &base_word, "--at", "6001", "--timeout", "1", "http"];
    let program = Program::start(TP3, args);
    // Asked at the first port, so the second servent forwards it to the one that stays where it was.
    let (forwarded, from) = outside.recv();
    assert_eq!(from.port(), base + 1);
    assert!(forwarded.starts_with(b"\0\x02\0\x02") && forwarded.ends_with(b"http"), "{}", forwarded.escape_ascii());
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let mut answered = who_answered(&finished, "http");
    answered.sort_unstable();
    assert_eq!(answered, [base, base + 1]);
    assert!(finished.stderr.contains(&format!("asking servent 127.0.0.1:{base}")), "{}", finished.stderr);
}

#[test]
fn port_base_is_printed_as_json_too_and_refused_where_it_leads_nowhere() {
    let dir = overlay_at(6001, 7002);
    let file = dir.path().join("overlay.txt");
    let print = |base: &str| {
        Program::start(TP3, ["overlay", file.to_str().unwrap(), "--print-json", "--port-base", base]).finish()
    };
    let printed = print("65534");
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    let json: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    let [second, first] = json["servents"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!((&second["address"], &second["port"]), (&"127.0.0.1:65535".into(), &65_535.into()));
    assert_eq!(first["port"], 65_534);
    let names = second["neighbours"].as_array().unwrap().iter().map(|neighbour| neighbour["name"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["localhost:65534", "127.0.0.1:7002"]);
    assert_eq!(second["neighbours"][0]["line"], 2);
    for (base, cause) in [
        ("65535", "line 1 would listen on port 65536, and the last one is 65535"),
        ("7001", "line 1 has the neighbour 127.0.0.1:7002, where a servent of the file would then listen"),
    ] {
        let refused = print(base);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        let said = format!("invalid value '{base}' for '--port-base <N>': {cause}");
        assert!(refused.stderr.contains(&said) && refused.stdout.is_empty(), "{}", refused.stderr);
    }
}

/// It said to choose another port, and not who has this one.
#[test]
#[cfg(target_os = "linux")]
fn a_servent_whose_port_is_in_use_says_who_holds_it() {
    let dir = TempDir::new();
    let file = dir.write("pairs.txt", b"http 80/tcp\n");
    let holder = crate::support::Servent::start(&file, &[]);
    let port = holder.addr().port();
    let finished =
        Program::start(crate::support::SERVENT, [port.to_string().as_str(), file.to_str().unwrap()]).finish();
    assert_eq!(finished.code, Some(1));
    let said = format!(
        "serventTP3: port {port} is in use by serventTP3 (process {}): cannot listen on 0.0.0.0:{port}; choose another one\n",
        holder.pid()
    );
    assert_eq!(finished.stderr, said);
    holder.stop();
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
