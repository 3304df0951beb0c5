//! `--trace`: what the lines say, that traces merge into the tree of a query, and that nothing they are written to
//! disturbs the servent.

mod events;
mod merged;
mod troubles;

use crate::support::schema;
use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// One line, which the schema allows.
#[derive(Clone, Debug, PartialEq)]
struct Event(Value);

impl Event {
    fn parse(line: &str) -> Self {
        static SCHEMA: OnceLock<Validator> = OnceLock::new();
        let schema = SCHEMA.get_or_init(|| schema::validator("trace"));
        let value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        schema.validate(&value).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self(value)
    }

    fn name(&self) -> &str {
        self.text("event")
    }

    fn is(&self, name: &str, kind: &str) -> bool {
        self.name() == name && self.0["type"] == kind
    }

    fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_else(|| panic!("no {field}: {}", self.0))
    }

    fn number(&self, field: &str) -> u64 {
        self.0[field].as_u64().unwrap_or_else(|| panic!("no {field}: {}", self.0))
    }

    /// The addresses in `to`.
    fn to(&self) -> Vec<&str> {
        self.0["to"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// What makes two events be about the same query.
    fn query(&self) -> (&str, u64, &str) {
        (self.text("client"), self.number("seq"), self.text("key"))
    }
}

/// The whole lines of a trace that may still be growing.
fn read_growing(file: &Path) -> Vec<Event> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(Event::parse).collect()
}

/// A whole trace: one `start` first, one `end` last. Returns the events between, and how many are missing.
fn read(file: &Path) -> (Vec<Event>, u64) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.ends_with('\n'), "the last line is cut");
    let mut events: Vec<_> = text.lines().map(Event::parse).collect();
    let last = events.pop().unwrap();
    let first = events.remove(0);
    assert_eq!((first.name(), last.name()), ("start", "end"));
    assert!(events.iter().all(|event| !["start", "end"].contains(&event.name())));
    assert!(events.iter().all(|event| event.text("node") == first.text("node")));
    let missing = last.number("dropped");
    (events, missing)
}

/// Traces merged as the README says it.
fn merge(files: &[impl AsRef<Path>]) -> Vec<Event> {
    let mut sort = Command::new("sort");
    sort.args(["-s", "-t:", "-k2,2n"]).args(files.iter().map(AsRef::as_ref)).env("LC_ALL", "C");
    let sorted = sort.output().unwrap();
    assert!(sorted.status.success(), "{}", String::from_utf8_lossy(&sorted.stderr));
    let events: Vec<_> = str::from_utf8(&sorted.stdout).unwrap().lines().map(Event::parse).collect();
    assert!(events.is_sorted_by_key(|event| event.number("t")));
    events
}
