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
    /// What was written as a file or a folder is a link now, and what it leads to is somebody else's.
    Link(PathBuf),
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
            Self::Link(path) => {
                write!(f, "{}: this is a symbolic link, which tp3 export did not make: move it", escape_path(path))
            }
        }
    }
}

/// The mode of programs and folders, whatever the umask says: other users read them on other machines.
const OPEN: u32 = 0o755;

/// Writes files into a folder, which is made if there is none. Returns those of an earlier export that are none of this one,
/// and were removed.
///
/// # Errors
/// [`FolderError`]. Nothing is written or removed if a file of somebody else's is in the way, or a link.
pub(super) fn write(folder: &Path, files: &[ExportedFile]) -> Result<Vec<PathBuf>, FolderError> {
    let system = |path: &Path| {
        let path = path.to_owned();
        move |error| FolderError::System(path, error)
    };
    fs::create_dir_all(folder).map_err(system(folder))?;
    no_link(folder, Path::new(LIST))?;
    let earlier = earlier(folder)?;
    let wanted: BTreeSet<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    wanted.union(&earlier).try_for_each(|path| no_link(folder, path))?;
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
        for parent in below(folder, file.path.parent().unwrap_or(Path::new(""))) {
            open_folder(&parent).map_err(system(&parent))?;
        }
        fs::write(&path, &file.bytes).map_err(system(&path))?;
        let mode = if file.is_executable { OPEN } else { 0o644 };
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

/// The paths below `folder` that lead to `path` in it, this one last.
fn below(folder: &Path, path: &Path) -> impl Iterator<Item = PathBuf> {
    path.components().scan(folder.to_owned(), |at, part| {
        at.push(part);
        Some(at.clone())
    })
}

/// # Errors
/// That a part of a path below `folder` is a link: whoever followed it would write elsewhere.
fn no_link(folder: &Path, path: &Path) -> Result<(), FolderError> {
    let is_link = |part: &PathBuf| part.symlink_metadata().is_ok_and(|found| found.is_symlink());
    below(folder, path).find(is_link).map_or(Ok(()), |part| Err(FolderError::Link(part)))
}

/// Makes a folder that everybody may read, if there is none.
fn open_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists || !folder.is_dir() => return Err(error),
        _ => {}
    }
    // One of an earlier export may have got its mode from the umask.
    let is_open = fs::metadata(folder)?.permissions().mode() & 0o7777 == OPEN;
    if is_open { Ok(()) } else { fs::set_permissions(folder, Permissions::from_mode(OPEN)) }
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
