//! A check as one object on one line, as `data/check.schema.json` describes it.

use super::class::Entrant;
use super::{Report, words};
use crate::conformance::bytes::first_difference;
use crate::conformance::causes::usual_cause;
use crate::conformance::conversation::{Conversation, Entry, What};
use crate::conformance::framing::Framing;
use crate::conformance::probe::{Edition, End, Failure, Shown, Target};
use crate::conformance::verdict::{ProbeResult, Standing, Verdict};
use crate::telling::{Language, bytes, safe};
use serde_json::{Map, Value, json};
use std::ffi::OsString;

/// A check as an object on a line of its own; `is_verbose` with every conversation.
#[must_use]
pub fn json(report: &Report<'_>, language: Language, is_verbose: bool) -> String {
    safe(&Value::Object(object(report, language, is_verbose)).to_string()) + "\n"
}

/// A class as objects, a line each, in the order of its file.
#[must_use]
pub fn json_of_class(entrants: &[Entrant], edition: Edition, language: Language, is_verbose: bool) -> String {
    let line = |entrant: &Entrant| {
        let mut object = match entrant.report(edition) {
            Ok(report) => object(&report, language, is_verbose),
            Err(error) => head(entrant.target.name(), &entrant.words(), edition, error.of(language)),
        };
        object.insert("name".into(), entrant.name.as_str().into());
        safe(&Value::Object(object).to_string()) + "\n"
    };
    entrants.iter().map(line).collect()
}

/// A check that could not judge anything, for this cause.
#[must_use]
pub fn json_of_error(target: Target, edition: Edition, command: &[OsString], error: &str) -> String {
    let command: Vec<_> = command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    safe(&Value::Object(head(target.name(), &command, edition, error)).to_string()) + "\n"
}

fn object(report: &Report<'_>, language: Language, is_verbose: bool) -> Map<String, Value> {
    let command: Vec<_> = report.command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut object = head(report.target.name(), &command, report.edition, "");
    object.insert("error".into(), Value::Null);
    let (framing, padded_to) = match report.checked.framing {
        None => (None, None),
        Some(Framing::Raw) => (Some("raw"), None),
        Some(Framing::Nul) => (Some("nul"), None),
        Some(Framing::Padded(len)) => (Some("padded"), Some(len)),
    };
    object.insert("framing".into(), framing.into());
    object.insert("padded_to".into(), padded_to.into());
    object.insert("isolated".into(), report.checked.is_isolated.into());
    object.insert("exit".into(), report.exit_code().into());
    let probes = report.checked.results.iter().map(|result| probe(report, result, language, is_verbose));
    object.insert("probes".into(), probes.collect());
    object
}

/// What is known of a check that could not judge anything.
fn head(program: &str, command: &[String], edition: Edition, error: &str) -> Map<String, Value> {
    let value = json!({
        "program": program, "command": command, "edition": edition.year(), "error": error, "framing": null,
        "padded_to": null, "isolated": null, "exit": 2, "probes": [],
    });
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn probe(report: &Report<'_>, result: &ProbeResult, language: Language, is_verbose: bool) -> Value {
    let probe = result.probe;
    let (verdict, blocked_by, cause, failure) = match &result.verdict {
        Verdict::Pass => ("pass", None, None, Value::Null),
        Verdict::Fail(failure) => ("fail", None, None, self::failure(probe.clause, failure, language)),
        Verdict::Blocked(by) => ("blocked", Some(*by), None, Value::Null),
        Verdict::NotTried(cause) => ("not_tried", None, Some(cause.of(language)), Value::Null),
    };
    let is_known = matches!(Standing::of(result, report.known), Standing::Known | Standing::Unexpected);
    let sentence = probe.sentence.map(|sentence| words::sentence(sentence, language));
    let mut value = json!({
        "id": probe.id, "chapter": probe.chapter.name(), "clause": probe.clause, "level": probe.level.name(),
        "rests_on": probe.rests_on, "promise": probe.promise.of(language), "sentence": sentence,
        "verdict": verdict, "known": is_known, "blocked_by": blocked_by, "cause": cause, "failure": failure,
    });
    if is_verbose && let Value::Object(object) = &mut value {
        object.insert("conversation".into(), conversation(&result.conversation, language));
    }
    value
}

fn failure(clause: &str, failure: &Failure, language: Language) -> Value {
    let both = failure.expected.single().zip(failure.found.single());
    let wrong = both.and_then(|((_, expected), (_, found))| first_difference(expected, found));
    let end = failure.end.as_ref().map(|end| match end {
        End::Ended { how, last_words } => {
            json!({ "hangs": false, "how": how.of(language), "last_words": last_words })
        }
        End::Hangs => json!({ "hangs": true, "how": null, "last_words": [] }),
    });
    json!({
        "sent": failure.sent.iter().flat_map(|sent| shown(sent, language)).collect::<Vec<_>>(),
        "expected": shown(&failure.expected, language), "found": shown(&failure.found, language),
        "first_wrong_byte": wrong, "explanation": failure.explanation.of(language),
        "usual_cause": usual_cause(clause, failure).map(|cause| cause.of(language).to_owned()), "end": end,
    })
}

/// A list: empty where there is nothing.
fn shown(shown: &Shown, language: Language) -> Vec<Value> {
    match shown {
        Shown::Nothing => Vec::new(),
        Shown::Words(words) => vec![json!({ "words": words.of(language) })],
        Shown::Datagram { kind, bytes, way } => {
            vec![json!({ "datagram": kind.name(), "way": way.of(language), "hex": hex(bytes) })]
        }
        Shown::Several(all) => all.iter().flat_map(|one| self::shown(one, language)).collect(),
    }
}

fn conversation(conversation: &Conversation, language: Language) -> Value {
    conversation.entries.iter().map(|entry| self::entry(entry, language)).collect()
}

fn entry(entry: &Entry, language: Language) -> Value {
    let mut object = Map::new();
    object.insert("at_s".into(), json!(entry.at.as_secs_f64()));
    match &entry.what {
        What::Datagram { from, to, bytes, is_control } => {
            for (name, (who, address)) in [("from", from), ("to", to)] {
                object.insert(name.into(), who.of(language).into());
                object.insert(format!("{name}_address"), address.to_string().into());
            }
            object.insert("hex".into(), hex(bytes).into());
            object.insert("control".into(), (*is_control).into());
        }
        What::Typed(typed) => bytes(&mut object, "typed", typed),
        What::Event(event) => {
            object.insert("event".into(), event.of(language).into());
        }
        What::Wrote { program, output, errors } => {
            object.insert("program".into(), program.of(language).into());
            bytes(&mut object, "output", output);
            bytes(&mut object, "errors", errors);
        }
    }
    object.into()
}

/// Two digits a byte, and nothing between them.
fn hex(bytes: &[u8]) -> String {
    super::dump::hex(bytes).replace(' ', "")
}
