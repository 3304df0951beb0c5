//! The questions, in the order of all and in the chains of their pairs.
//!
//! An answer of a servent is one to the first question of a chain that it has not answered. So whoever answered a question
//! answered all before it as well, and questions that the same servents have answered lie side by side: a run. The two ends
//! of a run know each other, which makes a chain of any length as many steps long as it has runs.

use super::chains::{Chain, Pair};
use super::{Ended, NONE};
use crate::load::servents::Servents;
use crate::types::Timestamp;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Question {
    pub(super) number: u64,
    pub(super) pair: Pair,
    pub(super) intended: Timestamp,
    pub(super) asked: Timestamp,
    pub(super) answers: Vec<(u32, Duration)>,
    answered: Servents,
    /// In the chain of its pair.
    older: u32,
    newer: u32,
    /// The other end of its run, or itself where it is one alone. Of those in between it says nothing.
    end: u32,
    /// In the order of all.
    before: u32,
    after: u32,
}

impl Question {
    /// One that nobody has answered.
    pub(super) fn new(pair: Pair, number: u64, intended: Timestamp, asked: Timestamp) -> Self {
        let (answered, answers) = (Servents::default(), Vec::new());
        let [older, newer, end, before, after] = [NONE; 5];
        Self { number, pair, intended, asked, answers, answered, older, newer, end, before, after }
    }

    /// Who answered.
    pub(super) fn answered(&self) -> &Servents {
        &self.answered
    }
}

/// All questions, by numbers that are used again.
#[derive(Debug)]
pub(super) struct Questions {
    slots: Vec<Question>,
    unused: Vec<u32>,
    first: u32,
    last: u32,
}

impl Default for Questions {
    fn default() -> Self {
        Self { slots: Vec::new(), unused: Vec::new(), first: NONE, last: NONE }
    }
}

impl Questions {
    /// The one that was asked first.
    pub(super) fn first(&self) -> Option<u32> {
        (self.first != NONE).then_some(self.first)
    }

    pub(super) fn get(&self, id: u32) -> &Question {
        &self.slots[id as usize]
    }

    pub(super) fn get_mut(&mut self, id: u32) -> &mut Question {
        &mut self.slots[id as usize]
    }

    /// Room that was ever needed at once.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Puts a question last in its chain, and last of all.
    pub(super) fn add(&mut self, chain: &mut Chain, question: Question) {
        let question = Question { older: chain.newest, before: self.last, ..question };
        let id = match self.unused.pop() {
            Some(id) => {
                self.slots[id as usize] = question;
                id
            }
            None => {
                self.slots.push(question);
                (self.slots.len() - 1) as u32
            }
        };
        match self.last {
            NONE => self.first = id,
            last => self.get_mut(last).after = id,
        }
        self.last = id;
        match chain.newest {
            NONE => chain.oldest = id,
            newest => self.get_mut(newest).newer = id,
        }
        chain.newest = id;
        self.join_older(id);
    }

    /// The first question of each run of a chain.
    pub(super) fn runs(&self, chain: Chain) -> impl Iterator<Item = u32> {
        let some = |id: u32| (id != NONE).then_some(id);
        std::iter::successors(some(chain.oldest), move |&first| some(self.get(self.get(first).end).newer))
    }

    /// The first question of a chain that this servent has not answered.
    pub(super) fn first_unanswered(&self, chain: Chain, servent: u32) -> Option<u32> {
        self.runs(chain).find(|&first| !self.get(first).answered.contains(servent))
    }

    /// A servent answers the [first question that it has not](Self::first_unanswered); says whether nobody else did before.
    pub(super) fn answer(&mut self, id: u32, servent: u32) -> bool {
        let question = self.get_mut(id);
        let is_first = question.answered.is_empty();
        question.answered.insert(servent);
        let (newer, end) = (question.newer, question.end);
        if end != id {
            self.make_run(newer, end);
        }
        self.join_older(id);
        is_first
    }

    /// Takes a question out of its chain and of all, and forgets it.
    pub(super) fn remove(&mut self, chain: &mut Chain, id: u32) -> Ended {
        let &Question { older, newer, end, before, after, .. } = self.get(id);
        let is_same = |other: u32| other != NONE && self.get(other).answered == self.get(id).answered;
        match (is_same(older), is_same(newer)) {
            (false, true) => self.make_run(newer, end),
            (true, false) => self.make_run(end, older),
            // A run of its own, or the middle of one.
            (false, false) | (true, true) => {}
        }
        match older {
            NONE => chain.oldest = newer,
            older => self.get_mut(older).newer = newer,
        }
        match newer {
            NONE => chain.newest = older,
            newer => self.get_mut(newer).older = older,
        }
        match before {
            NONE => self.first = after,
            before => self.get_mut(before).after = after,
        }
        match after {
            NONE => self.last = before,
            after => self.get_mut(after).before = before,
        }
        self.unused.push(id);
        let question = self.get_mut(id);
        Ended {
            number: question.number,
            client: question.pair.client,
            key: question.pair.key,
            intended: question.intended,
            is_answered: !question.answered.is_empty(),
            answers: std::mem::take(&mut question.answers),
        }
    }

    /// From this question to that one they are a run.
    fn make_run(&mut self, first: u32, last: u32) {
        self.get_mut(first).end = last;
        self.get_mut(last).end = first;
    }

    /// A question that is in no run becomes the end of the one before it, or a run of its own.
    fn join_older(&mut self, id: u32) {
        let &Question { older, .. } = self.get(id);
        let first = match older {
            NONE => id,
            older if self.get(older).answered == self.get(id).answered => self.get(older).end,
            _ => id,
        };
        self.make_run(first, id);
    }
}
