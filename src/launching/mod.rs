//! Other people's programs: started with limits, listened to, and ended with all that they started.
//!
//! | file | holds |
//! |---|---|
//! | `mode` | `tp3 --launch`: limits, a session of its own, then the program in its place |
//! | `limits` | what a program may use |
//! | `program` | a program that runs: its outputs, its input, its end |
//! | `terminal` | the terminal that a program is shown |
//! | `capture` | what a program wrote, its beginning and its end |
//! | `lines` | who listens to what a program writes, and how that becomes lines |
//! | `watch` | the end of a program, seen from another thread |
//! | `family` | the processes that descend from a program |
//! | `command` | the command of a servent or client, and its placeholders |
//! | `readiness` | whether a servent listens |
//!
//! `unsafe` is forbidden here, so nothing can be done between fork and exec. Instead this program starts itself again in a
//! mode that prepares its own process and then becomes the other program ([`launch_mode`]).

mod capture;
mod command;
mod family;
mod limits;
mod lines;
mod mode;
mod program;
mod readiness;
mod terminal;
mod watch;

pub use capture::Capture;
pub use command::{Placed, Template, exists};
pub use limits::{Limits, allow_files};
pub use lines::{Lines, Listener, Listeners};
pub use mode::{LAUNCH_MODE, die_with_parent, launch_mode};
pub use program::{Ended, Launch, Running, Streams};
pub use readiness::listens_at;
pub use watch::Watch;
