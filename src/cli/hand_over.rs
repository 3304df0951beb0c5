//! `--hand-over`, which servent and client share.

use crate::actor::hand_over::HandOver;
use clap::ValueEnum;

/// Who does the actors' work.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct HandOverArg {
    /// Who does this program's actors' work: idle or queue
    ///
    /// With `idle` whoever has work for an actor does it at once if the actor is idle, which saves waking a thread. With
    /// `queue` all of it goes through channels, and each actor's own thread does it.
    #[arg(long, hide_short_help = true, value_name = "WHEN", default_value = "idle", hide_possible_values = true)]
    hand_over: Choice,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Choice {
    Idle,
    Queue,
}

impl HandOverArg {
    /// What it says.
    pub(super) fn checked(self) -> HandOver {
        match self.hand_over {
            Choice::Idle => HandOver::Idle,
            Choice::Queue => HandOver::Queue,
        }
    }
}
