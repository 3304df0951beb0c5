//! What a terminal shows while the client waits: one line, which is never longer than the terminal is wide and which
//! nothing is left of.

use super::{Terminal, client, expect_clireq};
use crate::support::wire::response;
use crate::support::{CLIENT, Peer, TempDir};
use rustix::termios::{Winsize, tcsetwinsize};

/// Back to the first column, and nothing behind the cursor.
const ERASE: &str = "\r\x1b[K";

/// Starts the client in a terminal of so many columns.
fn client_in(columns: usize, servent: &Peer, more: &[&str]) -> Terminal {
    let server = servent.addr().to_string();
    let script = format!("stty sane cols {columns} && exec \"$0\" \"$@\"");
    let args: Vec<_> = ["-c", &script, CLIENT, &server].iter().chain(more).map(|arg| (*arg).to_owned()).collect();
    Terminal::start("sh", &args)
}

/// What stays on the screen: lines that were erased are gone, and whatever was drawn fitted.
fn screen(shown: &str, columns: usize) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    let mut pieces = shown.split(ERASE);
    lines[0].push_str(pieces.next().unwrap());
    for piece in pieces {
        // The line that the cursor is in goes; before it stands a whole line.
        let last = lines.last_mut().unwrap();
        let start = last.rfind('\n').map_or(0, |end| end + 1);
        assert!(last[start..].chars().count() < columns, "{:?} in {columns} columns", &last[start..]);
        last.truncate(start);
        last.push_str(piece);
    }
    lines.concat()
}

#[test]
fn p40_one_line_counts_down_and_says_what_is_waited_for_and_nothing_is_left_of_it() {
    for columns in [80, 40] {
        let servent = Peer::new();
        let mut session = client_in(columns, &servent, &["http", "--timeout", "1"]);
        let mut shown = session.expect("waiting for");
        expect_clireq(&servent, "http");
        shown += "waiting for";
        let client = expect_clireq(&servent, "http");
        shown += &session.expect("asked again");
        shown += "asked again";
        servent.send(client, &response(b"http", b"80/tcp"));
        shown += &session.expect("1 answer, ");
        shown += "1 answer, ";
        shown += &session.expect_end(0);
        let (servent, screen) = (servent.addr(), screen(&shown, columns));
        let (silence, rest) = screen.split_once("\r\n").unwrap();
        assert_eq!(silence, format!("no answer from {servent} after 1 s, asking again"));
        let (answer, rest) = rest.split_once("\r\n").unwrap();
        assert!(answer.starts_with(&format!("{servent:<21}  ")) && answer.ends_with(" ms  80/tcp"), "{answer:?}");
        assert!(rest.starts_with("http: no more answers (1 answer from 1 servent, the first after 1"), "{rest:?}");
        assert!(rest.ends_with(" ms)\r\n") && rest.lines().count() == 1, "{rest:?}");
    }
}

#[test]
fn in_a_terminal_of_few_columns_the_line_is_cut() {
    for columns in [20, 8, 2, 1] {
        let servent = Peer::new();
        let session = client_in(columns, &servent, &["http", "--timeout", "0.3"]);
        let screen = screen(&session.expect_end(1), columns);
        let again = format!("no answer from {} after 0.3 s, asking again", servent.addr());
        let tip = "tip: some programs of this protocol want a NUL behind the key: try --nul";
        assert_eq!(screen, format!("{again}\r\nhttp: no answer\r\n{tip}\r\n"), "{columns} columns");
    }
}

#[test]
fn ctrl_c_and_what_is_typed_during_a_wait_leave_nothing_of_the_line() {
    let servent = Peer::new();
    let mut session = client(&servent, &["--timeout", "3", "--tries", "1"]);
    session.expect("key> ");
    session.type_line("http");
    expect_clireq(&servent, "http");
    session.expect("waiting for the first answer: http");
    // It is not echoed among the answers, and the next prompt has it.
    session.type_line("smtp");
    let shown = session.expect("http: no answer\r\n");
    assert!(!shown.contains("smtp") && !shown.contains('\n') && shown.ends_with(ERASE), "{shown:?}");
    session.expect("key> ");
    expect_clireq(&servent, "smtp");
    session.expect("waiting for the first answer: smtp");
    session.type_control('c');
    let shown = session.expect("smtp: stopped\r\n");
    assert!(!shown.contains('\n') && shown.ends_with(ERASE), "{shown:?}");
    session.expect("key> ");
    session.type_control('d');
    session.expect_end(0);
    servent.expect_nothing_left();
}

/// What the terminal wrapped stayed above the line.
#[test]
fn a_window_that_becomes_narrower_keeps_nothing_of_the_line() {
    let servent = Peer::new();
    let mut session = client_in(80, &servent, &["http", "--timeout", "600"]);
    session.expect(" s  waiting for the first answer: http");
    let narrow = Winsize { ws_row: 24, ws_col: 20, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(session.handle(), narrow).unwrap();
    // 43 columns are three rows of 20: two up, and all below is erased.
    session.expect("\x1b[2A\r\x1b[J");
    let line = session.expect(ERASE);
    assert!(line.starts_with("59") && line.ends_with("waiting..."), "{line:?}");
    session.type_control('c');
    session.expect_end(130);
}

#[test]
fn many_keys_have_a_progress_bar_that_fits() {
    for columns in [80, 40] {
        let servent = Peer::new();
        let session = client_in(columns, &servent, &["a", "b", "c", "--jobs", "2", "--timeout", "0.5"]);
        let client = expect_clireq(&servent, "a");
        expect_clireq(&servent, "b");
        servent.send(client, &response(b"a", b"1"));
        servent.send(client, &response(b"b", b"2"));
        expect_clireq(&servent, "c");
        expect_clireq(&servent, "c");
        let shown = session.expect_end(1);
        assert!(
            shown.contains("0 of 3 keys, 2 under way, ") && shown.contains("2 of 3 keys, 1 under way, "),
            "{shown}"
        );
        assert_eq!(shown.contains("[####"), columns == 80, "{shown}");
        let screen = screen(&shown, columns);
        let ends: Vec<_> = screen.lines().filter(|line| !line.contains(" ms  ")).collect();
        assert_eq!(ends.len(), 5, "{screen:?}");
        assert!(ends[0].starts_with("a: no more answers (1 answer from 1 servent, "), "{screen:?}");
        assert!(ends[1].starts_with("b: no more answers (1 answer from 1 servent, "), "{screen:?}");
        assert_eq!(ends[2], "c: no answer", "{screen:?}");
        assert!(ends[3].starts_with("tip: ") && ends[3].ends_with("--nul"), "{screen:?}");
        assert!(ends[4].starts_with("3 keys: 2 answers, 1 without an answer, "), "{screen:?}");
    }
}

#[test]
fn colours_are_used_on_a_terminal_unless_no_color_says_otherwise() {
    let state = TempDir::new();
    // https://no-color.org: present and not empty; what the command line says comes first.
    for (environment, option, coloured) in [
        ("NO_COLOR=", "--color=auto", true),
        ("NO_COLOR=0", "--color=auto", false),
        ("NO_COLOR=1", "--color=always", true),
        ("NO_COLOR=", "--color=never", false),
        ("NO_COLOR= TERM=dumb", "--color=auto", false),
        ("-u TERM NO_COLOR=", "--color=auto", false),
    ] {
        let servent = Peer::new();
        let server = servent.addr().to_string();
        let script = format!("exec env {environment} \"$0\" \"$@\"");
        let words = ["-c", &script, CLIENT, &server, "http", option, "--timeout", "0.3"];
        let args: Vec<_> = words.map(str::to_owned).into();
        let session = Terminal::start_with_state("sh", &args, state.path());
        let client = expect_clireq(&servent, "http");
        servent.send(client, &response(b"http", b"80/tcp"));
        let shown = session.expect_end(0);
        let answer =
            if coloured { format!("\x1b[32m{:<21}\x1b[0m  \x1b[2m", server) } else { format!("{server:<21}  ") };
        assert!(shown.contains(&answer), "{environment} {option}: {shown:?}");
        assert_eq!(shown.replace(ERASE, "").contains('\x1b'), coloured, "{environment} {option}: {shown:?}");
    }
}
