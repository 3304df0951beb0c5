//! A key-value file to a [`Store`], in one pass (P-30 to P-33).
//!
//! ```text
//! # lines that start with '#' are comments, also when indented
//! key <TAB or SPACE>... value, to the end of the line; further <TAB>s belong to it
//! ```
//!
//! White space is tab and space, and at the end of a line CR; LF and CRLF end a line, and CR alone does in a file that
//! has no LF; a UTF-8 byte order mark at the start is skipped. A file that begins as one in UTF-16 or a compressed one
//! does is refused. All else is bytes (P-4).

mod foreign;

pub use foreign::Foreign;

use super::store::{InsertError, SortedPairs, Store, StoreBuilder, StoreFull, checked_response_len};
use crate::wire::PAYLOAD_LEN_MAX;
use memchr::{memchr, memchr2};
use std::error::Error;
use std::fmt;

/// How many skipped lines are kept word for word; the rest is only counted (P-33).
pub const SKIPPED_SHOWN_MAX: usize = 10;

/// What a key-value file held.
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The pairs.
    pub store: Store,
    /// The first [`SKIPPED_SHOWN_MAX`] lines that are neither pair nor comment.
    pub skipped: Vec<Skipped>,
    /// How many such lines there were.
    pub skipped_count: usize,
    /// How many lines there were of any kind.
    pub lines: usize,
    /// Keys that came more than once, if any did (P-31).
    pub repeated: Option<Repeated>,
}

/// Keys that came more than once, each kept with its last value (P-31): often a sign that lines were not meant as they
/// are read, such as `New York` and `New Jersey`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// How many.
    pub keys: usize,
    /// The one that was the first to come again.
    pub key: Vec<u8>,
    /// The first two lines that it is on, counted from 1.
    pub lines: [usize; 2],
}

/// Why the bytes of a file are no key-value file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KvFileError {
    /// It is of another kind (P-32).
    Foreign(Foreign),
    /// Its pairs find no room.
    Full(StoreFull),
}

impl fmt::Display for KvFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(foreign) => {
                write!(f, "it is {foreign}, convert it first: {} FILE > NEW", foreign.converter())
            }
            Self::Full(full) => full.fmt(f),
        }
    }
}

impl Error for KvFileError {}

impl From<StoreFull> for KvFileError {
    fn from(full: StoreFull) -> Self {
        Self::Full(full)
    }
}

/// A line that was skipped, and why. Displays as `line: cause`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: SkipCause,
}

/// Why a line was skipped (P-33).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipCause {
    /// A key without a value.
    NoValue,
    /// A NUL, which no text of this protocol can hold.
    Nul,
    /// The RESPONSE would have this many bytes and fit no datagram.
    TooLarge(usize),
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.cause)
    }
}

impl fmt::Display for SkipCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValue => f.write_str("a key without a value, skipped"),
            Self::Nul => f.write_str("a NUL byte, which the protocol cannot carry, line skipped"),
            Self::TooLarge(len) => {
                write!(f, "its RESPONSE would have {len} bytes, and a datagram holds {PAYLOAD_LEN_MAX}, skipped")
            }
        }
    }
}

/// Reads the bytes of a key-value file. `secret` keys the store's hashes. Bytes that are handed over are given back
/// before the store takes their place.
///
/// # Errors
/// [`KvFileError`] if it is of another kind, the pairs pass the store's 4 GiB, or there is no memory for them. A bad line
/// is no error: it is skipped and reported.
pub fn parse_kv_file(file: impl AsRef<[u8]>, secret: [u64; 2]) -> Result<Loaded, KvFileError> {
    let bytes = file.as_ref();
    if let Some(foreign) = Foreign::of(bytes) {
        return Err(KvFileError::Foreign(foreign));
    }
    let mut builder = StoreBuilder::new(arena_len(bytes.len()), secret);
    let (mut skipped, mut skipped_count) = (Vec::new(), 0);
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut count = 0;
    for (line, text) in Lines::of(text) {
        count = line;
        let cause = match pair(text) {
            Ok(Some((key, value))) => match builder.insert(key, value) {
                Ok(()) => None,
                Err(InsertError::Nul) => Some(SkipCause::Nul),
                Err(InsertError::TooLarge(len)) => Some(SkipCause::TooLarge(len)),
                Err(InsertError::Full(full)) => return Err(full.into()),
                Err(InsertError::EmptyKey | InsertError::TabInKey) => {
                    unreachable!("the key of a line is its first word, which is neither empty nor holds a tab")
                }
            },
            Ok(None) => None,
            Err(cause) => Some(cause),
        };
        if let Some(cause) = cause {
            skipped_count += 1;
            if skipped.len() < SKIPPED_SHOWN_MAX {
                skipped.push(Skipped { line, cause });
            }
        }
    }
    let pairs = builder.sort();
    let repeated = repeated(text, &pairs);
    // No longer needed, and as large as the store that is made now.
    drop(file);
    let store = pairs.build()?;
    Ok(Loaded { store, skipped, skipped_count, lines: count, repeated })
}

/// The key of the first pair of a key-value file, if there is one.
#[must_use]
pub fn first_key(file: &[u8]) -> Option<&[u8]> {
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    Lines::of(text).find_map(|(_, line)| pair(line).ok()?.map(|(key, _)| key))
}

/// The lines of a text with their numbers, counted from 1, without what ends them.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
    end: u8,
}

impl<'a> Lines<'a> {
    fn of(text: &'a [u8]) -> Self {
        let end = if memchr(b'\n', text).is_some() { b'\n' } else { b'\r' };
        Self { rest: text, number: 0, end }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(self.end, self.rest).unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        self.number += 1;
        Some((self.number, line))
    }
}

/// Which keys of `text` came more than once, now that its `pairs` are sorted. The lines of pairs are not kept, so they
/// are counted again, as far as the first key that came again.
fn repeated(text: &[u8], pairs: &SortedPairs) -> Option<Repeated> {
    let (keys, [earlier, again]) = (pairs.repeated(), pairs.first_repeat()?);
    let mut pairs = Lines::of(text).filter_map(|(line, text)| {
        let (key, value) = pair(text).ok()??;
        checked_response_len(key, value).ok().map(|_| (line, key))
    });
    let (earlier_line, _) = pairs.nth(earlier)?;
    let (line, key) = pairs.nth(again - earlier - 1)?;
    Some(Repeated { keys, key: key.to_vec(), lines: [earlier_line, line] })
}

/// Room for the pairs of a file: a line of 8 bytes or more is at most a quarter longer in the store than in the file.
/// Memory that is reserved and not touched costs nothing.
fn arena_len(file_len: usize) -> usize {
    file_len + file_len / 4
}

/// A key and its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// The pair of a line without its LF; `None` for a comment or a blank line.
fn pair(line: &[u8]) -> Result<Option<Pair<'_>>, SkipCause> {
    let line = trim_start(trim_end(line));
    if line.is_empty() || line.starts_with(b"#") {
        return Ok(None);
    }
    let Some(key_len) = memchr2(b'\t', b' ', line) else {
        return Err(if memchr(0, line).is_some() { SkipCause::Nul } else { SkipCause::NoValue });
    };
    Ok(Some((&line[..key_len], trim_start(&line[key_len..]))))
}

fn trim_start(mut line: &[u8]) -> &[u8] {
    while let [b'\t' | b' ', rest @ ..] = line {
        line = rest;
    }
    line
}

/// Without trailing white space, the CR of a CRLF included.
fn trim_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\t' | b' ' | b'\r'] = line {
        line = rest;
    }
    line
}

#[cfg(test)]
mod tests;
