//! Reports of results that no program gave: whatever a program may write is text in each of them.

use super::*;
use crate::conformance::bytes::Kind;
use crate::conformance::conversation::{Conversation, Entry, What};
use crate::conformance::probe::{Failure, Shown};
use crate::conformance::servent;
use crate::telling::{Language, Style};
use std::time::Duration;

/// What a stranger might send and write, to a terminal and to a browser.
const HOSTILE: &[u8] = b"\0\x03<script>alert(1)</script>&\"'\x1b[2J\r\n]]>\xe2\x80\xae\xff";

fn checked() -> Checked {
    let hostile = String::from_utf8_lossy(HOSTILE).into_owned();
    let datagram = |bytes: &[u8]| Shown::Datagram {
        kind: Kind::Response,
        bytes: bytes.to_vec(),
        way: Words::new("servent to client", "servent para cliente"),
    };
    let failure = Failure {
        sent: vec![datagram(HOSTILE)],
        expected: datagram(b"\0\x03key\tvalue"),
        found: datagram(HOSTILE),
        explanation: Words::same(hostile.clone()),
        end: Some(End::Ended { how: Words::same(hostile.clone()), last_words: vec![hostile.clone()] }),
    };
    let address = "127.0.0.1:1".parse().unwrap();
    let what = What::Datagram {
        from: (Words::same("a"), address),
        to: (Words::same("b"), address),
        bytes: HOSTILE.to_vec(),
        is_control: false,
    };
    let wrote = What::Wrote { program: Words::same("a"), output: HOSTILE.to_vec(), errors: HOSTILE.to_vec() };
    let all = [what, What::Typed(HOSTILE.to_vec()), What::Event(Words::same(hostile)), wrote];
    let entries = all.map(|what| Entry { at: Duration::from_millis(1), what }).into();
    let probes: Vec<&'static Probe> = servent::PROBES.iter().copied().flatten().take(4).collect();
    let verdicts = [
        Verdict::Pass,
        Verdict::Fail(Box::new(failure)),
        Verdict::Blocked("some-probe"),
        Verdict::NotTried(Words::new("interrupted", "interrompido")),
    ];
    let results = probes.into_iter().zip(verdicts).map(|(probe, verdict)| ProbeResult {
        probe,
        verdict,
        conversation: Conversation { entries: Vec::clone(&entries) },
    });
    Checked { framing: Some(Framing::Raw), is_isolated: true, results: results.collect() }
}

fn with_report<T>(body: impl FnOnce(&Report<'_>) -> T) -> T {
    let checked = checked();
    let command = ["./s".into(), "<script>\x1b".into()];
    body(&Report {
        target: Target::Servent,
        edition: Edition::Of2016,
        command: &command,
        checked: &checked,
        known: &[],
    })
}

fn is_harmless(text: &str) -> bool {
    text.chars().all(|character| character == '\n' || !character.is_control() && character != '\u{202e}')
}

#[test]
fn p44_nothing_that_a_program_writes_moves_a_terminals_cursor() {
    for language in [Language::English, Language::Portuguese] {
        for width in [40, 80, 100, 250] {
            let style = Style { language, width, is_coloured: false };
            let told = with_report(|report| text(report, style, true));
            assert!(is_harmless(&told), "{told:?}");
        }
        let line = with_report(|report| json(report, language, true));
        assert!(is_harmless(&line) && line.matches('\n').count() == 1, "{line:?}");
    }
}

#[test]
fn p44_nothing_that_a_program_writes_is_markup_of_a_page_or_of_junit() {
    for language in [Language::English, Language::Portuguese] {
        for document in [with_report(|report| page(report, language)), with_report(|report| junit(report, language))] {
            assert!(is_harmless(&document), "{document:?}");
            assert!(!document.contains("<script") && !document.contains("]]>"), "{document}");
            assert!(document.contains("&lt;script&gt;"), "{document}");
        }
    }
}

#[test]
fn the_verdict_tells_the_four_kinds_apart() {
    let style = Style { language: Language::English, width: 100, is_coloured: false };
    let told = with_report(|report| text(report, style, false));
    for part in ["FAIL  ", "blocked by some-probe", "not tried: interrupted"] {
        assert!(told.contains(part), "no {part} in {told}");
    }
    assert_eq!(with_report(|report| report.exit_code()), 1);
}

#[test]
fn every_line_but_bytes_and_commands_keeps_to_the_width() {
    let style = Style { language: Language::Portuguese, width: 80, is_coloured: false };
    let told = with_report(|report| text(report, style, false));
    let is_long = |line: &&str| line.chars().count() > 80 && !line.contains("tp3 check") && !line.contains('|');
    assert_eq!(told.lines().find(is_long), None, "{told}");
}
