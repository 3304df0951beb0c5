//! Counters by named cause, so that nothing is lost silently.
//!
//! Each actor counts for itself in a [`Tally`] and publishes a copy once a batch; whoever wants the numbers adds the
//! copies up. The copy is behind a lock, held for the length of a copy.
//!
//! Once the servent is at rest these hold exactly:
//!
//! ```text
//! received = malformed_* + unexpected_response + clireq + query
//! query    = stranger_refused + ttl_zero + duplicate + first_sighting
//! lookup   = clireq + first_sighting = answered + not_found + unanswerable_client + response_limited
//! ```
//!
//! So every datagram received is under exactly one of: `answered`, a [`DropCause`] other than those of sends and
//! links, `duplicate`, and `not_found`, whether it was sent on or not. With `received`, `receive_shed` is all that was sent to
//! the servent. And every datagram that was to leave, a QUERY to each neighbour or a RESPONSE, is under exactly one of
//! `sent`, `send_failed_*`, `link_lost` and `link_cut`.
//!
//! `duplicate_higher_ttl` is part of `duplicate`; `ttl_clamped`, `ttl_expired` and `forwarded` are parts of
//! `first_sighting`.

mod cause;

use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// From the list of counters: the struct, and a variant of [`DropCause`] for each that has one beside its name.
macro_rules! counters {
    ($(#[doc = $doc:literal] $name:ident $(= $cause:ident)?,)+) => {
        /// How often each thing happened since the start.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $(#[doc = $doc] pub $name: u64,)+
        }

        /// Why a datagram, or the answer to one, came to nothing. Each has a counter, and in a trace a `why`, of its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum DropCause {
            $($(#[doc = $doc] $cause,)?)+
        }

        impl DropCause {
            /// Every cause, in the order of a datagram's way.
            pub const ALL: &[Self] = &[$($(Self::$cause,)?)+];

            /// The name of its counter.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $($(Self::$cause => stringify!($name),)?)+
                }
            }
        }

        impl Counters {
            /// Every counter's name and what it counts, in the order of a datagram's way: what man pages tell.
            pub const MEANINGS: &[(&str, &str)] = &[$((stringify!($name), $doc),)+];

            /// Every counter's name and value, in the order of a datagram's way.
            #[must_use]
            pub fn rows(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)+]
            }

            /// Adds `other`, counter by counter.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)+
            }

            /// The counter of a cause.
            #[must_use]
            pub fn dropped(&self, cause: DropCause) -> u64 {
                match cause {
                    $($(DropCause::$cause => self.$name,)?)+
                }
            }

            /// Counts one more that came to nothing.
            pub fn count_drop(&mut self, cause: DropCause) {
                *match cause {
                    $($(DropCause::$cause => &mut self.$name,)?)+
                } += 1;
            }
        }
    };
}

counters! {
    /// Datagrams that came in.
    received,
    /// Malformed: no room for the type (P-5).
    malformed_too_short = MalformedTooShort,
    /// Malformed: a type that the protocol does not have (P-5).
    malformed_unknown_type = MalformedUnknownType,
    /// Malformed: a QUERY that ends before its key (P-5).
    malformed_short_query = MalformedShortQuery,
    /// Malformed: no key before the first NUL, or before a RESPONSE's first tab (P-5).
    malformed_empty_key = MalformedEmptyKey,
    /// Malformed: a RESPONSE without a tab (P-5).
    malformed_no_tab = MalformedNoTab,
    /// RESPONSEs: a servent asks nobody (P-6).
    unexpected_response = UnexpectedResponse,
    /// CLIREQs.
    clireq,
    /// QUERYs.
    query,
    /// QUERYs from others than the neighbours, with --neighbours-only (P-22).
    stranger_refused = StrangerRefused,
    /// QUERYs with time-to-live 0 (P-17).
    ttl_zero = TtlZero,
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
    unanswerable_client = UnanswerableClient,
    /// Keys held, but the client's network had its share (P-24).
    response_limited = ResponseLimited,
    /// QUERYs that a link to a neighbour lost, as --loss and --delay have it.
    link_lost = LinkLost,
    /// QUERYs that were still under way on a link when the servent stopped, as --delay has it.
    link_cut = LinkCut,
    /// Datagrams handed to the kernel.
    sent,
    /// Sends that failed: no route, or the host or network is down (P-25).
    send_failed_unreachable = SendFailedUnreachable,
    /// Sends that failed: no buffer space (P-25).
    send_failed_no_buffers = SendFailedNoBuffers,
    /// Sends that failed: refused (P-25).
    send_failed_refused = SendFailedRefused,
    /// Sends that failed: longer than a datagram may be (P-25).
    send_failed_too_long = SendFailedTooLong,
    /// Sends that failed: not permitted, for example by a packet filter (P-25).
    send_failed_forbidden = SendFailedForbidden,
    /// Sends that failed otherwise (P-25).
    send_failed_other = SendFailedOther,
    /// Buffers that the kernel dropped for want of room: a datagram each, or with receive offload nobody knows how many.
    receive_shed,
    /// Receive calls that failed, or brought what could not be read (P-25).
    receive_failed,
    /// Look-ups of neighbours' names (P-27).
    names_looked_up,
    /// Of these, those that failed.
    names_failed,
    /// Of these, those that found another address than before.
    names_changed,
    /// Events that are missing from the trace, since it could not be written as fast or at all.
    trace_dropped,
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
            ("dropped", a_second(Self::all_dropped)),
            ("shed", a_second(|counters| counters.receive_shed)),
        ])
    }

    /// What came to nothing by any cause.
    fn all_dropped(&self) -> u64 {
        DropCause::ALL.iter().map(|&cause| self.dropped(cause)).sum()
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

/// The table: a heading, then a row for each counter that is not 0, names on the left and numbers flush right. The
/// alternate form (`{:#}`) has the others as well.
impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = self.rows();
        rows.retain(|(_, value)| f.alternate() || *value > 0);
        if rows.is_empty() {
            return write!(f, "counters: all are 0");
        }
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
    fn each_cause_has_the_counter_of_its_name() {
        for &cause in DropCause::ALL {
            let mut counters = Counters::default();
            counters.count_drop(cause);
            let counted: Vec<_> = counters.rows().into_iter().filter(|(_, count)| *count > 0).collect();
            assert_eq!((counted, counters.dropped(cause)), (vec![(cause.name(), 1)], 1), "{cause:?}");
        }
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
        let table = format!("{:#}", Counters { received: 1_234, ..Counters::default() });
        let widths: Vec<_> = table.lines().skip(1).map(str::len).collect();
        assert!(widths.iter().all(|&width| width == widths[0]), "{table}");
        assert!(table.starts_with("counters\n  received "), "{table}");
    }

    #[test]
    fn counters_that_are_0_are_left_out_of_the_table() {
        let table = Counters { received: 1_234, not_found: 5, ..Counters::default() }.to_string();
        assert_eq!(table, "counters\n  received   1234\n  not_found     5");
        assert_eq!(Counters::default().to_string(), "counters: all are 0");
    }
}
