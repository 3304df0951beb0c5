//! clientTP3: the terminal as it was, and remarks that nobody reads.

use crate::support::terminal::Signal;
use crate::support::wire::{clireq, response};
use crate::support::{CLIENT, Peer, Program, Terminal, until};
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

/// What was typed after it was not shown, where the shell does not put the modes back itself: dash does not.
#[test]
fn ctrl_backslash_in_a_wait_restores_the_terminal() {
    let servent = Peer::new();
    let server = servent.addr().to_string();
    let words = ["-c", "stty sane && ulimit -c 0 && exec \"$0\" \"$@\"", CLIENT, &server];
    let mut session = Terminal::start("sh", &words.map(str::to_owned));
    session.expect("key> ");
    let terminal = session.handle();
    session.type_line("http");
    servent.recv();
    until("the modes of a wait", || is_waiting(&terminal));
    session.type_control('\\');
    session.expect_killed(Signal::SIGQUIT);
    assert_eq!(line_modes(&terminal), LINE_MODES);
}

/// It was stopped with the modes of a wait, and went on without them.
#[test]
fn ctrl_z_gives_the_shell_its_terminal_back_and_takes_it_again() {
    let servent = Peer::new();
    let server = servent.addr().to_string();
    // With job control the shell goes on behind a job that is stopped: it shows its modes.
    let script = "stty sane; set -m; \"$0\" \"$@\"; stty -a; echo stopped; fg; stty -a; echo stopped; fg";
    let words = ["-c", script, CLIENT, &server, "--timeout", "600"];
    let mut session = Terminal::start("sh", &words.map(str::to_owned));
    let terminal = session.handle();
    let stop = |session: &mut Terminal| {
        session.type_control('z');
        let shown = session.expect("stopped\r\n");
        assert!(shown.contains(" icanon ") && shown.contains(" echo "), "{shown:?}");
    };
    session.expect("key> ");
    session.type_line("http");
    let (_, client) = servent.recv();
    until("the modes of a wait", || is_waiting(&terminal));
    stop(&mut session);
    until("the modes of a wait", || is_waiting(&terminal));
    servent.send(client, &response(b"http", b"80/tcp"));
    session.expect("80/tcp");
    session.type_control('c');
    session.expect("http: stopped\r\n");
    session.expect("key> ");
    // At the prompt as well, where the editor reads key by key.
    stop(&mut session);
    session.expect("key> ");
    session.type_line("smtp");
    assert_eq!(servent.recv().0, clireq(b"smtp"));
    session.type_control('c');
    session.expect("smtp: stopped\r\n");
    session.expect("key> ");
    session.type_control('d');
    session.expect_end(0);
    assert_eq!(line_modes(&terminal), LINE_MODES);
    servent.expect_nothing_left();
}

/// The kernel stops no program that nobody could let go on, and neither does the client itself.
#[test]
fn ctrl_z_without_a_shell_stops_nothing() {
    let servent = Peer::new();
    let args = [servent.addr().to_string(), "--timeout".to_owned(), "600".to_owned()];
    let mut session = Terminal::start(CLIENT, &args);
    session.expect("key> ");
    session.type_control('z');
    session.type_line("http");
    let (_, client) = servent.recv();
    session.expect("waiting for the first answer: http");
    session.type_control('z');
    // What is on its way when it is typed the terminal drops: the lines of later ticks show that it goes on.
    for _ in 0..3 {
        session.expect("waiting for the first answer: http");
    }
    servent.send(client, &response(b"http", b"80/tcp"));
    session.expect("80/tcp");
    session.expect("waiting for more: http");
    assert!(!line_modes(&session.handle()).contains(LocalFlags::ECHO));
    session.type_control('c');
    session.expect("http: stopped\r\n");
    session.expect("key> ");
    session.type_control('d');
    session.expect_end(0);
    servent.expect_nothing_left();
}

/// The editor's modes were then those of the wait, or the other way round.
#[test]
fn a_wait_that_ends_in_the_background_has_its_prompt_in_the_foreground() {
    let servent = Peer::new();
    let server = servent.addr().to_string();
    let script = "stty sane; set -m; \"$0\" \"$@\"; bg; read line; fg";
    let words = ["-c", script, CLIENT, &server, "--timeout", "0.5", "--tries", "1"];
    let mut session = Terminal::start("sh", &words.map(str::to_owned));
    let terminal = session.handle();
    session.expect("key> ");
    session.type_line("http");
    servent.recv();
    until("the modes of a wait", || is_waiting(&terminal));
    session.type_control('z');
    until("the shell's modes", || line_modes(&terminal) == LINE_MODES);
    session.expect("http: no answer\r\n");
    session.type_line("to the foreground");
    session.expect("key> ");
    until("the editor's modes", || line_modes(&terminal) == LocalFlags::empty());
    session.type_line("smtp");
    assert_eq!(servent.recv().0, clireq(b"smtp"));
    session.expect("smtp: no answer\r\n");
    session.expect("key> ");
    session.type_control('d');
    session.expect_end(0);
    assert_eq!(line_modes(&terminal), LINE_MODES);
    servent.expect_nothing_left();
}

/// Whether lines are edited by the terminal, which shows nothing of them.
fn is_waiting(terminal: &File) -> bool {
    line_modes(terminal) == LocalFlags::ICANON
}

/// What was typed was not shown: nobody edits lines there but the terminal.
#[test]
fn a_dumb_terminal_shows_what_is_typed() {
    for environment in ["TERM=dumb", "-u TERM"] {
        let servent = Peer::new();
        let server = servent.addr().to_string();
        let script = format!("stty sane && exec env {environment} \"$0\" \"$@\"");
        let words = ["-c", &script, CLIENT, &server, "--timeout", "0.1", "--tries", "1"];
        let mut session = Terminal::start("sh", &words.map(str::to_owned));
        session.expect("key> ");
        assert_eq!(line_modes(&session.handle()), LINE_MODES, "{environment}");
        session.type_line("http");
        let shown = session.expect("http: no answer");
        assert!(shown.starts_with("http\r\n") && !shown.contains('\x1b'), "{environment}: {shown:?}");
        session.expect("key> ");
        session.type_control('d');
        session.expect_end(0);
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

/// The key was asked for with the mark in front, which nobody sees and no file has.
#[test]
fn p45_a_byte_order_mark_in_front_of_piped_keys_is_no_part_of_the_first() {
    let servent = Peer::new();
    let args = [&servent.addr().to_string(), "--timeout", "0.1", "--tries", "1", "--jobs", "1"];
    let mut program = Program::start_with_stdin(CLIENT, args);
    program.write(b"\xef\xbb\xbfhttp\r\nsmtp\r\n");
    program.close_stdin();
    for key in [b"http", b"smtp"] {
        let (asked, _) = servent.recv();
        assert_eq!(asked, clireq(key), "{}", asked.escape_ascii());
    }
    assert_eq!(program.finish().code, Some(1));
    servent.expect_nothing_left();
}

/// It took memory for as long as there was any, and then aborted.
#[cfg(target_os = "linux")]
#[test]
fn p45_a_line_that_does_not_end_is_refused_with_a_message_and_the_next_line_is_asked() {
    let servent = Peer::new();
    let server = servent.addr().to_string();
    // No more memory than usual: half a gibibyte of addresses, which the line would fill; without arenas for its threads,
    // of which its allocator reserves 64 MiB each.
    let limited = "ulimit -v 524288 && MALLOC_ARENA_MAX=1 exec \"$0\" \"$@\"";
    let words = ["-c", limited, CLIENT, &server, "--timeout", "0.1", "--tries", "1"];
    let mut program = Program::start_with_stdin("sh", words);
    let mebibyte = vec![b'x'; 1 << 20];
    for _ in 0..600 {
        program.write(&mebibyte);
    }
    program.write(b"\nhttp\n");
    program.close_stdin();
    let (asked, _) = servent.recv();
    assert_eq!(asked, clireq(b"http"), "{} bytes", asked.len());
    let finished = program.finish();
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("a line of more than 131072 bytes").count(), 1, "{}", finished.stderr);
    servent.expect_nothing_left();
}

/// What was wrong with a word was said with the word as it was.
#[test]
fn p44_what_is_refused_of_a_command_line_is_shown_escaped() {
    for (words, shown) in [
        (&["a\x1b[2J\u{202e}"][..], r"a\x1b[2J\u{202e}"),
        (&["h:6001", "--timeout", "\x1b[2J"], r"\x1b[2J"),
        (&["h:6001", "--\u{200b}"], r"--\u{200b}"),
        (&["h:\u{1b}[2J", "http"], r"found '\x1b[2J'"),
        (&["\x1b[2J.invalid:6001", "http"], r"\x1b[2J.invalid"),
    ] {
        let finished = Program::start(CLIENT, words).finish();
        assert_eq!(finished.code, Some(2), "{words:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(shown), "{words:?}: {:?}", finished.stderr);
        let hidden = |character: char| character != '\n' && !matches!(character, ' '..='~');
        assert!(!finished.stderr.contains(hidden), "{words:?}: {:?}", finished.stderr);
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

/// All of it was "no answer", also with `-v`.
#[test]
fn p46_a_servent_that_can_not_be_understood_is_told_of_once_with_what_was_expected() {
    let servent = Peer::new();
    let args = [&servent.addr().to_string(), "http", "--timeout", "0.3", "--json"];
    let program = Program::start(CLIENT, args);
    for _ in 0..2 {
        let (asked, client) = servent.recv();
        assert_eq!(asked, clireq(b"http"));
        for datagram in [&b""[..], b"\0\x03http 8025/tcp", b"\x03\0http\t80/tcp", b"\0\x03htp\t80/tcp"] {
            servent.send(client, datagram);
        }
    }
    let finished = program.finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let from = format!("{} sent no answer but this: ", servent.addr());
    let said: Vec<_> = finished.stderr.lines().filter_map(|line| line.strip_prefix(&from)).collect();
    assert_eq!(
        said,
        [
            "type: expected 2 bytes, found 0",
            "RESPONSE text: expected a tab behind the key, found a space: 'http 8025/tcp'",
            "type 768: 3 in little-endian order; use network order",
            "RESPONSE key: expected one that was asked, found 'htp'",
        ],
        "{}",
        finished.stderr
    );
    // Programs read the objects of standard output: it has that of the key's end and no other.
    assert_eq!(finished.stdout.iter().filter(|&&byte| byte == b'\n').count(), 1);
}

/// It was eight seconds of silence, though the host had answered at once.
#[test]
#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
fn p46_that_nothing_listens_is_said_while_the_client_waits_and_it_asks_again_all_the_same() {
    let at = format!("127.0.0.1:{}", crate::support::ports::free());
    let mut program = Program::start(CLIENT, [&at, "http", "--timeout", "600"]);
    assert_eq!(program.stderr.expect("nothing listens"), format!("nothing listens at {at}"));
    drop(program);
    let finished = Program::start(CLIENT, [&at, "http", "smtp", "--timeout", "0.3"]).finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let count = |text: &str| finished.stderr.matches(text).count();
    assert_eq!(
        (count("nothing listens"), count("asking again"), count("no answer\n")),
        (1, 2, 2),
        "{}",
        finished.stderr
    );
    // Every datagram left: what another one met is no failure of its own.
    assert_eq!(count("could not send"), 0, "{}", finished.stderr);
}

/// Two of six public programs of this protocol answer only what ends with a NUL, and nothing told.
#[test]
fn p46_after_an_unanswered_key_nul_is_hinted_at_once() {
    let servent = Peer::new();
    let args = [&servent.addr().to_string(), "http", "smtp", "--timeout", "0.1", "--tries", "1"];
    let finished = Program::start(CLIENT, args).finish();
    let lines: Vec<_> = finished.stderr.lines().collect();
    let first = lines.iter().position(|line| line.ends_with(": no answer")).unwrap();
    assert!(lines[first + 1].contains("--nul"), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("--nul").count(), 1, "{}", finished.stderr);
}
