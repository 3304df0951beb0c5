//! The manual of `serventTP3`.

use super::super::generate::PROGRAM;
use super::super::{EXIT_FAILURE, hints};
use super::Entry::{Lines, Term, Text};
use super::{COLOR_ENTRY, LOG_ENTRY, Manual, Section};

/// The manual of `serventTP3`.
pub(in super::super) const SERVENT: Manual = Manual {
    name: "serventTP3",
    example: "serventTP3 6001 data/kv/web.txt 127.0.0.1:6002 127.0.0.1:6003",
    exit_unwritable: EXIT_FAILURE,
    generates: &PROGRAM,
    sections: &[
        Section {
            title: "Signals",
            entries: &[
                Term(
                    "SIGHUP",
                    "reads FILE again and serves on meanwhile; if that fails or it holds no pair any more, the \
                    old pairs stay. Closing its terminal does not stop a servent.",
                ),
                Term("SIGUSR1", "prints all counters to standard error"),
                Term(
                    "SIGINT, SIGTERM",
                    "stop: what was received is answered, then the counters that are not 0 are printed",
                ),
                Text(
                    "Signals other than SIGHUP that were ignored when it started stay ignored, as in what a shell script \
                    runs in the background.",
                ),
            ],
        },
        Section {
            title: "Exit status",
            entries: &[
                Term("0", "it was stopped"),
                Term(
                    "1",
                    "it could not start, for example because FILE can't be read or PORT is taken; or it failed later",
                ),
                Term("2", "the command line is wrong"),
            ],
        },
        Section {
            title: "Environment",
            entries: &[
                LOG_ENTRY,
                COLOR_ENTRY,
                Term(
                    "NOTIFY_SOCKET",
                    "where the service manager listens: it is told READY=1 once the servent serves, and STOPPING=1 once it stops, \
                    see sd_notify(3)",
                ),
            ],
        },
        Section {
            title: "Files",
            entries: &[
                Text(
                    "A line of FILE is a key, tabs or spaces, and the value, which is the rest of the line. \
                    Lines that start with # are comments. Of a repeated key the last value counts, and \
                    the first such key is logged with its lines. Text is bytes, in any encoding; a compressed file, or \
                    one in UTF-16, is refused with the command that converts it.",
                ),
                Lines("# pages\nhttp    80/tcp    # WorldWideWeb HTTP"),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("Two servents on this machine that know each other, each in a terminal of its own:"),
                Lines(
                    "serventTP3 6001 data/kv/web.txt 127.0.0.1:6002\nserventTP3 6002 data/kv/mail.txt 127.0.0.1:6001",
                ),
                Text("Ask the first one; both answer:"),
                Lines("clientTP3 127.0.0.1:6001 http"),
                Text("A servent on a laboratory's network that serves its neighbours alone:"),
                Lines("serventTP3 6001 data/kv/web.txt 192.168.0.7:6001 --neighbours-only"),
                Text("One among containers, whose names appear as they start, and lead elsewhere when they come back:"),
                Lines("serventTP3 6001 data/kv/web.txt mail:6001 --resolve-wait 60"),
                Text("One whose QUERYs take from 40 to 60 ms to each neighbour:"),
                Lines("serventTP3 6001 data/kv/web.txt 127.0.0.1:6002 --delay 50ms+-10ms"),
                Text("Print the counters of a servent that runs, and have it read its file again:"),
                Lines("kill -USR1 $(pidof serventTP3)\nkill -HUP $(pidof serventTP3)"),
            ],
        },
        Section { title: "See also", entries: &[Text("clientTP3(1), tp3-overlay(1)")] },
    ],
    reference: super::reference::SERVENT,
    hint: hints::servent,
};
