//! Servents that break one promise each: for the checker of simulations and for the model of floods, which must notice.

use crate::queries::{changed, inbox_with, query, query_header, with_ttl};
use servent::batch::{Inbox, Outbox};
use servent::protocol::{FloodConfig, ResponseLimiter, SeenConfig, Store};
use servent::sim::{Behaviour, Machines, Outcome};
use servent::wire::{QueryHeader, decode, encode_query};
use servent::{Neighbours, Timestamp, Ttl};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// A mutation that has the real machines and nothing else.
macro_rules! mutation {
    ($(#[$about:meta])* $name:ident, |$flood:ident, $store:ident| $configure:expr, |$inner:ident, $now:ident, $inbox:ident, $outbox:ident| $act:expr) => {
        $(#[$about])*
        pub(crate) struct $name(Machines);

        impl Behaviour for $name {
            fn start($flood: FloodConfig, $store: Store, limiter: ResponseLimiter) -> Self {
                let (flood, store) = $configure;
                Self(Machines::start(flood, store, limiter))
            }

            fn on_message(&mut self, $now: Timestamp, $inbox: &Inbox, $outbox: &mut Outbox) -> Outcome {
                let $inner = &mut self.0;
                $act
            }

            fn replace_neighbours(&mut self, neighbours: Neighbours) {
                self.0.replace_neighbours(neighbours);
            }

            fn sightings(&self) -> usize {
                self.0.sightings()
            }
        }
    };
    ($(#[$about:meta])* $name:ident, |$flood:ident, $store:ident| $configure:expr) => {
        mutation!($(#[$about])* $name, |$flood, $store| $configure, |inner, now, inbox, outbox| inner.on_message(now, inbox, outbox));
    };
    ($(#[$about:meta])* $name:ident, |$inner:ident, $now:ident, $inbox:ident, $outbox:ident| $act:expr) => {
        mutation!($(#[$about])* $name, |flood, store| (flood, store), |$inner, $now, $inbox, $outbox| $act);
    };
}

mutation!(
    /// Sends a QUERY back to the neighbour that it came from as well (against P-14): it is not told who that was.
    NoSplitHorizon,
    // Those who refuse strangers would refuse one whose address is hidden from them.
    |flood, store| (FloodConfig { neighbours_only: false, ..flood }, store),
    |inner, now, inbox, outbox| {
        let Some((_, header, text)) = query(inbox) else {
            return inner.on_message(now, inbox, outbox);
        };
        inner.on_message(now, &inbox_with(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0), header, text), outbox)
    }
);

mutation!(
    /// Sends QUERYs on with the time-to-live that they came with (against P-14).
    TtlKept,
    |inner, now, inbox, outbox| {
        let Some((from, header, text)) = query(inbox).filter(|(_, header, _)| header.ttl != Ttl(0)) else {
            return inner.on_message(now, inbox, outbox);
        };
        let ttl = header.ttl;
        let lively = inbox_with(from, QueryHeader { ttl: Ttl::INITIAL, ..header }, text);
        changed(outbox, |outbox| inner.on_message(now, &lively, outbox), |bytes, to| vec![(with_ttl(bytes, ttl), to)])
    }
);

mutation!(
    /// Cuts what stands behind the key (against P-15).
    CutsPadding,
    |inner, now, inbox, outbox| {
        changed(
            outbox,
            |outbox| inner.on_message(now, inbox, outbox),
            |bytes, to| {
                let Some(header) = query_header(&bytes) else { return vec![(bytes, to)] };
                let mut cut = Vec::new();
                encode_query(&mut cut, header, decode(&bytes).unwrap().text.before_nul());
                vec![(cut, to)]
            },
        )
    }
);

mutation!(
    /// Sends each QUERY twice.
    ForwardsTwice,
    |inner, now, inbox, outbox| {
        changed(
            outbox,
            |outbox| inner.on_message(now, inbox, outbox),
            |bytes, to| {
                let times = if query_header(&bytes).is_some() { 2 } else { 1 };
                vec![(bytes, to); times]
            },
        )
    }
);

mutation!(
    /// Takes every QUERY for new (against P-14).
    ForgetsAtOnce,
    |flood, store| {
        let seen = SeenConfig { expiry: Duration::ZERO, ..flood.seen };
        (FloodConfig { seen, ..flood }, store)
    }
);
