//! The writer: what a conversation shows, to its two outputs, in order and as fast as they take it.
//!
//! ```text
//!               pieces            ┌────────┐
//! conversation ──────────────────▶│ writer │─▶ answers, remarks
//!             ◀── room, the end ──└────────┘
//! ```
//!
//! It alone waits for whoever reads the answers. Nothing is dropped: once [`BACKLOG_LEN_MAX`] bytes wait, the conversation
//! takes in nothing new ([`Backlog::is_full`]).

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::io::{self, Write};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};

/// Bytes that may wait to be written. What is under way when they are reached still comes on top.
pub const BACKLOG_LEN_MAX: usize = 1 << 20;

/// Bytes from which on not even a deadline brings more: what comes meanwhile renews waits, and would do so for ever.
const OVERFULL_LEN: usize = 8 * BACKLOG_LEN_MAX;

/// Bytes of answers that are written together where more are waiting.
const WRITE_LEN: usize = 64 << 10;

/// A piece of output.
#[derive(Debug)]
enum Piece {
    Answers(Vec<u8>),
    Remark(Vec<u8>),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Answers(text) | Self::Remark(text) => text.len(),
        }
    }
}

/// What waits for the writer, and news of it.
#[derive(Debug)]
pub(super) struct Backlog {
    piece_tx: Sender<Piece>,
    len: Arc<AtomicUsize>,
    progress_rx: Receiver<()>,
    failed_rx: Receiver<io::Error>,
    thread: JoinHandle<()>,
}

impl Backlog {
    /// Starts a writer to these outputs. It ends when the backlog is dropped and all is written, or answers can't be
    /// written; remarks that can't are left out.
    ///
    /// # Errors
    /// What the system says when it has no thread to give.
    pub(super) fn start(
        answers: impl Write + Send + 'static,
        remarks: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let (piece_tx, piece_rx) = unbounded();
        let (progress_tx, progress_rx) = bounded(1);
        let (failed_tx, failed_rx) = bounded(1);
        let len = Arc::<AtomicUsize>::default();
        let its_len = Arc::clone(&len);
        let write = move || {
            if let Err(error) = write(&piece_rx, answers, remarks, &its_len, &progress_tx) {
                // The conversation may be over.
                failed_tx.send(error).ok();
            }
        };
        // Not one of the crew: it may sit in a write that nothing ends, and is left there when the program exits.
        let thread = Builder::new().name("writer".to_owned()).spawn(write)?;
        Ok(Self { piece_tx, len, progress_rx, failed_rx, thread })
    }

    /// Hands over answers.
    pub(super) fn answers(&self, text: Vec<u8>) {
        self.push(Piece::Answers(text));
    }

    /// Hands over a remark.
    pub(super) fn remark(&self, text: Vec<u8>) {
        self.push(Piece::Remark(text));
    }

    fn push(&self, piece: Piece) {
        // First, or the writer could subtract what was not added yet.
        self.len.fetch_add(piece.len(), Ordering::Relaxed);
        // A writer that is gone has told why.
        self.piece_tx.send(piece).ok();
    }

    /// Whether nothing new is to be taken in.
    pub(super) fn is_full(&self) -> bool {
        self.len.load(Ordering::Relaxed) >= BACKLOG_LEN_MAX
    }

    /// Whether so much waits that what is under way must wait as well.
    pub(super) fn is_overfull(&self) -> bool {
        self.len.load(Ordering::Relaxed) >= OVERFULL_LEN
    }

    /// Whether all is written.
    pub(super) fn is_empty(&self) -> bool {
        self.len.load(Ordering::Relaxed) == 0
    }

    /// Holds a message once something was written since the last one was taken.
    pub(super) fn progress_rx(&self) -> &Receiver<()> {
        &self.progress_rx
    }

    /// Brings why answers can't be written; closed when the writer has ended.
    pub(super) fn failed_rx(&self) -> &Receiver<io::Error> {
        &self.failed_rx
    }

    /// Says that nothing more comes. What is returned brings why not all answers could be written, and is closed once all
    /// is written.
    pub(super) fn close(self) -> (Receiver<io::Error>, Closed) {
        (self.failed_rx, Closed(self.thread))
    }
}

/// A writer that gets nothing more.
#[derive(Debug)]
pub(super) struct Closed(JoinHandle<()>);

impl Closed {
    /// To be called once it has ended: panics as it did, if it did.
    pub(super) fn join(self) {
        if let Err(panicked) = self.0.join() {
            resume_unwind(panicked);
        }
    }
}

/// Writes each piece; those of answers that wait, together.
fn write(
    piece_rx: &Receiver<Piece>,
    mut answers: impl Write,
    mut remarks: impl Write,
    len: &AtomicUsize,
    progress_tx: &Sender<()>,
) -> io::Result<()> {
    let mut next = None;
    while let Some(piece) = next.take().or_else(|| piece_rx.recv().ok()) {
        let mut done = piece.len();
        match piece {
            Piece::Answers(mut text) => {
                while text.len() < WRITE_LEN && next.is_none() {
                    match piece_rx.try_recv() {
                        Ok(Piece::Answers(more)) => text.extend_from_slice(&more),
                        Ok(remark) => next = Some(remark),
                        Err(_) => break,
                    }
                }
                done = text.len();
                answers.write_all(&text).and_then(|()| answers.flush())?;
            }
            // Remarks are for whoever looks: where nobody can, the answers go on.
            Piece::Remark(text) => drop(remarks.write_all(&text).and_then(|()| remarks.flush())),
        }
        len.fetch_sub(done, Ordering::Relaxed);
        // One message is as good as several.
        progress_tx.try_send(()).ok();
    }
    Ok(())
}
