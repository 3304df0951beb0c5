//! Questions and answers as bytes.

use super::keys::Keys;
use crate::protocol::Dialect;
use crate::wire::{Header, decode, encode_clireq};
use std::net::SocketAddrV4;

/// A datagram that answers no key that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strange {
    /// A RESPONSE for another key.
    Unknown,
    /// No RESPONSE, or a malformed one.
    Malformed,
}

/// What is said, and what is understood.
pub trait Dialogue {
    /// Appends the question for a key to `bytes`.
    fn write(&mut self, key: u32, bytes: &mut Vec<u8>);

    /// Which key a datagram answers.
    ///
    /// # Errors
    /// [`Strange`]: none.
    fn read(&mut self, from: SocketAddrV4, datagram: &[u8]) -> Result<u32, Strange>;
}

/// CLIREQs, answered by RESPONSEs.
#[derive(Debug)]
pub struct Clireqs {
    keys: Keys,
    dialect: Dialect,
}

impl Clireqs {
    /// Asks for these keys, which end as `dialect` has it.
    #[must_use]
    pub fn new(keys: Keys, dialect: Dialect) -> Self {
        Self { keys, dialect }
    }

    /// The keys that are asked for.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }
}

impl Dialogue for Clireqs {
    fn write(&mut self, key: u32, bytes: &mut Vec<u8>) {
        encode_clireq(bytes, self.keys.bytes(key));
        bytes.extend_from_slice(self.dialect.terminator());
    }

    fn read(&mut self, _: SocketAddrV4, datagram: &[u8]) -> Result<u32, Strange> {
        let message = decode(datagram).map_err(|_| Strange::Malformed)?;
        let pair = message.text.key_and_value().filter(|_| message.header == Header::Response);
        let (key, _) = pair.ok_or(Strange::Malformed)?;
        self.keys.number(key).ok_or(Strange::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::AskedKey;
    use std::net::Ipv4Addr;

    #[test]
    fn questions_are_clireqs_and_answers_are_responses_for_their_keys() {
        let keys = || Keys::new([&b"http"[..], b"ssh"].map(|key| AskedKey::new(key).unwrap()));
        for (dialect, question) in [(Dialect::Plain, &b"\0\x01ssh"[..]), (Dialect::NulTerminated, b"\0\x01ssh\0")] {
            let mut clireqs = Clireqs::new(keys(), dialect);
            let mut bytes = Vec::new();
            clireqs.write(1, &mut bytes);
            assert_eq!(bytes, question);
            for (datagram, read) in [
                (&b"\0\x03ssh\t22/tcp"[..], Ok(1)),
                (b"\0\x03http\t80/tcp\0rubbish", Ok(0)),
                (b"\0\x03smtp\t25/tcp", Err(Strange::Unknown)),
                (b"\0\x03ssh", Err(Strange::Malformed)),
                (b"\0\x01ssh", Err(Strange::Malformed)),
                (b"\x03\0ssh\t22/tcp", Err(Strange::Malformed)),
                (b"", Err(Strange::Malformed)),
            ] {
                let from = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6001);
                assert_eq!(clireqs.read(from, datagram), read, "{}", datagram.escape_ascii());
            }
        }
    }
}
