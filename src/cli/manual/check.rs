//! The manual of `tp3 check`.

use super::super::EXIT_USAGE;
use super::super::generate::VERB;
use super::Entry::{Lines, Term, Text};
use super::{COLOR_ENTRY, Manual, Section};

/// The manual of `tp3 check`.
pub(in super::super) const CHECK: Manual = Manual {
    name: "tp3 check",
    example: "tp3 check servent -- python3 servent.py",
    exit_unwritable: EXIT_USAGE,
    generates: &VERB,
    sections: &[
        Section {
            title: "Signals",
            entries: &[Term(
                "SIGINT, SIGTERM, SIGHUP",
                "end the check: what is known is told, and every program that was started is ended",
            )],
        },
        Section {
            title: "Exit status",
            entries: &[
                Term("0", "every probe passed whose sentence of the assignment decides it"),
                Term("1", "one of them failed, was blocked by another one's failure, or was not tried"),
                Term(
                    "2",
                    "nothing could be judged: no such command, it never listens, no probe chosen; or output failed",
                ),
                Term("130", "interrupted by SIGINT"),
                Term("143", "ended by SIGTERM or SIGHUP"),
            ],
        },
        Section {
            title: "Environment",
            entries: &[COLOR_ENTRY, Term("LC_ALL, LC_MESSAGES, LANG", "choose the language: English or Portuguese")],
        },
        Section {
            title: "Files",
            entries: &[Text(
                "COMMAND runs in the current folder. Key-value files are made for it in a temporary folder, and removed.",
            )],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("A servent in Python, started as the assignment has it:"),
                Lines("tp3 check servent -- python3 servent.py"),
                Text("A servent with a command line of its own:"),
                Lines("tp3 check servent -- ./servent --listen {address} --data {file} --peers {neighbours}"),
                Text("A client, and one probe of it alone:"),
                Lines("tp3 check client --only ask-key -- python3 client.py"),
            ],
        },
        Section { title: "See also", entries: &[Text("tp3(1), tp3-explain(1), serventTP3(1), clientTP3(1)")] },
    ],
    reference: &[],
    hint: |_| None,
};
