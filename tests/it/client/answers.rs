//! What counts as an answer and how it is shown: P-41 to P-44.

use super::{TIMEOUT, ask, expect_clireq, line};
use crate::support::Peer;
use crate::support::wire::{query, response};
use std::process::Stdio;

const HTTP: [&str; 3] = ["http", TIMEOUT[0], TIMEOUT[1]];

#[test]
fn p41_p42_answers_from_anywhere_are_shown_with_who_sent_them() {
    let servent = Peer::new();
    let other = Peer::new();
    let mut program = ask(&servent, &HTTP);
    let client = expect_clireq(&servent, b"http");
    // The first answer is there before any other is sent: answers are shown as they come.
    other.send(client, &response(b"http", b"8080/tcp\t# not the asked one"));
    assert_eq!(program.stdout.expect("http"), line("http", &other, "8080/tcp\t# not the asked one").trim_end());
    servent.send(client, &response(b"http", b"80/tcp"));
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let lines = line("http", &other, "8080/tcp\t# not the asked one") + &line("http", &servent, "80/tcp");
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), lines);
    assert!(finished.stderr.contains("http: no more answers (2 answers)"), "{}", finished.stderr);
}

#[test]
fn p42_a_malformed_datagram_another_type_or_another_key_is_no_answer() {
    let servent = Peer::new();
    let program = ask(&servent, &HTTP);
    let client = expect_clireq(&servent, b"http");
    let no_answers = [
        b"".to_vec(),
        b"\0".to_vec(),
        b"\0\x03".to_vec(),
        b"\0\x03http".to_vec(),
        b"\0\x03http\0\t80/tcp".to_vec(),
        b"\0\x03\t80/tcp".to_vec(),
        b"\x03\0http\t80/tcp".to_vec(),
        b"\0\x01http\t80/tcp".to_vec(),
        b"\0\x04http\t80/tcp".to_vec(),
        query(3, client, 1, b"http\t80/tcp"),
        response(b"smtp", b"25/tcp"),
        response(b"htt", b"80/tcp"),
        response(b"https", b"443/tcp"),
        response(b"HTTP", b"80/tcp"),
        response(b"http ", b"80/tcp"),
        response(b" http", b"80/tcp"),
    ];
    for datagram in &no_answers {
        servent.send(client, datagram);
    }
    // They are no answers, so it asks again; and they end nothing, so it still takes the true one.
    let client = expect_clireq(&servent, b"http");
    servent.send(client, &response(b"http", b"80/tcp"));
    let finished = program.finish();
    assert_eq!(String::from_utf8_lossy(&finished.stdout), line("http", &servent, "80/tcp"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stderr.contains("http: no more answers (1 answer)"), "{}", finished.stderr);
    servent.expect_nothing_left();
}

#[test]
fn p43_the_same_answer_from_the_same_servent_is_shown_once() {
    let servent = Peer::new();
    let other = Peer::new();
    let program = ask(&servent, &HTTP);
    let client = expect_clireq(&servent, b"http");
    for (peer, value) in [
        (&servent, &b"80/tcp"[..]),
        (&servent, b"80/tcp"),
        (&servent, b"80/tcp\0\0"),
        (&other, b"80/tcp"),
        (&servent, b"8080/tcp"),
        (&other, b"80/tcp\0junk"),
        (&servent, b"80/tcp"),
    ] {
        peer.send(client, &response(b"http", value));
    }
    let finished = program.finish();
    let lines =
        line("http", &servent, "80/tcp") + &line("http", &other, "80/tcp") + &line("http", &servent, "8080/tcp");
    assert_eq!(String::from_utf8_lossy(&finished.stdout), lines);
    assert!(finished.stderr.contains("http: no more answers (3 answers)"), "{}", finished.stderr);
}

#[test]
fn p44_in_a_pipe_values_go_out_as_they_are() {
    let servent = Peer::new();
    let program = ask(&servent, &HTTP);
    let client = expect_clireq(&servent, b"http");
    let mut expected = Vec::new();
    for value in [
        &b"80/tcp"[..],
        b"",
        b"\t\ttabs\tinside\t",
        b" spaces ",
        b"caf\xe9 in Latin-1",
        "café in UTF-8".as_bytes(),
        b"\x1b[31mred\x1b[0m \x07\x7f \xc2\x9b",
        b"\xe2\x80\xae",
        &[b'v'; 60_000],
    ] {
        servent.send(client, &response(b"http", value));
        expected.extend([format!("http\t{}\t", servent.addr()).as_bytes(), value, b"\n"].concat());
    }
    let finished = program.finish();
    assert_eq!(finished.stdout.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
}

#[test]
fn p2_an_answer_ends_at_its_first_nul() {
    let servents = [(); 3].map(|()| Peer::new());
    let program = ask(&servents[0], &HTTP);
    let client = expect_clireq(&servents[0], b"http");
    let mut lines = String::new();
    for (servent, tail) in servents.iter().zip([&b"\0"[..], b"\0\0\0\0", b"\0junk\t"]) {
        servent.send(client, &response(b"http", &[b"80/tcp", tail].concat()));
        lines += &line("http", servent, "80/tcp");
    }
    assert_eq!(String::from_utf8(program.finish().stdout).unwrap(), lines);
}

#[test]
fn a_closed_output_is_no_panic() {
    let servent = Peer::new();
    let mut command = crate::support::Program::command(crate::support::CLIENT, super::args(&servent, &HTTP));
    // The other end is closed before the program can write.
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    drop((reader, command));
    let client = expect_clireq(&servent, b"http");
    servent.send(client, &response(b"http", b"80/tcp"));
    let mut stderr = String::new();
    std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut stderr).unwrap();
    let status = child.wait().unwrap();
    assert!(!stderr.contains("panicked") && !stderr.contains("bug"), "{stderr}");
    // A reader that has enough, such as `head`, is no failure; and it ended by itself, not by a signal.
    assert_eq!(status.code(), Some(0), "{stderr}");
}
