//! Makes failures of what was sent and found.

use super::{Datagram, Rig};
use crate::conformance::bytes::Kind;
use crate::conformance::probe::{Failure, Shown, Stop};
use crate::conformance::words::Words;

/// Of what was sent, so much is told.
const SENT_TOLD: usize = 4;

impl Rig<'_> {
    /// That something else was found than expected.
    #[must_use]
    pub fn failure(&self, expected: Shown, found: Shown, explanation: Words) -> Stop {
        Failure { sent: self.last_sent(), expected, found, explanation, end: None }.into()
    }

    /// That a datagram has other bytes than expected. If it has not, all is well.
    ///
    /// # Errors
    /// That failure.
    pub fn same_bytes(&self, kind: Kind, expected: &[u8], found: &Datagram, explanation: Words) -> Result<(), Stop> {
        if found.bytes == expected {
            return Ok(());
        }
        let expected = Shown::Datagram { kind, bytes: expected.to_vec(), way: found.way.clone() };
        Err(self.failure(expected, Shown::datagram(kind, found), explanation))
    }

    /// That nothing came.
    ///
    /// # Errors
    /// That failure, unless something did.
    pub fn came(&self, found: Option<Datagram>, expected: Shown, explanation: Words) -> Result<Datagram, Stop> {
        found.ok_or_else(|| self.failure(expected, Shown::Nothing, explanation))
    }

    /// That something came.
    ///
    /// # Errors
    /// That failure, unless there is nothing.
    pub fn nothing_came(&self, kind: Kind, found: &[Datagram], explanation: Words) -> Result<(), Stop> {
        if found.is_empty() {
            return Ok(());
        }
        Err(self.failure(Shown::Nothing, Shown::datagrams(kind, found), explanation))
    }

    /// That as many came as expected.
    ///
    /// # Errors
    /// That failure, if more or fewer did.
    pub fn as_many(
        &self,
        kind: Kind,
        found: &[Datagram],
        due: usize,
        expected: Shown,
        explanation: Words,
    ) -> Result<(), Stop> {
        if found.len() == due {
            return Ok(());
        }
        Err(self.failure(expected, Shown::datagrams(kind, found), explanation))
    }

    /// The last of what was sent as part of what is tried.
    pub(super) fn last_sent(&self) -> Vec<Shown> {
        self.sent[self.sent.len().saturating_sub(SENT_TOLD)..].to_vec()
    }
}
