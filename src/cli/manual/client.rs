//! The manual of `clientTP3`.

use super::super::generate::PROGRAM;
use super::super::{EXIT_USAGE, hints};
use super::Entry::{Lines, Term, Text};
use super::{COLOR_ENTRY, IGNORED_SIGNALS, LOG_ENTRY, Manual, Section};

/// The manual of `clientTP3`.
pub(in super::super) const CLIENT: Manual = Manual {
    name: "clientTP3",
    example: "clientTP3 127.0.0.1:6001 http",
    exit_unwritable: EXIT_USAGE,
    generates: &PROGRAM,
    sections: &[
        Section {
            title: "Signals",
            entries: &[
                Term(
                    "SIGINT",
                    "(Ctrl-C) at the prompt leaves, as Ctrl-D does; in a wait returns to the prompt, or ends \
                    where there is none",
                ),
                Term("SIGTSTP, SIGQUIT", "(Ctrl-Z and its like) stop or end it, with the terminal as it was before"),
                Term("SIGTERM, SIGHUP", "end at once"),
                Text("Whoever ends it so waits a second at most for answers that nobody reads."),
                IGNORED_SIGNALS,
            ],
        },
        Section {
            title: "Exit status",
            entries: &[
                Term(
                    "0",
                    "every key was answered, keys were typed at the prompt, or nobody reads the answers any more (a closed pipe)",
                ),
                Term("1", "a key got no answer"),
                Term("2", "the command line is wrong, or input or output failed"),
                Term("130", "interrupted by SIGINT"),
                Term("143", "ended by SIGTERM or SIGHUP"),
            ],
        },
        Section { title: "Environment", entries: &[LOG_ENTRY, COLOR_ENTRY] },
        Section {
            title: "Files",
            entries: &[
                Text(
                    "Standard input holds a key on each line, white space within it included. An empty line asks \
                    nothing; one of more than 128 KiB is refused. At the prompt Tab completes keys asked before.",
                ),
                Term(
                    "$XDG_STATE_HOME/clientTP3/history",
                    "(~/.local/state/clientTP3/history) what was typed at the prompt: the last 1,000 lines, for its \
                    owner alone",
                ),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("Ask a servent for two keys:"),
                Lines("clientTP3 127.0.0.1:6001 http smtp"),
                Text("Ask for what is typed, until Ctrl-D:"),
                Lines("clientTP3 127.0.0.1:6001"),
                Text("Ask for each line of a file, with less patience, and keep the values alone:"),
                Lines("clientTP3 127.0.0.1:6001 --timeout 1 <keys.txt | cut -f 3-"),
                Text("A key that begins with a dash:"),
                Lines("clientTP3 127.0.0.1:6001 -- --key"),
            ],
        },
        Section { title: "See also", entries: &[Text("serventTP3(1), tp3-overlay(1)")] },
    ],
    reference: super::reference::CLIENT,
    hint: hints::client,
};
