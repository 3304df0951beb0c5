//! The manual of `tp3 check`.

use super::super::EXIT_USAGE;
use super::super::generate::VERB;
use super::Entry::{Lines, Probes, Term, Text};
use super::{COLOR_ENTRY, Manual, Section};
use crate::conformance::Target;

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
                "end the check: what is known is told, the rest is not tried, and every program that was started is ended",
            )],
        },
        Section {
            title: "Exit status",
            entries: &[
                Term("0", "every probe passed whose sentence of the assignment decides it"),
                Term(
                    "1",
                    "one of them failed, was blocked by another one's failure, or was not tried; or one passed that \
                    --expect names. class: some program is not right, or a line of FILE is not",
                ),
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
            entries: &[
                Text(
                    "COMMAND runs in the current folder, also those of a class. Key-value files are made for it in a \
                    temporary folder, and removed.",
                ),
                Text(
                    "A line of a class is a name, a tab, servent or client, a tab, and a command, with quotation marks as a \
                    shell has them. Empty lines and lines that begin with # are left out; a bad line is named, and the rest \
                    goes on.",
                ),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("A servent in Python, started as the assignment has it:"),
                Lines("tp3 check servent -- python3 servent.py"),
                Text("A servent with a command line of its own:"),
                Lines("tp3 check servent -- ./servent --listen {address} --data {file} --peers {neighbours}"),
                Text("A client, and one probe of it alone, with all that was said:"),
                Lines("tp3 check client --only ask-key -v -- python3 client.py"),
                Text("The same in Portuguese, and on a page:"),
                Lines("tp3 check servent --lang pt --page check.html -- ./servent"),
                Text("A class, for the teacher:"),
                Lines("tp3 check class class.tsv --page class.html --csv class.csv"),
            ],
        },
        Section { title: "See also", entries: &[Text("tp3(1), tp3-explain(1), serventTP3(1), clientTP3(1)")] },
    ],
    reference: &[
        Section {
            title: "Levels",
            entries: &[
                Term(
                    "assignment",
                    "the quoted sentence decides it, however it is read; these alone make the exit code",
                ),
                Term("decision", "the assignment leaves it open; what is expected is one way, this project's"),
                Term("robustness", "what strangers and accidents bring must not end the program"),
            ],
        },
        Section { title: "Probes of a servent", entries: &[Probes(Target::Servent)] },
        Section { title: "Probes of a client", entries: &[Probes(Target::Client)] },
    ],
    hint: |_| None,
};
