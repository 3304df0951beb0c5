//! What was read from an overlay file, for programs that have no parser of their own: `data/overlay.schema.json`.

use super::{Host, Logging, Neighbour, OverlayFile, ServentLine};
use crate::serving::TraceTarget;
use serde::Serialize;
use std::ffi::OsString;
use std::io;
use std::net::SocketAddrV4;
use std::path::{self, PathBuf};

#[derive(Serialize)]
struct Listing<'a> {
    servents: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    line: usize,
    host: Option<&'a str>,
    address: Option<SocketAddrV4>,
    port: u16,
    file: PathBuf,
    neighbours: Vec<ListedNeighbour<'a>>,
    trace: Option<PathBuf>,
    log: Option<Logging>,
    options: &'a [String],
    command: Option<Vec<String>>,
}

#[derive(Serialize)]
struct ListedNeighbour<'a> {
    name: &'a str,
    line: Option<usize>,
}

impl OverlayFile {
    /// All that it says, as JSON (`data/overlay.schema.json`), without an end of line.
    ///
    /// # Errors
    /// If a path is not UTF-8, or is relative to a folder that is gone.
    pub fn to_json(&self) -> io::Result<String> {
        let servents = self.lines().iter().map(|line| self.listed(line)).collect::<io::Result<_>>()?;
        Ok(serde_json::to_string_pretty(&Listing { servents })?)
    }

    fn listed<'a>(&'a self, line: &'a ServentLine) -> io::Result<Listed<'a>> {
        let command = line.command();
        let absolute = |path: &PathBuf| path::absolute(self.folder().join(path));
        let trace = match &command.trace {
            Some(TraceTarget::File(path)) => Some(absolute(path)?),
            Some(TraceTarget::StandardOutput) | None => None,
        };
        let neighbour = |neighbour: &'a Neighbour| ListedNeighbour {
            name: &neighbour.typed,
            line: self.place_of(neighbour).map(|place| self.lines()[place].number()),
        };
        let file = absolute(&command.kv_file)?;
        let foreign = line.foreign_command(line.place(), &file).map(text).transpose()?;
        Ok(Listed {
            line: line.number(),
            host: line.host().map(Host::as_str),
            address: line.address(),
            port: command.port,
            neighbours: command.neighbours.iter().map(neighbour).collect(),
            trace,
            file,
            log: command.logging,
            options: &command.options,
            command: foreign,
        })
    }
}

/// Words as JSON can hold them.
fn text(words: Vec<OsString>) -> io::Result<Vec<String>> {
    let text = |word: OsString| word.into_string().map_err(|_| io::Error::other("a word is not UTF-8"));
    words.into_iter().map(text).collect()
}
