//! A pipe that somebody has open and does not read.

use nix::fcntl::{FcntlArg, fcntl};
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::thread::{Builder, JoinHandle};

/// The reader's end. What is written while nobody reads fills the pipe.
pub(crate) struct StalledPipe {
    reader: PipeReader,
    /// Bytes that the test itself wrote.
    filled: usize,
}

impl StalledPipe {
    /// An empty one, and the end that is to be written to.
    pub(crate) fn empty() -> (Self, PipeWriter) {
        let (reader, writer) = pipe().unwrap();
        (Self { reader, filled: 0 }, writer)
    }

    /// One without any room.
    pub(crate) fn full() -> (Self, PipeWriter) {
        let (mut stalled, mut writer) = Self::empty();
        stalled.filled = fcntl(&writer, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
        writer.write_all(&vec![b'.'; stalled.filled]).unwrap();
        (stalled, writer)
    }

    /// Reads until a line contains `text`, and no further.
    pub(crate) fn read_until(&mut self, text: &str) -> String {
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            self.reader.read_exact(&mut byte).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            line.push(byte[0]);
            if byte == *b"\n" {
                let said = String::from_utf8_lossy(&line).into_owned();
                if said.contains(text) {
                    return said;
                }
                line.clear();
            }
        }
    }

    /// Reads all that comes, in a thread that ends with the pipe and returns it.
    pub(crate) fn read_to_end_in_background(mut self) -> JoinHandle<String> {
        let read = move || {
            let mut text = Vec::new();
            self.reader.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text[self.filled..]).into_owned()
        };
        Builder::new().name("reader".into()).spawn(read).unwrap()
    }
}
