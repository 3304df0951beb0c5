//! Who listens to what a program writes, and how that becomes lines.

use std::mem;

/// Bytes of a line that are kept together; a longer one comes in pieces.
const LEN_MAX: usize = 4 << 10;

/// Who takes what a program writes, as it comes, in the threads that read it; of each output nothing at its end. They must
/// not wait: a program that nobody reads waits in the end as well.
pub struct Listeners {
    /// Of standard output.
    pub output: Listener,
    /// Of standard error.
    pub errors: Listener,
}

/// One of them.
pub type Listener = Box<dyn FnMut(&[u8]) + Send>;

impl Default for Listeners {
    /// Nobody.
    fn default() -> Self {
        Self { output: Box::new(|_| {}), errors: Box::new(|_| {}) }
    }
}

/// Makes lines of what comes in pieces, as a program's listener gets it.
#[derive(Debug)]
pub struct Lines<F> {
    begun: Vec<u8>,
    take: F,
}

impl<F: FnMut(&[u8])> Lines<F> {
    /// Hands each line to `take`, without its end.
    pub fn new(take: F) -> Self {
        Self { begun: Vec::new(), take }
    }

    /// Takes the next piece. Without a byte it is the end, so a line that was begun is one.
    pub fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line();
            } else {
                if self.begun.len() == LEN_MAX {
                    self.end_line();
                }
                self.begun.push(byte);
            }
        }
        if bytes.is_empty() && !self.begun.is_empty() {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let mut line = mem::take(&mut self.begun);
        line.pop_if(|last| *last == b'\r');
        (self.take)(&line);
        line.clear();
        self.begun = line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut made = Lines::new(|line: &[u8]| lines.push(line.to_vec()));
        pieces.iter().for_each(|piece| made.push(piece));
        made.push(&[]);
        lines
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        assert_eq!(lines(&[b"on", b"e\r\n\ntw", b"o\nthree"]), [&b"one"[..], b"", b"two", b"three"]);
        assert_eq!(lines(&[b"one\n"]), [b"one"]);
        assert_eq!(lines(&[]), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_line_without_an_end_comes_in_pieces() {
        let long = vec![b'x'; 2 * LEN_MAX + 1];
        let lens: Vec<_> = lines(&[&long]).iter().map(Vec::len).collect();
        assert_eq!(lens, [LEN_MAX, LEN_MAX, 1]);
    }
}
