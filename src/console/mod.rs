//! The client that people use: what is typed, what is shown, and the terminal that both share.
//!
//! | file | holds |
//! |---|---|
//! | `terminal` | colours and width, and a bar |
//! | `modes` | the terminal's modes, put back on every way out |
//! | `patient` | outputs that wait for room |
//! | `standard_error` | what is said there, and nobody waits |
//! | `line_reader` | what is typed or piped in |
//! | `history` | what was typed in earlier runs |
//! | `client_ui/` | the conversation: keys in, answers and remarks out |
//! | `session` | all of it wired up on the standard streams |

pub mod client_ui;
mod history;
pub mod line_reader;
pub mod modes;
pub mod patient;
pub mod session;
pub mod standard_error;
pub mod terminal;
