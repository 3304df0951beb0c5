//! Things that are counted, in both languages: `1 answer`, `2 respostas`.

use super::words::Language;

/// What something is called that is counted: one of it, and several; of none it is said as of several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noun {
    english: [&'static str; 2],
    portuguese: [&'static str; 2],
}

/// RESPONSEs.
pub(crate) const ANSWER: Noun = noun(["answer", "answers"], ["resposta", "respostas"]);
/// Bytes.
pub(crate) const BYTE: Noun = noun(["byte", "bytes"], ["byte", "bytes"]);
/// QUERYs from one servent to one other.
pub(crate) const COPY: Noun = noun(["copy", "copies"], ["cópia", "cópias"]);
/// Said of QUERYs.
pub(crate) const DUPLICATE: Noun = noun(["duplicate", "duplicate"], ["duplicada", "duplicadas"]);
/// What a trace tells of.
pub(crate) const EVENT: Noun = noun(["event", "events"], ["evento", "eventos"]);
/// Links between servents.
pub(crate) const HOP: Noun = noun(["hop", "hops"], ["salto", "saltos"]);
/// Those of a file.
pub(crate) const LINE: Noun = noun(["line", "lines"], ["linha", "linhas"]);
/// Said of QUERYs.
pub(crate) const LOST: Noun = noun(["lost", "lost"], ["perdida", "perdidas"]);
/// Those of the protocol.
pub(crate) const MESSAGE: Noun = noun(["message", "messages"], ["mensagem", "mensagens"]);
/// Servents that a servent sends to.
pub(crate) const NEIGHBOUR: Noun = noun(["neighbour", "neighbours"], ["vizinho", "vizinhos"]);
/// Those of a capture.
pub(crate) const PACKET: Noun = noun(["packet", "packets"], ["pacote", "pacotes"]);
/// Messages.
pub(crate) const QUERY: Noun = noun(["QUERY", "QUERYs"], ["QUERY", "QUERYs"]);
/// What a client asks.
pub(crate) const QUESTION: Noun = noun(["question", "questions"], ["pergunta", "perguntas"]);
/// Servents that a flood came to.
pub(crate) const SERVENT_REACHED: Noun =
    noun(["servent reached", "servents reached"], ["servent alcançado", "servents alcançados"]);
/// How often.
pub(crate) const TIME: Noun = noun(["time", "times"], ["vez", "vezes"]);

/// What is said of one and of several, in English and in Portuguese.
pub(crate) const fn noun(english: [&'static str; 2], portuguese: [&'static str; 2]) -> Noun {
    Noun { english, portuguese }
}

impl Language {
    /// So many of something.
    pub(crate) fn count(self, count: u64, noun: Noun) -> String {
        format!("{count} {}", self.inflect(count, noun))
    }

    /// What so many are called, or what is said of so many.
    pub(crate) fn inflect(self, count: u64, noun: Noun) -> &'static str {
        let [one, several] = match self {
            Self::English => noun.english,
            Self::Portuguese => noun.portuguese,
        };
        if count == 1 { one } else { several }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_said_as_one_and_none_as_several() {
        let said = |language: Language| [0, 1, 2].map(|count| language.count(count, ANSWER));
        assert_eq!(said(Language::English), ["0 answers", "1 answer", "2 answers"]);
        assert_eq!(said(Language::Portuguese), ["0 respostas", "1 resposta", "2 respostas"]);
    }
}
