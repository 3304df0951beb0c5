//! What a stranger gets out of a servent that he aims at somebody (P-24), in figures for SECURITY.md.

use super::victim::{Reached, VICTIM, Victim};
use super::{length, wait_max};
use crate::support::namespace::{ip, measure_in_namespace};
use crate::support::wire::{query, response};
use crate::support::{Counters, Peer, Servent, TempDir};
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

const KEY: &[u8] = b"http";

/// RESPONSEs a second to one network, by default.
const LIMIT: usize = 200;

/// Strangers that send as fast as they can.
const STRANGERS: u32 = 2;

struct Measured {
    limit: usize,
    value_len: usize,
    queries: u64,
    took: Duration,
    counters: Counters,
    reached: Reached,
}

#[test]
#[ignore = "takes half a minute and all of the machine: tests/soak runs it"]
fn p24_what_reaches_a_victim_by_the_size_of_a_value_with_the_limit_and_without() {
    let test = "soak::reflection::p24_what_reaches_a_victim_by_the_size_of_a_value_with_the_limit_and_without";
    measure_in_namespace(test, &["link set lo up"], wait_max(), || {
        let sizes = [45, 1_400, 60_000];
        let all: Vec<_> =
            [LIMIT, 0].into_iter().flat_map(|limit| sizes.map(|value_len| measure(limit, value_len))).collect();
        print(&all);
        for Measured { limit, value_len, reached, .. } in &all {
            let most = most_in_a_second(&reached.times);
            // What was decided in one second may leave in the next, if the sender has no processor meanwhile. That the
            // decisions keep to the limit is a property of its own.
            let expected = if *limit == 0 { LIMIT + 1..=usize::MAX } else { 1..=*limit + *limit / 4 };
            assert!(expected.contains(&most), "{most} in a second, limit {limit}, values of {value_len} bytes");
        }
    });
}

fn measure(limit: usize, value_len: usize) -> Measured {
    let victim = Victim::start();
    let dir = TempDir::new();
    let file = dir.write("pairs.txt", &[KEY, b"\t", &vec![b'v'; value_len], b"\n"].concat());
    let args = if limit == LIMIT { Vec::new() } else { vec!["--response-limit".to_owned(), limit.to_string()] };
    let servent = Servent::start(&file, &args);
    let (start, length) = (Instant::now(), (length() / 20).max(Duration::from_secs(3)));
    let queries = scope(|scope| {
        let aim = |number: u32| {
            let to = servent.addr();
            let aim = move || {
                let stranger = Peer::new();
                let mut sent = 0;
                while start.elapsed() < length {
                    (0..64).for_each(|index| stranger.send(to, &query(1, VICTIM, (number << 28) + sent + index, KEY)));
                    sent += 64;
                }
                u64::from(sent)
            };
            Builder::new().name("stranger".into()).spawn_scoped(scope, aim).unwrap()
        };
        let strangers: Vec<_> = (0..STRANGERS).map(aim).collect();
        strangers.into_iter().map(|stranger| stranger.join().unwrap()).sum()
    });
    let took = start.elapsed();
    let counters = servent.stop();
    let reached = victim.stop();
    // The end of the victim's network takes the wire with it, some time later; the next one must not find it.
    ip("link delete wire").ok();
    Measured { limit, value_len, queries, took, counters, reached }
}

/// The most datagrams in any one second, wherever it begins.
fn most_in_a_second(times: &[Duration]) -> usize {
    let mut times = times.to_vec();
    times.sort_unstable();
    let within = |(index, &first): (usize, &Duration)| {
        times[index..].partition_point(|&later| later < first + Duration::from_secs(1))
    };
    times.iter().enumerate().map(within).max().unwrap_or(0)
}

/// A table in Markdown, and the same as lines of CSV. Bytes are those of UDP payloads unless they are on the wire.
fn print(all: &[Measured]) {
    let names = [
        "limit",
        "value bytes",
        "QUERYs/s sent",
        "bytes/s sent",
        "QUERYs/s received",
        "RESPONSEs/s at victim",
        "most in a second",
        "bytes/s at victim",
        "bytes/s on the wire",
        "bytes out / in",
        "RESPONSE / QUERY",
    ];
    let rows: Vec<_> = all.iter().map(Measured::row).collect();
    eprintln!("| {} |\n|{}", names.join(" | "), "---:|".repeat(names.len()));
    rows.iter().for_each(|row| eprintln!("| {} |", row.join(" | ")));
    let columns = names.map(|name| name.replace(" / ", "_per_").replace("/s", "_per_s").replace(' ', "_"));
    eprintln!("\ncsv,reflection,{}", columns.join(","));
    rows.iter().for_each(|row| eprintln!("csv,reflection,{}", row.join(",")));
    eprintln!();
}

impl Measured {
    fn row(&self) -> Vec<String> {
        let (query_len, response_len) = (query(1, VICTIM, 0, KEY).len(), response(KEY, b"").len() + self.value_len);
        let (bytes_in, bytes_out) = (self.queries * query_len as u64, self.reached.datagrams * response_len as u64);
        let a_second = |count: u64| format!("{:.0}", count as f64 / self.took.as_secs_f64());
        vec![
            self.limit.to_string(),
            self.value_len.to_string(),
            a_second(self.queries),
            a_second(bytes_in),
            a_second(self.counters.get("received")),
            a_second(self.reached.datagrams),
            most_in_a_second(&self.reached.times).to_string(),
            a_second(bytes_out),
            a_second(self.reached.wire_bytes),
            format!("{:.4}", bytes_out as f64 / bytes_in as f64),
            format!("{:.1}", response_len as f64 / query_len as f64),
        ]
    }
}
