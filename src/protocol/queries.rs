//! Many keys at once on one socket, told apart by key; what comes of them leaves in the order asked.
//!
//! ```text
//! push ──▶ waiting ──▶ under way (at most `jobs`) ──▶ over ──▶ next_event
//!            │ its key is under way for an earlier line: until that is over
//!            └──────┘
//! ```
//!
//! A RESPONSE names its key and nothing else, so of two lines with the same key only one is under way at a time, and
//! what comes meanwhile is the earlier line's. The first line that is not over shows its answers as they come; those
//! of later lines are held back, and while much is held back nothing else starts.

mod outcome;

pub use outcome::{Answer, Event, Progress, Summary, Wait};

use super::query::{AskedKey, ClientQuery, Heard, Patience, SHOWN_MAX, Step};
use crate::types::Timestamp;
use crate::wire::Message;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::SocketAddrV4;

/// Lines that are remembered at a time: read ahead, under way, or over and waiting for an earlier one.
const LINES_MAX: usize = 4_096;
/// Bytes of keys at a time, likewise.
const KEYS_LEN_MAX: usize = 8 << 20;
/// Bytes of answers held back from which on nothing else starts.
const STARTING_LEN_MAX: usize = 16 << 20;
/// Bytes of answers held back at most: what comes above it for a later line is counted and left out.
pub const HELD_LEN_MAX: usize = 64 << 20;

/// How to ask.
#[derive(Clone, Copy, Debug)]
pub struct QueriesConfig {
    /// How long to wait and how often to ask.
    pub patience: Patience,
    /// Keys under way at a time; 0 is taken as 1.
    pub jobs: usize,
    /// Keys the fingerprints of answers: random in production, fixed where a run must repeat.
    pub secret: [u64; 2],
}

#[derive(Debug)]
struct Asked {
    key: AskedKey,
    started: Timestamp,
    held: VecDeque<Answer>,
    servents: HashSet<SocketAddrV4>,
    summary: Summary,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Over,
    Stopped,
}

/// Whose turn a key is, and which lines want it later.
#[derive(Debug)]
struct Turn {
    line: u64,
    later: VecDeque<u64>,
}

/// The lines, from the first that is not over and taken to the last that was pushed. Lines are counted from 0 here.
#[derive(Debug)]
pub struct Queries {
    config: QueriesConfig,
    lines: VecDeque<Asked>,
    /// The number of the first of `lines`.
    first: u64,
    /// Lines that may start: at most one of each key.
    ready: BTreeSet<u64>,
    /// Boxed, since a node of the map has room for eleven.
    active: BTreeMap<u64, Box<ClientQuery>>,
    turns: HashMap<AskedKey, Turn>,
    keys_len: usize,
    held_len: usize,
    progress: Progress,
}

impl Queries {
    /// No lines yet.
    #[must_use]
    pub fn new(config: QueriesConfig) -> Self {
        Self {
            config,
            lines: VecDeque::new(),
            first: 0,
            ready: BTreeSet::new(),
            active: BTreeMap::new(),
            turns: HashMap::new(),
            keys_len: 0,
            held_len: 0,
            progress: Progress::default(),
        }
    }

    /// Whether another line can be taken in: so many are read ahead, and no more.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.lines.len() < LINES_MAX && self.keys_len < KEYS_LEN_MAX
    }

    /// Whether everything is over and taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes in one more line.
    pub fn push(&mut self, key: AskedKey) {
        let number = self.first + self.lines.len() as u64;
        self.progress.lines += 1;
        self.keys_len += key.as_bytes().len();
        match self.turns.entry(key.clone()) {
            Entry::Occupied(mut turn) => turn.get_mut().later.push_back(number),
            Entry::Vacant(turn) => {
                turn.insert(Turn { line: number, later: VecDeque::new() });
                self.ready.insert(number);
            }
        }
        self.lines.push_back(Asked {
            key,
            started: Timestamp::ZERO,
            held: VecDeque::new(),
            servents: HashSet::new(),
            summary: Summary::default(),
            state: State::Open,
        });
    }

    /// Starts the next line if one may start; its CLIREQ is to be transmitted `now`.
    pub fn start_next(&mut self, now: Timestamp) -> Option<AskedKey> {
        let much_held = self.held_len >= STARTING_LEN_MAX && !self.active.is_empty();
        if self.active.len() >= self.config.jobs.max(1) || much_held {
            return None;
        }
        let number = self.ready.pop_first()?;
        let QueriesConfig { patience, secret, .. } = self.config;
        let line = self.line(number);
        line.started = now;
        let key = line.key.clone();
        let query = ClientQuery::start(key.clone(), patience, secret, now);
        self.active.insert(number, Box::new(query));
        Some(key)
    }

    /// When to call [`Queries::on_deadline`]; `None` while nothing is under way.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.active.values().map(|query| query.deadline()).min()
    }

    /// Judges a message that came from `servent`: any address will do (P-42). Says what it is to the line under way
    /// that has its key; an answer is to be had from [`Queries::next_event`] when it is its line's turn.
    pub fn on_message<'a>(&mut self, now: Timestamp, servent: SocketAddrV4, message: &Message<'a>) -> Heard<'a> {
        let Some((number, query)) = self.asking(message) else { return Heard::Unrelated };
        let heard = query.on_message(now, servent, message);
        if let Heard::Answer(value) = heard {
            self.keep(now, number, servent, value);
        }
        heard
    }

    /// The line under way that has the message's key.
    fn asking(&mut self, message: &Message<'_>) -> Option<(u64, &mut ClientQuery)> {
        let (key, _) = message.text.key_and_value()?;
        // A line whose turn it is may not have started yet.
        let number = self.turns.get(key)?.line;
        self.active.get_mut(&number).map(|query| (number, &mut **query))
    }

    /// Keeps an answer until it is shown.
    fn keep(&mut self, now: Timestamp, number: u64, servent: SocketAddrV4, value: &[u8]) {
        self.progress.answers += 1;
        let is_later = number != self.first;
        let has_room = self.held_len + held_len(value) <= HELD_LEN_MAX;
        let line = self.line(number);
        let elapsed = now.since(line.started);
        line.summary.answers += 1;
        line.summary.first_after.get_or_insert(elapsed);
        if line.servents.len() < SHOWN_MAX && line.servents.insert(servent) {
            line.summary.servents += 1;
        }
        if is_later && !has_room {
            line.summary.left_out += 1;
            return;
        }
        line.held.push_back(Answer { servent, elapsed, value: value.to_vec() });
        self.held_len += held_len(value);
    }

    /// Moves on every line whose deadline has passed; returns the keys whose CLIREQ is to be transmitted once more.
    pub fn on_deadline(&mut self, now: Timestamp) -> Vec<AskedKey> {
        let (mut again, mut over) = (Vec::new(), Vec::new());
        for (number, query) in &mut self.active {
            match query.on_deadline(now) {
                Step::Wait => {}
                Step::Retransmit => again.push(query.key().clone()),
                Step::Finished(_) => over.push(*number),
            }
        }
        over.into_iter().for_each(|number| self.finish(number, now));
        again
    }

    fn finish(&mut self, number: u64, now: Timestamp) {
        self.active.remove(&number);
        let line = self.line(number);
        line.state = State::Over;
        line.summary.elapsed = now.since(line.started);
        line.servents = HashSet::new();
        let (key, unanswered) = (line.key.clone(), line.summary.answers == 0);
        self.progress.done += 1;
        self.progress.unanswered += usize::from(unanswered);
        let turn = self.turns.get_mut(&key).expect("a line under way has its key's turn");
        debug_assert_eq!(turn.line, number, "and no other has");
        if let Some(next) = turn.later.pop_front() {
            turn.line = next;
            self.ready.insert(next);
        } else {
            self.turns.remove(&key);
        }
    }

    /// The next thing to show, in the order asked.
    pub fn next_event(&mut self) -> Option<Event> {
        let line = self.lines.front_mut()?;
        if let Some(answer) = line.held.pop_front() {
            self.held_len -= held_len(&answer.value);
            return Some(Event::Answer { number: self.first + 1, key: line.key.clone(), answer });
        }
        if line.state == State::Open {
            return None;
        }
        let Asked { key, summary, state, .. } = self.lines.pop_front().expect("the line just seen");
        self.keys_len -= key.as_bytes().len();
        self.first += 1;
        Some(match state {
            State::Stopped => Event::Stopped { key },
            State::Over => Event::Finished { number: self.first, key, summary },
            State::Open => unreachable!("a line is open until all of it is over"),
        })
    }

    /// Gives up what is under way and forgets what is not: what was heard can still be taken.
    pub fn stop(&mut self) {
        let first = self.first;
        let last = self.active.last_key_value().map_or(first, |(number, _)| number + 1);
        // Behind the last one under way may be lines that are over, but none that is worth waiting for.
        let over_after = self.lines.iter().rposition(|line| line.state == State::Over).map_or(0, |index| index + 1);
        let kept = over_after.max((last - first) as usize);
        self.lines.truncate(kept);
        for line in &mut self.lines {
            if line.state == State::Open {
                line.state = State::Stopped;
            }
        }
        self.active.clear();
        self.ready.clear();
        self.turns.clear();
        self.keys_len = self.lines.iter().map(|line| line.key.as_bytes().len()).sum();
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { active: self.active.len(), ..self.progress }
    }

    /// What the first line under way waits for.
    #[must_use]
    pub fn wait(&self) -> Option<Wait<'_>> {
        let (number, query) = self.active.first_key_value()?;
        let line = &self.lines[self.index(*number)];
        Some(Wait {
            key: query.key(),
            awaiting: query.awaiting(),
            until: query.deadline(),
            answers: line.summary.answers,
        })
    }

    fn line(&mut self, number: u64) -> &mut Asked {
        let index = self.index(number);
        &mut self.lines[index]
    }

    /// Where a line lies that is ready or under way.
    fn index(&self, number: u64) -> usize {
        let index = number.checked_sub(self.first).expect("a line leaves only once it is over");
        index as usize
    }
}

/// Bytes that an answer takes while it is held back: an empty value takes some as well.
fn held_len(value: &[u8]) -> usize {
    size_of::<Answer>() + value.len()
}

#[cfg(test)]
mod tests;
