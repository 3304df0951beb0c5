use super::*;
use std::collections::BTreeMap;

const TIMEOUT: Duration = Duration::from_millis(1_000);

fn at(millis: u64) -> Timestamp {
    Timestamp::from_start(Duration::from_millis(millis))
}

fn table(ends: Ends) -> InFlight {
    InFlight::new(ends, TIMEOUT, 2, 2, true)
}

fn ask(table: &mut InFlight, number: u64, now: u64) {
    table.ask(0, 0, number, at(now), at(now));
}

/// What servent `servent` is told to have done at `now`: the latency in ms, and whether it was the first.
fn hear(table: &mut InFlight, servent: u32, now: u64) -> Result<(u64, bool), Heard> {
    match table.hear(0, 0, servent, at(now), |_| {}) {
        Heard::Answer { intended, is_first } => Ok((at(now).since(intended).as_millis() as u64, is_first)),
        other => Err(other),
    }
}

#[test]
fn the_first_answer_of_each_servent_counts_and_any_further_one_is_a_duplicate() {
    let mut table = table(Ends::WithKnownServents);
    ask(&mut table, 0, 0);
    assert_eq!(table.unanswered_total(), 1);
    assert_eq!(hear(&mut table, 1, 10), Ok((10, true)));
    assert_eq!(hear(&mut table, 2, 30), Ok((30, false)));
    assert_eq!(hear(&mut table, 1, 31), Err(Heard::Duplicate));
    assert_eq!(hear(&mut table, 2, 32), Err(Heard::Duplicate));
    assert_eq!((table.unanswered_total(), table.unanswered(0)), (0, 0));
}

#[test]
fn a_key_is_free_again_once_all_have_answered_who_did_before() {
    let mut table = table(Ends::WithKnownServents);
    assert!(table.is_free(0, 0) && table.is_complete());
    ask(&mut table, 0, 0);
    assert!(!table.is_complete());
    assert!(!table.is_free(0, 0) && table.is_free(1, 0) && table.is_free(0, 1));
    hear(&mut table, 1, 10).unwrap();
    assert!(table.is_free(0, 0) && table.is_complete() && !table.is_empty(), "nobody else is known");
    hear(&mut table, 2, 20).unwrap();
    ask(&mut table, 1, 100);
    hear(&mut table, 1, 110).unwrap();
    assert!(!table.is_free(0, 0), "the second is known now");
    assert_eq!(hear(&mut table, 2, 130), Ok((30, false)));
    assert!(table.is_free(0, 0));
}

/// Whoever is slower than the next question is not taken for one who answers that one at once.
#[test]
fn a_new_servent_answers_the_question_before_if_it_did_not_answer_that_one() {
    let mut table = table(Ends::WithKnownServents);
    ask(&mut table, 0, 0);
    hear(&mut table, 1, 10).unwrap();
    ask(&mut table, 1, 20);
    assert_eq!(hear(&mut table, 2, 21), Ok((21, false)));
    assert_eq!(hear(&mut table, 1, 30), Ok((10, true)));
    assert_eq!(hear(&mut table, 2, 41), Ok((21, false)));
    assert!(table.is_free(0, 0));
}

#[test]
fn whoever_did_not_answer_is_waited_for_until_the_time_out_and_then_no_more() {
    let mut table = table(Ends::WithKnownServents);
    ask(&mut table, 0, 0);
    hear(&mut table, 1, 10).unwrap();
    hear(&mut table, 2, 10).unwrap();
    ask(&mut table, 1, 100);
    hear(&mut table, 1, 110).unwrap();
    table.expire(at(1_099), |_| {});
    assert!(!table.is_free(0, 0));
    table.expire(at(1_100), |_| {});
    assert!(table.is_free(0, 0));
    ask(&mut table, 2, 1_200);
    hear(&mut table, 1, 1_210).unwrap();
    assert!(table.is_free(0, 0), "the second is not known any more");
}

#[test]
fn a_question_times_out_by_when_it_was_asked_and_its_answer_is_late_from_then_on() {
    let mut table = table(Ends::WithKnownServents);
    table.ask(0, 0, 7, at(0), at(50));
    let mut ended = Vec::new();
    assert_eq!(table.next_timeout(), Some(at(1_050)));
    table.expire(at(1_049), |question| ended.push(question));
    assert_eq!(ended, []);
    table.expire(at(1_050), |question| ended.push(question));
    assert_eq!(ended, [Ended { number: 7, client: 0, key: 0, intended: at(0), is_answered: false, answers: vec![] }]);
    assert_eq!(hear(&mut table, 1, 1_051), Err(Heard::Late));
    assert!(table.is_empty() && table.chains.is_empty(), "nothing is kept");
    assert_eq!((table.unanswered_total(), table.unanswered(0)), (0, 0));
}

/// Without a number in the answer nothing but the order tells them apart.
#[test]
fn questions_for_one_key_at_one_client_are_answered_in_their_order() {
    for ends in [Ends::WithKnownServents, Ends::WithFirstAnswer] {
        let mut table = table(ends);
        [0, 10, 20].into_iter().enumerate().for_each(|(number, now)| ask(&mut table, number as u64, now));
        let heard = [100, 101, 102].map(|now| hear(&mut table, 1, now));
        assert_eq!(heard, [Ok((100, true)), Ok((91, true)), Ok((82, true))], "{ends:?}");
    }
}

#[test]
fn what_is_over_is_told_with_all_who_answered() {
    let mut table = table(Ends::WithKnownServents);
    let mut ended = Vec::new();
    ask(&mut table, 0, 0);
    hear(&mut table, 1, 10).unwrap();
    hear(&mut table, 2, 30).unwrap();
    ask(&mut table, 1, 100);
    table.expire(at(1_000), |question| ended.push(question));
    let millis = Duration::from_millis;
    let answers = vec![(1, millis(10)), (2, millis(30))];
    assert_eq!(ended, [Ended { number: 0, client: 0, key: 0, intended: at(0), is_answered: true, answers }]);
    ended.clear();
    table.give_up(|question| ended.push(question));
    assert_eq!(ended, [Ended { number: 1, client: 0, key: 0, intended: at(100), is_answered: false, answers: vec![] }]);
    assert!(table.is_empty());
}

/// A closed loop of a servent alone keeps nothing but what is under way, however long it runs.
#[test]
fn what_is_complete_is_forgotten() {
    for ends in [Ends::WithKnownServents, Ends::WithFirstAnswer] {
        let mut table = table(ends);
        for number in 0..10_000 {
            ask(&mut table, number, number);
            hear(&mut table, 1, number).unwrap();
        }
        assert!(table.questions.slots() <= 2, "{ends:?}: {}", table.questions.slots());
    }
}

/// Whatever happens in whatever order, what was asked is answered or not, once.
#[test]
fn nothing_is_lost_and_nothing_counts_twice_whatever_the_order() {
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let ends = if seed % 2 == 0 { Ends::WithKnownServents } else { Ends::WithFirstAnswer };
        // Chains with places of their own, and without.
        let clients_max = if seed % 4 < 2 { 2 } else { u32::MAX };
        let mut table = InFlight::new(ends, Duration::from_millis(50), 3, clients_max, false);
        let (mut asked, mut answered, mut over, mut lost) = (0, 0, 0, 0);
        for now in 0..2_000 {
            let mut end = |question: Ended| {
                over += 1;
                lost += u64::from(!question.is_answered);
            };
            match rng.u32(..3) {
                0 => {
                    table.ask(rng.u32(..2), rng.u32(..3), asked, at(now), at(now));
                    asked += 1;
                }
                1 => table.expire(at(now), end),
                _ => {
                    let heard = table.hear(rng.u32(..2), rng.u32(..3), rng.u32(..3), at(now), &mut end);
                    answered += u64::from(matches!(heard, Heard::Answer { is_first: true, .. }));
                }
            }
            assert_eq!(asked, answered + lost + table.unanswered_total(), "seed {seed}, at {now}");
        }
        table.give_up(|question| {
            over += 1;
            lost += u64::from(!question.is_answered);
        });
        assert_eq!((over, answered + lost, table.unanswered_total()), (asked, asked, 0), "seed {seed}");
        assert!(table.chains.is_empty() && table.is_complete(), "seed {seed}");
    }
}

/// A known servent that falls silent leaves questions behind; the others' answers are found at once all the same.
#[test]
fn however_many_questions_one_servent_leaves_unanswered_another_ones_answers_are_found_in_few_steps() {
    let mut table = table(Ends::WithKnownServents);
    ask(&mut table, 0, 0);
    [1, 2].into_iter().for_each(|servent| assert_eq!(hear(&mut table, servent, 0), Ok((0, servent == 1))));
    for number in 1..=100_000 {
        ask(&mut table, number, 0);
        if number > 1 {
            assert_eq!(hear(&mut table, 1, 0), Ok((0, true)), "{number}");
        }
        let runs = table.questions.runs(table.chains.get(Pair { client: 0, key: 0 })).take(4).count();
        assert!(runs <= 3, "both answered, one did, none did: at {number} {runs}");
    }
    assert_eq!(table.questions.slots(), 100_001);
    // It comes back, and is as far as the other one in the end.
    (1..100_000).for_each(|_| assert_eq!(hear(&mut table, 2, 0), Ok((0, false))));
    assert_eq!((hear(&mut table, 1, 0), table.questions.slots()), (Ok((0, true)), 100_001));
    assert!(!table.is_complete());
    assert_eq!(hear(&mut table, 2, 0), Ok((0, false)));
    assert!(table.is_complete() && table.is_free(0, 0));
}

/// Who has not answered the questions before one that is complete answers these first.
#[test]
fn a_servent_that_comes_back_answers_what_it_was_asked_first() {
    let mut table = table(Ends::WithKnownServents);
    ask(&mut table, 0, 0);
    [1, 2].into_iter().for_each(|servent| assert!(hear(&mut table, servent, 1).is_ok()));
    [100, 200].into_iter().zip(1..).for_each(|(now, number)| ask(&mut table, number, now));
    [110, 210].into_iter().for_each(|now| assert!(hear(&mut table, 1, now).is_ok()));
    // The second is not known any more, and another question completes without it.
    table.expire(at(1_100), |_| {});
    ask(&mut table, 3, 1_110);
    assert_eq!(hear(&mut table, 1, 1_120), Ok((10, true)));
    assert_eq!((hear(&mut table, 2, 1_150), hear(&mut table, 2, 1_151)), (Ok((950, false)), Ok((41, false))));
}

/// The chains of a table by their definition: of each pair all questions, and every one looked at.
#[derive(Default)]
struct Naive {
    chains: BTreeMap<(u32, u32), Vec<Asked>>,
}

/// When, and who has answered.
type Asked = (u64, Vec<u32>);

impl Naive {
    fn of(&mut self, client: u32, key: u32) -> &mut Vec<Asked> {
        self.chains.entry((client, key)).or_default()
    }

    /// When the question was asked that is answered; `Err` if none is.
    fn hear(&mut self, client: u32, key: u32, servent: u32) -> Result<u64, Heard> {
        let chain = self.of(client, key);
        if chain.is_empty() {
            return Err(Heard::Late);
        }
        let (asked, answered) =
            chain.iter_mut().find(|(_, answered)| !answered.contains(&servent)).ok_or(Heard::Duplicate)?;
        answered.push(servent);
        Ok(*asked)
    }
}

#[test]
fn an_answer_is_one_to_the_first_question_that_its_servent_has_not_answered() {
    for seed in 0..300 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let ends = if seed % 2 == 0 { Ends::WithKnownServents } else { Ends::WithFirstAnswer };
        // Many at once, or few; servents of which some fall behind, and up to more than a word has bits.
        let timeout = Duration::from_millis(rng.u64(5..400));
        let (servents, asks) = (rng.u32(1..5), rng.u32(1..6));
        let mut table = InFlight::new(ends, timeout, 2, 2, false);
        let mut naive = Naive::default();
        for now in 0..1_500_u64 {
            let (client, key) = (rng.u32(..2), rng.u32(..2));
            let mut over = Vec::new();
            match rng.u32(..10) {
                what if what < asks => {
                    table.ask(client, key, now, at(now), at(now));
                    naive.of(client, key).push((now, Vec::new()));
                }
                9 => table.expire(at(now), |ended| over.push(ended)),
                _ => {
                    let servent = 126 + rng.u32(..servents).min(rng.u32(..servents));
                    let expected = naive.hear(client, key, servent);
                    let heard = match table.hear(client, key, servent, at(now), |ended| over.push(ended)) {
                        Heard::Answer { intended, .. } => Ok(intended.as_nanos() / 1_000_000),
                        other => Err(other),
                    };
                    assert_eq!(heard, expected, "seed {seed}, at {now}");
                }
            }
            for ended in over {
                naive.of(ended.client, ended.key).retain(|&(asked, _)| asked != ended.number);
            }
            let pair = Pair { client, key };
            assert!(table.questions.runs(table.chains.get(pair)).count() <= servents as usize + 1, "seed {seed}");
        }
    }
}
