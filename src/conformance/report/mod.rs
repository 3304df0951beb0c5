//! What is told of a check.
//!
//! | file | tells it |
//! |---|---|
//! | `text` | people |

pub mod text;
