//! Files that are taken for key-value files and are of another kind (P-32).

use std::fmt;

/// Another kind of file, told by how it begins. Nothing else is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// Text in UTF-16, with a byte order mark of either order.
    Utf16,
    /// A gzip file.
    Gzip,
    /// A zip archive.
    Zip,
    /// An xz file.
    Xz,
    /// A Zstandard file.
    Zstd,
    /// A bzip2 file.
    Bzip2,
    /// A 7z archive.
    SevenZip,
}

impl Foreign {
    /// How files of each kind begin.
    const BEGINNINGS: [(&[u8], Self); 9] = [
        (b"\xff\xfe", Self::Utf16),
        (b"\xfe\xff", Self::Utf16),
        (b"\x1f\x8b", Self::Gzip),
        (b"PK\x03\x04", Self::Zip),
        // An archive of nothing.
        (b"PK\x05\x06", Self::Zip),
        // One that was to be spread over several files.
        (b"PK\x07\x08", Self::Zip),
        (b"\xfd7zXZ\0", Self::Xz),
        (b"\x28\xb5\x2f\xfd", Self::Zstd),
        (b"7z\xbc\xaf\x27\x1c", Self::SevenZip),
    ];

    /// What a file is that begins with `bytes`; `None` for what may be a key-value file.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let found = Self::BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
        found.map(|&(_, kind)| kind).or_else(|| is_bzip2(bytes).then_some(Self::Bzip2))
    }

    /// The command that writes such a file, named behind it, to standard output as it should be.
    #[must_use]
    pub fn converter(self) -> &'static str {
        match self {
            Self::Utf16 => "iconv -f UTF-16 -t UTF-8",
            Self::Gzip => "gzip -dc",
            Self::Zip => "unzip -p",
            Self::Xz => "xz -dc",
            Self::Zstd => "zstd -dc",
            Self::Bzip2 => "bzip2 -dc",
            Self::SevenZip => "7z x -so",
        }
    }
}

/// `BZh`, a digit, and the magic number of a block or of the end: a word may begin with the first four.
fn is_bzip2(bytes: &[u8]) -> bool {
    let [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] = bytes else {
        return false;
    };
    rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90")
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf16 => "text in UTF-16",
            Self::Gzip => "compressed by gzip",
            Self::Zip => "a zip archive",
            Self::Xz => "compressed by xz",
            Self::Zstd => "compressed by zstd",
            Self::Bzip2 => "compressed by bzip2",
            Self::SevenZip => "a 7z archive",
        })
    }
}
