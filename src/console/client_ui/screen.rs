//! The two outputs of a conversation: answers, remarks, and a live line below them.

use super::Format;
use super::format::{end_remark, write_answer};
use super::json::write_finished;
use super::writer::Backlog;
use crate::console::terminal::{Paint, Style};
use crate::protocol::{Answer, AskedKey, Summary};
use std::fmt::Display;
use std::mem;
use unicode_width::UnicodeWidthStr;

/// Back to the first column, and nothing behind the cursor.
const ERASE: &str = "\r\x1b[K";
/// Back to the first column, and nothing behind the cursor or below it.
const ERASE_BELOW: &str = "\r\x1b[J";

/// Where a conversation is shown. The live line is erased before anything else is shown, and drawn again by whoever
/// asks for it. Nothing here waits: the writer does.
pub(super) struct Screen {
    backlog: Backlog,
    /// Answers that are not handed over yet.
    answers: Vec<u8>,
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

impl Screen {
    pub(super) fn new(
        backlog: Backlog,
        format: Format,
        answer_paint: Paint,
        remark_paint: Paint,
        columns: Option<fn() -> usize>,
    ) -> Self {
        let (answers, live, is_disturbed) = (Vec::new(), None, false);
        Self { backlog, answers, format, answer_paint, remark_paint, columns, live, is_disturbed }
    }

    pub(super) fn answer(&mut self, number: u64, key: &AskedKey, answer: &Answer) {
        self.make_way();
        write_answer(&mut self.answers, (self.format, self.answer_paint), number, key, answer);
    }

    /// Shows that a line is over.
    pub(super) fn end(&mut self, number: u64, key: &AskedKey, summary: &Summary) {
        self.make_way();
        if self.format == Format::Json {
            write_finished(&mut self.answers, number, key, summary);
        }
        self.remark(end_remark((self.format, self.remark_paint), key, summary));
    }

    /// Lets whoever reads the answers have them.
    pub(super) fn flush(&mut self) {
        if !self.answers.is_empty() {
            self.backlog.answers(mem::take(&mut self.answers));
        }
    }

    pub(super) fn remark(&mut self, remark: impl Display) {
        self.make_way();
        self.write_remark(format!("{remark}\n"));
    }

    /// Shows the live line in place of the one that may stand there.
    pub(super) fn draw(&mut self, line: String) {
        let was_disturbed = mem::take(&mut self.is_disturbed);
        if was_disturbed || self.live.as_ref() != Some(&line) {
            let painted = self.remark_paint.paint(Style::Faint, &line);
            let erase = self.erasing();
            self.write_remark(format!("{erase}{painted}"));
            self.live = Some(line);
        }
    }

    /// Takes the live line away.
    pub(super) fn erase(&mut self) {
        self.is_disturbed = false;
        let erase = self.erasing();
        if self.live.take().is_some() {
            self.write_remark(erase);
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

    /// What waits for the writer.
    pub(super) fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// Hands over what there is; nothing more comes.
    pub(super) fn close(mut self) -> Backlog {
        self.flush();
        self.backlog
    }

    fn make_way(&mut self) {
        let was_disturbed = self.is_disturbed || self.live.is_some();
        self.erase();
        self.is_disturbed = was_disturbed;
    }

    /// Where both are one terminal, a remark is shown below the answers before it.
    fn write_remark(&mut self, text: String) {
        self.flush();
        self.backlog.remark(text.into_bytes());
    }
}
