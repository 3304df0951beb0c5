//! Stores from pairs, from bytes and from files, with what is wrong with them as data.

use crate::entropy::secret;
use crate::protocol::{
    FRAGMENTED_LEN_MIN, InsertError, Loaded, Skipped, Store, StoreBuilder, StoreFull, parse_kv_file,
};
use crate::text::escape_path;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a key-value file can't be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// It can't be read.
    Read(PathBuf, io::Error),
    /// It holds too much.
    Full(PathBuf, StoreFull),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(file, error) => write!(f, "cannot read the key-value file {}: {error}", escape_path(file)),
            Self::Full(file, error) => write!(f, "cannot use the key-value file {}: {error}", escape_path(file)),
        }
    }
}

impl Error for LoadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(_, error) => Some(error),
            Self::Full(_, error) => Some(error),
        }
    }
}

/// A pair that no store can hold: which one, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairRefused {
    /// Its place among the pairs, counted from 0.
    pub index: usize,
    /// What is wrong with it.
    pub cause: InsertError,
}

impl fmt::Display for PairRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pair {}: {}", self.index, self.cause)
    }
}

impl Error for PairRefused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl Store {
    /// A store of these keys and values, bytes for bytes (P-4); of a repeated key the last value counts (P-31).
    ///
    /// # Errors
    /// [`PairRefused`] for the first pair that no datagram can carry.
    pub fn from_pairs<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, PairRefused> {
        let mut builder = StoreBuilder::new(0, secret());
        for (index, (key, value)) in pairs.into_iter().enumerate() {
            builder.insert(key.as_ref(), value.as_ref()).map_err(|cause| PairRefused { index, cause })?;
        }
        Ok(builder.build())
    }

    /// The store that the bytes of a key-value file make (P-30 to P-33), with what was skipped.
    ///
    /// # Errors
    /// [`StoreFull`] if the pairs pass 4 GiB.
    pub fn parse(bytes: &[u8]) -> Result<Loaded, StoreFull> {
        parse_kv_file(bytes, secret())
    }

    /// The same for the file at `path`.
    ///
    /// # Errors
    /// [`LoadError`], which names the file and the cause (P-34).
    pub fn read(path: impl AsRef<Path>) -> Result<Loaded, LoadError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| LoadError::Read(path.to_owned(), error))?;
        Self::parse(&bytes).map_err(|error| LoadError::Full(path.to_owned(), error))
    }

    /// The same for what `input` holds up to its end; an error calls it `name`.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_from(mut input: impl Read, name: impl AsRef<Path>) -> Result<Loaded, LoadError> {
        let (name, mut bytes) = (name.as_ref(), Vec::new());
        input.read_to_end(&mut bytes).map_err(|error| LoadError::Read(name.to_owned(), error))?;
        Self::parse(&bytes).map_err(|error| LoadError::Full(name.to_owned(), error))
    }
}

/// Something about a key-value file that its owner should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadWarning {
    /// A line was skipped (P-33).
    Skipped(Skipped),
    /// So many more lines were skipped, which are not told one by one.
    MoreSkipped(usize),
    /// So many RESPONSEs are longer than an Ethernet packet: IP cuts them into pieces (P-33).
    Fragmented(usize),
}

impl LoadWarning {
    /// What to say of it where `file` is what was read: `FILE:LINE: CAUSE`, or `FILE: CAUSE` where no line is to blame.
    #[must_use]
    pub fn about(&self, file: &Path) -> String {
        let file = escape_path(file);
        match self {
            Self::Skipped(skipped) => format!("{file}:{skipped}"),
            Self::MoreSkipped(count) => format!("{file}: {count} more lines skipped"),
            Self::Fragmented(count) => format!(
                "{file}: {count} pairs make RESPONSEs of {FRAGMENTED_LEN_MIN} bytes or more, which IP cuts into pieces"
            ),
        }
    }
}

impl Loaded {
    /// What its owner should know.
    pub fn warnings(&self) -> impl Iterator<Item = LoadWarning> {
        let unshown = self.skipped_count - self.skipped.len();
        let fragmented = self.store.fragmented();
        let shown = self.skipped.iter().copied().map(LoadWarning::Skipped);
        let more = (unshown > 0).then_some(LoadWarning::MoreSkipped(unshown));
        shown.chain(more).chain((fragmented > 0).then_some(LoadWarning::Fragmented(fragmented)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p31_p33_pairs_are_checked_where_they_enter() {
        let store = Store::from_pairs([("http", "80/tcp"), ("ssh", "22/tcp"), ("http", "8080/tcp")]).unwrap();
        assert_eq!(store.response(b"http"), Some(&b"\0\x03http\t8080/tcp"[..]));
        let long = "x".repeat(65_507);
        for (key, value, cause) in [
            ("", "value", InsertError::EmptyKey),
            ("a\tb", "value", InsertError::TabInKey),
            ("a\0b", "value", InsertError::Nul),
            ("key", "a\0b", InsertError::Nul),
            ("key", &long, InsertError::TooLarge(65_513)),
        ] {
            let refused = Store::from_pairs([("fine", "value"), (key, value)]).unwrap_err();
            assert_eq!(refused, PairRefused { index: 1, cause }, "{key:?}");
        }
    }

    #[test]
    fn p33_warnings_are_data_and_say_what_a_person_reads() {
        let long = [b"long\t", vec![b'x'; 2_000].as_slice(), b"\n"].concat();
        let loaded = Store::parse(&[&long, "lonely\n".repeat(12).as_bytes()].concat()).unwrap();
        let said: Vec<_> = loaded.warnings().map(|warning| warning.about(Path::new("file"))).collect();
        assert_eq!(said.len(), 12);
        assert_eq!(said[0], "file:2: a key without a value, skipped");
        assert_eq!(said[10], "file: 2 more lines skipped");
        assert_eq!(said[11], "file: 1 pairs make RESPONSEs of 1473 bytes or more, which IP cuts into pieces");
    }

    #[test]
    fn p34_a_file_that_cannot_be_read_is_named_with_the_cause() {
        let error = Store::read("/no/such/file").unwrap_err();
        assert!(error.to_string().contains("/no/such/file: No such file"), "{error}");
        assert!(error.source().is_some());
    }
}
