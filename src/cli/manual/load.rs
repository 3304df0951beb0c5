//! The manual of `tp3 load`.

use super::super::EXIT_USAGE;
use super::super::generate::VERB;
use super::Entry::{Lines, Term, Text};
use super::{IGNORED_SIGNALS, Manual, Section};

/// The manual of `tp3 load`.
pub(in super::super) const LOAD: Manual = Manual {
    name: "tp3 load",
    example: "tp3 load 127.0.0.1:6001 --key http --rate 1000 --seconds 10",
    exit_unwritable: EXIT_USAGE,
    generates: &VERB,
    sections: &[
        Section {
            title: "Signals",
            entries: &[
                Term("SIGINT", "(Ctrl-C) ends the load, and the summary follows: what is under way counts as such"),
                Term("SIGTERM, SIGHUP", "likewise, with another exit status"),
                IGNORED_SIGNALS,
            ],
        },
        Section {
            title: "Exit status",
            entries: &[
                Term("0", "something was answered, and no bound is broken"),
                Term("1", "a bound given by --p99-max or --loss-max is broken, or nothing was answered at all"),
                Term(
                    "2",
                    "the command line is wrong, a FILE can't be read, made or written, the address is on the internet and --yes is \
                    missing, or output failed",
                ),
                Term("130", "ended by SIGINT before the servent's name had an address"),
                Term("143", "ended by SIGTERM or SIGHUP"),
            ],
        },
        Section {
            title: "Environment",
            entries: &[Text("None that it knows. The line that changes is shown where standard error is a terminal.")],
        },
        Section {
            title: "Files",
            entries: &[
                Text(
                    "The FILE of --keys has a key on each line, white space within it included; empty lines count for nothing.",
                ),
                Text(
                    "lost: questions that nobody answered within --timeout; they have no latency, so give --loss-max beside \
                    --p99-max. late: answers behind it. duplicates: further answers of a servent to one question. other keys, \
                    malformed: datagrams that answer nothing that was asked.",
                ),
                Text(
                    "first answer: from a question to whoever answers first, which is what --p99-max bounds. A row with an \
                    address: to the answer of that servent. all: the answers of all servents together.",
                ),
                Text(
                    "A key is asked for again by the same client once all servents have answered that answered it before, or \
                    after --timeout.",
                ),
                Text(
                    "A question that is due within 0.1 ms is waited for without sleep, so from some 5,000 a second on it \
                    takes a core of its own. What it can't ask in time counts as latency, and is said.",
                ),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("A ping: one question a second, until Ctrl-C, and who answers after how long:"),
                Lines("tp3 load 127.0.0.1:6001 --key http --rate 1"),
                Text(
                    "Ten thousand questions a second for ten seconds, for the keys of a file, the first ones most often:",
                ),
                Lines("tp3 load 127.0.0.1:6001 --keys keys.txt --pattern zipf:1 --rate 10000 --seconds 10"),
                Text("As fast as it can answer 64 clients that have one question each under way:"),
                Lines("tp3 load 127.0.0.1:6001 --key http --key ssh --seconds 5"),
                Text("In a test: fail if one answer in a hundred takes more than 2 ms, or anything is lost:"),
                Lines("tp3 load 127.0.0.1:6001 --key http --rate 500 --questions 1000 --p99-max 2ms --loss-max 0"),
                Text("Keep it all, for HdrHistogram's tools and for others:"),
                Lines("tp3 load 127.0.0.1:6001 --numbered 1000 --rate 5000 --seconds 60 --json --hdr load.hlog"),
            ],
        },
        Section { title: "See also", entries: &[Text("tp3(1), serventTP3(1), clientTP3(1), tp3-overlay(1)")] },
    ],
    reference: &[],
    hint: |_| None,
};
