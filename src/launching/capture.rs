//! What a program wrote, its beginning and its end.

use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that are kept of the beginning, and as many of the end.
const KEPT: usize = 256 << 10;

/// What a program wrote to one of its outputs so far. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    text: Mutex<Text>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct Text {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
    is_complete: bool,
}

impl Capture {
    /// Reads `output` to its end. Each piece goes to `listener` as well, and nothing at the end.
    pub(super) fn read(&self, mut output: impl Read, mut listener: impl FnMut(&[u8])) {
        let mut buffer = [0; 8192];
        // A terminal that nobody has open any more fails to be read.
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            self.push(&buffer[..count]);
            listener(&buffer[..count]);
        }
        listener(&[]);
        self.0.text.lock().is_complete = true;
        self.0.grown.notify_all();
    }

    fn push(&self, bytes: &[u8]) {
        let mut text = self.0.text.lock();
        let (first, rest) = bytes.split_at(bytes.len().min(KEPT - text.head.len()));
        text.head.extend_from_slice(first);
        text.tail.extend(rest);
        let too_many = text.tail.len().saturating_sub(KEPT);
        text.tail.drain(..too_many);
        text.left_out += u64::try_from(too_many).unwrap_or(u64::MAX);
        drop(text);
        self.0.grown.notify_all();
    }

    /// What was written. Where the middle is missing, a line says how much of it.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let text = self.0.text.lock();
        let mut bytes = text.head.clone();
        if text.left_out > 0 {
            bytes.extend_from_slice(format!("\n[... {} bytes ...]\n", text.left_out).as_bytes());
        }
        bytes.extend(&text.tail);
        bytes
    }

    /// How many bytes were written in all.
    #[must_use]
    pub fn len(&self) -> u64 {
        let text = self.0.text.lock();
        u64::try_from(text.head.len() + text.tail.len()).unwrap_or(u64::MAX) + text.left_out
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no more will come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.0.text.lock().is_complete
    }

    /// Waits until more than `len` bytes were written or no more will come, but at most this long.
    pub fn wait_beyond(&self, len: u64, wait_max: Duration) {
        let mut text = self.0.text.lock();
        let is_as_short = |text: &mut Text| {
            let now = u64::try_from(text.head.len() + text.tail.len()).unwrap_or(u64::MAX) + text.left_out;
            now <= len && !text.is_complete
        };
        self.0.grown.wait_while_for(&mut text, is_as_short, wait_max);
    }

    /// The last lines, at most so many, without those that are empty.
    #[must_use]
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        let bytes = self.bytes();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].iter().map(|line| crate::text::escape(line.as_bytes())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_kept_and_the_middle_is_counted() {
        let capture = Capture::default();
        let written: Vec<u8> = (0..3 * KEPT).map(|index| b'a' + u8::try_from(index % 26).unwrap()).collect();
        capture.read(written.as_slice(), |_| {});
        let kept = capture.bytes();
        let middle = format!("\n[... {KEPT} bytes ...]\n");
        assert_eq!(&kept[..KEPT], &written[..KEPT]);
        assert_eq!(&kept[KEPT..KEPT + middle.len()], middle.as_bytes());
        assert_eq!(&kept[KEPT + middle.len()..], &written[2 * KEPT..]);
        assert_eq!((capture.len(), capture.is_complete()), (3 * KEPT as u64, true));
    }

    #[test]
    fn the_last_lines_are_those_with_something_on_them() {
        let capture = Capture::default();
        capture.read(&b"one\ntwo\r\n\nthree\x1b[m\n"[..], |_| {});
        assert_eq!(capture.last_lines(2), ["two", "three\\x1b[m"]);
    }
}
