//! Files in a directory of their own.

use std::path::{Path, PathBuf};

/// A new empty directory, removed when dropped.
pub(crate) struct TempDir(tempfile::TempDir);

impl TempDir {
    /// Its name is no other test's, also where several have the same process id, each in a namespace of its own.
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("servent-it-").tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes (or overwrites) a file and returns its path.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}
