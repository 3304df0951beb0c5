//! What a conversation shows, and when.

use super::Conversation;
use crate::actor::clock::Clock;
use crate::console::client_ui::Manner;
use crate::console::client_ui::live::{self, TICK};
use crate::console::terminal::{Paint, Style};
use crate::protocol::{AskedKey, Event, Notice};
use crate::text::escape;

/// What may help after an unanswered key (P-46).
const NUL_HINT: &str = "tip: some programs of this protocol want a NUL behind the key: try --nul";

impl<C: Clock> Conversation<'_, C> {
    /// The bar counts those without an answer; where there is none, it is said of each.
    pub(super) fn remark_silence(&mut self, key: &AskedKey) {
        if self.has_bar() {
            return;
        }
        let Manner { servent, patience, remark_paint, .. } = self.manner;
        let key = if self.has_many() { shown(remark_paint, key) + ": " } else { String::new() };
        let waited = patience.timeout.as_secs_f64();
        self.screen.remark(format_args!("{key}no answer from {servent} after {waited} s, asking again"));
    }

    /// Shows what there is to show: first what is no answer, then the rest in the order asked.
    pub(super) fn show(&mut self) {
        // None lands in the line that is being typed.
        let is_typing = self.manner.interactive && self.is_asked;
        while !is_typing && let Some(notice) = self.asker.next_notice() {
            // Whoever does not listen does not wait for a NUL either.
            self.may_hint &= !matches!(notice, Notice::NothingListens { .. } | Notice::Unreachable { .. });
            self.screen.remark(notice);
        }
        while let Some(event) = self.asker.queries_mut().next_event() {
            match event {
                Event::Answer { number, key, answer } => self.screen.answer(number, &key, &answer),
                Event::Finished { number, key, summary } => {
                    log::debug!("'{}': ended with {} answers", escape(key.as_bytes()), summary.answers);
                    self.unanswered += usize::from(summary.answers == 0 && !self.manner.interactive);
                    self.screen.end(number, &key, &summary);
                    if summary.answers == 0 && std::mem::take(&mut self.may_hint) {
                        self.screen.remark(NUL_HINT);
                    }
                    if let Some(said) = self.guide.about(&key, &summary).filter(|_| self.manner.interactive) {
                        self.screen.remark(said);
                    }
                }
                Event::Stopped { key } if self.manner.interactive => {
                    self.screen.remark(format_args!("{}: stopped", shown(self.manner.remark_paint, &key)));
                }
                Event::Stopped { .. } => {}
            }
        }
        self.screen.flush();
    }

    /// Whether there are several keys without a person who asks for one after the other.
    fn has_many(&self) -> bool {
        !self.manner.interactive && self.asker.queries().progress().lines.max(self.given_count.unwrap_or(0)) > 1
    }

    /// Whether a bar takes the countdown's place.
    pub(super) fn has_bar(&self) -> bool {
        self.manner.columns.is_some() && self.has_many()
    }

    /// Draws the live line if there is one to draw and it is time, and takes it away if there is none.
    pub(super) fn draw(&mut self) {
        let Some(columns) = self.manner.columns else { return };
        let now = self.asker.now();
        let progress = self.asker.queries().progress();
        let Some(wait) = self.asker.queries().wait() else {
            self.tick = None;
            return self.screen.erase();
        };
        // What is over within one tick needs no live line.
        let tick = *self.tick.get_or_insert(now + TICK);
        if now < tick && !self.screen.is_disturbed() {
            return;
        }
        self.tick = Some(now + TICK);
        // Where nobody looks it is left as it is, or what waits would grow without end.
        if self.screen.backlog().is_full() {
            return;
        }
        let line = if self.has_bar() {
            let total = if self.is_ended { Some(progress.lines) } else { self.given_count };
            live::bar(&progress, total, columns())
        } else {
            live::countdown(&wait, now, columns())
        };
        self.screen.draw(line);
    }
}

/// A key as remarks show it.
fn shown(paint: Paint, key: &AskedKey) -> String {
    paint.paint(Style::Key, &escape(key.as_bytes()))
}
