//! What man pages alone tell: counters, traces, the shapes of what is written, and limits.

use super::Entry::{self, Lines, Term, Text};
use super::Section;

/// For `serventTP3`.
pub(super) const SERVENT: &[Section] = &[
    Section {
        title: "Counters",
        entries: &[
            Text(
                "They are printed on SIGUSR1, and when the servent stops; then those that are 0 are left out, but with -v. \
                Once it is at rest, received = malformed_* + unexpected_response + clireq + query; \
                query = stranger_refused + ttl_zero + duplicate + first_sighting; lookup = clireq + first_sighting = \
                answered + not_found + unanswerable_client + response_limited.",
            ),
            Entry::Counters,
        ],
    },
    Section {
        title: "Traces",
        entries: &[
            Text(
                "Each line of a trace is a JSON object, as data/trace.schema.json describes it. All have t, nanoseconds \
                on the machine's monotonic clock; node, the servent's address; and event. Lines of different threads \
                may be slightly out of order.",
            ),
            Term("start", "comes first: wall_ns, the time of day at t; version; neighbours"),
            Term("received", "a CLIREQ or QUERY came in"),
            Term("forwarded", "a QUERY left: ttl_sent, count, and to, the servents that it was sent to"),
            Term("not_forwarded", "a QUERY that is new went to nobody: why is ttl_expired or no_other_neighbour"),
            Term("duplicate", "a QUERY was seen before; higher_ttl tells whether it had more time-to-live left"),
            Term("answered", "a RESPONSE left: to"),
            Term("not_found", "the key is not held here"),
            Term(
                "dropped",
                "a datagram came to nothing: why is the name of its counter, len the bytes of one that is malformed, to whom \
                one that was lost, could not be sent or was under way at the stop was to go",
            ),
            Term("end", "comes last: dropped, how many lines are missing"),
            Text(
                "Lines about a message also have type, from, client, ttl and seq (of a QUERY) and key, or key_base64 \
                where the key is not UTF-8. A CLIREQ gets its seq in its forwarded line.",
            ),
            Text(
                "Traces of one machine merge by their times; for several machines add wall_ns - t of each start line:",
            ),
            Lines("LC_ALL=C sort -s -t: -k2,2n *.jsonl"),
            Text(
                "A slow or full disk or a closed pipe costs lines, which trace_dropped counts, and never answers. A stop \
                waits at most half a second for the rest.",
            ),
        ],
    },
    Section {
        title: "Neighbours by name",
        entries: &[
            Text(
                "A neighbour may be given by its host's name, which is looked up as the system does: /etc/hosts, DNS. Where it \
                leads elsewhere at a later look-up (--resolve-every), QUERYs go there from then on, and nobody else is \
                taken for that neighbour. A look-up that fails changes nothing, and is logged once. Of several addresses \
                the one in use stays; IPv6 is not used.",
            ),
            Text(
                "A name that is not found when it starts is an error. With --resolve-wait it listens all the same, \
                after a second at the latest, and the neighbour joins once it is found: the line `listening on` \
                tells which have no address yet, and later lines when each has one.",
            ),
        ],
    },
    Section {
        title: "Hosts with several addresses",
        entries: &[Text(
            "A client is answered from the address that it asked. QUERYs, and answers to clients of other servents, \
            leave from the address that routing chooses. By that address the neighbours must know this servent: \
            what comes from another one is a stranger's to them.",
        )],
    },
    Section {
        title: "Limits",
        entries: &[
            Text("IPv4 only: a QUERY has room for four address bytes. At most 10 neighbours."),
            Text(
                "On a host with several addresses a client is answered from the one that it asked. QUERYs, and answers to \
                other servents' clients, leave from the one that routing chooses, by which the neighbours must know this \
                servent: what comes from another one is a stranger's to them.",
            ),
            Text(
                "A query reaches servents at most 3 hops away, and fewer where a longer path was faster than a shorter \
                one: the later copy is a duplicate, whatever its time-to-live (duplicate_higher_ttl counts them).",
            ),
            Text(
                "There is no authentication: anyone can send a QUERY in a client's name. What a servent can be made to \
                send to a stranger is limited by --response-limit.",
            ),
            Text(
                "A pair whose RESPONSE is longer than 65,507 bytes is skipped; one longer than 1,472 is cut into several \
                packets by IP, and lost if one of them is. Keys and values hold no NUL.",
            ),
            Text("Programs that write the message type in little-endian order are not understood."),
        ],
    },
];

/// For `clientTP3`, and for the client of `tp3 overlay`.
pub(super) const CLIENT: &[Section] = &[
    Section {
        title: "Output",
        entries: &[
            Text(
                "Answers go to standard output. At a terminal each is a line with the servent, the time that it took, and \
                the value; what a terminal would act on, or nobody could see, is shown escaped. Elsewhere it is KEY TAB \
                SERVENT TAB VALUE, with the bytes as they came. Remarks go to standard error.",
            ),
            Text(
                "Keys from arguments or a pipe are asked for together (--jobs), and shown in the order asked. A key takes \
                one time-out after its last answer, or --tries time-outs without any. A key on several lines is asked \
                for once at a time.",
            ),
        ],
    },
    Section {
        title: "JSON",
        entries: &[
            Text("With --json each line is an object, as data/client.schema.json describes it."),
            Term("answer", "number, key, servent, elapsed_ms, value"),
            Term(
                "finished",
                "a key is done: number, key, answers, servents, left_out, first_answer_ms (or null), elapsed_ms",
            ),
            Text(
                "number counts the keys asked for, from 1. Bytes that are not UTF-8 stand in base64 under key_base64 or \
                value_base64 instead.",
            ),
            Lines(
                "{\"type\":\"answer\",\"number\":1,\"key\":\"http\",\n \"servent\":\"127.0.0.1:6001\",\"elapsed_ms\":0.300,\n \
                \"value\":\"80/tcp\"}",
            ),
        ],
    },
    Section {
        title: "Limits",
        entries: &[
            Text(
                "The same answer from the same servent is shown once. Of what keys asked later are answered while \
                earlier ones are under way, 64 MiB are held; what is left out is counted.",
            ),
            Text(
                "Answers are never dropped for want of a reader: once 1 MiB of them is not read, no more keys are asked \
                for and nothing is received until they are.",
            ),
            Text(
                "A client on 127.0.0.1 can be answered only by servents on the same machine. UDP loses datagrams: the \
                client asks again (--tries), and nothing else is sent again.",
            ),
        ],
    },
];
