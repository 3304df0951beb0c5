//! What is said, in both languages.

use crate::telling::Language;
use std::borrow::Cow;

/// The same in English and in Portuguese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// In English.
    pub en: Cow<'static, str>,
    /// In Portuguese, of Brazil.
    pub pt: Cow<'static, str>,
}

impl Words {
    /// Words that are known beforehand.
    #[must_use]
    pub const fn new(en: &'static str, pt: &'static str) -> Self {
        Self { en: Cow::Borrowed(en), pt: Cow::Borrowed(pt) }
    }

    /// Words that are made.
    #[must_use]
    pub fn made(en: String, pt: String) -> Self {
        Self { en: Cow::Owned(en), pt: Cow::Owned(pt) }
    }

    /// The same in both languages: a name, an address, what a program wrote.
    #[must_use]
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { en: Cow::Owned(text.clone()), pt: Cow::Owned(text) }
    }

    /// Those in this language.
    #[must_use]
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Portuguese => &self.pt,
        }
    }
}
