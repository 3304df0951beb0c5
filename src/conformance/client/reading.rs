//! What a client's user reads, and what is said where that is not as it should be.

use super::ClientRig;
use super::screen::{shown_len, shows, visible};
use super::timing::SHOWN_WAIT_MAX;
use crate::conformance::probe::{Shown, Stop};
use crate::conformance::words::Words;
use std::time::Duration;

/// The lines of a screen that are told with a failure.
const LINES_TOLD: usize = 12;

/// How much a client had written at some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    output: usize,
    errors: usize,
}

impl ClientRig<'_, '_> {
    /// What the client's user could read so far, standard error behind the rest.
    pub fn screen(&mut self) -> Vec<u8> {
        self.screen_since(Mark::default())
    }

    /// How much is written by now.
    pub(super) fn mark(&mut self) -> Mark {
        let running = self.rig.running(self.program);
        Mark { output: running.output().bytes().len(), errors: running.errors().bytes().len() }
    }

    /// What the client's user could read that was written since.
    pub(super) fn screen_since(&mut self, mark: Mark) -> Vec<u8> {
        let running = self.rig.running(self.program);
        let (output, errors) = (running.output().bytes(), running.errors().bytes());
        let output = visible(output.get(mark.output..).unwrap_or_default());
        let errors = visible(errors.get(mark.errors..).unwrap_or_default());
        [output, b"\n".to_vec(), errors].concat()
    }

    /// That a value can be read, at the latest when the client's waiting is over.
    pub(super) fn shows(&mut self, value: &[u8], explanation: Words) -> Result<(), Stop> {
        self.shows_all(&[value], explanation)
    }

    /// That all these values can be read, likewise.
    pub(super) fn shows_all(&mut self, values: &[&[u8]], explanation: Words) -> Result<(), Stop> {
        let is_wanted = |screen: &[u8]| values.iter().all(|value| shows(screen, value));
        if self.await_screen(is_wanted, SHOWN_WAIT_MAX)? {
            return Ok(());
        }
        let screen = self.screen();
        let missing: Vec<_> = values.iter().filter(|value| !shows(&screen, value)).map(|value| text(value)).collect();
        let missing = missing.join(", ");
        let expected = Words::made(format!("on the screen: {missing}"), format!("na tela: {missing}"));
        Err(self.fails_with_screen(Shown::Words(expected), Mark::default(), explanation))
    }

    /// That a value can be read whole, likewise.
    pub(super) fn shows_whole(&mut self, value: &[u8], explanation: Words) -> Result<(), Stop> {
        if self.await_screen(|screen| shows(screen, value), SHOWN_WAIT_MAX)? {
            return Ok(());
        }
        let screen = self.screen();
        let (len, shown) = (value.len(), shown_len(&screen, value));
        let expected = Words::made(format!("all {len} bytes on the screen"), format!("todos os {len} bytes na tela"));
        let found = Words::made(format!("the first {shown} bytes of it"), format!("os primeiros {shown} bytes dele"));
        let found = Shown::Several(vec![Shown::Words(found), self.told_screen(Mark::default())]);
        Err(self.fails(Shown::Words(expected), found, explanation))
    }

    /// Waits until the client's user can read what is wanted. Whether that was so in time, or before the client ended.
    ///
    /// # Errors
    /// What the system says.
    pub fn await_screen(&mut self, is_wanted: impl Fn(&[u8]) -> bool, wait_max: Duration) -> Result<bool, Stop> {
        let deadline = self.rig.now() + wait_max;
        loop {
            // Looked for first: what it wrote before its end is read by then or soon.
            let is_over = self.is_over();
            if is_wanted(&self.screen()) {
                return Ok(true);
            }
            if is_over || self.rig.now() >= deadline {
                return Ok(false);
            }
            self.pause()?;
        }
    }

    /// That something else can be read than expected, of what was written since.
    pub(super) fn fails_with_screen(&mut self, expected: Shown, since: Mark, explanation: Words) -> Stop {
        let found = self.told_screen(since);
        self.fails(expected, found, explanation)
    }

    /// What can be read that was written since, as it is told: the end of it. What a client wrote to standard error before
    /// it ended is told with its end.
    fn told_screen(&mut self, since: Mark) -> Shown {
        let screen = match self.rig.running(self.program).ended() {
            Some(_) => visible(self.rig.running(self.program).output().bytes().get(since.output..).unwrap_or_default()),
            None => self.screen_since(since),
        };
        let lines: Vec<_> = screen.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
        let told = &lines[lines.len().saturating_sub(LINES_TOLD)..];
        if told.is_empty() {
            return Shown::words("nothing on the screen", "nada na tela");
        }
        let told = told.iter().map(|line| Shown::Words(Words::same(crate::text::escape(line.trim_ascii_end()))));
        let heading = Shown::words("on the screen:", "na tela:");
        Shown::Several(std::iter::once(heading).chain(told).collect())
    }
}

/// Text in quotation marks, so far as it is short.
fn text(value: &[u8]) -> String {
    format!("\"{}\"", crate::text::escape(value))
}
