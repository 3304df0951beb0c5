//! What is under way, and which question an answer belongs to.
//!
//! Of each client and key there is a chain of questions: the open ones, and the last one that is complete. All questions
//! together lie in the order in which they were asked, which is the order in which they time out. A question is asked,
//! completed and forgotten in a few steps, however many there are; to find the one that an answer belongs to takes a step for
//! each group of servents that are equally far.

mod chains;
mod questions;

use super::servents::Servents;
use crate::types::Timestamp;
use chains::{Chain, Chains, Pair};
use questions::{Question, Questions};
use std::time::Duration;

/// No question.
const NONE: u32 = u32::MAX;

/// When a question is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// With its first answer; others to it are not known any more. For whom a single servent answers.
    WithFirstAnswer,
    /// Once all have answered that answered the question for this key before it.
    WithKnownServents,
}

/// An answer, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The first one of this servent to a question.
    Answer {
        /// When the question was to leave.
        intended: Timestamp,
        /// Nobody else answered it before.
        is_first: bool,
    },
    /// The servent answered the question before.
    Duplicate,
    /// The question has timed out.
    Late,
}

/// A question that is over: complete and followed by another one for its key, or timed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which one it was, counted from 0.
    pub number: u64,
    /// Who asked.
    pub client: u32,
    /// The key that it asked for, by its number.
    pub key: u32,
    /// When it was to leave.
    pub intended: Timestamp,
    /// Whether anybody answered.
    pub is_answered: bool,
    /// Who answered, and after how long; only if answers are kept.
    pub answers: Vec<(u32, Duration)>,
}

/// Every question that may still be answered.
#[derive(Debug)]
pub struct InFlight {
    ends: Ends,
    timeout: Duration,
    keeps_answers: bool,
    questions: Questions,
    chains: Chains,
    /// Of each key, who answered its last question.
    known: Vec<Servents>,
    /// Of each client, its questions without an answer.
    unanswered: Vec<u32>,
    unanswered_total: u64,
    /// Questions that are not complete.
    open: u64,
}

impl InFlight {
    /// Nothing is under way of so many keys and clients. Answers that come later than `timeout` after their question was
    /// asked are late.
    #[must_use]
    pub fn new(ends: Ends, timeout: Duration, keys: usize, clients_max: u32, keeps_answers: bool) -> Self {
        Self {
            ends,
            timeout,
            keeps_answers,
            questions: Questions::default(),
            chains: Chains::new(keys, clients_max),
            known: vec![Servents::default(); keys],
            unanswered: Vec::new(),
            unanswered_total: 0,
            open: 0,
        }
    }

    /// Whether a client has no open question for a key.
    #[must_use]
    pub fn is_free(&self, client: u32, key: u32) -> bool {
        let Chain { oldest, newest, complete } = self.chains.get(Pair { client, key });
        oldest == NONE || (oldest == newest && oldest == complete)
    }

    /// Questions of a client that nobody has answered.
    #[must_use]
    pub fn unanswered(&self, client: u32) -> u32 {
        self.unanswered.get(client as usize).copied().unwrap_or(0)
    }

    /// The same of all clients.
    #[must_use]
    pub fn unanswered_total(&self) -> u64 {
        self.unanswered_total
    }

    /// Whether every question is complete. Whoever is not known yet may still answer.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.open == 0
    }

    /// Whether no answer is waited for any more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.questions.first().is_none()
    }

    /// When the oldest question times out.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.questions.first().map(|id| self.questions.get(id).asked + self.timeout)
    }

    /// A client asks for a key `now`, as it was to do at `intended`. Numbers grow from question to question.
    pub fn ask(&mut self, client: u32, key: u32, number: u64, intended: Timestamp, now: Timestamp) {
        let pair = Pair { client, key };
        let mut chain = self.chains.get(pair);
        self.questions.add(&mut chain, Question::new(pair, number, intended, now));
        self.chains.set(pair, chain);
        if self.unanswered.len() <= client as usize {
            self.unanswered.resize(client as usize + 1, 0);
        }
        self.unanswered[client as usize] += 1;
        self.unanswered_total += 1;
        self.open += 1;
    }

    /// A servent's answer for a key came to a client. Questions that are over by it are told to `ended`.
    pub fn hear(&mut self, client: u32, key: u32, servent: u32, now: Timestamp, ended: impl FnMut(Ended)) -> Heard {
        let chain = self.chains.get(Pair { client, key });
        if chain.oldest == NONE {
            return Heard::Late;
        }
        let Some(id) = self.questions.first_unanswered(chain, servent) else { return Heard::Duplicate };
        let heard = self.take(id, servent, now);
        let is_complete = match self.ends {
            Ends::WithFirstAnswer => true,
            Ends::WithKnownServents => self.questions.get(id).answered().contains_all(&self.known[key as usize]),
        };
        if is_complete && id != chain.complete {
            self.complete(id, ended);
        }
        heard
    }

    /// Counts an answer as one to this question.
    fn take(&mut self, id: u32, servent: u32, now: Timestamp) -> Heard {
        let is_first = self.questions.answer(id, servent);
        let question = self.questions.get_mut(id);
        if self.keeps_answers {
            question.answers.push((servent, now.since(question.intended)));
        }
        let (pair, intended) = (question.pair, question.intended);
        self.known[pair.key as usize].insert(servent);
        if is_first {
            self.unanswered[pair.client as usize] -= 1;
            self.unanswered_total -= 1;
        }
        Heard::Answer { intended, is_first }
    }

    /// Nobody is waited for any more; the key is free if no other question is open.
    fn complete(&mut self, id: u32, mut ended: impl FnMut(Ended)) {
        let pair = self.questions.get(id).pair;
        let mut chain = self.chains.get(pair);
        let over = match self.ends {
            Ends::WithFirstAnswer => id,
            // Whoever comes back completes older ones than the last.
            Ends::WithKnownServents if chain.complete != NONE && self.number(chain.complete) > self.number(id) => id,
            Ends::WithKnownServents => std::mem::replace(&mut chain.complete, id),
        };
        self.open -= 1;
        if over != NONE {
            ended(self.questions.remove(&mut chain, over));
        }
        self.chains.set(pair, chain);
    }

    /// Tells `ended` of each question that has timed out.
    pub fn expire(&mut self, now: Timestamp, mut ended: impl FnMut(Ended)) {
        while let Some(id) = self.questions.first()
            && self.questions.get(id).asked + self.timeout <= now
        {
            ended(self.end(id));
        }
    }

    /// Gives up whatever is under way; in the order in which it was asked.
    pub fn give_up(&mut self, mut ended: impl FnMut(Ended)) {
        while let Some(id) = self.questions.first() {
            ended(self.end(id));
        }
    }

    fn number(&self, id: u32) -> u64 {
        self.questions.get(id).number
    }

    /// A question has no more time.
    fn end(&mut self, id: u32) -> Ended {
        let Question { pair, .. } = *self.questions.get(id);
        let mut chain = self.chains.get(pair);
        if chain.complete == id {
            chain.complete = NONE;
        } else {
            self.open -= 1;
            let answered = self.questions.get(id).answered();
            if answered.is_empty() {
                self.unanswered[pair.client as usize] -= 1;
                self.unanswered_total -= 1;
            } else {
                self.known[pair.key as usize].keep(answered);
            }
        }
        let ended = self.questions.remove(&mut chain, id);
        self.chains.set(pair, chain);
        ended
    }
}

#[cfg(test)]
mod tests;
