//! The RESPONSE limiter beside a list of all that it let through.

use crate::support::{Pace, check, one_of, pace};
use proptest::prelude::*;
use servent::Timestamp;
use servent::protocol::ResponseLimiter;
use std::net::Ipv4Addr;
use std::time::Duration;

const SLOT: Duration = Duration::from_millis(100);
/// A slot and the ten before it: what the limit is counted over.
const SLOTS: u64 = 11;

/// Networks that share a limit, networks that do not, and exempt ones.
fn destination() -> impl Strategy<Value = Ipv4Addr> {
    let routable = (0_u8..3, any::<u8>()).prop_map(|(network, host)| [203, 0, network, host]);
    let other = one_of(&[[8, 8, 8, 8], [172, 15, 0, 1], [172, 32, 0, 1], [0, 0, 0, 0], [255; 4]]);
    let exempt = one_of(&[
        [127, 0, 0, 1],
        [10, 9, 8, 7],
        [172, 16, 0, 1],
        [172, 31, 255, 255],
        [192, 168, 3, 4],
        [169, 254, 0, 9],
    ]);
    prop_oneof![12 => routable, 2 => other, 1 => exempt].prop_map(Ipv4Addr::from)
}

/// Steps of time, most of them shorter than a slot, and how many RESPONSEs are then wanted for whom.
fn run() -> impl Strategy<Value = Vec<(bool, Pace, Ipv4Addr, u8)>> {
    prop::collection::vec((prop::bool::weighted(0.8), pace(), destination(), 1_u8..6), 0..150)
}

fn is_exempt(destination: Ipv4Addr) -> bool {
    match destination.octets() {
        [127 | 10, ..] | [192, 168, ..] | [169, 254, ..] => true,
        [172, second, ..] => (16..32).contains(&second),
        _ => false,
    }
}

#[test]
fn p24_the_limiter_agrees_with_a_list_and_no_second_sees_more_than_the_limit() {
    let limit = prop_oneof![1 => Just(0_u32), 8 => 1_u32..30, 1 => Just(u32::MAX)];
    check(file!(), 3_000, &(limit, run()), |(limit, run)| {
        let mut limiter = ResponseLimiter::new(limit);
        let mut sent: Vec<([u8; 3], Timestamp)> = Vec::new();
        let mut now = Timestamp::ZERO;
        let slot = |at: Timestamp| at.as_nanos() / SLOT.as_nanos() as u64;
        for (short, pace, destination, wanted) in run {
            now = pace.after(now, if short { SLOT } else { SLOT * SLOTS as u32 });
            let [a, b, c, _] = destination.octets();
            for _ in 0..wanted {
                let counted = |&&(network, since): &&([u8; 3], Timestamp)| {
                    network == [a, b, c] && slot(since) + SLOTS > slot(now)
                };
                let limited = limit > 0 && !is_exempt(destination);
                let expected = !limited || sent.iter().filter(counted).count() < limit as usize;
                prop_assert_eq!(limiter.allow(now, destination), expected, "{} at {:?}", destination, now);
                if limited && expected {
                    sent.push(([a, b, c], now));
                }
            }
        }
        for (index, &(network, first)) in sent.iter().enumerate() {
            let second = sent[index..].iter().filter(|(other, _)| *other == network);
            let within = second.take_while(|(_, later)| later.since(first) < Duration::from_secs(1)).count();
            prop_assert!(within <= limit as usize, "{} within a second from {:?}", within, first);
        }
        Ok(())
    });
}
