//! What a servent of which there is no record did, by the records of those that it got a QUERY from and sent it to.
//!
//! Only what is certain: who is not the one that was asked sends no QUERY with the time-to-live of an origin, whatever it
//! got. More can be said where a flood shows all that came to it: where it alone of those that the flood reached has no
//! record, and the others' are whole, the one's that was asked among them. Which of several copies was its first is still
//! not known, so what would be right after any of them is no finding, and neither is that one came twice: networks do that.

use super::finding::{Breach, Finding};
use super::model::{Copy, PeerId};
use super::records::RunRecord;
use super::walk::{Recorded, Tour};
use crate::types::{SeqNo, Ttl};
use crate::wire::{QueryHeader, encode_query};

/// The findings about all of whom there is no record, of a flood that began with a CLIREQ at `entry`.
pub(super) fn judge(tour: &Tour<'_>, entry: PeerId) -> Vec<Finding> {
    let copies = &tour.copies.copies;
    let is_recorded = |peer: PeerId| tour.recorded[peer.0 as usize] != Recorded::Not;
    let mut unrecorded: Vec<PeerId> =
        copies.iter().flat_map(|copy| [copy.from, copy.to]).filter(|&peer| !is_recorded(peer)).collect();
    if unrecorded.is_empty() || !is_recorded(entry) {
        return Vec::new();
    }
    unrecorded.sort_unstable();
    unrecorded.dedup();
    let is_all_known = unrecorded.len() == 1 && is_whole(tour);
    let mut findings = Vec::new();
    for servent in unrecorded {
        let got: Vec<&Copy> = copies.iter().filter(|copy| copy.to == servent).collect();
        // Who got nothing may be anybody who repeats what others sent.
        if got.is_empty() {
            continue;
        }
        for copy in copies.iter().filter(|copy| copy.from == servent) {
            let breaches = [is_an_origins(copy), is_all_known.then(|| impossible(copy, &got)).flatten()];
            let back = is_all_known.then(|| sent_back(copy, &got)).flatten();
            let breach = breaches.into_iter().flatten().last();
            for breach in breach.into_iter().chain(back) {
                if !findings.iter().any(|known: &Finding| (known.servent, known.breach) == (servent, breach)) {
                    let bytes = Some(bytes(tour, copy));
                    findings.push(Finding { breach, servent, at: copy.at(), bytes });
                }
            }
        }
    }
    findings
}

/// What only an origin sends.
fn is_an_origins(copy: &Copy) -> Option<Breach> {
    let due = Ttl::INITIAL.0 - 1;
    (copy.ttl > due).then_some(Breach::WrongTtl { found: copy.ttl, due })
}

/// What is right after none of the copies that it got.
fn impossible(copy: &Copy, got: &[&Copy]) -> Option<Breach> {
    let due = |copy: &&Copy| copy.ttl.min(Ttl::INITIAL.0).saturating_sub(1);
    let is_right = got.iter().any(|got| due(got) == copy.ttl);
    let due = got.iter().map(due).max()?;
    (!is_right).then_some(Breach::WrongTtl { found: copy.ttl, due })
}

/// It went to the only one that it can have come from.
fn sent_back(copy: &Copy, got: &[&Copy]) -> Option<Breach> {
    got.iter().all(|got| got.from == copy.to).then_some(Breach::SentBack { to: copy.to })
}

/// Whether the records of all others leave nothing out over the time of the flood.
fn is_whole(tour: &Tour<'_>) -> bool {
    let (Some(first), Some(last)) = (tour.events.first(), tour.events.last()) else { return false };
    let ends = tour.copies.copies.iter().flat_map(|copy| [copy.from, copy.to]);
    let mut recorded = ends.filter(|peer| tour.recorded[peer.0 as usize] != Recorded::Not);
    recorded.all(|peer| {
        let is_its = |run: &&RunRecord| run.peer == peer && run.is_whole;
        tour.records.runs.iter().filter(is_its).any(|run| run.from <= first.at && last.at <= run.to)
    })
}

/// The QUERY, as far as it is known: less its padding.
fn bytes(tour: &Tour<'_>, copy: &Copy) -> Box<[u8]> {
    let records = tour.records;
    let question = &records.questions[tour.events[0].question.0 as usize];
    let mut bytes = Vec::new();
    let client = records.peers[question.client.0 as usize];
    let header = QueryHeader { ttl: Ttl(copy.ttl), client, seq: SeqNo(question.seq.unwrap_or_default()) };
    encode_query(&mut bytes, header, &records.keys[question.key as usize]);
    bytes.into()
}
