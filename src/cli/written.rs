//! Files that a tool writes: none that it reads, and none twice.

use crate::serving::FileId;
use crate::telling::Language;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

/// Refuses to overwrite a file that is `read`, or to write one twice, by whatever path. What is `written` comes with the
/// option that names it. What is no ordinary file, such as a terminal or /dev/null, may be all at once.
///
/// # Errors
/// Which option is refused, and why.
pub(super) fn check<'a>(
    read: impl IntoIterator<Item = FileId>,
    written: impl IntoIterator<Item = (&'a str, Option<&'a Path>)>,
    language: Language,
) -> Result<(), String> {
    let read: HashSet<_> = read.into_iter().collect();
    let mut taken: HashMap<FileId, &str> = HashMap::new();
    for (option, path) in written {
        let Some(path) = path.filter(|path| fs::metadata(path).map_or(true, |found| found.is_file())) else { continue };
        let file = FileId::at(path);
        if read.contains(&file) {
            let cause = language.of(
                "this file is read, and would be overwritten: name another one",
                "este arquivo é lido, e seria sobrescrito: indique outro",
            );
            return Err(format!("{option}: {cause}"));
        }
        if let Some(other) = taken.insert(file, option) {
            return Err(match language {
                Language::English => format!("{option}: {other} writes to this file already: name another one"),
                Language::Portuguese => format!("{option}: {other} já grava neste arquivo: indique outro"),
            });
        }
    }
    Ok(())
}
