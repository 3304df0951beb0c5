//! How a servent writes text, found out by asking.

use crate::conformance::bytes::{Kind, contains, find, message};
use crate::conformance::framing::{Framing, PADDED_TO};
use crate::conformance::probe::{Edition, Stop};
use crate::conformance::rig::{ANSWER_WAIT_MAX, Datagram, PeerId, ProgramId, Rig, Setup, World};

/// Pairs for questions in each framing.
const FRAMING_FILE: &str = "puro\tvalor-puro\nzero\tvalor-zero\n";

/// Finds out how a servent writes text: a raw key that is answered tells by the NULs of the answer, and of the QUERY.
///
/// # Errors
/// That it does not start.
pub fn framing(world: &World) -> Result<Option<Framing>, Stop> {
    let mut rig = Rig::new(world)?;
    let client = rig.client()?;
    let [neighbour] = rig.neighbours()?;
    let setup = Setup::new(FRAMING_FILE).bare().neighbours([rig.address(neighbour)]);
    let servent = rig.start(&setup)?;
    // From here on a program that ends is no more than one that does not understand.
    let found = ask_both(&mut rig, client, neighbour, servent);
    if let Ok(Some(framing)) = found {
        return Ok(Some(framing));
    }
    for framings in [vec![Framing::Nul], PADDED_TO.map(Framing::Padded).to_vec()] {
        if let Ok(Some(framing)) = ask_each(world, &framings) {
            return Ok(Some(framing));
        }
    }
    Ok(None)
}

/// Asks one key raw and then another one with a NUL.
fn ask_both(rig: &mut Rig<'_>, client: PeerId, neighbour: PeerId, servent: ProgramId) -> Result<Option<Framing>, Stop> {
    let to = rig.reach(servent);
    let is_raw = |datagram: &Datagram| contains(&datagram.bytes, b"valor-puro");
    let is_nul = |datagram: &Datagram| contains(&datagram.bytes, b"valor-zero");
    rig.send(client, to, &message(Kind::Clireq, b"puro"))?;
    rig.send(client, to, &message(Kind::Clireq, b"zero\0"))?;
    if rig.await_within(client, |datagram| is_raw(datagram) || is_nul(datagram), ANSWER_WAIT_MAX)?.is_none() {
        return Ok(None);
    }
    // The other answer may be on its way still: what was asked once more is answered behind it.
    for round in 2..4 {
        rig.send(client, to, &message(Kind::Clireq, b"puro"))?;
        rig.send(client, to, &message(Kind::Clireq, b"zero\0"))?;
        let mut look = |rig: &Rig<'_>| {
            let counts = [rig.matching(client, is_raw).len(), rig.matching(client, is_nul).len()];
            counts.into_iter().any(|count| count >= round).then_some(())
        };
        rig.await_that(&mut look, ANSWER_WAIT_MAX)?;
    }
    let (raw, nul) = (rig.matching(client, is_raw), rig.matching(client, is_nul));
    // An answer may end with a NUL though a question with one is not understood: keys are raw then.
    match (raw.is_empty(), nul.is_empty()) {
        (true, false) => return Ok(Some(Framing::Nul)),
        (false, false) if rig.world().edition == Edition::Of2017 => return Ok(Some(Framing::Nul)),
        (_, true) => return Ok(Some(Framing::Raw)),
        (false, false) => {}
    }
    let rest = |datagram: &Datagram, text: &[u8]| {
        let end = find(&datagram.bytes, text).map_or(datagram.bytes.len(), |at| at + text.len());
        Framing::of_rest(text.len(), &datagram.bytes[end..])
    };
    let of_answer = raw.first().map(|datagram| rest(datagram, b"valor-puro")).unwrap_or_default();
    let queries = rig.matching(neighbour, |datagram| contains(&datagram.bytes, b"puro"));
    Ok(Some(match (of_answer, queries.first().map(|datagram| rest(datagram, b"puro"))) {
        // A key's field has a length of its own.
        (Framing::Padded(_), Some(of_query @ Framing::Padded(_))) => of_query,
        (of_answer, _) => of_answer,
    }))
}

/// Asks a key in each of these framings, and tells the first that is answered.
fn ask_each(world: &World, framings: &[Framing]) -> Result<Option<Framing>, Stop> {
    let mut rig = Rig::new(world)?;
    let client = rig.client()?;
    let [neighbour] = rig.neighbours()?;
    let key = |index: usize| format!("quadro-{index}-");
    let value = |index: usize| format!("valor-{index}-");
    let pairs: String = (0..framings.len()).map(|index| format!("{}\t{}\n", key(index), value(index))).collect();
    let servent = rig.start(&Setup::new(pairs).bare().neighbours([rig.address(neighbour)]))?;
    let to = rig.reach(servent);
    for (index, framing) in framings.iter().enumerate() {
        rig.send(client, to, &message(Kind::Clireq, &framing.field(key(index).as_bytes())))?;
    }
    let mut look = |rig: &Rig<'_>| {
        (0..framings.len()).find(|&index| {
            let value = value(index);
            !rig.matching(client, |datagram| contains(&datagram.bytes, value.as_bytes())).is_empty()
        })
    };
    Ok(rig.await_that(&mut look, ANSWER_WAIT_MAX)?.map(|index| framings[index]))
}
