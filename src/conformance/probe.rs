//! What a probe is, and what it finds.

use super::bytes::Kind;
use super::words::Words;
use super::{Datagram, Rig};

/// Which of the two programs is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `serventTP3`.
    Servent,
    /// `clientTP3`.
    Client,
}

/// The edition of the assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Edition {
    /// Text is the rest of a datagram.
    #[default]
    Of2016,
    /// Text ends with a NUL; keys have up to 40 bytes, values up to 160.
    Of2017,
}

impl Edition {
    /// Its year.
    #[must_use]
    pub const fn year(self) -> u16 {
        match self {
            Self::Of2016 => 2016,
            Self::Of2017 => 2017,
        }
    }

    /// Bytes of a key that is long, and that no program may cut short for a limit of the edition.
    #[must_use]
    pub const fn long_key_len(self) -> usize {
        match self {
            Self::Of2016 => 100,
            Self::Of2017 => 40,
        }
    }

    /// The same of a value.
    #[must_use]
    pub const fn long_value_len(self) -> usize {
        match self {
            Self::Of2016 => 400,
            Self::Of2017 => 160,
        }
    }
}

/// What a failure of a probe means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The quoted sentence decides it, however it is read. This level alone makes the exit code.
    Assignment,
    /// The assignment leaves it open; what is expected is one way, this project's.
    Decision,
    /// What strangers and accidents bring must not end the program.
    Robustness,
}

/// A sentence of the assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// As it stands there.
    pub pt: &'static str,
    /// Our translation.
    pub en: &'static str,
}

/// Part of a table of probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chapter {
    /// A servent's start.
    Start,
    /// A CLIREQ's answer.
    Response,
    /// The QUERY that is made of a CLIREQ.
    Query,
    /// A QUERY's answer.
    Lookup,
    /// A QUERY passed on.
    Forward,
    /// What was seen before.
    Duplicate,
    /// The key-value file.
    File,
    /// What must not end a program.
    Survival,
    /// Several servents.
    Overlay,
    /// A client's question.
    Asking,
    /// A client's waiting and asking again.
    Waiting,
    /// What a client shows.
    Showing,
    /// The end of a client's question, and the next one.
    Ending,
    /// What must not mislead or end a client.
    Hostile,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Assignment, Self::Decision, Self::Robustness];

    /// Its name, as it is chosen by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assignment => "assignment",
            Self::Decision => "decision",
            Self::Robustness => "robustness",
        }
    }
}

impl Target {
    /// Its name, as it is chosen by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Servent => "servent",
            Self::Client => "client",
        }
    }
}

impl Chapter {
    /// Its name, as it is chosen by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Response => "response",
            Self::Query => "query",
            Self::Lookup => "lookup",
            Self::Forward => "forward",
            Self::Duplicate => "duplicate",
            Self::File => "file",
            Self::Survival => "survival",
            Self::Overlay => "overlay",
            Self::Asking => "asking",
            Self::Waiting => "waiting",
            Self::Showing => "showing",
            Self::Ending => "ending",
            Self::Hostile => "hostile",
        }
    }

    /// Its title.
    #[must_use]
    pub const fn title(self) -> Words {
        match self {
            Self::Start => Words::new("start", "início"),
            Self::Response => Words::new("CLIREQ to RESPONSE", "de CLIREQ a RESPONSE"),
            Self::Query => Words::new("CLIREQ to QUERY", "de CLIREQ a QUERY"),
            Self::Lookup => Words::new("QUERY to RESPONSE", "de QUERY a RESPONSE"),
            Self::Forward => Words::new("forwarding", "repasse"),
            Self::Duplicate => Words::new("duplicates", "duplicatas"),
            Self::File => Words::new("key-value file", "arquivo chave-valor"),
            Self::Survival => Words::new("survival", "sobrevivência"),
            Self::Overlay => Words::new("overlays", "redes sobrepostas"),
            Self::Asking => Words::new("asking", "consulta"),
            Self::Waiting => Words::new("waiting", "espera"),
            Self::Showing => Words::new("showing", "exibição"),
            Self::Ending => Words::new("the end, and the next key", "o fim, e a próxima chave"),
            Self::Hostile => Words::new("hostile datagrams", "datagramas hostis"),
        }
    }
}

/// One promise, and how it is tried.
#[derive(Debug)]
pub struct Probe {
    /// Its name, which stays: `forward-ttl`.
    pub id: &'static str,
    /// Where it stands.
    pub chapter: Chapter,
    /// The clause of ARCHITECTURE.md: `P-14`.
    pub clause: &'static str,
    /// What a failure means.
    pub level: Level,
    /// The ids of those that must pass for it to mean anything.
    pub rests_on: &'static [&'static str],
    /// What is promised, as a short sentence.
    pub promise: Words,
    /// The sentence that decides it, or that it takes up.
    pub sentence: Option<Sentence>,
    /// The only edition that it is for.
    pub edition: Option<Edition>,
    /// Tries it with programs that nobody used before.
    pub run: fn(&mut Rig<'_>) -> Outcome,
}

impl Probe {
    /// One that rests on nothing and quotes nothing; its promise is given in English and Portuguese.
    #[must_use]
    pub const fn new(
        chapter: Chapter,
        id: &'static str,
        clause: &'static str,
        level: Level,
        [en, pt]: [&'static str; 2],
        run: fn(&mut Rig<'_>) -> Outcome,
    ) -> Self {
        let promise = Words::new(en, pt);
        Self { id, chapter, clause, level, rests_on: &[], promise, sentence: None, edition: None, run }
    }

    /// Whether it is meant by a word: its id, or the name of its chapter, level or clause.
    #[must_use]
    pub fn is_meant_by(&self, word: &str) -> bool {
        let names = [self.id, self.chapter.name(), self.level.name()];
        names.contains(&word) || self.clause.eq_ignore_ascii_case(word)
    }

    /// Whether it is meant by any of these words.
    #[must_use]
    pub fn is_any_of(&self, words: &[String]) -> bool {
        words.iter().any(|word| self.is_meant_by(word))
    }

    /// It means something only if these pass.
    #[must_use]
    pub const fn rests_on(mut self, ids: &'static [&'static str]) -> Self {
        self.rests_on = ids;
        self
    }

    /// The sentence that decides it, or that it takes up.
    #[must_use]
    pub const fn quotes(mut self, sentence: Sentence) -> Self {
        self.sentence = Some(sentence);
        self
    }

    /// It is for this edition alone.
    #[must_use]
    pub const fn only_in(mut self, edition: Edition) -> Self {
        self.edition = Some(edition);
        self
    }
}

/// What a probe found.
pub type Outcome = Result<(), Stop>;

/// Why a probe did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The program is wrong.
    Fails(Box<Failure>),
    /// It could not be tried, for this cause, which is not the program's.
    NotTried(Words),
}

/// What was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was sent to the program, in order, that led to it.
    pub sent: Vec<Shown>,
    /// What had to come.
    pub expected: Shown,
    /// What came.
    pub found: Shown,
    /// What it means, in a sentence.
    pub explanation: Words,
    /// How the program ended, if it did, or that it hangs.
    pub end: Option<End>,
}

/// The end of a program that should have gone on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It ended.
    Ended {
        /// How.
        how: Words,
        /// The last lines that it wrote to standard error.
        last_words: Vec<String>,
    },
    /// It runs, and answers nothing any more.
    Hangs,
}

/// What is shown of something sent, expected or found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// No datagram, no word.
    Nothing,
    /// Told in words.
    Words(Words),
    /// A datagram.
    Datagram {
        /// As what its bytes are read.
        kind: Kind,
        /// The bytes.
        bytes: Vec<u8>,
        /// Between whom, `client to servent`.
        way: Words,
    },
    /// Several.
    Several(Vec<Shown>),
}

impl Shown {
    /// Told in words.
    #[must_use]
    pub const fn words(en: &'static str, pt: &'static str) -> Self {
        Self::Words(Words::new(en, pt))
    }

    /// A datagram that was received, read as `kind`.
    #[must_use]
    pub fn datagram(kind: Kind, datagram: &Datagram) -> Self {
        Self::Datagram { kind, bytes: datagram.bytes.clone(), way: datagram.way.clone() }
    }

    /// All these datagrams; [`Shown::Nothing`] if there are none.
    #[must_use]
    pub fn datagrams<'a>(kind: Kind, datagrams: impl IntoIterator<Item = &'a Datagram>) -> Self {
        let mut shown: Vec<_> = datagrams.into_iter().map(|datagram| Self::datagram(kind, datagram)).collect();
        match shown.len() {
            0 => Self::Nothing,
            1 => shown.remove(0),
            _ => Self::Several(shown),
        }
    }

    /// A single datagram: as what its bytes are read, and the bytes.
    #[must_use]
    pub fn single(&self) -> Option<(Kind, &[u8])> {
        match self {
            Self::Datagram { kind, bytes, .. } => Some((*kind, bytes)),
            Self::Nothing | Self::Words(_) | Self::Several(_) => None,
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Fails(Box::new(failure))
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::NotTried(Words::made(
            format!("this machine does not allow it: {error}"),
            format!("esta máquina não permite: {error}"),
        ))
    }
}
