//! clientTP3 in a terminal: the prompt, Ctrl-C and Ctrl-D, and what a stranger may do to the screen (P-44).

mod history;
mod live;

use crate::support::wire::{clireq, response};
use crate::support::{CLIENT, Peer, Terminal};
use std::net::SocketAddrV4;

/// The client in a terminal.
fn client(servent: &Peer, more: &[&str]) -> Terminal {
    let args: Vec<_> =
        [servent.addr().to_string()].into_iter().chain(more.iter().map(|arg| (*arg).to_owned())).collect();
    Terminal::start(CLIENT, &args)
}

fn expect_clireq(servent: &Peer, key: &str) -> SocketAddrV4 {
    let (asked, client) = servent.recv();
    assert_eq!(asked, clireq(key.as_bytes()));
    client
}

/// The rest of the line that `servent` is named in, behind the time that its answer took.
fn read_answer(session: &mut Terminal, servent: &Peer) -> String {
    session.expect(&format!("{}  ", servent.addr()));
    let elapsed = session.expect(" ms  ");
    assert!(elapsed.trim().parse::<f64>().is_ok(), "{elapsed:?}");
    session.expect("\r\n")
}

#[test]
fn p40_p41_a_session_prompt_key_answers_and_ctrl_d() {
    let servent = Peer::new();
    let other = Peer::new();
    let mut session = client(&servent, &["--timeout", "0.7"]);
    session.expect("key> ");
    session.type_line("http");
    let client = expect_clireq(&servent, "http");
    servent.send(client, &response(b"http", b"80/tcp\t# one\ttwo"));
    other.send(client, &response(b"http", "8080/tcp página".as_bytes()));
    assert_eq!(read_answer(&mut session, &servent), "80/tcp\t# one\ttwo");
    // UTF-8 is shown as it is.
    assert_eq!(read_answer(&mut session, &other), "8080/tcp p\u{c3}\u{a1}gina");
    session.expect("http: no more answers (2 answers from 2 servents, the first after ");

    // Nobody answers the second: it says so, and the next prompt comes.
    session.expect("key> ");
    session.type_line("  smtp ");
    expect_clireq(&servent, "smtp");
    expect_clireq(&servent, "smtp");
    session.expect("smtp: no answer\r\n");

    // P-45: an empty line asks nothing.
    session.expect("key> ");
    session.type_line("");
    session.expect("key> ");
    // Interactive use ends with 0, also after a key without an answer.
    session.type_control('d');
    session.expect_end(0);
    servent.expect_nothing_left();
}

#[test]
fn the_prompt_says_how_to_leave_and_that_words_are_one_key() {
    let servent = Peer::new();
    let mut session = client(&servent, &["--timeout", "0.1", "--tries", "1"]);
    session.expect("keys, one a line; Ctrl-D leaves\r\n");
    session.expect("key> ");
    session.type_line("quit");
    session.expect("Ctrl-D leaves; to ask for the key quit, type it once more\r\n");
    session.expect("key> ");
    servent.expect_nothing_left();
    session.type_line("quit");
    expect_clireq(&servent, "quit");
    session.expect("quit: no answer\r\n");
    for (words, is_said) in [("http smtp", true), ("ftp ssh", false)] {
        session.expect("key> ");
        session.type_line(words);
        expect_clireq(&servent, words);
        session.expect(&format!("{words}: no answer\r\n"));
        if is_said {
            session.expect("'http smtp' is one key, white space included");
        }
    }
    let shown = session.expect("key> ");
    assert!(!shown.contains("is one key"), "{shown:?}");
    session.type_control('d');
    session.expect_end(0);
    servent.expect_nothing_left();
}

#[test]
fn ctrl_c_stops_a_wait_and_at_the_prompt_it_leaves() {
    let servent = Peer::new();
    let mut session = client(&servent, &["--timeout", "600"]);
    session.expect("key> ");
    session.type_line("http");
    expect_clireq(&servent, "http");
    session.type_control('c');
    session.expect("http: stopped");

    // It is of use again: a wait that has answers already is stopped in the same way.
    session.expect("key> ");
    session.type_line("smtp");
    let client = expect_clireq(&servent, "smtp");
    servent.send(client, &response(b"smtp", b"25/tcp"));
    session.expect("25/tcp");
    session.type_control('c');
    session.expect("smtp: stopped");

    session.expect("key> ");
    session.type_control('c');
    session.expect_end(0);
    servent.expect_nothing_left();
}

#[test]
fn p44_what_a_stranger_sends_cannot_command_the_terminal() {
    let servent = Peer::new();
    let mut session = client(&servent, &["--timeout", "0.7", "http"]);
    let client = expect_clireq(&servent, "http");
    // Each value, and what of it must be readable all the same.
    let hostile: [(&[u8], &str); 10] = [
        (b"a\x1b[2Jb", "[2Jb"),
        (b"a\x1b]0;title\x07b", "]0;title"),
        (b"a\rb", "b"),
        (b"a\nb", "b"),
        (b"a\x08\x08b", "b"),
        (b"a\x7fb", "b"),
        (b"a\xc2\x9b2Jb", "2Jb"),
        (b"a\x9b2Jb", "2Jb"),
        (b"a\xe2\x80\xaeb", "b"),
        (b"a\xe9 \xff\xfeb", "b"),
    ];
    for (value, _) in hostile {
        servent.send(client, &response(b"http", value));
    }
    for (value, readable) in hostile {
        let shown = read_answer(&mut session, &servent);
        assert!(shown.starts_with('a') && shown.contains(readable), "{shown:?}");
        assert!(shown.chars().all(|shown| matches!(shown, ' '..='~')), "of {}: {shown:?}", value.escape_ascii());
        assert!(shown.contains('\\'), "of {}: {shown:?}", value.escape_ascii());
    }
    let rest = session.expect_end(0);
    assert!(rest.contains("(10 answers from 1 servent, the first after "), "{rest:?}");
}

#[test]
fn p44_a_key_that_is_not_text_is_escaped_as_well() {
    let servent = Peer::new();
    let session = client(&servent, &["--timeout", "0.1", "k\x1b[31m"]);
    expect_clireq(&servent, "k\x1b[31m");
    // The live line is erased by the program itself.
    let said = session.expect_end(1).replace("\r\x1b[K", "");
    assert!(said.contains("[31m: no answer") && !said.contains('\x1b'), "{said:?}");
}
