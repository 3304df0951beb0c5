//! The manual of `tp3 simulate`.

use super::super::EXIT_USAGE;
use super::super::generate::VERB;
use super::Entry::{Lines, Term, Text};
use super::{Manual, Section};

/// The manual of `tp3 simulate`.
pub(in super::super) const SIMULATE: Manual = Manual {
    name: "tp3 simulate",
    example: "tp3 simulate --graph regular:4 --servents 10000 --loss 0,5,10",
    exit_unwritable: EXIT_USAGE,
    generates: &VERB,
    sections: &[
        Section { title: "Signals", entries: &[Term("SIGINT, SIGTERM", "end the program; nothing is left behind")] },
        Section {
            title: "Exit status",
            entries: &[
                Term("0", "it was simulated"),
                Term("1", "a page, picture or trace can't be written, or no thread started"),
                Term("2", "the command line is wrong, no such graph exists, its file can't be used, or output failed"),
            ],
        },
        Section {
            title: "Environment",
            entries: &[Term("LC_ALL, LC_MESSAGES, LANG", "choose the language: English or Portuguese")],
        },
        Section {
            title: "Files",
            entries: &[
                Text(
                    "Of an overlay file (see tp3-overlay(1)) the lines say who neighbours whom. A neighbour that is no \
                    servent of the file is left out, which is said; key-value files and options mean nothing here, since \
                    --holders says who holds the key.",
                ),
                Text(
                    "The columns are: reached, servents that got the question, the first one included, and their share of \
                    those in reach; answers, different ones that the client got, and their share of the holders in reach; \
                    in vain, questions that nobody answered; QUERYs sent from servent to servent; duplicates, those that \
                    came where the query was known; higher TTL, those of them that had more time-to-live left than the \
                    first copy; last, the time from the question to its last answer, of those that had one. In reach is \
                    whom breadth-first search finds within the time-to-live. A question that is asked again counts once, \
                    with all that it cost.",
                ),
                Text(
                    "Questions are independent of each other: an entry at random, and luck of its own, in one overlay. \
                    The intervals at 95 % are over them. Of a mean: ȳ ± t s/√n, with Student's t. Of a share r = Σy/Σx: \
                    r ± t s/(x̄√n), where s² = Σ(y-rx)²/(n-1), the ratio estimator. Of questions in vain: Wilson's. Another \
                    --seed draws another overlay and other holders. Question 7 is the same one at every point of a sweep, \
                    with the same luck, so points differ by what is swept, and more values change nothing of the others.",
                ),
                Text(
                    "No link is full and no servent busy: how long it takes is the links' time alone. Loss meets every \
                    datagram, CLIREQ and RESPONSE included; in tp3 overlay --loss only QUERYs.",
                ),
                Text("data/simulate.schema.json describes --json. At a terminal a bar shows how far it is."),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("What would happen with 10,000 servents, and with links that lose something:"),
                Lines("tp3 simulate --graph regular:4 --servents 10000 --loss 0,5,10"),
                Text("Does a client find what few have, and what would a larger time-to-live cost:"),
                Lines("tp3 simulate --graph scale-free:3 --holders 1%,10% --ttl 2,3,4,5 --page reach.html"),
                Text("An overlay of one's own, and what became of its first questions:"),
                Lines(
                    "tp3 simulate --graph data/overlays/grid.txt --loss 10 --trace traces\n\
                     tp3 explain traces/question-1.jsonl",
                ),
            ],
        },
        Section { title: "See also", entries: &[Text("tp3(1), tp3-overlay(1), tp3-explain(1)")] },
    ],
    reference: &[],
    hint: |_| None,
};
