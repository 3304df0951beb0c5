//! A key-value file to a [`Store`], in one pass (P-30 to P-33).
//!
//! ```text
//! # lines that start with '#' are comments, also when indented
//! key <TAB or SPACE>... value, to the end of the line; further <TAB>s belong to it
//! ```
//!
//! White space is tab and space, and at the end of a line CR; LF and CRLF end a line; a UTF-8 byte order mark at the
//! start is skipped. All else is bytes (P-4).

use super::store::{InsertError, Store, StoreBuilder, StoreFull};
use crate::wire::PAYLOAD_LEN_MAX;
use memchr::{memchr, memchr2};
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

/// Reads the bytes of a key-value file. `secret` keys the store's hashes.
///
/// # Errors
/// [`StoreFull`] if the pairs pass the store's 4 GiB. A bad line is no error: it is skipped and reported.
pub fn parse_kv_file(bytes: &[u8], secret: [u64; 2]) -> Result<Loaded, StoreFull> {
    let mut builder = StoreBuilder::new(arena_len(bytes.len()), secret);
    let (mut skipped, mut skipped_count) = (Vec::new(), 0);
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut line = 0;
    while !rest.is_empty() {
        line += 1;
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let cause = match pair(&rest[..end]) {
            Ok(Some((key, value))) => match builder.insert(key, value) {
                Ok(()) => None,
                Err(InsertError::Nul) => Some(SkipCause::Nul),
                Err(InsertError::TooLarge(len)) => Some(SkipCause::TooLarge(len)),
                Err(InsertError::Full(full)) => return Err(full),
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
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    Ok(Loaded { store: builder.build(), skipped, skipped_count })
}

/// Room for the pairs of a file: a line of 20 bytes or more is at most a quarter longer in the store than in the file.
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
mod tests {
    use super::*;
    use crate::wire::response_len;

    fn load(text: &[u8]) -> Loaded {
        parse_kv_file(text, [1, 2]).unwrap()
    }

    fn value<'a>(loaded: &'a Loaded, key: &str) -> Option<&'a [u8]> {
        loaded.store.response(key.as_bytes()).map(|response| &response[2 + key.len() + 1..])
    }

    #[test]
    fn p31_the_assignments_excerpt_yields_exactly_four_keys() {
        let loaded = load(include_bytes!("../../data/kv/assignment.txt"));
        assert_eq!(loaded.store.len(), 4);
        assert_eq!(loaded.skipped_count, 0);
        for (key, expected) in [
            ("rtmp", "1/ddp      #Routing Table Maintenance Protocol"),
            ("tcpmux", "1/tcp      # TCP Port Service Multiplexer"),
            ("nbp", "2/ddp      #Name Binding Protocol"),
            ("compressnet", "2/tcp      # Management Utility"),
        ] {
            assert_eq!(value(&loaded, key), Some(expected.as_bytes()), "{key}");
        }
    }

    #[test]
    fn p30_to_p32_what_is_key_what_is_value_and_what_is_neither() {
        let cases = [
            ("one tab", &b"k\tv\n"[..], Some(&b"v"[..])),
            ("several tabs", b"k\t\t\tv\n", Some(b"v")),
            ("spaces", b"k   v\n", Some(b"v")),
            ("tabs and spaces", b"k \t v\n", Some(b"v")),
            ("further tabs belong to the value", b"k\ta\t\tb c\n", Some(b"a\t\tb c")),
            ("a hash in the value is part of it", b"k\tv # c\n", Some(b"v # c")),
            ("leading and trailing white space go", b" \tk\tv \t\n", Some(b"v")),
            ("CRLF", b"k\tv\r\n", Some(b"v")),
            ("no end of line", b"k\tv", Some(b"v")),
            ("byte order mark", b"\xef\xbb\xbfk\tv\n", Some(b"v")),
            ("the last one counts", b"k\tv\nk\tw\n", Some(b"w")),
            ("Latin-1", b"k\t\xe9\n", Some(b"\xe9")),
            ("comment", b"#k\tv\n", None),
            ("indented comment", b"  # k\tv\n", None),
        ];
        for (name, text, expected) in cases {
            let loaded = load(text);
            assert_eq!(value(&loaded, "k"), expected, "{name}");
            assert_eq!((loaded.store.len(), loaded.skipped_count), (usize::from(expected.is_some()), 0), "{name}");
        }
        assert!(load(b"\n \t \r\n\n").store.is_empty());
    }

    #[test]
    fn what_is_reserved_holds_the_pairs_of_lines_of_20_bytes_and_not_twice_the_file() {
        let line = b"http/tcp\t0123456789\n";
        let (key, value) = pair(&line[..line.len() - 1]).unwrap().unwrap();
        // A pair has four bytes of lengths in the store.
        let pair_len = 4 + response_len(key.len(), value.len());
        assert!((1_000 * pair_len..2_000 * line.len()).contains(&arena_len(1_000 * line.len())));
    }

    #[test]
    fn p33_bad_lines_are_skipped_with_their_number_and_the_rest_is_kept() {
        let mut text = b"a\t1\nlonely\n# fine\nb\t2\0\nlonely \t\r\n".to_vec();
        text.extend_from_slice(b"big\t");
        text.resize(text.len() + PAYLOAD_LEN_MAX, b'x');
        text.extend_from_slice(b"\nc\t3\n");
        let loaded = load(&text);
        let shown: Vec<_> = loaded.skipped.iter().map(|skipped| (skipped.line, skipped.cause)).collect();
        let too_large = SkipCause::TooLarge(response_len(3, PAYLOAD_LEN_MAX));
        assert_eq!(shown, [(2, SkipCause::NoValue), (4, SkipCause::Nul), (5, SkipCause::NoValue), (6, too_large)]);
        assert_eq!(loaded.store.len(), 2);
        assert_eq!(value(&loaded, "c"), Some(&b"3"[..]));
    }

    #[test]
    fn p33_a_pair_fits_to_the_byte() {
        let value_len = PAYLOAD_LEN_MAX - response_len(1, 0);
        for (extra, skipped) in [(0, 0), (1, 1)] {
            let mut text = b"k\t".to_vec();
            text.resize(text.len() + value_len + extra, b'x');
            assert_eq!(load(&text).skipped_count, skipped);
        }
    }

    #[test]
    fn p33_only_the_first_ten_are_shown_and_all_are_counted() {
        let loaded = load("lonely\n".repeat(25).as_bytes());
        assert_eq!((loaded.skipped.len(), loaded.skipped_count), (SKIPPED_SHOWN_MAX, 25));
    }

    #[test]
    fn p33_a_skipped_line_is_said_with_its_number_and_its_cause() {
        for (cause, said) in [
            (SkipCause::NoValue, "7: a key without a value, skipped"),
            (SkipCause::Nul, "7: a NUL byte, which the protocol cannot carry, line skipped"),
            (
                SkipCause::TooLarge(70_000),
                "7: its RESPONSE would have 70000 bytes, and a datagram holds 65507, skipped",
            ),
        ] {
            assert_eq!(Skipped { line: 7, cause }.to_string(), said);
        }
    }
}
