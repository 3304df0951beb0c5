//! Whether two paths lead to one file.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file, by whatever path it is named: links, hard ones too, and detours make no difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileId(Id);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Id {
    /// Device and inode.
    Found(u64, u64),
    /// There is none: device and inode of the folder that it would be in, and its name.
    Absent(u64, u64, OsString),
    /// There is not even a folder.
    Nowhere(PathBuf),
}

impl FileId {
    /// The file at `path`, or the one that would be made there.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        let absent = || {
            let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            let folder = fs::metadata(folder).ok()?;
            Some(Self(Id::Absent(folder.dev(), folder.ino(), path.file_name()?.to_owned())))
        };
        let found = fs::metadata(path).map(|found| Self::of(&found)).ok();
        found.or_else(absent).unwrap_or_else(|| Self(Id::Nowhere(path.to_owned())))
    }

    /// The file that has this metadata.
    #[must_use]
    pub fn of(found: &Metadata) -> Self {
        Self(Id::Found(found.dev(), found.ino()))
    }
}
