//! What a load came to as one object, as `data/load.schema.json` describes it.

use super::summary::{Bounds, Breach, QUANTILES, Quantiles, Summary};
use crate::load::plan::Pace;
use crate::load::tally::Counts;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Writes a summary as an object on one line. Latencies are nanoseconds.
#[must_use]
pub fn json(summary: &Summary, bounds: &Bounds) -> String {
    let Counts { asked, answered, lost, unfinished, answers, late, duplicates, unknown, malformed, unsent, shared } =
        summary.counts;
    let (rate, in_flight) = match summary.pace {
        Pace::Rate(rate) => (Some(rate), None),
        Pace::InFlight(in_flight) => (None, Some(in_flight)),
    };
    let servents: Vec<_> = summary
        .servents
        .iter()
        .map(|named| {
            json!({
                "servent": named.servent.map(|servent| servent.to_string()),
                "latency_ns": quantiles(Some(&named.latencies)),
            })
        })
        .collect();
    json!({
        "servent": summary.servent.to_string(),
        "rate": rate,
        "in_flight": in_flight,
        "clients": summary.clients,
        "keys": summary.keys,
        "elapsed_s": summary.elapsed.as_secs_f64(),
        "asked": asked,
        "answered": answered,
        "lost": lost,
        "unfinished": unfinished,
        "answers": answers,
        "late": late,
        "duplicates": duplicates,
        "unknown": unknown,
        "malformed": malformed,
        "unsent": unsent,
        "shared": shared,
        "asked_per_s": summary.rate(asked),
        "answered_per_s": summary.rate(answered),
        "loss_percent": summary.loss_percent(),
        "lag_max_ns": nanos(summary.lag_max),
        "first_answer_ns": quantiles(summary.first.as_ref()),
        "all_answers_ns": quantiles(summary.all.as_ref()),
        "servents": servents,
        "broken": summary.breaches(bounds).iter().map(breach).collect::<Vec<_>>(),
    })
    .to_string()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn quantiles(quantiles: Option<&Quantiles>) -> Value {
    let Some(Quantiles { count, min, mean, at, max }) = quantiles else { return Value::Null };
    let mut object = Map::new();
    object.insert("count".to_owned(), json!(count));
    object.insert("min".to_owned(), json!(min));
    object.insert("mean".to_owned(), json!(mean));
    for ((_, name), nanos) in QUANTILES.iter().zip(at) {
        object.insert(name.replace('.', ""), json!(nanos));
    }
    object.insert("max".to_owned(), json!(max));
    Value::Object(object)
}

fn breach(breach: &Breach) -> Value {
    match breach {
        Breach::P99 { found, max } => json!({ "bound": "p99", "found": found.map(nanos), "max": nanos(*max) }),
        Breach::Loss { found, max } => json!({ "bound": "loss", "found": found, "max": max }),
    }
}
