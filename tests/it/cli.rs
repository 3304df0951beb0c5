//! The command lines of the programs: bad ones are refused with a message that helps, and nothing panics.

use crate::support::wire::clireq;
use crate::support::{CLIENT, Finished, Peer, Program, SERVENT, TP3, TempDir};

/// A file that exists, for rows that are about something else; replaced by its path.
pub(crate) const FILE: &str = "{file}";

/// A row: the program, its arguments, and what the message must contain beside `for example`.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

const SERVENT_USAGE: [Row; 22] = [
    (SERVENT, &[], &["PORT"]),
    (SERVENT, &["6001"], &["FILE"]),
    (SERVENT, &["0", FILE], &["PORT", "'0'", "65535"]),
    (SERVENT, &["70000", FILE], &["PORT", "'70000'", "65535"]),
    (SERVENT, &["-5", FILE], &["-5"]),
    (SERVENT, &["six", FILE], &["PORT", "'six'", "65535"]),
    (SERVENT, &["", FILE], &["PORT"]),
    (SERVENT, &["6001", FILE, "127.0.0.1"], &["IP:PORT", "'127.0.0.1'"]),
    (SERVENT, &["6001", FILE, "127.0.0.1:"], &["IP:PORT", "'127.0.0.1:'"]),
    (SERVENT, &["6001", FILE, ":6002"], &["IP:PORT", "':6002'"]),
    (SERVENT, &["6001", FILE, "127.0.0.1:0"], &["IP:PORT", "'127.0.0.1:0'", "65535"]),
    (SERVENT, &["6001", FILE, "127.0.0.1:70000"], &["IP:PORT", "'127.0.0.1:70000'", "65535"]),
    (SERVENT, &["6001", FILE, "127.0.0.1:http"], &["IP:PORT", "'127.0.0.1:http'"]),
    (SERVENT, &["6001", FILE, "[::1]:6002"], &["IP:PORT", "'[::1]:6002'", "IPv4", "4 address bytes"]),
    (SERVENT, &["6001", FILE, "::1"], &["IP:PORT", "'::1'", "IPv4"]),
    (SERVENT, &["6001", FILE, "--unknown"], &["--unknown"]),
    (SERVENT, &["6001", FILE, "--bind", "::1"], &["--bind", "'::1'", "IPv4"]),
    (SERVENT, &["6001", FILE, "--bind", "here"], &["--bind", "'here'"]),
    (SERVENT, &["6001", FILE, "--seen-expiry", "soon"], &["--seen-expiry", "'soon'"]),
    (SERVENT, &["6001", FILE, "--seen-capacity", "0"], &["--seen-capacity", "'0'"]),
    (SERVENT, &["6001", FILE, "--first-seq", "4294967296"], &["--first-seq", "'4294967296'"]),
    (SERVENT, &["6001", FILE, "--response-limit", "few"], &["--response-limit", "'few'"]),
];

const OTHER_USAGE: [Row; 31] = [
    (CLIENT, &[], &["IP:PORT"]),
    (CLIENT, &["127.0.0.1"], &["IP:PORT", "'127.0.0.1'"]),
    (CLIENT, &["127.0.0.1:0", "http"], &["IP:PORT", "'127.0.0.1:0'", "65535"]),
    (CLIENT, &["127.0.0.1:70000", "http"], &["IP:PORT", "'127.0.0.1:70000'", "65535"]),
    (CLIENT, &["127.0.0.1:port", "http"], &["IP:PORT", "'127.0.0.1:port'"]),
    (CLIENT, &["[::1]:6001", "http"], &["IP:PORT", "'[::1]:6001'", "IPv4", "4 address bytes"]),
    (CLIENT, &["127.0.0.1:6001", "--timeout", "never"], &["--timeout", "'never'"]),
    (CLIENT, &["127.0.0.1:6001", "--timeout", "0"], &["--timeout", "'0'"]),
    (CLIENT, &["127.0.0.1:6001", "--timeout=-1"], &["--timeout", "'-1'"]),
    (CLIENT, &["127.0.0.1:6001", "--timeout", "nan"], &["--timeout", "'nan'"]),
    (CLIENT, &["127.0.0.1:6001", "--timeout", "1e300"], &["--timeout", "'1e300'"]),
    (CLIENT, &["127.0.0.1:6001", "--tries", "0"], &["--tries", "'0'"]),
    (CLIENT, &["127.0.0.1:6001", "--tries", "two"], &["--tries", "'two'"]),
    (CLIENT, &["127.0.0.1:6001", "--unknown"], &["--unknown"]),
    (CLIENT, &["127.0.0.1:6001", ""], &["KEY", "''"]),
    (CLIENT, &["127.0.0.1:6001", "http", " "], &["KEY", "' '"]),
    (TP3, &["overlay"], &["FILE"]),
    (TP3, &["overlay", FILE, "--unknown"], &["--unknown"]),
    (TP3, &["overlay", FILE, "--at", "0"], &["--at", "'0'"]),
    (TP3, &["overlay", FILE, "--at", "first"], &["--at", "'first'"]),
    (TP3, &["overlay", FILE, "--timeout", "never"], &["--timeout", "'never'"]),
    (TP3, &["explain"], &["FILE"]),
    (TP3, &["explain", FILE, "--client", "me"], &["--client", "'me'"]),
    (TP3, &["explain", FILE, "--lang", "fr"], &["--lang", "'fr'"]),
    (TP3, &["load"], &["IP:PORT"]),
    (TP3, &["load", "127.0.0.1:6001"], &["--key"]),
    (TP3, &["load", "127.0.0.1:6001", "--key", "k", "--rate", "0"], &["--rate", "'0'"]),
    (TP3, &["load", "127.0.0.1:6001", "--key", "k", "--rate", "1", "--in-flight", "2"], &["--rate", "--in-flight"]),
    (TP3, &["load", "127.0.0.1:6001", "--key", "k", "--pattern", "zipf:x"], &["--pattern", "'zipf:x'"]),
    (TP3, &["load", "127.0.0.1:6001", "--key", "k", "--loss-max", "101"], &["--loss-max", "'101'"]),
    (TP3, &["load", "127.0.0.1:6001", "--key", ""], &["key", "''"]),
];

#[test]
fn a_usage_error_exits_with_2_and_names_argument_expectation_and_example() {
    for (program, args, said) in SERVENT_USAGE.iter().chain(&OTHER_USAGE) {
        expect_usage_error(program, args, said);
    }
}

#[test]
fn p10_an_eleventh_neighbour_is_a_usage_error() {
    let neighbours: Vec<_> = (0..11).map(|index| format!("127.0.0.1:{}", 6002 + index)).collect();
    let args: Vec<_> = ["6001", FILE].into_iter().chain(neighbours.iter().map(String::as_str)).collect();
    expect_usage_error(SERVENT, &args, &["10", "11"]);
}

fn expect_usage_error(program: &str, args: &[&str], said: &[&str]) {
    let finished = run(program, args);
    let stderr = &finished.stderr;
    assert_eq!(finished.code, Some(2), "{program} {args:?}: {stderr}");
    assert!(stderr.starts_with("error: "), "{program} {args:?}: {stderr}");
    for text in said.iter().chain(&["for example"]) {
        assert!(stderr.contains(text), "{program} {args:?}: no {text:?} in: {stderr}");
    }
    expect_no_panic(program, args, &finished);
}

#[test]
fn p34_a_file_that_cannot_be_read_exits_with_1_and_names_it_and_the_cause() {
    let dir = TempDir::new();
    let absent = dir.path().join("absent.txt").to_str().unwrap().to_owned();
    let folder = dir.path().to_str().unwrap().to_owned();
    for (program, name, args) in [(SERVENT, "serventTP3", &["6001"][..]), (TP3, "tp3 overlay", &["overlay"])] {
        for (file, cause) in [(&absent, "No such file"), (&folder, "directory")] {
            let args: Vec<_> = args.iter().copied().chain([file.as_str()]).collect();
            let finished = run(program, &args);
            let stderr = &finished.stderr;
            assert_eq!(finished.code, Some(1), "{args:?}: {stderr}");
            assert!(stderr.starts_with(&format!("{name}: ")), "{args:?}: {stderr}");
            assert!(stderr.contains(file) && stderr.contains(cause), "{args:?}: no {cause:?} in: {stderr}");
            expect_no_panic(program, &args, &finished);
        }
    }
}

#[test]
fn a_port_in_use_exits_with_1_and_names_it() {
    let taken = Peer::new();
    let port = taken.addr().port().to_string();
    let finished = run(SERVENT, &[&port, FILE]);
    let stderr = &finished.stderr;
    assert_eq!(finished.code, Some(1), "{stderr}");
    assert!(stderr.starts_with("serventTP3: ") && stderr.contains(&port) && stderr.contains("in use"), "{stderr}");
    expect_no_panic(SERVENT, &[&port], &finished);
}

#[test]
fn an_address_that_is_not_ours_exits_with_1_and_names_it() {
    // 192.0.2.0/24 is for documentation: no machine has it.
    let finished = run(SERVENT, &["6001", FILE, "--bind", "192.0.2.1"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("192.0.2.1"), "{}", finished.stderr);
    expect_no_panic(SERVENT, &[], &finished);
}

#[test]
fn p27_a_name_that_cannot_be_resolved_is_named() {
    // RFC 2606: nobody has a name below `.invalid`. A label of more than 63 letters is refused without asking a name
    // server.
    let name = format!("{}.invalid", "a".repeat(64));
    let addr = format!("{name}:6002");
    for (program, args) in [(SERVENT, &["6001", FILE, &addr][..]), (CLIENT, &[&addr, "http"])] {
        let finished = run(program, args);
        assert!(matches!(finished.code, Some(1 | 2)), "{}", finished.stderr);
        assert!(finished.stderr.contains(&name), "{}", finished.stderr);
        expect_no_panic(program, args, &finished);
    }
}

#[test]
fn p27_the_client_takes_a_host_name() {
    let servent = Peer::new();
    let args = [format!("localhost:{}", servent.addr().port()), "http".into(), "--timeout".into(), "0.7".into()];
    let program = Program::start(CLIENT, &args);
    let (asked, client) = servent.recv();
    assert_eq!(asked, clireq(b"http"));
    servent.send(client, b"\0\x03http\t80/tcp");
    assert_eq!(program.finish().code, Some(0));
}

/// Runs a program to its end. An argument that is [`FILE`] becomes the path of a small key-value file.
pub(crate) fn run(program: &str, args: &[&str]) -> Finished {
    let dir = TempDir::new();
    let file = dir.write("pairs.txt", b"http 80/tcp\n");
    let file = file.to_str().unwrap();
    Program::start(program, args.iter().map(|arg| if *arg == FILE { file } else { arg })).finish()
}

fn expect_no_panic(program: &str, args: &[&str], finished: &Finished) {
    for word in ["panicked", "backtrace", "unwrap", "src/"] {
        assert!(!finished.stderr.contains(word), "{program} {args:?}: {}", finished.stderr);
    }
    assert!(finished.stdout.is_empty(), "{program} {args:?}: {}", finished.stdout.escape_ascii());
}
