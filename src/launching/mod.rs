//! Other people's programs: started with limits, listened to, and ended with all that they started.
//!
//! | file | holds |
//! |---|---|
//! | `mode` | `tp3 --launch`: limits, a session of its own, then the program in its place |
//! | `limits` | what a program may use |
//! | `program` | a program that runs: its outputs, its input, its end |
//! | `capture` | what a program wrote, its beginning and its end |
//! | `family` | the processes that descend from a program |
//!
//! `unsafe` is forbidden here, so nothing can be done between fork and exec. Instead this program starts itself again in a
//! mode that prepares its own process and then becomes the other program ([`launch_mode`]).

mod capture;
mod family;
mod limits;
mod mode;
mod program;

pub use capture::Capture;
pub use limits::Limits;
pub use mode::{LAUNCH_MODE, launch_mode};
pub use program::{Ended, Launch, Running, Streams, exists};
