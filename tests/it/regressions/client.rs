//! clientTP3: the terminal as it was, and remarks that nobody reads.

use crate::support::terminal::Signal;
use crate::support::wire::{clireq, response};
use crate::support::{CLIENT, Peer, Program, Terminal};
use nix::sys::termios::{LocalFlags, tcgetattr};
use std::fs::File;
use std::io::pipe;

/// The modes that a line editor switches off.
const LINE_MODES: LocalFlags = LocalFlags::ICANON.union(LocalFlags::ECHO);

/// The client at its prompt, in a terminal whose modes are the usual ones.
fn at_the_prompt(servent: &Peer, more: &[&str]) -> Terminal {
    let server = servent.addr().to_string();
    let words = ["-c", "stty sane && exec \"$0\" \"$@\"", CLIENT, &server];
    let args: Vec<_> = words.iter().chain(more).map(|arg| (*arg).to_owned()).collect();
    let mut session = Terminal::start("sh", &args);
    session.expect("key> ");
    session
}

fn line_modes(terminal: &File) -> LocalFlags {
    tcgetattr(terminal).unwrap().local_flags & LINE_MODES
}

/// It ended with the terminal in raw mode: the shell after it showed nothing of what was typed.
#[test]
fn sigterm_at_the_prompt_ends_it_with_143_and_restores_the_terminal() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let servent = Peer::new();
        let mut session = at_the_prompt(&servent, &[]);
        let terminal = session.handle();
        assert_eq!(line_modes(&terminal), LocalFlags::empty(), "the editor reads key by key");
        session.signal(signal);
        session.expect_end(143);
        assert_eq!(line_modes(&terminal), LINE_MODES, "{signal}");
        servent.expect_nothing_left();
    }
}

/// It was not noticed before the next key was typed.
#[test]
fn sigint_from_elsewhere_at_the_prompt_ends_it_like_ctrl_c() {
    let servent = Peer::new();
    let mut session = at_the_prompt(&servent, &[]);
    let terminal = session.handle();
    session.signal(Signal::SIGINT);
    session.expect_end(0);
    assert_eq!(line_modes(&terminal), LINE_MODES);
    servent.expect_nothing_left();
}

/// What it showed waited for Ctrl-Q, and so did SIGTERM.
#[test]
fn sigterm_after_ctrl_s_ends_it_with_143_and_restores_the_terminal() {
    let servent = Peer::new();
    let mut session = at_the_prompt(&servent, &["--timeout", "600"]);
    let terminal = session.handle();
    session.type_line("http");
    let (asked, client) = servent.recv();
    assert_eq!(asked, clireq(b"http"), "{}", asked.escape_ascii());
    session.type_control('s');
    servent.send(client, &response(b"http", b"80/tcp"));
    // That the answer waits can't be seen from here; the end must come whether it does already or not.
    session.signal(Signal::SIGTERM);
    session.expect_end(143);
    assert_eq!(line_modes(&terminal), LINE_MODES);
    servent.expect_nothing_left();
}

/// One byte of Latin-1 ended the client.
#[test]
fn p45_what_is_not_utf_8_at_the_prompt_is_refused_and_it_goes_on() {
    let servent = Peer::new();
    let mut session = at_the_prompt(&servent, &["--timeout", "600"]);
    session.type_bytes(b"\xe9\r");
    session.expect("UTF-8");
    session.expect("key> ");
    session.type_line("http");
    let (asked, client) = servent.recv();
    assert_eq!(asked, clireq(b"http"), "{}", asked.escape_ascii());
    servent.send(client, &response(b"http", b"80/tcp"));
    session.expect("80/tcp");
    session.type_control('c');
    session.expect("http: stopped");
    session.expect("key> ");
    session.type_control('d');
    session.expect_end(0);
    servent.expect_nothing_left();
}

/// What is pasted was one line, with the line ends in the key.
#[test]
fn p45_two_lines_pasted_at_once_ask_two_keys() {
    // A terminal passes on what is pasted as it is, or between these marks if the program wants that.
    for pasted in [&b"http\rsmtp\r"[..], b"http\nsmtp\n"] {
        let servent = Peer::new();
        let mut session = at_the_prompt(&servent, &["--timeout", "0.3", "--tries", "1"]);
        session.type_bytes(pasted);
        for key in ["http", "smtp"] {
            let (asked, _) = servent.recv();
            assert_eq!(asked, clireq(key.as_bytes()), "{}", asked.escape_ascii());
            session.expect(&format!("{key}: no answer"));
        }
        session.expect("key> ");
        session.type_control('d');
        session.expect_end(0);
        servent.expect_nothing_left();
    }
}

/// The first remark that could not be written ended it as if the key had been answered.
#[test]
fn p41_an_unanswered_key_is_a_failure_also_if_nobody_reads_the_remarks() {
    let servent = Peer::new();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let args = [&servent.addr().to_string(), "http", "--timeout", "0.1"];
    let program = Program::spawn(Program::command(CLIENT, args).stderr(writer));
    for _ in 0..2 {
        assert_eq!(servent.recv().0, clireq(b"http"));
    }
    let finished = program.finish();
    assert_eq!(finished.code, Some(1));
    assert!(finished.stdout.is_empty(), "{}", finished.stdout.escape_ascii());
    servent.expect_nothing_left();
}
