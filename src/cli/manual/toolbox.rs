//! The manual of `tp3`.

use super::super::EXIT_USAGE;
use super::super::generate::TOOLBOX;
use super::Entry::{Lines, Term, Text};
use super::{Manual, Section};

/// The manual of `tp3`.
pub(in super::super) const TP3: Manual = Manual {
    name: "tp3",
    example: "tp3 overlay data/overlays/chain.txt http",
    exit_unwritable: EXIT_USAGE,
    generates: &TOOLBOX,
    sections: &[
        Section {
            title: "Exit status",
            entries: &[
                Text("That of the verb, and:"),
                Term("0", "what was to be printed was printed"),
                Term("2", "the command line is wrong, or output failed"),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("Start a chain of five servents, and ask the first one for http:"),
                Lines("tp3 overlay data/overlays/chain.txt http"),
                Text("What that verb can do:"),
                Lines("tp3 help overlay"),
            ],
        },
        Section { title: "See also", entries: &[Text("serventTP3(1), clientTP3(1)")] },
    ],
    reference: &[],
    hint: |_| None,
};
