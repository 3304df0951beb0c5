//! Every word of a report, in English and Portuguese.

use crate::conformance::probe::{Level, Target};
use crate::conformance::verdict::{ProbeResult, Standing, Verdict};
use crate::conformance::words::Words;
use crate::telling::Language;
use std::borrow::Cow;

pub(super) const PASS: Words = Words::new("pass", "passa");
pub(super) const FAIL: Words = Words::new("FAIL", "FALHA");
pub(super) const SENT: Words = Words::new("sent", "enviado");
pub(super) const EXPECTED: Words = Words::new("expected", "esperado");
pub(super) const FOUND: Words = Words::new("found", "encontrado");
pub(super) const NOTHING: Words = Words::new("nothing", "nada");
pub(super) const MEANS: Words = Words::new("what it means", "o que significa");
pub(super) const CAUSE: Words = Words::new("usual cause", "causa usual");
pub(super) const ASSIGNMENT: Words = Words::new("the assignment says", "diz o enunciado");
pub(super) const LAST_WORDS: Words = Words::new("the end of its standard error", "o fim de sua saída de erro");
pub(super) const AGAIN: Words = Words::new("this probe alone", "só este teste");
pub(super) const CONVERSATION: Words = Words::new("the conversation", "a conversa");
pub(super) const CHAPTER: Words = Words::new("chapter", "capítulo");
pub(super) const TOTAL: Words = Words::new("all", "total");
pub(super) const PROGRAM: Words = Words::new("program", "programa");
pub(super) const NAME: Words = Words::new("name", "nome");
pub(super) const FAILS_IN: Words = Words::new("fails in", "falha em");
pub(super) const FRAMING: Words = Words::new("framing", "formato dos textos");
pub(super) const UNKNOWN_FRAMING: Words =
    Words::new("not known: no question was answered", "desconhecido: nenhuma consulta foi respondida");
pub(super) const NOT_ISOLATED: Words = Words::new(
    "warning: not root, so the program runs in this network and may send anywhere",
    "aviso: sem root, o programa roda nesta rede e pode enviar para qualquer lugar",
);
pub(super) const NOT_ALL: Words = Words::new("not judged", "sem veredito");
pub(super) const CONTROL: Words = Words::new("control question", "pergunta de controle");
pub(super) const TYPED: Words = Words::new("typed", "digitado");
pub(super) const KNOWN: Words = Words::new("known not to pass", "sabidamente não passa");
pub(super) const UNEXPECTED: Words =
    Words::new("PASSES, though it is expected not to", "PASSA, embora se esperasse que não");

/// A level, as a word of a table.
pub(super) const fn level(level: Level) -> Words {
    match level {
        Level::Assignment => Words::new("assignment", "enunciado"),
        Level::Decision => Words::new("decision", "decisão"),
        Level::Robustness => Words::new("robustness", "robustez"),
    }
}

/// What a level's failures mean.
pub(super) const fn level_meaning(level: Level) -> Words {
    match level {
        Level::Assignment => Words::new(
            "assignment: the quoted sentence decides it, however it is read",
            "enunciado: a frase citada decide, como quer que seja lida",
        ),
        Level::Decision => Words::new(
            "decision: the assignment leaves it open; this is one way, and it does not count",
            "decisão: o enunciado deixa em aberto; esta é uma das maneiras, e não conta",
        ),
        Level::Robustness => Words::new(
            "robustness: what strangers send must not end it; it does not count",
            "robustez: o que estranhos enviam não deve derrubá-lo; não conta",
        ),
    }
}

/// A program under test.
pub(super) const fn target(target: Target) -> Words {
    match target {
        Target::Servent => Words::new("servent", "servent"),
        Target::Client => Words::new("client", "cliente"),
    }
}

/// What became of a probe, on a line.
pub(super) fn verdict(result: &ProbeResult, known: &[String]) -> Words {
    let told = match &result.verdict {
        Verdict::Pass => PASS,
        Verdict::Fail(_) => FAIL,
        Verdict::Blocked(by) => Words::made(format!("blocked by {by}"), format!("bloqueado por {by}")),
        Verdict::NotTried(cause) => {
            Words::made(format!("not tried: {}", cause.en), format!("não testado: {}", cause.pt))
        }
    };
    match Standing::of(result, known) {
        Standing::Known => Words::made(format!("{}, {}", told.en, KNOWN.en), format!("{}, {}", told.pt, KNOWN.pt)),
        Standing::Unexpected => UNEXPECTED,
        Standing::Right | Standing::Wrong | Standing::Uncounted => told,
    }
}

/// Where two datagrams differ first, and how.
pub(super) fn difference(at: usize, expected: Option<u8>, found: Option<u8>) -> Words {
    match (expected, found) {
        (Some(expected), Some(found)) => Words::made(
            format!("byte {at} is {found:02x}, expected {expected:02x}"),
            format!("o byte {at} é {found:02x}, esperado {expected:02x}"),
        ),
        (Some(expected), None) => Words::made(
            format!("it ends before byte {at}, expected {expected:02x}"),
            format!("termina antes do byte {at}, esperado {expected:02x}"),
        ),
        (None, _) => Words::made(
            format!("byte {at} and what follows it are too much"),
            format!("o byte {at} e o que vem depois dele sobram"),
        ),
    }
}

/// That bytes are left out.
pub(super) fn left_out(count: usize) -> Words {
    Words::made(format!("... {count} bytes more ..."), format!("... mais {count} bytes ..."))
}

/// The verdict on the probes that count, as one line.
pub(super) fn summary(passed: usize, failed: usize, blocked: usize, untried: usize) -> Words {
    let total = passed + failed + blocked + untried;
    let part = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let list = |parts: [Option<String>; 3]| {
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() { String::new() } else { format!("; {}", parts.join(", ")) }
    };
    Words::made(
        format!(
            "assignment: {passed} of {total} pass{}",
            list([
                part(failed, "fails", "fail"),
                part(blocked, "blocked", "blocked"),
                part(untried, "not tried", "not tried")
            ])
        ),
        format!(
            "enunciado: {passed} de {total} passam{}",
            list([
                part(failed, "falha", "falham"),
                part(blocked, "bloqueado", "bloqueados"),
                part(untried, "não testado", "não testados"),
            ])
        ),
    )
}

/// Which failure to mend first: others may come of it.
pub(super) fn begin_with(id: &str) -> Words {
    Words::made(
        format!("begin with {id}, the first failure above: others may come of it"),
        format!("comece por {id}, a primeira falha acima: outras podem vir dela"),
    )
}

/// How far a check is.
pub(super) fn progress(done: usize, total: usize, failed: usize) -> Words {
    Words::made(
        format!("{done} of {total} probes, {failed} failed"),
        format!("{done} de {total} testes, {failed} falharam"),
    )
}

/// How far a class is.
pub(super) fn class_progress(done: usize, total: usize) -> Words {
    Words::made(format!("{done} of {total} programs"), format!("{done} de {total} programas"))
}

/// What a program wrote, and where.
pub(super) fn wrote(program: &Words, is_error: bool) -> Words {
    if is_error {
        Words::made(
            format!("{} wrote to standard error", program.en),
            format!("{} escreveu na saída de erro", program.pt),
        )
    } else {
        Words::made(format!("{} wrote", program.en), format!("{} escreveu", program.pt))
    }
}

/// The one of two languages that is wanted, for what stands beside [`Words`].
pub(super) fn sentence(sentence: crate::conformance::Sentence, language: Language) -> Cow<'static, str> {
    Cow::Borrowed(language.of(sentence.en, sentence.pt))
}
