//! What is asked: P-45, keys as arguments, and the exit codes.

use super::{TIMEOUT, ask, ask_with_stdin, expect_clireq, line};
use crate::support::Peer;
use crate::support::wire::response;

/// Answers the next question at `servent`, which must be for `key`.
fn answer(servent: &Peer, key: &str, value: &str) {
    let client = expect_clireq(servent, key.as_bytes());
    servent.send(client, &response(key.as_bytes(), value.as_bytes()));
}

#[test]
fn several_keys_are_asked_in_turn_if_one_is_asked_at_a_time_and_one_without_an_answer_makes_the_code_1() {
    let servent = Peer::new();
    let program = ask(&servent, &["http", "smtp", "ssh", "--jobs", "1", TIMEOUT[0], TIMEOUT[1]]);
    answer(&servent, "http", "80/tcp");
    expect_clireq(&servent, b"smtp");
    expect_clireq(&servent, b"smtp");
    answer(&servent, "ssh", "22/tcp");
    let finished = program.finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let lines = line("http", &servent, "80/tcp") + &line("ssh", &servent, "22/tcp");
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), lines);
    assert!(finished.stderr.contains("smtp: no answer\n"), "{}", finished.stderr);
    servent.expect_nothing_left();
}

#[test]
fn a_late_answer_to_the_last_key_is_no_answer_to_the_next() {
    let servent = Peer::new();
    let program = ask(&servent, &["http", "smtp", "--jobs", "1", TIMEOUT[0], TIMEOUT[1]]);
    answer(&servent, "http", "80/tcp");
    let client = expect_clireq(&servent, b"smtp");
    servent.send(client, &response(b"http", b"8080/tcp"));
    servent.send(client, &response(b"smtp", b"25/tcp"));
    let finished = program.finish();
    let lines = line("http", &servent, "80/tcp") + &line("smtp", &servent, "25/tcp");
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), lines);
}

#[test]
fn p45_lines_are_trimmed_empty_ones_ask_nothing_and_the_last_needs_no_end() {
    let servent = Peer::new();
    let mut program = ask_with_stdin(&servent, &TIMEOUT);
    program.write(b"\n   \n\t\n  http \t\r\n\nssh");
    program.close_stdin();
    answer(&servent, "http", "80/tcp");
    // The end of input is there: the query in progress is finished all the same.
    answer(&servent, "ssh", "22/tcp");
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let lines = line("http", &servent, "80/tcp") + &line("ssh", &servent, "22/tcp");
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), lines);
    assert!(!finished.stderr.contains("key>"), "a prompt without a terminal: {}", finished.stderr);
    servent.expect_nothing_left();
}

#[test]
fn p45_words_of_a_line_are_one_key_and_bytes_need_not_be_utf8() {
    let servent = Peer::new();
    let mut program = ask_with_stdin(&servent, &TIMEOUT);
    program.write(b"two words\ncaf\xe9\n");
    program.close_stdin();
    answer(&servent, "two words", "1");
    let client = expect_clireq(&servent, b"caf\xe9");
    servent.send(client, &response(b"caf\xe9", b"2"));
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let last = [b"caf\xe9\t", servent.addr().to_string().as_bytes(), b"\t2\n"].concat();
    assert!(finished.stdout.ends_with(&last), "{}", finished.stdout.escape_ascii());
}

#[test]
fn p40_lines_are_asked_as_they_are_typed() {
    let servent = Peer::new();
    let mut program = ask_with_stdin(&servent, &TIMEOUT);
    for key in ["http", "smtp"] {
        program.write(format!("{key}\n").as_bytes());
        answer(&servent, key, "value");
        program.stderr.expect("no more answers");
    }
    program.close_stdin();
    assert_eq!(program.finish().code, Some(0));
}

#[test]
fn p45_input_without_a_key_asks_nothing_and_is_no_failure() {
    let servent = Peer::new();
    for input in [&b""[..], b"\n \n"] {
        let mut program = ask_with_stdin(&servent, &TIMEOUT);
        program.write(input);
        program.close_stdin();
        let finished = program.finish();
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert!(finished.stdout.is_empty());
        servent.expect_nothing_left();
    }
}

#[test]
fn a_lone_dash_is_standard_input() {
    let servent = Peer::new();
    let mut program = ask_with_stdin(&servent, &["-", TIMEOUT[0], TIMEOUT[1]]);
    program.write(b"http\n");
    program.close_stdin();
    answer(&servent, "http", "80/tcp");
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), line("http", &servent, "80/tcp"));
    servent.expect_nothing_left();
}

#[test]
fn times_have_units_and_what_is_typed_often_has_short_names() {
    let servent = Peer::new();
    let finished = ask(&servent, &["-t", "50ms", "-n", "3", "-j", "1", "http", "smtp"]).finish();
    for key in [b"http", b"http", b"http", b"smtp", b"smtp", b"smtp"] {
        expect_clireq(&servent, key);
    }
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("after 0.05 s, asking again"), "{}", finished.stderr);
    servent.expect_nothing_left();
}

#[test]
fn a_key_from_standard_input_without_an_answer_makes_the_code_1() {
    let servent = Peer::new();
    let mut program = ask_with_stdin(&servent, &["--timeout", "0.1"]);
    program.write(b"http\n");
    program.close_stdin();
    expect_clireq(&servent, b"http");
    expect_clireq(&servent, b"http");
    let finished = program.finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("http: no answer"), "{}", finished.stderr);
}

#[test]
fn p45_a_key_argument_is_trimmed_too() {
    let servent = Peer::new();
    let program = ask(&servent, &["  http\t", TIMEOUT[0], TIMEOUT[1]]);
    answer(&servent, "http", "80/tcp");
    assert_eq!(program.finish().code, Some(0));
}
