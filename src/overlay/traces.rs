//! Where the traces of an overlay go.

use super::{OverlayFile, OverlayFileError, ServentLine};
use crate::serving::{FileId, TraceTarget};
use std::collections::HashSet;
use std::io;
use std::iter;
use std::path::{self, Path, PathBuf};

impl OverlayFile {
    /// The same with a trace of every servent: where its line has none, in `folder`, in a file that is called by its port,
    /// `6001.jsonl`, or where several have that port by its host or address, `127.0.0.1-6001.jsonl`. No trace may go to one of the
    /// files `kept`. Nothing is made here.
    ///
    /// # Errors
    /// The first line whose trace can't go there, and why.
    pub fn traced(&self, overlay_file: &Path, kept: &[PathBuf], folder: &Path) -> Result<Self, OverlayFileError> {
        let absolute = |error: io::Error| OverlayFileError {
            file: folder.to_owned(),
            line: None,
            cause: format!("cannot be found: {error}"),
        };
        // The servents are started elsewhere.
        let folder = path::absolute(folder).map_err(absolute)?;
        let name = |line: &ServentLine| {
            let port = line.command().port;
            if self.is_alone_on(port) {
                format!("{port}.jsonl")
            } else {
                format!("{}.jsonl", line.place().replace(':', "-"))
            }
        };
        let lines = self.lines().iter().map(|line| line.traced(folder.join(name(line)))).collect();
        let traced = Self::new(self.folder.clone(), lines);
        traced.check_traces(overlay_file, kept)?;
        Ok(traced)
    }

    /// The files that the traces go to, in the order of the lines.
    pub fn traces(&self) -> impl Iterator<Item = PathBuf> {
        self.lines().iter().filter_map(|line| match &line.command().trace {
            Some(TraceTarget::File(path)) => Some(self.folder.join(path)),
            Some(TraceTarget::StandardOutput) | None => None,
        })
    }

    /// A trace empties its file, so that must be no file that is read, nor another one's trace, by whatever path.
    pub(super) fn check_traces(&self, overlay_file: &Path, kept: &[PathBuf]) -> Result<(), OverlayFileError> {
        let trace = |line: &ServentLine| match &line.command().trace {
            Some(TraceTarget::File(path)) => Some(FileId::at(&self.folder.join(path))),
            Some(TraceTarget::StandardOutput) | None => None,
        };
        let taken: HashSet<_> = iter::once(FileId::at(overlay_file))
            .chain(kept.iter().map(|file| FileId::at(file)))
            .chain(self.kv_files().map(|file| FileId::at(&file)))
            .collect();
        let mut traces = HashSet::new();
        for line in self.lines() {
            let Some(file) = trace(line) else { continue };
            let refuse = |cause: &str| OverlayFileError {
                file: overlay_file.to_owned(),
                line: Some(line.number()),
                cause: format!("--trace: {cause}: name another file"),
            };
            if taken.contains(&file) {
                return Err(refuse("this file is in use, and would be emptied"));
            }
            // The same path on another host is another file.
            let file = (line.host(), file);
            if !traces.insert(file) {
                return Err(refuse("another line writes to this file already"));
            }
        }
        Ok(())
    }
}
