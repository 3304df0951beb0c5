//! The folder that an export goes to: only what was exported there before is overwritten or removed.

use crate::export::ExportedFile;
use crate::text::escape_path;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// The file that lists what was written, a path a line.
const LIST: &str = ".tp3-export";

/// The first line of that file.
const LIST_TITLE: &str = "# Written by tp3 export, which may overwrite and remove these files and no others:";

/// Why an export was not written.
#[derive(Debug)]
pub(super) enum FolderError {
    /// What the system says of a path.
    System(PathBuf, io::Error),
    /// There are files, and none of an export.
    NotOurs(PathBuf),
    /// Somebody else's file is where one is to go.
    Taken(PathBuf),
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(path, error) => write!(f, "{}: {error}", escape_path(path)),
            Self::NotOurs(path) => write!(
                f,
                "{}: this folder holds files that tp3 export did not write: name a new one",
                escape_path(path)
            ),
            Self::Taken(path) => write!(
                f,
                "{}: this file was not written by tp3 export, and would be overwritten: move it",
                escape_path(path)
            ),
        }
    }
}

/// Writes files into a folder, which is made if there is none. Returns those of an earlier export that are none of this one,
/// and were removed.
///
/// # Errors
/// [`FolderError`]. Nothing is written if a file of somebody else's is in the way.
pub(super) fn write(folder: &Path, files: &[ExportedFile]) -> Result<Vec<PathBuf>, FolderError> {
    let system = |path: &Path| {
        let path = path.to_owned();
        move |error| FolderError::System(path, error)
    };
    fs::create_dir_all(folder).map_err(system(folder))?;
    let earlier = earlier(folder)?;
    let wanted: BTreeSet<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    for path in wanted.difference(&earlier).map(|path| folder.join(path)) {
        // Also a link that leads nowhere.
        if path.symlink_metadata().is_ok() {
            return Err(FolderError::Taken(path));
        }
    }
    // Whatever comes in between, what was written is known.
    list(folder, wanted.union(&earlier))?;
    for file in files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(system(parent))?;
        }
        fs::write(&path, &file.bytes).map_err(system(&path))?;
        let mode = if file.is_executable { 0o755 } else { 0o644 };
        fs::set_permissions(&path, Permissions::from_mode(mode)).map_err(system(&path))?;
    }
    let mut removed = Vec::new();
    for path in earlier.difference(&wanted).map(|path| folder.join(path)) {
        match fs::remove_file(&path) {
            Ok(()) => removed.push(path),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(FolderError::System(path, error)),
        }
    }
    list(folder, wanted.iter())?;
    Ok(removed)
}

/// What an earlier export wrote.
fn earlier(folder: &Path) -> Result<BTreeSet<PathBuf>, FolderError> {
    let file = folder.join(LIST);
    let listed = match fs::read_to_string(&file) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut entries = fs::read_dir(folder).map_err(|error| FolderError::System(folder.to_owned(), error))?;
            return if entries.next().is_none() {
                Ok(BTreeSet::new())
            } else {
                Err(FolderError::NotOurs(folder.to_owned()))
            };
        }
        Err(error) => return Err(FolderError::System(file, error)),
    };
    // Whoever wrote more into it does not get files elsewhere removed.
    let is_below = |path: &PathBuf| path.components().all(|part| matches!(part, Component::Normal(_)));
    let paths = listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(PathBuf::from);
    Ok(paths.filter(is_below).collect())
}

fn list<'a>(folder: &Path, paths: impl Iterator<Item = &'a PathBuf>) -> Result<(), FolderError> {
    let lines: String = paths.map(|path| format!("{}\n", path.display())).collect();
    let file = folder.join(LIST);
    fs::write(&file, format!("{LIST_TITLE}\n{lines}")).map_err(|error| FolderError::System(file, error))
}
