//! Waits for datagrams, and ends silence by control questions.
//!
//! What is awaited and does not come is given up only when a question that was asked later has been answered twice, and a
//! while more. What is to stay away is looked for only then. So a busy machine and a slow program cost time, and no verdict.

use super::{Datagram, PeerId, ProgramId, Rig};
use crate::conformance::bytes::{Kind, contains, message};
use crate::conformance::probe::{End, Failure, Shown, Stop};
use crate::conformance::words::Words;
use std::time::Duration;

/// How long an answer may take.
pub const ANSWER_WAIT_MAX: Duration = Duration::from_secs(8);

/// How long something is awaited before a control question is asked.
const FIRST_WAIT: Duration = Duration::from_millis(300);

/// How long something is awaited after a control question was answered.
const LAST_WAIT: Duration = Duration::from_millis(2500);

/// How long after it is looked for what is to stay away: a program may have a thread for each datagram.
const STRAGGLERS_WAIT: Duration = Duration::from_millis(20);

/// How often a control question is asked, and once more for each servent beyond the first: in each round what is under way
/// gets one servent further, at least.
const ROUNDS: usize = 2;

/// How often is looked whether a program has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Rig<'_> {
    /// Awaits a datagram at a socket that is as wanted. `None` if it does not come.
    ///
    /// # Errors
    /// That a program ended, or answers nothing any more.
    pub fn await_at(&mut self, peer: PeerId, is_wanted: impl Fn(&Datagram) -> bool) -> Result<Option<Datagram>, Stop> {
        self.await_event(&mut |rig| rig.matching(peer, &is_wanted).into_iter().next())
    }

    /// Waits until `look` finds something; control questions end the wait. `None` if it does not.
    ///
    /// # Errors
    /// That a program ended, or answers nothing any more.
    pub fn await_event<T>(&mut self, look: &mut dyn FnMut(&Self) -> Option<T>) -> Result<Option<T>, Stop> {
        if !self.has_control() {
            return self.await_that(look, ANSWER_WAIT_MAX);
        }
        if let Some(found) = self.await_that(look, FIRST_WAIT)? {
            return Ok(Some(found));
        }
        self.settle()?;
        self.await_that(look, LAST_WAIT)
    }

    /// Awaits a datagram at a socket that is as wanted, for so long and without a control question.
    ///
    /// # Errors
    /// That a program ended.
    pub fn await_within(
        &mut self,
        peer: PeerId,
        is_wanted: impl Fn(&Datagram) -> bool,
        wait_max: Duration,
    ) -> Result<Option<Datagram>, Stop> {
        let mut counts = |rig: &Self| rig.matching(peer, &is_wanted).into_iter().next();
        self.await_that(&mut counts, wait_max)
    }

    /// Waits until `look` finds something. `None` if it does not in time.
    ///
    /// # Errors
    /// That a program ended.
    pub fn await_that<T>(
        &mut self,
        look: &mut dyn FnMut(&Self) -> Option<T>,
        wait_max: Duration,
    ) -> Result<Option<T>, Stop> {
        let deadline = self.now() + wait_max;
        loop {
            if let Some(found) = look(self) {
                return Ok(Some(found));
            }
            let now = self.now();
            if now >= deadline {
                return Ok(None);
            }
            let before = self.seen();
            self.pump((deadline - now).min(LOOK_EVERY))?;
            if self.seen() == before {
                self.all_go_on()?;
                if self.all_ended() {
                    return Ok(look(self));
                }
            }
        }
    }

    /// Whether nobody is left who could send anything.
    fn all_ended(&mut self) -> bool {
        !self.programs.is_empty() && self.programs.iter_mut().all(|program| program.running.ended().is_some())
    }

    /// How many datagrams were seen.
    fn seen(&self) -> usize {
        self.conversation.entries.len()
    }

    /// Asks every servent a question that it answers if it works, twice, and waits for the answers: what it does because
    /// of anything sent before has been done then.
    ///
    /// # Errors
    /// That a servent ended, or does not answer.
    pub fn settle(&mut self) -> Result<(), Stop> {
        for _ in 0..ROUNDS + self.programs.len().saturating_sub(1) {
            let mut asked = Vec::new();
            for index in 0..self.programs.len() {
                if let Some((client, value)) = self.ask_control(index)? {
                    asked.push((ProgramId(index), client, value));
                }
            }
            for (program, client, value) in asked {
                let is_answer = |datagram: &Datagram| contains(&datagram.bytes, value.as_bytes());
                if self.await_within(client, is_answer, ANSWER_WAIT_MAX)?.is_none() {
                    return Err(self.hangs(program));
                }
            }
        }
        let deadline = self.now() + STRAGGLERS_WAIT;
        while self.now() < deadline {
            self.pump(deadline.saturating_sub(self.now()))?;
        }
        Ok(())
    }

    fn has_control(&self) -> bool {
        self.programs.iter().any(|program| program.control.is_some())
    }

    /// Asks a servent its control question, if it has one, from a socket that never asked before; tells which, and what
    /// the answer carries.
    fn ask_control(&mut self, index: usize) -> Result<Option<(PeerId, String)>, Stop> {
        let Some(control) = &mut self.programs[index].control else { return Ok(None) };
        let question = message(Kind::Clireq, &self.world.framing.field(control.next_key().as_bytes()));
        let value = control.value.clone();
        let client = self.peer(Words::new("control", "controle"))?;
        self.transmit(client, self.programs[index].address, &question)?;
        Ok(Some((client, value)))
    }

    fn hangs(&mut self, program: ProgramId) -> Stop {
        let name = self.programs[program.0].name.clone();
        let found = Words::made(
            format!("{} runs, but answers nothing any more", name.en),
            format!("{} está rodando, mas não responde mais nada", name.pt),
        );
        self.note(found.clone());
        let failure = Failure {
            sent: self.last_sent(),
            expected: Shown::words(
                "an answer to a question for a key that it holds",
                "uma resposta à consulta de uma chave que ele tem",
            ),
            found: Shown::Words(found),
            explanation: Words::new("the program hangs", "o programa travou"),
            end: Some(End::Hangs),
        };
        failure.into()
    }
}
