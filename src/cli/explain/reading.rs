//! Files and folders, read into records.

use crate::flood::{Captures, Records, TraceReader};
use crate::text::escape_path;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest line of a trace: a key of the largest datagram, every byte of it escaped, and room to spare.
const LINE_LEN_MAX: u64 = 1 << 20;

/// So many lines that are no trace's are named; the rest is counted.
const FOREIGN_SHOWN_MAX: usize = 10;

/// Bytes that are read at a time.
const BUFFER_LEN: usize = 1 << 18;

/// What was read.
#[derive(Default)]
pub(in super::super) struct Readings {
    pub(in super::super) records: Records,
    captures: Captures,
    /// Files that were of use.
    pub(in super::super) used: usize,
    /// What there is to say of the others, and of lines that are no trace's, a line each.
    pub(in super::super) remarks: Vec<String>,
    foreign: usize,
}

impl Readings {
    /// Reads a file, or all files of a folder in the order of their names.
    pub(in super::super) fn read(&mut self, path: &Path) {
        if !path.is_dir() {
            return self.read_file(path);
        }
        let inside = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut inside: Vec<PathBuf> = match inside {
            Ok(inside) => inside,
            Err(error) => return self.remark(path, &format!("cannot be read: {error}")),
        };
        inside.sort();
        inside.iter().filter(|path| path.is_file()).for_each(|path| self.read_file(path));
    }

    /// The records of all that was read.
    pub(in super::super) fn finish(mut self) -> Self {
        std::mem::take(&mut self.captures).tell(&mut self.records);
        if self.foreign > FOREIGN_SHOWN_MAX {
            let more = self.foreign - FOREIGN_SHOWN_MAX;
            self.remarks.push(format!("{more} more lines are no trace's"));
        }
        self
    }

    fn remark(&mut self, path: &Path, what: &str) {
        self.remarks.push(format!("{}: {what}", escape_path(path)));
    }

    fn read_file(&mut self, path: &Path) {
        if let Err(error) = self.try_read_file(path) {
            self.remark(path, &format!("cannot be read: {error}"));
        }
    }

    fn try_read_file(&mut self, path: &Path) -> io::Result<()> {
        let mut input = BufReader::with_capacity(BUFFER_LEN, File::open(path)?);
        if Captures::is_capture(input.fill_buf()?) {
            match self.captures.read(input) {
                Ok(summary) => {
                    self.used += 1;
                    if summary.unreadable > 0 {
                        let unreadable = summary.unreadable;
                        self.remark(path, &format!("{unreadable} packets are not whole, and count for nothing"));
                    }
                }
                Err(error) => self.remark(path, &error.to_string()),
            }
            return Ok(());
        }
        self.read_trace(path, input)
    }

    fn read_trace(&mut self, path: &Path, mut input: impl BufRead) -> io::Result<()> {
        let mut reader = TraceReader::new();
        let (mut line, mut number, mut good) = (Vec::new(), 0_u64, 0_u64);
        let mut foreign = Vec::new();
        loop {
            line.clear();
            if input.by_ref().take(LINE_LEN_MAX).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            number += 1;
            let is_whole = line.pop_if(|last| *last == b'\n').is_some();
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if reader.line(&mut self.records, &line) {
                good += 1;
            } else if is_whole {
                // A last line that is cut off is how a trace ends whose servent was killed, or goes on.
                foreign.push(number);
                if good == 0 && foreign.len() > 1_000 {
                    break;
                }
            }
        }
        if good == 0 {
            self.remark(path, "it is neither a trace nor a capture");
            return Ok(());
        }
        self.used += 1;
        for number in foreign {
            if self.foreign < FOREIGN_SHOWN_MAX {
                self.remarks.push(format!("{}:{number}: no line of a trace", escape_path(path)));
            }
            self.foreign += 1;
        }
        Ok(())
    }
}
