//! The probes of a client, by chapter.
//!
//! | file | holds |
//! |---|---|
//! | `rig` | a client in a terminal, and the servent that it asks |
//! | `screen` | what can be read of what a program wrote to a terminal |
//! | `reading` | what its user reads |
//! | `timing` | the 4 s, and how they are measured |
//! | `asking` | its question |
//! | `showing` | the values that it shows |
//! | `naming` | whom it hears and names |
//! | `waiting` | its 4 s, and asking again |
//! | `ending` | the end of a question, and the next one |
//! | `hostile` | what must not end it |
//! | `mistaken` | what is no answer |
//!
//! It is judged by its datagrams and by the text of its screen, never by its wording: that a question is over is told by
//! whatever it writes then. An answer bears the key as the client wrote it, so that a wrong question fails its own probes
//! alone; and each probe asks one key but those of the next one, since a client may end after one.

mod asking;
mod ending;
mod hostile;
mod mistaken;
mod naming;
mod reading;
mod rig;
mod screen;
mod showing;
mod timing;
mod waiting;

pub use rig::{ClientRig, FIRST_QUESTION_WAIT_MAX, framing, has_fixed_port};

use super::probe::Probe;

/// All of them, in the order in which they are told.
pub static PROBES: &[&[Probe]] = &[
    &asking::PROBES,
    &showing::PROBES,
    &naming::PROBES,
    &waiting::PROBES,
    &ending::PROBES,
    &hostile::PROBES,
    &mistaken::PROBES,
];

/// The key that most probes ask for. It stands in nothing else that is typed or sent.
const KEY: &[u8] = b"chave-pedida";

/// Its value.
const VALUE: &[u8] = b"valor-recebido";

/// What is said where a value is not shown.
const NOT_SHOWN: super::Words = super::Words::new(
    "the answer reached the client, and its value cannot be read on the screen, not even when its waiting is over",
    "a resposta chegou ao cliente, e o valor não pode ser lido na tela, nem mesmo depois do fim da espera",
);
