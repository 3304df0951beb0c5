//! A line of a trace, as far as it tells where it belongs.

use serde::Deserialize;
use std::borrow::Cow;

/// A line.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    pub(super) t: u64,
    #[serde(borrow)]
    pub(super) node: &'a str,
    pub(super) event: &'a str,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    pub(super) client: Option<&'a str>,
    #[serde(borrow)]
    pub(super) key: Option<Cow<'a, str>>,
    pub(super) key_base64: Option<&'a str>,
}

/// What a line tells of a CLIREQ, which has no number: its lines belong together by their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It came.
    Asked,
    /// It was made a QUERY.
    Flooded,
    /// It was looked up.
    LookedUp,
}

impl Line<'_> {
    /// What it tells of a CLIREQ; `None` if it is about something else.
    pub(super) fn stage(&self) -> Option<Stage> {
        if self.kind != Some("clireq") {
            return None;
        }
        match self.event {
            "received" => Some(Stage::Asked),
            "forwarded" => Some(Stage::Flooded),
            // One that is dropped was looked up: nobody can be answered there, or the client has its share.
            "answered" | "not_found" | "dropped" => Some(Stage::LookedUp),
            _ => None,
        }
    }
}
