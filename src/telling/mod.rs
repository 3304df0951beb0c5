//! A flood told: as a tree with words below it, in English or Portuguese, and as JSON for programs. A sweep told: as a
//! table, as CSV and as JSON.
//!
//! | file | holds |
//! |---|---|
//! | `tree` | the tree of a flood, a line a servent, and what else there is to say of it |
//! | `words` | every sentence, in both languages |
//! | `counted` | what is counted, one of it or several |
//! | `json` | a flood as one object on one line |
//! | `csv` | a cell of a table for spreadsheets |
//! | `sweep` | what a sweep found out: the columns, and the table, CSV and JSON that have them |
//!
//! **Invariants:** nothing is decided here: what is told stands in the [`Model`](crate::flood::Model), or in the outcomes of a sweep. What strangers
//! wrote is made safe to show (P-44). The same model makes the same text.

pub(crate) mod counted;
mod csv;
mod json;
pub mod sweep;
mod tree;
mod words;

pub(crate) use csv::csv_cell;
pub use json::json;
pub(crate) use json::{bytes, safe};
pub use tree::{Style, tell};
pub(crate) use tree::{Tone, broken};
pub use words::Language;
