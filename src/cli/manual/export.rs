//! The manual of `tp3 export`.

use super::super::EXIT_USAGE;
use super::super::generate::VERB;
use super::Entry::{Lines, Term, Text};
use super::{COLOR_ENTRY, IGNORED_SIGNALS, Manual, Section};

/// The manual of `tp3 export`.
pub(in super::super) const EXPORT: Manual = Manual {
    name: "tp3 export",
    example: "tp3 export data/overlays/chain.txt ssh --hosts a,b -o out",
    exit_unwritable: EXIT_USAGE,
    generates: &VERB,
    sections: &[
        Section {
            title: "Signals",
            entries: &[
                Text(
                    "SIGINT, SIGTERM and SIGHUP end it; what it has written by then stays, and is known to the next run.",
                ),
                IGNORED_SIGNALS,
            ],
        },
        Section {
            title: "Exit status",
            entries: &[
                Term("0", "everything was written"),
                Term(
                    "1",
                    "FILE or a line of it can't be exported, or DIR not written to; the message says which and why",
                ),
                Term("2", "the command line is wrong"),
            ],
        },
        Section { title: "Environment", entries: &[COLOR_ENTRY] },
        Section {
            title: "Files",
            entries: &[
                Text(
                    "FILE is an overlay file, see tp3-overlay(1). Its key-value files are copied along. A line ! \"COMMAND\" is refused: \
                    nobody knows what such a program needs elsewhere. So is a line with --trace, since traces are collected where \
                    servents run, and a neighbour on loopback that is no servent of FILE.",
                ),
                Text(
                    "ssh: overlay.sh up, ask KEY, traces and down do what they say, and say how at their head. hosts/ has the share of \
                    each host and what is copied to it, overlay.txt the whole, for tp3 explain --overlay. A file ssh_config that you \
                    write into DIR is used in the place of ssh's own.",
                ),
                Text(
                    "DIR/.tp3-export lists what was written. A later export to DIR writes these files again, whoever changed them \
                    since, removes those that are no longer needed, and refuses to overwrite any other file.",
                ),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("Three hosts, each with a share of the chain:"),
                Lines("tp3 export data/overlays/chain.txt ssh --hosts 10.0.0.1,10.0.0.2,10.0.0.3 -o out"),
            ],
        },
        Section { title: "See also", entries: &[Text("tp3(1), tp3-overlay(1), tp3-explain(1)")] },
    ],
    reference: &[],
    hint: |_| None,
};
