//! A check told as text.

use crate::conformance::bytes::{Kind, first_difference};
use crate::conformance::checking::Checked;
use crate::conformance::probe::{Failure, Level, Shown};
use crate::conformance::verdict::{ProbeResult, Verdict};
use crate::telling::Language;
use std::fmt::Write;

/// All verdicts, then each failure.
#[must_use]
pub fn text(checked: &Checked, language: Language) -> String {
    let mut text = String::new();
    let mut chapter = None;
    for result in &checked.results {
        if chapter != Some(result.probe.chapter) {
            chapter = Some(result.probe.chapter);
            line(&mut text, result.probe.chapter.title().of(language));
        }
        line(&mut text, &format!("  {}", row(result, language)));
    }
    for result in &checked.results {
        if let Verdict::Fail(failure) = &result.verdict {
            line(&mut text, &format!("\n{} ({})", result.probe.id, result.probe.clause));
            tell(&mut text, failure, language);
            if let Some(sentence) = result.probe.sentence {
                line(&mut text, &format!("  \"{}\"", language.of(sentence.en, sentence.pt)));
            }
        }
    }
    text
}

fn row(result: &ProbeResult, language: Language) -> String {
    let verdict = match &result.verdict {
        Verdict::Pass => language.of("pass", "passa").to_owned(),
        Verdict::Fail(_) => language.of("FAIL", "FALHA").to_owned(),
        Verdict::Blocked(by) => format!("{} {by}", language.of("blocked by", "bloqueado por")),
        Verdict::NotTried(cause) => format!("{}: {}", language.of("not tried", "não testado"), cause.of(language)),
    };
    let level = match result.probe.level {
        Level::Assignment => "A",
        Level::Decision => "D",
        Level::Robustness => "R",
    };
    format!("{level} {:28} {verdict}", result.probe.id)
}

fn tell(text: &mut String, failure: &Failure, language: Language) {
    for sent in &failure.sent {
        line(text, &format!("  {}: {}", language.of("sent", "enviado"), shown(sent, language)));
    }
    line(text, &format!("  {}: {}", language.of("expected", "esperado"), shown(&failure.expected, language)));
    line(text, &format!("  {}: {}", language.of("found", "encontrado"), shown(&failure.found, language)));
    if let (Some(expected), Some(found)) = (failure.expected.bytes(), failure.found.bytes())
        && let Some(at) = first_difference(expected, found)
    {
        line(text, &format!("  {} {at}", language.of("first difference at byte", "primeira diferença no byte")));
    }
    line(text, &format!("  {}", failure.explanation.of(language)));
    if let Some(crate::conformance::probe::End::Ended { last_words, .. }) = &failure.end {
        last_words.iter().for_each(|word| line(text, &format!("    | {word}")));
    }
}

fn shown(shown: &Shown, language: Language) -> String {
    match shown {
        Shown::Nothing => language.of("nothing", "nada").to_owned(),
        Shown::Words(words) => words.of(language).to_owned(),
        Shown::Datagram { kind, bytes, way } => datagram(*kind, bytes, way.of(language)),
        Shown::Several(all) => {
            all.iter().map(|one| self::shown(one, language)).collect::<Vec<_>>().join("\n            ")
        }
    }
}

fn datagram(kind: Kind, bytes: &[u8], way: &str) -> String {
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        write!(hex, " {byte:02x}").ok();
        hex
    });
    format!("{way}: {}{hex}", kind.name())
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
