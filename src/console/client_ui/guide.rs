//! What is said to whoever types at the prompt, beside answers: how it goes, and what was hardly meant as it was taken.

use crate::protocol::{AskedKey, Summary};
use crate::text::escape;

/// The first line.
pub(super) const GREETING: &str = "keys, one a line; Ctrl-D leaves";

/// What many programs obey, and what it is answered with here. Typed once more, it is a key like any other.
const WORDS: [(&[u8], &str); 4] = [(b"help", HELP), (b"?", HELP), (b"quit", LEAVING), (b"exit", LEAVING)];

const HELP: &str =
    "each line is a key, asked as it stands; Tab offers keys asked before, Ctrl-C stops a wait, Ctrl-D leaves";
const LEAVING: &str = "Ctrl-D leaves";

/// What was said already.
#[derive(Debug, Default)]
pub(super) struct Guide {
    /// The word that was explained last, if nothing was asked since.
    explained: Option<AskedKey>,
    are_spaces_said: bool,
}

impl Guide {
    /// What to say instead of asking for `typed`, if it is a word that was meant for the program.
    pub(super) fn instead_of(&mut self, typed: &AskedKey) -> Option<String> {
        let is_typed_again = self.explained.take().is_some_and(|explained| explained == *typed);
        let (_, said) = WORDS.iter().find(|(word, _)| *word == typed.as_bytes() && !is_typed_again)?;
        self.explained = Some(typed.clone());
        let key = escape(typed.as_bytes());
        Some(format!("{said}; to ask for the key {key}, type it once more"))
    }

    /// What to say once of a key without an answer: that its words are one key.
    pub(super) fn about(&mut self, key: &AskedKey, summary: &Summary) -> Option<String> {
        let has_spaces = key.as_bytes().iter().any(u8::is_ascii_whitespace);
        if self.are_spaces_said || !has_spaces || summary.answers > 0 {
            return None;
        }
        self.are_spaces_said = true;
        Some(format!("'{}' is one key, white space included: keys are typed one a line", escape(key.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(typed: &[u8]) -> AskedKey {
        AskedKey::new(typed).unwrap()
    }

    #[test]
    fn words_for_the_program_are_explained_and_are_keys_if_typed_once_more() {
        let mut guide = Guide::default();
        for word in [&b"help"[..], b"?", b"quit", b"exit"] {
            let said = guide.instead_of(&key(word)).unwrap();
            assert!(said.contains("Ctrl-D leaves") && said.ends_with(", type it once more"), "{said}");
            assert_eq!(guide.instead_of(&key(word)), None, "typed once more");
            assert!(guide.instead_of(&key(word)).is_some(), "and then it is new");
            assert_eq!(guide.instead_of(&key(b"http")), None);
            assert!(guide.instead_of(&key(word)).is_some(), "another key between them");
        }
    }

    #[test]
    fn words_without_an_answer_are_said_to_be_one_key_once() {
        let mut guide = Guide::default();
        let (none, one) = (Summary::default(), Summary { answers: 1, ..Summary::default() });
        assert_eq!(guide.about(&key(b"http"), &none), None);
        assert_eq!(guide.about(&key(b"two words"), &one), None);
        assert!(guide.about(&key(b"two words"), &none).unwrap().starts_with("'two words' is one key"));
        assert_eq!(guide.about(&key(b"two words"), &none), None);
    }
}
