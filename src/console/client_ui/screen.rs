//! The two outputs of a conversation: answers, remarks, and a live line below them.

use super::Format;
use super::format::{end_remark, write_answer};
use super::json::write_finished;
use super::writer::Backlog;
use crate::console::terminal::{Paint, Style};
use crate::protocol::{Answer, AskedKey, Summary};
use std::fmt::Display;

/// Back to the first column, and nothing behind the cursor.
const ERASE: &str = "\r\x1b[K";

/// Where a conversation is shown. The live line is erased before anything else is shown, and drawn again by whoever
/// asks for it. Nothing here waits: the writer does.
pub(super) struct Screen {
    backlog: Backlog,
    /// Answers that are not handed over yet.
    answers: Vec<u8>,
    format: Format,
    answer_paint: Paint,
    remark_paint: Paint,
    /// The live line that stands there.
    live: Option<String>,
    /// A live line stood there when something else was written.
    is_disturbed: bool,
}

impl Screen {
    pub(super) fn new(backlog: Backlog, format: Format, answer_paint: Paint, remark_paint: Paint) -> Self {
        Self { backlog, answers: Vec::new(), format, answer_paint, remark_paint, live: None, is_disturbed: false }
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
            self.backlog.answers(std::mem::take(&mut self.answers));
        }
    }

    pub(super) fn remark(&mut self, remark: impl Display) {
        self.make_way();
        self.write_remark(format!("{remark}\n"));
    }

    /// Shows the live line in place of the one that may stand there.
    pub(super) fn draw(&mut self, line: String) {
        self.is_disturbed = false;
        if self.live.as_ref() != Some(&line) {
            let painted = self.remark_paint.paint(Style::Faint, &line);
            self.write_remark(format!("{ERASE}{painted}"));
            self.live = Some(line);
        }
    }

    /// Takes the live line away.
    pub(super) fn erase(&mut self) {
        self.is_disturbed = false;
        if self.live.take().is_some() {
            self.write_remark(ERASE.to_owned());
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
