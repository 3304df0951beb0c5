//! What a store does not take, and why.

use crate::wire::PAYLOAD_LEN_MAX;
use std::collections::TryReserveError;
use std::error::Error;
use std::fmt;

/// Why a store does not take a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertError {
    /// No key: nobody could ask for it (P-5).
    EmptyKey,
    /// A tab in the key: a RESPONSE ends its key at the first one.
    TabInKey,
    /// A NUL in the key or the value: all text ends at its first NUL (P-2).
    Nul,
    /// The RESPONSE would have this many bytes and fit no datagram (P-33).
    TooLarge(usize),
    /// No further pair of this length fits.
    Full(StoreFull),
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyKey => f.write_str("the key is empty"),
            Self::TabInKey => f.write_str("a tab in the key, which would end it there"),
            Self::Nul => f.write_str("a NUL byte, which the protocol cannot carry"),
            Self::TooLarge(len) => {
                write!(f, "its RESPONSE would have {len} bytes, and a datagram holds {PAYLOAD_LEN_MAX}")
            }
            Self::Full(full) => full.fmt(f),
        }
    }
}

impl Error for InsertError {}

impl From<StoreFull> for InsertError {
    fn from(full: StoreFull) -> Self {
        Self::Full(full)
    }
}

/// Why a store can't grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFull {
    /// The arena ends at 4 GiB: offsets into it are 32 bits wide.
    Offsets,
    /// The system has no memory to give.
    Memory,
}

impl fmt::Display for StoreFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offsets => "more than 4 GiB of pairs, and a servent holds at most that",
            Self::Memory => "there is not enough memory for its pairs",
        })
    }
}

impl Error for StoreFull {}

impl From<TryReserveError> for StoreFull {
    fn from(_: TryReserveError) -> Self {
        Self::Memory
    }
}
