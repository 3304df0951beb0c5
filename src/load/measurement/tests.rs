use super::super::in_flight::Ends;
use super::super::keys::Pattern;
use super::super::tally::Counts;
use super::*;
use std::net::Ipv4Addr;

const SERVENT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6001);
const TIMEOUT: Duration = Duration::from_secs(1);

fn at(micros: u64) -> Timestamp {
    Timestamp::from_start(Duration::from_micros(micros))
}

fn plan(pace: Pace, questions: u64) -> Plan {
    Plan {
        pace,
        extent: Extent { questions: Some(questions), time: None },
        clients: 1,
        clients_max: 1_000,
        timeout: TIMEOUT,
        ends: Ends::WithKnownServents,
        linger: Duration::ZERO,
        shares_keys: false,
        tells_ended: false,
    }
}

fn measurement(plan: Plan, keys: usize) -> Measurement {
    Measurement::new(plan, keys, Picker::new(Pattern::Turn, keys, 1), Timestamp::ZERO)
}

/// Takes all questions that there are now.
fn questions(load: &mut Measurement, now: Timestamp) -> Vec<Question> {
    let mut questions = Vec::new();
    loop {
        match load.next(now) {
            Next::Ask(question) => questions.push(question),
            Next::AddClient => load.add_client(true),
            Next::Wait(_) | Next::Over => return questions,
        }
    }
}

/// A servent that serves one question after the other, each in so many microseconds, and from `stall.0` on nothing for as
/// long as `stall.1` says. Returns the load when all is over.
fn served(plan: Plan, keys: usize, service: u64, stall: (u64, u64)) -> Measurement {
    let mut load = measurement(plan, keys);
    let mut answers: VecDeque<(u64, Question)> = VecDeque::new();
    let (mut now, mut idle_from) = (0, 0);
    loop {
        match load.next(at(now)) {
            Next::Ask(question) => {
                let mut begins = idle_from.max(now);
                if (stall.0..stall.0 + stall.1).contains(&begins) {
                    begins = stall.0 + stall.1;
                }
                idle_from = begins + service;
                answers.push_back((idle_from, question));
            }
            Next::AddClient => load.add_client(true),
            Next::Over => return load,
            Next::Wait(until) => {
                let until = until.map_or(u64::MAX, |until| until.as_nanos().div_ceil(1_000));
                match answers.front() {
                    Some(&(when, Question { client, key })) if when <= until => {
                        answers.pop_front();
                        now = when;
                        load.hear(at(now), client, key, SERVENT);
                    }
                    _ => now = until,
                }
            }
        }
    }
}

/// A thousand a second, and nothing is answered from 500 ms on for 100 ms: the hundred questions that were to leave
/// meanwhile wait 100 ms, 99 ms, ... 1 ms, and count so, whoever waits for whom.
#[test]
fn a_stall_of_100_ms_delays_exactly_the_questions_of_these_100_ms() {
    for keys in [1, 500] {
        let load = served(plan(Pace::Rate(1_000.0), 2_000), keys, 0, (500_000, 100_000));
        let Counts { asked, answered, lost, shared, .. } = load.tally().counts;
        assert_eq!((asked, answered, lost, shared), (2_000, 2_000, 0, 0), "{keys} keys");
        let latencies = load.tally().interval.first.histogram();
        let slower_than = |millis: u64| latencies.count_between(millis * 1_000_000 + 500_000, u64::MAX);
        assert_eq!([0, 9, 49, 89, 99, 100].map(slower_than), [100, 91, 51, 11, 1, 0], "{keys} keys");
        // 5 % of the questions: it shows from p95 on, and p99.9 is the second slowest of 2,000.
        let quantile = |quantile| latencies.value_at_quantile(quantile) / 1_000_000;
        assert_eq!([0.5, 0.95, 0.96, 0.975, 0.999].map(quantile), [0, 0, 20, 50, 98], "{keys} keys");
    }
}

/// The same from a closed loop: one question waits, and the others are not asked. This is what an open loop is for.
#[test]
fn a_closed_loop_sees_the_same_stall_once() {
    let load = served(plan(Pace::InFlight(1), 2_000), 1, 1_000, (500_000, 100_000));
    assert_eq!(load.tally().interval.first.histogram().count_between(2_000_000, u64::MAX), 1);
    assert_eq!(load.tally().counts.answered, 2_000);
}

/// A generator that is held up asks late, and what that adds is not forgotten.
#[test]
fn a_latency_counts_from_when_the_question_was_to_leave() {
    let mut load = measurement(plan(Pace::Rate(1_000.0), 3), 1);
    assert_eq!(questions(&mut load, at(2_500)).len(), 3);
    (0..3).for_each(|client| load.hear(at(2_600), client, 0, SERVENT));
    let latencies = load.tally().interval.first.histogram();
    let micros: Vec<_> = latencies.iter_recorded().map(|value| value.value_iterated_to() / 100_000).collect();
    assert_eq!(micros, [6, 16, 26]);
    assert_eq!(load.tally().lag_max, Duration::from_micros(2_500));
}

#[test]
fn an_open_loop_asks_what_is_due_and_no_more_than_fits_into_its_time() {
    for (rate, expected) in [(1_000.0, 2_000), (10.0, 20), (0.4, 1), (3.0, 6), (1e5, 200_000)] {
        let extent = Extent { questions: None, time: Some(Duration::from_secs(2)) };
        let mut load = measurement(Plan { extent, clients_max: 1, ..plan(Pace::Rate(rate), 0) }, 1);
        assert_eq!(questions(&mut load, at(0)).len(), 1, "the first is due at once");
        questions(&mut load, at(10_000_000));
        assert_eq!(load.tally().counts.asked, expected, "{rate} a second");
    }
}

#[test]
fn an_open_loop_takes_another_client_where_a_key_is_under_way_and_shares_only_where_there_is_none() {
    let mut load = measurement(Plan { clients_max: 3, ..plan(Pace::Rate(1_000.0), 5) }, 1);
    let clients: Vec<_> = questions(&mut load, at(10_000)).iter().map(|question| question.client).collect();
    assert_eq!((clients, load.tally().counts.shared), (vec![0, 1, 2, 0, 1], 2));
}

#[test]
fn a_closed_loop_has_as_many_under_way_as_it_may_and_never_a_key_twice_at_a_client() {
    for (in_flight, keys, under_way) in [(1, 5, 1), (4, 5, 4), (64, 5, 5), (64, 1, 1)] {
        let mut load = measurement(Plan { clients: 2, ..plan(Pace::InFlight(in_flight), 1_000) }, keys);
        let asked = questions(&mut load, at(0));
        for client in 0..2 {
            let mut keys: Vec<_> =
                asked.iter().filter(|question| question.client == client).map(|question| question.key).collect();
            let count = keys.len();
            keys.sort_unstable();
            keys.dedup();
            // In turn, so the second client begins where the first one stopped.
            assert!(count == keys.len() && count <= under_way, "{in_flight} of {keys:?}");
        }
        let Question { client, key } = asked[0];
        load.hear(at(10), client, key, SERVENT);
        let again = questions(&mut load, at(10));
        assert!(again.iter().all(|question| question.client == client), "{again:?}");
    }
}

#[test]
fn what_is_lost_makes_room_when_it_times_out() {
    let mut load = measurement(plan(Pace::InFlight(1), 2), 1);
    assert_eq!(questions(&mut load, at(0)).len(), 1);
    assert_eq!(load.next(at(999_999)), Next::Wait(Some(at(1_000_000))));
    assert_eq!(questions(&mut load, at(1_000_000)).len(), 1);
    assert_eq!((load.tally().counts.lost, load.next(at(1_000_001))), (1, Next::Wait(Some(at(2_000_000)))));
    assert_eq!(load.next(at(2_000_000)), Next::Over);
    assert_eq!(load.tally().counts, Counts { asked: 2, lost: 2, ..Counts::default() });
}

/// Whoever has never answered is not known, so nobody waits for it but for a while at the end.
#[test]
fn whoever_answers_for_the_first_time_at_the_end_is_heard() {
    let linger = Duration::from_millis(250);
    let mut load = measurement(Plan { linger, tells_ended: true, ..plan(Pace::Rate(10.0), 1) }, 1);
    questions(&mut load, at(0));
    load.hear(at(100), 0, 0, SERVENT);
    assert_eq!(load.next(at(100)), Next::Wait(Some(at(250_000))));
    load.hear(at(200_000), 0, 0, SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6002));
    assert_eq!(load.next(at(250_000)), Next::Over);
    assert_eq!(load.tally().counts, Counts { asked: 1, answered: 1, answers: 2, ..Counts::default() });
    assert_eq!(load.take_ended()[0].answers.len(), 2);
}

#[test]
fn what_is_under_way_when_it_is_stopped_is_neither_answered_nor_lost() {
    let mut load = measurement(Plan { tells_ended: true, ..plan(Pace::Rate(1_000.0), 10) }, 1);
    questions(&mut load, at(1_500));
    load.hear(at(1_600), 0, 0, SERVENT);
    load.stop();
    assert_eq!(load.next(at(1_700)), Next::Over);
    assert_eq!(load.tally().counts, Counts { asked: 2, answered: 1, unfinished: 1, answers: 1, ..Counts::default() });
    assert_eq!(load.take_ended().iter().map(|ended| ended.number).collect::<Vec<_>>(), [0]);
    assert_eq!(load.elapsed(), Duration::from_micros(1_600));
}
