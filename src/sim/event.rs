//! What happens in a simulation, told to whoever watches.

use super::client::Reception;
use super::ids::{ClientId, DatagramId, Party, ServentId};
use super::machines::Outcome;
use crate::batch::Outbox;
use crate::protocol::{LookupVerdict, QueryVerdict};
use crate::types::{Neighbours, Timestamp};
use crate::wire::{Header, decode};
use std::fmt;
use std::net::SocketAddrV4;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A client started to ask for a key.
    Asked {
        /// Which client.
        client: ClientId,
        /// Whom it asks.
        entry: ServentId,
        /// For what.
        key: &'a [u8],
    },
    /// A datagram went onto a link, or a copy of one came to be there.
    Sent {
        /// Its number.
        datagram: DatagramId,
        /// Why it was sent.
        cause: Cause,
        /// The sender's address.
        from: SocketAddrV4,
        /// The destination.
        to: SocketAddrV4,
        /// What will arrive.
        bytes: &'a [u8],
        /// What the link does to it.
        fate: Fate,
    },
    /// A datagram reached a servent. What it sends because of it follows as [`Event::Sent`].
    Delivered {
        /// The datagram.
        datagram: DatagramId,
        /// Where it came from.
        from: SocketAddrV4,
        /// Who got it.
        to: ServentId,
        /// What arrived.
        bytes: &'a [u8],
        /// What the servent made of it.
        outcome: Outcome,
        /// What it sends because of it.
        sends: &'a Outbox,
        /// Sightings that it keeps afterwards.
        sightings: usize,
    },
    /// A datagram reached a client.
    Heard {
        /// The datagram.
        datagram: DatagramId,
        /// Where it came from.
        from: SocketAddrV4,
        /// Who got it.
        to: ClientId,
        /// What arrived.
        bytes: &'a [u8],
        /// What the client made of it.
        reception: Reception,
    },
    /// A datagram arrived where nobody is: at a stranger's address, or a servent that is down.
    Missed {
        /// The datagram.
        datagram: DatagramId,
        /// Where to.
        to: SocketAddrV4,
    },
    /// A client's wait was over without an answer: it asks again.
    Retransmits {
        /// Which client.
        client: ClientId,
    },
    /// A client's last wait for a key was over.
    Finished {
        /// Which client.
        client: ClientId,
        /// Different answers that it got.
        answers: usize,
    },
    /// A servent stopped, and lost what it had seen.
    Crashed(ServentId),
    /// It started again.
    Restarted(ServentId),
    /// It will start again at another address, to which its name leads from now on (P-27).
    Moved {
        /// Which servent.
        servent: ServentId,
        /// Where it will be.
        address: SocketAddrV4,
    },
    /// A servent looked all its neighbours' names up (P-27).
    LookedUp {
        /// Which servent.
        servent: ServentId,
        /// What it took for its neighbours then.
        neighbours: &'a Neighbours,
    },
    /// Links between these servents and all others are cut.
    Parted(&'a [ServentId]),
    /// They are whole again.
    Healed,
    /// Links behave differently from now on.
    LinksChanged,
}

/// Why a datagram was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A servent got this datagram.
    Datagram(DatagramId),
    /// A client asks.
    Client(ClientId),
    /// Somebody who is not simulated sent it.
    Stranger,
}

/// What a link does to a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Lost.
    Lost,
    /// Stopped by a partition.
    Parted,
    /// It will arrive.
    Arrives {
        /// When.
        at: Timestamp,
        /// With one byte changed.
        corrupted: bool,
        /// It is a second copy, which the network made.
        copy: bool,
    },
}

/// Watches a simulation. `()` watches nothing.
pub trait Observer {
    /// Is told of everything, in order.
    fn observe(&mut self, at: Timestamp, event: &Event<'_>);
}

impl Observer for () {
    fn observe(&mut self, _: Timestamp, _: &Event<'_>) {}
}

/// Both watch.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn observe(&mut self, at: Timestamp, event: &Event<'_>) {
        self.0.observe(at, event);
        self.1.observe(at, event);
    }
}

/// Everything that happened, a line an event: what a failing seed prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    lines: Vec<String>,
}

impl Observer for Story {
    fn observe(&mut self, at: Timestamp, event: &Event<'_>) {
        self.lines.push(format!("{} {event}", Seconds(at)));
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A time as seconds, aligned.
struct Seconds(Timestamp);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        write!(f, "{:>5}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Asked { client, entry, key } => write!(f, "{client} asks {entry} for {}", key.escape_ascii()),
            Self::Sent { datagram, cause, from, to, bytes, fate } => {
                let (from, to) = (Party::from(from), Party::from(to));
                write!(f, "  {datagram} {cause}: {from} to {to}: {}, {fate}", Bytes(bytes))
            }
            Self::Delivered { datagram, to, outcome, .. } => write!(f, "{to} got {datagram}: {outcome}"),
            Self::Heard { datagram, to, reception, .. } => write!(f, "{to} got {datagram}: {reception:?}"),
            Self::Missed { datagram, to } => write!(f, "nobody got {datagram} at {}", Party::from(to)),
            Self::Retransmits { client } => write!(f, "{client} got no answer and asks again"),
            Self::Finished { client, answers } => write!(f, "{client} is done, with {answers} answers"),
            Self::Crashed(servent) => write!(f, "{servent} crashes"),
            Self::Restarted(servent) => write!(f, "{servent} starts again"),
            Self::Moved { servent, address } => write!(f, "{servent} moves to {address}"),
            Self::LookedUp { servent, neighbours } => {
                write!(f, "{servent} looks its neighbours' names up:")?;
                neighbours.as_slice().iter().try_for_each(|address| write!(f, " {address}"))
            }
            Self::Parted(far) => {
                let far: Vec<_> = far.iter().map(|servent| servent.0.to_string()).collect();
                write!(f, "servents {} are cut off from the others", far.join(" "))
            }
            Self::Healed => f.write_str("the partition heals"),
            Self::LinksChanged => f.write_str("the links change"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datagram(cause) => write!(f, "because of {cause}"),
            Self::Client(client) => write!(f, "of {client}"),
            Self::Stranger => f.write_str("of a stranger"),
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("lost"),
            Self::Parted => f.write_str("stopped by the partition"),
            Self::Arrives { at, corrupted, copy } => {
                let copy = if *copy { "a copy, " } else { "" };
                let corrupted = if *corrupted { " corrupted" } else { "" };
                write!(f, "{copy}arrives{corrupted} at {}", Seconds(*at).to_string().trim_start())
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "malformed: {error}"),
            Self::Response => f.write_str("ignored"),
            Self::Clireq(_, lookup) => write!(f, "flooded, {}", Looked(*lookup)),
            Self::Query(QueryVerdict::FirstSighting { forwarded, .. }, Some(lookup)) => {
                write!(f, "new, forwarded to {forwarded}, {}", Looked(*lookup))
            }
            Self::Query(QueryVerdict::Duplicate { higher_ttl: false }, _) => f.write_str("duplicate"),
            Self::Query(QueryVerdict::Duplicate { higher_ttl: true }, _) => {
                f.write_str("duplicate, with a higher time-to-live than the first")
            }
            Self::Query(QueryVerdict::TtlZero, _) => f.write_str("time-to-live 0, dropped"),
            Self::Query(QueryVerdict::StrangerRefused, _) => f.write_str("a stranger's, refused"),
            Self::Query(QueryVerdict::FirstSighting { .. }, None) => f.write_str("new, not looked up"),
        }
    }
}

/// What a look-up gave, in words.
struct Looked(LookupVerdict);

impl fmt::Display for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            LookupVerdict::Answered => "answered",
            LookupVerdict::NotFound => "not held",
            LookupVerdict::UnanswerableClient => "held, but nobody can be answered there",
            LookupVerdict::ResponseLimited => "held, but over the limit",
        })
    }
}

/// A datagram in words, its fields first.
struct Bytes<'a>(&'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match decode(self.0) {
            Ok(message) => {
                let text = message.text.field().escape_ascii();
                match message.header {
                    Header::Clireq => write!(f, "CLIREQ '{text}'"),
                    Header::Query(header) => {
                        let client = Party::from(header.client);
                        write!(f, "QUERY ttl {} for {client} seq {} '{text}'", header.ttl, header.seq)
                    }
                    Header::Response => write!(f, "RESPONSE '{text}'"),
                }
            }
            Err(_) => write!(f, "{} bytes '{}'", self.0.len(), self.0.escape_ascii()),
        }
    }
}
