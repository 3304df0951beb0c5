//! The release `serventTP3` under load on 127.0.0.1, beside baselines that are measured in the same run.
//!
//! ```text
//! cargo bench --bench flood                        every scenario, 7 rounds of 1 s: ten minutes
//! cargo bench --bench flood -- line latency        the scenarios whose name contains a word
//! cargo bench --bench flood -- --seconds 3 --rounds 9
//! cargo bench --bench flood -- --plain-generator --pin-generator 1
//! ```
//!
//! # What is measured
//!
//! A scenario has contestants: the servent first, then the same with `--hand-over queue`, then the baselines. All are
//! started, then measured in turn, in slices of at most 0.2 s, a round being as many as it takes, in an order that
//! rotates and turns, so that whatever drifts on the machine drifts for all of them; whoever is not measured sleeps. Of
//! every number the table shows the median over the rounds and, in brackets, the least and the greatest. A ratio
//! divides the servent's number by the baseline's of the same round, and a bar judges the median of the rounds' ratios.
//!
//! - *Throughput*: answers a second. The load is a closed loop: a fixed number of requests is under way, and an
//!   answer makes room for the next request. A request that ten neighbours should hear of counts as far as they did.
//!   With duplicates and malformed datagrams, which nobody answers, every 64th datagram is a CLIREQ, and its answer
//!   paces the others; the number is then of duplicates or malformed datagrams a second. There, 1024 datagrams are
//!   under way: with 256 the loop waits for the round trip, and the rates say nothing of the work.
//! - *CPU microseconds a request*: the sum over all threads of the contestant's processes, from
//!   `/proc/PID/task/*/schedstat`. On loopback the kernel does the receiver's half of the work in the sender's
//!   context, so a contestant pays for delivering its answers, and the generator for delivering the requests.
//! - *Loss*: requests without an answer, and copies that did not reach a neighbour, per hundred expected ones.
//! - *Context switches a request*: voluntary and involuntary ones, from `/proc/PID/task/*/status`.
//! - *Latency*: from when a request was to leave, one a millisecond, to when its answer was received by the one client.
//!   It waits without sleep for the time, so that a thread that wakes up late is no part of it. The first ten of a slice find the caches full of another contestant's data and do not count; of the
//!   others in a round of 1 s the p99.9 is the second slowest.
//! - *CPU milliseconds a second*, of a servent that nobody asks: in one go, for as long as all rounds take together, at
//!   most 5 s.
//!
//! # What is checked
//!
//! Every answer is compared byte for byte with what its key must yield, and must belong to a request under way. What
//! is lost must show in the kernel's drop counts of the sockets (`/proc/net/udp`), neighbours must receive every
//! other copy, and the servent's own counters must agree with the generator. Anything else ends the bench with exit
//! code 1.
//!
//! # Baselines
//!
//! Each is a process of its own, most of them this executable started again: `echo`, a single thread with recvmmsg
//! and sendmmsg of up to 64 datagrams; `simple`, the servent that one writes in an afternoon, a single thread with
//! recv_from, HashMap and send_to; `simple+sendmmsg`, the same with recvmmsg and sendmmsg; `python`, the same in
//! Python 3; `memcached -t 1` over UDP. What is not installed is skipped with a line that says so.
//!
//! # The generator
//!
//! It is that of `tp3 load` (`servent::load`), with answers that are checked. Whether it tells the truth is compared with a
//! generator that shares nothing with it: `benches/flood/agreement.py`.
//!
//! It sends with UDP_SEGMENT and receives with UDP_GRO, to all contestants alike, because its own core is the limit
//! otherwise. Requests then arrive in trains, as from a busy neighbour, and not one by one, as from clients apart;
//! `clireq-plain` and the scenarios with 64 clients show those, and `--plain-generator` turns both off everywhere. The
//! neighbours stay what their scenario says.
//!
//! Nothing is pinned to a core, unless `--pin-generator C` keeps the thread that asks and the neighbours' thread on core
//! C. The contestants run where the kernel puts them all the same. With `--plain-generator` that is what a load of
//! plain clients on one core looks like: there the generator is nearly always the limit of what it asks for.
//!
//! Results go to `bench-results/flood.csv` in the target folder.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that can't go on ends, and says where")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its results")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time, and its threads are its own")]

#[cfg(target_os = "linux")]
mod run;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    run::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("flood: measured on Linux only, with /proc and batched system calls");
}
