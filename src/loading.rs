//! Stores from pairs, from bytes and from files, with what is wrong with them as data.

use crate::entropy::secret;
use crate::protocol::{
    FRAGMENTED_LEN_MIN, InsertError, KvFileError, Loaded, Repeated, Skipped, Store, StoreBuilder, parse_kv_file,
};
use crate::text::{counted, escape, escape_path};
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The longest file that is read, in bytes: as much as a store can hold. It bounds what has no end, such as /dev/zero.
const FILE_LEN_MAX: u64 = 4 << 30;

/// Why a key-value file can't be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// It can't be read.
    Read(PathBuf, io::Error),
    /// It is no key-value file, or holds too much.
    Refused(PathBuf, KvFileError),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(file, error) => write!(f, "cannot read the key-value file {}: {error}", escape_path(file)),
            Self::Refused(file, KvFileError::Foreign(foreign)) => {
                let (file, converter) = (escape_path(file), foreign.converter());
                write!(f, "cannot use the key-value file {file}: it is {foreign}, convert it first: ")?;
                write!(f, "{converter} '{}' > NEW", file.replace('\'', "'\\''"))
            }
            Self::Refused(file, error) => write!(f, "cannot use the key-value file {}: {error}", escape_path(file)),
        }
    }
}

impl Error for LoadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(_, error) => Some(error),
            Self::Refused(_, error) => Some(error),
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
    /// [`PairRefused`] for the first pair that no datagram can carry, or that finds no room.
    pub fn from_pairs<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, PairRefused> {
        let mut builder = StoreBuilder::new(0, secret());
        let mut last = 0;
        for (index, (key, value)) in pairs.into_iter().enumerate() {
            builder.insert(key.as_ref(), value.as_ref()).map_err(|cause| PairRefused { index, cause })?;
            last = index;
        }
        builder.build().map_err(|full| PairRefused { index: last, cause: full.into() })
    }

    /// The store that the bytes of a key-value file make (P-30 to P-33), with what was skipped.
    ///
    /// # Errors
    /// [`KvFileError`] if they are no key-value file, the pairs pass 4 GiB, or there is no memory for them.
    pub fn parse(bytes: &[u8]) -> Result<Loaded, KvFileError> {
        parse_kv_file(bytes, secret())
    }

    /// The same for the file at `path`.
    ///
    /// # Errors
    /// [`LoadError`], which names the file and the cause (P-34).
    pub fn read(path: impl AsRef<Path>) -> Result<Loaded, LoadError> {
        let path = path.as_ref();
        let bytes = read(path, FILE_LEN_MAX).map_err(|error| LoadError::Read(path.to_owned(), error))?;
        parse_kv_file(bytes, secret()).map_err(|error| LoadError::Refused(path.to_owned(), error))
    }

    /// The same for what `input` holds up to its end; an error calls it `name`.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_from(input: impl Read, name: impl AsRef<Path>) -> Result<Loaded, LoadError> {
        let name = name.as_ref();
        let bytes =
            read_bounded(input, Vec::new(), FILE_LEN_MAX).map_err(|error| LoadError::Read(name.to_owned(), error))?;
        parse_kv_file(bytes, secret()).map_err(|error| LoadError::Refused(name.to_owned(), error))
    }
}

/// All of the file at `path`, which has at most `len_max` bytes: what is longer, or has no end, is an error, and so is
/// memory that there is not.
pub(crate) fn read(path: &Path, len_max: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    // A pipe or a device has no length. One byte more, so that a file of the length that it says is read in one go.
    let len = file.metadata()?.len();
    if len > len_max {
        return Err(too_long(len_max));
    }
    let len = len + 1;
    bytes.try_reserve_exact(usize::try_from(len).unwrap_or(usize::MAX))?;
    read_bounded(file, bytes, len_max)
}

/// `bytes` with all of `input` behind them, which has at most `len_max`.
fn read_bounded(input: impl Read, mut bytes: Vec<u8>, len_max: u64) -> io::Result<Vec<u8>> {
    input.take(len_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > len_max {
        return Err(too_long(len_max));
    }
    Ok(bytes)
}

fn too_long(len_max: u64) -> io::Error {
    let cause = format!("it is longer than {} MiB, or has no end", len_max >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, cause)
}

/// Something about a key-value file that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadWarning {
    /// A line was skipped (P-33).
    Skipped(Skipped),
    /// So many more lines were skipped, which are not told one by one.
    MoreSkipped(usize),
    /// So many RESPONSEs are longer than an Ethernet packet: IP cuts them into pieces (P-33).
    Fragmented(usize),
    /// Keys came more than once, so that there are fewer pairs than one might think (P-31). It may well be meant.
    Repeated {
        /// How many pairs there are.
        pairs: usize,
        /// How many lines they were made of, those of any kind counted.
        lines: usize,
        /// Which keys.
        repeated: Repeated,
    },
}

impl LoadWarning {
    /// What to say of it where `file` is what was read: `FILE:LINE: CAUSE`, or `FILE: CAUSE` where no line is to blame.
    #[must_use]
    pub fn about(&self, file: &Path) -> String {
        let file = escape_path(file);
        match self {
            Self::Skipped(skipped) => format!("{file}:{skipped}"),
            Self::MoreSkipped(1) => format!("{file}: 1 more line skipped"),
            Self::MoreSkipped(count) => format!("{file}: {count} more lines skipped"),
            Self::Fragmented(count) => {
                let make = if *count == 1 { "pair makes a RESPONSE" } else { "pairs make RESPONSEs" };
                format!("{file}: {count} {make} of {FRAGMENTED_LEN_MIN} bytes or more, which IP cuts into pieces")
            }
            Self::Repeated { pairs, lines, repeated: Repeated { keys, key, lines: [earlier, again] } } => {
                let key = escape(key);
                let repeated = match keys {
                    1 => format!("'{key}' comes more than once, kept with its last value,"),
                    _ => format!("{keys} keys come more than once, each kept with its last value, first '{key}'"),
                };
                format!(
                    "{file}: {} from {lines} lines; {repeated} on lines {earlier} and {again}",
                    counted(*pairs, "pair")
                )
            }
        }
    }

    /// Whether nothing need be wrong with the file: it is said once, where more than warnings are wanted.
    #[must_use]
    pub fn is_remark(&self) -> bool {
        matches!(self, Self::Repeated { .. })
    }
}

impl Loaded {
    /// What its owner should know.
    pub fn warnings(&self) -> impl Iterator<Item = LoadWarning> {
        let unshown = self.skipped_count - self.skipped.len();
        let fragmented = self.store.fragmented();
        let shown = self.skipped.iter().copied().map(LoadWarning::Skipped);
        let more = (unshown > 0).then_some(LoadWarning::MoreSkipped(unshown));
        let (pairs, lines) = (self.store.len(), self.lines);
        let repeated = self.repeated.clone().map(|repeated| LoadWarning::Repeated { pairs, lines, repeated });
        shown.chain(more).chain((fragmented > 0).then_some(LoadWarning::Fragmented(fragmented))).chain(repeated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Foreign;

    #[test]
    fn p31_p33_pairs_are_checked_where_they_enter() {
        let store = Store::from_pairs([("http", "80/tcp"), ("ssh", "22/tcp"), ("http", "8080/tcp")]).unwrap();
        assert_eq!(store.response(b"http"), Some(&b"\0\x03http\t8080/tcp"[..]));
        assert_eq!((store.get(b"http"), store.get(b"absent")), (Some(&b"8080/tcp"[..]), None));
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
        assert_eq!(said[11], "file: 1 pair makes a RESPONSE of 1473 bytes or more, which IP cuts into pieces");
    }

    #[test]
    fn p31_repeated_keys_are_a_remark_of_one_line() {
        let loaded = Store::parse(b"New York\n# c\nNew Jersey\nOld Town\n").unwrap();
        let said: Vec<_> = loaded.warnings().collect();
        assert_eq!(said.len(), 1);
        assert!(said[0].is_remark());
        assert_eq!(
            said[0].about(Path::new("file")),
            "file: 2 pairs from 4 lines; 'New' comes more than once, kept with its last value, on lines 1 and 3"
        );
    }

    #[test]
    fn p32_a_compressed_file_is_refused_with_a_command_that_can_be_pasted() {
        let error = LoadError::Refused("a'b.gz".into(), KvFileError::Foreign(Foreign::Gzip));
        assert_eq!(
            error.to_string(),
            r"cannot use the key-value file a'b.gz: it is compressed by gzip, convert it first: gzip -dc 'a'\''b.gz' > NEW"
        );
    }

    #[test]
    fn what_has_no_end_is_read_as_far_as_is_allowed() {
        let error = read(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it is longer than 1 MiB, or has no end");
        assert!(read(Path::new("/dev/null"), 0).unwrap().is_empty());
    }

    #[test]
    fn p34_a_file_that_cannot_be_read_is_named_with_the_cause() {
        let error = Store::read("/no/such/file").unwrap_err();
        assert!(error.to_string().contains("/no/such/file: No such file"), "{error}");
        assert!(error.source().is_some());
    }
}
