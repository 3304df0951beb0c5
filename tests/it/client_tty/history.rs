//! What was typed is there again in the next run.

use super::{Terminal, expect_clireq};
use crate::support::{CLIENT, Peer, TempDir, until};
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// As `actor::line_reader` has it.
const LINES_MAX: usize = 1_000;

const UP: &[u8] = b"\x1b[A";

fn client(servent: &Peer, state: &Path, more: &[&str]) -> Terminal {
    let server = servent.addr().to_string();
    let args = [&[server.as_str(), "--timeout", "0.1", "--tries", "1"], more].concat();
    let args: Vec<_> = args.into_iter().map(str::to_owned).collect();
    let mut session = Terminal::start_with_state(CLIENT, &args, state);
    session.expect("key> ");
    session
}

fn args(servent: &Peer) -> [String; 5] {
    [&servent.addr().to_string(), "--timeout", "0.1", "--tries", "1"].map(str::to_owned)
}

/// Types a key and waits for the next prompt.
fn ask(session: &mut Terminal, servent: &Peer, key: &str) {
    session.type_line(key);
    expect_clireq(servent, key);
    // The terminal's text has a character a byte.
    let shown: String = key.bytes().map(char::from).collect();
    session.expect(&format!("{shown}: no answer\r\n"));
    session.expect("key> ");
}

fn leave(mut session: Terminal) {
    session.type_control('d');
    session.expect_end(0);
}

fn file(state: &Path) -> PathBuf {
    state.join("clientTP3/history")
}

/// The lines in the file, behind the mark that it begins with.
fn lines(state: &Path) -> Vec<String> {
    fs::read_to_string(file(state)).unwrap().lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn what_was_typed_is_there_in_the_next_run_and_for_nobody_else_to_read() {
    let (state, servent) = (TempDir::new(), Peer::new());
    let mut session = client(&servent, state.path(), &[]);
    for key in ["http", "página", "http", "http"] {
        ask(&mut session, &servent, key);
    }
    leave(session);
    assert_eq!(lines(state.path()), ["http", "página", "http"]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file(state.path())), mode(&state.path().join("clientTP3"))), (0o600, 0o700));

    let mut session = client(&servent, state.path(), &[]);
    session.type_bytes(&[UP, UP, b"\r"].concat());
    expect_clireq(&servent, "página");
    session.expect(": no answer\r\n");
    session.expect("key> ");
    leave(session);
    assert_eq!(lines(state.path()), ["http", "página", "http", "página"]);
}

#[test]
fn each_line_is_kept_at_once_however_the_client_ends() {
    let (state, servent) = (TempDir::new(), Peer::new());
    let mut session = client(&servent, state.path(), &[]);
    ask(&mut session, &servent, "http");
    session.signal(crate::support::terminal::Signal::SIGKILL);
    drop(session);
    assert_eq!(lines(state.path()), ["http"]);
}

#[test]
fn two_clients_at_once_keep_what_both_asked_for() {
    let (state, servent) = (TempDir::new(), Peer::new());
    let mut sessions = [(); 2].map(|()| client(&servent, state.path(), &[]));
    let mut expected = Vec::new();
    for round in 0..3 {
        for (number, session) in sessions.iter_mut().enumerate() {
            let key = format!("key-{round}-{number}");
            ask(session, &servent, &key);
            expected.push(key);
        }
    }
    sessions.into_iter().for_each(leave);
    assert_eq!(lines(state.path()), expected);
}

#[test]
fn the_history_is_bounded_and_the_oldest_line_goes_first() {
    let (state, servent) = (TempDir::new(), Peer::new());
    fs::create_dir(state.path().join("clientTP3")).unwrap();
    let old: String = (0..LINES_MAX).map(|number| format!("old-{number}\n")).collect();
    fs::write(file(state.path()), format!("#V2\n{old}")).unwrap();
    let mut session = client(&servent, state.path(), &[]);
    ask(&mut session, &servent, "new");
    // A line that is too long for it is asked for and not kept.
    let long = "k".repeat(1_025);
    session.type_line(&long);
    expect_clireq(&servent, &long);
    session.expect(": no answer\r\n");
    session.expect("key> ");
    leave(session);
    let kept = lines(state.path());
    assert_eq!((kept.len(), kept[0].as_str(), kept[LINES_MAX - 1].as_str()), (LINES_MAX, "old-1", "new"));
}

#[test]
fn without_history_nothing_is_written_and_nothing_read() {
    let (state, servent) = (TempDir::new(), Peer::new());
    let mut session = client(&servent, state.path(), &["--no-history"]);
    ask(&mut session, &servent, "secret");
    // Within the run it is there.
    session.type_bytes(&[UP, b"\r"].concat());
    expect_clireq(&servent, "secret");
    session.expect(": no answer\r\n");
    session.expect("key> ");
    leave(session);
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
}

/// Each key had its warning.
#[test]
fn a_history_that_is_a_device_is_none_and_nothing_is_said() {
    let (state, servent) = (TempDir::new(), Peer::new());
    fs::create_dir(state.path().join("clientTP3")).unwrap();
    symlink("/dev/null", file(state.path())).unwrap();
    let mut session = Terminal::start_with_state(CLIENT, &args(&servent), state.path());
    let mut shown = session.expect("key> ");
    for key in ["http", "smtp"] {
        session.type_line(key);
        expect_clireq(&servent, key);
        shown += &session.expect(&format!("{key}: no answer\r\n"));
        shown += &session.expect("key> ");
    }
    assert!(!shown.contains("history"), "{shown:?}");
    leave(session);
}

/// There was no prompt, and nothing said why.
#[test]
fn a_history_that_is_locked_is_said_once_and_kept_later() {
    let (state, servent) = (TempDir::new(), Peer::new());
    fs::create_dir(state.path().join("clientTP3")).unwrap();
    fs::write(file(state.path()), "#V2\nold\n").unwrap();
    let lock = File::open(file(state.path())).unwrap();
    lock.lock().unwrap();
    let mut session = Terminal::start_with_state(CLIENT, &args(&servent), state.path());
    session.expect(" is locked, or its disk slow");
    session.expect("key> ");
    session.type_line("http");
    expect_clireq(&servent, "http");
    let shown = session.expect("http: no answer\r\n");
    assert!(!shown.contains("locked"), "{shown:?}");
    session.expect("key> ");
    lock.unlock().unwrap();
    until("the line in the file", || lines(state.path()) == ["old", "http"]);
    ask(&mut session, &servent, "smtp");
    until("the next line in the file", || lines(state.path()) == ["old", "http", "smtp"]);
    // What was read late is there, and older than what was typed meanwhile.
    session.type_bytes(&[UP, UP, UP, b"\r"].concat());
    expect_clireq(&servent, "old");
    session.expect("old: no answer\r\n");
    session.expect("key> ");
    leave(session);
}

#[test]
fn tab_completes_a_key_that_was_asked_before() {
    let (state, servent) = (TempDir::new(), Peer::new());
    let mut session = client(&servent, state.path(), &["--no-history"]);
    ask(&mut session, &servent, "https");
    ask(&mut session, &servent, "smtp");
    session.type_bytes(b"ht\t\r");
    expect_clireq(&servent, "https");
    session.expect("https: no answer\r\n");
    session.expect("key> ");
    leave(session);
    servent.expect_nothing_left();
}

#[test]
fn a_history_that_cannot_be_kept_is_said_and_the_client_goes_on() {
    let (state, servent) = (TempDir::new(), Peer::new());
    fs::create_dir_all(file(state.path())).unwrap();
    let mut session = Terminal::start_with_state(CLIENT, &args(&servent), state.path());
    session.expect("no history is kept in ");
    session.expect("key> ");
    ask(&mut session, &servent, "http");
    leave(session);
}
