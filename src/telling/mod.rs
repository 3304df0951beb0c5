//! A flood told: as a tree with words below it, in English or Portuguese, and as JSON for programs.
//!
//! | file | holds |
//! |---|---|
//! | `tree` | the tree of a flood, a line a servent, and what else there is to say of it |
//! | `words` | every sentence, in both languages |
//! | `json` | a flood as one object on one line |
//!
//! **Invariants:** nothing is decided here: what is told stands in the [`Model`](crate::flood::Model). What strangers
//! wrote is made safe to show (P-44). The same model makes the same text.

mod json;
mod tree;
mod words;

pub use json::json;
pub(crate) use json::{bytes, safe};
pub use tree::{Style, tell};
pub(crate) use tree::{Tone, broken};
pub use words::Language;
