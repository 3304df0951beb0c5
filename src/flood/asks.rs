//! Which CLIREQ became which QUERY: a CLIREQ has no number, and the QUERY that it became has one.
//!
//! A servent deals with the CLIREQs of one client for one key in their order, and looks up and floods in parallel. So
//! the first QUERY belongs to the first CLIREQ that came before it and has none, and so does the first look-up.

use super::model::PeerId;
use super::records::{Question, QuestionId, Records, RunId, What};
use std::collections::HashSet;

/// One event about a CLIREQ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    run: RunId,
    client: PeerId,
    key: u32,
    at: i64,
    stage: Stage,
    index: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Asked,
    Flooded,
    LookedUp,
}

/// A CLIREQ that came in, and what was found to belong to it.
struct Asked {
    at: i64,
    index: usize,
    flood: Option<QuestionId>,
    lookup: Option<usize>,
}

/// Gives each event about a CLIREQ the question that the CLIREQ became. One that became none gets a question of its own.
pub(super) fn resolve(records: &mut Records) {
    let mut parts: Vec<Part> = Vec::new();
    for (index, event) in records.events.iter().enumerate() {
        let Some(&Question { client, key, seq, .. }) = records.questions.get(event.question.0 as usize) else {
            continue;
        };
        let stage = match event.what {
            What::Asked => Stage::Asked,
            What::Flooded => Stage::Flooded,
            What::LookedUp(_) if seq.is_none() => Stage::LookedUp,
            _ => continue,
        };
        parts.push(Part { run: event.run, client, key, at: event.at, stage, index });
    }
    parts.sort_unstable();
    let mut unnumbered = 0;
    let of_one = |first: &Part, next: &Part| (first.run, first.client, first.key) == (next.run, next.client, next.key);
    for group in parts.chunk_by(of_one) {
        resolve_group(records, group, &mut unnumbered);
    }
}

fn resolve_group(records: &mut Records, group: &[Part], unnumbered: &mut u32) {
    let mut asked: Vec<Asked> = Vec::new();
    let mut floods: Vec<(i64, QuestionId)> = Vec::new();
    let mut known = HashSet::new();
    let mut strays = Vec::new();
    // Those before have what they can get.
    let (mut flooded_to, mut looked_up_to) = (0, 0);
    for part in group {
        match part.stage {
            Stage::Asked => asked.push(Asked { at: part.at, index: part.index, flood: None, lookup: None }),
            Stage::Flooded => {
                let question = records.events[part.index].question;
                if !known.insert(question) {
                    continue;
                }
                floods.push((part.at, question));
                if let Some(mine) = asked.get_mut(flooded_to) {
                    mine.flood = Some(question);
                    flooded_to += 1;
                }
            }
            Stage::LookedUp => match asked.get_mut(looked_up_to) {
                Some(mine) => {
                    mine.lookup = Some(part.index);
                    looked_up_to += 1;
                }
                None => strays.push(*part),
            },
        }
    }
    let Part { client, key, .. } = group[0];
    let mut own_question = |records: &mut Records| {
        *unnumbered += 1;
        records.number(Question { client, key, seq: None, nth: *unnumbered })
    };
    for Asked { at, index, flood, lookup } in asked {
        debug_assert!(at <= records.events[index].at);
        let question = flood.unwrap_or_else(|| own_question(records));
        for index in [Some(index), lookup].into_iter().flatten() {
            records.events[index].question = question;
        }
    }
    // A look-up whose CLIREQ no line tells of belongs to the QUERY before it.
    for stray in strays {
        let before = floods.iter().rev().find(|&&(at, _)| at <= stray.at).or(floods.first());
        let question = before.map_or_else(|| own_question(records), |&(_, question)| question);
        records.events[stray.index].question = question;
    }
}
