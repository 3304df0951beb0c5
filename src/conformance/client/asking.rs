//! A client's question.

use super::ClientRig;
use crate::conformance::bytes::{Kind, message, without_nuls};
use crate::conformance::probe::{Chapter, Level, Outcome, Probe};
use crate::conformance::rig::Rig;
use crate::conformance::sentences;
use crate::conformance::words::Words;

const fn probe(
    id: &'static str,
    clause: &'static str,
    level: Level,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Asking, id, clause, level, promise, run)
}

pub(super) static PROBES: [Probe; 1] = [probe(
    "client-clireq-bytes",
    "P-1",
    Level::Assignment,
    ["the question is type 1 and the key", "a pergunta é o tipo 1 e a chave"],
    clireq_bytes,
)
.quotes(sentences::CLIREQ)];

const KEY: &[u8] = b"chave-pedida";

fn clireq_bytes(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let question = client.ask(KEY)?;
    // NULs behind the key are a decision.
    if without_nuls(&question.bytes) == message(Kind::Clireq, KEY) {
        return Ok(());
    }
    let expected = message(Kind::Clireq, KEY);
    let explanation = Words::new(
        "a CLIREQ is type 1, in 2 bytes and network order, and the key, and nothing else",
        "uma CLIREQ é o tipo 1, em 2 bytes e ordem de rede, e a chave, e mais nada",
    );
    rig.same_bytes(Kind::Clireq, &expected, &question, explanation)
}
