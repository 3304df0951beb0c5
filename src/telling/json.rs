//! A flood as one object on one line, as `data/flood.schema.json` describes it.

use crate::flood::{
    Answer, Breach, Copy, Fate, Finding, Flood, LookedUp, Miss, Model, Moment, Onward, PeerId, Visit, Why,
};
use crate::json::unicode_escape;
use crate::text::judge;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Writes a flood as an object on a line of its own. Times are nanoseconds since the first thing that was recorded.
#[must_use]
pub fn json(model: &Model, flood: &Flood) -> String {
    let telling = Telling { model };
    let mut object = Map::new();
    object.insert("number".into(), flood.id.0.into());
    object.insert("client".into(), flood.client.to_string().into());
    object.insert("seq".into(), flood.seq.map(|seq| seq.0).into());
    bytes(&mut object, "key", &flood.key);
    object.insert("entry".into(), telling.maybe(flood.entry));
    object.insert("asked_ns".into(), nanos(flood.asked));
    object.insert("first_ns".into(), flood.first.0.into());
    object.insert("last_ns".into(), flood.last.0.into());
    object.insert("wall_ns".into(), model.wall_nanos.map(|wall| wall.saturating_add(flood.first.0)).into());
    object.insert("retransmission_of".into(), flood.retransmission_of.map(|flood| flood.0).into());
    object.insert("servents".into(), flood.visits.iter().map(|visit| telling.visit(visit)).collect());
    object.insert("copies".into(), flood.copies.iter().map(|copy| telling.copy(copy)).collect());
    object.insert("answers".into(), flood.answers.iter().map(|answer| telling.answer(answer)).collect());
    object.insert("not_reached".into(), model.misses(flood).iter().map(|miss| telling.miss(miss)).collect());
    let cost = flood.cost;
    let cost = json!({
        "messages": cost.messages, "duplicates": cost.duplicates, "lost": cost.lost, "bytes": cost.bytes,
    });
    object.insert("cost".into(), cost);
    let prediction = model.prediction(flood).map(|prediction| {
        json!({
            "servents": prediction.servents, "messages": prediction.messages,
            "degree": prediction.degree, "bound": prediction.bound,
        })
    });
    object.insert("prediction".into(), prediction.into());
    object.insert("findings".into(), flood.findings.iter().map(|finding| telling.finding(finding)).collect());
    safe(&Value::Object(object).to_string())
}

struct Telling<'a> {
    model: &'a Model,
}

impl Telling<'_> {
    fn name(&self, peer: PeerId) -> Value {
        self.model.peer(peer).address.to_string().into()
    }

    fn maybe(&self, peer: Option<PeerId>) -> Value {
        peer.map_or(Value::Null, |peer| self.name(peer))
    }

    fn visit(&self, visit: &Visit) -> Value {
        let (lookup, why) = match visit.lookup {
            LookedUp::Answered => ("answered", None),
            LookedUp::NotHeld => ("not_held", None),
            LookedUp::Withheld(cause) => ("withheld", Some(cause.name())),
            LookedUp::Silent => ("silent", None),
            LookedUp::Unknown => ("unknown", None),
        };
        let (onward, count) = match visit.onward {
            Onward::Sent(count) => ("sent", count),
            Onward::TtlEnded => ("ttl_ended", 0),
            Onward::NoOtherNeighbour => ("no_other_neighbour", 0),
            Onward::Unknown => ("unknown", 0),
        };
        json!({
            "servent": self.name(visit.servent), "hop": visit.hop, "parent": self.maybe(visit.parent),
            "at_ns": visit.at.0, "ttl": visit.ttl, "lookup": lookup, "why": why, "onward": onward, "sent": count,
        })
    }

    fn copy(&self, copy: &Copy) -> Value {
        let (fate, why) = match copy.fate {
            Fate::First => ("first", None),
            Fate::Duplicate => ("duplicate", None),
            Fate::DuplicateHigherTtl => ("duplicate_higher_ttl", None),
            Fate::Lost => ("lost", None),
            Fate::Down => ("down", None),
            Fate::Refused(cause) => ("refused", Some(cause.name())),
            Fate::Unknown => ("unknown", None),
        };
        json!({
            "from": self.name(copy.from), "to": self.name(copy.to), "ttl": copy.ttl, "sent_ns": nanos(copy.sent),
            "received_ns": nanos(copy.received), "len": copy.len, "fate": fate, "why": why,
        })
    }

    fn answer(&self, answer: &Answer) -> Value {
        let mut object = Map::new();
        object.insert("servent".into(), self.name(answer.from));
        object.insert("sent_ns".into(), nanos(answer.sent));
        object.insert("received_ns".into(), nanos(answer.received));
        if let Some(value) = &answer.value {
            bytes(&mut object, "value", value);
        }
        object.insert("uncertain".into(), answer.is_uncertain.into());
        object.into()
    }

    fn miss(&self, miss: &Miss) -> Value {
        let nobody = (Value::Null, Value::Null, None);
        let (why, (at, to, cause)) = match miss.why {
            Why::TtlEnded { at } => ("ttl_ended", (self.name(at), Value::Null, None)),
            Why::Lost { from, to } => ("lost", (self.name(from), self.name(to), None)),
            Why::Refused { from, to, cause } => ("refused", (self.name(from), self.name(to), Some(cause.name()))),
            Why::Down { servent } => ("down", (self.name(servent), Value::Null, None)),
            Why::LeftOut { by } => ("left_out", (self.name(by), Value::Null, None)),
            Why::OutOfReach { nearest } => ("out_of_reach", (self.name(nearest), Value::Null, None)),
            Why::NoPath => ("no_path", nobody),
            Why::NotRecorded { servent } => ("not_recorded", (self.name(servent), Value::Null, None)),
            Why::Unknown => ("unknown", nobody),
        };
        json!({
            "servent": self.name(miss.servent), "distance": miss.distance, "holds": miss.holds, "why": why,
            "at": at, "to": to, "cause": cause,
        })
    }

    fn finding(&self, finding: &Finding) -> Value {
        let details = match finding.breach {
            Breach::SentBack { to } | Breach::ForwardedAgain { to } => json!({ "to": self.name(to) }),
            Breach::WrongTtl { found, due } => json!({ "found": found, "due": due }),
            Breach::AnsweredFromElsewhere { expected } => json!({ "expected": expected }),
            Breach::BeyondThreeHops { hops } => json!({ "hops": hops }),
            Breach::ChangedBytes | Breach::AnsweredAgain => json!({}),
        };
        json!({
            "clause": finding.breach.clause(), "breach": finding.breach.name(), "servent": self.name(finding.servent),
            "at_ns": finding.at.0, "details": details,
            "bytes_base64": finding.bytes.as_deref().map(|bytes| STANDARD.encode(bytes)),
        })
    }
}

fn nanos(moment: Option<Moment>) -> Value {
    moment.map(|moment| moment.0).into()
}

/// Under `name` if they are UTF-8, else in base64 under `name` with `_base64` behind it.
pub(crate) fn bytes(object: &mut Map<String, Value>, name: &str, bytes: &[u8]) {
    match str::from_utf8(bytes) {
        Ok(text) => object.insert(name.into(), text.into()),
        Err(_) => object.insert(format!("{name}_base64"), STANDARD.encode(bytes).into()),
    };
}

/// What a terminal should not be shown (P-44), as `\uXXXX`.
pub(crate) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    judge(text, |character, stays| {
        if stays {
            out.push(character);
        } else {
            out.push_str(&unicode_escape(character));
        }
    });
    out
}
