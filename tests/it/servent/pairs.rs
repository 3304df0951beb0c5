//! What a key-value file means, asked over the wire: P-30 to P-33.

use crate::support::wire::clireq;
use crate::support::{Peer, Rig, Servent, TempDir};
use nix::sys::signal::Signal;

/// What is said of a file: its name, its bytes, and what each key's answer is; `None` for keys that it must not hold.
type Row = (&'static str, &'static [u8], &'static [(&'static [u8], Option<&'static [u8]>)]);

/// The excerpt of `/etc/services` in the assignment.
const ASSIGNMENT: &[u8] = b"# WELL KNOWN PORT NUMBERS
#
rtmp          1/ddp      #Routing Table Maintenance Protocol
tcpmux        1/udp      # TCP Port Service Multiplexer
tcpmux        1/tcp      # TCP Port Service Multiplexer
#              Mark Lottor <MKL@nisc.sri.com>
nbp           2/ddp      #Name Binding Protocol
compressnet    2/udp      # Management Utility
compressnet    2/tcp      # Management Utility
";

const FILES: [Row; 9] = [
    (
        "P-31: the assignment's excerpt",
        ASSIGNMENT,
        &[
            (b"rtmp", Some(b"1/ddp      #Routing Table Maintenance Protocol")),
            (b"tcpmux", Some(b"1/tcp      # TCP Port Service Multiplexer")),
            (b"nbp", Some(b"2/ddp      #Name Binding Protocol")),
            (b"compressnet", Some(b"2/tcp      # Management Utility")),
            (b"#", None),
            (b"#Routing", None),
            (b"Mark", None),
        ],
    ),
    (
        "P-30: tabs and spaces separate, further tabs belong to the value",
        b"one\t1\ntwo\t\t\t2\nthree 3\nfour \t 4\nfive\t5\t\t5 \x0b5\n",
        &[
            (b"one", Some(b"1")),
            (b"two", Some(b"2")),
            (b"three", Some(b"3")),
            (b"four", Some(b"4")),
            (b"five", Some(b"5\t\t5 \x0b5")),
        ],
    ),
    (
        "P-31: comments, and a repeated key keeps its last value",
        b"#a 1\n# b 2\nc # 3\nd 4 # four\nd 5\n#d 6\ne#f 7\n",
        &[
            (b"a", None),
            (b"#a", None),
            (b"b", None),
            (b"c", Some(b"# 3")),
            (b"d", Some(b"5")),
            (b"e#f", Some(b"7")),
            (b"e", None),
        ],
    ),
    (
        "P-32: CRLF and no last line end",
        b"a 1\r\nb 2\nc 3",
        &[(b"a", Some(b"1")), (b"b", Some(b"2")), (b"c", Some(b"3"))],
    ),
    ("P-32: no last line end after CRLF", b"a 1\r\nb 2\r", &[(b"a", Some(b"1")), (b"b", Some(b"2"))]),
    ("P-32: a byte order mark", b"\xef\xbb\xbfa 1\nb 2\n", &[(b"a", Some(b"1")), (b"b", Some(b"2"))]),
    (
        "P-32: blank lines, leading and trailing whitespace",
        b"\n\n  \t\n\r\n \ta\t1 \t \n  b 2  2  \r\n\t\n",
        &[(b"a", Some(b"1")), (b"b", Some(b"2  2"))],
    ),
    (
        "P-33: keys without a value and lines with a NUL are skipped",
        b"a\nb\t\nc  \r\nd 1\0 2\ne\0 3\nf 4\na\n",
        &[(b"a", None), (b"b", None), (b"c", None), (b"d", None), (b"e", None), (b"f", Some(b"4"))],
    ),
    ("an empty file", b"", &[(b"a", None)]),
];

#[test]
fn p30_to_p33_each_file_yields_exactly_these_pairs() {
    for (name, bytes, answers) in FILES {
        let dir = TempDir::new();
        let (client, neighbour) = (Peer::new(), Peer::new());
        let servent = Servent::start(&dir.write("pairs.txt", bytes), &[neighbour.addr().to_string()]);
        for (key, answer) in answers {
            client.send(servent.addr(), &clireq(key));
            // It came in: a stop does not wait for what is still in the receive buffer.
            neighbour.recv_from(servent.addr());
            if let Some(value) = answer {
                // What must not be answered shows here, or at the end: answers keep their order.
                let found = client.recv_from(servent.addr());
                assert_eq!(found, [b"\0\x03", *key, b"\t", value].concat(), "{name}: {}", key.escape_ascii());
            }
        }
        let held = answers.iter().filter(|(_, answer)| answer.is_some()).count() as u64;
        let pairs = format!("{held} pair");
        assert!(servent.banner().contains(&pairs), "{name}: no {pairs:?} in: {}", servent.banner());
        servent.stop().expect(&[("answered", held), ("not_found", answers.len() as u64 - held)]);
        client.expect_nothing_left();
    }
}

#[test]
fn p33_at_most_ten_lines_are_warned_about_and_the_rest_is_counted() {
    let dir = TempDir::new();
    let bad: String = (1..=25).map(|line| format!("key{line}\n")).collect();
    let file = dir.write("pairs.txt", format!("sentinel end\n{bad}").as_bytes());
    let (finished, _) = Servent::start(&file, &[]).stop_by(Signal::SIGTERM);
    let warnings = warnings_about(&finished.stderr, "pairs.txt");
    for line in 2..=11 {
        let place = format!("pairs.txt:{line}: ");
        assert_eq!(warnings.iter().filter(|warning| warning.contains(&place)).count(), 1, "{place} {warnings:#?}");
    }
    let about_a_line = |warning: &&&str| {
        let (_, place) = warning.split_once("pairs.txt:").unwrap_or_default();
        place.starts_with(|first: char| first.is_ascii_digit())
    };
    assert_eq!(warnings.iter().filter(about_a_line).count(), 10, "{warnings:#?}");
    assert!(warnings.iter().any(|warning| warning.contains("15 more")), "the other 15: {warnings:#?}");
}

#[test]
fn p33_answers_that_ip_will_fragment_are_said_once() {
    let dir = TempDir::new();
    // type, key, tab and value: 1,472 bytes fit one packet, 1,473 do not.
    let value = |len: usize| "v".repeat(len - 2 - 4 - 1);
    let fits = dir.write("fits.txt", format!("fits {}\n", value(1_472)).as_bytes());
    let (finished, _) = Servent::start(&fits, &[]).stop_by(Signal::SIGTERM);
    assert_eq!(warnings_about(&finished.stderr, "fits.txt"), [""; 0]);

    let long = format!("fits {}\nlon1 {}\nlon2 {}\n", value(1_472), value(1_473), value(9_000));
    let rig = Rig::with_pairs(long.as_bytes(), 0, &[]);
    rig.settle();
    let (finished, _) = rig.servent.stop_by(Signal::SIGTERM);
    let said = warnings_about(&finished.stderr, "pairs.txt");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains(": 2 pairs make RESPONSEs of 1473 bytes or more"), "{said:?}");
}

fn warnings_about<'a>(stderr: &'a str, file: &str) -> Vec<&'a str> {
    stderr.lines().filter(|line| line.contains("WARN") && line.contains(file)).collect()
}
