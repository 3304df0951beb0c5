//! What is under way, and which question an answer belongs to.
//!
//! Of each client and key there is a chain of open questions, oldest first, and the last one that is complete; all
//! questions together lie in the order in which they were asked, which is the order in which they time out. Everything is
//! reached in one or two steps, however many there are.

mod chains;

use super::servents::Servents;
use crate::types::Timestamp;
use chains::{Chain, Chains, Pair};
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
    /// The key that it asked for, by its number.
    pub key: u32,
    /// When it was to leave.
    pub intended: Timestamp,
    /// Whether anybody answered.
    pub is_answered: bool,
    /// Who answered, and after how long; only if answers are kept.
    pub answers: Vec<(u32, Duration)>,
}

#[derive(Debug)]
struct Question {
    number: u64,
    pair: Pair,
    intended: Timestamp,
    asked: Timestamp,
    answered: Servents,
    answers: Vec<(u32, Duration)>,
    /// In the chain of its pair.
    next: u32,
    /// In the order of all.
    before: u32,
    after: u32,
}

/// Every question that may still be answered.
#[derive(Debug)]
pub struct InFlight {
    ends: Ends,
    timeout: Duration,
    keeps_answers: bool,
    questions: Vec<Question>,
    unused: Vec<u32>,
    first: u32,
    last: u32,
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
            questions: Vec::new(),
            unused: Vec::new(),
            first: NONE,
            last: NONE,
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
        self.chains.get(Pair { client, key }).oldest == NONE
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
        self.first == NONE
    }

    /// When the oldest question times out.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        (self.first != NONE).then(|| self.questions[self.first as usize].asked + self.timeout)
    }

    /// A client asks for a key `now`, as it was to do at `intended`.
    pub fn ask(&mut self, client: u32, key: u32, number: u64, intended: Timestamp, now: Timestamp) {
        let pair = Pair { client, key };
        let question = Question {
            number,
            pair,
            intended,
            asked: now,
            answered: Servents::default(),
            answers: Vec::new(),
            next: NONE,
            before: self.last,
            after: NONE,
        };
        let id = match self.unused.pop() {
            Some(id) => {
                self.questions[id as usize] = question;
                id
            }
            None => {
                self.questions.push(question);
                (self.questions.len() - 1) as u32
            }
        };
        match self.last {
            NONE => self.first = id,
            last => self.questions[last as usize].after = id,
        }
        self.last = id;
        let mut chain = self.chains.get(pair);
        match chain.newest {
            NONE => chain.oldest = id,
            newest => self.questions[newest as usize].next = id,
        }
        chain.newest = id;
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
        if chain.oldest == NONE && chain.complete == NONE {
            return Heard::Late;
        }
        let is_answered = |id: u32| self.questions[id as usize].answered.contains(servent);
        if chain.complete != NONE && !is_answered(chain.complete) {
            return self.take(chain.complete, servent, now);
        }
        let mut id = chain.oldest;
        while id != NONE && is_answered(id) {
            id = self.questions[id as usize].next;
        }
        if id == NONE {
            return Heard::Duplicate;
        }
        let heard = self.take(id, servent, now);
        let is_complete = match self.ends {
            Ends::WithFirstAnswer => true,
            Ends::WithKnownServents => self.questions[id as usize].answered.contains_all(&self.known[key as usize]),
        };
        if is_complete {
            self.complete(id, ended);
        }
        heard
    }

    /// Counts an answer as one to this question.
    fn take(&mut self, id: u32, servent: u32, now: Timestamp) -> Heard {
        let question = &mut self.questions[id as usize];
        let is_first = question.answered.is_empty();
        question.answered.insert(servent);
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
        let pair = self.questions[id as usize].pair;
        let mut chain = self.unchained(id);
        let over = match self.ends {
            Ends::WithFirstAnswer => id,
            Ends::WithKnownServents => std::mem::replace(&mut chain.complete, id),
        };
        self.chains.set(pair, chain);
        if over != NONE {
            ended(self.release(over));
        }
    }

    /// Tells `ended` of each question that has timed out.
    pub fn expire(&mut self, now: Timestamp, mut ended: impl FnMut(Ended)) {
        while let Some(timeout) = self.next_timeout()
            && timeout <= now
        {
            ended(self.end_first());
        }
    }

    /// Gives up whatever is under way; in the order in which it was asked.
    pub fn give_up(&mut self, mut ended: impl FnMut(Ended)) {
        while self.first != NONE {
            ended(self.end_first());
        }
    }

    fn end_first(&mut self) -> Ended {
        let id = self.first;
        let pair = self.questions[id as usize].pair;
        let chain = self.chains.get(pair);
        if chain.complete == id {
            self.chains.set(pair, Chain { complete: NONE, ..chain });
        } else {
            let chain = self.unchained(id);
            self.chains.set(pair, chain);
            let Question { answered, .. } = &self.questions[id as usize];
            if answered.is_empty() {
                self.unanswered[pair.client as usize] -= 1;
                self.unanswered_total -= 1;
            } else {
                self.known[pair.key as usize].keep(answered);
            }
        }
        self.release(id)
    }

    /// The chain of an open question without it, which nearly always is the oldest.
    fn unchained(&mut self, id: u32) -> Chain {
        self.open -= 1;
        let Question { pair, next, .. } = self.questions[id as usize];
        let mut chain = self.chains.get(pair);
        let mut before = NONE;
        let mut at = chain.oldest;
        while at != id {
            before = at;
            at = self.questions[at as usize].next;
        }
        match before {
            NONE => chain.oldest = next,
            before => self.questions[before as usize].next = next,
        }
        if chain.newest == id {
            chain.newest = before;
        }
        chain
    }

    /// Forgets a question that is in no chain any more.
    fn release(&mut self, id: u32) -> Ended {
        let question = &mut self.questions[id as usize];
        let (before, after) = (question.before, question.after);
        let ended = Ended {
            number: question.number,
            key: question.pair.key,
            intended: question.intended,
            is_answered: !question.answered.is_empty(),
            answers: std::mem::take(&mut question.answers),
        };
        match before {
            NONE => self.first = after,
            before => self.questions[before as usize].after = after,
        }
        match after {
            NONE => self.last = before,
            after => self.questions[after as usize].before = before,
        }
        self.unused.push(id);
        ended
    }
}

#[cfg(test)]
mod tests;
