//! How a program of this protocol writes and reads it, as data: P-2, P-3 and what is known of other programs.

use crate::support::wire;
use std::net::{Ipv4Addr, SocketAddrV4};

/// A program's habits. [`PLAIN`] has none of its own; every other differs from it in what its name says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    pub(crate) name: &'static str,
    pub(crate) ending: Ending,
    /// A buffer of fixed size was not cleared: an older message shows behind the first NUL.
    pub(crate) leftovers: bool,
    pub(crate) order: Order,
    /// A QUERY is cut short here.
    pub(crate) query_len_max: usize,
    /// What stands between key and value of a RESPONSE.
    pub(crate) separator: &'static [u8],
    /// What is sent before each datagram, to the same address.
    pub(crate) strays: &'static [&'static [u8]],
    pub(crate) port: Port,
    /// A time-to-live of 0 is sent all the same.
    pub(crate) sends_ttl_0: bool,
    /// Forwards to the neighbour that a QUERY came from as well.
    pub(crate) forwards_back: bool,
    pub(crate) answers: Whom,
}

/// How text ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// Where the datagram does.
    Bare,
    /// With one NUL.
    Nul,
    /// The text field has this size: a C array of characters behind the header. Text that fills it has no NUL.
    Field(usize),
    /// The datagram has this size: one buffer for any message, sent whole.
    Datagram(usize),
}

/// The order of bytes. A client's address and port are always in network order, as the system hands them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Network,
    /// Type, time-to-live and sequence number are little-endian.
    Little,
    /// Time-to-live and sequence number are, and the type is not.
    LittleNumbers,
}

/// Which port a servent sends from, and a client when it asks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// The one that it listens on.
    Own,
    /// For each datagram a new one that the system picks.
    Fresh,
}

/// Whom a servent answers when it gets a QUERY.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whom {
    Client,
    /// The servent that forwarded it.
    Sender,
}

/// A message as a double understands it.
#[derive(Debug)]
pub(crate) enum Message {
    Clireq { key: Vec<u8> },
    Query { ttl: u16, client: SocketAddrV4, seq: u32, key: Vec<u8> },
}

pub(crate) const PLAIN: Dialect = Dialect {
    name: "plain",
    ending: Ending::Bare,
    leftovers: false,
    order: Order::Network,
    query_len_max: usize::MAX,
    separator: b"\t",
    strays: &[],
    port: Port::Own,
    sends_ttl_0: false,
    forwards_back: false,
    answers: Whom::Client,
};

pub(crate) const NUL_TERMINATED: Dialect = Dialect { name: "NUL-terminated", ending: Ending::Nul, ..PLAIN };

// What other programs call by these sizes is not known to us, so each is tried as the text field and as the whole
// datagram. As a datagram 20 is a QUERY with a key of 6 bytes, 43 a CLIREQ of type, 40 bytes of key and NUL, and
// 1,024 the usual buffer.
pub(crate) const FIELD_20: Dialect = padded("field of 20", Ending::Field(20));
pub(crate) const FIELD_43: Dialect = padded("field of 43", Ending::Field(43));
pub(crate) const FIELD_206: Dialect = padded("field of 206", Ending::Field(206));
pub(crate) const FIELD_1024: Dialect = padded("field of 1,024", Ending::Field(1_024));
pub(crate) const DATAGRAM_20: Dialect = padded("datagram of 20", Ending::Datagram(20));
pub(crate) const DATAGRAM_43: Dialect = padded("datagram of 43", Ending::Datagram(43));
pub(crate) const DATAGRAM_206: Dialect = padded("datagram of 206", Ending::Datagram(206));
pub(crate) const DATAGRAM_1024: Dialect = padded("datagram of 1,024", Ending::Datagram(1_024));

pub(crate) const LEFTOVERS_20: Dialect = Dialect { name: "leftovers, field of 20", leftovers: true, ..FIELD_20 };
pub(crate) const LEFTOVERS_43: Dialect = Dialect { name: "leftovers, datagram of 43", leftovers: true, ..DATAGRAM_43 };
pub(crate) const LEFTOVERS_206: Dialect = Dialect { name: "leftovers, field of 206", leftovers: true, ..FIELD_206 };
pub(crate) const LEFTOVERS_1024: Dialect =
    Dialect { name: "leftovers, datagram of 1,024", leftovers: true, ..DATAGRAM_1024 };

/// Every dialect whose text ends with a NUL.
pub(crate) const PADDERS: [&Dialect; 13] = [
    &NUL_TERMINATED,
    &FIELD_20,
    &FIELD_43,
    &FIELD_206,
    &FIELD_1024,
    &DATAGRAM_20,
    &DATAGRAM_43,
    &DATAGRAM_206,
    &DATAGRAM_1024,
    &LEFTOVERS_20,
    &LEFTOVERS_43,
    &LEFTOVERS_206,
    &LEFTOVERS_1024,
];

/// Each of them with the next one, so that each is on either side once.
pub(crate) fn padder_pairs() -> Vec<(&'static Dialect, &'static Dialect)> {
    PADDERS.into_iter().zip(PADDERS.into_iter().cycle().skip(1)).collect()
}

pub(crate) const FRESH_PORTS: Dialect = Dialect { name: "fresh ports", port: Port::Fresh, ..PLAIN };
pub(crate) const SENDS_TTL_0: Dialect = Dialect { name: "sends TTL 0", sends_ttl_0: true, ..PLAIN };
pub(crate) const FORWARDS_BACK: Dialect = Dialect { name: "forwards back", forwards_back: true, ..PLAIN };
pub(crate) const LITTLE_ENDIAN: Dialect = Dialect { name: "little-endian", order: Order::Little, ..PLAIN };
pub(crate) const LITTLE_ENDIAN_NUMBERS: Dialect =
    Dialect { name: "little-endian numbers", order: Order::LittleNumbers, ..PLAIN };
pub(crate) const CUT_QUERYS: Dialect = Dialect { name: "QUERYs of 8 bytes", query_len_max: 8, ..PLAIN };
/// 0, 1 and 13 bytes; the last is a QUERY that lacks one byte of its header.
pub(crate) const STRAYS: Dialect =
    Dialect { name: "stray datagrams", strays: &[b"", b"\0", b"\0\x02\0\x03\x7f\0\0\x01\x1f\x90\0\0\0"], ..PLAIN };
pub(crate) const NO_TAB: Dialect = Dialect { name: "no tab", separator: b" ", ..PLAIN };
pub(crate) const ANSWERS_SENDER: Dialect = Dialect { name: "answers the sender", answers: Whom::Sender, ..PLAIN };
pub(crate) const NO_TAB_TO_SENDER: Dialect =
    Dialect { name: "answers the sender without a tab", separator: b" ", ..ANSWERS_SENDER };

const fn padded(name: &'static str, ending: Ending) -> Dialect {
    Dialect { name, ending, ..PLAIN }
}

/// An older message, over and over: with a tab, a NUL and a value that nobody may ever see.
const LEFTOVER: &[u8] = b"smtp\t25/tcp\0\xffhttp\tleftover\t";

impl Dialect {
    pub(crate) fn clireq(&self, key: &[u8]) -> Vec<u8> {
        self.written(wire::clireq(b""), key)
    }

    pub(crate) fn query(&self, ttl: u16, client: SocketAddrV4, seq: u32, key: &[u8]) -> Vec<u8> {
        let mut query = self.written(wire::query(ttl, client, seq, b""), key);
        query.truncate(self.query_len_max);
        query
    }

    pub(crate) fn response(&self, key: &[u8], value: &[u8]) -> Vec<u8> {
        self.written(vec![0, 3], &[key, self.separator, value].concat())
    }

    /// Whether the field for this text holds a NUL: then ours answers with one (P-3).
    pub(crate) fn ends_with_nul(&self, text: &[u8]) -> bool {
        match self.ending {
            Ending::Bare => false,
            Ending::Nul => true,
            Ending::Field(size) => text.len() < size,
            Ending::Datagram(size) => 2 + text.len() < size,
        }
    }

    /// What the program makes of a datagram; `None` if that is nothing.
    pub(crate) fn read(&self, datagram: &[u8]) -> Option<Message> {
        let mut datagram = datagram.to_vec();
        let kind = datagram.get_mut(..2)?;
        if self.order == Order::Little {
            kind.reverse();
        }
        match datagram[..2] {
            [0, 1] => Some(Message::Clireq { key: text(&datagram[2..])? }),
            [0, 2] if datagram.len() > 14 => {
                self.turn_numbers(&mut datagram);
                let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
                let half = |bytes: &[u8]| u16::try_from(number(bytes)).unwrap();
                let client = SocketAddrV4::new(Ipv4Addr::from(number(&datagram[4..8])), half(&datagram[8..10]));
                let (ttl, seq) = (half(&datagram[2..4]), number(&datagram[10..14]));
                Some(Message::Query { ttl, client, seq, key: text(&datagram[14..])? })
            }
            _ => None,
        }
    }

    /// The datagram of a header in network order and a text.
    fn written(&self, mut header: Vec<u8>, text: &[u8]) -> Vec<u8> {
        if header.len() == 14 {
            self.turn_numbers(&mut header);
        }
        if self.order == Order::Little {
            header[..2].reverse();
        }
        let field = match self.ending {
            Ending::Bare => text.to_vec(),
            Ending::Nul => [text, b"\0"].concat(),
            Ending::Field(size) => self.sized(text, size),
            Ending::Datagram(size) => self.sized(text, size - header.len()),
        };
        [header, field].concat()
    }

    /// The text at the start of a buffer of this size.
    fn sized(&self, text: &[u8], size: usize) -> Vec<u8> {
        assert!(text.len() <= size, "{}: {} does not fit {size} bytes", self.name, text.escape_ascii());
        let mut buffer: Vec<u8> = if self.leftovers { LEFTOVER.to_vec() } else { vec![0] };
        buffer = buffer.into_iter().cycle().take(size).collect();
        buffer[..text.len()].copy_from_slice(text);
        if let Some(end) = buffer.get_mut(text.len()) {
            *end = 0;
        }
        buffer
    }

    /// Time-to-live and sequence number of a QUERY from network order to the program's, or back.
    fn turn_numbers(&self, query: &mut [u8]) {
        if self.order != Order::Network {
            query[2..4].reverse();
            query[10..14].reverse();
        }
    }
}

/// The bytes before the first NUL, if there are any.
fn text(field: &[u8]) -> Option<Vec<u8>> {
    let text = field.split(|byte| *byte == 0).next()?;
    (!text.is_empty()).then(|| text.to_vec())
}
