//! Datagrams of our own in a capture, which tell how far it has come.

use super::SnifferError;
use crate::entropy::secret;
use crate::launching::{Ended, Running};
use crossbeam_channel::{Receiver, Sender, after, select, tick, unbounded};
use memchr::memmem;
use std::net::UdpSocket;
use std::time::Duration;

/// How long one of our datagrams may take until it is in the capture; it is sent again meanwhile.
const MARK_WAIT_MAX: Duration = Duration::from_secs(10);

/// How often it is sent.
const MARK_EVERY: Duration = Duration::from_millis(50);

/// What became of one of our datagrams.
pub(super) enum Seen {
    Yes,
    NotInTime,
    /// The program has ended.
    Ended,
}

/// Our datagrams: one for the beginning, one for the end.
#[derive(Debug)]
pub(super) struct Marks {
    /// It sends to itself.
    socket: UdpSocket,
    marks: [Vec<u8>; 2],
    next: usize,
    /// The places of those that were found.
    seen_rx: Receiver<usize>,
}

/// Bytes that nobody else sends, and that are no message of this protocol.
fn mark() -> Vec<u8> {
    format!("tp3 marks a capture {:016x}", secret()[0]).into_bytes()
}

impl Marks {
    /// New ones, sent by this socket, which is connected to itself; and what finds them.
    pub(super) fn new(socket: UdpSocket) -> (Self, Finder) {
        let marks = [mark(), mark()];
        let (seen_tx, seen_rx) = unbounded();
        let finder = Finder::new(marks.clone(), seen_tx);
        (Self { socket, marks, next: 0, seen_rx }, finder)
    }

    /// Sends the next one until it is found.
    pub(super) fn await_next(
        &mut self,
        running: &mut Running,
        signal_rx: &Receiver<i32>,
    ) -> Result<Seen, SnifferError> {
        let number = self.next;
        self.next += 1;
        let (again, patience) = (tick(MARK_EVERY), after(MARK_WAIT_MAX));
        loop {
            // Its buffer may be full, since nobody reads it: what is on the wire is what counts.
            self.socket.send(&self.marks[number]).map_err(SnifferError::System)?;
            loop {
                select! {
                    recv(self.seen_rx) -> seen => match seen {
                        Ok(seen) if seen == number => return Ok(Seen::Yes),
                        Ok(_) => continue,
                        Err(_) => return Ok(Seen::Ended),
                    },
                    recv(signal_rx) -> signal => return Err(SnifferError::Interrupted(signal.unwrap_or_default())),
                    recv(patience) -> _ => return Ok(Seen::NotInTime),
                    recv(again) -> _ => break,
                }
            }
            if running.ended().is_some_and(|ended| ended != Ended::Stopped) {
                return Ok(Seen::Ended);
            }
        }
    }
}

/// Finds marks in what comes in pieces.
pub(super) struct Finder {
    marks: [Vec<u8>; 2],
    is_found: [bool; 2],
    /// The end of what came, in which a mark may have begun.
    rest: Vec<u8>,
    seen_tx: Sender<usize>,
}

impl Finder {
    fn new(marks: [Vec<u8>; 2], seen_tx: Sender<usize>) -> Self {
        Self { marks, is_found: [false; 2], rest: Vec::new(), seen_tx }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        for (number, mark) in self.marks.iter().enumerate() {
            if !self.is_found[number] && memmem::find(&self.rest, mark).is_some() {
                self.is_found[number] = true;
                self.seen_tx.send(number).ok();
            }
        }
        let longest = self.marks.iter().map(Vec::len).max().unwrap_or_default();
        self.rest.drain(..self.rest.len().saturating_sub(longest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_once_in_whatever_pieces_it_comes() {
        let marks = [mark(), mark()];
        let text = [b"before".as_slice(), &marks[1], b"between", &marks[0], &marks[0], b"behind"].concat();
        for len in 1..text.len() {
            let (seen_tx, seen_rx) = unbounded();
            let mut finder = Finder::new(marks.clone(), seen_tx);
            text.chunks(len).for_each(|piece| finder.take(piece));
            let mut seen: Vec<_> = seen_rx.try_iter().collect();
            seen.sort_unstable();
            assert_eq!(seen, [0, 1], "{len}");
        }
    }
}
