//! A terminal's colours and width, and a bar on it.

use unicode_width::UnicodeWidthChar;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// On a terminal that has them, unless the user's environment asks for none.
    #[default]
    Auto,
    /// Wherever the output goes.
    Always,
    /// Nowhere.
    Never,
}

impl Colours {
    /// What that means for one output. `is_unwanted` is what the environment says: `NO_COLOR`, or a terminal without
    /// colours.
    #[must_use]
    pub fn paint(self, is_terminal: bool, is_unwanted: bool) -> Paint {
        Paint(match self {
            Self::Auto => is_terminal && !is_unwanted,
            Self::Always => true,
            Self::Never => false,
        })
    }
}

/// What is coloured. These are readable on a dark and on a light ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A key: bold.
    Key,
    /// Who answered: green.
    Servent,
    /// What is not looked at first: faint.
    Faint,
    /// That there is no answer: red.
    Missing,
}

/// Puts colours round text, if it is to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// What to write before and after text of this style.
    #[must_use]
    pub fn codes(self, style: Style) -> (&'static str, &'static str) {
        match (self.0, style) {
            (false, _) => ("", ""),
            (true, Style::Key) => ("\x1b[1m", "\x1b[0m"),
            (true, Style::Servent) => ("\x1b[32m", "\x1b[0m"),
            (true, Style::Faint) => ("\x1b[2m", "\x1b[0m"),
            (true, Style::Missing) => ("\x1b[31m", "\x1b[0m"),
        }
    }

    /// `text` in this style. It must be harmless already.
    #[must_use]
    pub fn paint(self, style: Style, text: &str) -> String {
        let (before, after) = self.codes(style);
        format!("{before}{text}{after}")
    }
}

/// As much of `text` as `columns` hold, on one line: a tab is shown as a space, and `...` stands for what is cut.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    const CUT: &str = "...";
    let text = text.replace('\t', " ");
    let width = |character: char| character.width().unwrap_or(0);
    if text.chars().map(width).sum::<usize>() <= columns {
        return text;
    }
    let (cut, mut room) = if columns > CUT.len() { (CUT, columns - CUT.len()) } else { ("", columns) };
    let fits = |character: &char| {
        let fits = width(*character) <= room;
        room = room.saturating_sub(width(*character));
        fits
    };
    text.chars().take_while(fits).chain(cut.chars()).collect()
}

/// A bar that says how much of `total` is done, with `text` behind it; `None` where the columns do not suffice for both.
#[must_use]
pub fn bar(done: u64, total: u64, text: &str, columns: usize) -> Option<String> {
    /// Without its frame. One that is shorter says nothing.
    const COLUMNS_MAX: usize = 30;
    const COLUMNS_MIN: usize = 5;
    let room = columns.saturating_sub(text.len() + "[]  ".len()).min(COLUMNS_MAX);
    if room < COLUMNS_MIN {
        return None;
    }
    let full = (room as u64).saturating_mul(done).checked_div(total).map_or(room, |full| room.min(full as usize));
    Some(format!("[{}{}]  {text}", "#".repeat(full), "-".repeat(room - full)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_a_line_is_cut_by_columns_not_by_characters() {
        let cases = [
            ("12345", 5, "12345"),
            ("123456", 5, "12..."),
            ("a\tb", 5, "a b"),
            ("日本語", 6, "日本語"),
            ("日本語日本語", 8, "日本..."),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
            ("123456", 3, "123"),
            ("123456", 0, ""),
        ];
        for (text, columns, shown) in cases {
            assert_eq!(fit(text, columns), shown, "{text:?} in {columns}");
        }
    }

    #[test]
    fn colours_are_for_terminals_unless_the_user_says_otherwise() {
        use Colours::{Always, Auto, Never};
        let cases = [
            (Auto, true, false, true),
            (Auto, true, true, false),
            (Auto, false, false, false),
            (Always, false, true, true),
            (Never, true, false, false),
        ];
        for (colours, is_terminal, is_unwanted, painted) in cases {
            assert_eq!(colours.paint(is_terminal, is_unwanted), Paint(painted), "{colours:?}");
        }
    }
}
