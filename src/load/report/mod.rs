//! What is told of a load: numbers, and how they are written.
//!
//! | file | holds |
//! |---|---|
//! | `summary` | what a load came to, as numbers |
//! | `text` | the table, the line that changes, and a line a question |
//! | `json` | one object, as `data/load.schema.json` describes it |
//! | `hdr` | HdrHistogram's log of intervals |

pub mod hdr;
mod json;
mod summary;
pub mod text;

pub use json::json;
pub use summary::{Bounds, Breach, Named, Quantiles, Summary};
