//! Counters by named cause, so that nothing is lost silently.
//!
//! Each actor counts for itself in a [`Tally`] and publishes a copy once a batch; whoever wants the numbers adds the
//! copies up. The copy is behind the only lock of the program, held for the length of a copy.
//!
//! Once the servent is at rest these hold exactly:
//!
//! ```text
//! received = malformed_* + unexpected_response + clireq + query
//! query    = stranger_refused + ttl_zero + duplicate + first_sighting
//! lookup   = clireq + first_sighting = answered + not_found + unanswerable_client + response_limited
//! ```
//!
//! So every datagram received is under exactly one of: `answered`, a cause for which it was dropped (`malformed_*`,
//! `unexpected_response`, `stranger_refused`, `ttl_zero`, `duplicate`, `unanswerable_client`, `response_limited`), and
//! `not_found`, whether it was sent on or not. With `received`, `receive_shed` is all that was sent to the servent.
//!
//! `duplicate_higher_ttl` is part of `duplicate`; `ttl_clamped`, `ttl_expired` and `forwarded` are parts of
//! `first_sighting`.

use crate::net::SendFailure;
use crate::wire::DecodeError;
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// How often each thing happened since the start.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Counters {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Counters {
            /// Every counter's name and value, in the order of a datagram's way.
            #[must_use]
            pub fn rows(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)+]
            }

            /// Adds `other`, counter by counter.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)+
            }
        }
    };
}

counters! {
    /// Datagrams that came in.
    received,
    /// Malformed: no room for the type (P-5).
    malformed_too_short,
    /// Malformed: a type that the protocol does not have (P-5).
    malformed_unknown_type,
    /// Malformed: a QUERY that ends before its key (P-5).
    malformed_short_query,
    /// Malformed: no key before the first NUL, or before a RESPONSE's first tab (P-5).
    malformed_empty_key,
    /// Malformed: a RESPONSE without a tab (P-5).
    malformed_no_tab,
    /// RESPONSEs: a servent asks nobody (P-6).
    unexpected_response,
    /// CLIREQs.
    clireq,
    /// QUERYs.
    query,
    /// QUERYs from others than the neighbours, with `--neighbours-only` (P-22).
    stranger_refused,
    /// QUERYs with time-to-live 0 (P-17).
    ttl_zero,
    /// QUERYs seen before (P-14).
    duplicate,
    /// Of these, those with more time-to-live than the first copy (P-19).
    duplicate_higher_ttl,
    /// QUERYs seen for the first time.
    first_sighting,
    /// Of these, those whose time-to-live was above 3 (P-17).
    ttl_clamped,
    /// Of these, those whose time-to-live ran out here (P-14).
    ttl_expired,
    /// Of these, those sent on to at least one neighbour.
    forwarded,
    /// Sightings that were forgotten early to make room (P-20).
    seen_evicted,
    /// CLIREQs from loopback that went to neighbours elsewhere (P-26).
    loopback_client,
    /// Keys looked up.
    lookup,
    /// RESPONSEs made.
    answered,
    /// Keys not held here.
    not_found,
    /// Keys held, but nobody can be answered at the client's address (P-23).
    unanswerable_client,
    /// Keys held, but the client's network had its share (P-24).
    response_limited,
    /// Datagrams handed to the kernel.
    sent,
    /// Sends that failed: no route, or the host or network is down (P-25).
    send_failed_unreachable,
    /// Sends that failed: no buffer space (P-25).
    send_failed_no_buffers,
    /// Sends that failed: refused (P-25).
    send_failed_refused,
    /// Sends that failed: longer than a datagram may be (P-25).
    send_failed_too_long,
    /// Sends that failed: not permitted, for example by a packet filter (P-25).
    send_failed_forbidden,
    /// Sends that failed otherwise (P-25).
    send_failed_other,
    /// Buffers that the kernel dropped because the receive buffer was full. A buffer is a datagram, or with receive offload several, which
    /// only the kernel knew.
    receive_shed,
    /// Receive calls that failed, or brought what could not be read (P-25).
    receive_failed,
    /// Events that are missing from the trace, since it could not be written as fast or at all.
    trace_dropped,
}

impl Counters {
    /// Counts a malformed datagram by its cause.
    pub fn malformed(&mut self, error: DecodeError) {
        *match error {
            DecodeError::TooShort { .. } => &mut self.malformed_too_short,
            DecodeError::UnknownType { .. } => &mut self.malformed_unknown_type,
            DecodeError::ShortQuery { .. } => &mut self.malformed_short_query,
            DecodeError::EmptyKey { .. } => &mut self.malformed_empty_key,
            DecodeError::NoTab { .. } => &mut self.malformed_no_tab,
        } += 1;
    }

    /// Counts a failed send by its kind.
    pub fn send_failed(&mut self, failure: SendFailure) {
        *match failure {
            SendFailure::Unreachable => &mut self.send_failed_unreachable,
            SendFailure::NoBuffers => &mut self.send_failed_no_buffers,
            SendFailure::Refused => &mut self.send_failed_refused,
            SendFailure::TooLong => &mut self.send_failed_too_long,
            SendFailure::Forbidden => &mut self.send_failed_forbidden,
            SendFailure::Other => &mut self.send_failed_other,
        } += 1;
    }
}

/// How often a second things happened over a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates([(&'static str, f64); 6]);

impl Counters {
    /// What was counted since `earlier`, `elapsed` ago, a second.
    #[must_use]
    pub fn rates_since(&self, earlier: &Self, elapsed: Duration) -> Rates {
        let a_second = |count: fn(&Self) -> u64| {
            count(self).saturating_sub(count(earlier)) as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
        };
        Rates([
            ("received", a_second(|counters| counters.received)),
            ("answered", a_second(|counters| counters.answered)),
            ("forwarded", a_second(|counters| counters.forwarded)),
            ("duplicates", a_second(|counters| counters.duplicate)),
            ("dropped", a_second(Self::dropped)),
            ("shed", a_second(|counters| counters.receive_shed)),
        ])
    }

    /// Datagrams and answers that came to nothing by a cause that has a name, duplicates not among them.
    fn dropped(&self) -> u64 {
        let causes = ["malformed_", "send_failed_"];
        let by_kind = self.rows().into_iter().filter(|(name, _)| causes.iter().any(|cause| name.starts_with(cause)));
        by_kind.map(|(_, count)| count).sum::<u64>()
            + self.unexpected_response
            + self.stranger_refused
            + self.ttl_zero
            + self.unanswerable_client
            + self.response_limited
    }
}

/// One line.
impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "per second:")?;
        self.0.iter().enumerate().try_for_each(|(index, (name, rate))| {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator} {name} {rate:.1}")
        })
    }
}

/// The table: a heading, then a row for each counter, names on the left and numbers flush right.
impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let name_len = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let value_len = rows.iter().map(|(_, value)| value.to_string().len()).max().unwrap_or(0);
        write!(f, "counters")?;
        for (name, value) in rows {
            write!(f, "\n  {name:name_len$}  {value:>value_len$}")?;
        }
        Ok(())
    }
}

/// The counters of one actor.
#[derive(Debug)]
pub struct Tally {
    counters: Counters,
    published: Arc<Mutex<Counters>>,
}

impl Tally {
    /// The counters, to count in.
    pub fn count(&mut self) -> &mut Counters {
        &mut self.counters
    }

    /// Shows what was counted so far to [`Stats::snapshot`].
    pub fn publish(&self) {
        self.published.lock().clone_from(&self.counters);
    }
}

/// The counters of all actors together.
#[derive(Debug, Default)]
pub struct Stats {
    tallies: Vec<Arc<Mutex<Counters>>>,
}

impl Stats {
    /// A tally for one more actor.
    pub fn tally(&mut self) -> Tally {
        let published = Arc::new(Mutex::new(Counters::default()));
        self.tallies.push(Arc::clone(&published));
        Tally { counters: Counters::default(), published }
    }

    /// What all tallies have published, added up.
    #[must_use]
    pub fn snapshot(&self) -> Counters {
        let mut sum = Counters::default();
        for tally in &self.tallies {
            sum.add(&tally.lock());
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_adds_up_what_the_actors_published() {
        let mut stats = Stats::default();
        let (mut receiver, mut sender) = (stats.tally(), stats.tally());
        receiver.count().received += 3;
        sender.count().sent += 2;
        receiver.publish();
        assert_eq!(stats.snapshot(), Counters { received: 3, ..Counters::default() });
        sender.publish();
        assert_eq!(stats.snapshot(), Counters { received: 3, sent: 2, ..Counters::default() });
    }

    #[test]
    fn rates_are_of_what_came_in_between_a_second() {
        let before = Counters { received: 100, duplicate: 5, ..Counters::default() };
        let now = Counters {
            received: 350,
            answered: 25,
            forwarded: 10,
            duplicate: 6,
            malformed_no_tab: 1,
            ttl_zero: 2,
            response_limited: 3,
            send_failed_refused: 4,
            receive_shed: 1_000_000,
            ..Counters::default()
        };
        assert_eq!(
            now.rates_since(&before, Duration::from_millis(2_500)).to_string(),
            "per second: received 100.0, answered 10.0, forwarded 4.0, duplicates 0.4, dropped 4.0, shed 400000.0"
        );
    }

    #[test]
    fn the_table_is_aligned() {
        let table = Counters { received: 1_234, ..Counters::default() }.to_string();
        let widths: Vec<_> = table.lines().skip(1).map(str::len).collect();
        assert!(widths.iter().all(|&width| width == widths[0]), "{table}");
        assert!(table.starts_with("counters\n  received "), "{table}");
    }
}
