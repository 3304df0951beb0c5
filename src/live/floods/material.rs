//! What became of a question, worked out from its lines.

use super::question::Kept;
use crate::flood::{Flood, Memory, Model, Records, TraceReader};
use std::sync::Arc;

/// A life of a servent.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) start: Arc<[u8]>,
    /// When it came to know other neighbours (P-27).
    pub(super) changes: Vec<Arc<[u8]>>,
    pub(super) end: Option<Arc<[u8]>>,
}

/// Everything that what became of a question is worked out from.
#[derive(Debug)]
pub(in super::super) struct Material {
    pub(super) version: u64,
    pub(super) forgotten: u64,
    pub(super) is_cut: bool,
    pub(super) runs: Vec<Vec<Run>>,
    pub(super) lines: Vec<Kept>,
}

/// What became of a question.
#[derive(Debug)]
pub(in super::super) struct Outcome {
    pub(in super::super) version: u64,
    pub(in super::super) model: Model,
    /// How many floods of it are forgotten.
    pub(in super::super) forgotten: u64,
    /// Some of its lines are forgotten: what is missing is unknown.
    pub(in super::super) is_cut: bool,
}

impl Material {
    /// What became of it, on top of what is known of the overlay.
    pub(in super::super) fn outcome(mut self, overlay: &Records) -> Outcome {
        let mut records = overlay.clone();
        // Stable: those of one life stay in their order.
        self.lines.sort_by_key(|line| (line.servent, line.run));
        for (servent, runs) in self.runs.iter().enumerate() {
            let mut reader = TraceReader::new();
            for (number, run) in runs.iter().enumerate() {
                let from = self.lines.partition_point(|line| (line.servent, line.run) < (servent, number));
                let own = self.lines[from..].iter().take_while(|line| (line.servent, line.run) == (servent, number));
                for line in std::iter::once(&run.start).chain(&run.changes) {
                    reader.line(&mut records, line);
                }
                if self.is_cut {
                    // What is no line stands for those that are missing: this trace is not whole.
                    reader.line(&mut records, b"");
                }
                own.map(|line| &line.bytes).chain(&run.end).for_each(|line| {
                    reader.line(&mut records, line);
                });
            }
        }
        let mut model = records.model(Memory::default());
        if self.is_cut {
            model.floods.iter_mut().for_each(|flood| flood.findings.clear());
        }
        let Self { version, forgotten, is_cut, .. } = self;
        Outcome { version, model, forgotten, is_cut }
    }
}

impl Outcome {
    /// The floods that are there from their beginning on, in their order.
    pub(in super::super) fn floods(&self) -> impl DoubleEndedIterator<Item = &Flood> {
        self.model.floods.iter().filter(|flood| !self.is_cut || flood.asked.is_some())
    }
}
