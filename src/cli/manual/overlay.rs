//! The manual of `tp3 overlay`.

use super::super::EXIT_USAGE;
use super::super::generate::VERB;
use super::Entry::{Lines, Term, Text};
use super::{COLOR_ENTRY, IGNORED_SIGNALS, LOG_ENTRY, Manual, Section};

/// The manual of `tp3 overlay`.
pub(in super::super) const OVERLAY: Manual = Manual {
    name: "tp3 overlay",
    example: "tp3 overlay data/overlays/chain.txt http",
    exit_unwritable: EXIT_USAGE,
    generates: &VERB,
    sections: &[
        Section {
            title: "Signals",
            entries: &[
                Term(
                    "SIGINT",
                    "(Ctrl-C) reaches the client alone: at the prompt it leaves, in a wait it returns to the prompt, \
                    or ends where there is none",
                ),
                Term("SIGTERM, SIGHUP", "end the client and the servents"),
                Term("SIGTSTP, SIGQUIT", "(Ctrl-Z and its like) stop or end the client, with the terminal as before"),
                Text("With --web and --serve all of these but SIGTSTP end the program and the servents."),
                IGNORED_SIGNALS,
            ],
        },
        Section {
            title: "Exit status",
            entries: &[
                Term(
                    "0",
                    "every key was answered, keys were typed at the prompt, nobody reads the answers any more (a closed pipe), or --web was ended by a signal",
                ),
                Term("1", "a key got no answer, FILE is no overlay, or a servent could not start or died"),
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
                    "A line of FILE is the command line of a servent, PORT FILE [IP:PORT]... [options], in the shell's \
                    quoting; # starts a comment. Key-value files and traces are relative to the overlay file. A \
                    servent listens on 127.0.0.1 unless its line says --bind. A line with --loss, --delay or --trace has its own.",
                ),
                Text(
                    "A line ! \"COMMAND\" PORT FILE [IP:PORT]... runs COMMAND as its servent, whatever program that is, in the \
                    folder of FILE: read a file that is not yours before you run it. PORT FILE IP:PORT... is appended to \
                    COMMAND, unless it says where they belong: {port}, {file}, {address} (IP:PORT of the servent), \
                    {neighbours} (a word each; within a word with commas between them), {neighbour...} (its word once for each). What \
                    it writes is shown, with its port in front. It is waited for until it has opened its port, at most 30 s, and \
                    is ended with all that it started. --loss, --delay and --trace do not go for it; --explain \
                    sees what it sends with dumpcap(1) or tcpdump(8), where they are installed and allowed to.",
                ),
                Text(
                    "In a file over several machines each line begins with HOST:PORT, and neighbours are named likewise. HOST is an \
                    IPv4 address or a name of letters, digits, dots, dashes and underscores, which means the same on every \
                    machine. Each runs its own by --here HOST, with the same file; a servent listens at its host's address unless \
                    its line says --bind. tp3-export(1) makes such files and what it takes to run them.",
                ),
                Lines(
                    "# two servents that know each other, and a program of yours\n6001 web.txt  127.0.0.1:6002\n6002 mail.txt 127.0.0.1:6001 127.0.0.1:6003\n! \"python3 servent.py\" 6003 more.txt 127.0.0.1:6002",
                ),
            ],
        },
        Section {
            title: "Examples",
            entries: &[
                Text("A chain of five servents, of which the first is asked for http; four answer:"),
                Lines("tp3 overlay data/overlays/chain.txt http"),
                Text("Ask another servent of it for what is typed, until Ctrl-D:"),
                Lines("tp3 overlay data/overlays/chain.txt --at 6003"),
                Text("See floods on a page in a browser while they happen; the address is printed:"),
                Lines("tp3 overlay data/overlays/random.txt --web --delay 50ms"),
                Text("Where its ports are in use, put it on others:"),
                Lines("tp3 overlay data/overlays/chain.txt --port-base 7001 http"),
                Text("See how far each answer has come, on links that take 50 ms, and what losses do:"),
                Lines(
                    "tp3 overlay data/overlays/chain.txt --delay 50ms --json http\ntp3 overlay data/overlays/grid.txt --loss 20 http",
                ),
                Text("Ask, and have it explained who answers and why the others do not:"),
                Lines("tp3 overlay data/overlays/chain.txt --explain rfb"),
                Text("Keep the traces of all servents, and look at what became of each question later:"),
                Lines("tp3 overlay data/overlays/ring.txt --trace traces http ssh\ntp3 explain traces"),
                Text("On node1, run its servents of a file over several machines, until Ctrl-C:"),
                Lines("tp3 overlay overlay.txt --here node1 --serve"),
                Text("See what the servents log:"),
                Lines("tp3 overlay -v data/overlays/ring.txt http"),
            ],
        },
        Section { title: "See also", entries: &[Text("tp3(1), serventTP3(1), clientTP3(1), tp3-export(1)")] },
    ],
    reference: super::reference::CLIENT,
    hint: |_| None,
};
