//! The QUERYs that go into and come out of a simulated servent, looked at and changed by one that wraps the real machines.

use servent::Ttl;
use servent::batch::{Inbox, Outbox};
use servent::sim::Outcome;
use servent::wire::{Header, QueryHeader, Text, decode, encode_query};
use std::net::SocketAddrV4;

/// The header of a QUERY.
pub(crate) fn query_header(datagram: &[u8]) -> Option<QueryHeader> {
    match decode(datagram).ok()?.header {
        Header::Query(header) => Some(header),
        Header::Clireq | Header::Response => None,
    }
}

/// The QUERY in `inbox` and where it came from; `None` for anything else.
pub(crate) fn query(inbox: &Inbox) -> Option<(SocketAddrV4, QueryHeader, Text<'_>)> {
    let (source, message) = inbox.get(0).unwrap();
    match message.header {
        Header::Query(header) => Some((source, header, message.text)),
        Header::Clireq | Header::Response => None,
    }
}

/// An inbox that holds this QUERY.
pub(crate) fn inbox_with(source: SocketAddrV4, header: QueryHeader, text: Text<'_>) -> Inbox {
    let (mut inbox, mut bytes) = (Inbox::default(), Vec::new());
    encode_query(&mut bytes, header, text.field());
    inbox.push(source, &bytes).unwrap();
    inbox
}

/// Lets `inner` act and `change` what it sends: each datagram and its destination become what is returned.
pub(crate) fn changed(
    outbox: &mut Outbox,
    inner: impl FnOnce(&mut Outbox) -> Outcome,
    mut change: impl FnMut(Vec<u8>, SocketAddrV4) -> Vec<(Vec<u8>, SocketAddrV4)>,
) -> Outcome {
    let mut meant = Outbox::default();
    let outcome = inner(&mut meant);
    for (bytes, to) in meant.iter().flat_map(|(bytes, to)| change(bytes.to_vec(), to)) {
        let datagram = outbox.write(|written| written.extend_from_slice(&bytes));
        outbox.send(&datagram, to);
    }
    outcome
}

/// A QUERY with another time-to-live; anything else as it is.
pub(crate) fn with_ttl(mut bytes: Vec<u8>, ttl: Ttl) -> Vec<u8> {
    if query_header(&bytes).is_some() {
        bytes[2..4].copy_from_slice(&ttl.0.to_be_bytes());
    }
    bytes
}
