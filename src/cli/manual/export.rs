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
                    servents run, one with --link-orders, and a neighbour on loopback that is no servent of FILE.",
                ),
                Text(
                    "compose writes docker-compose.yml, for Docker Compose and, as it is, for docker stack deploy on a swarm; a Dockerfile; \
                    the programs in bin/ and the key-value files in kv/. Each servent is a service that knows its neighbours by \
                    name, and a client asks the first one for a key. The image holds the programs alone, so they are to be built \
                    without shared libraries; if they are not, it is said how.",
                ),
                Text(
                    "systemd writes a folder etc/, for each host one if there are hosts: the unit servent@.service, a target that wants \
                    all servents, and in etc/servent/ the arguments and the key-value files. The program is to be in /usr/local/bin. A line with a port below \
                    1024 is refused, which would take a privilege.",
                ),
                Text(
                    "ssh: overlay.sh up, ask KEY, traces and down do what they say, and say how at their head. hosts/ has the share of \
                    each host and what is copied to it, overlay.txt the whole, for tp3 explain --overlay. On the hosts all is in a folder named \
                    after FILE; while another overlay of that name is up there, up, ask and traces refuse. A file ssh_config that you \
                    write into DIR is used in the place of ssh's own.",
                ),
                Text(
                    "DIR/.tp3-export lists what was written. A later export to DIR writes these files again, whoever changed them \
                    since, removes those that are no longer needed, and refuses to overwrite any other file or to follow a symbolic link there.",
                ),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("The chain in containers, by programs that were built as above:"),
                Lines("tp3 export data/overlays/chain.txt compose -o x\ncd x && docker-compose up"),
                Text("The chain as services of this machine:"),
                Lines("tp3 export data/overlays/chain.txt systemd -o units"),
                Text("Three hosts, each with a share of the chain:"),
                Lines("tp3 export data/overlays/chain.txt ssh --hosts 10.0.0.1,10.0.0.2,10.0.0.3 -o out"),
            ],
        },
        Section { title: "See also", entries: &[Text("tp3(1), tp3-overlay(1), tp3-explain(1)")] },
    ],
    reference: &[],
    hint: |_| None,
};
