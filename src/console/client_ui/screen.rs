//! The two outputs of a conversation: answers, remarks, and a live line below them.

use super::Format;
use super::format::{end_remark, write_answer};
use super::json::write_finished;
use crate::console::terminal::{Paint, Style};
use crate::protocol::{Answer, AskedKey, Summary};
use std::fmt::Display;
use std::io::{self, Write};
use std::mem;
use unicode_width::UnicodeWidthStr;

/// Back to the first column, and nothing behind the cursor.
const ERASE: &str = "\r\x1b[K";
/// Back to the first column, and nothing behind the cursor or below it.
const ERASE_BELOW: &str = "\r\x1b[J";

/// Where a conversation is shown. The live line is erased before anything else is written, and drawn again by whoever
/// asks for it.
pub(super) struct Screen<'a, A, R> {
    answers: &'a mut A,
    remarks: &'a mut R,
    format: Format,
    answer_paint: Paint,
    remark_paint: Paint,
    /// How many columns there are, where a live line may be.
    columns: Option<fn() -> usize>,
    /// The live line that stands there.
    live: Option<String>,
    /// A live line stood there when something else was written.
    is_disturbed: bool,
}

impl<'a, A: Write, R: Write> Screen<'a, A, R> {
    pub(super) fn new(
        (answers, answer_paint): (&'a mut A, Paint),
        (remarks, remark_paint): (&'a mut R, Paint),
        format: Format,
        columns: Option<fn() -> usize>,
    ) -> Self {
        Self { answers, remarks, format, answer_paint, remark_paint, columns, live: None, is_disturbed: false }
    }

    pub(super) fn answer(&mut self, number: u64, key: &AskedKey, answer: &Answer) -> io::Result<()> {
        self.make_way();
        write_answer(self.answers, (self.format, self.answer_paint), number, key, answer)
    }

    /// Shows that a line is over.
    pub(super) fn end(&mut self, number: u64, key: &AskedKey, summary: &Summary) -> io::Result<()> {
        self.make_way();
        if self.format == Format::Json {
            write_finished(self.answers, number, key, summary)?;
        }
        // Where both are one terminal, the end is said below the answers.
        self.answers.flush()?;
        self.remark(end_remark((self.format, self.remark_paint), key, summary));
        Ok(())
    }

    /// Lets whoever reads the answers have them.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.answers.flush()
    }

    /// Remarks are for whoever looks: where nobody can, the answers go on.
    pub(super) fn remark(&mut self, remark: impl Display) {
        self.make_way();
        writeln!(self.remarks, "{remark}").ok();
    }

    /// Shows the live line in place of the one that may stand there.
    pub(super) fn draw(&mut self, line: String) {
        let was_disturbed = mem::take(&mut self.is_disturbed);
        if was_disturbed || self.live.as_ref() != Some(&line) {
            let painted = self.remark_paint.paint(Style::Faint, &line);
            let erase = self.erasing();
            write!(self.remarks, "{erase}{painted}").and_then(|()| self.remarks.flush()).ok();
            self.live = Some(line);
        }
    }

    /// Takes the live line away.
    pub(super) fn erase(&mut self) {
        self.is_disturbed = false;
        let erase = self.erasing();
        if self.live.take().is_some() {
            write!(self.remarks, "{erase}").and_then(|()| self.remarks.flush()).ok();
        }
    }

    /// The terminal does not show the live line as it was drawn, or it is no longer there.
    pub(super) fn disturb(&mut self, is_there: bool) {
        self.is_disturbed |= self.live.is_some();
        if !is_there {
            self.live = None;
        }
    }

    /// What takes the live line away. A terminal that has become narrower than it has wrapped it, as nearly all do: then
    /// it stands on several rows, and the cursor in the last of them.
    fn erasing(&self) -> String {
        let columns = self.columns.map_or(usize::MAX, |columns| columns().max(1));
        match self.live.as_ref().map_or(0, |line| line.width().saturating_sub(1) / columns) {
            0 => ERASE.to_owned(),
            rows_above => format!("\x1b[{rows_above}A{ERASE_BELOW}"),
        }
    }

    /// Whether a live line had to make way and is to be drawn again.
    pub(super) fn is_disturbed(&self) -> bool {
        self.is_disturbed
    }

    fn make_way(&mut self) {
        let was_disturbed = self.is_disturbed || self.live.is_some();
        self.erase();
        self.is_disturbed = was_disturbed;
    }
}
