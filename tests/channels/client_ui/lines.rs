//! A writer whose lines arrive as messages.

use crossbeam_channel::{Receiver, Sender, unbounded};
use std::io::{self, Write};

/// A writer whose lines arrive as messages.
#[derive(Debug)]
pub(crate) struct Lines {
    line_tx: Sender<Vec<u8>>,
    line: Vec<u8>,
}

impl Lines {
    pub(crate) fn new() -> (Self, Receiver<Vec<u8>>) {
        let (line_tx, line_rx) = unbounded();
        (Self { line_tx, line: Vec::new() }, line_rx)
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.line_tx.send(line).map_err(|_| io::ErrorKind::BrokenPipe)?;
            } else {
                self.line.push(byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
