//! Every sentence about a flood, in English and Portuguese.

use super::counted::HOP;
use crate::flood::{Breach, LookedUp, Miss, Model, PeerId, Why};
use crate::stats::DropCause;

/// A language that people are told in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Portuguese, of Brazil.
    Portuguese,
}

impl Language {
    /// The language of a locale as the environment names it, `pt_BR.UTF-8`; English where there are no words in it.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        if locale.starts_with("pt") { Self::Portuguese } else { Self::English }
    }

    /// The language as HTML and SVG name it.
    pub(crate) fn tag(self) -> &'static str {
        self.of("en", "pt-BR")
    }

    /// The one of two that is in this language.
    pub(crate) fn of<'a>(self, english: &'a str, portuguese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Portuguese => portuguese,
        }
    }

    /// A number, or words in which no other point stands, with the language's decimal sign.
    pub(crate) fn number(self, text: &str) -> String {
        text.replace('.', self.of(".", ","))
    }

    /// What a servent's look-up gave.
    pub(crate) fn lookup(self, lookup: LookedUp) -> String {
        match lookup {
            LookedUp::Answered => self.of("answered", "respondeu").to_owned(),
            LookedUp::NotHeld => self.of("does not hold the key", "não tem a chave").to_owned(),
            LookedUp::Withheld(cause) => {
                format!("{} ({})", self.of("holds it, no answer left", "tem, mas nada foi enviado"), cause.name())
            }
            LookedUp::Silent => self.of("no answer seen", "nenhuma resposta vista").to_owned(),
            LookedUp::Unknown => self.of("not recorded", "sem registro").to_owned(),
        }
    }

    /// Why a servent was not reached, or that nobody knows whether it was, as a sentence.
    pub(crate) fn miss(self, model: &Model, miss: &Miss) -> String {
        let name = |peer: PeerId| model.peer(peer).address.to_string();
        let who = name(miss.servent);
        let holds = match (miss.holds, self) {
            (Some(true), Self::English) => " holds the key and",
            (Some(true), Self::Portuguese) => " tem a chave e",
            _ => "",
        };
        let far = miss.distance.map_or_else(String::new, |distance| {
            let hops = self.count(distance.into(), HOP);
            match self {
                Self::English => format!(", {hops} away"),
                Self::Portuguese => format!(", a {hops}"),
            }
        });
        let why = self.why(model, miss.servent, miss.why);
        if !miss.is_certain {
            let holds =
                if miss.holds == Some(true) { self.of(", which holds the key,", ", que tem a chave,") } else { "" };
            return match self {
                Self::English => format!("whether {who}{holds} was reached{far}, is not recorded: {why}"),
                Self::Portuguese => format!("se {who}{holds} foi alcançado{far}, não está registrado: {why}"),
            };
        }
        let was = self.of(" was not reached", " não foi alcançado");
        format!("{who}{holds}{was}{far}: {why}")
    }

    fn why(self, model: &Model, servent: PeerId, why: Why) -> String {
        let name = |peer: PeerId| model.peer(peer).address.to_string();
        // Said of a servent before it on the way, unless it is about this one.
        let it = |peer: PeerId| if peer == servent { self.of("it", "ele").to_owned() } else { name(peer) };
        match (why, self) {
            (Why::TtlEnded { at }, Self::English) => {
                format!("the time-to-live ended at {}, where a longer path was faster (P-19)", name(at))
            }
            (Why::TtlEnded { at }, Self::Portuguese) => {
                format!("o TTL acabou em {}, onde um caminho mais longo foi mais rápido (P-19)", name(at))
            }
            (Why::OutOfReach { nearest, is_reached }, Self::English) => {
                let ended = if is_reached { "ended" } else { "would have ended" };
                format!("the time-to-live {ended} at {}", name(nearest))
            }
            (Why::OutOfReach { nearest, is_reached }, Self::Portuguese) => {
                format!("o TTL {} em {}", if is_reached { "acabou" } else { "teria acabado" }, name(nearest))
            }
            (Why::Lost { from, to }, Self::English) => {
                format!("the QUERY was lost on the way from {} to {}", name(from), it(to))
            }
            (Why::Lost { from, to }, Self::Portuguese) => {
                format!("a QUERY se perdeu no caminho de {} para {}", name(from), it(to))
            }
            (Why::Refused { from, to, cause: DropCause::LinkCut }, Self::English) => {
                format!("the QUERY was still under way from {} to {} when its sender stopped", name(from), it(to))
            }
            (Why::Refused { from, to, cause: DropCause::LinkCut }, Self::Portuguese) => {
                format!("a QUERY ainda estava a caminho de {} para {} quando o remetente parou", name(from), it(to))
            }
            (Why::Refused { from, to, cause }, Self::English) => {
                format!("the QUERY from {} to {} was refused ({})", name(from), it(to), cause.name())
            }
            (Why::Refused { from, to, cause }, Self::Portuguese) => {
                format!("a QUERY de {} para {} foi recusada ({})", name(from), it(to), cause.name())
            }
            (Why::Down { servent }, Self::English) => format!("{} was not running", it(servent)),
            (Why::Down { servent }, Self::Portuguese) => format!("{} não estava no ar", it(servent)),
            (Why::LeftOut { by }, Self::English) => format!("{} did not send the QUERY on to it", name(by)),
            (Why::LeftOut { by }, Self::Portuguese) => format!("{} não lhe repassou a QUERY", name(by)),
            (Why::NoPath, Self::English) => "the overlay has no path to it".to_owned(),
            (Why::NoPath, Self::Portuguese) => "a rede não tem caminho até ele".to_owned(),
            (Why::NotRecorded { servent }, Self::English) => {
                format!("a QUERY was sent to {}, and no record tells what became of it", it(servent))
            }
            (Why::NotRecorded { servent }, Self::Portuguese) => {
                format!("uma QUERY foi enviada para {}, e nenhum registro diz o que houve com ela", it(servent))
            }
            (Why::Unknown, Self::English) => "the records do not tell why".to_owned(),
            (Why::Unknown, Self::Portuguese) => "os registros não dizem por quê".to_owned(),
        }
    }

    /// What breaks a clause.
    pub(crate) fn breach(self, model: &Model, breach: Breach) -> String {
        let name = |peer: PeerId| model.peer(peer).address.to_string();
        match (breach, self) {
            (Breach::SentBack { to }, Self::English) => {
                format!("sent the QUERY back to {}, from which it came", name(to))
            }
            (Breach::SentBack { to }, Self::Portuguese) => {
                format!("devolveu a QUERY a {}, de onde ela veio", name(to))
            }
            (Breach::WrongTtl { found, due: 0 }, Self::English) => {
                format!("sent the QUERY on with time-to-live {found}, where it had to end")
            }
            (Breach::WrongTtl { found, due: 0 }, Self::Portuguese) => {
                format!("repassou a QUERY com TTL {found}, onde ela devia acabar")
            }
            (Breach::WrongTtl { found, due }, Self::English) => {
                format!("sent the QUERY with time-to-live {found}, and {due} was due")
            }
            (Breach::WrongTtl { found, due }, Self::Portuguese) => {
                format!("enviou a QUERY com TTL {found}, e devia ser {due}")
            }
            (Breach::ChangedBytes, Self::English) => "changed bytes of the QUERY behind its header".to_owned(),
            (Breach::ChangedBytes, Self::Portuguese) => "mudou bytes da QUERY depois do cabeçalho".to_owned(),
            (Breach::ForwardedAgain { to }, Self::English) => {
                format!("sent a QUERY that it had sent on before, to {}", name(to))
            }
            (Breach::ForwardedAgain { to }, Self::Portuguese) => {
                format!("repassou de novo uma QUERY já repassada, para {}", name(to))
            }
            (Breach::AnsweredAgain, Self::English) => "answered a query that it had answered before".to_owned(),
            (Breach::AnsweredAgain, Self::Portuguese) => "respondeu de novo a uma consulta já respondida".to_owned(),
            (Breach::AnsweredFromElsewhere { expected }, _) => {
                let port = expected.map_or_else(String::new, |port| format!(" ({port})"));
                let english = "answered from another port than the one that got the question";
                format!("{}{port}", self.of(english, "respondeu de outro porto que não o que recebeu a pergunta"))
            }
            (Breach::BeyondThreeHops { hops }, Self::English) => {
                format!("sent the QUERY over link number {hops}, and three are allowed")
            }
            (Breach::BeyondThreeHops { hops }, Self::Portuguese) => {
                format!("enviou a QUERY pelo enlace número {hops}, e só três são permitidos")
            }
        }
    }

    /// What became of a copy that did not come first.
    pub(crate) fn fate(self, fate: crate::flood::Fate) -> String {
        use crate::flood::Fate;
        let refused = |cause: DropCause| format!("{} ({})", self.of("refused", "recusada"), cause.name());
        match fate {
            Fate::First => self.of("first", "primeira").to_owned(),
            Fate::Duplicate => self.of("duplicate", "duplicada").to_owned(),
            Fate::DuplicateHigherTtl => {
                self.of("duplicate with more time-to-live left (P-19)", "duplicada com TTL maior (P-19)").to_owned()
            }
            Fate::Lost => self.of("lost", "perdida").to_owned(),
            Fate::Down => self.of("nobody was running there", "ninguém no ar").to_owned(),
            Fate::Refused(DropCause::LinkCut) => self
                .of("still under way when its sender stopped", "ainda a caminho quando o remetente parou")
                .to_owned(),
            Fate::Refused(cause) => refused(cause),
            Fate::Unknown => self.of("not recorded", "sem registro").to_owned(),
        }
    }
}
