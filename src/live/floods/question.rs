//! A question: its lines, and when there is news of it to tell.
//!
//! One that is asked again and again would grow without bound: once its lines outgrow its share, the older half of them
//! is forgotten. What they told of is not known any more, so from then on nothing of the question is taken for lost or
//! for a finding, and a flood of which the CLIREQ is forgotten is none.

use super::line::Stage;
use super::{FIRST_WAIT, PACE};
use crate::types::Timestamp;
use std::collections::VecDeque;
use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

/// A line that is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Whose it is.
    pub(super) servent: usize,
    /// In which of its lives.
    pub(super) run: usize,
    pub(super) stage: Option<Stage>,
    pub(super) bytes: Arc<[u8]>,
}

impl Kept {
    /// Bytes, with what the allocator and the list add.
    fn len(&self) -> usize {
        self.bytes.len() + size_of::<Self>() + 2 * size_of::<usize>()
    }
}

/// Lines of CLIREQs that are forgotten, which are still to come from a servent.
#[derive(Clone, Copy, Debug, Default)]
struct Late {
    flooded: usize,
    looked_up: usize,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) client: String,
    pub(super) key: String,
    /// In the order in which they came.
    pub(super) lines: VecDeque<Kept>,
    /// Bytes of all that is kept of it.
    pub(super) len: usize,
    pub(super) last_t: u64,
    /// How many lines each servent had written when the first of these came.
    pub(super) lines_before: Vec<u64>,
    /// CLIREQs that are forgotten.
    pub(super) forgotten: u64,
    /// Whether any line is.
    pub(super) is_cut: bool,
    /// Of each servent, once lines are forgotten.
    late: Vec<Late>,
    pub(super) version: u64,
    first_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) told_at: Option<Timestamp>,
    pub(super) has_news: bool,
    pub(super) is_settled: bool,
}

impl Question {
    /// One of which no line came yet.
    pub(super) fn new(client: String, key: String, lines_before: Vec<u64>, now: Timestamp) -> Self {
        // The list of questions has client and key once more.
        let len = 2 * (client.len() + key.len()) + lines_before.len() * (size_of::<u64>() + size_of::<Late>());
        Self {
            client,
            key,
            lines: VecDeque::new(),
            len,
            last_t: 0,
            lines_before,
            forgotten: 0,
            is_cut: false,
            late: Vec::new(),
            version: 0,
            first_at: now,
            last_at: now,
            told_at: None,
            has_news: true,
            is_settled: false,
        }
    }

    /// Takes a line of it. If there are more than `len_max` bytes of them then, the older half is forgotten.
    pub(super) fn take(&mut self, line: Kept, t: u64, now: Timestamp, len_max: usize) {
        self.last_t = self.last_t.max(t);
        (self.last_at, self.has_news, self.is_settled) = (now, true, false);
        if self.is_late(&line) {
            return;
        }
        self.len += line.len();
        self.lines.push_back(line);
        if self.len > len_max {
            self.cut(len_max / 2);
        }
    }

    /// Forgets the oldest lines, until there are no more than `len` bytes, and what others tell of the same CLIREQs.
    fn cut(&mut self, len: usize) {
        let servents = self.lines_before.len();
        // A line that was lost on the way to us would count for ever: each cut counts anew.
        let (mut asked, mut counted) = (vec![0_usize; servents], vec![Late::default(); servents]);
        while self.len > len
            && let Some(line) = self.lines.pop_front()
        {
            self.len -= line.len();
            match line.stage {
                Some(Stage::Asked) => asked[line.servent] += 1,
                Some(Stage::Flooded) => counted[line.servent].flooded += 1,
                Some(Stage::LookedUp) => counted[line.servent].looked_up += 1,
                None => {}
            }
        }
        self.is_cut = true;
        self.forgotten += asked.iter().sum::<usize>() as u64;
        let late = |(asked, counted): (usize, Late)| Late {
            flooded: asked.saturating_sub(counted.flooded),
            looked_up: asked.saturating_sub(counted.looked_up),
        };
        self.late = asked.into_iter().zip(counted).map(late).collect();
        for line in std::mem::take(&mut self.lines) {
            if self.is_late(&line) {
                self.len -= line.len();
            } else {
                self.lines.push_back(line);
            }
        }
    }

    /// Whether a line is of a CLIREQ that is forgotten: a servent deals with those of one question in their order.
    fn is_late(&mut self, line: &Kept) -> bool {
        let Some(late) = self.late.get_mut(line.servent) else { return false };
        let due = match line.stage {
            Some(Stage::Flooded) => &mut late.flooded,
            Some(Stage::LookedUp) => &mut late.looked_up,
            Some(Stage::Asked) | None => return false,
        };
        let is_late = *due > 0;
        *due = due.saturating_sub(1);
        is_late
    }

    /// When there is something to tell of it.
    pub(super) fn due(&self, quiet: Duration) -> Timestamp {
        match self.told_at {
            _ if !self.has_news => self.last_at + quiet,
            None => self.first_at + FIRST_WAIT,
            Some(told_at) => told_at + PACE,
        }
    }
}
