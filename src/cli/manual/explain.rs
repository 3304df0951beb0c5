//! The manual of `tp3 explain`.

use super::super::EXIT_USAGE;
use super::super::generate::VERB;
use super::Entry::{Lines, Term, Text};
use super::{COLOR_ENTRY, Manual, Section};

/// The manual of `tp3 explain`.
pub(in super::super) const EXPLAIN: Manual = Manual {
    name: "tp3 explain",
    example: "tp3 explain traces/",
    exit_unwritable: EXIT_USAGE,
    generates: &VERB,
    sections: &[
        Section { title: "Signals", entries: &[Term("SIGINT, SIGTERM", "end the program; nothing is left behind")] },
        Section {
            title: "Exit status",
            entries: &[
                Term("0", "something was told, or no question is as asked for"),
                Term("1", "with --strict: something breaks the protocol; a page or picture can't be written"),
                Term("2", "the command line is wrong, nothing that a FILE holds was of use, or output failed"),
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
                    "A FILE is a trace, as serventTP3 --trace writes it, or a capture of the packets, pcap or pcapng. \
                    Traces may be cut off anywhere, and merged. Captures tell of any program of this protocol, but not \
                    what it made of a QUERY: that is inferred from the order.",
                ),
                Text(
                    "What several FILEs have in common counts once: a file under two names, a trace beside the file that \
                    it was merged into, a packet that was captured at two places. Beside traces, captures tell of the \
                    servents without a trace and of no others. A capture whose clock is more than two seconds off is \
                    shifted by the datagrams that it has in common with those before it. All of that is said on standard \
                    error.",
                ),
                Text(
                    "What a servent without a trace did is told by the traces of its neighbours, as far as they leave no \
                    other way: that it was reached, that it did not lower the time-to-live, that it sent the QUERY back.",
                ),
                Text(
                    "With --overlay, what servents remember of queries is what the file's lines say (--seen-expiry, \
                    --seen-capacity); otherwise what serventTP3 does without being told.",
                ),
                Text(
                    "Lines that are no trace's are named and counted, and so are packets that were captured only in part, \
                    a capture that ends within one, and a file that is neither. A file of which a line has more than a \
                    mebibyte, or of which most lines are no trace's, is read no further.",
                ),
                Text(
                    "Everything that is read is kept until it is told, in about half the bytes of the traces. At a \
                    terminal a bar shows how far the reading is.",
                ),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("All that the servents of an overlay traced into a folder:"),
                Lines("tp3 explain traces/"),
                Text("Who holds rfb and did not answer, and why, by the overlay's file:"),
                Lines("tp3 explain --overlay data/overlays/chain.txt --key rfb traces/"),
                Text("What went over the wire, whoever wrote the programs:"),
                Lines("tp3 explain lab.pcapng --strict"),
                Text("A page that plays it all in a browser, and a picture of one question:"),
                Lines("tp3 explain traces/ --page flood.html --key rfb --rings rfb.svg"),
            ],
        },
        Section { title: "See also", entries: &[Text("tp3(1), tp3-overlay(1), serventTP3(1)")] },
    ],
    reference: &[],
    hint: |_| None,
};
