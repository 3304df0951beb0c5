//! The client that people use: what is typed, what is shown, and the terminal that both share.
//!
//! | file | holds |
//! |---|---|
//! | `terminal` | colours and width |
//! | `patient` | outputs that wait for room |
//! | `standard_error` | what is said there, and nobody waits |
//! | `line_reader` | what is typed or piped in |
//! | `client_ui/` | the conversation: keys in, answers and remarks out |
//! | `session` | all of it wired up on the standard streams |

pub mod client_ui;
pub mod line_reader;
pub mod patient;
pub mod session;
pub mod standard_error;
pub mod terminal;
